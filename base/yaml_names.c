#include "base/yaml_names.h"

#include <string.h>

#include "base/alloc.h"
#include "base/digest.h"

void mr_yaml_names_deinit(struct mr_yaml_names *names)
{
    mr_free(names->slots);
    *names = (struct mr_yaml_names){0};
}

/* The slot of the name, or the free one where it belongs; at least one is free. */
static struct mr_yaml_name *slot_of(const struct mr_yaml_names *names, const char *name)
{
    uint32_t mask = names->capacity - 1;
    uint32_t at = (uint32_t)mr_hash_bytes(name, strlen(name)) & mask;
    while (names->slots[at].name && strcmp(names->slots[at].name, name) != 0)
        at = (at + 1) & mask;
    return &names->slots[at];
}

bool mr_yaml_names_find(const struct mr_yaml_names *names, const char *name, uint32_t *number)
{
    if (names->n == 0) return false;
    const struct mr_yaml_name *slot = slot_of(names, name);
    if (slot->name) *number = slot->number;
    return slot->name != NULL;
}

static void grow(struct mr_yaml_names *names)
{
    struct mr_yaml_names larger = {.capacity = names->capacity ? 2 * names->capacity : 16};
    larger.slots = mr_alloc(sizeof *larger.slots * larger.capacity);
    larger.n = names->n;
    for (uint32_t i = 0; i < names->capacity; i++)
        if (names->slots[i].name) *slot_of(&larger, names->slots[i].name) = names->slots[i];
    mr_free(names->slots);
    *names = larger;
}

void mr_yaml_names_set(struct mr_yaml_names *names, const char *name, uint32_t number)
{
    if (2 * (names->n + 1) > names->capacity) grow(names);
    struct mr_yaml_name *slot = slot_of(names, name);
    names->n += slot->name == NULL;
    *slot = (struct mr_yaml_name){name, number};
}
