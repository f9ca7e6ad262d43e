/* A small judge of XML: tags are balanced, attributes are quoted and not given twice, entities
 * are known, ids are unique, characters are allowed. HTML that Millrace writes is XML, too. */
#ifndef MR_TESTS_REPORTS_MARKUP_H
#define MR_TESTS_REPORTS_MARKUP_H

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { MARKUP_DEPTH_MAX = 64, MARKUP_NAME_MAX = 64, MARKUP_IDS_MAX = 4096 };

struct markup {
    const char *text;
    const char *at;
    char open[MARKUP_DEPTH_MAX][MARKUP_NAME_MAX];
    int depth;
    int roots;
    const char *ids[MARKUP_IDS_MAX];
    int id_bytes[MARKUP_IDS_MAX];
    int n_ids;
    char problem[160]; /* "": well-formed */
};

static inline int markup_fail(struct markup *markup, const char *what)
{
    if (!markup->problem[0])
        snprintf(markup->problem, sizeof markup->problem, "%s at byte %d: %.60s", what,
            (int)(markup->at - markup->text), markup->at);
    return 0;
}

static inline int markup_name(struct markup *markup, char name[MARKUP_NAME_MAX])
{
    int n = 0;
    while (isalnum((unsigned char)*markup->at) || strchr("_:.-", *markup->at)) {
        if (!*markup->at || n == MARKUP_NAME_MAX - 1) break;
        name[n++] = *markup->at++;
    }
    name[n] = '\0';
    return n > 0 ? 1 : markup_fail(markup, "no name");
}

static inline int markup_entity(struct markup *markup)
{
    static const char *const known[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&apos;"};
    for (int i = 0; i < 5; i++)
        if (strncmp(markup->at, known[i], strlen(known[i])) == 0) {
            markup->at += strlen(known[i]);
            return 1;
        }
    if (strncmp(markup->at, "&#", 2) == 0) {
        size_t n = strspn(markup->at + 2, "0123456789");
        if (n && markup->at[2 + n] == ';') {
            markup->at += n + 3;
            return 1;
        }
    }
    return markup_fail(markup, "unknown entity");
}

/* One character that is neither markup nor an entity. */
static inline int markup_character(struct markup *markup)
{
    unsigned char lead = (unsigned char)*markup->at;
    if (lead < 0x20 && !strchr("\t\n\r", lead)) return markup_fail(markup, "control character");
    int n = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 0;
    if (n == 0 || lead > 0xF4) return markup_fail(markup, "not UTF-8");
    for (int i = 1; i < n; i++)
        if (((unsigned char)markup->at[i] & 0xC0) != 0x80)
            return markup_fail(markup, "not UTF-8");
    markup->at += n;
    return 1;
}

static inline int markup_id(struct markup *markup, const char *id, int bytes)
{
    for (int i = 0; i < markup->n_ids; i++)
        if (markup->id_bytes[i] == bytes && memcmp(markup->ids[i], id, (size_t)bytes) == 0)
            return markup_fail(markup, "an id twice");
    if (markup->n_ids == MARKUP_IDS_MAX) return markup_fail(markup, "too many ids");
    markup->ids[markup->n_ids] = id;
    markup->id_bytes[markup->n_ids++] = bytes;
    return 1;
}

static inline int markup_value(struct markup *markup, const char *name)
{
    markup->at += strspn(markup->at, " \t\n");
    if (*markup->at != '=') return markup_fail(markup, "attribute without value");
    markup->at += 1 + strspn(markup->at + 1, " \t\n");
    char quote = *markup->at;
    if (quote != '"' && quote != '\'') return markup_fail(markup, "value without quotes");
    const char *begin = ++markup->at;
    while (*markup->at && *markup->at != quote) {
        if (*markup->at == '<') return markup_fail(markup, "< in a value");
        if (!(*markup->at == '&' ? markup_entity(markup) : markup_character(markup))) return 0;
    }
    if (!*markup->at) return markup_fail(markup, "value does not end");
    int bytes = (int)(markup->at++ - begin);
    return strcmp(name, "id") != 0 || markup_id(markup, begin, bytes);
}

static inline int markup_attributes(struct markup *markup)
{
    char names[32][MARKUP_NAME_MAX];
    for (int n = 0;; n++) {
        markup->at += strspn(markup->at, " \t\n");
        if (*markup->at == '>' || *markup->at == '/') return 1;
        if (n == 32) return markup_fail(markup, "too many attributes");
        if (!markup_name(markup, names[n])) return 0;
        for (int i = 0; i < n; i++)
            if (strcmp(names[i], names[n]) == 0) return markup_fail(markup, "attribute twice");
        if (!markup_value(markup, names[n])) return 0;
    }
}

static inline int markup_tag(struct markup *markup)
{
    char name[MARKUP_NAME_MAX];
    markup->at++;
    if (*markup->at == '/') {
        markup->at++;
        if (!markup_name(markup, name)) return 0;
        if (markup->depth == 0 || strcmp(markup->open[markup->depth - 1], name) != 0)
            return markup_fail(markup, "closes what is not open");
        markup->depth--;
        return *markup->at++ == '>' ? 1 : markup_fail(markup, "odd end of a tag");
    }
    if (!markup_name(markup, name) || !markup_attributes(markup)) return 0;
    markup->roots += markup->depth == 0;
    if (*markup->at == '/') {
        markup->at++;
        return *markup->at++ == '>' ? 1 : markup_fail(markup, "odd end of a tag");
    }
    markup->at++;
    if (markup->depth == MARKUP_DEPTH_MAX) return markup_fail(markup, "too deep");
    strcpy(markup->open[markup->depth++], name);
    return 1;
}

static inline int markup_item(struct markup *markup)
{
    if (*markup->at == '&') return markup_entity(markup);
    if (*markup->at != '<') {
        if (markup->depth == 0 && !isspace((unsigned char)*markup->at))
            return markup_fail(markup, "text outside of the root");
        return markup_character(markup);
    }
    if (markup->at[1] != '?' && markup->at[1] != '!') return markup_tag(markup);
    const char *end = strchr(markup->at, '>');
    if (!end) return markup_fail(markup, "declaration does not end");
    markup->at = end + 1;
    return 1;
}

/* NULL: well-formed; else what is wrong, valid until the next call. */
static inline const char *markup_problem(const char *text)
{
    static struct markup markup;
    memset(&markup, 0, sizeof markup);
    markup.text = markup.at = text;
    while (*markup.at && markup_item(&markup)) {
    }
    if (!markup.problem[0] && markup.depth) markup_fail(&markup, "not closed");
    if (!markup.problem[0] && markup.roots != 1) markup_fail(&markup, "not one root");
    return markup.problem[0] ? markup.problem : NULL;
}

static inline int markup_count(const char *text, const char *words)
{
    int n = 0;
    for (; (text = strstr(text, words)); text += strlen(words)) n++;
    return n;
}

#endif
