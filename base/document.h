/* Values inside of values: lists, maps, rows and whatever has no column type of its own, each
 * as one text of bytes.
 *
 * A document is canonical (equal values have equal bytes, except that 1, 1.0 and True differ),
 * describes itself and stands at any address, so that batches, logs, state and digests carry it
 * as they carry a string. It is a byte of its kind, then: nothing (NULL, FALSE, TRUE); 8 bytes
 * (INT, FLOAT, TIMESTAMP); or a length of 4 bytes and so many bytes: of text, or of the
 * documents inside, one after the other. A MAP has key, value, key, value; a ROW has before
 * each value the name of its field, as a length and text. Little-endian. */
#ifndef MR_BASE_DOCUMENT_H
#define MR_BASE_DOCUMENT_H

#include "base/value.h"

enum mr_document_kind {
    MR_DOCUMENT_NULL,
    MR_DOCUMENT_FALSE,
    MR_DOCUMENT_TRUE,
    MR_DOCUMENT_INT,
    MR_DOCUMENT_FLOAT, /* NaN is canonical */
    MR_DOCUMENT_TIMESTAMP,
    MR_DOCUMENT_STRING,
    MR_DOCUMENT_BYTES,
    MR_DOCUMENT_BIG_INT,  /* beyond 64 bits: decimal digits, perhaps a minus */
    MR_DOCUMENT_DECIMAL,  /* Python's str of it */
    MR_DOCUMENT_DATE,     /* 2001-02-03 */
    MR_DOCUMENT_TIME,     /* 04:05:06.000007 */
    MR_DOCUMENT_DATETIME, /* 2001-02-03T04:05:06, perhaps with a fraction and +01:00 */
    MR_DOCUMENT_LIST,
    MR_DOCUMENT_TUPLE,
    MR_DOCUMENT_SET, /* sorted by their bytes */
    MR_DOCUMENT_MAP, /* in the order of insertion */
    MR_DOCUMENT_ROW,
};

/* Documents nest no deeper: recursion over them is safe. */
enum { MR_DOCUMENT_DEPTH_MAX = 200, MR_DOCUMENT_HEAD_BYTES = 5 };

/* What the document at `text` says. LIST (of lists, tuples), MAP and ROW borrow the document;
 * so does ANY, which stands for kinds without a type: sets, big integers, decimals, dates. */
struct mr_value mr_document_value(const char *text);
/* The bytes of the document at `text`. */
uint32_t mr_document_bytes(const char *text);
/* The kind of a value of type LIST, MAP, ROW or ANY. */
static inline enum mr_document_kind mr_document_kind(struct mr_value value)
{
    return (enum mr_document_kind)(unsigned char)value.text[0];
}

/* Less than, equal to or greater than 0: a total order in which numbers are ordered by value,
 * texts by their bytes, lists, maps and rows by their members; 0 for what mr_value_same takes
 * for the same. */
int mr_value_order(struct mr_value a, struct mr_value b);
/* Sorts documents[n] by it; equal ones keep their order. spare[n] is overwritten. */
void mr_documents_sort(const char **documents, const char **spare, uint32_t n);
/* What Python's bool says of it. */
bool mr_value_truth(struct mr_value value);

/* Appends documents to memory that grows. */
struct mr_document_writer {
    char *data;
    size_t bytes;
    size_t capacity;
    void *memory;
    /* Moves data[bytes] to where `capacity` bytes are; NULL: the heap, for
     * mr_document_writer_deinit to free. */
    char *(*grow)(void *memory, char *data, size_t bytes, size_t capacity);
};
void mr_document_writer_deinit(struct mr_document_writer *writer); /* of the heap */
/* A value as a document; one that is a document already is copied. */
void mr_document_put(struct mr_document_writer *writer, struct mr_value value);
/* The bytes that a value takes as a document. */
uint32_t mr_document_size(struct mr_value value);
/* A kind that is text. */
void mr_document_put_text(struct mr_document_writer *writer, enum mr_document_kind kind,
    const char *text, size_t bytes);
/* Begins a document with others inside; what is put until the end is in it. Returns what the
 * end wants. */
size_t mr_document_begin(struct mr_document_writer *writer, enum mr_document_kind kind);
void mr_document_end(struct mr_document_writer *writer, size_t begin);
/* The name of the field whose value comes next. */
void mr_document_put_name(struct mr_document_writer *writer, const char *name, size_t bytes);
/* Ends a SET whose elements were put in any order, equal ones among them. */
void mr_document_end_set(struct mr_document_writer *writer, size_t begin);

/* Walks over what is inside of a value. */
struct mr_document_cursor {
    const char *at;
    const char *end;
    bool is_row;
    const char *name; /* of the value that came last, in a ROW */
    uint32_t name_bytes;
};
struct mr_document_cursor mr_document_open(struct mr_value value);
/* The next value; in a MAP keys and values in turn. False at the end. */
bool mr_document_next(struct mr_document_cursor *cursor, struct mr_value *out);
/* How many there are; in a MAP keys and values both count. */
uint32_t mr_document_count(struct mr_value value);
/* The value of a row's field. False: there is none of the name. */
bool mr_document_field(struct mr_value row, const char *name, struct mr_value *out);

#endif
