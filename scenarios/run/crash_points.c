#include "scenarios/run/crash_points.h"

#include <stdio.h>
#include <string.h>

#include "scenarios/run/tally.h"

enum { PREFIXES_MAX = 4096 };

struct mr_crash_points {
    struct mr_arena *arena;
    void *image; /* the universe before the step at hand */
    size_t image_bytes;
    size_t image_max;
    uint32_t prefixes[PREFIXES_MAX];
    struct mr_run_result total; /* counts and findings of all crashes */
    struct mr_run_result last;
};

struct mr_crash_points *mr_crash_points_new(struct mr_arena *arena)
{
    struct mr_crash_points *points = mr_alloc(sizeof *points);
    points->arena = arena;
    points->image = NULL;
    points->image_max = 0;
    memset(&points->total, 0, sizeof points->total);
    return points;
}

void mr_crash_points_discard(struct mr_crash_points *points)
{
    if (!points) return;
    mr_free(points->image);
    mr_free(points);
}

void mr_crash_points_add_fault(struct run *run)
{
    MR_ASSERT(run->manifest.n_faults < 64); /* and there is room for one more */
    run->manifest.faults[run->manifest.n_faults++] = (struct mr_fault){.name = "crash-point",
        .kind = MR_FAULT_CRASH,
        .waits_for_handler = true,
        .at_ns = MR_NS_NEVER,
        .restart_after_ns = run->options->crash_restart_after_ns};
}

void mr_crash_points_arm(struct run *run, uint32_t prefix)
{
    mr_world_cut_next(run->world, prefix, run->manifest.n_faults - 1);
}

void mr_crash_points_disarm(struct run *run)
{
    mr_world_cut_none(run->world, run->manifest.n_faults - 1);
}

static void keep(struct mr_crash_points *points)
{
    points->image_bytes = mr_arena_used_bytes(points->arena);
    if (points->image_bytes > points->image_max) {
        mr_free(points->image);
        points->image_max = 2 * points->image_bytes;
        points->image = mr_alloc(points->image_max);
    }
    mr_arena_save(points->arena, points->image);
}

/* Where the crash fell comes before what caused it. */
static void add_finding(struct mr_run_result *total, const struct mr_witness *finding,
    uint64_t count, uint64_t step, uint32_t prefix, const char *what)
{
    for (uint32_t i = 0; i < total->n_findings; i++) {
        struct mr_witness *known = &total->findings[i];
        if (known->check != finding->check || known->verdict != finding->verdict) continue;
        total->finding_counts[i] += count;
        return;
    }
    if (total->n_findings == MR_FINDINGS_MAX) return;
    struct mr_witness *witness = &total->findings[total->n_findings];
    *witness = *finding;
    snprintf(witness->cause, sizeof witness->cause,
        "crash point %llu:%u, in the handler of %.160s, behind %u of its effects%s%.220s",
        (unsigned long long)step, prefix, what, prefix, finding->cause[0] ? "; " : "",
        finding->cause);
    total->finding_counts[total->n_findings++] = count;
}

static void judge(struct mr_crash_points *points, const struct mr_scenario *scenario,
    uint64_t step, uint32_t prefix, const char *what)
{
    struct mr_run_result *total = &points->total;
    const struct mr_run_result *last = &points->last;
    total->crash_points++;
    total->crash_steps += last->steps - step;
    if (!mr_run_is_unexpected(scenario, last)) return;
    if (total->crash_points_failed++ == 0) {
        total->failed_step = step;
        total->failed_prefix = prefix;
    }
    for (uint32_t i = 0; i < last->n_findings; i++)
        add_finding(total, &last->findings[i], last->finding_counts[i], step, prefix, what);
}

/* From the event at hand on, in which the handler crashes behind `prefix` effects, to the end.
 */
static void run_crashing(struct run *run, uint32_t prefix, struct mr_run_result *out)
{
    memset(out, 0, offsetof(struct mr_run_result, findings));
    jmp_buf exhausted;
    if (setjmp(exhausted) != 0) {
        mr_run_gather(run, out);
        mr_run_add_limit(run, out);
        return;
    }
    mr_arena_guard(run->arena, &exhausted);
    run->step++;
    mr_crash_points_arm(run, prefix);
    bool has_ended = mr_run_take_step(run, &out->end, out);
    mr_crash_points_disarm(run);
    if (!has_ended) out->end = mr_run_on(run, out);
    mr_arena_owner(run->arena, MR_OWNER_CHECKS);
    mr_run_finish(run, out);
    mr_run_gather(run, out);
}

/* After the event: goes back and has it crash, for each prefix. False: there was nothing to
 * try. Else the universe is back where it was before the event. */
static bool try_all(struct mr_crash_points *points, struct run *run)
{
    uint32_t process;
    uint32_t n = mr_world_crash_prefixes(run->world, &process, points->prefixes, PREFIXES_MAX);
    if (n == 0) return false;
    if (n > PREFIXES_MAX) n = PREFIXES_MAX;
    char what[160];
    uint64_t step = mr_world_steps(run->world);
    mr_world_describe_last(run->world, what, sizeof what);
    for (uint32_t i = 0; i < n; i++) {
        mr_arena_restore(points->arena, points->image, points->image_bytes);
        run_crashing(run, points->prefixes[i], &points->last);
        judge(points, run->scenario, step, points->prefixes[i], what);
    }
    mr_arena_restore(points->arena, points->image, points->image_bytes);
    return true;
}

enum mr_run_end mr_crash_points_run(struct mr_crash_points *points, struct run *run,
    jmp_buf *exhausted, struct mr_run_result *out)
{
    enum mr_run_end end;
    bool has_ended;
    do {
        keep(points);
        run->step++;
        has_ended = mr_run_take_step(run, &end, out);
        if (!try_all(points, run)) continue;
        mr_arena_guard(points->arena, exhausted);
        run->step++;
        has_ended = mr_run_take_step(run, &end, out);
    } while (!has_ended);
    return end;
}

void mr_crash_points_report(const struct mr_crash_points *points, struct mr_run_result *out)
{
    const struct mr_run_result *total = &points->total;
    out->crash_points = total->crash_points;
    out->crash_points_failed = total->crash_points_failed;
    out->crash_steps = total->crash_steps;
    out->failed_step = total->failed_step;
    out->failed_prefix = total->failed_prefix;
    for (uint32_t i = 0; i < total->n_findings && out->n_findings < MR_FINDINGS_MAX; i++) {
        out->finding_counts[out->n_findings] = total->finding_counts[i];
        out->findings[out->n_findings++] = total->findings[i];
    }
}
