/* What goes wrong: faults, chances, and what the operator of the job does. */
#include <string.h>

#include "base/digest.h"
#include "scenarios/language/scenario_internal.h"

static const char *const kinds[] = {
    [MR_FAULT_CRASH] = "crash",
    [MR_FAULT_PAUSE] = "pause",
    [MR_FAULT_SLOW_CPU] = "slow_cpu",
    [MR_FAULT_PARTITION] = "partition",
    [MR_FAULT_RESET] = "reset",
    [MR_FAULT_SLOW_LINK] = "slow_link",
};

/* The operator is a process of the run only where 'job' gives it something to do. */
static uint32_t count_processes(const struct mr_reading *reading)
{
    const struct mr_yaml *job = mr_yaml_get(reading->scenario->document, "job");
    bool has_operator = job && job->kind == MR_YAML_LIST && job->n > 0;
    return reading->scenario->cluster.workers + 3 + has_operator;
}

static size_t process_names(struct mr_reading *reading, const char *names[MR_PROCESSES_MAX])
{
    uint32_t workers = reading->scenario->cluster.workers, n = count_processes(reading);
    for (uint32_t i = 0; i < n; i++)
        names[i] = mr_scenario_process_name(reading->region, workers, i);
    for (uint32_t i = 0; i < reading->scenario->n_lookups; i++)
        names[n++] = reading->scenario->lookups[i].name;
    return n;
}

/* Services that Lookups call are known once the pipeline is. */
static bool find_lookup(const struct mr_reading *reading, const char *name, uint32_t *out)
{
    const struct mr_scenario *scenario = reading->scenario;
    for (uint32_t i = 0; i < scenario->n_lookups; i++) {
        if (strcmp(scenario->lookups[i].name, name) != 0) continue;
        *out = mr_scenario_lookup_process(scenario->cluster.workers, i);
        return true;
    }
    return false;
}

bool mr_read_process(
    struct mr_reading *reading, const struct mr_yaml *map, const char *path, uint32_t *out)
{
    const struct mr_yaml *node = mr_read_key(map, path);
    if (!node) return true;
    const char *name;
    if (!mr_yaml_as_text(node, path, &name, reading->err)) return false;
    if (find_lookup(reading, name, out)) return true;
    int process = mr_scenario_process(reading->scenario->cluster.workers, name);
    if (process < 0 || (uint32_t)process >= count_processes(reading)) {
        const char *names[MR_PROCESSES_MAX];
        size_t n = process_names(reading, names);
        return mr_fail_word(reading, node, "process", name, names, n);
    }
    *out = (uint32_t)process;
    return true;
}

static bool read_worker(
    struct mr_reading *reading, const struct mr_yaml *node, struct mr_fault_spec *spec)
{
    uint32_t workers = reading->scenario->cluster.workers;
    if (node->kind == MR_YAML_TEXT && strcmp(node->text, "any") == 0) {
        spec->has_any_worker = true;
        spec->worker.distribution = mr_distribution_uniform(1, workers);
        return true;
    }
    int64_t number = 0;
    if (node->kind != MR_YAML_INT)
        return mr_fail_node(
            reading, node, "'worker' must be 'any' or a number from 1 to %u", workers);
    if (!mr_yaml_as_int(node, "worker", INT64_MIN, INT64_MAX, &number, reading->err))
        return false;
    if (number < 1 || number > workers)
        return mr_fail_node(reading, node,
            "there is no worker %lld: the cluster has workers 1 to %u", (long long)number,
            workers);
    spec->fault.process = (uint32_t)number;
    return true;
}

/* The process that is struck: `worker: any`, `worker: 2` or `process: coordinator`. */
static bool read_victim(
    struct mr_reading *reading, const struct mr_yaml *map, struct mr_fault_spec *spec)
{
    const struct mr_yaml *worker = mr_yaml_get(map, "worker");
    const struct mr_yaml *process = mr_yaml_get(map, "process");
    const char *kind = kinds[spec->fault.kind];
    if (worker && process)
        return mr_fail_node(reading, mr_yaml_key(map, "process"),
            "'%s' has a 'worker' or a 'process', not both", kind);
    if (worker) return read_worker(reading, worker, spec);
    if (!process)
        return mr_fail_node(
            reading, map, "'%s' needs a 'worker' (any, or a number) or a 'process'", kind);
    if (!mr_read_process(reading, map, "process", &spec->fault.process)) return false;
    if (spec->fault.process > reading->scenario->cluster.workers)
        return mr_fail_node(reading, process,
            "'%s' is a service of the world: only the coordinator and workers can be struck",
            process->text);
    return true;
}

static bool read_ends(
    struct mr_reading *reading, const struct mr_yaml *map, struct mr_fault_spec *spec)
{
    struct mr_fault *fault = &spec->fault;
    fault->is_both_ways = true;
    if (!mr_read_required(reading, map, "from") || !mr_read_required(reading, map, "to") ||
        !mr_read_process(reading, map, "from", &fault->from) ||
        !mr_read_process(reading, map, "to", &fault->to) ||
        !mr_read_bool(reading, map, "both", &fault->is_both_ways))
        return false;
    if (fault->from == fault->to)
        return mr_fail_node(reading, mr_yaml_get(map, "to"),
            "'%s' needs two different processes", kinds[fault->kind]);
    return true;
}

/* The registry says who reaches a point at the start of its description. */
static bool is_coordinators(enum mr_point point)
{
    return strncmp(mr_points[point].about, "coordinator:", 12) == 0;
}

static bool read_point(struct mr_reading *reading, const struct mr_yaml *node,
    const struct mr_fault_spec *spec, enum mr_point *out)
{
    const char *name;
    if (!mr_yaml_as_text(node, "point", &name, reading->err)) return false;
    int point = mr_named_find(mr_points, MR_POINT_COUNT, name);
    if (point < 0) {
        const char *words[MR_POINT_COUNT];
        for (int i = 0; i < MR_POINT_COUNT; i++) words[i] = mr_points[i].name;
        return mr_fail_word(reading, node, "point", name, words, MR_POINT_COUNT);
    }
    *out = (enum mr_point)point;
    bool strikes_process = spec->fault.kind <= MR_FAULT_SLOW_CPU;
    bool is_coordinator =
        !spec->has_any_worker && spec->fault.process == MR_PROCESS_COORDINATOR;
    if (strikes_process && is_coordinators(*out) != is_coordinator)
        return mr_fail_node(reading, node,
            "the point '%s' is reached by %s, which is not struck here", name,
            is_coordinators(*out) ? "the coordinator" : "a worker");
    return true;
}

static bool read_at_point(
    struct mr_reading *reading, const struct mr_yaml *at, struct mr_fault_spec *spec)
{
    if (!mr_read_keys(reading, at, "at", MR_MAP_AT)) return false;
    const struct mr_yaml *node = mr_yaml_get(at, "point");
    bool is_list = node->kind == MR_YAML_LIST;
    uint32_t n = is_list ? node->n : 1;
    if (n == 0) return mr_fail_node(reading, node, "'point' must name at least one point");
    enum mr_point *points = mr_region_array(reading->region, enum mr_point, n);
    for (uint32_t i = 0; i < n; i++)
        if (!read_point(reading, is_list ? node->items[i] : node, spec, &points[i]))
            return false;
    spec->fault.is_at_point = true;
    spec->points = points;
    spec->n_points = n;
    spec->point.distribution = mr_distribution_uniform(0, n - 1);
    spec->occurrence.distribution = mr_distribution_constant(1);
    return mr_read_drawn(reading, at, "at.occurrence", spec->occurrence.name,
        MR_RANGE_COUNT(1, 1000000000), &spec->occurrence);
}

static bool read_at(
    struct mr_reading *reading, const struct mr_yaml *map, struct mr_fault_spec *spec)
{
    const struct mr_yaml *at = mr_yaml_get(map, "at");
    if (!at)
        return mr_fail_node(
            reading, map, "'%s' needs 'at': a time or a point", kinds[spec->fault.kind]);
    if (at->kind == MR_YAML_MAP && mr_yaml_get(at, "point"))
        return read_at_point(reading, at, spec);
    return mr_read_drawn(reading, map, "at", spec->at_ns.name, MR_RANGE_NS, &spec->at_ns);
}

static bool read_duration(
    struct mr_reading *reading, const struct mr_yaml *map, struct mr_fault_spec *spec)
{
    return mr_read_required(reading, map, "for") &&
           mr_read_drawn(
               reading, map, "for", spec->for_ns.name, MR_RANGE_NS_POSITIVE, &spec->for_ns);
}

static bool read_factor(
    struct mr_reading *reading, const struct mr_yaml *map, struct mr_fault_spec *spec)
{
    return mr_read_drawn(
        reading, map, "factor", spec->factor.name, MR_RANGE_COUNT(1, 1000000), &spec->factor);
}

/* Whether a timed crash waits for the process's next handler and cuts it: half of them do,
 * unless it is written. */
static bool read_waiting(
    struct mr_reading *reading, const struct mr_yaml *map, struct mr_fault_spec *spec)
{
    const struct mr_yaml *node = mr_yaml_get(map, "waits_for_handler");
    spec->waits_for_handler.distribution = mr_distribution_uniform(0, 1);
    if (spec->fault.is_at_point) {
        spec->waits_for_handler.distribution = mr_distribution_constant(0);
        if (node)
            return mr_fail_node(reading, node, "'waits_for_handler' is for crashes at a time");
        return true;
    }
    bool waits = false;
    if (!mr_read_bool(reading, map, "waits_for_handler", &waits)) return false;
    if (node) spec->waits_for_handler.distribution = mr_distribution_constant(waits);
    return true;
}

static bool read_restart_after(
    struct mr_reading *reading, const struct mr_yaml *map, struct mr_fault_spec *spec)
{
    const struct mr_yaml *node = mr_yaml_get(map, "restart_after");
    spec->restart_after_ns.distribution = mr_distribution_constant(MR_SECOND_NS);
    if (node && node->kind == MR_YAML_TEXT && strcmp(node->text, "never") == 0) {
        spec->restart_after_ns.distribution = mr_distribution_constant(MR_NS_NEVER);
        return true;
    }
    return mr_read_drawn(reading, map, "restart_after", spec->restart_after_ns.name,
        MR_RANGE_NS, &spec->restart_after_ns);
}

static bool read_crash(
    struct mr_reading *reading, const struct mr_yaml *map, struct mr_fault_spec *spec)
{
    return mr_read_keys(reading, map, "crash", MR_MAP_CRASH) &&
           read_victim(reading, map, spec) && read_at(reading, map, spec) &&
           read_restart_after(reading, map, spec) && read_waiting(reading, map, spec);
}

static bool read_pause(
    struct mr_reading *reading, const struct mr_yaml *map, struct mr_fault_spec *spec)
{
    return mr_read_keys(reading, map, "pause", MR_MAP_PAUSE) &&
           read_victim(reading, map, spec) && read_at(reading, map, spec) &&
           read_duration(reading, map, spec);
}

static bool read_slow_cpu(
    struct mr_reading *reading, const struct mr_yaml *map, struct mr_fault_spec *spec)
{
    return mr_read_keys(reading, map, "slow_cpu", MR_MAP_SLOW_CPU) &&
           read_victim(reading, map, spec) && read_at(reading, map, spec) &&
           read_duration(reading, map, spec) && mr_read_required(reading, map, "factor") &&
           read_factor(reading, map, spec);
}

static bool read_partition(
    struct mr_reading *reading, const struct mr_yaml *map, struct mr_fault_spec *spec)
{
    return mr_read_keys(reading, map, "partition", MR_MAP_PARTITION) &&
           read_ends(reading, map, spec) && read_at(reading, map, spec) &&
           read_duration(reading, map, spec);
}

static bool read_reset(
    struct mr_reading *reading, const struct mr_yaml *map, struct mr_fault_spec *spec)
{
    return mr_read_keys(reading, map, "reset", MR_MAP_RESET) && read_ends(reading, map, spec) &&
           read_at(reading, map, spec);
}

static bool read_slow_link(
    struct mr_reading *reading, const struct mr_yaml *map, struct mr_fault_spec *spec)
{
    if (!mr_read_keys(reading, map, "slow_link", MR_MAP_SLOW_LINK) ||
        !read_ends(reading, map, spec) || !read_at(reading, map, spec) ||
        !read_duration(reading, map, spec) || !read_factor(reading, map, spec) ||
        !mr_read_drawn(
            reading, map, "extra", spec->extra_ns.name, MR_RANGE_NS, &spec->extra_ns))
        return false;
    if (!mr_yaml_get(map, "factor") && !mr_yaml_get(map, "extra"))
        return mr_fail_node(reading, map, "'slow_link' needs a 'factor' or an 'extra'");
    return true;
}

static uint64_t content_hash(uint64_t hash, const struct mr_yaml *node)
{
    hash = mr_digest_mix(hash, (uint64_t)node->kind);
    if (node->kind != MR_YAML_LIST && node->kind != MR_YAML_MAP)
        return node->text ? mr_digest_bytes(hash, node->text, strlen(node->text)) : hash;
    for (uint32_t i = 0; i < node->n; i++) {
        if (node->kind == MR_YAML_MAP) hash = content_hash(hash, node->keys[i]);
        hash = content_hash(hash, node->items[i]);
    }
    return mr_digest_mix(hash, node->n);
}

static bool is_taken(const struct mr_fault_spec *specs, uint32_t n, const char *name)
{
    for (uint32_t i = 0; i < n; i++)
        if (strcmp(specs[i].fault.name, name) == 0) return true;
    return false;
}

/* The written name, or one made from the content: `crash-3fa21b`. Twins are told apart by a
 * number. */
static bool name_fault(struct mr_reading *reading, const struct mr_yaml *node,
    const struct mr_yaml *body, const struct mr_fault_spec *specs, uint32_t n, const char *kind,
    const char **out)
{
    const struct mr_yaml *written = mr_yaml_get(node, "name");
    if (written) {
        if (!mr_yaml_as_text(written, "name", out, reading->err)) return false;
        if (**out == '\0')
            return mr_fail_node(reading, written, "a fault's name must not be empty");
        if (is_taken(specs, n, *out))
            return mr_fail_node(reading, written, "two faults are called '%s'", *out);
        return true;
    }
    unsigned hash =
        (unsigned)(content_hash(mr_hash_bytes(kind, strlen(kind)), body) & 0xffffff);
    *out = mr_region_printf(reading->region, "%s-%06x", kind, hash);
    for (uint32_t twin = 2; is_taken(specs, n, *out); twin++)
        *out = mr_region_printf(reading->region, "%s-%06x-%u", kind, hash, twin);
    return true;
}

static void name_draws(struct mr_reading *reading, struct mr_fault_spec *spec)
{
    const char *name = spec->fault.name;
    const struct {
        struct mr_drawn *drawn;
        const char *what;
        int64_t value;
    } draws[] = {{&spec->worker, "worker", 0}, {&spec->at_ns, "at", 0},
        {&spec->waits_for_handler, "waits_for_handler", 0},
        {&spec->occurrence, "occurrence", 1}, {&spec->point, "point", 0},
        {&spec->for_ns, "for", 0}, {&spec->restart_after_ns, "restart_after", MR_NS_NEVER},
        {&spec->factor, "factor", 1}, {&spec->extra_ns, "extra", 0}};
    for (size_t i = 0; i < MR_COUNT_OF(draws); i++)
        *draws[i].drawn = mr_drawn_constant(
            mr_region_printf(reading->region, "%s.%s", name, draws[i].what), draws[i].value);
}

static bool read_fault(struct mr_reading *reading, const struct mr_yaml *node,
    struct mr_fault_spec *specs, uint32_t n)
{
    static bool (*const readers[])(
        struct mr_reading *, const struct mr_yaml *, struct mr_fault_spec *) = {
        read_crash, read_pause, read_slow_cpu, read_partition, read_reset, read_slow_link};
    if (!mr_read_keys(reading, node, "fault", MR_MAP_FAULT)) return false;
    int kind = -1;
    for (size_t i = 0; i < MR_COUNT_OF(kinds); i++) {
        if (!mr_yaml_get(node, kinds[i])) continue;
        if (kind >= 0)
            return mr_fail_node(reading, mr_yaml_key(node, kinds[i]),
                "one entry is one fault: '%s' and '%s' need entries of their own", kinds[kind],
                kinds[i]);
        kind = (int)i;
    }
    if (kind < 0)
        return mr_fail_node(reading, node,
            "a fault is one of crash, pause, slow_cpu, partition, reset, slow_link");
    const struct mr_yaml *body = mr_yaml_get(node, kinds[kind]);
    struct mr_fault_spec *spec = &specs[n];
    *spec = (struct mr_fault_spec){.place = node->place};
    spec->fault.kind = (enum mr_fault_kind)kind;
    if (!name_fault(reading, node, body, specs, n, kinds[kind], &spec->fault.name))
        return false;
    name_draws(reading, spec);
    return readers[kind](reading, body, spec);
}

bool mr_read_faults(struct mr_reading *reading, const struct mr_yaml *root)
{
    const struct mr_yaml *list = mr_read_key(root, "faults");
    if (!list || list->kind == MR_YAML_NULL) return true;
    if (list->kind != MR_YAML_LIST)
        return mr_fail_node(reading, list, "'faults' must be a list");
    if (list->n > MR_FAULTS_MAX)
        return mr_fail_node(reading, list, "at most %d faults", (int)MR_FAULTS_MAX);
    struct mr_fault_spec *specs =
        mr_region_array(reading->region, struct mr_fault_spec, list->n + 1);
    for (uint32_t i = 0; i < list->n; i++)
        if (!read_fault(reading, list->items[i], specs, i)) return false;
    reading->scenario->faults = specs;
    reading->scenario->n_faults = list->n;
    return true;
}

bool mr_read_chances(struct mr_reading *reading, const struct mr_yaml *root)
{
    struct mr_scenario *scenario = reading->scenario;
    const struct mr_yaml *map = mr_read_key(root, "chances");
    scenario->chance_activation = (struct mr_ratio){0, 1};
    scenario->chance_firing = (struct mr_ratio){0, 1};
    if (!map) return true;
    scenario->chance_activation = (struct mr_ratio){25, 100};
    scenario->chance_firing = (struct mr_ratio){5, 100};
    return mr_read_keys(reading, map, "chances", MR_MAP_CHANCES) &&
           mr_read_ratio(reading, map, "chances.activation", &scenario->chance_activation) &&
           mr_read_ratio(reading, map, "chances.firing", &scenario->chance_firing);
}
