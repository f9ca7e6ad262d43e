/* What every test program includes first: cmocka wants its own order of headers. */
#ifndef MR_TESTS_TEST_H
#define MR_TESTS_TEST_H

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
/* clang-format on */

#endif
