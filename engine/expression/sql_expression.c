/* Expressions of SQL with Calcite's types: what SQLite would let pass and Calcite does not is
 * refused, what it would compute otherwise is written as a function of ours. */
#include <string.h>

#include "engine/expression/sql_internal.h"

static bool is_number(const struct mr_sql_term *term)
{
    return term->type == MR_TYPE_INT || term->type == MR_TYPE_FLOAT ||
           term->type == MR_TYPE_NULL;
}

static bool is_text(const struct mr_sql_term *term)
{
    return term->type == MR_TYPE_STRING || term->type == MR_TYPE_NULL;
}

static bool is_comparable(const struct mr_sql_term *a, const struct mr_sql_term *b)
{
    if (mr_type_is_document(a->type) || mr_type_is_document(b->type)) return false;
    if (a->type == MR_TYPE_NULL || b->type == MR_TYPE_NULL || a->type == b->type) return true;
    return is_number(a) && is_number(b);
}

static bool fail_types(struct mr_sql_parser *parser, uint32_t offset, const char *what,
    const struct mr_sql_term *a, const struct mr_sql_term *b)
{
    return mr_sql_fail(parser, offset, "type mismatch: %s of %s and %s", what,
        mr_type_name(a->type), mr_type_name(b->type));
}

/* What two terms make together, before its SQL is known. */
static struct mr_sql_term made_of(
    const struct mr_sql_term *a, const struct mr_sql_term *b, enum mr_type type)
{
    return (struct mr_sql_term){.type = type,
        .is_nullable = a->is_nullable || b->is_nullable,
        .has_aggregate = a->has_aggregate || b->has_aggregate,
        .offset = a->offset,
        .field = -1};
}

bool mr_sql_unify(struct mr_sql_parser *parser, struct mr_sql_term *a, struct mr_sql_term *b,
    const char *what)
{
    if (!is_comparable(a, b)) return fail_types(parser, b->offset, what, a, b);
    if (a->type == MR_TYPE_NULL || b->type == MR_TYPE_NULL || a->type == b->type) return true;
    struct mr_sql_term *whole = a->type == MR_TYPE_INT ? a : b;
    whole->sql = mr_sql_print(parser, "CAST(%s AS REAL)", whole->sql);
    whole->type = MR_TYPE_FLOAT;
    return true;
}

/* ---- Columns ---- */

static bool fail_column(
    struct mr_sql_parser *parser, const char *alias, const char *name, uint32_t offset)
{
    const char *words[MR_FIELDS_MAX];
    size_t n = 0;
    for (uint32_t i = 0; i < parser->scope->n; i++) {
        const struct mr_sql_source *source = &parser->scope->sources[i];
        for (uint32_t k = 0; k < source->schema->n_fields && n < MR_FIELDS_MAX; k++)
            words[n++] = source->schema->fields[k].name;
    }
    mr_sql_fail(
        parser, offset, "unknown column '%s%s%s'", alias ? alias : "", alias ? "." : "", name);
    mr_err_suggest(parser->compiler->err, name, words, n);
    return false;
}

static void note_bare(struct mr_sql_parser *parser, const struct mr_sql_term *term)
{
    if (parser->in_aggregate) return;
    if (parser->n_bare < sizeof parser->bare / sizeof *parser->bare)
        parser->bare[parser->n_bare++] = (struct mr_sql_bare){term->sql, term->offset};
}

static bool find_column(struct mr_sql_parser *parser, const char *alias, const char *name,
    uint32_t offset, struct mr_sql_term *out)
{
    bool is_found = false;
    for (uint32_t i = 0; i < parser->scope->n; i++) {
        const struct mr_sql_source *source = &parser->scope->sources[i];
        if (alias && (!source->alias || strcmp(source->alias, alias) != 0)) continue;
        int field = mr_schema_find(source->schema, name);
        if (field < 0) continue;
        if (is_found) return mr_sql_fail(parser, offset, "column '%s' is ambiguous", name);
        is_found = true;
        const struct mr_field *of = &source->schema->fields[field];
        *out = (struct mr_sql_term){.type = of->type,
            .is_nullable = of->is_nullable || source->is_nullable,
            .offset = offset,
            .name = of->name,
            .field = parser->scope->n == 1 ? field : -1};
        out->sql = source->sql ? mr_sql_print(parser, "%s.c%d", source->sql, field)
                               : mr_sql_print(parser, "?%d", field + 1);
    }
    if (!is_found) return fail_column(parser, alias, name, offset);
    note_bare(parser, out);
    return true;
}

static bool read_column(struct mr_sql_parser *parser, struct mr_sql_term *out)
{
    const struct mr_sql_token *first = mr_sql_peek(parser);
    parser->at++;
    if (!mr_sql_take(parser, "."))
        return find_column(parser, NULL, first->text, first->offset, out);
    const struct mr_sql_token *second = mr_sql_peek(parser);
    if (second->kind != MR_SQL_NAME && second->kind != MR_SQL_QUOTED)
        return mr_sql_unexpected(parser, "a column");
    parser->at++;
    return find_column(parser, first->text, second->text, first->offset, out);
}

/* ---- Literals ---- */

static bool read_text(struct mr_sql_parser *parser, struct mr_sql_term *out)
{
    const char *text = mr_sql_peek(parser)->text;
    size_t n = 0;
    size_t bytes = strlen(text);
    char *sql = mr_region_alloc(parser->compiler->region, 2 * bytes + 3);
    sql[n++] = '\'';
    for (size_t i = 0; i < bytes; i++) {
        if (text[i] == '\'') sql[n++] = '\'';
        sql[n++] = text[i];
    }
    sql[n++] = '\'';
    sql[n] = '\0';
    out->sql = sql;
    out->type = MR_TYPE_STRING;
    parser->at++;
    return true;
}

static bool read_number(struct mr_sql_parser *parser, struct mr_sql_term *out)
{
    const struct mr_sql_token *token = mr_sql_peek(parser);
    size_t digits = strlen(token->text);
    if (token->kind == MR_SQL_INT &&
        (digits > 19 || (digits == 19 && strcmp(token->text, "9223372036854775807") > 0)))
        return mr_sql_fail(parser, token->offset, "the integer does not fit into 64 bits");
    out->type = token->kind == MR_SQL_INT ? MR_TYPE_INT : MR_TYPE_FLOAT;
    out->sql = token->kind == MR_SQL_INT
                   ? token->text
                   : mr_sql_print(parser, "CAST(%s AS REAL)", token->text);
    parser->at++;
    return true;
}

/* TIMESTAMP '2001-01-03 07:05:00' */
static bool read_timestamp(struct mr_sql_parser *parser, struct mr_sql_term *out)
{
    const struct mr_sql_token *token = &parser->tokens[parser->at + 1];
    mr_us at_us;
    if (!mr_timestamp_parse(token->text, strlen(token->text), &at_us))
        return mr_sql_fail(parser, token->offset, "'%s' is not a timestamp", token->text);
    out->sql = mr_sql_print(parser, "(%lld)", (long long)at_us);
    out->type = MR_TYPE_TIMESTAMP;
    parser->at += 2;
    return true;
}

/* ---- Parts ---- */

static bool read_case(struct mr_sql_parser *parser, struct mr_sql_term *out)
{
    struct mr_sql_term subject = {0}, when, values[64];
    const char *conditions[64];
    uint32_t n = 0;
    bool has_subject = !mr_sql_is(parser, "WHEN");
    bool has_aggregate = false;
    if (has_subject && !mr_sql_expression(parser, &subject)) return false;
    while (mr_sql_take(parser, "WHEN")) {
        if (n == 63) return mr_sql_unexpected(parser, "no more than 63 branches");
        if (has_subject) {
            if (!mr_sql_expression(parser, &when)) return false;
            if (!is_comparable(&subject, &when))
                return fail_types(parser, when.offset, "CASE", &subject, &when);
            conditions[n] = mr_sql_print(parser, "(%s) = (%s)", subject.sql, when.sql);
        } else {
            if (!mr_sql_condition(parser, "WHEN", &when)) return false;
            conditions[n] = when.sql;
        }
        has_aggregate |= when.has_aggregate || subject.has_aggregate;
        if (!mr_sql_need(parser, "THEN") || !mr_sql_expression(parser, &values[n]))
            return false;
        n++;
    }
    if (n == 0) return mr_sql_unexpected(parser, "'WHEN'");
    values[n] = (struct mr_sql_term){.sql = "NULL", .is_nullable = true};
    if (mr_sql_take(parser, "ELSE") && !mr_sql_expression(parser, &values[n])) return false;
    if (!mr_sql_need(parser, "END")) return false;
    for (uint32_t round = 0; round < 2; round++)
        for (uint32_t i = 0; i < n; i++)
            for (uint32_t k = 0; k <= n; k++)
                if (!mr_sql_unify(parser, &values[i], &values[k], "CASE")) return false;
    const char *sql = "CASE";
    for (uint32_t i = 0; i <= n; i++) {
        out->is_nullable |= values[i].is_nullable;
        out->has_aggregate |= values[i].has_aggregate || has_aggregate;
        if (values[i].type != MR_TYPE_NULL) out->type = values[i].type;
        if (i < n)
            sql = mr_sql_print(parser, "%s WHEN %s THEN %s", sql, conditions[i], values[i].sql);
    }
    out->sql = mr_sql_print(parser, "(%s ELSE %s END)", sql, values[n].sql);
    return true;
}

struct cast {
    const char *word;
    enum mr_type type;
};
static const struct cast casts[] = {{"VARCHAR", MR_TYPE_STRING}, {"CHAR", MR_TYPE_STRING},
    {"BIGINT", MR_TYPE_INT}, {"INTEGER", MR_TYPE_INT}, {"INT", MR_TYPE_INT},
    {"DOUBLE", MR_TYPE_FLOAT}, {"FLOAT", MR_TYPE_FLOAT}};

static bool cast_term(
    struct mr_sql_parser *parser, const struct mr_sql_term *from, struct mr_sql_term *out)
{
    static const char *const functions[] = {[MR_TYPE_INT] = "mr_to_int",
        [MR_TYPE_FLOAT] = "mr_to_float",
        [MR_TYPE_STRING] = "mr_to_text"};
    bool is_told_otherwise = from->type == MR_TYPE_FLOAT && out->type == MR_TYPE_STRING;
    bool is_known = from->type == MR_TYPE_INT || from->type == MR_TYPE_FLOAT ||
                    from->type == MR_TYPE_STRING || from->type == MR_TYPE_NULL;
    if (is_told_otherwise || !is_known)
        return mr_sql_fail(parser, from->offset,
            "CAST of %s to %s is not supported: it would not be what Calcite makes of it",
            mr_type_name(from->type), mr_type_name(out->type));
    out->is_nullable = from->is_nullable;
    out->has_aggregate = from->has_aggregate;
    out->sql = from->type == out->type
                   ? from->sql
                   : mr_sql_print(parser, "%s(%s)", functions[out->type], from->sql);
    return true;
}

static bool read_cast(struct mr_sql_parser *parser, struct mr_sql_term *out)
{
    struct mr_sql_term from;
    if (!mr_sql_need(parser, "(") || !mr_sql_expression(parser, &from) ||
        !mr_sql_need(parser, "AS"))
        return false;
    const struct mr_sql_token *token = mr_sql_peek(parser);
    for (size_t i = 0; i < sizeof casts / sizeof *casts; i++)
        if (mr_sql_same_word(token->text, casts[i].word)) out->type = casts[i].type;
    if (out->type == MR_TYPE_NULL)
        return mr_sql_fail(parser, token->offset, "CAST to '%s' is not supported", token->text);
    parser->at++;
    if (mr_sql_take(parser, "("))
        return mr_sql_fail(parser, token->offset,
            "CAST to '%s' of a given length is not supported", token->text);
    return cast_term(parser, &from, out) && mr_sql_need(parser, ")");
}

static bool read_word(struct mr_sql_parser *parser, struct mr_sql_term *out)
{
    const struct mr_sql_token *token = mr_sql_peek(parser);
    const struct mr_sql_token *next = token + 1; /* the last one is the end */
    bool is_call = next->kind == MR_SQL_SYMBOL && strcmp(next->text, "(") == 0;
    if (mr_sql_take(parser, "NULL")) {
        out->sql = "NULL";
        out->is_nullable = true;
        return true;
    }
    if (mr_sql_is(parser, "TRUE") || mr_sql_is(parser, "FALSE")) {
        out->sql = mr_sql_take(parser, "TRUE") ? "1" : (parser->at++, "0");
        out->type = MR_TYPE_BOOL;
        return true;
    }
    if (mr_sql_is(parser, "TIMESTAMP") && next->kind == MR_SQL_TEXT)
        return read_timestamp(parser, out);
    if (mr_sql_take(parser, "CASE")) return read_case(parser, out);
    if (is_call && mr_sql_take(parser, "CAST")) return read_cast(parser, out);
    static const char *const refused[] = {"EXISTS", "INTERVAL", "CURRENT_TIMESTAMP",
        "CURRENT_DATE", "CURRENT_TIME", "LOCALTIME", "LOCALTIMESTAMP", "ARRAY", "MAP", "ROW"};
    bool is_field = false;
    for (uint32_t i = 0; i < parser->scope->n; i++)
        is_field |= mr_schema_find(parser->scope->sources[i].schema, token->text) >= 0;
    for (size_t i = 0; i < sizeof refused / sizeof *refused && !is_field; i++)
        if (mr_sql_is(parser, refused[i]))
            return mr_sql_fail(parser, token->offset, "'%s' is not supported", refused[i]);
    if (!is_call) return read_column(parser, out);
    parser->at += 2;
    return mr_sql_call(parser, token->text, token->offset, out);
}

static bool read_primary(struct mr_sql_parser *parser, struct mr_sql_term *out)
{
    const struct mr_sql_token *token = mr_sql_peek(parser);
    *out = (struct mr_sql_term){.type = MR_TYPE_NULL, .offset = token->offset, .field = -1};
    if (token->kind == MR_SQL_TEXT) return read_text(parser, out);
    if (token->kind == MR_SQL_INT || token->kind == MR_SQL_FLOAT)
        return read_number(parser, out);
    if (token->kind == MR_SQL_QUOTED) return read_column(parser, out);
    if (token->kind == MR_SQL_NAME) return read_word(parser, out);
    if (!mr_sql_take(parser, "(")) return mr_sql_unexpected(parser, "an expression");
    if (mr_sql_is(parser, "SELECT"))
        return mr_sql_fail(
            parser, token->offset, "a SELECT inside of an expression is not supported");
    if (!mr_sql_expression(parser, out) || !mr_sql_need(parser, ")")) return false;
    out->sql = mr_sql_print(parser, "(%s)", out->sql);
    return true;
}

static bool read_unary(struct mr_sql_parser *parser, struct mr_sql_term *out)
{
    uint32_t offset = mr_sql_peek(parser)->offset;
    bool is_minus = mr_sql_is(parser, "-");
    if (!is_minus && !mr_sql_is(parser, "+")) return read_primary(parser, out);
    parser->at++;
    if (parser->depth++ > MR_SQL_DEPTH_MAX)
        return mr_sql_fail(parser, offset, "the expression is nested too deeply");
    if (!read_unary(parser, out)) return false;
    parser->depth--;
    if (!is_number(out))
        return mr_sql_fail(
            parser, offset, "type mismatch: the sign of %s", mr_type_name(out->type));
    if (is_minus)
        out->sql = out->type == MR_TYPE_INT ? mr_sql_print(parser, "mr_sub(0, %s)", out->sql)
                                            : mr_sql_print(parser, "(- %s)", out->sql);
    out->name = NULL;
    out->field = -1;
    out->offset = offset;
    return true;
}

/* Whole numbers go through functions of ours: they must not become floats unseen. */
static bool combine(struct mr_sql_parser *parser, const char *symbol, struct mr_sql_term *a,
    const struct mr_sql_term *b)
{
    bool is_concat = strcmp(symbol, "||") == 0;
    bool fits = is_concat ? is_text(a) && is_text(b) : is_number(a) && is_number(b);
    if (!fits) return fail_types(parser, b->offset, mr_sql_print(parser, "'%s'", symbol), a, b);
    bool is_float = a->type == MR_TYPE_FLOAT || b->type == MR_TYPE_FLOAT;
    struct mr_sql_term made = made_of(a, b,
        is_concat  ? MR_TYPE_STRING
        : is_float ? MR_TYPE_FLOAT
                   : MR_TYPE_INT);
    const char *function = strcmp(symbol, "+") == 0   ? "mr_add"
                           : strcmp(symbol, "-") == 0 ? "mr_sub"
                           : strcmp(symbol, "*") == 0 ? "mr_mul"
                           : strcmp(symbol, "/") == 0 ? "mr_div"
                                                      : "mr_mod";
    bool is_written = is_concat || (is_float && strchr("+-*", symbol[0]));
    if (is_float && strcmp(symbol, "%") == 0) return fail_types(parser, b->offset, "'%'", a, b);
    made.sql = is_written ? mr_sql_print(parser, "(%s %s %s)", a->sql, symbol, b->sql)
                          : mr_sql_print(parser, "%s(%s, %s)", function, a->sql, b->sql);
    *a = made;
    return true;
}

static const char *take_one_of(
    struct mr_sql_parser *parser, const char *const *symbols, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (mr_sql_take(parser, symbols[i])) return symbols[i];
    return NULL;
}

static bool read_product(struct mr_sql_parser *parser, struct mr_sql_term *out)
{
    static const char *const symbols[] = {"*", "/", "%"};
    const char *symbol;
    struct mr_sql_term next;
    if (!read_unary(parser, out)) return false;
    while ((symbol = take_one_of(parser, symbols, 3)))
        if (!read_unary(parser, &next) || !combine(parser, symbol, out, &next)) return false;
    return true;
}

static bool read_sum(struct mr_sql_parser *parser, struct mr_sql_term *out)
{
    static const char *const symbols[] = {"+", "-", "||"};
    const char *symbol;
    struct mr_sql_term next;
    if (!read_product(parser, out)) return false;
    while ((symbol = take_one_of(parser, symbols, 3)))
        if (!read_product(parser, &next) || !combine(parser, symbol, out, &next)) return false;
    return true;
}

static bool make_comparison(struct mr_sql_parser *parser, const char *symbol,
    struct mr_sql_term *a, const struct mr_sql_term *b)
{
    if (!is_comparable(a, b))
        return fail_types(parser, b->offset, mr_sql_print(parser, "'%s'", symbol), a, b);
    struct mr_sql_term made = made_of(a, b, MR_TYPE_BOOL);
    made.sql = mr_sql_print(parser, "(%s %s %s)", a->sql, symbol, b->sql);
    *a = made;
    return true;
}

static bool read_like(struct mr_sql_parser *parser, const char *no, struct mr_sql_term *a)
{
    struct mr_sql_term b, escape = {.sql = NULL};
    if (!read_sum(parser, &b) || (mr_sql_take(parser, "ESCAPE") && !read_sum(parser, &escape)))
        return false;
    if (!is_text(a) || !is_text(&b)) return fail_types(parser, b.offset, "LIKE", a, &b);
    struct mr_sql_term made = made_of(a, &b, MR_TYPE_BOOL);
    made.sql = mr_sql_print(parser, "(%s %sLIKE %s%s%s)", a->sql, no, b.sql,
        escape.sql ? " ESCAPE " : "", escape.sql ? escape.sql : "");
    *a = made;
    return true;
}

static bool read_between(struct mr_sql_parser *parser, const char *no, struct mr_sql_term *a)
{
    struct mr_sql_term low, high;
    if (!read_sum(parser, &low) || !mr_sql_need(parser, "AND") || !read_sum(parser, &high))
        return false;
    if (!is_comparable(a, &low)) return fail_types(parser, low.offset, "BETWEEN", a, &low);
    if (!is_comparable(a, &high)) return fail_types(parser, high.offset, "BETWEEN", a, &high);
    struct mr_sql_term both = made_of(&low, &high, MR_TYPE_BOOL);
    struct mr_sql_term made = made_of(a, &both, MR_TYPE_BOOL);
    made.sql = mr_sql_print(parser, "(%s %sBETWEEN %s AND %s)", a->sql, no, low.sql, high.sql);
    *a = made;
    return true;
}

static bool read_in(struct mr_sql_parser *parser, const char *no, struct mr_sql_term *a)
{
    if (!mr_sql_need(parser, "(")) return false;
    if (mr_sql_is(parser, "SELECT"))
        return mr_sql_fail(parser, mr_sql_peek(parser)->offset,
            "a SELECT inside of an expression is not supported");
    struct mr_sql_term made = made_of(a, a, MR_TYPE_BOOL);
    const char *sql = "";
    do {
        struct mr_sql_term item;
        if (!mr_sql_expression(parser, &item)) return false;
        if (!is_comparable(a, &item)) return fail_types(parser, item.offset, "IN", a, &item);
        sql = mr_sql_print(parser, "%s%s%s", sql, sql[0] ? ", " : "", item.sql);
        made.is_nullable |= item.is_nullable;
        made.has_aggregate |= item.has_aggregate;
    } while (mr_sql_take(parser, ","));
    made.sql = mr_sql_print(parser, "(%s %sIN (%s))", a->sql, no, sql);
    *a = made;
    return mr_sql_need(parser, ")");
}

/* IS [NOT] NULL, TRUE, FALSE */
static bool read_is(struct mr_sql_parser *parser, struct mr_sql_term *a)
{
    const char *no = mr_sql_take(parser, "NOT") ? "NOT " : "";
    struct mr_sql_term made = made_of(a, a, MR_TYPE_BOOL);
    made.is_nullable = false;
    if (mr_sql_take(parser, "NULL")) {
        made.sql = mr_sql_print(parser, "(%s IS %sNULL)", a->sql, no);
    } else {
        if (!mr_sql_is(parser, "TRUE") && !mr_sql_is(parser, "FALSE"))
            return mr_sql_unexpected(parser, "NULL, TRUE or FALSE");
        const char *value = mr_sql_take(parser, "TRUE") ? "TRUE" : (parser->at++, "FALSE");
        if (a->type != MR_TYPE_BOOL)
            return mr_sql_fail(
                parser, a->offset, "type mismatch: IS %s of %s", value, mr_type_name(a->type));
        made.sql = mr_sql_print(parser, "(%s IS %s%s)", a->sql, no, value);
    }
    *a = made;
    return true;
}

static bool read_predicate(struct mr_sql_parser *parser, struct mr_sql_term *out)
{
    static const char *const symbols[] = {"=", "<>", "!=", "<=", ">=", "<", ">"};
    struct mr_sql_term next;
    if (!read_sum(parser, out)) return false;
    for (;;) {
        const char *symbol = take_one_of(parser, symbols, 7);
        if (symbol) {
            if (!read_sum(parser, &next) || !make_comparison(parser, symbol, out, &next))
                return false;
            continue;
        }
        if (mr_sql_take(parser, "IS")) {
            if (!read_is(parser, out)) return false;
            continue;
        }
        const char *no = mr_sql_take(parser, "NOT") ? "NOT " : "";
        if (mr_sql_take(parser, "LIKE")) return read_like(parser, no, out);
        if (mr_sql_take(parser, "BETWEEN")) return read_between(parser, no, out);
        if (mr_sql_take(parser, "IN")) return read_in(parser, no, out);
        return !no[0] || mr_sql_unexpected(parser, "LIKE, BETWEEN or IN");
    }
}

static bool check_truth(
    struct mr_sql_parser *parser, const char *what, const struct mr_sql_term *term)
{
    if (term->type == MR_TYPE_BOOL || term->type == MR_TYPE_NULL) return true;
    return mr_sql_fail(parser, term->offset, "type mismatch: %s needs a boolean, not %s", what,
        mr_type_name(term->type));
}

static bool read_not(struct mr_sql_parser *parser, struct mr_sql_term *out)
{
    uint32_t offset = mr_sql_peek(parser)->offset;
    if (!mr_sql_take(parser, "NOT")) return read_predicate(parser, out);
    if (parser->depth++ > MR_SQL_DEPTH_MAX)
        return mr_sql_fail(parser, offset, "the expression is nested too deeply");
    if (!read_not(parser, out) || !check_truth(parser, "NOT", out)) return false;
    parser->depth--;
    struct mr_sql_term made = made_of(out, out, MR_TYPE_BOOL);
    made.sql = mr_sql_print(parser, "(NOT %s)", out->sql);
    *out = made;
    return true;
}

static bool read_and(struct mr_sql_parser *parser, struct mr_sql_term *out)
{
    struct mr_sql_term next;
    if (!read_not(parser, out)) return false;
    while (mr_sql_take(parser, "AND")) {
        if (!read_not(parser, &next) || !check_truth(parser, "AND", out) ||
            !check_truth(parser, "AND", &next))
            return false;
        struct mr_sql_term made = made_of(out, &next, MR_TYPE_BOOL);
        made.sql = mr_sql_print(parser, "(%s AND %s)", out->sql, next.sql);
        *out = made;
    }
    return true;
}

bool mr_sql_expression(struct mr_sql_parser *parser, struct mr_sql_term *out)
{
    struct mr_sql_term next;
    if (parser->depth++ > MR_SQL_DEPTH_MAX)
        return mr_sql_fail(
            parser, mr_sql_peek(parser)->offset, "the expression is nested too deeply");
    if (!read_and(parser, out)) return false;
    while (mr_sql_take(parser, "OR")) {
        if (!read_and(parser, &next) || !check_truth(parser, "OR", out) ||
            !check_truth(parser, "OR", &next))
            return false;
        struct mr_sql_term made = made_of(out, &next, MR_TYPE_BOOL);
        made.sql = mr_sql_print(parser, "(%s OR %s)", out->sql, next.sql);
        *out = made;
    }
    parser->depth--;
    return true;
}

bool mr_sql_condition(struct mr_sql_parser *parser, const char *what, struct mr_sql_term *out)
{
    return mr_sql_expression(parser, out) && check_truth(parser, what, out);
}
