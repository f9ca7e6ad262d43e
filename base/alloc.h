/* Heap memory for what is constant over a campaign: files, graphs, programs, traces. A run uses its arena. */
#ifndef MR_BASE_ALLOC_H
#define MR_BASE_ALLOC_H

#include <stdarg.h>
#include <stddef.h>

#include "base/assert.h"

/* Zeroed memory; running out of it ends the program. */
void *mr_alloc(size_t bytes);
void *mr_realloc(void *memory, size_t bytes);
void mr_free(void *memory); /* accepts NULL */

/* A region: many small allocations that are freed as one, when the document they describe goes. */
struct mr_region;
struct mr_region *mr_region_create(void);
void mr_region_destroy(struct mr_region *region); /* accepts NULL */
/* Zeroed, aligned to 16; lives as long as the region. */
/* Calls `end` when the region is destroyed, before its memory goes; the last one first. */
void mr_region_at_end(struct mr_region *region, void (*end)(void *self), void *self);
void *mr_region_alloc(struct mr_region *region, size_t bytes);
char *mr_region_strdup(struct mr_region *region, const char *text);
char *mr_region_strndup(struct mr_region *region, const char *text, size_t bytes);
char *mr_region_printf(struct mr_region *region, const char *format, ...) MR_PRINTF(2, 3);
#define mr_region_new(region, type) ((type *)mr_region_alloc(region, sizeof(type)))
#define mr_region_array(region, type, n) ((type *)mr_region_alloc(region, sizeof(type) * (n)))

/* A text that grows. Zero-initialised is empty; `data` is NUL-terminated once anything was added. */
struct mr_text {
    char *data; /* owned, heap; NULL when empty */
    size_t bytes;
    size_t capacity;
};
void mr_text_deinit(struct mr_text *text);
void mr_text_add(struct mr_text *text, const char *data, size_t bytes);
void mr_text_printf(struct mr_text *text, const char *format, ...) MR_PRINTF(2, 3);
/* Adds `bytes` of `data` as a quoted JSON string: control characters escaped, what is no UTF-8 as U+FFFD. */
void mr_text_json(struct mr_text *text, const char *data, size_t bytes);

#endif
