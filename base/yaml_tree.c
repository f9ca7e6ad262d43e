/* From scalars, aliases, beginnings and ends to a tree.
 *
 * Invariants.
 * 1. n_nodes counts the nodes that stand in the document, an alias for as many as its anchor
 * stands for: it bounds what a walk over the tree can meet.
 * 2. An anchor is known from the end of its node on, so that no node can contain itself. */
#include <string.h>

#include "base/yaml_internal.h"

#define NODES_MAX UINT64_C(1000000)

struct mr_yaml_building {
    struct mr_yaml yaml; /* first: a finished node is reached through it */
    uint64_t n_expanded; /* nodes of the subtree, aliases counted as what they stand for */
    uint32_t depth;      /* of the subtree: 0 for a scalar */
};

struct mr_yaml_pair {
    struct mr_yaml_building *key; /* NULL in a list */
    struct mr_yaml_building *value;
};

static bool is_collection(const struct mr_yaml *node)
{
    return node->kind == MR_YAML_LIST || node->kind == MR_YAML_MAP;
}

void mr_yaml_tree_deinit(struct mr_yaml_tree *tree)
{
    while (tree->depth > 0) mr_free(tree->frames[--tree->depth].pairs);
    mr_yaml_names_deinit(&tree->anchors);
    mr_free(tree->anchored);
    tree->anchored = NULL;
}

const struct mr_yaml *mr_yaml_tree_root(const struct mr_yaml_tree *tree)
{
    return tree->root ? &tree->root->yaml : NULL;
}

const struct mr_yaml *mr_yaml_tree_open(const struct mr_yaml_tree *tree)
{
    return tree->depth > 0 ? &tree->frames[tree->depth - 1].node->yaml : NULL;
}

static void add_anchor(
    struct mr_yaml_tree *tree, const char *name, struct mr_yaml_building *node)
{
    if (!name) return;
    if (tree->n_anchored == tree->anchored_capacity) {
        tree->anchored_capacity = tree->anchored_capacity ? 2 * tree->anchored_capacity : 8;
        tree->anchored =
            mr_realloc(tree->anchored, sizeof *tree->anchored * tree->anchored_capacity);
    }
    mr_yaml_names_set(&tree->anchors, name, tree->n_anchored);
    tree->anchored[tree->n_anchored++] = node;
}

static void add_pair(struct mr_yaml_frame *frame, struct mr_yaml_pair pair)
{
    if (frame->n == frame->capacity) {
        frame->capacity = frame->capacity ? 2 * frame->capacity : 8;
        frame->pairs = mr_realloc(frame->pairs, sizeof *frame->pairs * frame->capacity);
    }
    frame->pairs[frame->n++] = pair;
}

/* A node finds its place in the collection that is open. `n_new` nodes come with it: those
 * inside of a collection were counted when they were placed. */
static bool place_node(struct mr_yaml_tree *tree, struct mr_yaml_building *node, uint64_t n_new,
    struct mr_place place)
{
    tree->n_nodes += n_new;
    if (tree->n_nodes > NODES_MAX)
        return mr_yaml_fail(tree, place, "the document has more than a million nodes");
    if (tree->depth == 0) {
        tree->root = node;
        return true;
    }
    struct mr_yaml_frame *frame = &tree->frames[tree->depth - 1];
    bool is_list = frame->node->yaml.kind == MR_YAML_LIST;
    if (is_list || frame->key) {
        add_pair(frame, (struct mr_yaml_pair){frame->key, node});
        frame->key = NULL;
        return true;
    }
    if (is_collection(&node->yaml)) return mr_yaml_fail(tree, place, "a key must be a scalar");
    frame->key = node;
    return true;
}

bool mr_yaml_tree_scalar(struct mr_yaml_tree *tree, struct mr_yaml scalar, const char *anchor)
{
    struct mr_yaml_building *node = mr_region_new(tree->region, struct mr_yaml_building);
    node->yaml = scalar;
    node->n_expanded = 1;
    add_anchor(tree, anchor, node);
    return place_node(tree, node, 1, scalar.place);
}

bool mr_yaml_tree_alias(struct mr_yaml_tree *tree, struct mr_place place, const char *name)
{
    uint32_t number;
    if (!mr_yaml_names_find(&tree->anchors, name, &number))
        return mr_yaml_fail(tree, place, "the alias '*%s' has no anchor before it", name);
    struct mr_yaml_building *node = tree->anchored[number];
    if (tree->depth + node->depth > MR_YAML_DEPTH_MAX)
        return mr_yaml_fail(tree, place,
            "the document is nested too deeply (more than %d levels)", MR_YAML_DEPTH_MAX);
    return place_node(tree, node, node->n_expanded, place);
}

/* Collections. */

static bool expects_key(const struct mr_yaml_tree *tree)
{
    if (tree->depth == 0) return false;
    const struct mr_yaml_frame *frame = &tree->frames[tree->depth - 1];
    return frame->node->yaml.kind == MR_YAML_MAP && !frame->key;
}

bool mr_yaml_tree_begin(
    struct mr_yaml_tree *tree, struct mr_yaml collection, const char *anchor)
{
    MR_ASSERT(is_collection(&collection));
    if (expects_key(tree)) /* said here, since more may lie inside than is allowed */
        return mr_yaml_fail(tree, collection.place, "a key must be a scalar");
    if (tree->depth == MR_YAML_DEPTH_MAX)
        return mr_yaml_fail(tree, collection.place,
            "the document is nested too deeply (more than %d levels)", MR_YAML_DEPTH_MAX);
    struct mr_yaml_building *node = mr_region_new(tree->region, struct mr_yaml_building);
    node->yaml = collection;
    tree->frames[tree->depth++] = (struct mr_yaml_frame){.node = node, .anchor = anchor};
    return true;
}

static bool is_merge_key(const struct mr_yaml_building *key)
{
    return key->yaml.is_plain && strcmp(key->yaml.text, "<<") == 0;
}

static bool has_merge(const struct mr_yaml_frame *frame)
{
    for (uint32_t i = 0; i < frame->n; i++)
        if (is_merge_key(frame->pairs[i].key)) return true;
    return false;
}

/* Adds the pairs of a map to `merged`. */
static bool merge_map(struct mr_yaml_tree *tree, const struct mr_yaml *map,
    struct mr_place place, struct mr_yaml_frame *merged)
{
    if (map->kind != MR_YAML_MAP) return mr_yaml_fail(tree, place, "'<<' merges maps only");
    for (uint32_t i = 0; i < map->n; i++)
        add_pair(merged, (struct mr_yaml_pair){(struct mr_yaml_building *)map->keys[i],
                             (struct mr_yaml_building *)map->items[i]});
    return true;
}

/* Puts the pairs that `<<` names in front, the first map of a list last: of equal keys the last
 * one counts, so own ones win over merged ones and earlier maps over later ones. */
static bool merge_pairs(struct mr_yaml_tree *tree, struct mr_yaml_frame *frame)
{
    struct mr_yaml_frame merged = {0};
    bool is_ok = true;
    for (uint32_t i = 0; i < frame->n && is_ok; i++) {
        if (!is_merge_key(frame->pairs[i].key)) continue;
        const struct mr_yaml *from = &frame->pairs[i].value->yaml;
        struct mr_place place = frame->pairs[i].key->yaml.place;
        if (from->kind != MR_YAML_LIST)
            is_ok = merge_map(tree, from, place, &merged);
        else
            for (uint32_t k = from->n; k > 0 && is_ok; k--)
                is_ok = merge_map(tree, from->items[k - 1], place, &merged);
    }
    for (uint32_t i = 0; i < frame->n; i++)
        if (!is_merge_key(frame->pairs[i].key)) add_pair(&merged, frame->pairs[i]);
    mr_free(frame->pairs);
    frame->pairs = merged.pairs;
    frame->n = merged.n;
    frame->capacity = merged.capacity;
    return is_ok;
}

/* A key that stands twice: the later value in the earlier place, or an error. */
static bool drop_doubles(struct mr_yaml_tree *tree, struct mr_yaml_frame *frame)
{
    struct mr_yaml_names seen = {0};
    uint32_t n = 0;
    bool is_ok = true;
    for (uint32_t i = 0; i < frame->n && is_ok; i++) {
        struct mr_yaml_pair pair = frame->pairs[i];
        const struct mr_yaml *key = &pair.key->yaml;
        uint32_t before;
        if (!mr_yaml_names_find(&seen, key->text, &before)) {
            mr_yaml_names_set(&seen, key->text, n);
            frame->pairs[n++] = pair;
        } else if (tree->version == MR_YAML_1_2) {
            is_ok = mr_yaml_fail(tree, key->place, "the key '%s' stands twice", key->text);
        } else {
            frame->pairs[before] = pair;
        }
    }
    frame->n = n;
    mr_yaml_names_deinit(&seen);
    return is_ok;
}

static void fill_collection(struct mr_yaml_tree *tree, const struct mr_yaml_frame *frame)
{
    struct mr_yaml_building *node = frame->node;
    bool is_map = node->yaml.kind == MR_YAML_MAP;
    size_t n = frame->n;
    const struct mr_yaml **items = mr_region_array(tree->region, const struct mr_yaml *, n + 1);
    const struct mr_yaml **keys =
        is_map ? mr_region_array(tree->region, const struct mr_yaml *, n + 1) : NULL;
    node->n_expanded = 1;
    for (size_t i = 0; i < n; i++) {
        struct mr_yaml_building *value = frame->pairs[i].value;
        items[i] = &value->yaml;
        if (is_map) keys[i] = &frame->pairs[i].key->yaml;
        node->n_expanded += value->n_expanded + is_map;
        if (value->depth > node->depth) node->depth = value->depth;
    }
    node->depth++;
    node->yaml.n = frame->n;
    node->yaml.items = items;
    node->yaml.keys = keys;
}

bool mr_yaml_tree_end(struct mr_yaml_tree *tree)
{
    MR_ASSERT(tree->depth > 0);
    struct mr_yaml_frame *frame = &tree->frames[tree->depth - 1];
    MR_ASSERT(!frame->key);
    struct mr_yaml_building *node = frame->node;
    if (node->yaml.kind == MR_YAML_MAP) {
        bool merges = tree->version == MR_YAML_1_1 && has_merge(frame);
        if (merges && !merge_pairs(tree, frame)) return false;
        if (!drop_doubles(tree, frame)) return false;
    }
    fill_collection(tree, frame);
    mr_free(frame->pairs);
    tree->depth--;
    add_anchor(tree, frame->anchor, node);
    return place_node(tree, node, 1, node->yaml.place);
}
