/* The row evaluator: Python's own way, value after value over the tree, its types found as it
 * goes. It shares the tree and the texts of numbers and letters (unicode.c) with the column
 * evaluator, and nothing else. */
#include "engine/expression/row.h"

#include <string.h>

#include "base/document.h"
#include "engine/expression/call.h"
#include "engine/expression/python.h"
#include "engine/expression/sql.h"
#include "engine/expression/unicode.h"

struct machine {
    const struct mr_value *row;
    struct mr_scratch *scratch;
};

static enum mr_row_error run(
    struct machine *machine, const struct mr_node *node, struct mr_value *out);

static bool is_true(struct mr_value value)
{
    switch ((enum mr_type)value.type) {
    case MR_TYPE_NULL:
        return false;
    case MR_TYPE_FLOAT:
        return value.f != 0;
    case MR_TYPE_STRING:
    case MR_TYPE_BYTES:
        return value.bytes > 0;
    case MR_TYPE_TIMESTAMP:
        return true;
    default:
        return value.i != 0;
    }
}

static bool is_text(struct mr_value value)
{
    return value.type == MR_TYPE_STRING || value.type == MR_TYPE_BYTES;
}

static struct mr_value bool_value(bool holds)
{
    return (struct mr_value){.i = holds, .type = MR_TYPE_BOOL};
}

static struct mr_value text_value(const char *text, uint32_t bytes)
{
    return (struct mr_value){.text = text, .bytes = bytes, .type = MR_TYPE_STRING};
}

/* ---- comparisons ---- */

static int order_texts(struct mr_value a, struct mr_value b)
{
    for (uint32_t i = 0; i < a.bytes && i < b.bytes; i++) {
        unsigned char x = (unsigned char)a.text[i];
        unsigned char y = (unsigned char)b.text[i];
        if (x != y) return x < y ? -1 : 1;
    }
    return a.bytes < b.bytes ? -1 : a.bytes > b.bytes;
}

static enum mr_row_error compare(
    enum mr_comparison comparison, struct mr_value a, struct mr_value b, bool *out)
{
    bool is_equality = comparison == MR_COMPARE_EQUAL || comparison == MR_COMPARE_UNEQUAL;
    bool has_none = a.type == MR_TYPE_NULL || b.type == MR_TYPE_NULL;
    if (has_none && !is_equality) return MR_ROW_TYPE;
    int order = has_none     ? (a.type == b.type ? 0 : MR_ROW_UNORDERED)
                : is_text(a) ? order_texts(a, b)
                             : mr_row_order_numbers(a, b);
    switch (comparison) {
    case MR_COMPARE_EQUAL:
        *out = order == 0;
        break;
    case MR_COMPARE_UNEQUAL:
        *out = order != 0;
        break;
    case MR_COMPARE_LESS:
        *out = order == -1;
        break;
    case MR_COMPARE_LESS_EQUAL:
        *out = order == -1 || order == 0;
        break;
    case MR_COMPARE_GREATER:
        *out = order == 1;
        break;
    case MR_COMPARE_GREATER_EQUAL:
        *out = order == 1 || order == 0;
        break;
    }
    return MR_ROW_OK;
}

/* a < b < c: what comes behind the first false comparison is not even evaluated. */
static enum mr_row_error run_chain(
    struct machine *machine, const struct mr_node *node, struct mr_value *out)
{
    struct mr_value left, right;
    bool holds = true;
    enum mr_row_error error = run(machine, node->arguments[0], &left);
    for (uint32_t i = 1; !error && holds && i < node->n_arguments; i++, left = right) {
        error = run(machine, node->arguments[i], &right);
        if (!error)
            error = compare((enum mr_comparison)node->comparisons[i - 1], left, right, &holds);
    }
    *out = bool_value(holds);
    return error;
}

/* ---- choices ---- */

static enum mr_row_error run_logic(
    struct machine *machine, const struct mr_node *node, struct mr_value *out)
{
    enum mr_row_error error = run(machine, node->arguments[0], out);
    if (error || is_true(*out) == (node->kind == MR_NODE_OR)) return error;
    return run(machine, node->arguments[1], out);
}

static enum mr_row_error run_conditional(
    struct machine *machine, const struct mr_node *node, struct mr_value *out)
{
    struct mr_value condition;
    enum mr_row_error error = run(machine, node->arguments[0], &condition);
    if (error) return error;
    return run(machine, node->arguments[is_true(condition) ? 1 : 2], out);
}

/* ---- functions ---- */

/* Python's own loop: a later argument has to be better, not as good. */
static enum mr_row_error run_extreme(
    struct machine *machine, const struct mr_node *node, struct mr_value *out)
{
    enum mr_comparison better =
        node->kind == MR_NODE_MIN ? MR_COMPARE_LESS : MR_COMPARE_GREATER;
    struct mr_value *values =
        mr_scratch_array(machine->scratch, struct mr_value, node->n_arguments);
    for (uint32_t i = 0; i < node->n_arguments; i++) {
        enum mr_row_error error = run(machine, node->arguments[i], &values[i]);
        if (error) return error;
    }
    struct mr_value best = values[0];
    for (uint32_t i = 1; i < node->n_arguments; i++) {
        bool is_better;
        enum mr_row_error error = compare(better, values[i], best, &is_better);
        if (error) return error;
        if (is_better) best = values[i];
    }
    *out = best;
    return MR_ROW_OK;
}

static struct mr_value text_of(struct machine *machine, struct mr_value value)
{
    if (value.type == MR_TYPE_STRING) return value;
    if (value.type == MR_TYPE_NULL) return text_value("None", 4);
    if (value.type == MR_TYPE_BOOL)
        return value.i ? text_value("True", 4) : text_value("False", 5);
    char *text = mr_scratch_alloc(machine->scratch, MR_NUMBER_TEXT_BYTES);
    uint32_t bytes = value.type == MR_TYPE_FLOAT ? mr_float_to_text(value.f, text)
                                                 : mr_int_to_text(value.i, text);
    return text_value(text, bytes);
}

static struct mr_value in_case(struct machine *machine, struct mr_value value, bool to_upper)
{
    char *text = mr_scratch_alloc(machine->scratch, (size_t)value.bytes * MR_CASE_GROWTH);
    uint32_t bytes = to_upper ? mr_unicode_upper(value.text, value.bytes, text)
                              : mr_unicode_lower(value.text, value.bytes, text);
    return text_value(text, bytes);
}

static struct mr_value joined(struct machine *machine, struct mr_value a, struct mr_value b)
{
    char *text = mr_scratch_alloc(machine->scratch, (size_t)a.bytes + b.bytes);
    if (a.bytes) memcpy(text, a.text, a.bytes);
    if (b.bytes) memcpy(text + a.bytes, b.text, b.bytes);
    struct mr_value value = {.text = text, .bytes = a.bytes + b.bytes, .type = a.type};
    return value;
}

static int64_t length_of(struct mr_value value)
{
    return value.type == MR_TYPE_STRING ? mr_unicode_length(value.text, value.bytes)
                                        : value.bytes;
}

static enum mr_row_error run_unary(
    struct machine *machine, const struct mr_node *node, struct mr_value *out)
{
    struct mr_value a;
    enum mr_row_error error = run(machine, node->arguments[0], &a);
    if (error) return error;
    if (a.type == MR_TYPE_NULL) return MR_ROW_TYPE;
    switch (node->kind) {
    case MR_NODE_LEN:
        *out = (struct mr_value){.i = length_of(a), .type = MR_TYPE_INT};
        return MR_ROW_OK;
    case MR_NODE_UPPER:
    case MR_NODE_LOWER:
        *out = in_case(machine, a, node->kind == MR_NODE_UPPER);
        return MR_ROW_OK;
    case MR_NODE_INT:
        return mr_row_to_int(a, out);
    case MR_NODE_FLOAT:
        return mr_row_to_float(a, machine->scratch, out);
    case MR_NODE_SECONDS:
        return mr_row_to_seconds(a, out);
    default:
        return mr_row_sign(node->kind, a, out);
    }
}

static enum mr_row_error run_binary(
    struct machine *machine, const struct mr_node *node, struct mr_value *out)
{
    struct mr_value a, b;
    enum mr_row_error error = run(machine, node->arguments[0], &a);
    if (!error) error = run(machine, node->arguments[1], &b);
    if (error) return error;
    if (a.type == MR_TYPE_NULL || b.type == MR_TYPE_NULL) return MR_ROW_TYPE;
    if (!is_text(a)) return mr_row_arithmetic(node->kind, a, b, out);
    *out = joined(machine, a, b);
    return MR_ROW_OK;
}

/* None has no method: that comes before the argument. */
static enum mr_row_error run_startswith(
    struct machine *machine, const struct mr_node *node, struct mr_value *out)
{
    struct mr_value a, b;
    enum mr_row_error error = run(machine, node->arguments[0], &a);
    if (!error && a.type == MR_TYPE_NULL) error = MR_ROW_TYPE;
    if (!error) error = run(machine, node->arguments[1], &b);
    if (!error && b.type == MR_TYPE_NULL) error = MR_ROW_TYPE;
    if (error) return error;
    uint32_t same = 0;
    while (same < a.bytes && same < b.bytes && a.text[same] == b.text[same]) same++;
    *out = bool_value(same == b.bytes);
    return MR_ROW_OK;
}

static enum mr_row_error run_call(
    struct machine *machine, const struct mr_node *node, struct mr_value *out)
{
    struct mr_value arguments[3];
    uint32_t n = node->n_arguments;
    bool has_none = false;
    MR_ASSERT(n <= 3);
    for (uint32_t i = 0; i < n; i++) {
        enum mr_row_error error = run(machine, node->arguments[i], &arguments[i]);
        if (error) return error;
        has_none |= arguments[i].type == MR_TYPE_NULL && !mr_node_takes_none(node, i);
        if (has_none && mr_node_is_method(node->kind)) break;
    }
    return has_none ? MR_ROW_TYPE : mr_call(node, arguments, machine->scratch, out);
}

/* not, truth, is None, str: those that take None for what it is. */
static enum mr_row_error run_any(
    struct machine *machine, const struct mr_node *node, struct mr_value *out)
{
    struct mr_value a;
    enum mr_row_error error = run(machine, node->arguments[0], &a);
    if (error) return error;
    if (node->kind == MR_NODE_STR)
        *out = text_of(machine, a);
    else if (node->kind == MR_NODE_IS_NONE)
        *out = bool_value((a.type == MR_TYPE_NULL) != node->is_negated);
    else
        *out = bool_value(is_true(a) == (node->kind == MR_NODE_TRUTH));
    return MR_ROW_OK;
}

/* ---- all nodes ---- */

static enum mr_row_error run(
    struct machine *machine, const struct mr_node *node, struct mr_value *out)
{
    switch (node->kind) {
    case MR_NODE_FIELD:
        *out = machine->row[node->field];
        return MR_ROW_OK;
    case MR_NODE_MEMBER: {
        struct mr_value row;
        enum mr_row_error error = run(machine, node->arguments[0], &row);
        if (error || row.type == MR_TYPE_NULL) return error ? error : MR_ROW_TYPE;
        if (!mr_document_field(row, node->member->name, out)) out->type = MR_TYPE_NULL;
        return MR_ROW_OK;
    }
    case MR_NODE_LITERAL:
        *out = node->literal;
        return MR_ROW_OK;
    case MR_NODE_COMPARE:
        return run_chain(machine, node, out);
    case MR_NODE_AND:
    case MR_NODE_OR:
        return run_logic(machine, node, out);
    case MR_NODE_CONDITIONAL:
        return run_conditional(machine, node, out);
    case MR_NODE_NOT:
    case MR_NODE_TRUTH:
    case MR_NODE_IS_NONE:
    case MR_NODE_STR:
        return run_any(machine, node, out);
    case MR_NODE_MIN:
    case MR_NODE_MAX:
        return run_extreme(machine, node, out);
    case MR_NODE_STARTSWITH:
        return run_startswith(machine, node, out);
    default:
        if (mr_node_is_call(node->kind)) return run_call(machine, node, out);
        return node->n_arguments == 1 ? run_unary(machine, node, out)
                                      : run_binary(machine, node, out);
    }
}

enum mr_row_error mr_expression_row(const struct mr_expression *expression,
    const struct mr_value *row, struct mr_scratch *scratch, struct mr_value *out)
{
    if (expression->sql) return mr_sql_scalar_row(expression->sql, row, scratch, out);
    if (!expression->root) return mr_udf_row(expression->udf, row, scratch, out);
    struct machine machine = {.row = row, .scratch = scratch};
    struct mr_value value = {.type = MR_TYPE_NULL};
    enum mr_row_error error = run(&machine, expression->root, &value);
    enum mr_type type = expression->root->type;
    MR_ASSERT(error || value.type == MR_TYPE_NULL || value.type == type || type == MR_TYPE_ANY);
    if (MR_UNLIKELY(error != MR_ROW_OK && expression->retry != NULL))
        return mr_retry_row(expression->retry, row, scratch, error, out);
    *out = error ? (struct mr_value){.type = MR_TYPE_NULL} : value;
    return error;
}
