/* The column evaluator: each node makes a column of all rows of the batch before the next one
 * runs.
 *
 * 1. The value of a null row is zero, in every column that comes in or is made here.
 * 2. Errors are set in the order in which Python would evaluate, and the first one of a row
 * stays; so it is Python's.
 * 3. What Python would not evaluate in a row (the other branch, the end of a chain that is
 * false already) is evaluated all the same, but into errors of its own, which count only where
 * Python would have come by. */
#include <string.h>

#include "engine/batch/column.h"
#include "engine/expression/call.h"
#include "engine/expression/python.h"
#include "engine/expression/sql.h"

/* ---- columns ---- */

static uint8_t *new_bytes(const struct mr_evaluation *evaluation)
{
    return mr_scratch_array(evaluation->scratch, uint8_t, evaluation->n_rows);
}

static uint8_t *new_errors(const struct mr_evaluation *evaluation)
{
    return memset(new_bytes(evaluation), 0, evaluation->n_rows);
}

/* ---- leaves, and members of rows ---- */

static struct mr_column evaluate_field(
    const struct mr_evaluation *evaluation, const struct mr_node *node)
{
    const struct mr_column *column = &evaluation->batch->columns[node->field];
    /* A field that one input of a Flatten lacks comes as a column of None. */
    if (column->type == MR_TYPE_NULL) {
        MR_ASSERT(node->is_nullable);
        return mr_column_of_nulls(evaluation, node->type);
    }
    MR_ASSERT(column->type == node->type);
    struct mr_column out = *column;
    if (!node->is_nullable) out.valid = NULL;
    return out;
}

/* Rows that do not count may have nothing in them. */
static struct mr_column evaluate_member(
    struct mr_evaluation *evaluation, const struct mr_node *node, uint8_t *errors)
{
    struct mr_column rows = mr_evaluate(evaluation, node->arguments[0], errors);
    mr_fail_nulls(evaluation, &rows, errors);
    uint32_t n = evaluation->n_rows;
    struct mr_value *values = mr_scratch_array(evaluation->scratch, struct mr_value, n + 1);
    bool is_plain = !mr_type_is_document(node->type) && !node->is_nullable;
    for (uint32_t i = 0; i < n; i++) {
        struct mr_value row = mr_column_value(&rows, i);
        values[i] =
            (struct mr_value){.type = is_plain ? (uint8_t)node->type : MR_TYPE_NULL};
        if (row.type != MR_TYPE_NULL && row.bytes > 0)
            mr_document_field(row, node->member->name, &values[i]);
    }
    struct mr_column column = mr_column_make(node->type, values, 1, n, evaluation->scratch);
    if (!node->is_nullable) column.valid = NULL;
    return column;
}

static struct mr_string literal_text(const struct mr_value *value)
{
    struct mr_string string = {.bytes = value->bytes};
    if (value->bytes > MR_STRING_INLINE_MAX)
        memcpy(string.prefix, value->text, sizeof string.prefix); /* at the heap's begin */
    else if (value->bytes > 0)
        memcpy(string.inline_text, value->text, value->bytes);
    return string;
}

static struct mr_column evaluate_literal(
    const struct mr_evaluation *evaluation, const struct mr_node *node)
{
    const struct mr_value *value = &node->literal;
    uint32_t n = evaluation->n_rows;
    if (node->type == MR_TYPE_NULL) return mr_column_of_nulls(evaluation, MR_TYPE_NULL);
    if (node->type == MR_TYPE_BOOL)
        return mr_column_of(MR_TYPE_BOOL, memset(new_bytes(evaluation), (int)value->i, n));
    if (node->type == MR_TYPE_STRING) {
        struct mr_string string = literal_text(value);
        struct mr_string *texts = mr_scratch_array(evaluation->scratch, struct mr_string, n);
        for (uint32_t i = 0; i < n; i++) texts[i] = string;
        const char *heap = value->bytes > MR_STRING_INLINE_MAX ? value->text : NULL;
        return (struct mr_column){.type = node->type, .values = texts, .heap = heap};
    }
    MR_ASSERT(node->type == MR_TYPE_INT || node->type == MR_TYPE_FLOAT);
    int64_t *numbers = mr_scratch_array(evaluation->scratch, int64_t, n);
    int64_t bits = value->i;
    if (node->type == MR_TYPE_FLOAT) memcpy(&bits, &value->f, sizeof bits);
    for (uint32_t i = 0; i < n; i++) numbers[i] = bits;
    return mr_column_of(node->type, numbers);
}

/* ---- nodes that evaluate all of their arguments ---- */

/* Null rows have their error, and the column no nulls any more. */
static struct mr_column needed(
    const struct mr_evaluation *evaluation, struct mr_column column, uint8_t *errors)
{
    mr_fail_nulls(evaluation, &column, errors);
    column.valid = NULL;
    return column;
}

static struct mr_column evaluate_unary(
    struct mr_evaluation *evaluation, const struct mr_node *node, uint8_t *errors)
{
    struct mr_column a = mr_evaluate(evaluation, node->arguments[0], errors);
    a = needed(evaluation, a, errors);
    switch (node->kind) {
    case MR_NODE_LEN:
        return mr_evaluate_length(evaluation, &a);
    case MR_NODE_INT:
        return mr_evaluate_to_int(evaluation, &a, errors);
    case MR_NODE_FLOAT:
        return mr_evaluate_to_float(evaluation, &a, errors);
    case MR_NODE_UPPER:
    case MR_NODE_LOWER:
        return mr_evaluate_case(evaluation, &a, node->kind == MR_NODE_UPPER);
    case MR_NODE_SECONDS:
        return mr_evaluate_seconds(evaluation, &a, errors);
    default:
        return mr_evaluate_sign(evaluation, node, &a, errors);
    }
}

static struct mr_column evaluate_binary(
    struct mr_evaluation *evaluation, const struct mr_node *node, uint8_t *errors)
{
    struct mr_column a = mr_evaluate(evaluation, node->arguments[0], errors);
    struct mr_column b = mr_evaluate(evaluation, node->arguments[1], errors);
    a = needed(evaluation, a, errors);
    b = needed(evaluation, b, errors);
    bool is_text = node->type == MR_TYPE_STRING || node->type == MR_TYPE_BYTES;
    return is_text ? mr_evaluate_concat(evaluation, &a, &b)
                   : mr_evaluate_arithmetic(evaluation, node, &a, &b, errors);
}

/* Python looks the method up before it evaluates the argument: None has none. */
static struct mr_column evaluate_startswith(
    struct mr_evaluation *evaluation, const struct mr_node *node, uint8_t *errors)
{
    struct mr_column a = mr_evaluate(evaluation, node->arguments[0], errors);
    a = needed(evaluation, a, errors);
    struct mr_column b = mr_evaluate(evaluation, node->arguments[1], errors);
    b = needed(evaluation, b, errors);
    return mr_evaluate_startswith(evaluation, &a, &b);
}

/* Of equal ones the first; of NaN, too, since it is neither smaller nor larger. */
static struct mr_column evaluate_extreme(
    struct mr_evaluation *evaluation, const struct mr_node *node, uint8_t *errors)
{
    uint32_t n = node->n_arguments;
    struct mr_column *columns = mr_scratch_array(evaluation->scratch, struct mr_column, n);
    for (uint32_t i = 0; i < n; i++)
        columns[i] = mr_evaluate(evaluation, node->arguments[i], errors);
    for (uint32_t i = 0; i < n; i++) columns[i] = needed(evaluation, columns[i], errors);
    enum mr_comparison better =
        node->kind == MR_NODE_MIN ? MR_COMPARE_LESS : MR_COMPARE_GREATER;
    struct mr_column best = columns[0];
    uint8_t *is_better = new_bytes(evaluation);
    for (uint32_t i = 1; i < n; i++) {
        mr_evaluate_compare(evaluation, &columns[i], &best, better, is_better);
        best = mr_evaluate_select(evaluation, node->type, is_better, &columns[i], &best);
    }
    return best;
}

/* not, truth, is None */
static struct mr_column evaluate_test(
    struct mr_evaluation *evaluation, const struct mr_node *node, uint8_t *errors)
{
    struct mr_column a = mr_evaluate(evaluation, node->arguments[0], errors);
    uint8_t flip = node->kind == MR_NODE_NOT || node->is_negated;
    const uint8_t *holds = node->kind == MR_NODE_IS_NONE ? mr_column_nulls(evaluation, &a)
                                                         : mr_column_truth(evaluation, &a);
    uint8_t *out = new_bytes(evaluation);
    for (uint32_t i = 0; i < evaluation->n_rows; i++) out[i] = holds[i] ^ flip;
    return mr_column_of(MR_TYPE_BOOL, out);
}

/* ---- nodes that leave something out: invariant 3 ---- */

/* The errors of what was evaluated only in the rows where came_by[row] is `when`. */
static void merge_errors(const struct mr_evaluation *evaluation, uint8_t *errors,
    const uint8_t *later, const uint8_t *came_by, uint8_t when)
{
    for (uint32_t i = 0; i < evaluation->n_rows; i++) {
        uint8_t error = came_by[i] == when ? later[i] : 0;
        errors[i] = errors[i] ? errors[i] : error;
    }
}

static struct mr_column evaluate_logic(
    struct mr_evaluation *evaluation, const struct mr_node *node, uint8_t *errors)
{
    bool is_and = node->kind == MR_NODE_AND;
    struct mr_column a = mr_evaluate(evaluation, node->arguments[0], errors);
    const uint8_t *holds = mr_column_truth(evaluation, &a);
    uint8_t *later = new_errors(evaluation);
    struct mr_column b = mr_evaluate(evaluation, node->arguments[1], later);
    merge_errors(evaluation, errors, later, holds, is_and);
    if (!node->is_truth) {
        struct mr_column out = mr_evaluate_select(
            evaluation, node->type, holds, is_and ? &b : &a, is_and ? &a : &b);
        if (!node->is_nullable) out.valid = NULL; /* `a or b` is never the None in `a` */
        return out;
    }
    const uint8_t *also = mr_column_truth(evaluation, &b);
    uint8_t *out = new_bytes(evaluation);
    if (is_and)
        for (uint32_t i = 0; i < evaluation->n_rows; i++) out[i] = holds[i] & also[i];
    else
        for (uint32_t i = 0; i < evaluation->n_rows; i++) out[i] = holds[i] | also[i];
    return mr_column_of(MR_TYPE_BOOL, out);
}

static struct mr_column evaluate_conditional(
    struct mr_evaluation *evaluation, const struct mr_node *node, uint8_t *errors)
{
    struct mr_column condition = mr_evaluate(evaluation, node->arguments[0], errors);
    const uint8_t *holds = mr_column_truth(evaluation, &condition);
    struct mr_column branches[2];
    for (uint8_t i = 0; i < 2; i++) {
        uint8_t *later = new_errors(evaluation);
        branches[i] = mr_evaluate(evaluation, node->arguments[i + 1], later);
        merge_errors(evaluation, errors, later, holds, !i);
    }
    for (uint32_t i = 0; i < 2 && node->is_truth; i++)
        branches[i] = mr_column_of(MR_TYPE_BOOL, mr_column_truth(evaluation, &branches[i]));
    return mr_evaluate_select(evaluation, node->type, holds, &branches[0], &branches[1]);
}

/* Argument `i` + 1 of a chain and its comparison with the one before; the column is the
 * argument. */
static struct mr_column evaluate_link(struct mr_evaluation *evaluation,
    const struct mr_node *node, uint32_t i, const struct mr_column *before, uint8_t *out,
    uint8_t *errors)
{
    enum mr_comparison comparison = (enum mr_comparison)node->comparisons[i];
    struct mr_column column = mr_evaluate(evaluation, node->arguments[i + 1], errors);
    if (comparison != MR_COMPARE_EQUAL && comparison != MR_COMPARE_UNEQUAL) {
        mr_fail_nulls(evaluation, before, errors);
        mr_fail_nulls(evaluation, &column, errors);
    }
    mr_evaluate_compare(evaluation, before, &column, comparison, out);
    return column;
}

static struct mr_column evaluate_compare(
    struct mr_evaluation *evaluation, const struct mr_node *node, uint8_t *errors)
{
    struct mr_column before = mr_evaluate(evaluation, node->arguments[0], errors);
    uint8_t *out = new_bytes(evaluation);
    before = evaluate_link(evaluation, node, 0, &before, out, errors);
    for (uint32_t i = 1; i + 1 < node->n_arguments; i++) {
        uint8_t *link = new_bytes(evaluation);
        uint8_t *later = new_errors(evaluation);
        before = evaluate_link(evaluation, node, i, &before, link, later);
        merge_errors(evaluation, errors, later, out, 1);
        for (uint32_t row = 0; row < evaluation->n_rows; row++) out[row] &= link[row];
    }
    return mr_column_of(MR_TYPE_BOOL, out);
}

/* ---- all nodes ---- */

struct mr_column mr_evaluate(
    struct mr_evaluation *evaluation, const struct mr_node *node, uint8_t *errors)
{
    switch (node->kind) {
    case MR_NODE_FIELD:
        return evaluate_field(evaluation, node);
    case MR_NODE_MEMBER:
        return evaluate_member(evaluation, node, errors);
    case MR_NODE_LITERAL:
        return evaluate_literal(evaluation, node);
    case MR_NODE_NOT:
    case MR_NODE_TRUTH:
    case MR_NODE_IS_NONE:
        return evaluate_test(evaluation, node, errors);
    case MR_NODE_COMPARE:
        return evaluate_compare(evaluation, node, errors);
    case MR_NODE_AND:
    case MR_NODE_OR:
        return evaluate_logic(evaluation, node, errors);
    case MR_NODE_CONDITIONAL:
        return evaluate_conditional(evaluation, node, errors);
    case MR_NODE_MIN:
    case MR_NODE_MAX:
        return evaluate_extreme(evaluation, node, errors);
    case MR_NODE_STARTSWITH:
        return evaluate_startswith(evaluation, node, errors);
    case MR_NODE_STR: {
        struct mr_column a = mr_evaluate(evaluation, node->arguments[0], errors);
        return mr_evaluate_str(evaluation, &a);
    }
    default:
        if (mr_node_is_call(node->kind)) return mr_evaluate_call(evaluation, node, errors);
        return node->n_arguments == 1 ? evaluate_unary(evaluation, node, errors)
                                      : evaluate_binary(evaluation, node, errors);
    }
}

static bool any_failed(const uint8_t *errors, uint32_t n_rows)
{
    uint8_t any = 0;
    for (uint32_t i = 0; i < n_rows; i++) any |= errors[i];
    return any != 0;
}

/* A row that failed has a zero value, whatever was computed from what it failed with. */
static void clear_failed(
    const struct mr_evaluation *evaluation, struct mr_column *column, const uint8_t *errors)
{
    size_t bytes = mr_type_bytes(column->type);
    char *values = mr_scratch_alloc(evaluation->scratch, bytes * evaluation->n_rows);
    memcpy(values, column->values, bytes * evaluation->n_rows);
    for (uint32_t i = 0; i < evaluation->n_rows; i++)
        if (errors[i]) memset(values + i * bytes, 0, bytes);
    column->values = values;
}

struct mr_column mr_expression_batch(const struct mr_expression *expression,
    const struct mr_batch *batch, struct mr_scratch *scratch, uint8_t *errors)
{
    const struct mr_node *root = expression->root;
    MR_ASSERT(batch->n_columns == expression->n_fields);
    if (expression->sql) return mr_sql_scalar_batch(expression->sql, batch, scratch, errors);
    if (!root) return mr_udf_batch(expression->udf, batch, scratch, errors);
    struct mr_evaluation evaluation = {
        .batch = batch, .scratch = scratch, .n_rows = batch->n_rows};
    if (batch->n_rows == 0) return mr_column_of(root->type, mr_scratch_alloc(scratch, 16));
    const uint8_t *before = NULL;
    if (expression->retry && any_failed(errors, batch->n_rows))
        before = memcpy(new_bytes(&evaluation), errors, batch->n_rows);
    struct mr_column column = mr_evaluate(&evaluation, root, errors);
    MR_ASSERT(column.type == root->type);
    MR_ASSERT(!column.valid || root->is_nullable);
    if (root->kind == MR_NODE_FIELD || !any_failed(errors, batch->n_rows)) return column;
    if (expression->retry)
        column = mr_retry_batch(expression->retry, batch, scratch, before, errors, &column);
    clear_failed(&evaluation, &column, errors);
    return column;
}
