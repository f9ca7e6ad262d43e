/* What the deterministic folders must not call: the undefined symbols of their libraries say it
 * (by nm). */
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char forbidden[] =
    " time clock clock_gettime gettimeofday localtime gmtime mktime strftime nanosleep sleep "
    "usleep"
    " rand srand random srandom drand48 getrandom arc4random getentropy"
    " getenv secure_getenv setenv getpid getppid gethostname setlocale"
    " fopen open read write close stat opendir readdir mkdir unlink rename system popen fork "
    "execve"
    " pthread_create thrd_create signal sigaction alarm"
    " qsort bsearch sprintf vsprintf strcpy strcat gets strtok rand_r"
    " exp log pow sqrt sin cos tan log2 log10 exp2 cbrt fma erf lgamma tgamma ";
static const char memory[] =
    " malloc calloc realloc free strdup strndup aligned_alloc posix_memalign ";
/* May call the functions of `memory`. */
static const char allocators[] = " alloc.c.o yaml.c.o ";
/* May write to stderr before it aborts. */
static const char reporters[] = " assert.c.o ";

struct seen {
    int members;
    int symbols;
    int failures;
};

static int holds(const char *words, const char *word)
{
    char padded[256];
    snprintf(padded, sizeof padded, " %s ", word);
    return strstr(words, padded) != NULL;
}

static void check_symbol(
    const char *library, const char *member, const char *symbol, struct seen *seen)
{
    seen->symbols++;
    int is_bad = holds(forbidden, symbol) ||
                 (holds(memory, symbol) && !holds(allocators, member)) ||
                 ((strcmp(symbol, "fprintf") == 0 || strcmp(symbol, "printf") == 0) &&
                     !holds(reporters, member));
    if (!is_bad) return;
    fprintf(stderr, "%s: %s calls %s\n", library, member, symbol);
    seen->failures++;
}

static void check_line(
    const char *library, char *line, char *member, size_t member_bytes, struct seen *seen)
{
    line[strcspn(line, "\n")] = '\0';
    size_t bytes = strlen(line);
    if (bytes > 1 && line[bytes - 1] == ':') {
        line[bytes - 1] = '\0';
        snprintf(member, member_bytes, "%s", line);
        seen->members++;
        return;
    }
    char symbol[256];
    if (sscanf(line, " U %255s", symbol) != 1) return;
    symbol[strcspn(symbol, "@")] = '\0';
    check_symbol(library, member, symbol, seen);
}

static struct seen check_library(const char *name)
{
    struct seen seen = {0};
    char command[1024];
    snprintf(command, sizeof command, "nm --undefined-only %s/libmr_%s.a 2>/dev/null",
        MR_BINARY_DIR, name);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    char line[1024], member[256] = "";
    while (fgets(line, sizeof line, pipe)) check_line(name, line, member, sizeof member, &seen);
    assert_int_equal(pclose(pipe), 0);
    return seen;
}

static void check_clean(const char *name)
{
    struct seen seen = check_library(name);
    assert_true(seen.members > 2);
    assert_true(seen.symbols > 20);
    assert_int_equal(seen.failures, 0);
}

static void base_calls_nothing_forbidden(void **state)
{
    (void)state;
    check_clean("base");
}

static void engine_calls_nothing_forbidden(void **state)
{
    (void)state;
    check_clean("engine");
}

static void sim_calls_nothing_forbidden(void **state)
{
    (void)state;
    check_clean("sim");
}

static void scenarios_call_nothing_forbidden(void **state)
{
    (void)state;
    check_clean("scenarios");
}

static void a_forbidden_call_is_found(void **state)
{
    (void)state;
    struct seen seen = {0};
    check_symbol("x", "map.c.o", "rand", &seen);
    check_symbol("x", "map.c.o", "malloc", &seen);
    check_symbol("x", "alloc.c.o", "malloc", &seen);
    check_symbol("x", "map.c.o", "mr_alloc", &seen);
    assert_int_equal(seen.failures, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base_calls_nothing_forbidden),
        cmocka_unit_test(engine_calls_nothing_forbidden),
        cmocka_unit_test(sim_calls_nothing_forbidden),
        cmocka_unit_test(scenarios_call_nothing_forbidden),
        cmocka_unit_test(a_forbidden_call_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
