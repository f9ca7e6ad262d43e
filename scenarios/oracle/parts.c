/* A pane that holds only some of the rows that are owed to its group (allowed lateness). What
 * can be checked depends on what the sink shows:
 * - sums, and means where a count stands beside them, are taken away from what is owed, and
 * must come out at zero;
 * - a count says how many rows the pane holds, and with the last of them everything is settled;
 * without one each pane holds at least one row, so that there are no more panes than rows; the
 * group is settled whenever the sums are zero, and a pane after that may reopen it, as long as
 * its window has not been retired;
 * - a least or greatest value cannot lie beyond that of all rows;
 * - a mean without a count can be anything. */
#include "scenarios/oracle/oracle_internal.h"

/* What the sink shows of an aggregate, or NULL. */
static const struct mr_value *shown(
    const struct mr_sink *sink, const struct mr_value *row, uint32_t tally)
{
    for (uint32_t i = 0; i < sink->n_fields; i++)
        if (sink->sources[i] == (int)(sink->fold->n_keys + tally)) return &row[i];
    return NULL;
}

/* The rows that the pane says it holds; 0: it does not say. */
static int64_t shown_count(const struct mr_sink *sink, const struct mr_value *row)
{
    const struct mr_fold *fold = sink->fold;
    for (uint32_t i = 0; i < fold->n_tallies; i++) {
        const struct mr_value *value = shown(sink, row, i);
        if (fold->tallies[i].kind == MR_TALLY_COUNT && value) return value->i;
    }
    return 0;
}

static bool is_sum(enum mr_tally_kind kind)
{
    return kind == MR_TALLY_SUM_INT || kind == MR_TALLY_SUM_FLOAT;
}

static bool is_mean(enum mr_tally_kind kind)
{
    return kind == MR_TALLY_MEAN_INT || kind == MR_TALLY_MEAN_FLOAT;
}

static bool can_be_part(const struct mr_sink *sink, const struct mr_group *group,
    const struct mr_value *row, int64_t count)
{
    const struct mr_fold *fold = sink->fold;
    if (count < 0 || (count ? count : 1) > group->n_rows) return false;
    bool is_rest = count == group->n_rows;
    for (uint32_t i = 0; i < fold->n_tallies; i++) {
        const struct mr_tally *tally = &fold->tallies[i];
        const struct mr_value *value = shown(sink, row, i);
        if (!value || tally->kind == MR_TALLY_COUNT) continue;
        if (value->type != tally->result) return false;
        double slack;
        struct mr_value rest =
            mr_tally_result(tally, (const char *)group, group->n_rows, &slack);
        bool is_extreme = !is_sum(tally->kind) && !is_mean(tally->kind);
        if (is_extreme && mr_tally_is_beyond(tally, (const char *)group, *value)) return false;
        if (!is_extreme && is_rest && !mr_value_near(rest, *value, slack)) return false;
    }
    return true;
}

/* Returns whether nothing is left. */
static bool take_away(const struct mr_sink *sink, struct mr_group *group,
    const struct mr_value *row, int64_t count)
{
    const struct mr_fold *fold = sink->fold;
    bool is_zero = true;
    for (uint32_t i = 0; i < fold->n_tallies; i++) {
        const struct mr_tally *tally = &fold->tallies[i];
        const struct mr_value *value = shown(sink, row, i);
        if (!value || !(is_sum(tally->kind) || (is_mean(tally->kind) && count > 0))) continue;
        is_zero &= mr_tally_take_away(tally, (char *)group, *value, count, group->n_rows);
    }
    group->n_rows -= count ? count : 1;
    group->flags |= MR_GROUP_IN_PARTS;
    return count ? group->n_rows == 0 : is_zero;
}

enum mr_part mr_part_match(
    const struct mr_sink *sink, struct mr_group *group, const struct mr_value *row)
{
    bool is_settled = group->flags & MR_GROUP_MATCHED;
    int64_t count = shown_count(sink, row);
    if (is_settled && count) return MR_PART_SECOND;
    if (!can_be_part(sink, group, row, count))
        return is_settled ? MR_PART_SECOND : MR_PART_WRONG;
    return take_away(sink, group, row, count) ? MR_PART_LAST : MR_PART_OF_MORE;
}
