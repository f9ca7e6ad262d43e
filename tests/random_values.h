/* Writers of random transforms over values with values inside, and of functions in Python and
 * expressions in SQL. */
#ifndef MR_TESTS_RANDOM_VALUES_H
#define MR_TESTS_RANDOM_VALUES_H

#include "tests/random_writing.h"

/* A field that a function makes of an integer. */
static void random_made(struct random_writing *writing, const char *from, uint32_t i)
{
    struct random_pipeline *pipeline = writing->pipeline;
    enum random_type type = RANDOM_LIST;
    bool is_nullable = false;
    char name[RANDOM_NAME];
    snprintf(name, sizeof name, "v%u", i);
    random_say(pipeline, "          %s: ", name);
    switch (random_draw(&writing->draws, 7)) {
    case 0:
        random_say(pipeline,
            "{callable: 'lambda row: list(range(row.%s %% 4))', output_type: [integer]}\n",
            from);
        break;
    case 1:
        random_say(pipeline,
            "{callable: 'lambda row: [row.%s, row.%s // 3]', output_type: [integer]}\n", from,
            from);
        break;
    case 2:
        type = RANDOM_ANY;
        random_say(pipeline,
            "{callable: 'lambda row: row.%s if row.%s %% 2 else str(row.%s)', "
            "output_type: any}\n",
            from, from, from);
        break;
    case 3:
        type = RANDOM_ROW;
        random_say(pipeline,
            "{callable: 'lambda row: beam.Row(a=row.%s, b=str(row.%s))', output_type: {type: "
            "object, properties: {a: integer, b: string}, required: [a, b]}}\n",
            from, from);
        break;
    case 4:
        type = RANDOM_INT;
        random_say(pipeline, "{expression: '%s ** 2 %% 97', output_type: integer}\n", from);
        break;
    case 5:
        type = RANDOM_STRING;
        is_nullable = true;
        random_say(pipeline,
            "{callable: 'lambda row: None if row.%s %% 5 == 0 else hex(row.%s)', output_type: "
            "{type: string, nullable: true}}\n",
            from, from);
        break;
    default:
        type = RANDOM_STRING;
        random_say(pipeline, "\"f'{%s:+d}'.zfill(5)\"\n", from);
    }
    random_add_field(writing->out, name, type, is_nullable);
}

static bool random_nest(struct random_writing *writing)
{
    const struct random_field *from = random_pick(&writing->draws, writing->from, RANDOM_INT);
    if (!from) return false;
    const struct random_field *kept = random_pick(&writing->draws, writing->from, -1);
    random_open(writing, "MapToFields");
    random_flow(writing, 0);
    random_say(writing->pipeline,
        "      config:\n        language: python\n        fields:\n          kept: %s\n",
        kept->name);
    random_add_field(writing->out, "kept", kept->type, false);
    uint32_t n = 1 + random_draw(&writing->draws, 3);
    for (uint32_t i = 0; i < n; i++) random_made(writing, from->name, i);
    return true;
}

/* What is inside of a value becomes a field. */
static bool random_unpack(struct random_writing *writing)
{
    struct random_draws *draws = &writing->draws;
    int type = RANDOM_LIST + (int)random_draw(draws, 3);
    const struct random_field *field = random_pick(draws, writing->from, type);
    if (!field) return false;
    if (writing->from->n_fields == RANDOM_FIELDS_MAX) return false;
    random_open(writing, "MapToFields");
    random_same(writing, 0);
    char name[RANDOM_NAME], text[64];
    snprintf(name, sizeof name, "u%u", writing->index);
    if (type == RANDOM_ROW)
        snprintf(text, sizeof text, "%s.a + 1", field->name);
    else if (type == RANDOM_LIST)
        snprintf(text, sizeof text, "len(%s)", field->name);
    else
        snprintf(text, sizeof text, "len(str(%s))", field->name);
    random_say(writing->pipeline,
        "      config: {language: python, append: true, fields: {%s: {expression: '%s', "
        "output_type: integer}}}\n",
        name, text);
    random_add_field(writing->out, name, RANDOM_INT, false);
    return true;
}

static bool random_explode(struct random_writing *writing)
{
    struct random_draws *draws = &writing->draws;
    const struct random_field *one = random_pick(draws, writing->from, RANDOM_LIST);
    const struct random_field *two = random_pick(draws, writing->from, RANDOM_LIST);
    if (!one) return false;
    bool is_cross = random_draw(draws, 2);
    random_open(writing, "Explode");
    random_same(writing, 0);
    if (one == two)
        random_say(writing->pipeline, "      config: {fields: %s}\n", one->name);
    else
        random_say(writing->pipeline,
            "      config: {fields: [%s, %s], cross_product: %s}\n", one->name, two->name,
            is_cross ? "true" : "false");
    for (uint32_t i = 0; i < writing->out->n_fields; i++) {
        struct random_field *field = &writing->out->fields[i];
        if (strcmp(field->name, one->name) != 0 && strcmp(field->name, two->name) != 0)
            continue;
        field->type = RANDOM_INT;
        field->is_nullable = one != two && !is_cross;
    }
    return true;
}

static bool random_log(struct random_writing *writing)
{
    random_open(writing, "LogForTesting");
    random_same(writing, 0);
    random_say(writing->pipeline, "      config: {level: %s, prefix: 'row '}\n",
        random_draw(&writing->draws, 2) ? "DEBUG" : "INFO");
    return true;
}

/* ---- language: sql ---- */

static void random_sql_field(struct random_writing *writing, uint32_t i)
{
    struct random_pipeline *pipeline = writing->pipeline;
    const struct random_field *field = random_pick(&writing->draws, writing->from, RANDOM_INT);
    enum random_type type = RANDOM_INT;
    bool is_nullable = false;
    char name[RANDOM_NAME];
    const char *a = field->name;
    snprintf(name, sizeof name, "q%u", i);
    switch (random_draw(&writing->draws, 6)) {
    case 0:
        random_say(pipeline, "          %s: \"`%s`\"\n", name, a);
        break;
    case 1:
        random_say(pipeline, "          %s: \"`%s` * 3 - 1\"\n", name, a);
        break;
    case 2:
        random_say(
            pipeline, "          %s: \"CASE WHEN `%s` > 5 THEN 1 ELSE 0 END\"\n", name, a);
        break;
    case 3:
        type = RANDOM_STRING;
        is_nullable = true;
        random_say(pipeline, "          %s: \"'#' || CAST(`%s` AS VARCHAR)\"\n", name, a);
        break;
    case 4:
        is_nullable = true;
        random_say(pipeline, "          %s: \"NULLIF(MOD(`%s`, 4), 1)\"\n", name, a);
        break;
    default:
        is_nullable = true;
        random_say(pipeline, "          %s: \"COALESCE(`%s`, 7) / 2\"\n", name, a);
    }
    random_add_field(writing->out, name, type, is_nullable);
}

/* A Filter, a MapToFields, or a Sql that does both row by row. */
static bool random_in_sql(struct random_writing *writing)
{
    struct random_draws *draws = &writing->draws;
    struct random_pipeline *pipeline = writing->pipeline;
    const struct random_field *field = random_pick(draws, writing->from, RANDOM_INT);
    if (!field) return false;
    uint32_t which = random_draw(draws, 3);
    uint32_t bound = random_draw(draws, 12);
    if (which == 0) {
        random_open(writing, "MapToFields");
        random_flow(writing, 0);
        random_say(pipeline, "      config:\n        language: sql\n        fields:\n");
        uint32_t n = 1 + random_draw(draws, 3);
        for (uint32_t i = 0; i < n; i++) random_sql_field(writing, i);
    } else if (which == 1) {
        random_open(writing, "Filter");
        random_same(writing, 0);
        random_say(pipeline, "      config: {language: sql, keep: \"`%s` BETWEEN %u AND 15\"}\n",
            field->name, bound);
    } else {
        random_open(writing, "Sql");
        random_flow(writing, 0);
        random_say(pipeline,
            "      config: {query: \"SELECT `%s` AS k, `%s` + 1 AS n FROM PCOLLECTION WHERE "
            "`%s` > %u\"}\n",
            field->name, field->name, field->name, bound);
        random_add_field(writing->out, "k", RANDOM_INT, false);
        random_add_field(writing->out, "n", RANDOM_INT, true);
    }
    return true;
}

#endif
