/* Folding the values of a group in CPython. */
#include <string.h>

#include "engine/expression/folder.h"
#include "engine/expression/python_internal.h"

struct mr_folder {
    const struct mr_udf *udf;
    struct mr_value config; /* a ROW, or None */
};

bool mr_folder_compile(struct mr_region *region, const char *text, struct mr_place place,
    struct mr_value config, const struct mr_folder **out, struct mr_err *err)
{
    static const struct mr_schema no_fields = {0};
    struct mr_compiler compiler = {.region = region,
        .text = mr_region_strdup(region, text),
        .place = place,
        .schema = &no_fields,
        .err = err};
    struct mr_udf_text written = {
        .text = compiler.text, .place = place, .is_callable = true, .type = MR_TYPE_ANY};
    struct mr_folder *folder = mr_region_new(region, struct mr_folder);
    folder->config = config;
    if (!mr_udf_compile(&compiler, &written, MR_USE_FOLD, &folder->udf)) return false;
    *out = folder;
    return true;
}

/* The function of this worker, with the list of values. NULL with an exception. */
static PyObject *fold(const struct mr_folder *folder, PyObject *function, struct mr_value list)
{
    PyObject *values = mr_python_of_document(list);
    PyObject *config = values ? mr_python_of_value(folder->config) : NULL;
    PyObject *result = NULL;
    if (config)
        result = PyObject_CallFunctionObjArgs(
            mr_python_prelude_get("fold"), function, config, values, NULL);
    Py_XDECREF(values);
    Py_XDECREF(config);
    return result;
}

bool mr_folder_apply(const struct mr_folder *folder, struct mr_value list,
    struct mr_scratch *scratch, struct mr_value *out)
{
    struct mr_call call;
    PyObject *function = mr_python_instance(folder->udf, scratch->caller, &call);
    struct mr_python_moment moment = {.at_us = scratch->caller ? scratch->caller->at_us : 0};
    PyObject *result = NULL;
    if (function) {
        mr_python_moment_set(&moment);
        call.extra_ticks = (int64_t)list.bytes * 10;
        mr_python_enter(&call, false);
        result = fold(folder, function, list);
    }
    bool ok = result && mr_python_to_any(result, scratch, out);
    Py_XDECREF(result);
    if (function) mr_python_leave(&call);
    if (ok) return true;
    struct mr_row_failure failure = mr_python_failure_take(&call, scratch, 0);
    if (!scratch->caller) return false;
    struct mr_row_failure *kept = mr_scratch_alloc(scratch, sizeof *kept);
    *kept = failure;
    scratch->caller->failures = kept;
    return false;
}
