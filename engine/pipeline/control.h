/* Rules of a Route that come as rows of a control stream: how one is read. */
#ifndef MR_ENGINE_PIPELINE_CONTROL_H
#define MR_ENGINE_PIPELINE_CONTROL_H

#include "engine/pipeline/graph.h"

/* The fields of a control row, as a rule keeps them. */
enum mr_control_column {
    MR_CONTROL_RULE, /* its name: rules are asked in the order of their names */
    MR_CONTROL_VERSION,
    MR_CONTROL_TO,    /* None: the rule is taken away */
    MR_CONTROL_FIELD, /* None: it holds for each row */
    MR_CONTROL_OP,
    MR_CONTROL_VALUE, /* as text */
    MR_CONTROL_COLUMNS,
};
enum mr_control_op {
    MR_CONTROL_EQUAL,
    MR_CONTROL_UNEQUAL,
    MR_CONTROL_LESS,
    MR_CONTROL_LESS_EQUAL,
    MR_CONTROL_GREATER,
    MR_CONTROL_GREATER_EQUAL,
    MR_CONTROL_STARTSWITH,
};
struct mr_control_rule {
    uint32_t output;
    int field; /* -1: it holds for each row */
    enum mr_control_op op;
    struct mr_value value; /* of the field's type; text is borrowed from the rule */
};

enum { MR_CONTROL_MESSAGE_BYTES = 160 };
/* Reads values[MR_CONTROL_COLUMNS] whose `to` is not None. False: what is wrong with it, in
 * `message`. */
bool mr_control_read(const struct mr_transform *transform, const struct mr_value *values,
    struct mr_control_rule *out, char message[MR_CONTROL_MESSAGE_BYTES]);

#endif
