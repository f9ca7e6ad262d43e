#include "engine/pipeline/zone.h"

#include <string.h>

#include "base/assert.h"

enum { DAY_S = 86400, HOUR_S = 3600 };

#define HOURS(n) ((n)*HOUR_S)
static const struct mr_zone zones[] = {
    {"UTC", 0, MR_ZONE_FIXED},
    {"Europe/London", 0, MR_ZONE_EUROPE},
    {"Europe/Dublin", 0, MR_ZONE_EUROPE},
    {"Europe/Lisbon", 0, MR_ZONE_EUROPE},
    {"Europe/Amsterdam", HOURS(1), MR_ZONE_EUROPE},
    {"Europe/Berlin", HOURS(1), MR_ZONE_EUROPE},
    {"Europe/Brussels", HOURS(1), MR_ZONE_EUROPE},
    {"Europe/Budapest", HOURS(1), MR_ZONE_EUROPE},
    {"Europe/Copenhagen", HOURS(1), MR_ZONE_EUROPE},
    {"Europe/Madrid", HOURS(1), MR_ZONE_EUROPE},
    {"Europe/Oslo", HOURS(1), MR_ZONE_EUROPE},
    {"Europe/Paris", HOURS(1), MR_ZONE_EUROPE},
    {"Europe/Prague", HOURS(1), MR_ZONE_EUROPE},
    {"Europe/Rome", HOURS(1), MR_ZONE_EUROPE},
    {"Europe/Stockholm", HOURS(1), MR_ZONE_EUROPE},
    {"Europe/Vienna", HOURS(1), MR_ZONE_EUROPE},
    {"Europe/Warsaw", HOURS(1), MR_ZONE_EUROPE},
    {"Europe/Zurich", HOURS(1), MR_ZONE_EUROPE},
    {"Europe/Athens", HOURS(2), MR_ZONE_EUROPE},
    {"Europe/Bucharest", HOURS(2), MR_ZONE_EUROPE},
    {"Europe/Helsinki", HOURS(2), MR_ZONE_EUROPE},
    {"America/New_York", HOURS(-5), MR_ZONE_AMERICA},
    {"America/Toronto", HOURS(-5), MR_ZONE_AMERICA},
    {"America/Chicago", HOURS(-6), MR_ZONE_AMERICA},
    {"America/Denver", HOURS(-7), MR_ZONE_AMERICA},
    {"America/Phoenix", HOURS(-7), MR_ZONE_FIXED},
    {"America/Los_Angeles", HOURS(-8), MR_ZONE_AMERICA},
    {"America/Sao_Paulo", HOURS(-3), MR_ZONE_FIXED},
    {"Asia/Dubai", HOURS(4), MR_ZONE_FIXED},
    {"Asia/Kolkata", HOURS(5) + HOUR_S / 2, MR_ZONE_FIXED},
    {"Asia/Hong_Kong", HOURS(8), MR_ZONE_FIXED},
    {"Asia/Shanghai", HOURS(8), MR_ZONE_FIXED},
    {"Asia/Singapore", HOURS(8), MR_ZONE_FIXED},
    {"Asia/Seoul", HOURS(9), MR_ZONE_FIXED},
    {"Asia/Tokyo", HOURS(9), MR_ZONE_FIXED},
};
enum { ZONES = sizeof zones / sizeof *zones };

void mr_zone_names(const char *const **names, size_t *n)
{
    static const char *const all[] = {"UTC", "Europe/London", "Europe/Dublin", "Europe/Lisbon",
        "Europe/Amsterdam", "Europe/Berlin", "Europe/Brussels", "Europe/Budapest",
        "Europe/Copenhagen", "Europe/Madrid", "Europe/Oslo", "Europe/Paris", "Europe/Prague",
        "Europe/Rome", "Europe/Stockholm", "Europe/Vienna", "Europe/Warsaw", "Europe/Zurich",
        "Europe/Athens", "Europe/Bucharest", "Europe/Helsinki", "America/New_York",
        "America/Toronto", "America/Chicago", "America/Denver", "America/Phoenix",
        "America/Los_Angeles", "America/Sao_Paulo", "Asia/Dubai", "Asia/Kolkata",
        "Asia/Hong_Kong", "Asia/Shanghai", "Asia/Singapore", "Asia/Seoul", "Asia/Tokyo"};
    _Static_assert(sizeof all / sizeof *all == ZONES, "one name a zone");
    *names = all;
    *n = ZONES;
}

/* Two digits; -1 when they are not. */
static int two_digits(const char *text)
{
    if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9') return -1;
    return (text[0] - '0') * 10 + text[1] - '0';
}

bool mr_zone_find(const char *text, struct mr_zone *out)
{
    for (int i = 0; i < ZONES; i++) {
        if (strcmp(zones[i].name, text) != 0) continue;
        *out = zones[i];
        return true;
    }
    if ((text[0] != '+' && text[0] != '-') || strlen(text) != strlen("+05:30") ||
        text[3] != ':')
        return false;
    int hours = two_digits(text + 1), minutes = two_digits(text + 4);
    if (hours < 0 || hours > 18 || minutes < 0 || minutes > 59) return false;
    int32_t offset_s = hours * HOUR_S + minutes * 60;
    *out = (struct mr_zone){.name = text, .offset_s = text[0] == '-' ? -offset_s : offset_s};
    return true;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* The number of a day since 1970-01-01, in the Gregorian calendar. The year begins in March, so
 * that leap days are at its end. */
static int64_t day_number(int64_t year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = floor_div(y, 400);
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
           day_of_year - 719468;
}

static int64_t year_of(int64_t day)
{
    int64_t year = 1970 + floor_div(day * 400, 146097);
    while (day_number(year, 1, 1) > day) year--;
    while (day_number(year + 1, 1, 1) <= day) year++;
    return year;
}

/* The n-th Sunday of a month, n >= 1; 1970-01-01 was a Thursday. */
static int64_t sunday(int64_t year, int month, int n)
{
    int64_t first = day_number(year, month, 1);
    int64_t weekday = ((first + 4) % 7 + 7) % 7; /* 0: Sunday */
    return first + (7 - weekday) % 7 + 7 * (n - 1);
}

static int64_t last_sunday(int64_t year, int month)
{
    int64_t fifth = sunday(year, month, 5);
    return fifth < day_number(month == 12 ? year + 1 : year, month == 12 ? 1 : month + 1, 1)
               ? fifth
               : fifth - 7;
}

static bool is_summer(const struct mr_zone *zone, int64_t at_s)
{
    if (zone->rule == MR_ZONE_FIXED) return false;
    int64_t year =
        year_of(floor_div(at_s, DAY_S)); /* changes are far from the turn of the year */
    if (zone->rule == MR_ZONE_EUROPE)
        return at_s >= last_sunday(year, 3) * DAY_S + HOUR_S &&
               at_s < last_sunday(year, 10) * DAY_S + HOUR_S;
    int64_t first = year >= 2007 ? sunday(year, 3, 2) : sunday(year, 4, 1);
    int64_t last = year >= 2007 ? sunday(year, 11, 1) : last_sunday(year, 10);
    return at_s >= first * DAY_S + HOURS(2) - zone->offset_s &&
           at_s < last * DAY_S + HOURS(1) - zone->offset_s; /* 02:00 of summer time */
}

static int32_t offset_at(const struct mr_zone *zone, int64_t at_s)
{
    return zone->offset_s + (is_summer(zone, at_s) ? HOUR_S : 0);
}

int32_t mr_zone_offset_s(const struct mr_zone *zone, mr_us at_us)
{
    return offset_at(zone, floor_div(at_us, MR_SECOND_US));
}

/* Midnight of the place; no rule changes the clocks then. */
static mr_us midnight_us(const struct mr_zone *zone, int64_t day)
{
    int64_t winter_s = day * DAY_S - zone->offset_s;
    int64_t at_s = is_summer(zone, winter_s) ? winter_s - HOUR_S : winter_s;
    const int64_t most_s = MR_US_MAX / MR_SECOND_US;
    if (at_s > most_s) return MR_US_MAX;
    if (at_s < -most_s) return MR_US_MIN;
    return at_s * MR_SECOND_US;
}

void mr_zone_days(
    const struct mr_zone *zone, uint32_t days, mr_us at_us, mr_us *start_us, mr_us *end_us)
{
    MR_ASSERT(days > 0);
    int64_t at_s = floor_div(at_us, MR_SECOND_US);
    int64_t day = floor_div(at_s + offset_at(zone, at_s), DAY_S);
    int64_t first = floor_div(day, days) * days;
    *start_us = midnight_us(zone, first);
    *end_us = midnight_us(zone, first + days);
    MR_ASSERT(*start_us <= at_us && at_us <= *end_us);
}
