#include "base/point.h"

#include <string.h>

const struct mr_named mr_points[MR_POINT_COUNT] = {
#define X(id, text, about_text) {.name = text, .about = about_text},
    MR_POINTS(X)
#undef X
};
const struct mr_named mr_chances[MR_CHANCE_COUNT] = {
#define X(id, text, about_text) {.name = text, .about = about_text},
    MR_CHANCES(X)
#undef X
};
const struct mr_named mr_plants[MR_PLANT_COUNT] = {
#define X(id, text, about_text, check_text)                                                     \
    {.name = text, .about = about_text, .check = check_text},
    MR_PLANTS(X)
#undef X
};
const struct mr_named mr_sometimes[MR_SOMETIMES_COUNT] = {
#define X(id, text, about_text) {.name = text, .about = about_text},
    MR_SOMETIMES(X)
#undef X
};

int mr_named_find(const struct mr_named *names, int n_names, const char *name)
{
    for (int i = 0; i < n_names; i++)
        if (strcmp(names[i].name, name) == 0) return i;
    return -1;
}
