#include "base/utf8.h"

#include <stdint.h>

size_t mr_utf8_character(const char *text, size_t bytes)
{
    if (bytes == 0) return 0;
    const unsigned char *at = (const unsigned char *)text;
    if (at[0] < 0x80) return 1;
    if (at[0] < 0xc2 || at[0] > 0xf4) return 0;
    size_t length = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
    if (bytes < length) return 0;
    uint32_t code = at[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80) return 0;
        code = code << 6 | (at[i] & 0x3fu);
    }
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    bool is_surrogate = code >= 0xd800 && code < 0xe000;
    return code < smallest[length] || code > 0x10ffff || is_surrogate ? 0 : length;
}

bool mr_utf8_is_valid(const char *text, size_t bytes, size_t *bad_at)
{
    for (size_t at = 0; at < bytes;) {
        size_t length = mr_utf8_character(text + at, bytes - at);
        if (length == 0) {
            *bad_at = at;
            return false;
        }
        at += length;
    }
    return true;
}

size_t mr_utf8_whole(const char *text, size_t bytes)
{
    size_t start = bytes; /* of the last character */
    while (start > 0 && bytes - start < 4) {
        unsigned char c = (unsigned char)text[--start];
        if ((c & 0xc0) == 0x80) continue;
        size_t length = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;
        return start + length > bytes ? start : bytes;
    }
    return bytes; /* no UTF-8 at all */
}
