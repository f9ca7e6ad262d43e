/* The logical pipeline: what a Beam YAML file means, checked and resolved. Constant for a campaign. */
#ifndef MR_ENGINE_PIPELINE_GRAPH_H
#define MR_ENGINE_PIPELINE_GRAPH_H

#include "base/yaml.h"
#include "engine/expression/expression.h"
#include "engine/pipeline/zone.h"
#include "engine/expression/template.h"
#include "engine/pipeline/assertion.h"
#include "engine/expression/process.h"

enum mr_transform_kind {
    MR_READ_FROM_LOG,
    MR_CREATE,
    MR_MAP_TO_FIELDS,
    MR_FILTER,
    MR_FLATTEN,
    MR_ASSIGN_TIMESTAMPS,
    MR_WINDOW_INTO, /* WindowInto and Window */
    MR_COMBINE,
    MR_WRITE_TO_LOG,
    MR_PARTITION,
    MR_RESHUFFLE,
    MR_EXTRACT_WINDOWING_INFO,
    MR_VALIDATE_WITH_SCHEMA,
    MR_LOG_FOR_TESTING,
    MR_JOIN,
    MR_EXPLODE,
    MR_SQL, /* Sql that looks at more than one row, Combine in SQL */
    MR_JOIN_STREAMS, /* interval and temporal */
    MR_LOOKUP,
    MR_KEYED_PROCESS,
    MR_DEDUPLICATE,
    MR_TOP_N,
    MR_MATERIALIZE,
    MR_ROUTE,
};

enum mr_window_kind {
    MR_WINDOW_GLOBAL,
    MR_WINDOW_FIXED,
    MR_WINDOW_SLIDING,
    MR_WINDOW_SESSIONS,
    MR_WINDOW_CALENDAR, /* days of a time zone */
};
enum mr_trigger_kind {
    MR_TRIGGER_DEFAULT,    /* at the watermark, then for each late batch */
    MR_TRIGGER_WATERMARK,  /* at the watermark; `early` before it and `late` after it, each again and again */
    MR_TRIGGER_COUNT,      /* after `count` rows or more */
    MR_TRIGGER_DELAY,      /* `delay_ns` of processing time after the first row */
    MR_TRIGGER_REPEATEDLY, /* its part, which begins anew when it has finished */
    MR_TRIGGER_ANY,        /* as soon as one part would */
    MR_TRIGGER_ALL,        /* when each part has or would */
    MR_TRIGGER_EACH,       /* one part after the other */
    MR_TRIGGER_NEVER,
};
/* When panes of a window fire: Beam's triggers, a tree. What has fired for the last time is finished, and with the
 * root's the window is closed: it takes no more rows. Rows that no pane has brought when the window expires come in
 * a last one. */
struct mr_trigger {
    enum mr_trigger_kind kind;
    uint32_t count;
    mr_ns delay_ns;
    const struct mr_trigger *early; /* WATERMARK; NULL: none */
    const struct mr_trigger *late;  /* WATERMARK; NULL: none, it finishes at the watermark */
    uint32_t n_parts;               /* REPEATEDLY: 1; ANY, ALL, EACH: at least 1 */
    const struct mr_trigger *parts;
};
enum { MR_TRIGGER_NODES_MAX = 32 };
/* Whether the trigger, or a part of it, is of the kind. NULL has none. */
bool mr_trigger_has(const struct mr_trigger *trigger, enum mr_trigger_kind kind);
/* RETRACTING: a pane that is not the first takes back the one before it (UPDATE_BEFORE), then
 * says what holds now (UPDATE_AFTER). What a session has said is taken back (DELETE) when its
 * bounds change. */
enum mr_accumulation { MR_DISCARDING, MR_ACCUMULATING, MR_RETRACTING };
/* The time of a pane: the last instant of its window, or the earliest or latest of the rows that it brings. */
enum mr_timestamp_combiner { MR_END_OF_WINDOW, MR_EARLIEST, MR_LATEST };

/* A row at t is in the SLIDING windows [s, s + size) with s = offset modulo period and t - size < s <= t; where the
 * period is larger than the size it may be in none. SESSIONS: each row begins as [t, t + gap), and windows of a key
 * that overlap become one; those that touch do not. */
struct mr_windowing {
    enum mr_window_kind kind;
    mr_us size_us;             /* FIXED, SLIDING: > 0 */
    mr_us offset_us;           /* FIXED: in [0, size); SLIDING: in [0, period) */
    mr_us period_us;           /* SLIDING: > 0 */
    mr_us gap_us;              /* SESSIONS: > 0 */
    uint32_t days;             /* CALENDAR: > 0 */
    struct mr_zone zone;       /* CALENDAR */
    mr_us allowed_lateness_us; /* >= 0 */
    enum mr_accumulation accumulation;
    enum mr_timestamp_combiner timestamp_combiner;
    struct mr_trigger trigger;
    bool has_told_panes; /* of a Combine with lateness: something behind it minds how late rows are cut into panes */
};
bool mr_windowing_same(const struct mr_windowing *a, const struct mr_windowing *b);
/* Whether all that a Combine does under it follows from rows and watermark alone: one pane at the end of a window that
 * is known from the row, then late ones. Else panes depend on the order in which rows and watermarks came. */
bool mr_windowing_is_plain(const struct mr_windowing *windowing);

enum mr_watermark_strategy {
    MR_WATERMARK_BOUNDED,
    MR_WATERMARK_ASCENDING,
    MR_WATERMARK_PUNCTUATED,      /* rows say which of them carry one */
    MR_WATERMARK_PROCESSING_TIME, /* rows and watermark have the time of the reader's clock */
};
enum { MR_ALIGNMENT_GROUPS_MAX = 16 };
/* Sources of one group read at most max_drift_us of event time ahead of the least watermark among their active
 * partitions. */
struct mr_alignment {
    bool is_aligned;
    uint32_t group; /* index among the graph's */
    mr_us max_drift_us;
};
/* `schema` of the config maps a field to the word of its type; `type?` or {type: T, nullable: true} makes it nullable. */
struct mr_read_from_log {
    const char *topic;
    int event_time_field;     /* -1: the log's own time of append */
    enum mr_watermark_strategy strategy;
    mr_us max_out_of_orderness_us; /* BOUNDED; the watermark is the largest time seen less this */
    mr_ns idle_after_ns;           /* 0: never idle */
    const struct mr_expression *punctuation; /* PUNCTUATED: true of a row whose event time is a watermark, or NULL: */
    int punctuation_field;                   /* PUNCTUATED: a TIMESTAMP that is one where it is not null */
    struct mr_alignment alignment;
};
struct mr_create {
    uint32_t n_rows;
    const struct mr_value *rows; /* [n_rows][n_fields] */
};
/* One output field of MapToFields. */
struct mr_mapping {
    const char *name;
    const struct mr_expression *expression;
};
struct mr_map_to_fields {
    uint32_t n_mappings; /* all output fields in order, kept ones of `append` included */
    const struct mr_mapping *mappings;
    const struct mr_expression *keep; /* rows for which it is false are left out; NULL: none */
};
enum mr_aggregate_kind {
    MR_COUNT,
    MR_SUM,
    MR_MIN,
    MR_MAX,
    MR_MEAN,
    /* From here on the values themselves are kept, and folded when they are shown. */
    MR_FOLD_GROUP,
    MR_FOLD_CONCAT,
    MR_FOLD_ALL,
    MR_FOLD_ANY,
    MR_FOLD_PYTHON,
};
static inline bool mr_aggregate_is_fold(enum mr_aggregate_kind kind)
{
    return kind >= MR_FOLD_GROUP;
}
struct mr_folder;
struct mr_aggregate {
    const char *name; /* of the output field */
    enum mr_aggregate_kind kind;
    const struct mr_expression *value; /* NULL for COUNT of a mere field: every row counts, None too */
    const struct mr_folder *folder;    /* FOLD_PYTHON (engine/expression/folder.h) */
    struct mr_field result;
};
struct mr_combine {
    uint32_t n_keys;     /* 0: everything in one group */
    const int *key_fields; /* [n_keys] of the input */
    uint32_t n_aggregates;
    const struct mr_aggregate *aggregates;
};
/* Whether all aggregates say something of no rows: a count is 0, but there is no least, and what Python makes of nothing is anybody's guess. */
bool mr_combine_has_empty(const struct mr_combine *combine);
enum mr_delivery { MR_DELIVERY_EXACTLY_ONCE, MR_DELIVERY_AT_LEAST_ONCE };
enum mr_file_format { MR_FILE_TEXT, MR_FILE_CSV, MR_FILE_JSON };
/* Where the rows of a topic belong once the run is over: `PATH-00000-of-00001`. */
struct mr_file_sink {
    enum mr_file_format format;
    const char *path;
    char delimiter; /* CSV */
};
struct mr_write_to_log {
    const char *topic;
    int key_field; /* decides the partition; -1: rows go to the partition of the writing subtask */
    enum mr_delivery delivery;
    const struct mr_assertion *assertion; /* AssertEqual; NULL: a WriteToLog */
    bool is_collector; /* stands for the reader that an output lacks: see mr_graph_options */
    const struct mr_file_sink *file; /* WriteToText and the like: to a topic of its own; NULL: none */
};
enum mr_log_level { MR_LOG_INFO, MR_LOG_ERROR, MR_LOG_DEBUG };
struct mr_log_for_testing {
    enum mr_log_level level;
    const char *prefix;
};

/* A row goes to the output that has the name which `by` yields for it. */
struct mr_partition {
    const struct mr_expression *by; /* a string, or None */
    uint32_t n_names;               /* the first outputs: those that are listed, and the unknown one */
    int unknown; /* the output for all other names and for None; -1: they are the row's error */
};
enum { MR_PARTITION_NAMES_MAX = 128 };

enum mr_windowing_info {
    MR_INFO_TIMESTAMP,
    MR_INFO_WINDOW_START,
    MR_INFO_WINDOW_END,
    MR_INFO_WINDOW_STRING,
    MR_INFO_WINDOW_TYPE,
    MR_INFO_WINDOW_OBJECT, /* ROW: start, end */
    MR_INFO_PANE_INFO, /* ROW: is_first, is_last, timing, index, nonspeculative_index */
};
/* New fields behind those of the input. */
struct mr_extract {
    uint32_t n_infos;
    const enum mr_windowing_info *infos;
};

/* A row for each member of the fields: for each combination of them, or side by side, the shorter filled up with None. */
struct mr_explode {
    uint32_t n_fields;
    const int *fields; /* of the input */
    bool is_cross_product;
};

/* One rule of a JSON schema about a field. All but REQUIRED say nothing of a None, which JSON
 * schema takes for a field that is not there. */
enum mr_rule_kind {
    MR_RULE_REQUIRED,
    MR_RULE_ABSENT,  /* no such property: only None will do */
    MR_RULE_INTEGER, /* a float without a fraction */
    MR_RULE_ENUM,
    MR_RULE_MINIMUM,
    MR_RULE_MAXIMUM,
    MR_RULE_EXCLUSIVE_MINIMUM,
    MR_RULE_EXCLUSIVE_MAXIMUM,
    MR_RULE_MIN_LENGTH, /* of text, in characters */
    MR_RULE_MAX_LENGTH,
    /* Of values of any type, and of what is inside of them. */
    MR_RULE_TYPE,
    MR_RULE_HAS,     /* a member of the name that is not null */
    MR_RULE_MEMBERS, /* rules of members of the names */
    MR_RULE_OTHERS,  /* rules of all other members, or that there are none */
    MR_RULE_ITEMS,   /* rules of each element of a list */
    MR_RULE_MIN_ITEMS,
    MR_RULE_MAX_ITEMS,
};
/* Bits of the types of JSON. */
enum {
    MR_JSON_BOOLEAN = 1,
    MR_JSON_INTEGER = 2,
    MR_JSON_NUMBER = 4,
    MR_JSON_STRING = 8,
    MR_JSON_ARRAY = 16,
    MR_JSON_OBJECT = 32,
    MR_JSON_NULL = 64,
};
struct mr_rules {
    uint32_t n;
    const struct mr_rule *rules; /* in the order in which they are asked */
};
struct mr_rule {
    enum mr_rule_kind kind;
    int field; /* of rules about fields */
    uint32_t types;          /* TYPE */
    uint32_t n_names;        /* MEMBERS, OTHERS; of HAS one */
    const char *const *names; /* of members of rows, and keys of maps */
    const struct mr_rules *inner; /* MEMBERS: [n_names]; ITEMS, OTHERS: one, NULL where others are forbidden */
    const char *failure;    /* what a row says that breaks it */
    struct mr_value bound;  /* INT or FLOAT of the bounds, INT of the lengths */
    uint32_t n_values;      /* ENUM */
    const struct mr_value *values;
};
enum { MR_RULES_MAX = 250 }; /* so that a byte can name one */
struct mr_validation {
    uint32_t n_rules;
    const struct mr_rule *rules; /* in the order in which they are asked: the first that is broken counts */
};

/* How an input is joined to all that stand before it. */
enum mr_join_type { MR_JOIN_INNER, MR_JOIN_LEFT, MR_JOIN_RIGHT, MR_JOIN_FULL };
/* A field of an input equals a field of one before it. None equals nothing; -0.0 equals 0.0, and NaN itself. */
struct mr_join_equality {
    int field;
    uint32_t other_input; /* an earlier one */
    int other_field;      /* of the same type */
};
struct mr_join_input {
    enum mr_join_type type; /* of the first input nothing */
    uint32_t n_equalities;  /* all must hold; of the first input none, of all others at least one */
    const struct mr_join_equality *equalities;
};
struct mr_join_field {
    uint32_t input;
    int field;
};
enum mr_join_kind {
    MR_JOIN_OF_WINDOW,
    MR_JOIN_INTERVAL, /* rows whose times lie near each other */
    MR_JOIN_TEMPORAL, /* a row with the newest of the other input that is no younger than it */
};
/* Rows of one window are joined when it ends, from the first input on: ((a b) c) d. */
struct mr_join {
    const struct mr_join_input *inputs; /* [n_inputs] */
    const struct mr_join_field *fields; /* [n_fields of the output] */
    uint32_t n_keys;                    /* columns that are equal in all inputs; 0: there are none */
    const int *const *key_fields;       /* [n_inputs][n_keys] */
    enum mr_join_kind kind;             /* JOIN_STREAMS: INTERVAL or TEMPORAL, of two inputs */
    /* INTERVAL: a row at t of the first input meets those of the second in [t - before, t + after]. TEMPORAL: those in
     * [t - before, t], where `before` is MR_US_MAX for all that have been. */
    mr_us before_us;
    mr_us after_us;
};
enum { MR_JOIN_INPUTS_MAX = 16 };
/* What transforms with state by key and window share. What they do depends on the order in which rows of all inputs
 * and watermarks come. */
struct mr_keyed {
    uint32_t n_keys;                /* 0: everything has one key */
    const int *const *key_fields;   /* [n_inputs][n_keys] */
    const struct mr_field *keys;    /* [n_keys]: types are those of all inputs */
    struct mr_process_shape shape;  /* states and timers; of KEYED_PROCESS also the outputs */
};
struct mr_keyed_process {
    const char *const *input_names;                          /* [n_inputs] */
    const struct mr_process_function *const *on_element;     /* [n_inputs] */
    const struct mr_process_function *const *on_timer;   /* [n_timers]; NULL: nothing happens */
};
/* The best rows of a key and window. Its output has one more field than its input. */
struct mr_order_by {
    int field;
    bool is_descending;
};
struct mr_top_n {
    uint32_t n;
    uint32_t n_orders;
    const struct mr_order_by *orders; /* then by all fields, rising: no two different rows are equal */
    uint32_t n_fields; /* of the input */
    bool is_final;     /* at the end of the window, with the rank; else each change of the list, and which it is */
};
enum { MR_TOP_N_MAX = 1000 };
/* The newest row of each key, as a stream of its changes: all fields, then the word of the change. */
struct mr_materialize {
    uint32_t n_fields; /* of the input */
    int version_field; /* a row of a lower version than the newest is old news; -1: the last one that came counts */
    const struct mr_expression *is_delete; /* NULL: nothing is deleted */
};
/* A row goes to the output of the first rule that holds for it, or of each. */
struct mr_route_rule {
    const struct mr_expression *when;
    uint32_t output;
};
struct mr_route {
    uint32_t n_rules;
    const struct mr_route_rule *rules;
    uint32_t n_names;
    bool is_first; /* else all, though no output twice */
    int fallback;  /* the output for rows that no rule takes; -1: they go nowhere */
    bool is_controlled;     /* rules come as rows: see control.h */
    uint32_t control_input; /* by which */
    int control_columns[6]; /* where enum mr_control_column are in it */
    const struct mr_schema *rows; /* of the other input */
};

/* A SELECT over the rows of one window, when it ends. */
struct mr_sql_query; /* engine/expression/sql.h */
struct mr_sql {
    const struct mr_sql_query *query;
    uint32_t n_keys; /* of the only input; 0: all rows are one group */
    const int *key_fields;
};

/* What becomes of a row whose key the service does not know. */
enum mr_lookup_policy { MR_LOOKUP_NULL, MR_LOOKUP_DROP, MR_LOOKUP_IS_ERROR };
/* How a lookup ends for a row. */
enum mr_lookup_outcome { MR_LOOKUP_DONE, MR_LOOKUP_NO_ROW, MR_LOOKUP_TIMED_OUT, MR_LOOKUP_FAILED, MR_LOOKUP_OUTCOMES };
/* Rows get the fields that a service has under their key. A null key is one that it does not know. */
struct mr_lookup {
    const char *connector;
    int key_field;
    struct mr_schema fields; /* behind those of the input */
    uint32_t max_in_flight;  /* calls of a subtask at a time */
    bool is_ordered;         /* rows leave in the order in which they came; else only between watermarks they may not */
    uint32_t retries;        /* after the first call */
    mr_ns timeout_ns;        /* of one call */
    mr_ns backoff_ns;        /* before the first retry; doubles */
    mr_ns cache_ttl_ns;      /* 0: no cache */
    uint32_t calls_a_second; /* of a subtask, evenly spaced; 0: no limit */
    enum mr_lookup_policy on_missing;
    const char *failures[MR_LOOKUP_OUTCOMES]; /* what a row says that failed */
};

struct mr_edge {
    uint32_t transform; /* producer */
    uint32_t output;    /* of the producer */
};
/* A Partition has its named outputs first, and then that of the errors; all others are like this. */
enum { MR_OUTPUT_MAIN = 0, MR_OUTPUT_ERRORS = 1 };
/* Rows of an error output: `element`, the failed row as a ROW, then `msg` and `stack`, both string. */
struct mr_output {
    const char *name; /* "out", "good", or the name of the error output */
    struct mr_schema schema;
    bool is_consumed;
};

struct mr_transform {
    uint32_t id;            /* its index: producers come before consumers */
    enum mr_transform_kind kind;
    const char *type;       /* as written */
    const char *name;       /* unique in the graph: the written name with its scopes, `Chain/Combine` */
    struct mr_place place;  /* of the transform in the file */
    uint32_t n_inputs;
    const struct mr_edge *inputs;
    uint32_t n_outputs;     /* 0 for sinks */
    struct mr_output *outputs;
    uint32_t error_output;  /* its index; 0: there is none, a row that fails fails the job */
    struct mr_windowing windowing; /* of the main output; of the input for sinks */
    union {
        struct mr_read_from_log read;
        struct mr_create create;
        struct mr_map_to_fields map;
        const struct mr_expression *keep;      /* FILTER */
        const struct mr_expression *timestamp; /* ASSIGN_TIMESTAMPS */
        struct mr_combine combine;
        struct mr_write_to_log write;
        struct mr_partition partition;
        struct mr_extract extract;
        struct mr_validation validation;
        struct mr_lookup lookup;
        struct mr_log_for_testing log;
        struct mr_join join;
        struct mr_explode explode;
        struct mr_sql sql;
        struct mr_keyed_process process;
        struct mr_top_n top;
        struct mr_materialize materialize;
        struct mr_route route;
    };
    const struct mr_keyed *keyed; /* NULL: it keeps nothing by key */
};

/* Whether it keeps the rows of its inputs until their window ends, and then puts out what they make together. */
static inline bool mr_transform_gathers(const struct mr_transform *transform)
{
    return transform->kind == MR_JOIN || transform->kind == MR_SQL;
}
/* Whether it holds rows by time, without windows. */
static inline bool mr_transform_keeps_times(const struct mr_transform *transform)
{
    return transform->kind == MR_JOIN_STREAMS;
}
/* Whether it holds state by window, from which panes come when the watermark passes. */
static inline bool mr_transform_has_panes(const struct mr_transform *transform)
{
    return transform->kind == MR_COMBINE || mr_transform_gathers(transform);
}
/* Whether what it has put out may be taken back. */
static inline bool mr_transform_retracts(const struct mr_transform *transform)
{
    return transform->kind == MR_COMBINE && transform->windowing.accumulation == MR_RETRACTING;
}
/* Whether what it puts out follows from state and watermark: checks and oracle look after it. */
static inline bool mr_transform_has_state(const struct mr_transform *transform)
{
    return mr_transform_has_panes(transform) || mr_transform_keeps_times(transform);
}

/* What is accepted but may surprise: `lint` prints it. */
struct mr_warning {
    struct mr_place place;
    const char *text;
};

struct mr_graph {
    uint32_t n_transforms;
    struct mr_transform *transforms;
    uint32_t n_warnings;
    const struct mr_warning *warnings;
    bool includes_millrace; /* its providers are those that bring Millrace's types to Beam */
    uint32_t n_alignment_groups; /* at most MR_ALIGNMENT_GROUPS_MAX */
    const char *const *alignment_groups; /* their names */
    bool needs_python; /* user code runs in CPython: it keeps state that no arena holds */
};

/* One value that the scenario puts over the pipeline's config: `ReadFromLog.watermark.idle_after: 500ms`. The part
 * before the first dot names a transform by name or type, the rest is a path in its config. */
struct mr_override_set {
    const char *path;
    const struct mr_yaml *value;
    struct mr_place place;
};

/* Reads a pipeline: `text[bytes]` of the file called `path`, resolved as Beam does (BEAM-YAML.md 1.3 and 1.6).
 *
 *   sets[n_sets]  values that replace those of the file; naming what is not there is an error
 *   errors        INPUT, with place, quoted line and the nearest word: YAML syntax, unknown keys, transforms and
 *                 fields, types, cycles, unconsumed error outputs, sizes and durations out of range, and each
 *                 construct of Beam that Millrace does not support yet, by name
 */
MR_MUST_CHECK bool mr_graph_read(struct mr_region *region, const char *path, const char *text,
    size_t bytes, const struct mr_override_set *sets, uint32_t n_sets, const struct mr_graph **out,
    struct mr_err *err);

/* Files of data, in the order of their paths. */
struct mr_data_file {
    const char *path; /* as the pattern names it */
    const char *text;
    size_t bytes;
};
struct mr_data_files {
    uint32_t n;
    const struct mr_data_file *files; /* [n] */
};
/* The files that a pipeline names (`path` of a UDF, `include` of a provider or of Jinja), by
 * paths relative to its own folder. */
struct mr_graph_files {
    void *self;
    bool (*read)(void *self, struct mr_region *region, const char *path, const char **text,
        size_t *bytes, struct mr_err *err);
    const char *jinja_variables; /* a JSON object; NULL: none */
    /* The files of data that a pattern with `*`, `?` and `[...]` names, from the working
     * directory, and where there is nothing, from the pipeline's folder; NULL: there are none. */
    bool (*find)(void *self, struct mr_region *region, const char *pattern,
        struct mr_data_files *out, struct mr_err *err);
};
/* The same, with files; NULL: there are none, and naming one is an error. */
MR_MUST_CHECK bool mr_graph_read_with(struct mr_region *region, const char *path, const char *text,
    size_t bytes, const struct mr_graph_files *files, const struct mr_override_set *sets,
    uint32_t n_sets, const struct mr_graph **out, struct mr_err *err);

/* A pipeline's text as YAML, and what Jinja had to do with it. */
struct mr_graph_document {
    const struct mr_yaml *root;
    const struct mr_rendered *rendered;
};
/* How a pipeline is read when more is known than its text. Zeroed: nothing is. */
struct mr_graph_options {
    const struct mr_graph_files *files;
    const struct mr_override_set *sets;
    uint32_t n_sets;
    const struct mr_graph_document *document; /* what mr_graph_parse made of the text, or a part of it */
    const struct mr_yaml *providers; /* besides those of the document; NULL: none */
    bool collects; /* each output that nothing reads gets a sink, is_collector, to a topic of its own */
    const struct mr_yaml *test; /* an item of `tests`: only what it asks for is read (slice.c) */
};
MR_MUST_CHECK bool mr_graph_read_as(struct mr_region *region, const char *path, const char *text,
    size_t bytes, const struct mr_graph_options *options, const struct mr_graph **out,
    struct mr_err *err);
/* The document of a pipeline's text. */
MR_MUST_CHECK bool mr_graph_parse(struct mr_region *region, const char *path, const char *text,
    size_t bytes, const struct mr_graph_files *files, struct mr_graph_document *out,
    struct mr_err *err);

/* The transforms that read the given output: writes at most `max` ids, returns how many there are. */
uint32_t mr_graph_consumers(const struct mr_graph *graph, uint32_t transform, uint32_t output,
    uint32_t *ids, uint32_t max);

#endif
