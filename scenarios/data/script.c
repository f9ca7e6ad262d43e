/* Scripted streams: what steps hand in while the run goes on, rows and marks of the watermark.
 */
#include <string.h>

#include "scenarios/data/stream_internal.h"

static void grow_rows(const struct mr_stream *stream, struct mr_script *script)
{
    size_t n_fields = stream->config->schema->n_fields, before = (size_t)script->capacity;
    size_t after = before ? 2 * before : 8;
    script->rows =
        mr_arena_grow(stream->arena, script->rows, sizeof(struct mr_value) * n_fields * before,
            sizeof(struct mr_value) * n_fields * after);
    script->times_us = mr_arena_grow(
        stream->arena, script->times_us, sizeof(mr_us) * before, sizeof(mr_us) * after);
    script->arrivals_ns = mr_arena_grow(
        stream->arena, script->arrivals_ns, sizeof(mr_ns) * before, sizeof(mr_ns) * after);
    script->capacity = (int64_t)after;
}

void mr_stream_add(struct mr_stream *stream, uint32_t partition, const struct mr_value *row,
    mr_us at_us, mr_ns now)
{
    MR_ASSERT(stream->scripts && partition < stream->config->n_partitions);
    struct mr_script *script = &stream->scripts[partition];
    uint32_t n_fields = stream->config->schema->n_fields;
    int field = stream->config->event_time_field;
    if (script->n_rows == script->capacity) grow_rows(stream, script);
    int64_t at = script->n_rows++;
    memcpy(script->rows + (size_t)at * n_fields, row, sizeof *row * n_fields);
    script->times_us[at] = field >= 0 ? row[field].i : at_us;
    script->arrivals_ns[at] = now;
}

void mr_stream_mark(
    struct mr_stream *stream, uint32_t partition, mr_us watermark_us, bool is_idle)
{
    MR_ASSERT(stream->scripts && partition < stream->config->n_partitions);
    struct mr_script *script = &stream->scripts[partition];
    if (script->n_marks == script->marks_capacity) {
        size_t before = script->marks_capacity, after = before ? 2 * before : 8;
        script->marks = mr_arena_grow(stream->arena, script->marks,
            sizeof *script->marks * before, sizeof *script->marks * after);
        script->marks_capacity = after;
    }
    script->marks[script->n_marks++] = (struct mr_log_feed_mark){
        .offset = script->n_rows, .watermark_us = watermark_us, .is_idle = is_idle};
}

mr_us mr_stream_marked_us(
    const struct mr_stream *stream, uint32_t partition, int64_t read_to, bool *is_idle)
{
    MR_ASSERT(stream->scripts && partition < stream->config->n_partitions);
    const struct mr_script *script = &stream->scripts[partition];
    mr_us highest_us = MR_US_MIN;
    *is_idle = false;
    for (uint64_t i = 0; i < script->n_marks && script->marks[i].offset <= read_to; i++) {
        if (script->marks[i].watermark_us > highest_us)
            highest_us = script->marks[i].watermark_us;
        *is_idle = script->marks[i].is_idle;
    }
    return highest_us;
}

static uint32_t heap_bytes(const struct mr_value *rows, size_t n_values)
{
    size_t bytes = 0;
    for (size_t i = 0; i < n_values; i++)
        if (rows[i].bytes > MR_STRING_INLINE_MAX) bytes += rows[i].bytes;
    MR_ASSERT(bytes <= UINT32_MAX);
    return (uint32_t)bytes;
}

static void put(
    struct mr_value value, struct mr_column *column, uint32_t row, uint32_t *heap_used)
{
    uint64_t *valid = mr_blob_part(column->valid);
    bool is_null = value.type == MR_TYPE_NULL;
    if (valid && !is_null) valid[row / 64] |= (uint64_t)1 << row % 64;
    uint32_t bytes = mr_type_bytes(column->type);
    if (bytes == 1) {
        ((uint8_t *)mr_blob_part(column->values))[row] = is_null ? 0 : (uint8_t)value.i;
    } else if (bytes == 8) {
        ((int64_t *)mr_blob_part(column->values))[row] = is_null ? 0 : value.i;
    } else {
        struct mr_string *out = &((struct mr_string *)mr_blob_part(column->values))[row];
        *out = (struct mr_string){.bytes = is_null ? 0 : value.bytes};
        if (out->bytes == 0) return;
        if (out->bytes <= MR_STRING_INLINE_MAX) {
            memcpy(out->inline_text, value.text, value.bytes);
            return;
        }
        memcpy(out->prefix, value.text, sizeof out->prefix);
        out->heap_offset = *heap_used;
        memcpy((char *)mr_blob_part(column->heap) + *heap_used, value.text, value.bytes);
        *heap_used += value.bytes;
    }
}

struct mr_message *mr_scripted_blob(const struct mr_stream *stream, struct mr_arena *arena,
    uint32_t partition, int64_t first, uint32_t n)
{
    const struct mr_script *script = &stream->scripts[partition];
    const struct mr_schema *schema = stream->config->schema;
    const struct mr_value *rows = script->rows + (size_t)first * schema->n_fields;
    uint64_t nullable_columns = 0;
    for (uint32_t f = 0; f < schema->n_fields; f++)
        if (schema->fields[f].is_nullable) nullable_columns |= (uint64_t)1 << f;
    struct mr_column columns[MR_FIELDS_MAX];
    struct mr_batch batch;
    struct mr_message *message = mr_blob_new(arena, stream->types, schema->n_fields, n,
        nullable_columns, heap_bytes(rows, (size_t)n * schema->n_fields), columns, &batch);
    memcpy(mr_blob_part(batch.times_us), script->times_us + first, n * sizeof(mr_us));
    uint32_t heap_used = 0;
    for (uint32_t f = 0; f < schema->n_fields; f++) {
        if (columns[f].valid)
            memset(mr_blob_part(columns[f].valid), 0, (n + 63) / 64 * sizeof(uint64_t));
        for (uint32_t i = 0; i < n; i++)
            put(rows[(size_t)i * schema->n_fields + f], &columns[f], i, &heap_used);
    }
    return message;
}
