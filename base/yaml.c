/* From the events of libfyaml to a tree: the only user of libfyaml. */
#include "base/yaml.h"

#include <libfyaml.h>
#include <string.h>

#include "base/utf8.h"
#include "base/yaml_internal.h"

struct reading {
    struct mr_yaml_tree tree;
    const char *path;
    struct mr_place last; /* for what has no place of its own */
};

static struct mr_place place_of(const struct reading *reading, struct fy_token *token)
{
    const struct fy_mark *mark = token ? fy_token_start_mark(token) : NULL;
    if (!mark || mark->line < 0) return reading->last;
    return (struct mr_place){reading->path, mark->line + 1, mark->column + 1};
}

/* The text of a token; NULL without a token. */
static const char *text_of(const struct reading *reading, struct fy_token *token, size_t *bytes)
{
    *bytes = 0;
    if (!token) return NULL;
    const char *text = fy_token_get_text(token, bytes);
    return mr_region_strndup(reading->tree.region, text ? text : "", *bytes);
}

static const char *anchor_of(const struct reading *reading, struct fy_token *token)
{
    size_t bytes;
    return text_of(reading, token, &bytes);
}

/* Tags say what we know already, or what we do not support. */
static bool check_tag(struct reading *reading, struct fy_token *token, struct mr_place place,
    const char *plain, const char *full)
{
    size_t bytes;
    const char *tag = text_of(reading, token, &bytes);
    if (!tag || strcmp(tag, "!") == 0 || strcmp(tag, plain) == 0 || strcmp(tag, full) == 0)
        return true;
    return mr_yaml_fail(&reading->tree, place, "the tag '%s' is not supported", tag);
}

/* Scalars and aliases. */

/* The token of a quoted scalar begins behind its quote, that of a block scalar with the
 * indentation of its first line, behind which the text begins. */
static struct mr_place place_of_scalar(const struct reading *reading, struct fy_token *token)
{
    struct mr_place place = place_of(reading, token);
    const struct fy_mark *mark = token ? fy_token_start_mark(token) : NULL;
    enum fy_scalar_style style = token ? fy_token_scalar_style(token) : FYSS_PLAIN;
    bool is_quoted = style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
    if (is_quoted && place.col > 1) place.col--;
    if (!mark || (style != FYSS_LITERAL && style != FYSS_FOLDED)) return place;
    for (size_t at = mark->input_pos; at < reading->tree.bytes; at++, place.col++)
        if (reading->tree.text[at] != ' ') break;
    return place;
}

static bool add_scalar(struct reading *reading, const struct fy_event *event)
{
    struct mr_yaml_tree *tree = &reading->tree;
    struct fy_token *token = event->scalar.value;
    struct mr_place place = reading->last = place_of_scalar(reading, token);
    size_t bytes;
    const char *text = text_of(reading, token, &bytes);
    struct mr_yaml node = {.kind = MR_YAML_TEXT, .place = place, .text = text ? text : ""};
    if (strlen(node.text) != bytes)
        return mr_yaml_fail(
            tree, place, "a text must not hold the character with the number 0");
    if (!check_tag(reading, event->scalar.tag, place, "!!str", "tag:yaml.org,2002:str"))
        return false;
    node.is_plain =
        !event->scalar.tag && (!token || fy_token_scalar_style(token) == FYSS_PLAIN);
    if (node.is_plain && !mr_yaml_resolve(&node, tree->version))
        return mr_yaml_fail(tree, place, "the integer %s does not fit into 64 bits", node.text);
    return mr_yaml_tree_scalar(tree, node, anchor_of(reading, event->scalar.anchor));
}

static bool add_alias(struct reading *reading, struct fy_token *token)
{
    struct mr_place place = place_of(reading, token);
    if (place.col > 1) place.col--; /* the token begins behind its asterisk */
    reading->last = place;
    size_t bytes;
    return mr_yaml_tree_alias(&reading->tree, place, text_of(reading, token, &bytes));
}

/* Collections. */

static bool begin_collection(struct reading *reading, enum mr_yaml_kind kind,
    struct fy_token *start, struct fy_token *tag, struct fy_token *anchor)
{
    struct mr_yaml_tree *tree = &reading->tree;
    struct mr_place place = reading->last = place_of(reading, start);
    bool is_map = kind == MR_YAML_MAP;
    if (!check_tag(reading, tag, place, is_map ? "!!map" : "!!seq",
            is_map ? "tag:yaml.org,2002:map" : "tag:yaml.org,2002:seq"))
        return false;
    const struct fy_mark *mark = start ? fy_token_start_mark(start) : NULL;
    bool is_flow = mark && mark->input_pos < tree->bytes &&
                   tree->text[mark->input_pos] == (is_map ? '{' : '[');
    struct mr_yaml node = {.kind = kind, .place = place, .text = "", .is_flow = is_flow};
    return mr_yaml_tree_begin(tree, node, anchor_of(reading, anchor));
}

static bool begin_document(struct reading *reading, struct fy_token *start)
{
    if (!mr_yaml_tree_root(&reading->tree)) return true;
    return mr_yaml_fail(
        &reading->tree, place_of(reading, start), "only one document is allowed in the file");
}

static bool add_event(struct reading *reading, const struct fy_event *event)
{
    switch (event->type) {
    case FYET_DOCUMENT_START:
        return begin_document(reading, event->document_start.document_start);
    case FYET_SCALAR:
        return add_scalar(reading, event);
    case FYET_ALIAS:
        return add_alias(reading, event->alias.anchor);
    case FYET_SEQUENCE_START:
        return begin_collection(reading, MR_YAML_LIST, event->sequence_start.sequence_start,
            event->sequence_start.tag, event->sequence_start.anchor);
    case FYET_MAPPING_START:
        return begin_collection(reading, MR_YAML_MAP, event->mapping_start.mapping_start,
            event->mapping_start.tag, event->mapping_start.anchor);
    case FYET_SEQUENCE_END:
    case FYET_MAPPING_END:
        return mr_yaml_tree_end(&reading->tree);
    default:
        return true;
    }
}

/* The parser. */

static int count_lines(const struct mr_yaml_tree *tree)
{
    int n = 0;
    for (size_t i = 0; i < tree->bytes; i++) n += tree->text[i] == '\n';
    return n + (tree->bytes > 0 && tree->text[tree->bytes - 1] != '\n');
}

/* What the parser found wrong. An error behind the last line is one of a collection that was
 * never closed. */
static bool take_diagnosis(struct reading *reading, struct fy_diag *diag)
{
    void *iterator = NULL;
    const struct fy_diag_error *error = fy_diag_errors_iterate(diag, &iterator);
    const struct mr_yaml *open = mr_yaml_tree_open(&reading->tree);
    struct mr_place place = reading->last;
    if (error && error->line > count_lines(&reading->tree) && open) {
        place = open->place;
    } else if (error && error->line > 0) {
        place.line = error->line;
        place.col = error->column > 0 ? error->column : 1;
    }
    return mr_yaml_fail(&reading->tree, place, "not valid YAML: %s",
        error && error->msg ? error->msg : "syntax error");
}

static bool build(struct reading *reading, struct fy_parser *parser, struct fy_diag *diag)
{
    bool has_ended = false;
    struct fy_event *event;
    while ((event = fy_parser_parse(parser))) {
        has_ended = event->type == FYET_STREAM_END;
        bool is_ok = add_event(reading, event);
        fy_parser_event_free(parser, event);
        if (!is_ok) return false;
    }
    return has_ended || take_diagnosis(reading, diag);
}

static bool parse(struct reading *reading)
{
    struct fy_diag_cfg diag_config;
    fy_diag_cfg_default(&diag_config);
    diag_config.fp = NULL;
    struct fy_diag *diag = fy_diag_create(&diag_config);
    MR_ASSERT(diag != NULL);
    fy_diag_set_collect_errors(diag, true);
    /* The parser itself does not recurse; the tree counts the depth. */
    struct fy_parse_cfg config = {
        .flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_DISABLE_DEPTH_LIMIT, .diag = diag};
    struct fy_parser *parser = fy_parser_create(&config);
    MR_ASSERT(parser != NULL);
    bool is_ok = fy_parser_set_string(parser, reading->tree.text, reading->tree.bytes) == 0
                     ? build(reading, parser, diag)
                     : take_diagnosis(reading, diag);
    fy_parser_destroy(parser);
    fy_diag_destroy(diag);
    return is_ok;
}

/* The place of a byte of the text. */
static struct mr_place place_of_byte(const struct reading *reading, size_t byte)
{
    struct mr_place place = {reading->path, 1, 1};
    for (size_t i = 0; i < byte; i++) {
        unsigned char c = (unsigned char)reading->tree.text[i];
        if ((c & 0xc0) != 0x80) place.col++;
        if (c != '\n') continue;
        place.line++;
        place.col = 1;
    }
    return place;
}

/* libfyaml takes both for the end of the text. */
static bool check_bytes(struct reading *reading)
{
    struct mr_yaml_tree *tree = &reading->tree;
    size_t bad_at;
    if (!mr_utf8_is_valid(tree->text, tree->bytes, &bad_at))
        return mr_yaml_fail(tree, place_of_byte(reading, bad_at), "the file is not UTF-8");
    const char *zero = tree->bytes > 0 ? memchr(tree->text, '\0', tree->bytes) : NULL;
    if (zero)
        return mr_yaml_fail(tree, place_of_byte(reading, (size_t)(zero - tree->text)),
            "the file holds a byte with the value 0");
    return true;
}

bool mr_yaml_parse(struct mr_region *region, const char *path, const char *text, size_t bytes,
    enum mr_yaml_version version, const struct mr_yaml **out, struct mr_err *err)
{
    struct reading *reading = mr_alloc(sizeof *reading);
    reading->path = mr_region_strdup(region, path);
    reading->last = (struct mr_place){reading->path, 1, 1};
    reading->tree = (struct mr_yaml_tree){
        .region = region, .text = text, .bytes = bytes, .version = version, .err = err};
    bool is_ok = check_bytes(reading) && parse(reading);
    if (is_ok) {
        struct mr_yaml *empty = mr_region_new(region, struct mr_yaml);
        *empty = (struct mr_yaml){.place = reading->last, .text = "", .is_plain = true};
        const struct mr_yaml *root = mr_yaml_tree_root(&reading->tree);
        *out = root ? root : empty;
    }
    mr_yaml_tree_deinit(&reading->tree);
    mr_free(reading);
    return is_ok;
}
