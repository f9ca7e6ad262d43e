/* The pipelines of docs/state.md do what the page says: each is run, and holds. */
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#include "scenarios/run/run.h"

enum { PIPELINES_MIN = 6, TEXT_BYTES = 1 << 16 };

static void read_page(char *out)
{
    FILE *file = fopen(MR_SOURCE_DIR "/docs/state.md", "rb");
    assert_non_null(file);
    size_t bytes = fread(out, 1, TEXT_BYTES - 1, file);
    out[bytes] = '\0';
    assert_true(bytes > 0 && bytes < TEXT_BYTES - 1);
    fclose(file);
}

/* The next block that is indented by four and begins with `pipeline:`, without the indent.
 * NULL: there is none. */
static const char *next_pipeline(const char *page, char *out)
{
    page = strstr(page, "\n    pipeline:\n");
    if (!page) return NULL;
    page++;
    *out = '\0';
    while (strncmp(page, "    ", 4) == 0) {
        const char *end = strchr(page, '\n');
        assert_non_null(end);
        strncat(out, page + 4, (size_t)(end + 1 - page - 4));
        page = end + 1;
    }
    return page;
}

static void assert_holds(const char *text)
{
    struct mr_region *region = mr_region_create();
    const struct mr_graph *graph;
    const struct mr_scenario *scenario;
    struct mr_err err = {0};
    struct mr_graph_options graph_options = {.collects = true};
    if (!mr_graph_read_as(
            region, "doc.yaml", text, strlen(text), &graph_options, &graph, &err) ||
        !mr_scenario_calm(region, "doc.yaml", graph, &scenario, &err)) {
        char message[2048];
        mr_err_format(&err, message, sizeof message);
        fail_msg("%s\n%s", message, text);
    }
    struct mr_arena *arena;
    struct mr_arena_options options = {.bytes_max = mr_run_arena_bytes(scenario), .fill = -1};
    assert_true(mr_arena_open(&options, &arena, &err));
    struct mr_run_options run = {.seed = 1};
    struct mr_run_result *result = mr_region_new(region, struct mr_run_result);
    mr_run(arena, scenario, &run, result);
    if (result->n_findings > 0)
        fail_msg("%s: expected %s actual %s\n%s", result->findings[0].summary,
            result->findings[0].expected, result->findings[0].actual, text);
    assert_int_equal(result->end, MR_END_FINISHED);
    mr_arena_close(arena);
    mr_region_destroy(region);
}

static void each_pipeline_of_the_page_holds(void **state)
{
    (void)state;
    char page[TEXT_BYTES], text[TEXT_BYTES];
    read_page(page);
    int n = 0;
    for (const char *at = page; (at = next_pipeline(at, text)) != NULL; n++) {
        assert_non_null(strstr(text, "AssertEqual"));
        assert_holds(text);
    }
    assert_true(n >= PIPELINES_MIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_pipeline_of_the_page_holds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
