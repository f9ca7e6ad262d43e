/* The events of the Nexmark benchmark, an auction house: a pure function of their number. Of
 * fifty events in a row one is a person, three are auctions and 46 are bids; a stream has those
 * of one kind. */
#ifndef MR_SCENARIOS_DATA_NEXMARK_H
#define MR_SCENARIOS_DATA_NEXMARK_H

#include "base/value.h"

enum mr_nexmark_kind {
    MR_NEXMARK_NONE,
    MR_NEXMARK_PERSON,
    MR_NEXMARK_AUCTION,
    MR_NEXMARK_BID,
    MR_NEXMARK_KINDS
};

/* The field of a kind's events by its name, and its type; -1 if there is none. */
int mr_nexmark_field(enum mr_nexmark_kind kind, const char *name, enum mr_type *type);
/* Their names; returns how many. */
enum { MR_NEXMARK_FIELDS_MAX = 10 };
size_t mr_nexmark_fields(enum mr_nexmark_kind kind, const char *names[MR_NEXMARK_FIELDS_MAX]);

/* How many of the first `events` events are of the kind, and the number of the one that `rank`
 * of its kind precede. */
uint64_t mr_nexmark_count(enum mr_nexmark_kind kind, uint64_t events);
static inline uint64_t mr_nexmark_event(enum mr_nexmark_kind kind, uint64_t rank)
{
    if (kind == MR_NEXMARK_BID) return rank / 46 * 50 + 4 + rank % 46;
    if (kind == MR_NEXMARK_AUCTION) return rank / 3 * 50 + 1 + rank % 3;
    return rank * 50;
}

enum { MR_NEXMARK_TEXT_MAX = 64 };
/* Texts of a field are all of this length, or, where it is 0, short enough to lie in a column.
 */
uint32_t mr_nexmark_text_bytes(int field);
/* The text of a field, written to `out`; returns its length. */
uint32_t mr_nexmark_text(int field, uint64_t event, char out[MR_NEXMARK_TEXT_MAX]);
/* A number or time of a field. `time_us` is the event's, `auction_us` the span in which a
 * hundred auctions begin. */
int64_t mr_nexmark_integer(int field, uint64_t event, mr_us time_us, mr_us auction_us);

#endif
