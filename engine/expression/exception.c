#include "engine/expression/exception.h"

#include <stdio.h>
#include <string.h>

#include "base/value.h"

size_t mr_exception_repr(const char *text, size_t bytes, char *out, size_t size)
{
    const char *colon = bytes ? memchr(text, ':', bytes) : NULL;
    bool is_named = colon && (size_t)(colon - text) + 2 <= bytes && colon[1] == ' ' &&
                    !memchr(text, ' ', (size_t)(colon - text));
    if (!is_named) return (size_t)snprintf(out, size, "%.*s", (int)bytes, text);
    static const char validation[] = "ValidationError";
    int name = (int)(colon - text);
    bool is_validation =
        name == sizeof validation - 1 && memcmp(text, validation, (size_t)name) == 0;
    struct mr_value message = {.type = MR_TYPE_STRING,
        .text = colon + 2,
        .bytes = (uint32_t)(bytes - (size_t)name - 2)};
    size_t used = (size_t)snprintf(out, size, is_validation ? "<%.*s: " : "%.*s(", name, text);
    if (used < size) used += mr_value_repr(message, out + used, size - used);
    if (used < size)
        used += (size_t)snprintf(out + used, size - used, "%s", is_validation ? ">" : ")");
    return used;
}
