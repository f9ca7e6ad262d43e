/* The JSON Schema says what the reader accepts: the same maps, keys and words; and what is in
 * the library conforms to it, by a small validator of the part of draft-07 that the schema
 * uses. */
#include "tests/test_scenarios_language.h"

#include <dirent.h>

#include "scenarios/language/scenario_internal.h"
#include "tests/json_schema.h"

static const struct mr_yaml *schema(struct mr_region *region)
{
    return json_parse(region, mr_scenario_schema, strlen(mr_scenario_schema));
}

/* ---- Both say the same ---- */

static void every_key_of_the_reader_is_in_the_schema(void **state)
{
    const struct mr_yaml *root = schema(*state);
    for (int map = 0; map < MR_MAPS; map++) {
        const struct mr_yaml *found = definition(root, mr_map_keys[map].name);
        const struct mr_yaml *properties = mr_yaml_get(found, "properties");
        assert_non_null(properties);
        for (const char *const *key = mr_map_keys[map].keys; *key; key++)
            if (!mr_yaml_get(properties, *key))
                fail_msg("'%s' lacks '%s'", mr_map_keys[map].name, *key);
    }
}

static int find_map(const char *name)
{
    for (int map = 0; map < MR_MAPS; map++)
        if (strcmp(mr_map_keys[map].name, name) == 0) return map;
    return -1;
}

static void every_key_of_the_schema_is_known_to_the_reader(void **state)
{
    const struct mr_yaml *definitions = mr_yaml_get(schema(*state), "definitions");
    uint32_t n_maps = 0;
    for (uint32_t i = 0; i < definitions->n; i++) {
        const struct mr_yaml *properties = mr_yaml_get(definitions->items[i], "properties");
        if (!properties) continue;
        const char *name = definitions->keys[i]->text;
        int map = find_map(name);
        if (map < 0) fail_msg("the reader has no map '%s'", name);
        if (properties->n != mr_map_key_count((enum mr_map)map))
            fail_msg("'%s' has keys that the reader does not know", name);
        const struct mr_yaml *more = mr_yaml_get(definitions->items[i], "additionalProperties");
        assert_non_null(more);
        bool is_open = strcmp(name, "services") == 0; /* its other keys are names */
        assert_int_equal(more->kind, is_open ? MR_YAML_MAP : MR_YAML_BOOL);
        if (!is_open) assert_false(more->boolean);
        n_maps++;
    }
    assert_int_equal(n_maps, MR_MAPS);
}

static void assert_words(
    const struct mr_yaml *list, const char *(*word)(int index), int first, int end)
{
    assert_non_null(list);
    assert_int_equal(list->n, end - first);
    for (int i = first; i < end; i++)
        assert_string_equal(list->items[i - first]->text, word(i));
}

static const char *point_word(int i)
{
    return mr_points[i].name;
}

static const char *milestone_word(int i)
{
    return mr_sometimes[i].name;
}

static const char *verdict_word(int i)
{
    return mr_verdict_name((enum mr_verdict)i);
}

static void the_words_of_the_schema_are_those_of_the_registries(void **state)
{
    const struct mr_yaml *root = schema(*state);
    assert_words(mr_yaml_get(definition(root, "point"), "enum"), point_word, 0, MR_POINT_COUNT);
    assert_words(mr_yaml_get(definition(root, "milestone"), "enum"), milestone_word, 0,
        MR_SOMETIMES_COUNT);
    const struct mr_yaml *fail = mr_yaml_get(definition(root, "expect_fail"), "properties");
    assert_words(mr_yaml_get(mr_yaml_get(fail, "verdict"), "enum"), verdict_word,
        MR_VERDICT_PASS + 1, MR_VERDICTS);
    const struct mr_yaml *checks = mr_yaml_get(mr_yaml_get(fail, "check"), "enum");
    assert_int_equal(checks->n, MR_CHECKS - 1);
    for (uint32_t i = 0; i < checks->n; i++)
        assert_true(mr_check_find(checks->items[i]->text) >= 0);
}

/* ---- Files ---- */

static bool text_conforms(struct mr_region *region, const char *text)
{
    const struct mr_yaml *root = schema(region);
    return conforms(root, root, json_parse(region, text, strlen(text)));
}

static void the_schema_refuses_what_the_reader_refuses(void **state)
{
    static const char *const bad[] = {"about: x\n", TEST_HEAD "stream: {}\n",
        TEST_HEAD "streams: {events: {}}\n", TEST_HEAD "cluster: {workers: 0}\n",
        TEST_HEAD "cluster: {workers: two}\n", TEST_HEAD "cluster: {batch: [1]}\n",
        TEST_HEAD "cluster: {checkpoint: {every: soon}}\n", TEST_HEAD "network: lan\n",
        TEST_HEAD "faults: [{crash: {}}]\n", TEST_HEAD "faults: [{crsh: {at: 1s}}]\n",
        TEST_HEAD "faults: [{crash: {worker: 1, at: {point: sink.comited}}}]\n",
        TEST_HEAD "faults: [{reset: {from: worker-0, to: broker, at: 1s}}]\n",
        TEST_HEAD "job: [{stop: {}, restart: {}}]\n", TEST_HEAD "check: {late: true}\n",
        TEST_HEAD "expect: {fail: {check: order}}\n", TEST_HEAD "sometimes: [rewond]\n",
        TEST_HEAD "seeds: [1, 2]\n", TEST_HEAD "limits: {memory: 1XB}\n",
        TEST_HEAD "chances: {firing: 2}\n", "- a\n"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (text_conforms(*state, bad[i])) fail_msg("the schema accepts: %s", bad[i]);
    assert_true(text_conforms(*state, TEST_HEAD_STREAM));
}

static void what_the_reader_writes_as_a_manifest_conforms(void **state)
{
    const struct mr_scenario *scenario = test_read(*state,
        TEST_HEAD_STREAM "outputs: {again: }\n"
                         "faults:\n"
                         "  - crash: {worker: any, at: {between: [1s, 2s]}}\n"
                         "  - slow_link: {from: worker-1, to: broker, at: 1s, for: 2s, "
                         "factor: {seeded: [2, 9]}}\n"
                         "job:\n"
                         "  - stop:\n"
                         "  - restart: {topics: {totals: again}}\n"
                         "expect: {fail: {check: order, verdict: REORDERED}}\n");
    struct mr_arena_options options = {.bytes_max = 1 << 20, .fill = -1};
    struct mr_arena *arena = NULL;
    struct mr_err err = {0};
    assert_true(mr_arena_open(&options, &arena, &err));
    struct mr_draws draws = {.seed = 3};
    struct mr_manifest manifest;
    struct mr_text text = {0};
    mr_manifest_draw(arena, scenario, &draws, &manifest);
    mr_manifest_write(&text, scenario, &manifest, ".");
    assert_true(text_conforms(*state, text.data));
    mr_text_deinit(&text);
    mr_arena_close(arena);
}

static void the_library_conforms(void **state)
{
    static const char folder[] = MR_SOURCE_DIR "/scenarios/library";
    DIR *directory = opendir(folder);
    assert_non_null(directory);
    int n = 0;
    for (struct dirent *entry; (entry = readdir(directory));) {
        if (!strstr(entry->d_name, ".yaml")) continue;
        char text[8192];
        FILE *file = fopen(mr_region_printf(*state, "%s/%s", folder, entry->d_name), "rb");
        assert_non_null(file);
        size_t bytes = fread(text, 1, sizeof text - 1, file);
        fclose(file);
        text[bytes] = '\0';
        if (!text_conforms(*state, text)) fail_msg("%s does not conform", entry->d_name);
        n++;
    }
    closedir(directory);
    assert_true(n >= 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LANGUAGE_TEST(every_key_of_the_reader_is_in_the_schema),
        LANGUAGE_TEST(every_key_of_the_schema_is_known_to_the_reader),
        LANGUAGE_TEST(the_words_of_the_schema_are_those_of_the_registries),
        LANGUAGE_TEST(the_schema_refuses_what_the_reader_refuses),
        LANGUAGE_TEST(what_the_reader_writes_as_a_manifest_conforms),
        LANGUAGE_TEST(the_library_conforms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
