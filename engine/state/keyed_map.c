#include "engine/state/keyed_map.h"

#include <string.h>

#include "base/digest.h"

enum {
    ENTRIES_MAX = (1 << 24) - 2,
    SLOTS_MIN = 16,
    PREFETCH_ENTRIES = 1 << 14,
    PREFETCH_ROWS = 128
};

struct mr_key_layout mr_key_layout_make(const struct mr_schema *input, const int *fields,
    uint32_t n_keys, struct mr_field *types)
{
    struct mr_key_layout layout = {
        .mode = MR_KEY_ENCODED, .n_keys = n_keys, .fields = fields, .types = types};
    for (uint32_t i = 0; i < n_keys; i++) types[i] = input->fields[fields[i]];
    if (n_keys != 1 || types[0].is_nullable) return layout;
    if (types[0].type == MR_TYPE_INT || types[0].type == MR_TYPE_TIMESTAMP) layout.mode = MR_KEY_INT;
    if (mr_type_is_text(types[0].type)) layout.mode = MR_KEY_TEXT;
    return layout;
}

static inline uint64_t hash_text(const struct mr_string *string, const char *heap)
{
    if (MR_UNLIKELY(string->bytes > MR_STRING_INLINE_MAX))
        return mr_hash_u64(mr_hash_bytes(heap + string->heap_offset, string->bytes));
    uint64_t words[2];
    memcpy(words, string, sizeof words);
    return mr_hash_u64(words[0] * 0x9e3779b97f4a7c15u ^ (words[1] << 29 | words[1] >> 35));
}

/* The key's bits: -0.0 is 0.0, as keys of a Python dict are. */
static uint64_t value_bits(struct mr_value value)
{
    uint64_t bits;
    if (value.type == MR_TYPE_FLOAT && value.f == 0.0) value.f = 0.0 * 0.0;
    memcpy(&bits, &value.i, sizeof bits);
    return bits;
}

static uint64_t hash_value(struct mr_value value)
{
    if (value.type == MR_TYPE_NULL) return 0x9ae16a3b2f90404fu;
    if (mr_type_is_text((enum mr_type)value.type))
        return mr_hash_bytes(value.text, value.bytes);
    return mr_hash_u64(value_bits(value));
}

void mr_keys_hash(const struct mr_key_layout *layout, const struct mr_batch *batch, uint64_t *hashes)
{
    uint32_t n = batch->n_rows;
    if (layout->mode == MR_KEY_INT) {
        const uint64_t *keys = batch->columns[layout->fields[0]].values;
        for (uint32_t i = 0; i < n; i++) hashes[i] = mr_hash_u64(keys[i]);
    } else if (layout->mode == MR_KEY_TEXT) {
        const struct mr_column *column = &batch->columns[layout->fields[0]];
        const struct mr_string *keys = column->values;
        for (uint32_t i = 0; i < n; i++) hashes[i] = hash_text(&keys[i], column->heap);
    } else {
        for (uint32_t i = 0; i < n; i++) hashes[i] = 0x243f6a8885a308d3u;
        for (uint32_t k = 0; k < layout->n_keys; k++)
            for (uint32_t i = 0; i < n; i++)
                hashes[i] = mr_hash_u64(mr_digest_mix(hashes[i],
                    hash_value(mr_column_raw(&batch->columns[layout->fields[k]], i))));
    }
}

static uint32_t key_bytes(const struct mr_keyed_map *map)
{
    return map->layout->mode == MR_KEY_INT ? 8 : 16;
}

static uint64_t hash_of_entry(const struct mr_keyed_map *map, uint32_t id)
{
    if (map->layout->mode == MR_KEY_INT) return mr_hash_u64(((const uint64_t *)map->keys)[id]);
    return hash_text((const struct mr_string *)map->keys + id, map->heap);
}

static inline uint32_t slot_of(uint64_t hash, uint32_t id)
{
    return (uint32_t)(hash >> 40 & 0xff) << 24 | (id + 1);
}

static void put_slot(struct mr_keyed_map *map, uint64_t hash, uint32_t id)
{
    uint32_t at = (uint32_t)hash & map->mask;
    while (map->slots[at]) at = (at + 1) & map->mask;
    map->slots[at] = slot_of(hash, id);
}

/* Entries that fit into `slots` slots. */
static uint32_t fitting(uint32_t slots)
{
    return slots / 4 * 3;
}

static void grow(struct mr_keyed_map *map, uint32_t needed)
{
    MR_ASSERT(needed <= ENTRIES_MAX);
    uint32_t slots = map->mask ? (map->mask + 1) * 2 : SLOTS_MIN;
    while (fitting(slots) < needed) slots *= 2;
    uint32_t capacity = fitting(slots);
    if (map->slots) mr_arena_free(map->arena, map->slots, 4 * ((size_t)map->mask + 1));
    map->slots = mr_arena_zalloc(map->arena, 4 * (size_t)slots);
    map->keys = mr_arena_grow(map->arena, map->keys, (size_t)key_bytes(map) * map->capacity,
        (size_t)key_bytes(map) * capacity);
    map->mask = slots - 1;
    map->capacity = capacity;
    for (uint32_t id = 0; id < map->n; id++) put_slot(map, hash_of_entry(map, id), id);
}

void mr_keyed_map_init(struct mr_keyed_map *map, struct mr_arena *arena,
    const struct mr_key_layout *layout, uint32_t expected)
{
    *map = (struct mr_keyed_map){.arena = arena, .layout = layout};
    grow(map, expected ? expected : 1);
}

void mr_keyed_map_deinit(struct mr_keyed_map *map)
{
    if (!map->arena) return;
    mr_arena_free(map->arena, map->slots, 4 * ((size_t)map->mask + 1));
    mr_arena_free(map->arena, map->keys, (size_t)key_bytes(map) * map->capacity);
    if (map->heap) mr_arena_free(map->arena, map->heap, map->heap_capacity);
    *map = (struct mr_keyed_map){0};
}

static uint32_t heap_add(struct mr_keyed_map *map, const char *text, uint32_t bytes)
{
    uint32_t offset = map->heap_bytes;
    if (map->heap_capacity - offset < bytes) {
        uint32_t capacity = map->heap_capacity ? map->heap_capacity * 2 : 256;
        while (capacity - offset < bytes) capacity *= 2;
        char *moved = mr_arena_alloc(map->arena, capacity);
        if (map->heap) {
            memcpy(moved, map->heap, offset);
            mr_arena_free(map->arena, map->heap, map->heap_capacity);
        }
        map->heap = moved;
        map->heap_capacity = capacity;
    }
    memcpy(map->heap + offset, text, bytes);
    map->heap_bytes += bytes;
    return offset;
}

static uint32_t insert_text(struct mr_keyed_map *map, const struct mr_string *key, const char *heap)
{
    struct mr_string *keys = map->keys;
    keys[map->n] = *key;
    if (key->bytes > MR_STRING_INLINE_MAX) {
        keys[map->n].heap_offset = heap_add(map, heap + key->heap_offset, key->bytes);
        keys[map->n].zero = 0;
    }
    return map->n++;
}

static inline bool same_text(const struct mr_keyed_map *map, uint32_t id,
    const struct mr_string *key, const char *heap)
{
    const struct mr_string *mine = (const struct mr_string *)map->keys + id;
    if (MR_LIKELY(key->bytes <= MR_STRING_INLINE_MAX)) return memcmp(mine, key, 16) == 0;
    return mine->bytes == key->bytes &&
        memcmp(map->heap + mine->heap_offset, heap + key->heap_offset, key->bytes) == 0;
}

/* Large maps do not fit the cache: fetches what find_ints will touch, a few rows ahead of it.
 */
static void prefetch_ints(
    const struct mr_keyed_map *map, const uint64_t *keys, const uint16_t *rows, uint32_t n)
{
    uint32_t at[PREFETCH_ROWS];
    for (uint32_t i = 0; i < n; i++) {
        at[i] = (uint32_t)mr_hash_u64(keys[rows[i]]) & map->mask;
        __builtin_prefetch(&map->slots[at[i]]);
    }
    for (uint32_t i = 0; i < n; i++)
        __builtin_prefetch((const int64_t *)map->keys + (map->slots[at[i]] & 0xffffff));
}

static inline void find_ints(struct mr_keyed_map *map, const uint64_t *keys,
    const uint16_t *rows, uint32_t n, uint32_t *ids)
{
    uint64_t *mine = map->keys;
    uint32_t *slots = map->slots;
    const uint32_t mask = map->mask;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t key = keys[rows[i]];
        uint64_t hash = mr_hash_u64(key);
        uint32_t tag = (uint32_t)(hash >> 40 & 0xff);
        uint32_t at = (uint32_t)hash & mask;
        uint32_t slot;
        while ((slot = slots[at]) != 0) {
            if (slot >> 24 == tag && mine[(slot & 0xffffff) - 1] == key) break;
            at = (at + 1) & mask;
        }
        if (slot == 0) {
            mine[map->n] = key;
            slots[at] = slot = slot_of(hash, map->n++);
        }
        ids[i] = (slot & 0xffffff) - 1;
    }
}

static void find_many_ints(struct mr_keyed_map *map, const uint64_t *keys, const uint16_t *rows,
    uint32_t n, uint32_t *ids)
{
    if (map->n < PREFETCH_ENTRIES) {
        find_ints(map, keys, rows, n, ids);
        return;
    }
    for (uint32_t i = 0; i < n; i += PREFETCH_ROWS) {
        uint32_t part = n - i < PREFETCH_ROWS ? n - i : PREFETCH_ROWS;
        prefetch_ints(map, keys, rows + i, part);
        find_ints(map, keys, rows + i, part, ids + i);
    }
}

static void find_texts(struct mr_keyed_map *map, const struct mr_string *keys, const char *heap,
    const uint64_t *hashes, const uint16_t *rows, uint32_t n, uint32_t *ids)
{
    const uint32_t mask = map->mask;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t hash = hashes[rows[i]];
        const struct mr_string *key = &keys[rows[i]];
        uint32_t tag = (uint32_t)(hash >> 40 & 0xff);
        uint32_t at = (uint32_t)hash & mask;
        uint32_t slot;
        while ((slot = map->slots[at]) != 0) {
            if (slot >> 24 == tag && same_text(map, (slot & 0xffffff) - 1, key, heap)) break;
            at = (at + 1) & mask;
        }
        if (slot == 0)
            map->slots[at] = slot = slot_of(hash, insert_text(map, key, heap));
        ids[i] = (slot & 0xffffff) - 1;
    }
}

enum { ENCODED_BYTES_MAX = 4096 };

/* One row's keys as bytes: per key its type, then 8 bytes, or a length and the text. */
static uint32_t encode_keys(const struct mr_key_layout *layout, const struct mr_batch *batch,
    uint32_t row, char *out, uint32_t capacity)
{
    uint32_t bytes = 0;
    for (uint32_t k = 0; k < layout->n_keys; k++) {
        struct mr_value value = mr_column_raw(&batch->columns[layout->fields[k]], row);
        bool is_text = mr_type_is_text((enum mr_type)value.type);
        uint32_t size = 1 + (value.type == MR_TYPE_NULL ? 0 : is_text ? 4 + value.bytes : 8);
        if (bytes + size <= capacity) {
            out[bytes] = (char)value.type;
            if (is_text) {
                memcpy(out + bytes + 1, &value.bytes, 4);
                memcpy(out + bytes + 5, value.text, value.bytes);
            } else if (value.type != MR_TYPE_NULL) {
                uint64_t bits = value_bits(value);
                memcpy(out + bytes + 1, &bits, 8);
            }
        }
        bytes += size;
    }
    return bytes;
}

static void find_encoded(struct mr_keyed_map *map, const struct mr_batch *batch,
    const uint16_t *rows, uint32_t n, uint32_t *ids)
{
    char fixed[ENCODED_BYTES_MAX];
    for (uint32_t i = 0; i < n; i++) {
        char *text = fixed;
        uint32_t bytes = encode_keys(map->layout, batch, rows[i], fixed, sizeof fixed);
        if (bytes > sizeof fixed) {
            text = mr_arena_alloc(map->arena, bytes);
            encode_keys(map->layout, batch, rows[i], text, bytes);
        }
        struct mr_string key = {.bytes = bytes};
        if (bytes <= MR_STRING_INLINE_MAX) memcpy(key.inline_text, text, bytes);
        uint64_t hash = hash_text(&key, text);
        uint16_t zero = 0;
        find_texts(map, &key, text, &hash, &zero, 1, &ids[i]);
        if (text != fixed) mr_arena_free(map->arena, text, bytes);
    }
}

void mr_keyed_map_find(struct mr_keyed_map *map, const struct mr_batch *batch,
    const struct mr_key_hashes *hashes, const uint16_t *rows, uint32_t n, uint32_t *ids)
{
    if (map->n + n > map->capacity) grow(map, map->n + n);
    const struct mr_key_layout *layout = map->layout;
    MR_ASSERT((layout->mode == MR_KEY_INT) == (hashes->keys != NULL));
    if (layout->mode == MR_KEY_INT) {
        find_many_ints(map, hashes->keys, rows, n, ids);
    } else if (layout->mode == MR_KEY_TEXT) {
        const struct mr_column *column = &batch->columns[layout->fields[0]];
        find_texts(map, column->values, column->heap, hashes->hashes, rows, n, ids);
    } else {
        find_encoded(map, batch, rows, n, ids);
    }
}

/* Reads key `k` of an encoded entry. */
static struct mr_value decode_key(const char *text, uint32_t k)
{
    struct mr_value value = {.i = 0, .type = MR_TYPE_NULL};
    for (uint32_t i = 0; i <= k; i++) {
        value = (struct mr_value){.i = 0, .type = (uint8_t)*text++};
        if (value.type == MR_TYPE_NULL) continue;
        if (mr_type_is_text((enum mr_type)value.type)) {
            memcpy(&value.bytes, text, 4);
            value.text = text + 4;
            text += 4 + value.bytes;
        } else {
            memcpy(&value.i, text, 8);
            text += 8;
        }
    }
    return value;
}

static void decode_column(const struct mr_keyed_map *map, uint32_t first, uint32_t n, uint32_t k,
    struct mr_scratch *scratch, struct mr_column *column)
{
    enum mr_type type = map->layout->types[k].type;
    uint32_t size = mr_type_bytes(type);
    char *values = mr_scratch_alloc(scratch, (size_t)size * n + 16);
    uint64_t *valid = mr_scratch_array(scratch, uint64_t, n / 64 + 1);
    memset(values, 0, (size_t)size * n);
    memset(valid, 0, 8 * ((size_t)n / 64 + 1));
    bool has_null = false;
    for (uint32_t i = 0; i < n; i++) {
        const struct mr_string *entry = (const struct mr_string *)map->keys + first + i;
        struct mr_value value = decode_key(mr_string_text(entry, map->heap), k);
        if (value.type == MR_TYPE_NULL) {
            has_null = true;
            continue;
        }
        valid[i / 64] |= (uint64_t)1 << (i % 64);
        if (mr_type_is_text(type)) {
            struct mr_string *string = (struct mr_string *)values + i;
            string->bytes = value.bytes;
            if (value.bytes <= MR_STRING_INLINE_MAX) {
                memcpy(string->inline_text, value.text, value.bytes);
            } else { /* long text lies in the map's heap; an inline entry cannot hold one */
                memcpy(string->prefix, value.text, 4);
                string->heap_offset = (uint32_t)(value.text - map->heap);
            }
        } else if (size == 1) {
            values[i] = (char)value.i;
        } else {
            memcpy(values + 8 * (size_t)i, &value.i, 8);
        }
    }
    *column = (struct mr_column){
        .type = type, .values = values, .valid = has_null ? valid : NULL, .heap = map->heap};
}

void mr_keyed_map_columns(const struct mr_keyed_map *map, uint32_t first, uint32_t n,
    struct mr_scratch *scratch, struct mr_column *columns)
{
    MR_ASSERT(first + n <= map->n);
    const struct mr_key_layout *layout = map->layout;
    if (layout->mode == MR_KEY_ENCODED) {
        for (uint32_t k = 0; k < layout->n_keys; k++)
            decode_column(map, first, n, k, scratch, &columns[k]);
        return;
    }
    columns[0] = (struct mr_column){.type = layout->types[0].type,
        .values = (const char *)map->keys + (size_t)key_bytes(map) * first,
        .heap = map->heap};
}

void mr_keyed_map_snapshot(const struct mr_keyed_map *map, struct mr_snapshot_writer *writer)
{
    mr_snapshot_u32(writer, map->n);
    mr_snapshot_u32(writer, map->heap_bytes);
    mr_snapshot_bytes(writer, map->keys, key_bytes(map) * map->n);
    mr_snapshot_bytes(writer, map->heap, map->heap_bytes);
}

void mr_keyed_map_restore(struct mr_keyed_map *map, struct mr_snapshot_reader *reader)
{
    MR_ASSERT(map->n == 0);
    uint32_t n = mr_snapshot_read_u32(reader);
    uint32_t heap_bytes = mr_snapshot_read_u32(reader);
    const void *keys = mr_snapshot_read_bytes(reader, key_bytes(map) * n);
    const void *heap = mr_snapshot_read_bytes(reader, heap_bytes);
    if (reader->is_broken) return;
    if (n > map->capacity) grow(map, n);
    if (n) memcpy(map->keys, keys, (size_t)key_bytes(map) * n);
    if (heap_bytes) heap_add(map, heap, heap_bytes);
    map->n = n;
    for (uint32_t id = 0; id < n; id++) put_slot(map, hash_of_entry(map, id), id);
}
