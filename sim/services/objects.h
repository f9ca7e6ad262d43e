/* An object store: put, conditional put, get and delete; each object has a version; a put that was applied is durable. */
#ifndef MR_SIM_SERVICES_OBJECTS_H
#define MR_SIM_SERVICES_OBJECTS_H

#include "base/env.h"
#include "base/wire/object.h"

struct mr_objects_config {
    struct mr_distribution put_ns; /* virtual time from arrival to application, and again to the reply */
    struct mr_distribution get_ns;
    int64_t bytes_per_second; /* throughput of large objects; 0: infinite */
};

/* The store as a process: create takes a struct mr_objects_config. It does not crash. */
extern const struct mr_process_class mr_objects_class;

struct mr_objects;
uint64_t mr_objects_count(const struct mr_objects *objects);
/* The contents of an object, borrowed; NULL when it is not there. */
const struct mr_message *mr_objects_find(const struct mr_objects *objects, const char *key,
    uint32_t key_bytes);

#endif
