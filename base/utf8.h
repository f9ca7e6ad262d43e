/* Text as UTF-8: whether it is, and where its characters end. */
#ifndef MR_BASE_UTF8_H
#define MR_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* The bytes of the character at the start of `text[bytes]`, 1 to 4; 0 when it is none: cut short, overlong, a
 * surrogate, beyond U+10FFFF, or no bytes are left. */
size_t mr_utf8_character(const char *text, size_t bytes);
/* Whether all of it is UTF-8; if not, *bad_at is where it ceases to be. */
bool mr_utf8_is_valid(const char *text, size_t bytes, size_t *bad_at);
/* The length of the longest start of `text[bytes]` that does not end inside a character. */
size_t mr_utf8_whole(const char *text, size_t bytes);

#endif
