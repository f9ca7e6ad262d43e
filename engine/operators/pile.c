#include "engine/operators/pile.h"

#include <stdio.h>
#include <string.h>

#include "engine/batch/column.h"
#include "engine/expression/caller.h"
#include "engine/expression/folder.h"

void mr_pile_deinit(struct mr_pile *pile, struct mr_arena *arena)
{
    if (pile->data) mr_arena_free(arena, pile->data, pile->capacity);
    *pile = (struct mr_pile){0};
}

static char *room(struct mr_pile *pile, struct mr_arena *arena, uint32_t bytes)
{
    uint32_t needed = pile->bytes + bytes;
    MR_ASSERT(needed >= bytes); /* the run's arena ends before 4 GB */
    if (needed > pile->capacity) {
        uint32_t capacity = pile->capacity ? pile->capacity : 64;
        while (capacity < needed) capacity = capacity < UINT32_MAX / 2 ? capacity * 2 : needed;
        pile->data = mr_arena_grow(arena, pile->data, pile->capacity, capacity);
        pile->capacity = capacity;
    }
    char *at = pile->data + pile->bytes;
    pile->bytes = needed;
    return at;
}

void mr_pile_add(struct mr_pile *pile, struct mr_arena *arena, struct mr_value value)
{
    struct mr_document_writer writer = {.capacity = mr_document_size(value)};
    writer.data = room(pile, arena, (uint32_t)writer.capacity);
    mr_document_put(&writer, value);
    pile->n++;
}

void mr_pile_merge(struct mr_pile *pile, struct mr_arena *arena, const struct mr_pile *other)
{
    if (other->n == 0) return;
    MR_ASSERT(pile != other);
    memcpy(room(pile, arena, other->bytes), other->data, other->bytes);
    pile->n += other->n;
}

void mr_pile_snapshot(const struct mr_pile *pile, struct mr_snapshot_writer *writer)
{
    mr_snapshot_u32(writer, pile->n);
    mr_snapshot_u32(writer, pile->bytes);
    mr_snapshot_bytes(writer, pile->data, pile->bytes);
}

void mr_pile_restore(
    struct mr_pile *pile, struct mr_arena *arena, struct mr_snapshot_reader *reader)
{
    uint32_t n = mr_snapshot_read_u32(reader);
    uint32_t bytes = mr_snapshot_read_u32(reader);
    const void *data = mr_snapshot_read_bytes(reader, bytes);
    if (!data || bytes == 0) return;
    memcpy(room(pile, arena, bytes), data, bytes);
    pile->n = n;
}

struct mr_value mr_pile_list(const struct mr_pile *pile, struct mr_scratch *scratch)
{
    const char **documents = mr_scratch_array(scratch, const char *, pile->n + 1);
    const char **spare = mr_scratch_array(scratch, const char *, pile->n + 1);
    const char *at = pile->data;
    for (uint32_t i = 0; i < pile->n; i++, at += mr_document_bytes(at)) documents[i] = at;
    MR_ASSERT(pile->n == 0 || at == pile->data + pile->bytes);
    mr_documents_sort(documents, spare, pile->n);
    struct mr_document_writer writer = mr_scratch_writer(scratch);
    size_t list = mr_document_begin(&writer, MR_DOCUMENT_LIST);
    for (uint32_t i = 0; i < pile->n; i++)
        mr_document_put(&writer, mr_document_value(documents[i]));
    mr_document_end(&writer, list);
    return mr_document_value(writer.data);
}

/* ---- folding ---- */

static bool fail(struct mr_scratch *scratch, const char *text)
{
    if (!scratch->caller) return false;
    struct mr_row_failure *failure = mr_scratch_alloc(scratch, sizeof *failure);
    *failure = (struct mr_row_failure){.message = text, .stack = text};
    scratch->caller->failures = failure;
    return false;
}

static bool concatenate(struct mr_value list, struct mr_scratch *scratch, struct mr_value *out)
{
    enum { SIZE = 128 };
    struct mr_document_writer writer = mr_scratch_writer(scratch);
    struct mr_document_cursor cursor = mr_document_open(list);
    struct mr_value part, member;
    size_t all = mr_document_begin(&writer, MR_DOCUMENT_LIST);
    while (mr_document_next(&cursor, &part)) {
        if (part.type != MR_TYPE_LIST) {
            char *text = mr_scratch_alloc(scratch, SIZE);
            snprintf(text, SIZE, "TypeError: can only concatenate list (not \"%s\") to list",
                mr_value_class(part));
            return fail(scratch, text);
        }
        struct mr_document_cursor members = mr_document_open(part);
        while (mr_document_next(&members, &member)) mr_document_put(&writer, member);
    }
    mr_document_end(&writer, all);
    *out = mr_document_value(writer.data);
    return true;
}

/* all stops at the first that is false, any at the first that is true. */
static struct mr_value truth_of(struct mr_value list, bool stops_at)
{
    struct mr_document_cursor cursor = mr_document_open(list);
    struct mr_value member, truth = {.i = !stops_at, .type = MR_TYPE_BOOL};
    while (mr_document_next(&cursor, &member))
        if (mr_value_truth(member) == stops_at) truth.i = stops_at;
    return truth;
}

bool mr_pile_fold(const struct mr_aggregate *aggregate, struct mr_value list,
    struct mr_scratch *scratch, struct mr_value *out)
{
    switch (aggregate->kind) {
    case MR_FOLD_GROUP:
        *out = list;
        return true;
    case MR_FOLD_CONCAT:
        return concatenate(list, scratch, out);
    case MR_FOLD_ALL:
    case MR_FOLD_ANY:
        *out = truth_of(list, aggregate->kind == MR_FOLD_ANY);
        return true;
    default:
        MR_ASSERT(aggregate->kind == MR_FOLD_PYTHON);
        return mr_folder_apply(aggregate->folder, list, scratch, out);
    }
}
