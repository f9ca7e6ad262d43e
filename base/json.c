#include "base/json.h"

#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "base/utf8.h"

size_t mr_json_escape(
    const char *text, size_t bytes, char out[MR_JSON_ESCAPE_BYTES], size_t *taken)
{
    MR_ASSERT(bytes > 0);
    unsigned char c = (unsigned char)text[0];
    *taken = 1;
    if (c == '"' || c == '\\') return (size_t)snprintf(out, MR_JSON_ESCAPE_BYTES, "\\%c", c);
    if (c == '\n') return (size_t)snprintf(out, MR_JSON_ESCAPE_BYTES, "\\n");
    if (c < 0x20 || c == 0x7f) return (size_t)snprintf(out, MR_JSON_ESCAPE_BYTES, "\\u%04x", c);
    size_t length = mr_utf8_character(text, bytes);
    if (length == 0) return (size_t)snprintf(out, MR_JSON_ESCAPE_BYTES, "\xef\xbf\xbd");
    memcpy(out, text, length);
    *taken = length;
    return length;
}
