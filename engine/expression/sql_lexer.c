#include <string.h>

#include "engine/expression/sql_internal.h"

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const char *slice(const struct mr_sql_parser *parser, uint32_t from, uint32_t to)
{
    return mr_region_strndup(
        parser->compiler->region, parser->compiler->text + from, to - from);
}

/* The end of blanks and comments. */
static uint32_t skip_blanks(const char *text, uint32_t at)
{
    for (;;) {
        if (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r') {
            at++;
        } else if (text[at] == '-' && text[at + 1] == '-') {
            while (text[at] && text[at] != '\n') at++;
        } else if (text[at] == '/' && text[at + 1] == '*') {
            const char *end = strstr(text + at + 2, "*/");
            at = end ? (uint32_t)(end - text) + 2 : (uint32_t)strlen(text);
        } else {
            return at;
        }
    }
}

/* From one quote to the next that is not doubled. */
static bool read_quoted(struct mr_sql_parser *parser, struct mr_sql_token *token)
{
    const char *text = parser->compiler->text;
    char quote = text[token->offset];
    char *out = mr_region_alloc(parser->compiler->region, strlen(text) + 1);
    uint32_t n = 0, at = token->offset + 1;
    for (;; at++) {
        if (!text[at])
            return mr_sql_fail(parser, token->offset, "a %c without its other end", quote);
        if (text[at] == quote && text[++at] != quote) break;
        out[n++] = text[at];
    }
    out[n] = '\0';
    token->end = at;
    token->text = out;
    token->kind = quote == '`' ? MR_SQL_QUOTED : MR_SQL_TEXT;
    return true;
}

static void read_number(struct mr_sql_parser *parser, struct mr_sql_token *token)
{
    const char *text = parser->compiler->text;
    uint32_t at = token->offset;
    token->kind = MR_SQL_INT;
    while (is_digit(text[at])) at++;
    if (text[at] == '.' && text[at + 1] != '.') {
        token->kind = MR_SQL_FLOAT;
        at++;
        while (is_digit(text[at])) at++;
    }
    uint32_t sign =
        text[at + (text[at] != '\0')] == '-' || text[at + (text[at] != '\0')] == '+';
    if ((text[at] == 'e' || text[at] == 'E') && is_digit(text[at + 1 + sign])) {
        token->kind = MR_SQL_FLOAT;
        at += 1 + sign;
        while (is_digit(text[at])) at++;
    }
    token->end = at;
    token->text = slice(parser, token->offset, at);
}

static bool read_token(struct mr_sql_parser *parser, struct mr_sql_token *token)
{
    static const char *const pairs[] = {"<>", "!=", "<=", ">=", "||"};
    const char *text = parser->compiler->text;
    uint32_t at = token->offset;
    token->kind = MR_SQL_SYMBOL;
    if (is_letter(text[at])) {
        while (is_letter(text[at]) || is_digit(text[at])) at++;
        token->kind = MR_SQL_NAME;
    } else if (is_digit(text[at]) || (text[at] == '.' && is_digit(text[at + 1]))) {
        read_number(parser, token);
        return true;
    } else if (text[at] == '\'' || text[at] == '`') {
        return read_quoted(parser, token);
    } else if (text[at] == '"') {
        return mr_sql_fail(parser, at, "names are quoted with `, texts with '");
    } else if (strchr("+-*/%(),.<>=;", text[at])) {
        at++;
        for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
            if (strncmp(text + token->offset, pairs[i], 2) == 0) at = token->offset + 2;
    } else if (strncmp(text + at, "!=", 2) == 0 || strncmp(text + at, "||", 2) == 0) {
        at += 2;
    } else {
        return mr_sql_fail(parser, at, "'%c' is not SQL", text[at]);
    }
    token->end = at;
    token->text = slice(parser, token->offset, at);
    return true;
}

bool mr_sql_tokens(struct mr_sql_parser *parser)
{
    const char *text = parser->compiler->text;
    parser->tokens =
        mr_region_array(parser->compiler->region, struct mr_sql_token, strlen(text) + 1);
    for (uint32_t at = 0;;) {
        at = skip_blanks(text, at);
        struct mr_sql_token *token = &parser->tokens[parser->n_tokens++];
        *token = (struct mr_sql_token){
            .kind = MR_SQL_END, .offset = at, .end = at, .text = "the end"};
        if (!text[at]) return true;
        if (!read_token(parser, token)) return false;
        at = token->end;
    }
}

const struct mr_sql_token *mr_sql_peek(const struct mr_sql_parser *parser)
{
    return &parser->tokens[parser->at];
}

bool mr_sql_same_word(const char *a, const char *b)
{
    for (; *a && *b; a++, b++) {
        char x = *a >= 'a' && *a <= 'z' ? (char)(*a - 32) : *a;
        char y = *b >= 'a' && *b <= 'z' ? (char)(*b - 32) : *b;
        if (x != y) return false;
    }
    return *a == *b;
}

bool mr_sql_is(const struct mr_sql_parser *parser, const char *word)
{
    const struct mr_sql_token *token = mr_sql_peek(parser);
    if (token->kind != MR_SQL_NAME && token->kind != MR_SQL_SYMBOL) return false;
    return mr_sql_same_word(token->text, word);
}

bool mr_sql_take(struct mr_sql_parser *parser, const char *word)
{
    if (!mr_sql_is(parser, word)) return false;
    parser->at++;
    return true;
}

bool mr_sql_unexpected(struct mr_sql_parser *parser, const char *wanted)
{
    const struct mr_sql_token *token = mr_sql_peek(parser);
    return mr_sql_fail(parser, token->offset, "%s expected, not '%s'", wanted, token->text);
}

bool mr_sql_need(struct mr_sql_parser *parser, const char *word)
{
    return mr_sql_take(parser, word) ||
           mr_sql_unexpected(parser, mr_sql_print(parser, "'%s'", word));
}
