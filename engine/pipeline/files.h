/* What the readers of files share. */
#ifndef MR_ENGINE_PIPELINE_FILES_H
#define MR_ENGINE_PIPELINE_FILES_H

#include "engine/pipeline/graph_internal.h"

/* The files that `path` of the config names; there is one at least. */
MR_MUST_CHECK bool mr_files_find(struct mr_graph_reader *reader, const struct mr_spec *spec,
    const struct mr_yaml **node, struct mr_data_files *out);
/* Makes the transform a Create of these elements, whatever its type is called. */
MR_MUST_CHECK bool mr_files_create(struct mr_graph_reader *reader, const struct mr_spec *spec,
    const struct mr_yaml *elements, struct mr_transform *transform);
/* The same without a row: nothing says what the types are, so they are strings. */
MR_MUST_CHECK bool mr_files_create_empty(struct mr_graph_reader *reader,
    const struct mr_spec *spec, const char *const *names, uint32_t n,
    struct mr_transform *transform);

/* The lines of files as elements. */
struct mr_lines {
    uint32_t n;
    uint32_t capacity;
    const struct mr_yaml **items; /* [n] */
};
MR_MUST_CHECK bool mr_lines_add(struct mr_graph_reader *reader, struct mr_lines *lines,
    const struct mr_yaml *node, const char *path);
/* The next line without its end; false: there is none. */
bool mr_line_next(
    const struct mr_data_file *file, size_t *at, const char **line, size_t *bytes);

#endif
