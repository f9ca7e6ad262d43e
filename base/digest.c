#define XXH_INLINE_ALL
#include "base/digest.h"

#include <string.h>
#include <xxhash.h>

#if defined(__has_feature)
#if __has_feature(memory_sanitizer)
#include <sanitizer/msan_interface.h>
#define CHECK_INITIALIZED(data, bytes) __msan_check_mem_is_initialized(data, bytes)
#endif
#endif
#ifndef CHECK_INITIALIZED
#define CHECK_INITIALIZED(data, bytes) ((void)0)
#endif

uint64_t mr_digest_bytes(uint64_t digest, const void *data, size_t bytes)
{
    CHECK_INITIALIZED(data, bytes);
    return mr_digest_mix(digest, XXH3_64bits(data, bytes));
}

uint32_t mr_name(const char *text)
{
    uint64_t hash = XXH3_64bits(text, strlen(text));
    return (uint32_t)(hash ^ hash >> 32);
}

uint64_t mr_hash_bytes(const void *data, size_t bytes)
{
    return XXH3_64bits(data, bytes);
}
