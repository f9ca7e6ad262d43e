/* From cells to typed rows: types, times, and the order in which the rows arrive. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/document_yaml.h"
#include "base/shape.h"
#include "base/utf8.h"
#include "scenarios/data/csv.h"
#include "scenarios/data/stream_internal.h"

/* Farther than this from the event time an arrival is no time but a mistake. */
#define ARRIVAL_DISTANCE_MAX_US ((int64_t)100 * 366 * 86400 * MR_SECOND_US)

enum { ROWS_MAX = 1 << 30 };

struct reading {
    struct mr_region *region;
    const struct mr_trace_options *options;
    struct mr_csv csv;
    size_t bytes;
    struct mr_trace *trace;
    int columns[MR_FIELDS_MAX]; /* of the file, by field */
    int arrival_column;         /* -1: none */
    int time_field;             /* -1: none */
    uint32_t n_columns;
    char *heap; /* strings of the trace */
    size_t heap_used;
    struct mr_value *cells;
    mr_us *times_us;
    mr_us *arrivals_us;
    struct mr_place *time_places; /* [n_rows]: for bounds that are known only at the end */
};

static bool quoted(const struct reading *reading, struct mr_err *err)
{
    mr_err_quote(err, reading->csv.text, reading->bytes);
    return false;
}

#define fail_cell(reading, cell, err, ...)                                                     \
    (mr_fail_at(err, mr_csv_place(&(reading)->csv, cell), __VA_ARGS__), quoted(reading, err))

/* Long cells are cut in messages. */
static int shown(const struct mr_csv_cell *cell)
{
    return cell->bytes < 60 ? (int)cell->bytes : 60;
}

static bool cell_is(const struct mr_csv_cell *cell, const char *word)
{
    return strlen(word) == cell->bytes && memcmp(word, cell->text, cell->bytes) == 0;
}

static bool find_column(const struct reading *reading, const struct mr_csv_cell *header, uint32_t n,
    const char *name, int *out, struct mr_err *err)
{
    *out = -1;
    for (uint32_t i = 0; i < n; i++) {
        if (!cell_is(&header[i], name)) continue;
        if (*out >= 0)
            return fail_cell(reading, &header[i], err, "column '%s' stands twice in the header", name);
        *out = (int)i;
    }
    if (*out >= 0) return true;
    const char *words[MR_CSV_CELLS_MAX];
    for (uint32_t i = 0; i < n; i++)
        words[i] = mr_region_strndup(reading->region, header[i].text, header[i].bytes);
    mr_fail_at(err, mr_csv_place(&reading->csv, &header[0]), "the trace has no column '%s'", name);
    mr_err_suggest(err, name, words, n);
    return quoted(reading, err);
}

static bool read_header(struct reading *reading, struct mr_err *err)
{
    const struct mr_trace_options *options = reading->options;
    struct mr_csv_cell header[MR_CSV_CELLS_MAX];
    uint32_t n;
    if (!mr_csv_row(&reading->csv, header, &n, err)) return false;
    if (n == 0)
        return mr_fail_at(err, ((struct mr_place){reading->csv.path, 1, 1}), "the trace is empty");
    for (uint32_t f = 0; f < options->schema->n_fields; f++) {
        const char *name = options->schema->fields[f].name;
        if (!find_column(reading, header, n, name, &reading->columns[f], err)) return false;
    }
    reading->n_columns = n;
    reading->arrival_column = -1;
    return !options->arrival_column ||
        find_column(reading, header, n, options->arrival_column, &reading->arrival_column, err);
}

static bool parse_integer(const struct mr_csv_cell *cell, int64_t *out)
{
    bool is_negative = cell->bytes > 0 && cell->text[0] == '-';
    uint32_t i = is_negative || (cell->bytes > 0 && cell->text[0] == '+');
    if (i == cell->bytes) return false;
    int64_t value = 0;
    for (; i < cell->bytes; i++) {
        int digit = cell->text[i] - '0';
        if (digit < 0 || digit > 9) return false;
        if (__builtin_mul_overflow(value, 10, &value)) return false;
        if (__builtin_sub_overflow(value, digit, &value)) return false;
    }
    if (!is_negative && value == INT64_MIN) return false;
    *out = is_negative ? value : -value;
    return true;
}

/* Digits, a point, an exponent; or nan, inf. Not what strtod takes beyond that, such as hexadecimal. */
static bool parse_float(const struct mr_csv_cell *cell, double *out)
{
    char text[64];
    if (cell->bytes == 0 || cell->bytes >= sizeof text) return false;
    memcpy(text, cell->text, cell->bytes);
    text[cell->bytes] = '\0';
    size_t word = text[0] == '-' || text[0] == '+';
    bool is_word = strcmp(text + word, "nan") == 0 || strcmp(text + word, "inf") == 0;
    if (!is_word && strspn(text, "+-.0123456789eE") != cell->bytes) return false;
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end) return false;
    *out = mr_canonical_float(value);
    return true;
}

static bool parse_boolean(const struct mr_csv_cell *cell, int64_t *out)
{
    static const char *const words[] = {"false", "true", "False", "True", "FALSE", "TRUE", "0", "1"};
    for (int i = 0; i < 8; i++) {
        if (!cell_is(cell, words[i])) continue;
        *out = i & 1;
        return true;
    }
    return false;
}

/* JSON's objects are rows, unless a map is wanted. */
static bool map_of_row(struct mr_region *region, struct mr_value *value)
{
    if (value->type != MR_TYPE_ROW) return value->type == MR_TYPE_NULL;
    struct mr_document_writer writer = {0};
    struct mr_document_cursor cursor = mr_document_open(*value);
    struct mr_value member;
    size_t begin = mr_document_begin(&writer, MR_DOCUMENT_MAP);
    while (mr_document_next(&cursor, &member)) {
        mr_document_put_text(&writer, MR_DOCUMENT_STRING, cursor.name, cursor.name_bytes);
        mr_document_put(&writer, member);
    }
    mr_document_end(&writer, begin);
    char *copy = mr_region_alloc(region, writer.bytes);
    memcpy(copy, writer.data, writer.bytes);
    *value = mr_document_value(copy);
    mr_document_writer_deinit(&writer);
    return true;
}

static struct mr_value read_text(struct reading *reading, const struct mr_csv_cell *cell,
    enum mr_type type)
{
    char *text = reading->heap + reading->heap_used;
    uint32_t bytes = mr_csv_copy(cell, text);
    reading->heap_used += bytes;
    return (struct mr_value){.text = text, .bytes = bytes, .type = (uint8_t)type};
}

/* A cell with values inside is JSON. In an ANY column, too: there a text has quotes. */
static bool read_document(struct reading *reading, const struct mr_field *field,
    const struct mr_csv_cell *cell, struct mr_value *out, struct mr_err *err)
{
    char *text = mr_region_alloc(reading->region, cell->bytes + 1);
    uint32_t bytes = mr_csv_copy(cell, text);
    const struct mr_yaml *node = NULL;
    struct mr_err inner = {0};
    struct mr_value value = {.type = MR_TYPE_NULL};
    if (!mr_yaml_parse(reading->region, "a cell", text, bytes, MR_YAML_1_2, &node, &inner) ||
        !node || !mr_value_of_yaml(reading->region, node, false, &value, &inner) ||
        (field->type == MR_TYPE_MAP && !map_of_row(reading->region, &value)) ||
        !mr_field_accepts(field, value))
        return fail_cell(reading, cell, err, "cell '%.*s' of column '%s' is not %s %s",
            shown(cell), cell->text, field->name, field->type == MR_TYPE_ANY ? "JSON of" : "a",
            mr_type_name(field->type));
    *out = value;
    return true;
}

static const char *article_of(enum mr_type type)
{
    return type == MR_TYPE_INT ? "an" : "a";
}

static bool read_cell(struct reading *reading, const struct mr_field *field,
    const struct mr_csv_cell *cell, struct mr_value *out, struct mr_err *err)
{
    bool is_text = field->type == MR_TYPE_STRING || field->type == MR_TYPE_BYTES;
    if (cell->bytes == 0 && field->is_nullable && !(is_text && cell->is_quoted)) {
        *out = (struct mr_value){.type = MR_TYPE_NULL};
        return true;
    }
    struct mr_value value = {.type = (uint8_t)field->type};
    bool ok = false;
    size_t bad_at;
    if (mr_type_is_document(field->type)) {
        ok = true;
        if (!read_document(reading, field, cell, &value, err)) return false;
    } else if (is_text) {
        ok = field->type == MR_TYPE_BYTES || mr_utf8_is_valid(cell->text, cell->bytes, &bad_at);
        if (!ok)
            return fail_cell(reading, cell, err, "cell of column '%s' is not UTF-8", field->name);
        value = read_text(reading, cell, field->type);
    } else if (field->type == MR_TYPE_INT) {
        ok = parse_integer(cell, &value.i);
    } else if (field->type == MR_TYPE_FLOAT) {
        ok = parse_float(cell, &value.f);
    } else if (field->type == MR_TYPE_BOOL) {
        ok = parse_boolean(cell, &value.i);
    } else if (field->type == MR_TYPE_TIMESTAMP) {
        ok = mr_timestamp_parse(cell->text, cell->bytes, &value.i);
    }
    if (!ok && cell->bytes == 0)
        return fail_cell(reading, cell, err, "empty cell in column '%s', which is not nullable",
            field->name);
    if (!ok)
        return fail_cell(reading, cell, err, "cell '%.*s' of column '%s' is not %s %s", shown(cell),
            cell->text, field->name, article_of(field->type), mr_type_name(field->type));
    *out = value;
    return true;
}

/* A time that is missing or makes no sense: an error, or the row is left out. */
static bool bad_time(struct reading *reading, const struct mr_csv_cell *cell, const char *column,
    bool *is_valid, struct mr_err *err)
{
    *is_valid = false;
    if (reading->options->on_bad_time == MR_BAD_TIME_DROP) return true;
    return fail_cell(reading, cell, err,
        "cell '%.*s' of column '%s' is not a time (on_bad_time: drop leaves such rows out)",
        shown(cell), cell->text, column);
}

static int64_t unit_us(enum mr_arrival_unit unit)
{
    static const int64_t units[] = {
        1, 1000, MR_SECOND_US, 60 * MR_SECOND_US, 3600 * MR_SECOND_US};
    return units[unit];
}

/* A decimal number of units as microseconds, rounded towards zero; no exponent. */
static bool parse_span(const struct mr_csv_cell *cell, enum mr_arrival_unit unit, int64_t *out_us)
{
    bool is_negative = cell->bytes > 0 && cell->text[0] == '-';
    uint32_t i = is_negative || (cell->bytes > 0 && cell->text[0] == '+');
    __int128 value = 0, scale = 1;
    bool has_point = false;
    uint32_t digits = 0;
    for (; i < cell->bytes; i++) {
        char c = cell->text[i];
        if (c == '.' && !has_point) {
            has_point = true;
            continue;
        }
        if (c < '0' || c > '9') return false;
        if (has_point && scale >= 1000000000) continue;
        if (++digits > 27) return false;
        value = value * 10 + (c - '0');
        if (has_point) scale *= 10;
    }
    if (digits == 0 || value > (__int128)INT64_MAX * 1000000000 / unit_us(unit)) return false;
    value = value * unit_us(unit) / scale;
    if (value > INT64_MAX) return false;
    *out_us = is_negative ? -(int64_t)value : (int64_t)value;
    return true;
}

static bool parse_arrival(const struct reading *reading, const struct mr_csv_cell *cell,
    mr_us time_us, mr_us *out_us)
{
    const struct mr_trace_options *options = reading->options;
    int64_t span_us;
    if (!options->arrival_is_relative) {
        if (parse_span(cell, options->arrival_unit, &span_us))
            *out_us = span_us;
        else if (!mr_timestamp_parse(cell->text, cell->bytes, out_us))
            return false;
        if (reading->time_field < 0) return true;
        int64_t distance_us;
        return !__builtin_sub_overflow(*out_us, time_us, &distance_us) &&
            distance_us <= ARRIVAL_DISTANCE_MAX_US && distance_us >= -ARRIVAL_DISTANCE_MAX_US;
    }
    if (!parse_span(cell, options->arrival_unit, &span_us)) return false;
    if (span_us > ARRIVAL_DISTANCE_MAX_US || span_us < -ARRIVAL_DISTANCE_MAX_US) return false;
    *out_us = mr_us_add(time_us, span_us);
    return true;
}

/* Fills the times of row `row`; the event time's cell is one of `values`. */
static bool read_times(struct reading *reading, const struct mr_csv_cell *cells,
    const struct mr_value *values, uint32_t row, bool *is_valid, struct mr_err *err)
{
    const struct mr_schema *schema = reading->options->schema;
    mr_us time_us = 0;
    if (reading->time_field >= 0) {
        int field = reading->time_field;
        const struct mr_csv_cell *cell = &cells[reading->columns[field]];
        if (values[field].type == MR_TYPE_NULL)
            return bad_time(reading, cell, schema->fields[field].name, is_valid, err);
        time_us = values[field].i;
        reading->time_places[row] = mr_csv_place(&reading->csv, cell);
    }
    mr_us arrival_us = time_us;
    if (reading->arrival_column >= 0) {
        const struct mr_csv_cell *cell = &cells[reading->arrival_column];
        if (!parse_arrival(reading, cell, time_us, &arrival_us))
            return bad_time(reading, cell, reading->options->arrival_column, is_valid, err);
    }
    reading->times_us[row] = reading->time_field >= 0 ? time_us : arrival_us;
    reading->arrivals_us[row] = arrival_us;
    *is_valid = true;
    return true;
}

static bool read_row(struct reading *reading, const struct mr_csv_cell *cells, uint32_t row,
    bool *is_valid, struct mr_err *err)
{
    const struct mr_schema *schema = reading->options->schema;
    struct mr_value *values = reading->cells + (size_t)row * schema->n_fields;
    size_t heap_used = reading->heap_used;
    for (uint32_t f = 0; f < schema->n_fields; f++) {
        const struct mr_field *field = &schema->fields[f];
        const struct mr_csv_cell *cell = &cells[reading->columns[f]];
        if ((int)f == reading->time_field && field->type == MR_TYPE_TIMESTAMP) {
            mr_us time_us;
            if (!mr_timestamp_parse(cell->text, cell->bytes, &time_us)) {
                reading->heap_used = heap_used;
                return bad_time(reading, cell, field->name, is_valid, err);
            }
            values[f] = (struct mr_value){.i = time_us, .type = MR_TYPE_TIMESTAMP};
        } else if (!read_cell(reading, field, cell, &values[f], err)) {
            return false;
        }
    }
    if (!read_times(reading, cells, values, row, is_valid, err)) return false;
    if (!*is_valid) reading->heap_used = heap_used;
    return true;
}

static bool read_rows(struct reading *reading, struct mr_err *err)
{
    struct mr_csv_cell cells[MR_CSV_CELLS_MAX];
    struct mr_trace *trace = reading->trace;
    for (;;) {
        uint32_t n;
        if (!mr_csv_row(&reading->csv, cells, &n, err)) return false;
        if (n == 0) return true;
        if (n != reading->n_columns)
            return fail_cell(reading, &cells[0], err, "the row has %u cells, the header has %u", n,
                reading->n_columns);
        bool is_valid;
        if (!read_row(reading, cells, trace->n_rows, &is_valid, err)) return false;
        trace->n_rows += is_valid;
        trace->n_dropped += !is_valid;
    }
}

static mr_us median_time_us(const struct reading *reading)
{
    uint32_t n = reading->trace->n_rows;
    struct mr_ranked *items = mr_alloc(2 * sizeof *items * n);
    for (uint32_t i = 0; i < n; i++)
        items[i] = (struct mr_ranked){mr_rank_key(reading->times_us[i]), i};
    mr_ranked_sort(items, items + n, n);
    mr_us median_us = reading->times_us[items[(n - 1) / 2].index];
    mr_free(items);
    return median_us;
}

static void keep_row(struct reading *reading, uint32_t from, uint32_t to)
{
    if (from == to) return;
    size_t n_fields = reading->options->schema->n_fields;
    memcpy(reading->cells + to * n_fields, reading->cells + from * n_fields,
        n_fields * sizeof *reading->cells);
    reading->times_us[to] = reading->times_us[from];
    reading->arrivals_us[to] = reading->arrivals_us[from];
}

static bool fail_bound(const struct reading *reading, uint32_t row, bool is_future,
    struct mr_err *err)
{
    const struct mr_trace_options *options = reading->options;
    char when[MR_TIME_TEXT_BYTES], span[MR_TIME_TEXT_BYTES];
    mr_us bound_us = is_future ? options->max_future_us : options->max_past_us;
    mr_fail_at(err, reading->time_places[row],
        "time %s lies more than %s (%s) %s the median of the trace",
        mr_timestamp_format(reading->times_us[row], when),
        mr_duration_format(mr_ns_from_us(bound_us), span), is_future ? "max_future" : "max_past",
        is_future ? "after" : "before");
    return quoted(reading, err);
}

/* Times outside of the bounds; only now is the middle of the trace known. */
static bool apply_bounds(struct reading *reading, struct mr_err *err)
{
    const struct mr_trace_options *options = reading->options;
    struct mr_trace *trace = reading->trace;
    if (trace->n_rows == 0 || (!options->max_future_us && !options->max_past_us)) return true;
    mr_us median_us = median_time_us(reading);
    uint32_t kept = 0;
    for (uint32_t row = 0; row < trace->n_rows; row++) {
        mr_us time_us = reading->times_us[row];
        bool is_future =
            options->max_future_us && time_us > mr_us_add(median_us, options->max_future_us);
        bool is_past = options->max_past_us && time_us < mr_us_add(median_us, -options->max_past_us);
        if (is_future || is_past) {
            if (options->on_bad_time == MR_BAD_TIME_ERROR)
                return fail_bound(reading, row, is_future, err);
            trace->n_dropped++;
            continue;
        }
        keep_row(reading, row, kept++);
    }
    trace->n_rows = kept;
    return true;
}

static void order_by_arrival(struct reading *reading)
{
    struct mr_trace *trace = reading->trace;
    uint32_t n = trace->n_rows;
    uint32_t *order = mr_region_array(reading->region, uint32_t, n);
    mr_us *behind_us = mr_region_array(reading->region, mr_us, n);
    struct mr_ranked *items = mr_alloc(2 * sizeof *items * n);
    for (uint32_t i = 0; i < n; i++)
        items[i] = (struct mr_ranked){mr_rank_key(reading->arrivals_us[i]), i};
    mr_ranked_sort(items, items + n, n);
    mr_us largest_us = MR_US_MIN;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t row = items[i].index;
        order[i] = row;
        mr_us time_us = reading->times_us[row];
        if (time_us > largest_us) largest_us = time_us;
        behind_us[i] = mr_add_saturating(largest_us, -time_us);
    }
    for (uint32_t i = 0; i < n; i++) items[i] = (struct mr_ranked){mr_rank_key(behind_us[i]), i};
    mr_ranked_sort(items, items + n, n);
    mr_us *sorted_us = mr_region_array(reading->region, mr_us, n);
    for (uint32_t i = 0; i < n; i++) sorted_us[i] = behind_us[items[i].index];
    mr_free(items);
    trace->order = order;
    trace->behind_us = sorted_us;
    trace->origin_us = reading->arrivals_us[order[0]];
}

static uint64_t lines_of(const char *text, size_t bytes)
{
    uint64_t n = 1;
    for (size_t i = 0; i < bytes; i++) n += text[i] == '\n';
    return n;
}

static bool read_trace(struct reading *reading, uint64_t rows_max, struct mr_err *err)
{
    struct mr_trace *trace = reading->trace;
    struct mr_place top = {reading->csv.path, 1, 1};
    if (!read_header(reading, err)) return false;
    reading->heap = mr_region_alloc(reading->region, reading->bytes + 1);
    reading->cells = mr_region_array(reading->region, struct mr_value,
        (size_t)rows_max * reading->options->schema->n_fields);
    reading->times_us = mr_region_array(reading->region, mr_us, rows_max);
    reading->arrivals_us = mr_region_array(reading->region, mr_us, rows_max);
    if (!read_rows(reading, err) || !apply_bounds(reading, err)) return false;
    if (trace->n_rows == 0 && trace->n_dropped == 0)
        return mr_fail_at(err, top, "the trace has a header and no row");
    if (trace->n_rows == 0)
        return mr_fail_at(err, top, "the trace has no valid row: %llu were dropped for their time",
            (unsigned long long)trace->n_dropped);
    order_by_arrival(reading);
    trace->cells = reading->cells;
    trace->times_us = reading->times_us;
    trace->arrivals_us = reading->arrivals_us;
    return true;
}

bool mr_trace_read_csv(struct mr_region *region, const char *path, const char *text, size_t bytes,
    const struct mr_trace_options *options, const struct mr_trace **out, struct mr_err *err)
{
    MR_ASSERT(options->schema && options->schema->n_fields <= MR_FIELDS_MAX);
    uint64_t rows_max = lines_of(text, bytes);
    if (rows_max > ROWS_MAX || bytes > UINT32_MAX)
        return mr_fail(err, MR_ERR_INPUT, "the trace '%s' is too large: %u rows or 4 GB at most", path,
            (unsigned)ROWS_MAX);
    struct reading reading = {.region = region, .options = options, .bytes = bytes, .time_field = -1};
    if (options->event_time)
        reading.time_field = mr_schema_find(options->schema, options->event_time);
    MR_ASSERT(!options->event_time || reading.time_field >= 0);
    MR_ASSERT(options->is_table || reading.time_field >= 0 || (options->arrival_column && !options->arrival_is_relative));
    mr_csv_init(&reading.csv, mr_region_strdup(region, path), text, bytes);
    reading.trace = mr_region_new(region, struct mr_trace);
    reading.trace->path = reading.csv.path;
    reading.trace->schema = options->schema;
    reading.time_places = mr_alloc(rows_max * sizeof *reading.time_places);
    bool ok = read_trace(&reading, rows_max, err);
    mr_free(reading.time_places);
    if (ok) *out = reading.trace;
    return ok;
}

uint64_t mr_trace_rows(const struct mr_trace *trace)
{
    return trace->n_rows;
}

uint64_t mr_trace_dropped(const struct mr_trace *trace)
{
    return trace->n_dropped;
}

mr_us mr_trace_origin_us(const struct mr_trace *trace)
{
    return trace->origin_us;
}

mr_us mr_trace_disorder_us(const struct mr_trace *trace, struct mr_ratio quantile)
{
    MR_ASSERT(quantile.whole > 0);
    MR_ASSERT(quantile.part <= quantile.whole);
    uint64_t rank = ((uint64_t)trace->n_rows * quantile.part + quantile.whole - 1) / quantile.whole;
    return trace->behind_us[rank ? rank - 1 : 0];
}

void mr_trace_row(const struct mr_trace *trace, uint64_t row, struct mr_value *values)
{
    MR_ASSERT(row < trace->n_rows);
    uint32_t n_fields = trace->schema->n_fields;
    memcpy(values, trace->cells + row * n_fields, sizeof *values * n_fields);
}
