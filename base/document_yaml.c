#include "base/document_yaml.h"

#include <stdio.h>
#include <string.h>

/* ---- dates of YAML 1.1, as PyYAML reads them ---- */

struct scanner {
    const char *at;
    bool is_broken;
};

static int digits(struct scanner *scanner, int least, int most)
{
    int number = 0, n = 0;
    for (; n < most && *scanner->at >= '0' && *scanner->at <= '9'; n++)
        number = number * 10 + (*scanner->at++ - '0');
    scanner->is_broken |= n < least;
    return number;
}

static void expect(struct scanner *scanner, char c)
{
    if (*scanner->at == c)
        scanner->at++;
    else
        scanner->is_broken = true;
}

static void skip_blanks(struct scanner *scanner)
{
    while (*scanner->at == ' ' || *scanner->at == '\t') scanner->at++;
}

static int fraction_us(struct scanner *scanner)
{
    int us = 0, n = 0;
    if (*scanner->at != '.') return 0;
    for (scanner->at++; *scanner->at >= '0' && *scanner->at <= '9'; scanner->at++, n++)
        if (n < 6) us = us * 10 + (*scanner->at - '0');
    for (; n < 6; n++) us *= 10;
    return us;
}

/* `Z`, `+1`, `-01:30`: as Python's isoformat has it; nothing without one. */
static void read_zone(struct scanner *scanner, char *out, size_t size)
{
    skip_blanks(scanner);
    char sign = *scanner->at;
    out[0] = '\0';
    if (sign == '\0') return;
    scanner->at++;
    if (sign == 'Z') {
        snprintf(out, size, "+00:00");
        return;
    }
    scanner->is_broken |= sign != '+' && sign != '-';
    int hours = digits(scanner, 1, 2), minutes = 0;
    if (*scanner->at == ':') {
        scanner->at++;
        minutes = digits(scanner, 2, 2);
    }
    snprintf(out, size, "%c%02d:%02d", sign, hours, minutes);
}

static int days_of(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && is_leap);
}

/* The text as Python's isoformat; false: it is no date. */
static bool read_date(const char *text, char *out, size_t size, enum mr_document_kind *kind)
{
    struct scanner scanner = {.at = text};
    int year = digits(&scanner, 4, 4);
    expect(&scanner, '-');
    int month = digits(&scanner, 1, 2);
    expect(&scanner, '-');
    int day = digits(&scanner, 1, 2);
    if (scanner.is_broken || year < 1 || month < 1 || month > 12 || day < 1 ||
        day > days_of(year, month))
        return false;
    *kind = MR_DOCUMENT_DATE;
    snprintf(out, size, "%04d-%02d-%02d", year, month, day);
    if (*scanner.at == '\0') return strlen(text) == 10;
    *kind = MR_DOCUMENT_DATETIME;
    if (*scanner.at != 'T' && *scanner.at != 't' && *scanner.at != ' ' && *scanner.at != '\t')
        return false;
    scanner.at++;
    skip_blanks(&scanner);
    int hour = digits(&scanner, 1, 2);
    expect(&scanner, ':');
    int minute = digits(&scanner, 2, 2);
    expect(&scanner, ':');
    int second = digits(&scanner, 2, 2);
    int us = fraction_us(&scanner);
    char zone[24], part[16] = "";
    read_zone(&scanner, zone, sizeof zone);
    if (scanner.is_broken || *scanner.at || hour > 23 || minute > 59 || second > 59)
        return false;
    if (us) snprintf(part, sizeof part, ".%06d", us);
    snprintf(out + 10, size - 10, "T%02d:%02d:%02d%.8s%.8s", hour, minute, second, part, zone);
    return true;
}

/* ---- nodes ---- */

static void put_scalar(
    struct mr_document_writer *writer, const struct mr_yaml *node, bool has_dates)
{
    struct mr_value value = {.type = MR_TYPE_NULL};
    char date[80];
    enum mr_document_kind kind;
    switch (node->kind) {
    case MR_YAML_BOOL:
        value = (struct mr_value){.type = MR_TYPE_BOOL, .i = node->boolean};
        break;
    case MR_YAML_INT:
        value = (struct mr_value){.type = MR_TYPE_INT, .i = node->integer};
        break;
    case MR_YAML_FLOAT:
        value = (struct mr_value){.type = MR_TYPE_FLOAT, .f = mr_canonical_float(node->number)};
        break;
    case MR_YAML_TEXT:
        if (has_dates && node->is_plain && read_date(node->text, date, sizeof date, &kind)) {
            mr_document_put_text(writer, kind, date, strlen(date));
            return;
        }
        mr_document_put_text(writer, MR_DOCUMENT_STRING, node->text, strlen(node->text));
        return;
    default:
        break;
    }
    mr_document_put(writer, value);
}

static bool put_node(struct mr_document_writer *writer, const struct mr_yaml *node,
    bool has_dates, int depth, struct mr_err *err)
{
    if (node->kind != MR_YAML_LIST && node->kind != MR_YAML_MAP) {
        put_scalar(writer, node, has_dates);
        return true;
    }
    if (depth == MR_DOCUMENT_DEPTH_MAX)
        return mr_fail_at(err, node->place, "the value is nested too deeply");
    bool is_row = node->kind == MR_YAML_MAP;
    size_t begin = mr_document_begin(writer, is_row ? MR_DOCUMENT_ROW : MR_DOCUMENT_LIST);
    for (uint32_t i = 0; i < node->n; i++) {
        const char *name;
        if (is_row) {
            if (!mr_yaml_as_text(node->keys[i], "the name of a field", &name, err))
                return false;
            mr_document_put_name(writer, name, strlen(name));
        }
        if (!put_node(writer, node->items[i], has_dates, depth + 1, err)) return false;
    }
    mr_document_end(writer, begin);
    return true;
}

bool mr_value_of_yaml(struct mr_region *region, const struct mr_yaml *node, bool has_dates,
    struct mr_value *out, struct mr_err *err)
{
    struct mr_document_writer writer = {0};
    bool ok = put_node(&writer, node, has_dates, 0, err);
    if (ok) {
        char *copy = mr_region_alloc(region, writer.bytes);
        memcpy(copy, writer.data, writer.bytes);
        *out = mr_document_value(copy);
    }
    mr_document_writer_deinit(&writer);
    return ok;
}
