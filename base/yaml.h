/* A YAML document as a tree in which every node knows its line and column. The only user of libfyaml. */
#ifndef MR_BASE_YAML_H
#define MR_BASE_YAML_H

#include "base/alloc.h"
#include "base/err.h"
#include "base/time.h"

enum mr_yaml_version {
    MR_YAML_1_1, /* pipelines: PyYAML's resolver (yes/no/on/off, octal 012, sexagesimal, 1e3 is text, merge keys) */
    MR_YAML_1_2, /* scenarios: the core schema */
};
enum mr_yaml_kind {
    MR_YAML_NULL,
    MR_YAML_BOOL,
    MR_YAML_INT,
    MR_YAML_FLOAT,
    MR_YAML_TEXT,
    MR_YAML_LIST,
    MR_YAML_MAP,
};

struct mr_yaml {
    enum mr_yaml_kind kind;
    struct mr_place place;
    const char *text; /* scalars: as written, NUL-terminated; quotes removed, escapes resolved */
    bool is_plain;    /* scalar without quotes */
    bool boolean;     /* BOOL */
    int64_t integer;  /* INT */
    double number;    /* FLOAT, and INT as a double */
    uint32_t n;       /* entries of a LIST or MAP */
    const struct mr_yaml *const *items; /* [n]: of a LIST; values of a MAP in the order written */
    const struct mr_yaml *const *keys;  /* [n]: of a MAP */
    bool is_flow;     /* written as {...} or [...] */
};

enum { MR_YAML_DEPTH_MAX = 256 };

/* Parses one document. Anchors, aliases and (1.1) merge keys are resolved; deeper nesting than MR_YAML_DEPTH_MAX,
 * a second document, or a key that is not a scalar is an error; an empty document is NULL. A key that stands twice:
 * 1.1 keeps the last, as PyYAML; 1.2 is an error. An integer beyond 64 bits is an error at its place. Alias expansion
 * is bounded (1,000,000 nodes). Errors carry place and quoted line. */
MR_MUST_CHECK bool mr_yaml_parse(struct mr_region *region, const char *path, const char *text,
    size_t bytes, enum mr_yaml_version version, const struct mr_yaml **out, struct mr_err *err);

/* The value of a key of a MAP, NULL when it is not there (or the node is not a map). */
const struct mr_yaml *mr_yaml_get(const struct mr_yaml *map, const char *key);
/* The node of the key itself, for its place. */
const struct mr_yaml *mr_yaml_key(const struct mr_yaml *map, const char *key);

/* The readers below fail with INPUT at the node's place and say what was expected. `what` names the thing. */
MR_MUST_CHECK bool mr_yaml_as_text(const struct mr_yaml *node, const char *what, const char **out,
    struct mr_err *err);
MR_MUST_CHECK bool mr_yaml_as_int(const struct mr_yaml *node, const char *what, int64_t min,
    int64_t max, int64_t *out, struct mr_err *err);
MR_MUST_CHECK bool mr_yaml_as_bool(const struct mr_yaml *node, const char *what, bool *out,
    struct mr_err *err);
/* A duration: text with a unit, or a number of seconds; in nanoseconds. `beam` as in mr_duration_parse. */
MR_MUST_CHECK bool mr_yaml_as_duration(const struct mr_yaml *node, const char *what, bool beam,
    mr_ns *out, struct mr_err *err);
/* Fails at the first key of a map that is not in `keys[n_keys]`, with the nearest valid one; also when the node is
 * not a map. `what` names the thing whose keys these are. */
MR_MUST_CHECK bool mr_yaml_only_keys(const struct mr_yaml *map, const char *what,
    const char *const *keys, size_t n_keys, struct mr_err *err);

/* Writes a tree as YAML 1.2 that reads back as the same tree (block style, two spaces). */
void mr_yaml_write(struct mr_text *out, const struct mr_yaml *node, int indent);
/* Writes a tree as PyYAML's safe_dump does, for YAML 1.1. */
void mr_yaml_dump(struct mr_text *out, const struct mr_yaml *node);
/* Writes a tree as JSON, as Python's json reads it: NaN and Infinity among the numbers. */
void mr_yaml_json(struct mr_text *out, const struct mr_yaml *node);

#endif
