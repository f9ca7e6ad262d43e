/* Types, schemas and single values of rows. */
#ifndef MR_BASE_VALUE_H
#define MR_BASE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/time.h"

/* Values of the last four are documents (base/document.h). */
enum mr_type {
    MR_TYPE_NULL, /* the type of a literal None */
    MR_TYPE_BOOL,
    MR_TYPE_INT,       /* 64 bits, signed */
    MR_TYPE_FLOAT,     /* IEEE double; NaN is canonical, see mr_canonical_float */
    MR_TYPE_STRING,    /* UTF-8 */
    MR_TYPE_BYTES,
    MR_TYPE_TIMESTAMP, /* mr_us */
    MR_TYPE_LIST, /* also a tuple */
    MR_TYPE_MAP,
    MR_TYPE_ROW,
    MR_TYPE_ANY, /* of a field: each value has a type of its own; of a value: one that no other type is for */
};

/* A column of it is one of struct mr_string whose texts are documents. */
static inline bool mr_type_is_document(enum mr_type type)
{
    return type >= MR_TYPE_LIST;
}
/* A column of it is one of struct mr_string; a value of it has text. */
static inline bool mr_type_is_text(enum mr_type type)
{
    return type == MR_TYPE_STRING || type == MR_TYPE_BYTES || mr_type_is_document(type);
}

enum { MR_FIELDS_MAX = 64 };

/* What is known of what is inside of a LIST, MAP or ROW, for checks and messages. */
struct mr_shape;
struct mr_field {
    const char *name;
    enum mr_type type;
    bool is_nullable;
    const struct mr_shape *shape; /* NULL: nothing is known */
};
struct mr_shape {
    const struct mr_field *key;    /* MAP; NULL: any. Names of keys and elements are NULL */
    const struct mr_field *element; /* LIST, and the value of a MAP; NULL: any */
    bool is_exact;                 /* ROW: each value has just these fields, in this order */
    uint32_t n_fields;             /* ROW */
    const struct mr_field *fields;
};

struct mr_schema {
    uint32_t n_fields; /* at most MR_FIELDS_MAX */
    const struct mr_field *fields;
};

/* The index of the field, or -1. */
int mr_schema_find(const struct mr_schema *schema, const char *name);
/* `boolean integer float string bytes timestamp list map row any`; "null" for NULL. */
const char *mr_type_name(enum mr_type type);
/* Also Beam's and JSON schema's words: number, double, int64. False: not a type we know. */
bool mr_type_parse(const char *name, enum mr_type *out);

/* One value of a row: 16 bytes, borrowed text. Of a field of type ANY it has the type of what is there: a value of type
 * ANY is a set, a big integer, a decimal, a date and the like. */
struct mr_value {
    union {
        int64_t i; /* INT, TIMESTAMP, BOOL (0 or 1) */
        double f;
        const char *text; /* STRING, BYTES; LIST, MAP, ROW, ANY: the document; not NUL-terminated */
    };
    uint32_t bytes; /* of text; else 0 */
    uint8_t type;   /* enum mr_type; NULL is None */
};

/* The one NaN that we use: compilers differ in the sign of the NaN that an operation makes. */
static inline double mr_canonical_float(double value)
{
    return value == value ? value : __builtin_nan("");
}

/* Same type and same value: bits for floats (so NaN equals NaN and -0.0 differs from 0.0), bytes for text. */
bool mr_value_same(struct mr_value a, struct mr_value b);
/* A hash that agrees with mr_value_same. */
uint64_t mr_value_hash(struct mr_value value);
/* As JSON; timestamps as mr_timestamp_format, each byte of BYTES as the character of its number, floats as Python
 * writes them. Returns the bytes; cut at a character where `size` is too small; NUL-terminated. */
size_t mr_value_format(struct mr_value value, char *out, size_t size);
/* The same as Python's repr writes it, rows as Beam does: `Row(a=1, b='x', c=None)`, `Timestamp(1.500000)`. */
size_t mr_value_repr(struct mr_value value, char *out, size_t size);
/* Bytes that are enough for either. */
static inline size_t mr_value_text_size(struct mr_value value)
{
    return 12 * (size_t)value.bytes + 64;
}
/* The name of its class in Python: `int`, `NoneType`, `datetime.date`. */
const char *mr_value_class(struct mr_value value);

/* A string in a column: up to 12 bytes inline, longer ones in the heap behind the columns. 16 bytes, no padding;
 * unused inline bytes are zero. */
enum { MR_STRING_INLINE_MAX = 12 };
struct mr_string {
    uint32_t bytes;
    union {
        char inline_text[MR_STRING_INLINE_MAX];
        struct {
            char prefix[4];
            uint32_t heap_offset;
            uint32_t zero;
        };
    };
};
_Static_assert(sizeof(struct mr_string) == 16, "a string view is 16 bytes");

static inline const char *mr_string_text(const struct mr_string *string, const char *heap)
{
    return string->bytes <= MR_STRING_INLINE_MAX ? string->inline_text : heap + string->heap_offset;
}

#endif
