/* Rows that are owed to a sink one by one: a multiset, in which each row knows its place. */
#ifndef MR_SCENARIOS_ORACLE_LEDGER_H
#define MR_SCENARIOS_ORACLE_LEDGER_H

#include "base/value.h"
#include "engine/batch/scratch.h"
#include "engine/expression/expression.h"
#include "scenarios/oracle/marks.h"

#define MR_LEDGER_NONE UINT32_MAX

/* How rows of a sink are told apart; constant. */
struct mr_ledger_shape {
    uint32_t sink;
    uint32_t n_fields;
    bool has_windows;
    bool is_named; /* by window and key fields: then a row of that name with other values is
                      wrong */
    uint64_t name_fields;    /* bit i: field i is part of the name */
    uint64_t inexact_fields; /* bit i: floats that may be off by their slack */
};

struct mr_ledger_item {
    uint64_t name;
    uint64_t order; /* items of the same come in order; 0: none */
    uint64_t sequence;
    mr_us window_start_us;
    mr_us window_end_us;
    const struct mr_value *values; /* [n_fields] */
    const double *slacks;          /* [n_fields]; NULL: all are exact */
    uint32_t next;                 /* of the same name */
    bool is_matched;
    bool is_optional; /* it stands for panes that may be cut otherwise */
};
struct mr_ledger_name {
    uint64_t hash;  /* 0: empty */
    uint32_t first; /* not matched; MR_LEDGER_NONE */
    uint32_t last;
    uint32_t matched;  /* one that was */
    bool is_ambiguous; /* items of different orders */
};
struct mr_ledger_order {
    uint64_t order; /* 0: empty */
    uint64_t last_sequence;
};

/* Items go when all are matched, or when few of many are left; they leave marks. */
struct mr_ledger {
    struct mr_arena *arena;
    const struct mr_ledger_shape *shape;
    struct mr_marks *marks;
    uint64_t n_added;
    uint32_t n_items;
    uint32_t n_unmatched; /* optional ones included */
    uint32_t n_owed;      /* without them */
    uint32_t capacity;
    struct mr_ledger_item *items;
    uint32_t n_names;
    uint32_t n_name_slots;
    struct mr_ledger_name *names;
    uint32_t n_orders;
    uint32_t n_order_slots;
    struct mr_ledger_order *orders;
    struct mr_scratch store; /* values and texts of the items */
};

/* What mr_ledger_match found. */
enum mr_ledger_answer {
    MR_LEDGER_RIGHT,
    MR_LEDGER_REORDERED,
    MR_LEDGER_WRONG,
    MR_LEDGER_AGAIN,
    MR_LEDGER_ABSENT,
};

void mr_ledger_init(struct mr_ledger *ledger, struct mr_arena *arena,
    const struct mr_ledger_shape *shape, struct mr_marks *marks);
void mr_ledger_deinit(struct mr_ledger *ledger);
/* Copies the row. Rows of different kinds are never the same. `order` and `is_optional` as in
 * struct mr_ledger_item. */
void mr_ledger_add(struct mr_ledger *ledger, enum mr_row_kind kind, mr_us window_start_us,
    mr_us window_end_us, const struct mr_value *values, const double *slacks, uint64_t order,
    bool is_optional);
/* Strikes a row off. `expected[n_fields]` is written for WRONG and AGAIN: values that are not
 * known any more are None. */
enum mr_ledger_answer mr_ledger_match(struct mr_ledger *ledger, enum mr_row_kind kind,
    mr_us window_start_us, mr_us window_end_us, const struct mr_value *row,
    struct mr_value *expected);
void mr_ledger_forget(struct mr_ledger *ledger);
/* The i-th owed item, or NULL. */
const struct mr_ledger_item *mr_ledger_owed_at(const struct mr_ledger *ledger, uint64_t i);

#endif
