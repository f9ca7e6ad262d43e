/* Reads the snapshots of operators with state by key: the bytes are those of mr_cells_snapshot.
 */
#include "engine/operators/keyed.h"
#include "engine/state/values.h"

struct visit {
    uint32_t n_keys;
    uint32_t n_states;
    uint32_t n_timers; /* the end of the window is one */
    void *self;
    void (*visit)(void *self, const struct mr_combine_state_entry *entry);
};

static void visit_entry(const struct visit *visit, struct mr_snapshot_reader *reader)
{
    struct mr_value keys[MR_FIELDS_MAX];
    struct mr_combine_state_entry entry = {.keys = keys};
    mr_snapshot_read_u64(reader); /* hash */
    mr_snapshot_read_u64(reader); /* number */
    entry.window_start_us = (mr_us)mr_snapshot_read_u64(reader);
    entry.window_end_us = (mr_us)mr_snapshot_read_u64(reader);
    uint32_t key_bytes = mr_snapshot_read_u32(reader);
    const char *key = mr_snapshot_read_bytes(reader, key_bytes);
    for (uint32_t i = 0; i < visit->n_states && !reader->is_broken; i++) {
        mr_snapshot_read_bytes(reader, mr_snapshot_read_u32(reader));
        mr_snapshot_read_u64(reader); /* when it was touched */
    }
    for (uint32_t i = 0; i < visit->n_timers && !reader->is_broken; i++)
        mr_snapshot_read_u64(reader);
    if (reader->is_broken) return;
    mr_values_read(key, visit->n_keys, keys);
    visit->visit(visit->self, &entry);
}

bool mr_keyed_state_visit(const struct mr_transform *transform, const void *state,
    uint32_t bytes, void *self,
    void (*visit)(void *self, const struct mr_combine_state_entry *entry))
{
    const struct mr_keyed *keyed = transform->keyed;
    bool has_end = transform->windowing.kind != MR_WINDOW_GLOBAL ||
                   (transform->kind == MR_TOP_N && transform->top.is_final);
    struct visit each = {.n_keys = keyed->n_keys,
        .n_states = keyed->shape.n_states,
        .n_timers = keyed->shape.n_timers + has_end,
        .self = self,
        .visit = visit};
    struct mr_snapshot_reader reader = {.data = state, .bytes = bytes};
    mr_snapshot_read_u64(&reader); /* the next number */
    uint32_t n_groups = mr_snapshot_read_u32(&reader);
    for (uint32_t g = 0; g < n_groups && !reader.is_broken; g++) {
        mr_snapshot_read_u32(&reader); /* the group */
        uint32_t n = mr_snapshot_read_u32(&reader);
        for (uint32_t i = 0; i < n && !reader.is_broken; i++) visit_entry(&each, &reader);
    }
    return !reader.is_broken;
}
