/* Materialize: the newest row of each key. Its state is a byte that says whether the key is
 * there or deleted, and the row; a deleted one is remembered only for the sake of its version.
 */
#include <string.h>

#include "engine/operators/keyed.h"
#include "engine/state/values.h"

struct materialize {
    struct mr_keyed_operator keyed;
    struct mr_column is_delete; /* of the batch at hand */
};

enum { HERE = 'h', DELETED = 'd' };

static const struct mr_materialize *spec(const struct mr_keyed_operator *keyed)
{
    return &keyed->operator.transform->materialize;
}

static bool is_newer(const struct mr_keyed_operator *keyed, const struct mr_value *kept,
    const struct mr_value *row)
{
    int field = spec(keyed)->version_field;
    return field < 0 || row[field].i >= kept[field].i;
}

static bool is_same(const struct mr_value *a, const struct mr_value *b, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (!mr_value_same(a[i], b[i])) return false;
    return true;
}

static void store(struct mr_keyed_operator *keyed, struct mr_cells_entry *entry,
    const struct mr_keyed_row *row, bool is_delete)
{
    if (is_delete && spec(keyed)->version_field < 0) {
        mr_keyed_write(keyed, entry, 0, NULL, 0, row->at_us);
        return;
    }
    uint32_t n = spec(keyed)->n_fields;
    uint32_t bytes = 1 + mr_values_bytes(row->values, n);
    char *data = mr_scratch_alloc(&keyed->operator.context->scratch, bytes);
    data[0] = is_delete ? DELETED : HERE;
    mr_values_write(row->values, n, data + 1);
    mr_keyed_write(keyed, entry, 0, data, bytes, row->at_us);
}

static void make(struct mr_keyed_operator *keyed, const struct mr_cells_entry *entry,
    const struct mr_keyed_row *row, const char *change)
{
    uint32_t n = spec(keyed)->n_fields;
    struct mr_value *values =
        mr_scratch_array(&keyed->operator.context->scratch, struct mr_value, n + 1);
    memcpy(values, row->values, sizeof *values * n);
    values[n] = (struct mr_value){
        .type = MR_TYPE_STRING, .text = change, .bytes = (uint32_t)strlen(change)};
    mr_keyed_make(keyed, entry, MR_OUTPUT_MAIN, row->at_us, values);
}

static void materialize_row(struct mr_keyed_operator *keyed, struct mr_cells_entry *entry,
    const struct mr_keyed_row *row)
{
    struct mr_value kept[MR_FIELDS_MAX];
    const struct mr_column *column = &((const struct materialize *)keyed)->is_delete;
    bool is_delete = spec(keyed)->is_delete && mr_column_value(column, row->row).i != 0;
    uint32_t n = spec(keyed)->n_fields;
    struct mr_state_bytes state = mr_keyed_read(keyed, entry, 0);
    if (state.bytes) mr_values_read(state.data + 1, n, kept);
    if (state.bytes && !is_newer(keyed, kept, row->values)) return;
    bool was_here = state.bytes && state.data[0] == HERE;
    bool is_change = is_delete ? was_here : !was_here || !is_same(kept, row->values, n);
    store(keyed, entry, row, is_delete);
    if (is_change) make(keyed, entry, row, is_delete ? "delete" : "upsert");
}

static const struct mr_keyed_logic logic = {.row = materialize_row};

static void open_materialize(struct mr_operator *operator)
{
    mr_keyed_open(operator, & logic);
}

/* Rows that fail are gone before any state is looked at. */
static void materialize_batch(struct mr_operator *operator, const struct mr_batch * batch)
{
    struct materialize *materialize = (struct materialize *)operator;
    const struct mr_expression *is_delete = operator->transform->materialize.is_delete;
    struct mr_batch good = *batch;
    if (is_delete) {
        struct mr_scratch *scratch = &operator->context->scratch;
        uint8_t *errors = mr_scratch_array(scratch, uint8_t, batch->n_rows + 1);
        memset(errors, 0, batch->n_rows);
        materialize->is_delete = mr_expression_batch(is_delete, batch, scratch, errors);
        good = mr_operator_divert(operator, batch, errors);
    }
    mr_keyed_batch(operator, & good);
}

MR_KEYED_CLASS(mr_materialize_class, "Materialize", struct materialize, open_materialize,
    materialize_batch);
