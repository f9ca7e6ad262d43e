/* What an exception says, as the text of an error row. */
#include <string.h>

#include "engine/expression/python_internal.h"

static const char *copy_text(struct mr_scratch *scratch, PyObject *text)
{
    Py_ssize_t bytes = 0;
    const char *data = text ? PyUnicode_AsUTF8AndSize(text, &bytes) : NULL;
    if (!data) {
        PyErr_Clear();
        data = "an exception that cannot be shown";
        bytes = (Py_ssize_t)strlen(data);
    }
    char *copy = mr_scratch_alloc(scratch, (size_t)bytes + 1);
    memcpy(copy, data, (size_t)bytes);
    copy[bytes] = '\0';
    return copy;
}

struct mr_row_failure mr_python_failure_take(
    struct mr_call *call, struct mr_scratch *scratch, uint32_t row)
{
    PyObject *type, *value, *trace;
    PyErr_Fetch(&type, &value, &trace);
    PyErr_NormalizeException(&type, &value, &trace);
    if (trace) PyException_SetTraceback(value, trace);
    if (call->owner) mr_python_enter(call, false);
    PyObject *pair =
        PyObject_CallFunctionObjArgs(mr_python_prelude_get("describe"), value, NULL);
    if (!pair) PyErr_Clear();
    if (call->owner) mr_python_leave(call);
    struct mr_row_failure failure = {.row = row,
        .message = copy_text(scratch, pair ? PyTuple_GetItem(pair, 0) : NULL),
        .stack = copy_text(scratch, pair ? PyTuple_GetItem(pair, 1) : NULL)};
    Py_XDECREF(pair);
    if (value) PyException_SetTraceback(value, Py_None); /* no cycle with its frames */
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(trace);
    return failure;
}
