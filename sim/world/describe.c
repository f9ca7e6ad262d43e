/* The last step in words: for naming the first event in which two runs differ. */
#include <stdio.h>

#include "sim/world/world_internal.h"

static const char *name_of(const struct mr_world *world, uint32_t process)
{
    return process < world->n_processes ? world->config->processes[process].name : "?";
}

static int describe_fault(
    const struct mr_world *world, char *out, size_t size, const char *what, uint64_t index)
{
    return snprintf(out, size, "step %llu at %lld ns: fault '%s' %s",
        (unsigned long long)world->steps, (long long)world->last.at_ns,
        world->config->faults[index].name, what);
}

int mr_world_describe_last(const struct mr_world *world, char *out, size_t size)
{
    const struct mr_last_step *last = &world->last;
    const char *name = name_of(world, last->process);
    const char *peer = name_of(world, last->peer);
    unsigned long long step = world->steps, tag = last->tag;
    long long at = last->at_ns;
    switch (last->kind) {
    case MR_EVENT_START:
        return snprintf(out, size, "step %llu at %lld ns: %s starts (incarnation %llu)", step,
            at, name, tag);
    case MR_EVENT_TIMER:
        return snprintf(
            out, size, "step %llu at %lld ns: timer %llu of %s", step, at, tag, name);
    case MR_EVENT_MESSAGE:
        return snprintf(out, size,
            "step %llu at %lld ns: message %llu of connection %u, %s to %s, kind %u, %u bytes",
            step, at, tag, last->connection, peer, name, last->message_kind, last->bytes);
    case MR_EVENT_ACCEPTED:
        return snprintf(out, size, "step %llu at %lld ns: %s accepts connection %u of %s", step,
            at, name, last->connection, peer);
    case MR_EVENT_CLOSED:
        return snprintf(out, size,
            "step %llu at %lld ns: %s hears that connection %u to %s is closed", step, at, name,
            last->connection, peer);
    case MR_EVENT_CRASH:
        return snprintf(out, size, "step %llu at %lld ns: %s crashes (fault '%s')", step, at,
            name, world->config->faults[tag].name);
    case MR_EVENT_FAULT_BEGIN:
        return describe_fault(world, out, size, "begins", tag);
    case MR_EVENT_FAULT_END:
        return describe_fault(world, out, size, "ends", tag);
    default:
        return snprintf(out, size, "nothing has happened");
    }
}
