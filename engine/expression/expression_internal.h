/* The syntax tree, and who turns it into what: parser, generic, check, then one of two
 * evaluators. */
#ifndef MR_ENGINE_EXPRESSION_EXPRESSION_INTERNAL_H
#define MR_ENGINE_EXPRESSION_EXPRESSION_INTERNAL_H

#include "engine/expression/expression.h"

enum mr_node_kind {
    MR_NODE_FIELD,
    MR_NODE_MEMBER, /* a field of a row, which its one argument is */
    MR_NODE_LITERAL,
    MR_NODE_NEGATE, /* -a */
    MR_NODE_PLUS,   /* +a */
    MR_NODE_NOT,
    MR_NODE_ADD,
    MR_NODE_SUBTRACT,
    MR_NODE_MULTIPLY,
    MR_NODE_DIVIDE,
    MR_NODE_FLOOR_DIVIDE,
    MR_NODE_MODULO,
    MR_NODE_COMPARE, /* a chain: comparisons[i] stands between arguments i and i + 1 */
    MR_NODE_AND,
    MR_NODE_OR,
    MR_NODE_CONDITIONAL, /* condition, value if it holds, value if not */
    MR_NODE_IS_NONE,     /* is_negated: `is not None` */
    MR_NODE_LEN,
    MR_NODE_STR,
    MR_NODE_INT,
    MR_NODE_FLOAT,
    MR_NODE_ABS,
    MR_NODE_MIN,
    MR_NODE_MAX,
    MR_NODE_UPPER,
    MR_NODE_LOWER,
    MR_NODE_STARTSWITH,
    /* Calls (call.h): methods first. */
    MR_NODE_STRIP,
    MR_NODE_LSTRIP,
    MR_NODE_RSTRIP,
    MR_NODE_REPLACE,
    MR_NODE_ENDSWITH,
    MR_NODE_FIND,
    MR_NODE_COUNT,
    MR_NODE_IN,    /* is_negated: `not in` */
    MR_NODE_INDEX, /* text[i] */
    MR_NODE_SLICE, /* text[i:k]; a bound that is missing is None */
    MR_NODE_ROUND, /* to a whole number */
    MR_NODE_POWER, /* of a whole number by a small literal */
    MR_NODE_TRUTH,   /* what MR_USE_KEEP puts on top */
    MR_NODE_SECONDS, /* what MR_USE_TIMESTAMP puts on top: a number of seconds as mr_us */
};

enum mr_comparison {
    MR_COMPARE_EQUAL,
    MR_COMPARE_UNEQUAL,
    MR_COMPARE_LESS,
    MR_COMPARE_LESS_EQUAL,
    MR_COMPARE_GREATER,
    MR_COMPARE_GREATER_EQUAL,
};

/* No expression is deeper, so that recursion over it is safe. */
enum { MR_NODE_DEPTH_MAX = 200 };

struct mr_node {
    enum mr_node_kind kind;
    uint32_t offset; /* where it begins in the text */
    uint32_t depth;  /* from 1 */
    uint32_t n_arguments;
    struct mr_node **arguments;
    int field;               /* FIELD */
    const struct mr_field *member; /* MEMBER: of the shape of the row */
    struct mr_value literal; /* LITERAL; text lives in the region */
    const uint8_t *comparisons;
    bool is_negated;
    /* From here on set by mr_node_check. */
    enum mr_type type;
    bool is_nullable;
    bool is_truth; /* AND, OR, CONDITIONAL: only the truth of the value is asked for, and the
                      type is BOOL */
};

struct mr_expression {
    const char *text;
    enum mr_expression_use use;
    const struct mr_node *root; /* NULL: `udf` or `sql` */
    const struct mr_shape *shape; /* of the field or member that the root is */
    uint32_t n_fields;          /* of the schema */
    const struct mr_udf *udf;   /* what runs in CPython; NULL: nothing */
    const struct mr_retry *retry; /* for rows that fail natively; NULL: they have failed */
    const struct mr_sql_scalar *sql; /* what runs in SQLite; NULL: nothing */
};

/* Why a text was refused that may yet be good Python. */
enum mr_beyond { MR_WITHIN, MR_BEYOND_GRAMMAR, MR_BEYOND_TYPES };

/* What the steps of compiling share. */
struct mr_compiler {
    struct mr_region *region;
    const char *text;
    struct mr_place place;
    const struct mr_schema *schema;
    struct mr_err *err;
    bool is_bare;           /* the text is a field or a member, and nothing is computed */
    bool may_fail;          /* what Python refuses at each row is for Python to refuse */
    enum mr_beyond *beyond; /* set when the text is refused and Python would take it; or NULL */
};

/* The text is not of the pure subset. */
static inline void mr_compiler_beyond(
    const struct mr_compiler *compiler, enum mr_beyond beyond)
{
    if (compiler->beyond) *compiler->beyond = beyond;
}

/* The place of text[offset]. */
struct mr_place mr_compiler_place(const struct mr_compiler *compiler, uint32_t offset);
#define mr_compiler_fail(compiler, offset, ...)                                                \
    mr_fail_at((compiler)->err, mr_compiler_place(compiler, offset), __VA_ARGS__)
/* Fails with `unknown field`, and the nearest one. */
bool mr_compiler_unknown_field(
    const struct mr_compiler *compiler, uint32_t offset, const char *name);
/* A node over arguments[n_arguments], which are copied. NULL, with an error, when it gets too
 * deep. */
struct mr_node *mr_node_new(const struct mr_compiler *compiler, enum mr_node_kind kind,
    uint32_t offset, struct mr_node *const *arguments, uint32_t n_arguments);

/* Python's syntax. NULL with an error. */
struct mr_node *mr_parse_python(const struct mr_compiler *compiler);
/* Beam's `generic`. NULL with an error. */
struct mr_node *mr_parse_generic(
    const struct mr_compiler *compiler, enum mr_expression_use use);
/* Sets the types below `node`; `wants_truth`: only the truth of its value is asked for. */
MR_MUST_CHECK bool mr_node_check(
    const struct mr_compiler *compiler, struct mr_node *node, bool wants_truth);

/* The column evaluator (evaluate.c) and its parts. */
struct mr_evaluation {
    const struct mr_batch *batch;
    struct mr_scratch *scratch;
    uint32_t n_rows;
};

static inline void mr_row_fail(uint8_t *errors, uint32_t row, enum mr_row_error error)
{
    if (!errors[row]) errors[row] = (uint8_t)error;
}

/* A column without nulls, not of text. */
static inline struct mr_column mr_column_of(enum mr_type type, const void *values)
{
    return (struct mr_column){.type = type, .values = values};
}

/* evaluate.c: a column of the node's type (NULL for a literal None); errors as in
 * mr_expression_batch. */
struct mr_column mr_evaluate(
    struct mr_evaluation *evaluation, const struct mr_node *node, uint8_t *errors);

/* evaluate_column.c. A column of `type` in which every row is null. */
struct mr_column mr_column_of_nulls(const struct mr_evaluation *evaluation, enum mr_type type);
/* Whether rows are null; 0 or 1. */
const uint8_t *mr_column_nulls(
    const struct mr_evaluation *evaluation, const struct mr_column *column);
/* Rows that are null get MR_ROW_TYPE. */
void mr_fail_nulls(
    const struct mr_evaluation *evaluation, const struct mr_column *column, uint8_t *errors);
/* Numbers of a column as another type of number: BOOL as INT, both as FLOAT. */
const int64_t *mr_column_ints(
    const struct mr_evaluation *evaluation, const struct mr_column *column);
const double *mr_column_floats(
    const struct mr_evaluation *evaluation, const struct mr_column *column);
/* Python's truth of each row; 0 or 1. */
const uint8_t *mr_column_truth(
    const struct mr_evaluation *evaluation, const struct mr_column *column);

/* evaluate_number.c. All arguments are there, and errors of nulls set. */
struct mr_column mr_evaluate_arithmetic(const struct mr_evaluation *evaluation,
    const struct mr_node *node, const struct mr_column *a, const struct mr_column *b,
    uint8_t *errors);
struct mr_column mr_evaluate_sign(const struct mr_evaluation *evaluation,
    const struct mr_node *node, const struct mr_column *a, uint8_t *errors);

/* evaluate_convert.c */
struct mr_column mr_evaluate_to_int(
    const struct mr_evaluation *evaluation, const struct mr_column *a, uint8_t *errors);
struct mr_column mr_evaluate_to_float(
    const struct mr_evaluation *evaluation, const struct mr_column *a, uint8_t *errors);
struct mr_column mr_evaluate_seconds(
    const struct mr_evaluation *evaluation, const struct mr_column *a, uint8_t *errors);

/* evaluate_compare.c: out[n_rows] of 0 or 1; a null is equal to a null alone. */
void mr_evaluate_compare(const struct mr_evaluation *evaluation, const struct mr_column *a,
    const struct mr_column *b, enum mr_comparison comparison, uint8_t *out);
/* Rows of `a` where which[row], else of `b`; `type` is that of both but for columns of None. */
struct mr_column mr_evaluate_select(const struct mr_evaluation *evaluation, enum mr_type type,
    const uint8_t *which, const struct mr_column *a, const struct mr_column *b);

/* evaluate_text.c */
struct mr_column mr_evaluate_concat(const struct mr_evaluation *evaluation,
    const struct mr_column *a, const struct mr_column *b);
struct mr_column mr_evaluate_str(
    const struct mr_evaluation *evaluation, const struct mr_column *a);
struct mr_column mr_evaluate_case(
    const struct mr_evaluation *evaluation, const struct mr_column *a, bool to_upper);
struct mr_column mr_evaluate_length(
    const struct mr_evaluation *evaluation, const struct mr_column *a);
struct mr_column mr_evaluate_startswith(const struct mr_evaluation *evaluation,
    const struct mr_column *a, const struct mr_column *b);
/* The chosen rows of two columns of text. */
struct mr_column mr_evaluate_select_text(const struct mr_evaluation *evaluation,
    enum mr_type type, const uint8_t *which, const struct mr_column *a,
    const struct mr_column *b);

#endif
