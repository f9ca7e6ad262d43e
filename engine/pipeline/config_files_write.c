/* WriteToText, WriteToCsv, WriteToJson: sinks to topics of their own, which engine and checks
 * know like any other; who runs the pipeline writes the files when it is over. */
#include <string.h>

#include "engine/pipeline/graph_internal.h"

static bool is_taken(const struct mr_graph_reader *reader, const char *path, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        const struct mr_transform *other = &reader->transforms[i];
        if (other->kind == MR_WRITE_TO_LOG && other->write.file &&
            strcmp(other->write.file->path, path) == 0)
            return true;
    }
    return false;
}

static bool configure(struct mr_graph_reader *reader, const struct mr_spec *spec,
    struct mr_transform *transform, enum mr_file_format format)
{
    struct mr_file_sink *file = mr_region_new(reader->region, struct mr_file_sink);
    *file = (struct mr_file_sink){.format = format, .delimiter = ','};
    const struct mr_yaml *path = mr_config_need(reader, spec, "path");
    if (!path || !mr_config_name(reader, path, "path", &file->path) ||
        !mr_config_letter(reader, spec->config, "delimiter", &file->delimiter))
        return false;
    if (strstr(file->path, "://"))
        return mr_fail_at(reader->err, path->place,
            "'%s' does not lie in this machine's files: replace '%s' in tests", file->path,
            mr_spec_label(spec));
    if (is_taken(reader, file->path, transform->id))
        return mr_fail_at(
            reader->err, path->place, "'%s' is written by two transforms", file->path);
    transform->write = (struct mr_write_to_log){
        .topic = mr_region_printf(reader->region, "~%s", transform->name),
        .key_field = -1,
        .delivery = MR_DELIVERY_EXACTLY_ONCE,
        .file = file};
    return true;
}

bool mr_configure_write_to_text(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform)
{
    static const char *const keys[] = {"path"};
    const struct mr_schema *schema = mr_edge_schema(reader, transform->inputs[0]);
    if (!mr_config_keys(reader, spec->config, "config of WriteToText", keys, 1, NULL, 0))
        return false;
    if (schema->n_fields != 1)
        return mr_fail_at(reader->err, spec->place,
            "WriteToText needs an input of exactly one field, and '%s' has %u",
            mr_spec_label(spec), schema->n_fields);
    return configure(reader, spec, transform, MR_FILE_TEXT);
}

bool mr_configure_write_to_csv(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform)
{
    static const char *const keys[] = {"path", "delimiter"};
    return mr_config_keys(reader, spec->config, "config of WriteToCsv", keys, MR_COUNT_OF(keys),
               NULL, 0) &&
           configure(reader, spec, transform, MR_FILE_CSV);
}

bool mr_configure_write_to_json(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform)
{
    static const char *const keys[] = {"path"};
    return mr_config_keys(reader, spec->config, "config of WriteToJson", keys, 1, NULL, 0) &&
           configure(reader, spec, transform, MR_FILE_JSON);
}
