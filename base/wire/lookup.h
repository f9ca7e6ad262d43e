/* The protocol of a key-value service: what is there under a key. Bodies start with these
 * structs; no padding. */
#ifndef MR_BASE_WIRE_LOOKUP_H
#define MR_BASE_WIRE_LOOKUP_H

#include <string.h>

#include "base/value.h"

enum mr_lookup_message {
    MR_LOOKUP_GET = 1, /* mr_lookup_get, the key behind it -> mr_lookup_reply */
    MR_LOOKUP_REPLY, /* mr_lookup_reply; when found, the values behind it (mr_lookup_put_value)
                      */
};

enum mr_lookup_status { MR_LOOKUP_FOUND, MR_LOOKUP_MISSING, MR_LOOKUP_ERROR };

struct mr_lookup_get {
    uint64_t tag;
    uint64_t number; /* the caller's: comes back in the reply */
    uint32_t attempt;
    uint32_t key_bytes;
};
struct mr_lookup_reply {
    uint64_t tag;
    uint64_t number;
    uint32_t attempt;
    uint32_t status;
    uint32_t n_values;
    uint32_t zero;
};
_Static_assert(sizeof(struct mr_lookup_get) == 24, "no padding");
_Static_assert(sizeof(struct mr_lookup_reply) == 32, "no padding");

/* The text of a key: a string as it is, all else as JSON. Returns the bytes, which `size` must
 * hold. */
static inline uint32_t mr_lookup_key(struct mr_value key, char *out, size_t size)
{
    if (key.type != MR_TYPE_STRING) return (uint32_t)mr_value_format(key, out, size);
    if (key.bytes) memcpy(out, key.text, key.bytes);
    return key.bytes;
}
static inline size_t mr_lookup_key_size(struct mr_value key)
{
    return key.type == MR_TYPE_STRING ? (size_t)key.bytes + 1 : mr_value_text_size(key);
}

/* A value in a reply: its type, its bytes of text, then 8 bytes or the text, padded to 8. */
static inline uint32_t mr_lookup_value_bytes(const struct mr_value *value)
{
    return 8 + (mr_type_is_text((enum mr_type)value->type) ? (value->bytes + 7) / 8 * 8 : 8);
}
static inline char *mr_lookup_put_value(char *at, const struct mr_value *value)
{
    uint32_t head[2] = {value->type, value->bytes};
    uint32_t bytes = mr_lookup_value_bytes(value);
    memset(at, 0, bytes);
    memcpy(at, head, sizeof head);
    if (mr_type_is_text((enum mr_type)value->type)) {
        if (value->bytes) memcpy(at + 8, value->text, value->bytes);
    } else if (value->type != MR_TYPE_NULL) {
        memcpy(at + 8, &value->i, 8);
    }
    return at + bytes;
}
/* Text is borrowed from the reply. */
static inline const char *mr_lookup_take_value(const char *at, struct mr_value *out)
{
    uint32_t head[2];
    memcpy(head, at, sizeof head);
    *out = (struct mr_value){.type = (uint8_t)head[0], .bytes = head[1]};
    if (mr_type_is_text((enum mr_type)out->type))
        out->text = at + 8;
    else
        memcpy(&out->i, at + 8, 8);
    return at + mr_lookup_value_bytes(out);
}

#endif
