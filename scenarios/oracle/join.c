/* Join, read from the SQL that Beam makes of it: nested loops, one input after the other, each
 * of its rows against each result so far, less those that an index says cannot match. */
#include "scenarios/oracle/matches.h"
#include "scenarios/oracle/oracle_internal.h"

struct nest {
    struct mr_oracle *oracle;
    const struct mr_transform *transform;
    const struct mr_gathered_window *window;
    struct mr_scratch results; /* of all steps */
};

/* A result so far: of each input the row that is in it, or NULL. */
struct result {
    struct result *next;
    const struct mr_gathered_row *rows[MR_JOIN_INPUTS_MAX];
};
struct results {
    struct result *first;
    struct result **end;
};

static void append(struct nest *nest, struct results *list, const struct result *earlier,
    uint32_t input, const struct mr_gathered_row *row)
{
    struct result *result = mr_scratch_alloc(&nest->results, sizeof *result);
    memset(result, 0, sizeof *result);
    if (earlier) memcpy(result->rows, earlier->rows, sizeof result->rows);
    result->next = NULL;
    result->rows[input] = row;
    *list->end = result;
    list->end = &result->next;
}

/* SQL: what is unknown equals nothing. */
static bool equals(struct mr_value a, struct mr_value b)
{
    if (a.type == MR_TYPE_NULL || b.type == MR_TYPE_NULL) return false;
    return (a.type == MR_TYPE_FLOAT && a.f == b.f) || mr_value_same(a, b);
}

static bool fits(const struct nest *nest, const struct result *result, uint32_t input,
    const struct mr_value *row)
{
    const struct mr_join_input *spec = &nest->transform->join.inputs[input];
    for (uint32_t i = 0; i < spec->n_equalities; i++) {
        const struct mr_gathered_row *other = result->rows[spec->equalities[i].other_input];
        if (!other || !equals(other->values[spec->equalities[i].other_field],
                          row[spec->equalities[i].field]))
            return false;
    }
    return true;
}

static void index_rows(struct nest *nest, uint32_t input, struct mr_matches *matches)
{
    const struct mr_join_input *spec = &nest->transform->join.inputs[input];
    const struct mr_gathered_rows *rows = &nest->window->inputs[input];
    mr_matches_init(matches, &nest->results, rows->n);
    for (uint32_t row = rows->n; row-- > 0;) {
        uint64_t hash = 0;
        for (uint32_t i = 0; i < spec->n_equalities; i++)
            hash = mr_matches_mix(hash, rows->rows[row].values[spec->equalities[i].field]);
        mr_matches_put(matches, row, hash);
    }
}

/* The hash of the rows that may fit a result; false: none does. */
static bool find_hash(
    const struct nest *nest, const struct result *result, uint32_t input, uint64_t *hash)
{
    const struct mr_join_input *spec = &nest->transform->join.inputs[input];
    *hash = 0;
    for (uint32_t i = 0; i < spec->n_equalities; i++) {
        const struct mr_gathered_row *other = result->rows[spec->equalities[i].other_input];
        if (!other) return false;
        *hash = mr_matches_mix(*hash, other->values[spec->equalities[i].other_field]);
    }
    return true;
}

static struct result *step(struct nest *nest, const struct result *before, uint32_t input)
{
    enum mr_join_type type = nest->transform->join.inputs[input].type;
    const struct mr_gathered_rows *rows = &nest->window->inputs[input];
    bool *is_used = mr_scratch_array(&nest->results, bool, rows->n + 1);
    memset(is_used, 0, rows->n);
    struct results after = {0};
    after.end = &after.first;
    struct mr_matches matches;
    index_rows(nest, input, &matches);
    for (const struct result *result = before; result; result = result->next) {
        bool is_alone = true;
        uint64_t hash;
        uint32_t i = find_hash(nest, result, input, &hash) ? mr_matches_first(&matches, hash)
                                                           : MR_NO_MATCH;
        for (; i != MR_NO_MATCH; i = mr_matches_next(&matches, i)) {
            if (!fits(nest, result, input, rows->rows[i].values)) continue;
            append(nest, &after, result, input, &rows->rows[i]);
            is_used[i] = true;
            is_alone = false;
        }
        if (is_alone && (type == MR_JOIN_LEFT || type == MR_JOIN_FULL))
            append(nest, &after, result, input, NULL);
    }
    if (type == MR_JOIN_RIGHT || type == MR_JOIN_FULL)
        for (uint32_t i = 0; i < rows->n; i++)
            if (!is_used[i]) append(nest, &after, NULL, input, &rows->rows[i]);
    return after.first;
}

static void emit(struct nest *nest, const struct result *result)
{
    struct mr_oracle *oracle = nest->oracle;
    const struct mr_step_output *out = &oracle->steps[nest->transform->id].outputs[0];
    struct mr_value *values =
        mr_scratch_array(&oracle->scratch, struct mr_value, out->n_fields);
    double *slacks = mr_scratch_array(&oracle->scratch, double, out->n_fields);
    for (uint32_t i = 0; i < out->n_fields; i++) {
        struct mr_join_field from = nest->transform->join.fields[i];
        const struct mr_gathered_row *row = result->rows[from.input];
        values[i] = row ? row->values[from.field] : (struct mr_value){.type = MR_TYPE_NULL};
        slacks[i] = row && row->slacks ? row->slacks[from.field] : 0;
    }
    struct mr_flow_row joined = {.values = values,
        .slacks = out->inexact_fields ? slacks : NULL,
        .at_us = mr_us_add(nest->window->end_us, -1), /* Beam's END_OF_WINDOW */
        .has_window = true,
        .has_pane = true,
        .pane = {.timing = MR_PANE_ON_TIME, .is_last = 1},
        .window_start_us = nest->window->start_us,
        .window_end_us = nest->window->end_us};
    mr_flow_emit(oracle, nest->transform->id, MR_OUTPUT_MAIN, &joined);
}

void mr_join_emit(struct mr_oracle *oracle, const struct mr_gathering *gathering,
    const struct mr_gathered_window *window)
{
    struct nest nest = {.oracle = oracle, .transform = gathering->transform, .window = window};
    mr_scratch_init(&nest.results, oracle->arena);
    struct results results = {0};
    results.end = &results.first;
    for (uint32_t i = 0; i < window->inputs[0].n; i++)
        append(&nest, &results, NULL, 0, &window->inputs[0].rows[i]);
    struct result *first = results.first;
    for (uint32_t i = 1; i < nest.transform->n_inputs; i++) first = step(&nest, first, i);
    uint32_t n = 0;
    for (const struct result *result = first; result; result = result->next) {
        emit(&nest, result);
        if (++n % MR_BLOCK_ROWS == 0) mr_flow_flush(oracle);
    }
    mr_flow_flush(oracle);
    mr_scratch_deinit(&nest.results);
}
