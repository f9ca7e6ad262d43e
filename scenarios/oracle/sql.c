/* Sql: the same query, over the oracle's own rows, in a connection of its own. What the text
 * means is shared with the engine: a blind spot. */
#include "engine/expression/sql.h"
#include "scenarios/oracle/oracle_internal.h"

struct answer {
    struct mr_oracle *oracle;
    const struct mr_gathering *gathering;
    const struct mr_gathered_window *window;
    struct mr_scratch kept; /* the rows, until the query is over */
    uint32_t n_fields;
    uint32_t n;
    struct row {
        struct row *next;
        struct mr_value values[];
    } * first, **end;
};

static void keep(void *self, const struct mr_value *values)
{
    struct answer *answer = self;
    struct row *row =
        mr_scratch_alloc(&answer->kept, sizeof *row + sizeof *values * answer->n_fields);
    row->next = NULL;
    for (uint32_t i = 0; i < answer->n_fields; i++) {
        row->values[i] = values[i];
        if (!mr_type_is_text((enum mr_type)values[i].type)) continue;
        char *text = mr_scratch_alloc(&answer->kept, values[i].bytes + 1);
        if (values[i].bytes) memcpy(text, values[i].text, values[i].bytes);
        row->values[i].text = text;
    }
    *answer->end = row;
    answer->end = &row->next;
}

static void emit(struct answer *answer, const struct mr_value *values)
{
    struct mr_oracle *oracle = answer->oracle;
    uint32_t id = answer->gathering->transform->id;
    uint64_t inexact_fields = oracle->steps[id].outputs[MR_OUTPUT_MAIN].inexact_fields;
    double *slacks = mr_scratch_array(&oracle->scratch, double, answer->n_fields);
    for (uint32_t i = 0; i < answer->n_fields; i++)
        slacks[i] = mr_bit(inexact_fields, i) && values[i].type == MR_TYPE_FLOAT
                        ? 0x1p-30 * __builtin_fabs(values[i].f)
                        : 0;
    struct mr_flow_row row = {.values = values,
        .slacks = inexact_fields ? slacks : NULL,
        .at_us = mr_us_add(answer->window->end_us, -1),
        .has_window = true,
        .window_start_us = answer->window->start_us,
        .window_end_us = answer->window->end_us};
    mr_flow_emit(oracle, id, MR_OUTPUT_MAIN, &row);
    if (++answer->n % MR_BLOCK_ROWS == 0) mr_flow_flush(oracle);
}

static struct mr_sql_rows table_of(struct answer *answer, uint32_t input)
{
    const struct mr_gathered_rows *rows = &answer->window->inputs[input];
    uint32_t n_fields = answer->gathering->inputs[input].n_fields;
    struct mr_value *values =
        mr_scratch_array(&answer->kept, struct mr_value, (size_t)rows->n * n_fields + 1);
    for (uint32_t i = 0; i < rows->n; i++)
        memcpy(values + (size_t)i * n_fields, rows->rows[i].values, sizeof *values * n_fields);
    return (struct mr_sql_rows){.n = rows->n, .values = values};
}

/* The groups of a query by keys are in different subtasks of the engine, and here together:
 * each is a query of its own there only for what it reads, not for what comes out. */
void mr_sql_emit(struct mr_oracle *oracle, const struct mr_gathering *gathering,
    const struct mr_gathered_window *window)
{
    const struct mr_transform *transform = gathering->transform;
    struct answer answer = {.oracle = oracle,
        .gathering = gathering,
        .window = window,
        .n_fields = oracle->steps[transform->id].outputs[MR_OUTPUT_MAIN].n_fields};
    struct mr_sql_rows tables[MR_JOIN_INPUTS_MAX];
    const char *failure;
    answer.end = &answer.first;
    mr_scratch_init(&answer.kept, oracle->arena);
    for (uint32_t i = 0; i < transform->n_inputs; i++) tables[i] = table_of(&answer, i);
    if (!mr_sql_query_run(
            transform->sql.query, MR_SQL_ORACLE, tables, &answer.kept, &answer, keep, &failure))
        oracle->n_failures++;
    for (const struct row *row = answer.first; row; row = row->next) emit(&answer, row->values);
    mr_flow_flush(oracle);
    mr_scratch_deinit(&answer.kept);
}
