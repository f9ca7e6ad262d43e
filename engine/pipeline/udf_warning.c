/* A function that is none of its row alone: what its text gives away. */
#include <string.h>

#include "engine/pipeline/graph_internal.h"

struct word {
    const char *word; /* a name, or a dotted one */
    const char *what;
};

static const struct word words[] = {
    {"random", "draws at random: here keyed by seed and row, in production not"},
    {"uuid", "makes ids that are others each time in production"},
    {"secrets", "draws at random"},
    {"time.time", "asks the clock: here the row's event time, in production the wall clock"},
    {"datetime.now", "asks the clock: here the row's event time, in production the wall clock"},
    {"datetime.utcnow",
        "asks the clock: here the row's event time, in production the wall clock"},
    {"date.today", "asks the clock: here the row's event time, in production the wall clock"},
    {"global", "keeps something between rows, which a crash loses and no checkpoint holds"},
    {"nonlocal", "keeps something between rows, which a crash loses and no checkpoint holds"},
};

static bool is_name_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '_';
}

/* Whether the text has the word as a whole, and not as the attribute of something. */
static bool has_word(const char *text, const char *word)
{
    size_t bytes = strlen(word);
    for (const char *at = strstr(text, word); at; at = strstr(at + 1, word)) {
        char before = at > text ? at[-1] : ' ';
        bool is_dotted = strchr(word, '.') != NULL; /* datetime.datetime.now */
        if (is_name_character(before) || (before == '.' && !is_dotted)) continue;
        if (!is_name_character(at[bytes])) return true;
    }
    return false;
}

void mr_udf_warn(struct mr_graph_reader *reader, const struct mr_udf_text *udf)
{
    for (size_t i = 0; i < MR_COUNT_OF(words); i++) {
        if (!has_word(udf->text, words[i].word)) continue;
        mr_graph_warn(reader, udf->place,
            mr_region_printf(
                reader->region, "the function says '%s': it %s", words[i].word, words[i].what));
        return;
    }
}
