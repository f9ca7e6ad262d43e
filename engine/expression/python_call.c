/* Calling functions of a pipeline: a batch at a time for the engine, a row at a time for the
 * oracle. */
#include <string.h>

#include "engine/batch/column.h"
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

/* What rows have that do not count, and those that fail. */
static struct mr_value nothing_of(const struct mr_udf *udf)
{
    enum mr_type type = udf->result.type;
    return (struct mr_value){.type = mr_type_is_document(type) ? MR_TYPE_NULL : (uint8_t)type};
}

/* The rows that count, one after the other. */
static void call_rows(const struct mr_udf *udf, const struct mr_batch *batch,
    struct mr_scratch *scratch, uint8_t *errors, struct mr_value *values)
{
    struct calling calling = begin(udf, scratch);
    for (uint32_t i = 0; i < batch->n_selected; i++) {
        uint32_t row = mr_batch_row(batch, i);
        if (errors[row]) continue;
        struct mr_python_moment moment = {.at_us = batch->times_us ? batch->times_us[row] : 0,
            .udf = udf,
            .batch = batch,
            .row = row};
        if (call(&calling, &moment, &values[row])) continue;
        errors[row] = MR_ROW_RAISED;
        values[row] = nothing_of(udf);
        if (scratch->caller)
            add_failure(scratch, calling.failure, row, scratch->caller->failures);
    }
    end(&calling);
}

struct mr_column mr_udf_batch(const struct mr_udf *udf, const struct mr_batch *batch,
    struct mr_scratch *scratch, uint8_t *errors)
{
    uint32_t n_rows = batch->n_rows;
    struct mr_value *values = mr_scratch_array(scratch, struct mr_value, n_rows + 1);
    for (uint32_t i = 0; i < n_rows; i++) values[i] = nothing_of(udf);
    call_rows(udf, batch, scratch, errors, values);
    return mr_column_make(udf->result.type, values, 1, n_rows, scratch);
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
