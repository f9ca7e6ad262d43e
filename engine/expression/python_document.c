/* Values with values inside, on their way into Python and back.
 *
 * What comes back may be anything that user code made: it is walked here, with a bound on its
 * depth, and what has no place in a row is a TypeError. */
#include <string.h>

#include "engine/batch/column.h"
#include "engine/expression/python_internal.h"

static struct {
    PyObject *row;          /* the class */
    PyObject *row_of;       /* (names, values) -> Row */
    PyObject *text_kind_of; /* object -> (kind, text), or None */
    PyObject *of_text_kind; /* (kind, text) -> object */
    PyObject *fields;       /* '_fields' */
} names;

bool mr_python_documents_start(void)
{
    names.row = mr_python_prelude_get("Row");
    names.row_of = mr_python_prelude_get("row_of");
    names.text_kind_of = mr_python_prelude_get("text_kind_of");
    names.of_text_kind = mr_python_prelude_get("of_text_kind");
    names.fields = PyUnicode_InternFromString("_fields");
    return names.row && names.row_of && names.text_kind_of && names.of_text_kind &&
           names.fields;
}

/* ---- into Python ---- */

static PyObject *list_of(struct mr_value value)
{
    struct mr_document_cursor cursor = mr_document_open(value);
    struct mr_value item;
    PyObject *list = PyList_New(0);
    while (list && mr_document_next(&cursor, &item)) {
        PyObject *object = mr_python_of_value(item);
        if (!object || PyList_Append(list, object) < 0) Py_CLEAR(list);
        Py_XDECREF(object);
    }
    return list;
}

static PyObject *made_of_list(struct mr_value value, PyObject *(*make)(PyObject *))
{
    PyObject *list = list_of(value);
    PyObject *made = list ? make(list) : NULL;
    Py_XDECREF(list);
    return made;
}

static PyObject *dict_of(struct mr_value value)
{
    struct mr_document_cursor cursor = mr_document_open(value);
    struct mr_value key, item;
    PyObject *dict = PyDict_New();
    while (dict && mr_document_next(&cursor, &key) && mr_document_next(&cursor, &item)) {
        PyObject *name = mr_python_of_value(key);
        PyObject *object = name ? mr_python_of_value(item) : NULL;
        if (!object || PyDict_SetItem(dict, name, object) < 0) Py_CLEAR(dict);
        Py_XDECREF(name);
        Py_XDECREF(object);
    }
    return dict;
}

static PyObject *row_of(struct mr_value value)
{
    struct mr_document_cursor cursor = mr_document_open(value);
    struct mr_value item;
    PyObject *keys = PyList_New(0);
    PyObject *items = keys ? list_of(value) : NULL;
    while (items && mr_document_next(&cursor, &item)) {
        PyObject *name =
            PyUnicode_DecodeUTF8(cursor.name, (Py_ssize_t)cursor.name_bytes, "surrogateescape");
        if (!name || PyList_Append(keys, name) < 0) Py_CLEAR(items);
        Py_XDECREF(name);
    }
    PyObject *row =
        items ? PyObject_CallFunctionObjArgs(names.row_of, keys, items, NULL) : NULL;
    Py_XDECREF(keys);
    Py_XDECREF(items);
    return row;
}

static PyObject *text_kind(struct mr_value value)
{
    const char *text = value.text + MR_DOCUMENT_HEAD_BYTES;
    return PyObject_CallFunction(names.of_text_kind, "is#", (int)mr_document_kind(value), text,
        (Py_ssize_t)(value.bytes - MR_DOCUMENT_HEAD_BYTES));
}

PyObject *mr_python_of_document(struct mr_value value)
{
    switch (mr_document_kind(value)) {
    case MR_DOCUMENT_LIST:
        return list_of(value);
    case MR_DOCUMENT_TUPLE:
        return made_of_list(value, PyList_AsTuple);
    case MR_DOCUMENT_SET:
        return made_of_list(value, PySet_New);
    case MR_DOCUMENT_MAP:
        return dict_of(value);
    case MR_DOCUMENT_ROW:
        return row_of(value);
    default:
        return text_kind(value);
    }
}

/* ---- back ---- */

static bool put_object(struct mr_document_writer *writer, PyObject *object, int depth);

static bool put_members(
    struct mr_document_writer *writer, PyObject *object, enum mr_document_kind kind, int depth)
{
    PyObject *items = PySequence_Fast(object, "an iterable is needed");
    if (!items) return false;
    size_t begin = mr_document_begin(writer, kind);
    bool ok = true;
    for (Py_ssize_t i = 0; ok && i < PySequence_Fast_GET_SIZE(items); i++)
        ok = put_object(writer, PySequence_Fast_GET_ITEM(items, i), depth);
    Py_DECREF(items);
    if (!ok) return false;
    if (kind == MR_DOCUMENT_SET)
        mr_document_end_set(writer, begin);
    else
        mr_document_end(writer, begin);
    return true;
}

static bool put_name(struct mr_document_writer *writer, PyObject *name)
{
    if (!PyUnicode_Check(name)) {
        PyErr_Format(PyExc_TypeError, "the name of a field must be a string, not %R", name);
        return false;
    }
    Py_ssize_t bytes;
    const char *text = PyUnicode_AsUTF8AndSize(name, &bytes);
    if (text) mr_document_put_name(writer, text, (size_t)bytes);
    return text != NULL;
}

static bool put_dict(
    struct mr_document_writer *writer, PyObject *dict, enum mr_document_kind kind, int depth)
{
    Py_ssize_t at = 0;
    PyObject *key, *value;
    size_t begin = mr_document_begin(writer, kind);
    while (PyDict_Next(dict, &at, &key, &value)) {
        bool ok =
            kind == MR_DOCUMENT_ROW ? put_name(writer, key) : put_object(writer, key, depth);
        if (!ok || !put_object(writer, value, depth)) return false;
    }
    mr_document_end(writer, begin);
    return true;
}

/* What has _asdict: Beam's Row, the row of a callable, a named tuple. */
static bool put_row(struct mr_document_writer *writer, PyObject *object, int depth)
{
    PyObject *dict = PyObject_CallMethod(object, "_asdict", NULL);
    bool ok = dict && PyDict_Check(dict) && put_dict(writer, dict, MR_DOCUMENT_ROW, depth);
    if (!ok && !PyErr_Occurred())
        PyErr_SetString(PyExc_TypeError, "_asdict of a row must return a dict");
    Py_XDECREF(dict);
    return ok;
}

static bool is_row(PyObject *object)
{
    if (mr_python_is_row(object)) return true;
    if (PyObject_TypeCheck(object, (PyTypeObject *)names.row)) return true;
    return PyTuple_Check(object) && !PyTuple_CheckExact(object) &&
           PyObject_HasAttr(object, names.fields);
}

static bool put_text(
    struct mr_document_writer *writer, enum mr_document_kind kind, PyObject *text)
{
    Py_ssize_t bytes;
    const char *data = PyUnicode_AsUTF8AndSize(text, &bytes);
    if (data) {
        mr_document_put_text(writer, kind, data, (size_t)bytes);
        return true;
    }
    PyErr_Clear();
    PyObject *encoded = PyUnicode_AsEncodedString(text, "utf-8", "surrogateescape");
    if (!encoded) return false;
    mr_document_put_text(
        writer, kind, PyBytes_AS_STRING(encoded), (size_t)PyBytes_GET_SIZE(encoded));
    Py_DECREF(encoded);
    return true;
}

static bool put_int(struct mr_document_writer *writer, PyObject *object)
{
    int overflow = 0;
    long long number = PyLong_AsLongLongAndOverflow(object, &overflow);
    if (!overflow) {
        mr_document_put(writer, (struct mr_value){.type = MR_TYPE_INT, .i = number});
        return true;
    }
    PyObject *text = PyObject_CallMethod((PyObject *)&PyLong_Type, "__repr__", "O", object);
    bool ok = text && put_text(writer, MR_DOCUMENT_BIG_INT, text);
    Py_XDECREF(text);
    return ok;
}

/* Decimals and dates. */
static bool put_other(struct mr_document_writer *writer, PyObject *object)
{
    PyObject *pair = PyObject_CallOneArg(names.text_kind_of, object);
    bool ok = false;
    if (pair && pair != Py_None)
        ok = put_text(writer, (enum mr_document_kind)PyLong_AsLong(PyTuple_GET_ITEM(pair, 0)),
            PyTuple_GET_ITEM(pair, 1));
    else if (pair)
        PyErr_Format(PyExc_TypeError, "an object of type '%s' cannot be a value of a row",
            Py_TYPE(object)->tp_name);
    Py_XDECREF(pair);
    return ok;
}

static bool put_scalar(struct mr_document_writer *writer, PyObject *object)
{
    struct mr_value value = {.type = MR_TYPE_NULL};
    if (object == Py_None) {
        mr_document_put(writer, value);
    } else if (PyBool_Check(object)) {
        value = (struct mr_value){.type = MR_TYPE_BOOL, .i = object == Py_True};
        mr_document_put(writer, value);
    } else if (PyLong_Check(object)) {
        return put_int(writer, object);
    } else if (PyFloat_Check(object)) {
        value = (struct mr_value){.type = MR_TYPE_FLOAT, .f = PyFloat_AS_DOUBLE(object)};
        mr_document_put(writer, value);
    } else if (PyUnicode_Check(object)) {
        return put_text(writer, MR_DOCUMENT_STRING, object);
    } else if (PyBytes_Check(object)) {
        mr_document_put_text(writer, MR_DOCUMENT_BYTES, PyBytes_AS_STRING(object),
            (size_t)PyBytes_GET_SIZE(object));
    } else if (mr_python_is_timestamp(object)) {
        if (!mr_python_to_micros(object, &value.i)) return false;
        value.type = MR_TYPE_TIMESTAMP;
        mr_document_put(writer, value);
    } else {
        return put_other(writer, object);
    }
    return true;
}

static bool put_object(struct mr_document_writer *writer, PyObject *object, int depth)
{
    if (depth == MR_DOCUMENT_DEPTH_MAX) {
        PyErr_SetString(PyExc_ValueError, "the value is nested too deeply");
        return false;
    }
    if (is_row(object)) return put_row(writer, object, depth + 1);
    if (PyList_Check(object)) return put_members(writer, object, MR_DOCUMENT_LIST, depth + 1);
    if (PyTuple_Check(object)) return put_members(writer, object, MR_DOCUMENT_TUPLE, depth + 1);
    if (PyDict_Check(object)) return put_dict(writer, object, MR_DOCUMENT_MAP, depth + 1);
    if (PyAnySet_Check(object)) return put_members(writer, object, MR_DOCUMENT_SET, depth + 1);
    return put_scalar(writer, object);
}

bool mr_python_to_any(PyObject *object, struct mr_scratch *scratch, struct mr_value *out)
{
    struct mr_document_writer writer = mr_scratch_writer(scratch);
    if (!put_object(&writer, object, 0)) return false;
    *out = mr_document_value(writer.data);
    return true;
}

/* A dict is as good as a row where a row is declared. */
bool mr_python_to_document(
    PyObject *object, enum mr_type type, struct mr_scratch *scratch, struct mr_value *out)
{
    if (type != MR_TYPE_ROW || !PyDict_Check(object))
        return mr_python_to_any(object, scratch, out);
    struct mr_document_writer writer = mr_scratch_writer(scratch);
    if (!put_dict(&writer, object, MR_DOCUMENT_ROW, 1)) return false;
    *out = mr_document_value(writer.data);
    return true;
}
