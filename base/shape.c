#include "base/shape.h"

#include <string.h>

#include "base/document.h"

static bool accepts_type(enum mr_type type, struct mr_value value)
{
    enum mr_type actual = (enum mr_type)value.type;
    if (type == MR_TYPE_ANY || type == actual || actual == MR_TYPE_NULL) return true;
    bool is_whole = actual == MR_TYPE_BOOL || actual == MR_TYPE_INT;
    bool is_big = actual == MR_TYPE_ANY && mr_document_kind(value) == MR_DOCUMENT_BIG_INT;
    if (type == MR_TYPE_INT || type == MR_TYPE_FLOAT) return is_whole || is_big;
    return type == MR_TYPE_LIST && actual == MR_TYPE_ANY &&
           mr_document_kind(value) == MR_DOCUMENT_SET;
}

static const struct mr_field *field_named(
    const struct mr_shape *shape, const char *name, uint32_t bytes)
{
    for (uint32_t i = 0; i < shape->n_fields; i++)
        if (strlen(shape->fields[i].name) == bytes &&
            memcmp(shape->fields[i].name, name, bytes) == 0)
            return &shape->fields[i];
    return NULL;
}

/* Nesting is bounded: that of documents is. */
static bool accepts_members(const struct mr_shape *shape, struct mr_value value)
{
    struct mr_document_cursor cursor = mr_document_open(value);
    enum mr_document_kind kind = mr_document_kind(value);
    struct mr_value member;
    for (uint32_t i = 0; mr_document_next(&cursor, &member); i++) {
        const struct mr_field *field = shape->element;
        if (kind == MR_DOCUMENT_ROW)
            field = field_named(shape, cursor.name, cursor.name_bytes);
        else if (kind == MR_DOCUMENT_MAP && i % 2 == 0)
            field = shape->key;
        if (field && !mr_field_accepts(field, member)) return false;
    }
    return true;
}

bool mr_field_accepts(const struct mr_field *field, struct mr_value value)
{
    if (!accepts_type(field->type, value)) return false;
    enum mr_type type = (enum mr_type)value.type;
    bool has_members = mr_type_is_document(type) && mr_document_kind(value) >= MR_DOCUMENT_LIST;
    return !has_members || !field->shape || accepts_members(field->shape, value);
}

bool mr_value_convert(enum mr_type type, struct mr_value *value)
{
    enum mr_type actual = (enum mr_type)value->type;
    if (type == MR_TYPE_ANY || type == actual || actual == MR_TYPE_NULL) return true;
    bool is_whole = actual == MR_TYPE_BOOL || actual == MR_TYPE_INT;
    if (!is_whole || (type != MR_TYPE_INT && type != MR_TYPE_FLOAT)) return false;
    value->type = (uint8_t)type;
    if (type == MR_TYPE_FLOAT) value->f = (double)value->i;
    return true;
}
