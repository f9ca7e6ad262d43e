/* What the files of the embedded Python share, and nobody else may see. */
#ifndef MR_ENGINE_EXPRESSION_PYTHON_INTERNAL_H
#define MR_ENGINE_EXPRESSION_PYTHON_INTERNAL_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "engine/expression/python.h"

#define MR_COUNT(array) (sizeof(array) / sizeof *(array))

struct mr_udf {
    uint32_t id;
    const char *text;
    struct mr_field result; /* the name is NULL */
    enum mr_expression_use use;
    bool is_inferred;    /* the result's type follows from the text: nobody declared it */
    bool is_callable;    /* takes the row, not its fields */
    bool ends_by_itself; /* it needs no budget */
    PyObject *code;
    PyObject *target;        /* the name of the callable; None for an expression */
    struct mr_schema schema; /* its fields, and what else is pointed at, lie in the region */
    PyObject *names;         /* a tuple: those of the schema, interned */
    uint32_t n_arguments;
    const uint32_t *arguments; /* [n_arguments] fields that an expression takes */
    /* Of those that python_retry.c makes in the middle of runs. */
    uint64_t retry_key;       /* 0: it is none */
    bool is_refused;          /* it could not be made, and is not tried again */
    struct mr_region *region; /* owned: what is pointed at lies in it; NULL: in another's */
};

/* python_memory.c: all of Python's memory, in a region of its own at a fixed address; what is
 * there is counted, and past the limit there is no more. */
MR_MUST_CHECK bool mr_python_memory_open(struct mr_err *err);
size_t mr_python_memory_bytes(void);
/* The bytes that there may be, and how often from now on some may be asked for: loops inside of
 * Python's own functions, such as sum, are no steps, but make objects. SIZE_MAX, UINT64_MAX: no
 * limit. */
void mr_python_memory_limit(size_t bytes_max, uint64_t takes_max);

/* python_prelude.c, made from python_prelude.py: its lines, then NULL. */
extern const char *const mr_python_prelude[];
/* The same of python_beam.py and python_inference.py, whose names the prelude's are among. */
extern const char *const mr_python_beam[];
extern const char *const mr_python_inference[];
/* python_state_text.c, made from python_state.py: runs behind it. */
extern const char *const mr_python_state_text[];

/* python.c. Starts Python, once a process. */
MR_MUST_CHECK bool mr_python_start(struct mr_err *err);
/* A function of the prelude; borrowed. */
PyObject *mr_python_prelude_get(const char *name);
/* An empty one, with its id; python.c keeps it. */
struct mr_udf *mr_python_udf_new(void);
struct mr_udf *mr_python_udf_at(uint32_t id);

/* One call, on behalf of an owner. */
struct mr_python_owner;
struct mr_call {
    struct mr_python_owner *owner;
    size_t bytes_before;
    int64_t extra_ticks; /* beyond those that any call has */
};
/* The function itself in the caller's namespace, borrowed; NULL with an exception. */
PyObject *mr_python_instance(
    const struct mr_udf *udf, const struct mr_caller *caller, struct mr_call *call);
/* Around each call: what it may use is counted in between. */
void mr_python_enter(struct mr_call *call, bool ends_by_itself);
void mr_python_leave(struct mr_call *call);

/* The row at hand: the event time that the clocks show, and what random numbers are keyed by.
 */
struct mr_python_moment {
    mr_us at_us;
    const struct mr_udf *udf;
    const struct mr_batch *batch; /* one of these two */
    uint32_t row;
    const struct mr_value *values;
};
struct mr_value mr_python_moment_value(const struct mr_python_moment *moment, uint32_t field);
void mr_python_moment_set(const struct mr_python_moment *moment);
/* python_failure.c. Takes the exception that is set. Its own code may be asked what it says:
 * that is a call too.
 */
struct mr_row_failure mr_python_failure_take(
    struct mr_call *call, struct mr_scratch *scratch, uint32_t row);

/* python_value.c. A new reference, or NULL with an exception. */
PyObject *mr_python_of_value(struct mr_value value);
/* The result as a value of the function's type; its text is copied to `scratch`. False with an
 * exception. */
bool mr_python_to_value(const struct mr_udf *udf, PyObject *object, struct mr_scratch *scratch,
    struct mr_value *out);
bool mr_python_values_start(void);
bool mr_python_is_timestamp(PyObject *object);
bool mr_python_to_micros(PyObject *object, int64_t *out);

/* python_document.c: the same for values with values inside, and for any. */
bool mr_python_documents_start(void);
PyObject *mr_python_of_document(struct mr_value value);
bool mr_python_to_any(PyObject *object, struct mr_scratch *scratch, struct mr_value *out);
/* Where `type` is declared; whether it is of the type remains to be asked. */
bool mr_python_to_document(
    PyObject *object, enum mr_type type, struct mr_scratch *scratch, struct mr_value *out);

/* python_row.c: the row that a callable takes. */
bool mr_python_row_start(void);
bool mr_python_is_row(PyObject *object);
PyObject *mr_python_row_new(const struct mr_udf *udf);
void mr_python_row_point(PyObject *row, const struct mr_python_moment *moment);
/* The call is over: if somebody kept the row, it must stand on its own. True: it may be pointed
 * at another one. */
bool mr_python_row_release(PyObject *row);

#endif
