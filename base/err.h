/* Errors that a caller can act on: what failed, where in the user's input, and which exit code it means. */
#ifndef MR_BASE_ERR_H
#define MR_BASE_ERR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/assert.h"

enum mr_err_kind {
    MR_ERR_NONE,
    MR_ERR_INPUT,    /* bad input or usage: exit 2 */
    MR_ERR_LIMIT,    /* a declared limit was reached: exit 5 */
    MR_ERR_DIVERGED, /* two runs of one seed differ: exit 6 */
    MR_ERR_IO,       /* the machine refused: exit 7 */
};

/* A place in a user's file. `file` is borrowed from the region of the document. */
struct mr_place {
    const char *file; /* NULL: no place */
    int line;         /* from 1 */
    int col;          /* from 1, in characters */
};

struct mr_err {
    enum mr_err_kind kind;
    const char *file; /* of Millrace's source: where the error was first raised */
    int line;
    char msg[512];         /* one sentence, no capital, no full stop */
    char input_file[256];  /* "": the error has no place in the input */
    int input_line;
    int input_col;
    char input_quote[256]; /* the line of input, "" when unknown; of a long one the part around the column */
    int input_quote_col;   /* of its first character; > 1 where the line's start is left out */
    char hint[256];        /* "did you mean 'x'?", "" when there is none */
};

/* Each returns false, so that a caller can `return mr_fail(...)`. The first error wins. */
bool mr_err_set(struct mr_err *err, enum mr_err_kind kind, const char *file, int line,
    const char *format, ...) MR_PRINTF(5, 6);
bool mr_err_set_at(struct mr_err *err, struct mr_place place, const char *file, int line,
    const char *format, ...) MR_PRINTF(5, 6);
#define mr_fail(err, kind, ...) mr_err_set(err, kind, __FILE__, __LINE__, __VA_ARGS__)
/* Bad input (exit 2) at a place of the user's file. */
#define mr_fail_at(err, place, ...) mr_err_set_at(err, place, __FILE__, __LINE__, __VA_ARGS__)

/* Puts "context: " in front of the message. */
void mr_err_wrap(struct mr_err *err, const char *format, ...) MR_PRINTF(2, 3);
/* Adds the line of text that the place points at; `text` is the whole file. Nothing if a quote is there. Control
 * characters are shown as spaces, so that the caret stands below its column. */
void mr_err_quote(struct mr_err *err, const char *text, size_t bytes);
/* Sets the hint to "did you mean 'X'?" with the word of `words[n_words]` nearest to `word`: letters
 * changed, added, taken away or swapped number at most a third of its length, or one. Leaves it empty when none is
 * near, or the word is a single letter. */
void mr_err_suggest(struct mr_err *err, const char *word, const char *const *words, size_t n_words);
/* Writes the error as a compiler would: `file:line:col: error: message`, the quoted line with a caret, the hint.
 * Returns the bytes written, cut at `size`. */
size_t mr_err_format(const struct mr_err *err, char *out, size_t size);
/* The exit code that the kind stands for (DESIGN.md, 10). */
int mr_err_exit_code(const struct mr_err *err);

#endif
