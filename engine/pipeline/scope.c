#include <string.h>

#include "engine/pipeline/graph_internal.h"

const char *mr_spec_label(const struct mr_spec *spec)
{
    return spec->name ? spec->name : spec->type;
}

const struct mr_spec *mr_scope_of_input(const struct mr_spec *scope, const char *reference)
{
    while (scope && scope->n_inputs == 0)
        scope = scope->is_provided ? NULL : scope->parent; /* templates see only their own */
    for (uint32_t i = 0; scope && i < scope->n_inputs; i++)
        if (strcmp(scope->inputs[i].key, reference) == 0) return scope;
    return NULL;
}

/* Windowing turns a transform into a composite around it, as in Beam: from then on only its
 * name names it. */
static const char *type_name(const struct mr_spec *spec)
{
    bool is_wrapped =
        spec->is_provided ||
        (spec->entry && strcmp(spec->entry->type, "WindowInto") != 0);
    is_wrapped = is_wrapped && spec->windowing;
    return is_wrapped ? "composite" : spec->type_name;
}

static const char *full_name(const struct mr_spec *spec)
{
    bool is_wrapped = type_name(spec) != spec->type_name;
    return spec->name ? spec->name : is_wrapped ? spec->type : NULL;
}

/* "did you mean": what could stand there. */
static void suggest(
    struct mr_graph_reader *reader, const struct mr_spec *scope, const char *reference)
{
    const struct mr_spec *outer = scope;
    while (outer && outer->n_inputs == 0) outer = outer->is_provided ? NULL : outer->parent;
    size_t n_inputs = outer ? outer->n_inputs : 0;
    const char **words =
        mr_region_array(reader->region, const char *, 2 * scope->n_members + n_inputs);
    size_t n_words = 0;
    for (uint32_t i = 0; i < scope->n_members; i++) {
        const struct mr_spec *member = scope->members[i];
        if (full_name(member)) words[n_words++] = full_name(member);
        words[n_words++] = type_name(member);
    }
    for (size_t i = 0; i < n_inputs; i++) words[n_words++] = outer->inputs[i].key;
    mr_err_suggest(reader->err, reference, words, n_words);
}

bool mr_scope_find(struct mr_graph_reader *reader, const struct mr_spec *scope,
    const struct mr_link *link, struct mr_spec **target, const char **output)
{
    if (link->target) {
        *target = link->target;
        *output = link->reference;
        return true;
    }
    const char *dot = strrchr(link->reference, '.');
    size_t bytes = dot ? (size_t)(dot - link->reference) : strlen(link->reference);
    const char *name = mr_region_strndup(reader->region, link->reference, bytes);
    struct mr_spec *found = NULL;
    uint32_t n_found = 0;
    for (uint32_t i = 0; i < scope->n_members; i++) {
        struct mr_spec *member = scope->members[i];
        bool is_named = full_name(member) && strcmp(full_name(member), name) == 0;
        if (!is_named && strcmp(type_name(member), name) != 0) continue;
        found = member;
        n_found++;
    }
    if (n_found > 1)
        return mr_fail_at(reader->err, link->place,
            "ambiguous reference '%s': %u transforms have that name or type", name, n_found);
    if (n_found == 0) {
        mr_fail_at(reader->err, link->place, "unknown transform '%s'", name);
        suggest(reader, scope, name);
        return false;
    }
    *target = found;
    *output = dot ? dot + 1 : NULL;
    return true;
}

bool mr_has_error_handling(const struct mr_spec *spec)
{
    if (!spec->entry) return spec->is_provided;
    static const char *const types[] = {
        "MapToFields", "Filter", "AssignTimestamps", "Partition", "ValidateWithSchema",
        "LogForTesting", "Explode", "Lookup", "KeyedProcess", "Materialize", "Route"};
    for (size_t i = 0; i < MR_COUNT_OF(types); i++)
        if (strcmp(types[i], spec->entry->type) == 0) return true;
    return false;
}

/* The share of rows that may fail before the pipeline does: 1, which is Beam's default, is
 * never. */
static bool check_threshold(struct mr_graph_reader *reader, const struct mr_yaml *handling)
{
    const struct mr_yaml *node = mr_config_get(handling, "threshold");
    if (!node) return true;
    if ((node->kind != MR_YAML_INT && node->kind != MR_YAML_FLOAT) ||
        !(node->number >= 0 && node->number <= 1))
        return mr_fail_at(reader->err, node->place, "threshold must be a number from 0 to 1");
    return node->number == 1 ||
           mr_fail_at(reader->err, node->place, "a threshold below 1 is not supported yet");
}

static bool read_error_handling(struct mr_graph_reader *reader, struct mr_spec *spec)
{
    static const char *const keys[] = {"output", "threshold"};
    static const char *const refused[] = {
        "threshold_windowing", "main_tag", "partial", "use_subprocess", "timeout", "exc_class"};
    const struct mr_yaml *node = mr_config_get(spec->config, "error_handling");
    if (!node || !(mr_has_error_handling(spec) || spec->output_schema)) return true;
    if (!mr_config_keys(reader, node, "error_handling", keys, MR_COUNT_OF(keys), refused,
            MR_COUNT_OF(refused)))
        return false;
    const struct mr_yaml *output = mr_yaml_get(node, "output");
    if (!check_threshold(reader, node)) return false;
    if (!output)
        return mr_fail_at(reader->err, node->place, "missing output in error_handling of '%s'",
            mr_spec_label(spec));
    if (!mr_config_name(reader, output, "output of error_handling", &spec->error_output))
        return false;
    bool has_main = spec->entry && spec->entry->kind != MR_PARTITION &&
                    spec->entry->kind != MR_ROUTE;
    if (!has_main || strcmp(spec->error_output, "good") != 0) return true;
    return mr_fail_at(reader->err, output->place,
        "'good' is the name of the main output of '%s'", mr_spec_label(spec));
}

/* Whether the link takes the error output of `spec`; the link has been found valid. */
static bool takes_errors(struct mr_graph_reader *reader, const struct mr_spec *scope,
    const struct mr_link *link, const struct mr_spec *spec)
{
    struct mr_spec *target = NULL;
    const char *output = NULL;
    if (!link->target && mr_scope_of_input(scope, link->reference)) return false;
    if (!mr_scope_find(reader, scope, link, &target, &output)) return false;
    return target == spec && output && strcmp(output, spec->error_output) == 0;
}

static bool check_errors_consumed(
    struct mr_graph_reader *reader, const struct mr_spec *scope, const struct mr_spec *spec)
{
    for (uint32_t i = 0; i < scope->n_outputs; i++)
        if (takes_errors(reader, scope, &scope->outputs[i], spec)) return true;
    for (uint32_t i = 0; i < scope->n_members; i++)
        for (uint32_t k = 0; k < scope->members[i]->n_inputs; k++)
            if (takes_errors(reader, scope, &scope->members[i]->inputs[k], spec)) return true;
    const struct mr_yaml *node = mr_config_get(spec->config, "error_handling");
    return mr_fail_at(reader->err, mr_yaml_get(node, "output")->place,
        "unconsumed error output for '%s': the output named %s.%s must be an input of some "
        "other "
        "transform",
        mr_spec_label(spec), mr_spec_label(spec), spec->error_output);
}

static bool check_link(struct mr_graph_reader *reader, const struct mr_spec *scope,
    const struct mr_link *link, const struct mr_spec *consumer)
{
    if (!link->target && mr_scope_of_input(scope, link->reference)) return true;
    struct mr_spec *target;
    const char *output;
    if (!mr_scope_find(reader, scope, link, &target, &output)) return false;
    if (target != consumer) return true;
    return mr_fail_at(reader->err, link->place,
        "circular reference: transform '%s' references itself", mr_spec_label(consumer));
}

bool mr_scope_check(struct mr_graph_reader *reader, const struct mr_spec *scope)
{
    for (uint32_t i = 0; i < scope->n_members; i++) {
        struct mr_spec *member = scope->members[i];
        if (member->lacks_inputs && member->n_inputs == 0)
            return mr_fail_at(
                reader->err, member->place, "missing inputs for '%s'", mr_spec_label(member));
        if (!read_error_handling(reader, member)) return false;
        for (uint32_t k = 0; k < member->n_inputs; k++)
            if (!check_link(reader, scope, &member->inputs[k], member)) return false;
    }
    for (uint32_t i = 0; i < scope->n_outputs; i++)
        if (!check_link(reader, scope, &scope->outputs[i], NULL)) return false;
    for (uint32_t i = 0; i < scope->n_members; i++) {
        const struct mr_spec *member = scope->members[i];
        if (member->error_output && !reader->is_lenient &&
            !check_errors_consumed(reader, scope, member)) return false;
        if (!member->entry && !mr_scope_check(reader, member)) return false;
    }
    return true;
}

void mr_scope_push_windowing(struct mr_spec *scope)
{
    for (uint32_t i = 0; i < scope->n_members; i++) {
        struct mr_spec *member = scope->members[i];
        if (scope->windowing && !scope->is_provided && member->n_inputs == 0 &&
            !member->windowing)
            member->windowing = scope->windowing;
        if (!member->entry) mr_scope_push_windowing(member);
    }
}
