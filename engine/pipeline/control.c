#include "engine/pipeline/control.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_word(struct mr_value value, const char *word)
{
    return value.bytes == strlen(word) && memcmp(value.text, word, value.bytes) == 0;
}

static bool fail(char *message, const char *what, struct mr_value value)
{
    snprintf(message, MR_CONTROL_MESSAGE_BYTES, "ValueError: %s '%.*s'", what,
        value.bytes < 80 ? (int)value.bytes : 80, value.text);
    return false;
}

static bool find_output(const struct mr_transform *transform, struct mr_value to, uint32_t *out)
{
    for (uint32_t i = 0; i < transform->route.n_names; i++) {
        *out = i;
        if (is_word(to, transform->outputs[i].name)) return true;
    }
    return false;
}

static bool find_op(struct mr_value op, enum mr_control_op *out)
{
    static const char *const words[] = {"==", "!=", "<", "<=", ">", ">=", "startswith"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        *out = (enum mr_control_op)i;
        if (is_word(op, words[i])) return true;
    }
    return false;
}

/* The text as a value of the type. Text that is one stays where it is. */
static bool read_value(struct mr_value text, enum mr_type type, struct mr_value *out)
{
    enum { NUMBER_BYTES = 64 };
    char copy[NUMBER_BYTES], *end;
    *out = text;
    out->type = (uint8_t)type;
    if (type == MR_TYPE_STRING || type == MR_TYPE_BYTES) return true;
    *out = (struct mr_value){.type = (uint8_t)type};
    if (type == MR_TYPE_TIMESTAMP) return mr_timestamp_parse(text.text, text.bytes, &out->i);
    if (text.bytes == 0 || text.bytes >= NUMBER_BYTES) return false;
    memcpy(copy, text.text, text.bytes);
    copy[text.bytes] = '\0';
    if (type == MR_TYPE_BOOL) {
        out->i = strcmp(copy, "true") == 0;
        return out->i || strcmp(copy, "false") == 0;
    }
    if (type == MR_TYPE_INT)
        out->i = strtoll(copy, &end, 10);
    else if (type == MR_TYPE_FLOAT)
        out->f = mr_canonical_float(strtod(copy, &end));
    else
        return false;
    return *end == '\0';
}

bool mr_control_read(const struct mr_transform *transform, const struct mr_value *values,
    struct mr_control_rule *out, char message[MR_CONTROL_MESSAGE_BYTES])
{
    static const struct mr_value nothing = {.text = "", .type = MR_TYPE_STRING};
    const struct mr_route *route = &transform->route;
    struct mr_value field = values[MR_CONTROL_FIELD], op = values[MR_CONTROL_OP],
                    value = values[MR_CONTROL_VALUE];
    *out = (struct mr_control_rule){.field = -1};
    if (!find_output(transform, values[MR_CONTROL_TO], &out->output))
        return fail(message, "unknown output", values[MR_CONTROL_TO]);
    if (field.type == MR_TYPE_NULL) return true;
    for (uint32_t i = 0; i < route->rows->n_fields; i++)
        if (is_word(field, route->rows->fields[i].name)) out->field = (int)i;
    if (out->field < 0) return fail(message, "unknown field", field);
    enum mr_type type = route->rows->fields[out->field].type;
    if (op.type == MR_TYPE_NULL || !find_op(op, &out->op))
        return fail(message, "unknown op", op.type == MR_TYPE_NULL ? nothing : op);
    if (out->op == MR_CONTROL_STARTSWITH && type != MR_TYPE_STRING)
        return fail(message, "startswith of a field that is no string,", field);
    if (value.type == MR_TYPE_NULL || !read_value(value, type, &out->value))
        return fail(
            message, "not a value of the field:", value.type == MR_TYPE_NULL ? nothing : value);
    return true;
}
