/* Transcripts of triggers: rows and watermarks go in, panes come out. Each is played to the
 * engine's operator and to the reference machine, once as it is, and once with a snapshot and a
 * restore behind each step. */
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "engine/operators/operator.h"
#include "scenarios/oracle/trigger_machine.h"

enum { PANES_MAX = 64, PANE_TEXT = 96, STEPS_MAX = 16 };

/* The operator waits for time by asking the task: here time passes when a step says so. */
void mr_task_arm(struct mr_operator *operator, mr_ns at_ns)
{
    (void)operator;
    (void)at_ns;
}

/* The panes of one step, in words. */
struct heard {
    uint32_t n;
    char texts[PANES_MAX][PANE_TEXT];
};

struct player {
    struct mr_region *region;
    struct mr_arena *arena;
    const struct mr_transform *combine;
    const struct mr_schema *input;
    struct mr_env env;
    struct mr_probe probe;
    struct mr_job job;
    struct mr_task_context context;
    struct mr_operator *operator;
    struct mr_machine *machine;
    mr_ns now_ns;
    struct heard engine;
    struct heard reference;
};

/* ---- What they say ---- */

static void hear(struct heard *heard, const struct mr_machine_pane *pane)
{
    static const char *const timings[] = {"early", "on time", "late"};
    static const char *const kinds[] = {"", "-", "+", "x"}; /* by kind */
    char at[32] = "end";
    if (pane->at_us != pane->end_us - 1)
        snprintf(at, sizeof at, "%lld", (long long)(pane->at_us / MR_SECOND_US));
    assert_true(heard->n < PANES_MAX);
    snprintf(heard->texts[heard->n++], PANE_TEXT, "%s%lld-%lld n=%lld s=%lld @%s %s %u/%d%s",
        kinds[pane->kind], (long long)(pane->start_us / MR_SECOND_US),
        (long long)(pane->end_us / MR_SECOND_US), (long long)pane->values[1].i, (long long)pane->values[2].i, at, timings[pane->timing],
        pane->index, pane->nonspeculative_index, pane->is_last ? " last" : "");
}

static void hear_reference(void *self, const struct mr_machine_pane *pane)
{
    hear(&((struct player *)self)->reference, pane);
}

static void hear_engine(void *self, const struct mr_probe_at *at, const struct mr_batch *rows)
{
    (void)at;
    for (uint32_t i = 0; i < rows->n_rows; i++) {
        struct mr_value values[4];
        for (uint32_t k = 0; k < rows->n_columns; k++)
            values[k] = mr_column_value(&rows->columns[k], i);
        bool is_early = rows->panes[i].nonspeculative_index == MR_PANE_SPECULATIVE;
        struct mr_machine_pane pane = {.start_us = rows->window_starts_us[i],
            .end_us = rows->window_ends_us[i],
            .at_us = rows->times_us[i],
            .index = rows->panes[i].index,
            .nonspeculative_index = is_early ? -1 : rows->panes[i].nonspeculative_index,
            .timing = rows->panes[i].timing,
            .is_last = rows->panes[i].is_last,
            .kind = rows->kinds ? rows->kinds[i] : MR_ROW_INSERT,
            .values = values};
        hear(&((struct player *)self)->engine, &pane);
    }
}

/* In the order of their texts, with a comma between. */
static const char *told(struct heard *heard, char *out, size_t size)
{
    out[0] = '\0';
    for (uint32_t done = 0; done < heard->n; done++) {
        uint32_t least = UINT32_MAX;
        for (uint32_t i = 0; i < heard->n; i++)
            if (heard->texts[i][0] &&
                (least == UINT32_MAX || strcmp(heard->texts[i], heard->texts[least]) < 0))
                least = i;
        size_t used = strlen(out);
        snprintf(out + used, size - used, "%s%s", done ? ", " : "", heard->texts[least]);
        heard->texts[least][0] = '\0';
    }
    heard->n = 0;
    return out;
}

/* ---- The stage ---- */

static mr_ns now(const struct mr_env *env)
{
    return ((const struct player *)env->world)->now_ns;
}

static void milestone(const struct mr_env *env, enum mr_sometimes which)
{
    (void)env;
    (void)which;
}

static void open_operator(struct player *player)
{
    player->operator= mr_arena_zalloc(player->arena, mr_combine_panes_class.bytes);
    player->operator->class = & mr_combine_panes_class;
    player->operator->transform = player->combine;
    player->operator->context = & player->context;
    player->operator->outputs =
        mr_arena_zalloc(player->arena, sizeof(struct mr_operator_output) * 2);
    player->operator->class->open(player->operator);
}

static void open_player(struct player *player, const char *window)
{
    char text[1024];
    const struct mr_graph *graph = NULL;
    struct mr_err err = {0};
    snprintf(text, sizeof text,
        "pipeline:\n  type: chain\n  transforms:\n"
        "    - {type: ReadFromLog, config: {topic: in, schema: {k: integer, v: integer}, "
        "watermark: {strategy: ascending}}}\n"
        "    - {type: Window, config: {%s}}\n"
        "    - {type: Combine, config: {group_by: k, combine: {n: {fn: count, value: k}, s: "
        "{fn: sum, value: v}}}}\n"
        "    - {type: WriteToLog, config: {topic: out}}\n",
        window);
    memset(player, 0, sizeof *player);
    player->region = mr_region_create();
    if (!mr_graph_read(player->region, "p.yaml", text, strlen(text), NULL, 0, &graph, &err))
        fail_msg("%s: %s", window, err.msg);
    struct mr_arena_options options = {.bytes_max = 16 << 20, .fill = 0xa5};
    assert_true(mr_arena_open(&options, &player->arena, &err));
    player->combine = &graph->transforms[2];
    player->input = &graph->transforms[1].outputs[0].schema;
    player->env = (struct mr_env){
        .world = player, .arena = player->arena, .now = now, .milestone = milestone};
    player->probe = (struct mr_probe){.self = player, .panes_fired = hear_engine};
    player->job = (struct mr_job){.graph = graph, .probe = &player->probe};
    player->context = (struct mr_task_context){
        .env = &player->env, .job = &player->job, .arena = player->arena};
    mr_scratch_init(&player->context.scratch, player->arena);
    open_operator(player);
    player->machine = mr_machine_new(player->arena, player->combine, player->input);
    mr_machine_listen(
        player->machine, (struct mr_machine_listener){.self = player, .pane = hear_reference});
}

static void close_player(struct player *player)
{
    mr_arena_close(player->arena);
    mr_region_destroy(player->region);
}

/* ---- Steps ---- */

/* Whether the engine, which drops it before, and the machine agree on a row. */
static void give_row(
    struct player *player, int64_t key, int64_t second, mr_us start_us, mr_us end_us)
{
    struct mr_value row[2] = {
        {.type = MR_TYPE_INT, .i = key}, {.type = MR_TYPE_INT, .i = second}};
    mr_machine_row(
        player->machine, player->now_ns, row, second * MR_SECOND_US, start_us, end_us);
}

static void give_rows(
    struct player *player, const int64_t *keys, const int64_t *seconds, uint32_t n)
{
    mr_us times[32], starts[32], ends[32];
    struct mr_column columns[2] = {
        {.type = MR_TYPE_INT, .values = keys}, {.type = MR_TYPE_INT, .values = seconds}};
    for (uint32_t i = 0; i < n; i++) times[i] = seconds[i] * MR_SECOND_US;
    struct mr_batch batch = {
        .n_rows = n, .n_selected = n, .n_columns = 2, .columns = columns, .times_us = times};
    for (uint32_t i = 0; i < n; i++)
        mr_row_window(&player->combine->windowing, &batch, i, &starts[i], &ends[i]);
    player->operator->class->batch(player->operator, & batch);
    mr_scratch_reset(&player->context.scratch);
    const struct mr_windowing *windowing = &player->combine->windowing;
    for (uint32_t i = 0; i < n; i++) {
        mr_us last_us =
            windowing->kind == MR_WINDOW_SLIDING ? ends[i] - windowing->size_us : starts[i];
        for (mr_us at_us = starts[i]; at_us <= last_us; at_us += windowing->period_us) {
            bool is_sliding = windowing->kind == MR_WINDOW_SLIDING;
            give_row(player, keys[i], seconds[i], at_us,
                is_sliding ? at_us + windowing->size_us : ends[i]);
            if (!is_sliding) break;
        }
    }
    mr_machine_batch(player->machine, player->now_ns);
}

/* "1 2 b:3": rows of key 0, or of the key before the colon, at these seconds, which are their
 * values too. */
static void play_rows(struct player *player, const char *text)
{
    int64_t keys[32], seconds[32];
    uint32_t n = 0;
    while (*text) {
        char *end;
        keys[n] = 0;
        if (text[0] && text[1] == ':') {
            keys[n] = text[0];
            text += 2;
        }
        seconds[n++] = strtoll(text, &end, 10);
        text = end;
        while (*text == ' ') text++;
    }
    give_rows(player, keys, seconds, n);
}

static void restore(struct player *player)
{
    struct mr_snapshot_writer writer;
    mr_snapshot_writer_init(&writer, player->arena);
    player->operator->class->snapshot(player->operator, & writer, 1);
    mr_scratch_reset(&player->context.scratch);
    player->operator->class->close(player->operator);
    open_operator(player);
    struct mr_snapshot_reader reader = {.data = writer.data, .bytes = writer.bytes};
    player->operator->class->restore(player->operator, & reader, false);
    assert_false(reader.is_broken);
    assert_int_equal(reader.at, reader.bytes);
    struct mr_machine *copy = mr_machine_copy(player->machine);
    mr_machine_discard(player->machine);
    player->machine = copy;
}

static void play_step(struct player *player, const char *step)
{
    if (strncmp(step, "rows ", 5) == 0) {
        play_rows(player, step + 5);
    } else if (strncmp(step, "watermark ", 10) == 0) {
        mr_us watermark_us = strtoll(step + 10, NULL, 10) * MR_SECOND_US;
        player->operator->class->watermark(player->operator, watermark_us);
        mr_machine_watermark(player->machine, player->now_ns, watermark_us);
    } else if (strcmp(step, "end") == 0) {
        player->operator->class->watermark(player->operator, MR_US_MAX);
        mr_machine_watermark(player->machine, player->now_ns, MR_US_MAX);
    } else if (strncmp(step, "time ", 5) == 0) {
        player->now_ns = strtoll(step + 5, NULL, 10) * MR_SECOND_NS;
        player->operator->class->timer(player->operator);
        mr_machine_time(player->machine, player->now_ns);
    } else if (strncmp(step, "output ", 7) == 0) {
        int64_t second = strtoll(step + 7, NULL, 10);
        mr_us output_us = player->operator->class->output_us(player->operator);
        assert_int_equal(output_us, mr_machine_output_us(player->machine));
        assert_int_equal(output_us / MR_SECOND_US, second);
    } else if (strncmp(step, "entries ", 8) == 0) {
        assert_int_equal(mr_machine_entries(player->machine), strtoll(step + 8, NULL, 10));
    } else {
        fail_msg("no step '%s'", step);
    }
    mr_scratch_reset(&player->context.scratch);
}

struct step {
    const char *does;
    const char *panes; /* NULL: none */
};
struct transcript {
    const char *name;
    const char *window;
    struct step steps[STEPS_MAX];
};

static void play(const struct transcript *transcript, bool with_restores)
{
    struct player player;
    char engine[PANES_MAX * PANE_TEXT], reference[PANES_MAX * PANE_TEXT];
    open_player(&player, transcript->window);
    for (const struct step *step = transcript->steps; step->does; step++) {
        const char *expected = step->panes ? step->panes : "";
        play_step(&player, step->does);
        told(&player.engine, engine, sizeof engine);
        told(&player.reference, reference, sizeof reference);
        if (strcmp(engine, expected) != 0 || strcmp(reference, expected) != 0)
            fail_msg("%s%s, %s:\nexpected  %s\nengine    %s\nreference %s", transcript->name,
                with_restores ? " (restored)" : "", step->does, expected, engine, reference);
        if (with_restores) restore(&player);
    }
    close_player(&player);
}

static const struct transcript transcripts[] = {
#include "tests/trigger_transcripts.h"
};

static void transcripts_are_kept_by_engine_and_reference(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof transcripts / sizeof *transcripts; i++)
        play(&transcripts[i], false);
}

static void a_restore_between_any_two_steps_changes_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof transcripts / sizeof *transcripts; i++)
        play(&transcripts[i], true);
}

/* ---- Random ones ---- */

static uint32_t draw(uint64_t *seed, uint32_t below)
{
    *seed = mr_digest_mix(*seed, 1);
    return (uint32_t)(mr_hash_u64(*seed) % below);
}

/* Writes a trigger as YAML; returns how many bytes. */
static size_t write_trigger(char *out, size_t size, uint64_t *seed, int depth)
{
    static const char *const lists[] = {"after_any", "after_all", "after_each"};
    uint32_t kind = draw(seed, depth > 0 ? 9 : 5);
    if (kind == 0) return (size_t)snprintf(out, size, "default");
    if (kind == 1) return (size_t)snprintf(out, size, "never");
    if (kind == 2) return (size_t)snprintf(out, size, "{delay: %us}", 1 + draw(seed, 6));
    if (kind < 5) return (size_t)snprintf(out, size, "{count: %u}", 1 + draw(seed, 4));
    if (kind == 5) {
        size_t used = (size_t)snprintf(out, size, "{repeatedly: ");
        used += write_trigger(out + used, size - used, seed, depth - 1);
        return used + (size_t)snprintf(out + used, size - used, "}");
    }
    if (kind == 6) {
        size_t used = (size_t)snprintf(out, size, "{after_watermark: {early: ");
        used += write_trigger(out + used, size - used, seed, depth - 1);
        if (draw(seed, 2)) {
            used += (size_t)snprintf(out + used, size - used, ", late: ");
            used += write_trigger(out + used, size - used, seed, depth - 1);
        }
        return used + (size_t)snprintf(out + used, size - used, "}}");
    }
    size_t used = (size_t)snprintf(out, size, "{%s: [", lists[draw(seed, 3)]);
    uint32_t n = 1 + draw(seed, 3);
    for (uint32_t i = 0; i < n; i++) {
        if (i > 0) used += (size_t)snprintf(out + used, size - used, ", ");
        used += write_trigger(out + used, size - used, seed, depth - 1);
    }
    return used + (size_t)snprintf(out + used, size - used, "]}");
}

static void write_window(char *out, size_t size, uint64_t *seed)
{
    static const char *const kinds[] = {"{type: fixed, size: 8s}",
        "{type: sliding, size: 9s, period: 4s}", "{type: sessions, gap: 3s}",
        "{type: sessions, gap: 6s}", "{type: global}"};
    static const char *const modes[] = {"discarding", "accumulating", "retracting"};
    static const char *const combiners[] = {"end_of_window", "earliest", "latest"};
    uint32_t kind = draw(seed, 5), lateness = draw(seed, 3) * 7, mode = draw(seed, 3);
    size_t used = (size_t)snprintf(out, size,
        "windowing: %s, allowed_lateness: %us, accumulation: %s, timestamp_combiner: %s, "
        "trigger: ",
        kinds[kind], lateness, modes[mode], combiners[draw(seed, 3)]);
    used += write_trigger(out + used, size - used, seed, 2);
    assert_true(used < size - 1);
}

static void play_drawn_step(
    struct player *player, uint64_t *seed, mr_us *watermark_us, char *step, size_t size)
{
    uint32_t what = draw(seed, 8);
    if (what < 5) {
        int64_t base = *watermark_us > 0 ? *watermark_us / MR_SECOND_US : 0;
        size_t used = (size_t)snprintf(step, size, "rows");
        uint32_t n = 1 + draw(seed, 4);
        for (uint32_t i = 0; i < n; i++) {
            int64_t second = base + (int64_t)draw(seed, 24) - 12;
            bool is_extreme = draw(seed, 80) == 0; /* the last second of time */
            if (is_extreme && player->combine->windowing.kind != MR_WINDOW_SLIDING)
                second = MR_US_MAX / MR_SECOND_US;
            used += (size_t)snprintf(step + used, size - used, " %c:%lld",
                'a' + (int)draw(seed, 2), (long long)(second > 0 ? second : 0));
        }
    } else if (what < 7) {
        *watermark_us += (mr_us)draw(seed, 9) * MR_SECOND_US;
        snprintf(step, size, "watermark %lld", (long long)(*watermark_us / MR_SECOND_US));
    } else {
        snprintf(step, size, "time %lld",
            (long long)(player->now_ns / MR_SECOND_NS + 1 + draw(seed, 5)));
    }
    play_step(player, step);
}

/* Returns how many panes there were. */
static uint32_t play_drawn(uint64_t seed)
{
    struct player player;
    char window[1024], step[256], engine[PANES_MAX * PANE_TEXT],
        reference[PANES_MAX * PANE_TEXT];
    mr_us watermark_us = 0;
    uint32_t n = 0;
    bool with_restores = draw(&seed, 2);
    write_window(window, sizeof window, &seed);
    open_player(&player, window);
    if (mr_windowing_is_plain(&player.combine->windowing)) {
        close_player(&player);
        return 0;
    }
    for (int i = 0; i <= 30; i++) {
        if (i < 30)
            play_drawn_step(&player, &seed, &watermark_us, step, sizeof step);
        else
            play_step(&player, strcpy(step, "end"));
        n += player.engine.n;
        told(&player.engine, engine, sizeof engine);
        told(&player.reference, reference, sizeof reference);
        if (strcmp(engine, reference) != 0)
            fail_msg("%s\n%s\nengine    %s\nreference %s", window, step, engine, reference);
        assert_int_equal(player.operator->class->output_us(player.operator),
            mr_machine_output_us(player.machine));
        if (with_restores) restore(&player);
    }
    assert_int_equal(mr_machine_entries(player.machine), 0);
    close_player(&player);
    return n;
}

static void random_triggers_fire_as_the_reference_says(void **state)
{
    (void)state;
    uint64_t n = 0;
    for (uint64_t seed = 1; seed <= 1500; seed++) n += play_drawn(seed);
    assert_true(n > 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transcripts_are_kept_by_engine_and_reference),
        cmocka_unit_test(a_restore_between_any_two_steps_changes_nothing),
        cmocka_unit_test(random_triggers_fire_as_the_reference_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
