/* Expands the tree of specs into transforms, as Beam does: each spec once, when it is first
 * asked for.
 *
 * 1. A transform is emitted after everything it reads, so producers come before consumers.
 * 2. Every spec of a scope is expanded, also one that nothing reads.
 * 3. A spec that is asked for while it is BUSY closes a cycle.
 */
#include <stdio.h>
#include <string.h>

#include "engine/pipeline/graph_internal.h"

static bool expand(struct mr_graph_reader *reader, struct mr_spec *spec);

/* The scope's path and the name; where that is taken, with the line as Beam, then with the
 * column. */
static const char *unique_path(struct mr_graph_reader *reader, const struct mr_spec *scope,
    const char *name, struct mr_place place)
{
    const char *prefix = scope && scope->path ? scope->path : "";
    const char *separator = prefix[0] ? "/" : "";
    const char *path = mr_region_printf(reader->region, "%s%s%s", prefix, separator, name);
    for (int attempt = 0; attempt < 2; attempt++) {
        bool is_taken = false;
        for (uint32_t i = 0; i < reader->n_names; i++)
            is_taken |= strcmp(reader->names[i], path) == 0;
        if (!is_taken) break;
        path = attempt == 0 ? mr_region_printf(reader->region, "%s@%d", path, place.line)
                            : mr_region_printf(reader->region, "%s:%d", path, place.col);
    }
    if (reader->n_names == reader->names_capacity) {
        uint32_t capacity = reader->names_capacity ? 2 * reader->names_capacity : 32;
        const char **names = mr_region_array(reader->region, const char *, capacity);
        if (reader->n_names > 0) memcpy(names, reader->names, sizeof *names * reader->n_names);
        reader->names = names;
        reader->names_capacity = capacity;
    }
    reader->names[reader->n_names++] = path;
    return path;
}

const char *mr_transform_path(
    struct mr_graph_reader *reader, const struct mr_spec *spec, const char *name)
{
    return unique_path(reader, spec, name, spec->place);
}

/* ---- Transforms ---- */

struct mr_transform *mr_transform_new(struct mr_graph_reader *reader,
    enum mr_transform_kind kind, const char *type, const char *path, struct mr_place place,
    const struct mr_edge *inputs, uint32_t n_inputs)
{
    if (reader->n_transforms == reader->capacity) {
        uint32_t capacity = reader->capacity ? 2 * reader->capacity : 16;
        struct mr_transform *grown =
            mr_region_array(reader->region, struct mr_transform, capacity);
        if (reader->n_transforms > 0)
            memcpy(grown, reader->transforms, sizeof *grown * reader->n_transforms);
        reader->transforms = grown;
        reader->capacity = capacity;
    }
    struct mr_transform *transform = &reader->transforms[reader->n_transforms];
    *transform = (struct mr_transform){.id = reader->n_transforms,
        .kind = kind,
        .type = type,
        .name = path,
        .place = place,
        .n_inputs = n_inputs,
        .inputs = inputs};
    if (n_inputs > 0) {
        transform->windowing = *mr_edge_windowing(reader, inputs[0]);
        if (reader->transforms[inputs[0].transform].kind == MR_COMBINE)
            transform->windowing.trigger =
                mr_trigger_continue(reader->region, &transform->windowing.trigger);
    }
    reader->n_transforms++;
    for (uint32_t i = 0; i < n_inputs; i++) {
        MR_ASSERT(inputs[i].transform < transform->id); /* invariant 1 */
        reader->transforms[inputs[i].transform].outputs[inputs[i].output].is_consumed = true;
    }
    return transform;
}

/* The WindowInto that a `windowing` of a transform stands for. */
static bool window_edge(struct mr_graph_reader *reader, const struct mr_spec *spec,
    const char *key, struct mr_edge *edge)
{
    struct mr_windowing windowing;
    if (!mr_windowing_read(reader, spec->windowing, &windowing)) return false;
    const char *name = mr_region_printf(reader->region, "WindowInto[%s]", key);
    struct mr_edge *input = mr_region_new(reader->region, struct mr_edge);
    *input = *edge;
    struct mr_transform *transform = mr_transform_new(reader, MR_WINDOW_INTO, "WindowInto",
        unique_path(reader, spec, name, spec->windowing->place), spec->windowing->place, input,
        1);
    static const struct mr_spec no_errors = {0};
    if (!mr_outputs_set(reader, &no_errors, transform, *mr_edge_schema(reader, *edge)))
        return false;
    transform->windowing = windowing;
    *edge = (struct mr_edge){.transform = transform->id, .output = MR_OUTPUT_MAIN};
    return true;
}

/* ---- References ---- */

static bool fail_cycle(struct mr_graph_reader *reader, const struct mr_spec *consumer,
    const struct mr_spec *target, struct mr_place place)
{
    char text[256];
    int used = snprintf(text, sizeof text, "%s", mr_spec_label(target));
    for (const struct mr_spec *spec = consumer; spec && spec != target; spec = spec->asked_by)
        if (used > 0 && (size_t)used < sizeof text)
            used += snprintf(
                text + used, sizeof text - (size_t)used, " -> %s", mr_spec_label(spec));
    return mr_fail_at(
        reader->err, place, "circular reference: %s -> %s", text, mr_spec_label(target));
}

static const char *list_outputs(struct mr_graph_reader *reader, const struct mr_spec *spec)
{
    const char *text = "";
    for (uint32_t i = 0; i < spec->out.n; i++)
        text = mr_region_printf(
            reader->region, "%s%s'%s'", text, i > 0 ? ", " : "", spec->out.edges[i].name);
    return text;
}

static bool pick_named(struct mr_graph_reader *reader, const struct mr_spec *target,
    const char *output, struct mr_place place, struct mr_edge *edge)
{
    for (uint32_t i = 0; i < target->out.n; i++) {
        if (strcmp(target->out.edges[i].name, output) != 0) continue;
        *edge = target->out.edges[i].edge;
        return true;
    }
    mr_fail_at(reader->err, place, "unknown output '%s': '%s' has %s%s", output,
        mr_spec_label(target), target->out.n > 0 ? "only " : "no output",
        list_outputs(reader, target));
    const char **words = mr_region_array(reader->region, const char *, target->out.n + 1);
    for (uint32_t i = 0; i < target->out.n; i++) words[i] = target->out.edges[i].name;
    mr_err_suggest(reader->err, output, words, target->out.n);
    return false;
}

/* A bare name means the only output, or the one that is not the error output. */
static bool pick_output(struct mr_graph_reader *reader, const struct mr_spec *target,
    const char *output, struct mr_place place, struct mr_edge *edge)
{
    if (output) return pick_named(reader, target, output, place, edge);
    if (target->out.n == 1 || (target->out.n == 2 && target->error_output)) {
        *edge = target->out.edges[0].edge;
        return true;
    }
    if (target->out.n == 0)
        return mr_fail_at(
            reader->err, place, "'%s' has no output to read", mr_spec_label(target));
    return mr_fail_at(reader->err, place, "ambiguous output: '%s' has %s",
        mr_spec_label(target), list_outputs(reader, target));
}

/* The edge that a link of `consumer`, found in `scope`, stands for; expands what it reads. */
static bool resolve_link(struct mr_graph_reader *reader, const struct mr_spec *scope,
    const struct mr_link *link, const struct mr_spec *consumer, struct mr_edge *edge)
{
    const struct mr_spec *owner =
        link->target ? NULL : mr_scope_of_input(scope, link->reference);
    if (owner) {
        for (uint32_t i = 0; i < owner->in.n; i++)
            if (strcmp(owner->in.edges[i].name, link->reference) == 0)
                *edge = owner->in.edges[i].edge;
        return true;
    }
    struct mr_spec *target;
    const char *output;
    if (!mr_scope_find(reader, scope, link, &target, &output)) return false;
    if (target->state == MR_SPEC_BUSY) /* invariant 3 */
        return fail_cycle(reader, consumer, target, link->place);
    if (target->state == MR_SPEC_NEW) target->asked_by = consumer;
    return expand(reader, target) && pick_output(reader, target, output, link->place, edge);
}

/* ---- Leaves ---- */

static bool check_input_count(struct mr_graph_reader *reader, const struct mr_spec *spec)
{
    const struct mr_catalog_entry *entry = spec->entry;
    if (spec->n_inputs < entry->inputs_min)
        return mr_fail_at(
            reader->err, spec->place, "missing inputs for '%s'", mr_spec_label(spec));
    if (spec->n_inputs <= entry->inputs_max) return true;
    if (entry->inputs_max == 0)
        return mr_fail_at(reader->err, spec->inputs[0].place,
            "'%s' takes no input: a %s is a root", mr_spec_label(spec), spec->type);
    if (entry->inputs_max == 1)
        return mr_fail_at(reader->err, spec->inputs[1].place, "'%s' takes one input, not %u",
            mr_spec_label(spec), spec->n_inputs);
    return mr_fail_at(reader->err, spec->inputs[entry->inputs_max].place,
        "'%s' takes at most %u inputs, not %u", mr_spec_label(spec), entry->inputs_max,
        spec->n_inputs);
}

/* A MapToFields that changes nothing, so that an output can be read twice by one transform. */
static bool copy_edge(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_edge *edge)
{
    const struct mr_schema schema = *mr_edge_schema(reader, *edge);
    struct mr_mapping *mappings =
        mr_region_array(reader->region, struct mr_mapping, schema.n_fields + 1);
    struct mr_edge *input = mr_region_new(reader->region, struct mr_edge);
    *input = *edge;
    for (uint32_t i = 0; i < schema.n_fields; i++) {
        mappings[i].name = schema.fields[i].name;
        if (!mr_expression_compile(reader->region, mappings[i].name, spec->place, "generic",
                MR_USE_VALUE, &schema, &mappings[i].expression, reader->err))
            return false;
    }
    struct mr_transform *transform = mr_transform_new(reader, MR_MAP_TO_FIELDS, "MapToFields",
        mr_transform_path(reader, spec, "Again"), spec->place, input, 1);
    transform->map = (struct mr_map_to_fields){
        .n_mappings = schema.n_fields, .mappings = mappings};
    static const struct mr_spec no_errors = {0};
    *edge = (struct mr_edge){.transform = transform->id, .output = MR_OUTPUT_MAIN};
    return mr_outputs_set(reader, &no_errors, transform, schema);
}

static bool copy_repeated(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_edge *edges)
{
    if (spec->entry->kind == MR_JOIN || spec->entry->kind == MR_SQL ||
        spec->entry->kind == MR_JOIN_STREAMS)
        return true;
    for (uint32_t i = 1; i < spec->n_inputs; i++)
        for (uint32_t k = 0; k < i; k++)
            if (edges[i].transform == edges[k].transform &&
                edges[i].output == edges[k].output && !copy_edge(reader, spec, &edges[i]))
                return false;
    return true;
}

static bool resolve_inputs(struct mr_graph_reader *reader, const struct mr_spec *spec,
    bool apply_windowing, struct mr_edge **out)
{
    struct mr_edge *edges = mr_region_array(reader->region, struct mr_edge, spec->n_inputs + 1);
    for (uint32_t i = 0; i < spec->n_inputs; i++)
        if (!resolve_link(reader, spec->parent, &spec->inputs[i], spec, &edges[i]))
            return false;
    for (uint32_t i = 0; apply_windowing && i < spec->n_inputs; i++)
        if (!window_edge(reader, spec, spec->inputs[i].key, &edges[i])) return false;
    *out = edges;
    return true;
}

static bool expand_leaf(struct mr_graph_reader *reader, struct mr_spec *spec)
{
    /* On a WindowInto the windowing is its own config (windowing.c). */
    bool is_wrapped = spec->windowing && strcmp(spec->entry->type, "WindowInto") != 0;
    struct mr_edge *edges;
    if (!check_input_count(reader, spec) || !resolve_inputs(reader, spec, is_wrapped, &edges) ||
        !copy_repeated(reader, spec, edges) ||
        (spec->n_inputs == 1 && !mr_strip_errors_apart(reader, spec, edges[0], &spec->out)))
        return false;
    if (spec->out.n > 0) return true;
    struct mr_transform *transform = mr_transform_new(
        reader, spec->entry->kind, spec->type, spec->path, spec->place, edges, spec->n_inputs);
    uint32_t id = transform->id;
    struct mr_spec inner = mr_output_schema_inner(reader, spec);
    reader->has_errors = inner.error_output && mr_has_error_handling(&inner);
    if (!spec->entry->configure(reader, &inner, transform) ||
        !mr_retraction_check(reader, spec, id))
        return false;
    reader->has_errors = false;
    transform = &reader->transforms[id];

    spec->out.n = transform->n_outputs;
    spec->out.edges =
        mr_region_array(reader->region, struct mr_named_edge, transform->n_outputs + 1);
    for (uint32_t i = 0; i < transform->n_outputs; i++)
        spec->out.edges[i] = (struct mr_named_edge){
            transform->outputs[i].name, {.transform = transform->id, .output = i}};
    if (!mr_output_schema_apply(reader, spec)) return false;
    if (is_wrapped && spec->n_inputs == 0)
        return window_edge(reader, spec, "out", &spec->out.edges[0].edge);
    return true;
}

/* ---- Composites ---- */

static bool expand_inputs(struct mr_graph_reader *reader, struct mr_spec *spec)
{
    struct mr_edge *edges;
    if (!resolve_inputs(reader, spec, spec->windowing != NULL, &edges)) return false;
    spec->in.edges = mr_region_array(reader->region, struct mr_named_edge, spec->n_inputs + 1);
    for (uint32_t i = 0; i < spec->n_inputs; i++)
        spec->in.edges[i] = (struct mr_named_edge){spec->inputs[i].key, edges[i]};
    spec->in.n = spec->n_inputs;
    return true;
}

/* The windowing of a template that reads nothing is that of what it yields. */
static bool window_outputs(struct mr_graph_reader *reader, struct mr_spec *spec)
{
    struct mr_named_edge *edges =
        mr_region_array(reader->region, struct mr_named_edge, spec->out.n + 1);
    for (uint32_t i = 0; spec->windowing && i < spec->out.n; i++) {
        edges[i] = spec->out.edges[i];
        if (!window_edge(reader, spec, edges[i].name, &edges[i].edge)) return false;
    }
    if (spec->windowing) spec->out.edges = edges;
    return true;
}

static bool expand_composite(struct mr_graph_reader *reader, struct mr_spec *spec)
{
    if (!expand_inputs(reader, spec)) return false;
    for (uint32_t i = 0; i < spec->n_members; i++) { /* invariant 2 */
        struct mr_spec *member = spec->members[i];
        if (member->state == MR_SPEC_NEW) member->asked_by = NULL;
        if (!expand(reader, member)) return false;
    }
    if (spec->implicit_outputs) {
        spec->out = spec->implicit_outputs->out;
        return !spec->is_provided || spec->n_inputs > 0 || window_outputs(reader, spec);
    }
    spec->out.edges =
        mr_region_array(reader->region, struct mr_named_edge, spec->n_outputs + 1);
    for (uint32_t i = 0; i < spec->n_outputs; i++) {
        const struct mr_link *output = &spec->outputs[i];
        spec->out.edges[i].name = output->key;
        if (!resolve_link(reader, spec, output, NULL, &spec->out.edges[i].edge)) return false;
    }
    spec->out.n = spec->n_outputs;
    return true;
}

static bool expand(struct mr_graph_reader *reader, struct mr_spec *spec)
{
    if (spec->state == MR_SPEC_DONE) return true;
    MR_ASSERT(spec->state == MR_SPEC_NEW);
    spec->state = MR_SPEC_BUSY;
    if (spec->parent) {
        bool has_type = spec->entry || spec->is_provided;
        const char *name = spec->name ? spec->name : has_type ? spec->type : "Composite";
        spec->path = unique_path(reader, spec->parent, name, spec->place);
    }
    bool ok = spec->entry ? expand_leaf(reader, spec) : expand_composite(reader, spec);
    spec->state = MR_SPEC_DONE;
    return ok;
}

bool mr_specs_resolve(struct mr_graph_reader *reader, struct mr_spec *root)
{
    return expand(reader, root);
}

/* Each output by itself: they need not have one schema. */
void mr_outputs_collect(struct mr_graph_reader *reader)
{
    uint32_t n = reader->n_transforms;
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t k = 0; k < reader->transforms[i].n_outputs; k++) {
            const struct mr_transform *producer = &reader->transforms[i];
            if (producer->outputs[k].is_consumed) continue;
            struct mr_edge *edge = mr_region_new(reader->region, struct mr_edge);
            *edge = (struct mr_edge){.transform = i, .output = k};
            const char *name = mr_region_printf(
                reader->region, "%s.%s", producer->name, producer->outputs[k].name);
            struct mr_transform *sink = mr_transform_new(reader, MR_WRITE_TO_LOG, "collector",
                unique_path(reader, NULL, name, producer->place), producer->place, edge, 1);
            sink->write = (struct mr_write_to_log){
                .topic = mr_region_printf(reader->region, "~%s", sink->name),
                .key_field = -1,
                .delivery = MR_DELIVERY_EXACTLY_ONCE,
                .is_collector = true};
        }
}
