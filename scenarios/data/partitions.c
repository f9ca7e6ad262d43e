/* The rows of a trace laid out for a stream, once a campaign: columns of each partition in arrival order. */
#include <string.h>

#include "base/digest.h"
#include "base/document.h"
#include "scenarios/data/stream_internal.h"

static uint32_t partition_of(const struct mr_stream_config *config, uint32_t row, uint32_t arrival)
{
    if (config->key_field < 0) return arrival % config->n_partitions;
    const struct mr_trace *trace = config->trace;
    const struct mr_value *cells = trace->cells + (size_t)row * trace->schema->n_fields;
    return (uint32_t)(mr_value_hash(cells[config->key_field]) % config->n_partitions);
}

static mr_ns arrival_ns(const struct mr_stream_config *config, uint32_t row)
{
    const struct mr_trace *trace = config->trace;
    __int128 span_ns = ((__int128)trace->arrivals_us[row] - trace->origin_us) * 1000;
    span_ns /= config->speedup;
    MR_ASSERT(span_ns >= 0);
    return span_ns < MR_NS_NEVER ? (mr_ns)span_ns : MR_NS_NEVER - 1;
}

/* Which rows belong to which partition, in arrival order; what does not come from columns. */
static void deal_rows(struct mr_region *region, const struct mr_stream_config *config,
    struct mr_partition *partitions)
{
    const struct mr_trace *trace = config->trace;
    for (uint32_t i = 0; i < trace->n_rows; i++)
        partitions[partition_of(config, trace->order[i], i)].n_rows++;
    for (uint32_t p = 0; p < config->n_partitions; p++) {
        partitions[p].rows = mr_region_array(region, uint32_t, partitions[p].n_rows + 1);
        partitions[p].arrivals_ns = mr_region_array(region, mr_ns, partitions[p].n_rows + 1);
        partitions[p].times_us = mr_region_array(region, mr_us, partitions[p].n_rows + 1);
        partitions[p].n_rows = 0;
    }
    for (uint32_t i = 0; i < trace->n_rows; i++) {
        uint32_t row = trace->order[i];
        struct mr_partition *partition = &partitions[partition_of(config, row, i)];
        uint32_t at = partition->n_rows++;
        ((uint32_t *)mr_blob_part(partition->rows))[at] = row;
        mr_ns at_ns = arrival_ns(config, row);
        ((mr_ns *)mr_blob_part(partition->arrivals_ns))[at] = at_ns;
        ((mr_us *)mr_blob_part(partition->times_us))[at] = trace->times_us[row];
    }
}

static void put_value(struct mr_value value, enum mr_type type, void *values, uint32_t row)
{
    if (type == MR_TYPE_BOOL)
        ((uint8_t *)values)[row] = (uint8_t)value.i;
    else
        ((int64_t *)values)[row] = value.i; /* the bits of a double as well */
}

static void put_string(struct mr_value value, struct mr_string *out, char *heap, uint32_t *heap_used)
{
    *out = (struct mr_string){.bytes = value.bytes};
    if (value.bytes <= MR_STRING_INLINE_MAX) {
        if (value.bytes) memcpy(out->inline_text, value.text, value.bytes);
        return;
    }
    memcpy(out->prefix, value.text, sizeof out->prefix);
    out->heap_offset = *heap_used;
    memcpy(heap + *heap_used, value.text, value.bytes);
    *heap_used += value.bytes;
}

/* The cell as its column has it: of an ANY column the document, in `raw` until the next call. */
static struct mr_value cell_of(const struct mr_trace *trace, uint32_t row, uint32_t field,
    struct mr_document_writer *raw)
{
    struct mr_value value = trace->cells[(size_t)row * trace->schema->n_fields + field];
    bool is_any = trace->schema->fields[field].type == MR_TYPE_ANY;
    if (!is_any || value.type == MR_TYPE_NULL) return value;
    raw->bytes = 0;
    mr_document_put(raw, value);
    return (struct mr_value){
        .text = raw->data, .bytes = (uint32_t)raw->bytes, .type = MR_TYPE_ANY};
}

static uint32_t long_bytes(const struct mr_trace *trace, const struct mr_partition *partition,
    uint32_t field, struct mr_document_writer *raw)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < partition->n_rows; i++) {
        struct mr_value value = cell_of(trace, partition->rows[i], field, raw);
        if (value.type != MR_TYPE_NULL && value.bytes > MR_STRING_INLINE_MAX) bytes += value.bytes;
    }
    MR_ASSERT(bytes <= UINT32_MAX); /* a trace has at most 4 GB */
    return (uint32_t)bytes;
}

static void lay_column(struct mr_region *region, const struct mr_trace *trace,
    const struct mr_partition *partition, uint32_t field, bool has_nulls,
    struct mr_layout_column *out)
{
    enum mr_type type = trace->schema->fields[field].type;
    uint32_t n = partition->n_rows;
    bool is_text = mr_type_is_text(type);
    struct mr_document_writer writer = {0};
    uint32_t heap_bytes = is_text ? long_bytes(trace, partition, field, &writer) : 0;
    void *values = mr_region_alloc(region, (size_t)mr_type_bytes(type) * n + 1);
    uint64_t *valid = has_nulls ? mr_region_array(region, uint64_t, n / 64 + 2) : NULL;
    char *heap = heap_bytes ? mr_region_alloc(region, heap_bytes) : NULL;
    uint32_t *heap_starts = heap ? mr_region_array(region, uint32_t, n + 1) : NULL;
    uint32_t heap_used = 0;
    for (uint32_t i = 0; i < n; i++) {
        struct mr_value value = cell_of(trace, partition->rows[i], field, &writer);
        if (heap) heap_starts[i] = heap_used;
        if (value.type == MR_TYPE_NULL) continue; /* zero */
        if (valid) valid[i / 64] |= (uint64_t)1 << i % 64;
        if (is_text)
            put_string(value, &((struct mr_string *)values)[i], heap, &heap_used);
        else
            put_value(value, type, values, i);
    }
    if (heap) heap_starts[n] = heap_used;
    mr_document_writer_deinit(&writer);
    *out = (struct mr_layout_column){type, has_nulls, values, valid, heap, heap_starts};
}

static bool any_null(const struct mr_trace *trace, uint32_t field)
{
    for (uint32_t row = 0; row < trace->n_rows; row++)
        if (trace->cells[(size_t)row * trace->schema->n_fields + field].type == MR_TYPE_NULL)
            return true;
    return false;
}

static uint32_t purpose(struct mr_region *region, const char *topic, const char *what)
{
    return mr_name(mr_region_printf(region, "%s.%s", topic, what));
}

void mr_stream_prepare(struct mr_region *region, struct mr_stream_config *config)
{
    MR_ASSERT(config->n_partitions > 0);
    if (!config->trace) return;
    MR_ASSERT(config->speedup >= 1);
    const struct mr_schema *schema = config->trace->schema;
    struct mr_partitions *out = mr_region_new(region, struct mr_partitions);
    struct mr_partition *partitions =
        mr_region_array(region, struct mr_partition, config->n_partitions);
    deal_rows(region, config, partitions);
    struct mr_layout_column *columns = mr_region_array(
        region, struct mr_layout_column, (size_t)config->n_partitions * schema->n_fields + 1);
    for (uint32_t f = 0; f < schema->n_fields; f++) {
        bool has_nulls = any_null(config->trace, f);
        if (has_nulls) out->nullable_columns |= (uint64_t)1 << f;
        out->types[f] = schema->fields[f].type;
        for (uint32_t p = 0; p < config->n_partitions; p++)
            lay_column(region, config->trace, &partitions[p], f, has_nulls,
                &columns[p * schema->n_fields + f]);
    }
    for (uint32_t p = 0; p < config->n_partitions; p++)
        partitions[p].columns = columns + (size_t)p * schema->n_fields;
    out->n_partitions = config->n_partitions;
    out->partitions = partitions;
    out->extra_name = purpose(region, config->topic, "extra");
    out->duplicate_name = purpose(region, config->topic, "duplicate");
    out->linger_name = purpose(region, config->topic, "linger");
    config->partitions = out;
}
