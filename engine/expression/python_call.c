/* Calling functions of a pipeline: a batch at a time for the engine, a row at a time for the
 * oracle. */
#include <string.h>

#include "engine/expression/python_internal.h"

/* One function, while it goes over its rows. */
struct calling {
    const struct mr_udf *udf;
    struct mr_scratch *scratch;
    struct mr_call call;
    PyObject *function; /* borrowed; NULL: there is none, see `failure` */
    PyObject *row;      /* callables: to be used again; NULL: none yet */
    struct mr_row_failure failure;
};

static struct calling begin(const struct mr_udf *udf, struct mr_scratch *scratch)
{
    struct calling calling = {.udf = udf, .scratch = scratch};
    calling.function = mr_python_instance(udf, scratch->caller, &calling.call);
    if (!calling.function) calling.failure = mr_python_failure_take(&calling.call, scratch, 0);
    return calling;
}

static void end(struct calling *calling)
{
    Py_XDECREF(calling->row);
}

static PyObject *call_with_fields(
    const struct calling *calling, const struct mr_python_moment *moment)
{
    const struct mr_udf *udf = calling->udf;
    PyObject *slots[MR_FIELDS_MAX + 1];
    PyObject **arguments = slots + 1; /* the one in front is Python's to use */
    uint32_t n = 0;
    for (; n < udf->n_arguments; n++) {
        arguments[n] = mr_python_of_value(mr_python_moment_value(moment, udf->arguments[n]));
        if (!arguments[n]) break;
    }
    PyObject *result = NULL;
    if (n == udf->n_arguments)
        result = PyObject_Vectorcall(
            calling->function, arguments, n | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
    while (n > 0) Py_DECREF(arguments[--n]);
    return result;
}

static PyObject *call_with_row(struct calling *calling, const struct mr_python_moment *moment)
{
    if (!calling->row) calling->row = mr_python_row_new(calling->udf);
    if (!calling->row) return NULL;
    mr_python_row_point(calling->row, moment);
    PyObject *slots[2] = {NULL, calling->row};
    return PyObject_Vectorcall(
        calling->function, slots + 1, 1 | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
}

/* False: the row failed, and calling->failure says how. */
static bool call(
    struct calling *calling, const struct mr_python_moment *moment, struct mr_value *out)
{
    const struct mr_udf *udf = calling->udf;
    *out = (struct mr_value){.type = MR_TYPE_NULL};
    if (!calling->function) return false;
    mr_python_moment_set(moment);
    mr_python_enter(&calling->call, udf->ends_by_itself);
    PyObject *result =
        udf->is_callable ? call_with_row(calling, moment) : call_with_fields(calling, moment);
    bool ok = result && mr_python_to_value(udf, result, calling->scratch, out);
    Py_XDECREF(result);
    mr_python_leave(&calling->call);
    if (!ok)
        calling->failure =
            mr_python_failure_take(&calling->call, calling->scratch, moment->row);
    if (calling->row && !mr_python_row_release(calling->row)) Py_CLEAR(calling->row);
    return ok;
}

static void add_failure(struct mr_scratch *scratch, struct mr_row_failure failure, uint32_t row,
    const struct mr_row_failure *next)
{
    struct mr_row_failure *kept = mr_scratch_alloc(scratch, sizeof *kept);
    *kept = failure;
    kept->row = row;
    kept->next = next;
    scratch->caller->failures = kept;
}

/* ---- columns ---- */

static struct mr_string put_text(struct mr_value value, char *heap, uint64_t *used)
{
    struct mr_string string = {.bytes = value.bytes};
    if (value.bytes <= MR_STRING_INLINE_MAX) {
        if (value.bytes) memcpy(string.inline_text, value.text, value.bytes);
        return string;
    }
    memcpy(string.prefix, value.text, sizeof string.prefix);
    string.heap_offset = (uint32_t)*used;
    memcpy(heap + *used, value.text, value.bytes);
    *used += value.bytes;
    return string;
}

static struct mr_column text_column(enum mr_type type, const struct mr_value *values,
    uint32_t n_rows, struct mr_scratch *scratch)
{
    uint64_t capacity = 0, used = 0;
    for (uint32_t i = 0; i < n_rows; i++) capacity += values[i].bytes;
    struct mr_string *strings = mr_scratch_array(scratch, struct mr_string, n_rows + 1);
    char *heap = mr_scratch_alloc(scratch, capacity + 1);
    MR_ASSERT(capacity <= UINT32_MAX); /* the run's arena ends before */
    for (uint32_t i = 0; i < n_rows; i++) strings[i] = put_text(values[i], heap, &used);
    return (struct mr_column){.type = type, .values = strings, .heap = heap};
}

static struct mr_column column_of(enum mr_type type, const struct mr_value *values,
    uint32_t n_rows, struct mr_scratch *scratch)
{
    if (type == MR_TYPE_STRING || type == MR_TYPE_BYTES)
        return text_column(type, values, n_rows, scratch);
    size_t bytes = mr_type_bytes(type);
    char *cells = mr_scratch_alloc(scratch, bytes * n_rows + 8);
    for (uint32_t i = 0; i < n_rows; i++) {
        if (type == MR_TYPE_BOOL)
            cells[i] = values[i].i != 0;
        else
            memcpy(cells + i * bytes, &values[i].i, 8); /* or its bits as a double */
    }
    return (struct mr_column){.type = type, .values = cells};
}

static const uint64_t *valid_bits(
    const uint8_t *is_null, uint32_t n_rows, struct mr_scratch *scratch)
{
    uint32_t n_words = (n_rows + 63) / 64;
    uint64_t *valid = mr_scratch_array(scratch, uint64_t, n_words + 1);
    memset(valid, 0xff, sizeof *valid * n_words);
    for (uint32_t i = 0; i < n_rows; i++)
        if (is_null[i]) valid[i / 64] &= ~(UINT64_C(1) << (i % 64));
    return valid;
}

/* The rows that count, one after the other. Returns whether one of the results is None. */
static bool call_rows(const struct mr_udf *udf, const struct mr_batch *batch,
    struct mr_scratch *scratch, uint8_t *errors, struct mr_value *values, uint8_t *is_null)
{
    struct calling calling = begin(udf, scratch);
    bool has_nulls = false;
    for (uint32_t i = 0; i < batch->n_selected; i++) {
        uint32_t row = mr_batch_row(batch, i);
        if (errors[row]) continue;
        struct mr_python_moment moment = {.at_us = batch->times_us ? batch->times_us[row] : 0,
            .udf = udf,
            .batch = batch,
            .row = row};
        if (call(&calling, &moment, &values[row])) {
            is_null[row] = values[row].type == MR_TYPE_NULL;
            has_nulls |= is_null[row];
            continue;
        }
        errors[row] = MR_ROW_RAISED;
        values[row] = (struct mr_value){.type = MR_TYPE_NULL};
        if (scratch->caller)
            add_failure(scratch, calling.failure, row, scratch->caller->failures);
    }
    end(&calling);
    return has_nulls;
}

struct mr_column mr_udf_batch(const struct mr_udf *udf, const struct mr_batch *batch,
    struct mr_scratch *scratch, uint8_t *errors)
{
    uint32_t n_rows = batch->n_rows;
    struct mr_value *values = mr_scratch_array(scratch, struct mr_value, n_rows + 1);
    uint8_t *is_null = mr_scratch_array(scratch, uint8_t, n_rows + 1);
    memset(values, 0, sizeof *values * n_rows);
    memset(is_null, 0, n_rows);
    bool has_nulls = call_rows(udf, batch, scratch, errors, values, is_null);
    struct mr_column column = column_of(udf->result.type, values, n_rows, scratch);
    if (has_nulls) column.valid = valid_bits(is_null, n_rows, scratch);
    return column;
}

enum mr_row_error mr_udf_row(const struct mr_udf *udf, const struct mr_value *row,
    struct mr_scratch *scratch, struct mr_value *out)
{
    struct calling calling = begin(udf, scratch);
    struct mr_python_moment moment = {
        .at_us = scratch->caller ? scratch->caller->at_us : 0, .udf = udf, .values = row};
    bool ok = call(&calling, &moment, out);
    end(&calling);
    if (ok) return MR_ROW_OK;
    *out = (struct mr_value){.type = MR_TYPE_NULL};
    if (scratch->caller) add_failure(scratch, calling.failure, 0, NULL);
    return MR_ROW_RAISED;
}
