/* Writers of random transforms: rows by themselves, windows, folds. */
#ifndef MR_TESTS_RANDOM_TRANSFORMS_H
#define MR_TESTS_RANDOM_TRANSFORMS_H

#include "tests/random_writing.h"

static bool random_read(struct random_writing *writing)
{
    struct random_stream *out = writing->out;
    struct random_draws *draws = &writing->draws;
    static const char *const marks[] = {"{strategy: bounded, max_out_of_orderness: 10ms}",
        "{strategy: bounded, max_out_of_orderness: 2ms}", "{strategy: ascending}",
        "{strategy: bounded, max_out_of_orderness: 10ms, idle_after: 60ms}",
        "{strategy: punctuated, when: value < 6}", "{strategy: punctuated, field: at}",
        "{strategy: bounded, max_out_of_orderness: 10ms, idle_after: 60ms, alignment: {group: "
        "g, "
        "max_drift: 30ms}}",
        "{strategy: processing_time}", "{strategy: ascending}"};
    random_open(writing, "ReadFromLog");
    uint32_t strategy = random_draw(draws, 9);
    bool is_text = random_draw(draws, 2);
    random_say(writing->pipeline,
        "      config: {topic: %s, schema: {at: timestamp, key: %s, value: integer}, %s"
        "watermark: %s}\n",
        writing->index == 0 ? "events" : "more", is_text ? "string" : "integer",
        strategy < 7 ? "event_time: at, " : "", marks[strategy]);
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
    random_flow(writing, 0);
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

/* What a Window says besides its windows, with a comma in front; "" for the default. */
static void random_trigger(struct random_draws *draws, bool is_merging, char *out, size_t size)
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
    if (which >= 12 && !is_merging) return;
    if (which >= 8 && !is_merging) {
        snprintf(out, size, ", allowed_lateness: %ums", 10 + lateness);
        return;
    }
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

/* What the function makes of the type; -1: nothing. */
static int random_aggregated(uint32_t function, enum random_type type)
{
    switch (function) {
    case 1: /* sum */
        return type <= RANDOM_FLOAT ? (int)type : -1;
    case 2: /* min */
    case 3: /* max */
        return type <= RANDOM_TIME ? (int)type : -1;
    case 4: /* mean */
        return type <= RANDOM_FLOAT ? RANDOM_FLOAT : -1;
    case 5: /* group */
        return type == RANDOM_INT ? RANDOM_LIST : -1;
    case 6: /* concat */
        return type == RANDOM_LIST ? RANDOM_LIST : -1;
    case 7: /* any */
        return type == RANDOM_INT || type == RANDOM_BOOL ? RANDOM_BOOL : -1;
    default: /* count */
        return RANDOM_INT;
    }
}

static void random_aggregate(struct random_writing *writing, uint32_t i)
{
    static const char *const functions[] = {
        "count", "sum", "min", "max", "mean", "group", "concat", "any"};
    struct random_draws *draws = &writing->draws;
    const struct random_field *value = random_pick(draws, writing->from, -1);
    const struct random_field *list = random_pick(draws, writing->from, RANDOM_LIST);
    if (list && random_draw(draws, 4) == 3) value = list;
    uint32_t function = random_draw(draws, 8);
    int type = random_aggregated(function, value->type);
    if (type < 0) type = random_aggregated(function = 0, value->type);
    char name[RANDOM_NAME];
    snprintf(name, sizeof name, "a%u_%u", writing->index, i);
    random_say(writing->pipeline, "          %s: {fn: %s, value: %s}\n", name,
        functions[function], value->name);
    random_add_field(&writing->out[0], name, (enum random_type)type, false);
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
    random_flow(writing, 0);
    out->has_many_panes |= random_has_many_panes(from->windowing);
    if (strstr(from->windowing, "trigger") && length + 2 < sizeof out->windowing)
        memcpy(out->windowing + length, "'", 2);
    random_say(writing->pipeline, "      config:\n        group_by: [");
    uint32_t n_keys = random_draw(draws, 3);
    for (uint32_t i = 0; i < n_keys && i < from->n_fields; i++) {
        const struct random_field *key =
            &from->fields[(i + random_draw(draws, 1)) % from->n_fields];
        /* Arrival order is free, and so is the last bit of a float. */
        if (key->type == RANDOM_FLOAT || key->type == RANDOM_LIST || key->type == RANDOM_ROW)
            continue;
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
    /* A Combine says that its output has its own triggers, not those that go on behind it. */
    if (strchr(from->windowing, '\'')) return false;
    if (!random_join_fields(out, from, other) || !random_join_fields(out, other, from))
        return false;
    writing->from = NULL;
    writing->has_two = true;
    out->has_many_panes = from->has_many_panes || other->has_many_panes;
    out->is_keyed = from->is_keyed || other->is_keyed;
    out->n_joins = from->n_joins > other->n_joins ? from->n_joins : other->n_joins;
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

#endif
