/* Rows that nobody recorded: the row of an index is arithmetic and a hash, so that nothing is stored or looked up. */
#include <string.h>

#include "base/digest.h"
#include "scenarios/data/stream_internal.h"

/* Salts: what is made from one index must not depend on each other. */
#define KEY_SALT 0x6b65790000000000u
#define VALUE_SALT 0x76616c0000000000u
#define TIME_SALT 0x74696d0000000000u

enum { KEY_DIGITS_MAX = 32 };

/* In [0, bound), from the hash of an index. */
static inline uint64_t hash_below(uint64_t index, uint64_t salt, uint64_t bound)
{
    return (uint64_t)((__uint128_t)mr_hash_u64(index ^ salt) * bound >> 64);
}

static inline uint64_t index_of(const struct mr_stream *stream, uint32_t partition, int64_t offset)
{
    uint64_t rank = (uint64_t)offset * stream->config->n_partitions + partition;
    enum mr_nexmark_kind kind = stream->config->generator.nexmark;
    return kind == MR_NEXMARK_NONE ? rank : mr_nexmark_event(kind, rank);
}

static inline uint64_t scale(uint64_t index, uint64_t step)
{
    return (uint64_t)((__uint128_t)index * step >> 32);
}

void mr_generated_init(struct mr_stream *stream)
{
    const struct mr_generator *generator = &stream->config->generator;
    MR_ASSERT(generator->rows > 0);
    MR_ASSERT(generator->rows < (uint64_t)1 << 48);
    MR_ASSERT(generator->value_bound > 0 && generator->n_keys > 0);
    uint64_t duration_ns = (uint64_t)generator->duration_ns;
    stream->arrival_step = (uint64_t)(((__uint128_t)duration_ns << 32) / generator->rows);
    stream->time_step = (uint64_t)(((__uint128_t)(duration_ns / 1000) << 32) / generator->rows);
    uint64_t rows = generator->rows;
    if (generator->nexmark != MR_NEXMARK_NONE) {
        rows = mr_nexmark_count(generator->nexmark, rows);
        mr_nexmark_init(stream);
    }
    stream->rows_each = (int64_t)(rows / stream->config->n_partitions);
    stream->n_longer = (uint32_t)(rows % stream->config->n_partitions);
}

mr_ns mr_generated_arrival_ns(const struct mr_stream *stream, uint32_t partition, int64_t offset)
{
    return (mr_ns)scale(index_of(stream, partition, offset), stream->arrival_step);
}

static inline mr_us time_us(
    const struct mr_generator *generator, uint64_t time_step, uint64_t index)
{
    mr_us at_us = generator->start_us + (mr_us)scale(index, time_step);
    if (!generator->disorder_us) return at_us;
    return at_us - (mr_us)hash_below(index, TIME_SALT, (uint64_t)generator->disorder_us + 1);
}

mr_us mr_generated_time_us(const struct mr_stream *stream, uint32_t partition, int64_t offset)
{
    return time_us(&stream->config->generator, stream->time_step,
        index_of(stream, partition, offset));
}

uint32_t mr_generated_arrived(const struct mr_stream *stream, uint32_t partition, int64_t first,
    uint32_t n, mr_ns now)
{
    if (n == 0 || mr_generated_arrival_ns(stream, partition, first + n - 1) <= now) return n;
    uint32_t low = 0, high = n - 1; /* the first that has not arrived lies in [low, high] */
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (mr_generated_arrival_ns(stream, partition, first + middle) <= now)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Eight decimal digits of a number below 10^8 as text, the first in the lowest byte. */
static inline uint64_t eight_digits(uint32_t number)
{
    uint64_t fours = number / 10000 | (uint64_t)(number % 10000) << 32;
    uint64_t hundreds = (fours * 10486 >> 20) & 0x0000007f0000007f;
    uint64_t twos = hundreds | (fours - 100 * hundreds) << 16;
    uint64_t tens = (twos * 103 >> 10) & 0x000f000f000f000f;
    return (tens | (twos - 10 * tens) << 8) + 0x3030303030303030;
}

/* "k" and the number with leading zeros, `bytes` long in all; writes at most KEY_DIGITS_MAX + 1 bytes more. */
static inline void write_key(char *out, uint32_t bytes, uint32_t number)
{
    char digits[16];
    uint64_t low = eight_digits(number % 100000000), high = eight_digits(number / 100000000);
    memcpy(digits, &high, 8);
    memcpy(digits + 8, &low, 8);
    MR_ASSERT(bytes > 0);
    uint32_t n_digits = bytes - 1;
    out[0] = 'k';
    if (n_digits > 16) {
        memset(out + 1, '0', n_digits - 16);
        memcpy(out + 1 + n_digits - 16, digits, 16);
    } else {
        memcpy(out + 1, digits + 16 - n_digits, n_digits);
    }
}

static inline uint32_t key_of(const struct mr_generator *generator, uint64_t index)
{
    return (uint32_t)hash_below(index, KEY_SALT, generator->n_keys);
}

static inline int64_t value_of(const struct mr_generator *generator, uint64_t index, uint32_t field)
{
    return (int64_t)hash_below(
        index, VALUE_SALT + ((uint64_t)field << 56), generator->value_bound);
}

/* What a field holds: decided once for all rows. */
enum content { CONTENT_KEY, CONTENT_TIME, CONTENT_VALUE };
static enum content content_of(const struct mr_stream_config *config, uint32_t field)
{
    if ((int)field == config->key_field) return CONTENT_KEY;
    if ((int)field == config->event_time_field) return CONTENT_TIME;
    enum mr_type type = config->schema->fields[field].type;
    if (type == MR_TYPE_TIMESTAMP) return CONTENT_TIME;
    return type == MR_TYPE_STRING || type == MR_TYPE_BYTES ? CONTENT_KEY : CONTENT_VALUE;
}

static uint32_t key_bytes(const struct mr_generator *generator)
{
    return generator->key_bytes ? generator->key_bytes : 12;
}

/* Short strings: the 12 bytes of the view are written whole. */
static void fill_inline_strings(const struct mr_stream *stream, struct mr_string *out,
    uint64_t index, uint32_t n)
{
    const struct mr_generator *generator = &stream->config->generator;
    uint32_t bytes = key_bytes(generator), stride = stream->config->n_partitions;
    MR_ASSERT(bytes <= MR_STRING_INLINE_MAX);
    for (uint32_t i = 0; i < n; i++, index += stride) {
        uint32_t number = key_of(generator, index);
        char digits[16];
        uint64_t low = eight_digits(number % 100000000);
        uint64_t high = eight_digits(number / 100000000);
        memcpy(digits, &high, 8);
        memcpy(digits + 8, &low, 8);
        struct mr_string string = {.bytes = bytes};
        string.inline_text[0] = 'k';
        memcpy(string.inline_text + 1, digits + 5, MR_STRING_INLINE_MAX - 1);
        if (bytes < MR_STRING_INLINE_MAX) {
            memset(string.inline_text, 0, MR_STRING_INLINE_MAX);
            write_key(string.inline_text, bytes, number);
        }
        out[i] = string;
    }
}

static void fill_long_strings(const struct mr_stream *stream, struct mr_string *out, char *heap,
    uint32_t heap_used, uint64_t index, uint32_t n)
{
    const struct mr_generator *generator = &stream->config->generator;
    uint32_t bytes = key_bytes(generator);
    for (uint32_t i = 0; i < n; i++, index += stream->config->n_partitions) {
        write_key(heap + heap_used, bytes, key_of(generator, index));
        out[i] = (struct mr_string){.bytes = bytes};
        memcpy(out[i].prefix, heap + heap_used, sizeof out[i].prefix);
        out[i].heap_offset = heap_used;
        heap_used += bytes;
    }
}

/* The loops below work on a copy of the generator: what they write cannot change it, and the
 * compiler keeps it in registers. */
static void fill_values(const struct mr_stream *stream, enum mr_type type, uint32_t field, void *out,
    uint64_t index, uint32_t n)
{
    const struct mr_generator generator = stream->config->generator;
    uint32_t stride = stream->config->n_partitions;
    if (type == MR_TYPE_BOOL) {
        for (uint32_t i = 0; i < n; i++, index += stride)
            ((uint8_t *)out)[i] = value_of(&generator, index, field) & 1;
    } else if (type == MR_TYPE_FLOAT) {
        for (uint32_t i = 0; i < n; i++, index += stride)
            ((double *)out)[i] = (double)value_of(&generator, index, field);
    } else {
        int64_t *integers = out;
        for (uint32_t i = 0; i < n; i++, index += stride)
            integers[i] = value_of(&generator, index, field);
    }
}

static void fill_times(const struct mr_stream *stream, mr_us *out, uint64_t index, uint32_t n)
{
    const struct mr_generator generator = stream->config->generator;
    uint64_t time_step = stream->time_step;
    uint32_t stride = stream->config->n_partitions;
    for (uint32_t i = 0; i < n; i++, index += stride)
        out[i] = time_us(&generator, time_step, index);
}

static void fill_integer_keys(const struct mr_stream *stream, int64_t *out, uint64_t index,
    uint32_t n)
{
    const struct mr_generator generator = stream->config->generator;
    uint32_t stride = stream->config->n_partitions;
    for (uint32_t i = 0; i < n; i++, index += stride) out[i] = key_of(&generator, index);
}

static bool is_text(enum mr_type type)
{
    return type == MR_TYPE_STRING || type == MR_TYPE_BYTES;
}

struct mr_message *mr_generated_blob(struct mr_stream *stream, struct mr_arena *arena,
    uint32_t partition, int64_t first, uint32_t n)
{
    const struct mr_stream_config *config = stream->config;
    if (config->generator.nexmark != MR_NEXMARK_NONE)
        return mr_nexmark_blob(stream, arena, partition, first, n);
    uint32_t n_fields = config->schema->n_fields, bytes = key_bytes(&config->generator);
    uint32_t n_long = 0;
    for (uint32_t f = 0; f < n_fields; f++)
        n_long += is_text(stream->types[f]) && bytes > MR_STRING_INLINE_MAX;
    struct mr_column columns[MR_FIELDS_MAX];
    struct mr_batch batch;
    struct mr_message *message =
        mr_blob_new(arena, stream->types, n_fields, n, 0, n_long * n * bytes, columns, &batch);
    uint64_t index = index_of(stream, partition, first);
    mr_us *times_us = mr_blob_part(batch.times_us);
    fill_times(stream, times_us, index, n);
    uint32_t heap_used = 0;
    for (uint32_t f = 0; f < n_fields; f++) {
        void *out = mr_blob_part(columns[f].values);
        enum content content = content_of(config, f);
        if (is_text(stream->types[f]) && bytes > MR_STRING_INLINE_MAX) {
            fill_long_strings(stream, out, mr_blob_part(columns[f].heap), heap_used, index, n);
            heap_used += n * bytes;
        } else if (is_text(stream->types[f])) {
            fill_inline_strings(stream, out, index, n);
        } else if (content == CONTENT_TIME) {
            memcpy(out, times_us, n * sizeof *times_us);
        } else if (content == CONTENT_KEY && stream->types[f] == MR_TYPE_INT) {
            fill_integer_keys(stream, out, index, n);
        } else {
            fill_values(stream, stream->types[f], f, out, index, n);
        }
    }
    return message;
}

/* Room for the strings of one mr_stream_read. */
static char *text_room(struct mr_stream *stream, size_t bytes)
{
    if (stream->text_bytes < bytes) {
        mr_arena_free(stream->arena, stream->text, stream->text_bytes);
        stream->text = mr_arena_alloc(stream->arena, bytes);
        stream->text_bytes = bytes;
    }
    return stream->text;
}

static void read_strings(struct mr_stream *stream, uint32_t field, uint64_t index, uint32_t n,
    char *text, struct mr_value *out)
{
    const struct mr_generator *generator = &stream->config->generator;
    uint32_t bytes = key_bytes(generator), n_fields = stream->config->schema->n_fields;
    for (uint32_t i = 0; i < n; i++, index += stream->config->n_partitions) {
        write_key(text, bytes, key_of(generator, index));
        out[(size_t)i * n_fields] = (struct mr_value){
            .text = text, .bytes = bytes, .type = (uint8_t)stream->types[field]};
        text += bytes;
    }
}

/* INT keys. */
static void read_keys(const struct mr_stream *stream, uint64_t index, uint32_t n,
    struct mr_value *out)
{
    const struct mr_generator generator = stream->config->generator;
    uint32_t n_fields = stream->config->schema->n_fields, stride = stream->config->n_partitions;
    for (uint32_t i = 0; i < n; i++, index += stride, out += n_fields)
        *out = (struct mr_value){.i = key_of(&generator, index), .type = MR_TYPE_INT};
}

static void read_times(const struct mr_stream *stream, uint8_t type, const mr_us *times_us,
    uint32_t n, struct mr_value *out)
{
    uint32_t n_fields = stream->config->schema->n_fields;
    for (uint32_t i = 0; i < n; i++, out += n_fields)
        *out = (struct mr_value){.i = times_us[i], .type = type};
}

static void read_values(const struct mr_stream *stream, uint32_t field, uint64_t index,
    uint32_t n, struct mr_value *out)
{
    const struct mr_generator generator = stream->config->generator;
    uint32_t n_fields = stream->config->schema->n_fields, stride = stream->config->n_partitions;
    uint8_t type = (uint8_t)stream->types[field];
    for (uint32_t i = 0; i < n; i++, index += stride, out += n_fields) {
        int64_t value = value_of(&generator, index, field);
        *out = (struct mr_value){.i = type == MR_TYPE_BOOL ? value & 1 : value, .type = type};
        if (type == MR_TYPE_FLOAT) out->f = (double)value;
    }
}

void mr_generated_read(struct mr_stream *stream, uint32_t partition, int64_t first, uint32_t n,
    struct mr_value *values, mr_us *times_us)
{
    const struct mr_stream_config *config = stream->config;
    uint32_t n_fields = config->schema->n_fields, bytes = key_bytes(&config->generator);
    uint32_t n_texts = 0;
    for (uint32_t f = 0; f < n_fields; f++) n_texts += is_text(stream->types[f]);
    if (config->generator.nexmark != MR_NEXMARK_NONE) {
        size_t room = (size_t)n_texts * n * MR_NEXMARK_TEXT_MAX + MR_NEXMARK_TEXT_MAX;
        mr_nexmark_read(
            stream, partition, first, n, text_room(stream, room), values, times_us);
        return;
    }
    char *text = n_texts ? text_room(stream, (size_t)n_texts * n * bytes + KEY_DIGITS_MAX) : NULL;
    uint64_t index = index_of(stream, partition, first);
    fill_times(stream, times_us, index, n);
    for (uint32_t f = 0; f < n_fields; f++) {
        enum content content = content_of(config, f);
        if (is_text(stream->types[f])) {
            read_strings(stream, f, index, n, text, values + f);
            text += (size_t)n * bytes;
        } else if (content == CONTENT_KEY && stream->types[f] == MR_TYPE_INT) {
            read_keys(stream, index, n, values + f);
        } else if (content == CONTENT_TIME) { /* INT or TIMESTAMP */
            read_times(stream, (uint8_t)stream->types[f], times_us, n, values + f);
        } else {
            read_values(stream, f, index, n, values + f);
        }
    }
}
