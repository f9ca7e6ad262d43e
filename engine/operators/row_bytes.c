#include "engine/operators/row_bytes.h"

#include <string.h>

static struct mr_value value_of(const struct mr_batch *batch, uint32_t column, uint32_t row)
{
    if (batch->columns[column].type == MR_TYPE_NULL)
        return (struct mr_value){.type = MR_TYPE_NULL};
    return mr_column_value(&batch->columns[column], row);
}

uint32_t mr_row_bytes(const struct mr_batch *batch, uint32_t row)
{
    uint32_t bytes = 4;
    for (uint32_t i = 0; i < batch->n_columns; i++) {
        struct mr_value value = value_of(batch, i, row);
        bytes += 1;
        if (value.type == MR_TYPE_NULL) continue;
        bytes += mr_type_is_text((enum mr_type)value.type) ? 4 + value.bytes : 8;
    }
    return bytes;
}

static unsigned char *put(unsigned char *to, const void *from, uint32_t bytes)
{
    if (bytes) memcpy(to, from, bytes);
    return to + bytes;
}

void mr_row_write(unsigned char *to, const struct mr_batch *batch, uint32_t row, uint32_t bytes)
{
    unsigned char *begin = to;
    to = put(to, &bytes, 4);
    for (uint32_t i = 0; i < batch->n_columns; i++) {
        struct mr_value value = value_of(batch, i, row);
        to = put(to, &value.type, 1);
        if (value.type == MR_TYPE_NULL) continue;
        if (mr_type_is_text((enum mr_type)value.type)) {
            to = put(to, &value.bytes, 4);
            to = put(to, value.text, value.bytes);
        } else {
            to = put(to, &value.i, 8);
        }
    }
    MR_ASSERT(to == begin + bytes);
}

const unsigned char *mr_row_read(
    const unsigned char *from, const struct mr_schema *schema, struct mr_value *values)
{
    from += 4;
    for (uint32_t i = 0; i < schema->n_fields; i++) {
        values[i] = (struct mr_value){.type = *from++};
        if (values[i].type == MR_TYPE_NULL) continue;
        if (mr_type_is_text((enum mr_type)values[i].type)) {
            memcpy(&values[i].bytes, from, 4);
            values[i].text = (const char *)from + 4;
            from += 4 + values[i].bytes;
        } else {
            memcpy(&values[i].i, from, 8);
            from += 8;
        }
    }
    return from;
}
