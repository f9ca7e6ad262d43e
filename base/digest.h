/* The running 64-bit digest of a run: equal digests are the definition of "the same run". */
#ifndef MR_BASE_DIGEST_H
#define MR_BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

/* Mixes one value into a digest. Order matters. */
static inline uint64_t mr_digest_mix(uint64_t digest, uint64_t value)
{
    __uint128_t product =
        (__uint128_t)(digest ^ 0x9e3779b97f4a7c15u) * (value ^ 0xbf58476d1ce4e5b9u);
    return (uint64_t)product ^ (uint64_t)(product >> 64) ^ (digest << 23 | digest >> 41);
}

/* Mixes `bytes` of data whose every byte is defined: never a struct with padding. XXH3. Under MSan it checks. */
uint64_t mr_digest_bytes(uint64_t digest, const void *data, size_t bytes);

/* The 32-bit name of a written name, for keyed draws. */
uint32_t mr_name(const char *text);
/* A 64-bit hash for maps over bytes, and one over an integer; both the same on every machine. */
uint64_t mr_hash_bytes(const void *data, size_t bytes);
static inline uint64_t mr_hash_u64(uint64_t value)
{
    value = (value ^ value >> 32) * 0xd6e8feb86659fd93u;
    value = (value ^ value >> 32) * 0xd6e8feb86659fd93u;
    return value ^ value >> 32;
}

#endif
