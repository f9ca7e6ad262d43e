/* One value as a group keeps it: a key, or the least or greatest of an aggregate. */
#ifndef MR_SCENARIOS_ORACLE_CELL_H
#define MR_SCENARIOS_ORACLE_CELL_H

#include <string.h>

#include "base/digest.h"
#include "base/document.h"
#include "engine/batch/scratch.h"

enum { MR_CELL_SHORT_MAX = 12 };
#define MR_CELL_NONE UINT32_MAX

/* 16 bytes, every one of them defined; the type is known from the schema. Short text fills
 * `head` and what follows it, padded with zeros; of a long one `head` is the beginning and
 * `text` all of it. */
struct mr_cell {
    union {
        struct {
            uint32_t bytes; /* of text; MR_CELL_NONE for None; else 0 */
            char head[4];
            union {
                int64_t i;
                double f;
                const char *text;
            };
        };
        uint64_t words[2];
    };
};
_Static_assert(sizeof(struct mr_cell) == 16, "a cell has no padding");

/* Copies short text, and says its hash from what was loaded: reading it back from the cell
 * would have to wait for stores of other widths. */
static inline uint64_t mr_short_text_hash(
    uint64_t hash, const char *text, uint32_t bytes, char to[MR_CELL_SHORT_MAX])
{
    uint64_t first = 0;
    uint32_t last = 0;
    if (MR_LIKELY(bytes >= 8)) {
        memcpy(&first, text, 8);
        memcpy(&last, text + bytes - 4, 4);
        memcpy(to, &first, 8);
        memcpy(to + bytes - 4, &last, 4);
    } else if (bytes >= 4) {
        uint32_t start;
        memcpy(&start, text, 4);
        memcpy(&last, text + bytes - 4, 4);
        memcpy(to, &start, 4);
        memcpy(to + bytes - 4, &last, 4);
        first = start;
    } else {
        for (uint32_t i = 0; i < bytes; i++) {
            first = first << 8 | (unsigned char)text[i];
            to[i] = text[i];
        }
    }
    return mr_digest_mix(mr_digest_mix(hash, first), (uint64_t)bytes << 32 | last);
}

static inline bool mr_cell_is_long(const struct mr_cell *cell)
{
    return cell->bytes > MR_CELL_SHORT_MAX && cell->bytes != MR_CELL_NONE;
}

static inline char *mr_cell_short_text(struct mr_cell *cell)
{
    return (char *)cell + offsetof(struct mr_cell, head);
}

static inline uint64_t mr_cell_put_text(
    struct mr_cell *cell, const struct mr_value *value, uint64_t hash)
{
    cell->bytes = value->bytes;
    if (value->bytes == 0) return mr_digest_mix(hash, 0);
    if (value->bytes <= MR_CELL_SHORT_MAX)
        return mr_short_text_hash(hash, value->text, value->bytes, mr_cell_short_text(cell));
    memcpy(cell->head, value->text, sizeof cell->head);
    cell->text = value->text;
    return mr_digest_mix(hash, mr_hash_bytes(value->text, value->bytes));
}

/* Makes a cell of a value; long text is borrowed. Returns the hash with that of the value mixed
 * in. */
static inline uint64_t mr_cell_put(
    struct mr_cell *cell, const struct mr_value *value, uint64_t hash)
{
    enum mr_type type = (enum mr_type)value->type;
    cell->words[0] = 0;
    if (MR_LIKELY(type == MR_TYPE_INT)) {
        cell->i = value->i;
        return mr_digest_mix(hash, (uint64_t)value->i);
    }
    cell->words[1] = 0;
    if (MR_UNLIKELY(type == MR_TYPE_NULL)) {
        cell->bytes = MR_CELL_NONE;
        return mr_digest_mix(hash, MR_CELL_NONE);
    }
    if (mr_type_is_text(type)) return mr_cell_put_text(cell, value, hash);
    struct mr_value canonical = *value;
    if (MR_UNLIKELY(type == MR_TYPE_FLOAT)) canonical.f = mr_canonical_float(value->f);
    cell->i = canonical.i;
    return mr_digest_mix(hash, (uint64_t)canonical.i);
}

static inline struct mr_cell mr_cell_of(const struct mr_value *value)
{
    struct mr_cell cell;
    mr_cell_put(&cell, value, 0);
    return cell;
}

static inline const char *mr_cell_text(const struct mr_cell *cell)
{
    return mr_cell_is_long(cell) ? cell->text
                                 : (const char *)cell + offsetof(struct mr_cell, head);
}

/* Text is borrowed from the cell. What is put into a cell of type ANY is the document itself
 * (mr_cell_document). */
static inline struct mr_value mr_cell_value(const struct mr_cell *cell, enum mr_type type)
{
    if (cell->bytes == MR_CELL_NONE) return (struct mr_value){.type = MR_TYPE_NULL};
    struct mr_value value = {.type = (uint8_t)type, .i = cell->i};
    if (!mr_type_is_text(type)) return value;
    value.text = mr_cell_text(cell);
    value.bytes = cell->bytes;
    return MR_UNLIKELY(type == MR_TYPE_ANY) ? mr_document_value(value.text) : value;
}

/* The value as the document that it is; None stays None. */
static inline struct mr_value mr_cell_document(
    struct mr_value value, struct mr_scratch *scratch)
{
    if (value.type == MR_TYPE_NULL) return value;
    struct mr_document_writer writer = {.capacity = mr_document_size(value)};
    writer.data = mr_scratch_alloc(scratch, writer.capacity);
    mr_document_put(&writer, value);
    return (struct mr_value){
        .type = MR_TYPE_ANY, .text = writer.data, .bytes = (uint32_t)writer.bytes};
}

static inline bool mr_cell_same(const struct mr_cell *a, const struct mr_cell *b)
{
    if (a->words[0] != b->words[0]) return false;
    if (MR_LIKELY(a->words[1] == b->words[1])) return true; /* a long text as well */
    return MR_UNLIKELY(mr_cell_is_long(a)) && memcmp(a->text, b->text, a->bytes) == 0;
}

/* As mr_cell_put has it. */
static inline uint64_t mr_cell_hash(uint64_t hash, const struct mr_cell *cell)
{
    char ignored[MR_CELL_SHORT_MAX];
    if (cell->bytes == MR_CELL_NONE) return mr_digest_mix(hash, MR_CELL_NONE);
    if (cell->bytes == 0) return mr_digest_mix(hash, (uint64_t)cell->i);
    if (cell->bytes <= MR_CELL_SHORT_MAX)
        return mr_short_text_hash(hash, mr_cell_text(cell), cell->bytes, ignored);
    return mr_digest_mix(hash, mr_hash_bytes(cell->text, cell->bytes));
}

/* The cell keeps its own copy of a long text. */
static inline void mr_cell_own(struct mr_cell *cell, struct mr_scratch *texts)
{
    if (MR_LIKELY(!mr_cell_is_long(cell))) return;
    char *copy = mr_scratch_alloc(texts, cell->bytes);
    memcpy(copy, cell->text, cell->bytes);
    cell->text = copy;
}

#endif
