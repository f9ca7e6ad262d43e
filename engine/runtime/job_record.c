#include <string.h>

#include "base/wire/object.h"
#include "engine/runtime/job_record.h"
#include "engine/runtime/protocol.h"

static const char record_key[] = "job";

struct mr_retained mr_job_record_newest(const struct mr_job_record *record)
{
    if (record->n_retained == 0) return (struct mr_retained){0};
    return record->retained[record->n_retained - 1];
}

uint32_t mr_job_record_add(struct mr_job_record *record, struct mr_retained done,
    uint32_t retention, struct mr_retained *evicted)
{
    MR_ASSERT(retention >= 1 && retention <= MR_RETAINED_MAX);
    uint32_t n_evicted = 0;
    if (record->n_retained >= retention) n_evicted = record->n_retained - retention + 1;
    memcpy(evicted, record->retained, sizeof *evicted * n_evicted);
    uint32_t n_kept = record->n_retained - n_evicted;
    memmove(record->retained, record->retained + n_evicted, sizeof *record->retained * n_kept);
    record->retained[n_kept] = done;
    memset(record->retained + n_kept + 1, 0,
        sizeof *record->retained * (MR_RETAINED_MAX - n_kept - 1));
    record->n_retained = n_kept + 1;
    record->rewound_to = 0;
    return n_evicted;
}

bool mr_job_record_rewind(struct mr_job_record *record, uint32_t n, struct mr_retained *evicted)
{
    if (n > 0 && n >= record->n_retained) return false;
    record->n_retained -= n;
    struct mr_retained *gone = record->retained + record->n_retained;
    memcpy(evicted, gone, sizeof *evicted * n);
    memset(gone, 0, sizeof *gone * n);
    if (n > 0) record->rewound_to = mr_job_record_newest(record).checkpoint;
    return true;
}

static struct mr_message *key_request(struct mr_arena *arena, enum mr_object_message kind,
    uint64_t tag, const char *key, uint32_t key_bytes)
{
    struct mr_message *message = mr_message_new(
        arena, (uint16_t)kind, (uint32_t)sizeof(struct mr_object_get) + key_bytes);
    struct mr_object_get request = {.tag = tag, .key_bytes = key_bytes};
    memcpy(message->body, &request, sizeof request);
    memcpy(message->body + sizeof request, key, key_bytes);
    return message;
}

struct mr_message *mr_job_record_get(struct mr_arena *arena, uint64_t tag)
{
    return key_request(arena, MR_OBJECT_GET, tag, record_key, sizeof record_key - 1);
}

struct mr_message *mr_job_record_put(struct mr_arena *arena, uint64_t tag,
    const struct mr_job_record *record, uint64_t expected_version)
{
    uint32_t key_bytes = sizeof record_key - 1;
    struct mr_message *message = mr_message_new(
        arena, MR_OBJECT_PUT, (uint32_t)sizeof(struct mr_object_put) + key_bytes);
    struct mr_object_put request = {
        .tag = tag, .expected_version = expected_version, .key_bytes = key_bytes};
    memcpy(message->body, &request, sizeof request);
    memcpy(message->body + sizeof request, record_key, key_bytes);
    message->attached = mr_message_new(arena, 0, sizeof *record);
    memcpy(message->attached->body, record, sizeof *record);
    return message;
}

struct mr_message *mr_state_delete(
    struct mr_arena *arena, uint64_t tag, struct mr_retained of, uint32_t worker)
{
    char key[MR_STATE_KEY_BYTES];
    uint32_t key_bytes = mr_state_key(key, of.checkpoint, of.attempt, worker);
    return key_request(arena, MR_OBJECT_DELETE, tag, key, key_bytes);
}
