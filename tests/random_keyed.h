/* Writers of random transforms that keep state by key. */
#ifndef MR_TESTS_RANDOM_KEYED_H
#define MR_TESTS_RANDOM_KEYED_H

#include "tests/random_writing.h"

static const char *const random_type_names[] = {
    "integer", "float", "string", "timestamp", "boolean"};

static void random_top(struct random_writing *writing, const char *key, bool is_final)
{
    struct random_draws *draws = &writing->draws;
    char name[RANDOM_NAME];
    const struct random_field *by = random_pick(draws, writing->from, -1);
    snprintf(name, sizeof name, "r%u", writing->index);
    random_open(writing, "TopN");
    random_say(writing->pipeline,
        "      config: {key: %s, n: %u, order_by: {field: %s, order: %s}, emit: %s, %s: %s}\n",
        key, 1 + random_draw(draws, 4), by->name, random_draw(draws, 2) ? "asc" : "desc",
        is_final ? "final" : "changes", is_final ? "rank" : "change", name);
    random_same(writing, 0);
    random_add_field(&writing->out[0], name, is_final ? RANDOM_INT : RANDOM_STRING, false);
}

static void random_route(struct random_writing *writing, const char *by)
{
    random_open(writing, "Route");
    random_say(writing->pipeline,
        "      config:\n        language: python\n        mode: %s\n        default: b\n        "
        "rules: [{when: %s %% 3 == 0, to: a}, {when: %s %% 2 == 0, to: b}]\n",
        random_draw(&writing->draws, 2) ? "all" : "first", by, by);
    for (uint32_t i = 0; i < 2; i++) {
        snprintf(writing->out[i].reference, sizeof writing->out[i].reference, "N%u.%c",
            writing->index, "ab"[i]);
        random_same(writing, i);
    }
}

static void random_process(struct random_writing *writing, const struct random_field *key)
{
    struct random_stream *out = writing->out;
    random_open(writing, "KeyedProcess");
    random_flow(writing, 0);
    random_say(writing->pipeline,
        "      config:\n        key: %s\n        state: {n: {kind: value, ttl: %ums}}\n"
        "        timers: {t: event_time}\n        on_element: |\n"
        "          def f(row, state, timers, ctx):\n"
        "              yield {'k%u': ctx.key, 'n%u': state.n.read(0)}\n"
        "              state.n.write(state.n.read(0) + 1)\n"
        "              timers.t.set(min(ctx.timestamp + 0.03, ctx.window.max_timestamp()))\n"
        "        on_timer:\n          t: |\n            def f(key, state):\n"
        "                yield {'k%u': key, 'n%u': -state.n.read(0)}\n"
        "                state.n.clear()\n        schema: {k%u: %s, n%u: integer}\n",
        key->name, 20 + random_draw(&writing->draws, 100), writing->index, writing->index,
        writing->index, writing->index, writing->index, random_type_names[key->type],
        writing->index);
    char name[RANDOM_NAME];
    snprintf(name, sizeof name, "k%u", writing->index);
    random_add_field(out, name, key->type, false);
    snprintf(name, sizeof name, "n%u", writing->index);
    random_add_field(out, name, RANDOM_INT, false);
}

static void random_deduplicate(struct random_writing *writing, const char *key)
{
    struct random_draws *draws = &writing->draws;
    random_open(writing, "Deduplicate");
    random_say(writing->pipeline, "      config: {key: %s", key);
    if (random_draw(draws, 2))
        random_say(writing->pipeline, ", within: %ums, time: %s", 10 + random_draw(draws, 90),
            random_draw(draws, 3) ? "event" : "processing");
    random_say(writing->pipeline, "}\n");
    random_same(writing, 0);
}

static bool random_keyed(struct random_writing *writing)
{
    struct random_draws *draws = &writing->draws;
    const struct random_stream *from = writing->from;
    const struct random_field *key = random_pick(draws, from, -1);
    const struct random_field *number = random_pick(draws, from, RANDOM_INT);
    bool is_global = strncmp(from->windowing, "{type: global}", 14) == 0;
    bool has_room = from->n_fields < RANDOM_FIELDS_MAX;
    if (!key || key->type == RANDOM_FLOAT || strstr(from->windowing, "sessions")) return false;
    uint32_t choice = random_draw(draws, 12);
    if (choice >= 8 && has_room) {
        random_top(writing, key->name, choice < 11);
    } else if (choice >= 6 && number) {
        random_route(writing, number->name);
    } else if (choice == 5) {
        random_process(writing, key);
    } else if (choice >= 3 && is_global && has_room && number) {
        random_open(writing, "Materialize");
        random_say(writing->pipeline,
            "      config: {key: %s, language: python, delete: %s %% 5 == 0, change: c%u}\n",
            key->name, number->name, writing->index);
        random_same(writing, 0);
        char name[RANDOM_NAME];
        snprintf(name, sizeof name, "c%u", writing->index);
        random_add_field(&writing->out[0], name, RANDOM_STRING, false);
    } else {
        random_deduplicate(writing, key->name);
    }
    /* Rows that take others back are nothing to join. */
    for (uint32_t i = 0; i < RANDOM_OUTPUTS_MAX; i++)
        writing->out[i].has_many_panes = writing->out[i].is_keyed = true;
    return true;
}

#endif
