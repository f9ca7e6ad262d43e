/* Pipeline files that are Jinja templates. */
#include "tests/test_engine_graph_files.h"

#define HEAD "pipeline:\n  type: chain\n  transforms:\n"
#define CREATE "    - {type: Create, config: {elements: [{x: 1}]}}\n"

static void loops_and_values_become_transforms(void **state)
{
    const struct mr_graph *graph = read_graph(*state,
        HEAD "    - type: Create\n"
             "      config:\n"
             "        elements:\n"
             "        {% for i in range(n) %}\n"
             "          - {x: {{ i * 10 }}, name: \"{{ names[i] }}\"}\n"
             "        {% endfor %}\n",
        NULL, "{\"n\": 3, \"names\": [\"a\", \"b\", \"c\"]}");
    const struct mr_create *create = &find(graph, "Create")->create;
    assert_int_equal(create->n_rows, 3);
    assert_int_equal(create->rows[4].i, 20);
    assert_string_equal(create->rows[5].text, "c");
}

static void comments_at_the_head_are_no_template(void **state)
{
    read_graph(*state, "# {{ what }}\n\n# {% for %}\n" HEAD CREATE, NULL, NULL);
    read_graph(*state, "# {{ what }}\n" HEAD "    {# nothing #}\n" CREATE, NULL, NULL);
}

static void a_template_includes_and_imports_files(void **state)
{
    static const struct named_text texts[] = {
        {"part.yaml", "- type: Filter\n      config: {keep: \"x > {{ least }}\"}"},
        {"macros.j2", "{% macro add(n) %}{type: MapToFields, config: {language: python, "
                      "fields: {y: x + {{ n }}}}}{% endmacro %}"},
        {NULL, NULL}};
    const struct mr_graph *graph = read_graph(*state,
        "{% import 'macros.j2' as m %}\n" HEAD CREATE "    {% include 'part.yaml' %}\n"
        "    - {{ m.add(5) }}\n",
        texts, "{\"least\": 0}");
    assert_names(graph, "Create Filter MapToFields MapToFields.out");
    assert_fields(graph, "MapToFields", 0, "y:integer");
}

static void errors_in_what_was_rendered_are_shown_where_they_come_from(void **state)
{
    static const struct named_text texts[] = {
        {"part.yaml", "- type: Filter\n      config: {keep: \"y > 1\"}"}, {NULL, NULL}};
    const char *looped = HEAD CREATE "    {% for k in [1, 2] %}\n"
                                     "    - type: Filter\n"
                                     "      config: {keep: \"zz > {{ k }}\"}\n"
                                     "    {% endfor %}\n";
    assert_refused(*state, looped, NULL, NULL, "p.yaml:7:23: error: unknown field 'zz'");
    assert_refused(*state, HEAD CREATE "\n\n    {% include 'part.yaml' %}\n", texts, NULL,
        "part.yaml:2:23: error: unknown field 'y'");
    assert_refused(*state, "{% if true %}\n" HEAD "    - {type: Creat}\n{% endif %}\n", NULL,
        NULL, "p.yaml:5:14: error: unknown transform type 'Creat'");
}

static void errors_of_jinja_have_their_place(void **state)
{
    assert_refused(*state, HEAD CREATE "    - {type: {{ kind }}}\n", NULL, "{\"kynd\": 1}",
        "p.yaml:5:17: error: Jinja: 'kind' is undefined");
    assert_refused(*state, HEAD CREATE "    - {type: {{ kind }}}\n", NULL, "{\"kynd\": 1}",
        "did you mean 'kynd'?");
    assert_refused(
        *state, HEAD "    {% for x in y %}\n" CREATE, NULL, NULL, "p.yaml:4:5: error: Jinja:");
    assert_refused(*state, HEAD "    {% include 'x.yaml' %}\n", NULL, NULL,
        "p.yaml:4:5: error: Jinja: template 'x.yaml' cannot be read");
    assert_refused(*state, HEAD "    {{ 1 / 0 }}\n", NULL, NULL,
        "p.yaml:4:5: error: Jinja: ZeroDivisionError");
    assert_refused(*state, HEAD "    {{ 1 }}\n", NULL, "[1]", "no JSON object");
}

static void what_would_not_be_the_same_twice_or_not_end_is_refused(void **state)
{
    assert_refused(*state, HEAD "    {{ [1, 2] | random }}\n", NULL, NULL, "'random'");
    assert_refused(*state, HEAD "    {{ lipsum() }}\n", NULL, NULL, "'lipsum' is undefined");
    assert_refused(*state, HEAD "    {{ ''.__class__.__mro__ }}\n", NULL, NULL, "unsafe");
    assert_refused(*state,
        HEAD "    {% for i in range(99999) %}{% for j in range(99999) %}{% set x = i %}"
             "{% endfor %}{% endfor %}\n",
        NULL, NULL, "the template takes too much");
}

static void the_clock_of_templates_stands_still(void **state)
{
    const struct mr_graph *graph = read_graph(*state,
        HEAD
        "    - type: Create\n"
        "      config: {elements: [\"{{ datetime.datetime.now().strftime('%Y-%m-%d') }}\"]}\n",
        NULL, NULL);
    assert_string_equal(find(graph, "Create")->create.rows[0].text, "1970-01-01");
}

extern const char *const mr_python_template[];

static void the_program_carries_the_text_of_its_file(void **state)
{
    (void)state;
    FILE *file = fopen(MR_SOURCE_DIR "/engine/expression/python_template.py", "r");
    assert_non_null(file);
    char line[1024];
    size_t n = 0;
    for (; fgets(line, sizeof line, file); n++) {
        assert_non_null(mr_python_template[n]);
        assert_string_equal(mr_python_template[n], line);
    }
    fclose(file);
    assert_null(mr_python_template[n]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        REGION_TEST(loops_and_values_become_transforms),
        REGION_TEST(comments_at_the_head_are_no_template),
        REGION_TEST(a_template_includes_and_imports_files),
        REGION_TEST(errors_in_what_was_rendered_are_shown_where_they_come_from),
        REGION_TEST(errors_of_jinja_have_their_place),
        REGION_TEST(what_would_not_be_the_same_twice_or_not_end_is_refused),
        REGION_TEST(the_program_carries_the_text_of_its_file),
        REGION_TEST(the_clock_of_templates_stands_still),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
