/* Callables that keep state: from their text to one call. */
#include "engine/expression/process.h"

#include <string.h>

#include "engine/batch/column.h"
#include "engine/expression/python_internal.h"

struct mr_process_function {
    const struct mr_udf *udf;
    const struct mr_process_shape *shape;
    PyObject *program; /* what python_state.py needs of the shape; never freed, as a function is
                          not */
};

/* ---- compiling ---- */

static PyObject *states_of(const struct mr_process_shape *shape)
{
    PyObject *list = PyList_New(0);
    for (uint32_t i = 0; list && i < shape->n_states; i++) {
        const struct mr_state_spec *state = &shape->states[i];
        PyObject *item = Py_BuildValue("(sis)", state->name, (int)state->kind, state->type);
        if (!item || PyList_Append(list, item) < 0) Py_CLEAR(list);
        Py_XDECREF(item);
    }
    return list;
}

static PyObject *timers_of(const struct mr_process_shape *shape)
{
    PyObject *list = PyList_New(0);
    for (uint32_t i = 0; list && i < shape->n_timers; i++) {
        const struct mr_timer_spec *timer = &shape->timers[i];
        PyObject *item = Py_BuildValue(
            "(sO)", timer->name, timer->domain == MR_EVENT_TIME ? Py_True : Py_False);
        if (!item || PyList_Append(list, item) < 0) Py_CLEAR(list);
        Py_XDECREF(item);
    }
    return list;
}

static PyObject *fields_of(const struct mr_schema *schema)
{
    PyObject *fields = PyDict_New();
    for (uint32_t i = 0; fields && i < schema->n_fields; i++)
        if (PyDict_SetItemString(fields, schema->fields[i].name,
                schema->fields[i].is_nullable ? Py_True : Py_False) < 0)
            Py_CLEAR(fields);
    return fields;
}

static PyObject *outputs_of(const struct mr_process_shape *shape)
{
    PyObject *list = PyList_New(0);
    for (uint32_t i = 0; list && i < shape->n_outputs; i++) {
        PyObject *fields = fields_of(&shape->outputs[i].schema);
        PyObject *item = Py_BuildValue("(sN)", shape->outputs[i].name, fields);
        if (!item || PyList_Append(list, item) < 0) Py_CLEAR(list);
        Py_XDECREF(item);
    }
    return list;
}

static PyObject *program_of(const struct mr_process_shape *shape)
{
    PyObject *states = states_of(shape);
    PyObject *timers = timers_of(shape);
    PyObject *outputs = outputs_of(shape);
    PyObject *program = NULL;
    if (states && timers && outputs)
        program = PyObject_CallFunctionObjArgs(
            mr_python_prelude_get("process_program"), states, timers, outputs, NULL);
    Py_XDECREF(states);
    Py_XDECREF(timers);
    Py_XDECREF(outputs);
    return program;
}

static PyObject *names_of_states(const struct mr_process_shape *shape, bool of_timers)
{
    PyObject *names = PyList_New(0);
    uint32_t n = of_timers ? shape->n_timers : shape->n_states;
    for (uint32_t i = 0; names && i < n; i++) {
        const char *name = of_timers ? shape->timers[i].name : shape->states[i].name;
        PyObject *item = PyUnicode_FromString(name);
        if (!item || PyList_Append(names, item) < 0) Py_CLEAR(names);
        Py_XDECREF(item);
    }
    return names;
}

/* `?state NAME` and `?timer NAME` name what is not there. */
static bool fail_unknown(const struct mr_udf_text *written,
    const struct mr_process_shape *shape, const char *message, long line, struct mr_err *err)
{
    bool is_timer = strncmp(message, "?timer ", 7) == 0;
    if (message[0] != '?') return mr_fail_at(err, written->place, "%s", message);
    const char *name = message + 7;
    const char *words[MR_STATES_MAX + MR_TIMERS_MAX];
    uint32_t n = is_timer ? shape->n_timers : shape->n_states;
    for (uint32_t i = 0; i < n; i++)
        words[i] = is_timer ? shape->timers[i].name : shape->states[i].name;
    mr_fail_at(err, written->place, "unknown %s '%s'", is_timer ? "timer" : "state", name);
    mr_err_suggest(err, name, words, n);
    if (strchr(written->text, '\n')) mr_err_wrap(err, "line %ld of the block", line);
    return false;
}

static bool fail_check(
    const struct mr_udf_text *written, const struct mr_process_shape *shape, struct mr_err *err)
{
    PyObject *type, *value, *trace;
    PyErr_Fetch(&type, &value, &trace);
    PyErr_NormalizeException(&type, &value, &trace);
    PyObject *text = value ? PyObject_Str(value) : NULL;
    PyObject *line = value ? PyObject_GetAttrString(value, "line") : NULL;
    const char *message = text ? PyUnicode_AsUTF8(text) : NULL;
    fail_unknown(written, shape, message ? message : "the callable cannot be checked",
        line ? PyLong_AsLong(line) : 0, err);
    PyErr_Clear();
    Py_XDECREF(text);
    Py_XDECREF(line);
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(trace);
    return false;
}

static bool check_names(
    const struct mr_udf_text *written, const struct mr_process_shape *shape, struct mr_err *err)
{
    PyObject *states = names_of_states(shape, false);
    PyObject *timers = names_of_states(shape, true);
    PyObject *result = NULL;
    if (states && timers)
        result = PyObject_CallFunction(mr_python_prelude_get("process_check"), "szOO",
            written->text, written->name, states, timers);
    Py_XDECREF(states);
    Py_XDECREF(timers);
    if (!result) return fail_check(written, shape, err);
    Py_DECREF(result);
    return true;
}

bool mr_process_compile(struct mr_region *region, const struct mr_udf_text *written,
    const struct mr_process_shape *shape, const struct mr_schema *input,
    const struct mr_process_function **out, struct mr_err *err)
{
    static const struct mr_schema no_fields = {0};
    MR_ASSERT(shape->n_states <= MR_STATES_MAX && shape->n_timers <= MR_TIMERS_MAX);
    struct mr_udf_text callable = *written;
    callable.is_callable = true;
    callable.type = MR_TYPE_INT; /* what it returns is read here, not there */
    struct mr_compiler compiler = {.region = region,
        .text = mr_region_printf(region, "%s", written->text),
        .place = written->place,
        .schema = input ? input : &no_fields,
        .err = err};
    struct mr_process_function *function = mr_region_new(region, struct mr_process_function);
    if (!mr_udf_compile(&compiler, &callable, MR_USE_VALUE, &function->udf) ||
        !check_names(&callable, shape, err))
        return false;
    function->shape = shape;
    function->program = program_of(shape);
    if (!function->program) {
        PyErr_Clear();
        return mr_fail_at(err, written->place, "the callable cannot be made");
    }
    *out = function;
    return true;
}

/* ---- one call ---- */

static PyObject *key_of(const struct mr_process_call *call)
{
    if (call->n_keys == 1) return mr_python_of_value(call->keys[0]);
    PyObject *key = PyTuple_New((Py_ssize_t)call->n_keys);
    for (uint32_t i = 0; key && i < call->n_keys; i++) {
        PyObject *part = mr_python_of_value(call->keys[i]);
        if (part)
            PyTuple_SET_ITEM(key, (Py_ssize_t)i, part);
        else
            Py_CLEAR(key);
    }
    return key;
}

/* States are kept as documents. */
static PyObject *object_of(const struct mr_state_bytes *state)
{
    if (state->bytes == 0) Py_RETURN_NONE;
    return mr_python_of_value(mr_document_value(state->data));
}

static bool keep(PyObject *object, struct mr_scratch *scratch, struct mr_state_bytes *out)
{
    struct mr_value value;
    *out = (struct mr_state_bytes){NULL, 0};
    if (object == Py_None) return true;
    if (!mr_python_to_any(object, scratch, &value)) return false;
    struct mr_document_writer writer = mr_scratch_writer(scratch);
    mr_document_put(&writer, value);
    *out = (struct mr_state_bytes){writer.data, (uint32_t)writer.bytes};
    return true;
}

static PyObject *cells_of(
    const struct mr_process_function *function, const struct mr_process_call *call)
{
    uint32_t n = function->shape->n_states;
    PyObject *cells = PyTuple_New((Py_ssize_t)n);
    for (uint32_t i = 0; cells && i < n; i++) {
        PyObject *cell = object_of(&call->states[i]);
        if (cell)
            PyTuple_SET_ITEM(cells, (Py_ssize_t)i, cell);
        else
            Py_CLEAR(cells);
    }
    return cells;
}

static PyObject *info_of(const struct mr_process_call *call, PyObject *key)
{
    mr_us floor_us = call->emit_us < call->forwarded_us ? call->emit_us : call->forwarded_us;
    return Py_BuildValue("(OLLLLLLL)", key, (long long)call->at_us,
        (long long)call->watermark_us, (long long)call->now_us,
        (long long)call->window_start_us, (long long)call->window_end_us,
        (long long)call->emit_us, (long long)floor_us);
}

static bool take_states(const struct mr_process_function *function,
    struct mr_process_call *call, PyObject *changed, struct mr_scratch *scratch)
{
    for (uint32_t i = 0; i < function->shape->n_states; i++) {
        PyObject *item = PyList_GetItem(changed, (Py_ssize_t)i);
        call->is_changed[i] = item != Py_None;
        if (!call->is_changed[i]) continue;
        if (!keep(PyTuple_GetItem(item, 0), scratch, &call->changed[i])) return false;
    }
    return true;
}

static bool take_timers(
    const struct mr_process_function *function, struct mr_process_call *call, PyObject *set)
{
    for (uint32_t i = 0; i < function->shape->n_timers; i++) {
        PyObject *item = PyList_GetItem(set, (Py_ssize_t)i);
        call->is_set[i] = item != Py_None;
        if (!call->is_set[i]) continue;
        call->set_us[i] = MR_TIMER_UNSET;
        if (item == Py_False) continue;
        int overflow = 0;
        call->set_us[i] = PyLong_AsLongLongAndOverflow(item, &overflow);
        if (overflow || call->set_us[i] > MR_US_MAX) call->set_us[i] = MR_US_MAX;
    }
    return !PyErr_Occurred();
}

static bool take_row(const struct mr_schema *schema, PyObject *values,
    struct mr_scratch *scratch, struct mr_value *out)
{
    for (uint32_t i = 0; i < schema->n_fields; i++) {
        struct mr_udf declared = {.use = MR_USE_VALUE, .result = schema->fields[i]};
        if (!mr_python_to_value(
                &declared, PyTuple_GetItem(values, (Py_ssize_t)i), scratch, &out[i]))
            return false;
    }
    return true;
}

static bool take_rows(const struct mr_process_function *function, struct mr_process_call *call,
    PyObject *rows, struct mr_scratch *scratch)
{
    const struct mr_process_row **last = &call->rows;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(rows); i++) {
        PyObject *item = PyList_GET_ITEM(rows, i);
        struct mr_process_row *row = mr_scratch_alloc(scratch, sizeof *row);
        *row = (struct mr_process_row){
            .output = (uint32_t)PyLong_AsUnsignedLong(PyTuple_GetItem(item, 0)),
            .at_us = PyLong_AsLongLong(PyTuple_GetItem(item, 1))};
        if (PyErr_Occurred()) return false;
        if (row->at_us > MR_US_MAX) row->at_us = MR_US_MAX;
        const struct mr_schema *schema = &function->shape->outputs[row->output].schema;
        struct mr_value *values = mr_scratch_array(scratch, struct mr_value, schema->n_fields);
        if (!take_row(schema, PyTuple_GetItem(item, 2), scratch, values)) return false;
        row->values = values;
        *last = row;
        last = (const struct mr_process_row **)&row->next;
    }
    return true;
}

static bool take_result(const struct mr_process_function *function,
    struct mr_process_call *call, PyObject *result, struct mr_scratch *scratch)
{
    return take_states(function, call, PyTuple_GetItem(result, 0), scratch) &&
           take_timers(function, call, PyTuple_GetItem(result, 1)) &&
           take_rows(function, call, PyTuple_GetItem(result, 2), scratch);
}

/* What a call needs in its three parts; owned. */
struct parts {
    PyObject *key;
    PyObject *row; /* NULL for a timer */
    PyObject *info;
    PyObject *begun; /* (arguments, state, timers) */
    PyObject *rows;
    PyObject *result;
};

static PyObject *begin_call(const struct mr_process_function *function, PyObject *callable,
    const struct mr_process_call *call, struct parts *parts)
{
    parts->key = key_of(call);
    PyObject *cells = parts->key ? cells_of(function, call) : NULL;
    parts->info = cells ? info_of(call, parts->key) : NULL;
    if (parts->info)
        parts->begun = PyObject_CallFunctionObjArgs(mr_python_prelude_get("process_begin"),
            function->program, callable, parts->row ? parts->row : parts->key, cells,
            parts->info, NULL);
    Py_XDECREF(cells);
    return parts->begun;
}

static bool end_call(const struct mr_process_function *function, struct mr_process_call *call,
    struct parts *parts, struct mr_scratch *scratch)
{
    parts->result = PyObject_CallFunctionObjArgs(mr_python_prelude_get("process_end"),
        function->program, PyTuple_GetItem(parts->begun, 1), PyTuple_GetItem(parts->begun, 2),
        parts->rows, parts->info, NULL);
    return parts->result && take_result(function, call, parts->result, scratch);
}

static bool run_parts(const struct mr_process_function *function, PyObject *callable,
    struct mr_process_call *call, struct mr_call *python, struct parts *parts,
    struct mr_scratch *scratch)
{
    mr_python_enter(python, true);
    bool ok = begin_call(function, callable, call, parts) != NULL;
    mr_python_leave(python);
    if (!ok) return false;
    mr_python_enter(python, false); /* the user's part is the one with a budget */
    parts->rows = PyObject_CallFunctionObjArgs(mr_python_prelude_get("process_user"), callable,
        PyTuple_GetItem(parts->begun, 0), NULL);
    mr_python_leave(python);
    if (!parts->rows) return false;
    mr_python_enter(python, true);
    ok = end_call(function, call, parts, scratch);
    mr_python_leave(python);
    return ok;
}

static void drop_parts(struct parts *parts)
{
    Py_XDECREF(parts->key);
    Py_XDECREF(parts->info);
    Py_XDECREF(parts->begun);
    Py_XDECREF(parts->rows);
    Py_XDECREF(parts->result);
}

bool mr_process_run(const struct mr_process_function *function, struct mr_process_call *call,
    struct mr_scratch *scratch)
{
    call->rows = NULL;
    struct mr_call python;
    struct parts parts = {0};
    PyObject *callable = mr_python_instance(function->udf, scratch->caller, &python);
    if (!callable) {
        call->failure = mr_python_failure_take(&python, scratch, 0);
        return false;
    }
    struct mr_python_moment moment = {
        .at_us = call->at_us, .udf = call->row ? function->udf : NULL, .values = call->row};
    mr_python_moment_set(&moment);
    parts.row = call->row ? mr_python_row_new(function->udf) : NULL;
    if (parts.row) mr_python_row_point(parts.row, &moment);
    bool ok = (parts.row || !call->row) &&
              run_parts(function, callable, call, &python, &parts, scratch);
    if (!ok) call->failure = mr_python_failure_take(&python, scratch, 0);
    drop_parts(&parts);
    if (parts.row) {
        mr_python_row_release(parts.row);
        Py_DECREF(parts.row);
    }
    return ok;
}
