/* Which number a name was given last: for anchors, and for keys that stand twice. */
#ifndef MR_BASE_YAML_NAMES_H
#define MR_BASE_YAML_NAMES_H

#include <stdbool.h>
#include <stdint.h>

struct mr_yaml_name {
    const char *name; /* borrowed; NULL: free */
    uint32_t number;
};

/* Zero-initialised is empty. */
struct mr_yaml_names {
    struct mr_yaml_name *slots; /* heap, open addressing */
    uint32_t capacity;          /* a power of two */
    uint32_t n;
};

void mr_yaml_names_deinit(struct mr_yaml_names *names);
bool mr_yaml_names_find(const struct mr_yaml_names *names, const char *name, uint32_t *number);
void mr_yaml_names_set(struct mr_yaml_names *names, const char *name, uint32_t number);

#endif
