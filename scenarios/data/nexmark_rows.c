/* Streams of Nexmark events, as blobs for the broker and row by row for the oracle. */
#include <string.h>

#include "scenarios/data/stream_internal.h"

/* Events between the first and the last of a hundred auctions, by their share. */
enum { EVENTS_OF_100_AUCTIONS = 1667 };

void mr_nexmark_init(struct mr_stream *stream)
{
    const struct mr_stream_config *config = stream->config;
    enum mr_nexmark_kind kind = config->generator.nexmark;
    MR_ASSERT(kind > MR_NEXMARK_NONE && kind < MR_NEXMARK_KINDS);
    for (uint32_t f = 0; f < config->schema->n_fields; f++) {
        enum mr_type type;
        int field = mr_nexmark_field(kind, config->schema->fields[f].name, &type);
        MR_ASSERT(field >= 0);
        MR_ASSERT(type == stream->types[f]);
        stream->nexmark_fields[f] = (uint8_t)field;
    }
    stream->auction_us = (mr_us)((__uint128_t)EVENTS_OF_100_AUCTIONS * stream->time_step >> 32);
}

static inline uint64_t event_of(
    const struct mr_stream *stream, uint32_t partition, int64_t offset)
{
    uint64_t rank = (uint64_t)offset * stream->config->n_partitions + partition;
    return mr_nexmark_event(stream->config->generator.nexmark, rank);
}

/* All texts of a column are short, or all are of one length in the heap. */
static uint32_t fill_texts(const struct mr_stream *stream, uint32_t f, uint32_t partition,
    int64_t first, uint32_t n, struct mr_string *out, char *heap, uint32_t heap_used)
{
    int field = stream->nexmark_fields[f];
    uint32_t bytes = mr_nexmark_text_bytes(field);
    for (uint32_t i = 0; i < n; i++) {
        char text[MR_NEXMARK_TEXT_MAX];
        uint32_t length = mr_nexmark_text(field, event_of(stream, partition, first + i), text);
        struct mr_string string = {.bytes = length};
        if (bytes) {
            MR_ASSERT(length == bytes);
            memcpy(heap + heap_used, text, length);
            memcpy(string.prefix, text, sizeof string.prefix);
            string.heap_offset = heap_used;
            heap_used += length;
        } else {
            MR_ASSERT(length <= MR_STRING_INLINE_MAX);
            memcpy(string.inline_text, text, length);
        }
        out[i] = string;
    }
    return heap_used;
}

struct mr_message *mr_nexmark_blob(struct mr_stream *stream, struct mr_arena *arena,
    uint32_t partition, int64_t first, uint32_t n)
{
    uint32_t n_fields = stream->config->schema->n_fields, row_bytes = 0;
    for (uint32_t f = 0; f < n_fields; f++)
        if (stream->types[f] == MR_TYPE_STRING)
            row_bytes += mr_nexmark_text_bytes(stream->nexmark_fields[f]);
    struct mr_column columns[MR_FIELDS_MAX];
    struct mr_batch batch;
    struct mr_message *message =
        mr_blob_new(arena, stream->types, n_fields, n, 0, row_bytes * n, columns, &batch);
    mr_us *times_us = mr_blob_part(batch.times_us);
    for (uint32_t i = 0; i < n; i++)
        times_us[i] = mr_generated_time_us(stream, partition, first + i);
    uint32_t heap_used = 0;
    for (uint32_t f = 0; f < n_fields; f++) {
        if (stream->types[f] == MR_TYPE_STRING) {
            heap_used = fill_texts(stream, f, partition, first, n,
                mr_blob_part(columns[f].values), mr_blob_part(columns[f].heap), heap_used);
            continue;
        }
        int64_t *out = mr_blob_part(columns[f].values);
        for (uint32_t i = 0; i < n; i++)
            out[i] = mr_nexmark_integer(stream->nexmark_fields[f],
                event_of(stream, partition, first + i), times_us[i], stream->auction_us);
    }
    return message;
}

void mr_nexmark_read(struct mr_stream *stream, uint32_t partition, int64_t first, uint32_t n,
    char *text, struct mr_value *values, mr_us *times_us)
{
    uint32_t n_fields = stream->config->schema->n_fields;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t event = event_of(stream, partition, first + i);
        times_us[i] = mr_generated_time_us(stream, partition, first + i);
        for (uint32_t f = 0; f < n_fields; f++) {
            int field = stream->nexmark_fields[f];
            struct mr_value *out = &values[(size_t)i * n_fields + f];
            if (stream->types[f] != MR_TYPE_STRING) {
                int64_t number =
                    mr_nexmark_integer(field, event, times_us[i], stream->auction_us);
                *out = (struct mr_value){.i = number, .type = (uint8_t)stream->types[f]};
                continue;
            }
            uint32_t bytes = mr_nexmark_text(field, event, text);
            *out = (struct mr_value){.text = text, .bytes = bytes, .type = MR_TYPE_STRING};
            text += bytes;
        }
    }
}
