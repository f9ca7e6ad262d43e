/* Assertions: on in every build, for bugs of Millrace itself, never for what a user or the world can cause. */
#ifndef MR_BASE_ASSERT_H
#define MR_BASE_ASSERT_H

#include <stddef.h>
#include <stdint.h>

/* Says where the invariant broke and, inside a run, the command that repeats it; then aborts. */
_Noreturn void mr_assert_failed(const char *condition, const char *file, int line);

/* What an assertion prints so that a run can be repeated: set by the run loop, cleared after it.
 * `step` is borrowed and read at the moment of the failure. NULL forgets it. */
void mr_assert_context(const char *scenario, uint64_t seed, const uint64_t *step);

#define MR_ASSERT(condition)                                                                   \
    ((condition) ? (void)0 : mr_assert_failed(#condition, __FILE__, __LINE__))

/* The machine has no more memory: says so and ends the program with exit code 7. */
_Noreturn void mr_out_of_memory(size_t bytes);

/* A place that no correct program comes to. */
#define MR_UNREACHABLE(text) mr_assert_failed(text, __FILE__, __LINE__)

#define MR_MUST_CHECK __attribute__((warn_unused_result))
#define MR_PRINTF(format_index, first_index)                                                   \
    __attribute__((format(printf, format_index, first_index)))
#define MR_LIKELY(condition) __builtin_expect(!!(condition), 1)
#define MR_UNLIKELY(condition) __builtin_expect(!!(condition), 0)

#endif
