#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void set_message(struct mr_err *err, enum mr_err_kind kind, const char *file, int line,
    const char *format, va_list arguments)
{
    err->kind = kind;
    err->file = file;
    err->line = line;
    vsnprintf(err->msg, sizeof err->msg, format, arguments);
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

void mr_err_quote(struct mr_err *err, const char *text, size_t bytes)
{
    if (err->input_line < 1 || err->input_quote[0]) return;
    size_t start = 0;
    for (int line = 1; line < err->input_line; line++) {
        const char *newline = memchr(text + start, '\n', bytes - start);
        if (!newline) return;
        start = (size_t)(newline - text) + 1;
    }
    size_t length = 0;
    while (start + length < bytes && text[start + length] != '\n' && text[start + length] != '\r')
        length++;
    if (length >= sizeof err->input_quote) length = sizeof err->input_quote - 1;
    memcpy(err->input_quote, text + start, length);
    err->input_quote[length] = '\0';
}

enum { WORD_BYTES_MAX = 64 };

/* Levenshtein distance of two words of at most WORD_BYTES_MAX bytes. */
static size_t edit_distance(const char *a, size_t a_bytes, const char *b, size_t b_bytes)
{
    size_t row[WORD_BYTES_MAX + 1];
    for (size_t j = 0; j <= b_bytes; j++) row[j] = j;
    for (size_t i = 1; i <= a_bytes; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_bytes; j++) {
            size_t above = row[j];
            size_t best = diagonal + (a[i - 1] != b[j - 1]);
            if (above + 1 < best) best = above + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            row[j] = best;
            diagonal = above;
        }
    }
    return row[b_bytes];
}

void mr_err_suggest(struct mr_err *err, const char *word, const char *const *words, size_t n_words)
{
    size_t word_bytes = strlen(word);
    if (err->hint[0] || word_bytes == 0 || word_bytes > WORD_BYTES_MAX) return;
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
    if (nearest) snprintf(err->hint, sizeof err->hint, "did you mean '%s'?", nearest);
}

size_t mr_err_format(const struct mr_err *err, char *out, size_t size)
{
    MR_ASSERT(size > 0);
    int n = 0;
    if (err->input_file[0] && err->input_line > 0)
        n = snprintf(out, size, "%s:%d:%d: error: %s\n", err->input_file, err->input_line,
            err->input_col, err->msg);
    else if (err->input_file[0])
        n = snprintf(out, size, "%s: error: %s\n", err->input_file, err->msg);
    else
        n = snprintf(out, size, "error: %s\n", err->msg);
    size_t used = (size_t)n < size ? (size_t)n : size - 1;
    if (err->input_quote[0]) {
        n = snprintf(out + used, size - used, "  %s\n  %*s^\n", err->input_quote,
            err->input_col > 1 ? err->input_col - 1 : 0, "");
        used = used + (size_t)n < size ? used + (size_t)n : size - 1;
    }
    if (err->hint[0]) {
        n = snprintf(out + used, size - used, "  %s\n", err->hint);
        used = used + (size_t)n < size ? used + (size_t)n : size - 1;
    }
    return used;
}

int mr_err_exit_code(const struct mr_err *err)
{
    switch (err->kind) {
    case MR_ERR_NONE: return 0;
    case MR_ERR_INPUT: return 2;
    case MR_ERR_LIMIT: return 5;
    case MR_ERR_DIVERGED: return 6;
    case MR_ERR_IO: return 7;
    }
    return 3;
}
