/* Texts as Python sees them: letters instead of bytes, upper and lower case, numbers read and
 * written. */
#ifndef MR_ENGINE_EXPRESSION_UNICODE_H
#define MR_ENGINE_EXPRESSION_UNICODE_H

#include "base/number.h"
#include "engine/batch/scratch.h"
#include "engine/expression/expression.h"

/* Every `step`-th letter from first to last is mapped to itself plus delta. */
struct mr_case_run {
    uint32_t first;
    uint32_t last;
    uint32_t step;
    int32_t delta;
};
/* A letter that becomes several; 0 ends a short one. */
struct mr_case_special {
    uint32_t from;
    uint32_t to[3];
};
struct mr_code_range {
    uint32_t first;
    uint32_t last;
};

/* case_table.c, each in rising order. Only letters above ASCII are in the mappings. */
extern const struct mr_case_run mr_upper_runs[];
extern const uint32_t mr_upper_runs_n;
extern const struct mr_case_special mr_upper_specials[];
extern const uint32_t mr_upper_specials_n;
extern const struct mr_case_run mr_lower_runs[];
extern const uint32_t mr_lower_runs_n;
extern const struct mr_case_special mr_lower_specials[];
extern const uint32_t mr_lower_specials_n;
extern const struct mr_code_range mr_cased_ranges[]; /* but for those that are ignorable */
extern const uint32_t mr_cased_ranges_n;
extern const struct mr_code_range mr_ignorable_ranges[];
extern const uint32_t mr_ignorable_ranges_n;
extern const struct mr_code_range mr_space_ranges[];
extern const uint32_t mr_space_ranges_n;
extern const struct mr_code_range
    mr_digit_ranges[]; /* decimal digits: each run of ten begins with its zero */
extern const uint32_t mr_digit_ranges_n;

/* A text has at most so many times its bytes in another case (checked by case_table.py). */
enum { MR_CASE_GROWTH = 3 };

/* What a byte that is not UTF-8 is decoded to: a letter of its own, beyond all tables. */
#define MR_NO_LETTER UINT32_MAX
/* The letter at text[0], bytes > 0, and its bytes in *length. */
uint32_t mr_unicode_decode(const char *text, uint32_t bytes, uint32_t *length);
bool mr_unicode_is_in(uint32_t code, const struct mr_code_range *ranges, uint32_t n);
/* The letters of a text: len(). A byte that is not UTF-8 counts as one. */
uint32_t mr_unicode_length(const char *text, uint32_t bytes);
/* text.upper() and text.lower(), into `out` of MR_CASE_GROWTH * bytes; returns the bytes. */
uint32_t mr_unicode_upper(const char *text, uint32_t bytes, char *out);
uint32_t mr_unicode_lower(const char *text, uint32_t bytes, char *out);
/* Writes one letter as UTF-8; returns the bytes, at most 4. */
uint32_t mr_unicode_encode(uint32_t code, char *out);

/* number_text.c */
/* str(value), as mr_float_to_text has it for floats; returns the bytes. */
uint32_t mr_int_to_text(int64_t value, char out[MR_NUMBER_TEXT_BYTES]);
/* int(text), float(text). Untouched outputs on an error. */
enum mr_row_error mr_int_from_text(const char *text, uint32_t bytes, int64_t *out);
enum mr_row_error mr_float_from_text(
    const char *text, uint32_t bytes, struct mr_scratch *scratch, double *out);

#endif
