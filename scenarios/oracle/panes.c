/* Panes and rows as they come out of the run, against what is owed.
 *
 * A pane of a window without allowed lateness is the whole fold of its group, and comes once.
 * With allowed lateness (and the default trigger: one pane at the watermark, one for each late
 * arrival, discarding) the fold of a group may come in parts. The oracle does not know where
 * the engine cut, since that depends on the interleaving; it knows the rows. So the rows of a
 * group that were accepted below the checkpoint are one amount that is owed; a pane equal to it
 * settles it, any other that can be a part of it (parts.c) is right and lessens it, and what is
 * left over when the checkpoint's output is through remains owed. A late row that a later
 * checkpoint brings is a new amount of the same group. The panes of a window and key therefore
 * hold, together, each accepted row once. */
#include "scenarios/oracle/oracle_internal.h"

/* Groups of matched windows that are kept whole, so that a duplicate can be shown beside what
 * was expected. */
enum { RETIRED_GROUPS_MAX = 2048 };

void mr_window_normalize(mr_us *start_us, mr_us *end_us)
{
    if (*start_us == MR_US_MIN && *end_us >= MR_US_GLOBAL_END) *end_us = MR_US_GLOBAL_END;
}

/* ---- Retiring ---- */

static void leave_marks(
    struct mr_oracle *oracle, const struct mr_fold *fold, const struct mr_fold_window *window)
{
    uint32_t n = window->groups.n < MR_MARKS_MAX ? window->groups.n : MR_MARKS_MAX;
    if (n == 0) return;
    struct mr_mark_block *block =
        mr_marks_add(&oracle->marks, fold->sink, window->start_us, window->end_us, n);
    for (uint32_t i = 0; i < n; i++) block->hashes[i] = mr_groups_at(&window->groups, i)->hash;
}

static void shorten_retired(struct mr_oracle *oracle, struct mr_fold *fold)
{
    while (fold->n_retired > RETIRED_GROUPS_MAX) {
        struct mr_fold_window *window = fold->oldest_retired;
        fold->oldest_retired = window->next;
        if (!fold->oldest_retired) fold->youngest_retired = NULL;
        fold->n_retired -= window->groups.n;
        leave_marks(oracle, fold, window);
        mr_fold_window_free(fold, window);
    }
}

static __attribute__((noinline)) void retire_window(
    struct mr_oracle *oracle, struct mr_fold *fold, struct mr_fold_window *window)
{
    mr_fold_window_remove(fold, window);
    window->next = NULL;
    if (fold->youngest_retired)
        fold->youngest_retired->next = window;
    else
        fold->oldest_retired = window;
    fold->youngest_retired = window;
    fold->n_retired += window->groups.n;
    shorten_retired(oracle, fold);
}

static bool is_over(const struct mr_fold *fold, const struct mr_fold_window *window)
{
    mr_us lateness_us = fold->transform->windowing.allowed_lateness_us;
    return window->is_passed && window->n_owed == 0 &&
           mr_us_add(window->end_us, lateness_us) <= fold->watermark_us;
}

void mr_fold_retire(struct mr_oracle *oracle, struct mr_fold *fold)
{
    for (uint32_t i = 0; i < fold->n_windows && fold->windows[i]->end_us <= fold->watermark_us;)
        if (is_over(fold, fold->windows[i]))
            retire_window(oracle, fold, fold->windows[i]);
        else
            i++;
}

void mr_fold_forget(struct mr_oracle *oracle, struct mr_fold *fold)
{
    for (uint32_t i = 0; i < fold->n_windows; i++) {
        struct mr_fold_window *window = fold->windows[i];
        if (!window->is_passed) continue;
        for (uint32_t id = 0; id < window->groups.n; id++)
            mr_groups_at(&window->groups, id)->flags |= MR_GROUP_MATCHED;
        fold->n_owed -= window->n_owed;
        window->n_owed = 0;
    }
    mr_fold_retire(oracle, fold);
}

/* ---- Panes of a Combine that goes straight to the sink ---- */

struct pane {
    mr_us start_us;
    mr_us end_us;
    const struct mr_value *row;
    struct mr_cell keys[MR_FIELDS_MAX];
    uint64_t hash;
};

static void tell_expected(
    const struct mr_sink *sink, const struct mr_group *group, struct mr_value *expected)
{
    struct mr_value values[2 * MR_FIELDS_MAX];
    double slacks[2 * MR_FIELDS_MAX];
    mr_fold_result(sink->fold, group, values, slacks);
    for (uint32_t i = 0; i < sink->n_fields; i++) expected[i] = values[sink->sources[i]];
}

/* The keys by which it was found are the same already. */
static inline bool shows_group(
    const struct mr_sink *sink, const struct mr_group *group, const struct mr_value *row)
{
    for (uint32_t i = 0; i < sink->n_shown; i++) {
        const struct mr_shown *shown = &sink->shown[i];
        const struct mr_value *value = &row[shown->field];
        if (MR_LIKELY(shown->tally != NULL)) {
            if (!mr_tally_shows(shown->tally, (const char *)group, group->n_rows, value))
                return false;
        } else {
            struct mr_cell cell = mr_cell_of(value);
            if (!mr_cell_same(&cell, &mr_group_keys(group)[shown->key])) return false;
        }
    }
    return true;
}

static bool has_parts(const struct mr_fold *fold)
{
    return fold->transform->windowing.allowed_lateness_us > 0;
}

static inline void settle(struct mr_oracle *oracle, struct mr_fold *fold,
    struct mr_fold_window *window, struct mr_group *group)
{
    if (group->flags & MR_GROUP_MATCHED) return;
    MR_ASSERT(window->n_owed > 0 && fold->n_owed > 0);
    group->flags |= MR_GROUP_MATCHED;
    window->n_owed--;
    fold->n_owed--;
    /* Where panes come in parts another may follow: the next pass retires the window. */
    if (MR_UNLIKELY(window->n_owed == 0) && !has_parts(fold) && is_over(fold, window))
        retire_window(oracle, fold, window);
}

static __attribute__((noinline)) enum mr_match match_part(struct mr_oracle *oracle,
    struct mr_sink *sink, struct mr_fold_window *window, struct mr_group *group,
    const struct mr_value *row, struct mr_value *expected)
{
    struct mr_fold *fold = sink->fold;
    bool was_settled = group->flags & MR_GROUP_MATCHED;
    tell_expected(sink, group, expected);
    switch (mr_part_match(sink, group, row)) {
    case MR_PART_LAST:
        settle(oracle, fold, window, group);
        return MR_MATCH_RIGHT;
    case MR_PART_OF_MORE:
        if (was_settled) mr_fold_reopen_group(fold, window, group);
        return MR_MATCH_RIGHT;
    case MR_PART_WRONG:
        settle(oracle, fold, window, group);
        return MR_MATCH_WRONG;
    case MR_PART_SECOND:
        break;
    }
    return MR_MATCH_DUPLICATE;
}

static enum mr_match match_group(struct mr_oracle *oracle, struct mr_sink *sink,
    struct mr_fold_window *window, struct mr_group *group, const struct pane *pane,
    struct mr_value *expected)
{
    struct mr_fold *fold = sink->fold;
    if (MR_UNLIKELY(fold->is_loose)) {
        settle(oracle, fold, window, group);
        return MR_MATCH_RIGHT;
    }
    if (MR_UNLIKELY(has_parts(fold)))
        return match_part(oracle, sink, window, group, pane->row, expected);
    enum mr_match match = MR_MATCH_RIGHT;
    if (MR_UNLIKELY(group->flags & MR_GROUP_MATCHED))
        match = MR_MATCH_DUPLICATE;
    else if (MR_UNLIKELY(!shows_group(sink, group, pane->row)))
        match = MR_MATCH_WRONG;
    if (match != MR_MATCH_RIGHT) tell_expected(sink, group, expected);
    /* A pane with wrong values is the pane all the same: another is a second one. */
    settle(oracle, fold, window, group);
    return match;
}

static const struct mr_group *retired_group(const struct mr_fold *fold, const struct pane *pane)
{
    for (const struct mr_fold_window *window = fold->oldest_retired; window;
         window = window->next) {
        if (window->start_us != pane->start_us || window->end_us != pane->end_us) continue;
        const struct mr_group *group = mr_fold_group_at(window, pane->keys, pane->hash);
        if (group) return group;
    }
    return NULL;
}

/* A pane of a group that is not there: it was, or it never was. */
static enum mr_match match_absent(struct mr_oracle *oracle, const struct mr_sink *sink,
    const struct pane *pane, struct mr_value *expected)
{
    const struct mr_fold *fold = sink->fold;
    const struct mr_group *group = retired_group(fold, pane);
    if (group) {
        tell_expected(sink, group, expected);
    } else {
        if (!mr_marks_hold(&oracle->marks, sink->id, pane->start_us, pane->end_us,
                (uint32_t)(pane->hash >> 32)))
            return MR_MATCH_UNKNOWN;
        for (uint32_t i = 0; i < sink->n_fields; i++)
            expected[i] = (uint32_t)sink->sources[i] < fold->n_keys
                              ? pane->row[i]
                              : (struct mr_value){.type = MR_TYPE_NULL};
    }
    return fold->is_loose ? MR_MATCH_RIGHT : MR_MATCH_DUPLICATE;
}

static inline void collect_keys(const struct mr_sink *sink, struct pane *pane)
{
    uint32_t n_keys = sink->fold->n_keys;
    pane->hash = 0;
    if (MR_LIKELY(n_keys == 1)) {
        pane->hash = mr_cell_put(&pane->keys[0], &pane->row[sink->key_fields[0]], 0);
        return;
    }
    for (uint32_t i = 0; i < n_keys; i++)
        pane->hash = mr_cell_put(&pane->keys[i], &pane->row[sink->key_fields[i]], pane->hash);
}

static enum mr_match match_pane(struct mr_oracle *oracle, struct mr_sink *sink,
    struct pane *pane, struct mr_value *expected)
{
    struct mr_fold *fold = sink->fold;
    collect_keys(sink, pane);
    struct mr_fold_window *window = mr_fold_window_at(fold, pane->start_us, pane->end_us);
    struct mr_group *group = window ? mr_fold_group_at(window, pane->keys, pane->hash) : NULL;
    if (MR_LIKELY(group && window->is_passed)) {
        fold->last = window;
        return match_group(oracle, sink, window, group, pane, expected);
    }
    enum mr_match match = match_absent(oracle, sink, pane, expected);
    return match == MR_MATCH_UNKNOWN && group ? MR_MATCH_UNOWED : match;
}

bool mr_sink_owed_pane(const struct mr_sink *sink, uint64_t i, mr_us *window_start_us,
    mr_us *window_end_us, struct mr_value *row)
{
    const struct mr_fold *fold = sink->fold;
    for (uint32_t k = 0; k < fold->n_windows; k++) {
        const struct mr_fold_window *window = fold->windows[k];
        if (!window->is_passed) continue;
        if (i >= window->n_owed) {
            i -= window->n_owed;
            continue;
        }
        uint32_t id = 0;
        for (;; id++) {
            MR_ASSERT(id < window->groups.n);
            if (mr_groups_at(&window->groups, id)->flags & MR_GROUP_MATCHED) continue;
            if (i-- == 0) break;
        }
        *window_start_us = window->start_us;
        *window_end_us = window->end_us;
        tell_expected(sink, mr_groups_at(&window->groups, id), row);
        return true;
    }
    return false;
}

void mr_sink_prepare(const struct mr_sink *sink, uint32_t n, const mr_us *starts_us,
    const mr_us *ends_us, const struct mr_value *rows)
{
    const struct mr_groups *groups[MR_GROUPS_PREPARED_MAX];
    uint64_t hashes[MR_GROUPS_PREPARED_MAX];
    if (n > MR_GROUPS_PREPARED_MAX) n = MR_GROUPS_PREPARED_MAX;
    struct pane pane;
    struct mr_fold_window *window = NULL;
    /* Windows hold about as many groups as the one that was passed last. */
    if (sink->fold->expected_groups * 2 < MR_GROUPS_FAR_SLOTS) return;
    for (uint32_t i = 0; i < n; i++) {
        groups[i] = NULL;
        if (i == 0 || starts_us[i] != starts_us[i - 1] || ends_us[i] != ends_us[i - 1]) {
            pane.start_us = starts_us[i];
            pane.end_us = ends_us[i];
            mr_window_normalize(&pane.start_us, &pane.end_us);
            window = mr_fold_window_at(sink->fold, pane.start_us, pane.end_us);
        }
        if (!window || !mr_groups_are_far(&window->groups)) continue;
        sink->fold->last = window;
        pane.row = rows + (size_t)i * sink->n_fields;
        collect_keys(sink, &pane);
        groups[i] = &window->groups;
        hashes[i] = pane.hash;
        mr_groups_fetch_slot(groups[i], pane.hash);
    }
    for (uint32_t i = 0; i < n; i++)
        if (groups[i]) mr_groups_fetch_group(groups[i], hashes[i]);
}

/* ---- Rows of a ledger ---- */

/* Whether rows of an open window would become such a row. */
static bool is_coming(const struct mr_sink *sink, struct pane *pane)
{
    struct mr_fold *fold = sink->fold;
    if (!fold || sink->is_rewindowed) return false;
    const struct mr_fold_window *window = mr_fold_window_at(fold, pane->start_us, pane->end_us);
    if (!window || window->groups.n == 0) return false;
    if (!sink->has_keys) return true;
    collect_keys(sink, pane);
    return mr_fold_group_at(window, pane->keys, pane->hash) != NULL;
}

enum mr_match mr_sink_match(struct mr_oracle *oracle, struct mr_sink *sink,
    enum mr_row_kind kind, mr_us window_start_us, mr_us window_end_us,
    const struct mr_value *row, struct mr_value *expected)
{
    struct pane pane;
    pane.start_us = window_start_us;
    pane.end_us = window_end_us;
    pane.row = row;
    mr_window_normalize(&pane.start_us, &pane.end_us);
    if (MR_LIKELY(sink->is_direct)) return match_pane(oracle, sink, &pane, expected);
    switch (mr_ledger_match(&sink->ledger, kind, pane.start_us, pane.end_us, row, expected)) {
    case MR_LEDGER_RIGHT:
        return MR_MATCH_RIGHT;
    case MR_LEDGER_REORDERED:
        return MR_MATCH_REORDERED;
    case MR_LEDGER_WRONG:
        return MR_MATCH_WRONG;
    case MR_LEDGER_AGAIN:
        return MR_MATCH_DUPLICATE;
    case MR_LEDGER_ABSENT:
        break;
    }
    return is_coming(sink, &pane) ? MR_MATCH_UNOWED : MR_MATCH_UNKNOWN;
}
