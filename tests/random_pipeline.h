/* Pipelines drawn at random, over the whole language: as a list of nodes that are written as a
 * Beam YAML file. What a node says in detail is drawn when it is written, from a key of its
 * own, so that a node can be taken out, or made plain, while the others stay as they are. */
#ifndef MR_TESTS_RANDOM_PIPELINE_H
#define MR_TESTS_RANDOM_PIPELINE_H

#include "tests/random_composites.h"
#include "tests/random_joins.h"
#include "tests/random_keyed.h"
#include "tests/random_transforms.h"
#include "tests/random_values.h"

static bool (*const random_writers[])(struct random_writing *writing) = {
    [RANDOM_MAP] = random_map,
    [RANDOM_FILTER] = random_filter,
    [RANDOM_WINDOW] = random_window,
    [RANDOM_COMBINE] = random_combine,
    [RANDOM_FLATTEN] = random_flatten,
    [RANDOM_ASSIGN] = random_assign,
    [RANDOM_PARTITION] = random_partition,
    [RANDOM_RESHUFFLE] = random_reshuffle,
    [RANDOM_EXTRACT] = random_extract,
    [RANDOM_VALIDATE] = random_validate,
    [RANDOM_STRIP] = random_strip,
    [RANDOM_KEYED] = random_keyed,
    [RANDOM_JOIN] = random_join,
    [RANDOM_JOIN_STREAMS] = random_join_streams,
    [RANDOM_SQL] = random_sql,
    [RANDOM_LOOKUP] = random_lookup,
    [RANDOM_NEST] = random_nest,
    [RANDOM_UNPACK] = random_unpack,
    [RANDOM_EXPLODE] = random_explode,
    [RANDOM_LOG] = random_log,
    [RANDOM_IN_SQL] = random_in_sql,
    [RANDOM_READ] = random_read,
    [RANDOM_CREATE] = random_create,
};

/* The stream itself, or where the rows of a node that is gone come from. */
static uint32_t random_origin(const struct random_pipeline *pipeline, uint32_t stream)
{
    const struct random_node *node = &pipeline->nodes[stream / RANDOM_OUTPUTS_MAX];
    return node->is_gone ? node->inputs[0] : stream;
}

/* What folds, keeps or scatters rows cannot take them back. */
static bool random_can_retract(enum random_kind kind)
{
    static const uint8_t passes_on[RANDOM_KINDS] = {[RANDOM_MAP] = 1,
        [RANDOM_FILTER] = 1,
        [RANDOM_WINDOW] = 1,
        [RANDOM_FLATTEN] = 1,
        [RANDOM_ASSIGN] = 1,
        [RANDOM_PARTITION] = 1,
        [RANDOM_EXTRACT] = 1,
        [RANDOM_VALIDATE] = 1,
        [RANDOM_STRIP] = 1,
        [RANDOM_NEST] = 1,
        [RANDOM_UNPACK] = 1,
        [RANDOM_EXPLODE] = 1,
        [RANDOM_LOG] = 1,
        [RANDOM_IN_SQL] = 1};
    return passes_on[kind];
}

static void random_trace_retractions(
    const struct random_node *node, const struct random_writing *writing)
{
    const struct random_stream *from = &writing->pipeline->streams[node->inputs[0]];
    const struct random_stream *other = &writing->pipeline->streams[node->inputs[1]];
    bool is_retracting =
        from->is_retracting ||
        (node->kind == RANDOM_COMBINE && strstr(from->windowing, "retracting")) ||
        (node->kind == RANDOM_FLATTEN && other->is_retracting);
    for (uint32_t i = 0; i < RANDOM_OUTPUTS_MAX; i++)
        writing->out[i].is_retracting = is_retracting;
}

static bool random_write_node(struct random_pipeline *pipeline, uint32_t index)
{
    struct random_node *node = &pipeline->nodes[index];
    struct random_stream *out = &pipeline->streams[index * RANDOM_OUTPUTS_MAX];
    memset(out, 0, sizeof *out * RANDOM_OUTPUTS_MAX);
    bool is_root = node->kind >= RANDOM_KINDS;
    for (uint32_t i = 0; i < 2 && !is_root; i++)
        node->inputs[i] = random_origin(pipeline, node->inputs[i]);
    if (node->is_gone) return true;
    struct random_writing writing = {.pipeline = pipeline,
        .draws = {.key = node->key, .is_plain = node->is_plain},
        .index = index,
        .out = out};
    if (!is_root) {
        writing.from = &pipeline->streams[node->inputs[0]];
        writing.other = &pipeline->streams[node->inputs[1]];
        if (!writing.from->reference[0]) return false;
        if (writing.from->is_failed != (node->kind == RANDOM_STRIP)) return false;
        bool may_have_two = node->kind == RANDOM_FLATTEN || node->kind == RANDOM_JOIN ||
                            node->kind == RANDOM_JOIN_STREAMS || node->kind == RANDOM_SQL;
        if (may_have_two && (!writing.other->reference[0] || writing.other->is_failed))
            return false;
        bool is_retracting =
            writing.from->is_retracting || (may_have_two && writing.other->is_retracting);
        if (is_retracting && !random_can_retract(node->kind)) return false;
    }
    uint32_t used = pipeline->used;
    if (!random_writers[node->kind](&writing)) {
        pipeline->used = used;
        pipeline->text[used] = 0;
        memset(out, 0, sizeof *out * RANDOM_OUTPUTS_MAX);
        return false;
    }
    if (!is_root) random_trace_retractions(node, &writing);
    if (!is_root && random_draw(&writing.draws, 8) == 7) random_wrap(&writing, used);
    if (!is_root) pipeline->streams[node->inputs[0]].is_consumed = true;
    if (writing.has_two) pipeline->streams[node->inputs[1]].is_consumed = true;
    return true;
}

static void random_write_sink(struct random_pipeline *pipeline, struct random_stream *stream)
{
    char topic[16] = "out";
    struct random_draws draws = {.is_plain = true};
    if (pipeline->n_topics > 0) snprintf(topic, sizeof topic, "out%u", pipeline->n_topics);
    const struct random_field *key = random_pick(&draws, stream, RANDOM_INT);
    random_say(pipeline,
        "    - type: WriteToLog\n      name: W%u\n      input: %s\n      config: {topic: %s",
        pipeline->n_topics++, stream->reference, topic);
    if (key) random_say(pipeline, ", key: %s", key->name);
    random_say(pipeline, "}\n");
}

/* False: some node cannot be as it is. */
static bool random_write(struct random_pipeline *pipeline)
{
    pipeline->used = 0;
    pipeline->n_topics = 0;
    random_say(pipeline, "pipeline:\n  transforms:\n");
    for (uint32_t i = 0; i < pipeline->n_nodes; i++)
        if (!random_write_node(pipeline, i)) return false;
    for (uint32_t i = 0; i < pipeline->n_nodes * RANDOM_OUTPUTS_MAX; i++) {
        struct random_stream *stream = &pipeline->streams[i];
        if (stream->reference[0] && !stream->is_consumed) random_write_sink(pipeline, stream);
    }
    return true;
}

/* ---- drawing ---- */

/* Windows and folds are where things go wrong. */
static const uint8_t random_weighted[] = {RANDOM_MAP, RANDOM_MAP, RANDOM_FILTER, RANDOM_WINDOW,
    RANDOM_WINDOW, RANDOM_WINDOW, RANDOM_WINDOW, RANDOM_WINDOW, RANDOM_COMBINE, RANDOM_COMBINE,
    RANDOM_COMBINE, RANDOM_COMBINE, RANDOM_COMBINE, RANDOM_COMBINE, RANDOM_FLATTEN,
    RANDOM_FLATTEN, RANDOM_ASSIGN, RANDOM_PARTITION, RANDOM_RESHUFFLE, RANDOM_EXTRACT,
    RANDOM_VALIDATE, RANDOM_STRIP, RANDOM_STRIP, RANDOM_STRIP, RANDOM_STRIP, RANDOM_JOIN,
    RANDOM_JOIN, RANDOM_JOIN_STREAMS, RANDOM_JOIN_STREAMS, RANDOM_SQL, RANDOM_SQL,
    RANDOM_LOOKUP, RANDOM_NEST, RANDOM_UNPACK, RANDOM_EXPLODE, RANDOM_EXPLODE, RANDOM_LOG,
    RANDOM_IN_SQL, RANDOM_KEYED, RANDOM_KEYED};

static void random_add_node(struct random_pipeline *pipeline, struct random_draws *draws)
{
    struct random_node *node = &pipeline->nodes[pipeline->n_nodes];
    uint32_t n_streams = pipeline->n_nodes * RANDOM_OUTPUTS_MAX;
    pipeline->used = 0;
    for (uint32_t trial = 0; trial < 30; trial++) {
        uint32_t kind = random_weighted[random_draw(draws, sizeof random_weighted)];
        uint32_t first = random_draw(draws, n_streams);
        if (random_draw(draws, 2)) first = n_streams - RANDOM_OUTPUTS_MAX; /* long chains */
        uint32_t second = random_draw(draws, n_streams);
        uint64_t key = mr_hash_u64(mr_digest_mix(draws->key, draws->occurrence));
        *node = (struct random_node){
            .kind = (enum random_kind)kind, .inputs = {first, second}, .key = key};
        if (!random_write_node(pipeline, pipeline->n_nodes)) continue;
        pipeline->n_nodes++;
        return;
    }
}

/* The pipeline number `seed`: one or two roots, and up to nine transforms. */
static void random_make(struct random_pipeline *pipeline, uint64_t seed)
{
    struct random_draws draws = {.key = mr_hash_u64(seed)};
    memset(pipeline, 0, sizeof *pipeline);
    pipeline->nodes[0] = (struct random_node){.kind = RANDOM_READ, .key = mr_hash_u64(~seed)};
    pipeline->n_nodes = 1;
    uint32_t more = random_draw(&draws, 4);
    if (more > 1)
        pipeline->nodes[pipeline->n_nodes++] = (struct random_node){
            .kind = more == 2 ? RANDOM_READ : RANDOM_CREATE, .key = mr_hash_u64(seed ^ 0x5555)};
    for (uint32_t i = 0; i < pipeline->n_nodes; i++)
        assert_true(random_write_node(pipeline, i));
    uint32_t n = 1 + random_draw(&draws, 9);
    for (uint32_t i = 0; i < n; i++) random_add_node(pipeline, &draws);
    assert_true(random_write(pipeline));
}

#endif
