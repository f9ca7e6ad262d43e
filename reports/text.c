#include "reports/text.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

enum { REPLACEMENT = 0xFFFD };

static uint32_t code_point(const unsigned char *at, size_t bytes)
{
    static const unsigned char masks[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t code = at[0] & masks[bytes];
    for (size_t i = 1; i < bytes; i++) code = code << 6 | (at[i] & 0x3F);
    return code;
}

/* What neither XML nor a terminal should see: controls and noncharacters. */
static bool is_unfit(uint32_t code)
{
    if (code < 0x20) return code != '\t' && code != '\n' && code != '\r';
    return (code >= 0x7F && code < 0xA0) || (code & 0xFFFE) == 0xFFFE;
}

/* Takes the next character of a NUL-terminated text; false at its end. What is not fit to be
 * shown is U+FFFD, and so is each byte that is not UTF-8. */
static bool take_character(const char **text, uint32_t *code)
{
    const char *at = *text;
    if (!*at) return false;
    size_t bytes = mr_utf8_character(at, strnlen(at, 4));
    *text += bytes ? bytes : 1;
    *code = bytes ? code_point((const unsigned char *)at, bytes) : REPLACEMENT;
    if (is_unfit(*code)) *code = REPLACEMENT;
    return true;
}

static void add_character(struct mr_text *out, uint32_t code)
{
    char bytes[4];
    size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = n; i-- > 1; code >>= 6) bytes[i] = (char)(0x80 | (code & 0x3F));
    bytes[0] = (char)(leads[n] | code);
    mr_text_add(out, bytes, n);
}

uint32_t mr_text_plain(struct mr_text *out, const char *text)
{
    uint32_t columns = 0, code;
    for (; take_character(&text, &code); columns++)
        add_character(out, code < 0x20 ? ' ' : code);
    return columns;
}

uint32_t mr_text_columns(const char *text)
{
    uint32_t columns = 0, code;
    while (take_character(&text, &code)) columns++;
    return columns;
}

static const char *entity(uint32_t code)
{
    switch (code) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    case '\r':
        return "&#13;";
    }
    return NULL;
}

void mr_text_markup(struct mr_text *out, const char *text)
{
    uint32_t code;
    while (take_character(&text, &code)) {
        const char *name = entity(code);
        if (name) mr_text_add(out, name, strlen(name));
        if (!name) add_character(out, code);
    }
}

void mr_text_shell(struct mr_text *out, const char *word)
{
    static const char harmless[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "0123456789_-+=./,:@%";
    if (*word && !word[strspn(word, harmless)]) {
        mr_text_add(out, word, strlen(word));
        return;
    }
    mr_text_add(out, "'", 1);
    for (; *word; word++) {
        if (*word == '\'') mr_text_add(out, "'\\''", 4);
        if (*word != '\'') mr_text_add(out, word, 1);
    }
    mr_text_add(out, "'", 1);
}

void mr_text_count(struct mr_text *out, uint64_t count)
{
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%llu", (unsigned long long)count);
    for (int i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0) mr_text_add(out, ",", 1);
        mr_text_add(out, digits + i, 1);
    }
}

void mr_text_short_count(struct mr_text *out, uint64_t count)
{
    static const char units[] = "kMGTPE";
    if (count < 10000) {
        mr_text_count(out, count);
        return;
    }
    int unit = 0;
    uint64_t tenths = count / 100; /* rounds down: a table must not claim more than there is */
    for (; tenths >= 10000; tenths /= 1000) unit++;
    mr_text_printf(out, "%llu.%llu%c", (unsigned long long)(tenths / 10),
        (unsigned long long)(tenths % 10), units[unit]);
}

struct unit {
    const char *name;
    mr_ns ns;
};

/* Three digits of a fraction of one unit: below a minute. */
static void add_decimal(struct mr_text *out, mr_ns span_ns, const struct unit *unit)
{
    double value = (double)span_ns / (double)unit->ns;
    int digits = span_ns % unit->ns == 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
    mr_text_printf(out, "%.*f%s", digits, value, unit->name);
}

void mr_text_span(struct mr_text *out, mr_ns span_ns)
{
    static const struct unit small[] = {{"s", MR_SECOND_NS}, {"ms", MR_MS_NS}, {"us", 1000}};
    static const struct unit large[] = {{"d", 86400 * MR_SECOND_NS}, {"h", 3600 * MR_SECOND_NS},
        {"m", 60 * MR_SECOND_NS}, {"s", MR_SECOND_NS}};
    if (span_ns < 0) mr_text_add(out, "-", 1);
    if (span_ns < 0) span_ns = span_ns == INT64_MIN ? INT64_MAX : -span_ns;
    for (int i = 0; i < 3; i++) {
        if (span_ns < large[i].ns) continue;
        mr_text_printf(out, "%lld%s", (long long)(span_ns / large[i].ns), large[i].name);
        mr_ns rest = span_ns % large[i].ns / large[i + 1].ns;
        if (rest) mr_text_printf(out, " %lld%s", (long long)rest, large[i + 1].name);
        return;
    }
    for (int i = 0; i < 3; i++)
        if (span_ns >= small[i].ns) {
            add_decimal(out, span_ns, &small[i]);
            return;
        }
    mr_text_printf(out, span_ns ? "%lldns" : "%llds", (long long)span_ns);
}

/* "2001-01-03T07:00:00Z" becomes "2001-01-03 07:00". */
static void format_instant(mr_us at_us, char text[MR_TIME_TEXT_BYTES])
{
    mr_timestamp_format(at_us, text);
    size_t n = strlen(text);
    if (n < 20) return; /* an extreme */
    text[10] = ' ';
    text[--n] = '\0';
    if (n == 19 && strcmp(text + 16, ":00") == 0) text[16] = '\0';
}

void mr_text_instant(struct mr_text *out, mr_us at_us)
{
    char text[MR_TIME_TEXT_BYTES];
    format_instant(at_us, text);
    mr_text_add(out, text, strlen(text));
}

void mr_text_window(struct mr_text *out, mr_us start_us, mr_us end_us)
{
    if (start_us == MR_US_MIN && end_us >= MR_US_GLOBAL_MAX) {
        mr_text_printf(out, "the global window");
        return;
    }
    if (start_us == MR_US_MIN) return;
    char start[MR_TIME_TEXT_BYTES], end[MR_TIME_TEXT_BYTES];
    format_instant(start_us, start);
    format_instant(end_us, end);
    bool is_same_day = strlen(end) > 11 && strncmp(start, end, 11) == 0;
    mr_text_printf(out, "%s to %s", start, end + (is_same_day ? 11 : 0));
}

void mr_text_command(struct mr_text *out, const char *path, uint64_t seed, const char *options)
{
    mr_text_printf(out, "build/millrace run ");
    mr_text_shell(out, path);
    mr_text_printf(out, " --seed %llu", (unsigned long long)seed);
    if (options && *options) mr_text_printf(out, " %s", options);
}

static const char *signal_name(int number)
{
    static const struct {
        int number;
        const char *name;
    } names[] = {{SIGABRT, " (SIGABRT, an assertion)"}, {SIGSEGV, " (SIGSEGV)"},
        {SIGBUS, " (SIGBUS)"}, {SIGFPE, " (SIGFPE)"}, {SIGILL, " (SIGILL)"},
        {SIGKILL, " (SIGKILL, perhaps out of memory)"}, {SIGTERM, " (SIGTERM)"}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].number == number) return names[i].name;
    return "";
}

void mr_text_death(struct mr_text *out, int signal_number, int code)
{
    if (signal_number)
        mr_text_printf(out, "signal %d%s", signal_number, signal_name(signal_number));
    else
        mr_text_printf(out, "exit code %d", code);
}
