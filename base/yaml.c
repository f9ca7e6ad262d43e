/* From the events of libfyaml to a tree. Nothing here recurses: depth is counted before
 * anything is built. */
#include <libfyaml.h>
#include <stdio.h>
#include <string.h>

#include "base/yaml_internal.h"

#define NODES_MAX UINT64_C(1000000)

/* A node while it is built. */
struct building {
    struct mr_yaml yaml;
    uint64_t n_expanded; /* nodes of the subtree, aliases counted as what they stand for */
    uint32_t depth;      /* of the subtree */
};

struct pair {
    struct building *key; /* NULL in a list */
    struct building *value;
};

struct frame {
    struct building *node;
    struct pair *pairs; /* heap */
    uint32_t n;
    uint32_t capacity;
    struct building *key; /* of a map: waits for its value */
};

struct anchor {
    const char *name;
    struct building *node;
};

struct builder {
    struct mr_region *region;
    const char *path;
    const char *text;
    size_t bytes;
    enum mr_yaml_version version;
    struct mr_err *err;
    struct frame frames[MR_YAML_DEPTH_MAX];
    uint32_t depth;
    struct anchor *anchors; /* heap */
    uint32_t n_anchors;
    const char *frame_anchors[MR_YAML_DEPTH_MAX]; /* of open collections; NULL: none */
    struct building *root;
    struct mr_place last; /* for what has no place of its own */
    uint64_t n_nodes;
};

static bool fail_at(
    struct builder *builder, struct mr_place place, const char *message, const char *detail)
{
    mr_fail_at(builder->err, place, message, detail);
    mr_err_quote(builder->err, builder->text, builder->bytes);
    return false;
}

static struct mr_place place_of(const struct builder *builder, struct fy_token *token)
{
    const struct fy_mark *mark = token ? fy_token_start_mark(token) : NULL;
    if (!mark || mark->line < 0) return builder->last;
    return (struct mr_place){
        .file = builder->path, .line = mark->line + 1, .col = mark->column + 1};
}

static const char *token_text(struct builder *builder, struct fy_token *token)
{
    size_t bytes = 0;
    const char *text = token ? fy_token_get_text(token, &bytes) : NULL;
    return mr_region_strndup(builder->region, text ? text : "", text ? bytes : 0);
}

/* Anchors. */

static void add_anchor(struct builder *builder, const char *name, struct building *node)
{
    if (!name) return;
    builder->anchors =
        mr_realloc(builder->anchors, sizeof *builder->anchors * (builder->n_anchors + 1));
    builder->anchors[builder->n_anchors++] = (struct anchor){name, node};
}

static struct building *find_anchor(const struct builder *builder, const char *name)
{
    for (uint32_t i = builder->n_anchors; i > 0; i--)
        if (strcmp(builder->anchors[i - 1].name, name) == 0)
            return builder->anchors[i - 1].node;
    return NULL;
}

/* Collections. */

static bool add_pair(struct frame *frame, struct building *key, struct building *value)
{
    if (frame->n == frame->capacity) {
        frame->capacity = frame->capacity ? 2 * frame->capacity : 8;
        frame->pairs = mr_realloc(frame->pairs, sizeof *frame->pairs * frame->capacity);
    }
    frame->pairs[frame->n++] = (struct pair){key, value};
    return true;
}

static bool is_merge_key(const struct builder *builder, const struct building *key)
{
    return builder->version == MR_YAML_1_1 && key->yaml.is_plain &&
           strcmp(key->yaml.text, "<<") == 0;
}

/* A finished node finds its place in the collection that is open. */
static bool place_node(struct builder *builder, struct building *node)
{
    builder->n_nodes += node->n_expanded;
    if (builder->n_nodes > NODES_MAX)
        return fail_at(
            builder, node->yaml.place, "the document has more than a million nodes%s", "");
    if (builder->depth == 0) {
        builder->root = node;
        return true;
    }
    struct frame *frame = &builder->frames[builder->depth - 1];
    if (frame->node->yaml.kind == MR_YAML_LIST) return add_pair(frame, NULL, node);
    if (frame->key) {
        struct building *key = frame->key;
        frame->key = NULL;
        return add_pair(frame, key, node);
    }
    if (node->yaml.kind == MR_YAML_LIST || node->yaml.kind == MR_YAML_MAP)
        return fail_at(builder, node->yaml.place, "a key must be a scalar%s", "");
    frame->key = node;
    return true;
}

static bool expects_key(const struct builder *builder)
{
    if (builder->depth == 0) return false;
    const struct frame *frame = &builder->frames[builder->depth - 1];
    return frame->node->yaml.kind == MR_YAML_MAP && !frame->key;
}

static bool begin_collection(struct builder *builder, enum mr_yaml_kind kind,
    struct fy_token *start, struct fy_token *anchor, bool is_flow)
{
    struct mr_place place = builder->last = place_of(builder, start);
    if (expects_key(builder)) return fail_at(builder, place, "a key must be a scalar%s", "");
    if (builder->depth == MR_YAML_DEPTH_MAX)
        return fail_at(
            builder, place, "the document is nested too deeply (more than 256 levels)%s", "");
    struct building *node = mr_region_new(builder->region, struct building);
    node->yaml = (struct mr_yaml){.kind = kind, .place = place, .text = "", .is_flow = is_flow};
    builder->frame_anchors[builder->depth] = anchor ? token_text(builder, anchor) : NULL;
    builder->frames[builder->depth++] = (struct frame){.node = node};
    return true;
}

/* Puts the pairs of `<<` in front; own keys win over merged ones, earlier merged ones over
 * later. */
static bool merge_pairs(struct builder *builder, struct frame *frame)
{
    struct frame merged = {0};
    bool is_ok = true;
    for (uint32_t i = 0; i < frame->n && is_ok; i++) {
        if (!is_merge_key(builder, frame->pairs[i].key)) continue;
        const struct mr_yaml *from = &frame->pairs[i].value->yaml;
        uint32_t n = from->kind == MR_YAML_LIST ? from->n : 1;
        for (uint32_t k = n; k > 0 && is_ok; k--) {
            const struct mr_yaml *map = from->kind == MR_YAML_LIST ? from->items[k - 1] : from;
            if (map->kind != MR_YAML_MAP) {
                is_ok = fail_at(builder, from->place, "'<<' merges maps only%s", "");
                break;
            }
            /* struct building begins with its mr_yaml: nodes of the tree are nodes while it is
             * built. */
            for (uint32_t j = 0; j < map->n; j++)
                add_pair(
                    &merged, (struct building *)map->keys[j], (struct building *)map->items[j]);
        }
    }
    for (uint32_t i = 0; i < frame->n; i++)
        if (!is_merge_key(builder, frame->pairs[i].key))
            add_pair(&merged, frame->pairs[i].key, frame->pairs[i].value);
    mr_free(frame->pairs);
    frame->pairs = merged.pairs;
    frame->n = merged.n;
    return is_ok;
}

static bool has_merge(const struct builder *builder, const struct frame *frame)
{
    for (uint32_t i = 0; i < frame->n; i++)
        if (is_merge_key(builder, frame->pairs[i].key)) return true;
    return false;
}

/* A key that stands twice: the later value in the earlier place, or an error. */
static bool drop_doubles(struct builder *builder, struct frame *frame, bool is_merged)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < frame->n; i++) {
        struct pair pair = frame->pairs[i];
        uint32_t k = 0;
        while (k < n && strcmp(frame->pairs[k].key->yaml.text, pair.key->yaml.text) != 0) k++;
        if (k == n)
            frame->pairs[n++] = pair;
        else if (builder->version == MR_YAML_1_2 && !is_merged)
            return fail_at(builder, pair.key->yaml.place, "the key '%s' stands twice",
                pair.key->yaml.text);
        else
            frame->pairs[k] = pair;
    }
    frame->n = n;
    return true;
}

static void fill_collection(struct builder *builder, struct frame *frame)
{
    struct building *node = frame->node;
    bool is_map = node->yaml.kind == MR_YAML_MAP;
    const struct mr_yaml **items =
        mr_region_array(builder->region, const struct mr_yaml *, frame->n + 1);
    const struct mr_yaml **keys =
        is_map ? mr_region_array(builder->region, const struct mr_yaml *, frame->n + 1) : NULL;
    node->n_expanded = 1;
    for (uint32_t i = 0; i < frame->n; i++) {
        struct building *value = frame->pairs[i].value;
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

static bool end_collection(struct builder *builder)
{
    struct frame *frame = &builder->frames[--builder->depth];
    const char *anchor = builder->frame_anchors[builder->depth];
    bool is_map = frame->node->yaml.kind == MR_YAML_MAP;
    bool is_merged = is_map && has_merge(builder, frame);
    bool is_ok = (!is_merged || merge_pairs(builder, frame)) &&
                 (!is_map || drop_doubles(builder, frame, is_merged));
    if (is_ok) fill_collection(builder, frame);
    mr_free(frame->pairs);
    frame->pairs = NULL;
    if (!is_ok) return false;
    add_anchor(builder, anchor, frame->node);
    /* What is inside was counted when it was placed. */
    uint64_t n_expanded = frame->node->n_expanded;
    frame->node->n_expanded = 1;
    is_ok = place_node(builder, frame->node);
    frame->node->n_expanded = n_expanded;
    return is_ok;
}

/* Scalars and aliases. */

static bool add_scalar(struct builder *builder, const struct fy_event *event)
{
    struct fy_token *token = event->scalar.value;
    struct building *node = mr_region_new(builder->region, struct building);
    node->n_expanded = 1;
    node->yaml.place = builder->last = place_of(builder, token);
    node->yaml.text = token_text(builder, token);
    const char *tag = event->scalar.tag ? token_text(builder, event->scalar.tag) : NULL;
    bool is_text =
        tag && (strcmp(tag, "!") == 0 || strstr(tag, ":str") || strcmp(tag, "!!str") == 0);
    if (tag && !is_text)
        return fail_at(builder, node->yaml.place, "the tag '%s' is not supported", tag);
    node->yaml.is_plain = !is_text && fy_token_scalar_style(token) == FYSS_PLAIN;
    node->yaml.kind = MR_YAML_TEXT;
    if (node->yaml.is_plain && !mr_yaml_resolve(&node->yaml, builder->version))
        return fail_at(builder, node->yaml.place, "the integer %s does not fit into 64 bits",
            node->yaml.text);
    if (event->scalar.anchor)
        add_anchor(builder, token_text(builder, event->scalar.anchor), node);
    return place_node(builder, node);
}

static bool add_alias(struct builder *builder, struct fy_token *token)
{
    struct mr_place place = builder->last = place_of(builder, token);
    const char *name = token_text(builder, token);
    struct building *node = find_anchor(builder, name);
    if (!node) return fail_at(builder, place, "the alias '*%s' has no anchor before it", name);
    if (builder->depth + node->depth > MR_YAML_DEPTH_MAX)
        return fail_at(
            builder, place, "the document is nested too deeply (more than 256 levels)%s", "");
    return place_node(builder, node);
}

static bool is_flow(const struct builder *builder, struct fy_token *token, char open)
{
    const struct fy_mark *mark = token ? fy_token_start_mark(token) : NULL;
    return mark && mark->input_pos < builder->bytes && builder->text[mark->input_pos] == open;
}

static bool add_event(struct builder *builder, const struct fy_event *event)
{
    switch (event->type) {
    case FYET_DOCUMENT_START:
        if (!builder->root) return true;
        return fail_at(builder, place_of(builder, event->document_start.document_start),
            "only one document is allowed in the file%s", "");
    case FYET_SCALAR:
        return add_scalar(builder, event);
    case FYET_ALIAS:
        return add_alias(builder, event->alias.anchor);
    case FYET_SEQUENCE_START: {
        struct fy_token *start = event->sequence_start.sequence_start;
        return begin_collection(builder, MR_YAML_LIST, start, event->sequence_start.anchor,
            is_flow(builder, start, '['));
    }
    case FYET_MAPPING_START: {
        struct fy_token *start = event->mapping_start.mapping_start;
        return begin_collection(builder, MR_YAML_MAP, start, event->mapping_start.anchor,
            is_flow(builder, start, '{'));
    }
    case FYET_SEQUENCE_END:
    case FYET_MAPPING_END:
        return end_collection(builder);
    default:
        return true;
    }
}

/* The parser. */

static bool take_diagnosis(struct builder *builder, struct fy_diag *diag)
{
    void *iterator = NULL;
    const struct fy_diag_error *error = fy_diag_errors_iterate(diag, &iterator);
    struct mr_place place = builder->last;
    if (error && error->line > 0) {
        place.line = error->line;
        place.col = error->column > 0 ? error->column : 1;
    }
    return fail_at(builder, place, "not valid YAML: %s",
        error && error->msg ? error->msg : "syntax error");
}

static bool build(struct builder *builder, struct fy_parser *parser, struct fy_diag *diag)
{
    bool has_ended = false;
    struct fy_event *event;
    while ((event = fy_parser_parse(parser))) {
        has_ended = event->type == FYET_STREAM_END;
        bool is_ok = add_event(builder, event);
        fy_parser_event_free(parser, event);
        if (!is_ok) return false;
    }
    return has_ended || take_diagnosis(builder, diag);
}

static const struct mr_yaml *empty_document(const struct builder *builder)
{
    struct mr_yaml *node = mr_region_new(builder->region, struct mr_yaml);
    *node = (struct mr_yaml){
        .kind = MR_YAML_NULL, .place = builder->last, .text = "", .is_plain = true};
    return node;
}

bool mr_yaml_parse(struct mr_region *region, const char *path, const char *text, size_t bytes,
    enum mr_yaml_version version, const struct mr_yaml **out, struct mr_err *err)
{
    struct builder *builder = mr_alloc(sizeof *builder);
    *builder = (struct builder){.region = region,
        .path = mr_region_strdup(region, path),
        .text = text,
        .bytes = bytes,
        .version = version,
        .err = err};
    builder->last = (struct mr_place){.file = builder->path, .line = 1, .col = 1};
    struct fy_diag_cfg diag_config;
    fy_diag_cfg_default(&diag_config);
    diag_config.fp = NULL;
    struct fy_diag *diag = fy_diag_create(&diag_config);
    MR_ASSERT(diag != NULL);
    fy_diag_set_collect_errors(diag, true);
    struct fy_parse_cfg config = {
        .flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_DISABLE_DEPTH_LIMIT, .diag = diag};
    struct fy_parser *parser = fy_parser_create(&config);
    MR_ASSERT(parser != NULL);
    bool is_ok = fy_parser_set_string(parser, text, bytes) == 0 && build(builder, parser, diag);
    if (!is_ok && err->kind == MR_ERR_NONE) is_ok = take_diagnosis(builder, diag);
    if (is_ok) *out = builder->root ? &builder->root->yaml : empty_document(builder);
    while (builder->depth > 0) mr_free(builder->frames[--builder->depth].pairs);
    fy_parser_destroy(parser);
    fy_diag_destroy(diag);
    mr_free(builder->anchors);
    mr_free(builder);
    return is_ok;
}
