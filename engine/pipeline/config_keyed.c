/* The configs of Deduplicate, TopN and Materialize. */
#include <string.h>

#include "engine/pipeline/graph_internal.h"

static const struct mr_schema *input_schema(
    const struct mr_graph_reader *reader, const struct mr_transform *transform)
{
    return mr_edge_schema(reader, transform->inputs[0]);
}

/* One cell a key. */
static struct mr_keyed *new_keyed(struct mr_graph_reader *reader, struct mr_state_spec **state)
{
    struct mr_keyed *keyed = mr_region_new(reader->region, struct mr_keyed);
    *state = mr_region_new(reader->region, struct mr_state_spec);
    **state = (struct mr_state_spec){.name = "state", .kind = MR_STATE_VALUE, .type = "any"};
    keyed->shape.n_states = 1;
    keyed->shape.states = *state;
    return keyed;
}

/* ---- Deduplicate ---- */

bool mr_configure_deduplicate(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform)
{
    static const char *const keys[] = {"key", "within", "time"};
    struct mr_state_spec *state;
    struct mr_keyed *keyed = new_keyed(reader, &state);
    if (!mr_config_keys(
            reader, spec->config, "config of Deduplicate", keys, MR_COUNT_OF(keys), NULL, 0) ||
        !mr_keyed_read_keys(reader, spec, transform, keyed) ||
        !mr_keyed_read_ttl(reader, mr_config_get(spec->config, "within"),
            mr_config_get(spec->config, "time"), state))
        return false;
    transform->keyed = keyed;
    return mr_outputs_set(reader, spec, transform, *input_schema(reader, transform));
}

/* ---- TopN ---- */

static bool read_order(struct mr_graph_reader *reader, const struct mr_yaml *node,
    const struct mr_schema *schema, struct mr_order_by *out)
{
    static const char *const keys[] = {"field", "order"};
    static const char *const words[] = {"asc", "desc"};
    size_t index = 1;
    const struct mr_yaml *field = node;
    if (node->kind == MR_YAML_MAP) {
        const struct mr_yaml *order = mr_config_get(node, "order");
        if (!mr_config_keys(reader, node, "order_by", keys, MR_COUNT_OF(keys), NULL, 0) ||
            (order && !mr_config_word(reader, order, "order", words, 2, NULL, 0, &index)))
            return false;
        field = mr_config_get(node, "field");
        if (!field) return mr_fail_at(reader->err, node->place, "order_by needs a 'field'");
    }
    out->is_descending = index == 1;
    return mr_schema_lookup(reader, schema, field, "order_by", &out->field);
}

static bool read_orders(struct mr_graph_reader *reader, const struct mr_yaml *node,
    const struct mr_schema *schema, struct mr_top_n *top)
{
    bool is_list = node->kind == MR_YAML_LIST;
    uint32_t n = is_list ? node->n : 1;
    if (n == 0 || n > MR_FIELDS_MAX)
        return mr_fail_at(
            reader->err, node->place, "order_by needs one to %d fields", MR_FIELDS_MAX);
    struct mr_order_by *orders = mr_region_array(reader->region, struct mr_order_by, n);
    for (uint32_t i = 0; i < n; i++)
        if (!read_order(reader, is_list ? node->items[i] : node, schema, &orders[i]))
            return false;
    top->orders = orders;
    top->n_orders = n;
    return true;
}

/* The fields of the input and one more. */
static bool add_field(struct mr_graph_reader *reader, const struct mr_schema *schema,
    const struct mr_yaml *name, struct mr_field field, struct mr_place place,
    struct mr_schema *out)
{
    struct mr_schema_builder builder = {0};
    for (uint32_t i = 0; i < schema->n_fields; i++)
        if (!mr_schema_add(reader, &builder, schema->fields[i], place)) return false;
    if (name && !mr_config_name(reader, name, "the name of a field", &field.name)) return false;
    if (!mr_schema_add(reader, &builder, field, name ? name->place : place)) return false;
    *out = mr_schema_finish(reader, &builder);
    return true;
}

static bool read_emit(
    struct mr_graph_reader *reader, const struct mr_yaml *config, bool *is_final)
{
    static const char *const words[] = {"final", "changes"};
    const struct mr_yaml *emit = mr_config_get(config, "emit");
    size_t index = 0;
    if (emit && !mr_config_word(reader, emit, "emit", words, 2, NULL, 0, &index)) return false;
    *is_final = index == 0;
    const char *other = index == 0 ? "change" : "rank";
    const struct mr_yaml *key = mr_yaml_key(config, other);
    if (!key) return true;
    return mr_fail_at(
        reader->err, key->place, "'%s' is of 'emit: %s'", other, words[1 - index]);
}

static void warn_if_global(struct mr_graph_reader *reader, const struct mr_spec *spec,
    const struct mr_transform *transform)
{
    if (transform->top.is_final && transform->windowing.kind == MR_WINDOW_GLOBAL)
        mr_graph_warn(reader, spec->place,
            "a TopN of the global window gives its result only when the input ends");
}

bool mr_configure_top_n(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform)
{
    static const char *const keys[] = {"key", "n", "order_by", "emit", "rank", "change"};
    const struct mr_schema *schema = input_schema(reader, transform);
    const struct mr_yaml *config = spec->config;
    struct mr_state_spec *state;
    struct mr_keyed *keyed = new_keyed(reader, &state);
    struct mr_top_n *top = &transform->top;
    if (!mr_config_keys(reader, config, "config of TopN", keys, MR_COUNT_OF(keys), NULL, 0))
        return false;
    const struct mr_yaml *n = mr_config_need(reader, spec, "n");
    const struct mr_yaml *orders = n ? mr_config_need(reader, spec, "order_by") : NULL;
    int64_t count;
    if (!orders || !mr_keyed_read_keys(reader, spec, transform, keyed) ||
        !read_emit(reader, config, &top->is_final) ||
        !mr_yaml_as_int(n, "n", 1, MR_TOP_N_MAX, &count, reader->err) ||
        !read_orders(reader, orders, schema, top))
        return false;
    top->n = (uint32_t)count;
    top->n_fields = schema->n_fields;
    struct mr_field more = {.name = top->is_final ? "rank" : "change",
        .type = top->is_final ? MR_TYPE_INT : MR_TYPE_STRING};
    struct mr_schema out;
    if (!add_field(reader, schema, mr_config_get(config, more.name), more, spec->place, &out))
        return false;
    transform->keyed = keyed;
    warn_if_global(reader, spec, transform);
    return mr_outputs_set(reader, spec, transform, out);
}

/* ---- Materialize ---- */

static bool read_version(struct mr_graph_reader *reader, const struct mr_yaml *node,
    const struct mr_schema *schema, int *out)
{
    *out = -1;
    if (!node) return true;
    if (!mr_schema_lookup(reader, schema, node, "version", out)) return false;
    const struct mr_field *field = &schema->fields[*out];
    bool is_ordered = field->type == MR_TYPE_INT || field->type == MR_TYPE_TIMESTAMP;
    if (is_ordered && !field->is_nullable) return true;
    return mr_fail_at(reader->err, node->place,
        "type mismatch: 'version' must be an integer or a timestamp that is never null");
}

bool mr_configure_materialize(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform)
{
    static const char *const keys[] = {"key", "version", "delete", "language", "emit", "change",
        "ttl", "ttl_time", "error_handling"};
    static const char *const refused[] = {"reduce", "initial", "name"};
    static const char *const words[] = {"changes"};
    static const char *const later[] = {"snapshots", "none"};
    const struct mr_schema *schema = input_schema(reader, transform);
    const struct mr_yaml *config = spec->config;
    struct mr_materialize *materialize = &transform->materialize;
    struct mr_state_spec *state;
    struct mr_keyed *keyed = new_keyed(reader, &state);
    if (!mr_config_keys(reader, config, "config of Materialize", keys, MR_COUNT_OF(keys),
            refused, MR_COUNT_OF(refused)) ||
        !mr_keyed_read_keys(reader, spec, transform, keyed) ||
        !mr_keyed_read_ttl(
            reader, mr_config_get(config, "ttl"), mr_config_get(config, "ttl_time"), state) ||
        !read_version(
            reader, mr_config_get(config, "version"), schema, &materialize->version_field))
        return false;
    const struct mr_yaml *emit = mr_config_get(config, "emit");
    const struct mr_yaml *is_delete = mr_config_get(config, "delete");
    const char *language;
    size_t index;
    if ((emit && !mr_config_word(reader, emit, "emit", words, 1, later, 2, &index)) ||
        !mr_config_language(reader, config, &language) ||
        (is_delete && !mr_config_expression(reader, is_delete, "delete", language, MR_USE_KEEP,
                          schema, &materialize->is_delete)))
        return false;
    if (transform->windowing.kind != MR_WINDOW_GLOBAL)
        return mr_fail_at(reader->err, spec->place,
            "a Materialize keeps one view: its input must be in the global window");
    materialize->n_fields = schema->n_fields;
    struct mr_field more = {.name = "change", .type = MR_TYPE_STRING};
    struct mr_schema out;
    transform->keyed = keyed;
    return add_field(
               reader, schema, mr_config_get(config, "change"), more, spec->place, &out) &&
           mr_outputs_set(reader, spec, transform, out);
}
