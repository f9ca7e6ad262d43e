#include "scenarios/run/driver.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include "engine/expression/caller.h"
#include "scenarios/run/steps_internal.h"

enum { ERROR_BYTES = 4096 };

struct millrace_driver {
    struct mr_region *region;
    struct mr_arena *arena;
    const struct mr_scenario *scenario;
    struct mr_run_options options;
    struct mr_run_result *result;
    struct run *run;
    struct mr_playing *playing;
    mr_us *watermarks_us; /* [n_topics] */
    bool has_ended;       /* the run: nothing can be done any more */
    char error[ERROR_BYTES];
};

static bool refuse(struct millrace_driver *driver, const struct mr_err *err)
{
    mr_err_format(err, driver->error, sizeof driver->error);
    return false;
}

static bool say(struct millrace_driver *driver, const char *what, const char *which)
{
    snprintf(driver->error, sizeof driver->error, what, which);
    return false;
}

/* The texts of a failure, as a person reads them. */
static bool fail_with(struct millrace_driver *driver, const struct mr_witness *witness)
{
    snprintf(driver->error, sizeof driver->error, "%s\n%s%s%s%s%s%s", witness->summary,
        witness->expected[0] ? "expected:\n" : "", witness->expected,
        witness->actual[0] ? "\nactual:\n" : "", witness->actual,
        witness->cause[0] ? "\ncause: " : "", witness->cause);
    return false;
}

/* Opening. */

struct text {
    const char *pipeline;
    const char *scenario;
};

static bool read_text(void *self, struct mr_region *region, const char *path, const char **text,
    size_t *bytes, struct mr_err *err)
{
    (void)region;
    const struct text *texts = self;
    if (strcmp(path, "driver.yaml") == 0)
        *text = texts->scenario;
    else if (strcmp(path, "pipeline.yaml") == 0)
        *text = texts->pipeline;
    else
        return mr_fail(err, MR_ERR_INPUT,
            "a driver's pipeline cannot name other files, such as '%s'", path);
    *bytes = strlen(*text);
    return true;
}

static const char *scenario_text(
    struct mr_region *region, const struct millrace_options *options)
{
    struct millrace_options given = options ? *options : (struct millrace_options){0};
    if (given.workers == 0) given.workers = 1;
    if (given.parallelism == 0) given.parallelism = given.workers;
    if (given.batch_rows == 0) given.batch_rows = 100;
    uint32_t slots = (given.parallelism + given.workers - 1) / given.workers;
    return mr_region_printf(region,
        "scenario: driver\npipeline: pipeline.yaml\n"
        "cluster: {workers: %u, slots: %u, parallelism: %u, batch: %u}\nsteps: [expect_none]\n",
        given.workers, slots, given.parallelism, given.batch_rows);
}

static bool start(struct millrace_driver *driver, struct mr_err *err)
{
    const struct mr_arena_options options = {
        .bytes_max = mr_run_arena_bytes(driver->scenario), .fill = -1};
    uint32_t n_topics = driver->scenario->n_topics;
    if (!mr_arena_open(&options, &driver->arena, err)) return false;
    driver->result = mr_region_new(driver->region, struct mr_run_result);
    driver->playing = mr_region_new(driver->region, struct mr_playing);
    driver->watermarks_us = mr_region_array(driver->region, mr_us, n_topics + 1);
    for (uint32_t t = 0; t < n_topics; t++) driver->watermarks_us[t] = MR_US_MIN;
    driver->options.seed = 1;
    mr_arena_reset(driver->arena);
    mr_python_begin(driver->options.seed);
    return true;
}

/* Everything that may ask the arena for memory goes through here. */
typedef bool (*doing)(struct millrace_driver *driver, const void *argument);
static bool act(struct millrace_driver *driver, doing action, const void *argument)
{
    jmp_buf exhausted;
    if (driver->has_ended) return say(driver, "%s", "the run has ended");
    if (setjmp(exhausted) != 0) {
        mr_arena_guard(driver->arena, NULL);
        driver->has_ended = true;
        return say(driver, "%s", "the run needs more memory than it has");
    }
    mr_arena_guard(driver->arena, &exhausted);
    mr_arena_owner(driver->arena, MR_OWNER_CHECKS);
    bool is_ok = action(driver, argument);
    mr_arena_guard(driver->arena, NULL);
    return is_ok;
}

/* The run has ended before the call was through. */
static bool fail_ended(struct millrace_driver *driver)
{
    driver->has_ended = true;
    mr_run_finish(driver->run, driver->result);
    driver->result->end = mr_lead_end(driver->run->lead);
    mr_run_gather(driver->run, driver->result);
    if (driver->result->n_findings > 0) return fail_with(driver, &driver->result->findings[0]);
    return say(driver, "%s", "the run has ended");
}

static bool make(struct millrace_driver *driver, const void *argument)
{
    (void)argument;
    driver->run = mr_run_make(driver->arena, driver->scenario, &driver->options);
    mr_playing_begin(driver->playing, driver->run, driver->result);
    return mr_lead_settle(driver->run->lead, driver->result) || fail_ended(driver);
}

struct millrace_driver *millrace_driver_open(
    const char *text, const struct millrace_options *options, char *error, size_t error_bytes)
{
    struct mr_region *region = mr_region_create();
    struct millrace_driver *driver = mr_region_new(region, struct millrace_driver);
    struct mr_err err = {0};
    driver->region = region;
    struct text texts = {
        .pipeline = mr_region_strdup(region, text), .scenario = scenario_text(region, options)};
    const struct mr_file_reader reader = {.self = &texts, .read = read_text};
    bool is_ok = mr_scenario_read(region, "driver.yaml", &reader, &driver->scenario, &err) &&
                 start(driver, &err);
    if (!is_ok) refuse(driver, &err);
    if (is_ok && act(driver, make, NULL)) return driver;
    if (error && error_bytes > 0) snprintf(error, error_bytes, "%s", driver->error);
    millrace_driver_close(driver);
    return NULL;
}

void millrace_driver_close(struct millrace_driver *driver)
{
    if (!driver) return;
    mr_arena_close(driver->arena);
    mr_region_destroy(driver->region);
}

const char *millrace_driver_error(const struct millrace_driver *driver)
{
    return driver->error;
}

/* Steps. */

struct steps {
    const struct mr_test_step *list;
    uint32_t n;
};

static bool rises(struct millrace_driver *driver, const struct mr_test_step *step)
{
    if (step->kind != MR_TEST_WATERMARK) return true;
    mr_us *stands_us = &driver->watermarks_us[step->topic];
    if (step->watermark_us < *stands_us)
        return say(driver, "the watermark of '%s' cannot fall",
            driver->scenario->topics[step->topic].name);
    *stands_us = step->watermark_us;
    return true;
}

static bool play(struct millrace_driver *driver, const void *argument)
{
    const struct steps *steps = argument;
    struct mr_playing *playing = driver->playing;
    for (uint32_t i = 0; i < steps->n; i++) {
        playing->has_failed = false;
        if (!rises(driver, &steps->list[i])) return false;
        if (!mr_play(playing, &steps->list[i])) return fail_ended(driver);
        if (playing->has_failed) return fail_with(driver, &playing->failure);
    }
    return true;
}

bool millrace_driver_step(struct millrace_driver *driver, const char *step)
{
    struct steps steps;
    struct mr_err err = {0};
    if (!mr_scenario_read_steps(
            driver->region, driver->scenario, step, &steps.list, &steps.n, &err))
        return refuse(driver, &err);
    return act(driver, play, &steps);
}

static bool step_named(
    struct millrace_driver *driver, const char *format, const char *name, const char *text)
{
    return millrace_driver_step(driver, mr_region_printf(driver->region, format, name, text));
}

/* Inputs. */

bool millrace_driver_push(struct millrace_driver *driver, const char *input, const char *row)
{
    return step_named(driver, "{rows: {input: '%s', rows: [%s\n]}}", input, row);
}

bool millrace_driver_push_at(
    struct millrace_driver *driver, const char *input, const char *row, int64_t time_us)
{
    char time[MR_TIME_TEXT_BYTES];
    mr_timestamp_format(time_us, time);
    const char *rows =
        mr_region_printf(driver->region, "timestamp: '%s', rows: [{row: %s\n}]", time, row);
    return step_named(driver, "{rows: {input: '%s', %s}}", input, rows);
}

static bool find_topic(
    struct millrace_driver *driver, const char *name, bool is_input, uint32_t *topic)
{
    const struct mr_scenario *scenario = driver->scenario;
    for (uint32_t t = 0; t < scenario->n_topics; t++) {
        if ((scenario->topics[t].stream != NULL) != is_input ||
            strcmp(mr_topic_name(scenario, t), name) != 0)
            continue;
        *topic = t;
        return true;
    }
    return say(driver, is_input ? "there is no input '%s'" : "there is no output '%s'", name);
}

static bool take_value(struct millrace_driver *driver, const struct mr_field *field,
    const struct millrace_value *from, struct mr_value *to)
{
    static const enum mr_type types[] = {MR_TYPE_NULL, MR_TYPE_BOOL, MR_TYPE_INT, MR_TYPE_FLOAT,
        MR_TYPE_STRING, MR_TYPE_BYTES, MR_TYPE_TIMESTAMP};
    *to = (struct mr_value){.type = MR_TYPE_NULL};
    if ((unsigned)from->type > MILLRACE_TIMESTAMP)
        return say(driver, "the value of '%s' has no known type", field->name);
    if (from->type == MILLRACE_NULL)
        return field->is_nullable || say(driver, "field '%s' cannot be null", field->name);
    to->type = (uint8_t)field->type;
    if (from->type == MILLRACE_INTEGER && field->type == MR_TYPE_FLOAT) {
        to->f = (double)from->integer;
        return true;
    }
    bool is_time = from->type == MILLRACE_INTEGER && field->type == MR_TYPE_TIMESTAMP;
    if (types[from->type] != field->type && !is_time)
        return say(driver, "the value of field '%s' is of another type", field->name);
    if (from->type == MILLRACE_FLOAT) {
        to->f = mr_canonical_float(from->number);
        return true;
    }
    if (from->type != MILLRACE_STRING && from->type != MILLRACE_BYTES) {
        to->i = from->type == MILLRACE_BOOLEAN ? from->integer != 0 : from->integer;
        return true;
    }
    if (from->bytes > UINT32_MAX)
        return say(driver, "the text of '%s' is too long", field->name);
    char *text = mr_region_alloc(driver->region, from->bytes + 1);
    memcpy(text, from->text, from->bytes);
    to->text = text;
    to->bytes = (uint32_t)from->bytes;
    return true;
}

bool millrace_driver_push_values(struct millrace_driver *driver, const char *input,
    const struct millrace_value *values, size_t n_values, int64_t time_us)
{
    uint32_t topic;
    if (!find_topic(driver, input, true, &topic)) return false;
    const struct mr_schema *schema = driver->scenario->topics[topic].stream->schema;
    if (n_values != schema->n_fields)
        return say(driver, "a row of '%s' has another number of fields", input);
    struct mr_value *row = mr_region_array(driver->region, struct mr_value, n_values + 1);
    for (uint32_t f = 0; f < schema->n_fields; f++)
        if (!take_value(driver, &schema->fields[f], &values[f], &row[f])) return false;
    struct mr_test_row *rows = mr_region_new(driver->region, struct mr_test_row);
    *rows = (struct mr_test_row){.row = row, .has_time = true, .time_us = time_us};
    const struct mr_test_step step = {.kind = MR_TEST_ROWS,
        .place = {.file = "step", .line = 1, .col = 1},
        .topic = topic,
        .n_rows = 1,
        .rows = rows};
    const struct steps steps = {.list = &step, .n = 1};
    return act(driver, play, &steps);
}

/* The step of a kind that needs no text. */
static bool play_one(struct millrace_driver *driver, struct mr_test_step step)
{
    step.place = (struct mr_place){.file = "step", .line = 1, .col = 1};
    const struct steps steps = {.list = &step, .n = 1};
    return act(driver, play, &steps);
}

bool millrace_driver_watermark(
    struct millrace_driver *driver, const char *input, int64_t time_us)
{
    struct mr_test_step step = {.kind = MR_TEST_WATERMARK, .watermark_us = time_us};
    return find_topic(driver, input, true, &step.topic) && play_one(driver, step);
}

bool millrace_driver_idle(struct millrace_driver *driver, const char *input, bool is_idle)
{
    struct mr_test_step step = {.kind = is_idle ? MR_TEST_IDLE : MR_TEST_ACTIVE};
    return find_topic(driver, input, true, &step.topic) && play_one(driver, step);
}

bool millrace_driver_advance(struct millrace_driver *driver, int64_t span_ns)
{
    if (span_ns < 0) return say(driver, "%s", "time does not go back");
    return play_one(
        driver, (struct mr_test_step){.kind = MR_TEST_PROCESSING_TIME, .advance_ns = span_ns});
}

bool millrace_driver_checkpoint(struct millrace_driver *driver)
{
    return play_one(driver, (struct mr_test_step){.kind = MR_TEST_CHECKPOINT});
}

bool millrace_driver_restore(struct millrace_driver *driver)
{
    return play_one(driver, (struct mr_test_step){.kind = MR_TEST_RESTORE});
}

/* Outputs. */

static struct millrace_value give_document(struct mr_region *region, struct mr_value from)
{
    size_t size = mr_value_text_size(from);
    char *text = mr_region_alloc(region, size);
    size_t bytes = mr_value_format(from, text, size);
    return (struct millrace_value){.type = MILLRACE_JSON, .text = text, .bytes = bytes};
}

static struct millrace_value give_value(struct mr_region *region, struct mr_value from)
{
    if (mr_type_is_document((enum mr_type)from.type)) return give_document(region, from);
    static const enum millrace_type types[] = {[MR_TYPE_NULL] = MILLRACE_NULL,
        [MR_TYPE_BOOL] = MILLRACE_BOOLEAN,
        [MR_TYPE_INT] = MILLRACE_INTEGER,
        [MR_TYPE_FLOAT] = MILLRACE_FLOAT,
        [MR_TYPE_STRING] = MILLRACE_STRING,
        [MR_TYPE_BYTES] = MILLRACE_BYTES,
        [MR_TYPE_TIMESTAMP] = MILLRACE_TIMESTAMP};
    MR_ASSERT(from.type <= MR_TYPE_TIMESTAMP);
    struct millrace_value to = {.type = types[from.type], .bytes = from.bytes};
    if (from.type == MR_TYPE_FLOAT)
        to.number = from.f;
    else if (from.type == MR_TYPE_STRING || from.type == MR_TYPE_BYTES)
        to.text = from.text;
    else
        to.integer = from.i;
    return to;
}

bool millrace_driver_take(
    struct millrace_driver *driver, const char *output, struct millrace_row *row)
{
    uint32_t topic, sink;
    if (driver->has_ended || !find_topic(driver, output, false, &topic)) return false;
    const struct mr_outcome *outcome = mr_lead_take_one(driver->run->lead, topic);
    if (!outcome) return false;
    const struct mr_schema *schema = mr_output_schema(driver->scenario, topic, &sink);
    struct millrace_value *values =
        mr_region_array(driver->region, struct millrace_value, schema->n_fields + 1);
    const char **names = mr_region_array(driver->region, const char *, schema->n_fields + 1);
    for (uint32_t f = 0; f < schema->n_fields; f++) {
        values[f] = give_value(driver->region, outcome->row[f]);
        names[f] = schema->fields[f].name;
    }
    *row = (struct millrace_row){.n_values = schema->n_fields,
        .values = values,
        .names = names,
        .time_us = outcome->time_us,
        .has_window = outcome->has_window && outcome->window_start_us != MR_US_MIN,
        .window_start_us = outcome->window_start_us,
        .window_end_us = outcome->window_end_us,
        .timing = (enum millrace_timing)outcome->pane.timing,
        .index = outcome->pane.index,
        .nonspeculative_index = outcome->pane.nonspeculative_index == MR_PANE_SPECULATIVE
                                    ? -1
                                    : outcome->pane.nonspeculative_index,
        .is_last = outcome->pane.is_last};
    return true;
}

bool millrace_driver_expect(
    struct millrace_driver *driver, const char *output, const char *rows)
{
    return step_named(driver, "{expect: {output: '%s', panes: %s\n}}", output, rows);
}

static bool finish(struct millrace_driver *driver, const void *argument)
{
    (void)argument;
    struct mr_playing *playing = driver->playing;
    static const struct mr_place end = {.file = "driver", .line = 0};
    const struct mr_test_step last = {.kind = MR_TEST_EXPECT_NONE, .place = end};
    playing->has_failed = false;
    playing->step = &last;
    bool is_whole = mr_playing_finish(playing);
    playing->step = NULL;
    if (!is_whole) return fail_ended(driver);
    if (playing->has_failed) return fail_with(driver, &playing->failure);
    driver->has_ended = true;
    driver->result->end = MR_END_RUN_FOR;
    mr_run_finish(driver->run, driver->result);
    mr_run_gather(driver->run, driver->result);
    for (uint32_t i = 0; i < driver->result->n_findings; i++)
        if (driver->result->findings[i].check != MR_CHECK_STEPS)
            return fail_with(driver, &driver->result->findings[i]);
    return true;
}

bool millrace_driver_finish(struct millrace_driver *driver)
{
    return act(driver, finish, NULL);
}
