/* The JSON Schema (draft-07) of pipeline files, for editors. */
#ifndef MR_ENGINE_PIPELINE_JSON_SCHEMA_H
#define MR_ENGINE_PIPELINE_JSON_SCHEMA_H

#include "base/alloc.h"

/* Writes it, from the catalog of transforms: each type with the keys that the reader of its config
 * knows, and those that it needs. */
void mr_pipeline_schema(struct mr_text *out);

#endif
