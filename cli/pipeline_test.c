#include "cli/pipeline_test.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/console.h"
#include "cli/interrupt.h"

bool mr_pipeline_file_has_tests(struct mr_region *region, const char *path)
{
    struct mr_err ignored = {0};
    struct mr_pipeline_file *file = mr_region_new(region, struct mr_pipeline_file);
    if (!mr_pipeline_file_read(region, path, file, &ignored)) return false;
    for (uint32_t i = 0; i < file->n; i++) {
        const struct mr_yaml *list = mr_yaml_get(file->documents[i], "tests");
        if (list && list->kind == MR_YAML_LIST && list->n > 0) return true;
    }
    return false;
}

static void note_outcome(struct mr_pipeline_tests *tests, const char *label,
    const char *outcome, const struct mr_text *detail)
{
    const char *colon = strstr(label, ": ");
    struct mr_junit_test *grown =
        mr_region_array(tests->region, struct mr_junit_test, tests->n_outcomes + 1);
    if (tests->n_outcomes > 0)
        memcpy(grown, tests->outcomes, sizeof *grown * tests->n_outcomes);
    grown[tests->n_outcomes++] = (struct mr_junit_test){
        .file = mr_region_strndup(tests->region, label, (size_t)(colon - label)),
        .name = colon + 2,
        .outcome = outcome,
        .detail = mr_region_strdup(tests->region, detail->data ? detail->data : "")};
    tests->outcomes = grown;
}

static void tell_verdict(struct mr_pipeline_tests *tests, const char *label,
    const char *verdict, bool is_good, struct mr_text *detail)
{
    note_outcome(tests, label, is_good ? NULL : "failure", detail);
    struct mr_terminal_style style = mr_console_style(tests->color, STDOUT_FILENO);
    const char *color = is_good ? "\033[32m" : "\033[31m";
    if (!is_good || !tests->is_quiet)
        printf("%s%s%s  %s\n", style.has_color ? color : "", verdict,
            style.has_color ? "\033[0m" : "", label);
    if (is_good) mr_text_deinit(detail);
    mr_console_put(detail);
    fflush(stdout);
}

static bool has_only_limits(const struct mr_run_result *result)
{
    for (uint32_t i = 0; i < result->n_findings; i++)
        if (result->findings[i].verdict != MR_VERDICT_LIMIT) return false;
    return true;
}

static void judge(struct mr_pipeline_tests *tests, const char *label,
    const struct mr_collector *collector, const struct mr_run_result *result)
{
    struct mr_text detail = {0};
    struct mr_terminal_style style = mr_console_style(tests->color, STDOUT_FILENO);
    bool is_good = result->n_findings == 0;
    if (!is_good && collector->has_failed)
        mr_text_printf(&detail, "  the pipeline failed: %s\n", collector->reason);
    if (!is_good) mr_pipeline_differences(&detail, collector, MR_ROWS_JSON);
    for (uint32_t i = 0; i < result->n_findings; i++) {
        const struct mr_witness *witness = &result->findings[i];
        bool is_told = witness->check == MR_CHECK_ASSERTIONS || collector->has_failed;
        if (!is_told)
            mr_terminal_witness(&detail, &style, witness, result->finding_counts[i], NULL);
    }
    tests->n_failed += !is_good;
    tests->n_limits += !is_good && has_only_limits(result);
    tell_verdict(tests, label, is_good ? "PASS" : "FAIL", is_good, &detail);
}

static void run_scenario(
    struct mr_pipeline_tests *tests, const struct mr_scenario *scenario, const char *label)
{
    struct mr_err err = {0};
    struct mr_collector collector;
    struct mr_run_result *result = mr_region_new(tests->region, struct mr_run_result);
    struct mr_run_options run = {.seed = 1, .plant = tests->plant};
    mr_collector_init(&collector, tests->region, scenario);
    collector.shows_debug = tests->is_verbose;
    if (mr_pipeline_run(scenario, &collector, &run, result, &err)) {
        judge(tests, label, &collector, result);
    } else {
        tests->n_errors++;
        mr_console_error(&err);
    }
    mr_collector_deinit(&collector);
}

static void note_name(struct mr_pipeline_tests *tests, const char *name)
{
    const char **grown = mr_region_array(tests->region, const char *, tests->n_names + 1);
    if (tests->n_names > 0) memcpy(grown, tests->names, sizeof *grown * tests->n_names);
    grown[tests->n_names++] = name;
    tests->names = grown;
}

static void run_test(struct mr_pipeline_tests *tests, struct mr_pipeline_file *file,
    const struct mr_yaml *document, uint32_t index)
{
    const struct mr_yaml *test = mr_yaml_get(document, "tests")->items[index];
    const struct mr_yaml *node = mr_yaml_get(test, "name");
    const char *name =
        node && node->text ? node->text : mr_region_printf(tests->region, "test %u", index + 1);
    note_name(tests, name);
    if (tests->name && strcmp(tests->name, name) != 0) {
        tests->n_passed_over++;
        return;
    }
    const char *label = mr_region_printf(tests->region, "%s: %s", file->path, name);
    const struct mr_scenario *scenario;
    struct mr_err err = {0};
    tests->n++;
    if (mr_pipeline_file_scenario(tests->region, file, document, test, &scenario, &err)) {
        run_scenario(tests, scenario, label);
        return;
    }
    struct mr_text nothing = {0};
    tests->n_errors++;
    tell_verdict(tests, label, "ERROR", false, &nothing);
    mr_console_error(&err);
    struct mr_junit_test *outcome = &tests->outcomes[tests->n_outcomes - 1];
    outcome->outcome = "error";
    outcome->detail = mr_region_strdup(tests->region, err.msg);
}

void mr_pipeline_tests_run(struct mr_pipeline_tests *tests, const char *path)
{
    struct mr_err err = {0};
    struct mr_pipeline_file *file = mr_region_new(tests->region, struct mr_pipeline_file);
    file->jinja_variables = tests->jinja_variables;
    if (!mr_pipeline_file_read(tests->region, path, file, &err)) {
        tests->n_errors++;
        mr_console_error(&err);
        return;
    }
    for (uint32_t i = 0; i < file->n; i++) {
        const struct mr_yaml *list = mr_yaml_get(file->documents[i], "tests");
        if (!list || list->kind == MR_YAML_NULL) continue;
        if (list->kind != MR_YAML_LIST) {
            (void)mr_fail_at(&err, list->place, "'tests' must be a list");
            mr_err_quote(&err, file->text, file->bytes);
            tests->n_errors++;
            mr_console_error(&err);
            return;
        }
        for (uint32_t k = 0; k < list->n && mr_interrupt_signal() == 0; k++)
            run_test(tests, file, file->documents[i], k);
    }
}

void mr_pipeline_tests_sum(const struct mr_pipeline_tests *tests)
{
    if (tests->n == 0 || tests->is_quiet) return;
    printf("%zu tests of pipelines: %zu passed", tests->n,
        tests->n - tests->n_failed - tests->n_errors);
    if (tests->n_failed > 0) printf(", %zu failed", tests->n_failed);
    if (tests->n_errors > 0) printf(", %zu could not be run", tests->n_errors);
    printf("\n");
}

int mr_pipeline_tests_code(const struct mr_pipeline_tests *tests)
{
    if (tests->n_errors > 0) return MR_EXIT_USAGE;
    if (tests->n_failed > tests->n_limits) return MR_EXIT_FAILED;
    return tests->n_limits > 0 ? MR_EXIT_LIMIT : 0;
}
