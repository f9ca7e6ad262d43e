/* Text that is cut where it does not fit: what the writers of values and rows share. */
#ifndef MR_BASE_VALUE_INTERNAL_H
#define MR_BASE_VALUE_INTERNAL_H

#include "base/value.h"

/* Writes at most size - 1 bytes and a NUL. Each piece is written whole or not at all, and
 * nothing after one that did not fit, so that a cut text is still UTF-8. */
struct mr_sink {
    char *out;
    size_t size;
    size_t bytes;
    bool is_full;
    bool is_repr; /* Python's; else JSON */
};
void mr_sink_put(struct mr_sink *sink, const char *text, size_t bytes);
void mr_sink_word(struct mr_sink *sink, const char *word);
void mr_sink_value(struct mr_sink *sink, struct mr_value value);

#endif
