/* The row that a callable takes: attributes by the names of fields, converted when they are
 * asked for.
 *
 * Invariant: once the call is over, `values` alone is the row; until then what is missing in it
 * comes from the source. */
#include "engine/expression/python_internal.h"

struct row {
    PyObject_VAR_HEAD PyObject *names;     /* a tuple of interned names */
    const struct mr_python_moment *source; /* NULL: the call is over */
    uint32_t n_fields;
    PyObject *values[]; /* [n_fields]; NULL: not asked for yet */
};

static PyTypeObject *row_type;

/* Borrowed. */
static PyObject *value_at(struct row *row, uint32_t i)
{
    if (!row->values[i] && row->source)
        row->values[i] = mr_python_of_value(mr_python_moment_value(row->source, i));
    else if (!row->values[i])
        PyErr_SetString(PyExc_MemoryError, "the row was kept when there was no memory for it");
    return row->values[i];
}

static bool convert_all(struct row *row)
{
    for (uint32_t i = 0; i < row->n_fields; i++)
        if (!value_at(row, i)) return false;
    return true;
}

static PyObject *name_at(const struct row *row, uint32_t i)
{
    return PyTuple_GET_ITEM(row->names, (Py_ssize_t)i);
}

static PyObject *values_tuple(struct row *row)
{
    PyObject *tuple = convert_all(row) ? PyTuple_New((Py_ssize_t)row->n_fields) : NULL;
    for (uint32_t i = 0; tuple && i < row->n_fields; i++) {
        Py_INCREF(row->values[i]);
        PyTuple_SET_ITEM(tuple, (Py_ssize_t)i, row->values[i]);
    }
    return tuple;
}

static PyObject *new_value_at(struct row *row, uint32_t i)
{
    PyObject *value = value_at(row, i);
    Py_XINCREF(value);
    return value;
}

/* ---- what Python asks a row for ---- */

/* Names that stand in code are interned, as ours are: that they are the same object is enough.
 */
static PyObject *get_attribute(PyObject *self, PyObject *name)
{
    struct row *row = (struct row *)self;
    for (uint32_t i = 0; i < row->n_fields; i++)
        if (name_at(row, i) == name) return new_value_at(row, i);
    for (uint32_t i = 0; i < row->n_fields; i++)
        if (PyUnicode_Compare(name_at(row, i), name) == 0) return new_value_at(row, i);
    return PyObject_GenericGetAttr(self, name);
}

static void clear_values(struct row *row)
{
    for (uint32_t i = 0; i < row->n_fields; i++) Py_CLEAR(row->values[i]);
}

static void deallocate(PyObject *self)
{
    struct row *row = (struct row *)self;
    PyTypeObject *type = Py_TYPE(self);
    clear_values(row);
    Py_XDECREF(row->names);
    type->tp_free(self);
    Py_DECREF(type);
}

static Py_ssize_t length(PyObject *self)
{
    return (Py_ssize_t)((struct row *)self)->n_fields;
}

static PyObject *item(PyObject *self, Py_ssize_t i)
{
    struct row *row = (struct row *)self;
    if (i >= 0 && i < length(self)) return new_value_at(row, (uint32_t)i);
    PyErr_SetString(PyExc_IndexError, "row index out of range");
    return NULL;
}

static PyObject *iterate(PyObject *self)
{
    PyObject *tuple = values_tuple((struct row *)self);
    PyObject *iterator = tuple ? PyObject_GetIter(tuple) : NULL;
    Py_XDECREF(tuple);
    return iterator;
}

static PyObject *as_dict(PyObject *self, PyObject *arguments)
{
    (void)arguments;
    struct row *row = (struct row *)self;
    PyObject *dict = convert_all(row) ? PyDict_New() : NULL;
    for (uint32_t i = 0; dict && i < row->n_fields; i++)
        if (PyDict_SetItem(dict, name_at(row, i), row->values[i]) < 0) Py_CLEAR(dict);
    return dict;
}

/* Row(a=1, b='x') */
static PyObject *represent(PyObject *self)
{
    struct row *row = (struct row *)self;
    PyObject *text = convert_all(row) ? PyUnicode_FromString("Row(") : NULL;
    for (uint32_t i = 0; text && i < row->n_fields; i++)
        PyUnicode_AppendAndDel(&text,
            PyUnicode_FromFormat("%s%U=%R", i ? ", " : "", name_at(row, i), row->values[i]));
    if (text) PyUnicode_AppendAndDel(&text, PyUnicode_FromString(")"));
    return text;
}

static PyObject *compare(PyObject *self, PyObject *other, int how)
{
    if (!Py_IS_TYPE(other, row_type) || (how != Py_EQ && how != Py_NE))
        Py_RETURN_NOTIMPLEMENTED;
    PyObject *a = as_dict(self, NULL);
    PyObject *b = a ? as_dict(other, NULL) : NULL;
    PyObject *result = b ? PyObject_RichCompare(a, b, how) : NULL;
    Py_XDECREF(a);
    Py_XDECREF(b);
    return result;
}

static Py_hash_t hash(PyObject *self)
{
    PyObject *tuple = values_tuple((struct row *)self);
    Py_hash_t result = tuple ? PyObject_Hash(tuple) : -1;
    Py_XDECREF(tuple);
    return result;
}

static PyObject *fields_of(PyObject *self, void *unused)
{
    (void)unused;
    PyObject *names = ((struct row *)self)->names;
    Py_INCREF(names);
    return names;
}

bool mr_python_row_start(void)
{
    static PyMethodDef methods[] = {{"_asdict", as_dict, METH_NOARGS, NULL},
        {"as_dict", as_dict, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};
    static PyGetSetDef properties[] = {
        {"_fields", fields_of, NULL, NULL, NULL}, {NULL, NULL, NULL, NULL, NULL}};
    static PyType_Slot slots[] = {{Py_tp_getattro, get_attribute}, {Py_tp_dealloc, deallocate},
        {Py_sq_length, length}, {Py_sq_item, item}, {Py_tp_iter, iterate},
        {Py_tp_repr, represent}, {Py_tp_richcompare, compare}, {Py_tp_hash, hash},
        {Py_tp_methods, methods}, {Py_tp_getset, properties}, {0, NULL}};
    static PyType_Spec spec = {.name = "millrace.Row",
        .basicsize = (int)sizeof(struct row),
        .itemsize = (int)sizeof(PyObject *),
        .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
        .slots = slots};
    row_type = (PyTypeObject *)PyType_FromSpec(&spec);
    return row_type != NULL;
}

bool mr_python_is_row(PyObject *object)
{
    return Py_IS_TYPE(object, row_type);
}

PyObject *mr_python_row_new(const struct mr_udf *udf)
{
    uint32_t n = udf->schema.n_fields;
    struct row *row = (struct row *)row_type->tp_alloc(row_type, (Py_ssize_t)n);
    if (!row) return NULL;
    Py_INCREF(udf->names);
    row->names = udf->names;
    row->n_fields = n;
    return (PyObject *)row;
}

void mr_python_row_point(PyObject *self, const struct mr_python_moment *moment)
{
    ((struct row *)self)->source = moment;
}

bool mr_python_row_release(PyObject *self)
{
    struct row *row = (struct row *)self;
    bool is_ours = Py_REFCNT(self) == 1;
    if (is_ours)
        clear_values(row);
    else if (!convert_all(row))
        PyErr_Clear();
    row->source = NULL;
    return is_ours;
}
