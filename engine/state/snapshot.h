/* The bytes of a snapshot: what goes to the object store at a checkpoint and comes back at a restore. Little-endian,
 * every byte defined, versioned and checksummed. */
#ifndef MR_ENGINE_STATE_SNAPSHOT_H
#define MR_ENGINE_STATE_SNAPSHOT_H

#include "base/message.h"
#include "base/value.h"

/* A writer appends to a buffer in the arena; a reader walks over bytes. A reader that runs out of bytes or meets
 * what it cannot be sets is_broken and yields zeros from then on. */
struct mr_snapshot_writer {
    struct mr_arena *arena;
    unsigned char *data;
    uint32_t bytes;
    uint32_t capacity;
};
struct mr_snapshot_reader {
    const unsigned char *data;
    uint32_t bytes;
    uint32_t at;
    bool is_broken;
};

void mr_snapshot_writer_init(struct mr_snapshot_writer *writer, struct mr_arena *arena);
void mr_snapshot_writer_deinit(struct mr_snapshot_writer *writer);
void *mr_snapshot_reserve(struct mr_snapshot_writer *writer, uint32_t bytes);
void mr_snapshot_u32(struct mr_snapshot_writer *writer, uint32_t value);
void mr_snapshot_u64(struct mr_snapshot_writer *writer, uint64_t value);
void mr_snapshot_bytes(struct mr_snapshot_writer *writer, const void *data, uint32_t bytes);

uint32_t mr_snapshot_read_u32(struct mr_snapshot_reader *reader);
uint64_t mr_snapshot_read_u64(struct mr_snapshot_reader *reader);
const void *mr_snapshot_read_bytes(struct mr_snapshot_reader *reader, uint32_t bytes);

/* One entry of a Combine's state, as its part of a snapshot holds it: for the check of the consistent cut. */
struct mr_combine_state_entry {
    mr_us window_start_us;
    mr_us window_end_us;
    const struct mr_value *keys;    /* [n_keys] */
    const struct mr_value *results; /* [n_aggregates]: as a pane would show them now */
};
/* Calls `visit` for each entry of `state[bytes]`, in the order in which they stand. False when the bytes are broken. */
struct mr_combine;
struct mr_scratch;
bool mr_combine_state_visit(const struct mr_combine *combine, const struct mr_schema *input,
    const void *state, uint32_t bytes, struct mr_scratch *scratch, void *self,
    void (*visit)(void *self, const struct mr_combine_state_entry *entry));
/* The same for a Combine in sliding windows under the default trigger: each entry of each window that has not fired. */
struct mr_transform;
bool mr_slices_state_visit(const struct mr_transform *transform, const struct mr_schema *input,
    const void *state, uint32_t bytes, struct mr_scratch *scratch, void *self,
    void (*visit)(void *self, const struct mr_combine_state_entry *entry));
/* And for one with triggers: each window of a key that holds rows. */
bool mr_panes_state_visit(const struct mr_transform *transform, const struct mr_schema *input,
    const void *state, uint32_t bytes, struct mr_scratch *scratch, void *self,
    void (*visit)(void *self, const struct mr_combine_state_entry *entry));

/* And for a transform with state by key: each key and window that has any; there are no results. */
bool mr_keyed_state_visit(const struct mr_transform *transform, const void *state,
    uint32_t bytes, void *self,
    void (*visit)(void *self, const struct mr_combine_state_entry *entry));

/* One row that a transform keeps until its window ends. */
struct mr_schema;
struct mr_gather_state_row {
    mr_us window_start_us;
    mr_us window_end_us;
    uint32_t input; /* by which it came */
    const struct mr_value *values;
};
/* Calls `visit` for each row of `state[bytes]`; `inputs` are the schemas of the transform's inputs. False when the bytes
 * are broken. */
bool mr_gather_state_visit(const struct mr_transform *transform,
    const struct mr_schema *const *inputs, const void *state, uint32_t bytes, void *self,
    void (*visit)(void *self, const struct mr_gather_state_row *row));

/* The same for a JoinStreams: the window is the microsecond of the row's time. */
bool mr_stream_join_state_visit(const struct mr_schema *const *inputs, const void *state,
    uint32_t bytes, void *self,
    void (*visit)(void *self, const struct mr_gather_state_row *row));

#endif
