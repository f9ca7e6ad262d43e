/* Functions of a pipeline in CPython: what they may be, what they see, and that whatever they
 * do is an error of their row. */
#include "tests/test.h"

#include <setjmp.h>
#include <stdio.h>

#include "engine/expression/caller.h"
#include "tests/expression_rows.h"

static const struct mr_field fields[] = {
    {"n", MR_TYPE_INT, false, NULL},
    {"f", MR_TYPE_FLOAT, false, NULL},
    {"s", MR_TYPE_STRING, false, NULL},
    {"u", MR_TYPE_STRING, true, NULL},
    {"y", MR_TYPE_BYTES, false, NULL},
    {"at", MR_TYPE_TIMESTAMP, false, NULL},
};
enum { FIELDS = sizeof fields / sizeof *fields };
static const struct mr_schema schema = {FIELDS, fields};

struct fixture {
    struct mr_region *region;
    struct mr_arena *arena;
    struct mr_scratch scratch;
    struct mr_caller caller;
    struct mr_err err;
};

static int set_up(void **state)
{
    struct fixture *fixture = mr_alloc(sizeof *fixture);
    struct mr_arena_options options = {.bytes_max = (size_t)1 << 30, .fill = -1};
    fixture->region = mr_region_create();
    assert_true(mr_arena_open(&options, &fixture->arena, &fixture->err));
    mr_scratch_init(&fixture->scratch, fixture->arena);
    fixture->caller.owner = 1;
    fixture->scratch.caller = &fixture->caller;
    mr_python_begin(7);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    mr_scratch_deinit(&fixture->scratch);
    mr_arena_close(fixture->arena);
    mr_region_destroy(fixture->region);
    mr_free(fixture);
    return 0;
}

static struct mr_value text_value(const char *text)
{
    return (struct mr_value){
        .text = text, .bytes = (uint32_t)strlen(text), .type = MR_TYPE_STRING};
}

/* n, f, s, u, y, at */
static void fill_row(struct mr_value *row, int64_t n)
{
    row[0] = (struct mr_value){.i = n, .type = MR_TYPE_INT};
    row[1] = (struct mr_value){.f = 2.5, .type = MR_TYPE_FLOAT};
    row[2] = text_value("caf\xc3\xa9");
    row[3] = (struct mr_value){.type = MR_TYPE_NULL};
    row[4] = text_value("\x01\xff");
    row[4].type = MR_TYPE_BYTES;
    row[5] = (struct mr_value){.i = 1500000, .type = MR_TYPE_TIMESTAMP};
}

static const struct mr_expression *compile_as(struct fixture *fixture, const char *text,
    bool is_callable, enum mr_type type, enum mr_expression_use use)
{
    const struct mr_expression *expression = NULL;
    struct mr_udf_text written = {
        .text = text, .place = {"p.yaml", 3, 10}, .is_callable = is_callable, .type = type};
    fixture->err = (struct mr_err){0};
    if (!mr_expression_compile_udf(
            fixture->region, &written, use, &schema, &expression, &fixture->err))
        return NULL;
    assert_true(mr_expression_is_foreign(expression));
    return expression;
}

static const struct mr_expression *compile(
    struct fixture *fixture, const char *text, bool is_callable, enum mr_type type)
{
    const struct mr_expression *expression =
        compile_as(fixture, text, is_callable, type, MR_USE_VALUE);
    if (!expression) fprintf(stderr, "%s\n  %s\n", text, fixture->err.msg);
    assert_non_null(expression);
    return expression;
}

/* The value of the row evaluator; the column evaluator must have the same. */
static struct mr_value evaluate(
    struct fixture *fixture, const struct mr_expression *expression, int64_t n)
{
    struct mr_value row[FIELDS], by_row;
    fill_row(row, n);
    fixture->caller.at_us = 7000000;
    fixture->caller.failures = NULL;
    enum mr_row_error error = mr_expression_row(expression, row, &fixture->scratch, &by_row);
    const struct mr_row_failure *failure = fixture->caller.failures;
    struct mr_batch batch = rows_batch(&schema, row, 1, &fixture->scratch);
    mr_us at_us = 7000000;
    batch.times_us = &at_us;
    uint8_t errors[1] = {0};
    fixture->caller.failures = NULL;
    struct mr_column column =
        mr_expression_batch(expression, &batch, &fixture->scratch, errors);
    struct mr_value by_column = mr_column_value(&column, 0);
    assert_int_equal(errors[0], error);
    if (error) {
        assert_int_equal(error, MR_ROW_RAISED);
        assert_string_equal(fixture->caller.failures->message, failure->message);
        assert_string_equal(fixture->caller.failures->stack, failure->stack);
        return by_row;
    }
    assert_null(fixture->caller.failures);
    assert_true(mr_value_same(by_row, by_column));
    return by_row;
}

static void assert_text(struct mr_value value, const char *expected)
{
    char text[512];
    mr_value_format(value, text, sizeof text);
    assert_string_equal(text, expected);
}

static const char *failure_of(struct fixture *fixture, const char *callable)
{
    struct mr_value value =
        evaluate(fixture, compile(fixture, callable, true, MR_TYPE_STRING), 3);
    assert_int_equal(value.type, MR_TYPE_NULL);
    assert_non_null(fixture->caller.failures);
    return fixture->caller.failures->message;
}

static void assert_fails(struct fixture *fixture, const char *callable, const char *part)
{
    const char *message = failure_of(fixture, callable);
    if (!strstr(message, part)) fprintf(stderr, "%s\n  fails with: %s\n", callable, message);
    assert_non_null(strstr(message, part));
}

/* ---- what a function may be ---- */

static void expressions_outside_of_the_pure_subset_run(void **state)
{
    static const struct {
        const char *text;
        enum mr_type type;
        const char *value;
    } cases[] = {
        {"n ** 3", MR_TYPE_INT, "27"},
        {"sum(i for i in range(n))", MR_TYPE_INT, "3"},
        {"s[::-1].title()", MR_TYPE_STRING,
            "\"\xc3\x89"
            "fac\""},
        {"f'{s}-{n:03d}-{u}'", MR_TYPE_STRING, "\"caf\xc3\xa9-003-None\""},
        {"'a' in s", MR_TYPE_BOOL, "true"},
        {"n / 2 if n > 5 else n", MR_TYPE_FLOAT, "3.0"},
        {"y + b'!'", MR_TYPE_BYTES, "\"\\u0001\\u00ff!\""},
        {"at + 60", MR_TYPE_TIMESTAMP, "\"1970-01-01T00:01:01.5Z\""},
        {"str(at)", MR_TYPE_STRING, "\"Timestamp(1.500000)\""},
        {"u and u.strip()", MR_TYPE_STRING, "null"},
        {"10 ** 18 * n", MR_TYPE_INT, "3000000000000000000"},
        {"float('nan') if n else f", MR_TYPE_FLOAT, "NaN"},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mr_udf_text written = {
            .text = cases[i].text, .place = {"p.yaml", 1, 1}, .type = cases[i].type};
        const struct mr_expression *expression;
        bool ok = mr_expression_compile_udf(
            fixture->region, &written, MR_USE_VALUE, &schema, &expression, &fixture->err);
        if (!ok) fprintf(stderr, "%s: %s\n", cases[i].text, fixture->err.msg);
        assert_true(ok);
        assert_text(evaluate(fixture, expression, 3), cases[i].value);
    }
}

static void an_expression_of_the_pure_subset_stays_native(void **state)
{
    struct fixture *fixture = *state;
    struct mr_udf_text written = {
        .text = "n + 1", .place = {"p.yaml", 1, 1}, .type = MR_TYPE_INT};
    const struct mr_expression *expression;
    assert_true(mr_expression_compile_udf(
        fixture->region, &written, MR_USE_VALUE, &schema, &expression, &fixture->err));
    assert_false(mr_expression_is_foreign(expression));
}

static void callables_are_lambdas_functions_builtins_and_names_of_modules(void **state)
{
    static const struct {
        const char *text;
        enum mr_type type;
        const char *value;
    } cases[] = {
        {"lambda row: row.n * 2", MR_TYPE_INT, "6"},
        {"len", MR_TYPE_INT, "6"},
        {"str", MR_TYPE_STRING,
            "\"Row(n=3, f=2.5, s='caf\xc3\xa9', u=None, y=b'\\\\x01\\\\xff', "
            "at=Timestamp(1.500000))\""},
        {"builtins.len", MR_TYPE_INT, NULL},
        {"operator.attrgetter('s')", MR_TYPE_STRING, NULL},
        {"import operator\noperator.attrgetter('s')", MR_TYPE_STRING, "\"caf\xc3\xa9\""},
        {"import math\n\nSCALE = 10\n\ndef twice(x):\n    return 2 * x\n\n# the last one "
         "counts\n"
         "def f(row):\n    return math.floor(twice(row.f) * SCALE)\n",
            MR_TYPE_INT, "50"},
        {"    def f(row):\n        return sorted(row._asdict())[0]\n", MR_TYPE_STRING,
            "\"at\""},
        {"lambda row: list(row)[2]", MR_TYPE_STRING, "\"caf\xc3\xa9\""},
        {"lambda row: ','.join(row._fields)", MR_TYPE_STRING, "\"n,f,s,u,y,at\""},
        {"class Add:\n    def __init__(self, row):\n        pass\nAdd(1).__init__\nlen",
            MR_TYPE_INT, "6"},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (!cases[i].value) {
            assert_null(compile_as(fixture, cases[i].text, true, cases[i].type, MR_USE_VALUE));
            continue;
        }
        assert_text(evaluate(fixture, compile(fixture, cases[i].text, true, cases[i].type), 3),
            cases[i].value);
    }
}

static void filters_take_the_truth_and_timestamps_the_seconds(void **state)
{
    struct fixture *fixture = *state;
    const struct mr_expression *keep =
        compile_as(fixture, "[c for c in s if c == 'f']", false, MR_TYPE_NULL, MR_USE_KEEP);
    assert_non_null(keep);
    assert_text(evaluate(fixture, keep, 3), "true");
    const struct mr_expression *time =
        compile_as(fixture, "lambda row: row.at + row.n", true, MR_TYPE_NULL, MR_USE_TIMESTAMP);
    assert_non_null(time);
    assert_text(evaluate(fixture, time, 3), "4500000");
    time = compile_as(fixture, "lambda row: row.s", true, MR_TYPE_NULL, MR_USE_TIMESTAMP);
    evaluate(fixture, time, 3);
    assert_non_null(
        strstr(fixture->caller.failures->message, "a number of seconds is declared"));
}

/* ---- errors of rows ---- */

static void an_exception_is_the_row_error_with_its_message_and_stack(void **state)
{
    struct fixture *fixture = *state;
    assert_string_equal(failure_of(fixture, "def f(row):\n    x = row.n\n"
                                            "    raise ValueError('no %d' % x)\n"),
        "ValueError('no 3')");
    assert_string_equal(fixture->caller.failures->stack,
        "Traceback (most recent call last):\n  File \"<callable>\", line 3, in f\n"
        "ValueError: no 3\n");
    assert_fails(fixture, "lambda row: 1 // (row.n - 3)", "division or modulo by zero");
    assert_fails(fixture, "lambda row: row.u.upper()", "'NoneType' object has no attribute");
    assert_fails(fixture, "lambda row: str(lambda: 0) + 1", "can only concatenate");
    assert_fails(fixture,
        "class E(Exception):\n    def __repr__(self):\n        return 1\n"
        "def f(row):\n    raise E()\n",
        "cannot be shown");
    assert_fails(fixture, "def f(row):\n    raise KeyError(lambda: 0)\n", "<function");
    assert_null(
        strstr(failure_of(fixture, "def f(row):\n    raise KeyError(lambda: 0)\n"), "0x5"));
}

static void a_result_of_another_type_is_the_row_error(void **state)
{
    struct fixture *fixture = *state;
    assert_fails(fixture, "lambda row: row.n", "returned 3, where string is declared");
    const struct mr_expression *big = compile(fixture, "n ** 99", false, MR_TYPE_INT);
    evaluate(fixture, big, 3);
    assert_string_equal(
        fixture->caller.failures->message, "OverflowError('the integer does not fit into 64 bits')");
    assert_text(evaluate(fixture, big, 1), "1");
    evaluate(fixture, compile(fixture, "[n]", false, MR_TYPE_INT), 3);
    assert_non_null(strstr(fixture->caller.failures->message, "returned [3]"));
}

static void a_call_that_does_not_end_is_the_row_error(void **state)
{
    static const char *const callables[] = {
        "def f(row):\n    while True:\n        pass\n",
        "def f(row):\n    while True:\n        try:\n            len(row.s)\n            g()\n"
        "        except:\n            pass\ndef g():\n    raise ValueError\nf\n",
        "def fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)\n"
        "def f(row):\n    return fib(90)\n",
        "lambda row: [0 for a in range(9999) for b in range(9999)]",
        "lambda row: sum(range(10 ** 12))",
        "import re\nlambda row: re.match('(a+)+$', 'a' * 60 + 'b')",
        "lambda row: 3 ** 10 ** 9",
        "lambda row: any(map(lambda x: False, range(10 ** 12)))",
        "import statistics\nlambda row: statistics.mean(iter(range(10 ** 12)))",
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof callables / sizeof *callables; i++) {
        const char *message = failure_of(fixture, callables[i]);
        bool is_known = strstr(message, "did not end") || strstr(message, "more memory");
        if (!is_known) fprintf(stderr, "%s\n  fails with: %s\n", callables[i], message);
        assert_true(is_known);
    }
    assert_text(evaluate(fixture, compile(fixture, "n ** (1 + 1)", false, MR_TYPE_INT), 3), "9");
}

static void memory_without_end_is_the_row_error(void **state)
{
    struct fixture *fixture = *state;
    assert_fails(fixture, "lambda row: 'a' * 10 ** 10", "more memory");
    assert_fails(fixture, "lambda row: '%1000000000d' % row.n", "");
    assert_fails(fixture,
        "def f(row):\n    a = ['x' * 1000]\n    while True:\n        a += a\n", "more memory");
    assert_fails(fixture, "def f(row):\n    return f(row)\n", "recursion");
    /* What is kept from call to call counts too. */
    const struct mr_expression *hoard = compile(fixture,
        "kept = []\ndef f(row):\n    kept.append('x' * 10000000)\n    return len(kept)\n", true,
        MR_TYPE_INT);
    struct mr_value row[FIELDS], value;
    fill_row(row, 1);
    uint32_t calls = 0;
    while (calls < 100 && !mr_expression_row(hoard, row, &fixture->scratch, &value)) calls++;
    assert_true(calls > 10 && calls < 30);
    fixture->caller.incarnation++;
    assert_int_equal(mr_expression_row(hoard, row, &fixture->scratch, &value), MR_ROW_OK);
    assert_int_equal(value.i, 1);
}

/* ---- what a function sees ---- */

static void reopen_arena(struct fixture *fixture, size_t bytes_max)
{
    struct mr_arena_options options = {.bytes_max = bytes_max, .fill = -1};
    mr_arena_close(fixture->arena);
    assert_true(mr_arena_open(&options, &fixture->arena, &fixture->err));
    mr_scratch_init(&fixture->scratch, fixture->arena);
    fixture->scratch.caller = &fixture->caller;
}

/* The arena is full as the result is copied to it; the next run must not notice. */
static void a_run_that_ends_inside_of_a_call_leaves_python_usable(void **state)
{
    struct fixture *fixture = *state;
    static const char *const texts[] = {"s * 1000000", "s * 10 ** n * 1000"};
    for (size_t i = 0; i < 2; i++) {
        const struct mr_expression *large = compile(fixture, texts[i], false, MR_TYPE_STRING);
        struct mr_value row[FIELDS], value;
        jmp_buf exhausted;
        fill_row(row, 3);
        reopen_arena(fixture, (size_t)1 << 20);
        mr_arena_guard(fixture->arena, &exhausted);
        if (setjmp(exhausted) == 0) {
            mr_expression_row(large, row, &fixture->scratch, &value);
            fail_msg("the arena holds it");
        }
        reopen_arena(fixture, (size_t)64 << 20);
        mr_python_begin(8);
        assert_text(
            evaluate(fixture, compile(fixture, "n ** n", false, MR_TYPE_INT), 3), "27");
    }
}

static void files_and_processes_are_out_of_reach(void **state)
{
    struct fixture *fixture = *state;
    assert_fails(fixture, "lambda row: open('/etc/passwd').read()", "'open' is not available");
    assert_fails(fixture, "lambda row: eval('1')", "'eval' is not available");
    assert_fails(fixture, "lambda row: str(id(row))", "'id' is not available");
    assert_fails(fixture, "lambda row: __import__('os').getcwd()", "module 'os'");
    assert_fails(fixture,
        "import json\nlambda row: json.__builtins__['open']('/etc/passwd').read()",
        "'open' is not available");
    assert_fails(fixture,
        "import json\nlambda row: json.__builtins__['__import__']('os').system('true')",
        "'os.system' is not available");
    assert_fails(fixture, "import time\nlambda row: time.sleep(1)", "'time.sleep'");
    assert_fails(fixture, "import itertools\nlambda row: list(itertools.cycle([1]))",
        "'itertools.cycle'");
}

static void clocks_show_the_event_time_and_utc(void **state)
{
    struct fixture *fixture = *state;
    assert_text(evaluate(fixture,
                    compile(fixture,
                        "import time, datetime\nlambda row: '%r %s %s' % (time.time(), "
                        "datetime.datetime.now(), time.localtime(0)[3])",
                        true, MR_TYPE_STRING),
                    3),
        "\"7.0 1970-01-01 00:00:07 0\"");
    assert_text(evaluate(fixture,
                    compile(fixture,
                        "from datetime import datetime\nlambda row: "
                        "datetime.strptime('2001-01-03', '%Y-%m-%d').timestamp()",
                        true, MR_TYPE_FLOAT),
                    3),
        "978480000.0");
}

/* Both evaluators agree on them: evaluate compares. */
static void random_numbers_are_a_function_of_seed_function_and_row(void **state)
{
    struct fixture *fixture = *state;
    const struct mr_expression *expression = compile(
        fixture, "import random\nlambda row: random.randrange(10 ** 15)", true, MR_TYPE_INT);
    int64_t first = evaluate(fixture, expression, 3).i;
    assert_int_equal(evaluate(fixture, expression, 3).i, first);
    assert_int_not_equal(evaluate(fixture, expression, 4).i, first);
    mr_python_begin(8);
    assert_int_not_equal(evaluate(fixture, expression, 3).i, first);
    mr_python_begin(7);
    assert_int_equal(evaluate(fixture, expression, 3).i, first);
}

static void sets_of_texts_and_of_objects_have_one_order(void **state)
{
    struct fixture *fixture = *state;
    const struct mr_expression *expression = compile(fixture,
        "class A:\n    def __init__(self, n):\n        self.n = n\n"
        "def f(row):\n    a = ''.join({'a', 'b', 'c', 'd', 'e', 'f'})\n"
        "    b = ''.join(str(x.n) for x in {A(1), A(2), A(3)})\n"
        "    return a + b + repr(A(1))\n",
        true, MR_TYPE_STRING);
    /* Written down once: it is the same in every process from then on. */
    assert_text(evaluate(fixture, expression, 3), "\"dcfaeb321<A object>\"");
}

static void state_is_of_one_worker_and_gone_when_it_crashes(void **state)
{
    struct fixture *fixture = *state;
    const struct mr_expression *count = compile(fixture,
        "import math\nn = 0\ndef f(row):\n    global n\n    n += 1\n"
        "    math.seen = getattr(math, 'seen', 0) + 1\n    return n * 100 + math.seen\n",
        true, MR_TYPE_INT);
    struct mr_value row[FIELDS], value;
    fill_row(row, 1);
    for (int64_t i = 1; i <= 3; i++) {
        assert_int_equal(mr_expression_row(count, row, &fixture->scratch, &value), MR_ROW_OK);
        assert_int_equal(value.i, 101 * i);
    }
    fixture->caller.owner = 2;
    assert_int_equal(mr_expression_row(count, row, &fixture->scratch, &value), MR_ROW_OK);
    assert_int_equal(value.i, 101);
    fixture->caller.owner = 1;
    fixture->caller.incarnation = 1;
    assert_int_equal(mr_expression_row(count, row, &fixture->scratch, &value), MR_ROW_OK);
    assert_int_equal(value.i, 101);
}

static void a_row_that_is_kept_stays_what_it_was(void **state)
{
    struct fixture *fixture = *state;
    const struct mr_expression *last =
        compile(fixture, "kept = []\ndef f(row):\n    kept.append(row)\n    return kept[0].n\n",
            true, MR_TYPE_INT);
    struct mr_value rows[4][FIELDS];
    for (int i = 0; i < 4; i++) fill_row(rows[i], i + 10);
    struct mr_batch batch = rows_batch(&schema, rows[0], 4, &fixture->scratch);
    uint8_t errors[4] = {0};
    struct mr_column column = mr_expression_batch(last, &batch, &fixture->scratch, errors);
    for (uint32_t i = 0; i < 4; i++) assert_int_equal(mr_column_value(&column, i).i, 10);
}

static void only_rows_that_count_and_have_no_error_are_given_to_it(void **state)
{
    struct fixture *fixture = *state;
    const struct mr_expression *count = compile(fixture,
        "n = 0\ndef f(row):\n    global n\n    n += 1\n    return n\n", true, MR_TYPE_INT);
    struct mr_value rows[4][FIELDS];
    for (int i = 0; i < 4; i++) fill_row(rows[i], i);
    struct mr_batch batch = rows_batch(&schema, rows[0], 4, &fixture->scratch);
    static const uint16_t selection[] = {1, 2, 3};
    batch.selection = selection;
    batch.n_selected = 3;
    uint8_t errors[4] = {0, 0, MR_ROW_VALUE, 0};
    struct mr_column column = mr_expression_batch(count, &batch, &fixture->scratch, errors);
    assert_int_equal(mr_column_value(&column, 1).i, 1);
    assert_int_equal(mr_column_value(&column, 3).i, 2);
    assert_int_equal(errors[2], MR_ROW_VALUE);
}

/* ---- bad input ---- */

static void what_is_wrong_is_said_at_its_place(void **state)
{
    static const struct {
        const char *text;
        bool is_callable;
        enum mr_type type;
        int col;
        const char *message;
    } cases[] = {
        {"n ** m", false, MR_TYPE_INT, 15, "unknown field 'm'"},
        {"n ** (", false, MR_TYPE_INT, 15, "syntax error"},
        {"lambda row: row.m", true, MR_TYPE_INT, 26, "unknown field 'm'"},
        {"lambda row:", true, MR_TYPE_INT, 21, "syntax error"},
        {"import os", true, MR_TYPE_INT, 10, "module 'os' is not available"},
        {"os.getcwd", true, MR_TYPE_STRING, 10, "module 'os' is not available"},
        {"nosuch", true, MR_TYPE_STRING, 10, "'nosuch' is no builtin function"},
        {"x = 1", true, MR_TYPE_INT, 10, "ends in a def, a class or an expression"},
        {"[1, 2]", true, MR_TYPE_INT, 10, "cannot be called"},
        {"import math\nmath.nosuch", true, MR_TYPE_INT, 10, "the function cannot be made"},
        {"import math\ndef f(row):\n    return row.m", true, MR_TYPE_INT, 10,
            "line 3 of the block: unknown field 'm'"},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_null(compile_as(
            fixture, cases[i].text, cases[i].is_callable, cases[i].type, MR_USE_VALUE));
        if (!strstr(fixture->err.msg, cases[i].message) ||
            fixture->err.input_col != cases[i].col)
            fprintf(stderr, "%s: %d: %s\n", cases[i].text, fixture->err.input_col,
                fixture->err.msg);
        assert_non_null(strstr(fixture->err.msg, cases[i].message));
        assert_int_equal(fixture->err.input_line, 3);
        assert_int_equal(fixture->err.input_col, cases[i].col);
    }
}

/* The program carries the text that stands in the folder. */
static void the_prelude_is_the_one_of_the_folder(void **state)
{
    (void)state;
    extern const char *const mr_python_prelude[];
    FILE *file = fopen(MR_SOURCE_DIR "/engine/expression/python_prelude.py", "r");
    assert_non_null(file);
    char line[1024];
    size_t n = 0;
    for (; fgets(line, sizeof line, file); n++) assert_string_equal(line, mr_python_prelude[n]);
    assert_null(mr_python_prelude[n]);
    fclose(file);
}

#define PYTHON_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PYTHON_TEST(expressions_outside_of_the_pure_subset_run),
        PYTHON_TEST(an_expression_of_the_pure_subset_stays_native),
        PYTHON_TEST(callables_are_lambdas_functions_builtins_and_names_of_modules),
        PYTHON_TEST(filters_take_the_truth_and_timestamps_the_seconds),
        PYTHON_TEST(an_exception_is_the_row_error_with_its_message_and_stack),
        PYTHON_TEST(a_result_of_another_type_is_the_row_error),
        PYTHON_TEST(a_call_that_does_not_end_is_the_row_error),
        PYTHON_TEST(memory_without_end_is_the_row_error),
        PYTHON_TEST(a_run_that_ends_inside_of_a_call_leaves_python_usable),
        PYTHON_TEST(files_and_processes_are_out_of_reach),
        PYTHON_TEST(clocks_show_the_event_time_and_utc),
        PYTHON_TEST(random_numbers_are_a_function_of_seed_function_and_row),
        PYTHON_TEST(sets_of_texts_and_of_objects_have_one_order),
        PYTHON_TEST(state_is_of_one_worker_and_gone_when_it_crashes),
        PYTHON_TEST(a_row_that_is_kept_stays_what_it_was),
        PYTHON_TEST(only_rows_that_count_and_have_no_error_are_given_to_it),
        PYTHON_TEST(what_is_wrong_is_said_at_its_place),
        cmocka_unit_test(the_prelude_is_the_one_of_the_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
