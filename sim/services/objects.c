/* Every request is an operation of its own: it is applied put_ns or get_ns after its arrival,
 * whoever has died by then, and answered as much later again. Conditions are judged when it is
 * applied. */
#include "sim/services/objects.h"

#include <string.h>

#include "base/digest.h"

enum { BUCKETS = 256, OPERATIONS_MIN = 8 };

struct object {
    struct object *next; /* in its bucket */
    uint64_t version;
    struct mr_message *contents; /* retained */
    uint64_t hash;
    uint32_t key_bytes;
    char key[];
};

struct operation {
    bool is_used;
    bool is_applied;
    uint32_t connection;
    mr_ns reply_ns;              /* from application to reply */
    struct mr_message *request;  /* retained until it is applied */
    struct mr_message *contents; /* of a GET that found something; retained until the reply */
    struct mr_object_reply reply;
};

struct mr_objects {
    const struct mr_env *env;
    const struct mr_objects_config *config;
    uint32_t put_name; /* of the draws */
    uint32_t get_name;
    uint64_t n_puts;
    uint64_t n_gets;
    uint64_t n_objects;
    uint32_t n_operations; /* places */
    struct operation *operations;
    struct object *buckets[BUCKETS];
};

static struct object *find(
    const struct mr_objects *objects, uint64_t hash, const char *key, uint32_t key_bytes)
{
    struct object *object = objects->buckets[hash % BUCKETS];
    while (object && (object->hash != hash || object->key_bytes != key_bytes ||
                         memcmp(object->key, key, key_bytes) != 0))
        object = object->next;
    return object;
}

static struct object *add(
    struct mr_objects *objects, uint64_t hash, const char *key, uint32_t key_bytes)
{
    struct object *object = mr_arena_alloc(objects->env->arena, sizeof *object + key_bytes);
    *object = (struct object){
        .next = objects->buckets[hash % BUCKETS], .hash = hash, .key_bytes = key_bytes};
    memcpy(object->key, key, key_bytes);
    objects->buckets[hash % BUCKETS] = object;
    return object;
}

static void drop(struct mr_objects *objects, struct object *object)
{
    struct object **place = &objects->buckets[object->hash % BUCKETS];
    while (*place != object) place = &(*place)->next;
    *place = object->next;
    mr_message_release(objects->env->arena, object->contents);
    mr_arena_free(objects->env->arena, object, sizeof *object + object->key_bytes);
}

/* Application. */

static void apply_put(struct mr_objects *objects, struct operation *operation)
{
    const struct mr_object_put *put = (const struct mr_object_put *)operation->request->body;
    const char *key = (const char *)(put + 1);
    uint64_t hash = mr_hash_bytes(key, put->key_bytes);
    struct object *object = find(objects, hash, key, put->key_bytes);
    uint64_t version = object ? object->version : 0;
    operation->reply.tag = put->tag;
    operation->reply.version = version;
    operation->reply.status = MR_OBJECT_CONFLICT;
    if (put->expected_version != MR_OBJECT_ANY_VERSION && put->expected_version != version)
        return;
    if (!object) {
        object = add(objects, hash, key, put->key_bytes);
        objects->n_objects++;
    }
    struct mr_message *old = object->contents;
    object->contents = mr_message_retain(operation->request->attached);
    mr_message_release(objects->env->arena, old);
    operation->reply.version = ++object->version;
    operation->reply.status = MR_OBJECT_OK;
}

static void apply_get(struct mr_objects *objects, struct operation *operation)
{
    const struct mr_object_get *get = (const struct mr_object_get *)operation->request->body;
    const char *key = (const char *)(get + 1);
    struct object *object =
        find(objects, mr_hash_bytes(key, get->key_bytes), key, get->key_bytes);
    operation->reply.tag = get->tag;
    operation->reply.status = object ? MR_OBJECT_OK : MR_OBJECT_NOT_FOUND;
    if (!object) return;
    operation->reply.version = object->version;
    operation->contents = mr_message_retain(object->contents);
}

static void apply_delete(struct mr_objects *objects, struct operation *operation)
{
    const struct mr_object_get *get = (const struct mr_object_get *)operation->request->body;
    const char *key = (const char *)(get + 1);
    struct object *object =
        find(objects, mr_hash_bytes(key, get->key_bytes), key, get->key_bytes);
    operation->reply.tag = get->tag;
    operation->reply.status = MR_OBJECT_OK;
    if (!object) return;
    drop(objects, object);
    objects->n_objects--;
}

static void apply(struct mr_objects *objects, struct operation *operation)
{
    switch ((enum mr_object_message)operation->request->kind) {
    case MR_OBJECT_PUT:
        apply_put(objects, operation);
        break;
    case MR_OBJECT_GET:
        apply_get(objects, operation);
        break;
    case MR_OBJECT_DELETE:
        apply_delete(objects, operation);
        break;
    case MR_OBJECT_REPLY:
        MR_UNREACHABLE("a reply is no request");
    }
    mr_message_release(objects->env->arena, operation->request);
    operation->request = NULL;
    operation->is_applied = true;
}

static void reply(struct mr_objects *objects, struct operation *operation)
{
    const struct mr_env *env = objects->env;
    struct mr_message *message =
        mr_message_new(env->arena, MR_OBJECT_REPLY, sizeof operation->reply);
    memcpy(message->body, &operation->reply, sizeof operation->reply);
    message->attached = operation->contents;
    env->send(env, operation->connection, message);
    *operation = (struct operation){0};
}

/* Requests. */

static uint32_t free_operation(struct mr_objects *objects)
{
    uint32_t n = objects->n_operations, larger = n ? 2 * n : OPERATIONS_MIN;
    for (uint32_t i = 0; i < n; i++)
        if (!objects->operations[i].is_used) return i;
    objects->operations = mr_arena_grow(objects->env->arena, objects->operations,
        sizeof *objects->operations * n, sizeof *objects->operations * larger);
    memset(objects->operations + n, 0, sizeof *objects->operations * (larger - n));
    objects->n_operations = larger;
    return n;
}

static mr_ns not_negative(mr_ns span_ns)
{
    return span_ns > 0 ? span_ns : 0;
}

/* How long a request takes until it is applied. */
static mr_ns takes_ns(struct mr_objects *objects, const struct mr_message *request)
{
    const struct mr_draws *draws = objects->env->draws;
    if (request->kind != MR_OBJECT_PUT)
        return not_negative(mr_draw_from(draws, &objects->config->get_ns, MR_DRAW_SERVICE,
            objects->get_name, objects->n_gets++));
    return not_negative(mr_draw_from(draws, &objects->config->put_ns, MR_DRAW_SERVICE,
        objects->put_name, objects->n_puts++));
}

static mr_ns transfer_ns(const struct mr_objects *objects, const struct mr_message *contents)
{
    int64_t bytes_per_second = objects->config->bytes_per_second;
    if (!contents || bytes_per_second <= 0) return 0;
    return (mr_ns)((uint64_t)contents->body_bytes * (uint64_t)MR_SECOND_NS /
                   (uint64_t)bytes_per_second);
}

static void check_request(const struct mr_message *request)
{
    bool is_put = request->kind == MR_OBJECT_PUT;
    size_t header = is_put ? sizeof(struct mr_object_put) : sizeof(struct mr_object_get);
    MR_ASSERT(request->body_bytes >= header && is_put == (request->attached != NULL));
    uint32_t key_bytes = is_put ? ((const struct mr_object_put *)request->body)->key_bytes
                                : ((const struct mr_object_get *)request->body)->key_bytes;
    MR_ASSERT(request->body_bytes == header + key_bytes);
}

static void begin(struct mr_objects *objects, uint32_t connection, struct mr_message *request)
{
    check_request(request);
    uint32_t index = free_operation(objects);
    mr_ns span_ns = takes_ns(objects, request);
    objects->operations[index] = (struct operation){.is_used = true,
        .connection = connection,
        .reply_ns = span_ns,
        .request = mr_message_retain(request)};
    mr_ns until_ns = mr_add_saturating(span_ns, transfer_ns(objects, request->attached));
    objects->env->wake_at(
        objects->env, mr_add_saturating(objects->env->now(objects->env), until_ns), index);
}

/* An operation has one timer at a time: the first applies it, the second answers. */
static void due(struct mr_objects *objects, uint64_t index)
{
    MR_ASSERT(index < objects->n_operations && objects->operations[index].is_used);
    struct operation *operation = &objects->operations[index];
    if (operation->is_applied) {
        reply(objects, operation);
        return;
    }
    apply(objects, operation);
    mr_ns until_ns =
        mr_add_saturating(operation->reply_ns, transfer_ns(objects, operation->contents));
    objects->env->wake_at(
        objects->env, mr_add_saturating(objects->env->now(objects->env), until_ns), index);
}

static void *objects_create(const struct mr_env *env, const void *config)
{
    struct mr_objects *objects = mr_arena_new(env->arena, struct mr_objects);
    objects->env = env;
    objects->config = config;
    objects->put_name = mr_name("objects.put");
    objects->get_name = mr_name("objects.get");
    return objects;
}

static void objects_handle(void *self, const struct mr_arrival *arrival)
{
    if (arrival->kind == MR_ARRIVAL_MESSAGE)
        begin(self, arrival->connection, arrival->message);
    else if (arrival->kind == MR_ARRIVAL_TIMER)
        due(self, arrival->timer);
}

static void objects_discard(void *self)
{
    struct mr_objects *objects = self;
    struct mr_arena *arena = objects->env->arena;
    for (uint32_t i = 0; i < BUCKETS; i++)
        while (objects->buckets[i]) drop(objects, objects->buckets[i]);
    for (uint32_t i = 0; i < objects->n_operations; i++) {
        mr_message_release(arena, objects->operations[i].request);
        mr_message_release(arena, objects->operations[i].contents);
    }
    mr_arena_free(
        arena, objects->operations, sizeof *objects->operations * objects->n_operations);
    mr_arena_free(arena, objects, sizeof *objects);
}

const struct mr_process_class mr_objects_class = {.name = "objects",
    .create = objects_create,
    .handle = objects_handle,
    .discard = objects_discard};

uint64_t mr_objects_count(const struct mr_objects *objects)
{
    return objects->n_objects;
}

const struct mr_message *mr_objects_find(
    const struct mr_objects *objects, const char *key, uint32_t key_bytes)
{
    const struct object *object = find(objects, mr_hash_bytes(key, key_bytes), key, key_bytes);
    return object ? object->contents : NULL;
}
