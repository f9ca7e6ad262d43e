/* The column evaluator of calls: the arguments by columns, the calls row by row. */
#include "engine/batch/column.h"
#include "engine/expression/call.h"

enum { ARGUMENTS_MAX = 3 };

static void evaluate_arguments(struct mr_evaluation *evaluation, const struct mr_node *node,
    struct mr_column *columns, uint8_t *errors)
{
    uint32_t n = node->n_arguments;
    bool is_method = mr_node_is_method(node->kind);
    MR_ASSERT(n <= ARGUMENTS_MAX);
    for (uint32_t i = 0; i < n; i++) {
        columns[i] = mr_evaluate(evaluation, node->arguments[i], errors);
        if (is_method && i == 0) mr_fail_nulls(evaluation, &columns[0], errors);
    }
    for (uint32_t i = is_method; i < n; i++)
        if (!mr_node_takes_none(node, i)) mr_fail_nulls(evaluation, &columns[i], errors);
}

struct mr_column mr_evaluate_call(
    struct mr_evaluation *evaluation, const struct mr_node *node, uint8_t *errors)
{
    struct mr_column columns[ARGUMENTS_MAX];
    evaluate_arguments(evaluation, node, columns, errors);
    uint32_t n_rows = evaluation->n_rows;
    struct mr_value *values =
        mr_scratch_array(evaluation->scratch, struct mr_value, n_rows + 1);
    for (uint32_t row = 0; row < n_rows; row++) {
        struct mr_value arguments[ARGUMENTS_MAX];
        values[row] = (struct mr_value){.type = (uint8_t)node->type};
        if (errors[row]) continue;
        for (uint32_t i = 0; i < node->n_arguments; i++)
            arguments[i] = mr_column_value(&columns[i], row);
        enum mr_row_error error = mr_call(node, arguments, evaluation->scratch, &values[row]);
        if (error) mr_row_fail(errors, row, error);
    }
    return mr_column_make(node->type, values, 1, n_rows, evaluation->scratch);
}
