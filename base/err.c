#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

static void set_message(struct mr_err *err, enum mr_err_kind kind, const char *file, int line,
    const char *format, va_list arguments)
{
    err->kind = kind;
    err->file = file;
    err->line = line;
    vsnprintf(err->msg, sizeof err->msg, format, arguments);
    err->msg[mr_utf8_whole(err->msg, strlen(err->msg))] = '\0';
}

bool mr_err_set(struct mr_err *err, enum mr_err_kind kind, const char *file, int line,
    const char *format, ...)
{
    MR_ASSERT(kind != MR_ERR_NONE);
    if (!err || err->kind != MR_ERR_NONE) return false;
    va_list arguments;
    va_start(arguments, format);
    set_message(err, kind, file, line, format, arguments);
    va_end(arguments);
    return false;
}

bool mr_err_set_at(struct mr_err *err, struct mr_place place, const char *file, int line,
    const char *format, ...)
{
    if (!err || err->kind != MR_ERR_NONE) return false;
    va_list arguments;
    va_start(arguments, format);
    set_message(err, MR_ERR_INPUT, file, line, format, arguments);
    va_end(arguments);
    if (place.file) {
        snprintf(err->input_file, sizeof err->input_file, "%s", place.file);
        err->input_line = place.line;
        err->input_col = place.col;
    }
    return false;
}

void mr_err_wrap(struct mr_err *err, const char *format, ...)
{
    MR_ASSERT(err->kind != MR_ERR_NONE);
    char context[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(context, sizeof context, format, arguments);
    va_end(arguments);
    char message[sizeof err->msg];
    memcpy(message, err->msg, sizeof message);
    snprintf(err->msg, sizeof err->msg, "%s: %.*s", context,
        (int)(sizeof err->msg - strlen(context) - 3), message);
}

/* Where line `line` of the text begins and ends; false when there is none. */
static bool find_line(const char *text, size_t bytes, int line, size_t *start, size_t *end)
{
    *start = 0;
    for (int i = 1; i < line; i++) {
        const char *newline = memchr(text + *start, '\n', bytes - *start);
        if (!newline) return false;
        *start = (size_t)(newline - text) + 1;
    }
    if (line == 1 && bytes >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) *start = 3;
    *end = *start;
    while (*end < bytes && text[*end] != '\n') ++*end;
    if (*end > *start && text[*end - 1] == '\r') --*end;
    return true;
}

static bool is_character_start(char c)
{
    return ((unsigned char)c & 0xc0) != 0x80;
}

/* As wide as the original: a space for a control character, a question mark for a byte that is
 * no UTF-8. */
static void copy_printable(const char *text, size_t bytes, char *out)
{
    for (size_t i = 0; i < bytes;) {
        unsigned char c = (unsigned char)text[i];
        size_t length = mr_utf8_character(text + i, bytes - i);
        memcpy(out + i, text + i, length);
        if (length == 0) out[i] = '?';
        if (c < 0x20 || c == 0x7f) out[i] = ' ';
        i += length ? length : 1;
    }
    out[bytes] = '\0';
}

enum {
    QUOTE_BEFORE = 70,
    QUOTE_BYTES_MAX = 200
}; /* characters before the column of a long line */

void mr_err_quote(struct mr_err *err, const char *text, size_t bytes)
{
    size_t start, end;
    if (!err || err->input_line < 1 || err->input_quote[0] || bytes == 0) return;
    if (!find_line(text, bytes, err->input_line, &start, &end)) return;
    int col = 1;
    if (end - start > QUOTE_BYTES_MAX)
        for (; col + QUOTE_BEFORE < err->input_col && start < end; col++) do
                start++;
            while (start < end && !is_character_start(text[start]));
    size_t length = end - start;
    if (length > QUOTE_BYTES_MAX) length = mr_utf8_whole(text + start, QUOTE_BYTES_MAX);
    copy_printable(text + start, length, err->input_quote);
    err->input_quote_col = col;
}

enum { WORD_BYTES_MAX = 64 };

/* How many letters must be changed, added, taken away, or swapped with their neighbour (optimal
 * string alignment). Words of at most WORD_BYTES_MAX bytes. */
static size_t edit_distance(const char *a, size_t a_bytes, const char *b, size_t b_bytes)
{
    size_t rows[3][WORD_BYTES_MAX + 1];
    for (size_t j = 0; j <= b_bytes; j++) rows[0][j] = j;
    for (size_t i = 1; i <= a_bytes; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *second = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_bytes; j++) {
            size_t best = above[j - 1] + (a[i - 1] != b[j - 1]);
            if (above[j] + 1 < best) best = above[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            bool is_swap = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (is_swap && second[j - 2] + 1 < best) best = second[j - 2] + 1;
            row[j] = best;
        }
    }
    return rows[a_bytes % 3][b_bytes];
}

/* The only one of the words that goes on where `word` ends, and is begun by half at least:
 * 'conf', 'config'. */
static const char *completion(
    const char *word, size_t word_bytes, const char *const *words, size_t n_words)
{
    const char *found = NULL;
    if (word_bytes < 4) return NULL;
    for (size_t i = 0; i < n_words; i++) {
        if (strncmp(words[i], word, word_bytes) != 0 || strlen(words[i]) > 2 * word_bytes)
            continue;
        if (found) return NULL;
        found = words[i];
    }
    return found;
}

void mr_err_suggest(
    struct mr_err *err, const char *word, const char *const *words, size_t n_words)
{
    size_t word_bytes = strlen(word);
    if (!err || err->hint[0] || word_bytes < 2 || word_bytes > WORD_BYTES_MAX) return;
    size_t best = word_bytes / 3 > 1 ? word_bytes / 3 : 1;
    const char *nearest = NULL;
    for (size_t i = 0; i < n_words; i++) {
        size_t bytes = strlen(words[i]);
        if (bytes > WORD_BYTES_MAX) continue;
        size_t distance = edit_distance(word, word_bytes, words[i], bytes);
        if (distance > best || (distance == best && nearest)) continue;
        best = distance;
        nearest = words[i];
    }
    if (!nearest) nearest = completion(word, word_bytes, words, n_words);
    if (nearest) snprintf(err->hint, sizeof err->hint, "did you mean '%s'?", nearest);
}

static void add(char *out, size_t size, size_t *used, const char *format, ...) MR_PRINTF(4, 5);
static void add(char *out, size_t size, size_t *used, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(out + *used, size - *used, format, arguments);
    va_end(arguments);
    *used = (size_t)n < size - *used ? *used + (size_t)n : size - 1;
}

size_t mr_err_format(const struct mr_err *err, char *out, size_t size)
{
    MR_ASSERT(size > 0);
    size_t used = 0;
    if (err->input_file[0] && err->input_line > 0)
        add(out, size, &used, "%s:%d:%d: ", err->input_file, err->input_line, err->input_col);
    else if (err->input_file[0])
        add(out, size, &used, "%s: ", err->input_file);
    add(out, size, &used, "error: %s\n", err->msg);
    if (err->input_quote[0]) {
        int before = err->input_col - (err->input_quote_col > 1 ? err->input_quote_col : 1);
        add(out, size, &used, "  %s\n  %*s^\n", err->input_quote, before > 0 ? before : 0, "");
    }
    if (err->hint[0]) add(out, size, &used, "  %s\n", err->hint);
    return used;
}

int mr_err_exit_code(const struct mr_err *err)
{
    switch (err->kind) {
    case MR_ERR_NONE:
        return 0;
    case MR_ERR_INPUT:
        return 2;
    case MR_ERR_LIMIT:
        return 5;
    case MR_ERR_DIVERGED:
        return 6;
    case MR_ERR_IO:
        return 7;
    }
    return 3;
}
