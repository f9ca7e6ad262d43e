/* A scenario file as a whole: its head and its limits, the order in which its parts are read,
 * and its digest. */
#include <string.h>

#include "base/digest.h"
#include "scenarios/language/scenario_internal.h"

enum { NAME_BYTES_MAX = 100, SEEDS_DEFAULT = 100 };

#define SEEDS_MAX INT64_C(1000000000000)
#define EVENTS_DEFAULT UINT64_C(5000000)
#define EVENTS_MAX INT64_C(1000000000000000)
#define VIRTUAL_TIME_DEFAULT_NS (600 * MR_SECOND_NS)
#define MEMORY_DEFAULT_BYTES (INT64_C(256) << 20)
#define MEMORY_MIN_BYTES (INT64_C(1) << 20)
/* The distance of the two base addresses at which an arena may lie. */
#define MEMORY_MAX_BYTES ((int64_t)(MR_ARENA_BASE - MR_ARENA_BASE_SECOND))

/* The name stands in commands, records and file names. */
static bool is_name(const char *name)
{
    size_t bytes = strlen(name);
    if (bytes == 0 || bytes > NAME_BYTES_MAX || name[0] == '.' || name[0] == '-') return false;
    for (const char *c = name; *c; c++)
        if ((unsigned char)*c < ' ' || *c == '/' || *c == '\\' || *c == 0x7f) return false;
    return true;
}

static bool read_head(struct mr_reading *reading, const struct mr_yaml *root)
{
    struct mr_scenario *scenario = reading->scenario;
    scenario->about = "";
    if (!mr_read_required(reading, root, "scenario") ||
        !mr_read_text(reading, root, "scenario", &scenario->name) ||
        !mr_read_text(reading, root, "about", &scenario->about))
        return false;
    if (is_name(scenario->name)) return true;
    return mr_fail_node(reading, mr_yaml_get(root, "scenario"),
        "the name of a scenario has 1 to %d characters, no slash among them, and does not "
        "begin "
        "with '.' or '-'",
        (int)NAME_BYTES_MAX);
}

/* `seeds: 200` are the seeds 1 to 200, `seeds: [17]` is the one seed 17. */
static bool read_seeds(struct mr_reading *reading, const struct mr_yaml *root)
{
    struct mr_scenario *scenario = reading->scenario;
    const struct mr_yaml *node = mr_read_key(root, "seeds");
    scenario->is_stepped = mr_yaml_get(root, "steps") != NULL;
    int64_t value = scenario->is_stepped ? 1 : SEEDS_DEFAULT;
    scenario->first_seed = 1;
    if (node && node->kind == MR_YAML_LIST) {
        if (node->n != 1)
            return mr_fail_node(reading, node,
                "'seeds' must be how many seeds there are, or a list of the one seed to run");
        if (!mr_yaml_as_int(node->items[0], "seeds", 0, INT64_MAX, &value, reading->err))
            return false;
        scenario->first_seed = (uint64_t)value;
        scenario->seeds = 1;
        return true;
    }
    if (!mr_read_integer(reading, root, "seeds", MR_RANGE_COUNT(1, SEEDS_MAX), &value))
        return false;
    scenario->seeds = (uint64_t)value;
    return true;
}

static bool read_memory(struct mr_reading *reading, const struct mr_yaml *map)
{
    int64_t bytes = MEMORY_DEFAULT_BYTES;
    if (!mr_read_bytes(reading, map, "limits.memory", &bytes)) return false;
    if (bytes < MEMORY_MIN_BYTES || bytes > MEMORY_MAX_BYTES)
        return mr_fail_node(reading, mr_yaml_get(map, "memory"),
            "'limits.memory' must be from 1MiB to %lldGiB",
            (long long)(MEMORY_MAX_BYTES >> 30));
    reading->scenario->limits.memory_bytes = (uint64_t)bytes;
    return true;
}

static bool read_limits(struct mr_reading *reading, const struct mr_yaml *root)
{
    struct mr_limits *limits = &reading->scenario->limits;
    const struct mr_yaml *map = mr_read_map(root, "limits");
    int64_t events = EVENTS_DEFAULT;
    if (!mr_read_keys(reading, map, "limits", MR_MAP_LIMITS) ||
        !mr_read_integer(reading, map, "limits.virtual_time", MR_RANGE_NS_POSITIVE,
            &limits->virtual_time_ns) ||
        !mr_read_integer(
            reading, map, "limits.events", MR_RANGE_COUNT(1, EVENTS_MAX), &events) ||
        !read_memory(reading, map))
        return false;
    limits->events = (uint64_t)events;
    return true;
}

static bool has_open_stream(const struct mr_scenario *scenario)
{
    for (uint32_t t = 0; t < scenario->n_topics; t++)
        if (scenario->topics[t].stream && scenario->topics[t].stream->is_open) return true;
    return false;
}

/* A run with an open stream never ends by itself: `run_for` says when it has been enough. */
static bool read_span(struct mr_reading *reading, const struct mr_yaml *root)
{
    struct mr_scenario *scenario = reading->scenario;
    mr_ns *limit_ns = &scenario->limits.virtual_time_ns;
    const struct mr_yaml *node = mr_read_key(root, "run_for");
    if (!mr_read_integer(reading, root, "run_for", MR_RANGE_NS_POSITIVE, &scenario->run_for_ns))
        return false;
    bool is_open = has_open_stream(scenario);
    if (scenario->is_stepped) {
        if (*limit_ns == 0) *limit_ns = MR_NS_NEVER - 1;
        return true; /* a run of steps ends with the last one */
    }
    if (node && !is_open)
        return mr_fail_node(reading, node,
            "'run_for' is for streams with 'end: open'; a bounded run ends by itself");
    if (!node && is_open)
        return mr_fail_node(reading, root,
            "'run_for' is missing: a run with an open stream does not end by itself");
    if (*limit_ns == 0) {
        *limit_ns = VIRTUAL_TIME_DEFAULT_NS;
        if (*limit_ns < scenario->run_for_ns) *limit_ns = scenario->run_for_ns;
    }
    if (node && scenario->run_for_ns > *limit_ns)
        return mr_fail_node(
            reading, node, "'run_for' is more than 'limits.virtual_time', which would end it");
    return true;
}

bool mr_read_parts(struct mr_reading *reading, const struct mr_yaml *root)
{
    static bool (*const parts[])(struct mr_reading *, const struct mr_yaml *) = {read_head,
        read_seeds, read_limits, mr_read_cluster, mr_read_network, mr_read_services,
        mr_read_stepped_world, mr_read_pipeline, mr_read_lookups, mr_read_streams, mr_read_outputs,
        read_span,
        mr_read_faults, mr_read_chances, mr_read_job, mr_read_checks, mr_read_expect,
        mr_read_sometimes, mr_read_steps};
    for (size_t i = 0; i < MR_COUNT_OF(parts); i++)
        if (!parts[i](reading, root)) return false;
    return true;
}

static bool read_document(struct mr_reading *reading, const char *text, size_t bytes)
{
    struct mr_scenario *scenario = reading->scenario;
    const struct mr_yaml *root;
    if (!mr_yaml_parse(
            reading->region, reading->path, text, bytes, MR_YAML_1_2, &root, reading->err))
        return false;
    scenario->document = root;
    scenario->place = (struct mr_place){reading->path, 1, 1};
    if (root->kind == MR_YAML_NULL)
        return mr_fail_at(reading->err, scenario->place, "the scenario is empty");
    return mr_read_keys(reading, root, "scenario", MR_MAP_SCENARIO) &&
           mr_read_parts(reading, root);
}

bool mr_read_file(struct mr_reading *reading, const struct mr_yaml *node, const char *path,
    const char **shown_path, const char **text, size_t *bytes)
{
    const struct mr_file_reader *files = reading->files;
    struct mr_err inner = {0};
    if (files->read(files->self, reading->region, path, text, bytes, &inner)) {
        *shown_path = mr_path_join(reading->region, reading->folder, path);
        reading->digest = mr_digest_bytes(reading->digest, *text, *bytes);
        return true;
    }
    if (node && inner.kind == MR_ERR_INPUT && !inner.input_file[0])
        return mr_fail_node(reading, node, "%s", inner.msg);
    *reading->err = inner;
    return false;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Errors in the scenario itself are shown with their line; those of other files bring their
 * own. */
static void quote(struct mr_err *err, const char *path, const char *text, size_t bytes)
{
    size_t kept = sizeof err->input_file - 1; /* longer paths were cut */
    if (err->input_file[0] && strncmp(err->input_file, path, kept) == 0)
        mr_err_quote(err, text, bytes);
}

bool mr_scenario_read(struct mr_region *region, const char *path,
    const struct mr_file_reader *reader, const struct mr_scenario **out, struct mr_err *err)
{
    MR_ASSERT(err && err->kind == MR_ERR_NONE);
    path = mr_region_strdup(region, path);
    struct mr_reading reading = {.region = region,
        .path = path,
        .folder = mr_path_folder(region, path),
        .files = reader,
        .scenario = mr_region_new(region, struct mr_scenario),
        .err = err};
    const char *text, *shown_path;
    size_t bytes;
    if (!mr_read_file(&reading, NULL, base_name(path), &shown_path, &text, &bytes))
        return false;
    reading.scenario->path = path;
    if (!read_document(&reading, text, bytes)) {
        MR_ASSERT(err->kind != MR_ERR_NONE);
        quote(err, path, text, bytes);
        return false;
    }
    reading.scenario->digest = reading.digest;
    *out = reading.scenario;
    return true;
}
