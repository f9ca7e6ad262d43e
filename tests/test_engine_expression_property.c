/* The two evaluators, one a column and one a row at a time, agree on expressions and rows that
 * nobody thought of. */
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/draw.h"
#include "engine/expression/caller.h"
#include "tests/expression_rows.h"

enum {
    EXPRESSIONS = 20000,
    EXPRESSIONS_PER_BATCH = 40,
    ROWS = 70,
    DEPTH_MAX = 5,
    LETTERS_MAX = 40, /* of a random text */
};

static const struct mr_field fields[] = {
    {"i", MR_TYPE_INT, false, NULL},
    {"j", MR_TYPE_INT, false, NULL},
    {"n", MR_TYPE_INT, true, NULL},
    {"f", MR_TYPE_FLOAT, false, NULL},
    {"g", MR_TYPE_FLOAT, false, NULL},
    {"x", MR_TYPE_FLOAT, true, NULL},
    {"b", MR_TYPE_BOOL, false, NULL},
    {"c", MR_TYPE_BOOL, true, NULL},
    {"s", MR_TYPE_STRING, false, NULL},
    {"t", MR_TYPE_STRING, false, NULL},
    {"u", MR_TYPE_STRING, true, NULL},
    {"y", MR_TYPE_BYTES, false, NULL},
    {"z", MR_TYPE_BYTES, true, NULL},
    {"at", MR_TYPE_TIMESTAMP, false, NULL},
    {"due", MR_TYPE_TIMESTAMP, true, NULL},
};
enum { FIELDS = sizeof fields / sizeof *fields };
static const struct mr_schema schema = {FIELDS, fields};

/* ---- draws ---- */

struct source {
    struct mr_draws draws;
    uint64_t occurrence;
};

static uint64_t bits(struct source *source)
{
    return mr_draw(&source->draws, MR_DRAW_UNIVERSE, 0, source->occurrence++);
}

static uint32_t pick(struct source *source, uint32_t n)
{
    return (uint32_t)(bits(source) % n);
}

static const char *pick_word(struct source *source, const char *const *words, uint32_t n)
{
    return words[pick(source, n)];
}
#define PICK(source, words)                                                                    \
    pick_word(source, words, (uint32_t)(sizeof(words) / sizeof *(words)))

/* ---- rows ---- */

static int64_t draw_int(struct source *source)
{
    static const int64_t edges[] = {0, 1, -1, 2, 3, -7, INT64_MAX, INT64_MIN, INT64_MIN + 1,
        (INT64_C(1) << 53) + 1, -(INT64_C(1) << 53), INT64_C(1) << 62, 3037000500};
    uint32_t kind = pick(source, 4);
    if (kind == 0) return edges[pick(source, sizeof edges / sizeof *edges)];
    if (kind == 1) return (int64_t)pick(source, 20) - 10;
    int64_t value = (int64_t)bits(source);
    return kind == 2 ? value : value >> pick(source, 64);
}

/* Edges, whole numbers, and any bits at all. */
static double draw_float(struct source *source)
{
    static const double edges[] = {0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 1e308, 5e-324, -5e-324,
        0x1p53, 0x1p63, -0x1p63, 0x1p64, 0x1.fffffffffffffp1023, 0x1p-1022, 0.1};
    uint32_t kind = pick(source, 5);
    if (kind == 0) return edges[pick(source, sizeof edges / sizeof *edges)];
    if (kind == 1) return (double)draw_int(source);
    if (kind == 2) return (double)((int64_t)pick(source, 2000) - 1000) / 8;
    if (kind == 3 && pick(source, 4) == 0)
        return pick(source, 2) ? __builtin_inf() : -__builtin_inf();
    uint64_t value = bits(source);
    double out;
    memcpy(&out, &value, sizeof out);
    return mr_canonical_float(out);
}

static struct mr_value draw_text(struct source *source, struct mr_scratch *scratch)
{
    static const char *const parts[] = {"a", "A", "abc", "1", "-2", ".5", " ", "e3", "nan", "_",
        "\xc3\x9f", "\xce\xa3", "\xc4\xb0", "\xe6\x97\xa5", "\xf0\x9f\x98\x80", "\xff", "0",
        "9223372036854775807"};
    char *text = mr_scratch_alloc(scratch, LETTERS_MAX + 32);
    uint32_t bytes_max = pick(source, 3) ? pick(source, 8) : pick(source, LETTERS_MAX);
    uint32_t bytes = 0;
    while (bytes < bytes_max) {
        const char *part = PICK(source, parts);
        memcpy(text + bytes, part, strlen(part));
        bytes += (uint32_t)strlen(part);
    }
    return (struct mr_value){.text = text, .bytes = bytes, .type = MR_TYPE_STRING};
}

static struct mr_value draw_value(
    struct source *source, const struct mr_field *field, struct mr_scratch *scratch)
{
    struct mr_value value = {.type = MR_TYPE_NULL};
    if (field->is_nullable && pick(source, 4) == 0) return value;
    if (field->type == MR_TYPE_STRING || field->type == MR_TYPE_BYTES)
        value = draw_text(source, scratch);
    else if (field->type == MR_TYPE_FLOAT)
        value.f = draw_float(source);
    else if (field->type == MR_TYPE_BOOL)
        value.i = pick(source, 2);
    else
        value.i = draw_int(source);
    value.type = (uint8_t)field->type;
    return value;
}

/* ---- expressions ---- */

/* Texts that mean an expression of a type; each writes to the end of `text`. */
struct writer {
    struct source *source;
    struct mr_text text;
    uint32_t depth;
};

static void write_int(struct writer *writer);
static void write_float(struct writer *writer);
static void write_string(struct writer *writer);
static void write_bool(struct writer *writer);
static void write_truth(struct writer *writer);

static void put(struct writer *writer, const char *text)
{
    mr_text_add(&writer->text, text, strlen(text));
}

static bool is_leaf(struct writer *writer)
{
    return writer->depth >= DEPTH_MAX || pick(writer->source, 5) == 0;
}

static void write_bytes(struct writer *writer)
{
    static const char *const words[] = {"y", "z", "y[1:]", "z[-2:i]", "y[:n]", "(y + z[:2])"};
    put(writer, PICK(writer->source, words));
}

static void write_timestamp(struct writer *writer)
{
    static const char *const words[] = {"at", "due", "(due or at)", "min(at, due)"};
    put(writer, PICK(writer->source, words));
}

static void write_of(struct writer *writer, enum mr_type type)
{
    writer->depth++;
    if (type == MR_TYPE_INT)
        write_int(writer);
    else if (type == MR_TYPE_FLOAT)
        write_float(writer);
    else if (type == MR_TYPE_STRING)
        write_string(writer);
    else if (type == MR_TYPE_BOOL)
        write_bool(writer);
    else if (type == MR_TYPE_BYTES)
        write_bytes(writer);
    else
        write_timestamp(writer);
    writer->depth--;
}

static void write_number(struct writer *writer)
{
    static const enum mr_type types[] = {MR_TYPE_INT, MR_TYPE_FLOAT, MR_TYPE_BOOL};
    write_of(writer, types[pick(writer->source, 3)]);
}

/* Of type INT: BOOL and INT make INT, two BOOL as well. */
static void write_whole(struct writer *writer)
{
    write_of(writer, pick(writer->source, 4) ? MR_TYPE_INT : MR_TYPE_BOOL);
}

/* What every type has: choices and extremes. */
static void write_choice(struct writer *writer, enum mr_type type)
{
    uint32_t kind = pick(writer->source, 6);
    put(writer, kind == 4 ? "min(" : kind == 5 ? "max(" : "(");
    if (kind == 3 && pick(writer->source, 2))
        put(writer, "None");
    else
        write_of(writer, type);
    put(writer, kind == 0 || kind == 3 ? " if "
                : kind == 1            ? " and "
                : kind == 2            ? " or "
                                       : ", ");
    if (kind == 0 || kind == 3) {
        write_truth(writer);
        put(writer, " else ");
    }
    write_of(writer, type);
    if (kind > 3 && pick(writer->source, 2)) {
        put(writer, ", ");
        write_of(writer, type);
    }
    put(writer, ")");
}

static void write_literal_int(struct writer *writer)
{
    mr_text_printf(&writer->text, "%lld", (long long)draw_int(writer->source));
}

/* Short ones: what is replaced again and again grows. */
static void write_short(struct writer *writer)
{
    static const char *const words[] = {
        "''", "'a'", "'1'", "'ab'", "' '", "'\xc3\x9f'", "'\xf0\x9f\x98\x80'", "t[:2]", "u[:1]"};
    put(writer, PICK(writer->source, words));
}

/* `(text).name(`, and that many short arguments. */
static void write_method(struct writer *writer, const char *name, uint32_t n)
{
    put(writer, "(");
    write_of(writer, MR_TYPE_STRING);
    put(writer, ").");
    put(writer, name);
    put(writer, "(");
    for (uint32_t i = 0; i < n; i++) {
        put(writer, i ? ", " : "");
        write_short(writer);
    }
    put(writer, ")");
}

static void write_bound(struct writer *writer)
{
    static const char *const words[] = {"", "None", "n", "i", "b", "1", "2", "-1", "-3", "70"};
    put(writer, PICK(writer->source, words));
}

static void write_subscript(struct writer *writer, enum mr_type type)
{
    put(writer, "(");
    write_of(writer, type);
    put(writer, ")[");
    if (type == MR_TYPE_STRING && pick(writer->source, 3) == 0) {
        put(writer, pick(writer->source, 2) ? "-" : "");
        put(writer, pick(writer->source, 3) ? "1" : pick(writer->source, 2) ? "b" : "n");
    } else {
        write_bound(writer);
        put(writer, ":");
        write_bound(writer);
    }
    put(writer, "]");
}

static void write_int_call(struct writer *writer)
{
    static const char *const powers[] = {" ** 0", " ** 1", " ** 2", " ** 3", " ** 4"};
    uint32_t kind = pick(writer->source, 4);
    if (kind < 2) {
        write_method(writer, kind ? "find" : "count", 1);
        return;
    }
    put(writer, kind == 2 ? "round(" : "(");
    if (kind == 2)
        write_number(writer);
    else
        write_whole(writer);
    put(writer, ")");
    if (kind == 3) put(writer, PICK(writer->source, powers));
}

static void write_int(struct writer *writer)
{
    static const char *const operators[] = {" + ", " - ", " * ", " // ", " % "};
    static const char *const names[] = {"i", "j", "n"};
    if (is_leaf(writer)) {
        if (pick(writer->source, 3))
            put(writer, PICK(writer->source, names));
        else
            write_literal_int(writer);
        return;
    }
    put(writer, "(");
    switch (pick(writer->source, 9)) {
    case 0:
        put(writer, pick(writer->source, 2) ? "-" : "+");
        write_whole(writer);
        break;
    case 8:
        write_int_call(writer);
        break;
    case 1:
        put(writer, "abs(");
        write_whole(writer);
        put(writer, ")");
        break;
    case 2:
        put(writer, "len(");
        write_of(writer, pick(writer->source, 4) ? MR_TYPE_STRING : MR_TYPE_BYTES);
        put(writer, ")");
        break;
    case 3:
        put(writer, "int(");
        if (pick(writer->source, 2))
            write_number(writer);
        else
            write_of(writer, MR_TYPE_STRING);
        put(writer, ")");
        break;
    case 4:
        write_choice(writer, MR_TYPE_INT);
        break;
    default:
        write_whole(writer);
        put(writer, PICK(writer->source, operators));
        write_whole(writer);
    }
    put(writer, ")");
}

static void write_float(struct writer *writer)
{
    static const char *const operators[] = {" + ", " - ", " * ", " / ", " // ", " % "};
    static const char *const leaves[] = {
        "f", "g", "x", "0.5", "-2.5", "1e300", "0.0", "-0.0", "3.0", "float('-inf')"};
    if (is_leaf(writer)) {
        put(writer, PICK(writer->source, leaves));
        return;
    }
    put(writer, "(");
    switch (pick(writer->source, 7)) {
    case 0:
        put(writer, pick(writer->source, 2) ? "-" : "abs");
        put(writer, "(");
        write_of(writer, MR_TYPE_FLOAT);
        put(writer, ")");
        break;
    case 1:
        put(writer, "float(");
        if (pick(writer->source, 2))
            write_number(writer);
        else
            write_of(writer, MR_TYPE_STRING);
        put(writer, ")");
        break;
    case 2:
        write_choice(writer, MR_TYPE_FLOAT);
        break;
    case 3:
        write_whole(writer);
        put(writer, " / ");
        write_whole(writer);
        break;
    case 4:
        write_number(writer);
        put(writer, PICK(writer->source, operators));
        write_of(writer, MR_TYPE_FLOAT);
        break;
    default:
        write_of(writer, MR_TYPE_FLOAT);
        put(writer, PICK(writer->source, operators));
        write_number(writer);
    }
    put(writer, ")");
}

static void write_string(struct writer *writer)
{
    static const char *const leaves[] = {"s", "t", "u", "''", "'12'", "'a text that is long'",
        "'\xc3\x9f'", "str(i)", "str(f)", "str(None)"};
    if (is_leaf(writer)) {
        put(writer, PICK(writer->source, leaves));
        return;
    }
    static const char *const strips[] = {"strip", "lstrip", "rstrip"};
    switch (pick(writer->source, 8)) {
    case 5:
        write_method(writer, "replace", 2);
        break;
    case 6:
        put(writer, "(");
        write_of(writer, MR_TYPE_STRING);
        put(writer, ").");
        put(writer, PICK(writer->source, strips));
        put(writer, pick(writer->source, 2) ? "()" : "('a\xc3\x9f" "1 ')");
        break;
    case 7:
        write_subscript(writer, MR_TYPE_STRING);
        break;
    case 0:
        put(writer, "(");
        write_of(writer, MR_TYPE_STRING);
        put(writer, " + ");
        write_of(writer, MR_TYPE_STRING);
        put(writer, ")");
        break;
    case 1:
        put(writer, "(");
        write_of(writer, MR_TYPE_STRING);
        put(writer, pick(writer->source, 2) ? ").upper()" : ").lower()");
        break;
    case 2:
        put(writer, "str(");
        if (pick(writer->source, 3))
            write_number(writer);
        else
            write_of(writer, MR_TYPE_STRING);
        put(writer, ")");
        break;
    default:
        write_choice(writer, MR_TYPE_STRING);
    }
}

static void write_comparison(struct writer *writer)
{
    static const char *const operators[] = {" == ", " != ", " < ", " <= ", " > ", " >= "};
    static const enum mr_type types[] = {
        MR_TYPE_INT, MR_TYPE_STRING, MR_TYPE_BYTES, MR_TYPE_TIMESTAMP};
    enum mr_type type = types[pick(writer->source, 4)];
    uint32_t n = 2 + pick(writer->source, 2);
    for (uint32_t i = 0; i < n; i++) {
        if (i > 0) put(writer, PICK(writer->source, operators));
        if (type == MR_TYPE_INT)
            write_number(writer);
        else
            write_of(writer, type);
    }
    if (pick(writer->source, 8) == 0) put(writer, " == None");
}

static void write_bool(struct writer *writer)
{
    static const char *const leaves[] = {"b", "c", "True", "False", "i < j", "n is None",
        "x is not None", "f == g", "s < t", "u != s"};
    put(writer, "(");
    uint32_t kind = is_leaf(writer) ? 7 : pick(writer->source, 7);
    switch (kind) {
    case 5:
        write_method(writer, "endswith", 1);
        break;
    case 6:
        write_short(writer);
        put(writer, pick(writer->source, 2) ? " in " : " not in ");
        write_of(writer, MR_TYPE_STRING);
        break;
    case 0:
        put(writer, "not ");
        write_truth(writer);
        break;
    case 1:
        put(writer, "(");
        write_of(writer, MR_TYPE_STRING);
        put(writer, ").startswith(");
        write_of(writer, MR_TYPE_STRING);
        put(writer, ")");
        break;
    case 2:
        write_choice(writer, MR_TYPE_BOOL);
        put(writer, pick(writer->source, 2) ? " is None" : " is not None");
        break;
    case 3:
        write_choice(writer, MR_TYPE_BOOL);
        break;
    case 4:
        write_comparison(writer);
        break;
    default:
        put(writer, PICK(writer->source, leaves));
    }
    put(writer, ")");
}

/* Where only the truth is asked for, the types may differ. */
static void write_truth(struct writer *writer)
{
    static const enum mr_type types[] = {MR_TYPE_INT, MR_TYPE_FLOAT, MR_TYPE_BOOL,
        MR_TYPE_STRING, MR_TYPE_BYTES, MR_TYPE_TIMESTAMP};
    uint32_t kind = writer->depth >= DEPTH_MAX ? 0 : pick(writer->source, 6);
    writer->depth++;
    if (kind < 3) {
        write_of(writer, types[pick(writer->source, 6)]);
    } else {
        put(writer, "(");
        write_truth(writer);
        put(writer, kind == 3 ? " and " : kind == 4 ? " or " : " if ");
        write_truth(writer);
        if (kind == 5) {
            put(writer, " else ");
            write_truth(writer);
        }
        put(writer, ")");
    }
    writer->depth--;
}

static enum mr_expression_use write_any(struct writer *writer)
{
    static const enum mr_type types[] = {
        MR_TYPE_INT, MR_TYPE_FLOAT, MR_TYPE_BOOL, MR_TYPE_STRING};
    uint32_t use = pick(writer->source, 8);
    if (use == 0) {
        write_number(writer);
        return MR_USE_TIMESTAMP;
    }
    if (use <= 2) {
        write_truth(writer);
        return MR_USE_KEEP;
    }
    write_of(writer, types[pick(writer->source, 4)]);
    return MR_USE_VALUE;
}

/* ---- the property ---- */

struct tally {
    uint64_t outcomes[MR_ROW_INDEX + 1];
    uint64_t nulls;
    uint64_t recovered; /* rows that fail natively, and not in CPython */
    uint32_t failures;
};

struct rows {
    struct mr_value values[ROWS][FIELDS];
    struct mr_batch batch;
};

static void draw_rows(struct source *source, struct mr_scratch *scratch, struct rows *rows)
{
    for (uint32_t i = 0; i < ROWS; i++)
        for (uint32_t k = 0; k < FIELDS; k++)
            rows->values[i][k] = draw_value(source, &fields[k], scratch);
    rows->batch = rows_batch(&schema, rows->values[0], ROWS, scratch);
}

static bool is_zero(const struct mr_column *column, uint32_t row)
{
    static const char zeros[16];
    size_t bytes = mr_type_bytes(column->type);
    return memcmp((const char *)column->values + row * bytes, zeros, bytes) == 0;
}

static void print_difference(const struct mr_expression *expression, uint32_t row,
    enum mr_row_error by_column, struct mr_value column, enum mr_row_error by_row,
    struct mr_value value)
{
    char a[256], b[256];
    mr_value_format(column, a, sizeof a);
    mr_value_format(value, b, sizeof b);
    fprintf(stderr, "%s\n  row %u: column %s [%s], row %s [%s]\n",
        mr_expression_text(expression), row, a, mr_row_error_text(by_column), b,
        mr_row_error_text(by_row));
}

static void check(const struct mr_expression *expression, const struct rows *rows,
    struct mr_scratch *scratch, struct tally *tally)
{
    uint8_t errors[ROWS] = {0};
    struct mr_column column = mr_expression_batch(expression, &rows->batch, scratch, errors);
    for (uint32_t i = 0; i < ROWS; i++) {
        struct mr_value value;
        enum mr_row_error error =
            mr_expression_row(expression, rows->values[i], scratch, &value);
        struct mr_value by_column = mr_column_value(&column, i);
        tally->outcomes[error]++;
        tally->nulls += !error && value.type == MR_TYPE_NULL;
        bool is_same = errors[i] == error &&
                       (error ? is_zero(&column, i) : mr_value_same(by_column, value));
        if (is_same) continue;
        if (tally->failures++ < 10)
            print_difference(
                expression, i, (enum mr_row_error)errors[i], by_column, error, value);
    }
}

/* ---- natively and in CPython ---- */

/* What CPython raises where the native evaluators have the error. */
static bool is_raised(enum mr_row_error error, const char *stack)
{
    static const char *const names[][2] = {
        [MR_ROW_OVERFLOW] = {"\n", "\n"},
        [MR_ROW_ZERO_DIVISION] = {"\nZeroDivisionError: ", "\nZeroDivisionError: "},
        [MR_ROW_TYPE] = {"\nTypeError: ", "\nAttributeError: "},
        [MR_ROW_VALUE] = {"\nValueError: ", "\nValueError: "},
        [MR_ROW_FLOAT_RANGE] = {"\nOverflowError: ", "\nOverflowError: "},
        [MR_ROW_INDEX] = {"\nIndexError: ", "\nIndexError: "},
    };
    return strstr(stack, names[error][0]) || strstr(stack, names[error][1]);
}

/* One text, three ways: natively alone, in CPython alone, and as pipelines have it. */
struct ways {
    const struct mr_expression *native;
    const struct mr_expression *foreign;
    const struct mr_expression *both;
};

struct outcome {
    enum mr_row_error error;
    struct mr_value value;
    struct mr_row_failure failure;
};

/* Python's own words, too. */
static bool is_same_outcome(const struct outcome *a, const struct outcome *b)
{
    if (a->error != b->error) return false;
    if (!a->error) return mr_value_same(a->value, b->value);
    return strcmp(a->failure.message, b->failure.message) == 0 &&
           strcmp(a->failure.stack, b->failure.stack) == 0;
}

static struct outcome evaluate_row(const struct mr_expression *expression,
    const struct mr_value *row, struct mr_scratch *scratch)
{
    struct outcome outcome;
    scratch->caller->failures = NULL;
    outcome.error = mr_expression_row(expression, row, scratch, &outcome.value);
    outcome.failure = mr_row_failure_find(scratch->caller, (uint8_t)outcome.error, 0);
    return outcome;
}

static void expect(const struct ways *ways, uint32_t row, bool is_same, const struct outcome *a,
    const struct outcome *b, struct tally *tally)
{
    if (is_same || tally->failures++ >= 10) return;
    print_difference(ways->native, row, a->error, a->value, b->error, b->value);
    fprintf(stderr, "  %s\n  %s\n", a->failure.stack, b->failure.stack);
}

/* An integer that leaves 64 bits is an error natively; CPython goes on with it. */
static void check_in_cpython(const struct ways *ways, const struct rows *rows,
    struct mr_scratch *scratch, struct tally *tally)
{
    uint8_t errors[ROWS] = {0};
    scratch->caller->failures = NULL;
    struct mr_column column = mr_expression_batch(ways->both, &rows->batch, scratch, errors);
    const struct mr_row_failure *failures = scratch->caller->failures;
    for (uint32_t i = 0; i < ROWS; i++) {
        struct outcome a = evaluate_row(ways->native, rows->values[i], scratch);
        struct outcome b = evaluate_row(ways->foreign, rows->values[i], scratch);
        tally->outcomes[a.error]++;
        bool is_same = a.error ? b.error && is_raised(a.error, b.failure.stack)
                               : !b.error && mr_value_same(a.value, b.value);
        expect(ways, i, is_same || a.error == MR_ROW_OVERFLOW, &a, &b, tally);
        scratch->caller->failures = failures;
        struct outcome c = {.error = (enum mr_row_error)errors[i],
            .value = mr_column_value(&column, i),
            .failure = mr_row_failure_find(scratch->caller, errors[i], i)};
        expect(ways, i, is_same_outcome(&b, &c), &b, &c, tally);
        if (c.error && !is_zero(&column, i)) expect(ways, i, false, &b, &c, tally);
        if (!a.error) continue;
        tally->recovered += !c.error;
        c = evaluate_row(ways->both, rows->values[i], scratch);
        expect(ways, i, is_same_outcome(&b, &c), &b, &c, tally);
    }
}

/* What is no UTF-8 has no counterpart in Python, and no place in a log. */
static void make_unicode(struct rows *rows, struct mr_scratch *scratch)
{
    for (uint32_t i = 0; i < ROWS * FIELDS; i++) {
        struct mr_value *value = &rows->values[i / FIELDS][i % FIELDS];
        if (value->type != MR_TYPE_STRING) continue;
        char *text = mr_scratch_alloc(scratch, value->bytes + 1u);
        for (uint32_t k = 0; k < value->bytes; k++)
            text[k] = value->text[k] == '\xff' ? '~' : value->text[k];
        value->text = text;
    }
    rows->batch = rows_batch(&schema, rows->values[0], ROWS, scratch);
}

static void check_one_in_cpython(struct source *source, const struct rows *rows,
    struct mr_scratch *scratch, struct tally *tally)
{
    struct writer writer = {.source = source};
    struct mr_region *region = mr_region_create();
    struct mr_err err = {0};
    struct ways ways;
    enum mr_expression_use use = write_any(&writer);
    struct mr_udf_text text = {.text = writer.text.data, .place = {"p.yaml", 1, 1}};
    assert_true(mr_expression_compile(
        region, text.text, text.place, "python", use, &schema, &ways.native, &err));
    assert_true(mr_expression_compile_udf(region, &text, use, &schema, &ways.both, &err));
    assert_false(mr_expression_is_foreign(ways.both));
    text.type = mr_expression_result(ways.native).type;
    bool ok = mr_expression_compile_foreign(region, &text, use, &schema, &ways.foreign, &err);
    if (ok)
        check_in_cpython(&ways, rows, scratch, tally);
    else
        fprintf(stderr, "%s: %s\n", writer.text.data, err.msg);
    tally->failures += !ok;
    mr_region_destroy(region);
    mr_text_deinit(&writer.text);
}

/* MR_EXPRESSIONS asks for more of them. */
static void cpython_gives_the_same(void **state)
{
    (void)state;
    struct mr_arena *arena;
    struct mr_arena_options options = {.bytes_max = 512 << 20, .fill = -1};
    struct mr_err err = {0};
    assert_true(mr_arena_open(&options, &arena, &err));
    struct mr_caller caller = {.owner = 1};
    struct mr_scratch rows_scratch, scratch;
    mr_scratch_init(&rows_scratch, arena);
    mr_scratch_init(&scratch, arena);
    scratch.caller = &caller;
    const char *asked = getenv("MR_EXPRESSIONS");
    uint64_t n_expressions = asked ? strtoull(asked, NULL, 10) : EXPRESSIONS;
    struct source source = {.draws = {.seed = 20010104}};
    struct tally tally = {0};
    struct rows rows;
    for (uint64_t i = 0; i < n_expressions; i++) {
        if (i % EXPRESSIONS_PER_BATCH == 0) {
            mr_python_forget(0);
            mr_scratch_reset(&rows_scratch);
            draw_rows(&source, &rows_scratch, &rows);
            make_unicode(&rows, &rows_scratch);
        }
        check_one_in_cpython(&source, &rows, &scratch, &tally);
        mr_scratch_reset(&scratch);
    }
    assert_int_equal(tally.failures, 0);
    assert_true(tally.outcomes[MR_ROW_OK] > n_expressions * ROWS / 4);
    assert_true(tally.recovered > n_expressions / 10);
    mr_arena_close(arena);
}

static void check_one(struct source *source, const struct rows *rows,
    struct mr_scratch *scratch, struct tally *tally)
{
    struct writer writer = {.source = source};
    struct mr_region *region = mr_region_create();
    struct mr_err err = {0};
    const struct mr_expression *expression;
    enum mr_expression_use use = write_any(&writer);
    bool ok = mr_expression_compile(region, writer.text.data, (struct mr_place){"p.yaml", 1, 1},
        "python", use, &schema, &expression, &err);
    if (ok)
        check(expression, rows, scratch, tally);
    else
        fprintf(stderr, "%s: %s\n", writer.text.data, err.msg);
    tally->failures += !ok;
    mr_region_destroy(region);
    mr_text_deinit(&writer.text);
}

static void columns_and_rows_give_the_same(void **state)
{
    (void)state;
    struct mr_arena *arena;
    struct mr_arena_options options = {.bytes_max = 512 << 20, .fill = 0xa5};
    struct mr_err err = {0};
    assert_true(mr_arena_open(&options, &arena, &err));
    struct mr_scratch rows_scratch, scratch;
    mr_scratch_init(&rows_scratch, arena);
    mr_scratch_init(&scratch, arena);
    struct source source = {.draws = {.seed = 20010103}};
    struct tally tally = {0};
    struct rows rows;
    for (uint32_t i = 0; i < EXPRESSIONS; i++) {
        if (i % EXPRESSIONS_PER_BATCH == 0) {
            mr_scratch_reset(&rows_scratch);
            draw_rows(&source, &rows_scratch, &rows);
        }
        check_one(&source, &rows, &scratch, &tally);
        mr_scratch_reset(&scratch);
    }
    assert_int_equal(tally.failures, 0);
    /* Not only agreement, but on something. */
    assert_true(tally.outcomes[MR_ROW_OK] > EXPRESSIONS * (uint64_t)ROWS / 4);
    assert_true(tally.nulls > EXPRESSIONS / 4);
    for (uint32_t i = MR_ROW_OK; i <= MR_ROW_INDEX; i++)
        assert_true(tally.outcomes[i] > EXPRESSIONS / 10);
    mr_arena_close(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_and_rows_give_the_same),
        cmocka_unit_test(cpython_gives_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
