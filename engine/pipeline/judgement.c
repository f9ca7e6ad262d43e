#include "engine/pipeline/judgement.h"

#include <string.h>

#include "engine/pipeline/graph_internal.h"

struct judge {
    struct mr_region *region;
    const struct mr_graph *graph;
    struct mr_judgement *out;
    bool *is_from_log; /* [n_transforms]: rows of a log get here */
    bool *is_timed;    /* [n_transforms]: an AssignTimestamps lies upstream, or is this */
    bool
        *is_windowed_by_it; /* [n_transforms]: the windows follow from the times that it gave */
};

static void remark(struct mr_region *region, struct mr_remarks *remarks, struct mr_place place,
    const char *text)
{
    if (remarks->n == remarks->capacity) {
        uint32_t capacity = remarks->capacity ? 2 * remarks->capacity : 8;
        struct mr_remark *grown = mr_region_array(region, struct mr_remark, capacity);
        if (remarks->n > 0) memcpy(grown, remarks->list, sizeof *grown * remarks->n);
        remarks->list = grown;
        remarks->capacity = capacity;
    }
    remarks->list[remarks->n++] = (struct mr_remark){place, text};
}

#define REMARK(judge, remarks, at, ...)                                                        \
    remark((judge)->region, &(judge)->out->remarks, (at)->place,                               \
        mr_region_printf((judge)->region, __VA_ARGS__))

/* ---- Portability ---- */

static bool is_extension(const char *type)
{
    const struct mr_catalog_entry *entry;
    for (size_t i = 0; (entry = mr_catalog_at(i)); i++)
        if (strcmp(entry->type, type) == 0) return entry->is_extension;
    return false;
}

static void judge_portability(struct judge *judge, const struct mr_transform *at)
{
    if (!is_extension(at->type)) return;
    bool has_provider = judge->graph->includes_millrace;
    enum mr_portability portability =
        has_provider ? MR_PORTABLE_WITH_PROVIDER : MR_NOT_PORTABLE;
    if (portability > judge->out->portability) judge->out->portability = portability;
    REMARK(judge, of_portability, at, "'%s' is a type of Millrace%s", at->type,
        has_provider ? ", which millrace-providers.yaml brings to Beam"
                     : ", and 'providers' does not include millrace-providers.yaml, which "
                       "brings it to Beam");
}

/* ---- Confluence ---- */

static void doubt(struct judge *judge, enum mr_confluence confluence)
{
    if (confluence > judge->out->confluence) judge->out->confluence = confluence;
}

static bool sums_floats(const struct mr_combine *combine)
{
    for (uint32_t i = 0; i < combine->n_aggregates; i++) {
        const struct mr_aggregate *aggregate = &combine->aggregates[i];
        bool is_sum = aggregate->kind == MR_SUM || aggregate->kind == MR_MEAN;
        if (is_sum && aggregate->result.type == MR_TYPE_FLOAT) return true;
    }
    return false;
}

static void judge_windows(struct judge *judge, const struct mr_transform *at)
{
    if (!judge->is_from_log[at->id] || at->windowing.kind == MR_WINDOW_GLOBAL) return;
    doubt(judge, MR_CONFLUENT_UNLESS);
    REMARK(judge, of_confluence, at,
        "'%s' drops rows that are late, which depends on how partitions are read side by side",
        at->name);
}

static void judge_lateness(struct judge *judge, const struct mr_transform *at)
{
    if (!judge->is_from_log[at->id] || at->windowing.allowed_lateness_us == 0) return;
    doubt(judge, MR_CONFLUENT_UNLESS);
    REMARK(judge, of_confluence, at,
        "'%s' cuts what comes late into panes as it comes", at->name);
}

static void judge_combine(struct judge *judge, const struct mr_transform *at)
{
    const struct mr_windowing *windowing = &at->windowing;
    bool is_from_log = judge->is_from_log[at->id];
    if (mr_trigger_has(&windowing->trigger, MR_TRIGGER_COUNT)) {
        doubt(judge, MR_NOT_CONFLUENT);
        REMARK(judge, of_confluence, at,
            "'%s' fires by count: which rows are in a pane depends on the order in which they "
            "come",
            at->name);
    }
    if (mr_trigger_has(&windowing->trigger, MR_TRIGGER_DELAY)) {
        doubt(judge, MR_NOT_CONFLUENT);
        REMARK(judge, of_confluence, at,
            "'%s' fires by processing time: which rows are in a pane depends on when they come",
            at->name);
    }
    judge_windows(judge, at);
    judge_lateness(judge, at);
    if (is_from_log && sums_floats(&at->combine)) {
        doubt(judge, MR_CONFLUENT_UNLESS);
        REMARK(judge, of_confluence, at,
            "'%s' adds floats: the last bits of a sum depend on the order of its rows",
            at->name);
    }
}

/* What keeps state by key sees rows of several partitions in some order; only a final TopN does not care. */
static void judge_keyed(struct judge *judge, const struct mr_transform *at)
{
    bool is_top = at->kind == MR_TOP_N && at->top.is_final;
    if (is_top && !judge->is_from_log[at->id]) return;
    bool has_ttl = false;
    for (uint32_t i = 0; i < at->keyed->shape.n_states; i++)
        has_ttl |= at->keyed->shape.states[i].ttl_us > 0;
    bool is_certain = at->kind == MR_ROUTE || (at->kind == MR_TOP_N && !is_top) || has_ttl;
    if (is_top && at->windowing.kind == MR_WINDOW_GLOBAL) return;
    doubt(judge, is_certain ? MR_NOT_CONFLUENT : MR_CONFLUENT_UNLESS);
    if (is_top)
        REMARK(judge, of_confluence, at,
            "'%s' drops rows that are late, which depends on how partitions are read side by "
            "side",
            at->name);
    else
        REMARK(judge, of_confluence, at,
            "what '%s' makes of a row depends on which rows of its key came before", at->name);
}

/* Of the rows that a join by time drops. */
static void judge_times(struct judge *judge, const struct mr_transform *at)
{
    if (!judge->is_from_log[at->id]) return;
    doubt(judge, MR_CONFLUENT_UNLESS);
    REMARK(judge, of_confluence, at,
        "'%s' drops rows that are late, which depends on how partitions are read side by side",
        at->name);
}

static void judge_lookup(struct judge *judge, const struct mr_transform *at)
{
    doubt(judge, MR_CONFLUENT_UNLESS);
    REMARK(judge, of_confluence, at,
        "'%s' calls a service: what it answers, and whether in time, depends on when it is "
        "called",
        at->name);
}

/* Whether windows decide what comes out of it. */
static bool has_windows(const struct mr_transform *at)
{
    return at->kind == MR_COMBINE || at->kind == MR_JOIN || at->kind == MR_SQL;
}

/* What shows the time of a row, or joins by it. */
static void judge_own_times(
    struct judge *judge, const struct mr_transform *source, const char *which)
{
    for (uint32_t i = source->id + 1; i < judge->graph->n_transforms; i++) {
        const struct mr_transform *at = &judge->graph->transforms[i];
        bool minds = at->kind == MR_EXTRACT_WINDOWING_INFO || mr_transform_keeps_times(at);
        if (!minds || !judge->is_from_log[i]) continue;
        doubt(judge, MR_NOT_CONFLUENT);
        REMARK(judge, of_confluence, at,
            "'%s' depends on the times at which %s ('event_time' of '%s' is not given)",
            at->name, which, source->name);
    }
}

static void judge_source(struct judge *judge, const struct mr_transform *at)
{
    if (at->read.event_time_field >= 0) return;
    bool has_clock = at->read.strategy == MR_WATERMARK_PROCESSING_TIME;
    judge_own_times(judge, at, has_clock ? "its rows are read" : "the log got its rows");
    for (uint32_t i = at->id + 1; i < judge->graph->n_transforms; i++) {
        const struct mr_transform *combine = &judge->graph->transforms[i];
        if (!has_windows(combine) || combine->windowing.kind == MR_WINDOW_GLOBAL) continue;
        if (!judge->is_from_log[i]) continue;
        if (!judge->is_windowed_by_it[i]) {
            doubt(judge, MR_NOT_CONFLUENT);
            REMARK(judge, of_confluence, combine,
                "'%s' has windows of the times at which %s ('event_time' of '%s' is not given)",
                combine->name, has_clock ? "its rows are read" : "the log got its rows",
                at->name);
        }
        if (has_clock) {
            REMARK(judge, warnings, at,
                "'%s' gives rows the time at which they are read, and '%s' has windows: a row "
                "that is read again may come into another one",
                at->name, combine->name);
            return;
        }
        REMARK(judge, warnings, at,
            "the watermark of '%s' is that of the log's time of append, and '%s' has windows: "
            "give 'event_time' if they are meant to be of the rows' own time",
            at->name, combine->name);
        return;
    }
}

/* ---- Warnings ---- */

static bool has_windows_behind(const struct judge *judge, const struct mr_transform *at)
{
    for (uint32_t i = at->id + 1; i < judge->graph->n_transforms; i++) {
        const struct mr_transform *other = &judge->graph->transforms[i];
        if (has_windows(other) && other->windowing.kind != MR_WINDOW_GLOBAL &&
            judge->is_timed[i])
            return true;
    }
    return false;
}

static void warn_of_timestamps(struct judge *judge, const struct mr_transform *at)
{
    if (at->windowing.kind != MR_WINDOW_GLOBAL)
        REMARK(judge, warnings, at,
            "rows keep the windows that they had before '%s': window them again behind it",
            at->name);
    if (judge->is_from_log[at->id] && has_windows_behind(judge, at))
        REMARK(judge, warnings, at,
            "'%s' moves rows in time, and the watermark of the source does not know of it: "
            "rows "
            "that are moved back may be late",
            at->name);
}

static void warn_of_outputs(struct judge *judge, const struct mr_transform *at)
{
    bool has_sink = false;
    for (uint32_t i = 0; i < judge->graph->n_transforms; i++) {
        const struct mr_transform *other = &judge->graph->transforms[i];
        has_sink |= other->n_outputs == 0 &&
                    !(other->kind == MR_WRITE_TO_LOG && other->write.is_collector);
    }
    for (uint32_t i = 0; has_sink && i < at->n_outputs; i++) {
        bool is_read = at->outputs[i].is_consumed;
        for (uint32_t k = at->id + 1; k < judge->graph->n_transforms && is_read; k++) {
            const struct mr_transform *sink = &judge->graph->transforms[k];
            bool is_collected = sink->kind == MR_WRITE_TO_LOG && sink->write.is_collector &&
                                sink->inputs[0].transform == at->id &&
                                sink->inputs[0].output == i;
            if (is_collected) is_read = false;
        }
        if (is_read) continue;
        REMARK(judge, warnings, at, "nothing reads the output '%s' of '%s'",
            at->outputs[i].name, at->name);
    }
}

/* ---- All of it ---- */

static void trace(struct judge *judge)
{
    for (uint32_t i = 0; i < judge->graph->n_transforms; i++) {
        const struct mr_transform *at = &judge->graph->transforms[i];
        judge->is_from_log[i] = at->kind == MR_READ_FROM_LOG;
        judge->is_timed[i] = at->kind == MR_ASSIGN_TIMESTAMPS;
        for (uint32_t k = 0; k < at->n_inputs; k++) {
            judge->is_from_log[i] |= judge->is_from_log[at->inputs[k].transform];
            judge->is_timed[i] |= judge->is_timed[at->inputs[k].transform];
            judge->is_windowed_by_it[i] |= judge->is_windowed_by_it[at->inputs[k].transform];
        }
        if (at->kind == MR_WINDOW_INTO) judge->is_windowed_by_it[i] = judge->is_timed[i];
    }
}

void mr_pipeline_judge(
    struct mr_region *region, const struct mr_graph *graph, struct mr_judgement *out)
{
    *out = (struct mr_judgement){.portability = MR_PORTABLE, .confluence = MR_CONFLUENT};
    struct judge judge = {.region = region,
        .graph = graph,
        .out = out,
        .is_from_log = mr_region_array(region, bool, graph->n_transforms + 1),
        .is_timed = mr_region_array(region, bool, graph->n_transforms + 1),
        .is_windowed_by_it = mr_region_array(region, bool, graph->n_transforms + 1)};
    trace(&judge);
    for (uint32_t i = 0; i < graph->n_warnings; i++)
        remark(region, &out->warnings, graph->warnings[i].place, graph->warnings[i].text);
    for (uint32_t i = 0; i < graph->n_transforms; i++) {
        const struct mr_transform *at = &graph->transforms[i];
        judge_portability(&judge, at);
        if (at->kind == MR_COMBINE) judge_combine(&judge, at);
        if (at->keyed) judge_keyed(&judge, at);
        if (mr_transform_gathers(at)) judge_windows(&judge, at);
        if (mr_transform_keeps_times(at)) judge_times(&judge, at);
        if (at->kind == MR_LOOKUP) judge_lookup(&judge, at);
        if (at->kind == MR_READ_FROM_LOG) judge_source(&judge, at);
        if (at->kind == MR_ASSIGN_TIMESTAMPS) warn_of_timestamps(&judge, at);
        warn_of_outputs(&judge, at);
    }
}
