/* What users of Beam YAML expect of a file, each computed by hand from Beam's semantics: run by
 * `millrace run --rows beam`, the oracle looking on. */
#include "tests/test_cli_whole.h"

#include <stdlib.h>

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorts the lines of a text in place. */
static void sort_lines(char *text)
{
    char copy[4096], *lines[64];
    size_t n = 0;
    snprintf(copy, sizeof copy, "%s", text);
    for (char *line = strtok(copy, "\n"); line && n < 64; line = strtok(NULL, "\n"))
        lines[n++] = line;
    qsort(lines, n, sizeof *lines, compare_lines);
    text[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        strcat(text, lines[i]);
        strcat(text, "\n");
    }
}

/* The rows of the pipeline, in whatever order. */
static void yields(struct bench *bench, const char *text, const char *expected)
{
    char wanted[4096], line[512];
    write_text("p.yaml", text, "");
    snprintf(line, sizeof line,
        "%s/millrace run --quiet --rows beam p.yaml > rows.txt 2> rest.txt", MR_BINARY_DIR);
    int status = system(line);
    read_text("rows.txt", bench->output, sizeof bench->output);
    snprintf(wanted, sizeof wanted, "%s", expected);
    sort_lines(wanted);
    sort_lines(bench->output);
    assert_string_equal(bench->output, wanted);
    assert_int_equal(WEXITSTATUS(status), 0);
}

#define AT(seconds)                                                                            \
    "pipeline:\n"                                                                              \
    "  type: chain\n"                                                                          \
    "  transforms:\n"                                                                          \
    "    - {type: Create, config: {elements: " seconds "}}\n"                                  \
    "    - {type: AssignTimestamps, config: {timestamp: s}}\n"

static void windowing_info_is_there_once_for_each_sliding_window(void **state)
{
    yields(*state,
        AT("[{s: 12}]") "    - type: WindowInto\n"
                        "      windowing: {type: sliding, size: 60s, period: 30s}\n"
                        "    - type: ExtractWindowingInfo\n"
                        "      config: {fields: {w: window_string, e: window_end}}\n",
        "Row(s=12, w='[0.0, 60.0)', e=Timestamp(60))\n"
        "Row(s=12, w='[-30.0, 30.0)', e=Timestamp(30))\n");
}

/* Each row that was told apart counts in its own window, and in no other. */
static void rows_that_were_told_apart_stay_in_their_window(void **state)
{
    yields(*state,
        AT("[{s: 12}, {s: 40}]") "    - type: WindowInto\n"
                                 "      windowing: {type: sliding, size: 60s, period: 30s}\n"
                                 "    - type: ExtractWindowingInfo\n"
                                 "      config: {fields: {w: window_string}}\n"
                                 "    - type: Combine\n"
                                 "      config: {group_by: w, combine: {s: sum}}\n"
                                 "    - type: ExtractWindowingInfo\n"
                                 "      config: {fields: {v: window_string}}\n",
        "Row(w='[-30.0, 30.0)', s=12, v='[-30.0, 30.0)')\n"
        "Row(w='[0.0, 60.0)', s=52, v='[0.0, 60.0)')\n"
        "Row(w='[30.0, 90.0)', s=40, v='[30.0, 90.0)')\n");
}

static void errors_of_several_transforms_are_stripped_together(void **state)
{
    yields(*state,
        "pipeline:\n"
        "  transforms:\n"
        "    - {type: Create, name: A, config: {elements: [{k: 0}, {k: 2}]}}\n"
        "    - {type: Create, name: B, config: {elements: [{z: x}]}}\n"
        "    - type: MapToFields\n"
        "      name: Over\n"
        "      input: A\n"
        "      config: {language: python, fields: {r: 1 / k}, error_handling: {output: bad}}\n"
        "    - type: MapToFields\n"
        "      name: Whole\n"
        "      input: B\n"
        "      config: {language: python, fields: {r: int(z)}, error_handling: {output: bad}}\n"
        "    - {type: StripErrorMetadata, input: [Over.bad, Whole.bad]}\n",
        "Row(r=0.5)\nRow(k=0, z=None)\nRow(k=None, z='x')\n");
}

static void errors_of_a_transform_and_its_schema_are_stripped_together(void **state)
{
    yields(*state,
        "pipeline:\n"
        "  transforms:\n"
        "    - {type: Create, config: {elements: [0, 1, 4]}}\n"
        "    - type: MapToFields\n"
        "      input: Create\n"
        "      config:\n"
        "        language: python\n"
        "        fields: {x: 4 / element}\n"
        "        output_schema: {type: object, properties: {x: {type: number, maximum: 3}}}\n"
        "        error_handling: {output: bad}\n"
        "    - {type: StripErrorMetadata, input: MapToFields.bad}\n",
        "Row(x=1.0)\nRow(element=0, x=None)\nRow(element=None, x=4.0)\n");
}

/* A text has no timestamp: in Beam that is each row's error, and somebody takes those. */
static void rows_that_all_fail_are_all_errors(void **state)
{
    static const char file[] = "pipeline:\n"
                               "  transforms:\n"
                               "    - {type: Create, config: {elements: [{k: a, t: x}]}}\n"
                               "    - type: AssignTimestamps\n"
                               "      input: Create\n"
                               "      config: {timestamp: t, error_handling: {output: bad}}\n"
                               "    - type: Filter\n"
                               "      input: Create\n"
                               "      config: {keep: k > 3, error_handling: {output: bad}}\n"
                               "    - {type: StripErrorMetadata, name: A, input: "
                               "AssignTimestamps.bad}\n"
                               "    - type: MapToFields\n"
                               "      input: Filter.bad\n"
                               "      config: {language: python, fields: {m: \"msg[:9]\"}}\n";
    yields(*state, file, "Row(k='a', t='x')\nRow(m='TypeError')\n");
}

static void without_errors_such_a_file_is_refused(void **state)
{
    write_text("p.yaml",
        "pipeline:\n"
        "  type: chain\n"
        "  transforms:\n"
        "    - {type: Create, config: {elements: [{k: a}]}}\n"
        "    - {type: Filter, config: {keep: k > 3}}\n",
        "");
    run(*state, "run p.yaml", 2);
    says(*state, "p.yaml:5:37: error: type mismatch: '>' of string and integer");
}

static void an_expression_may_be_none(void **state)
{
    yields(*state,
        "pipeline:\n"
        "  type: chain\n"
        "  transforms:\n"
        "    - {type: Create, config: {elements: [1]}}\n"
        "    - type: MapToFields\n"
        "      config: {language: python, append: true, fields: {nothing: None}}\n",
        "Row(element=1, nothing=None)\n");
}

#define GROUPS                                                                                 \
    "pipeline:\n"                                                                              \
    "  type: chain\n"                                                                          \
    "  transforms:\n"                                                                          \
    "    - {type: Create, config: {elements: [{k: a, v: z}, {k: a, v: b}, {k: a, v: z}]}}\n"   \
    "    - {type: Combine, config: {group_by: k, combine: {v: group}}}\n"                      \
    "    - {type: MapToFields, config: {fields: {values: v}}}\n"

static void a_group_is_expected_in_whatever_order(void **state)
{
    write_text("p.yaml",
        GROUPS "    - {type: AssertEqual, config: {elements: [{values: [z, b, z]}]}}\n", "");
    run(*state, "run p.yaml", 0);
    write_text("p.yaml",
        GROUPS "    - {type: AssertEqual, config: {elements: [{values: [z, b, b]}]}}\n", "");
    run(*state, "run p.yaml", 1);
    write_text("p.yaml",
        GROUPS "tests:\n"
               "  - name: groups\n"
               "    expected_outputs: [{name: MapToFields, elements: [{values: [z, z, b]}]}]\n",
        "");
    run(*state, "test p.yaml", 0);
}

/* A list that a row came with has an order, and so has what Python made of one. */
static void other_lists_are_expected_as_they_stand(void **state)
{
    write_text("p.yaml",
        "pipeline:\n"
        "  type: chain\n"
        "  transforms:\n"
        "    - {type: Create, config: {elements: [{v: [1, 2]}]}}\n"
        "    - {type: AssertEqual, config: {elements: [{v: [2, 1]}]}}\n",
        "");
    run(*state, "run p.yaml", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(windowing_info_is_there_once_for_each_sliding_window),
        TEST(rows_that_were_told_apart_stay_in_their_window),
        TEST(errors_of_several_transforms_are_stripped_together),
        TEST(errors_of_a_transform_and_its_schema_are_stripped_together),
        TEST(rows_that_all_fail_are_all_errors),
        TEST(without_errors_such_a_file_is_refused),
        TEST(an_expression_may_be_none),
        TEST(a_group_is_expected_in_whatever_order),
        TEST(other_lists_are_expected_as_they_stand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
