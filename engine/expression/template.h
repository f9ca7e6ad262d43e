/* Jinja templates, rendered when a pipeline is read, by python3-jinja2 in an interpreter of
 * their own: user code sees nothing of it. */
#ifndef MR_ENGINE_EXPRESSION_TEMPLATE_H
#define MR_ENGINE_EXPRESSION_TEMPLATE_H

#include <stdint.h>

#include "base/alloc.h"
#include "base/err.h"

/* The files that a template includes. NULL: there are none. */
struct mr_template_files {
    void *self;
    bool (*read)(void *self, struct mr_region *region, const char *path, const char **text,
        size_t *bytes, struct mr_err *err);
};
struct mr_template_source {
    const char *path;
    const char *text;
    size_t bytes;
};
/* Where a line of the rendered text comes from. */
struct mr_template_line {
    uint32_t source;
    int line; /* from 1 */
};
struct mr_rendered {
    const char *text;
    size_t bytes;
    uint32_t n_sources;
    const struct mr_template_source *sources; /* [n_sources]: the template, then its includes */
    uint32_t n_lines;                         /* 0: it cannot be told where they come from */
    const struct mr_template_line *lines;     /* [n_lines] */
};

/* Where Jinja begins in a text: `{{`, `{%` or `{#`; comments at the head of a file, which Beam
 * takes off, do not count. False: nowhere. */
bool mr_template_find(const char *path, const char *text, size_t bytes, struct mr_place *out);

/* Renders as Beam does: undefined names are errors, `datetime` is there (and stands still at
 * 1970-01-01), `include`, `import` and `extends` read files. What is not the same twice
 * (the filter `random`, `lipsum`) is not there.
 *
 *   variables  a JSON object; NULL: none
 *   errors     INPUT, with place and line, in whichever file; IO: there is no python3-jinja2
 */
MR_MUST_CHECK bool mr_template_render(struct mr_region *region, const char *path,
    const char *text, size_t bytes, const char *variables,
    const struct mr_template_files *files, struct mr_rendered *out, struct mr_err *err);

/* A transform of Python's Beam as a chain of transforms of Beam YAML. Only known constructors
 * and sources that do nothing but return them; no code of the source runs.
 *
 *   config  a PyTransform's, as JSON
 *   out     the chain, as JSON; it has an `input` unless it is a root
 *   line    of an error: in the source, from 1; 0: of none
 */
MR_MUST_CHECK bool mr_python_transform(struct mr_region *region, const char *config,
    const char **out, int *line, struct mr_err *err);

/* The place in its source of a place in the rendered text. */
struct mr_place mr_rendered_place(const struct mr_rendered *rendered, struct mr_place place);

#endif
