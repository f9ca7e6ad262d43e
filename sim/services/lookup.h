/* A key-value service with a table that does not change. Each call takes its time; some fail,
 * some are never answered. */
#ifndef MR_SIM_SERVICES_LOOKUP_H
#define MR_SIM_SERVICES_LOOKUP_H

#include "base/env.h"
#include "base/wire/lookup.h"

struct mr_lookup_row {
    const char *key;
    uint32_t key_bytes;
    const struct mr_value *values; /* [n_columns] */
};

/* What the service tells those who watch: it never affects the run. */
struct mr_lookup_tap {
    void *self;
    /* A call that was answered, as the answer says; `process` is the caller's. */
    void (*answered)(
        void *self, mr_ns at_ns, uint32_t process, const struct mr_lookup_reply *reply);
};

struct mr_lookup_config {
    const char *name;
    uint32_t n_columns;
    const char *const *columns; /* [n_columns]: their names */
    uint32_t n_rows;
    const struct mr_lookup_row *rows;  /* [n_rows], sorted by key (mr_lookup_find) */
    struct mr_distribution latency_ns; /* of a call, from its arrival to the reply */
    struct mr_ratio errors;            /* calls that are answered with an error */
    struct mr_ratio lost;              /* calls that are never answered */
    const struct mr_lookup_tap *tap;   /* NULL: nobody watches */
};

/* Keys by their bytes, shorter ones first where one is the beginning of the other. */
int mr_lookup_compare(const char *a, uint32_t a_bytes, const char *b, uint32_t b_bytes);
/* NULL: there is no such key. */
const struct mr_lookup_row *mr_lookup_find(
    const struct mr_lookup_config *config, const char *key, uint32_t key_bytes);

/* The service as a process: create takes a struct mr_lookup_config. It does not crash. */
extern const struct mr_process_class mr_lookup_service_class;

#endif
