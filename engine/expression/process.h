/* User code that keeps state by key: the callables of a KeyedProcess. What it keeps travels as
 * bytes that only this folder reads; whoever calls it holds the bytes. */
#ifndef MR_ENGINE_EXPRESSION_PROCESS_H
#define MR_ENGINE_EXPRESSION_PROCESS_H

#include "engine/expression/caller.h"
#include "engine/expression/expression.h"

enum mr_time_domain { MR_EVENT_TIME, MR_PROCESSING_TIME };
enum mr_state_kind { MR_STATE_VALUE, MR_STATE_BAG, MR_STATE_MAP };

struct mr_state_spec {
    const char *name;
    enum mr_state_kind kind;
    const char *type; /* of its values, as written; "any" */
    mr_us ttl_us;     /* since it was last written; 0: it stays */
    enum mr_time_domain ttl_domain;
};
struct mr_timer_spec {
    const char *name;
    enum mr_time_domain domain;
};
struct mr_process_output {
    const char *name;
    struct mr_schema schema;
};
enum { MR_STATES_MAX = 32, MR_TIMERS_MAX = 16 };
#define MR_TIMER_UNSET INT64_MAX

/* What all callables of a transform share; constant for a campaign. */
struct mr_process_shape {
    uint32_t n_states;
    const struct mr_state_spec *states;
    uint32_t n_timers;
    const struct mr_timer_spec *timers;
    uint32_t n_outputs; /* without that of errors */
    const struct mr_process_output *outputs;
};

struct mr_process_function; /* one callable; constant for a campaign */

/* Compiles a callable of (row, state, timers, ctx), or, where `input` is NULL, of (key, state,
 * timers, ctx): a timer's. It may take fewer arguments, from the left.
 *
 *   errors  INPUT at the place: syntax, imports, fields, states and timers that do not exist,
 * with the nearest one */
MR_MUST_CHECK bool mr_process_compile(struct mr_region *region,
    const struct mr_udf_text *written, const struct mr_process_shape *shape,
    const struct mr_schema *input, const struct mr_process_function **out, struct mr_err *err);

struct mr_state_bytes {
    const char *data;
    uint32_t bytes; /* 0: there is nothing */
};
struct mr_process_row {
    uint32_t output;
    mr_us at_us;
    const struct mr_value *values;
    const struct mr_process_row *next;
};

/* One call. What it yields lies in scratch. */
struct mr_process_call {
    const struct mr_value *row; /* [n_fields of the input]; NULL for a timer */
    uint32_t n_keys;
    const struct mr_value *keys;
    mr_us at_us; /* of the row or the timer: what the clocks show */
    mr_us watermark_us;
    mr_us forwarded_us; /* what was promised to those behind; output is not put before it */
    mr_us emit_us;      /* the time of a row of output that does not say its own */
    mr_us now_us;       /* processing time */
    mr_us window_start_us;
    mr_us window_end_us;
    const struct mr_state_bytes *states; /* [n_states] */

    /* Written by the call. */
    bool is_changed[MR_STATES_MAX];
    struct mr_state_bytes changed[MR_STATES_MAX];
    bool is_set[MR_TIMERS_MAX];
    mr_us set_us[MR_TIMERS_MAX];       /* MR_TIMER_UNSET: cleared */
    const struct mr_process_row *rows; /* in order */
    struct mr_row_failure failure;
};
/* False: an exception, and nothing of it counts but `failure`. */
bool mr_process_run(const struct mr_process_function *function, struct mr_process_call *call,
    struct mr_scratch *scratch);

#endif
