/* A message: the one thing that travels between processes and that a log keeps. Immutable once sent, counted. */
#ifndef MR_BASE_MESSAGE_H
#define MR_BASE_MESSAGE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/time.h"

/* The body is one blob without pointers or undefined bytes: a header of base/wire/ and perhaps rows behind it.
 * Rows that a log keeps travel as `attached`, so that they are stored and delivered without a copy. */
struct mr_message {
    uint64_t world[4];           /* the world's: its place in the event queue while in flight */
    struct mr_message *attached; /* counted; NULL: none */
    uint32_t references;
    uint32_t body_bytes;
    uint32_t capacity_bytes; /* of the body as allocated */
    uint32_t connection;     /* the receiver's end, set on delivery */
    uint64_t number;         /* of the connection's direction, from 0, set when sent */
    uint16_t kind;           /* enum mr_message_kind of the protocol that the connection speaks */
    uint16_t flags;
    uint32_t sender; /* process, set when sent */
    _Alignas(16) unsigned char body[];
};
_Static_assert(sizeof(struct mr_message) % 16 == 0, "the body is aligned");

/* A fresh message with one reference; the body's bytes are undefined and must all be written. */
static inline struct mr_message *mr_message_new(struct mr_arena *arena, uint16_t kind,
    uint32_t body_bytes)
{
    struct mr_message *message = mr_arena_alloc(arena, sizeof *message + body_bytes);
    message->attached = NULL;
    message->references = 1;
    message->body_bytes = body_bytes;
    message->capacity_bytes = body_bytes;
    message->connection = 0;
    message->number = 0;
    message->kind = kind;
    message->flags = 0;
    message->sender = 0;
    return message;
}

static inline struct mr_message *mr_message_retain(struct mr_message *message)
{
    MR_ASSERT(message->references > 0);
    message->references++;
    return message;
}

/* Gives up a reference; the last one frees the message and gives up the attached one. Accepts NULL. */
static inline void mr_message_release(struct mr_arena *arena, struct mr_message *message)
{
    while (message) {
        MR_ASSERT(message->references > 0);
        if (--message->references > 0) return;
        struct mr_message *attached = message->attached;
        mr_arena_free(arena, message, sizeof *message + message->capacity_bytes);
        message = attached;
    }
}

#endif
