/* Pipelines drawn at random, each in a calm world and in one that breaks: no check may fire.
 * One that fails is shrunk to the fewest and plainest transforms that fail in the same way, and
 * told. MR_RANDOM_PIPELINES=N runs more of them, MR_RANDOM_FIRST=N begins with that one. */
#include "tests/test.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/random_confluence.h"
#include "tests/random_pipeline.h"
#include "tests/stress_run.h"

enum {
    PIPELINES = 2000,
    FAILURES_MAX = 5,
    OTHER_FAILURE = 1000,
    NOT_CONFLUENT = 2000, /* a failure: lint says that it is */
    PLANTED_PIPELINES = 2000, /* in which each planted bug must be found */
    SHRUNK_NODES = 2,
    CONFLUENCE_EVERY = 3,
};

static struct stress stress;
static struct random_pipeline pipeline;
static enum mr_plant plant; /* of all runs */
static struct {
    uint64_t runs;
    uint64_t matched;
    uint64_t restores;
    uint64_t nodes;
    uint64_t compared; /* pairs of runs */
    uint64_t kinds[RANDOM_CREATE + 1];
} total;

static uint64_t number_of(const char *name, uint64_t usual)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : usual;
}

/* An assertion of the engine would else say nothing of the pipeline. */
static void tell_on_abort(int signal_number)
{
    (void)signal_number;
    ssize_t written = write(2, pipeline.text, pipeline.used);
    written += write(2, stress.text, strlen(stress.text));
    _exit(written < 0 ? 3 : 2);
}

/* Joins multiply rows. */
static bool has_joins(void)
{
    return strstr(pipeline.text, "type: Join") || strstr(pipeline.text, "type: Sql");
}

static struct stress_pipeline subject_of(uint64_t seed)
{
    bool has_services = strstr(pipeline.text, "type: Lookup") != NULL;
    return (struct stress_pipeline){.name = "random",
        .text = pipeline.text,
        .rows = seed % 2 ? SOME_DISORDER : MUCH_DISORDER,
        .amount = has_joins() ? "rows: 300, duration: 3s, keys: 15, values: 20" : NULL,
        .services = has_services ? NAMES("4%", "2%") : NULL,
        .has_more = strstr(pipeline.text, "topic: more") != NULL};
}

/* Two runs give other rows, although lint says that they do not. */
static uint32_t compare_clusters(const struct stress_pipeline *subject, uint64_t seed)
{
    struct random_sum one, other;
    if (!random_sum_of(&stress, subject, &stress_mixes[0], seed, &one)) return 0;
    if (!random_sum_of(&stress, subject, &random_other_cluster, seed, &other)) return 0;
    total.compared++;
    return one.n_rows != other.n_rows || one.hashes != other.hashes ? NOT_CONFLUENT : 0;
}

/* What is wrong with the pipeline under the mix: 0 nothing, else a number that says it. */
static uint32_t failure_of(const struct stress_mix *mix, uint64_t seed)
{
    struct stress_pipeline subject = subject_of(seed);
    if (mix == &random_other_cluster) return compare_clusters(&subject, seed);
    stress_open(&stress, &subject, mix);
    struct mr_run_options options = {.seed = seed, .plant = plant};
    mr_run(stress.arena, stress.scenario, &options, &stress.result);
    const struct mr_run_result *result = &stress.result;
    uint32_t failure =
        result->end == MR_END_FINISHED ? 0 : OTHER_FAILURE + (uint32_t)result->end;
    if (result->n_findings)
        failure = 1 + (uint32_t)result->findings[0].check * 32 +
                  (uint32_t)result->findings[0].verdict;
    total.runs++;
    total.matched += result->counts.rows_matched;
    total.restores += result->counts.restores;
    stress_close(&stress);
    return failure;
}

/* Whether the pipeline still fails in the same way, as it stands now. */
static bool fails_alike(const struct stress_mix *mix, uint64_t seed, uint32_t failure)
{
    return random_write(&pipeline) && failure_of(mix, seed) == failure;
}

/* Keeps the node as it has become where the pipeline then fails alike, else puts all back. */
static bool keeps_failing(const struct random_pipeline *before, const struct stress_mix *mix,
    uint64_t seed, uint32_t failure)
{
    if (fails_alike(mix, seed, failure)) return true;
    pipeline = *before;
    return false;
}

static bool shrink_node(
    struct random_node *node, const struct stress_mix *mix, uint64_t seed, uint32_t failure)
{
    static struct random_pipeline before;
    if (node->is_gone) return false;
    before = pipeline;
    node->is_gone = node != pipeline.nodes; /* one root must stay */
    if (node->is_gone && keeps_failing(&before, mix, seed, failure)) return true;
    if (node->is_plain) return false;
    node->is_plain = true;
    return keeps_failing(&before, mix, seed, failure);
}

static void shrink(const struct stress_mix *mix, uint64_t seed, uint32_t failure)
{
    bool has_shrunk = true;
    while (has_shrunk) {
        has_shrunk = false;
        for (uint32_t i = pipeline.n_nodes; i-- > 0;)
            has_shrunk |= shrink_node(&pipeline.nodes[i], mix, seed, failure);
    }
    assert_true(random_write(&pipeline));
}

static void tell_finding(const struct mr_witness *finding)
{
    fprintf(stderr, "%s: %s\n  window [%lld, %lld)\n  expected %s\n  actual   %s\n",
        mr_verdict_name(finding->verdict), finding->summary,
        (long long)finding->window_start_us, (long long)finding->window_end_us,
        finding->expected, finding->actual);
}

static void tell(uint64_t number, const struct stress_mix *mix, uint64_t seed, uint32_t failure)
{
    fprintf(stderr, "pipeline %llu under '%s', seed %llu; the least that fails alike:\n",
        (unsigned long long)number, mix->name, (unsigned long long)seed);
    shrink(mix, seed, failure);
    failure_of(mix, seed);
    const struct mr_run_result *result = &stress.result;
    fprintf(stderr, "%s\n%s", pipeline.text, stress.text);
    for (uint32_t i = 0; i < result->n_findings; i++) tell_finding(&result->findings[i]);
    if (failure == NOT_CONFLUENT)
        fprintf(stderr, "other rows on another cluster\n");
    else if (!result->n_findings)
        fprintf(stderr, "end %d: %s\n", (int)result->end, result->last_step);
}

static void count_kinds(void)
{
    for (uint32_t i = 0; i < pipeline.n_nodes; i++) total.kinds[pipeline.nodes[i].kind]++;
    total.nodes += pipeline.n_nodes;
}

static uint32_t nodes_left(void)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < pipeline.n_nodes; i++) n += !pipeline.nodes[i].is_gone;
    return n;
}

static uint32_t run_pipeline(uint64_t number)
{
    const struct stress_mix *mixes[] = {&stress_mixes[0],
        &stress_mixes[1 + number % (STRESS_MIXES - 1)], &random_other_cluster};
    random_make(&pipeline, number);
    count_kinds();
    uint32_t n_mixes = number % CONFLUENCE_EVERY == 0 ? 3 : 2;
    for (uint32_t i = 0; i < n_mixes; i++) {
        uint32_t failure = failure_of(mixes[i], number);
        if (!failure) continue;
        tell(number, mixes[i], number, failure);
        return 1;
    }
    return 0;
}

static void no_check_fires_whatever_the_pipeline(void **state)
{
    (void)state;
    uint64_t first = number_of("MR_RANDOM_FIRST", 1);
    uint64_t n = number_of("MR_RANDOM_PIPELINES", PIPELINES);
    uint32_t failures = 0;
    signal(SIGABRT, tell_on_abort);
    for (uint64_t i = 0; i < n && failures < FAILURES_MAX; i++)
        failures += run_pipeline(first + i);
    printf("%llu runs of %llu pipelines, %.1f transforms each, %llu rows compared, %llu "
           "restores, %llu pairs of clusters\n",
        (unsigned long long)total.runs, (unsigned long long)n, (double)total.nodes / (double)n,
        (unsigned long long)total.matched, (unsigned long long)total.restores,
        (unsigned long long)total.compared);
    assert_int_equal(failures, 0);
}

/* A generator that never draws something proves nothing of it. */
static void every_kind_of_transform_is_drawn(void **state)
{
    (void)state;
    for (uint32_t i = 0; i <= RANDOM_CREATE; i++)
        if (total.kinds[i] == 0) fail_msg("no transform of kind %u was drawn", i);
    assert_true(total.matched > total.runs);
}

/* The first pipeline that the bug makes fail; 0: none. */
static uint64_t find_planted(const struct stress_mix **mix, uint32_t *failure)
{
    for (uint64_t number = 1; number <= PLANTED_PIPELINES; number++) {
        *mix = &stress_mixes[number % STRESS_MIXES];
        random_make(&pipeline, number);
        *failure = failure_of(*mix, number);
        if (*failure) return number;
    }
    return 0;
}

/* These want what random pipelines do not have: streams that end or fall silent as those of
 * test_planted_sources, a Lookup with a rate as in test_planted_lookups, rows late for the first of
 * their sliding windows as in test_run_sliding. */
static bool is_of_others(int bug)
{
    return bug == MR_PLANT_LOOKUP_OVER_RATE || bug == MR_PLANT_SLICE_GONE_WITH_WINDOW ||
           (bug >= MR_PLANT_CLOCK_WATERMARK_AHEAD && bug <= MR_PLANT_DRIFT_IGNORED);
}

/* Else a silent generator would be one that cannot see. Rows that are drawn never lie on the
 * last microsecond of a window, where alone a window that fires a microsecond early is wrong:
 * test_planted has such rows. */
static void every_planted_bug_is_found(void **state)
{
    (void)state;
    uint32_t n_missed = 0;
    for (int i = MR_PLANT_NONE + 1; i < MR_PLANT_COUNT; i++) {
        const struct stress_mix *mix;
        uint32_t failure;
        if (i == MR_PLANT_FIRE_ONE_EARLY || is_of_others(i)) continue;
        plant = (enum mr_plant)i;
        uint64_t number = find_planted(&mix, &failure);
        n_missed += !number;
        if (!number) fprintf(stderr, "'%s' was not found\n", mr_plants[i].name);
        else printf("%s: pipeline %llu under %s\n", mr_plants[i].name, (unsigned long long)number,
            mix->name);
    }
    plant = MR_PLANT_NONE;
    assert_int_equal(n_missed, 0);
}

/* A lost window needs a source, a Combine, and perhaps a windowing. */
static void what_fails_is_shrunk_to_the_least_that_fails_alike(void **state)
{
    (void)state;
    const struct stress_mix *mix;
    uint32_t failure;
    plant = MR_PLANT_STALE_TIMER;
    uint64_t number = find_planted(&mix, &failure);
    assert_true(number > 0);
    uint32_t before = nodes_left();
    shrink(mix, number, failure);
    assert_int_equal(failure_of(mix, number), failure);
    printf("%u transforms became %u\n%s", before, nodes_left(), pipeline.text);
    assert_true(nodes_left() <= SHRUNK_NODES);
    assert_non_null(strstr(pipeline.text, "type: Combine"));
    plant = MR_PLANT_NONE;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_check_fires_whatever_the_pipeline),
        cmocka_unit_test(every_kind_of_transform_is_drawn),
        cmocka_unit_test(every_planted_bug_is_found),
        cmocka_unit_test(what_fails_is_shrunk_to_the_least_that_fails_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
