/* The functions of SQL that are known, with Calcite's types. */
#include <string.h>

#include "engine/expression/sql_internal.h"

enum { ARGUMENTS_MAX = 16 };

enum kind {
    SAME_NUMBER, /* a number to a number of its type */
    TO_FLOAT,    /* numbers to a float */
    WHOLE,       /* whole numbers to one */
    TEXT_TO_TEXT,
    TEXT_TO_INT,
    SUBSTRING,    /* a text and one or two whole numbers */
    FIRST_OF,     /* COALESCE */
    UNLESS_EQUAL, /* NULLIF */
    CONCAT,
    EXTREME, /* GREATEST, LEAST */
    ROUND,
};
struct function {
    const char *name;
    enum kind kind;
    uint32_t arguments_min;
    uint32_t arguments_max;
    const char *sql; /* what SQLite calls it */
};
static const struct function functions[] = {
    {"ABS", SAME_NUMBER, 1, 1, "abs"},
    {"FLOOR", SAME_NUMBER, 1, 1, "floor"},
    {"CEIL", SAME_NUMBER, 1, 1, "ceil"},
    {"CEILING", SAME_NUMBER, 1, 1, "ceil"},
    {"ROUND", ROUND, 1, 2, "round"},
    {"SQRT", TO_FLOAT, 1, 1, "sqrt"},
    {"POWER", TO_FLOAT, 2, 2, "pow"},
    {"EXP", TO_FLOAT, 1, 1, "exp"},
    {"LN", TO_FLOAT, 1, 1, "ln"},
    {"LOG10", TO_FLOAT, 1, 1, "log10"},
    {"MOD", WHOLE, 2, 2, "mr_mod"},
    {"UPPER", TEXT_TO_TEXT, 1, 1, "mr_upper"},
    {"LOWER", TEXT_TO_TEXT, 1, 1, "mr_lower"},
    {"INITCAP", TEXT_TO_TEXT, 1, 1, "mr_initcap"},
    {"REPLACE", TEXT_TO_TEXT, 3, 3, "replace"},
    {"CHAR_LENGTH", TEXT_TO_INT, 1, 1, "mr_length"},
    {"CHARACTER_LENGTH", TEXT_TO_INT, 1, 1, "mr_length"},
    {"SUBSTRING", SUBSTRING, 2, 3, "mr_substring"},
    {"COALESCE", FIRST_OF, 2, ARGUMENTS_MAX, "coalesce"},
    {"NULLIF", UNLESS_EQUAL, 2, 2, "nullif"},
    {"CONCAT", CONCAT, 2, ARGUMENTS_MAX, "||"},
    {"GREATEST", EXTREME, 2, ARGUMENTS_MAX, "max"},
    {"LEAST", EXTREME, 2, ARGUMENTS_MAX, "min"},
};
static const char *const aggregates[] = {"COUNT", "SUM", "AVG", "MIN", "MAX"};
static const char *const windows[] = {"TUMBLE", "HOP", "SESSION", "TUMBLE_START", "TUMBLE_END",
    "HOP_START", "HOP_END", "SESSION_START", "SESSION_END"};
enum { FUNCTIONS = sizeof functions / sizeof *functions, AGGREGATES = 5 };

struct call {
    struct mr_sql_parser *parser;
    const char *name;
    uint32_t offset;
    uint32_t n;
    struct mr_sql_term arguments[ARGUMENTS_MAX];
};

static bool is_number(enum mr_type type)
{
    return type == MR_TYPE_INT || type == MR_TYPE_FLOAT || type == MR_TYPE_NULL;
}

static bool fail_argument(const struct call *call, uint32_t i)
{
    return mr_sql_fail(call->parser, call->arguments[i].offset, "type mismatch: %s of %s",
        call->name, mr_type_name(call->arguments[i].type));
}

static bool check_all(const struct call *call, uint32_t from, uint32_t to, enum mr_type type)
{
    for (uint32_t i = from; i < to && i < call->n; i++) {
        enum mr_type own = call->arguments[i].type;
        bool fits = type == MR_TYPE_FLOAT ? is_number(own) : own == type || own == MR_TYPE_NULL;
        if (!fits) return fail_argument(call, i);
    }
    return true;
}

static const char *list(const struct call *call, const char *separator)
{
    const char *sql = "";
    for (uint32_t i = 0; i < call->n; i++)
        sql = mr_sql_print(
            call->parser, "%s%s%s", sql, i > 0 ? separator : "", call->arguments[i].sql);
    return sql;
}

/* All arguments get one type. */
static bool unify_all(struct call *call, enum mr_type *type)
{
    for (uint32_t round = 0; round < 2; round++)
        for (uint32_t i = 1; i < call->n; i++)
            if (!mr_sql_unify(
                    call->parser, &call->arguments[0], &call->arguments[i], call->name))
                return false;
    *type = MR_TYPE_NULL;
    for (uint32_t i = 0; i < call->n; i++)
        if (call->arguments[i].type != MR_TYPE_NULL) *type = call->arguments[i].type;
    return true;
}

/* The type of the result; its SQL may be set. */
static bool type_call(
    struct call *call, const struct function *function, struct mr_sql_term *out)
{
    switch (function->kind) {
    case SAME_NUMBER:
        out->type = call->arguments[0].type;
        if (out->type == MR_TYPE_INT && strcmp(function->sql, "abs") != 0)
            out->sql = call->arguments[0].sql;
        return check_all(call, 0, 1, MR_TYPE_FLOAT);
    case ROUND:
        out->type = call->arguments[0].type;
        if (out->type == MR_TYPE_INT && call->n == 1) out->sql = call->arguments[0].sql;
        if (out->type == MR_TYPE_INT && call->n == 2) return fail_argument(call, 0);
        return check_all(call, 0, 1, MR_TYPE_FLOAT) && check_all(call, 1, 2, MR_TYPE_INT);
    case TO_FLOAT:
        out->type = MR_TYPE_FLOAT;
        return check_all(call, 0, call->n, MR_TYPE_FLOAT);
    case WHOLE:
        out->type = MR_TYPE_INT;
        return check_all(call, 0, call->n, MR_TYPE_INT);
    case TEXT_TO_TEXT:
        out->type = MR_TYPE_STRING;
        return check_all(call, 0, call->n, MR_TYPE_STRING);
    case TEXT_TO_INT:
        out->type = MR_TYPE_INT;
        return check_all(call, 0, call->n, MR_TYPE_STRING);
    case SUBSTRING:
        out->type = MR_TYPE_STRING;
        return check_all(call, 0, 1, MR_TYPE_STRING) && check_all(call, 1, 3, MR_TYPE_INT);
    case CONCAT:
        out->type = MR_TYPE_STRING;
        out->sql = mr_sql_print(call->parser, "(%s)", list(call, " || "));
        return check_all(call, 0, call->n, MR_TYPE_STRING);
    case FIRST_OF:
        if (!unify_all(call, &out->type)) return false;
        out->is_nullable = true;
        for (uint32_t i = 0; i < call->n; i++)
            out->is_nullable &= call->arguments[i].is_nullable;
        return true;
    case UNLESS_EQUAL:
        out->is_nullable = true;
        return unify_all(call, &out->type);
    case EXTREME:
        return unify_all(call, &out->type);
    }
    return false;
}

static bool read_arguments(struct call *call)
{
    struct mr_sql_parser *parser = call->parser;
    if (mr_sql_take(parser, ")")) return true;
    do {
        if (call->n == ARGUMENTS_MAX)
            return mr_sql_fail(parser, call->offset, "'%s' has too many arguments", call->name);
        if (!mr_sql_expression(parser, &call->arguments[call->n++])) return false;
        /* SUBSTRING(text FROM a FOR b), POSITION(a IN b) is read elsewhere */
        if (mr_sql_same_word(call->name, "SUBSTRING") &&
            (mr_sql_take(parser, "FROM") || mr_sql_take(parser, "FOR"))) {
            if (!mr_sql_expression(parser, &call->arguments[call->n++])) return false;
            if (mr_sql_take(parser, "FOR") &&
                !mr_sql_expression(parser, &call->arguments[call->n++]))
                return false;
        }
    } while (mr_sql_take(parser, ","));
    return mr_sql_need(parser, ")");
}

static bool call_known(
    struct call *call, const struct function *function, struct mr_sql_term *out)
{
    if (!read_arguments(call)) return false;
    if (call->n < function->arguments_min || call->n > function->arguments_max)
        return mr_sql_fail(
            call->parser, call->offset, "'%s' does not take %u arguments", call->name, call->n);
    for (uint32_t i = 0; i < call->n; i++) {
        out->is_nullable |= call->arguments[i].is_nullable;
        out->has_aggregate |= call->arguments[i].has_aggregate;
    }
    if (!type_call(call, function, out)) return false;
    if (!out->sql)
        out->sql = mr_sql_print(call->parser, "%s(%s)", function->sql, list(call, ", "));
    return true;
}

/* TRIM([BOTH|LEADING|TRAILING] [letters] [FROM] text) */
static bool call_trim(struct call *call, struct mr_sql_term *out)
{
    struct mr_sql_parser *parser = call->parser;
    const char *sql = mr_sql_take(parser, "LEADING")    ? "ltrim"
                      : mr_sql_take(parser, "TRAILING") ? "rtrim"
                                                        : (mr_sql_take(parser, "BOTH"), "trim");
    if (!mr_sql_is(parser, "FROM") && !mr_sql_expression(parser, &call->arguments[call->n++]))
        return false;
    if (mr_sql_take(parser, "FROM") && !mr_sql_expression(parser, &call->arguments[call->n++]))
        return false;
    if (!mr_sql_need(parser, ")") || !check_all(call, 0, call->n, MR_TYPE_STRING)) return false;
    const struct mr_sql_term *text = &call->arguments[call->n - 1];
    for (uint32_t i = 0; i < call->n; i++) {
        out->is_nullable |= call->arguments[i].is_nullable;
        out->has_aggregate |= call->arguments[i].has_aggregate;
    }
    out->type = MR_TYPE_STRING;
    out->sql = mr_sql_print(
        parser, "%s(%s, %s)", sql, text->sql, call->n == 2 ? call->arguments[0].sql : "' '");
    return true;
}

/* ---- Aggregates ---- */

static bool make_aggregate(struct call *call, size_t which, const char *distinct,
    const struct mr_sql_term *value, struct mr_sql_term *out)
{
    struct mr_sql_parser *parser = call->parser;
    const char *name = aggregates[which];
    out->type = value->type;
    out->is_nullable = true; /* of no rows, or none but nulls */
    if (which == 0) {
        out->type = MR_TYPE_INT;
        out->is_nullable = false;
    } else if (which <= 2 && value->type != MR_TYPE_INT && value->type != MR_TYPE_FLOAT) {
        call->arguments[0] = *value;
        return fail_argument(call, 0);
    } else if (value->type == MR_TYPE_BOOL || value->type == MR_TYPE_NULL) {
        call->arguments[0] = *value;
        return fail_argument(call, 0);
    }
    out->sql = mr_sql_print(parser, "%s(%s%s)", name, distinct, value->sql);
    if (which != 2) return true;
    /* Calcite: the mean of whole numbers is one. */
    out->sql = mr_sql_print(
        parser, "mr_div(sum(%s%s), count(%s%s))", distinct, value->sql, distinct, value->sql);
    return true;
}

static bool call_aggregate(struct call *call, size_t which, struct mr_sql_term *out)
{
    struct mr_sql_parser *parser = call->parser;
    if (parser->is_scalar)
        return mr_sql_fail(
            parser, call->offset, "'%s' of one row: use Combine or Sql", call->name);
    if (parser->in_aggregate)
        return mr_sql_fail(parser, call->offset, "an aggregate inside of another");
    parser->in_aggregate = true;
    struct mr_sql_term value = {.sql = "*", .type = MR_TYPE_INT};
    const char *distinct = "";
    bool is_all = which == 0 && mr_sql_take(parser, "*");
    if (!is_all) {
        if (mr_sql_take(parser, "DISTINCT")) distinct = "DISTINCT ";
        mr_sql_take(parser, "ALL");
        if (!mr_sql_expression(parser, &value)) return false;
    }
    parser->in_aggregate = false;
    out->has_aggregate = true;
    if (!mr_sql_need(parser, ")")) return false;
    if (mr_sql_is(parser, "OVER") || mr_sql_is(parser, "FILTER"))
        return mr_sql_fail(parser, mr_sql_peek(parser)->offset, "'%s' is not supported",
            mr_sql_peek(parser)->text);
    return make_aggregate(call, which, distinct, &value, out);
}

static bool fail_unknown(const struct call *call)
{
    const char *words[FUNCTIONS + AGGREGATES + 1] = {"TRIM"};
    size_t n = 1;
    for (size_t i = 0; i < FUNCTIONS; i++) words[n++] = functions[i].name;
    for (size_t i = 0; i < AGGREGATES; i++) words[n++] = aggregates[i];
    for (size_t i = 0; i < sizeof windows / sizeof *windows; i++)
        if (mr_sql_same_word(call->name, windows[i]))
            return mr_sql_fail(call->parser, call->offset,
                "'%s' is not supported: give the windows with a WindowInto before it",
                call->name);
    mr_sql_fail(call->parser, call->offset, "unknown function '%s'", call->name);
    mr_err_suggest(call->parser->compiler->err, call->name, words, n);
    return false;
}

bool mr_sql_call(
    struct mr_sql_parser *parser, const char *name, uint32_t offset, struct mr_sql_term *out)
{
    struct call call = {.parser = parser, .name = name, .offset = offset};
    *out = (struct mr_sql_term){.offset = offset, .field = -1};
    for (size_t i = 0; i < AGGREGATES; i++)
        if (mr_sql_same_word(name, aggregates[i])) return call_aggregate(&call, i, out);
    for (size_t i = 0; i < FUNCTIONS; i++)
        if (mr_sql_same_word(name, functions[i].name))
            return call_known(&call, &functions[i], out);
    if (mr_sql_same_word(name, "TRIM")) return call_trim(&call, out);
    return fail_unknown(&call);
}
