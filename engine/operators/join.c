/* Join: when a window ends, its rows are joined from the first input on, each step by a table
 * of the hashes of the fields that must be equal. */
#include <string.h>

#include "base/digest.h"
#include "engine/operators/gather.h"

enum { MISSING = 0xffffffff };

/* Results so far: of each input so far the number of the row, or MISSING. */
struct tuples {
    uint32_t n;
    uint32_t capacity;
    uint32_t *rows; /* [n][n_inputs] */
};

struct joining {
    struct mr_gather *gather;
    const struct mr_gather_window *window;
    const struct mr_join *join;
    uint32_t n_inputs;
    uint32_t n_fields[MR_JOIN_INPUTS_MAX];
    const struct mr_value *values[MR_JOIN_INPUTS_MAX];
};

static const struct mr_value *row_of(
    const struct joining *joining, uint32_t input, uint32_t row)
{
    return joining->values[input] + (size_t)row * joining->n_fields[input];
}

static void add_tuple(struct joining *joining, struct tuples *tuples, const uint32_t *earlier,
    uint32_t input, uint32_t row)
{
    if (tuples->n == tuples->capacity) {
        uint32_t capacity = tuples->capacity ? 2 * tuples->capacity : 64;
        uint32_t *rows = mr_scratch_array(&joining->gather->operator.context->scratch, uint32_t,
            (size_t)capacity * joining->n_inputs);
        if (tuples->n > 0)
            memcpy(rows, tuples->rows, sizeof *rows * tuples->n * joining->n_inputs);
        tuples->rows = rows;
        tuples->capacity = capacity;
    }
    uint32_t *to = tuples->rows + (size_t)tuples->n++ * joining->n_inputs;
    for (uint32_t i = 0; i < input; i++) to[i] = earlier ? earlier[i] : MISSING;
    to[input] = row;
}

static bool is_equal(struct mr_value a, struct mr_value b)
{
    if (a.type == MR_TYPE_NULL || b.type == MR_TYPE_NULL) return false;
    if (a.type == MR_TYPE_FLOAT && a.f == b.f) return true; /* also the two zeros */
    return mr_value_same(a, b);
}

/* False when it is None. */
static bool mix(uint64_t *hash, struct mr_value value)
{
    if (value.type == MR_TYPE_NULL) return false;
    if (value.type == MR_TYPE_FLOAT && value.f == 0.0) value.f = 0.0;
    *hash = mr_digest_mix(*hash, mr_value_hash(value));
    return true;
}

/* Rows of one input by hash, those of one in the order in which they came. */
struct table {
    uint32_t mask;
    uint32_t *first; /* [mask + 1] */
    uint32_t *next;  /* [n_rows] */
};

static bool hash_row(
    const struct mr_join_input *spec, const struct mr_value *row, uint64_t *hash)
{
    *hash = 0;
    for (uint32_t i = 0; i < spec->n_equalities; i++)
        if (!mix(hash, row[spec->equalities[i].field])) return false;
    return true;
}

static bool hash_tuple(const struct joining *joining, const struct mr_join_input *spec,
    const uint32_t *tuple, uint64_t *hash)
{
    *hash = 0;
    for (uint32_t i = 0; i < spec->n_equalities; i++) {
        const struct mr_join_equality *equality = &spec->equalities[i];
        uint32_t row = tuple[equality->other_input];
        if (row == MISSING) return false;
        if (!mix(hash, row_of(joining, equality->other_input, row)[equality->other_field]))
            return false;
    }
    return true;
}

static struct table make_table(struct joining *joining, uint32_t input)
{
    struct mr_scratch *scratch = &joining->gather->operator.context->scratch;
    uint32_t n = joining->window->inputs[input].n;
    struct table table = {.mask = 15};
    while (table.mask < n) table.mask = 2 * table.mask + 1;
    table.first = mr_scratch_array(scratch, uint32_t, table.mask + 1);
    table.next = mr_scratch_array(scratch, uint32_t, n + 1);
    for (uint32_t i = 0; i <= table.mask; i++) table.first[i] = MISSING;
    for (uint32_t row = n; row-- > 0;) {
        uint64_t hash;
        if (!hash_row(&joining->join->inputs[input], row_of(joining, input, row), &hash))
            continue;
        uint32_t slot = (uint32_t)(hash >> 32) & table.mask;
        table.next[row] = table.first[slot];
        table.first[slot] = row;
    }
    return table;
}

static bool is_match(
    const struct joining *joining, uint32_t input, const uint32_t *tuple, uint32_t row)
{
    const struct mr_join_input *spec = &joining->join->inputs[input];
    const struct mr_value *values = row_of(joining, input, row);
    for (uint32_t i = 0; i < spec->n_equalities; i++) {
        const struct mr_join_equality *equality = &spec->equalities[i];
        const struct mr_value *other =
            row_of(joining, equality->other_input, tuple[equality->other_input]);
        if (!is_equal(values[equality->field], other[equality->other_field])) return false;
    }
    return true;
}

static struct tuples join_input(
    struct joining *joining, const struct tuples *before, uint32_t input)
{
    const struct mr_join_input *spec = &joining->join->inputs[input];
    bool keeps_left = spec->type == MR_JOIN_LEFT || spec->type == MR_JOIN_FULL;
    bool keeps_right = spec->type == MR_JOIN_RIGHT || spec->type == MR_JOIN_FULL;
    uint32_t n_rows = joining->window->inputs[input].n;
    struct table table = make_table(joining, input);
    bool *is_matched =
        mr_scratch_array(&joining->gather->operator.context->scratch, bool, n_rows + 1);
    memset(is_matched, 0, n_rows);
    struct tuples out = {0};
    for (uint32_t i = 0; i < before->n; i++) {
        const uint32_t *tuple = before->rows + (size_t)i * joining->n_inputs;
        uint32_t n_before = out.n;
        uint64_t hash;
        uint32_t row = MISSING;
        if (hash_tuple(joining, spec, tuple, &hash))
            row = table.first[(uint32_t)(hash >> 32) & table.mask];
        for (; row != MISSING; row = table.next[row]) {
            if (!is_match(joining, input, tuple, row)) continue;
            is_matched[row] = true;
            add_tuple(joining, &out, tuple, input, row);
        }
        if (out.n == n_before && keeps_left) add_tuple(joining, &out, tuple, input, MISSING);
    }
    for (uint32_t row = 0; keeps_right && row < n_rows; row++)
        if (!is_matched[row]) add_tuple(joining, &out, NULL, input, row);
    return out;
}

static void emit_tuples(struct joining *joining, const struct tuples *tuples)
{
    struct mr_operator *operator= & joining->gather->operator;
    uint32_t n_fields = operator->transform->outputs[MR_OUTPUT_MAIN].schema.n_fields;
    for (uint32_t first = 0; first < tuples->n; first += MR_BATCH_ROWS_MAX) {
        uint32_t n =
            tuples->n - first < MR_BATCH_ROWS_MAX ? tuples->n - first : MR_BATCH_ROWS_MAX;
        struct mr_value *values = mr_scratch_array(
            &operator->context->scratch, struct mr_value, (size_t)n * n_fields);
        for (uint32_t i = 0; i < n; i++) {
            const uint32_t *tuple = tuples->rows + (size_t)(first + i) * joining->n_inputs;
            for (uint32_t k = 0; k < n_fields; k++) {
                struct mr_join_field from = joining->join->fields[k];
                uint32_t row = tuple[from.input];
                values[(size_t)i * n_fields + k] =
                    row == MISSING ? (struct mr_value){.type = MR_TYPE_NULL}
                                   : row_of(joining, from.input, row)[from.field];
            }
        }
        mr_gather_emit(joining->gather, joining->window, values, n);
    }
}

static void fire(struct mr_gather *gather, const struct mr_gather_window *window)
{
    struct joining joining = {.gather = gather,
        .window = window,
        .join = &gather->operator.transform->join,
        .n_inputs = gather->operator.transform->n_inputs };
    for (uint32_t i = 0; i < joining.n_inputs; i++) {
        joining.n_fields[i] = mr_gather_schema(&gather->operator, i)->n_fields;
        joining.values[i] = mr_gather_values(gather, window, i);
    }
    struct tuples tuples = {0};
    for (uint32_t row = 0; row < window->inputs[0].n; row++)
        add_tuple(&joining, &tuples, NULL, 0, row);
    for (uint32_t i = 1; i < joining.n_inputs; i++) tuples = join_input(&joining, &tuples, i);
    emit_tuples(&joining, &tuples);
}

static void join_watermark(struct mr_operator *operator, mr_us watermark_us)
{
    mr_gather_watermark(operator, watermark_us, fire);
}

const struct mr_operator_class mr_join_class = {.name = "Join",
    .bytes = sizeof(struct mr_gather),
    .open = mr_gather_open,
    .close = mr_gather_close,
    .batch = mr_gather_batch,
    .watermark = join_watermark,
    .snapshot = mr_gather_snapshot,
    .restore = mr_gather_restore};
