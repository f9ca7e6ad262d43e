#include "sim/world/world_internal.h"

void mr_faults_init(struct mr_world *world)
{
    const struct mr_world_config *config = world->config;
    if (config->n_faults == 0) return;
    world->faults = mr_arena_zalloc(world->arena, sizeof *world->faults * config->n_faults);
    for (uint32_t i = 0; i < config->n_faults; i++) {
        const struct mr_fault *fault = &config->faults[i];
        world->faults[i].process = fault->process;
        if (fault->is_at_point)
            world->waiting_faults[fault->point] |= UINT64_C(1) << i;
        else
            mr_world_push(world, fault->at_ns, MR_EVENT_FAULT_BEGIN, 0, i, 0);
    }
}

static bool strikes_process(const struct mr_fault *fault)
{
    return fault->kind == MR_FAULT_CRASH || fault->kind == MR_FAULT_PAUSE ||
           fault->kind == MR_FAULT_SLOW_CPU;
}

static struct mr_process *victim(struct mr_world *world, uint32_t index)
{
    MR_ASSERT(world->faults[index].process < world->n_processes);
    return &world->processes[world->faults[index].process];
}

bool mr_faults_reached(struct mr_world *world, struct mr_process *process, enum mr_point point,
    mr_ns at_ns, uint32_t *fault)
{
    uint64_t occurrence = ++world->point_counts[point];
    MR_TELL(world, point, at_ns, process->env.process, point, occurrence);
    bool is_crash = false;
    for (uint64_t waiting = world->waiting_faults[point]; waiting; waiting &= waiting - 1) {
        uint32_t index = (uint32_t)__builtin_ctzll(waiting);
        const struct mr_fault *candidate = &world->config->faults[index];
        if (candidate->occurrence != occurrence) continue;
        world->waiting_faults[point] &= ~(UINT64_C(1) << index);
        if (strikes_process(candidate) && candidate->process == MR_ANY_PROCESS)
            world->faults[index].process = process->env.process;
        bool is_here = candidate->kind == MR_FAULT_CRASH && !process->config->is_service &&
                       world->faults[index].process == process->env.process;
        if (is_here && !is_crash) {
            is_crash = true;
            *fault = index;
        } else {
            mr_world_push(world, at_ns, MR_EVENT_FAULT_BEGIN, 0, index, 0);
        }
    }
    return is_crash;
}

/* What the active faults make of a process and of a link. */

static void slow_cpu(struct mr_world *world, struct mr_process *process)
{
    process->slow_factor = 1;
    for (uint32_t i = 0; i < world->config->n_faults; i++) {
        const struct mr_fault *fault = &world->config->faults[i];
        if (world->faults[i].is_active && fault->kind == MR_FAULT_SLOW_CPU &&
            world->faults[i].process == process->env.process)
            process->slow_factor = mr_ns_times(process->slow_factor, fault->factor);
    }
}

static bool strikes_link(const struct mr_fault *fault, const struct mr_link *link)
{
    if (fault->from == link->from && fault->to == link->to) return true;
    return fault->is_both_ways && fault->from == link->to && fault->to == link->from;
}

static void work_on_link(struct mr_world *world, struct mr_link *link)
{
    uint32_t before = link->n_partitions;
    link->n_partitions = 0;
    link->factor = 1;
    link->extra_ns = 0;
    for (uint32_t i = 0; i < world->config->n_faults; i++) {
        const struct mr_fault *fault = &world->config->faults[i];
        if (!world->faults[i].is_active || !strikes_link(fault, link)) continue;
        if (fault->kind == MR_FAULT_PARTITION) link->n_partitions++;
        if (fault->kind != MR_FAULT_SLOW_LINK) continue;
        link->factor = mr_ns_times(link->factor, fault->factor);
        link->extra_ns = mr_ns_later(link->extra_ns, fault->extra_ns);
    }
    if (before > 0 && link->n_partitions == 0) mr_network_heal(world, link);
}

static void work_on_links(struct mr_world *world, const struct mr_fault *fault)
{
    work_on_link(world, mr_link_find(world, fault->from, fault->to));
    if (fault->is_both_ways) work_on_link(world, mr_link_find(world, fault->to, fault->from));
}

/* Each connection has one end on the link, whoever opened it. */
static void reset(struct mr_world *world, uint32_t index)
{
    const struct mr_fault *fault = &world->config->faults[index];
    struct mr_link *link = mr_link_find(world, fault->from, fault->to);
    if (!link->first) return; /* nothing to strike */
    for (struct mr_end *end = link->first; end; end = end->next) mr_network_reset(world, end);
    mr_faults_struck(world, index);
}

/* Begin and end. */

void mr_faults_struck(struct mr_world *world, uint32_t index)
{
    const struct mr_fault *fault = &world->config->faults[index];
    world->faults_struck |= UINT64_C(1) << index;
    world->faults[index].is_active = true;
    world->n_active_faults++;
    MR_TELL(world, fault, world->now_ns, index, true);
    mr_ns span_ns = fault->kind == MR_FAULT_CRASH ? fault->restart_after_ns : fault->for_ns;
    bool is_instant = fault->kind == MR_FAULT_RESET ||
                      (fault->kind == MR_FAULT_CRASH && span_ns == MR_NS_NEVER);
    if (is_instant)
        mr_faults_end(world, index);
    else if (span_ns != MR_NS_NEVER)
        mr_world_push(
            world, mr_ns_later(world->now_ns, span_ns), MR_EVENT_FAULT_END, 0, index, 0);
}

static void begin_crash(struct mr_world *world, struct mr_process *process, uint32_t index)
{
    const struct mr_fault *fault = &world->config->faults[index];
    if (process->config->is_service || !process->state) return;
    if (fault->waits_for_handler && !fault->is_at_point)
        process->cut_by |= UINT64_C(1) << index;
    else
        mr_process_crash(world, process, index);
}

static void begin_pause(struct mr_world *world, struct mr_process *process, uint32_t index)
{
    if (!process->state) return;
    mr_ns span_ns = world->config->faults[index].for_ns;
    mr_ns until_ns = span_ns == MR_NS_NEVER ? MR_NS_NEVER : mr_ns_later(world->now_ns, span_ns);
    if (until_ns > process->paused_until_ns) process->paused_until_ns = until_ns;
    mr_faults_struck(world, index);
}

void mr_faults_begin(struct mr_world *world, uint32_t index)
{
    const struct mr_fault *fault = &world->config->faults[index];
    switch (fault->kind) {
    case MR_FAULT_CRASH:
        begin_crash(world, victim(world, index), index);
        break;
    case MR_FAULT_PAUSE:
        begin_pause(world, victim(world, index), index);
        break;
    case MR_FAULT_SLOW_CPU:
        mr_faults_struck(world, index);
        slow_cpu(world, victim(world, index));
        break;
    case MR_FAULT_PARTITION:
    case MR_FAULT_SLOW_LINK:
        mr_faults_struck(world, index);
        work_on_links(world, fault);
        break;
    case MR_FAULT_RESET:
        reset(world, index);
        break;
    }
}

static mr_ns last_arrival(struct mr_world *world, uint32_t from, uint32_t to)
{
    mr_ns last_ns = world->now_ns;
    for (const struct mr_end *end = mr_link_find(world, from, to)->first; end; end = end->next)
        if (end->last_arrival_ns > last_ns) last_ns = end->last_arrival_ns;
    return last_ns;
}

/* A link is well again when what was slowed on it has arrived. */
static mr_ns healed_at(struct mr_world *world, const struct mr_fault *fault)
{
    if (fault->kind != MR_FAULT_SLOW_LINK) return world->now_ns;
    mr_ns there_ns = last_arrival(world, fault->from, fault->to);
    mr_ns back_ns = fault->is_both_ways ? last_arrival(world, fault->to, fault->from) : 0;
    return there_ns > back_ns ? there_ns : back_ns;
}

void mr_faults_end(struct mr_world *world, uint32_t index)
{
    const struct mr_fault *fault = &world->config->faults[index];
    MR_ASSERT(world->faults[index].is_active && world->n_active_faults > 0);
    world->faults[index].is_active = false;
    world->n_active_faults--;
    mr_ns healed_ns = healed_at(world, fault);
    if (healed_ns > world->healed_at_ns) world->healed_at_ns = healed_ns;
    MR_TELL(world, fault, world->now_ns, index, false);
    if (fault->kind == MR_FAULT_SLOW_CPU) slow_cpu(world, victim(world, index));
    if (fault->kind == MR_FAULT_PARTITION || fault->kind == MR_FAULT_SLOW_LINK)
        work_on_links(world, fault);
    if (fault->kind == MR_FAULT_CRASH && fault->restart_after_ns != MR_NS_NEVER)
        mr_world_push(world, world->now_ns, MR_EVENT_START, world->faults[index].process, 0, 0);
}
