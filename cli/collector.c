#include "cli/collector.h"

#include <stdio.h>
#include <string.h>

#include "cli/row_log.h"

/* What one append brought, until its transaction is decided. */
struct mr_pending {
    struct mr_pending *next;
    uint64_t producer_id;
    uint32_t producer_epoch;
    uint32_t topic;
    uint32_t n_rows;
    struct mr_value **rows;
};

static void keep(struct mr_collected *topic, struct mr_value *row)
{
    if (topic->n == topic->capacity) {
        topic->capacity = topic->capacity ? 2 * topic->capacity : 64;
        topic->rows = mr_realloc(topic->rows, sizeof *topic->rows * topic->capacity);
    }
    topic->rows[topic->n++] = row;
}

static struct mr_value *copy_row(
    struct mr_region *region, const struct mr_batch *batch, uint32_t row)
{
    struct mr_value *values = mr_region_array(region, struct mr_value, batch->n_columns + 1);
    for (uint32_t i = 0; i < batch->n_columns; i++) {
        values[i] = mr_column_value(&batch->columns[i], row);
        if (mr_type_is_text((enum mr_type)values[i].type))
            values[i].text = mr_region_strndup(region, values[i].text, values[i].bytes);
    }
    return values;
}

static void appended(void *self, mr_ns at_ns, uint32_t topic, uint32_t partition,
    int64_t offset, uint64_t producer_id, uint32_t producer_epoch, uint32_t attempt,
    uint64_t checkpoint, const struct mr_schema *schema, const struct mr_batch *rows)
{
    struct mr_collector *collector = self;
    (void)at_ns, (void)partition, (void)offset, (void)attempt, (void)checkpoint;
    struct mr_pending *pending = mr_alloc(sizeof *pending);
    *pending = (struct mr_pending){.producer_id = producer_id,
        .producer_epoch = producer_epoch,
        .topic = topic,
        .n_rows = rows->n_selected,
        .rows = mr_alloc(sizeof *pending->rows * (rows->n_selected + 1))};
    for (uint32_t i = 0; i < rows->n_selected; i++)
        pending->rows[i] = copy_row(collector->region, rows, mr_batch_row(rows, i));
    collector->topics[topic].schema = schema;
    for (uint32_t i = 0; producer_id == 0 && i < pending->n_rows; i++)
        keep(&collector->topics[topic], pending->rows[i]);
    if (producer_id == 0) pending->n_rows = 0;
    *(collector->last ? &collector->last->next : &collector->first) = pending;
    collector->last = pending;
}

static void transaction(
    void *self, mr_ns at_ns, uint64_t producer_id, uint32_t producer_epoch, const char *what)
{
    struct mr_collector *collector = self;
    (void)at_ns;
    bool is_committed = strcmp(what, "committed") == 0;
    if (strcmp(what, "precommitted") == 0 || strcmp(what, "refused") == 0) return;
    for (struct mr_pending *pending = collector->first; pending; pending = pending->next) {
        if (pending->producer_id != producer_id || pending->producer_epoch != producer_epoch)
            continue;
        for (uint32_t i = 0; is_committed && i < pending->n_rows; i++)
            keep(&collector->topics[pending->topic], pending->rows[i]);
        pending->n_rows = 0; /* decided */
    }
}

static void job(
    void *self, mr_ns at_ns, uint32_t attempt, const char *state, const char *reason)
{
    struct mr_collector *collector = self;
    (void)at_ns, (void)attempt;
    if (strcmp(state, "restarting") == 0 && reason)
        snprintf(collector->reason, sizeof collector->reason, "%s", reason);
    if (strcmp(state, "failed") == 0) collector->has_failed = true;
}

static void row_logged(
    void *self, mr_ns at_ns, const struct mr_transform *transform, const char *row_json)
{
    (void)at_ns;
    mr_row_log(transform, row_json, ((const struct mr_collector *)self)->shows_debug);
}

void mr_collector_init(struct mr_collector *collector, struct mr_region *region,
    const struct mr_scenario *scenario)
{
    *collector = (struct mr_collector){.region = region,
        .scenario = scenario,
        .topics = mr_alloc(sizeof *collector->topics * (scenario->n_topics + 1))};
}

void mr_collector_deinit(struct mr_collector *collector)
{
    while (collector->first) {
        struct mr_pending *next = collector->first->next;
        mr_free(collector->first->rows);
        mr_free(collector->first);
        collector->first = next;
    }
    for (uint32_t i = 0; collector->topics && i < collector->scenario->n_topics; i++)
        mr_free(collector->topics[i].rows);
    mr_free(collector->topics);
    *collector = (struct mr_collector){0};
}

struct mr_recorder mr_collector_recorder(struct mr_collector *collector)
{
    struct mr_recorder recorder = {
        .self = collector, .appended = appended, .transaction = transaction, .job = job};
    if (!collector->is_silent) recorder.row_logged = row_logged;
    return recorder;
}

const struct mr_collected *mr_collector_rows(
    const struct mr_collector *collector, const struct mr_transform *sink)
{
    MR_ASSERT(sink->kind == MR_WRITE_TO_LOG);
    for (uint32_t i = 0; i < collector->scenario->n_topics; i++)
        if (strcmp(collector->scenario->topics[i].name, sink->write.topic) == 0)
            return &collector->topics[i];
    MR_UNREACHABLE("a sink without a topic");
    return NULL;
}
