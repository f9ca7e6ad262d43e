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

#define GROUPS                                                                                 \
    "          - {k: a, v: 1, l: [1], x: 1, s: q}\n"                                           \
    "          - {k: a, v: 2.5, l: [2, 3], x: 5, s: r}\n"                                      \
    "          - {k: b, v: 100000000000000000, l: [], x: 7, s: q}\n"                           \
    "          - {k: b, v: 3.0, l: [9], x: 2, s: t}\n"                                         \
    "          - {k: a, v: 4, l: [1], x: 5, s: r}\n"
#define COMBINE(aggregates)                                                                    \
    "    - type: Combine\n      config:\n        group_by: k\n        language: python\n"      \
    "        combine:\n" aggregates

static void combine_folds_what_python_folds(void **state)
{
    static const struct example examples[] = {
        {GROUPS,
            COMBINE("          t: {value: v, fn: sum}\n          m: {value: v, fn: max}\n"
                    "          a: {value: v, fn: mean}\n          v: min\n"),
            "Row(k='a', t=7.5, m=4, a=2.5, v=1)\n"
            "Row(k='b', t=1e+17, m=100000000000000000, a=5e+16, v=3.0)\n"},
        {GROUPS,
            COMBINE("          g: {value: s, fn: group}\n          l: concat\n"
                    "          al: {value: x > 1, fn: all}\n"
                    "          an: {value: x > 6, fn: {type: any}}\n"),
            "Row(k='a', g=['q', 'r', 'r'], l=[1, 1, 2, 3], al=False, an=False)\n"
            "Row(k='b', g=['q', 't'], l=[9], al=True, an=True)\n"},
        {GROUPS,
            COMBINE("          x: {fn: {type: apache_beam.transforms.combiners.TopCombineFn, "
                    "config: {n: 2}}}\n"
                    "          y: {value: x, fn: {type: beam.combiners.TopCombineFn, config: "
                    "{n: 2, reverse: true}}}\n"
                    "          n: {value: s, fn: len}\n"
                    "          s: beam.combiners.ToSetCombineFn\n"),
            "Row(k='a', x=[5, 5], y=[1, 5], n=3, s={'q', 'r'})\n"
            "Row(k='b', x=[7, 2], y=[2, 7], n=2, s={'q', 't'})\n"},
        {GROUPS,
            COMBINE(
                "          x: 'lambda xs: sum(x * x for x in xs)'\n"
                "          p:\n            value: x\n            fn:\n              type: |\n"
                "                import apache_beam as beam\n"
                "                class Product(beam.CombineFn):\n"
                "                  def __init__(self, start):\n"
                "                    self.start = start\n"
                "                  def create_accumulator(self):\n"
                "                    return self.start\n"
                "                  def add_input(self, accumulator, x):\n"
                "                    return accumulator * x\n"
                "                  def extract_output(self, accumulator):\n"
                "                    return accumulator\n"
                "              config: {start: 10}\n"),
            "Row(k='a', x=51, p=250)\nRow(k='b', x=53, p=140)\n"},
        {"          - {k: {a: [1]}, n: 1}\n          - {k: 2, n: 2}\n          - {k: {a: [1]}, "
         "n: 3}\n",
            COMBINE("          n: sum\n"), "Row(k=Row(a=[1]), n=4)\nRow(k=2, n=2)\n"},
    };
    CHECK_ALL(state, examples);
}

static void windowing_information_is_a_value(void **state)
{
    static const struct example examples[] = {
        {"          - {k: a}\n",
            "    - {type: ExtractWindowingInfo, config: {fields: [window_object, "
            "pane_info]}}\n",
            "Row(k='a', window_object=Row(start=Timestamp(-9223372036854.775000), "
            "end=Timestamp(9223371950454.775000)), pane_info=Row(is_first=True, is_last=True, "
            "timing='UNKNOWN', index=0, nonspeculative_index=0))\n"},
        {"          - {k: a}\n",
            "    - {type: AssignTimestamps, config: {timestamp: 7}}\n"
            "    - {type: WindowInto, config: {windowing: {type: fixed, size: 5s}}}\n"
            "    - {type: Combine, config: {group_by: k, combine: {n: {fn: count, value: "
            "k}}}}\n"
            "    - {type: ExtractWindowingInfo, config: {fields: [window_object, "
            "pane_info]}}\n" MAP(
                "          s: window_object.start\n          t: pane_info.timing\n"
                "          l: pane_info.is_last\n"),
            "Row(s=Timestamp(5), t='ON_TIME', l=True)\n"},
    };
    CHECK_ALL(state, examples);
}

static void failed_rows_are_values(void **state)
{
    static const struct example examples[] = {
        {"          - {k: a, n: 1}\n          - {k: b, n: 0}\n",
            "    - type: MapToFields\n      name: M\n      config:\n        language: python\n"
            "        fields: {x: 1 / n}\n        error_handling: {output: bad}\n"
            "  extra_transforms:\n"
            "    - {type: StripErrorMetadata, name: S, input: M.bad}\n"
            "    - type: MapToFields\n      name: E\n      input: M.bad\n      config:\n"
            "        language: python\n        fields: {e: element, k: element.k, msg: msg}\n",
            "Row(x=1.0)\nRow(k='b', n=0)\n"
            "Row(e=Row(k='b', n=0), k='b', msg=\"ZeroDivisionError('division by zero')\")\n"},
    };
    CHECK_ALL(state, examples);
}

/* Each element breaks the schema in a way of its own, but for the first. */
static void schemas_of_nested_values_are_asked(void **state)
{
    static const struct example examples[] = {
        {"          - {l: [1, 2], r: {a: x, b: {c: 5}}, v: 3}\n"
         "          - {l: [1, x], r: {a: x, b: {c: 5}}, v: 3}\n"
         "          - {l: [1, -2], r: {a: x, b: {c: 5}}, v: 3}\n"
         "          - {l: [1, 2, 3, 4], r: {a: x, b: {c: 5}}, v: 3}\n"
         "          - {l: [1], r: {a: x, b: {c: 9.5}}, v: 3}\n"
         "          - {l: [1], r: {a: null, b: {c: 5}}, v: 3}\n"
         "          - {l: [1], r: {a: x, b: {c: 5}, d: 1}, v: 3}\n"
         "          - {l: [1], r: {a: xyz, b: {c: 5}}, v: 3}\n"
         "          - {l: [1], r: {a: x, b: {c: 5}}, v: [3, [true]]}\n"
         "          - {l: [1], r: {a: x, b: {c: 5}}, v: q}\n",
            "    - type: ValidateWithSchema\n      name: V\n      config:\n"
            "        error_handling: {output: bad}\n        schema:\n          type: object\n"
            "          properties:\n"
            "            l: {type: array, items: {type: integer, minimum: 0}, maxItems: 3}\n"
            "            r:\n              type: object\n              required: [a]\n"
            "              additionalProperties: false\n              properties:\n"
            "                a: {type: string, maxLength: 2}\n"
            "                b: {properties: {c: {type: [integer, string]}}}\n"
            "            v: {enum: [3, [3, [1]], q2]}\n"
            "  extra_transforms:\n"
            "    - type: MapToFields\n      input: V.bad\n      config:\n        language: python\n"
            "        fields: {msg: 'msg[len(\"<ValidationError: _\"):-2]'}\n",
            "Row(l=[1, 2], r=Row(a='x', b=Row(c=5)), v=3)\n"
            "Row(l=[1], r=Row(a='x', b=Row(c=5)), v=[3, [True]])\n"
            "Row(msg=\"l[] is not of type 'integer'\")\n"
            "Row(msg='l[] is less than the minimum of 0')\n"
            "Row(msg='l is too long')\n"
            "Row(msg=\"r.b.c is not of type 'integer', 'string'\")\n"
            "Row(msg=\"'a' is a required property of r\")\n"
            "Row(msg='Additional properties are not allowed in r')\n"
            "Row(msg='r.a is too long')\n"
            "Row(msg=\"v is not one of [3, [3, [1]], 'q2']\")\n"},
    };
    CHECK_ALL(state, examples);
}

/* Read from JSON, computed with, and written as JSON. */
static void nested_values_come_from_json_and_become_it(void **state)
{
    struct bench *bench = *state;
    write_text("in.json", "{\"a\": 1, \"r\": {\"x\": [1, 2.5], \"y\": null}}\n",
        "{\"a\": 2, \"r\": {\"x\": [], \"y\": \"s\"}}\n");
    write_text("p.yaml",
        "pipeline:\n  type: chain\n  transforms:\n"
        "    - {type: ReadFromJson, config: {path: in.json}}\n",
        MAP("          a: a\n          r: r\n          n: len(r.x)\n          d: \"{'k': "
            "a}\"\n") "    - {type: WriteToJson, config: {path: out}}\n");
    char line[512];
    snprintf(line, sizeof line, "%s/millrace run p.yaml > rows.txt 2> rest.txt", MR_BINARY_DIR);
    assert_int_equal(WEXITSTATUS(system(line)), 0);
    read_text("out-00000-of-00001", bench->output, sizeof bench->output);
    assert_string_equal(bench->output,
        "{\"a\":1,\"r\":{\"x\":[1,2.5],\"y\":null},\"n\":2,\"d\":{\"k\":1}}\n"
        "{\"a\":2,\"r\":{\"x\":[],\"y\":\"s\"},\"n\":0,\"d\":{\"k\":2}}\n");
}

/* What Python says of it is why the job fails. */
static void a_fold_that_fails_fails_the_job(void **state)
{
    (void)state;
    static const struct {
        const char *aggregate, *message;
    } cases[] = {
        {"x: {value: '[x, s][x % 2]', fn: sum}", "unsupported operand type(s) for +"},
        {"x: {value: '[x, s][x % 2]', fn: max}", "'>' not supported between instances of"},
        {"x: {value: '[l, s][x % 2]', fn: concat}",
            "can only concatenate list (not \"str\") to list"},
        {"x: 'lambda xs: 1 / 0'", "division by zero"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static char text[4096];
        snprintf(text, sizeof text,
            "pipeline:\n  type: chain\n  transforms:\n    - type: Create\n      config:\n"
            "        elements:\n%s%s          %s\n",
            GROUPS, COMBINE(""), cases[i].aggregate);
        write_text("p.yaml", text, "");
        snprintf(
            text, sizeof text, "%s/millrace run p.yaml > rows.txt 2> rest.txt", MR_BINARY_DIR);
        int status = system(text);
        read_text("rest.txt", text, sizeof text);
        if (WEXITSTATUS(status) != 1 || !strstr(text, cases[i].message))
            fail_msg("%s: %d: %s", cases[i].aggregate, WEXITSTATUS(status), text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(create_takes_nested_and_mixed_elements),
        TEST(python_sees_values_as_its_own),
        TEST(explode_makes_a_row_of_each_member),
        TEST(combine_folds_what_python_folds),
        TEST(windowing_information_is_a_value),
        TEST(failed_rows_are_values),
        TEST(nested_values_come_from_json_and_become_it),
        TEST(schemas_of_nested_values_are_asked),
        TEST(a_fold_that_fails_fails_the_job),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
