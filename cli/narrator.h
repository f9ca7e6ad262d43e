/* Tells a run as it happens: a recorder whose record is what a person reads. */
#ifndef MR_CLI_NARRATOR_H
#define MR_CLI_NARRATOR_H

#include "scenarios/recorder.h"

struct mr_narrator {
    bool has_color;
    bool is_verbose; /* points, logs and transactions too */
    uint64_t n_late; /* rows that were dropped so far */
};

/* Lines go to standard output. The narrator must outlive the run. */
struct mr_recorder mr_narrator_recorder(struct mr_narrator *narrator);

#endif
