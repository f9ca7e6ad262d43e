/* ValidateWithSchema: rules of a JSON schema over columns, a rule at a time. */
#include <string.h>

#include "engine/expression/unicode.h"
#include "engine/operators/operator.h"
#include "engine/operators/validate_value.h"

/* The order of a number and a bound: -1, 0 or 1; 2 when one of them is NaN. */
static int compare_numbers(struct mr_value a, struct mr_value b)
{
    if (a.type == MR_TYPE_INT && b.type == MR_TYPE_INT) return (a.i > b.i) - (a.i < b.i);
    if (a.type == MR_TYPE_FLOAT && b.type == MR_TYPE_FLOAT)
        return a.f < b.f ? -1 : a.f > b.f ? 1 : a.f == b.f ? 0 : 2;
    if (a.type == MR_TYPE_FLOAT) {
        int order = compare_numbers(b, a);
        return order == 2 ? 2 : -order;
    }
    if (b.f != b.f) return 2;
    if (b.f >= 0x1p63) return -1;
    if (b.f < -0x1p63) return 1;
    int64_t whole = (int64_t)b.f; /* towards zero: what is left decides between equals */
    if (a.i != whole) return a.i < whole ? -1 : 1;
    double rest = b.f - (double)whole;
    return rest > 0 ? -1 : rest < 0 ? 1 : 0;
}

static bool is_number(const struct mr_value *value)
{
    return value->type == MR_TYPE_INT || value->type == MR_TYPE_FLOAT;
}

/* JSON's equality: 1 is 1.0 but not true. */
static bool is_equal(const struct mr_value *a, const struct mr_value *b)
{
    if (is_number(a) && is_number(b)) return compare_numbers(*a, *b) == 0;
    return mr_value_same(*a, *b);
}

static bool is_listed(const struct mr_rule *rule, const struct mr_value *value)
{
    for (uint32_t i = 0; i < rule->n_values; i++)
        if (is_equal(value, &rule->values[i])) return true;
    return false;
}

/* NaN is neither below nor above anything, so that it breaks no bound; as in Python. */
static bool breaks_bound(const struct mr_rule *rule, const struct mr_value *value)
{
    int order = compare_numbers(*value, rule->bound);
    switch (rule->kind) {
    case MR_RULE_MINIMUM:
        return order == -1;
    case MR_RULE_MAXIMUM:
        return order == 1;
    case MR_RULE_EXCLUSIVE_MINIMUM:
        return order == -1 || order == 0;
    default:
        return order == 1 || order == 0;
    }
}

static bool breaks(const struct mr_rule *rule, const struct mr_value *value)
{
    bool is_null = value->type == MR_TYPE_NULL;
    if (rule->kind == MR_RULE_REQUIRED) return is_null;
    if (is_null) return false;
    switch (rule->kind) {
    case MR_RULE_ABSENT:
        return true;
    case MR_RULE_INTEGER:
        /* Beyond 2^53 every float is whole; infinity and NaN are not. */
        if (!(value->f < 0x1p53 && value->f > -0x1p53))
            return value->f != value->f || value->f - value->f != 0;
        return (double)(int64_t)value->f != value->f;
    case MR_RULE_ENUM:
        return !is_listed(rule, value);
    case MR_RULE_MIN_LENGTH:
        return mr_unicode_length(value->text, value->bytes) < rule->bound.i;
    case MR_RULE_MAX_LENGTH:
        return mr_unicode_length(value->text, value->bytes) > rule->bound.i;
    default:
        return breaks_bound(rule, value);
    }
}

static void ask(const struct mr_rule *rule, const struct mr_batch *batch, uint8_t *errors,
    struct mr_span *texts)
{
    const struct mr_column *column = &batch->columns[rule->field];
    bool is_about_fields = rule->kind == MR_RULE_REQUIRED || rule->kind == MR_RULE_ABSENT ||
                           !mr_type_is_document(column->type);
    for (uint32_t i = 0; i < batch->n_selected; i++) {
        uint32_t row = mr_batch_row(batch, i);
        if (errors[row]) continue;
        struct mr_value value = mr_column_value(column, row);
        const char *failure = NULL;
        if (is_about_fields)
            failure = breaks(rule, &value) ? rule->failure : NULL;
        else if (value.type != MR_TYPE_NULL)
            failure = mr_value_breaks(rule, value);
        if (!failure) continue;
        errors[row] = MR_ROW_INVALID;
        texts[row] = (struct mr_span){.text = failure, .bytes = (uint32_t)strlen(failure)};
    }
}

static void validate_batch(struct mr_operator *operator, const struct mr_batch * batch)
{
    const struct mr_validation *validation = &operator->transform->validation;
    struct mr_scratch *scratch = &operator->context->scratch;
    uint8_t *errors = mr_scratch_array(scratch, uint8_t, batch->n_rows + 1);
    struct mr_span *texts = mr_scratch_array(scratch, struct mr_span, batch->n_rows + 1);
    memset(errors, 0, batch->n_rows);
    memset(texts, 0, sizeof *texts * batch->n_rows);
    for (uint32_t i = 0; i < validation->n_rules; i++)
        ask(&validation->rules[i], batch, errors, texts);
    struct mr_batch good = mr_operator_divert_as(operator, batch, errors, texts);
    mr_operator_emit(operator, MR_OUTPUT_MAIN, &good);
}

const struct mr_operator_class mr_validate_with_schema_class = {
    .name = "ValidateWithSchema", .bytes = sizeof(struct mr_operator), .batch = validate_batch};
