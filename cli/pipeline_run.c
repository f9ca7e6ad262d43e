#include "cli/pipeline_run.h"

#include <string.h>

#include "base/row.h"
#include "base/yaml.h"
#include "cli/campaign.h"
#include "cli/pipeline_files.h"

static bool read_list(struct mr_region *region, struct mr_pipeline_file *file,
    const struct mr_yaml *list, struct mr_err *err)
{
    static const char *const keys[] = {"pipelines", "options", "providers", "fixtures"};
    const struct mr_yaml *root = file->parsed.root;
    if (!mr_yaml_only_keys(root, "a file of pipelines", keys, 4, err) ||
        !mr_fixtures_read(region, mr_yaml_get(root, "fixtures"), &file->fixtures, err))
        return false;
    if (list->kind != MR_YAML_LIST || list->n == 0)
        return mr_fail_at(
            err, list->place, "'pipelines' must be a list of maps with a 'pipeline' each");
    file->is_list = true;
    file->n = list->n;
    file->documents = list->items;
    return true;
}

bool mr_pipeline_file_open(
    struct mr_region *region, struct mr_pipeline_file *file, struct mr_err *err)
{
    if (file->fixtures.n == 0) return true;
    if (!mr_fixtures_open(&file->fixtures, region, err)) return false;
    file->documents = mr_fixtures_fill(&file->fixtures, region, file->documents, file->n);
    return true;
}

void mr_pipeline_file_close(struct mr_pipeline_file *file)
{
    mr_fixtures_close(&file->fixtures);
}

bool mr_pipeline_file_read(struct mr_region *region, const char *path,
    struct mr_pipeline_file *out, struct mr_err *err)
{
    mr_files_init(&out->files, path);
    struct mr_file_reader reader = mr_files_reader(&out->files);
    struct mr_graph_files named = mr_cli_pipeline_files(&out->files, out->jinja_variables);
    out->path = mr_region_strdup(region, path);
    out->is_list = false;
    if (!reader.read(reader.self, region, out->path + strlen(out->files.folder), &out->text,
            &out->bytes, err) ||
        !mr_graph_parse(region, out->path, out->text, out->bytes, &named, &out->parsed, err))
        return false;
    const struct mr_yaml *list = mr_yaml_get(out->parsed.root, "pipelines");
    if (list) {
        if (read_list(region, out, list, err)) return true;
        mr_err_quote(err, out->text, out->bytes);
        return false;
    }
    out->n = 1;
    out->documents = &out->parsed.root;
    return true;
}

bool mr_pipeline_file_graph(struct mr_region *region, struct mr_pipeline_file *file,
    const struct mr_yaml *document, const struct mr_yaml *test, const struct mr_graph **out,
    struct mr_err *err)
{
    struct mr_graph_files named = mr_cli_pipeline_files(&file->files, file->jinja_variables);
    struct mr_graph_document one = {.root = document, .rendered = file->parsed.rendered};
    struct mr_graph_options options = {
        .files = &named, .document = &one, .collects = !test, .test = test};
    if (file->is_list) options.providers = mr_yaml_get(file->parsed.root, "providers");
    return mr_graph_read_as(region, file->path, file->text, file->bytes, &options, out, err);
}

bool mr_pipeline_file_scenario(struct mr_region *region, struct mr_pipeline_file *file,
    const struct mr_yaml *document, const struct mr_yaml *test, const struct mr_scenario **out,
    struct mr_err *err)
{
    const struct mr_graph *graph;
    if (!mr_pipeline_file_graph(region, file, document, test, &graph, err)) return false;
    if (mr_scenario_calm(region, file->path, graph, out, err)) return true;
    if (err->input_file[0]) mr_err_quote(err, file->text, file->bytes);
    return false;
}

bool mr_pipeline_run(const struct mr_scenario *scenario, struct mr_collector *collector,
    const struct mr_run_options *options, struct mr_run_result *result, struct mr_err *err)
{
    struct mr_arena *arena;
    if (!mr_surroundings_arena(&mr_surroundings_usual, scenario, &arena, err)) return false;
    struct mr_recorder recorder = mr_collector_recorder(collector);
    struct mr_run_options collected = *options;
    collected.recorder = &recorder;
    mr_run(arena, scenario, &collected, result);
    mr_arena_close(arena);
    return true;
}

/* ---- Rows as text ---- */

static char *row_text(
    const struct mr_schema *schema, const struct mr_value *row, enum mr_row_form form)
{
    size_t size = mr_row_text_bytes(schema, row);
    char *text = mr_alloc(size);
    if (form == MR_ROWS_BEAM)
        mr_row_repr(schema, row, text, size);
    else
        mr_row_json(schema, row, text, size);
    return text;
}

void mr_pipeline_rows(
    struct mr_text *out, const struct mr_collector *collector, enum mr_row_form form)
{
    const struct mr_graph *graph = collector->scenario->graph;
    for (uint32_t i = 0; i < graph->n_transforms; i++) {
        const struct mr_transform *sink = &graph->transforms[i];
        if (sink->kind != MR_WRITE_TO_LOG || !sink->write.is_collector) continue;
        const struct mr_collected *topic = mr_collector_rows(collector, sink);
        for (size_t k = 0; k < topic->n; k++) {
            char *text = row_text(topic->schema, topic->rows[k], form);
            mr_text_printf(out, "%s\n", text);
            mr_free(text);
        }
    }
}

/* ---- Differences ---- */

enum { WIDTH_MAX = 60, SAME_ROWS_MAX = 20, LINES_MAX = 200 };

/* The two sides of one AssertEqual as text. */
struct sides {
    const struct mr_transform *sink;
    const struct mr_assertion *assertion;
    bool *taken;      /* [n_rows of the assertion] */
    bool *unexpected; /* [n_actual] */
    size_t n_actual;
    uint32_t n_missing;
    uint32_t n_unexpected;
    char **expected; /* [n_rows of the assertion] */
    char **actual;   /* [n_actual] */
    char **partner;  /* [n_rows of the assertion]: of `actual`; NULL: missing */
};

static void compare(
    struct sides *sides, const struct mr_collected *topic, enum mr_row_form form)
{
    const struct mr_assertion *assertion = sides->assertion;
    sides->n_actual = topic->n;
    sides->taken = mr_alloc(assertion->n_rows + 1);
    sides->unexpected = mr_alloc(topic->n + 1);
    sides->expected = mr_alloc(sizeof(char *) * (assertion->n_rows + 1));
    sides->actual = mr_alloc(sizeof(char *) * (topic->n + 1));
    sides->partner = mr_alloc(sizeof(char *) * (assertion->n_rows + 1));
    sides->n_missing = assertion->n_rows;
    for (size_t i = 0; i < topic->n; i++) {
        int64_t at = mr_assertion_take(assertion, topic->schema, topic->rows[i], sides->taken);
        sides->unexpected[i] = at < 0;
        sides->n_unexpected += at < 0;
        sides->n_missing -= at >= 0;
        sides->actual[i] = row_text(topic->schema, topic->rows[i], form);
        if (at >= 0) sides->partner[at] = sides->actual[i];
    }
    for (uint32_t i = 0; i < assertion->n_rows; i++) {
        struct mr_schema schema = {assertion->rows[i].n, assertion->rows[i].fields};
        sides->expected[i] = row_text(&schema, assertion->rows[i].values, form);
    }
}

static void forget(struct sides *sides)
{
    for (uint32_t i = 0; i < sides->assertion->n_rows; i++) mr_free(sides->expected[i]);
    for (size_t i = 0; i < sides->n_actual; i++) mr_free(sides->actual[i]);
    mr_free(sides->partner);
    mr_free(sides->expected);
    mr_free(sides->actual);
    mr_free(sides->taken);
    mr_free(sides->unexpected);
}

/* What is on both sides comes first, then what is missing, then what is unexpected. */
static void add_sides(struct mr_text *out, const struct sides *sides)
{
    size_t width = strlen("expected");
    uint32_t n_rows = sides->assertion->n_rows, n_same = 0, n_lines = 0;
    for (uint32_t i = 0; i < n_rows; i++)
        if (strlen(sides->expected[i]) > width) width = strlen(sides->expected[i]);
    if (width > WIDTH_MAX) width = WIDTH_MAX;
    mr_text_printf(out, "    %-*s   %s\n", (int)width, "expected", "actual");
    for (uint32_t i = 0; i < n_rows; i++)
        if (sides->taken[i] && n_same++ < SAME_ROWS_MAX)
            mr_text_printf(
                out, "    %-*s   %s\n", (int)width, sides->expected[i], sides->partner[i]);
    if (n_same > SAME_ROWS_MAX)
        mr_text_printf(out, "    and %u more that are the same\n", n_same - SAME_ROWS_MAX);
    for (uint32_t i = 0; i < n_rows; i++)
        if (!sides->taken[i] && n_lines++ < LINES_MAX)
            mr_text_printf(out, "  - %s\n", sides->expected[i]);
    for (size_t i = 0; i < sides->n_actual; i++)
        if (sides->unexpected[i] && n_lines++ < 2 * LINES_MAX)
            mr_text_printf(out, "  + %-*s   %s\n", (int)width, "", sides->actual[i]);
}

uint32_t mr_pipeline_differences(
    struct mr_text *out, const struct mr_collector *collector, enum mr_row_form form)
{
    const struct mr_graph *graph = collector->scenario->graph;
    uint32_t n_failed = 0;
    for (uint32_t i = 0; i < graph->n_transforms; i++) {
        const struct mr_transform *sink = &graph->transforms[i];
        if (sink->kind != MR_WRITE_TO_LOG || !sink->write.assertion) continue;
        struct sides sides = {.sink = sink, .assertion = sink->write.assertion};
        compare(&sides, mr_collector_rows(collector, sink), form);
        if (sides.n_missing + sides.n_unexpected > 0) {
            n_failed++;
            mr_text_printf(out, "%s:%d:%d: '%s' does not hold: %u missing, %u unexpected\n",
                sink->place.file, sink->place.line, sink->place.col, sink->name,
                sides.n_missing, sides.n_unexpected);
            add_sides(out, &sides);
        }
        forget(&sides);
    }
    return n_failed;
}
