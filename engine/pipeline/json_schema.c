/* The types and the keys of their configs are asked of those who read them: a reader with
 * `seen` notes what mr_config_keys and mr_config_need are called with. What a value is stands
 * in a table here; a key that is not in it may have any. */
#include "engine/pipeline/json_schema.h"

#include <string.h>

#include "engine/pipeline/graph_internal.h"

/* JSON is made of tokens of C. */
#define TEXT(...) #__VA_ARGS__

/* ---- What is read ---- */

/* A transform of the type with an empty config and inputs without fields: all that a reader may
 * ask for is there. */
struct blank {
    struct mr_spec spec;
    struct mr_transform *producers; /* [inputs_min] */
    struct mr_transform transform;
};

static void make_blank(
    struct mr_region *region, const struct mr_catalog_entry *entry, struct blank *out)
{
    static const struct mr_yaml empty = {.kind = MR_YAML_MAP, .place = {"", 1, 1}};
    uint32_t n = entry->inputs_min;
    struct mr_link *links = mr_region_array(region, struct mr_link, n + 1);
    struct mr_edge *edges = mr_region_array(region, struct mr_edge, n + 1);
    out->producers = mr_region_array(region, struct mr_transform, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        struct mr_output *output = mr_region_new(region, struct mr_output);
        *output = (struct mr_output){.name = "out"};
        links[i] = (struct mr_link){
            .key = mr_region_printf(region, "input%u", i), .place = empty.place};
        edges[i] = (struct mr_edge){.transform = i};
        out->producers[i] = (struct mr_transform){.id = i,
            .kind = MR_CREATE,
            .type = "Create",
            .name = "",
            .n_outputs = 1,
            .outputs = output};
    }
    out->spec = (struct mr_spec){.type = entry->type,
        .type_name = entry->type,
        .name = entry->type,
        .path = entry->type,
        .place = empty.place,
        .node = &empty,
        .config = &empty,
        .entry = entry,
        .n_inputs = n,
        .inputs = links};
    out->transform = (struct mr_transform){.id = n,
        .kind = entry->kind,
        .type = entry->type,
        .name = entry->type,
        .place = empty.place,
        .n_inputs = n,
        .inputs = edges};
}

/* Reads an empty config again and again, until it asks for no key that is new. */
static void look(
    struct mr_region *region, const struct mr_catalog_entry *entry, struct mr_keys_seen *seen)
{
    *seen = (struct mr_keys_seen){0};
    uint32_t n_before;
    do {
        struct mr_err ignored = {0};
        struct blank blank;
        make_blank(region, entry, &blank);
        struct mr_graph_reader reader = {.region = region,
            .err = &ignored,
            .n_transforms = entry->inputs_min,
            .transforms = blank.producers,
            .seen = seen};
        n_before = seen->n_needed;
        (void)entry->configure(&reader, &blank.spec, &blank.transform);
    } while (seen->n_needed > n_before && seen->n_needed < MR_NEEDED_MAX);
}

/* ---- What is written ---- */

struct property {
    const char *type; /* of the transform; NULL: of all */
    const char *key;
    const char *json;
};

/* clang-format off */
static const struct property properties[] = {
    {"Create", "elements", TEXT({"type": "array"})},
    {"AssertEqual", "elements", TEXT({"type": "array", "items": {"type": "object"}})},
    {"MapToFields", "fields",
        TEXT({"type": "object", "additionalProperties": {"$ref": "#/definitions/udf"}})},
    {"MapToFields", "append", TEXT({"type": "boolean"})},
    {"MapToFields", "drop", TEXT({"$ref": "#/definitions/names"})},
    {"Filter", "keep", TEXT({"$ref": "#/definitions/udf"})},
    {"Partition", "by", TEXT({"$ref": "#/definitions/udf"})},
    {"Partition", "outputs", TEXT({"$ref": "#/definitions/names"})},
    {"Partition", "unknown_output", TEXT({"type": "string"})},
    {"AssignTimestamps", "timestamp", TEXT({"$ref": "#/definitions/udf"})},
    {"Combine", "group_by", TEXT({"$ref": "#/definitions/names"})},
    {"Combine", "combine", TEXT({"type": "object"})},
    {"ReadFromLog", "schema", TEXT({"type": "object"})},
    {"ReadFromLog", "event_time", TEXT({"type": "string"})},
    {"ReadFromLog", "watermark", TEXT({"type": "object"})},
    {"WriteToLog", "key", TEXT({"type": "string"})},
    {"WriteToLog", "delivery", TEXT({"enum": ["exactly_once", "at_least_once"]})},
    {"LogForTesting", "level", TEXT({"enum": ["INFO", "ERROR", "DEBUG"]})},
    {"LogForTesting", "prefix", TEXT({"type": "string"})},
    {"ValidateWithSchema", "schema", TEXT({"type": "object"})},
    {"KeyedProcess", "state", TEXT({"type": "object"})},
    {"KeyedProcess", "timers", TEXT({"type": "object",
        "additionalProperties": {"enum": ["event_time", "processing_time"]}})},
    {"KeyedProcess", "outputs", TEXT({"type": "object"})},
    {"KeyedProcess", "schema", TEXT({"type": "object"})},
    {"Deduplicate", "time", TEXT({"enum": ["event", "processing"]})},
    {"TopN", "n", TEXT({"type": "integer", "minimum": 1, "maximum": 1000})},
    {"TopN", "emit", TEXT({"enum": ["final", "changes"]})},
    {"Materialize", "version", TEXT({"type": "string"})},
    {"Materialize", "delete", TEXT({"$ref": "#/definitions/udf"})},
    {"Route", "rules", TEXT({"type": "array", "items": {"type": "object", "required": ["when", "to"]}})},
    {"Route", "rules_input", TEXT({"type": "string"})},
    {"Route", "outputs", TEXT({"$ref": "#/definitions/names"})},
    {"Route", "mode", TEXT({"enum": ["first", "all"]})},
    {NULL, "topic", TEXT({"type": "string"})},
    {NULL, "language", TEXT({"type": "string"})},
    {NULL, "windowing", TEXT({"$ref": "#/definitions/windowing"})},
    {NULL, "error_handling", TEXT({"$ref": "#/definitions/error_handling"})},
};

/* What is the same whatever types there are. */
static const char definitions[] =
    "\"names\": " TEXT({"anyOf": [{"type": "string"},
        {"type": "array", "items": {"type": "string"}}]}) ",\n"
    "\"udf\": " TEXT({
        "description": "an expression, or how a function is written",
        "anyOf": [{"type": ["string", "number", "boolean"]},
            {"type": "object", "additionalProperties": false, "properties": {
                "expression": {"type": ["string", "number", "boolean"]},
                "callable": {"type": "string"}, "path": {"type": "string"},
                "name": {"type": "string"}, "output_type": {}}}]}) ",\n"
    "\"windowing\": " TEXT({
        "type": ["object", "string"], "required": ["type"],
        "properties": {"type": {"enum": ["global", "fixed", "sliding", "sessions"]},
            "size": {}, "period": {}, "gap": {}, "offset": {}}}) ",\n"
    "\"error_handling\": " TEXT({
        "type": "object", "required": ["output"],
        "properties": {"output": {"type": "string"}, "threshold": {"type": "number"}}}) ",\n"
    "\"input\": " TEXT({
        "description": "a transform, or one of its outputs: NAME or NAME.OUTPUT",
        "anyOf": [{"type": ["string", "null"]}, {"type": "array", "items": {"type": "string"}},
            {"type": "object", "additionalProperties": {"$ref": "#/definitions/names"}}]}) ",\n"
    "\"output\": " TEXT({"anyOf": [{"type": ["string", "null"]},
        {"type": "object", "additionalProperties": {"type": "string"}}]}) ",\n"
    "\"transforms\": " TEXT(
        {"type": "array", "items": {"$ref": "#/definitions/transform"}}) ",\n"
    "\"pipeline\": " TEXT({
        "type": "object", "additionalProperties": false,
        "anyOf": [{"required": ["transforms"]}, {"required": ["source", "sink"]}],
        "properties": {"type": {"enum": ["composite", "chain"]},
            "windowing": {"$ref": "#/definitions/windowing"},
            "resource_hints": {"type": "object"},
            "transforms": {"$ref": "#/definitions/transforms"},
            "extra_transforms": {"$ref": "#/definitions/transforms"},
            "source": {"$ref": "#/definitions/transform"},
            "sink": {"$ref": "#/definitions/transform"}}}) ",\n"
    "\"composite\": " TEXT({
        "type": "object", "additionalProperties": false,
        "anyOf": [{"required": ["transforms"]}, {"required": ["source", "sink"]}],
        "properties": {"type": {}, "name": {"type": "string"},
            "input": {"$ref": "#/definitions/input"}, "output": {"$ref": "#/definitions/output"},
            "windowing": {"$ref": "#/definitions/windowing"},
            "resource_hints": {"type": "object"},
            "transforms": {"$ref": "#/definitions/transforms"},
            "extra_transforms": {"$ref": "#/definitions/transforms"},
            "source": {"$ref": "#/definitions/transform"},
            "sink": {"$ref": "#/definitions/transform"}}}) ",\n"
    "\"rows_of\": " TEXT({
        "type": "array", "items": {
            "type": "object", "additionalProperties": false, "required": ["name", "elements"],
            "properties": {
                "name": {"description": "NAME or NAME.OUTPUT", "type": "string"},
                "elements": {"type": "array"}}}}) ",\n"
    "\"test\": " TEXT({
        "type": "object", "additionalProperties": false,
        "anyOf": [{"required": ["expected_inputs"]}, {"required": ["expected_outputs"]}],
        "properties": {"name": {"type": "string"},
            "mock_inputs": {"$ref": "#/definitions/rows_of"},
            "mock_outputs": {"$ref": "#/definitions/rows_of"},
            "expected_inputs": {"$ref": "#/definitions/rows_of"},
            "expected_outputs": {"$ref": "#/definitions/rows_of"},
            "allowed_sources": {"type": "array", "items": {"type": "string"}}}}) ",\n"
    "\"tests\": " TEXT({"anyOf": [{"type": "null"},
        {"type": "array", "items": {"$ref": "#/definitions/test"}}]}) ",\n"
    "\"options\": " TEXT({"type": ["object", "null"]}) ",\n"
    "\"providers\": " TEXT({"type": ["array", "null"], "items": {"type": "object"}}) ",\n"
    "\"document\": " TEXT({
        "type": "object", "additionalProperties": false, "required": ["pipeline"],
        "properties": {"pipeline": {"$ref": "#/definitions/pipeline"},
            "options": {"$ref": "#/definitions/options"},
            "providers": {"$ref": "#/definitions/providers"},
            "tests": {"$ref": "#/definitions/tests"}}}) ",\n";

/* clang-format on */

static const char head[] =
    "{\n\"$schema\": \"http://json-schema.org/draft-07/schema#\",\n"
    "\"title\": \"Millrace pipeline (Beam YAML)\",\n"
    "\"anyOf\": [{\"$ref\": \"#/definitions/document\"},\n"
    " {\"type\": \"object\", \"additionalProperties\": false, \"required\": [\"pipelines\"],\n"
    "  \"properties\": {\"pipelines\": {\"type\": \"array\",\n"
    "    \"items\": {\"$ref\": \"#/definitions/document\"}},\n"
    "   \"options\": {\"$ref\": \"#/definitions/options\"},\n"
    "   \"providers\": {\"$ref\": \"#/definitions/providers\"}}}],\n"
    "\"definitions\": {\n";

static const char *json_of(const char *type, const char *key)
{
    for (size_t i = 0; i < MR_COUNT_OF(properties); i++) {
        const struct property *property = &properties[i];
        bool is_it = !property->type || strcmp(property->type, type) == 0;
        if (is_it && strcmp(property->key, key) == 0) return property->json;
    }
    return "{}";
}

static bool has_key(const struct mr_keys_seen *seen, const char *key)
{
    for (size_t i = 0; i < seen->n_keys; i++)
        if (strcmp(seen->keys[i], key) == 0) return true;
    return false;
}

/* What a WindowInto needs may also stand beside its config. Every leaf may have an
 * output_schema, and with it error_handling: they never come to the reader of its config. */
static void add_type(
    struct mr_text *out, const struct mr_catalog_entry *entry, const struct mr_keys_seen *seen)
{
    bool is_needed = seen->n_needed > 0 && strcmp(entry->type, "WindowInto") != 0;
    mr_text_printf(out,
        "\"%s\": {\"type\": \"object\", \"additionalProperties\": false, \"required\": "
        "[\"type\"%s],"
        "\n \"properties\": {\"type\": {}, \"name\": {\"type\": \"string\"},\n"
        "  \"input\": {\"$ref\": \"#/definitions/input\"},\n"
        "  \"windowing\": {\"$ref\": \"#/definitions/windowing\"},\n"
        "  \"resource_hints\": {\"type\": \"object\"},\n"
        "  \"config\": {\"type\": [\"object\"%s]",
        entry->type, is_needed ? ", \"config\"" : "", is_needed ? "" : ", \"null\"");
    for (uint32_t i = 0; is_needed && i < seen->n_needed; i++)
        mr_text_printf(out, "%s\"%s\"", i == 0 ? ", \"required\": [" : ", ", seen->needed[i]);
    if (is_needed) mr_text_printf(out, "]");
    if (seen->is_seen) mr_text_printf(out, ", \"additionalProperties\": false");
    mr_text_printf(out, ",\n   \"properties\": {");
    for (size_t i = 0; i < seen->n_keys; i++)
        mr_text_printf(
            out, "\n    \"%s\": %s,", seen->keys[i], json_of(entry->type, seen->keys[i]));
    if (!has_key(seen, "error_handling"))
        mr_text_printf(out, "\n    \"error_handling\": {\"$ref\": "
                            "\"#/definitions/error_handling\"},");
    mr_text_printf(out, "\n    \"output_schema\": {\"type\": \"object\"}}}}},\n");
}

/* A transform by its type. Types that Millrace does not have are let through: a provider may
 * have them, and a test may mock them. */
static void add_transform(struct mr_text *out)
{
    mr_text_printf(out, "\"transform\": {\"type\": \"object\", \"required\": [\"type\"],\n"
                        " \"properties\": {\"type\": {\"type\": \"string\"}},\n \"allOf\": [");
    static const char rule[] =
        "%s\n  {\"if\": {\"properties\": {\"type\": {\"enum\": [\"%s\"]}}}, "
        "\"then\": {\"$ref\": \"#/definitions/%s\"}}";
    mr_text_printf(out, rule, "", "chain", "composite");
    mr_text_printf(out, rule, ",", "composite", "composite");
    const struct mr_catalog_entry *entry;
    for (size_t i = 0; (entry = mr_catalog_at(i)); i++)
        mr_text_printf(out, rule, ",", entry->type, entry->type);
    mr_text_printf(out, "]}\n");
}

void mr_pipeline_schema(struct mr_text *out)
{
    struct mr_region *region = mr_region_create();
    mr_text_printf(out, "%s", head);
    mr_text_printf(out, "%s", definitions);
    const struct mr_catalog_entry *entry;
    for (size_t i = 0; (entry = mr_catalog_at(i)); i++) {
        struct mr_keys_seen seen;
        look(region, entry, &seen);
        add_type(out, entry, &seen);
    }
    add_transform(out);
    mr_text_printf(out, "}\n}\n");
    mr_region_destroy(region);
}
