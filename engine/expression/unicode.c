#include "engine/expression/unicode.h"

#include "base/utf8.h"

/* ---- letters ---- */

static bool is_continuation(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

uint32_t mr_unicode_decode(const char *text, uint32_t bytes, uint32_t *length)
{
    size_t n = mr_utf8_character(text, bytes);
    *length = n > 1 ? (uint32_t)n : 1;
    if (n == 0) return MR_NO_LETTER;
    uint32_t code = (unsigned char)text[0];
    if (n > 1) code &= 0x7fu >> n;
    for (size_t i = 1; i < n; i++) code = code << 6 | ((unsigned char)text[i] & 0x3fu);
    return code;
}

uint32_t mr_unicode_encode(uint32_t code, char *out)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    uint32_t n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (uint32_t i = n - 1; i > 0; i--, code >>= 6) out[i] = (char)(0x80 | (code & 0x3f));
    out[0] = (char)((0xf00u >> n & 0xf0u) | code);
    return n;
}

uint32_t mr_unicode_length(const char *text, uint32_t bytes)
{
    uint32_t n = 0;
    for (uint32_t i = 0, length; i < bytes; i += length, n++) {
        length = 1;
        if ((unsigned char)text[i] >= 0x80) mr_unicode_decode(text + i, bytes - i, &length);
    }
    return n;
}

bool mr_unicode_is_in(uint32_t code, const struct mr_code_range *ranges, uint32_t n)
{
    uint32_t low = 0;
    while (n > low) {
        uint32_t middle = low + (n - low) / 2;
        if (code < ranges[middle].first)
            n = middle;
        else if (code > ranges[middle].last)
            low = middle + 1;
        else
            return true;
    }
    return false;
}

/* ---- case ---- */

struct casing {
    const struct mr_case_run *runs;
    uint32_t n_runs;
    const struct mr_case_special *specials;
    uint32_t n_specials;
};

static uint32_t map_letter(uint32_t code, const struct mr_case_run *runs, uint32_t n)
{
    uint32_t low = 0;
    while (n > low) {
        uint32_t middle = low + (n - low) / 2;
        const struct mr_case_run *run = &runs[middle];
        if (code < run->first)
            n = middle;
        else if (code > run->last)
            low = middle + 1;
        else
            return (code - run->first) % run->step ? code
                                                   : (uint32_t)((int32_t)code + run->delta);
    }
    return code;
}

/* The letter in the other case; returns the bytes written. */
static uint32_t convert(const struct casing *casing, uint32_t code, char *out)
{
    for (uint32_t i = 0; i < casing->n_specials && casing->specials[i].from <= code; i++) {
        const uint32_t *to = casing->specials[i].to;
        if (casing->specials[i].from != code) continue;
        uint32_t n = 0;
        for (uint32_t k = 0; k < 3 && to[k]; k++) n += mr_unicode_encode(to[k], out + n);
        return n;
    }
    return mr_unicode_encode(map_letter(code, casing->runs, casing->n_runs), out);
}

static bool is_ignorable(uint32_t code)
{
    return mr_unicode_is_in(code, mr_ignorable_ranges, mr_ignorable_ranges_n);
}

static bool is_cased(uint32_t code)
{
    return mr_unicode_is_in(code, mr_cased_ranges, mr_cased_ranges_n);
}

/* A capital sigma at `at` ends a word: behind a cased letter and not in front of one, ignorable
 * ones aside. Source: CPython, Objects/unicodeobject.c, handle_capital_sigma. */
static bool sigma_is_final(const char *text, uint32_t bytes, uint32_t at)
{
    uint32_t code = 0;
    uint32_t length;
    uint32_t i = at;
    bool is_found = false;
    while (i > 0 && !is_found) {
        do i--;
        while (i > 0 && is_continuation(text[i]));
        code = mr_unicode_decode(text + i, at - i, &length);
        is_found = !is_ignorable(code);
    }
    if (!is_found || !is_cased(code)) return false;
    for (i = at + 2; i < bytes; i += length) {
        code = mr_unicode_decode(text + i, bytes - i, &length);
        if (!is_ignorable(code)) return !is_cased(code);
    }
    return true;
}

static char ascii_upper(char letter)
{
    return letter >= 'a' && letter <= 'z' ? (char)(letter - 32) : letter;
}

static char ascii_lower(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? (char)(letter + 32) : letter;
}

static uint32_t convert_text(
    const struct casing *casing, bool to_upper, const char *text, uint32_t bytes, char *out)
{
    enum { CAPITAL_SIGMA = 0x3a3, FINAL_SIGMA = 0x3c2 };
    uint32_t n = 0;
    for (uint32_t i = 0, length; i < bytes; i += length) {
        length = 1;
        if ((unsigned char)text[i] < 0x80) {
            out[n++] = to_upper ? ascii_upper(text[i]) : ascii_lower(text[i]);
            continue;
        }
        uint32_t code = mr_unicode_decode(text + i, bytes - i, &length);
        if (code == MR_NO_LETTER)
            out[n++] = text[i];
        else if (code == CAPITAL_SIGMA && !to_upper && sigma_is_final(text, bytes, i))
            n += mr_unicode_encode(FINAL_SIGMA, out + n);
        else
            n += convert(casing, code, out + n);
    }
    MR_ASSERT(n <= (uint64_t)bytes * MR_CASE_GROWTH);
    return n;
}

uint32_t mr_unicode_upper(const char *text, uint32_t bytes, char *out)
{
    struct casing casing = {
        mr_upper_runs, mr_upper_runs_n, mr_upper_specials, mr_upper_specials_n};
    return convert_text(&casing, true, text, bytes, out);
}

uint32_t mr_unicode_lower(const char *text, uint32_t bytes, char *out)
{
    struct casing casing = {
        mr_lower_runs, mr_lower_runs_n, mr_lower_specials, mr_lower_specials_n};
    return convert_text(&casing, false, text, bytes, out);
}
