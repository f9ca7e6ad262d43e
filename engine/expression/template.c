/* Of templates what needs no Python: whether a text is one, and where its lines come from. */
#include "engine/expression/template.h"

#include <string.h>

bool mr_template_find(const char *path, const char *text, size_t bytes, struct mr_place *out)
{
    struct mr_place place = {.file = path, .line = 1, .col = 1};
    bool is_head = true;
    bool is_comment = false;
    for (size_t i = 0; i + 1 < bytes; i++, place.col++) {
        if (text[i] == '\n') {
            place = (struct mr_place){.file = path, .line = place.line + 1, .col = 0};
            is_comment = false;
            continue;
        }
        if (text[i] == '#' && is_head) is_comment = true;
        if (text[i] != ' ' && !is_comment) is_head = false;
        *out = place;
        bool opens = text[i] == '{' && strchr("{%#", text[i + 1]) && text[i + 1] != '\0';
        if (opens && !is_comment) return true;
        if (((unsigned char)text[i] & 0xc0) == 0x80) place.col--; /* columns are characters */
    }
    return false;
}

/* The line of a text, from 1, and its length. */
static const char *line_of(const char *text, size_t bytes, int line, size_t *length)
{
    const char *end = text + bytes;
    for (int i = 1; i < line && text < end; i++) {
        const char *next = memchr(text, '\n', (size_t)(end - text));
        text = next ? next + 1 : end;
    }
    const char *stop = memchr(text, '\n', (size_t)(end - text));
    *length = (size_t)((stop ? stop : end) - text);
    return text;
}

/* The column holds as far as both lines are the same; behind that, it is where they part. */
static int column_in(
    const char *made, size_t made_bytes, const char *source, size_t source_bytes, int column)
{
    int at = 1;
    for (size_t i = 0; i < made_bytes && i < source_bytes && at < column; i++) {
        if (made[i] != source[i]) return at;
        if (((unsigned char)made[i] & 0xc0) != 0x80) at++;
    }
    return at;
}

struct mr_place mr_rendered_place(const struct mr_rendered *rendered, struct mr_place place)
{
    if (place.line < 1 || (uint32_t)place.line > rendered->n_lines) return place;
    const struct mr_template_line *line = &rendered->lines[place.line - 1];
    const struct mr_template_source *source = &rendered->sources[line->source];
    size_t made_bytes, source_bytes;
    const char *made = line_of(rendered->text, rendered->bytes, place.line, &made_bytes);
    const char *written = line_of(source->text, source->bytes, line->line, &source_bytes);
    return (struct mr_place){.file = source->path,
        .line = line->line,
        .col = column_in(made, made_bytes, written, source_bytes, place.col)};
}
