#include <string.h>

#include "engine/pipeline/graph_internal.h"

/* Members of a chain have no say in where their rows come from and go to; only a source may
 * insist on no input. */
static bool check_member(
    struct mr_graph_reader *reader, const struct mr_spec *member, uint32_t position)
{
    bool says_no_input = position == 0 && member->n_inputs == 0;
    const char *key = member->has_input && !says_no_input   ? "input"
                      : mr_yaml_key(member->node, "output") ? "output"
                                                            : NULL;
    if (!key) return true;
    return mr_fail_at(reader->err, mr_yaml_key(member->node, key)->place,
        "'%s' is part of a chain, which decides its inputs and outputs: '%s' cannot be given",
        mr_spec_label(member), key);
}

/* The first member gets what comes into the chain, unless it says that it has no input. */
static void link_first(struct mr_graph_reader *reader, struct mr_spec *chain)
{
    struct mr_spec *first = chain->members[0];
    if (first->has_input || chain->n_inputs == 0) return;
    first->n_inputs = chain->n_inputs;
    first->inputs = mr_region_array(reader->region, struct mr_link, chain->n_inputs);
    for (uint32_t i = 0; i < chain->n_inputs; i++)
        first->inputs[i] = (struct mr_link){.key = chain->inputs[i].key,
            .reference = chain->inputs[i].key,
            .place = chain->inputs[i].place};
}

static bool names(const struct mr_spec *spec, const char *text, size_t bytes)
{
    bool is_name =
        spec->name && strlen(spec->name) == bytes && memcmp(spec->name, text, bytes) == 0;
    bool is_type =
        strlen(spec->type_name) == bytes && memcmp(spec->type_name, text, bytes) == 0;
    return is_name || is_type;
}

/* Outputs of a chain are those of its last transform: `Last`, `Last.tag` or `tag`. */
static void link_outputs(struct mr_spec *chain, struct mr_spec *last)
{
    for (uint32_t i = 0; i < chain->n_outputs; i++) {
        struct mr_link *output = &chain->outputs[i];
        const char *text = output->reference;
        const char *dot = strrchr(text, '.');
        output->target = last;
        if (names(last, text, strlen(text)))
            output->reference = NULL;
        else if (dot && names(last, text, (size_t)(dot - text)))
            output->reference = dot + 1;
    }
}

/* Beam links the members of a composite that has inputs when none of them says where its own
 * come from. */
static bool is_implicit_chain(const struct mr_spec *spec)
{
    if (spec->n_inputs == 0) return false;
    for (uint32_t i = 0; i < spec->n_members; i++)
        if (spec->members[i]->n_inputs > 0 || spec->members[i]->n_outputs > 0) return false;
    return true;
}

static bool link_members(struct mr_graph_reader *reader, struct mr_spec *chain)
{
    uint32_t n_chained = chain->n_chained;
    MR_ASSERT(n_chained > 0 && n_chained <= chain->n_members);
    for (uint32_t i = 0; chain->is_chain && i < n_chained; i++)
        if (!check_member(reader, chain->members[i], i)) return false;
    link_first(reader, chain);
    for (uint32_t i = 1; i < n_chained; i++) {
        struct mr_spec *member = chain->members[i];
        member->n_inputs = 1;
        member->inputs = mr_region_new(reader->region, struct mr_link);
        *member->inputs = (struct mr_link){
            .key = "input", .target = chain->members[i - 1], .place = member->place};
    }
    /* As Beam: the last of the extra transforms, if there are any. */
    struct mr_spec *last = chain->members[chain->n_members - 1];
    if (chain->n_outputs == 0) chain->implicit_outputs = last;
    if (chain->is_chain) link_outputs(chain, last);
    return true;
}

/* A Flatten takes the references of a list as inputs of its own. */
static void spread_lists(struct mr_graph_reader *reader, struct mr_spec *spec)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < spec->n_inputs; i++)
        n += spec->inputs[i].list ? spec->inputs[i].list->n : 1;
    struct mr_link *links = mr_region_array(reader->region, struct mr_link, n);
    uint32_t used = 0;
    for (uint32_t i = 0; i < spec->n_inputs; i++) {
        const struct mr_link *input = &spec->inputs[i];
        if (!input->list) links[used++] = *input;
        for (uint32_t k = 0; input->list && k < input->list->n; k++)
            links[used++] =
                (struct mr_link){.key = mr_region_printf(reader->region, "%s%u", input->key, k),
                    .reference = input->list->items[k]->text,
                    .place = input->list->items[k]->place};
    }
    spec->n_inputs = n;
    spec->inputs = links;
}

/* A list for anything else becomes a Flatten next to it. */
static struct mr_spec *flatten_of(
    struct mr_graph_reader *reader, const struct mr_spec *spec, const struct mr_link *input)
{
    struct mr_spec *flatten = mr_region_new(reader->region, struct mr_spec);
    *flatten = (struct mr_spec){
        .type = "Flatten",
        .type_name = "Flatten",
        .name = mr_region_printf(reader->region, "%s-Flatten[%s]",
            spec->name ? spec->name : spec->type_name, input->key),
        .place = input->place,
        .node = input->list,
        .parent = spec->parent,
        .has_input = true,
        .entry = mr_catalog_entry(MR_FLATTEN),
        .n_inputs = 1,
        .inputs = mr_region_new(reader->region, struct mr_link),
    };
    *flatten->inputs = (struct mr_link){.key = "input", .list = input->list};
    spread_lists(reader, flatten);
    return flatten;
}

static void flatten_inputs(struct mr_graph_reader *reader, struct mr_spec *composite)
{
    uint32_t n = composite->n_members;
    for (uint32_t i = 0; i < composite->n_members; i++) n += composite->members[i]->n_inputs;
    struct mr_spec **members = mr_region_array(reader->region, struct mr_spec *, n);
    uint32_t used = 0;
    for (uint32_t i = 0; i < composite->n_members; i++) {
        struct mr_spec *member = composite->members[i];
        if (member->entry && member->entry->kind == MR_FLATTEN) spread_lists(reader, member);
        for (uint32_t k = 0; k < member->n_inputs; k++) {
            struct mr_link *input = &member->inputs[k];
            if (!input->list) continue;
            struct mr_spec *flatten = flatten_of(reader, member, input);
            *input =
                (struct mr_link){.key = input->key, .target = flatten, .place = input->place};
            members[used++] = flatten;
        }
        members[used++] = member;
    }
    composite->n_members = used;
    composite->members = members;
}

/* From the outside in: what a chain gives to its members decides what they are. */
bool mr_composites_link(struct mr_graph_reader *reader, struct mr_spec *composite)
{
    bool is_linked = composite->is_chain || is_implicit_chain(composite);
    if (is_linked && !composite->is_provided)
        if (!link_members(reader, composite)) return false;
    for (uint32_t i = 0; i < composite->n_members; i++)
        if (!composite->members[i]->entry && !mr_composites_link(reader, composite->members[i]))
            return false;
    flatten_inputs(reader, composite);
    return true;
}
