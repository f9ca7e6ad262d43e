#include "cli/selection.h"

#include <string.h>
#include <sys/stat.h>

#include "base/yaml.h"
#include "cli/pipeline_test.h"

static bool is_pipeline(const struct mr_yaml *root)
{
    if (root->kind != MR_YAML_MAP || mr_yaml_get(root, "scenario")) return false;
    if (mr_yaml_get(root, "pipelines")) return true;
    const struct mr_yaml *pipeline = mr_yaml_get(root, "pipeline");
    return pipeline && pipeline->kind != MR_YAML_TEXT && !mr_yaml_get(pipeline, "file");
}

/* Whether a line of the text begins with `key`. */
static bool has_key(const char *text, const char *key)
{
    size_t bytes = strlen(key);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        if (*line == '\n') line++;
        if (strncmp(line, key, bytes) == 0) return true;
    }
    return false;
}

/* Of a text that is no YAML, such as a template. */
static bool looks_like_pipeline(const char *text)
{
    if (has_key(text, "scenario:")) return false;
    return has_key(text, "pipeline:") || has_key(text, "{%"); /* it may extend another */
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
    bool is_one = mr_yaml_parse(region, path, text, bytes, MR_YAML_1_1, &root, &ignored)
                      ? is_pipeline(root)
                      : looks_like_pipeline(text);
    *out = is_one ? MR_FILE_PIPELINE : MR_FILE_SCENARIO;
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

static void add_pipeline(
    struct mr_region *region, struct mr_selection *selection, const char *path)
{
    const char **grown = mr_region_array(region, const char *, selection->n_pipelines + 1);
    if (selection->n_pipelines > 0)
        memcpy(grown, selection->pipelines, selection->n_pipelines * sizeof *grown);
    grown[selection->n_pipelines++] = path;
    selection->pipelines = grown;
}

static bool add_path(struct mr_region *region, struct mr_selection *selection, const char *path,
    bool is_in_folder, struct mr_err *err)
{
    enum mr_file_kind kind = MR_FILE_SCENARIO;
    if (!mr_file_kind(region, path, &kind, err)) return false;
    if (kind == MR_FILE_PIPELINE) {
        if (!is_in_folder || mr_pipeline_file_has_tests(region, path))
            add_pipeline(region, selection, path);
        return true;
    }
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
