/* Scripted streams: what steps hand in while the run goes on, rows and marks of the watermark.
 */
#include <string.h>

#include "engine/batch/column.h"
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

struct mr_message *mr_scripted_blob(const struct mr_stream *stream, struct mr_arena *arena,
    uint32_t partition, int64_t first, uint32_t n)
{
    const struct mr_script *script = &stream->scripts[partition];
    const struct mr_schema *schema = stream->config->schema;
    const struct mr_value *rows = script->rows + (size_t)first * schema->n_fields;
    struct mr_column columns[MR_FIELDS_MAX];
    struct mr_scratch scratch;
    mr_scratch_init(&scratch, arena);
    for (uint32_t f = 0; f < schema->n_fields; f++)
        columns[f] = mr_column_make(stream->types[f], rows + f, schema->n_fields, n, &scratch);
    const struct mr_batch batch = {.n_rows = n,
        .n_columns = schema->n_fields,
        .columns = columns,
        .times_us = script->times_us + first,
        .n_selected = n};
    struct mr_message *message = mr_batch_to_message(arena, &batch, 0, 0, 0);
    mr_scratch_deinit(&scratch);
    return message;
}
