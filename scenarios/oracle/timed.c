#include "scenarios/oracle/timed.h"

enum { NO_ROW = 0xffffffff };

void mr_timed_init(
    struct mr_timed *timed, struct mr_arena *arena, const struct mr_transform *transform)
{
    *timed = (struct mr_timed){.arena = arena, .transform = transform};
}

void mr_timed_deinit(struct mr_timed *timed)
{
    for (uint32_t side = 0; side < 2; side++) {
        struct mr_timed_rows *rows = &timed->sides[side];
        for (uint32_t i = 0; i < rows->n; i++)
            mr_arena_free(timed->arena, rows->rows[i].values, rows->rows[i].bytes);
        if (rows->slots)
            mr_arena_free(timed->arena, rows->slots, sizeof *rows->slots * rows->n_slots);
        if (rows->rows)
            mr_arena_free(timed->arena, rows->rows, sizeof *rows->rows * rows->capacity);
    }
    mr_drops_deinit(&timed->drops, timed->arena);
}

static uint64_t hash_of(
    const struct mr_timed *timed, uint32_t input, mr_us at_us, const struct mr_value *row)
{
    const struct mr_gathered_shape *shape = &timed->inputs[input];
    uint64_t hash = mr_digest_mix((uint64_t)at_us, input + 1);
    for (uint32_t i = 0; i < shape->n_fields; i++)
        if (!(shape->inexact_fields >> i & 1))
            hash = mr_digest_mix(hash, mr_value_hash(row[i]));
    return hash;
}

/* Values, then slacks, then texts, in one piece. */
static struct mr_timed_row copy(
    struct mr_timed *timed, uint32_t n_fields, const struct mr_flow_row *row)
{
    uint32_t bytes = (uint32_t)(sizeof(struct mr_value) + sizeof(double)) * n_fields + 8;
    for (uint32_t i = 0; i < n_fields; i++) bytes += row->values[i].bytes;
    struct mr_timed_row kept = {.bytes = bytes, .at_us = row->at_us};
    kept.values = mr_arena_alloc(timed->arena, bytes);
    double *slacks = (double *)(kept.values + n_fields);
    char *texts = (char *)(slacks + n_fields);
    for (uint32_t i = 0; i < n_fields; i++) {
        kept.values[i] = row->values[i];
        slacks[i] = row->slacks ? row->slacks[i] : 0;
        if (!mr_type_is_text((enum mr_type)row->values[i].type)) continue;
        if (row->values[i].bytes) memcpy(texts, row->values[i].text, row->values[i].bytes);
        kept.values[i].text = texts;
        texts += row->values[i].bytes;
    }
    kept.slacks = row->slacks ? slacks : NULL;
    return kept;
}

void mr_timed_take(struct mr_timed *timed, uint32_t input, const struct mr_flow_row *row)
{
    struct mr_timed_rows *rows = &timed->sides[input];
    uint64_t hash = hash_of(timed, input, row->at_us, row->values);
    if (mr_drops_may_hold(&timed->drops, row->at_us) && mr_drops_take(&timed->drops, hash))
        return;
    if (rows->n == rows->capacity) {
        uint32_t capacity = rows->capacity ? 2 * rows->capacity : 32;
        rows->rows = mr_arena_grow(timed->arena, rows->rows,
            sizeof *rows->rows * rows->capacity, sizeof *rows->rows * capacity);
        rows->capacity = capacity;
    }
    rows->rows[rows->n] = copy(timed, timed->inputs[input].n_fields, row);
    rows->rows[rows->n++].hash = hash;
}

void mr_timed_drop(
    struct mr_timed *timed, uint32_t input, mr_us at_us, const struct mr_value *row)
{
    mr_drops_add(&timed->drops, timed->arena, at_us, hash_of(timed, input, at_us, row));
}

void mr_timed_remove(struct mr_timed *timed, uint32_t side, uint32_t i)
{
    struct mr_timed_rows *rows = &timed->sides[side];
    MR_ASSERT(i < rows->n && rows->n_met == rows->n);
    mr_arena_free(timed->arena, rows->rows[i].values, rows->rows[i].bytes);
    rows->rows[i] = rows->rows[--rows->n];
    rows->n_met = rows->n;
}

/* Once a look: nothing comes or goes meanwhile. */
static void make_index(struct mr_timed *timed, struct mr_timed_rows *rows)
{
    uint32_t n_slots = 16;
    while (n_slots < rows->n) n_slots *= 2;
    if (n_slots != rows->n_slots) {
        if (rows->slots)
            mr_arena_free(timed->arena, rows->slots, sizeof *rows->slots * rows->n_slots);
        rows->slots = mr_arena_alloc(timed->arena, sizeof *rows->slots * n_slots);
        rows->n_slots = n_slots;
    }
    for (uint32_t i = 0; i < n_slots; i++) rows->slots[i] = NO_ROW;
    for (uint32_t i = 0; i < rows->n; i++) {
        uint32_t *slot = &rows->slots[rows->rows[i].hash & (n_slots - 1)];
        rows->rows[i].next = *slot;
        *slot = i;
    }
    rows->indexed = timed->n_looks;
}

bool mr_timed_hold(
    struct mr_timed *timed, uint32_t input, mr_us at_us, const struct mr_value *row)
{
    struct mr_timed_rows *rows = &timed->sides[input];
    uint64_t hash = hash_of(timed, input, at_us, row);
    if (rows->indexed != timed->n_looks) make_index(timed, rows);
    for (uint32_t i = rows->slots[hash & (rows->n_slots - 1)]; i != NO_ROW;
         i = rows->rows[i].next) {
        struct mr_timed_row *kept = &rows->rows[i];
        if (kept->hash != hash || kept->looked == timed->n_looks) continue;
        kept->looked = timed->n_looks;
        return true;
    }
    return false;
}
