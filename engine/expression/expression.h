/* A compiled expression of a pipeline file: evaluated a batch at a time by the engine, a row at a time by the oracle. */
#ifndef MR_ENGINE_EXPRESSION_EXPRESSION_H
#define MR_ENGINE_EXPRESSION_EXPRESSION_H

#include "base/alloc.h"
#include "engine/batch/batch.h"

/* What can go wrong in one row. It is the row's error, not the run's. Python's exception and message go with it. */
enum mr_row_error {
    MR_ROW_OK,
    MR_ROW_ZERO_DIVISION,
    MR_ROW_OVERFLOW, /* an integer left 64 bits, where Python would go on with a big one */
    MR_ROW_TYPE,     /* None where a value is needed */
    MR_ROW_VALUE,    /* int('x') and the like */
    MR_ROW_FLOAT_RANGE, /* OverflowError of a float operation, or int(inf) */
    MR_ROW_INDEX,       /* a letter that a text does not have */
    /* Of transforms, which say more than the text below. */
    MR_ROW_UNKNOWN_OUTPUT, /* Partition */
    MR_ROW_INVALID,        /* ValidateWithSchema */
    MR_ROW_LOOKUP,         /* Lookup */
    MR_ROW_RAISED, /* user code raised an exception: see caller.h */
};
/* `ZeroDivisionError: division by zero` and so on. */
const char *mr_row_error_text(enum mr_row_error error);
/* Python's repr of the exception, `ZeroDivisionError('division by zero')`. */
const char *mr_row_error_repr(enum mr_row_error error);

enum mr_expression_use {
    MR_USE_VALUE,     /* MapToFields, Combine: in `generic` also one comparison, as Beam allows */
    MR_USE_KEEP,      /* Filter: Python truthiness */
    MR_USE_TIMESTAMP, /* AssignTimestamps: a number is seconds since 1970 */
    MR_USE_FOLD,      /* Combine: a function of the values of a group (folder.h) */
};

struct mr_expression; /* constant for a campaign */

/* Compiles `text`, found at `place` (columns of errors count from it), over rows of `schema`.
 *
 *   language  "generic" (Beam's: a field, a literal, for VALUE and KEEP one comparison by < or >) or "python" (the
 *             pure subset; anything else is refused by name and place)
 *   errors    INPUT at the place: unknown field (with the nearest one), type mismatch, refused construct
 */
MR_MUST_CHECK bool mr_expression_compile(struct mr_region *region, const char *text,
    struct mr_place place, const char *language, enum mr_expression_use use,
    const struct mr_schema *schema, const struct mr_expression **out, struct mr_err *err);

/* A UDF in Python that may be more than an expression of the pure subset. */
struct mr_udf_text {
    const char *text;
    struct mr_place place;
    bool is_generic;   /* written in language `generic`, whose meaning is Python's */
    bool may_fail;     /* someone takes the errors of rows: what fails at each row is no error of the file */
    bool is_callable;  /* a function of the row; else an expression of its fields */
    const char *name;  /* of the callable in the text, which is a file's; NULL: what the text ends with */
    enum mr_type type; /* that it is declared to yield; NULL: not declared */
    const struct mr_shape *shape; /* declared with it; NULL: none */
};
/* Compiles what was written: natively if it is of the pure subset, else for CPython (its result is then nullable).
 *
 * A VALUE for which no type is declared has the one that its text tells, else ANY.
 *
 *   errors  INPUT at the place: also what fails at each row, such as a number added to a text */
MR_MUST_CHECK bool mr_expression_compile_udf(struct mr_region *region,
    const struct mr_udf_text *written, enum mr_expression_use use, const struct mr_schema *schema,
    const struct mr_expression **out, struct mr_err *err);
/* The same, and never natively: what the native evaluators are compared with. */
MR_MUST_CHECK bool mr_expression_compile_foreign(struct mr_region *region,
    const struct mr_udf_text *written, enum mr_expression_use use, const struct mr_schema *schema,
    const struct mr_expression **out, struct mr_err *err);
/* An expression of Beam's SQL, in which the row may be called `table` (NULL: it has no name). */
MR_MUST_CHECK bool mr_expression_compile_sql(struct mr_region *region, const char *text,
    struct mr_place place, const char *table, enum mr_expression_use use,
    const struct mr_schema *schema, const struct mr_expression **out, struct mr_err *err);
/* Member `member` of field `field`, which is a row of an exact shape. */
MR_MUST_CHECK bool mr_expression_compile_member(struct mr_region *region,
    const struct mr_schema *schema, uint32_t field, uint32_t member, struct mr_place place,
    const struct mr_expression **out, struct mr_err *err);
/* Whether it runs in CPython. */
bool mr_expression_is_foreign(const struct mr_expression *expression);

/* What the expression yields. */
struct mr_field mr_expression_result(const struct mr_expression *expression); /* name NULL */
/* The field that the expression merely names, or -1. */
int mr_expression_field(const struct mr_expression *expression);
/* The fields that it may read: bit i is field i. */
uint64_t mr_expression_reads(const struct mr_expression *expression);
/* The text as it was written. */
const char *mr_expression_text(const struct mr_expression *expression);

/* Evaluates all physical rows of the batch; memory from `scratch`.
 *
 *   errors   [n_rows] bytes of enum mr_row_error, zeroed by the caller; a row that fails gets its first error (an
 *            error that is there stays) and a zero value. Rows outside of the selection may get one: ignore them.
 *   returns  a column of n_rows; for KEEP a BOOL column without nulls; for TIMESTAMP an INT column of mr_us
 */
struct mr_column mr_expression_batch(const struct mr_expression *expression,
    const struct mr_batch *batch, struct mr_scratch *scratch, uint8_t *errors);

/* Evaluates one row: `row[n_fields]` in the order of the schema. A second implementation, row by row over the syntax
 * tree. Text results live in `scratch` or in the row. On an error *out is None. */
enum mr_row_error mr_expression_row(const struct mr_expression *expression,
    const struct mr_value *row, struct mr_scratch *scratch, struct mr_value *out);

#endif
