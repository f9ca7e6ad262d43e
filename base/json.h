/* How a character is written inside a JSON string. */
#ifndef MR_BASE_JSON_H
#define MR_BASE_JSON_H

#include <stddef.h>

enum { MR_JSON_ESCAPE_BYTES = 8 };

/* Writes the first character of `text[bytes]`, bytes > 0, as it stands in a JSON string; what is no UTF-8 becomes
 * U+FFFD, a byte at a time. Returns the bytes written; *taken is how many bytes of `text` that were. */
size_t mr_json_escape(const char *text, size_t bytes, char out[MR_JSON_ESCAPE_BYTES],
    size_t *taken);

#endif
