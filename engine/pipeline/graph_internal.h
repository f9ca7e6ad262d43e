/* What the files of pipeline/ share: the reader, and a transform on its way from the file to
 * the graph. */
#ifndef MR_ENGINE_PIPELINE_GRAPH_INTERNAL_H
#define MR_ENGINE_PIPELINE_GRAPH_INTERNAL_H

#include "engine/expression/template.h"
#include "engine/pipeline/graph.h"

enum {
    MR_TRANSFORMS_MAX = 1024
}; /* of a graph; also bounds how deep references are followed */

#define MR_COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

struct mr_graph_reader;
struct mr_provided;
struct mr_spec;

/* One entry of `input` or `output`. In the end it has a reference to look up, or, where a chain
 * or an implicit Flatten connects, the transform itself. */
struct mr_link {
    const char *key;
    const struct mr_yaml
        *list;             /* a list of references that is still to be flattened; else NULL */
    const char *reference; /* as written; NULL: `target` */
    struct mr_spec *target;
    struct mr_place place;
};

/* What a transform yields to its scope: the outputs of a leaf, the exported ones of a
 * composite. */
struct mr_named_edge {
    const char *name;
    struct mr_edge edge;
};
struct mr_named_edges {
    uint32_t n;
    struct mr_named_edge *edges; /* [n] */
};

/* A type of transform: what it takes, and how its config becomes part of the graph. */
struct mr_catalog_entry {
    const char *type;
    enum mr_transform_kind kind;
    uint32_t inputs_min;
    uint32_t inputs_max;
    bool has_language; /* Beam calls it `Type-language` from then on, also in references */
    bool is_extension; /* a type of Millrace, not of Beam */
    /* The inputs, the place and the windowing of the first input are set; fills the rest. */
    bool (*configure)(struct mr_graph_reader *reader, const struct mr_spec *spec,
        struct mr_transform *transform);
};

enum mr_spec_state { MR_SPEC_NEW, MR_SPEC_BUSY, MR_SPEC_DONE };

/* A transform as the file has it. Chains are composites whose members are linked, as in Beam.
 */
struct mr_spec {
    const char *type;      /* as written */
    const char *name;      /* as written, or Beam's default; NULL: it has none */
    const char *type_name; /* what a reference by type has to say */
    const char
        *path; /* names of the scopes and its own, joined by '/'; unique; set when expanded */
    struct mr_place place;
    const struct mr_yaml *node;
    const struct mr_yaml *config;    /* NULL: none */
    const struct mr_yaml *windowing; /* its own or its scope's; NULL: none */
    struct mr_spec *parent;          /* the composite it lies in */
    bool is_chain;
    bool has_input; /* the key is there */
    bool is_provided;         /* a composite around what a provider's template yields */
    bool lacks_inputs;        /* of these: it must get some, and says of none */
    const char *written_type; /* behind a renaming provider: the type that it stands for */

    const struct mr_catalog_entry *entry; /* of a leaf; NULL: a composite */
    const char *error_output;             /* of a leaf; NULL: none */
    const struct mr_yaml *output_schema;  /* of a leaf; NULL: none */

    uint32_t n_inputs;
    struct mr_link *inputs;

    uint32_t n_members; /* of a composite */
    uint32_t n_chained; /* members before the extra transforms of a chain */
    struct mr_spec **members;
    uint32_t n_outputs;
    struct mr_link *outputs;
    struct mr_spec *implicit_outputs; /* the composite has the outputs of this member */

    enum mr_spec_state state;
    const struct mr_spec *asked_by; /* while BUSY: who wanted it */
    struct mr_named_edges in;       /* composites: what its input keys stand for inside */
    struct mr_named_edges out;      /* once DONE */
};

/* For the JSON Schema: what the reader of a config asks for. */
enum { MR_NEEDED_MAX = 8 };
struct mr_keys_seen {
    bool is_seen; /* mr_config_keys was called for the config */
    const char *const *keys;
    size_t n_keys;
    uint32_t n_needed; /* mr_config_need */
    const char *needed[MR_NEEDED_MAX];
};

struct mr_graph_reader {
    struct mr_region *region;
    uint32_t n_provided;
    struct mr_provided *provided; /* [n_provided]: types of the file's providers */
    const struct mr_graph_files *files; /* NULL: none can be read */
    bool needs_python;
    uint32_t n_alignment_groups;
    const char *alignment_groups[MR_ALIGNMENT_GROUPS_MAX];
    struct mr_err *err;
    uint32_t n_texts;
    struct mr_template_source *texts; /* [n_texts]: what errors may quote; the file is the first */

    uint32_t n_specs;
    uint32_t n_transforms;
    uint32_t capacity;
    struct mr_transform *transforms; /* [n_transforms], in the region */
    uint32_t n_names;
    uint32_t names_capacity;
    const char **names; /* [n_names] paths that are taken */
    uint32_t n_warnings;
    struct mr_warning *warnings; /* [n_warnings] */
    struct mr_keys_seen *seen; /* NULL: configs are read in earnest */
    bool has_errors; /* the transform at hand has an output for rows that fail */
    bool is_lenient; /* what cannot be supported is refused only where it is needed */
};

/* read.c: the document as a tree of specs; *out is the pipeline itself. */
MR_MUST_CHECK bool mr_specs_read(
    struct mr_graph_reader *reader, const struct mr_yaml *document, struct mr_spec **out);
/* A transform that a provider's template yields; `parent` is not NULL. */
MR_MUST_CHECK bool mr_spec_read(struct mr_graph_reader *reader, const struct mr_yaml *node,
    struct mr_spec *parent, struct mr_spec **out);
/* options.c: warns of options that Beam does not know. */
void mr_options_check(struct mr_graph_reader *reader, const struct mr_yaml *options);
/* chain.c: links the members of chains, spreads and flattens lists of inputs; in the composite
 * and in all inside of it. */
MR_MUST_CHECK bool mr_composites_link(
    struct mr_graph_reader *reader, struct mr_spec *composite);
/* slice.c: leaves of the pipeline what a test needs, with its mocks and expectations. */
MR_MUST_CHECK bool mr_specs_slice(
    struct mr_graph_reader *reader, struct mr_spec *root, const struct mr_yaml *test);
/* override.c: puts the scenario's values over the configs. */
MR_MUST_CHECK bool mr_overrides_apply(struct mr_graph_reader *reader, struct mr_spec *root,
    const struct mr_override_set *sets, uint32_t n_sets);

/* scope.c: references, error outputs, windowing that a scope hands to its roots. */
/* The member that a reference names, and the output it names or NULL. Fails when there is none
 * or several. */
MR_MUST_CHECK bool mr_scope_find(struct mr_graph_reader *reader, const struct mr_spec *scope,
    const struct mr_link *link, struct mr_spec **target, const char **output);
/* The composite whose input key the reference is, or NULL. A composite without inputs sees
 * those around it. */
const struct mr_spec *mr_scope_of_input(const struct mr_spec *scope, const char *reference);
MR_MUST_CHECK bool mr_scope_check(struct mr_graph_reader *reader, const struct mr_spec *scope);
void mr_scope_push_windowing(struct mr_spec *scope);
/* The name that a message calls it by. */
const char *mr_spec_label(const struct mr_spec *spec);

/* Whether a leaf of its type knows error_handling. */
bool mr_has_error_handling(const struct mr_spec *spec);

/* output_schema.c: takes it out of a leaf's config; the spec that the leaf's own type is to see;
 * and puts the validation behind the outputs of the expanded leaf. */
MR_MUST_CHECK bool mr_output_schema_take(struct mr_graph_reader *reader, struct mr_spec *spec);
struct mr_spec mr_output_schema_inner(
    struct mr_graph_reader *reader, const struct mr_spec *spec);
MR_MUST_CHECK bool mr_output_schema_apply(struct mr_graph_reader *reader, struct mr_spec *spec);
/* resolve.c: one more transform, and a name for it inside of a spec. */
struct mr_transform *mr_transform_new(struct mr_graph_reader *reader,
    enum mr_transform_kind kind, const char *type, const char *path, struct mr_place place,
    const struct mr_edge *inputs, uint32_t n_inputs);
const char *mr_transform_path(
    struct mr_graph_reader *reader, const struct mr_spec *spec, const char *name);

/* resolve.c: expands the tree into the reader's transforms, producers first. */
MR_MUST_CHECK bool mr_specs_resolve(struct mr_graph_reader *reader, struct mr_spec *root);
/* A sink for each output that nothing reads. */
void mr_outputs_collect(struct mr_graph_reader *reader);

/* catalog.c */
/* The entry of a supported type. Fails for types of Beam that are not supported yet, and for
 * unknown ones. */
MR_MUST_CHECK bool mr_catalog_find(struct mr_graph_reader *reader, const struct mr_yaml *type,
    const struct mr_catalog_entry **out);
const struct mr_catalog_entry *mr_catalog_entry(enum mr_transform_kind kind);
/* The i-th of all that are supported; NULL behind the last. */
const struct mr_catalog_entry *mr_catalog_at(size_t i);

/* schema.c */
/* Collects the fields of a schema; at most MR_FIELDS_MAX, names differ. */
struct mr_schema_builder {
    uint32_t n_fields;
    struct mr_field fields[MR_FIELDS_MAX];
};
MR_MUST_CHECK bool mr_schema_add(struct mr_graph_reader *reader,
    struct mr_schema_builder *builder, struct mr_field field, struct mr_place place);
struct mr_schema mr_schema_finish(
    struct mr_graph_reader *reader, const struct mr_schema_builder *builder);
/* shape.c. A type as it is written: a word, a JSON schema, `[T]`; `field` has its name, or NULL,
 * and whether it may be null anyway. */
MR_MUST_CHECK bool mr_field_read(
    struct mr_graph_reader *reader, const struct mr_yaml *node, struct mr_field *field);
/* The field, without a name, of which the value is one. */
struct mr_field mr_field_of_value(struct mr_region *region, struct mr_value value);
/* The field that holds values of both: ANY where the types differ; None goes with everything. */
struct mr_field mr_field_unify(
    struct mr_region *region, struct mr_field field, const struct mr_field *other);
/* A map from field to type. */
MR_MUST_CHECK bool mr_schema_read(
    struct mr_graph_reader *reader, const struct mr_yaml *node, struct mr_schema *out);
/* The index of the field that a node names; fails with the nearest one. `what` names the use.
 */
MR_MUST_CHECK bool mr_schema_lookup(struct mr_graph_reader *reader,
    const struct mr_schema *schema, const struct mr_yaml *node, const char *what, int *out);
/* The union of the inputs' fields, as Flatten has it: in order of appearance, missing ones
 * nullable. */
MR_MUST_CHECK bool mr_schema_union(struct mr_graph_reader *reader,
    const struct mr_transform *transform, struct mr_schema *out);
/* Sets the outputs: the main one of `schema`, and the errors' where the spec has
 * error_handling. */
MR_MUST_CHECK bool mr_outputs_set(struct mr_graph_reader *reader, const struct mr_spec *spec,
    struct mr_transform *transform, struct mr_schema schema);
/* The same with the main output in the place of names[n] that all have `schema`. */
MR_MUST_CHECK bool mr_outputs_set_named(struct mr_graph_reader *reader,
    const struct mr_spec *spec, struct mr_transform *transform, struct mr_schema schema,
    const char *const *names, uint32_t n);
/* The schema and the windowing that an edge carries. */
const struct mr_schema *mr_edge_schema(
    const struct mr_graph_reader *reader, struct mr_edge edge);
const struct mr_windowing *mr_edge_windowing(
    const struct mr_graph_reader *reader, struct mr_edge edge);
bool mr_schema_same(const struct mr_schema *a, const struct mr_schema *b);

/* config.c: what the readers of configs share. */
/* A value that must be there; NULL and an error when it is not. A null counts as not there. */
const struct mr_yaml *mr_config_need(
    struct mr_graph_reader *reader, const struct mr_spec *spec, const char *key);
const struct mr_yaml *mr_config_get(const struct mr_yaml *map, const char *key);
/* Only `keys`; those of `refused` are said to be not supported yet, all others to be unknown.
 */
MR_MUST_CHECK bool mr_config_keys(struct mr_graph_reader *reader, const struct mr_yaml *map,
    const char *what, const char *const *keys, size_t n_keys, const char *const *refused,
    size_t n_refused);
/* One of `words`; those of `refused` are not supported yet. The index of the word. */
MR_MUST_CHECK bool mr_config_word(struct mr_graph_reader *reader, const struct mr_yaml *node,
    const char *what, const char *const *words, size_t n_words, const char *const *refused,
    size_t n_refused, size_t *out);
/* What the YAML or JSON in a text says; all of it lies at the place of the text. */
MR_MUST_CHECK bool mr_config_text_tree(struct mr_graph_reader *reader,
    const struct mr_yaml *node, const struct mr_yaml **out);
/* A text that is not empty. */
MR_MUST_CHECK bool mr_config_name(struct mr_graph_reader *reader, const struct mr_yaml *node,
    const char *what, const char **out);
/* A node as the value that Beam makes of it: maps are rows, plain dates are dates. */
MR_MUST_CHECK bool mr_config_value(
    struct mr_graph_reader *reader, const struct mr_yaml *node, struct mr_value *out);
/* A duration of an extension: `d` is refused, since Beam's windowing takes it for 12 hours. */
MR_MUST_CHECK bool mr_config_duration(
    struct mr_graph_reader *reader, const struct mr_yaml *node, const char *what, mr_ns *out);
/* generic or python; the default is generic. */
MR_MUST_CHECK bool mr_config_language(
    struct mr_graph_reader *reader, const struct mr_yaml *config, const char **out);
/* Compiles a UDF value: an expression's text, a number, or a map with `expression`, `callable`, or
 * `path` and `name`. */
MR_MUST_CHECK bool mr_config_expression(struct mr_graph_reader *reader,
    const struct mr_yaml *node, const char *what, const char *language,
    enum mr_expression_use use, const struct mr_schema *schema,
    const struct mr_expression **out);
/* A callable in Python: its text, `{callable}`, or `{path, name}`; not compiled yet. */
MR_MUST_CHECK bool mr_config_callable(struct mr_graph_reader *reader,
    const struct mr_yaml *node, const char *what, struct mr_udf_text *out);
/* The text of a file that the pipeline names. */
MR_MUST_CHECK bool mr_graph_file(struct mr_graph_reader *reader, const struct mr_yaml *node,
    const char *path, const char **out);
/* graph.c: a text that places of errors may lie in. */
void mr_graph_text(
    struct mr_graph_reader *reader, const char *path, const char *text, size_t bytes);
void mr_graph_warn(struct mr_graph_reader *reader, struct mr_place place, const char *text);

/* A window that ends with the stream, over a stream that need not end. `what` gives its result only then. */
void mr_config_warn_if_global(struct mr_graph_reader *reader, const struct mr_spec *spec,
    struct mr_edge edge, const char *what);
/* udf_warning.c: warns of a function in CPython that is none of its row alone. */
void mr_udf_warn(struct mr_graph_reader *reader, const struct mr_udf_text *udf);

/* windowing.c */
MR_MUST_CHECK bool mr_windowing_read(
    struct mr_graph_reader *reader, const struct mr_yaml *node, struct mr_windowing *out);

/* late_panes.c: once all transforms are there. */
void mr_late_panes_mark(struct mr_graph_reader *reader);

/* The readers of configs, by family: config_log.c, config_create.c, config_map.c,
 * config_combine.c, windowing.c. */
bool mr_configure_read_from_log(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform);
bool mr_configure_write_to_log(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform);
bool mr_configure_create(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform);
bool mr_configure_map_to_fields(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform);
bool mr_configure_filter(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform);
bool mr_configure_assign_timestamps(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform);
bool mr_configure_combine(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform);
bool mr_configure_flatten(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform);
bool mr_configure_window_into(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform);
bool mr_configure_window(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform);
/* config_watermark.c: `watermark` of a source whose rows have `schema`. */
MR_MUST_CHECK bool mr_watermark_read(struct mr_graph_reader *reader,
    const struct mr_yaml *watermark, const struct mr_schema *schema,
    struct mr_read_from_log *out);
/* config_lookup.c */
bool mr_configure_lookup(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform);
/* config_partition.c */
bool mr_configure_partition(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform);
bool mr_configure_reshuffle(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform);
/* strip_errors.c */
bool mr_configure_strip_error_metadata(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform);
/* Of a StripErrorMetadata that reads the errors of rows of several types, flattened: each is
 * stripped by itself, and *out is set. Else *out is untouched. */
bool mr_strip_errors_apart(struct mr_graph_reader *reader, const struct mr_spec *spec,
    struct mr_edge edge, struct mr_named_edges *out);
/* config_explode.c */
bool mr_configure_explode(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform);
/* config_windowing_info.c */
bool mr_configure_extract_windowing_info(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform);
/* config_join.c */
bool mr_configure_join(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform);
/* `equalities`, `type` and `fields` of the config. The inputs' fields, and those of the result. */
MR_MUST_CHECK bool mr_join_read(struct mr_graph_reader *reader, const struct mr_spec *spec,
    const struct mr_transform *transform, struct mr_join *out, struct mr_schema *schema);
/* A Combine upstream whose panes are not one for each window: which of them meet depends on when they come. NULL: none. */
const struct mr_transform *mr_find_many_panes(
    const struct mr_graph_reader *reader, const struct mr_transform *transform);
/* retraction.c: whether the transform, which is configured, can do with rows that are taken
 * back. */
MR_MUST_CHECK bool mr_retraction_check(
    struct mr_graph_reader *reader, const struct mr_spec *spec, uint32_t transform);
/* config_join_streams.c */
bool mr_configure_join_streams(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform);
/* What gathers the rows of a window needs one that ends: the same plain one at all inputs. */
MR_MUST_CHECK bool mr_gather_check(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform);
/* config_sql.c */
bool mr_configure_sql(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform);
/* A Combine whose language is SQL. */
bool mr_configure_combine_sql(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform);
/* Fails where the language is SQL, which Beam's type has not. */
MR_MUST_CHECK bool mr_config_not_sql(
    struct mr_graph_reader *reader, const struct mr_spec *spec, const char *language);
/* config_value_rules.c: what a JSON schema says of a value that messages call `path`. */
MR_MUST_CHECK bool mr_value_rules_read(struct mr_graph_reader *reader, const char *path,
    const struct mr_yaml *node, struct mr_rules *out);
/* config_validate.c */
bool mr_configure_validate_with_schema(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform);
/* config_testing.c */
bool mr_configure_assert_equal(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform);
bool mr_configure_log_for_testing(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform);
/* The expectation of a test: None counts. */
bool mr_configure_expected(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform);

/* config_files.c */
/* A key that is one character. */
MR_MUST_CHECK bool mr_config_letter(struct mr_graph_reader *reader, const struct mr_yaml *config,
    const char *key, char *out);
bool mr_configure_read_from_text(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform);
bool mr_configure_read_from_csv(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform);
bool mr_configure_read_from_json(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform);

/* config_files_write.c */
bool mr_configure_write_to_text(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform);
bool mr_configure_write_to_csv(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform);
bool mr_configure_write_to_json(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform);

/* config_match.c */
bool mr_configure_match_all(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform);
/* config_kafka.c */
bool mr_configure_read_from_kafka(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform);
bool mr_configure_write_to_kafka(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform);
/* refusals.c: why a type of Beam is not there, as the rest of a sentence; NULL: there is no
 * reason. */
const char *mr_refusal(const char *type);
/* A trigger as it is written: trigger.c. */
MR_MUST_CHECK bool mr_trigger_read(
    struct mr_graph_reader *reader, const struct mr_yaml *node, struct mr_trigger *out);
bool mr_trigger_same(const struct mr_trigger *a, const struct mr_trigger *b);
/* That of what reads the panes of a Combine: Beam's continuation trigger. */
struct mr_trigger mr_trigger_continue(struct mr_region *region, const struct mr_trigger *trigger);

/* keyed.c: what the configs of transforms with state share. */
/* Reads `key`: a field, a list of fields, or a map from input to either; all inputs have the same windowing, which is
 * not of sessions, and keys of the same types. */
MR_MUST_CHECK bool mr_keyed_read_keys(struct mr_graph_reader *reader, const struct mr_spec *spec,
    const struct mr_transform *transform, struct mr_keyed *keyed);
/* `ttl` or the like: how long, and in which time. */
MR_MUST_CHECK bool mr_keyed_read_ttl(struct mr_graph_reader *reader, const struct mr_yaml *ttl,
    const struct mr_yaml *time, struct mr_state_spec *state);
/* config_keyed_process.c, config_keyed.c, config_route.c */
bool mr_configure_keyed_process(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform);
bool mr_configure_deduplicate(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform);
bool mr_configure_top_n(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform);
bool mr_configure_materialize(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform);
bool mr_configure_route(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform);

#endif
