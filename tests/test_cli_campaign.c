/* Seeds over worker processes: each comes once, whatever the processes do. */
#include "tests/test.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/subject.h"
#include "cli/campaign.h"
#include "cli/files.h"
#include "cli/serve.h"
#include "cli/twice.h"

enum { SEEDS_MAX = 4000 };

struct bench {
    struct mr_subject subject;
    struct mr_campaign campaign;
    struct mr_campaign_listener listener;
    struct mr_err err;
    uint32_t times[SEEDS_MAX + 1]; /* how often each seed came */
    uint64_t digests[SEEDS_MAX + 1];
    uint64_t n_done;
    uint64_t n_lost;
    uint64_t stop_after; /* 0: never */
    int kill_with;       /* a signal for a worker, once; 0: none */
    struct mr_seed_outcome lost;
};

/* One of our worker processes, as the system has it. */
static pid_t some_child(void)
{
    char path[64];
    long pid = -1;
    snprintf(path, sizeof path, "/proc/self/task/%ld/children", (long)getpid());
    FILE *file = fopen(path, "r");
    if (file && fscanf(file, "%ld", &pid) != 1) pid = -1;
    if (file) fclose(file);
    return (pid_t)pid;
}

static void seed_done(void *self, const struct mr_seed_outcome *outcome)
{
    struct bench *bench = self;
    assert_true(outcome->seed <= SEEDS_MAX);
    bench->times[outcome->seed]++;
    bench->n_done++;
    if (outcome->is_lost) {
        assert_null(outcome->result);
        bench->n_lost++;
        bench->lost = *outcome;
    } else {
        assert_int_equal(outcome->result->seed, outcome->seed);
        bench->digests[outcome->seed] = outcome->result->digest;
    }
    if (!bench->kill_with) return;
    pid_t child = some_child();
    assert_true(child > 0);
    assert_int_equal(kill(child, bench->kill_with), 0);
    bench->kill_with = 0;
}

static bool tick(void *self)
{
    const struct bench *bench = self;
    return bench->stop_after == 0 || bench->n_done < bench->stop_after;
}

static int set_up(void **state)
{
    struct bench *bench = mr_alloc(sizeof *bench);
    *state = bench;
    if (!mr_subject_small(&bench->subject, &bench->err)) return 1;
    mr_arena_close(bench->subject.arena); /* the workers have their own at its address */
    bench->subject.arena = NULL;
    bench->listener =
        (struct mr_campaign_listener){.self = bench, .seed_done = seed_done, .tick = tick};
    bench->campaign = (struct mr_campaign){.path = "none",
        .scenario = bench->subject.scenario,
        .first_seed = 5,
        .last_seed = 60,
        .jobs = 3,
        .surroundings = mr_surroundings_usual};
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    mr_subject_close(&bench->subject);
    mr_free(bench);
    return 0;
}

static void run(struct bench *bench)
{
    if (!mr_campaign_run(&bench->campaign, &bench->listener, &bench->err))
        fail_msg("%s", bench->err.msg);
}

static void check_all_came_once(const struct bench *bench)
{
    for (uint64_t seed = 0; seed <= SEEDS_MAX; seed++) {
        bool is_asked = seed >= bench->campaign.first_seed && seed <= bench->campaign.last_seed;
        assert_int_equal(bench->times[seed], is_asked);
    }
}

static void each_seed_comes_once(void **state)
{
    struct bench *bench = *state;
    run(bench);
    check_all_came_once(bench);
    assert_int_equal(bench->n_lost, 0);
}

static void jobs_order_and_memory_do_not_change_a_digest(void **state)
{
    struct bench *bench = *state;
    run(bench);
    uint64_t first[SEEDS_MAX + 1];
    memcpy(first, bench->digests, sizeof first);
    static const uint32_t jobs[] = {1, 2, 200};
    for (size_t i = 0; i < 3; i++) {
        bench->campaign.jobs = jobs[i];
        bench->campaign.surroundings.arena_fill = (int)(85 * (i + 1));
        bench->campaign.surroundings.arena_base = MR_ARENA_BASE_SECOND;
        bench->campaign.surroundings.is_reversed = i != 1;
        memset(bench->digests, 0, sizeof bench->digests);
        run(bench);
        assert_memory_equal(bench->digests, first, sizeof first);
    }
}

static void a_campaign_of_one_seed_has_one_process(void **state)
{
    struct bench *bench = *state;
    bench->campaign.first_seed = bench->campaign.last_seed = 9;
    run(bench);
    check_all_came_once(bench);
}

/* As the system does it when memory runs out. */
static void a_killed_worker_costs_one_seed_and_names_it(void **state)
{
    struct bench *bench = *state;
    bench->campaign.first_seed = 1;
    bench->campaign.last_seed = SEEDS_MAX;
    bench->campaign.jobs = 2;
    bench->kill_with = SIGKILL;
    run(bench);
    check_all_came_once(bench);
    assert_int_equal(bench->n_lost, 1);
    assert_true(bench->lost.seed >= 1 && bench->lost.seed <= SEEDS_MAX);
    assert_int_equal(bench->lost.signal, SIGKILL);
    assert_int_equal(bench->digests[bench->lost.seed], 0);
}

static void a_campaign_stops_when_it_is_told(void **state)
{
    struct bench *bench = *state;
    bench->campaign.first_seed = 1;
    bench->campaign.last_seed = SEEDS_MAX;
    bench->stop_after = 10;
    run(bench);
    assert_true(bench->n_done >= 10 && bench->n_done < SEEDS_MAX);
    assert_int_equal(bench->n_lost, 0);
    assert_int_equal(some_child(), -1); /* nobody is left behind */
}

/* Here the address of a run's memory is taken already. */
static void workers_without_memory_are_an_error_of_the_machine(void **state)
{
    struct bench *bench = *state;
    struct mr_arena *arena;
    assert_true(mr_surroundings_arena(
        &mr_surroundings_usual, bench->subject.scenario, &arena, &bench->err));
    assert_false(mr_campaign_run(&bench->campaign, &bench->listener, &bench->err));
    assert_int_equal(bench->err.kind, MR_ERR_IO);
    assert_int_equal(bench->n_done, 0);
    assert_int_equal(some_child(), -1);
    mr_arena_close(arena);
}

static void fail_in_event(void *self, uint64_t step, mr_ns at_ns, uint64_t digest)
{
    (void)self;
    (void)at_ns;
    (void)digest;
    MR_ASSERT(step < 100);
}

/* An assertion that fails in the midst of a run, in a process of its own. */
static void a_failed_assertion_names_the_command_that_repeats_it(void **state)
{
    struct bench *bench = *state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct mr_arena *arena;
        struct mr_recorder recorder = {.digest = fail_in_event};
        struct mr_run_options options = {.seed = 21, .recorder = &recorder};
        signal(SIGABRT, SIG_DFL); /* cmocka's handler would report it */
        if (dup2(ends[1], STDERR_FILENO) >= 0 &&
            mr_surroundings_arena(
                &mr_surroundings_usual, bench->subject.scenario, &arena, &bench->err))
            mr_run(arena, bench->subject.scenario, &options,
                mr_alloc(sizeof(struct mr_run_result)));
        _exit(0);
    }
    close(ends[1]);
    char text[1024] = "";
    size_t used = 0;
    for (ssize_t n; (n = read(ends[0], text + used, sizeof text - 1 - used)) > 0;)
        used += (size_t)n;
    close(ends[0]);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_non_null(strstr(text, "assertion 'step < 100' does not hold"));
    assert_non_null(strstr(text, "repeat it: millrace run bench.yaml --seed 21 --until 100\n"));
}

/* Fresh programs: this test is the program, see main. */

static const char library[] = "scenarios/library/delayed-flights-coordinator-crash.yaml";

static void read_library(struct bench *bench)
{
    bench->campaign.path = library;
    bench->campaign.last_seed = 8;
    if (!mr_cli_read_scenario(
            bench->subject.region, library, &bench->campaign.scenario, &bench->err))
        fail_msg("%s", bench->err.msg);
}

static void fresh_processes_that_differ_in_everything_agree(void **state)
{
    struct bench *bench = *state;
    read_library(bench);
    bench->campaign.surroundings = mr_surroundings_first;
    run(bench);
    uint64_t first[SEEDS_MAX + 1];
    memcpy(first, bench->digests, sizeof first);
    bench->campaign.surroundings = mr_surroundings_second;
    run(bench);
    assert_memory_equal(bench->digests, first, sizeof first);
    assert_true(first[5] != 0 && first[5] != first[6]);
    assert_int_equal(bench->n_lost, 0);
}

static void a_trace_has_the_digests_that_were_asked_for(void **state)
{
    struct bench *bench = *state;
    read_library(bench);
    struct mr_trace_request request = {.seed = 5, .from = 100, .stride = 50, .max = 4};
    uint64_t digests[4], whole[4];
    struct mr_run_result *result = mr_alloc(sizeof *result);
    assert_true(mr_campaign_trace(
        &bench->campaign, &mr_surroundings_first, &request, digests, result, &bench->err));
    assert_int_equal(result->trace_count, 4);
    request = (struct mr_trace_request){
        .seed = 5, .from = 150, .stride = 1, .max = 4, .until_step = 150};
    assert_true(mr_campaign_trace(
        &bench->campaign, &mr_surroundings_second, &request, whole, result, &bench->err));
    assert_int_equal(result->trace_count, 1);
    assert_int_equal(result->steps, 150);
    assert_int_equal(whole[0], digests[1]);
    assert_non_null(strstr(result->last_step, "150"));
    mr_free(result);
}

static void seeds_that_agree_are_not_named_as_divergent(void **state)
{
    struct bench *bench = *state;
    read_library(bench);
    struct mr_text text = {0};
    mr_twice_name(&bench->campaign, 5, 30000, &text);
    assert_non_null(strstr(text.data, "something outlives a seed"));
    assert_null(strstr(text.data, "first divergent event"));
    mr_text_deinit(&text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "_serve") == 0) return mr_serve_main(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "_trace") == 0) return mr_trace_main(argc - 1, argv + 1);
    if (chdir(MR_SOURCE_DIR) != 0) return 1;
    const struct CMUnitTest tests[] = {
        TEST(each_seed_comes_once),
        TEST(jobs_order_and_memory_do_not_change_a_digest),
        TEST(a_campaign_of_one_seed_has_one_process),
        TEST(a_killed_worker_costs_one_seed_and_names_it),
        TEST(a_campaign_stops_when_it_is_told),
        TEST(workers_without_memory_are_an_error_of_the_machine),
        TEST(a_failed_assertion_names_the_command_that_repeats_it),
        TEST(fresh_processes_that_differ_in_everything_agree),
        TEST(a_trace_has_the_digests_that_were_asked_for),
        TEST(seeds_that_agree_are_not_named_as_divergent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
