/* The flags of a subcommand: one table from which they are read and `--help` is written. */
#ifndef MR_CLI_OPTIONS_H
#define MR_CLI_OPTIONS_H

#include "base/alloc.h"
#include "base/err.h"
#include "base/point.h"

/* Which seeds: N of them from the scenario's first on, or the seeds A to B. */
struct mr_seed_choice {
    bool is_given;
    bool is_range;
    uint64_t first; /* range */
    uint64_t last;
    uint64_t count; /* no range */
};

enum mr_flag_kind {
    MR_FLAG_SWITCH, /* out: bool */
    MR_FLAG_TEXT,   /* out: const char *, borrowed from argv */
    MR_FLAG_NUMBER, /* out: uint64_t in [min, max] */
    MR_FLAG_SEEDS,  /* out: struct mr_seed_choice */
    MR_FLAG_PLANT,  /* out: enum mr_plant */
    MR_FLAG_WORD,   /* out: const char *, one of `words` */
};

struct mr_flag {
    const char *name;     /* "--jobs" */
    const char *argument; /* "N", as help shows it; NULL: a switch */
    const char *about;
    enum mr_flag_kind kind;
    void *out;
    uint64_t min;
    uint64_t max;
    const char *const *words; /* WORD: ends with NULL */
    char letter;              /* "-v"; 0: none */
    bool is_hidden;           /* not in the help */
    bool *is_given;           /* NULL: nobody asks */
};

struct mr_usage {
    const char *command; /* "test" */
    const char *arguments;
    const char *about;    /* paragraphs below the usage line */
    const char *examples; /* lines, indented by two; NULL: none */
    const char *exits;    /* lines; NULL: none */
    const struct mr_flag *flags;
    size_t n_flags;
    size_t n_min; /* arguments that are not flags */
    size_t n_max;
};

struct mr_arguments {
    const char **list; /* [n], in the region */
    size_t n;
    bool wants_help; /* -h, --help: nothing else was looked at */
};

/* Reads argv[1..argc): flags may stand anywhere, `--flag value` or `--flag=value`; behind `--`
 * there are none. Errors: INPUT: an unknown flag (with the nearest), a missing or bad value,
 * too few or too many arguments. */
MR_MUST_CHECK bool mr_options_read(struct mr_region *region, const struct mr_usage *usage,
    int argc, char **argv, struct mr_arguments *out, struct mr_err *err);
/* The page that --help prints. */
void mr_options_help(struct mr_text *out, const struct mr_usage *usage);

#endif
