/* AssertEqual: what is committed to its topic, against the elements that the pipeline names.
 * Each append is seen once, when it is committed; what is missing shows at the end of a run
 * that finished. */
#include "scenarios/checks/assertions.h"

#include "base/row.h"
#include "engine/pipeline/assertion.h"
#include "scenarios/checks/checks_internal.h"
#include "scenarios/checks/sink_block.h"

/* One AssertEqual. */
struct mr_assertion_model {
    const struct mr_assertion *assertion; /* NULL: the sink is a WriteToLog */
    bool *taken;                          /* [n_rows of the assertion] */
    uint64_t n_rows;
    uint64_t n_unexpected;
    char first_unexpected[MR_WITNESS_ROW_TEXT];
};

static const struct mr_assertion *assertion_of(const struct mr_checks *checks, uint32_t sink)
{
    uint32_t transform = checks->topology.sinks[sink].transform;
    return checks->topology.graph->transforms[transform].write.assertion;
}

void mr_assertions_init(struct mr_checks *checks)
{
    uint32_t n = checks->topology.n_sinks;
    checks->assertions = mr_arena_zalloc(checks->arena, sizeof *checks->assertions * (n + 1));
    for (uint32_t i = 0; i < n; i++) {
        const struct mr_assertion *assertion = assertion_of(checks, i);
        if (!assertion) continue;
        checks->assertions[i].assertion = assertion;
        checks->assertions[i].taken =
            mr_arena_zalloc(checks->arena, sizeof(bool) * (assertion->n_rows + 1));
    }
}

static void add_row(struct mr_assertion_model *model, const struct mr_schema *schema,
    const struct mr_value *row)
{
    model->n_rows++;
    if (mr_assertion_take(model->assertion, schema, row, model->taken) >= 0) return;
    if (model->n_unexpected++ == 0)
        mr_row_json(schema, row, model->first_unexpected, sizeof model->first_unexpected);
}

void mr_assertions_add(struct mr_checks *checks, const struct mr_append *append)
{
    struct mr_assertion_model *model = &checks->assertions[append->sink];
    if (MR_LIKELY(!model->assertion)) return;
    const struct mr_sink_view *sink = &checks->topology.sinks[append->sink];
    struct mr_column columns[MR_FIELDS_MAX];
    struct mr_batch batch;
    struct mr_sink_block block;
    mr_blob_view(append->message->body, sink->types, columns, &batch);
    for (uint32_t first = 0; first < batch.n_rows; first += block.n) {
        mr_sink_block_load(&block, &batch, first);
        for (uint32_t i = 0; i < block.n; i++)
            add_row(model, sink->schema, block.values + (size_t)i * sink->schema->n_fields);
    }
}

static void report(
    struct mr_checks *checks, uint32_t sink, uint64_t n_missing, uint32_t missing)
{
    const struct mr_assertion_model *model = &checks->assertions[sink];
    struct mr_witness *witness = mr_checks_find(
        checks, MR_CHECK_ASSERTIONS, MR_VERDICT_WRONG, n_missing + model->n_unexpected);
    if (!witness) return;
    mr_witness_at(checks, witness, checks->topology.sinks[sink].transform);
    mr_witness_print(witness->summary, sizeof witness->summary,
        "%u rows are expected and %llu came: %llu are missing and %llu unexpected",
        model->assertion->n_rows, (unsigned long long)model->n_rows,
        (unsigned long long)n_missing, (unsigned long long)model->n_unexpected);
    mr_witness_print(witness->actual, sizeof witness->actual, "%s", model->first_unexpected);
    if (n_missing == 0) return;
    const struct mr_assertion_row *row = &model->assertion->rows[missing];
    struct mr_schema schema = {.n_fields = row->n, .fields = row->fields};
    mr_row_json(&schema, row->values, witness->expected, sizeof witness->expected);
}

void mr_assertions_finish(struct mr_checks *checks)
{
    for (uint32_t i = 0; i < checks->topology.n_sinks; i++) {
        const struct mr_assertion_model *model = &checks->assertions[i];
        if (!model->assertion) continue;
        uint64_t n_missing = 0;
        uint32_t missing = 0;
        for (uint32_t k = model->assertion->n_rows; k > 0; k--) {
            if (model->taken[k - 1]) continue;
            n_missing++;
            missing = k - 1;
        }
        if (n_missing + model->n_unexpected > 0) report(checks, i, n_missing, missing);
    }
}
