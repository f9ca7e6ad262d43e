/* The recorder of one run: everything that happens becomes a row. */
#include <string.h>

#include "replay/store_internal.h"

/* Inserts a row of a table that begins with run, n and at_ns. */
#define RECORD(store, table, at_ns, ...)                                                       \
    mr_store_put(store, table, MR_INT((store)->recording.run), MR_INT((store)->recording.n++), \
        MR_INT(at_ns), __VA_ARGS__)

static void input(void *self, uint32_t topic, uint32_t partition, int64_t offset,
    mr_ns arrives_at_ns, mr_us event_time_us)
{
    struct mr_store *store = self;
    mr_store_put(store, MR_TABLE_INPUTS, MR_INT(store->recording.run), MR_INT(topic),
        MR_INT(partition), MR_INT(offset),
        arrives_at_ns == MR_NS_NEVER ? MR_NOTHING : MR_INT(arrives_at_ns),
        MR_INT(event_time_us));
}

/* Output rows. */

static void add_value(struct mr_text *text, struct mr_value value)
{
    if (value.type == MR_TYPE_STRING) {
        mr_text_json(text, value.text, value.bytes);
        return;
    }
    size_t size = mr_value_text_size(value);
    char *formatted = mr_alloc(size);
    mr_text_add(text, formatted, mr_value_format(value, formatted, size));
    mr_free(formatted);
}

static const char *row_json(struct mr_text *text, const struct mr_schema *schema,
    const struct mr_batch *rows, uint32_t row)
{
    text->bytes = 0;
    mr_text_add(text, "{", 1);
    for (uint32_t i = 0; i < schema->n_fields; i++) {
        if (i > 0) mr_text_add(text, ", ", 2);
        mr_text_json(text, schema->fields[i].name, strlen(schema->fields[i].name));
        mr_text_add(text, ": ", 2);
        add_value(text, mr_column_value(&rows->columns[i], row));
    }
    mr_text_add(text, "}", 1);
    return text->data;
}

static struct mr_cell timing_of(const struct mr_batch *rows, uint32_t row)
{
    static const char *const names[] = {
        [MR_PANE_EARLY] = "early", [MR_PANE_ON_TIME] = "on_time", [MR_PANE_LATE] = "late"};
    if (!(rows->slots & MR_SLOT_PANE) || rows->panes[row].timing >= MR_PANE_UNKNOWN)
        return MR_NOTHING;
    return MR_TEXT(names[rows->panes[row].timing]);
}

static struct mr_cell kind_of(const struct mr_batch *rows, uint32_t row)
{
    static const char *const names[] = {[MR_ROW_INSERT] = "insert",
        [MR_ROW_UPDATE_BEFORE] = "update_before",
        [MR_ROW_UPDATE_AFTER] = "update_after",
        [MR_ROW_DELETE] = "delete"};
    return rows->kinds ? MR_TEXT(names[rows->kinds[row]]) : MR_NOTHING;
}

static void appended(void *self, mr_ns at_ns, uint32_t topic, uint32_t partition,
    int64_t offset, uint64_t producer_id, uint32_t producer_epoch, uint32_t attempt,
    uint64_t checkpoint, const struct mr_schema *schema, const struct mr_batch *rows)
{
    struct mr_store *store = self;
    for (uint32_t i = 0; i < rows->n_selected; i++) {
        uint32_t row = mr_batch_row(rows, i);
        bool has_window = (rows->slots & MR_SLOT_WINDOW) != 0;
        RECORD(store, MR_TABLE_OUTPUTS, at_ns, MR_INT(topic), MR_INT(partition),
            MR_INT(offset + i), MR_INT(producer_id), MR_INT(producer_epoch), MR_INT(attempt),
            MR_INT(checkpoint), MR_INT(rows->times_us[row]),
            has_window ? MR_INT(rows->window_starts_us[row]) : MR_NOTHING,
            has_window ? MR_INT(rows->window_ends_us[row]) : MR_NOTHING, timing_of(rows, row),
            MR_TEXT(row_json(&store->recording.row, schema, rows, row)), kind_of(rows, row));
    }
}

static void transaction(
    void *self, mr_ns at_ns, uint64_t producer_id, uint32_t producer_epoch, const char *what)
{
    struct mr_store *store = self;
    RECORD(store, MR_TABLE_TRANSACTIONS, at_ns, MR_INT(producer_id), MR_INT(producer_epoch),
        MR_TEXT(what));
}

/* Time and progress. */

static void watermark(void *self, mr_ns at_ns, const char *transform, uint32_t subtask,
    uint32_t attempt, mr_us watermark_us)
{
    struct mr_store *store = self;
    RECORD(store, MR_TABLE_WATERMARKS, at_ns, MR_TEXT(transform), MR_INT(subtask),
        MR_INT(attempt), MR_INT(watermark_us));
}

static void backlog(void *self, mr_ns at_ns, uint32_t topic, int64_t rows)
{
    struct mr_store *store = self;
    RECORD(store, MR_TABLE_BACKLOG, at_ns, MR_INT(topic), MR_INT(rows));
}

static void late(void *self, mr_ns at_ns, const char *transform, uint32_t subtask,
    mr_us event_time_us, mr_us window_start_us, mr_us window_end_us, mr_us watermark_us)
{
    struct mr_store *store = self;
    RECORD(store, MR_TABLE_LATE_ROWS, at_ns, MR_TEXT(transform), MR_INT(subtask),
        MR_INT(event_time_us), MR_INT(window_start_us), MR_INT(window_end_us),
        MR_INT(watermark_us));
}

static void checkpoint(
    void *self, mr_ns at_ns, uint64_t id, uint32_t attempt, const char *what, uint64_t bytes)
{
    struct mr_store *store = self;
    RECORD(store, MR_TABLE_CHECKPOINTS, at_ns, MR_INT(id), MR_INT(attempt), MR_TEXT(what),
        MR_INT(bytes));
}

static void job(
    void *self, mr_ns at_ns, uint32_t attempt, const char *state, const char *reason)
{
    struct mr_store *store = self;
    RECORD(store, MR_TABLE_JOB_STATES, at_ns, MR_INT(attempt), MR_TEXT(state),
        MR_TEXT(reason ? reason : ""));
}

/* The world. */

static void fault(void *self, mr_ns at_ns, const char *name, const char *kind,
    const char *process, bool begins)
{
    struct mr_store *store = self;
    RECORD(store, MR_TABLE_FAULTS, at_ns, MR_TEXT(name), MR_TEXT(kind), MR_TEXT(process),
        MR_INT(begins));
}

static void process_event(void *self, mr_ns at_ns, const char *process, const char *what)
{
    struct mr_store *store = self;
    RECORD(store, MR_TABLE_PROCESSES, at_ns, MR_TEXT(process), MR_TEXT(what));
}

static void point(
    void *self, mr_ns at_ns, const char *process, const char *name, uint64_t occurrence)
{
    struct mr_store *store = self;
    RECORD(store, MR_TABLE_POINTS, at_ns, MR_TEXT(process), MR_TEXT(name), MR_INT(occurrence));
}

static void message(void *self, mr_ns at_ns, const char *from, const char *to,
    uint32_t connection, uint64_t number, uint32_t kind, uint32_t bytes)
{
    struct mr_store *store = self;
    RECORD(store, MR_TABLE_MESSAGES, at_ns, MR_TEXT(from), MR_TEXT(to), MR_INT(connection),
        MR_INT(number), MR_INT(kind), MR_INT(bytes));
}

static void log_line(void *self, mr_ns at_ns, const char *process, const char *text)
{
    struct mr_store *store = self;
    RECORD(store, MR_TABLE_LOGS, at_ns, MR_TEXT(process), MR_TEXT(text));
}

/* Digests. */

static void flush_digests(struct mr_store *store)
{
    struct mr_recording *recording = &store->recording;
    if (recording->n_digests == 0) return;
    mr_store_put(store, MR_TABLE_DIGESTS, MR_INT(recording->run), MR_INT(recording->first_step),
        MR_INT(recording->n_digests), MR_INT(recording->first_ns),
        MR_BLOB(recording->digests, 8 * (size_t)recording->n_digests));
    recording->n_digests = 0;
}

static void digest(void *self, uint64_t step, mr_ns at_ns, uint64_t value)
{
    struct mr_store *store = self;
    struct mr_recording *recording = &store->recording;
    MR_ASSERT(step == recording->last_step + 1);
    if (recording->n_digests == 0) {
        recording->first_step = step;
        recording->first_ns = at_ns;
    }
    unsigned char *at = recording->digests + 8 * (size_t)recording->n_digests++;
    for (int i = 0; i < 8; i++) at[i] = (unsigned char)(value >> 8 * i);
    recording->last_step = step;
    if (recording->n_digests == MR_DIGEST_BLOCK) flush_digests(store);
}

struct mr_recorder mr_store_recorder(struct mr_store *store, int64_t run,
    const struct mr_scenario *scenario, const char *manifest)
{
    MR_ASSERT(store->recording.run == 0 && run > 0 && run <= store->ids[MR_TABLE_RUNS]);
    (void)scenario;
    struct mr_text row = store->recording.row;
    store->recording = (struct mr_recording){.run = run, .row = row};
    const struct mr_cell cells[] = {MR_INT(run), MR_TEXT(manifest)};
    mr_store_update(
        store, "UPDATE runs SET is_recorded = 1, manifest = ?2 WHERE id = ?1", cells, 2);
    return (struct mr_recorder){.self = store,
        .input = input,
        .appended = appended,
        .transaction = transaction,
        .watermark = watermark,
        .backlog = backlog,
        .late = late,
        .checkpoint = checkpoint,
        .job = job,
        .fault = fault,
        .process = process_event,
        .point = point,
        .message = message,
        .log = log_line,
        .digest = digest};
}

void mr_store_end_recording(struct mr_store *store, const struct mr_run_result *result)
{
    MR_ASSERT(store->recording.run > 0 && result != NULL);
    flush_digests(store);
    store->recording.run = 0;
}
