#include "cli/options.h"

#include <stdio.h>
#include <string.h>

enum { FLAGS_MAX = 64, HELP_COLUMNS = 96 };

/* Values. */

static bool parse_number(const char *text, size_t bytes, uint64_t *out)
{
    uint64_t number = 0;
    if (bytes == 0) return false;
    for (size_t i = 0; i < bytes; i++) {
        if (text[i] < '0' || text[i] > '9') return false;
        uint64_t digit = (uint64_t)(text[i] - '0');
        if (number > (UINT64_MAX - digit) / 10) return false;
        number = number * 10 + digit;
    }
    *out = number;
    return true;
}

static bool read_number(const struct mr_flag *flag, const char *value, struct mr_err *err)
{
    uint64_t number;
    if (parse_number(value, strlen(value), &number) && number >= flag->min &&
        number <= flag->max) {
        *(uint64_t *)flag->out = number;
        return true;
    }
    if (flag->max == UINT64_MAX)
        return mr_fail(err, MR_ERR_INPUT, "%s must be a number from %llu on, not '%s'",
            flag->name, (unsigned long long)flag->min, value);
    return mr_fail(err, MR_ERR_INPUT, "%s must be a number from %llu to %llu, not '%s'",
        flag->name, (unsigned long long)flag->min, (unsigned long long)flag->max, value);
}

static bool read_seeds(const struct mr_flag *flag, const char *value, struct mr_err *err)
{
    struct mr_seed_choice choice = {.is_given = true};
    const char *dots = strstr(value, "..");
    bool is_ok;
    if (dots) {
        choice.is_range = true;
        is_ok = parse_number(value, (size_t)(dots - value), &choice.first) &&
                parse_number(dots + 2, strlen(dots + 2), &choice.last) &&
                choice.first <= choice.last && choice.last <= INT64_MAX;
    } else {
        is_ok = parse_number(value, strlen(value), &choice.count) && choice.count > 0 &&
                choice.count <= INT64_MAX;
    }
    if (!is_ok)
        return mr_fail(err, MR_ERR_INPUT,
            "%s must be how many seeds (200) or from which to which (17..20), not '%s'",
            flag->name, value);
    *(struct mr_seed_choice *)flag->out = choice;
    return true;
}

static bool read_plant(const struct mr_flag *flag, const char *value, struct mr_err *err)
{
    int plant = mr_named_find(mr_plants, MR_PLANT_COUNT, value);
    if (plant >= 0) {
        *(enum mr_plant *)flag->out = (enum mr_plant)plant;
        return true;
    }
    const char *names[MR_PLANT_COUNT];
    for (int i = 0; i < MR_PLANT_COUNT; i++) names[i] = mr_plants[i].name;
    mr_fail(
        err, MR_ERR_INPUT, "there is no planted bug '%s'; millrace points lists them", value);
    mr_err_suggest(err, value, names, MR_PLANT_COUNT);
    return false;
}

static bool read_word(const struct mr_flag *flag, const char *value, struct mr_err *err)
{
    size_t n = 0;
    while (flag->words[n] && strcmp(flag->words[n], value) != 0) n++;
    if (flag->words[n]) {
        *(const char **)flag->out = flag->words[n];
        return true;
    }
    char all[128] = "";
    for (size_t i = 0; i < n; i++) {
        size_t used = strlen(all);
        snprintf(all + used, sizeof all - used, "%s%s", i ? ", " : "", flag->words[i]);
    }
    mr_fail(err, MR_ERR_INPUT, "%s must be one of %s, not '%s'", flag->name, all, value);
    mr_err_suggest(err, value, flag->words, n);
    return false;
}

static bool read_value(const struct mr_flag *flag, const char *value, struct mr_err *err)
{
    switch (flag->kind) {
    case MR_FLAG_SWITCH:
        *(bool *)flag->out = true;
        return true;
    case MR_FLAG_TEXT:
        if (!*value) return mr_fail(err, MR_ERR_INPUT, "%s must not be empty", flag->name);
        *(const char **)flag->out = value;
        return true;
    case MR_FLAG_NUMBER:
        return read_number(flag, value, err);
    case MR_FLAG_SEEDS:
        return read_seeds(flag, value, err);
    case MR_FLAG_PLANT:
        return read_plant(flag, value, err);
    case MR_FLAG_WORD:
        return read_word(flag, value, err);
    }
    MR_UNREACHABLE("a kind of flag that is none");
}

/* Flags. */

static const struct mr_flag *find_flag(
    const struct mr_usage *usage, const char *word, size_t bytes)
{
    for (size_t i = 0; i < usage->n_flags; i++) {
        const struct mr_flag *flag = &usage->flags[i];
        if (strlen(flag->name) == bytes && memcmp(flag->name, word, bytes) == 0) return flag;
        if (flag->letter && bytes == 2 && word[0] == '-' && word[1] == flag->letter)
            return flag;
    }
    return NULL;
}

static bool fail_unknown(
    const struct mr_usage *usage, const char *word, size_t bytes, struct mr_err *err)
{
    char name[64];
    const char *names[FLAGS_MAX] = {"--help"};
    size_t n = 1;
    snprintf(name, sizeof name, "%.*s", (int)bytes, word);
    for (size_t i = 0; i < usage->n_flags && n < FLAGS_MAX; i++)
        if (!usage->flags[i].is_hidden) names[n++] = usage->flags[i].name;
    mr_fail(err, MR_ERR_INPUT, "millrace %s has no flag '%s'; see millrace %s --help",
        usage->command, name, usage->command);
    mr_err_suggest(err, name, names, n);
    return false;
}

/* The flag at argv[*at]; moves on to its value when that stands apart. */
static bool read_flag(
    const struct mr_usage *usage, int argc, char **argv, int *at, struct mr_err *err)
{
    const char *word = argv[*at];
    const char *equals = strchr(word, '=');
    size_t bytes = equals ? (size_t)(equals - word) : strlen(word);
    const struct mr_flag *flag = find_flag(usage, word, bytes);
    if (!flag) return fail_unknown(usage, word, bytes, err);
    const char *value = equals ? equals + 1 : "";
    if (flag->kind == MR_FLAG_SWITCH && equals)
        return mr_fail(err, MR_ERR_INPUT, "%s takes no value", flag->name);
    if (flag->kind != MR_FLAG_SWITCH && !equals) {
        if (*at + 1 >= argc)
            return mr_fail(
                err, MR_ERR_INPUT, "%s needs a value: %s", flag->name, flag->argument);
        value = argv[++*at];
    }
    if (flag->is_given) *flag->is_given = true;
    return read_value(flag, value, err);
}

static bool is_help(const char *word)
{
    return strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0;
}

static bool check_arguments(
    const struct mr_usage *usage, const struct mr_arguments *arguments, struct mr_err *err)
{
    if (arguments->n < usage->n_min)
        return mr_fail(err, MR_ERR_INPUT, "usage: millrace %s %s; see millrace %s --help",
            usage->command, usage->arguments, usage->command);
    if (arguments->n > usage->n_max)
        return mr_fail(err, MR_ERR_INPUT, "millrace %s does not know what to do with '%s'",
            usage->command, arguments->list[usage->n_max]);
    return true;
}

bool mr_options_read(struct mr_region *region, const struct mr_usage *usage, int argc,
    char **argv, struct mr_arguments *out, struct mr_err *err)
{
    *out =
        (struct mr_arguments){.list = mr_region_array(region, const char *, (size_t)argc + 1)};
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (is_help(argv[i])) out->wants_help = true;
    if (out->wants_help) return true;
    bool has_flags = true;
    for (int i = 1; i < argc; i++) {
        if (has_flags && strcmp(argv[i], "--") == 0)
            has_flags = false;
        else if (!has_flags || argv[i][0] != '-' || argv[i][1] == '\0')
            out->list[out->n++] = argv[i];
        else if (!read_flag(usage, argc, argv, &i, err))
            return false;
    }
    return check_arguments(usage, out, err);
}

/* Help. */

/* Words of `text`, broken so that the lines stay short; all but the first line indented. */
static void add_wrapped(struct mr_text *out, const char *text, size_t column)
{
    size_t at = column;
    while (*text) {
        size_t bytes = strcspn(text, " ");
        if (at > column && at + 1 + bytes > HELP_COLUMNS) {
            mr_text_printf(out, "\n%*s", (int)column, "");
            at = column;
        } else if (at > column) {
            mr_text_add(out, " ", 1);
            at++;
        }
        mr_text_add(out, text, bytes);
        at += bytes;
        text += bytes;
        text += *text == ' ';
    }
    mr_text_add(out, "\n", 1);
}

static size_t flag_words(const struct mr_flag *flag, char *out, size_t size)
{
    char letter[8] = "";
    if (flag->letter) snprintf(letter, sizeof letter, "-%c, ", flag->letter);
    return (size_t)snprintf(out, size, "%s%s%s%s", letter, flag->name,
        flag->argument ? " " : "", flag->argument ? flag->argument : "");
}

static void add_flags(struct mr_text *out, const struct mr_usage *usage)
{
    static const struct mr_flag help = {.name = "--help", .letter = 'h', .about = "this page"};
    char words[96];
    size_t width = flag_words(&help, words, sizeof words);
    for (size_t i = 0; i < usage->n_flags; i++) {
        size_t bytes = flag_words(&usage->flags[i], words, sizeof words);
        if (!usage->flags[i].is_hidden && bytes > width) width = bytes;
    }
    mr_text_printf(out, "\nFlags:\n");
    for (size_t i = 0; i <= usage->n_flags; i++) {
        const struct mr_flag *flag = i < usage->n_flags ? &usage->flags[i] : &help;
        if (flag->is_hidden) continue;
        flag_words(flag, words, sizeof words);
        mr_text_printf(out, "  %-*s  ", (int)width, words);
        add_wrapped(out, flag->about, width + 4);
    }
}

void mr_options_help(struct mr_text *out, const struct mr_usage *usage)
{
    mr_text_printf(out, "usage: millrace %s%s%s%s\n\n%s\n", usage->command,
        usage->n_flags ? " [FLAGS]" : "", usage->arguments[0] ? " " : "", usage->arguments,
        usage->about);
    add_flags(out, usage);
    if (usage->examples) mr_text_printf(out, "\nExamples:\n%s", usage->examples);
    if (usage->exits) mr_text_printf(out, "\nExit codes:\n%s", usage->exits);
}
