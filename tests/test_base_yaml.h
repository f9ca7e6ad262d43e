/* What the tests of YAML share: a region for each, and a reading that ASan can watch. */
#ifndef MR_TESTS_TEST_BASE_YAML_H
#define MR_TESTS_TEST_BASE_YAML_H

#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#include "base/yaml.h"

static inline int set_up(void **state)
{
    *state = mr_region_create();
    return 0;
}

static inline int tear_down(void **state)
{
    mr_region_destroy(*state);
    return 0;
}

/* The text is copied to a block of just its size, so that ASan sees a read beyond it. */
static inline bool parse(struct mr_region *region, const char *text, size_t bytes,
    enum mr_yaml_version version, const struct mr_yaml **out, struct mr_err *err)
{
    char *exact = malloc(bytes + !bytes);
    assert_non_null(exact);
    memcpy(exact, text, bytes);
    bool is_ok = mr_yaml_parse(region, "f.yaml", exact, bytes, version, out, err);
    free(exact);
    return is_ok;
}

#endif
