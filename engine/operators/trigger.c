#include "engine/operators/trigger.h"

#include "base/assert.h"

struct machine {
    const struct mr_trigger_node *nodes;
    int64_t *state;
    const struct mr_trigger_view *view;
};

static uint8_t compile(struct mr_trigger_program *program, const struct mr_trigger *trigger)
{
    MR_ASSERT(program->n < MR_TRIGGER_NODES_MAX);
    uint8_t at = (uint8_t)program->n++;
    struct mr_trigger_node node = {
        .kind = trigger->kind, .count = trigger->count, .delay_ns = trigger->delay_ns};
    program->has_delay |= trigger->kind == MR_TRIGGER_DELAY;
    if (trigger->early) node.early = compile(program, trigger->early);
    if (trigger->late) node.late = compile(program, trigger->late);
    for (uint32_t i = 0; i < trigger->n_parts; i++) compile(program, &trigger->parts[i]);
    node.end = (uint8_t)program->n;
    program->nodes[at] = node;
    return at;
}

void mr_trigger_compile(struct mr_trigger_program *program, const struct mr_trigger *trigger)
{
    *program = (struct mr_trigger_program){.n = 0};
    compile(program, trigger);
}

static void reset(struct machine *machine, uint32_t node)
{
    for (uint32_t i = node; i < machine->nodes[node].end; i++)
        machine->state[i] = machine->nodes[i].kind == MR_TRIGGER_DELAY ? MR_NS_NEVER : 0;
}

void mr_trigger_begin(const struct mr_trigger_program *program, int64_t *state)
{
    struct machine machine = {.nodes = program->nodes, .state = state};
    reset(&machine, 0);
}

static bool is_finished(const struct machine *machine, uint32_t node)
{
    return machine->state[node] == MR_TRIGGER_FINISHED;
}

static uint32_t part_of(const struct machine *machine, uint32_t node, int64_t index)
{
    uint32_t part = node + 1;
    while (index-- > 0) part = machine->nodes[part].end;
    return part;
}

/* ---- Rows ---- */

static void take(struct machine *machine, uint32_t node, uint32_t n_rows)
{
    const struct mr_trigger_node *at = &machine->nodes[node];
    int64_t *state = &machine->state[node];
    if (is_finished(machine, node)) return;
    switch (at->kind) {
    case MR_TRIGGER_DEFAULT:
    case MR_TRIGGER_NEVER:
        return;
    case MR_TRIGGER_COUNT:
        *state += n_rows;
        return;
    case MR_TRIGGER_DELAY:
        if (*state == MR_NS_NEVER)
            *state = mr_add_saturating(machine->view->now_ns, at->delay_ns);
        return;
    case MR_TRIGGER_WATERMARK:
        if (*state ? at->late : at->early) take(machine, *state ? at->late : at->early, n_rows);
        return;
    case MR_TRIGGER_EACH:
        take(machine, part_of(machine, node, *state), n_rows);
        return;
    case MR_TRIGGER_REPEATEDLY:
    case MR_TRIGGER_ANY:
    case MR_TRIGGER_ALL:
        for (uint32_t part = node + 1; part < at->end; part = machine->nodes[part].end)
            take(machine, part, n_rows);
        return;
    }
}

void mr_trigger_take(
    const struct mr_trigger_program *program, int64_t *state, uint32_t n_rows, mr_ns now_ns)
{
    struct mr_trigger_view view = {.now_ns = now_ns};
    struct machine machine = {.nodes = program->nodes, .state = state, .view = &view};
    take(&machine, 0, n_rows);
}

/* ---- Firing ---- */

static bool should_fire(const struct machine *machine, uint32_t node)
{
    const struct mr_trigger_node *at = &machine->nodes[node];
    const struct mr_trigger_view *view = machine->view;
    int64_t state = machine->state[node];
    bool has_ended = view->watermark_us >= view->end_us;
    if (is_finished(machine, node)) return false;
    switch (at->kind) {
    case MR_TRIGGER_NEVER:
        return false;
    case MR_TRIGGER_DEFAULT:
        return has_ended;
    case MR_TRIGGER_COUNT:
        return state >= at->count;
    case MR_TRIGGER_DELAY:
        return state <= view->now_ns;
    case MR_TRIGGER_WATERMARK:
        if (state) return at->late && should_fire(machine, at->late);
        return has_ended || (at->early && should_fire(machine, at->early));
    case MR_TRIGGER_REPEATEDLY:
        return should_fire(machine, node + 1);
    case MR_TRIGGER_EACH:
        return should_fire(machine, part_of(machine, node, state));
    case MR_TRIGGER_ANY:
        for (uint32_t part = node + 1; part < at->end; part = machine->nodes[part].end)
            if (should_fire(machine, part)) return true;
        return false;
    case MR_TRIGGER_ALL:
        for (uint32_t part = node + 1; part < at->end; part = machine->nodes[part].end)
            if (!is_finished(machine, part) && !should_fire(machine, part)) return false;
        return true;
    }
    return false;
}

bool mr_trigger_should_fire(const struct mr_trigger_program *program, const int64_t *state,
    const struct mr_trigger_view *view)
{
    struct machine machine = {
        .nodes = program->nodes, .state = (int64_t *)(uintptr_t)state, .view = view};
    return should_fire(&machine, 0);
}

static void fire(struct machine *machine, uint32_t node);

static void fire_again(struct machine *machine, uint32_t node)
{
    fire(machine, node);
    if (is_finished(machine, node)) reset(machine, node);
}

static void fire_watermark(struct machine *machine, uint32_t node)
{
    const struct mr_trigger_node *at = &machine->nodes[node];
    int64_t *state = &machine->state[node];
    if (*state) {
        if (at->late) fire_again(machine, at->late);
    } else if (machine->view->watermark_us >= machine->view->end_us) {
        reset(machine, node);
        *state = at->late ? 1 : MR_TRIGGER_FINISHED;
    } else if (at->early) {
        fire_again(machine, at->early);
    }
}

static void fire_each(struct machine *machine, uint32_t node)
{
    int64_t *state = &machine->state[node];
    uint32_t part = part_of(machine, node, *state);
    fire(machine, part);
    if (!is_finished(machine, part)) return;
    *state =
        machine->nodes[part].end < machine->nodes[node].end ? *state + 1 : MR_TRIGGER_FINISHED;
}

/* ANY is finished with the first of its parts, ALL with the last. */
static void fire_parts(struct machine *machine, uint32_t node)
{
    const struct mr_trigger_node *at = &machine->nodes[node];
    bool any = false, all = true;
    for (uint32_t part = node + 1; part < at->end; part = machine->nodes[part].end) {
        if (should_fire(machine, part)) fire(machine, part);
        any |= is_finished(machine, part);
        all &= is_finished(machine, part);
    }
    if (at->kind == MR_TRIGGER_ANY ? any : all) machine->state[node] = MR_TRIGGER_FINISHED;
}

static void fire(struct machine *machine, uint32_t node)
{
    switch (machine->nodes[node].kind) {
    case MR_TRIGGER_DEFAULT:
    case MR_TRIGGER_NEVER:
        return;
    case MR_TRIGGER_COUNT:
    case MR_TRIGGER_DELAY:
        machine->state[node] = MR_TRIGGER_FINISHED;
        return;
    case MR_TRIGGER_WATERMARK:
        fire_watermark(machine, node);
        return;
    case MR_TRIGGER_REPEATEDLY:
        fire_again(machine, node + 1);
        return;
    case MR_TRIGGER_EACH:
        fire_each(machine, node);
        return;
    case MR_TRIGGER_ANY:
    case MR_TRIGGER_ALL:
        fire_parts(machine, node);
        return;
    }
}

bool mr_trigger_fire(const struct mr_trigger_program *program, int64_t *state,
    const struct mr_trigger_view *view)
{
    struct machine machine = {.nodes = program->nodes, .state = state, .view = view};
    fire(&machine, 0);
    return is_finished(&machine, 0);
}

/* ---- Merging ---- */

static void merge(struct machine *machine, const int64_t *from, uint32_t node);

/* Past its end only if both were, and the new end is behind the watermark too; else there is a
 * pane on time to come (again). */
static void merge_watermark(struct machine *machine, const int64_t *from, uint32_t node)
{
    const struct mr_trigger_node *at = &machine->nodes[node];
    int64_t *state = &machine->state[node];
    bool has_passed =
        *state != 0 && from[node] != 0 && machine->view->watermark_us >= machine->view->end_us;
    if (has_passed) {
        if (at->late) merge(machine, from, at->late);
        return;
    }
    *state = 0;
    if (at->early) merge(machine, from, at->early);
    if (at->late) reset(machine, at->late);
}

static void merge_each(struct machine *machine, const int64_t *from, uint32_t node)
{
    const struct mr_trigger_node *at = &machine->nodes[node];
    int64_t index = 0;
    for (uint32_t part = node + 1; part < at->end; part = machine->nodes[part].end, index++) {
        merge(machine, from, part);
        if (is_finished(machine, part)) continue;
        machine->state[node] = index;
        for (part = machine->nodes[part].end; part < at->end; part = machine->nodes[part].end)
            reset(machine, part);
        return;
    }
    machine->state[node] = MR_TRIGGER_FINISHED;
}

static void merge_parts(struct machine *machine, const int64_t *from, uint32_t node)
{
    const struct mr_trigger_node *at = &machine->nodes[node];
    bool any = false, all = true;
    for (uint32_t part = node + 1; part < at->end; part = machine->nodes[part].end) {
        merge(machine, from, part);
        any |= is_finished(machine, part);
        all &= is_finished(machine, part);
    }
    bool is_over = at->kind == MR_TRIGGER_ANY ? any : all;
    machine->state[node] = is_over ? MR_TRIGGER_FINISHED : 0;
}

static void merge(struct machine *machine, const int64_t *from, uint32_t node)
{
    int64_t *state = &machine->state[node];
    bool is_over = *state == MR_TRIGGER_FINISHED || from[node] == MR_TRIGGER_FINISHED;
    switch (machine->nodes[node].kind) {
    case MR_TRIGGER_DEFAULT:
    case MR_TRIGGER_NEVER:
        return;
    case MR_TRIGGER_COUNT:
        *state = is_over ? MR_TRIGGER_FINISHED : *state + from[node];
        return;
    case MR_TRIGGER_DELAY:
        if (from[node] < *state) *state = from[node];
        return;
    case MR_TRIGGER_WATERMARK:
        merge_watermark(machine, from, node);
        return;
    case MR_TRIGGER_REPEATEDLY:
        merge(machine, from, node + 1);
        return;
    case MR_TRIGGER_EACH:
        merge_each(machine, from, node);
        return;
    case MR_TRIGGER_ANY:
    case MR_TRIGGER_ALL:
        merge_parts(machine, from, node);
        return;
    }
}

void mr_trigger_merge(const struct mr_trigger_program *program, int64_t *state,
    const int64_t *from, const struct mr_trigger_view *view)
{
    struct machine machine = {.nodes = program->nodes, .state = state, .view = view};
    merge(&machine, from, 0);
}

mr_ns mr_trigger_due_ns(
    const struct mr_trigger_program *program, const int64_t *state, mr_ns now_ns)
{
    mr_ns due_ns = MR_NS_NEVER;
    for (uint32_t i = 0; i < program->n; i++)
        if (program->nodes[i].kind == MR_TRIGGER_DELAY && state[i] > now_ns &&
            state[i] < due_ns)
            due_ns = state[i];
    return due_ns;
}
