#include "base/alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

void *mr_alloc(size_t bytes)
{
    void *memory = calloc(1, bytes ? bytes : 1);
    if (!memory) mr_out_of_memory(bytes);
    return memory;
}

void *mr_realloc(void *memory, size_t bytes)
{
    void *moved = realloc(memory, bytes ? bytes : 1);
    if (!moved) mr_out_of_memory(bytes);
    return moved;
}

void mr_free(void *memory)
{
    free(memory);
}

enum { CHUNK_BYTES = 64 * 1024 - 64 };

struct chunk {
    struct chunk *next;
    size_t used;
    size_t capacity;
    _Alignas(16) char data[];
};

struct ending {
    struct ending *next;
    void (*end)(void *self);
    void *self;
};

struct mr_region {
    struct chunk *first; /* the one that is being filled */
    struct ending *endings;
};

struct mr_region *mr_region_create(void)
{
    return mr_alloc(sizeof(struct mr_region));
}

void mr_region_destroy(struct mr_region *region)
{
    if (!region) return;
    for (const struct ending *ending = region->endings; ending; ending = ending->next)
        ending->end(ending->self);
    while (region->first) {
        struct chunk *next = region->first->next;
        mr_free(region->first);
        region->first = next;
    }
    mr_free(region);
}

void mr_region_at_end(struct mr_region *region, void (*end)(void *self), void *self)
{
    struct ending *ending = mr_region_new(region, struct ending);
    *ending = (struct ending){.next = region->endings, .end = end, .self = self};
    region->endings = ending;
}

void *mr_region_alloc(struct mr_region *region, size_t bytes)
{
    MR_ASSERT(bytes <= SIZE_MAX / 2);
    bytes = (bytes + 15) & ~(size_t)15;
    struct chunk *chunk = region->first;
    if (!chunk || chunk->capacity - chunk->used < bytes) {
        size_t capacity = bytes > CHUNK_BYTES / 4 ? bytes : CHUNK_BYTES;
        struct chunk *fresh = mr_alloc(sizeof *fresh + capacity);
        fresh->capacity = capacity;
        if (chunk && capacity == bytes) { /* a large one goes behind, so that filling goes on */
            fresh->next = chunk->next;
            chunk->next = fresh;
        } else {
            fresh->next = chunk;
            region->first = fresh;
        }
        chunk = fresh;
    }
    void *memory = chunk->data + chunk->used;
    chunk->used += bytes;
    return memory;
}

char *mr_region_strndup(struct mr_region *region, const char *text, size_t bytes)
{
    char *copy = mr_region_alloc(region, bytes + 1);
    if (bytes) memcpy(copy, text, bytes);
    return copy;
}

char *mr_region_strdup(struct mr_region *region, const char *text)
{
    return mr_region_strndup(region, text, strlen(text));
}

char *mr_region_printf(struct mr_region *region, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int bytes = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    MR_ASSERT(bytes >= 0);
    char *text = mr_region_alloc(region, (size_t)bytes + 1);
    vsnprintf(text, (size_t)bytes + 1, format, again);
    va_end(again);
    return text;
}

void mr_text_deinit(struct mr_text *text)
{
    if (!text) return;
    mr_free(text->data);
    *text = (struct mr_text){0};
}

static void reserve(struct mr_text *text, size_t bytes)
{
    size_t needed = text->bytes + bytes + 1;
    if (needed <= text->capacity) return;
    size_t capacity = text->capacity ? text->capacity * 2 : 256;
    while (capacity < needed) capacity *= 2;
    text->data = mr_realloc(text->data, capacity);
    text->capacity = capacity;
}

void mr_text_add(struct mr_text *text, const char *data, size_t bytes)
{
    reserve(text, bytes);
    if (bytes) memcpy(text->data + text->bytes, data, bytes);
    text->bytes += bytes;
    text->data[text->bytes] = '\0';
}

void mr_text_printf(struct mr_text *text, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int bytes = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    MR_ASSERT(bytes >= 0);
    reserve(text, (size_t)bytes);
    vsnprintf(text->data + text->bytes, (size_t)bytes + 1, format, again);
    va_end(again);
    text->bytes += (size_t)bytes;
}

void mr_text_json(struct mr_text *text, const char *data, size_t bytes)
{
    mr_text_add(text, "\"", 1);
    size_t taken;
    for (size_t at = 0; at < bytes; at += taken) {
        char escape[MR_JSON_ESCAPE_BYTES];
        size_t written = mr_json_escape(data + at, bytes - at, escape, &taken);
        mr_text_add(text, escape, written);
    }
    mr_text_add(text, "\"", 1);
}
