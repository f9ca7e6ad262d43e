/* What the files of Lookup share: the rows under way in a subtask, and its cache. */
#ifndef MR_ENGINE_OPERATORS_LOOKUP_INTERNAL_H
#define MR_ENGINE_OPERATORS_LOOKUP_INTERNAL_H

#include "base/wire/lookup.h"
#include "engine/operators/operator.h"

enum { MR_LOOKUP_CACHE_SLOTS = 1024 };

/* An answer that may be used again. Two keys of one slot drive each other out. */
struct mr_lookup_cached {
    uint64_t hash;
    uint32_t key_bytes;
    char *key;
    struct mr_message *answer; /* counted; NULL: empty */
    mr_ns answered_ns;
};

enum mr_lookup_state {
    MR_LOOKUP_WAITS,   /* for its first call */
    MR_LOOKUP_CALLING, /* due_ns: when the call is given up */
    MR_LOOKUP_RESTS,   /* due_ns: when it is called again */
    MR_LOOKUP_SETTLED,
};

/* A row under way. */
struct mr_lookup_row_under_way {
    struct mr_lookup_row_under_way *next; /* in the order in which they came */
    uint64_t number;
    mr_us mark_us; /* the input's watermark when it came: nothing above may pass before it */
    struct mr_message *row;    /* a blob of one row */
    struct mr_message *answer; /* counted; NULL: none */
    mr_ns answered_ns;
    mr_ns due_ns;
    enum mr_lookup_state state;
    enum mr_lookup_outcome outcome;
    uint32_t n_calls;
};

struct mr_lookup_operator {
    struct mr_operator operator;
    const struct mr_job_service *service;
    uint32_t service_index;
    const int *columns;                /* [n looked up fields]: of the service's answer */
    enum mr_type types[MR_FIELDS_MAX]; /* of the input */
    struct mr_lookup_row_under_way *first;
    struct mr_lookup_row_under_way *last;
    uint32_t n_rows;
    uint32_t n_calling;
    uint64_t n_taken;
    mr_ns next_call_ns;             /* by the rate */
    mr_ns armed_ns;                 /* of the earliest timer; 0: none */
    struct mr_lookup_cached *cache; /* [MR_LOOKUP_CACHE_SLOTS]; NULL: none */
};

static inline const struct mr_lookup *mr_lookup_spec(const struct mr_lookup_operator *self)
{
    return &self->operator.transform->lookup;
}

/* lookup_cache.c */
/* The answer for a key that is still good, or NULL. */
const struct mr_lookup_cached *mr_lookup_cache_find(
    const struct mr_lookup_operator *self, const char *key, uint32_t key_bytes);
void mr_lookup_cache_put(struct mr_lookup_operator *self, const char *key, uint32_t key_bytes,
    struct mr_message *answer);
void mr_lookup_cache_close(struct mr_lookup_operator *self);

/* lookup_emit.c */
/* Hands on the rows whose turn it is, as long as the outputs have credit. */
void mr_lookup_emit_settled(struct mr_lookup_operator *self);
/* Opens the row of one under way; its columns live in scratch. */
void mr_lookup_view(struct mr_lookup_operator *self, const struct mr_lookup_row_under_way *row,
    struct mr_batch *out);
void mr_lookup_free(struct mr_lookup_operator *self, struct mr_lookup_row_under_way *row);
/* Hands one row on as an answer would have it: apart, so that a bug can do it twice. */
void mr_lookup_emit(struct mr_lookup_operator *self, const struct mr_lookup_row_under_way *row);

#endif
