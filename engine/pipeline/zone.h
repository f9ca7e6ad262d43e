/* Days of time zones: where they begin and end in UTC, with summer time. */
#ifndef MR_ENGINE_PIPELINE_ZONE_H
#define MR_ENGINE_PIPELINE_ZONE_H

#include <stdbool.h>

#include "base/time.h"

/* When clocks are an hour ahead. The rules of today hold for all years, but that those of the
 * United States are older before 2007. */
enum mr_zone_rule {
    MR_ZONE_FIXED,   /* never */
    MR_ZONE_EUROPE,  /* last Sunday of March to last Sunday of October, at 01:00 UTC */
    MR_ZONE_AMERICA, /* second Sunday of March to first Sunday of November, at 02:00 of the
                        place; before 2007 from the first of April to the last of October */
};
struct mr_zone {
    const char *name;
    int32_t offset_s; /* in winter, east of Greenwich */
    enum mr_zone_rule rule;
};

/* A name of the table, or an offset: `+05:30`, `-08:00`. False: neither. `name` of *out is
 * borrowed. */
bool mr_zone_find(const char *text, struct mr_zone *out);
/* For suggestions: the names of the table, names[n]. */
void mr_zone_names(const char *const **names, size_t *n);
/* How far the clocks of the place are ahead of UTC. */
int32_t mr_zone_offset_s(const struct mr_zone *zone, mr_us at_us);
/* The `days` days that contain at_us, counted from 1970-01-01 of the place: from midnight to
 * midnight there.
 *
 *   days     >= 1
 *   returns  [*start_us, *end_us), cut at Beam's extremes
 */
void mr_zone_days(
    const struct mr_zone *zone, uint32_t days, mr_us at_us, mr_us *start_us, mr_us *end_us);

#endif
