/* The oracle against a recomputation from scratch: after each checkpoint of a random run, what
 * is owed is folded anew from all rows that were accepted so far, by loops over plain lists. */
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/digest.h"
#include "scenarios/oracle/oracle.h"

enum {
    PARTITIONS = 3,
    ROWS = 400,
    FIELDS = 4,
    PANES_MAX = 3 * ROWS,
    CHECKPOINTS = 8,
    SIZE_US = 1000
};

struct row {
    struct mr_value values[FIELDS]; /* t, k, i, n */
    mr_us at_us;
    bool is_dropped;
};

/* What has become of a window and key. */
struct pane {
    mr_us start_us;
    struct mr_value values[6]; /* two keys, then count, sum, min, max */
    bool is_matched;
};

struct run {
    struct mr_region *region;
    struct mr_arena *arena;
    const struct mr_graph *graph;
    struct mr_oracle *oracle;
    struct mr_oracle_input input;
    uint64_t seed;
    uint64_t occurrence;
    bool has_filter; /* rows of n < -50 do not count */
    uint32_t n_keys;
    int key_fields[2];
    struct row rows[PARTITIONS][ROWS];
    int64_t next[PARTITIONS];
    char texts[40][48];
    char lent[256][48]; /* texts of one read: gone with the next */
    mr_us watermark_us;
    uint32_t n_panes;
    struct pane panes[PANES_MAX];
};

static int64_t draw(struct run *run, int64_t below)
{
    uint64_t hash = mr_hash_u64(mr_digest_mix(run->seed, run->occurrence++));
    return (int64_t)(hash % (uint64_t)below);
}

static void read_rows(void *self, uint32_t partition, int64_t first, uint32_t n,
    struct mr_value *values, mr_us *times_us)
{
    struct run *run = self;
    assert_true(n <= 256);
    memset(run->lent, 'x', sizeof run->lent);
    for (uint32_t i = 0; i < n; i++) {
        const struct row *row = &run->rows[partition][first + i];
        struct mr_value *out = values + (size_t)i * FIELDS;
        memcpy(out, row->values, sizeof row->values);
        memcpy(run->lent[i], out[1].text, out[1].bytes);
        out[1].text = run->lent[i];
        times_us[i] = row->at_us;
    }
}

/* Keys are short, long, empty and numbers; times wander forward. */
static void draw_rows(struct run *run)
{
    for (int i = 0; i < 40; i++)
        snprintf(run->texts[i], sizeof run->texts[i],
            i == 0       ? "%.0d"
            : i % 3 == 0 ? "a key so long that it needs a place of its own %d"
                         : "k%d",
            i);
    for (int p = 0; p < PARTITIONS; p++)
        for (int r = 0; r < ROWS; r++) {
            struct row *row = &run->rows[p][r];
            row->at_us = r * 25 + draw(run, 600) - 2000;
            const char *text = run->texts[draw(run, 40)];
            row->values[0] = (struct mr_value){.type = MR_TYPE_TIMESTAMP, .i = row->at_us};
            row->values[1] = (struct mr_value){
                .type = MR_TYPE_STRING, .text = text, .bytes = (uint32_t)strlen(text)};
            row->values[2] = (struct mr_value){.type = MR_TYPE_INT, .i = draw(run, 30)};
            row->values[3] = (struct mr_value){.type = MR_TYPE_INT, .i = draw(run, 200) - 100};
        }
}

static const char *const group_by[] = {"k", "i", "[i, k]", "[]"};
static const uint32_t key_counts[] = {1, 1, 2, 0};
static const int keys_of[][2] = {{1}, {2}, {2, 1}, {0}};

static void make(struct run *run, uint64_t seed)
{
    uint32_t shape = (uint32_t)(seed % 4);
    run->seed = seed;
    run->has_filter = seed / 4 % 2;
    run->n_keys = key_counts[shape];
    memcpy(run->key_fields, keys_of[shape], sizeof run->key_fields);
    char text[2048];
    snprintf(text, sizeof text,
        "pipeline:\n  type: chain\n  transforms:\n"
        "    - type: ReadFromLog\n"
        "      config: {topic: in, schema: {t: timestamp, k: string, i: integer, n: integer}, "
        "event_time: t, watermark: {strategy: bounded, max_out_of_orderness: 1m}}\n"
        "%s"
        "    - {type: Window, config: {windowing: {type: fixed, size: 1ms}}}\n"
        "    - {type: Combine, config: {group_by: %s, combine: {c: {fn: count, value: n}, s: "
        "{fn: sum, "
        "value: n}, low: {fn: min, value: n}, high: {fn: max, value: n}}}}\n"
        "    - {type: WriteToLog, config: {topic: out}}\n",
        run->has_filter ? "    - {type: Filter, config: {language: python, keep: n >= -50}}\n"
                        : "",
        group_by[shape]);
    struct mr_err err = {0};
    assert_true(
        mr_graph_read(run->region, "p.yaml", text, strlen(text), NULL, 0, &run->graph, &err));
    run->input =
        (struct mr_oracle_input){.n_partitions = PARTITIONS, .self = run, .read = read_rows};
    run->oracle = mr_oracle_new(run->arena, run->graph, &run->input, 1);
    run->watermark_us = MR_US_MIN;
    draw_rows(run);
}

static uint32_t combine_of(const struct run *run)
{
    return run->graph->n_transforms - 2;
}

static uint32_t sink_of(const struct run *run)
{
    return run->graph->n_transforms - 1;
}

static mr_us start_of(mr_us at_us)
{
    mr_us start_us = at_us / SIZE_US * SIZE_US;
    return start_us > at_us ? start_us - SIZE_US : start_us;
}

static struct pane *pane_of(struct run *run, const struct row *row)
{
    mr_us start_us = start_of(row->at_us);
    for (uint32_t i = 0; i < run->n_panes; i++) {
        struct pane *pane = &run->panes[i];
        bool is_same = pane->start_us == start_us;
        for (uint32_t k = 0; k < run->n_keys; k++)
            is_same =
                is_same && mr_value_same(pane->values[k], row->values[run->key_fields[k]]);
        if (is_same) return pane;
    }
    assert_true(run->n_panes < PANES_MAX);
    struct pane *pane = &run->panes[run->n_panes++];
    *pane = (struct pane){.start_us = start_us};
    for (uint32_t k = 0; k < run->n_keys; k++)
        pane->values[k] = row->values[run->key_fields[k]];
    for (uint32_t k = 0; k < 4; k++) pane->values[run->n_keys + k].type = MR_TYPE_INT;
    pane->values[run->n_keys + 2].i = INT64_MAX;
    pane->values[run->n_keys + 3].i = INT64_MIN;
    return pane;
}

/* Folds all rows below the offsets into panes; keeps who was matched. */
static void recompute(struct run *run)
{
    for (uint32_t i = 0; i < run->n_panes; i++) {
        struct mr_value *results = run->panes[i].values + run->n_keys;
        results[0].i = results[1].i = 0;
        results[2].i = INT64_MAX;
        results[3].i = INT64_MIN;
    }
    for (int p = 0; p < PARTITIONS; p++)
        for (int64_t r = 0; r < run->next[p]; r++) {
            const struct row *row = &run->rows[p][r];
            int64_t n = row->values[3].i;
            if (row->is_dropped || (run->has_filter && n < -50)) continue;
            struct mr_value *results = pane_of(run, row)->values + run->n_keys;
            results[0].i++;
            results[1].i += n;
            if (n < results[2].i) results[2].i = n;
            if (n > results[3].i) results[3].i = n;
        }
}

/* Moves the offsets; rows whose window was passed before are dropped, in another order than
 * that of the rows. */
static void checkpoint(struct run *run, bool is_last)
{
    for (uint32_t p = 0; p < PARTITIONS; p++) {
        int64_t next = is_last ? ROWS : run->next[p] + draw(run, 2 * ROWS / CHECKPOINTS);
        if (next > ROWS) next = ROWS;
        for (int64_t r = next; r-- > run->next[p];) {
            struct row *row = &run->rows[p][r];
            mr_us end_us = start_of(row->at_us) + SIZE_US;
            row->is_dropped = end_us <= run->watermark_us;
            if (row->is_dropped && !(run->has_filter && row->values[3].i < -50))
                mr_oracle_drop(
                    run->oracle, combine_of(run), end_us - SIZE_US, end_us, row->values);
        }
        run->next[p] = next;
    }
    for (uint32_t p = 0; p < PARTITIONS; p++)
        mr_oracle_advance(run->oracle, 0, p, run->next[p]);
    assert_int_equal(mr_oracle_unmatched_drops(run->oracle, combine_of(run)), 0);
    mr_us watermark_us = run->watermark_us;
    if (watermark_us == MR_US_MIN) watermark_us = -2000;
    run->watermark_us = is_last ? MR_US_MAX : watermark_us + draw(run, 2500);
    mr_oracle_pass(run->oracle, combine_of(run), run->watermark_us);
    recompute(run);
}

static enum mr_match match(struct run *run, const struct pane *pane, struct mr_value *expected)
{
    return mr_oracle_match(run->oracle, sink_of(run), pane->start_us, pane->start_us + SIZE_US,
        pane->values, expected);
}

static void assert_same_values(
    const struct run *run, const struct mr_value *a, const struct mr_value *b)
{
    for (uint32_t k = 0; k < run->n_keys + 4; k++) assert_true(mr_value_same(a[k], b[k]));
}

static bool is_passed(const struct run *run, const struct pane *pane)
{
    return pane->start_us + SIZE_US <= run->watermark_us;
}

static uint64_t count_owed(const struct run *run)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < run->n_panes; i++)
        n += is_passed(run, &run->panes[i]) && !run->panes[i].is_matched;
    return n;
}

/* Delivers most of the panes that are owed, some wrong, some twice; asks about open ones. */
static void deliver(struct run *run)
{
    struct mr_value expected[MR_FIELDS_MAX];
    for (uint32_t n = 0; n < 2 * run->n_panes; n++) {
        struct pane *pane = &run->panes[draw(run, run->n_panes)];
        struct pane shown = *pane;
        bool is_wrong = draw(run, 10) == 0;
        if (is_wrong) shown.values[run->n_keys + (uint32_t)draw(run, 4)].i++;
        enum mr_match answer = match(run, &shown, expected);
        if (!is_passed(run, pane)) {
            assert_int_equal(answer, MR_MATCH_UNOWED);
            continue;
        }
        if (pane->is_matched)
            assert_int_equal(answer, MR_MATCH_DUPLICATE);
        else
            assert_int_equal(answer, is_wrong ? MR_MATCH_WRONG : MR_MATCH_RIGHT);
        if (answer == MR_MATCH_DUPLICATE || answer == MR_MATCH_WRONG)
            assert_same_values(run, expected, pane->values);
        pane->is_matched = true;
    }
    assert_int_equal(mr_oracle_owed(run->oracle, sink_of(run)), count_owed(run));
}

/* Each owed row is one that the lists owe, and each entry of open windows is as they have it.
 */
static void compare_owed_and_open(struct run *run)
{
    mr_us start_us, end_us, earliest_us = MR_US_MAX;
    struct mr_value row[MR_FIELDS_MAX];
    uint64_t n_open = 0, n_owed = count_owed(run);
    for (uint64_t i = 0; i < n_owed; i++) {
        assert_true(mr_oracle_owed_row(run->oracle, sink_of(run), i, &start_us, &end_us, row));
        uint32_t at = 0;
        for (; at < run->n_panes; at++) {
            bool is_it = run->panes[at].start_us == start_us && !run->panes[at].is_matched;
            for (uint32_t k = 0; k < run->n_keys; k++)
                is_it = is_it && mr_value_same(run->panes[at].values[k], row[k]);
            if (is_it) break;
        }
        assert_true(at < run->n_panes);
        assert_same_values(run, row, run->panes[at].values);
    }
    for (uint32_t i = 0; i < run->n_panes; i++) {
        const struct pane *pane = &run->panes[i];
        bool is_state = mr_oracle_state_is(run->oracle, combine_of(run), pane->start_us,
            pane->values, pane->values + run->n_keys, row);
        assert_int_equal(is_state, !is_passed(run, pane));
        if (is_passed(run, pane)) continue;
        n_open++;
        if (pane->start_us + SIZE_US < earliest_us) earliest_us = pane->start_us + SIZE_US;
    }
    assert_int_equal(mr_oracle_open_entries(run->oracle, combine_of(run)), n_open);
    assert_int_equal(mr_oracle_earliest_end_us(run->oracle, combine_of(run)), earliest_us);
}

static void random_runs_agree_with_a_recomputation_from_scratch(void **state)
{
    (void)state;
    struct mr_arena_options options = {.bytes_max = 64 << 20, .fill = 0x5a};
    struct mr_err err = {0};
    struct mr_arena *arena;
    assert_true(mr_arena_open(&options, &arena, &err));
    struct run *run = malloc(sizeof *run);
    for (uint64_t seed = 1; seed <= 24; seed++) {
        memset(run, 0, sizeof *run);
        run->arena = arena;
        run->region = mr_region_create();
        make(run, seed);
        for (int i = 1; i <= CHECKPOINTS; i++) {
            checkpoint(run, i == CHECKPOINTS);
            compare_owed_and_open(run);
            deliver(run);
            compare_owed_and_open(run);
        }
        assert_true(run->n_panes > 10);
        mr_oracle_discard(run->oracle);
        assert_int_equal(mr_arena_live_bytes(arena, MR_OWNER_WORLD), 0);
        mr_region_destroy(run->region);
        mr_arena_reset(arena);
    }
    free(run);
    mr_arena_close(arena);
}

/* ---- Long runs ---- */

struct endless {
    uint32_t n_keys;
};

/* Row i of the one partition: i / 10 µs, and a key that walks through all of them. */
static void read_endless(void *self, uint32_t partition, int64_t first, uint32_t n,
    struct mr_value *values, mr_us *times_us)
{
    const struct endless *endless = self;
    assert_int_equal(partition, 0);
    for (uint32_t i = 0; i < n; i++) {
        times_us[i] = (first + i) / 10;
        values[2 * i] = (struct mr_value){.type = MR_TYPE_TIMESTAMP, .i = times_us[i]};
        values[2 * i + 1] =
            (struct mr_value){.type = MR_TYPE_INT, .i = (first + i) % endless->n_keys};
    }
}

struct long_run {
    struct mr_arena *arena;
    struct mr_region *region;
    struct endless endless;
    struct mr_oracle_input input;
    struct mr_oracle *oracle;
};

static void begin_long_run(struct long_run *run, uint32_t n_keys, const char *middle)
{
    struct mr_arena_options options = {.bytes_max = 256 << 20, .fill = -1};
    struct mr_err err = {0};
    *run = (struct long_run){.endless = {n_keys}, .region = mr_region_create()};
    assert_true(mr_arena_open(&options, &run->arena, &err));
    char text[1024];
    snprintf(text, sizeof text,
        "pipeline:\n  type: chain\n  transforms:\n"
        "    - {type: ReadFromLog, config: {topic: in, schema: {t: timestamp, k: integer}, "
        "event_time: t, "
        "watermark: {strategy: ascending}}}\n%s"
        "    - {type: WriteToLog, config: {topic: out, key: k}}\n",
        middle);
    const struct mr_graph *graph;
    assert_true(
        mr_graph_read(run->region, "p.yaml", text, strlen(text), NULL, 0, &graph, &err));
    run->input = (struct mr_oracle_input){
        .n_partitions = 1, .self = &run->endless, .read = read_endless};
    run->oracle = mr_oracle_new(run->arena, graph, &run->input, 1);
}

static void end_long_run(struct long_run *run)
{
    mr_oracle_discard(run->oracle);
    mr_arena_close(run->arena);
    mr_region_destroy(run->region);
}

static enum mr_match match_count(struct long_run *run, int64_t window, int64_t key)
{
    struct mr_value row[2] = {{.type = MR_TYPE_INT, .i = key}, {.type = MR_TYPE_INT, .i = 10}};
    struct mr_value expected[2];
    enum mr_match answer =
        mr_oracle_match(run->oracle, 3, window * 1000, window * 1000 + 1000, row, expected);
    if (answer == MR_MATCH_DUPLICATE) assert_int_equal(expected[0].i, key);
    return answer;
}

/* Delivers 400 windows of 1,000 keys; from the 300th on, no more memory may be taken. */
static void deliver_long(struct long_run *run)
{
    size_t used = 0;
    for (int64_t window = 0; window < 400; window++) {
        mr_oracle_advance(run->oracle, 0, 0, (window + 1) * 10000);
        mr_oracle_pass(run->oracle, 2, (window + 1) * 1000);
        assert_int_equal(mr_oracle_owed(run->oracle, 3), 1000);
        for (int64_t key = 999; key >= 0; key--)
            assert_int_equal(match_count(run, window, key), MR_MATCH_RIGHT);
        if (window == 300) used = mr_arena_used_bytes(run->arena);
    }
    assert_int_equal(mr_arena_used_bytes(run->arena), used);
}

static void memory_does_not_grow_and_duplicates_are_known_long_after(void **state)
{
    (void)state;
    struct long_run run;
    begin_long_run(&run, 1000,
        "    - {type: Window, config: {windowing: {type: fixed, size: 1ms}}}\n"
        "    - {type: Combine, config: {group_by: k, combine: {c: {fn: count, value: k}}}}\n");
    deliver_long(&run);
    assert_int_equal(match_count(&run, 399, 5), MR_MATCH_DUPLICATE);
    assert_int_equal(match_count(&run, 300, 5), MR_MATCH_DUPLICATE);
    assert_int_equal(match_count(&run, 300, 1000), MR_MATCH_UNKNOWN);
    assert_int_equal(match_count(&run, 5, 5), MR_MATCH_UNKNOWN); /* forgotten */
    end_long_run(&run);
}

static void windows_with_lateness_are_retired_when_they_expire(void **state)
{
    (void)state;
    struct long_run run;
    begin_long_run(&run, 1000,
        "    - {type: Window, config: {windowing: {type: fixed, size: 1ms}, allowed_lateness: "
        "3ms}}\n"
        "    - {type: Combine, config: {group_by: k, combine: {c: {fn: count, value: k}}}}\n");
    deliver_long(&run);
    assert_true(mr_arena_used_bytes(run.arena) < 4 << 20);
    assert_int_equal(match_count(&run, 399, 5), MR_MATCH_DUPLICATE);
    assert_int_equal(match_count(&run, 300, 5), MR_MATCH_DUPLICATE);
    end_long_run(&run);
}

static void rows_without_windows_are_forgotten_too_and_known_again(void **state)
{
    (void)state;
    struct long_run run;
    begin_long_run(&run, 7, "");
    size_t used = 0;
    struct mr_value row[2], expected[2];
    mr_us at_us;
    for (int64_t step = 0; step < 400; step++) {
        mr_oracle_advance(run.oracle, 0, 0, (step + 1) * 1000);
        for (int64_t i = step * 1000; i < (step + 1) * 1000; i++) {
            read_endless(&run.endless, 0, i, 1, row, &at_us);
            assert_int_equal(
                mr_oracle_match(run.oracle, 1, MR_US_MIN, MR_US_MAX, row, expected),
                MR_MATCH_RIGHT);
        }
        assert_int_equal(mr_oracle_owed(run.oracle, 1), 0);
        if (step == 300) used = mr_arena_used_bytes(run.arena);
    }
    assert_int_equal(mr_arena_used_bytes(run.arena), used);
    read_endless(&run.endless, 0, 390000, 1, row, &at_us);
    assert_int_equal(mr_oracle_match(run.oracle, 1, MR_US_MIN, MR_US_MAX, row, expected),
        MR_MATCH_DUPLICATE);
    row[1].i = 99;
    assert_int_equal(
        mr_oracle_match(run.oracle, 1, MR_US_MIN, MR_US_MAX, row, expected), MR_MATCH_UNKNOWN);
    end_long_run(&run);
}

static void preparing_rows_changes_nothing(void **state)
{
    (void)state;
    struct long_run run;
    enum { KEYS = 20000 };
    begin_long_run(&run, KEYS,
        "    - {type: Window, config: {windowing: {type: fixed, size: 20ms}}}\n"
        "    - {type: Combine, config: {group_by: k, combine: {c: {fn: count, value: k}}}}\n");
    mr_oracle_advance(run.oracle, 0, 0, 200000);
    struct mr_value keys[64], ten = {.type = MR_TYPE_INT, .i = 10}, unused;
    for (int64_t i = 0; i < 64; i++)
        keys[i] = (struct mr_value){.type = MR_TYPE_INT, .i = 19970 + i};
    for (int i = 0; i < 64; i++)
        assert_int_equal(mr_oracle_state_is(run.oracle, 2, 0, &keys[i], &ten, &unused), i < 30);
    mr_oracle_pass(run.oracle, 2, 20000);
    struct mr_value rows[64][2], expected[2];
    mr_us starts_us[64], ends_us[64];
    for (int64_t key = 0; key < KEYS; key += 50) {
        for (int64_t i = 0; i < 64; i++) {
            rows[i][0] = rows[i][1] = (struct mr_value){.type = MR_TYPE_INT, .i = 10};
            rows[i][0].i = key + i;
            starts_us[i] = i % 7 == 6 ? 20000 : 0;
            ends_us[i] = starts_us[i] + 20000;
        }
        mr_oracle_prepare(run.oracle, 3, 64, starts_us, ends_us, rows[0]);
        for (int64_t i = 0; i < 50; i++)
            assert_int_equal(
                mr_oracle_match(run.oracle, 3, 0, 20000, rows[i], expected), MR_MATCH_RIGHT);
    }
    assert_int_equal(mr_oracle_owed(run.oracle, 3), 0);
    end_long_run(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_runs_agree_with_a_recomputation_from_scratch),
        cmocka_unit_test(memory_does_not_grow_and_duplicates_are_known_long_after),
        cmocka_unit_test(windows_with_lateness_are_retired_when_they_expire),
        cmocka_unit_test(rows_without_windows_are_forgotten_too_and_known_again),
        cmocka_unit_test(preparing_rows_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
