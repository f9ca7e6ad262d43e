/* The protocol of the object store: put, conditional put, get, delete. Bodies start with these structs; no padding. */
#ifndef MR_BASE_WIRE_OBJECT_H
#define MR_BASE_WIRE_OBJECT_H

#include <stdint.h>

enum mr_object_message {
    MR_OBJECT_PUT = 1, /* mr_object_put, the key behind it, the contents attached -> mr_object_reply */
    MR_OBJECT_GET,     /* mr_object_get, the key behind it -> mr_object_reply, contents attached when found */
    MR_OBJECT_DELETE,  /* mr_object_get, the key behind it -> mr_object_reply; OK whether it was there or not */
    MR_OBJECT_REPLY,
};

enum mr_object_status {
    MR_OBJECT_OK,
    MR_OBJECT_NOT_FOUND,
    MR_OBJECT_CONFLICT, /* the version is not the expected one; reply.version says which it is */
};

#define MR_OBJECT_ANY_VERSION UINT64_MAX

struct mr_object_put {
    uint64_t tag;
    uint64_t expected_version; /* MR_OBJECT_ANY_VERSION, or the version that must be there; 0: must not exist */
    uint32_t key_bytes;
    uint32_t zero;
};
struct mr_object_get {
    uint64_t tag;
    uint32_t key_bytes;
    uint32_t zero;
};
struct mr_object_reply {
    uint64_t tag;
    uint64_t version; /* of the object now: 1 after its first put; 0: not there */
    uint32_t status;
    uint32_t zero;
};
_Static_assert(sizeof(struct mr_object_put) == 24, "no padding");
_Static_assert(sizeof(struct mr_object_get) == 16, "no padding");
_Static_assert(sizeof(struct mr_object_reply) == 24, "no padding");

#endif
