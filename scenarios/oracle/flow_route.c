/* Route, a row at a time. */
#include "scenarios/oracle/oracle_internal.h"

void mr_flow_route(
    struct mr_oracle *oracle, const struct mr_step *step, const struct mr_flow_row *row)
{
    const struct mr_route *route = &step->transform->route;
    bool goes_to[MR_PARTITION_NAMES_MAX] = {false};
    bool is_taken = false;
    oracle->caller.at_us = row->at_us;
    for (uint32_t i = 0; i < route->n_rules && !(is_taken && route->is_first); i++) {
        struct mr_value holds;
        enum mr_row_error error =
            mr_expression_row(route->rules[i].when, row->values, &oracle->scratch, &holds);
        if (error) {
            mr_flow_raise(oracle, step, row, error);
            return;
        }
        if (!holds.i) continue;
        goes_to[route->rules[i].output] = true;
        is_taken = true;
    }
    if (!is_taken && route->fallback >= 0) goes_to[route->fallback] = true;
    for (uint32_t i = 0; i < route->n_names; i++)
        if (goes_to[i]) mr_flow_emit(oracle, step->transform->id, i, row);
}
