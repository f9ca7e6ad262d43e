#include "sim/services/lookup.h"

#include <string.h>

#include "base/digest.h"

enum { COUNTS = 1024, PLACES_MIN = 8 };

/* A call that is being served. */
struct place {
    bool is_used;
    uint32_t connection;
    uint32_t process;
    struct mr_message *reply;
};

struct service {
    const struct mr_env *env;
    const struct mr_lookup_config *config;
    uint32_t latency_name; /* of the draws */
    uint32_t error_name;
    uint32_t lost_name;
    uint64_t counts[COUNTS]; /* calls, by a part of the key's hash: what happens to one hangs on
                                its key */
    uint32_t n_places;
    struct place *places;
};

int mr_lookup_compare(const char *a, uint32_t a_bytes, const char *b, uint32_t b_bytes)
{
    uint32_t least = a_bytes < b_bytes ? a_bytes : b_bytes;
    int order = least ? memcmp(a, b, least) : 0;
    if (order) return order;
    return a_bytes < b_bytes ? -1 : a_bytes > b_bytes;
}

const struct mr_lookup_row *mr_lookup_find(
    const struct mr_lookup_config *config, const char *key, uint32_t key_bytes)
{
    uint32_t low = 0, high = config->n_rows;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct mr_lookup_row *row = &config->rows[middle];
        int order = mr_lookup_compare(key, key_bytes, row->key, row->key_bytes);
        if (order == 0) return row;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

static struct mr_message *make_reply(const struct service *service,
    const struct mr_lookup_get *get, enum mr_lookup_status status,
    const struct mr_lookup_row *row)
{
    struct mr_lookup_reply reply = {.tag = get->tag,
        .number = get->number,
        .attempt = get->attempt,
        .status = status,
        .n_values = row ? service->config->n_columns : 0};
    uint32_t bytes = sizeof reply;
    for (uint32_t i = 0; i < reply.n_values; i++)
        bytes += mr_lookup_value_bytes(&row->values[i]);
    struct mr_message *message = mr_message_new(service->env->arena, MR_LOOKUP_REPLY, bytes);
    memcpy(message->body, &reply, sizeof reply);
    char *at = (char *)message->body + sizeof reply;
    for (uint32_t i = 0; i < reply.n_values; i++) at = mr_lookup_put_value(at, &row->values[i]);
    return message;
}

static uint32_t free_place(struct service *service)
{
    uint32_t n = service->n_places, larger = n ? 2 * n : PLACES_MIN;
    for (uint32_t i = 0; i < n; i++)
        if (!service->places[i].is_used) return i;
    service->places = mr_arena_grow(service->env->arena, service->places,
        sizeof *service->places * n, sizeof *service->places * larger);
    memset(service->places + n, 0, sizeof *service->places * (larger - n));
    service->n_places = larger;
    return n;
}

static void begin(struct service *service, const struct mr_arrival *arrival)
{
    const struct mr_env *env = service->env;
    const struct mr_lookup_config *config = service->config;
    const struct mr_lookup_get *get = (const struct mr_lookup_get *)arrival->message->body;
    const char *key = (const char *)(get + 1);
    MR_ASSERT(arrival->message->body_bytes == sizeof *get + get->key_bytes);
    uint64_t hash = mr_hash_bytes(key, get->key_bytes);
    uint64_t occurrence = mr_digest_mix(hash, service->counts[hash % COUNTS]++);
    if (mr_draw_happens(
            env->draws, config->lost, MR_DRAW_SERVICE, service->lost_name, occurrence))
        return;
    bool fails = mr_draw_happens(
        env->draws, config->errors, MR_DRAW_SERVICE, service->error_name, occurrence);
    const struct mr_lookup_row *row =
        fails ? NULL : mr_lookup_find(config, key, get->key_bytes);
    enum mr_lookup_status status = fails ? MR_LOOKUP_ERROR
                                   : row ? MR_LOOKUP_FOUND
                                         : MR_LOOKUP_MISSING;
    mr_ns latency_ns = mr_draw_from(
        env->draws, &config->latency_ns, MR_DRAW_SERVICE, service->latency_name, occurrence);
    uint32_t index = free_place(service);
    service->places[index] = (struct place){.is_used = true,
        .connection = arrival->connection,
        .process = arrival->peer,
        .reply = make_reply(service, get, status, row)};
    env->wake_at(env, mr_add_saturating(env->now(env), latency_ns > 0 ? latency_ns : 0), index);
}

static void answer(struct service *service, uint64_t index)
{
    MR_ASSERT(index < service->n_places && service->places[index].is_used);
    struct place *place = &service->places[index];
    const struct mr_lookup_tap *tap = service->config->tap;
    if (tap && tap->answered)
        tap->answered(tap->self, service->env->now(service->env), place->process,
            (const struct mr_lookup_reply *)place->reply->body);
    service->env->send(service->env, place->connection, place->reply);
    *place = (struct place){0};
}

static uint32_t draw_name(const struct mr_lookup_config *config, const char *what)
{
    char name[128];
    size_t bytes = strlen(config->name);
    MR_ASSERT(bytes + 16 < sizeof name);
    memcpy(name, config->name, bytes);
    memcpy(name + bytes, what, strlen(what) + 1);
    return mr_name(name);
}

static void *service_create(const struct mr_env *env, const void *config)
{
    struct service *service = mr_arena_new(env->arena, struct service);
    service->env = env;
    service->config = config;
    service->latency_name = draw_name(config, ".latency");
    service->error_name = draw_name(config, ".errors");
    service->lost_name = draw_name(config, ".lost");
    return service;
}

static void service_handle(void *self, const struct mr_arrival *arrival)
{
    if (arrival->kind == MR_ARRIVAL_MESSAGE)
        begin(self, arrival);
    else if (arrival->kind == MR_ARRIVAL_TIMER)
        answer(self, arrival->timer);
}

static void service_discard(void *self)
{
    struct service *service = self;
    struct mr_arena *arena = service->env->arena;
    for (uint32_t i = 0; i < service->n_places; i++)
        mr_message_release(arena, service->places[i].reply);
    mr_arena_free(arena, service->places, sizeof *service->places * service->n_places);
    mr_arena_free(arena, service, sizeof *service);
}

const struct mr_process_class mr_lookup_service_class = {.name = "lookup",
    .create = service_create,
    .handle = service_handle,
    .discard = service_discard};
