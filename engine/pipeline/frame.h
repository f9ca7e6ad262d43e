/* A table of texts, read from CSV as pandas reads it, and its cells as the values that pandas
 * would infer. */
#ifndef MR_ENGINE_PIPELINE_FRAME_H
#define MR_ENGINE_PIPELINE_FRAME_H

#include "base/yaml.h"
#include "engine/pipeline/graph.h"

struct mr_frame {
    uint32_t n_columns;
    const char **names; /* [n_columns]; those that stand twice are x, x.1 */
    uint32_t n_rows;
    uint32_t capacity;
    const char ***rows; /* [n_rows][n_columns]; NULL: the line was too short for it */
};
struct mr_csv_form {
    char delimiter;
    char comment;                /* the rest of a line behind it does not count; 0: none */
    const char *filename_column; /* NULL: none */
};
enum { MR_FRAME_CELLS_MAX = 20000000 };

/* Adds the rows of a file. The first line that is not empty has the names; another file must
 * have the same. Errors: INPUT with the place in the file, LIMIT. */
MR_MUST_CHECK bool mr_frame_add_csv(struct mr_region *region, struct mr_frame *frame,
    const struct mr_data_file *file, const struct mr_csv_form *form, struct mr_err *err);

/* The rows as a list of maps, as if they were elements of a Create: columns of integers, else
 * of numbers (what is missing is NaN), else of booleans, else of texts (what is missing is
 * null). All lies at `place`. */
const struct mr_yaml *mr_frame_elements(
    struct mr_region *region, const struct mr_frame *frame, struct mr_place place);

#endif
