/* Pipelines drawn at random, over the whole language: as a list of nodes that are written as a
 * Beam YAML file. What a node says in detail is drawn when it is written, from a key of its
 * own, so that a node can be taken out, or made plain, while the others stay as they are. */
#ifndef MR_TESTS_RANDOM_PIPELINE_H
#define MR_TESTS_RANDOM_PIPELINE_H

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

enum random_type { RANDOM_INT, RANDOM_FLOAT, RANDOM_STRING, RANDOM_TIME, RANDOM_BOOL };

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
    bool is_retracting; /* rows may be taken back */
    bool is_consumed;
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

static const char *const random_type_names[] = {
    "integer", "float", "string", "timestamp", "boolean"};

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

/* A field of the type (-1: of any) that is never null; NULL when there is none. */
static const struct random_field *random_pick(
    struct random_draws *draws, const struct random_stream *stream, int type)
{
    const struct random_field *fields[RANDOM_FIELDS_MAX];
    uint32_t n = 0;
    for (uint32_t i = 0; i < stream->n_fields; i++) {
        const struct random_field *field = &stream->fields[i];
        if (!field->is_nullable && (type < 0 || field->type == (enum random_type)type))
            fields[n++] = field;
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

/* ---- nodes ---- */

/* A node that is being written. */
struct random_writing {
    struct random_pipeline *pipeline;
    struct random_draws draws;
    uint32_t index;
    const struct random_stream *from; /* its first input */
    const struct random_stream *other;
    struct random_stream *out; /* [RANDOM_OUTPUTS_MAX] */
};

static void random_open(struct random_writing *writing, const char *type)
{
    struct random_pipeline *pipeline = writing->pipeline;
    random_say(pipeline, "    - type: %s\n      name: N%u\n", type, writing->index);
    snprintf(
        writing->out[0].reference, sizeof writing->out[0].reference, "N%u", writing->index);
    if (writing->from) random_say(pipeline, "      input: %s\n", writing->from->reference);
}

/* The output has what the input has. */
static void random_same(struct random_writing *writing, uint32_t output)
{
    char reference[2 * RANDOM_NAME];
    memcpy(reference, writing->out[output].reference, sizeof reference);
    writing->out[output] = *writing->from;
    writing->out[output].is_consumed = false;
    memcpy(writing->out[output].reference, reference, sizeof reference);
}

/* An error output beside the good one. */
static void random_errors(struct random_writing *writing, uint32_t output)
{
    struct random_stream *failed = &writing->out[output];
    *failed = (struct random_stream){.is_failed = true};
    snprintf(failed->reference, sizeof failed->reference, "N%u.bad", writing->index);
    memcpy(failed->windowing, writing->from->windowing, sizeof failed->windowing);
    random_say(writing->pipeline, "        error_handling: {output: bad}\n");
}

static bool random_read(struct random_writing *writing)
{
    struct random_stream *out = writing->out;
    struct random_draws *draws = &writing->draws;
    static const char *const marks[] = {"{strategy: bounded, max_out_of_orderness: 10ms}",
        "{strategy: bounded, max_out_of_orderness: 2ms}", "{strategy: ascending}",
        "{strategy: bounded, max_out_of_orderness: 10ms, idle_after: 60ms}",
        "{strategy: punctuated, when: value < 6}", "{strategy: punctuated, field: at}",
        "{strategy: bounded, max_out_of_orderness: 10ms, idle_after: 60ms, alignment: {group: g, "
        "max_drift: 30ms}}"};
    random_open(writing, "ReadFromLog");
    const char *mark = marks[random_draw(draws, 7)];
    bool is_text = random_draw(draws, 2);
    random_say(writing->pipeline,
        "      config: {topic: %s, schema: {at: timestamp, key: %s, value: integer}, "
        "event_time: "
        "at, watermark: %s}\n",
        writing->index == 0 ? "events" : "more", is_text ? "string" : "integer", mark);
    random_add_field(out, "value", RANDOM_INT, false);
    random_add_field(out, "key", is_text ? RANDOM_STRING : RANDOM_INT, false);
    random_add_field(out, "at", RANDOM_TIME, false);
    snprintf(out->windowing, sizeof out->windowing, "{type: global}");
    return true;
}

static bool random_create(struct random_writing *writing)
{
    struct random_stream *out = writing->out;
    uint32_t n = 1 + random_draw(&writing->draws, 20);
    random_open(writing, "Create");
    random_say(writing->pipeline, "      config:\n        elements:\n");
    for (uint32_t i = 0; i < n; i++)
        random_say(writing->pipeline, "          - {value: %u, text: k%u}\n",
            random_draw(&writing->draws, 30), random_draw(&writing->draws, 5));
    random_add_field(out, "value", RANDOM_INT, false);
    random_add_field(out, "text", RANDOM_STRING, false);
    snprintf(out->windowing, sizeof out->windowing, "{type: global}");
    return true;
}

static void random_map_field(struct random_writing *writing, uint32_t i)
{
    struct random_expression expression;
    char name[RANDOM_NAME];
    random_expression(&writing->draws, writing->from, &expression);
    snprintf(name, sizeof name, "f%u", i);
    random_say(writing->pipeline, "          %s: \"%s\"\n", name, expression.text);
    random_add_field(&writing->out[0], name, expression.type, expression.is_nullable);
}

static bool random_map(struct random_writing *writing)
{
    struct random_draws *draws = &writing->draws;
    const struct random_field *divisor = random_pick(draws, writing->from, RANDOM_INT);
    if (!random_pick(draws, writing->from, -1)) return false;
    random_open(writing, "MapToFields");
    snprintf(writing->out->windowing, sizeof writing->out->windowing, "%s",
        writing->from->windowing);
    random_say(writing->pipeline, "      config:\n        language: python\n");
    bool fails = divisor && random_draw(draws, 3) == 2;
    if (fails) random_errors(writing, 1);
    random_say(writing->pipeline, "        fields:\n");
    uint32_t n = 1 + random_draw(draws, 4);
    for (uint32_t i = 0; i < n; i++) random_map_field(writing, i);
    if (fails) {
        random_say(writing->pipeline, "          q: \"100 // (%s %% 4)\"\n", divisor->name);
        random_add_field(&writing->out[0], "q", RANDOM_INT, false);
        snprintf(writing->out[0].reference, sizeof writing->out[0].reference, "N%u.good",
            writing->index);
    }
    return true;
}

static bool random_filter(struct random_writing *writing)
{
    struct random_expression keep;
    if (!random_expression(&writing->draws, writing->from, &keep)) return false;
    random_open(writing, "Filter");
    random_say(
        writing->pipeline, "      config: {language: python, keep: \"%s\"}\n", keep.text);
    random_same(writing, 0);
    return true;
}

/* What a Window says besides its windows, with a comma in front; "" for the default. With the default trigger nothing may
 * be late: how late rows are cut into panes depends on the interleaving, which the oracle knows only where there is a
 * reference machine, or where panes go straight to a sink: the stress pipelines have those. */
static void random_trigger(
    struct random_draws *draws, bool is_merging, char *out, size_t size)
{
    static const char *const triggers[] = {"{after_watermark: {early: {count: 2}}}",
        "{after_watermark: {early: {delay: 10ms}, late: {count: 1}}}",
        "{repeatedly: {count: 3}}", "{repeatedly: {after_any: [{count: 4}, {delay: 15ms}]}}",
        "{after_each: [{count: 1}, {repeatedly: {delay: 20ms}}]}",
        "{repeatedly: {after_all: [after_watermark, {count: 2}]}}", "never", "{count: 3}"};
    static const char *const combiners[] = {"end_of_window", "earliest", "latest"};
    out[0] = '\0';
    uint32_t which = random_draw(draws, 16);
    uint32_t lateness = 10 * random_draw(draws, 5);
    uint32_t combiner = random_draw(draws, 3);
    static const char *const modes[] = {"discarding", "accumulating", "retracting"};
    uint32_t mode = random_draw(draws, 3);
    if (which >= 8 && !is_merging) return;
    snprintf(out, size,
        ", trigger: %s, allowed_lateness: %ums, accumulation: %s, timestamp_combiner: %s",
        which < 8 ? triggers[which] : "default", lateness, modes[mode], combiners[combiner]);
}

static bool random_window(struct random_writing *writing)
{
    struct random_draws *draws = &writing->draws;
    uint32_t size = 20 * (1 + random_draw(draws, 8));
    uint32_t period = 20 * (1 + random_draw(draws, 5));
    struct random_stream *out = writing->out;
    random_open(writing, "Window");
    random_same(writing, 0);
    char windowing[64] = {0};
    bool is_merging = false;
    switch (random_draw(draws, 6)) {
    case 0:
    case 1:
        snprintf(windowing, sizeof windowing, "{type: fixed, size: %ums}", size);
        break;
    case 2:
    case 3:
        snprintf(windowing, sizeof windowing, "{type: sliding, size: %ums, period: %ums}", size,
            period < size ? period : size);
        break;
    case 4:
        is_merging = true;
        snprintf(windowing, sizeof windowing, "{type: sessions, gap: %ums}", size / 4);
        break;
    default:
        snprintf(windowing, sizeof windowing, "{type: global}");
    }
    char rest[160];
    random_trigger(draws, is_merging, rest, sizeof rest);
    random_say(writing->pipeline, "      config: {windowing: %s%s}\n", windowing, rest);
    snprintf(out->windowing, sizeof out->windowing, "%s%s", windowing, rest);
    return true;
}

static void random_aggregate(struct random_writing *writing, uint32_t i)
{
    static const char *const functions[] = {"count", "sum", "min", "max", "mean"};
    struct random_draws *draws = &writing->draws;
    const struct random_field *value = random_pick(draws, writing->from, -1);
    uint32_t function = random_draw(draws, 5);
    bool is_number = value->type == RANDOM_INT || value->type == RANDOM_FLOAT;
    if ((function == 1 || function == 4) && !is_number) function = 0;
    if ((function == 2 || function == 3) && value->type == RANDOM_BOOL) function = 0;
    char name[RANDOM_NAME];
    snprintf(name, sizeof name, "a%u_%u", writing->index, i);
    random_say(writing->pipeline, "          %s: {fn: %s, value: %s}\n", name,
        functions[function], value->name);
    enum random_type type = function == 0   ? RANDOM_INT
                            : function == 4 ? RANDOM_FLOAT
                                            : value->type;
    random_add_field(&writing->out[0], name, type, false);
}

static bool random_combine(struct random_writing *writing)
{
    struct random_draws *draws = &writing->draws;
    const struct random_stream *from = writing->from;
    struct random_stream *out = writing->out;
    if (!random_pick(draws, from, -1)) return false;
    random_open(writing, "Combine");
    /* Triggers are others behind it, and so are the windowings. */
    size_t length = strlen(from->windowing);
    memcpy(out->windowing, from->windowing, length + 1);
    if (strstr(from->windowing, "trigger") && length + 2 < sizeof out->windowing)
        memcpy(out->windowing + length, "'", 2);
    random_say(writing->pipeline, "      config:\n        group_by: [");
    uint32_t n_keys = random_draw(draws, 3);
    for (uint32_t i = 0; i < n_keys && i < from->n_fields; i++) {
        const struct random_field *key =
            &from->fields[(i + random_draw(draws, 1)) % from->n_fields];
        if (key->type == RANDOM_FLOAT)
            continue; /* arrival order is free, and so is its last bit */
        random_say(writing->pipeline, "%s%s", out->n_fields ? ", " : "", key->name);
        random_add_field(out, key->name, key->type, key->is_nullable);
    }
    random_say(writing->pipeline, "]\n        combine:\n");
    uint32_t n = 1 + random_draw(draws, 3);
    for (uint32_t i = 0; i < n; i++) random_aggregate(writing, i);
    return true;
}

/* False: a field of the same name has another type. */
static bool random_join_fields(struct random_stream *out, const struct random_stream *from,
    const struct random_stream *other)
{
    for (uint32_t i = 0; i < from->n_fields; i++) {
        const struct random_field *field = &from->fields[i];
        struct random_field *same = NULL;
        for (uint32_t j = 0; j < out->n_fields; j++)
            if (strcmp(out->fields[j].name, field->name) == 0) same = &out->fields[j];
        if (same && same->type != field->type) return false;
        bool is_in_both = false;
        for (uint32_t j = 0; j < other->n_fields; j++)
            is_in_both |= strcmp(other->fields[j].name, field->name) == 0;
        if (same)
            same->is_nullable |= field->is_nullable;
        else if (!random_add_field(
                     out, field->name, field->type, field->is_nullable || !is_in_both))
            return false;
    }
    return true;
}

static bool random_flatten(struct random_writing *writing)
{
    struct random_stream *out = writing->out;
    const struct random_stream *from = writing->from, *other = writing->other;
    if (from == other || strcmp(from->windowing, other->windowing) != 0) return false;
    if (!random_join_fields(out, from, other) || !random_join_fields(out, other, from))
        return false;
    writing->from = NULL;
    random_open(writing, "Flatten");
    random_say(writing->pipeline, "      input: [%s, %s]\n", from->reference, other->reference);
    snprintf(out->windowing, sizeof out->windowing, "%s", from->windowing);
    return true;
}

static bool random_assign(struct random_writing *writing)
{
    const struct random_field *field = random_pick(&writing->draws, writing->from, RANDOM_INT);
    if (!field) return false;
    random_open(writing, "AssignTimestamps");
    random_say(writing->pipeline, "      config: {language: python, timestamp: \"%s%s\"}\n",
        field->name, random_draw(&writing->draws, 2) ? " / 8" : "");
    random_same(writing, 0);
    return true;
}

static bool random_partition(struct random_writing *writing)
{
    const struct random_field *field = random_pick(&writing->draws, writing->from, RANDOM_INT);
    if (!field) return false;
    random_open(writing, "Partition");
    random_say(writing->pipeline,
        "      config:\n        language: python\n        by: str(%s %% %u)\n        outputs: "
        "['0', '1']\n        unknown_output: rest\n",
        field->name, 3 + random_draw(&writing->draws, 5));
    static const char *const names[] = {"0", "1", "rest"};
    for (uint32_t i = 0; i < 3; i++) {
        snprintf(writing->out[i].reference, sizeof writing->out[i].reference, "N%u.%s",
            writing->index, names[i]);
        random_same(writing, i);
    }
    return true;
}

static bool random_reshuffle(struct random_writing *writing)
{
    random_open(writing, "Reshuffle");
    random_same(writing, 0);
    return true;
}

static bool random_extract(struct random_writing *writing)
{
    struct random_stream *out = writing->out;
    if (writing->from->n_fields + 3 > RANDOM_FIELDS_MAX) return false;
    random_open(writing, "ExtractWindowingInfo");
    random_same(writing, 0);
    random_say(writing->pipeline,
        "      config: {fields: {t%u: timestamp, s%u: window_start, w%u: window_string}}\n",
        writing->index, writing->index, writing->index);
    for (uint32_t i = 0; i < 3; i++) {
        char name[RANDOM_NAME];
        snprintf(name, sizeof name, "%c%u", "tsw"[i], writing -> index);
        random_add_field(out, name, i < 2 ? RANDOM_TIME : RANDOM_STRING, false);
    }
    return true;
}

static bool random_validate(struct random_writing *writing)
{
    const struct random_field *field = random_pick(&writing->draws, writing->from, RANDOM_INT);
    if (!field) return false;
    random_open(writing, "ValidateWithSchema");
    random_say(writing->pipeline,
        "      config:\n        schema: {type: object, properties: {%s: {minimum: %u}}}\n",
        field->name, random_draw(&writing->draws, 9));
    random_errors(writing, 1);
    snprintf(writing->out[0].reference, sizeof writing->out[0].reference, "N%u.good",
        writing->index);
    random_same(writing, 0);
    return true;
}

/* Takes the failed rows of the transform before, as they were. */
static bool random_strip(struct random_writing *writing)
{
    struct random_pipeline *pipeline = writing->pipeline;
    const struct random_stream *failed = writing->from;
    if (!failed->is_failed) return false;
    random_open(writing, "StripErrorMetadata");
    uint32_t producer = (uint32_t)(failed - pipeline->streams) / RANDOM_OUTPUTS_MAX;
    const struct random_stream *before =
        &pipeline->streams[pipeline->nodes[producer].inputs[0]];
    writing->from = before;
    random_same(writing, 0);
    return true;
}

/* ---- state by key ---- */

static void random_top(struct random_writing *writing, const char *key, bool is_final)
{
    struct random_draws *draws = &writing->draws;
    char name[RANDOM_NAME];
    const struct random_field *by = random_pick(draws, writing->from, -1);
    snprintf(name, sizeof name, "r%u", writing->index);
    random_open(writing, "TopN");
    random_say(writing->pipeline,
        "      config: {key: %s, n: %u, order_by: {field: %s, order: %s}, emit: %s, %s: %s}\n",
        key, 1 + random_draw(draws, 4), by->name, random_draw(draws, 2) ? "asc" : "desc",
        is_final ? "final" : "changes", is_final ? "rank" : "change", name);
    random_same(writing, 0);
    random_add_field(&writing->out[0], name, is_final ? RANDOM_INT : RANDOM_STRING, false);
}

static void random_route(struct random_writing *writing, const char *by)
{
    random_open(writing, "Route");
    random_say(writing->pipeline,
        "      config:\n        language: python\n        mode: %s\n        default: b\n        "
        "rules: [{when: %s %% 3 == 0, to: a}, {when: %s %% 2 == 0, to: b}]\n",
        random_draw(&writing->draws, 2) ? "all" : "first", by, by);
    for (uint32_t i = 0; i < 2; i++) {
        snprintf(writing->out[i].reference, sizeof writing->out[i].reference, "N%u.%c",
            writing->index, "ab"[i]);
        random_same(writing, i);
    }
}

static void random_process(struct random_writing *writing, const struct random_field *key)
{
    struct random_stream *out = writing->out;
    random_open(writing, "KeyedProcess");
    snprintf(out->windowing, sizeof out->windowing, "%s", writing->from->windowing);
    random_say(writing->pipeline,
        "      config:\n        key: %s\n        state: {n: {kind: value, ttl: %ums}}\n"
        "        timers: {t: event_time}\n        on_element: |\n"
        "          def f(row, state, timers, ctx):\n"
        "              yield {'k%u': ctx.key, 'n%u': state.n.read(0)}\n"
        "              state.n.write(state.n.read(0) + 1)\n"
        "              timers.t.set(min(ctx.timestamp + 0.03, ctx.window.max_timestamp()))\n"
        "        on_timer:\n          t: |\n            def f(key, state):\n"
        "                yield {'k%u': key, 'n%u': -state.n.read(0)}\n"
        "                state.n.clear()\n        schema: {k%u: %s, n%u: integer}\n",
        key->name, 20 + random_draw(&writing->draws, 100), writing->index, writing->index,
        writing->index, writing->index, writing->index, random_type_names[key->type],
        writing->index);
    char name[RANDOM_NAME];
    snprintf(name, sizeof name, "k%u", writing->index);
    random_add_field(out, name, key->type, false);
    snprintf(name, sizeof name, "n%u", writing->index);
    random_add_field(out, name, RANDOM_INT, false);
}

static void random_deduplicate(struct random_writing *writing, const char *key)
{
    struct random_draws *draws = &writing->draws;
    random_open(writing, "Deduplicate");
    random_say(writing->pipeline, "      config: {key: %s", key);
    if (random_draw(draws, 2))
        random_say(writing->pipeline, ", within: %ums, time: %s", 10 + random_draw(draws, 90),
            random_draw(draws, 3) ? "event" : "processing");
    random_say(writing->pipeline, "}\n");
    random_same(writing, 0);
}

static bool random_keyed(struct random_writing *writing)
{
    struct random_draws *draws = &writing->draws;
    const struct random_stream *from = writing->from;
    const struct random_field *key = random_pick(draws, from, -1);
    const struct random_field *number = random_pick(draws, from, RANDOM_INT);
    bool is_global = strncmp(from->windowing, "{type: global}", 14) == 0;
    bool has_room = from->n_fields < RANDOM_FIELDS_MAX;
    if (!key || key->type == RANDOM_FLOAT || strstr(from->windowing, "sessions")) return false;
    uint32_t choice = random_draw(draws, 12);
    if (choice >= 8 && has_room) {
        random_top(writing, key->name, choice < 11);
    } else if (choice >= 6 && number) {
        random_route(writing, number->name);
    } else if (choice == 5) {
        random_process(writing, key);
    } else if (choice >= 3 && is_global && has_room && number) {
        random_open(writing, "Materialize");
        random_say(writing->pipeline,
            "      config: {key: %s, language: python, delete: %s %% 5 == 0, change: c%u}\n",
            key->name, number->name, writing->index);
        random_same(writing, 0);
        char name[RANDOM_NAME];
        snprintf(name, sizeof name, "c%u", writing->index);
        random_add_field(&writing->out[0], name, RANDOM_STRING, false);
    } else {
        random_deduplicate(writing, key->name);
    }
    return true;
}

static bool (*const random_writers[])(struct random_writing *writing) = {
    [RANDOM_MAP] = random_map,
    [RANDOM_FILTER] = random_filter,
    [RANDOM_WINDOW] = random_window,
    [RANDOM_COMBINE] = random_combine,
    [RANDOM_FLATTEN] = random_flatten,
    [RANDOM_ASSIGN] = random_assign,
    [RANDOM_PARTITION] = random_partition,
    [RANDOM_RESHUFFLE] = random_reshuffle,
    [RANDOM_EXTRACT] = random_extract,
    [RANDOM_VALIDATE] = random_validate,
    [RANDOM_STRIP] = random_strip,
    [RANDOM_KEYED] = random_keyed,
    [RANDOM_READ] = random_read,
    [RANDOM_CREATE] = random_create,
};

/* The stream itself, or where the rows of a node that is gone come from. */
static uint32_t random_origin(const struct random_pipeline *pipeline, uint32_t stream)
{
    const struct random_node *node = &pipeline->nodes[stream / RANDOM_OUTPUTS_MAX];
    return node->is_gone ? node->inputs[0] : stream;
}

/* What folds, keeps or scatters rows cannot take them back. */
static bool random_can_retract(enum random_kind kind)
{
    return kind != RANDOM_COMBINE && kind != RANDOM_RESHUFFLE && kind != RANDOM_KEYED;
}

static void random_trace_retractions(
    const struct random_node *node, const struct random_writing *writing)
{
    const struct random_stream *from = writing->from, *other = writing->other;
    bool is_retracting = node->kind == RANDOM_COMBINE && strstr(from->windowing, "retracting");
    for (uint32_t i = 0; i < 2; i++) {
        if (i == 1 && node->kind != RANDOM_FLATTEN) continue;
        is_retracting |= (i == 0 ? from : other)->is_retracting;
    }
    for (uint32_t i = 0; i < RANDOM_OUTPUTS_MAX; i++)
        writing->out[i].is_retracting = is_retracting;
}

static bool random_write_node(struct random_pipeline *pipeline, uint32_t index)
{
    struct random_node *node = &pipeline->nodes[index];
    struct random_stream *out = &pipeline->streams[index * RANDOM_OUTPUTS_MAX];
    memset(out, 0, sizeof *out * RANDOM_OUTPUTS_MAX);
    bool is_root = node->kind >= RANDOM_KINDS;
    for (uint32_t i = 0; i < 2 && !is_root; i++)
        node->inputs[i] = random_origin(pipeline, node->inputs[i]);
    if (node->is_gone) return true;
    struct random_writing writing = {.pipeline = pipeline,
        .draws = {.key = node->key, .is_plain = node->is_plain},
        .index = index,
        .out = out};
    if (!is_root) {
        writing.from = &pipeline->streams[node->inputs[0]];
        writing.other = &pipeline->streams[node->inputs[1]];
        if (!writing.from->reference[0]) return false;
        if (writing.from->is_failed != (node->kind == RANDOM_STRIP)) return false;
        if (node->kind == RANDOM_FLATTEN &&
            (!writing.other->reference[0] || writing.other->is_failed))
            return false;
        if (writing.from->is_retracting && !random_can_retract(node->kind)) return false;
    }
    uint32_t used = pipeline->used;
    if (!random_writers[node->kind](&writing)) {
        pipeline->used = used;
        pipeline->text[used] = 0;
        memset(out, 0, sizeof *out * RANDOM_OUTPUTS_MAX);
        return false;
    }
    if (!is_root) {
        writing.from = &pipeline->streams[node->inputs[0]]; /* a Flatten has let go of it */
        random_trace_retractions(node, &writing);
        pipeline->streams[node->inputs[0]].is_consumed = true;
    }
    if (node->kind == RANDOM_FLATTEN) pipeline->streams[node->inputs[1]].is_consumed = true;
    return true;
}

static void random_write_sink(struct random_pipeline *pipeline, struct random_stream *stream)
{
    char topic[16] = "out";
    struct random_draws draws = {.is_plain = true};
    if (pipeline->n_topics > 0) snprintf(topic, sizeof topic, "out%u", pipeline->n_topics);
    const struct random_field *key = random_pick(&draws, stream, RANDOM_INT);
    random_say(pipeline,
        "    - type: WriteToLog\n      name: W%u\n      input: %s\n      config: {topic: %s",
        pipeline->n_topics++, stream->reference, topic);
    if (key) random_say(pipeline, ", key: %s", key->name);
    random_say(pipeline, "}\n");
}

/* False: some node cannot be as it is. */
static bool random_write(struct random_pipeline *pipeline)
{
    pipeline->used = 0;
    pipeline->n_topics = 0;
    random_say(pipeline, "pipeline:\n  transforms:\n");
    for (uint32_t i = 0; i < pipeline->n_nodes; i++)
        if (!random_write_node(pipeline, i)) return false;
    for (uint32_t i = 0; i < pipeline->n_nodes * RANDOM_OUTPUTS_MAX; i++) {
        struct random_stream *stream = &pipeline->streams[i];
        if (stream->reference[0] && !stream->is_consumed) random_write_sink(pipeline, stream);
    }
    return true;
}

/* ---- drawing ---- */

/* Windows and folds are where things go wrong. */
static const uint8_t random_weighted[] = {RANDOM_MAP, RANDOM_MAP, RANDOM_FILTER, RANDOM_WINDOW,
    RANDOM_WINDOW, RANDOM_WINDOW, RANDOM_COMBINE, RANDOM_COMBINE, RANDOM_COMBINE,
    RANDOM_COMBINE, RANDOM_FLATTEN, RANDOM_FLATTEN, RANDOM_ASSIGN, RANDOM_PARTITION,
    RANDOM_RESHUFFLE, RANDOM_EXTRACT, RANDOM_VALIDATE, RANDOM_STRIP, RANDOM_KEYED,
    RANDOM_KEYED};

static void random_add_node(struct random_pipeline *pipeline, struct random_draws *draws)
{
    struct random_node *node = &pipeline->nodes[pipeline->n_nodes];
    uint32_t n_streams = pipeline->n_nodes * RANDOM_OUTPUTS_MAX;
    pipeline->used = 0;
    for (uint32_t trial = 0; trial < 30; trial++) {
        uint32_t kind = random_weighted[random_draw(draws, sizeof random_weighted)];
        uint32_t first = random_draw(draws, n_streams);
        if (random_draw(draws, 2)) first = n_streams - RANDOM_OUTPUTS_MAX; /* long chains */
        uint32_t second = random_draw(draws, n_streams);
        uint64_t key = mr_hash_u64(mr_digest_mix(draws->key, draws->occurrence));
        *node = (struct random_node){
            .kind = (enum random_kind)kind, .inputs = {first, second}, .key = key};
        if (!random_write_node(pipeline, pipeline->n_nodes)) continue;
        pipeline->n_nodes++;
        return;
    }
}

/* The pipeline number `seed`: one or two roots, and up to eight transforms. */
static void random_make(struct random_pipeline *pipeline, uint64_t seed)
{
    struct random_draws draws = {.key = mr_hash_u64(seed)};
    memset(pipeline, 0, sizeof *pipeline);
    pipeline->nodes[0] = (struct random_node){.kind = RANDOM_READ, .key = mr_hash_u64(~seed)};
    pipeline->n_nodes = 1;
    uint32_t more = random_draw(&draws, 4);
    if (more > 1)
        pipeline->nodes[pipeline->n_nodes++] = (struct random_node){
            .kind = more == 2 ? RANDOM_READ : RANDOM_CREATE, .key = mr_hash_u64(seed ^ 0x5555)};
    for (uint32_t i = 0; i < pipeline->n_nodes; i++)
        assert_true(random_write_node(pipeline, i));
    uint32_t n = 1 + random_draw(&draws, 8);
    for (uint32_t i = 0; i < n; i++) random_add_node(pipeline, &draws);
    assert_true(random_write(pipeline));
}

#endif
