/* From the text of a function to what CPython runs. */
#include <string.h>

#include "engine/expression/python_internal.h"

/* Texts of several lines are blocks: how far they are indented in the file is not known here.
 */
static struct mr_place place_in(const struct mr_udf_text *written, long line, long column)
{
    struct mr_place place = written->place;
    if (line <= 0) return place;
    if (!strchr(written->text, '\n')) {
        place.col += (int)column;
    } else if (written->name) { /* a file of its own */
        place.line += (int)line - 1;
        place.col += (int)column;
    }
    return place;
}

/* Says where in a block: the place alone cannot. */
static bool fail_in(const struct mr_compiler *compiler, const struct mr_udf_text *written,
    const char *message, long line, long column)
{
    struct mr_compiler there = *compiler;
    there.place = place_in(written, line, column);
    bool is_block = strchr(written->text, '\n') && !written->name && line > 0;
    if (message[0] == '?')
        mr_compiler_unknown_field(&there, 0, message + 1);
    else
        mr_fail_at(compiler->err, there.place, "%s", message);
    if (is_block) mr_err_wrap(compiler->err, "line %ld of the block", line);
    return false;
}

/* The exception that is set becomes the error of the file. */
static bool fail_exception(
    const struct mr_compiler *compiler, const struct mr_udf_text *written)
{
    PyObject *type, *value, *trace;
    PyErr_Fetch(&type, &value, &trace);
    PyErr_NormalizeException(&type, &value, &trace);
    PyObject *text = value ? PyObject_Str(value) : NULL;
    const char *message = text ? PyUnicode_AsUTF8(text) : NULL;
    if (!message) message = "an exception that cannot be shown";
    if (value && PyObject_IsInstance(value, mr_python_prelude_get("Refused")) == 1) {
        PyObject *line = PyObject_GetAttrString(value, "line");
        PyObject *column = PyObject_GetAttrString(value, "column");
        fail_in(compiler, written, message, line ? PyLong_AsLong(line) : 0,
            column ? PyLong_AsLong(column) : 0);
        Py_XDECREF(line);
        Py_XDECREF(column);
    } else {
        mr_fail_at(compiler->err, written->place, "the function cannot be made: %s: %s",
            type ? ((PyTypeObject *)type)->tp_name : "error", message);
    }
    PyErr_Clear();
    Py_XDECREF(text);
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(trace);
    return false;
}

/* From the names of fields to the words of their types. */
static PyObject *types_of(const struct mr_schema *schema)
{
    PyObject *types = PyDict_New();
    for (uint32_t i = 0; types && i < schema->n_fields; i++) {
        PyObject *word = PyUnicode_FromString(mr_type_name(schema->fields[i].type));
        if (!word || PyDict_SetItemString(types, schema->fields[i].name, word) < 0)
            Py_CLEAR(types);
        Py_XDECREF(word);
    }
    return types;
}

static PyObject *names_of(const struct mr_schema *schema)
{
    PyObject *names = PyTuple_New((Py_ssize_t)schema->n_fields);
    for (uint32_t i = 0; names && i < schema->n_fields; i++) {
        PyObject *name = PyUnicode_InternFromString(schema->fields[i].name);
        if (name)
            PyTuple_SET_ITEM(names, (Py_ssize_t)i, name);
        else
            Py_CLEAR(names);
    }
    return names;
}

/* What the type is that the text tells; ANY where it tells none. */
static bool take_type(PyObject *word, struct mr_udf *udf)
{
    udf->is_inferred = true;
    udf->result.type = MR_TYPE_ANY;
    if (!word || word == Py_None) return word != NULL;
    const char *text = PyUnicode_AsUTF8(word);
    return text && mr_type_parse(text, &udf->result.type);
}

/* What the prelude read: (code, names of the fields it takes or None, is it plain, target,
 * type). */
static bool take_unit(const struct mr_compiler *compiler, PyObject *unit, struct mr_udf *udf)
{
    udf->code = PyTuple_GetItem(unit, 0);
    PyObject *taken = PyTuple_GetItem(unit, 1);
    udf->ends_by_itself = PyTuple_GetItem(unit, 2) == Py_True;
    udf->target = PyTuple_GetItem(unit, 3);
    Py_XINCREF(udf->code);
    Py_XINCREF(udf->target);
    if (!taken || taken == Py_None) return udf->target != NULL;
    udf->n_arguments = (uint32_t)PyTuple_Size(taken);
    uint32_t *arguments = mr_region_array(compiler->region, uint32_t, udf->n_arguments + 1);
    for (uint32_t i = 0; i < udf->n_arguments; i++) {
        const char *name = PyUnicode_AsUTF8(PyTuple_GET_ITEM(taken, (Py_ssize_t)i));
        int field = name ? mr_schema_find(compiler->schema, name) : -1;
        MR_ASSERT(field >= 0);
        arguments[i] = (uint32_t)field;
    }
    udf->arguments = arguments;
    return true;
}

static bool read_text(
    const struct mr_compiler *compiler, const struct mr_udf_text *written, struct mr_udf *udf)
{
    PyObject *read = mr_python_prelude_get("read");
    udf->names = names_of(compiler->schema);
    PyObject *types = types_of(compiler->schema);
    PyObject *unit = udf->names && types ? PyObject_CallFunction(read, "sOOz", written->text, types,
                                      written->is_callable ? Py_True : Py_False, written->name)
                                : NULL;
    bool ok = unit && take_unit(compiler, unit, udf);
    if (ok && udf->use == MR_USE_VALUE && written->type == MR_TYPE_NULL)
        ok = take_type(PyTuple_GetItem(unit, 4), udf);
    Py_XDECREF(types);
    Py_XDECREF(unit);
    return ok;
}

static struct mr_field result_of(const struct mr_udf_text *written, enum mr_expression_use use)
{
    if (use == MR_USE_KEEP) return (struct mr_field){.type = MR_TYPE_BOOL};
    if (use == MR_USE_TIMESTAMP) return (struct mr_field){.type = MR_TYPE_INT};
    return (struct mr_field){
        .type = written->type, .is_nullable = true, .shape = written->shape};
}

struct mr_field mr_udf_result(const struct mr_udf *udf)
{
    return udf->result;
}

bool mr_udf_compile(const struct mr_compiler *compiler, const struct mr_udf_text *written,
    enum mr_expression_use use, const struct mr_udf **out)
{
    if (!mr_python_start(compiler->err)) return false;
    struct mr_udf *udf = mr_python_udf_new();
    udf->text = compiler->text;
    udf->use = use;
    udf->schema = *compiler->schema;
    udf->is_callable = written->is_callable;
    udf->result = result_of(written, use);
    if (!read_text(compiler, written, udf)) return fail_exception(compiler, written);
    struct mr_call call;
    if (!mr_python_instance(udf, NULL, &call)) return fail_exception(compiler, written);
    *out = udf;
    return true;
}
