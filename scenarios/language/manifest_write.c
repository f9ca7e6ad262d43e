/* The manifest of a seed as YAML: the scenario's own document with the drawn values in the
 * place of what they were drawn from. Everything else stays as it was written, and so do the
 * names that key the draws of the run. */
#include <string.h>

#include "scenarios/language/scenario_internal.h"

struct writing {
    struct mr_region *region;
    const struct mr_scenario *scenario;
    const struct mr_manifest *manifest;
    const char *folder; /* that paths shall lead from */
};

/* Nodes. */

static const struct mr_yaml *text_node(struct writing *writing, const char *text)
{
    struct mr_yaml *node = mr_region_new(writing->region, struct mr_yaml);
    *node = (struct mr_yaml){.kind = MR_YAML_TEXT, .text = text, .is_plain = true};
    return node;
}

static const struct mr_yaml *int_node(struct writing *writing, int64_t value)
{
    struct mr_yaml *node = mr_region_new(writing->region, struct mr_yaml);
    *node = (struct mr_yaml){.kind = MR_YAML_INT, .integer = value};
    return node;
}

static const struct mr_yaml *bool_node(struct writing *writing, bool value)
{
    struct mr_yaml *node = mr_region_new(writing->region, struct mr_yaml);
    *node = (struct mr_yaml){.kind = MR_YAML_BOOL, .boolean = value};
    return node;
}

/* Exact: what is read back is the same number of nanoseconds. */
static const struct mr_yaml *span_node(struct writing *writing, mr_ns span_ns)
{
    char text[MR_TIME_TEXT_BYTES];
    return text_node(
        writing, mr_region_strdup(writing->region, mr_duration_format(span_ns, text)));
}

static struct mr_yaml *list_node(
    struct writing *writing, uint32_t n, const struct mr_yaml **items)
{
    struct mr_yaml *node = mr_region_new(writing->region, struct mr_yaml);
    *node = (struct mr_yaml){.kind = MR_YAML_LIST, .n = n, .items = items};
    return node;
}

/* A copy of `map` (NULL: an empty one) in which `key` has `value`, at its old place or at the
 * end; NULL takes the key out. */
static const struct mr_yaml *with(struct writing *writing, const struct mr_yaml *map,
    const char *key, const struct mr_yaml *value)
{
    uint32_t n = map && map->kind == MR_YAML_MAP ? map->n : 0, used = 0;
    const struct mr_yaml **keys =
        mr_region_array(writing->region, const struct mr_yaml *, n + 1);
    const struct mr_yaml **items =
        mr_region_array(writing->region, const struct mr_yaml *, n + 1);
    bool is_there = false;
    for (uint32_t i = 0; i < n; i++) {
        bool is_it = strcmp(map->keys[i]->text, key) == 0;
        is_there = is_there || is_it;
        if (is_it && !value) continue;
        keys[used] = map->keys[i];
        items[used++] = is_it ? value : map->items[i];
    }
    if (!is_there && value) {
        keys[used] = text_node(writing, key);
        items[used++] = value;
    }
    struct mr_yaml *node = mr_region_new(writing->region, struct mr_yaml);
    *node = (struct mr_yaml){.kind = MR_YAML_MAP, .n = used, .items = items, .keys = keys};
    return node;
}

/* Files. */

static const struct mr_yaml *moved(struct writing *writing, const struct mr_yaml *path)
{
    struct mr_region *region = writing->region;
    const char *folder = mr_path_folder(region, writing->scenario->path);
    const char *full = mr_path_join(region, folder, path->text);
    return text_node(writing, mr_path_from(region, writing->folder, full));
}

static const struct mr_yaml *pipeline_of(struct writing *writing, const struct mr_yaml *node)
{
    if (node->kind == MR_YAML_TEXT) return moved(writing, node);
    return with(writing, node, "file", moved(writing, mr_yaml_get(node, "file")));
}

static const struct mr_yaml *streams_of(struct writing *writing, const struct mr_yaml *map)
{
    const struct mr_yaml *streams = map;
    for (uint32_t i = 0; i < map->n; i++) {
        const struct mr_yaml *trace = mr_yaml_get(map->items[i], "trace");
        if (!trace) continue;
        streams = with(writing, streams, map->keys[i]->text,
            with(writing, map->items[i], "trace", moved(writing, trace)));
    }
    return streams;
}

static const struct mr_yaml *services_of(struct writing *writing, const struct mr_yaml *map)
{
    const struct mr_yaml *services = map;
    for (uint32_t i = 0; i < map->n; i++) {
        const struct mr_yaml *table = mr_yaml_get(map->items[i], "table");
        if (!table) continue;
        services = with(writing, services, map->keys[i]->text,
            with(writing, map->items[i], "table", moved(writing, table)));
    }
    return services;
}

/* What is drawn. */

static const struct mr_yaml *cluster_of(struct writing *writing, const struct mr_yaml *map)
{
    const struct mr_manifest *manifest = writing->manifest;
    const struct mr_yaml *fetch = map ? mr_yaml_get(map, "fetch") : NULL;
    const struct mr_yaml *checkpoint = map ? mr_yaml_get(map, "checkpoint") : NULL;
    fetch = with(writing, fetch, "rows", int_node(writing, manifest->fetch_rows));
    checkpoint =
        with(writing, checkpoint, "every", span_node(writing, manifest->checkpoint_every_ns));
    map = with(writing, map, "checkpoint", checkpoint);
    map = with(writing, map, "batch", int_node(writing, manifest->batch_rows));
    return with(writing, map, "fetch", fetch);
}

static const struct mr_yaml *at_of(struct writing *writing, const struct mr_fault *fault)
{
    if (!fault->is_at_point) return span_node(writing, fault->at_ns);
    const struct mr_yaml *at =
        with(writing, NULL, "point", text_node(writing, mr_points[fault->point].name));
    return with(writing, at, "occurrence", int_node(writing, (int64_t)fault->occurrence));
}

/* A key that was left out has its default for good; only what stands there was drawn. */
static const struct mr_yaml *with_drawn(struct writing *writing, const struct mr_yaml *body,
    const char *key, const struct mr_yaml *value)
{
    return mr_yaml_get(body, key) ? with(writing, body, key, value) : body;
}

static const struct mr_yaml *fault_of(struct writing *writing, const struct mr_yaml *node,
    const struct mr_fault *fault, const struct mr_fault_spec *spec)
{
    const char *kind = mr_map_keys[MR_MAP_FAULT].keys[fault->kind];
    const struct mr_yaml *body = mr_yaml_get(node, kind);
    if (spec->has_any_worker && !fault->is_at_point)
        body = with(writing, body, "worker", int_node(writing, fault->process));
    body = with(writing, body, "at", at_of(writing, fault));
    body = with_drawn(writing, body, "for", span_node(writing, fault->for_ns));
    body = with_drawn(writing, body, "factor", int_node(writing, fault->factor));
    body = with_drawn(writing, body, "extra", span_node(writing, fault->extra_ns));
    body =
        with_drawn(writing, body, "restart_after", span_node(writing, fault->restart_after_ns));
    if (fault->kind == MR_FAULT_CRASH && !fault->is_at_point)
        body = with(
            writing, body, "waits_for_handler", bool_node(writing, fault->waits_for_handler));
    return with(
        writing, with(writing, node, kind, body), "name", text_node(writing, fault->name));
}

static const struct mr_yaml *faults_of(struct writing *writing, const struct mr_yaml *list)
{
    const struct mr_manifest *manifest = writing->manifest;
    const struct mr_yaml **items =
        mr_region_array(writing->region, const struct mr_yaml *, manifest->n_faults + 1);
    for (uint32_t i = 0; i < manifest->n_faults; i++)
        items[i] = fault_of(
            writing, list->items[i], &manifest->faults[i], &writing->scenario->faults[i]);
    return list_node(writing, manifest->n_faults, items);
}

static const struct mr_yaml *job_of(struct writing *writing, const struct mr_yaml *list)
{
    const struct mr_manifest *manifest = writing->manifest;
    const struct mr_yaml **items =
        mr_region_array(writing->region, const struct mr_yaml *, manifest->n_job_steps + 1);
    for (uint32_t i = 0; i < manifest->n_job_steps; i++) {
        const struct mr_job_step *step = &manifest->job_steps[i];
        const char *kind = mr_map_keys[MR_MAP_JOB_STEP].keys[step->kind];
        const char *key = step->kind == MR_STEP_STOP ? "at" : "after";
        const struct mr_yaml *body = mr_yaml_get(list->items[i], kind);
        items[i] = with(writing, list->items[i], kind,
            with(writing, body, key, span_node(writing, step->at_ns)));
    }
    return list_node(writing, manifest->n_job_steps, items);
}

/* By default the span follows from the interval of checkpoints, also where that is drawn. */
static const struct mr_yaml *check_of(struct writing *writing, const struct mr_yaml *map)
{
    const struct mr_yaml *liveness = map ? mr_yaml_get(map, "liveness") : NULL;
    bool is_off = liveness && liveness->kind == MR_YAML_BOOL && !liveness->boolean;
    if (is_off) return map;
    const struct mr_yaml *within = span_node(writing, writing->scenario->check.liveness_ns);
    return with(writing, map, "liveness", with(writing, liveness, "within", within));
}

/* One seed may or may not show the failure, and need not reach what the campaign must. */
static const struct mr_yaml *expect_of(struct writing *writing, const struct mr_yaml *node)
{
    const struct mr_yaml *fail = mr_yaml_get(node, "fail");
    if (!fail) return node;
    const struct mr_yaml *seeds = with(writing, NULL, "at_least", int_node(writing, 0));
    return with(writing, node, "fail", with(writing, fail, "seeds", seeds));
}

static const struct mr_yaml *document_of(struct writing *writing)
{
    const struct mr_yaml *root = writing->scenario->document;
    static const struct {
        const char *key;
        const struct mr_yaml *(*of)(struct writing *, const struct mr_yaml *);
    } parts[] = {{"pipeline", pipeline_of}, {"streams", streams_of},
        {"services", services_of}, {"faults", faults_of},
        {"job", job_of}, {"expect", expect_of}};
    const struct mr_yaml *out = with(writing, root, "sometimes", NULL);
    for (size_t i = 0; i < MR_COUNT_OF(parts); i++) {
        const struct mr_yaml *node = mr_yaml_get(root, parts[i].key);
        if (node && node->kind != MR_YAML_NULL)
            out = with(writing, out, parts[i].key, parts[i].of(writing, node));
    }
    if (writing->scenario->is_stepped) {
        if (writing->scenario->is_restored_between)
            out = with(writing, out, "every_restore", bool_node(writing, true));
        if (writing->scenario->split > 1)
            out = with(writing, out, "split", int_node(writing, writing->scenario->split));
    } else {
        out = with(writing, out, "cluster", cluster_of(writing, mr_yaml_get(root, "cluster")));
        out = with(writing, out, "check", check_of(writing, mr_yaml_get(root, "check")));
    }
    const struct mr_yaml **seeds = mr_region_array(writing->region, const struct mr_yaml *, 1);
    seeds[0] = int_node(writing, (int64_t)writing->manifest->seed);
    return with(writing, out, "seeds", list_node(writing, 1, seeds));
}

void mr_manifest_write(struct mr_text *out, const struct mr_scenario *scenario,
    const struct mr_manifest *manifest, const char *folder)
{
    struct writing writing = {.region = mr_region_create(),
        .scenario = scenario,
        .manifest = manifest,
        .folder = folder};
    mr_yaml_write(out, document_of(&writing), 0);
    mr_region_destroy(writing.region);
}
