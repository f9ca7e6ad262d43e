/* What the files of yaml share. */
#ifndef MR_BASE_YAML_INTERNAL_H
#define MR_BASE_YAML_INTERNAL_H

#include "base/yaml.h"

/* Decides what a plain scalar is: kind, boolean, integer and number of `node`, whose text is
 * set. False: an integer beyond 64 bits. */
bool mr_yaml_resolve(struct mr_yaml *node, enum mr_yaml_version version);

#endif
