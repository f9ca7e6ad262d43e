/* Route with a control stream. Each subtask holds all rules, of each the newest version, in the
 * order of their names: whichever way the updates came, the rules are the same in the end.
 * Their bytes are one state, and so are in checkpoints: a row that is read again meets the
 * rules that it met. */
#include <string.h>

#include "engine/operators/keyed.h"
#include "engine/pipeline/control.h"
#include "engine/state/values.h"

struct table { /* in scratch */
    uint32_t n;
    struct mr_value (*rules)[MR_CONTROL_COLUMNS]; /* [n], room for one more */
};

static const struct mr_route *spec(const struct mr_keyed_operator *keyed)
{
    return &keyed->operator.transform->route;
}

static struct table load(struct mr_keyed_operator *keyed, const struct mr_cells_entry *entry)
{
    struct mr_scratch *scratch = &keyed->operator.context->scratch;
    struct mr_state_bytes kept = mr_keyed_read(keyed, entry, 0);
    struct table table = {0};
    if (kept.bytes) memcpy(&table.n, kept.data, 4);
    table.rules = mr_scratch_alloc(scratch, sizeof *table.rules * (table.n + 1));
    const char *at = kept.data + (kept.bytes ? 4 : 0);
    for (uint32_t i = 0; i < table.n; i++)
        at = mr_values_read(at, MR_CONTROL_COLUMNS, table.rules[i]);
    return table;
}

static void store(struct mr_keyed_operator *keyed, struct mr_cells_entry *entry,
    const struct table *table, mr_us at_us)
{
    uint32_t bytes = 4;
    for (uint32_t i = 0; i < table->n; i++)
        bytes += mr_values_bytes(table->rules[i], MR_CONTROL_COLUMNS);
    char *data = mr_scratch_alloc(&keyed->operator.context->scratch, bytes);
    memcpy(data, &table->n, 4);
    char *at = data + 4;
    for (uint32_t i = 0; i < table->n; i++)
        at = mr_values_write(table->rules[i], MR_CONTROL_COLUMNS, at);
    mr_keyed_write(keyed, entry, 0, data, bytes, at_us);
}

static int compare_texts(struct mr_value a, struct mr_value b)
{
    uint32_t shorter = a.bytes < b.bytes ? a.bytes : b.bytes;
    int order = shorter ? memcmp(a.text, b.text, shorter) : 0;
    if (order) return order;
    return a.bytes < b.bytes ? -1 : a.bytes > b.bytes;
}

/* A rule that cannot be read changes nothing. */
static void refuse(struct mr_keyed_operator *keyed, const struct mr_cells_entry *entry,
    const struct mr_keyed_row *row, const char *message)
{
    const struct mr_transform *transform = keyed->operator.transform;
    if (!transform->error_output) {
        mr_task_fail(keyed->operator.context, "transform '%s': %s", transform->name, message);
        return;
    }
    /* All subtasks hear of it, and one tells. */
    if (keyed->operator.context->subtask != 0) return;
    uint32_t n = row->batch->n_columns;
    uint32_t bytes = (uint32_t)strlen(message);
    struct mr_value *values =
        mr_scratch_array(&keyed->operator.context->scratch, struct mr_value, n + 2);
    char *text = mr_scratch_alloc(&keyed->operator.context->scratch, bytes + 1);
    memcpy(text, message, bytes + 1);
    memcpy(values, row->values, sizeof *values * n);
    values[n] = values[n + 1] =
        (struct mr_value){.type = MR_TYPE_STRING, .text = text, .bytes = bytes};
    mr_keyed_make(keyed, entry, transform->error_output, row->at_us, values);
}

static void take_rule(struct mr_keyed_operator *keyed, struct mr_cells_entry *entry,
    const struct mr_keyed_row *row)
{
    struct mr_value rule[MR_CONTROL_COLUMNS];
    struct mr_control_rule ignored;
    char message[MR_CONTROL_MESSAGE_BYTES];
    for (uint32_t i = 0; i < MR_CONTROL_COLUMNS; i++)
        rule[i] = row->values[spec(keyed)->control_columns[i]];
    if (rule[MR_CONTROL_TO].type != MR_TYPE_NULL &&
        !mr_control_read(keyed->operator.transform, rule, &ignored, message)) {
        refuse(keyed, entry, row, message);
        return;
    }
    struct table table = load(keyed, entry);
    uint32_t at = 0;
    while (at < table.n &&
           compare_texts(table.rules[at][MR_CONTROL_RULE], rule[MR_CONTROL_RULE]) < 0)
        at++;
    bool is_there = at < table.n &&
                    compare_texts(table.rules[at][MR_CONTROL_RULE], rule[MR_CONTROL_RULE]) == 0;
    if (is_there && table.rules[at][MR_CONTROL_VERSION].i >= rule[MR_CONTROL_VERSION].i) return;
    if (!is_there) {
        memmove(table.rules + at + 1, table.rules + at, sizeof *table.rules * (table.n - at));
        table.n++;
    }
    memcpy(table.rules[at], rule, sizeof rule);
    store(keyed, entry, &table, row->at_us);
}

static int compare_values(struct mr_value a, struct mr_value b)
{
    if (mr_type_is_text((enum mr_type)a.type)) return compare_texts(a, b);
    if (a.type == MR_TYPE_FLOAT) return a.f < b.f ? -1 : a.f > b.f;
    return a.i < b.i ? -1 : a.i > b.i;
}

static bool holds(const struct mr_control_rule *rule, const struct mr_value *row)
{
    if (rule->field < 0) return true;
    struct mr_value value = row[rule->field];
    if (value.type == MR_TYPE_NULL) return false;
    if (rule->op == MR_CONTROL_STARTSWITH)
        return value.bytes >= rule->value.bytes &&
               memcmp(value.text, rule->value.text, rule->value.bytes) == 0;
    bool is_nan =
        value.type == MR_TYPE_FLOAT && (value.f != value.f || rule->value.f != rule->value.f);
    if (is_nan) return rule->op == MR_CONTROL_UNEQUAL;
    int order = compare_values(value, rule->value);
    switch (rule->op) {
    case MR_CONTROL_EQUAL:
        return order == 0;
    case MR_CONTROL_UNEQUAL:
        return order != 0;
    case MR_CONTROL_LESS:
        return order < 0;
    case MR_CONTROL_LESS_EQUAL:
        return order <= 0;
    case MR_CONTROL_GREATER:
        return order > 0;
    default:
        return order >= 0;
    }
}

static void route_row(struct mr_keyed_operator *keyed, struct mr_cells_entry *entry,
    const struct mr_keyed_row *row)
{
    if (row->input == spec(keyed)->control_input) {
        take_rule(keyed, entry, row);
        return;
    }
    struct table table = load(keyed, entry);
    bool goes_to[MR_PARTITION_NAMES_MAX] = {false};
    bool is_taken = false;
    for (uint32_t i = 0; i < table.n && !(is_taken && spec(keyed)->is_first); i++) {
        struct mr_control_rule rule;
        char message[MR_CONTROL_MESSAGE_BYTES];
        if (table.rules[i][MR_CONTROL_TO].type == MR_TYPE_NULL) continue;
        if (!mr_control_read(keyed->operator.transform, table.rules[i], &rule, message))
            continue;
        if (!holds(&rule, row->values)) continue;
        goes_to[rule.output] = is_taken = true;
    }
    if (!is_taken && spec(keyed)->fallback >= 0) goes_to[spec(keyed)->fallback] = true;
    for (uint32_t i = 0; i < spec(keyed)->n_names; i++)
        if (goes_to[i]) mr_keyed_make(keyed, entry, i, row->at_us, row->values);
}

static const struct mr_keyed_logic logic = {.row = route_row};

static void open_route(struct mr_operator *operator)
{
    mr_keyed_open(operator, & logic);
}

MR_KEYED_CLASS(
    mr_route_control_class, "Route", struct mr_keyed_operator, open_route, mr_keyed_batch);
