#define XXH_INLINE_ALL
#include "base/digest.h"

#include <string.h>
#include <xxhash.h>

#if defined(__has_feature)
#if __has_feature(memory_sanitizer)
#include <sanitizer/msan_interface.h>
#define CHECK_INITIALIZED(data, bytes) __msan_check_mem_is_initialized(data, bytes)
#endif
#if __has_feature(memory_sanitizer) || __has_feature(address_sanitizer)
#define HAS_SANITIZER 1
#endif
#endif
#ifndef CHECK_INITIALIZED
#define CHECK_INITIALIZED(data, bytes) ((void)0)
#endif

/* The library picks the widest registers of the processor, which what is inlined may not; the
 * hash is the same. Sanitizers would not see what it reads. */
#if defined(__x86_64__) && __has_include(<xxh_x86dispatch.h>) && !defined(HAS_SANITIZER) &&     \
    !defined(__SANITIZE_ADDRESS__)
XXH64_hash_t XXH3_64bits_dispatch(const void *data, size_t bytes);
#define LONG_HASH XXH3_64bits_dispatch
#else
#define LONG_HASH XXH3_64bits
#endif

/* XXH3. Up to here it works without vectors, and a call would cost more than it saves. */
enum { SHORT_BYTES_MAX = 240 };
static inline uint64_t hash_of(const void *data, size_t bytes)
{
    return bytes <= SHORT_BYTES_MAX ? XXH3_64bits(data, bytes) : LONG_HASH(data, bytes);
}

uint64_t mr_digest_bytes(uint64_t digest, const void *data, size_t bytes)
{
    CHECK_INITIALIZED(data, bytes);
    return mr_digest_mix(digest, hash_of(data, bytes));
}

uint32_t mr_name(const char *text)
{
    uint64_t hash = XXH3_64bits(text, strlen(text));
    return (uint32_t)(hash ^ hash >> 32);
}

uint64_t mr_hash_bytes(const void *data, size_t bytes)
{
    return hash_of(data, bytes);
}
