/* Explode, a row at a time: field after field, member after member, as Beam's own generators
 * go. */
#include <stdio.h>

#include "base/shape.h"
#include "base/utf8.h"
#include "scenarios/oracle/oracle_internal.h"

/* Walks over the members of one value. */
struct walk {
    struct mr_value of;
    struct mr_document_cursor cursor;
    uint32_t at;
    enum mr_type type; /* that the members are to have */
};

/* What is wrong with the row; NULL: nothing. */
static const char *begin_walk(
    struct mr_oracle *oracle, struct mr_value value, enum mr_type type, struct walk *walk)
{
    enum { SIZE = 128 };
    *walk = (struct walk){.of = value, .type = type};
    bool is_document = mr_type_is_document((enum mr_type)value.type);
    bool is_iterable = value.type == MR_TYPE_STRING || value.type == MR_TYPE_BYTES;
    if (is_document && mr_document_kind(value) >= MR_DOCUMENT_LIST) {
        walk->cursor = mr_document_open(value);
        is_iterable = true;
    }
    if (is_iterable) return NULL;
    char *text = mr_scratch_alloc(&oracle->scratch, SIZE);
    const char *name = mr_value_class(value);
    if (value.type == MR_TYPE_TIMESTAMP) name = "Timestamp";
    snprintf(text, SIZE, "TypeError: '%s' object is not iterable", name);
    return text;
}

static bool next_raw(struct walk *walk, struct mr_value *out)
{
    struct mr_value ignored;
    if (mr_type_is_document((enum mr_type)walk->of.type)) {
        if (!mr_document_next(&walk->cursor, out)) return false;
        return walk->of.type != MR_TYPE_MAP || mr_document_next(&walk->cursor, &ignored);
    }
    if (walk->at == walk->of.bytes) return false;
    const char *text = walk->of.text + walk->at;
    size_t bytes = 1;
    if (walk->of.type == MR_TYPE_STRING) {
        bytes = mr_utf8_character(text, walk->of.bytes - walk->at);
        if (bytes == 0) bytes = 1;
        *out =
            (struct mr_value){.text = text, .bytes = (uint32_t)bytes, .type = MR_TYPE_STRING};
    } else {
        *out = (struct mr_value){.i = (unsigned char)text[0], .type = MR_TYPE_INT};
    }
    walk->at += (uint32_t)bytes;
    return true;
}

static bool next(struct walk *walk, struct mr_value *out)
{
    return next_raw(walk, out) && mr_value_convert(walk->type, out);
}

/* Whether each member can be had: the row fails as a whole, before anything of it goes on. */
static const char *check_members(struct walk walk)
{
    struct mr_value value;
    while (next_raw(&walk, &value))
        if (!mr_value_convert(walk.type, &value))
            return "OverflowError: a member is not of the type of its list";
    return NULL;
}

struct explosion {
    struct mr_oracle *oracle;
    const struct mr_step *step;
    const struct mr_flow_row *row;
    const struct mr_explode *explode;
    const struct mr_schema *schema;
};

static struct walk walk_of(const struct explosion *explosion, uint32_t i)
{
    int field = explosion->explode->fields[i];
    struct walk walk;
    begin_walk(explosion->oracle, explosion->row->values[field],
        explosion->schema->fields[field].type, &walk);
    return walk;
}

static bool has_members(struct walk walk)
{
    struct mr_value ignored;
    return next_raw(&walk, &ignored);
}

static const char *find_failure(const struct explosion *explosion)
{
    const struct mr_explode *explode = explosion->explode;
    for (uint32_t i = 0; i < explode->n_fields; i++) {
        int field = explode->fields[i];
        struct walk walk;
        const char *failure = begin_walk(explosion->oracle, explosion->row->values[field],
            explosion->schema->fields[field].type, &walk);
        if (!failure) failure = check_members(walk);
        if (failure) return failure;
        if (explode->is_cross_product && !has_members(walk)) return NULL;
    }
    return NULL;
}

/* How far the members of a value may be off is what is said of the value. */
static void emit(const struct explosion *explosion, const struct mr_value *values)
{
    struct mr_oracle *oracle = explosion->oracle;
    uint32_t n = explosion->schema->n_fields;
    struct mr_flow_row exploded = *explosion->row;
    struct mr_value *copy = mr_scratch_array(&oracle->scratch, struct mr_value, n);
    memcpy(copy, values, sizeof *copy * n);
    exploded.values = copy;
    mr_flow_emit(oracle, explosion->step->transform->id, MR_OUTPUT_MAIN, &exploded);
}

static void cross(const struct explosion *explosion, uint32_t depth, struct mr_value *values)
{
    if (depth == explosion->explode->n_fields) {
        emit(explosion, values);
        return;
    }
    int field = explosion->explode->fields[depth];
    struct walk walk = walk_of(explosion, depth);
    while (next(&walk, &values[field])) cross(explosion, depth + 1, values);
}

static void zip(const struct explosion *explosion, struct mr_value *values)
{
    struct walk walks[MR_FIELDS_MAX];
    uint32_t n = explosion->explode->n_fields;
    for (uint32_t i = 0; i < n; i++) walks[i] = walk_of(explosion, i);
    for (;;) {
        bool has_any = false;
        for (uint32_t i = 0; i < n; i++) {
            struct mr_value *value = &values[explosion->explode->fields[i]];
            if (next(&walks[i], value))
                has_any = true;
            else
                *value = (struct mr_value){.type = MR_TYPE_NULL};
        }
        if (!has_any) return;
        emit(explosion, values);
    }
}

void mr_flow_explode(
    struct mr_oracle *oracle, const struct mr_step *step, const struct mr_flow_row *row)
{
    struct explosion explosion = {.oracle = oracle,
        .step = step,
        .row = row,
        .explode = &step->transform->explode,
        .schema = &step->transform->outputs[MR_OUTPUT_MAIN].schema};
    struct mr_value values[MR_FIELDS_MAX];
    const char *failure = find_failure(&explosion);
    if (failure) {
        struct mr_value text = mr_text_value(failure);
        mr_flow_fail(oracle, step, row, mr_message_value(oracle, text), text);
        return;
    }
    memcpy(values, row->values, sizeof *values * explosion.schema->n_fields);
    if (explosion.explode->is_cross_product)
        cross(&explosion, 0, values);
    else
        zip(&explosion, values);
}
