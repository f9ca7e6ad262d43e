#include "engine/pipeline/plan.h"

#include <string.h>

enum { NO_STAGE = 0xffffffff };

struct planner {
    struct mr_region *region;
    const struct mr_graph *graph;
    uint32_t *stage_of; /* group of each transform while planning; then the stage */
    bool *derives_window;
    bool *has_pane;
    bool *has_kind;
    bool *has_window;
};

static bool is_root(const struct mr_transform *transform)
{
    return transform->kind == MR_READ_FROM_LOG || transform->kind == MR_CREATE;
}

/* How rows come to a transform that begins a stage. */
static enum mr_exchange_kind exchange_into(const struct mr_transform *transform)
{
    if (transform->kind == MR_ROUTE && transform->keyed) return MR_EXCHANGE_BROADCAST;
    if (mr_transform_has_state(transform) || transform->keyed) return MR_EXCHANGE_HASH;
    return transform->kind == MR_RESHUFFLE ? MR_EXCHANGE_REBALANCE : MR_EXCHANGE_FORWARD;
}

/* The groups that hold a source must stay apart from those that are fed by exchanges. */
static bool group_has_source(const struct planner *planner, uint32_t group, uint32_t end)
{
    for (uint32_t i = 0; i < end; i++)
        if (planner->stage_of[i] == group && is_root(&planner->graph->transforms[i])) return true;
    return false;
}

static void merge_groups(struct planner *planner, uint32_t from, uint32_t to, uint32_t end)
{
    for (uint32_t i = 0; i < end; i++)
        if (planner->stage_of[i] == from) planner->stage_of[i] = to;
}

/* A Flatten joins the groups of its inputs when all hold sources or all are one; else it begins a stage. */
static uint32_t group_of_flatten(struct planner *planner, const struct mr_transform *transform)
{
    uint32_t first = planner->stage_of[transform->inputs[0].transform];
    bool is_one = true;
    bool are_sources = true;
    for (uint32_t i = 0; i < transform->n_inputs; i++) {
        uint32_t group = planner->stage_of[transform->inputs[i].transform];
        is_one = is_one && group == first;
        are_sources = are_sources && group_has_source(planner, group, transform->id);
    }
    if (!is_one && !are_sources) return transform->id;
    for (uint32_t i = 1; i < transform->n_inputs; i++)
        merge_groups(planner, planner->stage_of[transform->inputs[i].transform], first, transform->id);
    return first;
}

static void assign_groups(struct planner *planner)
{
    for (uint32_t i = 0; i < planner->graph->n_transforms; i++) {
        const struct mr_transform *transform = &planner->graph->transforms[i];
        MR_ASSERT(transform->id == i);
        /* A Lookup holds the watermark of its task back: it is the first of a stage. */
        if (is_root(transform) || exchange_into(transform) != MR_EXCHANGE_FORWARD ||
            transform->kind == MR_LOOKUP)
            planner->stage_of[i] = i;
        else if (transform->kind == MR_FLATTEN)
            planner->stage_of[i] = group_of_flatten(planner, transform);
        else
            planner->stage_of[i] = planner->stage_of[transform->inputs[0].transform];
    }
}

/* Groups become stages, numbered in the order of their first transform. */
static uint32_t number_stages(struct planner *planner)
{
    uint32_t n = planner->graph->n_transforms;
    uint32_t *number = mr_region_array(planner->region, uint32_t, n);
    for (uint32_t i = 0; i < n; i++) number[i] = NO_STAGE;
    uint32_t n_stages = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t group = planner->stage_of[i];
        if (number[group] == NO_STAGE) number[group] = n_stages++;
    }
    for (uint32_t i = 0; i < n; i++) planner->stage_of[i] = number[planner->stage_of[i]];
    return n_stages;
}

static void derive_windows(struct planner *planner)
{
    for (uint32_t i = 0; i < planner->graph->n_transforms; i++) {
        const struct mr_transform *transform = &planner->graph->transforms[i];
        bool derives = true;
        for (uint32_t k = 0; k < transform->n_inputs; k++)
            derives = derives && planner->derives_window[transform->inputs[k].transform];
        if (transform->kind == MR_WINDOW_INTO || mr_transform_has_panes(transform) || is_root(transform))
            derives = true;
        if (transform->kind == MR_ASSIGN_TIMESTAMPS &&
            transform->windowing.kind != MR_WINDOW_GLOBAL)
            derives = false;
        if (transform->kind == MR_EXTRACT_WINDOWING_INFO &&
            transform->windowing.kind == MR_WINDOW_SLIDING)
            derives = false;
        /* A pane is of one sliding window or one session, and its time is in several; the time of a row need not be in its
         * window at all. */
        if (mr_transform_has_panes(transform) &&
            (transform->windowing.kind == MR_WINDOW_SLIDING ||
                transform->windowing.kind == MR_WINDOW_SESSIONS ||
                transform->windowing.timestamp_combiner != MR_END_OF_WINDOW))
            derives = false;
        /* Rows that it makes have the window of their key and whatever time they like. */
        if (transform->keyed) derives = transform->windowing.kind == MR_WINDOW_GLOBAL;
        planner->derives_window[i] = derives;
    }
}

/* Panes and windows, from the producers on. */
static void trace_panes(struct planner *planner)
{
    for (uint32_t i = 0; i < planner->graph->n_transforms; i++) {
        const struct mr_transform *at = &planner->graph->transforms[i];
        planner->has_pane[i] = mr_transform_has_panes(at);
        planner->has_kind[i] = mr_transform_retracts(at);
        planner->has_window[i] =
            mr_transform_has_panes(at) || at->windowing.kind != MR_WINDOW_GLOBAL;
        for (uint32_t k = 0; k < at->n_inputs; k++) {
            planner->has_pane[i] |= planner->has_pane[at->inputs[k].transform];
            planner->has_kind[i] |= planner->has_kind[at->inputs[k].transform];
            planner->has_window[i] |= planner->has_window[at->inputs[k].transform];
        }
    }
}

static void make_exchange(struct planner *planner, struct mr_exchange *exchange, uint32_t id,
    const struct mr_transform *to, uint32_t input)
{
    const struct mr_edge edge = to->inputs[input];
    const struct mr_transform *from = &planner->graph->transforms[edge.transform];
    const struct mr_schema *schema = &from->outputs[edge.output].schema;
    enum mr_type *types = mr_region_array(planner->region, enum mr_type, schema->n_fields);
    for (uint32_t i = 0; i < schema->n_fields; i++) types[i] = schema->fields[i].type;
    uint32_t slots = 0;
    if (!planner->derives_window[from->id]) slots |= MR_SLOT_WINDOW;
    if (planner->has_pane[from->id]) slots |= MR_SLOT_PANE;
    if (planner->has_kind[from->id]) slots |= MR_SLOT_KIND;
    *exchange = (struct mr_exchange){.id = id,
        .kind = exchange_into(to),
        .from = edge,
        .to_transform = to->id,
        .to_input = input,
        .from_stage = planner->stage_of[edge.transform],
        .to_stage = planner->stage_of[to->id],
        .n_columns = schema->n_fields,
        .types = types,
        .slots = slots};
    if (to->kind == MR_COMBINE) {
        exchange->n_keys = to->combine.n_keys;
        exchange->key_fields = to->combine.key_fields;
    } else if (to->kind == MR_JOIN || to->kind == MR_JOIN_STREAMS) {
        exchange->n_keys = to->join.n_keys;
        exchange->key_fields = to->join.key_fields[input];
        exchange->shares_keys = true;
    } else if (to->kind == MR_SQL) {
        exchange->n_keys = to->sql.n_keys;
        exchange->key_fields = to->sql.key_fields;
    } else if (to->kind == MR_ROUTE && to->keyed) {
        if (input != to->route.control_input) exchange->kind = MR_EXCHANGE_FORWARD;
    } else if (to->keyed) {
        exchange->n_keys = to->keyed->n_keys;
        exchange->key_fields = to->keyed->key_fields[input];
    }
}

static uint32_t make_exchanges(struct planner *planner, struct mr_exchange *exchanges)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < planner->graph->n_transforms; i++) {
        const struct mr_transform *to = &planner->graph->transforms[i];
        for (uint32_t k = 0; k < to->n_inputs; k++) {
            if (planner->stage_of[to->inputs[k].transform] == planner->stage_of[i]) continue;
            if (exchanges) make_exchange(planner, &exchanges[n], n, to, k);
            n++;
        }
    }
    return n;
}

static void fill_stage(struct planner *planner, struct mr_stage *stage,
    const struct mr_exchange *exchanges, uint32_t n_exchanges)
{
    uint32_t n = planner->graph->n_transforms;
    uint32_t *transforms = mr_region_array(planner->region, uint32_t, n);
    uint32_t *inputs = mr_region_array(planner->region, uint32_t, n_exchanges + 1);
    uint32_t *outputs = mr_region_array(planner->region, uint32_t, n_exchanges + 1);
    for (uint32_t i = 0; i < n; i++) {
        if (planner->stage_of[i] != stage->id) continue;
        transforms[stage->n_transforms++] = i;
        stage->has_source = stage->has_source || is_root(&planner->graph->transforms[i]);
    }
    for (uint32_t i = 0; i < n_exchanges; i++) {
        if (exchanges[i].to_stage == stage->id) inputs[stage->n_inputs++] = i;
        if (exchanges[i].from_stage == stage->id) outputs[stage->n_outputs++] = i;
    }
    stage->transforms = transforms;
    stage->inputs = inputs;
    stage->outputs = outputs;
    MR_ASSERT(stage->n_transforms > 0);
    MR_ASSERT(stage->has_source == (stage->n_inputs == 0));
}

const struct mr_plan *mr_plan_make(struct mr_region *region, const struct mr_graph *graph)
{
    struct planner planner = {.region = region,
        .graph = graph,
        .stage_of = mr_region_array(region, uint32_t, graph->n_transforms),
        .derives_window = mr_region_array(region, bool, graph->n_transforms),
        .has_pane = mr_region_array(region, bool, graph->n_transforms),
        .has_kind = mr_region_array(region, bool, graph->n_transforms),
        .has_window = mr_region_array(region, bool, graph->n_transforms)};
    assign_groups(&planner);
    uint32_t n_stages = number_stages(&planner);
    derive_windows(&planner);
    trace_panes(&planner);
    uint32_t n_exchanges = make_exchanges(&planner, NULL);
    struct mr_exchange *exchanges = mr_region_array(region, struct mr_exchange, n_exchanges + 1);
    make_exchanges(&planner, exchanges);
    struct mr_stage *stages = mr_region_array(region, struct mr_stage, n_stages);
    for (uint32_t i = 0; i < n_stages; i++) {
        stages[i].id = i;
        fill_stage(&planner, &stages[i], exchanges, n_exchanges);
    }
    struct mr_plan *plan = mr_region_new(region, struct mr_plan);
    *plan = (struct mr_plan){.graph = graph,
        .n_stages = n_stages,
        .stages = stages,
        .n_exchanges = n_exchanges,
        .exchanges = exchanges,
        .stage_of = planner.stage_of,
        .derives_window = planner.derives_window,
        .has_window = planner.has_window,
        .has_kind = planner.has_kind};
    return plan;
}
