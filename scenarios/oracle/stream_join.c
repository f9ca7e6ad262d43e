/* JoinStreams as a definition, not as a process: which pairs there are follows from the rows
 * alone, whatever the order in which they came; the watermark only says which rows have all
 * their partners. Each row against each, less those that an index by key says cannot match. */
#include "scenarios/oracle/matches.h"
#include "scenarios/oracle/oracle_internal.h"

struct pairing {
    struct mr_oracle *oracle;
    struct mr_timed *timed;
    mr_us watermark_us;
    uint32_t n;
    struct mr_scratch index;
};

static void emit(struct pairing *pairing, const struct mr_timed_row *left,
    const struct mr_timed_row *right, mr_us at_us)
{
    struct mr_oracle *oracle = pairing->oracle;
    const struct mr_transform *transform = pairing->timed->transform;
    const struct mr_step_output *out = &oracle->steps[transform->id].outputs[0];
    struct mr_value *values =
        mr_scratch_array(&oracle->scratch, struct mr_value, out->n_fields);
    double *slacks = mr_scratch_array(&oracle->scratch, double, out->n_fields);
    for (uint32_t i = 0; i < out->n_fields; i++) {
        struct mr_join_field from = transform->join.fields[i];
        const struct mr_timed_row *row = from.input == 0 ? left : right;
        values[i] = row ? row->values[from.field] : (struct mr_value){.type = MR_TYPE_NULL};
        slacks[i] = row && row->slacks ? row->slacks[from.field] : 0;
    }
    struct mr_flow_row joined = {
        .values = values, .slacks = out->inexact_fields ? slacks : NULL, .at_us = at_us};
    mr_flow_emit(oracle, transform->id, MR_OUTPUT_MAIN, &joined);
    if (++pairing->n % MR_BLOCK_ROWS == 0) mr_flow_flush(oracle);
}

/* The field of a side that the i-th equality speaks of. */
static struct mr_value key_of(
    const struct mr_join *join, uint32_t side, const struct mr_timed_row *row, uint32_t i)
{
    const struct mr_join_equality *equality = &join->inputs[1].equalities[i];
    return row->values[side == 0 ? equality->other_field : equality->field];
}

static bool has_same_key(const struct mr_join *join, uint32_t side,
    const struct mr_timed_row *row, uint32_t other_side, const struct mr_timed_row *other)
{
    for (uint32_t i = 0; i < join->inputs[1].n_equalities; i++) {
        struct mr_value a = key_of(join, side, row, i);
        struct mr_value b = key_of(join, other_side, other, i);
        if (a.type == MR_TYPE_NULL || b.type == MR_TYPE_NULL) return false;
        if (!(a.type == MR_TYPE_FLOAT && b.type == a.type && a.f == b.f) &&
            !mr_value_same(a, b))
            return false;
    }
    return true;
}

static bool is_kept_alone(const struct mr_join *join, uint32_t side)
{
    enum mr_join_type type = join->inputs[1].type;
    if (type == MR_JOIN_FULL) return true;
    return side == 0 ? type == MR_JOIN_LEFT : type == MR_JOIN_RIGHT;
}

/* ---- INTERVAL ---- */

static void pair(struct pairing *pairing, struct mr_timed_row *left, struct mr_timed_row *right)
{
    if (!has_same_key(&pairing->timed->transform->join, 0, left, 1, right)) return;
    left->is_matched = right->is_matched = true;
    emit(pairing, left, right, left->at_us < right->at_us ? right->at_us : left->at_us);
}

static uint64_t hash_of(
    const struct pairing *pairing, uint32_t side, const struct mr_timed_row *row)
{
    const struct mr_join *join = &pairing->timed->transform->join;
    uint64_t hash = 0;
    for (uint32_t i = 0; i < join->inputs[1].n_equalities; i++)
        hash = mr_matches_mix(hash, key_of(join, side, row, i));
    return hash;
}

/* The first n rows of a side. */
static void index_rows(
    struct pairing *pairing, uint32_t side, uint32_t n, struct mr_matches *matches)
{
    const struct mr_timed_rows *rows = &pairing->timed->sides[side];
    mr_matches_init(matches, &pairing->index, n);
    for (uint32_t i = n; i-- > 0;)
        mr_matches_put(matches, i, hash_of(pairing, side, &rows->rows[i]));
}

/* A row of the first input: left - before <= right <= left + after. */
static void pair_left(
    struct pairing *pairing, struct mr_timed_row *left, const struct mr_matches *matches)
{
    const struct mr_join *join = &pairing->timed->transform->join;
    struct mr_timed_row *rows = pairing->timed->sides[1].rows;
    mr_us first_us = mr_us_add(left->at_us, -join->before_us);
    mr_us last_us = mr_us_add(left->at_us, join->after_us);
    uint32_t i = mr_matches_first(matches, hash_of(pairing, 0, left));
    for (; i != MR_NO_MATCH; i = mr_matches_next(matches, i))
        if (rows[i].at_us >= first_us && rows[i].at_us <= last_us)
            pair(pairing, left, &rows[i]);
}

/* The same from the other end: right - after <= left <= right + before. */
static void pair_right(
    struct pairing *pairing, struct mr_timed_row *right, const struct mr_matches *matches)
{
    const struct mr_join *join = &pairing->timed->transform->join;
    struct mr_timed_row *rows = pairing->timed->sides[0].rows;
    mr_us first_us = mr_us_add(right->at_us, -join->after_us);
    mr_us last_us = mr_us_add(right->at_us, join->before_us);
    uint32_t i = mr_matches_first(matches, hash_of(pairing, 1, right));
    for (; i != MR_NO_MATCH; i = mr_matches_next(matches, i))
        if (rows[i].at_us >= first_us && rows[i].at_us <= last_us)
            pair(pairing, &rows[i], right);
}

/* Each pair once: with the first of the two that is new, then with the second. */
static void pair_new_rows(struct pairing *pairing)
{
    struct mr_timed_rows *left = &pairing->timed->sides[0];
    struct mr_timed_rows *right = &pairing->timed->sides[1];
    struct mr_matches matches;
    mr_scratch_init(&pairing->index, pairing->oracle->arena);
    if (left->n_met < left->n) index_rows(pairing, 1, right->n_met, &matches);
    for (uint32_t i = left->n_met; i < left->n; i++)
        pair_left(pairing, &left->rows[i], &matches);
    left->n_met = left->n;
    if (right->n_met < right->n) index_rows(pairing, 0, left->n, &matches);
    for (uint32_t i = right->n_met; i < right->n; i++)
        pair_right(pairing, &right->rows[i], &matches);
    right->n_met = right->n;
    mr_scratch_deinit(&pairing->index);
}

static void let_go(struct pairing *pairing, uint32_t side)
{
    struct mr_timed *timed = pairing->timed;
    const struct mr_join *join = &timed->transform->join;
    for (uint32_t i = 0; i < timed->sides[side].n;) {
        const struct mr_timed_row *row = &timed->sides[side].rows[i];
        mr_us last_us = mr_us_add(row->at_us, side == 0 ? join->after_us : join->before_us);
        if (last_us >= pairing->watermark_us) {
            i++;
            continue;
        }
        if (!row->is_matched && is_kept_alone(join, side))
            emit(pairing, side == 0 ? row : NULL, side == 0 ? NULL : row, last_us);
        mr_flow_flush(pairing->oracle);
        mr_timed_remove(timed, side, i);
    }
}

/* ---- TEMPORAL ---- */

/* The first field in which they differ decides, None being the least; text by its bytes, floats
 * by their bits. */
static bool is_greater(
    const struct mr_timed_row *a, const struct mr_timed_row *b, uint32_t n_fields)
{
    for (uint32_t i = 0; i < n_fields; i++) {
        struct mr_value left = a->values[i], right = b->values[i];
        if (mr_value_same(left, right)) continue;
        if (left.type != right.type) return left.type > right.type;
        if (!mr_type_is_text((enum mr_type)left.type)) return left.i > right.i;
        uint32_t n = left.bytes < right.bytes ? left.bytes : right.bytes;
        int order = n ? memcmp(left.text, right.text, n) : 0;
        return order ? order > 0 : left.bytes > right.bytes;
    }
    return false;
}

/* The version that holds at a time for the key of a row of `side`; NULL: there is none. */
static const struct mr_timed_row *version_of(
    const struct pairing *pairing, uint32_t side, const struct mr_timed_row *row, mr_us at_us)
{
    const struct mr_timed *timed = pairing->timed;
    const struct mr_timed_row *best = NULL;
    for (uint32_t i = 0; i < timed->sides[1].n; i++) {
        const struct mr_timed_row *version = &timed->sides[1].rows[i];
        if (version->at_us > at_us ||
            !has_same_key(&timed->transform->join, side, row, 1, version))
            continue;
        if (!best || version->at_us > best->at_us ||
            (version->at_us == best->at_us &&
                is_greater(version, best, timed->inputs[1].n_fields)))
            best = version;
    }
    return best;
}

static bool is_fresh(
    const struct pairing *pairing, const struct mr_timed_row *version, mr_us at_us)
{
    mr_us before_us = pairing->timed->transform->join.before_us;
    return before_us == MR_US_MAX || at_us <= mr_us_add(version->at_us, before_us);
}

static void look_up(struct pairing *pairing)
{
    struct mr_timed *timed = pairing->timed;
    struct mr_timed_rows *rows = &timed->sides[0];
    rows->n_met = rows->n;
    for (uint32_t i = 0; i < rows->n;) {
        const struct mr_timed_row *row = &rows->rows[i];
        if (row->at_us >= pairing->watermark_us) {
            i++;
            continue;
        }
        const struct mr_timed_row *version = version_of(pairing, 0, row, row->at_us);
        if (version && !is_fresh(pairing, version, row->at_us)) version = NULL;
        if (version || is_kept_alone(&timed->transform->join, 0))
            emit(pairing, row, version, row->at_us);
        mr_flow_flush(pairing->oracle);
        mr_timed_remove(timed, 0, i);
    }
}

/* A version that no row to come can ask for. */
static bool is_replaced(const struct pairing *pairing, const struct mr_timed_row *version)
{
    mr_us watermark_us = pairing->watermark_us;
    if (version->at_us >= watermark_us) return false;
    return version_of(pairing, 1, version, mr_us_add(watermark_us, -1)) != version ||
           !is_fresh(pairing, version, watermark_us);
}

/* From the last one back: of what replaces another, the other goes first. */
static void forget_versions(struct pairing *pairing)
{
    struct mr_timed_rows *rows = &pairing->timed->sides[1];
    bool has_gone = true;
    rows->n_met = rows->n;
    while (has_gone) {
        has_gone = false;
        for (uint32_t i = rows->n; i-- > 0;) {
            if (!is_replaced(pairing, &rows->rows[i])) continue;
            mr_timed_remove(pairing->timed, 1, i);
            has_gone = true;
        }
    }
}

void mr_stream_join_pass(struct mr_oracle *oracle, struct mr_timed *timed, mr_us watermark_us)
{
    struct pairing pairing = {.oracle = oracle, .timed = timed, .watermark_us = watermark_us};
    if (timed->transform->join.kind == MR_JOIN_INTERVAL) {
        pair_new_rows(&pairing);
        mr_flow_flush(oracle);
        let_go(&pairing, 0);
        let_go(&pairing, 1);
    } else {
        look_up(&pairing);
        forget_versions(&pairing);
    }
    mr_flow_flush(oracle);
}
