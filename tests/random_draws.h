/* What pipelines that are drawn at random are made of: streams with their fields, nodes, and the
 * draws of a node. */
#ifndef MR_TESTS_RANDOM_DRAWS_H
#define MR_TESTS_RANDOM_DRAWS_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"

enum {
    RANDOM_NODES_MAX = 12,
    RANDOM_OUTPUTS_MAX = 4,
    RANDOM_FIELDS_MAX = 12,
    RANDOM_TEXT = 16384,
    RANDOM_NAME = 24,
};

enum random_type {
    RANDOM_INT,
    RANDOM_FLOAT,
    RANDOM_STRING,
    RANDOM_TIME,
    RANDOM_BOOL,
    RANDOM_LIST, /* of integers, and those behind it: with values inside */
    RANDOM_ANY,  /* an integer or a string */
    RANDOM_ROW,  /* a: integer, b: string */
};

struct random_field {
    char name[RANDOM_NAME];
    enum random_type type;
    bool is_nullable;
};

/* What flows out of an output. */
struct random_stream {
    char reference[2 * RANDOM_NAME]; /* as other transforms name it; "" where there is no such
                                        output */
    uint32_t n_fields;
    struct random_field fields[RANDOM_FIELDS_MAX];
    char windowing[256]; /* how its rows are windowed, as text: equal texts are equal windowings
                         */
    bool is_failed;     /* rows of an error output */
    bool is_consumed;
    bool is_retracting;  /* rows may be taken back */
    bool has_many_panes; /* of a window and key, from a Combine upstream */
    bool is_keyed;       /* state by key lies upstream */
    uint32_t n_joins;    /* upstream: each may multiply the rows */
};

enum random_kind {
    RANDOM_MAP,
    RANDOM_FILTER,
    RANDOM_WINDOW,
    RANDOM_COMBINE,
    RANDOM_FLATTEN,
    RANDOM_ASSIGN,
    RANDOM_PARTITION,
    RANDOM_RESHUFFLE,
    RANDOM_EXTRACT,
    RANDOM_VALIDATE,
    RANDOM_STRIP,
    RANDOM_KEYED,
    RANDOM_JOIN,
    RANDOM_JOIN_STREAMS,
    RANDOM_SQL,
    RANDOM_LOOKUP,
    RANDOM_NEST,
    RANDOM_UNPACK,
    RANDOM_EXPLODE,
    RANDOM_LOG,
    RANDOM_IN_SQL,
    RANDOM_KINDS,
    RANDOM_READ = RANDOM_KINDS, /* roots: drawn first */
    RANDOM_CREATE,
};

struct random_node {
    enum random_kind kind;
    uint32_t inputs[2]; /* node * RANDOM_OUTPUTS_MAX + output */
    uint64_t key;
    bool is_plain; /* says the least that its kind can say */
    bool is_gone;  /* its input goes by it */
};

struct random_pipeline {
    uint32_t n_nodes;
    struct random_node nodes[RANDOM_NODES_MAX];
    struct random_stream streams[RANDOM_NODES_MAX * RANDOM_OUTPUTS_MAX]; /* as last written */
    uint32_t n_topics;                                                   /* that it writes */
    uint32_t used;
    char text[RANDOM_TEXT];
};

/* The draws of one node. */
struct random_draws {
    uint64_t key;
    uint64_t occurrence;
    bool is_plain; /* always the first choice */
};

static uint32_t random_draw(struct random_draws *draws, uint32_t below)
{
    uint64_t hash = mr_hash_u64(mr_digest_mix(draws->key, draws->occurrence++));
    return draws->is_plain ? 0 : (uint32_t)(hash % below);
}

static void random_say(struct random_pipeline *pipeline, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void random_say(struct random_pipeline *pipeline, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    pipeline->used += (uint32_t)vsnprintf(
        pipeline->text + pipeline->used, RANDOM_TEXT - pipeline->used, format, list);
    va_end(list);
    assert_true(pipeline->used < RANDOM_TEXT);
}

/* ---- fields ---- */

static struct random_field *random_add_field(
    struct random_stream *stream, const char *name, enum random_type type, bool is_nullable)
{
    if (stream->n_fields == RANDOM_FIELDS_MAX) return NULL;
    struct random_field *field = &stream->fields[stream->n_fields++];
    *field = (struct random_field){.type = type, .is_nullable = is_nullable};
    snprintf(field->name, sizeof field->name, "%.23s", name);
    return field;
}

/* A field of the type (-1: of any without values inside) that is never null; NULL when there is
 * none. */
static const struct random_field *random_pick(
    struct random_draws *draws, const struct random_stream *stream, int type)
{
    const struct random_field *fields[RANDOM_FIELDS_MAX];
    uint32_t n = 0;
    for (uint32_t i = 0; i < stream->n_fields; i++) {
        const struct random_field *field = &stream->fields[i];
        bool is_of_it = type < 0 ? field->type <= RANDOM_BOOL : (int)field->type == type;
        if (!field->is_nullable && is_of_it) fields[n++] = field;
    }
    return n > 0 ? fields[random_draw(draws, n)] : NULL;
}

/* ---- expressions of the pure subset ---- */

struct random_expression {
    char text[160];
    enum random_type type;
    bool is_nullable;
};

static void random_set(struct random_expression *out, enum random_type type, const char *format,
    ...) __attribute__((format(printf, 3, 4)));
static void random_set(
    struct random_expression *out, enum random_type type, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    *out = (struct random_expression){.type = type};
    assert_true(vsnprintf(out->text, sizeof out->text, format, list) < (int)sizeof out->text);
    va_end(list);
}

static void random_of_ints(
    struct random_draws *draws, const char *a, const char *b, struct random_expression *out)
{
    uint32_t small = 2 + random_draw(draws, 7);
    switch (random_draw(draws, 12)) {
    case 0:
        random_set(out, RANDOM_INT, "%s", a);
        break;
    case 1:
        random_set(out, RANDOM_INT, "%s %% %u", a, small);
        break;
    case 2:
        random_set(out, RANDOM_INT, "%s + %s - %u", a, b, small);
        break;
    case 3:
        random_set(out, RANDOM_INT, "-%s // %u", a, small);
        break;
    case 4:
        random_set(out, RANDOM_INT, "max(%s, %s) - min(%s, 3)", a, b, b);
        break;
    case 5:
        random_set(out, RANDOM_INT, "%s if %s %% 2 == 0 else %s", a, b, b);
        break;
    case 6:
        random_set(out, RANDOM_STRING, "str(%s %% %u) + 'é'", a, small);
        break;
    case 7:
        random_set(out, RANDOM_FLOAT, "%s / %u", a, small);
        break;
    case 8:
        random_set(out, RANDOM_BOOL, "%s < %s or not %s > %u", a, b, a, small);
        break;
    case 9:
        random_set(out, RANDOM_INT, "len(str(%s)) + int('%u')", a, small);
        break;
    case 10:
        random_set(out, RANDOM_INT, "int(%s %% 9 / 2.5)", a);
        break;
    default:
        random_set(out, RANDOM_INT, "%s if %s %% 3 > 0 else None", a, b);
        out->is_nullable = true;
    }
}

static void random_of_text(
    struct random_draws *draws, const char *a, struct random_expression *out)
{
    switch (random_draw(draws, 4)) {
    case 0:
        random_set(out, RANDOM_STRING, "%s", a);
        break;
    case 1:
        random_set(out, RANDOM_STRING, "%s.upper() + '-'", a);
        break;
    case 2:
        random_set(out, RANDOM_INT, "len(%s)", a);
        break;
    default:
        random_set(out, RANDOM_BOOL, "%s.startswith('k1')", a);
    }
}

/* False: the stream has nothing to compute with. */
static bool random_expression(struct random_draws *draws, const struct random_stream *stream,
    struct random_expression *out)
{
    const struct random_field *field = random_pick(draws, stream, -1);
    if (!field) return false;
    const struct random_field *other = random_pick(draws, stream, (int)field->type);
    if (field->type == RANDOM_INT)
        random_of_ints(draws, field->name, other->name, out);
    else if (field->type == RANDOM_STRING)
        random_of_text(draws, field->name, out);
    else
        random_set(out, field->type, "%s", field->name);
    return true;
}

#endif
