#include "base/value.h"

#include <string.h>

#include "base/digest.h"

int mr_schema_find(const struct mr_schema *schema, const char *name)
{
    for (uint32_t i = 0; i < schema->n_fields; i++)
        if (strcmp(schema->fields[i].name, name) == 0) return (int)i;
    return -1;
}

const char *mr_type_name(enum mr_type type)
{
    switch (type) {
    case MR_TYPE_NULL:
        return "null";
    case MR_TYPE_BOOL:
        return "boolean";
    case MR_TYPE_INT:
        return "integer";
    case MR_TYPE_FLOAT:
        return "float";
    case MR_TYPE_STRING:
        return "string";
    case MR_TYPE_BYTES:
        return "bytes";
    case MR_TYPE_TIMESTAMP:
        return "timestamp";
    case MR_TYPE_LIST:
        return "list";
    case MR_TYPE_MAP:
        return "map";
    case MR_TYPE_ROW:
        return "row";
    case MR_TYPE_ANY:
        return "any";
    }
    return "unknown";
}

bool mr_type_parse(const char *name, enum mr_type *out)
{
    static const struct {
        const char *name;
        enum mr_type type;
    } words[] = {{"boolean", MR_TYPE_BOOL}, {"bool", MR_TYPE_BOOL}, {"integer", MR_TYPE_INT},
        {"int", MR_TYPE_INT}, {"int64", MR_TYPE_INT}, {"float", MR_TYPE_FLOAT},
        {"number", MR_TYPE_FLOAT}, {"double", MR_TYPE_FLOAT}, {"string", MR_TYPE_STRING},
        {"bytes", MR_TYPE_BYTES}, {"timestamp", MR_TYPE_TIMESTAMP}, {"list", MR_TYPE_LIST},
        {"array", MR_TYPE_LIST}, {"map", MR_TYPE_MAP}, {"row", MR_TYPE_ROW},
        {"object", MR_TYPE_ROW}, {"any", MR_TYPE_ANY}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i].name, name) != 0) continue;
        *out = words[i].type;
        return true;
    }
    return false;
}

static bool is_text(uint8_t type)
{
    return mr_type_is_text((enum mr_type)type);
}

static uint64_t bits_of(struct mr_value value)
{
    if (value.type == MR_TYPE_NULL) return 0;
    if (value.type != MR_TYPE_FLOAT) return (uint64_t)value.i;
    double canonical = mr_canonical_float(value.f);
    uint64_t bits;
    memcpy(&bits, &canonical, sizeof bits);
    return bits;
}

bool mr_value_same(struct mr_value a, struct mr_value b)
{
    if (a.type != b.type) return false;
    if (!is_text(a.type)) return bits_of(a) == bits_of(b);
    return a.bytes == b.bytes && (a.bytes == 0 || memcmp(a.text, b.text, a.bytes) == 0);
}

uint64_t mr_value_hash(struct mr_value value)
{
    if (is_text(value.type)) return mr_hash_bytes(value.text, value.bytes) + value.type;
    return mr_hash_u64(bits_of(value) + (uint64_t)value.type * 0x9e3779b97f4a7c15u);
}
