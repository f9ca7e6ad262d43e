/* The steps of a scenario that is led step by step (docs/steps.md). One that is written for
 * several topics becomes one for each. */
#include <string.h>

#include "scenarios/language/scenario_internal.h"
#include "scenarios/language/steps_internal.h"

enum { STEPS_MAX = 10000 };

/* Rows that are handed in. */

/* {row: ..., timestamp: ...} instead of the plain fields. */
static bool is_wrapped(const struct mr_yaml *node, const struct mr_schema *schema)
{
    const struct mr_yaml *row = mr_yaml_get(node, "row");
    return row && row->kind == MR_YAML_MAP && mr_schema_find(schema, "row") < 0;
}

static bool read_input_row(struct mr_reading *reading, const struct mr_yaml *node,
    const struct mr_stream_config *stream, const struct mr_yaml *default_time,
    struct mr_test_row *out)
{
    const struct mr_schema *schema = stream->schema;
    const struct mr_yaml *fields = node, *time = default_time;
    *out = (struct mr_test_row){.place = node->place, .timing = -1};
    if (is_wrapped(node, schema)) {
        if (!mr_read_keys(reading, node, "row of a step", MR_MAP_STEP_ROW)) return false;
        fields = mr_yaml_get(node, "row");
        if (mr_yaml_get(node, "timestamp")) time = mr_yaml_get(node, "timestamp");
    }
    int field = stream->event_time_field;
    if (time && !mr_read_time(reading, time, "'timestamp'", &out->time_us)) return false;
    out->has_time = time != NULL;
    if (!mr_read_row(reading, fields, schema, time ? field : -1, &out->row)) return false;
    if (field < 0 || !time) return true;
    struct mr_value *row = (struct mr_value *)(uintptr_t)out->row;
    if (row[field].type != MR_TYPE_NULL && time != default_time)
        return mr_fail_node(reading, time,
            "the time of the row is its field '%s', which is there beside 'timestamp'",
            schema->fields[field].name);
    if (row[field].type == MR_TYPE_NULL)
        row[field] = (struct mr_value){.type = MR_TYPE_TIMESTAMP, .i = out->time_us};
    return true;
}

static bool read_input_rows(struct mr_reading *reading, const struct mr_yaml *list,
    const struct mr_yaml *time, struct mr_test_step *step)
{
    const struct mr_stream_config *stream = reading->scenario->topics[step->topic].stream;
    if (list->kind != MR_YAML_LIST)
        return mr_fail_node(reading, list, "rows must be a list of maps");
    struct mr_test_row *rows =
        mr_region_array(reading->region, struct mr_test_row, list->n + 1);
    for (uint32_t i = 0; i < list->n; i++)
        if (!read_input_row(reading, list->items[i], stream, time, &rows[i])) return false;
    step->rows = rows;
    step->n_rows = list->n;
    return true;
}

/* Steps of one topic. */

static struct mr_test_step *add(struct mr_steps *steps, enum mr_test_step_kind kind)
{
    if (steps->n == steps->capacity) {
        uint32_t capacity = steps->capacity ? 2 * steps->capacity : 16;
        struct mr_test_step *list =
            mr_region_array(steps->region, struct mr_test_step, capacity);
        if (steps->n > 0) memcpy(list, steps->list, sizeof *list * steps->n);
        steps->list = list;
        steps->capacity = capacity;
    }
    struct mr_test_step *step = &steps->list[steps->n++];
    *step =
        (struct mr_test_step){.kind = kind, .place = steps->place, .topic = MR_TEST_ALL_TOPICS};
    return step;
}

typedef bool (*read_one)(
    struct mr_reading *reading, const struct mr_yaml *node, struct mr_test_step *step);

/* {topic: ..., topic: ...}: one step each. */
static bool read_each(struct mr_reading *reading, struct mr_steps *steps,
    enum mr_test_step_kind kind, const struct mr_yaml *map, bool is_input, read_one read)
{
    for (uint32_t i = 0; i < map->n; i++) {
        if (steps->n == STEPS_MAX)
            return mr_fail_node(reading, map, "at most %d steps", (int)STEPS_MAX);
        struct mr_test_step *step = add(steps, kind);
        if (!mr_topic_find(reading, map->keys[i], map->keys[i]->text, is_input, &step->topic) ||
            !read(reading, map->items[i], step))
            return false;
    }
    return true;
}

static bool read_rows_of(
    struct mr_reading *reading, const struct mr_yaml *node, struct mr_test_step *step)
{
    return read_input_rows(reading, node, NULL, step);
}

static bool read_rows(
    struct mr_reading *reading, const struct mr_yaml *node, struct mr_steps *steps)
{
    const struct mr_yaml *rows = mr_yaml_get(node, "rows");
    if (node->kind == MR_YAML_MAP && !rows && !mr_yaml_get(node, "input"))
        return read_each(reading, steps, MR_TEST_ROWS, node, true, read_rows_of);
    struct mr_test_step *step = add(steps, MR_TEST_ROWS);
    bool is_map = node->kind == MR_YAML_MAP;
    if (is_map && (!mr_read_keys(reading, node, "step rows", MR_MAP_STEP_ROWS) ||
                      !mr_read_required(reading, node, "rows")))
        return false;
    return mr_topic_read(reading, is_map ? node : NULL, node, "input", &step->topic) &&
           read_input_rows(reading, is_map ? rows : node,
               is_map ? mr_yaml_get(node, "timestamp") : NULL, step);
}

static bool read_watermark_of(
    struct mr_reading *reading, const struct mr_yaml *node, struct mr_test_step *step)
{
    return mr_read_time(reading, node, "a watermark", &step->watermark_us);
}

static bool read_watermark(
    struct mr_reading *reading, const struct mr_yaml *node, struct mr_steps *steps)
{
    bool is_map = node->kind == MR_YAML_MAP;
    const struct mr_yaml *to = is_map ? mr_yaml_get(node, "to") : node;
    if (is_map && !to && !mr_yaml_get(node, "input"))
        return read_each(reading, steps, MR_TEST_WATERMARK, node, true, read_watermark_of);
    struct mr_test_step *step = add(steps, MR_TEST_WATERMARK);
    if (is_map && (!mr_read_keys(reading, node, "step watermark", MR_MAP_STEP_WATERMARK) ||
                      !mr_read_required(reading, node, "to")))
        return false;
    return mr_topic_read(reading, is_map ? node : NULL, node, "input", &step->topic) &&
           read_watermark_of(reading, to, step);
}

/* `idle`, `idle: flights`, `idle: {input: flights}`. */
static bool read_input(struct mr_reading *reading, const struct mr_yaml *node,
    struct mr_steps *steps, enum mr_test_step_kind kind)
{
    struct mr_test_step *step = add(steps, kind);
    if (node->kind == MR_YAML_TEXT && !steps->is_bare)
        return mr_topic_find(reading, node, node->text, true, &step->topic);
    bool is_map = node->kind == MR_YAML_MAP;
    if (!is_map && node->kind != MR_YAML_NULL && !steps->is_bare)
        return mr_fail_node(reading, node, "'%s' takes an input", steps->word);
    if (is_map && !mr_read_keys(reading, node, "step", MR_MAP_STEP_INPUT)) return false;
    return mr_topic_read(reading, is_map ? node : NULL, node, "input", &step->topic);
}

static bool read_advance(
    struct mr_reading *reading, const struct mr_yaml *node, struct mr_steps *steps)
{
    struct mr_test_step *step = add(steps, MR_TEST_PROCESSING_TIME);
    const struct mr_yaml *advance = node;
    if (node->kind == MR_YAML_MAP) {
        if (!mr_read_keys(reading, node, "step processing_time", MR_MAP_STEP_ADVANCE) ||
            !mr_read_required(reading, node, "advance"))
            return false;
        advance = mr_yaml_get(node, "advance");
    }
    return mr_read_scalar(
        reading, advance, "processing_time", MR_RANGE_NS_POSITIVE, &step->advance_ns);
}

static bool read_nothing(struct mr_reading *reading, const struct mr_yaml *node,
    struct mr_steps *steps, enum mr_test_step_kind kind)
{
    add(steps, kind);
    bool is_empty = steps->is_bare || node->kind == MR_YAML_NULL ||
                    (node->kind == MR_YAML_MAP && node->n == 0);
    return is_empty || mr_fail_node(reading, node, "'%s' takes nothing", steps->word);
}

/* Expectations. */

static bool read_expected_of(
    struct mr_reading *reading, const struct mr_yaml *node, struct mr_test_step *step)
{
    return mr_read_expected(reading, node, step);
}

static bool read_expect(
    struct mr_reading *reading, const struct mr_yaml *node, struct mr_steps *steps)
{
    bool is_map = node->kind == MR_YAML_MAP;
    const struct mr_yaml *rows = is_map ? mr_yaml_get(node, "rows") : node;
    const struct mr_yaml *panes = is_map ? mr_yaml_get(node, "panes") : NULL;
    if (is_map && !rows && !panes && !mr_yaml_get(node, "output"))
        return read_each(reading, steps, MR_TEST_EXPECT, node, false, read_expected_of);
    struct mr_test_step *step = add(steps, MR_TEST_EXPECT);
    if (is_map && !mr_read_keys(reading, node, "step expect", MR_MAP_STEP_EXPECT)) return false;
    if (rows && panes)
        return mr_fail_node(reading, node, "'expect' has 'rows' or 'panes', not both");
    if (!rows && !panes)
        return mr_fail_node(reading, node, "'expect' needs 'rows' or 'panes': a list");
    return mr_topic_read(reading, is_map ? node : NULL, node, "output", &step->topic) &&
           mr_read_expected(reading, rows ? rows : panes, step);
}

static bool read_expect_none(
    struct mr_reading *reading, const struct mr_yaml *node, struct mr_steps *steps)
{
    if (node->kind == MR_YAML_NULL || steps->is_bare) {
        add(steps, MR_TEST_EXPECT_NONE);
        return true;
    }
    if (node->kind == MR_YAML_MAP) {
        struct mr_test_step *step = add(steps, MR_TEST_EXPECT_NONE);
        return mr_read_keys(reading, node, "step expect_none", MR_MAP_STEP_OUTPUT) &&
               mr_topic_read(reading, node, node, "output", &step->topic);
    }
    bool is_list = node->kind == MR_YAML_LIST;
    for (uint32_t i = 0; i < (is_list ? node->n : 1); i++) {
        const struct mr_yaml *item = is_list ? node->items[i] : node;
        const char *name;
        if (steps->n == STEPS_MAX)
            return mr_fail_node(reading, node, "at most %d steps", (int)STEPS_MAX);
        struct mr_test_step *step = add(steps, MR_TEST_EXPECT_NONE);
        if (!mr_yaml_as_text(item, "output", &name, reading->err) ||
            !mr_topic_find(reading, item, name, false, &step->topic))
            return false;
    }
    return true;
}

/* All of them. */

static bool read_kind(struct mr_reading *reading, enum mr_test_step_kind kind,
    const struct mr_yaml *node, struct mr_steps *steps)
{
    switch (kind) {
    case MR_TEST_ROWS:
        return read_rows(reading, node, steps);
    case MR_TEST_WATERMARK:
        return read_watermark(reading, node, steps);
    case MR_TEST_IDLE:
    case MR_TEST_ACTIVE:
        return read_input(reading, node, steps, kind);
    case MR_TEST_PROCESSING_TIME:
        return read_advance(reading, node, steps);
    case MR_TEST_CHECKPOINT:
    case MR_TEST_RESTORE:
        return read_nothing(reading, node, steps, kind);
    case MR_TEST_EXPECT:
        return read_expect(reading, node, steps);
    case MR_TEST_EXPECT_NONE:
        return read_expect_none(reading, node, steps);
    case MR_TEST_EXPECT_STATE:
        return mr_read_expected_state(reading, node, add(steps, kind));
    }
    return false;
}

static bool read_step(
    struct mr_reading *reading, const struct mr_yaml *item, struct mr_steps *steps)
{
    static const char *const kinds[] = {[MR_TEST_ROWS] = "rows",
        [MR_TEST_WATERMARK] = "watermark",
        [MR_TEST_IDLE] = "idle",
        [MR_TEST_ACTIVE] = "active",
        [MR_TEST_PROCESSING_TIME] = "processing_time",
        [MR_TEST_CHECKPOINT] = "checkpoint",
        [MR_TEST_RESTORE] = "restore",
        [MR_TEST_EXPECT] = "expect",
        [MR_TEST_EXPECT_NONE] = "expect_none",
        [MR_TEST_EXPECT_STATE] = "expect_state"};
    steps->is_bare = item->kind == MR_YAML_TEXT;
    if (!steps->is_bare && (item->kind != MR_YAML_MAP || item->n != 1)) {
        if (item->kind == MR_YAML_MAP && item->n > 1)
            return mr_fail_node(reading, item->keys[1],
                "a step is one thing: '%s' needs a '-' of its own", item->keys[1]->text);
        return mr_fail_node(reading, item, "a step must be a map such as {watermark: 10}");
    }
    const struct mr_yaml *key = steps->is_bare ? item : item->keys[0];
    steps->place = key->place;
    steps->word = key->text;
    for (size_t i = 0; i < MR_COUNT_OF(kinds); i++)
        if (strcmp(kinds[i], key->text) == 0)
            return read_kind(reading, (enum mr_test_step_kind)i,
                steps->is_bare ? item : item->items[0], steps);
    return mr_fail_word(reading, key, "step", key->text, kinds, MR_COUNT_OF(kinds));
}

/* A watermark that falls would be no watermark. */
static bool check_order(struct mr_reading *reading, const struct mr_steps *steps)
{
    const struct mr_scenario *scenario = reading->scenario;
    mr_us *stands_us = mr_region_array(reading->region, mr_us, scenario->n_topics + 1);
    for (uint32_t t = 0; t < scenario->n_topics; t++) stands_us[t] = MR_US_MIN;
    for (uint32_t i = 0; i < steps->n; i++) {
        const struct mr_test_step *step = &steps->list[i];
        char text[MR_TIME_TEXT_BYTES];
        if (step->kind != MR_TEST_WATERMARK) continue;
        if (step->watermark_us < stands_us[step->topic])
            return mr_fail_at(reading->err, step->place,
                "the watermark of '%s' cannot fall: it stands at %s",
                scenario->topics[step->topic].name,
                mr_timestamp_format(stands_us[step->topic], text));
        stands_us[step->topic] = step->watermark_us;
    }
    return true;
}

static bool read_variations(struct mr_reading *reading, const struct mr_yaml *root)
{
    struct mr_scenario *scenario = reading->scenario;
    bool is_restored = false;
    int64_t split = 1;
    if (!mr_read_bool(reading, root, "every_restore", &is_restored) ||
        !mr_read_integer(reading, root, "split", MR_RANGE_COUNT(1, MR_SPLIT_MAX), &split))
        return false;
    if (is_restored) *scenario = *mr_scenario_restored_between(reading->region, scenario);
    if (split == 1) return true;
    bool has_seeds = mr_read_key(root, "seeds") != NULL;
    uint64_t first = scenario->first_seed, seeds = scenario->seeds;
    *scenario = *mr_scenario_split(reading->region, scenario, (uint32_t)split);
    if (!has_seeds) return true;
    scenario->first_seed = first;
    scenario->seeds = seeds;
    return true;
}

static bool read_list(
    struct mr_reading *reading, const struct mr_yaml *list, struct mr_steps *steps)
{
    for (uint32_t i = 0; i < list->n; i++) {
        if (steps->n == STEPS_MAX)
            return mr_fail_node(reading, list, "at most %d steps", (int)STEPS_MAX);
        if (!read_step(reading, list->items[i], steps)) return false;
    }
    return true;
}

bool mr_scenario_read_steps(struct mr_region *region, const struct mr_scenario *scenario,
    const char *text, const struct mr_test_step **out, uint32_t *n_steps, struct mr_err *err)
{
    MR_ASSERT(scenario->is_stepped);
    struct mr_scenario copy = *scenario; /* readers may write into theirs */
    struct mr_reading reading = {
        .region = region, .path = "step", .scenario = &copy, .err = err};
    const struct mr_yaml *root;
    size_t bytes = strlen(text);
    if (!mr_yaml_parse(region, "step", text, bytes, MR_YAML_1_2, &root, err)) return false;
    struct mr_steps steps = {.region = region};
    bool is_read = root->kind == MR_YAML_LIST ? read_list(&reading, root, &steps)
                                              : read_step(&reading, root, &steps);
    if (!is_read) {
        mr_err_quote(err, text, bytes);
        return false;
    }
    *out = steps.list;
    *n_steps = steps.n;
    return true;
}

bool mr_read_steps(struct mr_reading *reading, const struct mr_yaml *root)
{
    struct mr_scenario *scenario = reading->scenario;
    if (!scenario->is_stepped) return true;
    const struct mr_yaml *list = mr_yaml_get(root, "steps");
    if (list->kind != MR_YAML_LIST || list->n == 0)
        return mr_fail_node(reading,
            list->kind == MR_YAML_LIST ? list : mr_yaml_key(root, "steps"),
            "'steps' must be a list of steps");
    if (list->n > STEPS_MAX)
        return mr_fail_node(reading, list, "at most %d steps", (int)STEPS_MAX);
    struct mr_steps steps = {.region = reading->region};
    mr_topics_name(reading);
    if (!read_list(reading, list, &steps)) return false;
    scenario->steps = steps.list;
    scenario->n_steps = steps.n;
    return check_order(reading, &steps) && read_variations(reading, root);
}
