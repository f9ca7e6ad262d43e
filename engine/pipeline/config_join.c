/* Join, as Beam has it: equalities between fields of the inputs, joined in the order in which
 * the inputs stand. Messages name what Beam's name: "equalities", "type", "fields", and the
 * aliases of "input". */
#include <string.h>

#include "engine/pipeline/graph_internal.h"

enum { EQUALITIES_MAX = 64 };

/* One entry of `equalities`: the field of each input that takes part, or -1. */
struct equality {
    struct mr_place place;
    int fields[MR_JOIN_INPUTS_MAX];
};

struct joiner {
    struct mr_graph_reader *reader;
    const struct mr_spec *spec;
    const struct mr_transform *transform;
    uint32_t n_inputs;
    uint32_t n_equalities;
    struct equality equalities[EQUALITIES_MAX];
    struct mr_join_input *inputs;
};

static const char *alias(const struct joiner *joiner, uint32_t input)
{
    return joiner->spec->inputs[input].key;
}

static const struct mr_schema *schema_of(const struct joiner *joiner, uint32_t input)
{
    return mr_edge_schema(joiner->reader, joiner->transform->inputs[input]);
}

static bool find_alias(
    struct joiner *joiner, const struct mr_yaml *node, const char *what, uint32_t *out)
{
    const char *name;
    const char *words[MR_JOIN_INPUTS_MAX];
    if (!mr_config_name(joiner->reader, node, what, &name)) return false;
    for (uint32_t i = 0; i < joiner->n_inputs; i++) {
        words[i] = alias(joiner, i);
        *out = i;
        if (strcmp(words[i], name) == 0) return true;
    }
    mr_fail_at(joiner->reader->err, node->place,
        "'%s' in %s is not one of the aliases in 'input'", name, what);
    mr_err_suggest(joiner->reader->err, name, words, joiner->n_inputs);
    return false;
}

/* ---- equalities ---- */

static struct equality *new_equality(struct joiner *joiner, struct mr_place place)
{
    struct equality *equality = &joiner->equalities[joiner->n_equalities++];
    equality->place = place;
    for (uint32_t i = 0; i < MR_JOIN_INPUTS_MAX; i++) equality->fields[i] = -1;
    return equality;
}

/* `equalities: name`: a field that all inputs have. */
static bool read_common(struct joiner *joiner, const struct mr_yaml *node)
{
    struct equality *equality = new_equality(joiner, node->place);
    for (uint32_t i = 0; i < joiner->n_inputs; i++)
        if (!mr_schema_lookup(joiner->reader, schema_of(joiner, i), node,
                mr_region_printf(joiner->reader->region,
                    "'equalities': as a text it must be a field of all inputs, and of '%s' it "
                    "is not one",
                    alias(joiner, i)),
                &equality->fields[i]))
            return false;
    return true;
}

static bool read_equality(struct joiner *joiner, const struct mr_yaml *node)
{
    struct mr_graph_reader *reader = joiner->reader;
    if (node->kind != MR_YAML_MAP)
        return mr_fail_at(reader->err, node->place,
            "an entry of 'equalities' must be a map from aliases of 'input' to their fields");
    if (node->n < 2)
        return mr_fail_at(reader->err, node->place,
            "an entry of 'equalities' needs at least 2 aliases, not %u", node->n);
    struct equality *equality = new_equality(joiner, node->place);
    for (uint32_t i = 0; i < node->n; i++) {
        uint32_t input;
        if (!find_alias(joiner, node->keys[i], "'equalities'", &input) ||
            !mr_schema_lookup(reader, schema_of(joiner, input), node->items[i],
                mr_region_printf(
                    reader->region, "'equalities', of input '%s'", alias(joiner, input)),
                &equality->fields[input]))
            return false;
    }
    return true;
}

static bool check_types(struct joiner *joiner, const struct equality *equality)
{
    int first = -1;
    for (uint32_t i = 0; i < joiner->n_inputs; i++) {
        if (equality->fields[i] < 0) continue;
        const struct mr_field *field = &schema_of(joiner, i)->fields[equality->fields[i]];
        if (first < 0) first = (int)i;
        const struct mr_field *other =
            &schema_of(joiner, (uint32_t)first)->fields[equality->fields[first]];
        if (field->type == other->type || field->type == MR_TYPE_NULL) continue;
        return mr_fail_at(joiner->reader->err, equality->place,
            "type mismatch in 'equalities': '%s.%s' is %s, but '%s.%s' is %s",
            alias(joiner, (uint32_t)first), other->name, mr_type_name(other->type),
            alias(joiner, i), field->name, mr_type_name(field->type));
    }
    return true;
}

static bool read_equalities(struct joiner *joiner, const struct mr_yaml *node)
{
    struct mr_graph_reader *reader = joiner->reader;
    if (node->kind == MR_YAML_TEXT)
        return read_common(joiner, node) && check_types(joiner, &joiner->equalities[0]);
    if (node->kind != MR_YAML_LIST || node->n == 0)
        return mr_fail_at(reader->err, node->place,
            "'equalities' must be a field that all inputs have, or a list of maps from alias "
            "to field");
    if (node->n > EQUALITIES_MAX)
        return mr_fail_at(reader->err, node->items[EQUALITIES_MAX]->place,
            "more than %d entries of 'equalities'", EQUALITIES_MAX);
    for (uint32_t i = 0; i < node->n; i++)
        if (!read_equality(joiner, node->items[i]) ||
            !check_types(joiner, &joiner->equalities[i]))
            return false;
    return true;
}

/* Beam: the graph of inputs, with an edge where they stand in one entry, must be connected. */
static bool check_connected(struct joiner *joiner, const struct mr_yaml *node)
{
    uint32_t reached = 1;
    for (uint32_t round = 0; round < joiner->n_inputs; round++)
        for (uint32_t i = 0; i < joiner->n_equalities; i++) {
            uint32_t members = 0;
            for (uint32_t k = 0; k < joiner->n_inputs; k++)
                if (joiner->equalities[i].fields[k] >= 0) members |= 1u << k;
            if (members & reached) reached |= members;
        }
    for (uint32_t i = 0; i < joiner->n_inputs; i++)
        if (!(reached >> i & 1))
            return mr_fail_at(joiner->reader->err, node->place,
                "the provided 'equalities' do not connect all of the inputs: '%s' is apart",
                alias(joiner, i));
    return true;
}

/* As in the SQL that Beam makes: within an entry each input equals the one before it in it, and
 * the condition belongs to the later one. */
static bool attach_equalities(struct joiner *joiner, const struct mr_yaml *node)
{
    for (uint32_t input = 1; input < joiner->n_inputs; input++) {
        struct mr_join_input *to = &joiner->inputs[input];
        struct mr_join_equality *list = mr_region_array(
            joiner->reader->region, struct mr_join_equality, joiner->n_equalities);
        for (uint32_t i = 0; i < joiner->n_equalities; i++) {
            const int *fields = joiner->equalities[i].fields;
            uint32_t other = input;
            if (fields[input] < 0) continue;
            while (other > 0 && fields[other - 1] < 0) other--;
            if (other > 0)
                list[to->n_equalities++] =
                    (struct mr_join_equality){fields[input], other - 1, fields[other - 1]};
        }
        to->equalities = list;
        if (to->n_equalities == 0)
            return mr_fail_at(joiner->reader->err, node->place,
                "no entry of 'equalities' joins '%s' to an input before it: put it later in "
                "'input'",
                alias(joiner, input));
    }
    return true;
}

/* ---- type ---- */

static bool read_outer(struct joiner *joiner, const struct mr_yaml *node)
{
    static const char *const keys[] = {"outer"};
    const struct mr_yaml *list = mr_config_get(node, "outer");
    if (!mr_config_keys(joiner->reader, node, "'type' of a Join", keys, 1, NULL, 0))
        return false;
    if (!list || list->kind != MR_YAML_LIST)
        return mr_fail_at(joiner->reader->err, node->place,
            "as a map 'type' must be of the form {outer: [list of aliases]}");
    bool is_outer[MR_JOIN_INPUTS_MAX] = {false};
    for (uint32_t i = 0; i < list->n; i++) {
        uint32_t input;
        if (!find_alias(joiner, list->items[i], "'outer'", &input)) return false;
        is_outer[input] = true;
    }
    for (uint32_t i = 1; i < joiner->n_inputs; i++)
        joiner->inputs[i].type = is_outer[i - 1] && is_outer[i] ? MR_JOIN_FULL
                                 : is_outer[i - 1]              ? MR_JOIN_LEFT
                                 : is_outer[i]                  ? MR_JOIN_RIGHT
                                                                : MR_JOIN_INNER;
    return true;
}

static bool read_join_type(struct joiner *joiner, const struct mr_yaml *node)
{
    static const char *const words[] = {"inner", "left", "right", "outer"}; /* by type */
    size_t index = MR_JOIN_INNER;
    if (node && node->kind == MR_YAML_MAP) return read_outer(joiner, node);
    if (node && !mr_config_word(joiner->reader, node, "join type", words, MR_COUNT_OF(words),
                    NULL, 0, &index))
        return false;
    for (uint32_t i = 1; i < joiner->n_inputs; i++)
        joiner->inputs[i].type = (enum mr_join_type)index;
    return true;
}

/* ---- fields ---- */

struct output {
    struct mr_schema_builder schema;
    struct mr_join_field *fields; /* [MR_FIELDS_MAX] */
};

/* An outer join can leave an input without a row. */
static bool may_be_missing(const struct joiner *joiner, uint32_t input)
{
    enum mr_join_type own = joiner->inputs[input].type;
    bool may = input > 0 && (own == MR_JOIN_LEFT || own == MR_JOIN_FULL);
    for (uint32_t i = input + 1; i < joiner->n_inputs; i++)
        may |=
            joiner->inputs[i].type == MR_JOIN_RIGHT || joiner->inputs[i].type == MR_JOIN_FULL;
    return may;
}

static bool add_field(struct joiner *joiner, struct output *output, uint32_t input, int field,
    const char *name, struct mr_place place)
{
    struct mr_field added = schema_of(joiner, input)->fields[field];
    added.name = name;
    added.is_nullable |= may_be_missing(joiner, input);
    uint32_t at = output->schema.n_fields;
    if (!mr_schema_add(joiner->reader, &output->schema, added, place)) return false;
    output->fields[at] = (struct mr_join_field){input, field};
    return true;
}

/* What Calcite makes of a name that `a.*, b.*` brings twice: id, id0, id1. */
static const char *free_name(
    struct joiner *joiner, const struct output *output, const char *name)
{
    struct mr_schema so_far = {output->schema.n_fields, output->schema.fields};
    const char *tried = name;
    for (uint32_t i = 0; mr_schema_find(&so_far, tried) >= 0; i++)
        tried = mr_region_printf(joiner->reader->region, "%s%u", name, i);
    return tried;
}

static bool add_all(struct joiner *joiner, struct output *output, uint32_t input)
{
    const struct mr_schema *schema = schema_of(joiner, input);
    for (uint32_t i = 0; i < schema->n_fields; i++)
        if (!add_field(joiner, output, input, (int)i,
                free_name(joiner, output, schema->fields[i].name), joiner->spec->place))
            return false;
    return true;
}

/* `alias: [field, ...]`, or `alias: {new: field, ...}`. */
static bool add_chosen(
    struct joiner *joiner, struct output *output, uint32_t input, const struct mr_yaml *chosen)
{
    struct mr_graph_reader *reader = joiner->reader;
    if (chosen->kind != MR_YAML_LIST && chosen->kind != MR_YAML_MAP)
        return mr_fail_at(reader->err, chosen->place,
            "'fields' of '%s' must be a list of fields, or a map from new field to field",
            alias(joiner, input));
    const char *what =
        mr_region_printf(reader->region, "'fields' of '%s'", alias(joiner, input));
    for (uint32_t i = 0; i < chosen->n; i++) {
        const struct mr_yaml *named =
            chosen->kind == MR_YAML_MAP ? chosen->keys[i] : chosen->items[i];
        int field;
        const char *name;
        if (!mr_schema_lookup(
                reader, schema_of(joiner, input), chosen->items[i], what, &field) ||
            !mr_config_name(reader, named, what, &name) ||
            !add_field(joiner, output, input, field, name, named->place))
            return false;
    }
    return true;
}

/* Aliases that `fields` does not name bring all that they have. */
static bool read_fields(
    struct joiner *joiner, const struct mr_yaml *node, struct output *output)
{
    const struct mr_yaml *chosen[MR_JOIN_INPUTS_MAX] = {NULL};
    if (node && node->kind != MR_YAML_MAP)
        return mr_fail_at(joiner->reader->err, node->place,
            "'fields' must be a map from alias to a list, or a map, of fields");
    for (uint32_t i = 0; node && i < node->n; i++) {
        uint32_t input;
        if (!find_alias(joiner, node->keys[i], "'fields'", &input)) return false;
        chosen[input] = node->items[i];
    }
    for (uint32_t i = 0; i < joiner->n_inputs; i++)
        if (chosen[i] ? !add_chosen(joiner, output, i, chosen[i]) : !add_all(joiner, output, i))
            return false;
    if (output->schema.n_fields == 0)
        return mr_fail_at(joiner->reader->err, node->place, "the result has no fields");
    return true;
}

/* ---- keys ---- */

/* Fields that are equal, whatever the entries that say so. */
static void unite(const struct joiner *joiner, struct equality *classes)
{
    uint32_t n = joiner->n_equalities;
    for (uint32_t i = 0; i < n * n * n; i++) { /* as often as the longest way */
        struct equality *to = &classes[i % n];
        const struct equality *from = &classes[i / n % n];
        bool is_shared = false;
        for (uint32_t k = 0; k < joiner->n_inputs; k++)
            is_shared |= to->fields[k] >= 0 && to->fields[k] == from->fields[k];
        for (uint32_t k = 0; is_shared && k < joiner->n_inputs; k++)
            if (to->fields[k] < 0) to->fields[k] = from->fields[k];
    }
}

/* Whether no row is joined but by this equality among others: then all rows of one result have
 * the same value there. */
static bool is_key(const struct joiner *joiner, const struct equality *class)
{
    for (uint32_t i = 1; i < joiner->n_inputs; i++) {
        bool is_asked = false;
        for (uint32_t k = 0; k < joiner->inputs[i].n_equalities; k++) {
            const struct mr_join_equality *equality = &joiner->inputs[i].equalities[k];
            is_asked |= equality->field == class->fields[i] &&
                        equality->other_field == class->fields[equality->other_input];
        }
        if (!is_asked) return false;
    }
    return true;
}

static void find_keys(struct joiner *joiner, struct mr_join *join)
{
    struct equality *classes =
        mr_region_array(joiner->reader->region, struct equality, joiner->n_equalities);
    memcpy(classes, joiner->equalities, sizeof *classes * joiner->n_equalities);
    unite(joiner, classes);
    int **keys = mr_region_array(joiner->reader->region, int *, joiner->n_inputs);
    for (uint32_t i = 0; i < joiner->n_inputs; i++)
        keys[i] = mr_region_array(joiner->reader->region, int, joiner->n_equalities);
    for (uint32_t a = 0; a < joiner->n_equalities; a++) {
        if (!is_key(joiner, &classes[a])) continue;
        for (uint32_t i = 0; i < joiner->n_inputs; i++)
            keys[i][join->n_keys] = classes[a].fields[i];
        join->n_keys++;
    }
    join->key_fields = (const int *const *)keys;
}

const struct mr_transform *mr_find_many_panes(
    const struct mr_graph_reader *reader, const struct mr_transform *transform)
{
    bool is_upstream[MR_TRANSFORMS_MAX] = {false};
    is_upstream[transform->id] = true;
    for (uint32_t id = transform->id + 1; id-- > 0;) {
        const struct mr_transform *at = &reader->transforms[id];
        if (!is_upstream[id]) continue;
        if (at->kind == MR_COMBINE &&
            (at->windowing.allowed_lateness_us > 0 || !mr_windowing_is_plain(&at->windowing)))
            return at;
        for (uint32_t k = 0; k < at->n_inputs; k++) is_upstream[at->inputs[k].transform] = true;
    }
    return NULL;
}

bool mr_gather_check(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform)
{
    const struct mr_windowing *windowing = &transform->windowing;
    for (uint32_t i = 1; i < transform->n_inputs; i++)
        if (!mr_windowing_same(windowing, mr_edge_windowing(reader, transform->inputs[i])))
            return mr_fail_at(reader->err, spec->inputs[i].place,
                "inputs of '%s' have different windowings", mr_spec_label(spec));
    if (windowing->kind == MR_WINDOW_SESSIONS)
        return mr_fail_at(reader->err, spec->place,
            "'%s' in session windows is not supported yet", mr_spec_label(spec));
    if (windowing->allowed_lateness_us > 0 || !mr_windowing_is_plain(windowing))
        return mr_fail_at(reader->err, spec->place,
            "'%s' gives its result once, when the window ends: triggers, accumulation and "
            "allowed lateness are not supported",
            mr_spec_label(spec));
    const struct mr_transform *many = mr_find_many_panes(reader, transform);
    if (many)
        return mr_fail_at(reader->err, spec->place,
            "'%s' behind '%s', whose windows may have several panes, is not supported yet",
            mr_spec_label(spec), many->name);
    mr_config_warn_if_global(reader, spec, transform->inputs[0], spec->type);
    return true;
}

bool mr_join_read(struct mr_graph_reader *reader, const struct mr_spec *spec,
    const struct mr_transform *transform, struct mr_join *out, struct mr_schema *schema)
{
    const struct mr_yaml *equalities = mr_config_need(reader, spec, "equalities");
    struct joiner *joiner = mr_region_new(reader->region, struct joiner);
    *joiner = (struct joiner){.reader = reader,
        .spec = spec,
        .transform = transform,
        .n_inputs = transform->n_inputs,
        .inputs = mr_region_array(reader->region, struct mr_join_input, transform->n_inputs)};
    memset(joiner->inputs, 0, sizeof *joiner->inputs * joiner->n_inputs);
    struct output *output = mr_region_new(reader->region, struct output);
    *output = (struct output){
        .fields = mr_region_array(reader->region, struct mr_join_field, MR_FIELDS_MAX)};
    if (!equalities || !read_equalities(joiner, equalities) ||
        !check_connected(joiner, equalities) || !attach_equalities(joiner, equalities) ||
        !read_join_type(joiner, mr_config_get(spec->config, "type")) ||
        !read_fields(joiner, mr_config_get(spec->config, "fields"), output))
        return false;
    *out = (struct mr_join){.inputs = joiner->inputs, .fields = output->fields};
    find_keys(joiner, out);
    *schema = mr_schema_finish(reader, &output->schema);
    return true;
}

bool mr_configure_join(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform)
{
    static const char *const keys[] = {"equalities", "type", "fields"};
    struct mr_join join;
    struct mr_schema schema;
    if (!mr_config_keys(
            reader, spec->config, "config of Join", keys, MR_COUNT_OF(keys), NULL, 0) ||
        !mr_gather_check(reader, spec, transform) ||
        !mr_join_read(reader, spec, transform, &join, &schema))
        return false;
    transform->join = join;
    return mr_outputs_set(reader, spec, transform, schema);
}
