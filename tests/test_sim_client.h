/* A client of a service: sends what a test hands to it, and keeps the answers. */
#ifndef MR_TESTS_TEST_SIM_CLIENT_H
#define MR_TESTS_TEST_SIM_CLIENT_H

#include "tests/test_sim_stage.h"

enum { CLIENT = 0, SERVICE = 1, CLIENT_BYTES = 256, CLIENT_REPLIES = 64 };
#define CLIENT_LOOKS_EVERY_NS MR_MS_NS

struct client_reply {
    mr_ns at_ns;
    uint16_t kind;
    bool has_rows;
    uint64_t rows; /* first 8 bytes of what is attached */
    unsigned char body[CLIENT_BYTES];
};

/* Lives outside of the arena: one client a test program. */
static struct client {
    bool is_posted; /* a request waits for the client's next look */
    uint16_t kind;
    uint32_t bytes;
    unsigned char body[CLIENT_BYTES];
    bool has_rows;
    uint64_t rows;
    uint32_t n_replies;
    struct client_reply replies[CLIENT_REPLIES];
} client;

static void client_send(struct actor *actor)
{
    const struct mr_env *env = actor->env;
    struct mr_message *message = mr_message_new(env->arena, client.kind, client.bytes);
    memcpy(message->body, client.body, client.bytes);
    if (client.has_rows) {
        message->attached = mr_message_new(env->arena, 0, 8);
        memcpy(message->attached->body, &client.rows, 8);
    }
    env->send(env, (uint32_t)actor->memory[0], message);
    client.is_posted = false;
}

static void client_take(const struct mr_message *message, mr_ns at_ns)
{
    assert_true(client.n_replies < CLIENT_REPLIES && message->body_bytes <= CLIENT_BYTES);
    struct client_reply *reply = &client.replies[client.n_replies++];
    *reply = (struct client_reply){
        .at_ns = at_ns, .kind = message->kind, .has_rows = message->attached != NULL};
    memcpy(reply->body, message->body, message->body_bytes);
    if (message->attached) memcpy(&reply->rows, message->attached->body, 8);
}

static void client_script(struct actor *actor, const struct mr_arrival *arrival)
{
    const struct mr_env *env = actor->env;
    if (arrival->kind == MR_ARRIVAL_START) actor->memory[0] = env->open(env, SERVICE);
    if (arrival->kind == MR_ARRIVAL_MESSAGE) client_take(arrival->message, env->now(env));
    if (arrival->kind == MR_ARRIVAL_TIMER && client.is_posted) client_send(actor);
    if (arrival->kind == MR_ARRIVAL_TIMER || arrival->kind == MR_ARRIVAL_START)
        env->wake_at(env, env->now(env) + CLIENT_LOOKS_EVERY_NS, 0);
}

/* A world of a client and a service. */
static inline void client_begin(
    struct stage *stage, const struct mr_process_class *class, const void *config)
{
    memset(&client, 0, sizeof client);
    stage->scripts[CLIENT] = client_script;
    stage->processes[SERVICE].class = class;
    stage->processes[SERVICE].config = config;
    stage->processes[SERVICE].is_service = true;
    stage_begin(stage, 1);
    stage_run(stage, CLIENT_LOOKS_EVERY_NS / 2);
}

/* Has the request sent, and does not wait. */
static inline void client_post(
    struct stage *stage, uint16_t kind, const void *body, size_t bytes, const uint64_t *rows)
{
    client.kind = kind;
    client.bytes = (uint32_t)bytes;
    memcpy(client.body, body, bytes);
    client.has_rows = rows != NULL;
    client.rows = rows ? *rows : 0;
    client.is_posted = true;
    while (client.is_posted) assert_true(mr_world_step(stage->world));
}

/* Has the request sent, and waits for the next reply. */
static inline struct client_reply *client_call(
    struct stage *stage, uint16_t kind, const void *body, size_t bytes, const uint64_t *rows)
{
    client_post(stage, kind, body, bytes, rows);
    uint32_t n = client.n_replies = 0;
    while (client.n_replies == n) assert_true(mr_world_step(stage->world));
    return &client.replies[n];
}

#endif
