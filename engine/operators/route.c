/* Route: rows go where the rules say. */
#include <string.h>

#include "engine/operators/operator.h"

/* The rows that a rule is asked about: none that failed, and of `first` none that was taken. */
static struct mr_batch rows_to_ask(struct mr_operator *operator, const struct mr_batch * batch,
    const uint8_t *errors, const uint8_t *is_taken)
{
    bool is_first = operator->transform->route.is_first;
    uint16_t *rows =
        mr_scratch_array(&operator->context->scratch, uint16_t, batch->n_selected + 1);
    struct mr_batch asked = *batch;
    asked.selection = rows;
    asked.n_selected = 0;
    for (uint32_t i = 0; i < batch->n_selected; i++) {
        uint32_t row = mr_batch_row(batch, i);
        if (errors[row] || (is_first && is_taken[row])) continue;
        rows[asked.n_selected++] = (uint16_t)row;
    }
    return asked;
}

/* Which rows each rule takes: taken[n_rules][n_rows]. Rows that are not asked about may fail,
 * which is nobody's business. */
static uint8_t *ask_rules(
    struct mr_operator *operator, const struct mr_batch * batch, uint8_t *errors)
{
    const struct mr_route *route = &operator->transform->route;
    struct mr_scratch *scratch = &operator->context->scratch;
    size_t n_cells = (size_t)route->n_rules * batch->n_rows;
    uint8_t *taken = mr_scratch_array(scratch, uint8_t, n_cells + 1);
    uint8_t *is_taken = mr_scratch_array(scratch, uint8_t, batch->n_rows + 1);
    uint8_t *failed = mr_scratch_array(scratch, uint8_t, batch->n_rows + 1);
    memset(taken, 0, n_cells);
    memset(is_taken, 0, batch->n_rows);
    for (uint32_t i = 0; i < route->n_rules; i++) {
        struct mr_batch asked = rows_to_ask(operator, batch, errors, is_taken);
        if (asked.n_selected == 0) break;
        memset(failed, 0, batch->n_rows);
        struct mr_column column =
            mr_expression_batch(route->rules[i].when, &asked, scratch, failed);
        const uint8_t *holds = column.values;
        for (uint32_t k = 0; k < asked.n_selected; k++) {
            uint32_t row = asked.selection[k];
            errors[row] = failed[row];
            taken[(size_t)i * batch->n_rows + row] = holds[row] && !failed[row];
            is_taken[row] |= holds[row] && !failed[row];
        }
    }
    return taken;
}

static void emit_to(struct mr_operator *operator, const struct mr_batch * batch,
    const uint8_t *taken, uint32_t output)
{
    const struct mr_route *route = &operator->transform->route;
    uint16_t *rows =
        mr_scratch_array(&operator->context->scratch, uint16_t, batch->n_selected + 1);
    struct mr_batch out = *batch;
    out.selection = rows;
    out.n_selected = 0;
    for (uint32_t i = 0; i < batch->n_selected; i++) {
        uint32_t row = mr_batch_row(batch, i);
        bool is_taken = false, is_mine = false;
        for (uint32_t k = 0; k < route->n_rules; k++) {
            bool holds = taken[(size_t)k * batch->n_rows + row];
            is_taken |= holds;
            is_mine |= holds && route->rules[k].output == output;
        }
        is_mine |= !is_taken && route->fallback == (int)output;
        if (is_mine) rows[out.n_selected++] = (uint16_t)row;
    }
    mr_operator_emit(operator, output, &out);
}

static void route_batch(struct mr_operator *operator, const struct mr_batch * batch)
{
    uint8_t *errors = mr_scratch_array(&operator->context->scratch, uint8_t, batch->n_rows + 1);
    memset(errors, 0, batch->n_rows);
    const uint8_t *taken = ask_rules(operator, batch, errors);
    struct mr_batch good = mr_operator_divert(operator, batch, errors);
    for (uint32_t i = 0; i < operator->transform->route.n_names; i++)
        emit_to(operator, & good, taken, i);
}

const struct mr_operator_class mr_route_class = {
    .name = "Route", .bytes = sizeof(struct mr_operator), .batch = route_batch};
