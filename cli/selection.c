#include "cli/selection.h"

#include <string.h>
#include <sys/stat.h>

#include "base/yaml.h"

static bool is_pipeline(const struct mr_yaml *root)
{
    if (root->kind != MR_YAML_MAP || mr_yaml_get(root, "scenario")) return false;
    const struct mr_yaml *pipeline = mr_yaml_get(root, "pipeline");
    return mr_yaml_get(pipeline, "transforms") || mr_yaml_get(pipeline, "type");
}

bool mr_file_kind(
    struct mr_region *region, const char *path, enum mr_file_kind *out, struct mr_err *err)
{
    struct mr_files files;
    mr_files_init(&files, path);
    struct mr_file_reader reader = mr_files_reader(&files);
    const char *name = path + strlen(files.folder), *text;
    size_t bytes;
    if (!reader.read(reader.self, region, name, &text, &bytes, err)) return false;
    const struct mr_yaml *root;
    struct mr_err ignored = {0};
    *out = mr_yaml_parse(region, path, text, bytes, MR_YAML_1_1, &root, &ignored) &&
                   is_pipeline(root)
               ? MR_FILE_PIPELINE
               : MR_FILE_SCENARIO;
    return true;
}

bool mr_selection_read(struct mr_region *region, const char *path,
    const struct mr_scenario **out, struct mr_err *err)
{
    enum mr_file_kind kind = MR_FILE_SCENARIO;
    if (!mr_file_kind(region, path, &kind, err)) return false;
    if (kind == MR_FILE_SCENARIO) return mr_cli_read_scenario(region, path, out, err);
    return mr_fail(err, MR_ERR_INPUT,
        "'%s' is a pipeline, and a pipeline alone says nothing about data, cluster and faults: "
        "write a scenario with 'pipeline: {file: %s}' and give that one (docs/scenario.md)",
        path, path);
}

static bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static void add(struct mr_region *region, struct mr_selection *selection,
    const struct mr_scenario *scenario)
{
    const struct mr_scenario **grown =
        mr_region_array(region, const struct mr_scenario *, selection->n + 1);
    if (selection->n > 0) memcpy(grown, selection->scenarios, selection->n * sizeof *grown);
    grown[selection->n++] = scenario;
    selection->scenarios = grown;
}

static bool add_path(struct mr_region *region, struct mr_selection *selection, const char *path,
    bool is_in_folder, struct mr_err *err)
{
    enum mr_file_kind kind = MR_FILE_SCENARIO;
    if (is_in_folder && !mr_file_kind(region, path, &kind, err)) return false;
    if (kind == MR_FILE_PIPELINE) return true;
    const struct mr_scenario *scenario;
    if (!mr_selection_read(region, path, &scenario, err)) return false;
    add(region, selection, scenario);
    return true;
}

bool mr_selection_find(struct mr_region *region, const char *const *paths, size_t n_paths,
    struct mr_selection *out, struct mr_err *err)
{
    *out = (struct mr_selection){0};
    for (size_t i = 0; i < n_paths; i++) {
        const char **files;
        size_t n_files = 0;
        if (!mr_cli_find_scenarios(region, paths[i], &files, &n_files, err)) return false;
        for (size_t k = 0; k < n_files; k++)
            if (!add_path(region, out, files[k], is_folder(paths[i]), err)) return false;
    }
    return true;
}
