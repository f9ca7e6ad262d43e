/* Values on their way into Python and back. */
#include <string.h>

#include "base/shape.h"
#include "engine/expression/python_internal.h"
#include "engine/expression/row.h"

static struct {
    PyObject *timestamp_of;
    PyObject *timestamp; /* the class */
    PyObject *micros;    /* its attribute's name */
} names;

bool mr_python_values_start(void)
{
    names.timestamp_of = mr_python_prelude_get("timestamp_of");
    names.timestamp = mr_python_prelude_get("Timestamp");
    names.micros = PyUnicode_InternFromString("micros");
    return names.timestamp_of && names.timestamp && names.micros;
}

/* Bytes that are no UTF-8 travel as surrogates and come back as they were. */
static PyObject *of_text(const char *text, uint32_t bytes)
{
    return PyUnicode_DecodeUTF8(text ? text : "", (Py_ssize_t)bytes, "surrogateescape");
}

static PyObject *of_timestamp(int64_t micros)
{
    PyObject *number = PyLong_FromLongLong(micros);
    PyObject *made = number ? PyObject_CallOneArg(names.timestamp_of, number) : NULL;
    Py_XDECREF(number);
    return made;
}

PyObject *mr_python_of_value(struct mr_value value)
{
    switch ((enum mr_type)value.type) {
    case MR_TYPE_BOOL:
        return PyBool_FromLong(value.i != 0);
    case MR_TYPE_INT:
        return PyLong_FromLongLong(value.i);
    case MR_TYPE_FLOAT:
        return PyFloat_FromDouble(value.f);
    case MR_TYPE_STRING:
        return of_text(value.text, value.bytes);
    case MR_TYPE_BYTES:
        return PyBytes_FromStringAndSize(value.text, (Py_ssize_t)value.bytes);
    case MR_TYPE_TIMESTAMP:
        return of_timestamp(value.i);
    case MR_TYPE_LIST:
    case MR_TYPE_MAP:
    case MR_TYPE_ROW:
    case MR_TYPE_ANY:
        return mr_python_of_document(value);
    default:
        Py_RETURN_NONE;
    }
}

/* ---- back ---- */

static bool fail_type(const struct mr_udf *udf, PyObject *object)
{
    bool is_time = udf->use == MR_USE_TIMESTAMP;
    PyErr_Format(PyExc_TypeError, "the function returned %R, where %s is declared", object,
        is_time ? "a number of seconds" : mr_type_name(udf->result.type));
    return false;
}

static bool to_int(PyObject *object, int64_t *out)
{
    int overflow = 0;
    *out = PyLong_AsLongLongAndOverflow(object, &overflow);
    if (overflow) PyErr_SetString(PyExc_OverflowError, "the integer does not fit into 64 bits");
    return !PyErr_Occurred();
}

static bool to_float(PyObject *object, double *out)
{
    double value = PyFloat_Check(object) ? PyFloat_AS_DOUBLE(object) : PyLong_AsDouble(object);
    if (value == -1.0 && PyErr_Occurred()) return false;
    *out = mr_canonical_float(value);
    return true;
}

bool mr_python_to_micros(PyObject *object, int64_t *out)
{
    PyObject *micros = PyObject_GetAttr(object, names.micros);
    bool ok = micros && PyLong_Check(micros) && to_int(micros, out);
    Py_XDECREF(micros);
    return ok;
}

bool mr_python_is_timestamp(PyObject *object)
{
    return PyObject_TypeCheck(object, (PyTypeObject *)names.timestamp);
}

static bool copy_bytes(
    const char *data, Py_ssize_t bytes, struct mr_scratch *scratch, struct mr_value *out)
{
    MR_ASSERT(bytes < INT32_MAX); /* a call may hold far less */
    char *copy = mr_scratch_alloc(scratch, (size_t)bytes + 1);
    memcpy(copy, data, (size_t)bytes);
    out->text = copy;
    out->bytes = (uint32_t)bytes;
    return true;
}

static bool to_text(PyObject *object, struct mr_scratch *scratch, struct mr_value *out)
{
    Py_ssize_t bytes;
    const char *text = PyUnicode_AsUTF8AndSize(object, &bytes);
    if (text) return copy_bytes(text, bytes, scratch, out);
    PyErr_Clear();
    PyObject *encoded = PyUnicode_AsEncodedString(object, "utf-8", "surrogateescape");
    if (!encoded) return false;
    copy_bytes(PyBytes_AS_STRING(encoded), PyBytes_GET_SIZE(encoded), scratch, out);
    Py_DECREF(encoded);
    return true;
}

static bool to_truth(PyObject *object, struct mr_value *out)
{
    int truth = PyObject_IsTrue(object);
    if (truth < 0) return false;
    *out = (struct mr_value){.i = truth, .type = MR_TYPE_BOOL};
    return true;
}

/* A number of seconds, or a Timestamp. */
static bool to_moment(const struct mr_udf *udf, PyObject *object, struct mr_value *out)
{
    struct mr_value seconds = {.type = MR_TYPE_INT};
    bool ok;
    if (mr_python_is_timestamp(object)) {
        seconds.type = MR_TYPE_TIMESTAMP;
        ok = mr_python_to_micros(object, &seconds.i);
    } else if (PyFloat_Check(object)) {
        seconds.type = MR_TYPE_FLOAT;
        ok = to_float(object, &seconds.f);
    } else {
        ok = PyLong_Check(object) ? to_int(object, &seconds.i) : fail_type(udf, object);
    }
    if (!ok) return false;
    enum mr_row_error error = mr_row_to_seconds(seconds, out);
    if (error)
        PyErr_SetString(error == MR_ROW_VALUE ? PyExc_ValueError : PyExc_OverflowError,
            "the timestamp is out of range");
    return !error;
}

/* A set is a list where one is declared, since a column has one type. */
static bool to_document(const struct mr_udf *udf, PyObject *object, struct mr_scratch *scratch,
    struct mr_value *value)
{
    if (!mr_python_to_document(object, udf->result.type, scratch, value)) return false;
    if (!mr_field_accepts(&udf->result, *value)) return fail_type(udf, object);
    value->type = (uint8_t)udf->result.type;
    return true;
}

/* As Beam checks: a bool is an integer, an integer is a number, and nothing else is converted.
 */
static bool to_declared(const struct mr_udf *udf, PyObject *object, struct mr_scratch *scratch,
    struct mr_value *value)
{
    switch (udf->result.type) {
    case MR_TYPE_BOOL:
        value->i = object == Py_True;
        return PyBool_Check(object) || fail_type(udf, object);
    case MR_TYPE_INT:
        return PyLong_Check(object) ? to_int(object, &value->i) : fail_type(udf, object);
    case MR_TYPE_FLOAT:
        if (!PyFloat_Check(object) && !PyLong_Check(object)) return fail_type(udf, object);
        return to_float(object, &value->f);
    case MR_TYPE_STRING:
        return PyUnicode_Check(object) ? to_text(object, scratch, value)
                                       : fail_type(udf, object);
    case MR_TYPE_BYTES:
        if (!PyBytes_Check(object)) return fail_type(udf, object);
        return copy_bytes(PyBytes_AS_STRING(object), PyBytes_GET_SIZE(object), scratch, value);
    case MR_TYPE_LIST:
    case MR_TYPE_MAP:
    case MR_TYPE_ROW:
        return to_document(udf, object, scratch, value);
    case MR_TYPE_ANY:
        return mr_python_to_any(object, scratch, value);
    default:
        MR_ASSERT(udf->result.type == MR_TYPE_TIMESTAMP);
        return mr_python_is_timestamp(object) ? mr_python_to_micros(object, &value->i) : fail_type(udf, object);
    }
}

bool mr_python_to_value(const struct mr_udf *udf, PyObject *object, struct mr_scratch *scratch,
    struct mr_value *out)
{
    if (udf->use == MR_USE_KEEP) return to_truth(object, out);
    if (udf->use == MR_USE_TIMESTAMP) return to_moment(udf, object, out);
    *out = (struct mr_value){.type = MR_TYPE_NULL};
    if (object == Py_None) return true;
    struct mr_value value = {.type = (uint8_t)udf->result.type};
    if (!to_declared(udf, object, scratch, &value)) return false;
    *out = value;
    return true;
}
