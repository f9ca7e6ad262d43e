/* What one seed draws before it starts. Done for every seed, so it is a few table look-ups a
 * value. */
#include "base/digest.h"
#include "scenarios/language/scenario_internal.h"

/* An override of a value among choices is its index, of any other the value itself. */
static int64_t draw(
    const struct mr_draws *draws, enum mr_domain domain, const struct mr_drawn *drawn)
{
    if (drawn->n_choices > 0)
        return drawn
            ->choices[mr_draw_below(draws, drawn->n_choices, domain, mr_name(drawn->name), 0)];
    if (drawn->distribution.kind == MR_DISTRIBUTION_CONSTANT && draws->n_overrides == 0)
        return drawn->distribution.min;
    return mr_draw_from(draws, &drawn->distribution, domain, mr_name(drawn->name), 0);
}

static uint64_t draw_index(
    const struct mr_draws *draws, uint64_t bound, const struct mr_drawn *drawn)
{
    return mr_draw_below(draws, bound, MR_DRAW_FAULT, mr_name(drawn->name), 0);
}

/* A worker that there is, whatever an override says. */
static uint32_t draw_worker(const struct mr_draws *draws, const struct mr_fault_spec *spec)
{
    const struct mr_distribution *workers = &spec->worker.distribution;
    return (uint32_t)mr_draw_between(
        draws, workers->min, workers->max, MR_DRAW_FAULT, mr_name(spec->worker.name), 0);
}

static struct mr_fault draw_fault(
    const struct mr_draws *draws, const struct mr_fault_spec *spec)
{
    struct mr_fault fault = spec->fault;
    if (spec->has_any_worker) fault.process = MR_ANY_PROCESS;
    if (fault.is_at_point) {
        fault.point = spec->points[draw_index(draws, spec->n_points, &spec->point)];
        fault.occurrence = (uint64_t)draw(draws, MR_DRAW_FAULT, &spec->occurrence);
    } else {
        if (spec->has_any_worker) fault.process = draw_worker(draws, spec);
        fault.at_ns = draw(draws, MR_DRAW_FAULT, &spec->at_ns);
        fault.waits_for_handler = draw(draws, MR_DRAW_FAULT, &spec->waits_for_handler) != 0;
    }
    fault.for_ns = draw(draws, MR_DRAW_FAULT, &spec->for_ns);
    fault.restart_after_ns = draw(draws, MR_DRAW_FAULT, &spec->restart_after_ns);
    fault.factor = draw(draws, MR_DRAW_FAULT, &spec->factor);
    fault.extra_ns = draw(draws, MR_DRAW_FAULT, &spec->extra_ns);
    return fault;
}

static struct mr_job_step draw_step(
    const struct mr_draws *draws, const struct mr_job_step_spec *spec)
{
    return (struct mr_job_step){.kind = spec->kind,
        .at_ns = draw(draws, MR_DRAW_KNOB, &spec->at_ns),
        .after_checkpoints = spec->after_checkpoints,
        .checkpoints_back = spec->checkpoints_back,
        .n_topics = spec->n_topics,
        .from_topics = spec->from_topics,
        .to_topics = spec->to_topics};
}

void mr_manifest_draw(struct mr_arena *arena, const struct mr_scenario *scenario,
    const struct mr_draws *draws, struct mr_manifest *out)
{
    const struct mr_cluster *cluster = &scenario->cluster;
    uint32_t n_faults = scenario->n_faults, n_steps = scenario->n_job_steps;
    *out = (struct mr_manifest){.seed = draws->seed,
        .batch_rows = (uint32_t)draw(draws, MR_DRAW_KNOB, &cluster->batch_rows),
        .fetch_rows = (uint32_t)draw(draws, MR_DRAW_KNOB, &cluster->fetch_rows),
        .checkpoint_every_ns = draw(draws, MR_DRAW_KNOB, &cluster->checkpoint_every_ns),
        .n_faults = n_faults,
        .faults = mr_arena_alloc(arena, sizeof(struct mr_fault) * (n_faults + 1)),
        .n_job_steps = n_steps,
        .job_steps = mr_arena_alloc(arena, sizeof(struct mr_job_step) * (n_steps + 1))};
    MR_ASSERT(out->batch_rows > 0 && out->fetch_rows > 0);
    for (uint32_t i = 0; i < n_faults; i++)
        out->faults[i] = draw_fault(draws, &scenario->faults[i]);
    for (uint32_t i = 0; i < n_steps; i++)
        out->job_steps[i] = draw_step(draws, &scenario->job_steps[i]);
}
