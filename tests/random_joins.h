/* Writers of random transforms that bring rows together: Join, JoinStreams, Sql, Lookup. */
#ifndef MR_TESTS_RANDOM_JOINS_H
#define MR_TESTS_RANDOM_JOINS_H

#include "tests/random_writing.h"

/* What a window gives once cannot be asked of windows that may give more. */
static bool random_is_whole(const struct random_stream *stream)
{
    return !stream->has_many_panes && !random_has_many_panes(stream->windowing);
}

/* A field by which rows can be found: its text is its value. */
static const struct random_field *random_pick_key(
    struct random_draws *draws, const struct random_stream *stream, int type)
{
    const struct random_field *fields[RANDOM_FIELDS_MAX];
    uint32_t n = 0;
    for (uint32_t i = 0; i < stream->n_fields; i++) {
        const struct random_field *field = &stream->fields[i];
        bool is_key = field->type == RANDOM_INT || field->type == RANDOM_STRING;
        if (is_key && (type < 0 || field->type == (enum random_type)type)) fields[n++] = field;
    }
    return n > 0 ? fields[random_draw(draws, n)] : NULL;
}

/* Up to three fields of one side, under names of their own. */
static void random_chosen(
    struct random_writing *writing, const struct random_stream *side, char alias, bool may_lack)
{
    uint32_t n = 1 + random_draw(&writing->draws, 3);
    random_say(writing->pipeline, "%c: {", alias);
    for (uint32_t i = 0; i < n && i < side->n_fields; i++) {
        const struct random_field *field = &side->fields[i];
        char name[RANDOM_NAME];
        snprintf(name, sizeof name, "j%u%c%u", writing->index, alias, i);
        random_say(writing->pipeline, "%s%s: %s", i > 0 ? ", " : "", name, field->name);
        random_add_field(
            &writing->out[0], name, field->type, field->is_nullable || may_lack);
    }
    random_say(writing->pipeline, "}");
}

/* `type`, `equalities` and `fields`. */
static void random_join_config(struct random_writing *writing, const struct random_field *left,
    const struct random_field *right, uint32_t n_types)
{
    static const char *const types[] = {"inner", "left", "right", "outer"};
    uint32_t type = random_draw(&writing->draws, n_types);
    struct random_pipeline *pipeline = writing->pipeline;
    if (strcmp(left->name, right->name) == 0 && random_draw(&writing->draws, 2))
        random_say(pipeline, "        equalities: %s\n", left->name);
    else
        random_say(
            pipeline, "        equalities: [{l: %s, r: %s}]\n", left->name, right->name);
    random_say(pipeline, "        type: %s\n        fields: {", types[type]);
    random_chosen(writing, writing->from, 'l', type >= 2);
    random_say(pipeline, ", ");
    random_chosen(writing, writing->other, 'r', type == 1 || type == 3);
    random_say(pipeline, "}\n");
    writing->out->n_joins = writing->from->n_joins + writing->other->n_joins + 1;
}

static bool random_can_join(struct random_writing *writing, const struct random_field **left,
    const struct random_field **right)
{
    const struct random_stream *from = writing->from, *other = writing->other;
    if (strcmp(from->windowing, other->windowing) != 0 || !random_is_whole(from) ||
        !random_is_whole(other) || from->n_joins + other->n_joins > 1)
        return false;
    *left = random_pick_key(&writing->draws, from, -1);
    *right = *left ? random_pick_key(&writing->draws, other, (int)(*left)->type) : NULL;
    return *right != NULL;
}

static void random_open_two(struct random_writing *writing, const char *type)
{
    const struct random_stream *from = writing->from;
    writing->from = NULL;
    random_open(writing, type);
    writing->from = from;
    writing->has_two = true;
    random_say(writing->pipeline, "      input: {l: %s, r: %s}\n", from->reference,
        writing->other->reference);
    random_flow(writing, 0);
}

static bool random_join(struct random_writing *writing)
{
    const struct random_field *left, *right;
    if (!random_can_join(writing, &left, &right)) return false;
    random_open_two(writing, "Join");
    random_say(writing->pipeline, "      config:\n");
    random_join_config(writing, left, right, 4);
    return true;
}

/* Of versions of one time the greater counts: not to be told where a float may be off. */
static bool random_has_versions(const struct random_stream *stream)
{
    for (uint32_t i = 0; i < stream->n_fields; i++)
        if (stream->fields[i].type == RANDOM_FLOAT || stream->fields[i].type > RANDOM_BOOL)
            return false;
    return true;
}

static bool random_join_streams(struct random_writing *writing)
{
    const struct random_field *left, *right;
    struct random_draws *draws = &writing->draws;
    if (!random_can_join(writing, &left, &right)) return false;
    bool is_global = strcmp(writing->from->windowing, "{type: global}") == 0;
    uint32_t kind = is_global ? random_draw(draws, 5) : 4;
    if (kind < 2 && !random_has_versions(writing->other)) kind += 2;
    uint32_t before = random_draw(draws, 4) * 10, after = random_draw(draws, 4) * 7;
    random_open_two(writing, "JoinStreams");
    random_say(writing->pipeline, "      config:\n");
    if (kind >= 2 && kind < 4)
        random_say(writing->pipeline,
            "        kind: interval\n        before: %ums\n        after: %ums\n", before,
            after);
    else
        random_say(
            writing->pipeline, "        kind: %s\n", kind == 4 ? "window" : "temporal");
    if (kind == 1) random_say(writing->pipeline, "        max_age: %ums\n", 20 + after);
    random_join_config(writing, left, right, kind < 2 ? 2 : 4);
    return true;
}

static void random_sql_two(struct random_writing *writing, const struct random_field *left,
    const struct random_field *right)
{
    struct random_pipeline *pipeline = writing->pipeline;
    struct random_stream *out = writing->out;
    const char *l = left->name, *r = right->name;
    switch (random_draw(&writing->draws, 4)) {
    case 0:
        random_say(pipeline,
            "SELECT l.`%s` AS k, COUNT(*) AS n FROM l JOIN r ON l.`%s` = r.`%s` "
            "GROUP BY l.`%s`\n",
            l, l, r, l);
        break;
    case 1:
        random_say(pipeline,
            "SELECT l.`%s` AS k, COUNT(r.`%s`) AS n FROM l LEFT JOIN r ON l.`%s` = r.`%s` "
            "GROUP BY l.`%s` HAVING COUNT(*) > 1\n",
            l, r, l, r, l);
        break;
    case 2:
        random_say(pipeline,
            "SELECT `%s` AS k, 1 AS n FROM l UNION ALL SELECT `%s`, 2 FROM r\n", l, r);
        break;
    default:
        random_say(
            pipeline, "SELECT `%s` AS k, 1 AS n FROM l EXCEPT SELECT `%s`, 1 FROM r\n", l, r);
    }
    random_add_field(
        out, "k", left->type, left->is_nullable || right->is_nullable);
    random_add_field(out, "n", RANDOM_INT, false);
    out->n_joins = writing->from->n_joins + writing->other->n_joins + 1;
}

static void random_sql_one(struct random_writing *writing, const struct random_field *key,
    const struct random_field *value)
{
    struct random_pipeline *pipeline = writing->pipeline;
    struct random_stream *out = writing->out;
    const char *k = key->name, *v = value->name;
    switch (random_draw(&writing->draws, 4)) {
    case 0:
        random_say(pipeline,
            "SELECT `%s` AS k, SUM(`%s`) AS n FROM PCOLLECTION GROUP BY `%s`\n", k, v, k);
        break;
    case 1:
        random_say(pipeline,
            "SELECT `%s` AS k, MAX(`%s`) AS n FROM PCOLLECTION WHERE `%s` > 2 GROUP BY `%s` "
            "HAVING COUNT(DISTINCT `%s`) > 1\n",
            k, v, v, k, v);
        break;
    case 2:
        random_say(pipeline, "SELECT DISTINCT `%s` AS k, `%s` AS n FROM PCOLLECTION\n", k, v);
        break;
    default:
        random_say(pipeline,
            "SELECT `%s` AS k, `%s` + 1 AS n FROM PCOLLECTION ORDER BY n DESC, k LIMIT 3\n", k,
            v);
    }
    random_add_field(out, "k", key->type, true);
    random_add_field(out, "n", RANDOM_INT, true);
}

/* What SQLite can hold. */
static bool random_is_flat(const struct random_stream *stream)
{
    for (uint32_t i = 0; i < stream->n_fields; i++)
        if (stream->fields[i].type > RANDOM_BOOL) return false;
    return true;
}

/* Over the rows of a window, of one input or two. */
static bool random_sql(struct random_writing *writing)
{
    const struct random_field *left, *right;
    struct random_draws *draws = &writing->draws;
    if (!random_is_flat(writing->from)) return false;
    if (random_draw(draws, 2)) {
        if (!random_is_flat(writing->other)) return false;
        if (!random_can_join(writing, &left, &right)) return false;
        random_open_two(writing, "Sql");
        random_say(writing->pipeline, "      config:\n        query: >-\n          ");
        random_sql_two(writing, left, right);
        return true;
    }
    left = random_pick_key(draws, writing->from, -1);
    right = random_pick(draws, writing->from, RANDOM_INT);
    if (!left || !right || !random_is_whole(writing->from)) return false;
    writing->other = NULL;
    random_open(writing, "Sql");
    random_flow(writing, 0);
    random_say(writing->pipeline, "      config:\n        query: >-\n          ");
    random_sql_one(writing, left, right);
    return true;
}

/* Rows that fail are told apart by all but floats that may be off: none must depend on those.
 * The service is that of the stress pipelines: it fails now and then, and loses answers. */
static bool random_lookup(struct random_writing *writing)
{
    struct random_draws *draws = &writing->draws;
    struct random_stream *out = writing->out;
    const struct random_field *key = random_pick_key(draws, writing->from, -1);
    if (!key || writing->from->n_fields + 2 > RANDOM_FIELDS_MAX) return false;
    if (writing->from->is_keyed) return false; /* the oracle gives such rows later than it asks */
    if (writing->from->n_joins > 0) return false; /* more rows than it can call for in time */
    for (uint32_t i = 0; i < writing->from->n_fields; i++)
        if (writing->from->fields[i].type == RANDOM_FLOAT) return false;
    static const char *const missing[] = {"'null'", "drop", "error"};
    uint32_t on_missing = random_draw(draws, 3);
    random_open(writing, "Lookup");
    random_say(writing->pipeline,
        "      config:\n        connector: names\n        key: %s\n"
        "        fields: {name: string, score: float?}\n        timeout: 15ms\n"
        "        retries: 1\n        backoff: 3ms\n        max_in_flight: %u\n"
        "        order: %s\n        on_missing: %s\n",
        key->name, 4 + random_draw(draws, 30), random_draw(draws, 2) ? "unordered" : "ordered",
        missing[on_missing]);
    if (random_draw(draws, 2)) random_say(writing->pipeline, "        cache_ttl: 30ms\n");
    random_errors(writing, 1);
    snprintf(out->reference, sizeof out->reference, "N%u.good", writing->index);
    random_same(writing, 0);
    random_add_field(out, "name", RANDOM_STRING, on_missing == 0);
    random_add_field(out, "score", RANDOM_FLOAT, true);
    return true;
}

#endif
