/* Route with a control stream: the rules that a subtask has heard of, and where they send a
 * row. */
#include "engine/pipeline/control.h"
#include "scenarios/oracle/machine.h"
#include "scenarios/oracle/oracle_internal.h"

static bool is_same_text(struct mr_value a, struct mr_value b)
{
    return a.bytes == b.bytes && memcmp(a.text, b.text, a.bytes) == 0;
}

static bool text_is_less(struct mr_value a, struct mr_value b)
{
    for (uint32_t i = 0; i < a.bytes && i < b.bytes; i++)
        if (a.text[i] != b.text[i]) return (unsigned char)a.text[i] < (unsigned char)b.text[i];
    return a.bytes < b.bytes;
}

static void refuse(const struct mr_key_machine_step *step, const char *message)
{
    struct mr_oracle *oracle = step->machines->oracle;
    const struct mr_transform *transform = step->machines->transform;
    const struct mr_edge *edge = &transform->inputs[transform->route.control_input];
    uint32_t n = oracle->steps[edge->transform].outputs[edge->output].n_fields;
    if (!transform->error_output) {
        oracle->n_failures++;
        return;
    }
    if (step->event->subtask != 0) return; /* one tells for all */
    struct mr_value *values = mr_scratch_array(&oracle->scratch, struct mr_value, n + 2);
    memcpy(values, step->event->row, sizeof *values * n);
    values[n] = values[n + 1] = mr_text_value(message);
    mr_key_machine_emit(step, transform->error_output, step->event->at_us, values);
    mr_flow_flush(oracle); /* the message is the caller's */
}

static void take_rule(const struct mr_key_machine_step *step)
{
    const struct mr_route *route = &step->machines->transform->route;
    struct mr_arena *arena = step->machines->oracle->arena;
    struct mr_kept_state *kept = &step->memory->states[0];
    struct mr_value rule[MR_CONTROL_COLUMNS];
    struct mr_control_rule ignored;
    char message[MR_CONTROL_MESSAGE_BYTES];
    for (uint32_t i = 0; i < MR_CONTROL_COLUMNS; i++)
        rule[i] = step->event->row[route->control_columns[i]];
    if (rule[MR_CONTROL_TO].type != MR_TYPE_NULL &&
        !mr_control_read(step->machines->transform, rule, &ignored, message)) {
        refuse(step, message);
        return;
    }
    uint32_t at = 0;
    while (at < kept->n_rows &&
           !is_same_text(kept->rows[at].values[MR_CONTROL_RULE], rule[MR_CONTROL_RULE]))
        at++;
    if (at == kept->n_rows) {
        kept->rows = mr_arena_grow(
            arena, kept->rows, sizeof *kept->rows * at, sizeof *kept->rows * (at + 1));
        kept->n_rows++;
    } else {
        if (kept->rows[at].values[MR_CONTROL_VERSION].i >= rule[MR_CONTROL_VERSION].i) return;
        mr_kept_row_free(arena, &kept->rows[at]);
    }
    kept->rows[at] = mr_kept_row_make(arena, rule, MR_CONTROL_COLUMNS);
    mr_memory_touch(step, 0, step->event->at_us);
}

static bool is_in_order(enum mr_control_op op, bool is_less, bool is_equal)
{
    switch (op) {
    case MR_CONTROL_EQUAL:
        return is_equal;
    case MR_CONTROL_UNEQUAL:
        return !is_equal;
    case MR_CONTROL_LESS:
        return is_less;
    case MR_CONTROL_LESS_EQUAL:
        return is_less || is_equal;
    case MR_CONTROL_GREATER:
        return !is_less && !is_equal;
    default:
        return !is_less;
    }
}

static bool holds(const struct mr_control_rule *rule, const struct mr_value *row)
{
    if (rule->field < 0) return true;
    const struct mr_value *a = &row[rule->field], *b = &rule->value;
    if (a->type == MR_TYPE_NULL) return false;
    if (a->type == MR_TYPE_FLOAT) {
        if (a->f != a->f || b->f != b->f) return rule->op == MR_CONTROL_UNEQUAL;
        return is_in_order(rule->op, a->f < b->f, a->f == b->f);
    }
    if (!mr_type_is_text((enum mr_type)a->type))
        return is_in_order(rule->op, a->i < b->i, a->i == b->i);
    if (rule->op == MR_CONTROL_STARTSWITH)
        return a->bytes >= b->bytes && memcmp(a->text, b->text, b->bytes) == 0;
    return is_in_order(rule->op, text_is_less(*a, *b), is_same_text(*a, *b));
}

/* The first rule by name of those behind `last`; NULL: none is left. */
static const struct mr_value *next_rule(
    const struct mr_kept_state *kept, const struct mr_value *last)
{
    const struct mr_value *next = NULL;
    for (uint32_t i = 0; i < kept->n_rows; i++) {
        const struct mr_value *rule = kept->rows[i].values;
        if (last && !text_is_less(last[MR_CONTROL_RULE], rule[MR_CONTROL_RULE])) continue;
        if (!next || text_is_less(rule[MR_CONTROL_RULE], next[MR_CONTROL_RULE])) next = rule;
    }
    return next;
}

void mr_key_machine_route(const struct mr_key_machine_step *step)
{
    const struct mr_transform *transform = step->machines->transform;
    const struct mr_route *route = &transform->route;
    const struct mr_kept_state *kept = &step->memory->states[0];
    if (step->event->input == route->control_input) {
        take_rule(step);
        return;
    }
    bool goes_to[MR_PARTITION_NAMES_MAX] = {false};
    bool is_taken = false;
    const struct mr_value *values = NULL;
    while ((values = next_rule(kept, values)) != NULL && !(is_taken && route->is_first)) {
        struct mr_control_rule rule;
        char message[MR_CONTROL_MESSAGE_BYTES];
        bool is_one = values[MR_CONTROL_TO].type != MR_TYPE_NULL &&
                      mr_control_read(transform, values, &rule, message);
        if (!is_one || !holds(&rule, step->event->row)) continue;
        goes_to[rule.output] = is_taken = true;
    }
    if (!is_taken && route->fallback >= 0) goes_to[route->fallback] = true;
    for (uint32_t i = 0; i < route->n_names; i++)
        if (goes_to[i]) mr_key_machine_emit(step, i, step->event->at_us, step->event->row);
}
