/* What operators with state by key and window share: entries, timers, lateness, snapshots. Each
 * adds what it does with a row and with a timer. */
#ifndef MR_ENGINE_OPERATORS_KEYED_H
#define MR_ENGINE_OPERATORS_KEYED_H

#include "engine/operators/rows.h"
#include "engine/state/cells.h"
#include "engine/state/keyed_map.h"

struct mr_keyed_operator;

/* A row as it meets the entry of its key and window. */
struct mr_keyed_row {
    const struct mr_batch *batch;
    uint32_t row;
    uint32_t input;
    mr_us at_us;
    const struct mr_value *values; /* [n_fields of the input] */
    const struct mr_value *keys;   /* [n_keys] */
};
struct mr_keyed_logic {
    void (*row)(struct mr_keyed_operator *keyed, struct mr_cells_entry *entry,
        const struct mr_keyed_row *row);
    /* A timer of the shape is due at `at_us`. NULL: there are none. */
    void (*timer)(struct mr_keyed_operator *keyed, struct mr_cells_entry *entry, uint32_t timer,
        mr_us at_us);
    /* The window is over; the entry goes after this. NULL: nothing is left to do. */
    void (*end)(struct mr_keyed_operator *keyed, struct mr_cells_entry *entry);
    bool ends_at_end; /* at the end of the window rather than when it expires, and of the global
                         one too */
};

struct mr_keyed_operator {
    struct mr_operator operator;
    const struct mr_keyed_logic *logic;
    const struct mr_keyed *spec;
    struct mr_process_shape
        shape; /* the spec's, and behind its timers that of the window's end */
    struct mr_cells cells;
    struct mr_key_layout *layouts; /* [n_inputs] */
    struct mr_field *key_types;    /* [n_inputs][n_keys] */
    mr_us forwarded_us;            /* what those behind have been told */
    mr_us clock_us; /* event time as a TTL sees it: the watermark, or the timer at hand, if that
                       comes before */
    mr_us now_us;   /* processing time of the handler */
    mr_ns armed_ns; /* for which a wake has been asked for; MR_NS_NEVER: none */
    uint64_t n_fired; /* in a row, without an end: a timer that sets itself again and again */
    struct mr_made_rows made;
};

void mr_keyed_open(struct mr_operator *operator, const struct mr_keyed_logic * logic);
void mr_keyed_close(struct mr_operator *operator);
void mr_keyed_batch(struct mr_operator *operator, const struct mr_batch * batch);
void mr_keyed_watermark(struct mr_operator *operator, mr_us watermark_us);
void mr_keyed_snapshot(
    struct mr_operator *operator, struct mr_snapshot_writer * writer, uint64_t checkpoint);
void mr_keyed_restore(
    struct mr_operator *operator, struct mr_snapshot_reader * reader, bool is_rewind);
void mr_keyed_wake(struct mr_operator *operator); /* also as `start` and `resume` */

/* The time of a row that a timer makes: `at_us`, but neither behind what was promised nor
 * outside of the window. */
mr_us mr_keyed_emit_us(
    const struct mr_keyed_operator *keyed, const struct mr_cells_entry *entry, mr_us at_us);
void mr_keyed_make(struct mr_keyed_operator *keyed, const struct mr_cells_entry *entry,
    uint32_t output, mr_us at_us, const struct mr_value *values);
/* State at the operator's present times. Written: as of `at_us` of event time. */
struct mr_state_bytes mr_keyed_read(
    const struct mr_keyed_operator *keyed, const struct mr_cells_entry *entry, uint32_t state);
void mr_keyed_write(struct mr_keyed_operator *keyed, struct mr_cells_entry *entry,
    uint32_t state, const char *data, uint32_t bytes, mr_us at_us);
/* The keys of an entry; texts point into it. */
void mr_keyed_keys(const struct mr_keyed_operator *keyed, const struct mr_cells_entry *entry,
    struct mr_value *keys);

#define MR_KEYED_CLASS(class_name, text, type, open_function, batch_function)                  \
    const struct mr_operator_class class_name = {.name = text,                                 \
        .bytes = sizeof(type),                                                                 \
        .open = open_function,                                                                 \
        .close = mr_keyed_close,                                                               \
        .batch = batch_function,                                                               \
        .watermark = mr_keyed_watermark,                                                       \
        .snapshot = mr_keyed_snapshot,                                                         \
        .restore = mr_keyed_restore,                                                           \
        .start = mr_keyed_wake,                                                                \
        .resume = mr_keyed_wake,                                                               \
        .timer = mr_keyed_wake}

#endif
