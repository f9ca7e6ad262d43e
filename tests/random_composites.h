/* Another way to write the same graph: a node as a composite, or a chain, of its own. */
#ifndef MR_TESTS_RANDOM_COMPOSITES_H
#define MR_TESTS_RANDOM_COMPOSITES_H

#include "tests/random_writing.h"

/* The text of a node that was just written, without its inputs. */
struct random_body {
    char text[RANDOM_TEXT];
};

static void random_cut(
    struct random_pipeline *pipeline, uint32_t from, struct random_body *body)
{
    memcpy(body->text, pipeline->text + from, pipeline->used - from);
    body->text[pipeline->used - from] = '\0';
    pipeline->used = from;
    pipeline->text[from] = '\0';
}

/* Its lines again, four columns to the right; `input` stands in place of its own input, or
 * nothing. */
static void random_indent(
    struct random_pipeline *pipeline, const struct random_body *body, const char *input)
{
    static const char own[] = "      input: ";
    for (const char *line = body->text; *line;) {
        size_t length = strcspn(line, "\n");
        if (strncmp(line, own, sizeof own - 1) != 0)
            random_say(pipeline, "    %.*s\n", (int)length, line);
        else if (input)
            random_say(pipeline, "    %s%s\n", own, input);
        line += length + 1;
    }
}

static void random_say_outputs(struct random_writing *writing)
{
    struct random_pipeline *pipeline = writing->pipeline;
    bool is_single = strchr(writing->out[0].reference, '.') == NULL;
    if (is_single) {
        random_say(pipeline, "      output: %s\n", writing->out[0].reference);
        return;
    }
    random_say(pipeline, "      output:\n");
    for (uint32_t i = 0; i < RANDOM_OUTPUTS_MAX; i++) {
        const char *reference = writing->out[i].reference;
        const char *dot = strchr(reference, '.');
        if (dot) random_say(pipeline, "        '%s': %s\n", dot + 1, reference);
    }
}

/* References to it from outside stay what they were. */
static void random_wrap(struct random_writing *writing, uint32_t from)
{
    static struct random_body body;
    struct random_pipeline *pipeline = writing->pipeline;
    bool has_two = writing->has_two, is_single = strchr(writing->out[0].reference, '.') == NULL;
    bool is_chain = !has_two && is_single && random_draw(&writing->draws, 2);
    const struct random_node *node = &pipeline->nodes[writing->index];
    const char *one = pipeline->streams[node->inputs[0]].reference;
    const char *two = pipeline->streams[node->inputs[1]].reference;
    random_cut(pipeline, from, &body);
    random_say(pipeline, "    - type: %s\n      name: N%u\n", is_chain ? "chain" : "composite",
        writing->index);
    if (has_two)
        random_say(pipeline, "      input: {one: %s, two: %s}\n", one, two);
    else
        random_say(pipeline, "      input: {rows: %s}\n", one);
    random_say(pipeline, "      transforms:\n");
    if (is_chain) {
        random_indent(pipeline, &body, NULL);
        if (!writing->out[0].is_retracting)
            random_say(pipeline, "        - type: Reshuffle\n");
        return;
    }
    bool is_flatten = node->kind == RANDOM_FLATTEN;
    random_indent(pipeline, &body,
        !has_two ? "rows" : is_flatten ? "[one, two]" : "{l: one, r: two}");
    random_say_outputs(writing);
}

#endif
