/* SELECT, with the names and types of Calcite's result. */
#include <string.h>

#include "engine/expression/sql_internal.h"

struct item {
    struct mr_sql_term term;
    const char *name;
    const char *text; /* as it was written */
};

struct select {
    struct mr_sql_parser *parser;
    struct mr_sql_scope scope;
    uint32_t n_items;
    struct item *items; /* [MR_FIELDS_MAX] */
    const char *from;
    const char *condition_sql; /* NULL: none */
    const char *condition;
    uint32_t n_keys;
    const char *keys[MR_FIELDS_MAX];
    const char *having;
    bool is_grouped;
    bool is_distinct;
    bool is_joined;
    bool has_aggregate;
    bool is_plain_table; /* FROM is one table of the query itself */
};

static bool select_query(
    struct mr_sql_parser *parser, struct mr_sql_shape *out, struct select *select);

static const char *text_between(const struct mr_sql_parser *parser, uint32_t from, uint32_t to)
{
    return mr_region_strndup(
        parser->compiler->region, parser->compiler->text + from, to - from);
}

/* ---- FROM ---- */

static bool is_clause(const struct mr_sql_parser *parser)
{
    static const char *const words[] = {"WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "ON",
        "USING", "JOIN", "INNER", "LEFT", "RIGHT", "FULL", "CROSS", "UNION", "EXCEPT",
        "INTERSECT", "NATURAL", "OUTER", "FETCH", "OFFSET"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (mr_sql_is(parser, words[i])) return true;
    return false;
}

static bool read_alias(struct mr_sql_parser *parser, struct mr_sql_source *source)
{
    bool has_as = mr_sql_take(parser, "AS");
    const struct mr_sql_token *token = mr_sql_peek(parser);
    bool is_name = token->kind == MR_SQL_QUOTED || token->kind == MR_SQL_NAME;
    if (!is_name || (!has_as && is_clause(parser)))
        return !has_as || mr_sql_unexpected(parser, "an alias");
    source->alias = token->text;
    parser->at++;
    return true;
}

static bool find_table(
    struct mr_sql_parser *parser, struct mr_sql_source *source, uint32_t *out)
{
    const struct mr_sql_token *token = mr_sql_peek(parser);
    const char *words[MR_SQL_SOURCES_MAX];
    if (token->kind != MR_SQL_QUOTED && token->kind != MR_SQL_NAME)
        return mr_sql_unexpected(parser, "a table");
    for (uint32_t i = 0; i < parser->n_tables; i++) {
        words[i] = parser->tables[i].name;
        if (strcmp(words[i], token->text) != 0) continue;
        source->schema = parser->tables[i].schema;
        source->alias = words[i];
        *out = i;
        parser->at++;
        return true;
    }
    mr_sql_fail(parser, token->offset, "unknown table '%s'", token->text);
    mr_err_suggest(parser->compiler->err, token->text, words, parser->n_tables);
    return false;
}

/* A table, or a SELECT in parentheses: its SQL with the name by which its columns go. */
static bool read_source(struct select *select, const char **sql)
{
    struct mr_sql_parser *parser = select->parser;
    if (select->scope.n == MR_SQL_SOURCES_MAX)
        return mr_sql_unexpected(parser, "no more than 16 tables");
    struct mr_sql_source *source = &select->scope.sources[select->scope.n];
    *source = (struct mr_sql_source){.sql = mr_sql_print(parser, "a%u", parser->n_aliases++)};
    if (mr_sql_take(parser, "(")) {
        struct mr_sql_shape inner = {0};
        struct select *nested = mr_region_new(parser->compiler->region, struct select);
        if (!select_query(parser, &inner, nested) || !mr_sql_need(parser, ")")) return false;
        struct mr_schema *schema = mr_region_new(parser->compiler->region, struct mr_schema);
        *schema = inner.schema;
        source->schema = schema;
        *sql = mr_sql_print(parser, "(%s) AS %s", inner.sql, source->sql);
        select->is_plain_table = false;
    } else {
        uint32_t table = 0;
        if (!find_table(parser, source, &table)) return false;
        *sql = mr_sql_print(parser, "t%u AS %s", table, source->sql);
        select->is_plain_table = true;
    }
    if (!read_alias(parser, source)) return false;
    select->scope.n++;
    return true;
}

/* JOIN ... ON; the comma and CROSS JOIN without a condition. */
static bool read_join(struct select *select, const char **sql)
{
    struct mr_sql_parser *parser = select->parser;
    uint32_t offset = mr_sql_peek(parser)->offset;
    bool is_comma = mr_sql_take(parser, ",");
    bool is_cross = !is_comma && mr_sql_take(parser, "CROSS");
    bool is_left = mr_sql_take(parser, "LEFT");
    bool is_right = !is_left && mr_sql_take(parser, "RIGHT");
    bool is_full = !is_left && !is_right && mr_sql_take(parser, "FULL");
    if (is_left || is_right || is_full) mr_sql_take(parser, "OUTER");
    if (!is_left && !is_right && !is_full) mr_sql_take(parser, "INNER");
    if (mr_sql_is(parser, "NATURAL"))
        return mr_sql_fail(parser, offset, "NATURAL JOIN is not supported");
    if (!is_comma && !mr_sql_need(parser, "JOIN")) return false;
    const char *right;
    uint32_t n_before = select->scope.n;
    if (!read_source(select, &right)) return false;
    select->is_joined = true;
    struct mr_sql_term on = {.sql = NULL};
    if (!is_comma && !is_cross) {
        if (mr_sql_is(parser, "USING"))
            return mr_sql_fail(
                parser, mr_sql_peek(parser)->offset, "USING is not supported: write ON");
        if (!mr_sql_need(parser, "ON") || !mr_sql_condition(parser, "ON", &on)) return false;
        if (on.has_aggregate) return mr_sql_fail(parser, on.offset, "an aggregate in ON");
    }
    for (uint32_t i = 0; i < n_before; i++)
        select->scope.sources[i].is_nullable |= is_right || is_full;
    select->scope.sources[n_before].is_nullable |= is_left || is_full;
    *sql = mr_sql_print(parser, "%s %s %s%s%s", *sql,
        is_comma || is_cross ? "CROSS JOIN"
        : is_left            ? "LEFT JOIN"
        : is_right           ? "RIGHT JOIN"
        : is_full            ? "FULL JOIN"
                             : "JOIN",
        right, on.sql ? " ON " : "", on.sql ? on.sql : "");
    return true;
}

static bool read_from(struct select *select)
{
    struct mr_sql_parser *parser = select->parser;
    static const char *const joins[] = {
        ",", "JOIN", "INNER", "LEFT", "RIGHT", "FULL", "CROSS", "NATURAL"};
    if (!mr_sql_need(parser, "FROM") || !read_source(select, &select->from)) return false;
    for (;;) {
        bool is_join = false;
        for (size_t i = 0; i < sizeof joins / sizeof *joins; i++)
            is_join |= mr_sql_is(parser, joins[i]);
        if (!is_join) return true;
        if (!read_join(select, &select->from)) return false;
    }
}

/* ---- The list ---- */

static bool add_item(struct select *select, struct item item)
{
    struct mr_sql_parser *parser = select->parser;
    if (select->n_items == MR_FIELDS_MAX)
        return mr_sql_fail(
            parser, item.term.offset, "a row has at most %d fields", MR_FIELDS_MAX);
    if (item.term.type == MR_TYPE_NULL)
        return mr_sql_fail(parser, item.term.offset, "the type of NULL is not known: CAST it");
    select->items[select->n_items++] = item;
    return true;
}

/* What Calcite calls a column: as it is said, as the column that it is, or EXPR$n. A name that
 * is taken gets a number. */
static const char *name_item(struct select *select, const char *wanted)
{
    struct mr_sql_parser *parser = select->parser;
    const char *base = wanted ? wanted : "EXPR$";
    const char *name = wanted ? wanted : mr_sql_print(parser, "EXPR$%u", select->n_items);
    for (uint32_t n = 0, i = 0; i < select->n_items; i++) {
        if (strcmp(select->items[i].name, name) != 0) continue;
        name = mr_sql_print(parser, "%s%u", base, n++);
        i = UINT32_MAX; /* from the first one again */
    }
    return name;
}

/* `*`, or `alias.*`. */
static bool add_star(struct select *select, const char *alias, uint32_t offset)
{
    struct mr_sql_parser *parser = select->parser;
    bool is_found = false;
    for (uint32_t i = 0; i < select->scope.n; i++) {
        const struct mr_sql_source *source = &select->scope.sources[i];
        if (alias && (!source->alias || strcmp(source->alias, alias) != 0)) continue;
        is_found = true;
        for (uint32_t k = 0; k < source->schema->n_fields; k++) {
            const struct mr_field *field = &source->schema->fields[k];
            struct mr_sql_term term = {.sql = mr_sql_print(parser, "%s.c%u", source->sql, k),
                .type = field->type,
                .is_nullable = field->is_nullable || source->is_nullable,
                .offset = offset,
                .name = field->name,
                .field = -1};
            if (!parser->in_aggregate &&
                parser->n_bare < sizeof parser->bare / sizeof *parser->bare)
                parser->bare[parser->n_bare++] = (struct mr_sql_bare){term.sql, offset};
            struct item item = {.term = term,
                .name = name_item(select, field->name),
                .text = mr_sql_print(parser, "`%s`", field->name)};
            if (!add_item(select, item)) return false;
        }
    }
    return is_found || mr_sql_fail(parser, offset, "unknown table '%s'", alias);
}

static bool read_item(struct select *select)
{
    struct mr_sql_parser *parser = select->parser;
    const struct mr_sql_token *first = mr_sql_peek(parser);
    if (mr_sql_take(parser, "*")) return add_star(select, NULL, first->offset);
    bool is_name = first->kind == MR_SQL_NAME || first->kind == MR_SQL_QUOTED;
    if (is_name && strcmp(first[1].text, ".") == 0 && first[1].kind == MR_SQL_SYMBOL &&
        strcmp(first[2].text, "*") == 0 && first[2].kind == MR_SQL_SYMBOL) {
        parser->at += 3;
        return add_star(select, first->text, first->offset);
    }
    struct item item = {.name = NULL};
    if (!mr_sql_expression(parser, &item.term)) return false;
    item.text = text_between(parser, first->offset, parser->tokens[parser->at - 1].end);
    const char *wanted = item.term.name;
    bool has_as = mr_sql_take(parser, "AS");
    const struct mr_sql_token *alias = mr_sql_peek(parser);
    if (alias->kind == MR_SQL_QUOTED ||
        (alias->kind == MR_SQL_NAME && (has_as || !mr_sql_is(parser, "FROM")))) {
        wanted = alias->text;
        parser->at++;
    } else if (has_as) {
        return mr_sql_unexpected(parser, "a name");
    }
    item.name = name_item(select, wanted);
    return add_item(select, item);
}

static bool read_list(struct select *select)
{
    do
        if (!read_item(select)) return false;
    while (mr_sql_take(select->parser, ","));
    return true;
}

/* ---- Groups ---- */

static bool read_group(struct select *select)
{
    struct mr_sql_parser *parser = select->parser;
    select->is_grouped = true;
    do {
        struct mr_sql_term key;
        const struct mr_sql_token *token = mr_sql_peek(parser);
        if (token->kind == MR_SQL_INT)
            return mr_sql_fail(parser, token->offset, "GROUP BY a number is not supported");
        if (select->n_keys == MR_FIELDS_MAX)
            return mr_sql_unexpected(parser, "no more than 64 keys");
        if (!mr_sql_expression(parser, &key)) return false;
        if (key.has_aggregate)
            return mr_sql_fail(parser, key.offset, "an aggregate in GROUP BY");
        select->keys[select->n_keys++] = key.sql;
    } while (mr_sql_take(parser, ","));
    return true;
}

static bool is_key(const struct select *select, const char *sql)
{
    for (uint32_t i = 0; i < select->n_keys; i++)
        if (strcmp(select->keys[i], sql) == 0) return true;
    return false;
}

/* SQLite would take the value of any row. */
static bool check_grouped(struct select *select, const struct mr_sql_bare *bare, uint32_t n)
{
    struct mr_sql_parser *parser = select->parser;
    for (uint32_t i = 0; i < n; i++) {
        bool is_known = is_key(select, bare[i].sql);
        /* A key may be a whole expression, which stands in the list. */
        for (uint32_t k = 0; k < select->n_items && !is_known; k++) {
            const struct mr_sql_term *term = &select->items[k].term;
            is_known = is_key(select, term->sql) && strstr(term->sql, bare[i].sql);
        }
        if (!is_known)
            return mr_sql_fail(parser, bare[i].offset,
                "a column that is neither grouped by nor in an aggregate");
    }
    return true;
}

static bool finish_groups(struct select *select, const struct mr_sql_bare *bare, uint32_t n)
{
    for (uint32_t i = 0; i < select->n_items; i++)
        select->has_aggregate |= select->items[i].term.has_aggregate;
    if (!select->is_grouped && !select->has_aggregate && !select->having) return true;
    return check_grouped(select, bare, n);
}

/* ---- The whole ---- */

static bool read_clauses(struct select *select)
{
    struct mr_sql_parser *parser = select->parser;
    struct mr_sql_term term;
    if (mr_sql_take(parser, "WHERE")) {
        uint32_t first = mr_sql_peek(parser)->offset;
        if (!mr_sql_condition(parser, "WHERE", &term)) return false;
        if (term.has_aggregate)
            return mr_sql_fail(parser, term.offset, "an aggregate in WHERE");
        select->condition_sql = term.sql;
        select->condition = text_between(parser, first, parser->tokens[parser->at - 1].end);
    }
    if (mr_sql_take(parser, "GROUP") && (!mr_sql_need(parser, "BY") || !read_group(select)))
        return false;
    return true;
}

/* The list stands before what its names mean: it is read after the rest. */
static bool read_select(struct mr_sql_parser *parser, struct select *select)
{
    *select = (struct select){.parser = parser,
        .items = mr_region_array(parser->compiler->region, struct item, MR_FIELDS_MAX)};
    struct mr_sql_scope *outer = parser->scope;
    if (!mr_sql_need(parser, "SELECT")) return false;
    select->is_distinct = mr_sql_take(parser, "DISTINCT");
    if (!select->is_distinct) mr_sql_take(parser, "ALL");
    uint32_t list_at = parser->at, depth = 0;
    while (
        mr_sql_peek(parser)->kind != MR_SQL_END && (depth > 0 || !mr_sql_is(parser, "FROM"))) {
        if (mr_sql_is(parser, "(")) depth++;
        if (mr_sql_is(parser, ")") && depth-- == 0) break;
        parser->at++;
    }
    parser->scope = &select->scope;
    if (!read_from(select) || !read_clauses(select)) return false;
    uint32_t rest_at = parser->at;
    parser->at = list_at;
    parser->n_bare = 0;
    if (!read_list(select)) return false;
    if (!mr_sql_is(parser, "FROM")) return mr_sql_unexpected(parser, "',' or FROM");
    parser->at = rest_at;
    if (mr_sql_take(parser, "HAVING")) {
        struct mr_sql_term having;
        if (!mr_sql_condition(parser, "HAVING", &having)) return false;
        select->having = having.sql;
    }
    if (!finish_groups(select, parser->bare, parser->n_bare)) return false;
    parser->scope = outer;
    return true;
}

static const char *write_select(const struct select *select)
{
    struct mr_sql_parser *parser = select->parser;
    const char *sql = select->is_distinct ? "SELECT DISTINCT " : "SELECT ";
    for (uint32_t i = 0; i < select->n_items; i++)
        sql = mr_sql_print(
            parser, "%s%s%s AS c%u", sql, i > 0 ? ", " : "", select->items[i].term.sql, i);
    sql = mr_sql_print(parser, "%s FROM %s", sql, select->from);
    if (select->condition_sql)
        sql = mr_sql_print(parser, "%s WHERE %s", sql, select->condition_sql);
    for (uint32_t i = 0; i < select->n_keys; i++)
        sql = mr_sql_print(parser, "%s%s%s", sql, i > 0 ? ", " : " GROUP BY ", select->keys[i]);
    if (select->having) sql = mr_sql_print(parser, "%s HAVING %s", sql, select->having);
    return sql;
}

static void set_schema(const struct select *select, struct mr_sql_shape *out)
{
    struct mr_region *region = select->parser->compiler->region;
    struct mr_field *fields = mr_region_array(region, struct mr_field, select->n_items);
    for (uint32_t i = 0; i < select->n_items; i++) {
        const struct mr_sql_term *term = &select->items[i].term;
        fields[i] = (struct mr_field){.name = select->items[i].name,
            .type = term->type,
            /* SQLite takes a NaN for a null. */
            .is_nullable = term->is_nullable || term->type == MR_TYPE_FLOAT};
    }
    out->schema = (struct mr_schema){.n_fields = select->n_items, .fields = fields};
}

/* UNION and the like: the columns must be of the same types. */
static bool read_set(struct mr_sql_parser *parser, struct mr_sql_shape *out)
{
    static const char *const words[] = {"UNION", "EXCEPT", "INTERSECT"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!mr_sql_take(parser, words[i])) continue;
        bool is_all = mr_sql_take(parser, "ALL");
        uint32_t offset = mr_sql_peek(parser)->offset;
        if (is_all && i > 0)
            return mr_sql_fail(parser, offset, "%s ALL is not supported", words[i]);
        struct mr_sql_shape right = {0};
        struct select *select = mr_region_new(parser->compiler->region, struct select);
        if (!read_select(parser, select)) return false;
        set_schema(select, &right);
        if (right.schema.n_fields != out->schema.n_fields)
            return mr_sql_fail(parser, offset, "%s of %u columns and %u", words[i],
                out->schema.n_fields, right.schema.n_fields);
        struct mr_field *fields =
            mr_region_array(parser->compiler->region, struct mr_field, right.schema.n_fields);
        for (uint32_t k = 0; k < right.schema.n_fields; k++) {
            fields[k] = out->schema.fields[k];
            fields[k].is_nullable |= right.schema.fields[k].is_nullable;
            if (fields[k].type != right.schema.fields[k].type)
                return mr_sql_fail(parser, offset, "type mismatch: %s of %s and %s", words[i],
                    mr_type_name(fields[k].type), mr_type_name(right.schema.fields[k].type));
        }
        out->schema.fields = fields;
        out->sql = mr_sql_print(parser, "%s %s%s %s", out->sql, words[i], is_all ? " ALL" : "",
            write_select(select));
        out->is_row_wise = false;
        return read_set(parser, out);
    }
    return true;
}

/* Of the result: its names, or its numbers. */
static bool read_order(struct mr_sql_parser *parser, struct mr_sql_shape *out)
{
    uint32_t offset = mr_sql_peek(parser)->offset;
    const char *sql = "";
    if (!mr_sql_need(parser, "BY")) return false;
    do {
        const struct mr_sql_token *token = mr_sql_peek(parser);
        int field = token->kind == MR_SQL_NAME || token->kind == MR_SQL_QUOTED
                        ? mr_schema_find(&out->schema, token->text)
                        : -1;
        if (field < 0)
            return mr_sql_fail(parser, token->offset,
                "ORDER BY takes columns of the result, not '%s'", token->text);
        parser->at++;
        bool is_down = mr_sql_take(parser, "DESC");
        if (!is_down) mr_sql_take(parser, "ASC");
        const char *nulls =
            is_down ? " NULLS FIRST" : " NULLS LAST"; /* Calcite: a null is the highest */
        if (mr_sql_take(parser, "NULLS")) {
            nulls = mr_sql_is(parser, "FIRST") ? " NULLS FIRST" : " NULLS LAST";
            if (!mr_sql_take(parser, "FIRST") && !mr_sql_need(parser, "LAST")) return false;
        }
        sql = mr_sql_print(parser, "%s%sc%d%s%s", sql, sql[0] ? ", " : "", field,
            is_down ? " DESC" : "", nulls);
    } while (mr_sql_take(parser, ","));
    if (!mr_sql_is(parser, "LIMIT"))
        return mr_sql_fail(parser, offset, "ORDER BY without a LIMIT is not supported");
    /* Rows that are equal in what is asked for come in the order of all the rest. */
    for (uint32_t i = 0; i < out->schema.n_fields; i++)
        sql = mr_sql_print(parser, "%s, c%u", sql, i);
    out->sql = mr_sql_print(parser, "SELECT * FROM (%s) ORDER BY %s", out->sql, sql);
    return true;
}

static bool read_limit(struct mr_sql_parser *parser, struct mr_sql_shape *out, bool is_ordered)
{
    const struct mr_sql_token *token = mr_sql_peek(parser);
    if (token->kind != MR_SQL_INT) return mr_sql_unexpected(parser, "a number");
    parser->at++;
    out->is_row_wise = false;
    const char *order = "";
    for (uint32_t i = 0; i < out->schema.n_fields; i++)
        order = mr_sql_print(parser, "%s%sc%u", order, i > 0 ? ", " : "", i);
    out->sql = is_ordered ? mr_sql_print(parser, "%s LIMIT %s", out->sql, token->text)
                          : mr_sql_print(parser, "SELECT * FROM (%s) ORDER BY %s LIMIT %s",
                                out->sql, order, token->text);
    return true;
}

static bool select_query(
    struct mr_sql_parser *parser, struct mr_sql_shape *out, struct select *select)
{
    if (parser->depth++ > MR_SQL_DEPTH_MAX)
        return mr_sql_fail(
            parser, mr_sql_peek(parser)->offset, "the query is nested too deeply");
    if (!read_select(parser, select)) return false;
    set_schema(select, out);
    out->sql = write_select(select);
    out->is_row_wise = select->is_plain_table && !select->is_joined && !select->is_grouped &&
                       !select->has_aggregate && !select->is_distinct && !select->having;
    if (!read_set(parser, out)) return false;
    bool is_ordered = mr_sql_take(parser, "ORDER");
    if (is_ordered && !read_order(parser, out)) return false;
    if (mr_sql_take(parser, "LIMIT") && !read_limit(parser, out, is_ordered)) return false;
    parser->depth--;
    return true;
}

bool mr_sql_query_parse(struct mr_sql_parser *parser, struct mr_sql_shape *out)
{
    struct select *select = mr_region_new(parser->compiler->region, struct select);
    if (mr_sql_is(parser, "WITH"))
        return mr_sql_fail(parser, mr_sql_peek(parser)->offset, "'WITH' is not supported");
    if (!select_query(parser, out, select)) return false;
    mr_sql_take(parser, ";");
    if (mr_sql_peek(parser)->kind != MR_SQL_END) return mr_sql_unexpected(parser, "the end");
    const char **items =
        mr_region_array(parser->compiler->region, const char *, select->n_items);
    for (uint32_t i = 0; i < select->n_items; i++) items[i] = select->items[i].text;
    out->n_items = select->n_items;
    out->items = items;
    out->condition = select->condition;
    out->alias = select->scope.n == 1 ? select->scope.sources[0].alias : NULL;
    return true;
}
