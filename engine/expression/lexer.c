#include "engine/expression/lexer.h"

#include <stdlib.h>
#include <string.h>

#include "engine/expression/unicode.h"

struct lexer {
    const struct mr_compiler *compiler;
    const char *text;
    uint32_t at;
    uint32_t start; /* of the token */
};

static bool is_digit(char letter)
{
    return letter >= '0' && letter <= '9';
}

static bool is_name_letter(char letter)
{
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           letter == '_' || is_digit(letter) || (unsigned char)letter >= 0x80;
}

/* The value of a digit in any base up to 16, or 16. */
static uint32_t digit_value(char letter)
{
    if (is_digit(letter)) return (uint32_t)(letter - '0');
    if (letter >= 'a' && letter <= 'f') return (uint32_t)(letter - 'a') + 10;
    if (letter >= 'A' && letter <= 'F') return (uint32_t)(letter - 'A') + 10;
    return 16;
}

static const char *written(const struct lexer *lexer)
{
    return mr_region_strndup(
        lexer->compiler->region, lexer->text + lexer->start, lexer->at - lexer->start);
}

/* ---- numbers ---- */

static bool fail_number(struct lexer *lexer)
{
    while (is_name_letter(lexer->text[lexer->at])) lexer->at++;
    return mr_compiler_fail(
        lexer->compiler, lexer->start, "'%s' is not a number of Python", written(lexer));
}

/* Digits with single underscores between them; false when there are none, or an underscore too
 * many. */
static bool skip_digits(struct lexer *lexer, uint32_t base)
{
    const char *text = lexer->text;
    for (;;) {
        if (digit_value(text[lexer->at]) >= base) return false;
        while (digit_value(text[lexer->at]) < base) lexer->at++;
        if (text[lexer->at] != '_') return true;
        lexer->at++;
    }
}

static bool set_int(struct lexer *lexer, uint32_t from, uint32_t base, struct mr_token *out)
{
    uint64_t value = 0;
    bool is_too_large = false;
    for (uint32_t i = from; i < lexer->at; i++) {
        if (lexer->text[i] == '_') continue;
        is_too_large |= __builtin_mul_overflow(value, (uint64_t)base, &value);
        is_too_large |=
            __builtin_add_overflow(value, (uint64_t)digit_value(lexer->text[i]), &value);
    }
    if (is_too_large || value > (uint64_t)INT64_MAX + 1) {
        mr_compiler_beyond(lexer->compiler, MR_BEYOND_GRAMMAR);
        return mr_compiler_fail(
            lexer->compiler, lexer->start, "'%s' does not fit into 64 bits", written(lexer));
    }
    out->is_int64_min = value > INT64_MAX;
    out->value.type = MR_TYPE_INT;
    out->value.i = out->is_int64_min ? INT64_MIN : (int64_t)value;
    return true;
}

static bool set_float(struct lexer *lexer, struct mr_token *out)
{
    char *digits = mr_region_alloc(lexer->compiler->region, lexer->at - lexer->start + 1);
    uint32_t n = 0;
    for (uint32_t i = lexer->start; i < lexer->at; i++)
        if (lexer->text[i] != '_') digits[n++] = lexer->text[i];
    out->value.type = MR_TYPE_FLOAT;
    out->value.f = strtod(digits, NULL);
    return true;
}

/* 0x1f, 0o17, 0b11; the prefix is at the token's start. */
static bool lex_based(struct lexer *lexer, uint32_t base, struct mr_token *out)
{
    lexer->at += 2;
    uint32_t from = lexer->at;
    if (lexer->text[from] == '_') from = ++lexer->at;
    if (!skip_digits(lexer, base) || is_name_letter(lexer->text[lexer->at]))
        return fail_number(lexer);
    return set_int(lexer, from, base, out);
}

static bool has_leading_zero(const struct lexer *lexer)
{
    if (lexer->text[lexer->start] != '0') return false;
    for (uint32_t i = lexer->start; i < lexer->at; i++)
        if (lexer->text[i] != '0' && lexer->text[i] != '_') return true;
    return false;
}

static bool lex_number(struct lexer *lexer, struct mr_token *out)
{
    const char *text = lexer->text;
    char prefix = text[lexer->at] == '0' ? text[lexer->at + 1] : '\0';
    if (prefix == 'x' || prefix == 'X') return lex_based(lexer, 16, out);
    if (prefix == 'o' || prefix == 'O') return lex_based(lexer, 8, out);
    if (prefix == 'b' || prefix == 'B') return lex_based(lexer, 2, out);
    bool is_float = false;
    if (is_digit(text[lexer->at]) && !skip_digits(lexer, 10)) return fail_number(lexer);
    if (text[lexer->at] == '.') {
        is_float = true;
        lexer->at++;
        if (is_digit(text[lexer->at]) && !skip_digits(lexer, 10)) return fail_number(lexer);
    }
    if (text[lexer->at] == 'e' || text[lexer->at] == 'E') {
        is_float = true;
        lexer->at++;
        if (text[lexer->at] == '+' || text[lexer->at] == '-') lexer->at++;
        if (!skip_digits(lexer, 10)) return fail_number(lexer);
    }
    if (is_name_letter(text[lexer->at])) return fail_number(lexer); /* also imaginary ones */
    if (is_float) return set_float(lexer, out);
    if (has_leading_zero(lexer)) return fail_number(lexer);
    return set_int(lexer, lexer->start, 10, out);
}

/* ---- texts ---- */

static bool fail_escape(struct lexer *lexer, uint32_t offset, const char *what)
{
    return mr_compiler_fail(lexer->compiler, offset, "%s", what);
}

/* \xhh, \uhhhh, \Uhhhhhhhh: `n` digits behind lexer->at. */
static bool lex_code(struct lexer *lexer, uint32_t n, char *out, uint32_t *used)
{
    uint32_t code = 0;
    uint32_t offset = lexer->at - 2;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t digit = digit_value(lexer->text[lexer->at]);
        if (digit >= 16 || code > 0x10ffff)
            return fail_escape(lexer, offset, "a broken escape in a text");
        code = code << 4 | digit;
        lexer->at++;
    }
    if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
        return fail_escape(lexer, offset, "an escape in a text is no letter of Unicode");
    *used += mr_unicode_encode(code, out + *used);
    return true;
}

/* \0, \12, \101 */
static void lex_octal(struct lexer *lexer, char *out, uint32_t *used)
{
    uint32_t code = 0;
    for (uint32_t i = 0; i < 3 && digit_value(lexer->text[lexer->at]) < 8; i++)
        code = code * 8 + digit_value(lexer->text[lexer->at++]);
    *used += mr_unicode_encode(code, out + *used);
}

/* Behind a backslash. An escape that Python does not know stays as it is. */
static bool lex_escape(struct lexer *lexer, char *out, uint32_t *used)
{
    static const char letters[] = "abfnrtv\\'\"";
    static const char meanings[] = "\a\b\f\n\r\t\v\\'\"";
    char letter = lexer->text[lexer->at];
    const char *known = letter ? strchr(letters, letter) : NULL;
    if (letter >= '0' && letter <= '7') {
        lex_octal(lexer, out, used);
        return true;
    }
    lexer->at++;
    if (letter == 'x') return lex_code(lexer, 2, out, used);
    if (letter == 'u') return lex_code(lexer, 4, out, used);
    if (letter == 'U') return lex_code(lexer, 8, out, used);
    if (letter == 'N') mr_compiler_beyond(lexer->compiler, MR_BEYOND_GRAMMAR);
    if (letter == 'N') return fail_escape(lexer, lexer->at - 2, "'\\N' is not supported");
    if (letter == '\n') return true;
    if (!known) out[(*used)++] = '\\';
    out[(*used)++] = known ? meanings[known - letters] : letter;
    return true;
}

static bool lex_text(struct lexer *lexer, bool is_raw, struct mr_token *out)
{
    const char *text = lexer->text;
    char quote = text[lexer->at];
    bool is_long = text[lexer->at + 1] == quote && text[lexer->at + 2] == quote;
    lexer->at += is_long ? 3 : 1;
    char *value = mr_region_alloc(lexer->compiler->region, strlen(text + lexer->at) + 1);
    uint32_t used = 0;
    for (;;) {
        char letter = text[lexer->at];
        if (!letter || (letter == '\n' && !is_long))
            return mr_compiler_fail(lexer->compiler, lexer->start, "a text without its end");
        bool is_quote =
            letter == quote &&
            (!is_long || (text[lexer->at + 1] == quote && text[lexer->at + 2] == quote));
        if (is_quote) break;
        lexer->at++;
        if (letter == '\\' && text[lexer->at] && !is_raw) {
            if (!lex_escape(lexer, value, &used)) return false;
            continue;
        }
        value[used++] = letter;
        if (letter == '\\' && text[lexer->at]) value[used++] = text[lexer->at++]; /* raw */
    }
    lexer->at += is_long ? 3 : 1;
    out->value = (struct mr_value){.text = value, .bytes = used, .type = MR_TYPE_STRING};
    return true;
}

/* ---- the rest ---- */

/* A name, or the prefix of a text. */
static bool lex_name(struct lexer *lexer, struct mr_token *out)
{
    while (is_name_letter(lexer->text[lexer->at])) lexer->at++;
    char next = lexer->text[lexer->at];
    const char *name = written(lexer);
    if (next != '\'' && next != '"') {
        out->kind = MR_TOKEN_NAME;
        return true;
    }
    bool is_raw = strcmp(name, "r") == 0 || strcmp(name, "R") == 0;
    if (!is_raw && strcmp(name, "u") != 0 && strcmp(name, "U") != 0) {
        mr_compiler_beyond(lexer->compiler, MR_BEYOND_GRAMMAR);
        return mr_compiler_fail(
            lexer->compiler, lexer->start, "a text with '%s' in front is not supported", name);
    }
    out->kind = MR_TOKEN_LITERAL;
    return lex_text(lexer, is_raw, out);
}

static bool lex_operator(struct lexer *lexer, struct mr_token *out)
{
    static const char *const operators[] = {"...", "**", "//", "<<", ">>",
        "<=", ">=", "==", "!=", ":=", "->", "+", "-", "*", "/", "%", "@", "<", ">", "(", ")",
        "[", "]", "{", "}", ",", ".", ":", "&", "|", "^", "~", "=", ";"};
    out->kind = MR_TOKEN_OPERATOR;
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        size_t bytes = strlen(operators[i]);
        if (strncmp(lexer->text + lexer->at, operators[i], bytes) != 0) continue;
        lexer->at += (uint32_t)bytes;
        return true;
    }
    char letter = lexer->text[lexer->at];
    if (letter == '#')
        return mr_compiler_fail(
            lexer->compiler, lexer->at, "a comment cannot stand in an expression");
    return mr_compiler_fail(
        lexer->compiler, lexer->at, "'%c' has no meaning in an expression", letter);
}

bool mr_lex(const struct mr_compiler *compiler, uint32_t *offset, struct mr_token *out)
{
    const char *text = compiler->text;
    uint32_t at = *offset;
    /* An expression is evaluated inside of parentheses: the end of a line is a blank. */
    while (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r') at++;
    struct lexer lexer = {.compiler = compiler, .text = text, .at = at, .start = at};
    *out = (struct mr_token){.kind = MR_TOKEN_LITERAL, .offset = at};
    char letter = text[at];
    bool ok = true;
    if (!letter)
        out->kind = MR_TOKEN_END;
    else if (is_digit(letter) || (letter == '.' && is_digit(text[at + 1])))
        ok = lex_number(&lexer, out);
    else if (is_name_letter(letter))
        ok = lex_name(&lexer, out);
    else if (letter == '\'' || letter == '"')
        ok = lex_text(&lexer, false, out);
    else
        ok = lex_operator(&lexer, out);
    out->text = out->kind == MR_TOKEN_END ? "the end of the expression" : written(&lexer);
    *offset = lexer.at;
    return ok;
}
