/* Providers: where the types come from that a file's transforms have besides Beam's own. A type
 * of a `yaml` provider is a template of a transform; one of a `renaming` provider is another
 * type with other keys; the code of all others does not run here. */
#ifndef MR_ENGINE_PIPELINE_PROVIDER_H
#define MR_ENGINE_PIPELINE_PROVIDER_H

#include "engine/pipeline/graph_internal.h"

struct mr_provided {
    const char *type;
    const char *kind;               /* "yaml", "renaming", "python", ... */
    const struct mr_yaml *provider; /* the whole of it */
    const struct mr_yaml *value;    /* what `transforms` has for the type */
    const char *file;               /* in which it stands */
    bool is_busy;                   /* its body is being read */
};

/* Reads the list of providers with all that it includes. */
MR_MUST_CHECK bool mr_providers_read(
    struct mr_graph_reader *reader, const struct mr_yaml *list);
/* NULL: no provider of the file has the type. */
struct mr_provided *mr_provided_find(struct mr_graph_reader *reader, const char *type);
/* The type and the config that a `renaming` provider makes of those of the spec, until it is
 * none any more. */
MR_MUST_CHECK bool mr_provided_rename(
    struct mr_graph_reader *reader, struct mr_spec *spec, struct mr_provided **provided);
/* Makes the leaf a composite around the body that the provider's template yields for its
 * config. */
MR_MUST_CHECK bool mr_provided_expand(
    struct mr_graph_reader *reader, struct mr_spec *spec, struct mr_provided *provided);

/* Makes the leaf a composite around a body that sees only the leaf's inputs. */
MR_MUST_CHECK bool mr_spec_wrap(
    struct mr_graph_reader *reader, struct mr_spec *spec, const struct mr_yaml *body);
/* py_transform.c: the same for a PyTransform, and for a type that a `python` provider has for
 * one of the constructors that are known. */
MR_MUST_CHECK bool mr_py_transform_expand(struct mr_graph_reader *reader, struct mr_spec *spec,
    const struct mr_provided *provided);
/* Whether what the provider has for a type is the name of a constructor. */
bool mr_is_constructor(const struct mr_provided *provided);

/* config_schema.c: whether a config is what a JSON schema says. */
MR_MUST_CHECK bool mr_config_matches(struct mr_graph_reader *reader, const char *what,
    const struct mr_yaml *schema, const struct mr_yaml *config, struct mr_place place);

#endif
