/* Pipelines over lists, maps, rows and values of any type, run by themselves: what they print.
 */
#include "tests/test_cli_whole.h"

/* The transforms behind a Create of the elements, each of which reads the one before. */
struct example {
    const char *elements;
    const char *transforms;
    const char *expected;
};

static void check(struct bench *bench, const struct example *example)
{
    static char text[8192];
    snprintf(text, sizeof text,
        "pipeline:\n  type: chain\n  transforms:\n    - type: Create\n      config:\n"
        "        elements:\n%s%s",
        example->elements, example->transforms);
    write_text("p.yaml", text, "");
    snprintf(text, sizeof text,
        "%s/millrace run --rows beam --quiet p.yaml > rows.txt 2> rest.txt", MR_BINARY_DIR);
    int status = system(text);
    read_text("rows.txt", bench->output, sizeof bench->output);
    if (WEXITSTATUS(status) == 0 && strcmp(bench->output, example->expected) == 0) return;
    read_text("rest.txt", text, sizeof text);
    fail_msg("%s%s\ngives %d\n%s%s\nnot\n%s", example->elements, example->transforms,
        WEXITSTATUS(status), bench->output, text, example->expected);
}

static void check_all(struct bench *bench, const struct example *examples, size_t n)
{
    for (size_t i = 0; i < n; i++) check(bench, &examples[i]);
}
#define CHECK_ALL(state, examples)                                                             \
    check_all(*(state), examples, sizeof(examples) / sizeof *(examples))

static void create_takes_nested_and_mixed_elements(void **state)
{
    static const struct example examples[] = {
        {"          - {a: 1, b: {c: [x, {d: null}]}}\n          - {a: 2.5}\n          - 7\n",
            "",
            "Row(a=1, b=Row(c=['x', Row(d=None)]), element=None)\n"
            "Row(a=2.5, b=None, element=None)\nRow(a=None, b=None, element=7)\n"},
        {"          - [1, 2]\n          - 2001-02-03\n          - '2001-02-03'\n          - "
         "2001-02-03 04:05:06\n",
            "",
            "Row(element=[1, 2])\nRow(element=datetime.date(2001, 2, 3))\n"
            "Row(element='2001-02-03')\nRow(element=datetime.datetime(2001, 2, 3, 4, 5, 6))\n"},
        {"          - {a: null}\n", "", "Row(a=None)\n"},
    };
    CHECK_ALL(state, examples);
}

#define MAP(fields)                                                                            \
    "    - type: MapToFields\n      config:\n        language: python\n        "               \
    "fields:\n" fields
#define ONE "          - {a: 3, s: it, l: [1, 2], r: {x: 1, y: {z: q}}, d: 2001-02-03}\n"

static void python_sees_values_as_its_own(void **state)
{
    static const struct example examples[] = {
        {ONE,
            MAP("          x: r.x + 1\n          z: r.y.z.upper()\n          l: l[-1:] + [a]\n"
                "          d: d.year\n          t: '(a, {s: l})'\n"),
            "Row(x=2, z='Q', l=[2, 3], d=2001, t=(3, {'it': [1, 2]}))\n"},
        {ONE,
            MAP("          all: {callable: 'lambda row: row'}\n"
                "          dict: {callable: 'lambda row: row.r._asdict()'}\n"
                "          same: r == beam.Row(y=beam.Row(z='q'), x=1)\n"
                "          items: '[v for v in r]'\n"),
            "Row(all=Row(a=3, s='it', l=[1, 2], r=Row(x=1, y=Row(z='q')), "
            "d=datetime.date(2001, 2, 3)), dict={'x': 1, 'y': Row(z='q')}, same=True, "
            "items=[1, "
            "Row(z='q')])\n"},
        {ONE,
            MAP("          big: a ** 50\n          sum: a ** 50 + 1 - a ** 50\n"
                "          set: '{a, 2, 2}'\n          none: 'None if a else 1'\n"
                "          text: \"f'{a:03d}-{s}'\"\n"
                "          dec: {callable: \"import decimal\\ndef f(r):\\n  return "
                "decimal.Decimal(r.a) / 4\"}\n"),
            "Row(big=717897987691852588770249, sum=1, set={2, 3}, none=None, text='003-it', "
            "dec=Decimal('0.75'))\n"},
        {ONE,
            "    - {type: Filter, config: {language: python, keep: 'r.y.z'}}\n" MAP(
                "          a: a\n"),
            "Row(a=3)\n"},
    };
    CHECK_ALL(state, examples);
}

static void explode_makes_a_row_of_each_member(void **state)
{
#define LISTS                                                                                  \
    "          - {a: [1, 2], b: [x, y, z], c: ab}\n          - {a: [], b: [w], c: ''}\n"
#define EXPLODE(config) "    - {type: Explode, config: " config "}\n"
    static const struct example examples[] = {
        {LISTS, EXPLODE("{fields: a}") MAP("          a: a + 1\n          c: c\n"),
            "Row(a=2, c='ab')\nRow(a=3, c='ab')\n"},
        {LISTS, EXPLODE("{fields: [a, b], cross_product: true}"),
            "Row(a=1, b='x', c='ab')\nRow(a=1, b='y', c='ab')\nRow(a=1, b='z', c='ab')\n"
            "Row(a=2, b='x', c='ab')\nRow(a=2, b='y', c='ab')\nRow(a=2, b='z', c='ab')\n"},
        {LISTS, EXPLODE("{fields: [a, b], cross_product: false}"),
            "Row(a=1, b='x', c='ab')\nRow(a=2, b='y', c='ab')\nRow(a=None, b='z', c='ab')\n"
            "Row(a=None, b='w', c='')\n"},
        {LISTS, EXPLODE("{fields: [c]}") MAP("          c: c\n"), "Row(c='a')\nRow(c='b')\n"},
        {"          - {a: {x: 1, y: [2]}}\n          - {a: \"\\u00e9\\u20ac\"}\n",
            EXPLODE("{fields: a}"), "Row(a=1)\nRow(a=[2])\nRow(a='é')\nRow(a='€')\n"},
        {LISTS, EXPLODE("{fields: []}"),
            "Row(a=[1, 2], b=['x', 'y', 'z'], c='ab')\nRow(a=[], b=['w'], c='')\n"},
    };
    CHECK_ALL(state, examples);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(create_takes_nested_and_mixed_elements),
        TEST(python_sees_values_as_its_own),
        TEST(explode_makes_a_row_of_each_member),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
