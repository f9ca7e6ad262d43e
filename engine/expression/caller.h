/* On whose behalf user code runs: what it may know of the world, and what became of the rows
 * that it failed on. */
#ifndef MR_ENGINE_EXPRESSION_CALLER_H
#define MR_ENGINE_EXPRESSION_CALLER_H

#include <stdint.h>

#include "base/time.h"

enum { MR_CALLER_NOBODY = UINT16_MAX, MR_CALLER_ORACLE };

/* A row on which user code raised an exception; in the scratch memory of the handler. */
struct mr_row_failure {
    const struct mr_row_failure *next;
    uint32_t row;        /* of the batch; 0 for a single row */
    const char *message; /* str(exception) */
    const char *stack;
};

/* Hangs on the scratch memory, so that it is there wherever expressions are evaluated. */
struct mr_caller {
    uint32_t owner; /* the process, or one of the above: each has a namespace of its own, ... */
    uint32_t incarnation; /* ... and a new one after a crash */
    mr_us at_us; /* the clock of user code is the event time of its row; a batch has its own
                    times */
    const struct mr_row_failure *failures; /* since they were last taken */
};

/* The message and the stack of a row that failed: of user code its own, else the text of the
 * error. */
struct mr_row_failure mr_row_failure_find(
    const struct mr_caller *caller, uint8_t error, uint32_t row);

/* A run begins: the namespaces of the one before are gone, random numbers are those of the
 * seed. */
void mr_python_begin(uint64_t seed);
/* How many functions there are, and going back to so few: for tests that compile very many. */
uint32_t mr_python_functions(void);
void mr_python_forget(uint32_t n_functions);

#endif
