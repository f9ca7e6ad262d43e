/* What the files of yaml share: scalars are resolved, and the tree is built, apart from the parser. */
#ifndef MR_BASE_YAML_INTERNAL_H
#define MR_BASE_YAML_INTERNAL_H

#include "base/yaml.h"
#include "base/yaml_names.h"

/* Decides what a plain scalar is: kind, boolean, integer and number of `node`, whose text is set. False: an integer
 * beyond 64 bits. */
bool mr_yaml_resolve(struct mr_yaml *node, enum mr_yaml_version version);

/* A node while it is built. */
struct mr_yaml_building;

struct mr_yaml_frame {
    struct mr_yaml_building *node;
    const char *anchor;         /* NULL: none */
    struct mr_yaml_pair *pairs; /* heap */
    uint32_t n;
    uint32_t capacity;
    struct mr_yaml_building *key; /* of a map: waits for its value */
};

/* A tree in the making: collections that are open, and the anchors so far. Nothing recurses: depth is counted before
 * anything is built. */
struct mr_yaml_tree {
    struct mr_region *region;
    const char *text; /* the whole file, for quotes in errors */
    size_t bytes;
    enum mr_yaml_version version;
    struct mr_err *err;
    struct mr_yaml_building *root; /* NULL: nothing yet */
    struct mr_yaml_frame frames[MR_YAML_DEPTH_MAX];
    uint32_t depth;
    struct mr_yaml_names anchors;       /* index in anchored */
    struct mr_yaml_building **anchored; /* heap */
    uint32_t n_anchored;
    uint32_t anchored_capacity;
    uint64_t n_nodes;
};

void mr_yaml_tree_deinit(struct mr_yaml_tree *tree);
/* Each takes what comes next in the document; `anchor` is NULL without one. Errors: INPUT with place and quote. */
MR_MUST_CHECK bool mr_yaml_tree_begin(struct mr_yaml_tree *tree, struct mr_yaml collection,
    const char *anchor);
MR_MUST_CHECK bool mr_yaml_tree_end(struct mr_yaml_tree *tree);
MR_MUST_CHECK bool mr_yaml_tree_scalar(struct mr_yaml_tree *tree, struct mr_yaml scalar,
    const char *anchor);
MR_MUST_CHECK bool mr_yaml_tree_alias(struct mr_yaml_tree *tree, struct mr_place place,
    const char *name);
/* The finished tree; NULL when the document is empty. */
const struct mr_yaml *mr_yaml_tree_root(const struct mr_yaml_tree *tree);
/* The innermost collection that is open; NULL: none. */
const struct mr_yaml *mr_yaml_tree_open(const struct mr_yaml_tree *tree);

/* Fails at a place of the tree's document, with the line quoted. */
#define mr_yaml_fail(tree, place, ...)                                                         \
    (mr_fail_at((tree)->err, place, __VA_ARGS__),                                              \
        mr_err_quote((tree)->err, (tree)->text, (tree)->bytes), false)

#endif
