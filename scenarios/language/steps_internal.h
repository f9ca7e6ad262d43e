/* What the files that read steps share. */
#ifndef MR_SCENARIOS_LANGUAGE_STEPS_INTERNAL_H
#define MR_SCENARIOS_LANGUAGE_STEPS_INTERNAL_H

#include "scenarios/language/scenario_internal.h"

struct mr_steps {
    struct mr_region *region;
    struct mr_test_step *list;
    uint32_t n;
    uint32_t capacity;
    struct mr_place place; /* of the step that is being read, and its word */
    const char *word;
    bool is_bare; /* the word alone */
};

/* The list of rows or panes that an output must have brought. */
bool mr_read_expected(
    struct mr_reading *reading, const struct mr_yaml *list, struct mr_test_step *step);
bool mr_read_expected_state(
    struct mr_reading *reading, const struct mr_yaml *node, struct mr_test_step *step);

#endif
