/* Invariants.
 * 1. Items of one name form a chain in the order of their coming; `first` is the first that is
 * not matched.
 * 2. Among items of one order, sequence numbers rise, and `last_sequence` is the largest that
 * was matched since some item was unmatched: what comes later than all items has the larger
 * number anyway.
 * 3. Where items of one name come from different orders nobody can say which of them a row is:
 * order is not judged. */
#include "scenarios/oracle/ledger.h"

#include <string.h>

#include "base/digest.h"
#include "scenarios/oracle/tally.h"

enum { SLOTS_MIN = 64, COMPACT_MIN = 1024 };

void mr_ledger_init(struct mr_ledger *ledger, struct mr_arena *arena,
    const struct mr_ledger_shape *shape, struct mr_marks *marks)
{
    *ledger = (struct mr_ledger){.arena = arena, .shape = shape, .marks = marks};
    mr_scratch_init(&ledger->store, arena);
}

static void free_tables(struct mr_ledger *ledger)
{
    struct mr_arena *arena = ledger->arena;
    mr_arena_free(arena, ledger->items, sizeof *ledger->items * ledger->capacity);
    mr_arena_free(arena, ledger->names, sizeof *ledger->names * ledger->n_name_slots);
    mr_arena_free(arena, ledger->orders, sizeof *ledger->orders * ledger->n_order_slots);
}

void mr_ledger_deinit(struct mr_ledger *ledger)
{
    free_tables(ledger);
    mr_scratch_deinit(&ledger->store);
    *ledger = (struct mr_ledger){0};
}

/* ---- The two indexes ---- */

static struct mr_ledger_name *name_slot(const struct mr_ledger *ledger, uint64_t hash)
{
    uint32_t mask = ledger->n_name_slots - 1;
    uint32_t at = (uint32_t)(hash >> 32) & mask;
    while (ledger->names[at].hash && ledger->names[at].hash != hash) at = (at + 1) & mask;
    return &ledger->names[at];
}

static struct mr_ledger_order *order_slot(const struct mr_ledger *ledger, uint64_t order)
{
    uint32_t mask = ledger->n_order_slots - 1;
    uint32_t at = (uint32_t)(order >> 32) & mask;
    while (ledger->orders[at].order && ledger->orders[at].order != order) at = (at + 1) & mask;
    return &ledger->orders[at];
}

static void reserve_names(struct mr_ledger *ledger)
{
    if (ledger->n_names * 2 < ledger->n_name_slots) return;
    struct mr_ledger old = *ledger;
    ledger->n_name_slots = old.n_name_slots ? old.n_name_slots * 2 : SLOTS_MIN;
    ledger->names =
        mr_arena_zalloc(ledger->arena, sizeof *ledger->names * ledger->n_name_slots);
    for (uint32_t i = 0; i < old.n_name_slots; i++)
        if (old.names[i].hash) *name_slot(ledger, old.names[i].hash) = old.names[i];
    mr_arena_free(ledger->arena, old.names, sizeof *old.names * old.n_name_slots);
}

static void reserve_orders(struct mr_ledger *ledger)
{
    if (ledger->n_orders * 2 < ledger->n_order_slots) return;
    struct mr_ledger old = *ledger;
    ledger->n_order_slots = old.n_order_slots ? old.n_order_slots * 2 : SLOTS_MIN;
    ledger->orders =
        mr_arena_zalloc(ledger->arena, sizeof *ledger->orders * ledger->n_order_slots);
    for (uint32_t i = 0; i < old.n_order_slots; i++)
        if (old.orders[i].order) *order_slot(ledger, old.orders[i].order) = old.orders[i];
    mr_arena_free(ledger->arena, old.orders, sizeof *old.orders * old.n_order_slots);
}

static uint64_t name_of(const struct mr_ledger *ledger, enum mr_row_kind kind, mr_us start_us,
    mr_us end_us, const struct mr_value *row)
{
    const struct mr_ledger_shape *shape = ledger->shape;
    uint64_t hash =
        shape->has_windows ? mr_digest_mix((uint64_t)start_us, (uint64_t)end_us) : 0;
    for (uint32_t i = 0; i < shape->n_fields; i++)
        if (shape->name_fields >> i & 1) hash = mr_digest_mix(hash, mr_value_hash(row[i]));
    if (kind != MR_ROW_INSERT) hash = mr_digest_mix(hash, kind);
    return hash | 1; /* not empty */
}

/* ---- Adding ---- */

static const struct mr_value *store_values(
    struct mr_ledger *ledger, const struct mr_value *values)
{
    uint32_t n = ledger->shape->n_fields;
    struct mr_value *copy = mr_scratch_array(&ledger->store, struct mr_value, n);
    for (uint32_t i = 0; i < n; i++) {
        copy[i] = values[i];
        if (!mr_type_is_text((enum mr_type)values[i].type) || values[i].bytes == 0) continue;
        char *text = mr_scratch_alloc(&ledger->store, values[i].bytes);
        memcpy(text, values[i].text, values[i].bytes);
        copy[i].text = text;
    }
    return copy;
}

static const double *store_slacks(struct mr_ledger *ledger, const double *slacks)
{
    if (!slacks) return NULL;
    size_t bytes = sizeof *slacks * ledger->shape->n_fields;
    double *copy = mr_scratch_alloc(&ledger->store, bytes);
    memcpy(copy, slacks, bytes);
    return copy;
}

static void link_item(struct mr_ledger *ledger, uint32_t id)
{
    reserve_names(ledger);
    struct mr_ledger_item *item = &ledger->items[id];
    item->next = MR_LEDGER_NONE;
    struct mr_ledger_name *name = name_slot(ledger, item->name);
    if (!name->hash) {
        *name = (struct mr_ledger_name){.hash = item->name,
            .first = MR_LEDGER_NONE,
            .last = MR_LEDGER_NONE,
            .matched = MR_LEDGER_NONE};
        ledger->n_names++;
    }
    if (name->last != MR_LEDGER_NONE) {
        ledger->items[name->last].next = id;
        name->is_ambiguous |= ledger->items[name->last].order != item->order;
    }
    if (name->first == MR_LEDGER_NONE) name->first = id;
    name->last = id;
}

/* A place for an item whose values are stored already. */
static void append(struct mr_ledger *ledger, const struct mr_ledger_item *item)
{
    if (ledger->n_items == ledger->capacity) {
        uint32_t capacity = ledger->capacity ? ledger->capacity * 2 : 64;
        ledger->items = mr_arena_grow(ledger->arena, ledger->items,
            sizeof *ledger->items * ledger->capacity, sizeof *ledger->items * capacity);
        ledger->capacity = capacity;
    }
    ledger->items[ledger->n_items] = *item;
    link_item(ledger, ledger->n_items++);
}

void mr_ledger_add(struct mr_ledger *ledger, enum mr_row_kind kind, mr_us window_start_us,
    mr_us window_end_us, const struct mr_value *values, const double *slacks, uint64_t order,
    bool is_optional)
{
    struct mr_ledger_item item = {
        .name = name_of(ledger, kind, window_start_us, window_end_us, values),
        .order = order,
        .sequence = ledger->n_added++,
        .window_start_us = window_start_us,
        .window_end_us = window_end_us,
        .values = store_values(ledger, values),
        .slacks = store_slacks(ledger, slacks),
        .is_optional = is_optional};
    append(ledger, &item);
    ledger->n_unmatched++;
    ledger->n_owed += !is_optional;
}

/* ---- Forgetting ---- */

static void mark_matched(struct mr_ledger *ledger)
{
    uint32_t n = ledger->n_items - ledger->n_unmatched, at = 0;
    if (n == 0) return;
    if (n > MR_MARKS_MAX) n = MR_MARKS_MAX;
    struct mr_mark_block *block = mr_marks_add(ledger->marks, ledger->shape->sink, 0, 0, n);
    for (uint32_t i = 0; i < ledger->n_items && at < n; i++)
        if (ledger->items[i].is_matched)
            block->hashes[at++] = (uint32_t)(ledger->items[i].name >> 32);
    MR_ASSERT(at == n);
}

static void clear(struct mr_ledger *ledger)
{
    ledger->n_items = 0;
    ledger->n_names = 0;
    ledger->n_orders = 0;
    if (ledger->names) memset(ledger->names, 0, sizeof *ledger->names * ledger->n_name_slots);
    if (ledger->orders)
        memset(ledger->orders, 0, sizeof *ledger->orders * ledger->n_order_slots);
    mr_scratch_reset(&ledger->store);
}

/* Moves what is not matched into fresh tables. */
static void compact(struct mr_ledger *ledger)
{
    struct mr_ledger old = *ledger;
    mr_ledger_init(ledger, old.arena, old.shape, old.marks);
    ledger->n_added = old.n_added;
    ledger->n_unmatched = old.n_unmatched;
    ledger->n_owed = old.n_owed;
    for (uint32_t i = 0; i < old.n_items; i++) {
        if (old.items[i].is_matched) continue;
        struct mr_ledger_item item = old.items[i];
        item.values = store_values(ledger, item.values);
        item.slacks = store_slacks(ledger, item.slacks);
        append(ledger, &item);
        name_slot(ledger, item.name)->is_ambiguous |= name_slot(&old, item.name)->is_ambiguous;
        if (!item.order || !old.n_order_slots) continue;
        const struct mr_ledger_order *before = order_slot(&old, item.order);
        if (!before->order) continue;
        reserve_orders(ledger);
        struct mr_ledger_order *order = order_slot(ledger, item.order);
        ledger->n_orders += !order->order;
        *order = *before;
    }
    mr_ledger_deinit(&old);
}

/* Before a match, so that texts of the last answer lived until now. */
static void tidy(struct mr_ledger *ledger)
{
    if (ledger->n_items < COMPACT_MIN) return;
    if (ledger->n_unmatched > ledger->n_items / 4) return;
    mark_matched(ledger);
    if (ledger->n_unmatched == 0)
        clear(ledger);
    else
        compact(ledger);
}

void mr_ledger_forget(struct mr_ledger *ledger)
{
    for (uint32_t i = 0; i < ledger->n_items; i++) ledger->items[i].is_matched = true;
    ledger->n_unmatched = 0;
    ledger->n_owed = 0;
    mark_matched(ledger);
    clear(ledger);
}

/* ---- Matching ---- */

/* With an `is_exact` nothing may be off. */
static bool is_row(const struct mr_ledger *ledger, const struct mr_ledger_item *item,
    const struct mr_value *row, bool is_exact)
{
    const struct mr_ledger_shape *shape = ledger->shape;
    for (uint32_t i = 0; i < shape->n_fields; i++) {
        bool is_inexact = !is_exact && (shape->inexact_fields >> i & 1);
        double slack = is_inexact && item->slacks ? item->slacks[i] : 0;
        if (!mr_value_near(item->values[i], row[i], slack)) return false;
    }
    return true;
}

/* A row that is as it should be is taken for itself before another, of which something may be
 * off, is taken for it. */
static uint32_t find_row(const struct mr_ledger *ledger, const struct mr_ledger_name *name,
    const struct mr_value *row, bool is_exact)
{
    for (uint32_t id = name->first; id != MR_LEDGER_NONE; id = ledger->items[id].next)
        if (!ledger->items[id].is_matched && is_row(ledger, &ledger->items[id], row, is_exact))
            return id;
    return is_exact ? find_row(ledger, name, row, false) : MR_LEDGER_NONE;
}

/* Strikes an item off; false when a later one of its order came before. */
static bool strike(struct mr_ledger *ledger, struct mr_ledger_name *name, uint32_t id)
{
    struct mr_ledger_item *item = &ledger->items[id];
    item->is_matched = true;
    name->matched = id;
    ledger->n_unmatched--;
    ledger->n_owed -= !item->is_optional;
    while (name->first != MR_LEDGER_NONE && ledger->items[name->first].is_matched)
        name->first = ledger->items[name->first].next; /* invariant 1 */
    if (!item->order || name->is_ambiguous) return true;
    reserve_orders(ledger);
    struct mr_ledger_order *order = order_slot(ledger, item->order);
    ledger->n_orders += !order->order;
    bool is_in_order = !order->order || item->sequence > order->last_sequence;
    if (is_in_order) *order = (struct mr_ledger_order){item->order, item->sequence};
    return is_in_order;
}

static void tell_values(const struct mr_ledger *ledger, const struct mr_ledger_item *item,
    struct mr_value *expected)
{
    memcpy(expected, item->values, sizeof *expected * ledger->shape->n_fields);
}

/* Nothing unmatched of that name is left: was there once? */
static enum mr_ledger_answer match_again(struct mr_ledger *ledger,
    const struct mr_ledger_name *name, uint64_t hash, const struct mr_value *row,
    struct mr_value *expected)
{
    const struct mr_ledger_shape *shape = ledger->shape;
    if (name && name->matched != MR_LEDGER_NONE) {
        const struct mr_ledger_item *item = &ledger->items[name->matched];
        if (item->is_optional) return MR_LEDGER_RIGHT;
        if (!shape->is_named && !is_row(ledger, item, row, false)) return MR_LEDGER_ABSENT;
        tell_values(ledger, item, expected);
        return MR_LEDGER_AGAIN;
    }
    if (!mr_marks_hold(ledger->marks, shape->sink, 0, 0, (uint32_t)(hash >> 32)))
        return MR_LEDGER_ABSENT;
    for (uint32_t i = 0; i < shape->n_fields; i++)
        expected[i] =
            shape->name_fields >> i & 1 ? row[i] : (struct mr_value){.type = MR_TYPE_NULL};
    return MR_LEDGER_AGAIN;
}

enum mr_ledger_answer mr_ledger_match(struct mr_ledger *ledger, enum mr_row_kind kind,
    mr_us window_start_us, mr_us window_end_us, const struct mr_value *row,
    struct mr_value *expected)
{
    tidy(ledger);
    uint64_t hash = name_of(ledger, kind, window_start_us, window_end_us, row);
    struct mr_ledger_name *name = ledger->n_name_slots ? name_slot(ledger, hash) : NULL;
    if (name && !name->hash) name = NULL;
    if (!name || name->first == MR_LEDGER_NONE)
        return match_again(ledger, name, hash, row, expected);
    uint32_t found = find_row(ledger, name, row, ledger->shape->inexact_fields != 0);
    if (found != MR_LEDGER_NONE)
        return strike(ledger, name, found) ? MR_LEDGER_RIGHT : MR_LEDGER_REORDERED;
    struct mr_ledger_item *first = &ledger->items[name->first];
    if (first->is_optional) {
        strike(ledger, name, name->first);
        return MR_LEDGER_RIGHT;
    }
    if (!ledger->shape->is_named) return MR_LEDGER_ABSENT;
    tell_values(ledger, first, expected);
    strike(ledger, name, name->first);
    return MR_LEDGER_WRONG;
}

const struct mr_ledger_item *mr_ledger_owed_at(const struct mr_ledger *ledger, uint64_t i)
{
    for (uint32_t id = 0; id < ledger->n_items; id++) {
        const struct mr_ledger_item *item = &ledger->items[id];
        if (item->is_matched || item->is_optional) continue;
        if (i-- == 0) return item;
    }
    return NULL;
}
