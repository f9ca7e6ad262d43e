/* Keys to dense numbers, in the order of insertion: the state of one window of one subtask hangs on it. */
#ifndef MR_ENGINE_STATE_KEYED_MAP_H
#define MR_ENGINE_STATE_KEYED_MAP_H

#include "base/digest.h"
#include "engine/batch/batch.h"
#include "engine/state/snapshot.h"

/* The kinds of key: one integer, one text, or anything else encoded as bytes. Decided by the schema. */
enum mr_key_mode { MR_KEY_INT, MR_KEY_TEXT, MR_KEY_ENCODED };

/* What is the same for all maps of an operator. */
struct mr_key_layout {
    enum mr_key_mode mode;
    uint32_t n_keys;
    const int *fields;            /* [n_keys] of the input */
    const struct mr_field *types; /* [n_keys] */
};
struct mr_key_layout mr_key_layout_make(const struct mr_schema *input, const int *fields,
    uint32_t n_keys, struct mr_field *types);

/* Hashes of the keys of all physical rows: hashes[n_rows]. The key group comes from the same hash. */
void mr_keys_hash(const struct mr_key_layout *layout, const struct mr_batch *batch, uint64_t *hashes);

/* The same where each hash is needed once: an integer is hashed when it is asked for, the rest
 * is in scratch. */
struct mr_key_hashes {
    const uint64_t *keys;   /* INT */
    const uint64_t *hashes; /* else */
};
static inline struct mr_key_hashes mr_key_hashes_make(const struct mr_key_layout *layout,
    const struct mr_batch *batch, struct mr_scratch *scratch)
{
    if (layout->mode == MR_KEY_INT)
        return (struct mr_key_hashes){.keys = batch->columns[layout->fields[0]].values};
    uint64_t *hashes = mr_scratch_array(scratch, uint64_t, batch->n_rows);
    mr_keys_hash(layout, batch, hashes);
    return (struct mr_key_hashes){.hashes = hashes};
}
static inline uint64_t mr_key_hash(const struct mr_key_hashes *of, uint32_t row)
{
    return of->keys ? mr_hash_u64(of->keys[row]) : of->hashes[row];
}

/* The key group of a hash, in [0, 128): its top seven bits. */
static inline uint32_t mr_key_group(uint64_t hash)
{
    return (uint32_t)(hash >> 57);
}

/* Invariant: entry i was inserted before entry i + 1; slots hold tag << 24 | entry + 1, 0 is empty; at most three
 * quarters of the slots are used. 8 bytes a key and 5 to 11 bytes of slots for an integer key. */
struct mr_keyed_map {
    struct mr_arena *arena;
    const struct mr_key_layout *layout;
    uint32_t n;
    uint32_t capacity; /* entries that fit before it grows */
    uint32_t mask;     /* slots - 1; 0: no slots yet */
    uint32_t *slots;
    void *keys;        /* INT: int64_t; TEXT: struct mr_string; ENCODED: struct mr_string of the encoding */
    char *heap;        /* long texts */
    uint32_t heap_bytes;
    uint32_t heap_capacity;
};

/* `expected` entries fit without growing. */
void mr_keyed_map_init(struct mr_keyed_map *map, struct mr_arena *arena,
    const struct mr_key_layout *layout, uint32_t expected);
void mr_keyed_map_deinit(struct mr_keyed_map *map);
/* Finds or inserts the keys of rows[n] (physical row numbers): ids[n]. New entries have ids from the old n on. */
void mr_keyed_map_find(struct mr_keyed_map *map, const struct mr_batch *batch,
    const struct mr_key_hashes *hashes, const uint16_t *rows, uint32_t n, uint32_t *ids);
/* Key columns of entries [first, first + n): columns[n_keys]; borrowed from the map or in scratch. */
void mr_keyed_map_columns(const struct mr_keyed_map *map, uint32_t first, uint32_t n,
    struct mr_scratch *scratch, struct mr_column *columns);

void mr_keyed_map_snapshot(const struct mr_keyed_map *map, struct mr_snapshot_writer *writer);
/* Into a map that was just made. */
void mr_keyed_map_restore(struct mr_keyed_map *map, struct mr_snapshot_reader *reader);

#endif
