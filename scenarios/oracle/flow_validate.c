/* ValidateWithSchema, a row at a time. Where the engine decides by the order of two numbers,
 * this decides by which of them lies in the range of the other. */
#include "base/utf8.h"
#include "scenarios/oracle/oracle_internal.h"

static bool is_number(const struct mr_value *value)
{
    return value->type == MR_TYPE_INT || value->type == MR_TYPE_FLOAT;
}

/* The largest integer that is not above a float, in range. */
static int64_t floor_of(double value)
{
    int64_t whole = (int64_t)value;
    return (double)whole > value ? whole - 1 : whole;
}

/* An integer is below a float when it is at most the float's floor and not the float itself. */
static bool int_is_below(int64_t a, double b)
{
    if (b != b || b < -0x1p63) return false;
    if (b >= 0x1p63) return true;
    int64_t whole = floor_of(b);
    return a < whole || (a == whole && (double)whole < b);
}

static bool int_is_above(int64_t a, double b)
{
    if (b != b || b >= 0x1p63) return false;
    return b < -0x1p63 || a > floor_of(b);
}

/* a < b for any two numbers. */
static bool is_below(const struct mr_value *a, const struct mr_value *b)
{
    if (a->type == MR_TYPE_INT)
        return b->type == MR_TYPE_INT ? a->i < b->i : int_is_below(a->i, b->f);
    return b->type == MR_TYPE_FLOAT ? a->f < b->f : int_is_above(b->i, a->f);
}

static bool is_nan(const struct mr_value *value)
{
    return value->type == MR_TYPE_FLOAT && value->f != value->f;
}

static bool is_same(const struct mr_value *a, const struct mr_value *b)
{
    if (!is_number(a) || !is_number(b)) return mr_value_same(*a, *b);
    return !is_nan(a) && !is_nan(b) && !is_below(a, b) && !is_below(b, a);
}

static bool is_one_of(const struct mr_rule *rule, const struct mr_value *value)
{
    bool found = false;
    for (uint32_t i = 0; i < rule->n_values; i++) found |= is_same(value, &rule->values[i]);
    return found;
}

/* Characters begin with a byte that continues none; what is not UTF-8 counts byte by byte. */
static int64_t characters(const struct mr_value *text)
{
    int64_t n = 0;
    for (size_t at = 0; at < text->bytes; n++) {
        size_t bytes = mr_utf8_character(text->text + at, text->bytes - at);
        at += bytes ? bytes : 1;
    }
    return n;
}

static bool is_whole(double value)
{
    bool is_large = value >= 0x1p53 || value <= -0x1p53;
    if (is_large) return value - value == 0; /* but for infinity */
    return value == value && (double)(int64_t)value == value;
}

static bool holds(const struct mr_rule *rule, const struct mr_value *value)
{
    switch (rule->kind) {
    case MR_RULE_REQUIRED:
        return true;
    case MR_RULE_ABSENT:
        return false;
    case MR_RULE_INTEGER:
        return is_whole(value->f);
    case MR_RULE_ENUM:
        return is_one_of(rule, value);
    case MR_RULE_MINIMUM:
        return !is_below(value, &rule->bound);
    case MR_RULE_MAXIMUM:
        return !is_below(&rule->bound, value);
    case MR_RULE_EXCLUSIVE_MINIMUM:
        return is_nan(value) || is_nan(&rule->bound) || is_below(&rule->bound, value);
    case MR_RULE_EXCLUSIVE_MAXIMUM:
        return is_nan(value) || is_nan(&rule->bound) || is_below(value, &rule->bound);
    case MR_RULE_MIN_LENGTH:
        return characters(value) >= rule->bound.i;
    case MR_RULE_MAX_LENGTH:
        return characters(value) <= rule->bound.i;
    default:
        break; /* mr_flow_broken */
    }
    MR_UNREACHABLE("a rule that does not exist");
}

/* None is a field that is not there. */
void mr_flow_validate(
    struct mr_oracle *oracle, const struct mr_step *step, const struct mr_flow_row *row)
{
    const struct mr_validation *validation = &step->transform->validation;
    const struct mr_field *types = step->transform->outputs[MR_OUTPUT_MAIN].schema.fields;
    for (uint32_t i = 0; i < validation->n_rules; i++) {
        const struct mr_rule *rule = &validation->rules[i];
        const struct mr_value *value = &row->values[rule->field];
        bool is_there = value->type != MR_TYPE_NULL;
        bool is_nested = mr_type_is_document(types[rule->field].type) &&
                         rule->kind != MR_RULE_REQUIRED && rule->kind != MR_RULE_ABSENT;
        const char *failure = rule->failure;
        if (is_nested)
            failure = is_there ? mr_flow_broken(rule, *value) : NULL;
        else if (is_there ? holds(rule, value) : rule->kind != MR_RULE_REQUIRED)
            failure = NULL;
        if (!failure) continue;
        struct mr_value text = mr_text_value(failure);
        mr_flow_fail(oracle, step, row, mr_message_value(oracle, text), text);
        return;
    }
    mr_flow_emit(oracle, step->transform->id, MR_OUTPUT_MAIN, row);
}
