/* The embedded Python and its guards.
 *
 * Invariants.
 * 1. There is one interpreter a process, and it is never finished. It is started by the first
 * function that needs it.
 * 2. Each owner (a simulated worker, the oracle) has builtins, modules and globals of its own;
 * they go when the worker crashes and when the run ends.
 * 3. A call that may not end by itself is armed: a signal of our own is pending, so that Python
 * comes to `tick` wherever it looks for one (each turn of a loop, each call, in long arithmetic
 * and matching), and `tick` makes it pending again. So the budget is counted in steps of
 * Python, never in time. */
#include <signal.h>
#include <string.h>

#include "base/digest.h"
#include "engine/expression/python_internal.h"

enum {
    OWNERS_MAX = 64,
    TICKS_MAX = 100000, /* of a call */
};
#define TAKES_MAX UINT64_C(10000000)        /* that a call may ask for memory */
#define CALL_BYTES_MAX ((size_t)64 << 20)   /* that a call may hold at a time */
#define OWNER_BYTES_MAX ((size_t)256 << 20) /* that an owner may keep */
#define GARBAGE_BYTES ((size_t)16 << 20)    /* so much more than last time: look for cycles */

struct mr_python_owner {
    uint32_t owner;
    uint32_t incarnation;
    size_t kept_bytes;
    PyObject *world;   /* its builtins */
    PyObject *context; /* of decimal and its like */
    uint32_t n_instances;
    PyObject **instances; /* [n_instances] by function; heap */
};

static struct {
    bool is_started;
    PyObject *prelude; /* its globals */
    PyObject *new_world;
    PyObject *instance;
    PyObject *may_open;
    PyObject *runaway; /* the exception's class */
    int signal;
    bool is_armed;
    bool is_inside; /* user code runs */
    PyObject *entered; /* the context that it runs in, when armed; borrowed */
    int64_t ticks_left;
    uint64_t seed;
    uint64_t serial; /* of the row at hand */
    struct mr_python_moment moment;
    size_t collected_bytes;
    uint32_t n_udfs;
    uint32_t udfs_capacity;
    struct mr_udf **udfs; /* [n_udfs], heap */
    uint32_t n_owners;
    struct mr_python_owner owners[OWNERS_MAX];
} python;

/* ---- what the prelude asks for ---- */

static PyObject *tick(PyObject *self, PyObject *arguments)
{
    (void)self;
    (void)arguments;
    if (!python.is_armed) Py_RETURN_NONE;
    PyErr_SetInterruptEx(python.signal);
    if (--python.ticks_left > 0) Py_RETURN_NONE;
    return PyErr_Format(
        python.runaway, "the function did not end within %d loops and calls", (int)TICKS_MAX);
}

static PyObject *clock_us(PyObject *self, PyObject *arguments)
{
    (void)self;
    (void)arguments;
    mr_us at_us = python.moment.at_us;
    return PyLong_FromLongLong(at_us <= MR_US_MIN ? 0 : at_us);
}

struct mr_value mr_python_moment_value(const struct mr_python_moment *moment, uint32_t field)
{
    if (!moment->batch) return moment->values[field];
    return mr_column_value(&moment->batch->columns[field], moment->row);
}

static PyObject *row_key(PyObject *self, PyObject *arguments)
{
    (void)self;
    (void)arguments;
    const struct mr_udf *udf = python.moment.udf;
    uint64_t key = mr_digest_mix(python.seed, 1);
    if (udf) key = mr_digest_mix(key, mr_hash_bytes(udf->text, strlen(udf->text)));
    for (uint32_t i = 0; udf && i < udf->schema.n_fields; i++)
        key = mr_digest_mix(key, mr_value_hash(mr_python_moment_value(&python.moment, i)));
    return PyLong_FromUnsignedLongLong(key);
}

static PyObject *row_serial(PyObject *self, PyObject *arguments)
{
    (void)self;
    (void)arguments;
    return PyLong_FromUnsignedLongLong(python.serial);
}

/* Imports read files of Python's library, and nobody else reads any. */
static bool may_open(PyObject *arguments)
{
    python.is_inside = false;
    PyObject *result = PyObject_CallObject(python.may_open, arguments);
    python.is_inside = true;
    Py_XDECREF(result);
    return result != NULL;
}

/* No files, processes or sockets, whichever way user code came by them. */
static int audit(const char *event, PyObject *arguments, void *self)
{
    (void)self;
    static const char *const refused[] = {"os.", "socket.", "subprocess.", "ctypes.", "shutil.",
        "signal.", "fcntl.", "mmap.", "_posixsubprocess", "pty.", "resource.", "syslog."};
    if (!python.is_inside) return 0;
    if (strcmp(event, "open") == 0) return may_open(arguments) ? 0 : -1;
    if (strcmp(event, "os.listdir") == 0) return 0; /* the finder of modules */
    for (size_t i = 0; i < MR_COUNT(refused); i++) {
        if (strncmp(event, refused[i], strlen(refused[i])) != 0) continue;
        PyErr_Format(
            PyExc_RuntimeError, "'%s' is not available to a function of a pipeline", event);
        return -1;
    }
    return 0;
}

/* ---- starting ---- */

static bool configure(struct mr_err *err)
{
    PyPreConfig before;
    PyPreConfig_InitIsolatedConfig(&before);
    before.utf8_mode = 1;
    PyStatus status = Py_PreInitialize(&before);
    PyConfig config;
    PyConfig_InitIsolatedConfig(&config);
    config.use_hash_seed = 1;
    config.hash_seed = 0;
    config.site_import = 0;
    config.install_signal_handlers = 0;
    config.write_bytecode = 0;
    config.configure_c_stdio = 0;
    /* A name with a folder: nothing is looked for along the PATH. */
    if (!PyStatus_Exception(status))
        status = PyConfig_SetString(&config, &config.program_name, L"/millrace");
    if (!PyStatus_Exception(status)) status = Py_InitializeFromConfig(&config);
    PyConfig_Clear(&config);
    if (!PyStatus_Exception(status)) return true;
    return mr_fail(err, MR_ERR_IO, "cannot start Python: %s",
        status.err_msg ? status.err_msg : "it gives no reason");
}

static bool add_function(PyMethodDef *method)
{
    PyObject *function = PyCFunction_New(method, NULL);
    bool ok = function && PyDict_SetItemString(python.prelude, method->ml_name, function) == 0;
    Py_XDECREF(function);
    return ok;
}

static bool run_prelude(void)
{
    static PyMethodDef methods[] = {{"clock_us", clock_us, METH_NOARGS, NULL},
        {"row_key", row_key, METH_NOARGS, NULL}, {"row_serial", row_serial, METH_NOARGS, NULL}};
    static const char *const *const parts[] = {
        mr_python_beam, mr_python_inference, mr_python_prelude, mr_python_state_text};
    struct mr_text text = {0};
    for (size_t part = 0; part < MR_COUNT(parts); part++)
        for (size_t i = 0; parts[part][i]; i++)
            mr_text_add(&text, parts[part][i], strlen(parts[part][i]));
    PyObject *code = Py_CompileString(text.data, "<millrace>", Py_file_input);
    mr_text_deinit(&text);
    python.prelude = PyDict_New();
    bool ok = code && python.prelude &&
              PyDict_SetItemString(python.prelude, "__builtins__", PyEval_GetBuiltins()) == 0;
    for (size_t i = 0; ok && i < MR_COUNT(methods); i++) ok = add_function(&methods[i]);
    PyObject *result = ok ? PyEval_EvalCode(code, python.prelude, python.prelude) : NULL;
    Py_XDECREF(code);
    Py_XDECREF(result);
    return result != NULL;
}

/* The highest signal there is: nobody else has a use for it. */
static bool install_tick(void)
{
    static PyMethodDef method = {"tick", tick, METH_VARARGS, NULL};
    python.signal = SIGRTMAX;
    PyObject *module = PyImport_ImportModule("_signal");
    PyObject *function = module ? PyCFunction_New(&method, NULL) : NULL;
    PyObject *before =
        function ? PyObject_CallMethod(module, "signal", "iO", python.signal, function) : NULL;
    Py_XDECREF(module);
    Py_XDECREF(function);
    Py_XDECREF(before);
    return before != NULL;
}

PyObject *mr_python_prelude_get(const char *name)
{
    return PyDict_GetItemString(python.prelude, name);
}

/* What is there from now on never goes: the collector need not look at it. It runs when we say
 * so, since when it would by itself depends on everything before. */
static void freeze(void)
{
    PyGC_Disable();
    PyObject *module = PyImport_ImportModule("gc");
    PyObject *result = module ? PyObject_CallMethod(module, "freeze", NULL) : NULL;
    Py_XDECREF(result);
    Py_XDECREF(module);
    PyErr_Clear();
}

bool mr_python_start(struct mr_err *err)
{
    if (python.is_started) return true;
    if (!mr_python_memory_open(err) || !configure(err)) return false;
    if (!run_prelude() || !install_tick() || !mr_python_values_start() ||
        !mr_python_documents_start() ||
        !mr_python_row_start() || PySys_AddAuditHook(audit, NULL) != 0) {
        PyErr_Print();
        return mr_fail(err, MR_ERR_IO, "cannot start Python: its library is not usable");
    }
    python.new_world = mr_python_prelude_get("new_world");
    python.instance = mr_python_prelude_get("instance");
    python.may_open = mr_python_prelude_get("may_open");
    python.runaway = mr_python_prelude_get("Runaway");
    freeze();
    python.collected_bytes = mr_python_memory_bytes();
    python.is_started = true;
    return true;
}

struct mr_udf *mr_python_udf_new(void)
{
    struct mr_udf *udf = mr_alloc(sizeof *udf);
    if (python.n_udfs == python.udfs_capacity) {
        python.udfs_capacity = python.udfs_capacity ? python.udfs_capacity * 2 : 16;
        python.udfs = mr_realloc(python.udfs, sizeof *python.udfs * python.udfs_capacity);
    }
    udf->id = python.n_udfs;
    python.udfs[python.n_udfs++] = udf;
    return udf;
}

struct mr_udf *mr_python_udf_at(uint32_t id)
{
    MR_ASSERT(id < python.n_udfs);
    return python.udfs[id];
}

/* ---- owners ---- */

static void owner_clear(struct mr_python_owner *owner)
{
    for (uint32_t i = 0; i < owner->n_instances; i++) Py_XDECREF(owner->instances[i]);
    mr_free(owner->instances);
    Py_XDECREF(owner->world);
    Py_XDECREF(owner->context);
    *owner = (struct mr_python_owner){.owner = owner->owner};
}

static void collect(void)
{
    PyGC_Collect();
    python.collected_bytes = mr_python_memory_bytes();
}

/* A run that outgrew its arena, perhaps as the result of a call was copied, never came back to
 * leave the call. */
static void leave_abandoned(void)
{
    if (!python.is_inside) return;
    mr_python_memory_limit(SIZE_MAX, UINT64_MAX);
    python.is_inside = false;
    PyErr_Clear();
    if (python.is_armed) PyContext_Exit(python.entered);
    python.is_armed = false;
}

void mr_python_begin(uint64_t seed)
{
    python.seed = seed;
    leave_abandoned();
    if (python.n_owners == 0) return;
    for (uint32_t i = 0; i < python.n_owners; i++) owner_clear(&python.owners[i]);
    python.n_owners = 0;
    python.serial = 0;
    python.moment = (struct mr_python_moment){0};
    collect();
}

uint32_t mr_python_functions(void)
{
    return python.n_udfs;
}

void mr_python_forget(uint32_t n_functions)
{
    mr_python_begin(python.seed);
    while (python.n_udfs > n_functions) {
        struct mr_udf *udf = python.udfs[--python.n_udfs];
        Py_XDECREF(udf->code);
        Py_XDECREF(udf->target);
        Py_XDECREF(udf->names);
        mr_region_destroy(udf->region);
        mr_free(udf);
    }
}

static bool owner_open(struct mr_python_owner *owner)
{
    owner->world = PyObject_CallNoArgs(python.new_world);
    owner->context = owner->world ? PyContext_New() : NULL;
    return owner->context != NULL;
}

static struct mr_python_owner *owner_find(const struct mr_caller *caller)
{
    uint32_t number = caller ? caller->owner : MR_CALLER_NOBODY;
    uint32_t incarnation = caller ? caller->incarnation : 0;
    uint32_t i = 0;
    while (i < python.n_owners && python.owners[i].owner != number) i++;
    MR_ASSERT(i < OWNERS_MAX);
    struct mr_python_owner *owner = &python.owners[i];
    if (i == python.n_owners) {
        *owner = (struct mr_python_owner){.owner = number};
        python.n_owners++;
    }
    if (owner->incarnation != incarnation) owner_clear(owner);
    owner->incarnation = incarnation;
    return owner->world || owner_open(owner) ? owner : NULL;
}

static void reserve_instances(struct mr_python_owner *owner, uint32_t n)
{
    if (owner->n_instances >= n) return;
    owner->instances = mr_realloc(owner->instances, sizeof *owner->instances * n);
    memset(owner->instances + owner->n_instances, 0,
        sizeof *owner->instances * (n - owner->n_instances));
    owner->n_instances = n;
}

PyObject *mr_python_instance(
    const struct mr_udf *udf, const struct mr_caller *caller, struct mr_call *call)
{
    struct mr_python_owner *owner = owner_find(caller);
    *call = (struct mr_call){.owner = owner};
    if (!owner) return NULL;
    if (udf->id >= owner->n_instances) reserve_instances(owner, python.n_udfs);
    PyObject **instance = &owner->instances[udf->id];
    if (*instance) return *instance;
    mr_python_enter(call, false);
    *instance = PyObject_CallFunctionObjArgs(
        python.instance, owner->world, udf->code, udf->target, NULL);
    mr_python_leave(call);
    return *instance;
}

/* ---- calls ---- */

void mr_python_enter(struct mr_call *call, bool ends_by_itself)
{
    MR_ASSERT(!python.is_inside);
    size_t kept = call->owner->kept_bytes;
    size_t left = OWNER_BYTES_MAX > kept ? OWNER_BYTES_MAX - kept : 0;
    call->bytes_before = mr_python_memory_bytes();
    mr_python_memory_limit(
        call->bytes_before + (left < CALL_BYTES_MAX ? left : CALL_BYTES_MAX), TAKES_MAX);
    python.is_inside = true;
    if (ends_by_itself) return;
    PyContext_Enter(call->owner->context);
    python.entered = call->owner->context;
    python.is_armed = true;
    python.ticks_left = TICKS_MAX + call->extra_ticks;
    PyErr_SetInterruptEx(python.signal);
}

/* Garbage that goes here was an owner's, though perhaps not of this one: its count is only ever
 * too small. */
static void disarm(const struct mr_call *call)
{
    PyObject *type, *value, *trace;
    python.is_armed = false;
    PyErr_Fetch(&type, &value, &trace);
    PyContext_Exit(call->owner->context);
    if (mr_python_memory_bytes() > python.collected_bytes + GARBAGE_BYTES) collect();
    PyErr_Restore(type, value, trace);
}

void mr_python_leave(struct mr_call *call)
{
    mr_python_memory_limit(SIZE_MAX, UINT64_MAX);
    python.is_inside = false;
    if (python.is_armed) disarm(call);
    size_t live = mr_python_memory_bytes();
    size_t before = call->bytes_before;
    size_t *kept = &call->owner->kept_bytes;
    if (live >= before)
        *kept += live - before;
    else
        *kept = *kept > before - live ? *kept - (before - live) : 0;
}

void mr_python_moment_set(const struct mr_python_moment *moment)
{
    python.moment = *moment;
    python.serial++;
}
