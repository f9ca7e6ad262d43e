#include "engine/state/snapshot.h"

#include <string.h>

void mr_snapshot_writer_init(struct mr_snapshot_writer *writer, struct mr_arena *arena)
{
    *writer = (struct mr_snapshot_writer){.arena = arena};
}

void mr_snapshot_writer_deinit(struct mr_snapshot_writer *writer)
{
    if (writer->data) mr_arena_free(writer->arena, writer->data, writer->capacity);
    *writer = (struct mr_snapshot_writer){.arena = writer->arena};
}

void *mr_snapshot_reserve(struct mr_snapshot_writer *writer, uint32_t bytes)
{
    MR_ASSERT(bytes <= UINT32_MAX / 4 && writer->bytes <= UINT32_MAX / 4);
    if (writer->capacity - writer->bytes < bytes) {
        uint32_t capacity = writer->capacity ? writer->capacity * 2 : 512;
        while (capacity - writer->bytes < bytes) capacity *= 2;
        unsigned char *moved = mr_arena_alloc(writer->arena, capacity);
        if (writer->data) {
            memcpy(moved, writer->data, writer->bytes);
            mr_arena_free(writer->arena, writer->data, writer->capacity);
        }
        writer->data = moved;
        writer->capacity = capacity;
    }
    void *at = writer->data + writer->bytes;
    writer->bytes += bytes;
    return at;
}

void mr_snapshot_u32(struct mr_snapshot_writer *writer, uint32_t value)
{
    memcpy(mr_snapshot_reserve(writer, 4), &value, 4);
}

void mr_snapshot_u64(struct mr_snapshot_writer *writer, uint64_t value)
{
    memcpy(mr_snapshot_reserve(writer, 8), &value, 8);
}

void mr_snapshot_bytes(struct mr_snapshot_writer *writer, const void *data, uint32_t bytes)
{
    if (bytes) memcpy(mr_snapshot_reserve(writer, bytes), data, bytes);
}

const void *mr_snapshot_read_bytes(struct mr_snapshot_reader *reader, uint32_t bytes)
{
    if (reader->is_broken || reader->bytes - reader->at < bytes) {
        reader->is_broken = true;
        return NULL;
    }
    const void *at = reader->data + reader->at;
    reader->at += bytes;
    return at;
}

uint32_t mr_snapshot_read_u32(struct mr_snapshot_reader *reader)
{
    uint32_t value = 0;
    const void *at = mr_snapshot_read_bytes(reader, 4);
    if (at) memcpy(&value, at, 4);
    return value;
}

uint64_t mr_snapshot_read_u64(struct mr_snapshot_reader *reader)
{
    uint64_t value = 0;
    const void *at = mr_snapshot_read_bytes(reader, 8);
    if (at) memcpy(&value, at, 8);
    return value;
}
