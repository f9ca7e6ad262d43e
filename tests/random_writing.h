/* What all writers of random transforms share. */
#ifndef MR_TESTS_RANDOM_WRITING_H
#define MR_TESTS_RANDOM_WRITING_H

#include "tests/random_draws.h"

/* A node that is being written. */
struct random_writing {
    struct random_pipeline *pipeline;
    struct random_draws draws;
    uint32_t index;
    const struct random_stream *from; /* its first input */
    const struct random_stream *other;
    struct random_stream *out; /* [RANDOM_OUTPUTS_MAX] */
    bool has_two; /* it reads both */
};

static void random_open(struct random_writing *writing, const char *type)
{
    struct random_pipeline *pipeline = writing->pipeline;
    random_say(pipeline, "    - type: %s\n      name: N%u\n", type, writing->index);
    snprintf(
        writing->out[0].reference, sizeof writing->out[0].reference, "N%u", writing->index);
    if (writing->from) random_say(pipeline, "      input: %s\n", writing->from->reference);
}

/* The output has what the input has. */
static void random_same(struct random_writing *writing, uint32_t output)
{
    char reference[2 * RANDOM_NAME];
    memcpy(reference, writing->out[output].reference, sizeof reference);
    writing->out[output] = *writing->from;
    writing->out[output].is_consumed = false;
    memcpy(writing->out[output].reference, reference, sizeof reference);
}

static bool random_has_many_panes(const char *windowing)
{
    return strstr(windowing, "trigger") || strstr(windowing, "lateness") ||
           strstr(windowing, "sessions");
}

/* The output has other fields than the input, in the same windows. */
static void random_flow(struct random_writing *writing, uint32_t output)
{
    struct random_stream *out = &writing->out[output];
    const struct random_stream *from = writing->from;
    memcpy(out->windowing, from->windowing, sizeof out->windowing);
    out->has_many_panes = from->has_many_panes;
    out->is_keyed = from->is_keyed;
    out->n_joins = from->n_joins;
}

/* An error output beside the good one. */
static void random_errors(struct random_writing *writing, uint32_t output)
{
    struct random_stream *failed = &writing->out[output];
    *failed = (struct random_stream){.is_failed = true};
    snprintf(failed->reference, sizeof failed->reference, "N%u.bad", writing->index);
    random_flow(writing, output);
    random_say(writing->pipeline, "        error_handling: {output: bad}\n");
}

#endif
