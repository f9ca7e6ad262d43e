/* Partition and Reshuffle: they leave rows as they are and decide where these go. */
#include <stdio.h>
#include <string.h>

#include "engine/operators/operator.h"

#define NO_OUTPUT 0xff
_Static_assert((int)MR_PARTITION_NAMES_MAX < NO_OUTPUT, "a byte names each output");

/* The output whose name a row says. Most rows say what the row before them said. */
static uint8_t find_output(
    const struct mr_transform *transform, const struct mr_value *name, uint8_t guess)
{
    for (uint32_t i = 0; i <= transform->partition.n_names; i++) {
        uint32_t k = i == 0 ? guess : i - 1;
        if (k == NO_OUTPUT) continue;
        const char *text = transform->outputs[k].name;
        if (strlen(text) == name->bytes && memcmp(text, name->text, name->bytes) == 0)
            return (uint8_t)k;
    }
    return NO_OUTPUT;
}

/* Beam's message, with Python's exception in front. */
static struct mr_span unknown_name(struct mr_operator *operator, struct mr_value name)
{
    const char *by = mr_expression_text(operator->transform->partition.by);
    size_t capacity = strlen(by) + mr_value_text_size(name) + 100;
    struct mr_scratch *scratch = &operator->context->scratch;
    char *text = mr_scratch_alloc(scratch, capacity);
    int bytes;
    if (name.type == MR_TYPE_STRING) {
        bytes = snprintf(text, capacity, "ValueError: Unknown output name \"%.*s\" from %s",
            (int)name.bytes, name.text, by);
    } else {
        char *shown = mr_scratch_alloc(scratch, mr_value_text_size(name));
        mr_value_repr(name, shown, mr_value_text_size(name));
        bytes = snprintf(text, capacity,
            "ValueError: Returned output name \"%s\" of type <class '%s'> from \"%s\" must be "
            "a string.",
            shown, mr_value_class(name), by);
    }
    MR_ASSERT(bytes > 0 && (size_t)bytes < capacity);
    return (struct mr_span){.text = text, .bytes = (uint32_t)bytes};
}

/* Writes the output of each row that counts; rows without one get an error and its text. */
static void choose_outputs(struct mr_operator *operator, const struct mr_batch * batch,
    const struct mr_column *names, uint8_t *outputs, uint8_t *errors, struct mr_span *texts)
{
    const struct mr_transform *transform = operator->transform;
    uint8_t output = NO_OUTPUT;
    for (uint32_t i = 0; i < batch->n_selected; i++) {
        uint32_t row = mr_batch_row(batch, i);
        texts[row].text = NULL;
        if (errors[row]) continue;
        struct mr_value name = mr_column_value(names, row);
        bool is_text = name.type == MR_TYPE_STRING;
        output = is_text ? find_output(transform, &name, output) : NO_OUTPUT;
        outputs[row] = output;
        if (output != NO_OUTPUT) continue;
        if (transform->partition.unknown >= 0 && (is_text || name.type == MR_TYPE_NULL)) {
            outputs[row] = (uint8_t)transform->partition.unknown;
            continue;
        }
        errors[row] = MR_ROW_UNKNOWN_OUTPUT;
        texts[row] = unknown_name(operator, name);
    }
}

static void emit_by_output(
    struct mr_operator *operator, const struct mr_batch * batch, const uint8_t *outputs)
{
    uint32_t n_names = operator->transform->partition.n_names;
    uint32_t starts[MR_PARTITION_NAMES_MAX + 1] = {0};
    for (uint32_t i = 0; i < batch->n_selected; i++)
        starts[outputs[mr_batch_row(batch, i)] + 1]++;
    for (uint32_t k = 0; k < n_names; k++) starts[k + 1] += starts[k];
    uint16_t *rows =
        mr_scratch_array(&operator->context->scratch, uint16_t, batch->n_selected + 1);
    uint32_t ends[MR_PARTITION_NAMES_MAX];
    memcpy(ends, starts, sizeof *ends * n_names);
    for (uint32_t i = 0; i < batch->n_selected; i++) {
        uint32_t row = mr_batch_row(batch, i);
        rows[ends[outputs[row]]++] = (uint16_t)row;
    }
    for (uint32_t k = 0; k < n_names; k++) {
        struct mr_batch out = *batch;
        out.selection = rows + starts[k];
        out.n_selected = ends[k] - starts[k];
        mr_operator_emit(operator, k, &out);
    }
}

static void partition_batch(struct mr_operator *operator, const struct mr_batch * batch)
{
    struct mr_scratch *scratch = &operator->context->scratch;
    uint8_t *errors = mr_scratch_array(scratch, uint8_t, batch->n_rows + 1);
    uint8_t *outputs = mr_scratch_array(scratch, uint8_t, batch->n_rows + 1);
    struct mr_span *texts = mr_scratch_array(scratch, struct mr_span, batch->n_rows + 1);
    memset(errors, 0, batch->n_rows);
    struct mr_column names =
        mr_expression_batch(operator->transform->partition.by, batch, scratch, errors);
    choose_outputs(operator, batch, &names, outputs, errors, texts);
    struct mr_batch good = mr_operator_divert_as(operator, batch, errors, texts);
    emit_by_output(operator, & good, outputs);
}

/* What makes it a Reshuffle is the exchange in front of it (plan.c). */
static void reshuffle_batch(struct mr_operator *operator, const struct mr_batch * batch)
{
    mr_operator_emit(operator, MR_OUTPUT_MAIN, batch);
}

const struct mr_operator_class mr_partition_class = {
    .name = "Partition", .bytes = sizeof(struct mr_operator), .batch = partition_batch};
const struct mr_operator_class mr_reshuffle_class = {
    .name = "Reshuffle", .bytes = sizeof(struct mr_operator), .batch = reshuffle_batch};
