/* What YAML and JSON say, as values. */
#ifndef MR_BASE_DOCUMENT_YAML_H
#define MR_BASE_DOCUMENT_YAML_H

#include "base/document.h"
#include "base/yaml.h"

/* A node as Beam's Create takes it: maps are rows. Plain texts that are dates in YAML 1.1 are
 * DATE and DATETIME where `has_dates`. Texts are borrowed from the tree, documents lie in the
 * region. Fails at nodes that nest too deeply. */
MR_MUST_CHECK bool mr_value_of_yaml(struct mr_region *region, const struct mr_yaml *node,
    bool has_dates, struct mr_value *out, struct mr_err *err);

#endif
