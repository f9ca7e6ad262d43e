/* Jinja in the embedded Python. Its modules live in an interpreter of their own, made when the
 * first template is there: what they import does not reach user code, whose guards stay. */
#include <string.h>

#include "engine/expression/python_internal.h"
#include "engine/expression/template.h"

#define RENDER_BYTES_MAX                                                                       \
    ((size_t)2 << 30) /* that rendering may take: small things always fit */
#define TEXT_BYTES_MAX ((Py_ssize_t)64 << 20)

/* python_template_text.c, made from python_template.py: its lines, then NULL. */
extern const char *const mr_python_template[];

/* What read_file answers from while a template is rendered. */
struct rendering {
    struct mr_region *region;
    const struct mr_template_files *files;
};

/* Like Python itself, once a process. */
static struct {
    PyThreadState *thread; /* of the interpreter; NULL: not made yet */
    PyObject *globals;
    bool has_jinja;
    const struct rendering *rendering;
} jinja;

/* ---- the interpreter ---- */

static PyObject *read_file(PyObject *self, PyObject *name)
{
    (void)self;
    const struct rendering *rendering = jinja.rendering;
    const char *path = PyUnicode_AsUTF8(name);
    const char *text;
    size_t bytes;
    struct mr_err err = {0};
    if (!path) return NULL;
    if (!rendering->files || !rendering->files->read(rendering->files->self, rendering->region,
                                 path, &text, &bytes, &err))
        Py_RETURN_NONE;
    return PyUnicode_DecodeUTF8(text, (Py_ssize_t)bytes, "strict");
}

static PyObject *memory_bytes(PyObject *self, PyObject *arguments)
{
    (void)self;
    (void)arguments;
    return PyLong_FromSize_t(mr_python_memory_bytes());
}

static bool add_function(PyMethodDef *method)
{
    PyObject *function = PyCFunction_New(method, NULL);
    bool ok = function && PyDict_SetItemString(jinja.globals, method->ml_name, function) == 0;
    Py_XDECREF(function);
    return ok;
}

static bool run_text(void)
{
    static PyMethodDef methods[] = {{"read_file", read_file, METH_O, NULL},
        {"memory_bytes", memory_bytes, METH_NOARGS, NULL}};
    struct mr_text text = {0};
    for (size_t i = 0; mr_python_template[i]; i++)
        mr_text_add(&text, mr_python_template[i], strlen(mr_python_template[i]));
    PyObject *code = Py_CompileString(text.data, "<millrace>", Py_file_input);
    mr_text_deinit(&text);
    jinja.globals = PyDict_New();
    bool ok = code && jinja.globals &&
              PyDict_SetItemString(jinja.globals, "__builtins__", PyEval_GetBuiltins()) == 0;
    for (size_t i = 0; ok && i < MR_COUNT(methods); i++) ok = add_function(&methods[i]);
    PyObject *result = ok ? PyEval_EvalCode(code, jinja.globals, jinja.globals) : NULL;
    Py_XDECREF(code);
    Py_XDECREF(result);
    return result != NULL;
}

static bool has_jinja(void)
{
    PyObject *found = PyObject_CallNoArgs(PyDict_GetItemString(jinja.globals, "find_jinja"));
    Py_XDECREF(found);
    return found == Py_True;
}

/* Makes the interpreter its own; the caller goes back to the one before. */
static bool enter(PyThreadState **before, struct mr_err *err)
{
    if (!mr_python_start(err)) return false;
    *before = PyThreadState_Get();
    if (jinja.thread) {
        PyThreadState_Swap(jinja.thread);
        return true;
    }
    jinja.thread = Py_NewInterpreter();
    if (jinja.thread && run_text()) {
        jinja.has_jinja = has_jinja();
        PyErr_Clear();
        return true;
    }
    PyErr_Clear();
    PyThreadState_Swap(*before);
    return mr_fail(err, MR_ERR_IO, "cannot start Python for Jinja");
}

/* ---- what it answers ---- */

static const char *text_of(struct mr_region *region, PyObject *object, size_t *bytes)
{
    Py_ssize_t length = 0;
    const char *text = object ? PyUnicode_AsUTF8AndSize(object, &length) : NULL;
    if (!text) PyErr_Clear();
    *bytes = text ? (size_t)length : 0;
    return mr_region_strndup(region, text ? text : "", *bytes);
}

static long number_of(PyObject *tuple, Py_ssize_t index)
{
    return PyLong_AsLong(PyTuple_GET_ITEM(tuple, index));
}

static void take_sources(struct mr_region *region, PyObject *sources, struct mr_rendered *out)
{
    PyObject *paths = PyObject_GetAttrString(sources, "paths");
    PyObject *texts = PyObject_GetAttrString(sources, "texts");
    uint32_t n = paths && texts ? (uint32_t)PyList_GET_SIZE(paths) : 0;
    struct mr_template_source *list = mr_region_array(region, struct mr_template_source, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        size_t ignored;
        list[i].path = text_of(region, PyList_GET_ITEM(paths, i), &ignored);
        list[i].text = text_of(region, PyList_GET_ITEM(texts, i), &list[i].bytes);
    }
    out->n_sources = n;
    out->sources = list;
    Py_XDECREF(paths);
    Py_XDECREF(texts);
}

static void take_lines(struct mr_region *region, PyObject *list, struct mr_rendered *out)
{
    out->n_lines = 0;
    if (!PyList_Check(list)) return;
    uint32_t n = (uint32_t)PyList_GET_SIZE(list);
    struct mr_template_line *lines = mr_region_array(region, struct mr_template_line, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        PyObject *pair = PyList_GET_ITEM(list, i);
        lines[i].source = (uint32_t)number_of(pair, 0);
        lines[i].line = (int)number_of(pair, 1);
    }
    out->n_lines = n;
    out->lines = lines;
}

/* (message, source, line, column, the names that there are) */
static bool fail_template(struct mr_region *region, PyObject *failure,
    const struct mr_rendered *rendered, struct mr_err *err)
{
    size_t bytes;
    const char *message = text_of(region, PyTuple_GET_ITEM(failure, 0), &bytes);
    long number = number_of(failure, 1);
    if (number < 0 || number >= (long)rendered->n_sources)
        return mr_fail(err, MR_ERR_INPUT, "%s", message);
    const struct mr_template_source *source = &rendered->sources[number];
    struct mr_place place = {
        source->path, (int)number_of(failure, 2), (int)number_of(failure, 3)};
    mr_fail_at(err, place, "Jinja: %s", message);
    mr_err_quote(err, source->text, source->bytes);
    PyObject *names = PyTuple_GET_ITEM(failure, 4);
    size_t n = (size_t)PyTuple_GET_SIZE(names);
    const char **words = mr_region_array(region, const char *, n + 1);
    for (size_t i = 0; i < n; i++)
        words[i] = text_of(region, PyTuple_GET_ITEM(names, (Py_ssize_t)i), &bytes);
    const char *end = message[0] == '\'' ? strchr(message + 1, '\'') : NULL;
    if (end)
        mr_err_suggest(
            err, mr_region_strndup(region, message + 1, (size_t)(end - message - 1)), words, n);
    return false;
}

static bool take(
    struct mr_region *region, PyObject *answer, struct mr_rendered *out, struct mr_err *err)
{
    if (!answer) {
        PyErr_Clear();
        return mr_fail(err, MR_ERR_INPUT, "the Jinja template takes too much to be rendered");
    }
    take_sources(region, PyTuple_GET_ITEM(answer, 0), out);
    PyObject *text = PyTuple_GET_ITEM(answer, 1);
    if (text == Py_None) return fail_template(region, PyTuple_GET_ITEM(answer, 3), out, err);
    out->text = text_of(region, text, &out->bytes);
    if (out->bytes > (size_t)TEXT_BYTES_MAX)
        return mr_fail(err, MR_ERR_LIMIT, "what Jinja makes of the file is more than %d MiB",
            (int)(TEXT_BYTES_MAX >> 20));
    take_lines(region, PyTuple_GET_ITEM(answer, 2), out);
    return true;
}

/* Beam takes comments at the head of the file off before; here they become empty lines. */
static const char *without_head(struct mr_region *region, const char *text, size_t bytes)
{
    char *out = mr_region_strndup(region, text, bytes);
    for (size_t i = 0; i < bytes;) {
        size_t end = i + strcspn(out + i, "\n");
        size_t first = i + strspn(out + i, " ");
        if (out[first] != '#' && first < end) break;
        memset(out + i, ' ', end - i);
        i = end + 1;
    }
    return out;
}

bool mr_template_render(struct mr_region *region, const char *path, const char *text,
    size_t bytes, const char *variables, const struct mr_template_files *files,
    struct mr_rendered *out, struct mr_err *err)
{
    PyThreadState *before;
    if (!enter(&before, err)) return false;
    struct rendering rendering = {.region = region, .files = files};
    bool ok = false;
    if (!jinja.has_jinja) {
        mr_fail(err, MR_ERR_IO, "'%s' is a Jinja template, and python3-jinja2 is not installed",
            path);
        goto cleanup;
    }
    jinja.rendering = &rendering;
    mr_python_memory_limit(mr_python_memory_bytes() + RENDER_BYTES_MAX, UINT64_MAX);
    PyObject *answer = PyObject_CallFunction(PyDict_GetItemString(jinja.globals, "render"),
        "sss", path, without_head(region, text, bytes), variables ? variables : "{}");
    mr_python_memory_limit(SIZE_MAX, UINT64_MAX);
    *out = (struct mr_rendered){0};
    ok = take(region, answer, out, err);
    Py_XDECREF(answer);
    PyGC_Collect();
cleanup:
    jinja.rendering = NULL;
    PyThreadState_Swap(before);
    return ok;
}

bool mr_python_transform(struct mr_region *region, const char *config, const char **out,
    int *line, struct mr_err *err)
{
    PyThreadState *before;
    size_t bytes;
    *line = 0;
    if (!enter(&before, err)) return false;
    mr_python_memory_limit(mr_python_memory_bytes() + RENDER_BYTES_MAX, UINT64_MAX);
    PyObject *answer =
        PyObject_CallFunction(PyDict_GetItemString(jinja.globals, "transform_of"), "s", config);
    mr_python_memory_limit(SIZE_MAX, UINT64_MAX);
    PyObject *text = answer ? PyTuple_GET_ITEM(answer, 0) : NULL;
    bool ok = text && text != Py_None;
    if (ok) {
        *out = text_of(region, text, &bytes);
    } else if (answer) {
        PyObject *failure = PyTuple_GET_ITEM(answer, 1);
        *line = (int)number_of(failure, 1);
        mr_fail(err, MR_ERR_INPUT, "%s", text_of(region, PyTuple_GET_ITEM(failure, 0), &bytes));
    } else {
        PyErr_Clear();
        mr_fail(err, MR_ERR_INPUT, "the transform of Python cannot be read");
    }
    Py_XDECREF(answer);
    PyThreadState_Swap(before);
    return ok;
}
