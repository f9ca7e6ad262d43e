/* What steps expect: rows with their panes, and state that is there or gone. */
#include <string.h>

#include "scenarios/language/steps_internal.h"

enum { WORDS_MAX = 256 };

/* [start, end], {start, end} or `global`. */
static bool read_window(
    struct mr_reading *reading, const struct mr_yaml *node, mr_us *start_us, mr_us *end_us)
{
    const struct mr_yaml *start = NULL, *end = NULL;
    if (node->kind == MR_YAML_TEXT && strcmp(node->text, "global") == 0) {
        *start_us = MR_US_MIN;
        *end_us = MR_US_GLOBAL_END;
        return true;
    }
    if (node->kind == MR_YAML_LIST && node->n == 2) {
        start = node->items[0];
        end = node->items[1];
    } else if (node->kind == MR_YAML_MAP) {
        if (!mr_read_keys(reading, node, "window", MR_MAP_STEP_WINDOW) ||
            !mr_read_required(reading, node, "start") ||
            !mr_read_required(reading, node, "end"))
            return false;
        start = mr_yaml_get(node, "start");
        end = mr_yaml_get(node, "end");
    }
    if (!start) return mr_fail_node(reading, node, "a window is [start, end] or 'global'");
    if (!mr_read_time(reading, start, "the start of a window", start_us) ||
        !mr_read_time(reading, end, "the end of a window", end_us))
        return false;
    return *start_us < *end_us ||
           mr_fail_node(reading, node, "the window ends before it has begun");
}

static bool read_count(
    struct mr_reading *reading, const struct mr_yaml *map, const char *key, int64_t *out)
{
    return mr_read_integer(reading, map, key, MR_RANGE_COUNT(0, UINT32_MAX), out);
}

static bool read_timing(struct mr_reading *reading, const struct mr_yaml *map, int *out)
{
    static const char *const words[] = {"early", "on_time", "late", "unknown", "on-time"};
    int timing = -1;
    if (!mr_read_word(reading, map, "timing", words, MR_COUNT_OF(words), &timing)) return false;
    *out = timing == 4 ? MR_PANE_ON_TIME : timing;
    return true;
}

/* Of an early pane it is -1, as in Beam; the engine has another number for that. */
static bool read_nonspeculative(
    struct mr_reading *reading, const struct mr_yaml *map, struct mr_test_row *out)
{
    const char *key = "nonspeculative_index";
    int64_t index = -1;
    if (!mr_read_integer(reading, map, key, MR_RANGE_COUNT(-1, UINT16_MAX - 1), &index))
        return false;
    bool is_early = index < 0 && mr_yaml_get(map, key) != NULL;
    out->nonspeculative_index = is_early ? MR_PANE_SPECULATIVE : index;
    return true;
}

static bool read_kind(struct mr_reading *reading, const struct mr_yaml *map, int *out)
{
    static const char *const words[] = {
        "insert", "update_before", "update_after", "delete"}; /* by kind */
    return mr_read_word(reading, map, "kind", words, MR_COUNT_OF(words), out);
}

static bool read_pane(
    struct mr_reading *reading, const struct mr_yaml *node, struct mr_test_row *out)
{
    const struct mr_yaml *window = mr_yaml_get(node, "window");
    const struct mr_yaml *time = mr_yaml_get(node, "timestamp");
    bool is_last = false;
    if (!mr_read_keys(reading, node, "pane", MR_MAP_STEP_PANE) ||
        !read_timing(reading, node, &out->timing) ||
        !read_count(reading, node, "index", &out->index) ||
        !read_nonspeculative(reading, node, out) || !read_kind(reading, node, &out->kind) ||
        !mr_read_bool(reading, node, "is_last", &is_last))
        return false;
    if (mr_yaml_get(node, "is_last")) out->is_last = is_last;
    out->has_window = window != NULL;
    out->has_time = time != NULL;
    return (!window ||
               read_window(reading, window, &out->window_start_us, &out->window_end_us)) &&
           (!time || mr_read_time(reading, time, "'timestamp'", &out->time_us));
}

bool mr_read_expected(
    struct mr_reading *reading, const struct mr_yaml *list, struct mr_test_step *step)
{
    uint32_t sink;
    const struct mr_scenario *scenario = reading->scenario;
    const struct mr_schema *schema = mr_output_schema(scenario, step->topic, &sink);
    if (list->kind != MR_YAML_LIST)
        return mr_fail_node(reading, list, "what is expected must be a list of rows or panes");
    if (!schema)
        return mr_fail_node(reading, list, "no WriteToLog writes the output '%s'",
            mr_topic_name(scenario, step->topic));
    struct mr_test_row *rows =
        mr_region_array(reading->region, struct mr_test_row, list->n + 1);
    for (uint32_t i = 0; i < list->n; i++) {
        const struct mr_yaml *node = list->items[i], *row = mr_yaml_get(node, "row");
        rows[i] = (struct mr_test_row){.place = node->place,
            .timing = -1,
            .index = -1,
            .nonspeculative_index = -1,
            .is_last = -1,
            .kind = -1};
        bool is_pane = row && row->kind == MR_YAML_MAP && mr_schema_find(schema, "row") < 0;
        if (is_pane && !read_pane(reading, node, &rows[i])) return false;
        if (!mr_read_row(reading, is_pane ? row : node, schema, -1, &rows[i].row)) return false;
        bool has_window = scenario->plan->has_window[sink];
        if (is_pane && rows[i].has_window && !has_window)
            return mr_fail_node(reading, mr_yaml_get(node, "window"),
                "the rows of '%s' have no windows", mr_topic_name(scenario, step->topic));
    }
    step->rows = rows;
    step->n_rows = list->n;
    return true;
}

/* State. */

static bool ends_with(const char *name, const char *word)
{
    size_t bytes = strlen(name), n = strlen(word);
    return bytes > n && name[bytes - n - 1] == '/' && strcmp(name + bytes - n, word) == 0;
}

static bool find_keyed(struct mr_reading *reading, const struct mr_yaml *node, uint32_t *out)
{
    const struct mr_graph *graph = reading->scenario->graph;
    const char *name, *words[WORDS_MAX];
    size_t n_words = 0;
    int found = -1;
    if (!mr_yaml_as_text(node, "transform", &name, reading->err)) return false;
    for (uint32_t i = 0; i < graph->n_transforms; i++) {
        const struct mr_transform *transform = &graph->transforms[i];
        bool is_it = strcmp(transform->name, name) == 0 || ends_with(transform->name, name);
        bool has_state = transform->kind == MR_COMBINE ||
                         (transform->keyed && transform->kind != MR_ROUTE);
        if (is_it && !has_state)
            return mr_fail_node(reading, node,
                "'%s' is a %s: only state by key can be looked at, of a Combine, KeyedProcess, "
                "Deduplicate, TopN or Materialize",
                name, transform->type);
        if (!has_state) continue;
        if (is_it) found = (int)i;
        if (n_words < WORDS_MAX) words[n_words++] = transform->name;
    }
    if (found < 0)
        return mr_fail_word(reading, node, "transform with state", name, words, n_words);
    *out = (uint32_t)found;
    return true;
}

/* {field: value}, or the value alone where the key is one field. */
static bool read_key(
    struct mr_reading *reading, const struct mr_yaml *node, struct mr_test_step *step)
{
    const struct mr_transform *combine = &reading->scenario->graph->transforms[step->transform];
    const struct mr_keyed *keyed = combine->keyed;
    const struct mr_schema keys = {.n_fields = keyed ? keyed->n_keys : combine->combine.n_keys,
        .fields = keyed ? keyed->keys : combine->outputs[MR_OUTPUT_MAIN].schema.fields};
    step->has_key = true;
    if (node->kind == MR_YAML_MAP) return mr_read_row(reading, node, &keys, -1, &step->keys);
    if (keys.n_fields != 1)
        return mr_fail_node(reading, node, "the key of '%s' has %u fields: it must be a map",
            combine->name, keys.n_fields);
    struct mr_value *value = mr_region_array(reading->region, struct mr_value, 1);
    step->keys = value;
    return mr_read_value(reading, node, &keys.fields[0], value);
}

/* `present: true` or `gone: true`; a word alone will do. */
static bool read_presence(
    struct mr_reading *reading, const struct mr_yaml *node, struct mr_test_step *step)
{
    const struct mr_yaml *present = mr_yaml_get(node, "present");
    const struct mr_yaml *gone = mr_yaml_get(node, "gone");
    if ((present != NULL) == (gone != NULL))
        return mr_fail_node(reading, node, "'expect_state' needs 'present' or 'gone'");
    const struct mr_yaml *word = present ? present : gone;
    bool is_so = true;
    if (word->kind != MR_YAML_NULL &&
        !mr_yaml_as_bool(word, present ? "present" : "gone", &is_so, reading->err))
        return false;
    step->is_gone = is_so == (gone != NULL);
    return true;
}

bool mr_read_expected_state(
    struct mr_reading *reading, const struct mr_yaml *node, struct mr_test_step *step)
{
    if (!mr_read_keys(reading, node, "step expect_state", MR_MAP_STEP_STATE) ||
        !mr_read_required(reading, node, "transform") ||
        !find_keyed(reading, mr_yaml_get(node, "transform"), &step->transform))
        return false;
    const struct mr_yaml *key = mr_yaml_get(node, "key");
    const struct mr_yaml *window = mr_yaml_get(node, "window");
    step->has_window = window != NULL;
    return (!key || read_key(reading, key, step)) &&
           (!window ||
               read_window(reading, window, &step->window_start_us, &step->window_end_us)) &&
           read_presence(reading, node, step);
}
