#include "base/time.h"

#include <stdio.h>
#include <string.h>

int64_t mr_add_saturating(int64_t a, int64_t b)
{
    int64_t sum;
    if (!__builtin_add_overflow(a, b, &sum)) return sum;
    return b > 0 ? INT64_MAX : INT64_MIN;
}

mr_us mr_us_add(mr_us at_us, int64_t delta_us)
{
    int64_t sum = mr_add_saturating(at_us, delta_us);
    if (sum > MR_US_MAX) return MR_US_MAX;
    return sum < MR_US_MIN ? MR_US_MIN : sum;
}

mr_us mr_us_from_ns(mr_ns span_ns)
{
    int64_t quotient = span_ns / 1000;
    return span_ns % 1000 < 0 ? quotient - 1 : quotient;
}

mr_ns mr_ns_from_us(mr_us span_us)
{
    int64_t product;
    if (!__builtin_mul_overflow(span_us, (int64_t)1000, &product)) return product;
    return span_us > 0 ? INT64_MAX : INT64_MIN;
}

/* How far into its window a time lies: in [0, size). */
static int64_t phase_of(mr_us at_us, mr_us size_us, mr_us offset_us)
{
    MR_ASSERT(size_us > 0);
    MR_ASSERT(offset_us >= 0 && offset_us < size_us);
    int64_t phase = at_us % size_us;
    if (phase < 0) phase += size_us;
    phase -= offset_us; /* in (-size_us, size_us): no step overflows */
    if (phase < 0) phase += size_us;
    return phase;
}

mr_us mr_window_start_us(mr_us at_us, mr_us size_us, mr_us offset_us)
{
    return mr_us_add(at_us, -phase_of(at_us, size_us, offset_us));
}

void mr_window_of(
    mr_us at_us, mr_us size_us, mr_us offset_us, mr_us *start_us, mr_us *end_us)
{
    int64_t phase = phase_of(at_us, size_us, offset_us);
    *start_us = mr_us_add(at_us, -phase);
    *end_us = mr_us_add(at_us, size_us - phase);
}

/* Durations. */

struct unit {
    const char *name;
    int64_t ns;
    bool is_beam; /* known to Beam YAML */
};
#define HOUR_NS (3600 * MR_SECOND_NS)
static const struct unit units[] = {
    {"ns", 1, false},
    {"us", 1000, false},
    {"ms", MR_MS_NS, true},
    {"s", MR_SECOND_NS, true},
    {"m", 60 * MR_SECOND_NS, true},
    {"h", HOUR_NS, true},
    {"d", 24 * HOUR_NS, true},
};

static const struct unit *find_unit(const char *name, bool beam)
{
    if (name[0] == '\0') name = "s";
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strcmp(units[i].name, name) == 0 && (units[i].is_beam || !beam)) return &units[i];
    return NULL;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A decimal number without a sign: whole + fraction / scale. */
struct decimal {
    int64_t whole; /* INT64_MAX when it is larger */
    int64_t fraction;
    int64_t scale;
};

/* Reads `123.456`. Returns what follows, NULL when it is no number. */
static const char *parse_decimal(const char *text, struct decimal *out)
{
    *out = (struct decimal){.scale = 1};
    bool has_digit = false, is_too_large = false;
    for (; is_digit(*text); text++, has_digit = true)
        is_too_large = is_too_large ||
                       __builtin_mul_overflow(out->whole, (int64_t)10, &out->whole) ||
                       __builtin_add_overflow(out->whole, (int64_t)(*text - '0'), &out->whole);
    if (is_too_large) out->whole = INT64_MAX;
    if (*text != '.') return has_digit ? text : NULL;
    for (text++; is_digit(*text); text++, has_digit = true) {
        if (out->scale >= 100000000000000000) continue; /* below what any unit resolves */
        out->fraction = out->fraction * 10 + (*text - '0');
        out->scale *= 10;
    }
    return has_digit ? text : NULL;
}

/* In parts of which a unit has `per_unit`, rounded down. False: INT64_MAX or more, which stands
 * for "never". */
static bool count_parts(const struct decimal *decimal, int64_t per_unit, int64_t *out)
{
    __int128 parts = (__int128)decimal->whole * per_unit +
                     (__int128)decimal->fraction * per_unit / decimal->scale;
    if (parts >= INT64_MAX) return false;
    *out = (int64_t)parts;
    return true;
}

bool mr_duration_parse(
    const char *text, bool beam, mr_ns *out_ns, bool *is_beam_day, struct mr_err *err)
{
    if (is_beam_day) *is_beam_day = false;
    const char *at = text;
    while (*at == ' ') at++;
    if (*at == '-') return mr_fail(err, MR_ERR_INPUT, "the duration '%s' is negative", text);
    if (*at == '+') at++;
    struct decimal decimal;
    at = parse_decimal(at, &decimal);
    while (at && *at == ' ') at++;
    const struct unit *unit = at ? find_unit(at, beam) : NULL;
    if (!unit)
        return mr_fail(err, MR_ERR_INPUT, "'%s' is not a duration such as %s", text,
            beam ? "500ms, 30s, 5m or 2h" : "500us, 20ms, 30s, 5m, 2h or 1d");
    bool is_day = beam && strcmp(unit->name, "d") == 0;
    int64_t ns;
    if (!count_parts(&decimal, is_day ? 12 * HOUR_NS : unit->ns, &ns))
        return mr_fail(err, MR_ERR_INPUT, "the duration '%s' is longer than 292 years", text);
    if (is_beam_day) *is_beam_day = is_day;
    *out_ns = ns;
    return true;
}

char *mr_duration_format(mr_ns span_ns, char out[MR_TIME_TEXT_BYTES])
{
    if (span_ns == MR_NS_NEVER) {
        snprintf(out, MR_TIME_TEXT_BYTES, "never");
        return out;
    }
    const char *sign = span_ns < 0 ? "-" : "";
    uint64_t ns = span_ns < 0 ? 0 - (uint64_t)span_ns : (uint64_t)span_ns;
    size_t unit = 0;
    for (size_t i = 1; i < sizeof units / sizeof units[0]; i++)
        if (ns >= (uint64_t)units[i].ns) unit = i;
    /* Minutes, hours and days only where they come out even; fractions are decimal. */
    while (unit > 3 && ns % (uint64_t)units[unit].ns != 0) unit--;
    uint64_t size = (uint64_t)units[unit].ns;
    int n = snprintf(out, MR_TIME_TEXT_BYTES, "%s%llu", sign, (unsigned long long)(ns / size));
    uint64_t rest = ns % size;
    if (rest) {
        int digits = unit == 3 ? 9 : unit == 2 ? 6 : 3;
        n += snprintf(out + n, (size_t)(MR_TIME_TEXT_BYTES - n), ".%0*llu", digits,
            (unsigned long long)rest);
        while (out[n - 1] == '0') n--;
    }
    snprintf(out + n, (size_t)(MR_TIME_TEXT_BYTES - n), "%s", units[unit].name);
    return out;
}

/* Timestamps. Days from 1970-01-01 in the proleptic Gregorian calendar, by eras of 400 years.
 */

static int64_t days_of_date(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
           day_of_year - 719468;
}

static void date_of_days(int64_t days, int64_t *year, int64_t *month, int64_t *day)
{
    int64_t shifted = days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t m = (5 * day_of_year + 2) / 153;
    *day = day_of_year - (153 * m + 2) / 5 + 1;
    *month = m < 10 ? m + 3 : m - 9;
    *year = year_of_era + era * 400 + (*month <= 2);
}

static int days_in_month(int64_t year, int64_t month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && is_leap);
}

struct cursor {
    const char *at;
    const char *end;
};

static bool take_digits(struct cursor *cursor, int n, int64_t *out)
{
    *out = 0;
    for (int i = 0; i < n; i++, cursor->at++) {
        if (cursor->at >= cursor->end || !is_digit(*cursor->at)) return false;
        *out = *out * 10 + (*cursor->at - '0');
    }
    return true;
}

static bool take(struct cursor *cursor, char c)
{
    if (cursor->at >= cursor->end || *cursor->at != c) return false;
    cursor->at++;
    return true;
}

static bool take_date(struct cursor *cursor, int64_t *days)
{
    int64_t year, month, day;
    if (!take_digits(cursor, 4, &year) || !take(cursor, '-') ||
        !take_digits(cursor, 2, &month) || !take(cursor, '-') || !take_digits(cursor, 2, &day))
        return false;
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month))
        return false;
    *days = days_of_date(year, month, day);
    return true;
}

static bool take_fraction(struct cursor *cursor, int64_t *us)
{
    int64_t scale = 100000;
    const char *first = cursor->at;
    for (*us = 0; cursor->at < cursor->end && is_digit(*cursor->at); cursor->at++, scale /= 10)
        *us += (*cursor->at - '0') * scale; /* beyond six digits the scale is zero */
    return cursor->at > first;
}

static bool take_clock(struct cursor *cursor, int64_t *us)
{
    int64_t hour, minute, second = 0, fraction = 0;
    if (!take_digits(cursor, 2, &hour) || !take(cursor, ':') ||
        !take_digits(cursor, 2, &minute))
        return false;
    if (take(cursor, ':')) {
        if (!take_digits(cursor, 2, &second)) return false;
        if (take(cursor, '.') && !take_fraction(cursor, &fraction)) return false;
    }
    if (hour > 23 || minute > 59 || second > 59) return false;
    *us = ((hour * 60 + minute) * 60 + second) * MR_SECOND_US + fraction;
    return true;
}

static bool take_zone(struct cursor *cursor, int64_t *us)
{
    *us = 0;
    if (cursor->at == cursor->end || take(cursor, 'Z')) return true;
    bool is_west = *cursor->at == '-';
    if (!take(cursor, '+') && !take(cursor, '-')) return false;
    int64_t hours, minutes;
    if (!take_digits(cursor, 2, &hours)) return false;
    take(cursor, ':');
    if (!take_digits(cursor, 2, &minutes) || hours > 14 || minutes > 59) return false;
    *us = (hours * 60 + minutes) * 60 * MR_SECOND_US * (is_west ? -1 : 1);
    return true;
}

static bool parse_seconds(const char *text, size_t bytes, mr_us *out_us)
{
    char copy[64];
    if (bytes == 0 || bytes >= sizeof copy) return false;
    memcpy(copy, text, bytes);
    copy[bytes] = '\0';
    bool is_negative = copy[0] == '-';
    struct decimal decimal;
    const char *end = parse_decimal(copy + is_negative, &decimal);
    int64_t us;
    if (end != copy + bytes || !count_parts(&decimal, MR_SECOND_US, &us)) return false;
    if (us > MR_US_MAX) return false;
    *out_us = is_negative ? -us : us;
    return true;
}

bool mr_timestamp_parse(const char *text, size_t bytes, mr_us *out_us)
{
    if (parse_seconds(text, bytes, out_us)) return true;
    struct cursor cursor = {text, text + bytes};
    int64_t days, clock_us = 0, zone_us = 0;
    if (!take_date(&cursor, &days)) return false;
    if (cursor.at < cursor.end) {
        if (!take(&cursor, 'T') && !take(&cursor, ' ')) return false;
        if (!take_clock(&cursor, &clock_us) || !take_zone(&cursor, &zone_us)) return false;
    }
    if (cursor.at != cursor.end) return false;
    *out_us = days * 86400 * MR_SECOND_US + clock_us - zone_us;
    return true;
}

char *mr_timestamp_format(mr_us at_us, char out[MR_TIME_TEXT_BYTES])
{
    if (at_us <= MR_US_MIN || at_us >= MR_US_MAX) {
        snprintf(out, MR_TIME_TEXT_BYTES, "%s", at_us < 0 ? "-inf" : "+inf");
        return out;
    }
    int64_t seconds = at_us / MR_SECOND_US, us = at_us % MR_SECOND_US;
    if (us < 0) {
        us += MR_SECOND_US;
        seconds--;
    }
    int64_t days = seconds / 86400, clock = seconds % 86400;
    if (clock < 0) {
        clock += 86400;
        days--;
    }
    int64_t year, month, day;
    date_of_days(days, &year, &month, &day);
    int n = snprintf(out, MR_TIME_TEXT_BYTES, "%04lld-%02lld-%02lldT%02lld:%02lld:%02lld",
        (long long)year, (long long)month, (long long)day, (long long)(clock / 3600),
        (long long)(clock / 60 % 60), (long long)(clock % 60));
    if (us) {
        n += snprintf(out + n, (size_t)(MR_TIME_TEXT_BYTES - n), ".%06lld", (long long)us);
        while (out[n - 1] == '0') n--;
    }
    snprintf(out + n, (size_t)(MR_TIME_TEXT_BYTES - n), "Z");
    return out;
}
