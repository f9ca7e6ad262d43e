#include <string.h>

#include "base/digest.h"
#include "engine/operators/lookup_internal.h"

static struct mr_lookup_cached *slot_of(const struct mr_lookup_operator *self, uint64_t hash)
{
    return &self->cache[hash % MR_LOOKUP_CACHE_SLOTS];
}

const struct mr_lookup_cached *mr_lookup_cache_find(
    const struct mr_lookup_operator *self, const char *key, uint32_t key_bytes)
{
    if (!self->cache) return NULL;
    const struct mr_env *env = self->operator.context->env;
    uint64_t hash = mr_hash_bytes(key, key_bytes);
    const struct mr_lookup_cached *cached = slot_of(self, hash);
    if (!cached->answer || cached->hash != hash || cached->key_bytes != key_bytes ||
        memcmp(cached->key, key, key_bytes) != 0)
        return NULL;
    mr_ns age_ns = env->now(env) - cached->answered_ns;
    bool is_good = age_ns <= mr_lookup_spec(self)->cache_ttl_ns;
    return is_good || MR_PLANTED(env, LOOKUP_STALE_CACHE) ? cached : NULL;
}

static void clear(struct mr_arena *arena, struct mr_lookup_cached *cached)
{
    if (!cached->answer) return;
    mr_message_release(arena, cached->answer);
    mr_arena_free(arena, cached->key, cached->key_bytes + 1);
    *cached = (struct mr_lookup_cached){0};
}

void mr_lookup_cache_put(struct mr_lookup_operator *self, const char *key, uint32_t key_bytes,
    struct mr_message *answer)
{
    if (!self->cache) return;
    const struct mr_task_context *context = self->operator.context;
    uint64_t hash = mr_hash_bytes(key, key_bytes);
    struct mr_lookup_cached *cached = slot_of(self, hash);
    clear(context->arena, cached);
    *cached = (struct mr_lookup_cached){.hash = hash,
        .key_bytes = key_bytes,
        .key = mr_arena_alloc(context->arena, key_bytes + 1),
        .answer = mr_message_retain(answer),
        .answered_ns = context->env->now(context->env)};
    if (key_bytes) memcpy(cached->key, key, key_bytes);
}

void mr_lookup_cache_close(struct mr_lookup_operator *self)
{
    struct mr_arena *arena = self->operator.context->arena;
    if (!self->cache) return;
    for (uint32_t i = 0; i < MR_LOOKUP_CACHE_SLOTS; i++) clear(arena, &self->cache[i]);
    mr_arena_free(arena, self->cache, sizeof *self->cache * MR_LOOKUP_CACHE_SLOTS);
    self->cache = NULL;
}
