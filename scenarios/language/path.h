/* Paths as text, without looking at any disk: `a/./b/../c` is `a/c`. */
#ifndef MR_SCENARIOS_LANGUAGE_PATH_H
#define MR_SCENARIOS_LANGUAGE_PATH_H

#include "base/alloc.h"

/* The folder of a file, "." when it names none. */
const char *mr_path_folder(struct mr_region *region, const char *path);
const char *mr_path_join(struct mr_region *region, const char *folder, const char *path);
/* The path that leads from `folder` to `path`, both relative to the same place or both
 * absolute; else `path`. */
const char *mr_path_from(struct mr_region *region, const char *folder, const char *path);

#endif
