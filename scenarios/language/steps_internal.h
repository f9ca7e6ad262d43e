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

/* The names of collected outputs, without what makes them unique. */
void mr_topics_name(struct mr_reading *reading);
bool mr_topic_find(struct mr_reading *reading, const struct mr_yaml *node, const char *name,
    bool is_input, uint32_t *out);
/* The topic that a map names by `key`; without it, the only one that there is. */
bool mr_topic_read(struct mr_reading *reading, const struct mr_yaml *map,
    const struct mr_yaml *at, const char *key, uint32_t *out);

/* The list of rows or panes that an output must have brought. */
bool mr_read_expected(
    struct mr_reading *reading, const struct mr_yaml *list, struct mr_test_step *step);
bool mr_read_expected_state(
    struct mr_reading *reading, const struct mr_yaml *node, struct mr_test_step *step);

#endif
