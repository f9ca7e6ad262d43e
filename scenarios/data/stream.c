/* The stream of one seed: prepared or generated rows, their arrival, and the batches that the broker hands out. */
#include "scenarios/data/stream.h"

#include <string.h>

#include "scenarios/data/stream_internal.h"

struct mr_stream *mr_stream_new(struct mr_arena *arena, const struct mr_stream_config *config,
    const struct mr_draws *draws)
{
    MR_ASSERT(config->n_partitions > 0);
    MR_ASSERT(config->schema->n_fields <= MR_FIELDS_MAX);
    MR_ASSERT(!config->trace || config->partitions); /* mr_stream_prepare */
    struct mr_stream *stream = mr_arena_new(arena, struct mr_stream);
    stream->config = config;
    stream->arena = arena;
    for (uint32_t f = 0; f < config->schema->n_fields; f++)
        stream->types[f] = config->schema->fields[f].type;
    if (config->is_scripted) {
        stream->scripts = mr_arena_zalloc(arena, sizeof *stream->scripts * config->n_partitions);
    } else if (!config->trace) {
        mr_generated_init(stream);
    } else if (mr_order_is_drawn(config)) {
        struct mr_order *orders =
            mr_arena_alloc(arena, sizeof(struct mr_order) * config->n_partitions);
        mr_order_draw(arena, config, draws, orders);
        stream->orders = orders;
    }
    return stream;
}

static const struct mr_partition *partition_at(const struct mr_stream *stream, uint32_t partition)
{
    MR_ASSERT(partition < stream->config->n_partitions);
    return &stream->config->partitions->partitions[partition];
}

/* The place of an offset in the prepared partition. */
static inline uint32_t prepared_index(const struct mr_stream *stream, uint32_t partition,
    int64_t offset)
{
    return stream->orders ? stream->orders[partition].indices[offset] : (uint32_t)offset;
}

static const mr_ns *arrivals_of(const struct mr_stream *stream, uint32_t partition)
{
    return stream->orders ? stream->orders[partition].arrivals_ns
                          : partition_at(stream, partition)->arrivals_ns;
}

int64_t mr_stream_rows(const struct mr_stream *stream, uint32_t partition)
{
    if (stream->scripts) return stream->scripts[partition].n_rows;
    if (!stream->config->trace) return mr_generated_rows(stream, partition);
    if (stream->orders) return stream->orders[partition].n_rows;
    return partition_at(stream, partition)->n_rows;
}

mr_us mr_stream_origin_us(const struct mr_stream *stream)
{
    return stream->config->trace ? stream->config->trace->origin_us
                                 : stream->config->generator.start_us;
}

/* The first moment, at or after `at_ns`, at which the partition is not silent. */
static mr_ns after_silence(const struct mr_stream_config *config, uint32_t partition, mr_ns at_ns)
{
    for (uint32_t pass = 0; pass < config->n_silences; pass++) {
        for (uint32_t i = 0; i < config->n_silences; i++) {
            const struct mr_silence *silence = &config->silences[i];
            mr_ns until_ns = mr_add_saturating(silence->from_ns, silence->for_ns);
            if (silence->partition == partition && at_ns >= silence->from_ns && at_ns < until_ns)
                at_ns = until_ns;
        }
    }
    return at_ns;
}

/* The inverse: rows whose own arrival is at most this have come by `now`. */
static mr_ns before_silence(const struct mr_stream_config *config, uint32_t partition, mr_ns now)
{
    for (uint32_t pass = 0; pass < config->n_silences; pass++) {
        for (uint32_t i = 0; i < config->n_silences; i++) {
            const struct mr_silence *silence = &config->silences[i];
            mr_ns until_ns = mr_add_saturating(silence->from_ns, silence->for_ns);
            if (silence->partition == partition && now >= silence->from_ns && now < until_ns)
                now = silence->from_ns - 1;
        }
    }
    return now;
}

static mr_ns own_arrival_ns(const struct mr_stream *stream, uint32_t partition, int64_t offset)
{
    if (stream->scripts) return stream->scripts[partition].arrivals_ns[offset];
    return stream->config->trace ? arrivals_of(stream, partition)[offset]
                                 : mr_generated_arrival_ns(stream, partition, offset);
}

mr_ns mr_stream_arrives_at(struct mr_stream *stream, uint32_t partition, int64_t offset)
{
    MR_ASSERT(offset >= 0);
    if (offset >= mr_stream_rows(stream, partition)) return MR_NS_NEVER;
    mr_ns at_ns = own_arrival_ns(stream, partition, offset);
    return stream->config->n_silences ? after_silence(stream->config, partition, at_ns) : at_ns;
}

/* Without an event time, the time at which the log takes the row in. */
static mr_us append_time_us(struct mr_stream *stream, uint32_t partition, int64_t offset)
{
    mr_ns at_ns = mr_stream_arrives_at(stream, partition, offset);
    if (at_ns == MR_NS_NEVER) at_ns = own_arrival_ns(stream, partition, offset);
    return mr_us_add(mr_stream_origin_us(stream), mr_us_from_ns(at_ns));
}

mr_us mr_stream_time_us(struct mr_stream *stream, uint32_t partition, int64_t offset)
{
    MR_ASSERT(offset >= 0 && offset < mr_stream_rows(stream, partition));
    if (stream->scripts) return stream->scripts[partition].times_us[offset];
    if (stream->config->event_time_field < 0) return append_time_us(stream, partition, offset);
    if (!stream->config->trace) return mr_generated_time_us(stream, partition, offset);
    uint32_t index = prepared_index(stream, partition, offset);
    return partition_at(stream, partition)->times_us[index];
}

void mr_stream_read(struct mr_stream *stream, uint32_t partition, int64_t first, uint32_t n,
    struct mr_value *values, mr_us *times_us)
{
    const struct mr_stream_config *config = stream->config;
    MR_ASSERT(first >= 0);
    MR_ASSERT(first + n <= mr_stream_rows(stream, partition));
    if (stream->scripts) {
        const struct mr_script *script = &stream->scripts[partition];
        size_t n_fields = config->schema->n_fields;
        memcpy(values, script->rows + (size_t)first * n_fields, n * n_fields * sizeof *values);
        memcpy(times_us, script->times_us + first, n * sizeof *times_us);
        return;
    }
    if (!config->trace) {
        mr_generated_read(stream, partition, first, n, values, times_us);
    } else {
        const struct mr_partition *prepared = partition_at(stream, partition);
        size_t n_fields = config->schema->n_fields;
        for (uint32_t i = 0; i < n; i++) {
            uint32_t index = prepared_index(stream, partition, first + i);
            memcpy(values + i * n_fields, config->trace->cells + prepared->rows[index] * n_fields,
                n_fields * sizeof *values);
            times_us[i] = prepared->times_us[index];
        }
    }
    if (config->event_time_field >= 0) return;
    for (uint32_t i = 0; i < n; i++) times_us[i] = append_time_us(stream, partition, first + i);
}

struct mr_message *mr_blob_new(struct mr_arena *arena, const enum mr_type *types, uint32_t n_columns,
    uint32_t n_rows, uint64_t nullable_columns, uint32_t heap_bytes, struct mr_column *columns,
    struct mr_batch *batch)
{
    MR_ASSERT(n_rows > 0 && n_rows <= MR_BATCH_ROWS_MAX);
    uint32_t heap_offset = mr_blob_bytes(types, n_columns, n_rows, 0, nullable_columns, 0);
    uint32_t bytes = heap_offset;
    if (heap_bytes > 0)
        bytes = mr_blob_bytes(types, n_columns, n_rows, 0, nullable_columns, heap_bytes);
    struct mr_message *message = mr_message_new(arena, 0, bytes);
    struct mr_batch_header *header = (struct mr_batch_header *)message->body;
    *header = (struct mr_batch_header){.n_rows = n_rows,
        .n_columns = (uint16_t)n_columns,
        .nullable_columns = nullable_columns,
        .heap_offset = heap_offset,
        .heap_bytes = heap_bytes};
    uint32_t heap_end = heap_offset + heap_bytes;
    MR_ASSERT(heap_end <= bytes);
    if (heap_end < bytes) memset(message->body + heap_end, 0, bytes - heap_end);
    mr_blob_view(message->body, types, columns, batch);
    for (uint32_t c = 0; c < n_columns; c++) { /* what is narrower than 8 bytes ends in padding */
        if (mr_type_bytes(types[c]) >= 8) continue;
        size_t used = (size_t)mr_type_bytes(types[c]) * n_rows;
        char *values = mr_blob_part(columns[c].values);
        memset(values + used, 0, (8 - used % 8) % 8);
    }
    return message;
}

/* Bits [first, first + n) of `from` to the start of `to`; the rest of the last word is zero. */
static void copy_bits(const uint64_t *from, uint32_t first, uint32_t n, uint64_t *to)
{
    uint32_t shift = first % 64;
    from += first / 64;
    for (uint32_t word = 0; word < (n + 63) / 64; word++) {
        uint64_t bits = from[word] >> shift;
        if (shift && word * 64 + 64 - shift < n) bits |= from[word + 1] << (64 - shift);
        uint32_t left = n - word * 64;
        to[word] = left < 64 ? bits & (((uint64_t)1 << left) - 1) : bits;
    }
}

/* Long strings of the copied rows lie at `heap_used` of the blob's heap instead of `heap_start` of the layout's. */
static void move_strings(struct mr_string *strings, uint32_t n, uint32_t heap_start,
    uint32_t heap_used)
{
    for (uint32_t i = 0; i < n; i++)
        if (strings[i].bytes > MR_STRING_INLINE_MAX)
            strings[i].heap_offset = strings[i].heap_offset - heap_start + heap_used;
}

/* Rows as they were prepared: copies of contiguous columns. */
static struct mr_message *prepared_blob(const struct mr_stream *stream, struct mr_arena *arena,
    uint32_t partition, uint32_t first, uint32_t n)
{
    const struct mr_partitions *partitions = stream->config->partitions;
    const struct mr_partition *prepared = partition_at(stream, partition);
    uint32_t n_fields = stream->config->schema->n_fields, heap_bytes = 0, heap_used = 0;
    for (uint32_t f = 0; f < n_fields; f++) {
        const uint32_t *starts = prepared->columns[f].heap_starts;
        if (starts) heap_bytes += starts[first + n] - starts[first];
    }
    struct mr_column columns[MR_FIELDS_MAX];
    struct mr_batch batch;
    struct mr_message *message = mr_blob_new(arena, stream->types, n_fields, n,
        partitions->nullable_columns, heap_bytes, columns, &batch);
    memcpy(mr_blob_part(batch.times_us), prepared->times_us + first, n * sizeof(mr_us));
    for (uint32_t f = 0; f < n_fields; f++) {
        const struct mr_layout_column *column = &prepared->columns[f];
        size_t bytes = mr_type_bytes(column->type);
        void *values = mr_blob_part(columns[f].values);
        memcpy(values, (const char *)column->values + bytes * first, bytes * n);
        if (column->valid) copy_bits(column->valid, first, n, mr_blob_part(columns[f].valid));
        if (!column->heap_starts) continue;
        uint32_t start = column->heap_starts[first];
        uint32_t length = column->heap_starts[first + n] - start;
        if (length == 0) continue; /* all of these are short */
        char *heap = mr_blob_part(columns[f].heap);
        memcpy(heap + heap_used, column->heap + start, length);
        move_strings(values, n, start, heap_used);
        heap_used += length;
    }
    return message;
}

static void gather_column(const struct mr_layout_column *column, const uint32_t *indices, uint32_t n,
    struct mr_column *out, uint32_t *heap_used)
{
    if (column->valid) {
        uint64_t *valid = mr_blob_part(out->valid);
        memset(valid, 0, (n + 63) / 64 * sizeof *valid);
        for (uint32_t i = 0; i < n; i++)
            valid[i / 64] |= (column->valid[indices[i] / 64] >> indices[i] % 64 & 1) << i % 64;
    }
    uint32_t bytes = mr_type_bytes(column->type);
    if (bytes == 8) {
        int64_t *values = mr_blob_part(out->values);
        for (uint32_t i = 0; i < n; i++) values[i] = ((const int64_t *)column->values)[indices[i]];
    } else if (bytes == 1) {
        uint8_t *values = mr_blob_part(out->values);
        for (uint32_t i = 0; i < n; i++) values[i] = ((const uint8_t *)column->values)[indices[i]];
    } else {
        struct mr_string *values = mr_blob_part(out->values);
        for (uint32_t i = 0; i < n; i++) {
            values[i] = ((const struct mr_string *)column->values)[indices[i]];
            if (values[i].bytes <= MR_STRING_INLINE_MAX) continue;
            char *heap = mr_blob_part(out->heap);
            memcpy(heap + *heap_used, column->heap + values[i].heap_offset, values[i].bytes);
            values[i].heap_offset = *heap_used;
            *heap_used += values[i].bytes;
        }
    }
}

/* Rows in the order that the seed drew. */
static struct mr_message *gathered_blob(const struct mr_stream *stream, struct mr_arena *arena,
    uint32_t partition, uint32_t first, uint32_t n)
{
    const struct mr_partition *prepared = partition_at(stream, partition);
    const uint32_t *indices = stream->orders[partition].indices + first;
    uint32_t n_fields = stream->config->schema->n_fields, heap_bytes = 0, heap_used = 0;
    for (uint32_t f = 0; f < n_fields; f++) {
        const uint32_t *starts = prepared->columns[f].heap_starts;
        for (uint32_t i = 0; starts && i < n; i++)
            heap_bytes += starts[indices[i] + 1] - starts[indices[i]];
    }
    struct mr_column columns[MR_FIELDS_MAX];
    struct mr_batch batch;
    struct mr_message *message = mr_blob_new(arena, stream->types, n_fields, n,
        stream->config->partitions->nullable_columns, heap_bytes, columns, &batch);
    mr_us *times_us = mr_blob_part(batch.times_us);
    for (uint32_t i = 0; i < n; i++) times_us[i] = prepared->times_us[indices[i]];
    for (uint32_t f = 0; f < n_fields; f++)
        gather_column(&prepared->columns[f], indices, n, &columns[f], &heap_used);
    return message;
}

/* How many of the `n` rows from `first` on have arrived by `now`; arrivals rise with the offset. */
static uint32_t arrived(const struct mr_stream *stream, uint32_t partition, int64_t first,
    uint32_t n, mr_ns now)
{
    if (stream->scripts) return n;
    if (stream->config->n_silences) now = before_silence(stream->config, partition, now);
    if (!stream->config->trace) return mr_generated_arrived(stream, partition, first, n, now);
    const mr_ns *arrivals_ns = arrivals_of(stream, partition) + first;
    if (n == 0 || arrivals_ns[n - 1] <= now) return n;
    uint32_t low = 0, high = n - 1;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (arrivals_ns[middle] <= now)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct mr_message *feed_read(void *self, struct mr_arena *arena, uint32_t partition,
    int64_t offset, uint32_t rows_max, mr_ns now, uint32_t *n_rows)
{
    struct mr_stream *stream = self;
    MR_ASSERT(rows_max > 0);
    MR_ASSERT(offset >= 0 && offset < mr_stream_rows(stream, partition));
    int64_t left = mr_stream_rows(stream, partition) - offset;
    uint32_t n = rows_max < MR_BATCH_ROWS_MAX ? rows_max : MR_BATCH_ROWS_MAX;
    if (left < n) n = (uint32_t)left;
    n = arrived(stream, partition, offset, n, now);
    MR_ASSERT(n > 0); /* the first row has arrived: the broker asked arrives_at */
    *n_rows = n;
    if (stream->scripts) return mr_scripted_blob(stream, arena, partition, offset, n);
    struct mr_message *message = !stream->config->trace
        ? mr_generated_blob(stream, arena, partition, offset, n)
        : stream->orders ? gathered_blob(stream, arena, partition, (uint32_t)offset, n)
                         : prepared_blob(stream, arena, partition, (uint32_t)offset, n);
    if (stream->config->event_time_field < 0) {
        mr_us *times_us = (mr_us *)(message->body + sizeof(struct mr_batch_header));
        for (uint32_t i = 0; i < n; i++)
            times_us[i] = append_time_us(stream, partition, offset + i);
    }
    return message;
}

static mr_ns feed_arrives_at(void *self, uint32_t partition, int64_t offset)
{
    return mr_stream_arrives_at(self, partition, offset);
}

static int64_t feed_end(void *self, uint32_t partition)
{
    const struct mr_stream *stream = self;
    return stream->config->is_open ? INT64_MAX : mr_stream_rows(stream, partition);
}

static bool feed_mark(
    void *self, uint32_t partition, uint64_t number, struct mr_log_feed_mark *out)
{
    const struct mr_script *script = &((struct mr_stream *)self)->scripts[partition];
    if (number >= script->n_marks) return false;
    *out = script->marks[number];
    return true;
}

struct mr_feed mr_stream_feed(struct mr_stream *stream)
{
    return (struct mr_feed){.self = stream,
        .read = feed_read,
        .arrives_at = feed_arrives_at,
        .end = feed_end,
        .mark = stream->scripts ? feed_mark : NULL};
}
