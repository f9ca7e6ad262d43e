/* Rows on their way: each transform but Combine is a few lines here, a row at a time. */
#include "engine/expression/exception.h"
#include "scenarios/oracle/oracle_internal.h"

static void push(
    struct mr_oracle *oracle, const struct mr_step_consumer *to, const struct mr_flow_row *row);

void mr_flow_emit(struct mr_oracle *oracle, uint32_t transform, uint32_t output,
    const struct mr_flow_row *row)
{
    const struct mr_step_output *out = &oracle->steps[transform].outputs[output];
    for (uint32_t i = 0; i < out->n_consumers; i++) push(oracle, &out->consumers[i], row);
}

/* Nobody knows how floats inside of a value move: where an input may be off, it may be anything.
 */
static double document_slack(const struct mr_oracle *oracle, const struct mr_step *step,
    const struct mr_flow_row *row, const struct mr_value *value)
{
    if (!mr_type_is_document((enum mr_type)value->type)) return 0;
    struct mr_edge from = step->transform->inputs[0];
    uint32_t n = oracle->steps[from.transform].outputs[from.output].n_fields;
    for (uint32_t i = 0; i < n; i++)
        if (row->slacks[i] != 0) return __builtin_inf();
    return 0;
}

/* The row as one value, by the names of the input's fields. */
static struct mr_value row_value(
    struct mr_oracle *oracle, const struct mr_step *step, const struct mr_flow_row *row)
{
    struct mr_edge from = step->transform->inputs[0];
    const struct mr_schema *schema =
        &oracle->graph->transforms[from.transform].outputs[from.output].schema;
    size_t bytes = MR_DOCUMENT_HEAD_BYTES;
    for (uint32_t i = 0; i < schema->n_fields; i++)
        bytes += 4 + strlen(schema->fields[i].name) + mr_document_size(row->values[i]);
    struct mr_document_writer writer = {
        .data = mr_scratch_alloc(&oracle->scratch, bytes), .capacity = bytes};
    size_t begin = mr_document_begin(&writer, MR_DOCUMENT_ROW);
    for (uint32_t i = 0; i < schema->n_fields; i++) {
        mr_document_put_name(&writer, schema->fields[i].name, strlen(schema->fields[i].name));
        mr_document_put(&writer, row->values[i]);
    }
    mr_document_end(&writer, begin);
    return mr_document_value(writer.data);
}

struct mr_value mr_message_value(struct mr_oracle *oracle, struct mr_value text)
{
    size_t size = mr_exception_repr_size(text.bytes);
    char *out = mr_scratch_alloc(&oracle->scratch, size);
    text.bytes = (uint32_t)mr_exception_repr(text.text, text.bytes, out, size);
    text.text = out;
    return text;
}

void mr_flow_fail(struct mr_oracle *oracle, const struct mr_step *step,
    const struct mr_flow_row *row, struct mr_value message, struct mr_value stack)
{
    uint32_t output = step->transform->error_output;
    if (output == 0) {
        oracle->n_failures += oracle->target == NULL;
        return;
    }
    enum { ELEMENT, MESSAGE, STACK, N_FIELDS };
    MR_ASSERT(step->outputs[output].n_fields == N_FIELDS);
    struct mr_value *values = mr_scratch_array(&oracle->scratch, struct mr_value, N_FIELDS);
    values[ELEMENT] = row_value(oracle, step, row);
    values[MESSAGE] = message;
    values[STACK] = stack;
    struct mr_flow_row failed = *row;
    failed.values = values;
    if (row->slacks) {
        double *slacks = mr_scratch_array(&oracle->scratch, double, N_FIELDS);
        slacks[ELEMENT] = document_slack(oracle, step, row, &values[ELEMENT]);
        slacks[MESSAGE] = slacks[STACK] = 0;
        failed.slacks = slacks;
    }
    mr_flow_emit(oracle, step->transform->id, output, &failed);
}

void mr_flow_raise(struct mr_oracle *oracle, const struct mr_step *step,
    const struct mr_flow_row *row, enum mr_row_error error)
{
    struct mr_row_failure failure = mr_row_failure_find(&oracle->caller, (uint8_t)error, 0);
    mr_flow_fail(
        oracle, step, row, mr_text_value(failure.message), mr_text_value(failure.stack));
}

/* How far a computed float may be off: by as much as it moves when its inputs do, one at a
 * time. */
static double computed_slack(struct mr_oracle *oracle, const struct mr_step *step,
    const struct mr_expression *expression, const struct mr_flow_row *row, double result)
{
    const struct mr_transform *transform = step->transform;
    struct mr_edge from = transform->inputs[0];
    uint32_t n = oracle->steps[from.transform].outputs[from.output].n_fields;
    struct mr_value moved[MR_FIELDS_MAX], value;
    memcpy(moved, row->values, sizeof *moved * n);
    double slack = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (row->slacks[i] - row->slacks[i] != 0) return row->slacks[i]; /* not finite */
        if (row->slacks[i] == 0 || moved[i].type != MR_TYPE_FLOAT) continue;
        double largest = 0;
        for (int sign = -1; sign <= 1; sign += 2) {
            moved[i].f = row->values[i].f + sign * row->slacks[i];
            if (mr_expression_row(expression, moved, &oracle->scratch, &value)) continue;
            double by = value.type == MR_TYPE_FLOAT ? __builtin_fabs(value.f - result) : 0;
            if (by > largest) largest = by;
        }
        moved[i] = row->values[i];
        slack += largest;
    }
    return slack > 0 ? 2 * slack + 0x1p-51 * __builtin_fabs(result) : 0;
}

static void push_map(
    struct mr_oracle *oracle, const struct mr_step *step, const struct mr_flow_row *row)
{
    const struct mr_map_to_fields *map = &step->transform->map;
    struct mr_value *values =
        mr_scratch_array(&oracle->scratch, struct mr_value, map->n_mappings);
    double *slacks = NULL;
    if (row->slacks) slacks = mr_scratch_array(&oracle->scratch, double, map->n_mappings);
    oracle->caller.at_us = row->at_us;
    if (map->keep) {
        struct mr_value keep;
        enum mr_row_error error =
            mr_expression_row(map->keep, row->values, &oracle->scratch, &keep);
        if (error) mr_flow_raise(oracle, step, row, error);
        if (error || !keep.i) return;
    }
    for (uint32_t i = 0; i < map->n_mappings; i++) {
        int field = step->fields[i];
        if (field >= 0) {
            values[i] = row->values[field];
            if (slacks) slacks[i] = row->slacks[field];
            continue;
        }
        const struct mr_expression *expression = map->mappings[i].expression;
        enum mr_row_error error =
            mr_expression_row(expression, row->values, &oracle->scratch, &values[i]);
        if (error) {
            mr_flow_raise(oracle, step, row, error);
            return;
        }
        if (!slacks) continue;
        if (values[i].type == MR_TYPE_FLOAT)
            slacks[i] = computed_slack(oracle, step, expression, row, values[i].f);
        else
            slacks[i] = document_slack(oracle, step, row, &values[i]);
    }
    struct mr_flow_row mapped = *row;
    mapped.values = values;
    mapped.slacks = slacks;
    mr_flow_emit(oracle, step->transform->id, MR_OUTPUT_MAIN, &mapped);
}

static void push_filter(
    struct mr_oracle *oracle, const struct mr_step *step, const struct mr_flow_row *row)
{
    struct mr_value keep;
    oracle->caller.at_us = row->at_us;
    enum mr_row_error error =
        mr_expression_row(step->transform->keep, row->values, &oracle->scratch, &keep);
    if (error)
        mr_flow_raise(oracle, step, row, error);
    else if (keep.i)
        mr_flow_emit(oracle, step->transform->id, MR_OUTPUT_MAIN, row);
}

/* A field that the input lacks is None. */
static void push_flatten(struct mr_oracle *oracle, const struct mr_step *step, uint32_t input,
    const struct mr_flow_row *row)
{
    uint32_t n = step->outputs[MR_OUTPUT_MAIN].n_fields;
    const int *fields = step->fields + (size_t)input * n;
    struct mr_value *values = mr_scratch_array(&oracle->scratch, struct mr_value, n);
    double *slacks = row->slacks ? mr_scratch_array(&oracle->scratch, double, n) : NULL;
    for (uint32_t i = 0; i < n; i++) {
        values[i] =
            fields[i] >= 0 ? row->values[fields[i]] : (struct mr_value){.type = MR_TYPE_NULL};
        if (slacks) slacks[i] = fields[i] >= 0 ? row->slacks[fields[i]] : 0;
    }
    struct mr_flow_row flat = *row;
    flat.values = values;
    flat.slacks = slacks;
    if (row->origin) flat.origin = mr_digest_mix(row->origin, input + 1) | 1;
    mr_flow_emit(oracle, step->transform->id, MR_OUTPUT_MAIN, &flat);
}

/* Beam assigns no windows anew: a row keeps the one that it had. */
static void push_assign_timestamps(
    struct mr_oracle *oracle, const struct mr_step *step, const struct mr_flow_row *row)
{
    struct mr_value time;
    oracle->caller.at_us = row->at_us;
    enum mr_row_error error =
        mr_expression_row(step->transform->timestamp, row->values, &oracle->scratch, &time);
    if (error) {
        mr_flow_raise(oracle, step, row, error);
        return;
    }
    struct mr_flow_row timed = *row;
    mr_flow_window(
        &step->transform->windowing, row, &timed.window_start_us, &timed.window_end_us);
    timed.has_window |= step->transform->windowing.kind != MR_WINDOW_GLOBAL;
    timed.at_us = time.i;
    mr_flow_emit(oracle, step->transform->id, MR_OUTPUT_MAIN, &timed);
}

/* From here on windows follow from the times. */
static void push_window_into(
    struct mr_oracle *oracle, const struct mr_step *step, const struct mr_flow_row *row)
{
    const struct mr_windowing *windowing = &step->transform->windowing;
    struct mr_flow_row windowed = *row;
    windowed.has_window = false;
    mr_us start_us, end_us;
    mr_flow_window(windowing, &windowed, &start_us, &end_us);
    if (mr_flow_window_count(windowing, start_us, end_us) == 0) return; /* in no window */
    mr_flow_emit(oracle, step->transform->id, MR_OUTPUT_MAIN, &windowed);
}

static void push_sink(
    struct mr_oracle *oracle, const struct mr_step *step, const struct mr_flow_row *row)
{
    struct mr_sink *sink = step->sink;
    mr_us start_us = MR_US_MIN, end_us = MR_US_GLOBAL_END;
    if (sink->has_windows) mr_flow_window(&step->transform->windowing, row, &start_us, &end_us);
    struct mr_trace_target *target = oracle->target;
    if (target) {
        if (target->sink != sink->id) return;
        bool is_same = start_us == target->window_start_us && end_us == target->window_end_us;
        for (uint32_t i = 0; i < sink->n_fields && is_same; i++)
            is_same = mr_value_same(row->values[i], target->row[i]);
        target->is_met |= is_same;
        return;
    }
    uint64_t order = 0;
    if (row->origin && sink->order_field >= 0)
        order = mr_digest_mix(row->origin, mr_value_hash(row->values[sink->order_field])) | 1;
    mr_ledger_add(&sink->ledger, (enum mr_row_kind)row->kind, start_us, end_us, row->values,
        row->slacks, order, row->is_loose);
}

/* Whether the row is one of those that the target's window and fields come from. */
static void trace_combine(struct mr_trace_target *target, const struct mr_step *step,
    const struct mr_flow_row *row, uint32_t n_fields)
{
    const int *origins = target->origins[step->transform->id];
    if (!origins) return;
    mr_us start_us, end_us;
    mr_flow_window(&step->transform->windowing, row, &start_us, &end_us);
    if (step->transform->windowing.kind == MR_WINDOW_SLIDING) {
        if (start_us > target->window_start_us || end_us < target->window_end_us) return;
    } else if (end_us <= target->window_start_us || end_us > target->window_end_us) {
        return;
    }
    for (uint32_t i = 0; i < n_fields; i++)
        if (origins[i] >= 0 && !mr_value_same(row->values[origins[i]], target->row[i])) return;
    target->is_met = true;
}

/* Whether the target lies behind the transform. From the producers on. */
static bool is_upstream(const struct mr_graph *graph, uint32_t transform, uint32_t sink)
{
    bool is_reached[1024] = {false}; /* no graph has more */
    is_reached[transform] = true;
    for (uint32_t i = transform + 1; i <= sink; i++)
        for (uint32_t k = 0; k < graph->transforms[i].n_inputs; k++)
            is_reached[i] |= is_reached[graph->transforms[i].inputs[k].transform];
    return is_reached[sink];
}

/* Whether the row was there when the target's window was joined; and, where the sink reads the Join itself, has the
 * values that the target shows. */
static void trace_gathering(struct mr_oracle *oracle, const struct mr_step *step,
    uint32_t input, const struct mr_flow_row *row)
{
    struct mr_trace_target *target = oracle->target;
    const struct mr_transform *transform = step->transform;
    if (!is_upstream(oracle->graph, transform->id, target->sink)) return;
    mr_us start_us, end_us;
    mr_flow_window(&transform->windowing, row, &start_us, &end_us);
    if (start_us > target->window_start_us || end_us < target->window_end_us) return;
    bool is_read = transform->kind != MR_SQL &&
                   oracle->graph->transforms[target->sink].inputs[0].transform == transform->id;
    for (uint32_t i = 0; is_read && i < step->outputs[0].n_fields; i++) {
        struct mr_join_field from = transform->join.fields[i];
        if (from.input == input && !mr_value_same(row->values[from.field], target->row[i]))
            return;
    }
    target->is_met = true;
}

/* What becomes of it its machine says, once the row has been met. Traces end here. */
static void push_keyed(struct mr_oracle *oracle, const struct mr_step *step, uint32_t input,
    const struct mr_flow_row *row)
{
    if (oracle->target) return;
    struct mr_value ignored;
    enum mr_row_error error = MR_ROW_OK;
    oracle->caller.at_us = row->at_us;
    if (step->transform->kind == MR_MATERIALIZE && step->transform->materialize.is_delete)
        error = mr_expression_row(
            step->transform->materialize.is_delete, row->values, &oracle->scratch, &ignored);
    if (error)
        mr_flow_raise(oracle, step, row, error);
    else
        mr_key_machines_expect(step->machines, input, row);
}

static void push(
    struct mr_oracle *oracle, const struct mr_step_consumer *to, const struct mr_flow_row *row)
{
    const struct mr_step *step = &oracle->steps[to->transform];
    switch (step->transform->kind) {
    case MR_MAP_TO_FIELDS:
        push_map(oracle, step, row);
        break;
    case MR_FILTER:
        push_filter(oracle, step, row);
        break;
    case MR_FLATTEN:
        push_flatten(oracle, step, to->input, row);
        break;
    case MR_ASSIGN_TIMESTAMPS:
        push_assign_timestamps(oracle, step, row);
        break;
    case MR_WINDOW_INTO:
        push_window_into(oracle, step, row);
        break;
    case MR_COMBINE:
        if (oracle->target)
            trace_combine(
                oracle->target, step, row, oracle->steps[oracle->target->sink].sink->n_fields);
        else if (step->fold->is_given)
            mr_fold_meet(step->fold, row);
        else
            mr_fold_take(step->fold, row);
        break;
    case MR_JOIN:
    case MR_SQL:
    case MR_JOIN_STREAMS:
        if (oracle->target)
            trace_gathering(oracle, step, to->input, row);
        else if (step->timed)
            mr_timed_take(step->timed, to->input, row);
        else
            mr_gathering_take(step->gathering, to->input, row);
        break;
    case MR_WRITE_TO_LOG:
        push_sink(oracle, step, row);
        break;
    case MR_PARTITION:
        mr_flow_partition(oracle, step, row);
        break;
    case MR_RESHUFFLE:
        mr_flow_reshuffle(oracle, step, row);
        break;
    case MR_EXTRACT_WINDOWING_INFO:
        mr_flow_extract(oracle, step, row);
        break;
    case MR_EXPLODE:
        mr_flow_explode(oracle, step, row);
        break;
    case MR_VALIDATE_WITH_SCHEMA:
        mr_flow_validate(oracle, step, row);
        break;
    case MR_LOG_FOR_TESTING:
        mr_flow_emit(oracle, step->transform->id, MR_OUTPUT_MAIN, row);
        break;
    case MR_LOOKUP:
        mr_flow_lookup(oracle, step, row);
        break;
    case MR_ROUTE:
        if (step->machines)
            push_keyed(oracle, step, to->input, row);
        else
            mr_flow_route(oracle, step, row);
        break;
    case MR_KEYED_PROCESS:
    case MR_DEDUPLICATE:
    case MR_TOP_N:
    case MR_MATERIALIZE:
        push_keyed(oracle, step, to->input, row);
        break;
    case MR_READ_FROM_LOG:
    case MR_CREATE:
        MR_UNREACHABLE("a source has no input");
    }
}

void mr_flow_flush(struct mr_oracle *oracle)
{
    for (uint32_t i = 0; i < oracle->graph->n_transforms; i++)
        if (oracle->steps[i].fold) mr_fold_flush(oracle->steps[i].fold);
    mr_scratch_reset(&oracle->scratch);
}

void mr_flow_create(struct mr_oracle *oracle)
{
    for (uint32_t i = 0; i < oracle->graph->n_transforms; i++) {
        const struct mr_transform *transform = &oracle->graph->transforms[i];
        if (transform->kind != MR_CREATE) continue;
        uint32_t n_fields = oracle->steps[i].outputs[0].n_fields;
        for (uint32_t k = 0; k < transform->create.n_rows; k++) {
            struct mr_flow_row row = {.values = transform->create.rows + (size_t)k * n_fields,
                .at_us = MR_US_MIN,
                .origin = mr_digest_mix(i, UINT64_MAX) | 1};
            mr_flow_emit(oracle, i, MR_OUTPUT_MAIN, &row);
        }
    }
    mr_flow_flush(oracle);
}

void mr_flow_read(struct mr_oracle *oracle, const struct mr_step *source, uint32_t partition,
    int64_t first, int64_t end, void *self,
    void (*each)(void *self, int64_t offset, const struct mr_flow_row *row))
{
    const struct mr_oracle_input *input = source->input;
    uint32_t n_fields = source->outputs[0].n_fields;
    struct mr_flow_row row = {.origin = mr_digest_mix(source->transform->id, partition) | 1};
    while (first < end) {
        uint32_t n = end - first < MR_BLOCK_ROWS ? (uint32_t)(end - first) : MR_BLOCK_ROWS;
        input->read(input->self, partition, first, n, oracle->values, oracle->times_us);
        if (source->direct_fold && !each) {
            mr_fold_take_rows(source->direct_fold, oracle->values, oracle->times_us, n);
            mr_fold_flush(source->direct_fold);
        }
        for (uint32_t i = 0; i < n && (each || !source->direct_fold); i++) {
            row.values = oracle->values + (size_t)i * n_fields;
            row.at_us = oracle->times_us[i];
            if (each)
                each(self, first + i, &row);
            else
                mr_flow_emit(oracle, source->transform->id, MR_OUTPUT_MAIN, &row);
        }
        mr_flow_flush(oracle);
        first += n;
    }
}
