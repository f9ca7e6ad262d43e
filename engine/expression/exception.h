/* How exceptions of Python are told where no Python ran. */
#ifndef MR_ENGINE_EXPRESSION_EXCEPTION_H
#define MR_ENGINE_EXPRESSION_EXCEPTION_H

#include <stddef.h>

/* `text[bytes]` is what stands below a traceback, `ValueError: no 3`; writes Python's repr of the exception,
 * `ValueError('no 3')`, which is what Beam puts into the `msg` of a failed row; a ValidationError of jsonschema's is
 * `<ValidationError: 'no 3'>`. Text without a name in front is copied.
 *
 *   returns  the bytes of the repr; cut, and NUL-terminated, where `size` is too small
 *   source   Beam, apache_beam/transforms/core.py, with_exception_handling */
size_t mr_exception_repr(const char *text, size_t bytes, char *out, size_t size);
/* A size that is enough. */
static inline size_t mr_exception_repr_size(size_t bytes)
{
    return 4 * bytes + 16;
}

#endif
