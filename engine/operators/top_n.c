/* TopN: the best rows of each key and window, best first. Its state is their bytes behind their
 * number. */
#include <string.h>

#include "engine/operators/keyed.h"
#include "engine/state/values.h"

struct top { /* in scratch */
    uint32_t n;
    const struct mr_value **rows; /* [n], room for one more than N */
};

static const struct mr_top_n *spec(const struct mr_keyed_operator *keyed)
{
    return &keyed->operator.transform->top;
}

static uint32_t n_fields(const struct mr_keyed_operator *keyed)
{
    return spec(keyed)->n_fields;
}

static int compare_texts(struct mr_value a, struct mr_value b)
{
    uint32_t shorter = a.bytes < b.bytes ? a.bytes : b.bytes;
    int order = shorter ? memcmp(a.text, b.text, shorter) : 0;
    if (order) return order < 0 ? -1 : 1;
    return a.bytes < b.bytes ? -1 : a.bytes > b.bytes;
}

static int compare_floats(double a, double b)
{
    bool a_is_nan = a != a, b_is_nan = b != b;
    if (a_is_nan || b_is_nan) return (int)a_is_nan - (int)b_is_nan;
    return a < b ? -1 : a > b;
}

/* A NaN is the greatest float. Nulls are apart. */
static int compare_values(struct mr_value a, struct mr_value b)
{
    if (a.type != b.type) return a.type < b.type ? -1 : 1; /* of a field of any type */
    if (mr_type_is_text((enum mr_type)a.type)) return compare_texts(a, b);
    if (a.type == MR_TYPE_FLOAT) return compare_floats(a.f, b.f);
    return a.i < b.i ? -1 : a.i > b.i;
}

/* None comes last, whichever way the field is ordered. */
static int compare_field(
    const struct mr_value *a, const struct mr_value *b, uint32_t field, bool is_descending)
{
    bool a_is_null = a[field].type == MR_TYPE_NULL, b_is_null = b[field].type == MR_TYPE_NULL;
    if (a_is_null || b_is_null) return (int)a_is_null - (int)b_is_null;
    int order = compare_values(a[field], b[field]);
    return is_descending ? -order : order;
}

static bool is_better(
    const struct mr_keyed_operator *keyed, const struct mr_value *a, const struct mr_value *b)
{
    const struct mr_top_n *top = spec(keyed);
    for (uint32_t i = 0; i < top->n_orders; i++) {
        const struct mr_order_by *by = &top->orders[i];
        int order = compare_field(a, b, (uint32_t)by->field, by->is_descending);
        if (order) return order < 0;
    }
    for (uint32_t i = 0; i < n_fields(keyed); i++) {
        int order = compare_field(a, b, i, false);
        if (order) return order < 0;
    }
    return false;
}

static struct top load(struct mr_keyed_operator *keyed, const struct mr_cells_entry *entry)
{
    struct mr_scratch *scratch = &keyed->operator.context->scratch;
    struct mr_state_bytes kept = mr_keyed_read(keyed, entry, 0);
    struct top top = {0};
    if (kept.bytes) memcpy(&top.n, kept.data, 4);
    top.rows = mr_scratch_array(scratch, const struct mr_value *, top.n + 1);
    char *copy =
        mr_scratch_alloc(scratch, kept.bytes + 1); /* rows outlive what is written next */
    if (kept.bytes) memcpy(copy, kept.data, kept.bytes);
    const char *at = copy + 4;
    for (uint32_t i = 0; i < top.n; i++) {
        struct mr_value *values =
            mr_scratch_array(scratch, struct mr_value, n_fields(keyed) + 1);
        at = mr_values_read(at, n_fields(keyed), values);
        top.rows[i] = values;
    }
    return top;
}

static void store(struct mr_keyed_operator *keyed, struct mr_cells_entry *entry,
    const struct top *top, mr_us at_us)
{
    uint32_t bytes = 4;
    for (uint32_t i = 0; i < top->n; i++) bytes += mr_values_bytes(top->rows[i], n_fields(keyed));
    char *data = mr_scratch_alloc(&keyed->operator.context->scratch, bytes);
    memcpy(data, &top->n, 4);
    char *at = data + 4;
    for (uint32_t i = 0; i < top->n; i++)
        at = mr_values_write(top->rows[i], n_fields(keyed), at);
    mr_keyed_write(keyed, entry, 0, data, bytes, at_us);
}

/* The row with one more field behind it. */
static void make(struct mr_keyed_operator *keyed, const struct mr_cells_entry *entry,
    mr_us at_us, const struct mr_value *row, struct mr_value more)
{
    uint32_t n = n_fields(keyed);
    struct mr_value *values =
        mr_scratch_array(&keyed->operator.context->scratch, struct mr_value, n + 1);
    memcpy(values, row, sizeof *values * n);
    values[n] = more;
    mr_keyed_make(keyed, entry, MR_OUTPUT_MAIN, at_us, values);
}

static void make_change(struct mr_keyed_operator *keyed, const struct mr_cells_entry *entry,
    mr_us at_us, const struct mr_value *row, const char *change)
{
    struct mr_value text = {
        .type = MR_TYPE_STRING, .text = change, .bytes = (uint32_t)strlen(change)};
    make(keyed, entry, at_us, row, text);
}

static void top_row(struct mr_keyed_operator *keyed, struct mr_cells_entry *entry,
    const struct mr_keyed_row *row)
{
    struct top top = load(keyed, entry);
    uint32_t at = top.n;
    while (at > 0 && is_better(keyed, row->values, top.rows[at - 1])) at--;
    if (at >= spec(keyed)->n) return;
    memmove(top.rows + at + 1, top.rows + at, sizeof *top.rows * (top.n - at));
    top.rows[at] = row->values;
    const struct mr_value *displaced = top.n == spec(keyed)->n ? top.rows[top.n] : NULL;
    if (!displaced) top.n++;
    store(keyed, entry, &top, row->at_us);
    if (spec(keyed)->is_final) return;
    if (displaced) make_change(keyed, entry, row->at_us, displaced, "delete");
    make_change(keyed, entry, row->at_us, row->values, "insert");
}

static void top_end(struct mr_keyed_operator *keyed, struct mr_cells_entry *entry)
{
    struct top top = load(keyed, entry);
    mr_us at_us = mr_us_add(entry->window_end_us, -1);
    for (uint32_t i = 0; i < top.n; i++) {
        struct mr_value rank = {.type = MR_TYPE_INT, .i = i + 1};
        make(keyed, entry, at_us, top.rows[i], rank);
    }
}

static const struct mr_keyed_logic final_logic = {
    .row = top_row, .end = top_end, .ends_at_end = true};
static const struct mr_keyed_logic changes_logic = {.row = top_row};

static void open_top_n(struct mr_operator *operator)
{
    mr_keyed_open(operator, operator->transform->top.is_final ? &final_logic : & changes_logic);
}

MR_KEYED_CLASS(mr_top_n_class, "TopN", struct mr_keyed_operator, open_top_n, mr_keyed_batch);
