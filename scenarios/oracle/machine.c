/* Plain on purpose: buckets of lists, and a look at every key where the engine has heaps. */
#include "scenarios/oracle/machine_internal.h"

/* ---- Timers ---- */

static enum mr_time_domain domain_of(const struct mr_key_machines *machines, uint32_t timer)
{
    const struct mr_process_shape *shape = shape_of(machines);
    return timer < shape->n_timers ? shape->timers[timer].domain : MR_EVENT_TIME;
}

void mr_memory_set_timer(const struct mr_key_machine_step *step, uint32_t timer, mr_us at_us)
{
    step->memory->timers[timer] = at_us;
    mr_us *earliest_us = &step->machine->earliest_us[domain_of(step->machines, timer)];
    if (at_us < *earliest_us) *earliest_us = at_us;
}

void mr_key_machine_emit(const struct mr_key_machine_step *step, uint32_t output, mr_us at_us,
    const struct mr_value *values)
{
    struct mr_flow_row row = {.values = values,
        .at_us = at_us,
        .has_window = true,
        .window_start_us = step->memory->window_start_us,
        .window_end_us = step->memory->window_end_us};
    mr_flow_emit(step->machines->oracle, step->machines->transform->id, output, &row);
}

struct due {
    mr_us at_us;
    struct mr_key_memory *memory;
    uint32_t timer;
};

static bool is_sooner(const struct due *a, const struct due *b)
{
    if (a->at_us != b->at_us) return a->at_us < b->at_us;
    if (a->memory->number != b->memory->number) return a->memory->number < b->memory->number;
    return a->timer < b->timer;
}

struct due_list {
    struct mr_arena *arena;
    uint32_t n;
    uint32_t first; /* those before have fired */
    uint32_t capacity;
    struct due *list; /* in order from `first` on */
};

/* In its place among those that have not fired. */
static void due_add(struct due_list *due, struct due one)
{
    if (due->n == due->capacity) {
        uint32_t capacity = due->capacity ? due->capacity * 2 : 16;
        due->list = mr_arena_grow(due->arena, due->list, sizeof *due->list * due->capacity,
            sizeof *due->list * capacity);
        due->capacity = capacity;
    }
    uint32_t low = due->first, high = due->n;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (is_sooner(&one, &due->list[middle]))
            high = middle;
        else
            low = middle + 1;
    }
    memmove(due->list + low + 1, due->list + low, sizeof *due->list * (due->n - low));
    due->list[low] = one;
    due->n++;
    one.memory->n_uses++;
}

static void due_of_memory(const struct mr_key_machines *machines, struct mr_key_memory *memory,
    enum mr_time_domain domain, mr_us at_us, struct due_list *due)
{
    for (uint32_t i = 0; i <= shape_of(machines)->n_timers; i++)
        if (domain_of(machines, i) == domain && memory->timers[i] != MR_TIMER_UNSET &&
            memory->timers[i] <= at_us)
            due_add(due, (struct due){memory->timers[i], memory, i});
}

/* All that are due, and how early the next one is that is not. */
static void due_collect(const struct mr_key_machines *machines, struct mr_key_machine *machine,
    enum mr_time_domain domain, mr_us at_us, struct due_list *due)
{
    machine->earliest_us[domain] = MR_TIMER_UNSET;
    for (uint32_t b = 0; b < machine->n_buckets; b++)
        for (struct mr_key_memory *memory = machine->buckets[b]; memory;
             memory = memory->next) {
            due_of_memory(machines, memory, domain, at_us, due);
            for (uint32_t i = 0; i <= shape_of(machines)->n_timers; i++)
                if (domain_of(machines, i) == domain && memory->timers[i] > at_us &&
                    memory->timers[i] < machine->earliest_us[domain])
                    machine->earliest_us[domain] = memory->timers[i];
        }
}

static void fire_one(struct mr_key_machines *machines, struct mr_key_machine *machine,
    enum mr_time_domain domain, mr_us at_us, const struct due *one, struct due_list *due)
{
    struct mr_key_machine_step step = {
        .machines = machines, .machine = machine, .memory = one->memory};
    one->memory->timers[one->timer] = MR_TIMER_UNSET;
    machine->clock_us = machine->watermark_us;
    if (domain == MR_EVENT_TIME && one->at_us < machine->watermark_us)
        machine->clock_us =
            one->at_us < machine->forwarded_us ? machine->forwarded_us : one->at_us;
    if (one->timer == shape_of(machines)->n_timers) {
        if (mr_key_machines_end_at_end(machines)) mr_key_machine_top_end(&step);
        mr_memory_remove(machines, machine, one->memory);
        return;
    }
    mr_key_machine_process_timer(&step, one->timer, one->at_us);
    due_of_memory(machines, one->memory, domain, at_us, due); /* it may have set some again */
    mr_memory_settle(machines, machine, one->memory);
}

static void fire_list(struct mr_key_machines *machines, struct mr_key_machine *machine,
    enum mr_time_domain domain, mr_us at_us, struct due_list *due)
{
    while (due->first < due->n) {
        struct due one = due->list[due->first++];
        bool is_stale = one.memory->is_gone || one.memory->timers[one.timer] != one.at_us;
        if (!is_stale) fire_one(machines, machine, domain, at_us, &one, due);
        one.memory->n_uses--;
        if (one.memory->is_gone && one.memory->n_uses == 0)
            mr_memory_free(machines, one.memory);
        mr_flow_flush(machines->oracle);
    }
    if (due->list) mr_arena_free(due->arena, due->list, sizeof *due->list * due->capacity);
    *due = (struct due_list){.arena = due->arena};
}

static void fire_due(struct mr_key_machines *machines, struct mr_key_machine *machine,
    enum mr_time_domain domain, mr_us at_us)
{
    if (machine->earliest_us[domain] > at_us || machine->earliest_us[domain] == MR_TIMER_UNSET)
        return;
    struct due_list due = {.arena = arena_of(machines)};
    due_collect(machines, machine, domain, at_us, &due);
    fire_list(machines, machine, domain, at_us, &due);
}

/* With the last watermark, also what waits for processing time. */
static void fire_passed(
    struct mr_key_machines *machines, struct mr_key_machine *machine, mr_us at_us)
{
    fire_due(machines, machine, MR_EVENT_TIME, at_us);
    while (at_us == MR_US_MAX && machine->earliest_us[MR_PROCESSING_TIME] != MR_TIMER_UNSET) {
        fire_due(machines, machine, MR_PROCESSING_TIME, MR_US_MAX);
        fire_due(machines, machine, MR_EVENT_TIME, MR_US_MAX);
    }
}

/* ---- Events ---- */

static void take_in_window(struct mr_key_machines *machines, struct mr_key_machine *machine,
    const struct mr_oracle_event *event, const struct mr_value *keys, mr_us start_us,
    mr_us end_us)
{
    if (mr_key_machines_have_end(machines) &&
        mr_key_machines_over_us(machines, end_us) <= machine->watermark_us) {
        machines->n_dropped++;
        return;
    }
    struct mr_key_machine_step step = {
        .machines = machines, .machine = machine, .event = event};
    machine->clock_us = machine->watermark_us;
    step.memory = mr_memory_find(machines, machine, keys, start_us, end_us);
    switch (machines->transform->kind) {
    case MR_KEYED_PROCESS:
        mr_key_machine_process_row(&step);
        break;
    case MR_DEDUPLICATE:
        mr_key_machine_deduplicate(&step);
        break;
    case MR_TOP_N:
        mr_key_machine_top_row(&step);
        break;
    case MR_ROUTE:
        mr_key_machine_route(&step);
        break;
    default:
        mr_key_machine_materialize(&step);
    }
    mr_memory_settle(machines, machine, step.memory);
    fire_passed(machines, machine, machine->watermark_us);
}

static void take_row(struct mr_key_machines *machines, struct mr_key_machine *machine,
    const struct mr_oracle_event *event)
{
    const struct mr_keyed *keyed = machines->transform->keyed;
    const struct mr_windowing *windowing = &machines->transform->windowing;
    struct mr_value keys[MR_FIELDS_MAX];
    for (uint32_t i = 0; i < keyed->n_keys; i++) {
        keys[i] = event->row[keyed->key_fields[event->input][i]];
        if (keys[i].type == MR_TYPE_FLOAT && keys[i].f == 0.0) keys[i].f = 0.0;
    }
    struct mr_flow_row row = {.at_us = event->at_us,
        .has_window = event->has_window,
        .window_start_us = event->window_start_us,
        .window_end_us = event->window_end_us};
    mr_us start_us, end_us;
    mr_flow_window(windowing, &row, &start_us, &end_us);
    int64_t n = mr_flow_window_count(windowing, start_us, end_us);
    for (int64_t i = 0; i < n; i++) {
        if (windowing->kind == MR_WINDOW_SLIDING) {
            if (i > 0) start_us += windowing->period_us;
            end_us = mr_us_add(start_us, windowing->size_us);
        }
        take_in_window(machines, machine, event, keys, start_us, end_us);
    }
}

static void take_watermark(
    struct mr_key_machines *machines, struct mr_key_machine *machine, mr_us at_us)
{
    if (at_us > machine->watermark_us) machine->watermark_us = at_us;
    fire_passed(machines, machine, at_us);
    machine->forwarded_us = machine->watermark_us;
}

static uint64_t row_hash(const struct mr_key_machines *machines, uint32_t input,
    uint32_t subtask, const struct mr_value *values, mr_us at_us)
{
    const struct mr_edge *edge = &machines->transform->inputs[input];
    const struct mr_step_output *from =
        &machines->oracle->steps[edge->transform].outputs[edge->output];
    uint64_t hash = mr_digest_mix(input, machines->is_late ? 0 : (uint64_t)at_us);
    if (machines->broadcast_input == (int)input) hash = mr_digest_mix(hash, subtask);
    for (uint32_t i = 0; i < from->n_fields; i++)
        if (!mr_bit(from->inexact_fields, i))
            hash = mr_digest_mix(hash, mr_value_hash(values[i]));
    return hash;
}

void mr_key_machines_expect(
    struct mr_key_machines *machines, uint32_t input, const struct mr_flow_row *row)
{
    if (machines->is_loose) return;
    uint32_t n = machines->broadcast_input == (int)input ? machines->oracle->parallelism : 1;
    for (uint32_t i = 0; i < n; i++)
        mr_balance_expect(&machines->balance, arena_of(machines),
            row_hash(machines, input, i, row->values, row->at_us));
}

static struct mr_key_machine *machine_of(struct mr_key_machines *machines, uint32_t subtask)
{
    struct mr_arena *arena = arena_of(machines);
    if (subtask >= machines->n) {
        machines->subtasks =
            mr_arena_grow(arena, machines->subtasks, sizeof *machines->subtasks * machines->n,
                sizeof *machines->subtasks * (subtask + 1));
        while (machines->n <= subtask) machines->subtasks[machines->n++] = NULL;
    }
    struct mr_key_machine **machine = &machines->subtasks[subtask];
    if (*machine) return *machine;
    *machine = mr_arena_new(arena, struct mr_key_machine);
    (*machine)->watermark_us = (*machine)->forwarded_us = MR_US_MIN;
    (*machine)->earliest_us[0] = (*machine)->earliest_us[1] = MR_TIMER_UNSET;
    return *machine;
}

void mr_key_machines_replay(
    struct mr_key_machines *machines, const struct mr_oracle_event *event)
{
    struct mr_key_machine *machine = machine_of(machines, event->subtask);
    machine->now_us = event->now_us;
    switch (event->kind) {
    case MR_EVENT_ROW:
        if (!machines->is_loose)
            mr_balance_meet(&machines->balance, arena_of(machines),
                row_hash(machines, event->input, event->subtask, event->row, event->at_us));
        take_row(machines, machine, event);
        break;
    case MR_EVENT_WATERMARK:
        take_watermark(machines, machine, event->at_us);
        break;
    case MR_EVENT_WAKE:
        fire_due(machines, machine, MR_PROCESSING_TIME, event->now_us);
        fire_due(machines, machine, MR_EVENT_TIME, machine->watermark_us);
        break;
    }
    mr_flow_flush(machines->oracle);
}

/* ---- Making them ---- */

static bool is_behind_combine(const struct mr_graph *graph, const struct mr_transform *at)
{
    for (uint32_t k = 0; k < at->n_inputs; k++) {
        const struct mr_transform *from = &graph->transforms[at->inputs[k].transform];
        if (mr_transform_has_panes(from) || is_behind_combine(graph, from)) return true;
    }
    return false;
}

void mr_key_machines_init(struct mr_key_machines *machines, struct mr_oracle *oracle,
    const struct mr_transform *transform)
{
    *machines = (struct mr_key_machines){
        .oracle = oracle, .transform = transform, .broadcast_input = -1};
    if (transform->kind == MR_ROUTE)
        machines->broadcast_input = (int)transform->route.control_input;
    machines->is_late = is_behind_combine(oracle->graph, transform);
    for (uint32_t k = 0; k < transform->n_inputs; k++)
        machines->is_loose |= oracle->steps[transform->inputs[k].transform]
                                  .outputs[transform->inputs[k].output]
                                  .is_loose;
}

void mr_key_machines_deinit(struct mr_key_machines *machines)
{
    struct mr_arena *arena = arena_of(machines);
    for (uint32_t i = 0; i < machines->n; i++) {
        struct mr_key_machine *machine = machines->subtasks[i];
        if (!machine) continue;
        for (uint32_t b = 0; b < machine->n_buckets; b++)
            while (machine->buckets[b]) {
                struct mr_key_memory *memory = machine->buckets[b];
                machine->buckets[b] = memory->next;
                mr_memory_free(machines, memory);
            }
        if (machine->buckets)
            mr_arena_free(
                arena, machine->buckets, sizeof *machine->buckets * machine->n_buckets);
        mr_arena_free(arena, machine, sizeof *machine);
    }
    if (machines->subtasks)
        mr_arena_free(arena, machines->subtasks, sizeof *machines->subtasks * machines->n);
    mr_balance_deinit(&machines->balance, arena);
}
