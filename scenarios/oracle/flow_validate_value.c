/* A JSON schema over a value with values inside: member after member, each looked up by the
 * name that the schema has. */
#include "base/row.h"
#include "base/utf8.h"
#include "scenarios/oracle/oracle_internal.h"

static const char *first_broken(const struct mr_rules *rules, struct mr_value value)
{
    const char *failure = NULL;
    for (uint32_t i = 0; i < rules->n && !failure; i++)
        failure = mr_flow_broken(&rules->rules[i], value);
    return failure;
}

static bool is_of(uint32_t type, struct mr_value value)
{
    bool is_big = value.type == MR_TYPE_ANY && mr_document_kind(value) == MR_DOCUMENT_BIG_INT;
    bool is_int = value.type == MR_TYPE_INT || is_big;
    switch (type) {
    case MR_JSON_NULL:
        return value.type == MR_TYPE_NULL;
    case MR_JSON_BOOLEAN:
        return value.type == MR_TYPE_BOOL;
    case MR_JSON_STRING:
        return value.type == MR_TYPE_STRING;
    case MR_JSON_ARRAY:
        return value.type == MR_TYPE_LIST;
    case MR_JSON_OBJECT:
        return value.type == MR_TYPE_ROW || value.type == MR_TYPE_MAP;
    case MR_JSON_NUMBER:
        return is_int || value.type == MR_TYPE_FLOAT;
    default:
        if (value.type != MR_TYPE_FLOAT) return is_int;
        if (value.f >= 0x1p53 || value.f <= -0x1p53) return value.f - value.f == 0;
        return value.f == value.f && (double)(int64_t)value.f == value.f;
    }
}

static bool is_any_of(uint32_t types, struct mr_value value)
{
    for (uint32_t type = 1; type <= MR_JSON_NULL; type *= 2)
        if (types & type && is_of(type, value)) return true;
    return false;
}

static bool is_in(const struct mr_rule *rule, struct mr_value value)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < rule->n_values; i++)
        n += (value.type == MR_TYPE_BOOL) == (rule->values[i].type == MR_TYPE_BOOL) &&
             mr_value_equals(rule->values[i], value);
    return n > 0;
}

/* -1, 0 or 1; 2 where there is nothing to compare. */
static int compare(struct mr_value value, struct mr_value bound)
{
    if (!is_of(MR_JSON_NUMBER, value)) return 2;
    if (value.type == MR_TYPE_ANY) return value.text[MR_DOCUMENT_HEAD_BYTES] == '-' ? -1 : 1;
    if (value.type == MR_TYPE_INT && bound.type == MR_TYPE_INT)
        return (value.i > bound.i) - (value.i < bound.i);
    long double x = value.type == MR_TYPE_INT ? (long double)value.i : (long double)value.f;
    long double y = bound.type == MR_TYPE_INT ? (long double)bound.i : (long double)bound.f;
    return x < y ? -1 : x > y ? 1 : x == y ? 0 : 2;
}

static int64_t length_of(struct mr_value text)
{
    int64_t n = 0;
    for (size_t at = 0; at < text.bytes; n++) {
        size_t bytes = mr_utf8_character(text.text + at, text.bytes - at);
        at += bytes ? bytes : 1;
    }
    return n;
}

/* The member with the name; a null is none. */
static bool find(struct mr_value of, const char *name, struct mr_value *out)
{
    if (of.type == MR_TYPE_ROW)
        return mr_document_field(of, name, out) && out->type != MR_TYPE_NULL;
    if (of.type != MR_TYPE_MAP) return false;
    struct mr_document_cursor cursor = mr_document_open(of);
    struct mr_value key;
    while (mr_document_next(&cursor, &key) && mr_document_next(&cursor, out))
        if (mr_value_same(key, mr_text_value(name))) return out->type != MR_TYPE_NULL;
    return false;
}

static const char *broken_members(const struct mr_rule *rule, struct mr_value value)
{
    struct mr_value member;
    for (uint32_t i = 0; i < rule->n_names; i++) {
        if (!find(value, rule->names[i], &member)) continue;
        const char *failure = first_broken(&rule->inner[i], member);
        if (failure) return failure;
    }
    return NULL;
}

static const char *broken_others(const struct mr_rule *rule, struct mr_value value)
{
    if (!is_of(MR_JSON_OBJECT, value)) return NULL;
    struct mr_document_cursor cursor = mr_document_open(value);
    struct mr_value name, member;
    while (mr_document_next(&cursor, &member)) {
        name = member;
        if (!cursor.is_row) mr_document_next(&cursor, &member);
        if (cursor.is_row)
            name = (struct mr_value){
                .type = MR_TYPE_STRING, .text = cursor.name, .bytes = cursor.name_bytes};
        bool is_named = member.type == MR_TYPE_NULL;
        for (uint32_t i = 0; i < rule->n_names; i++)
            is_named |= mr_value_same(name, mr_text_value(rule->names[i]));
        if (is_named) continue;
        const char *failure = rule->inner ? first_broken(rule->inner, member) : rule->failure;
        if (failure) return failure;
    }
    return NULL;
}

static const char *broken_items(const struct mr_rule *rule, struct mr_value value)
{
    struct mr_value item;
    if (value.type != MR_TYPE_LIST) return NULL;
    struct mr_document_cursor cursor = mr_document_open(value);
    while (mr_document_next(&cursor, &item)) {
        const char *failure = first_broken(rule->inner, item);
        if (failure) return failure;
    }
    return NULL;
}

/* Sizes say nothing of what has another one. */
static bool fits(const struct mr_rule *rule, struct mr_value value)
{
    bool is_text = rule->kind == MR_RULE_MIN_LENGTH || rule->kind == MR_RULE_MAX_LENGTH;
    if (value.type != (is_text ? MR_TYPE_STRING : MR_TYPE_LIST)) return true;
    int64_t size = is_text ? length_of(value) : mr_document_count(value);
    bool is_least = rule->kind == MR_RULE_MIN_LENGTH || rule->kind == MR_RULE_MIN_ITEMS;
    return is_least ? size >= rule->bound.i : size <= rule->bound.i;
}

const char *mr_flow_broken(const struct mr_rule *rule, struct mr_value value)
{
    struct mr_value ignored;
    bool holds;
    int order = 2;
    switch (rule->kind) {
    case MR_RULE_MEMBERS:
        return broken_members(rule, value);
    case MR_RULE_OTHERS:
        return broken_others(rule, value);
    case MR_RULE_ITEMS:
        return broken_items(rule, value);
    case MR_RULE_HAS:
        holds = !is_of(MR_JSON_OBJECT, value) || find(value, rule->names[0], &ignored);
        break;
    case MR_RULE_TYPE:
        holds = is_any_of(rule->types, value);
        break;
    case MR_RULE_ENUM:
        holds = is_in(rule, value);
        break;
    case MR_RULE_MINIMUM:
    case MR_RULE_MAXIMUM:
    case MR_RULE_EXCLUSIVE_MINIMUM:
    case MR_RULE_EXCLUSIVE_MAXIMUM:
        order = compare(value, rule->bound);
        holds = order == 2 || (rule->kind == MR_RULE_MINIMUM                ? order >= 0
                                  : rule->kind == MR_RULE_MAXIMUM           ? order <= 0
                                  : rule->kind == MR_RULE_EXCLUSIVE_MINIMUM ? order > 0
                                                                            : order < 0);
        break;
    default:
        holds = fits(rule, value);
        break;
    }
    return holds ? NULL : rule->failure;
}
