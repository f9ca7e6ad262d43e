#include "engine/state/values.h"

#include <string.h>

static bool is_text(const struct mr_value *value)
{
    return mr_type_is_text((enum mr_type)value->type);
}

uint32_t mr_values_bytes(const struct mr_value *values, uint32_t n)
{
    uint32_t bytes = 0;
    for (uint32_t i = 0; i < n; i++)
        bytes += 1 + (is_text(&values[i]) ? 4 + values[i].bytes : 8);
    return bytes;
}

char *mr_values_write(const struct mr_value *values, uint32_t n, char *out)
{
    for (uint32_t i = 0; i < n; i++) {
        const struct mr_value *value = &values[i];
        *out++ = (char)value->type;
        if (is_text(value)) {
            memcpy(out, &value->bytes, 4);
            if (value->bytes) memcpy(out + 4, value->text, value->bytes);
            out += 4 + value->bytes;
        } else {
            int64_t word =
                value->type == MR_TYPE_NULL ? 0 : value->i; /* or the bits of a double */
            memcpy(out, &word, 8);
            out += 8;
        }
    }
    return out;
}

const char *mr_values_read(const char *at, uint32_t n, struct mr_value *values)
{
    for (uint32_t i = 0; i < n; i++) {
        values[i] = (struct mr_value){.type = (uint8_t)*at++};
        if (is_text(&values[i])) {
            memcpy(&values[i].bytes, at, 4);
            values[i].text = at + 4;
            at += 4 + values[i].bytes;
        } else {
            memcpy(&values[i].i, at, 8);
            at += 8;
        }
    }
    return at;
}
