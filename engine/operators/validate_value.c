#include "engine/operators/validate_value.h"

#include <string.h>

#include "base/document.h"
#include "base/row.h"
#include "engine/expression/unicode.h"

static bool is_big(struct mr_value value)
{
    return value.type == MR_TYPE_ANY && mr_document_kind(value) == MR_DOCUMENT_BIG_INT;
}

static bool is_number(struct mr_value value)
{
    return value.type == MR_TYPE_INT || value.type == MR_TYPE_FLOAT || is_big(value);
}

static bool is_whole(struct mr_value value)
{
    if (value.type == MR_TYPE_INT || is_big(value)) return true;
    if (value.type != MR_TYPE_FLOAT || value.f - value.f != 0) return false;
    if (value.f >= 0x1p53 || value.f <= -0x1p53) return true;
    return (double)(int64_t)value.f == value.f;
}

static uint32_t types_of(struct mr_value value)
{
    switch ((enum mr_type)value.type) {
    case MR_TYPE_NULL:
        return MR_JSON_NULL;
    case MR_TYPE_BOOL:
        return MR_JSON_BOOLEAN;
    case MR_TYPE_STRING:
        return MR_JSON_STRING;
    case MR_TYPE_LIST:
        return MR_JSON_ARRAY;
    case MR_TYPE_MAP:
    case MR_TYPE_ROW:
        return MR_JSON_OBJECT;
    default:
        return !is_number(value) ? 0
               : is_whole(value) ? MR_JSON_NUMBER | MR_JSON_INTEGER
                                 : MR_JSON_NUMBER;
    }
}

/* JSON's equality: 1 is 1.0 but not true. */
static bool is_listed(const struct mr_rule *rule, struct mr_value value)
{
    for (uint32_t i = 0; i < rule->n_values; i++) {
        bool is_bool = value.type == MR_TYPE_BOOL;
        if (is_bool != (rule->values[i].type == MR_TYPE_BOOL)) continue;
        if (mr_value_equals(value, rule->values[i])) return true;
    }
    return false;
}

/* A NaN breaks no bound. */
static bool breaks_bound(const struct mr_rule *rule, struct mr_value value)
{
    if (!is_number(value) || (value.type == MR_TYPE_FLOAT && value.f != value.f)) return false;
    if (rule->bound.type == MR_TYPE_FLOAT && rule->bound.f != rule->bound.f) return false;
    bool is_equal = mr_value_equals(value, rule->bound);
    int order = is_equal ? 0 : mr_value_order(value, rule->bound);
    switch (rule->kind) {
    case MR_RULE_MINIMUM:
        return order < 0;
    case MR_RULE_MAXIMUM:
        return order > 0;
    case MR_RULE_EXCLUSIVE_MINIMUM:
        return order <= 0;
    default:
        return order >= 0;
    }
}

static bool breaks_length(const struct mr_rule *rule, struct mr_value value)
{
    if (value.type != MR_TYPE_STRING) return false;
    int64_t length = mr_unicode_length(value.text, value.bytes);
    return rule->kind == MR_RULE_MIN_LENGTH ? length < rule->bound.i : length > rule->bound.i;
}

static bool breaks_count(const struct mr_rule *rule, struct mr_value value)
{
    if (value.type != MR_TYPE_LIST) return false;
    int64_t n = mr_document_count(value);
    return rule->kind == MR_RULE_MIN_ITEMS ? n < rule->bound.i : n > rule->bound.i;
}

static const char *break_all(const struct mr_rules *rules, struct mr_value value)
{
    for (uint32_t i = 0; i < rules->n; i++) {
        const char *failure = mr_value_breaks(&rules->rules[i], value);
        if (failure) return failure;
    }
    return NULL;
}

/* The next member that is there: its name, or its key if that is text. */
static bool next_member(
    struct mr_document_cursor *cursor, struct mr_value *name, struct mr_value *member)
{
    while (mr_document_next(cursor, member)) {
        *name = (struct mr_value){
            .type = MR_TYPE_STRING, .text = cursor->name, .bytes = cursor->name_bytes};
        if (!cursor->is_row) {
            *name = *member;
            mr_document_next(cursor, member);
        }
        if (member->type != MR_TYPE_NULL) return true;
    }
    return false;
}

static int find_name(const struct mr_rule *rule, struct mr_value name)
{
    for (uint32_t i = 0; name.type == MR_TYPE_STRING && i < rule->n_names; i++)
        if (strlen(rule->names[i]) == name.bytes &&
            memcmp(rule->names[i], name.text, name.bytes) == 0)
            return (int)i;
    return -1;
}

static const char *break_members(const struct mr_rule *rule, struct mr_value value)
{
    if (value.type != MR_TYPE_ROW && value.type != MR_TYPE_MAP) return NULL;
    bool has_it = false;
    const char *failures[2] = {NULL, NULL};
    struct mr_document_cursor cursor = mr_document_open(value);
    struct mr_value name, member;
    int first = INT32_MAX;
    while (next_member(&cursor, &name, &member)) {
        int index = find_name(rule, name);
        has_it |= index >= 0;
        if (rule->kind == MR_RULE_OTHERS && index < 0 && !failures[0])
            failures[0] = rule->inner ? break_all(rule->inner, member) : rule->failure;
        if (rule->kind != MR_RULE_MEMBERS || index < 0 || index > first) continue;
        const char *failure = break_all(&rule->inner[index], member);
        if (!failure) continue;
        failures[1] = failure; /* of the property that is written first */
        first = index;
    }
    if (rule->kind == MR_RULE_HAS) return has_it ? NULL : rule->failure;
    return failures[rule->kind == MR_RULE_MEMBERS];
}

static const char *break_items(const struct mr_rule *rule, struct mr_value value)
{
    if (value.type != MR_TYPE_LIST) return NULL;
    struct mr_document_cursor cursor = mr_document_open(value);
    struct mr_value item;
    const char *failure = NULL;
    while (!failure && mr_document_next(&cursor, &item)) failure = break_all(rule->inner, item);
    return failure;
}

const char *mr_value_breaks(const struct mr_rule *rule, struct mr_value value)
{
    bool is_broken = false;
    switch (rule->kind) {
    case MR_RULE_TYPE:
        is_broken = !(types_of(value) & rule->types);
        break;
    case MR_RULE_ENUM:
        is_broken = !is_listed(rule, value);
        break;
    case MR_RULE_MIN_LENGTH:
    case MR_RULE_MAX_LENGTH:
        is_broken = breaks_length(rule, value);
        break;
    case MR_RULE_MIN_ITEMS:
    case MR_RULE_MAX_ITEMS:
        is_broken = breaks_count(rule, value);
        break;
    case MR_RULE_HAS:
    case MR_RULE_MEMBERS:
    case MR_RULE_OTHERS:
        return break_members(rule, value);
    case MR_RULE_ITEMS:
        return break_items(rule, value);
    case MR_RULE_REQUIRED:
    case MR_RULE_ABSENT:
    case MR_RULE_INTEGER:
        MR_UNREACHABLE("a rule about a field");
    default:
        is_broken = breaks_bound(rule, value);
        break;
    }
    return is_broken ? rule->failure : NULL;
}
