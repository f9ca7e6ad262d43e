/* Aggregates over the values themselves: group, concat, all, any, and functions in Python. */
#include <string.h>

#include "engine/expression/folder.h"
#include "scenarios/oracle/fold.h"

/* The members of all members, which must be lists. */
static bool concatenated(
    struct mr_value lists, struct mr_scratch *scratch, struct mr_value *out)
{
    struct mr_document_writer writer = {.capacity = lists.bytes};
    writer.data = mr_scratch_alloc(scratch, writer.capacity);
    struct mr_document_cursor outer = mr_document_open(lists);
    struct mr_value list, member;
    size_t begin = mr_document_begin(&writer, MR_DOCUMENT_LIST);
    while (mr_document_next(&outer, &list)) {
        if (list.type != MR_TYPE_LIST) return false;
        struct mr_document_cursor inner = mr_document_open(list);
        while (mr_document_next(&inner, &member)) mr_document_put(&writer, member);
    }
    mr_document_end(&writer, begin);
    *out = mr_document_value(writer.data);
    return true;
}

static uint32_t count_true(struct mr_value list, uint32_t *n)
{
    struct mr_document_cursor cursor = mr_document_open(list);
    struct mr_value member;
    uint32_t n_true = 0;
    for (*n = 0; mr_document_next(&cursor, &member); ++*n) n_true += mr_value_truth(member);
    return n_true;
}

static bool fold_list(const struct mr_aggregate *aggregate, struct mr_value list,
    struct mr_scratch *scratch, struct mr_value *out)
{
    uint32_t n, n_true;
    switch (aggregate->kind) {
    case MR_FOLD_GROUP:
        *out = list;
        return true;
    case MR_FOLD_CONCAT:
        return concatenated(list, scratch, out);
    case MR_FOLD_ALL:
    case MR_FOLD_ANY:
        n_true = count_true(list, &n);
        *out = (struct mr_value){.type = MR_TYPE_BOOL,
            .i = aggregate->kind == MR_FOLD_ALL ? n_true == n : n_true > 0};
        return true;
    case MR_FOLD_PYTHON:
        return mr_folder_apply(aggregate->folder, list, scratch, out);
    default:
        MR_UNREACHABLE("an aggregate that folds no values");
    }
}

void mr_fold_values(const struct mr_fold *fold, struct mr_value *values, double *slacks)
{
    const struct mr_combine *combine = &fold->transform->combine;
    for (uint32_t i = 0; i < fold->n_tallies; i++) {
        if (fold->tallies[i].kind != MR_TALLY_FOLD) continue;
        struct mr_value list = values[fold->n_keys + i];
        struct mr_value *out = &values[fold->n_keys + i];
        /* What is in the values may be off by a little, and a fold of it by anything. */
        if (fold->inexact_fields != 0) slacks[fold->n_keys + i] = __builtin_inf();
        if (fold_list(&combine->aggregates[i], list, fold->scratch, out)) continue;
        *out = (struct mr_value){.type = MR_TYPE_NULL};
        ++*fold->n_unfolded;
    }
}
