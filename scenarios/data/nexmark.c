/* What is drawn from the number of an event is a hash of it; sellers, bidders and auctions are
 * among those that exist by then, so each reference leads somewhere. As in the benchmark's own
 * generator some of them are hot. */
#include "scenarios/data/nexmark.h"

#include <string.h>

#include "base/digest.h"

enum { FIRST_ID = 1000, FIRST_CATEGORY = 10, CATEGORIES = 5 };
enum { HOT_STEP = 100, AUCTIONS_IN_FLIGHT = 100, PEOPLE_ACTIVE = 1000 };

enum field {
    PERSON_ID,
    PERSON_NAME,
    PERSON_EMAIL,
    PERSON_CARD,
    PERSON_CITY,
    PERSON_STATE,
    AUCTION_ID,
    AUCTION_ITEM,
    AUCTION_DESCRIPTION,
    AUCTION_INITIAL_BID,
    AUCTION_RESERVE,
    AUCTION_EXPIRES,
    AUCTION_SELLER,
    AUCTION_CATEGORY,
    BID_AUCTION,
    BID_BIDDER,
    BID_PRICE,
    BID_CHANNEL,
    BID_URL,
    DATE_TIME,
    EXTRA,
};

#define ANY_KIND MR_NEXMARK_NONE

static const struct {
    const char *name;
    enum mr_type type;
    enum mr_nexmark_kind kind;
    uint32_t bytes;
} fields[] = {
    [PERSON_ID] = {"id", MR_TYPE_INT, MR_NEXMARK_PERSON, 0},
    [PERSON_NAME] = {"name", MR_TYPE_STRING, MR_NEXMARK_PERSON, 0},
    [PERSON_EMAIL] = {"emailAddress", MR_TYPE_STRING, MR_NEXMARK_PERSON, 20},
    [PERSON_CARD] = {"creditCard", MR_TYPE_STRING, MR_NEXMARK_PERSON, 19},
    [PERSON_CITY] = {"city", MR_TYPE_STRING, MR_NEXMARK_PERSON, 0},
    [PERSON_STATE] = {"state", MR_TYPE_STRING, MR_NEXMARK_PERSON, 0},
    [AUCTION_ID] = {"id", MR_TYPE_INT, MR_NEXMARK_AUCTION, 0},
    [AUCTION_ITEM] = {"itemName", MR_TYPE_STRING, MR_NEXMARK_AUCTION, 0},
    [AUCTION_DESCRIPTION] = {"description", MR_TYPE_STRING, MR_NEXMARK_AUCTION, 32},
    [AUCTION_INITIAL_BID] = {"initialBid", MR_TYPE_INT, MR_NEXMARK_AUCTION, 0},
    [AUCTION_RESERVE] = {"reserve", MR_TYPE_INT, MR_NEXMARK_AUCTION, 0},
    [AUCTION_EXPIRES] = {"expires", MR_TYPE_TIMESTAMP, MR_NEXMARK_AUCTION, 0},
    [AUCTION_SELLER] = {"seller", MR_TYPE_INT, MR_NEXMARK_AUCTION, 0},
    [AUCTION_CATEGORY] = {"category", MR_TYPE_INT, MR_NEXMARK_AUCTION, 0},
    [BID_AUCTION] = {"auction", MR_TYPE_INT, MR_NEXMARK_BID, 0},
    [BID_BIDDER] = {"bidder", MR_TYPE_INT, MR_NEXMARK_BID, 0},
    [BID_PRICE] = {"price", MR_TYPE_INT, MR_NEXMARK_BID, 0},
    [BID_CHANNEL] = {"channel", MR_TYPE_STRING, MR_NEXMARK_BID, 0},
    [BID_URL] = {"url", MR_TYPE_STRING, MR_NEXMARK_BID, 58},
    [DATE_TIME] = {"dateTime", MR_TYPE_TIMESTAMP, ANY_KIND, 0},
    [EXTRA] = {"extra", MR_TYPE_STRING, ANY_KIND, 0},
};
enum { N_FIELDS = sizeof fields / sizeof fields[0] };

static bool has_field(enum mr_nexmark_kind kind, int field)
{
    return fields[field].kind == kind || fields[field].kind == ANY_KIND;
}

int mr_nexmark_field(enum mr_nexmark_kind kind, const char *name, enum mr_type *type)
{
    for (int f = 0; f < N_FIELDS; f++) {
        if (!has_field(kind, f) || strcmp(fields[f].name, name) != 0) continue;
        *type = fields[f].type;
        return f;
    }
    return -1;
}

size_t mr_nexmark_fields(enum mr_nexmark_kind kind, const char *names[MR_NEXMARK_FIELDS_MAX])
{
    size_t n = 0;
    for (int f = 0; f < N_FIELDS; f++)
        if (has_field(kind, f)) names[n++] = fields[f].name;
    return n;
}

uint64_t mr_nexmark_count(enum mr_nexmark_kind kind, uint64_t events)
{
    uint64_t whole = events / 50, rest = events % 50;
    if (kind == MR_NEXMARK_PERSON) return whole + (rest > 0);
    if (kind == MR_NEXMARK_AUCTION) return 3 * whole + (rest > 3 ? 3 : rest > 0 ? rest - 1 : 0);
    return 46 * whole + (rest > 4 ? rest - 4 : 0);
}

/* In [0, bound); what is drawn for one purpose says nothing of another. */
static inline uint64_t draw_below(uint64_t event, uint64_t purpose, uint64_t bound)
{
    uint64_t hash = mr_hash_u64(event ^ (0x6e78 + purpose) << 48);
    return (uint64_t)((__uint128_t)hash * bound >> 64);
}

/* One of the newest `active` of what is numbered 0..last. */
static inline uint64_t draw_recent(
    uint64_t event, uint64_t purpose, uint64_t last, uint64_t active)
{
    uint64_t n = last + 1 < active ? last + 1 : active;
    return last - draw_below(event, purpose, n);
}

/* Evenly over the orders of magnitude from 1 to 10^6, in hundredths, and within each of them.
 */
static inline int64_t price_of(uint64_t event, uint64_t purpose)
{
    uint64_t scale = 100;
    for (uint64_t i = draw_below(event, purpose, 6); i > 0; i--) scale *= 10;
    return (int64_t)(scale + draw_below(event, purpose + 1, 9 * scale));
}

static inline uint64_t last_person(uint64_t event)
{
    return event / 50;
}

static inline uint64_t last_auction(uint64_t event)
{
    uint64_t within = event % 50;
    return event / 50 * 3 + (within > 3 ? 2 : within > 0 ? within - 1 : 0);
}

/* Three of four are of the newest person whose number is a multiple of 100. */
static inline int64_t person_for(uint64_t event, uint64_t purpose)
{
    uint64_t last = last_person(event);
    if (draw_below(event, purpose, 4) > 0)
        return (int64_t)(FIRST_ID + last / HOT_STEP * HOT_STEP);
    return (int64_t)(FIRST_ID + draw_recent(event, purpose + 1, last, PEOPLE_ACTIVE));
}

static inline int64_t auction_for(uint64_t event)
{
    uint64_t last = last_auction(event);
    if (draw_below(event, 20, 2) > 0) return (int64_t)(FIRST_ID + last / HOT_STEP * HOT_STEP);
    return (int64_t)(FIRST_ID + draw_recent(event, 21, last, AUCTIONS_IN_FLIGHT));
}

int64_t mr_nexmark_integer(int field, uint64_t event, mr_us time_us, mr_us auction_us)
{
    switch ((enum field)field) {
    case PERSON_ID:
        return (int64_t)(FIRST_ID + last_person(event));
    case AUCTION_ID:
        return (int64_t)(FIRST_ID + last_auction(event));
    case AUCTION_INITIAL_BID:
        return price_of(event, 1);
    case AUCTION_RESERVE:
        return price_of(event, 1) + price_of(event, 3);
    case AUCTION_EXPIRES:
        return time_us + 1 + (mr_us)draw_below(event, 5, (uint64_t)auction_us * 2 + 1);
    case AUCTION_SELLER:
        return person_for(event, 6);
    case AUCTION_CATEGORY:
        return (int64_t)(FIRST_CATEGORY + draw_below(event, 8, CATEGORIES));
    case BID_AUCTION:
        return auction_for(event);
    case BID_BIDDER:
        return person_for(event, 22);
    case BID_PRICE:
        return price_of(event, 24);
    default:
        MR_ASSERT(field == DATE_TIME);
        return time_us;
    }
}

uint32_t mr_nexmark_text_bytes(int field)
{
    MR_ASSERT(field >= 0 && field < N_FIELDS);
    return fields[field].bytes;
}

/* `n` of sixteen letters. */
static inline void write_letters(char *out, uint32_t n, uint64_t event, uint64_t purpose)
{
    uint64_t bits = 0;
    for (uint32_t i = 0; i < n; i++, bits >>= 4) {
        if (i % 16 == 0) bits = mr_hash_u64(event ^ (0x6e78 + purpose + i) << 48);
        out[i] = (char)('a' + (bits & 15));
    }
}

static uint32_t copy(char *out, const char *text)
{
    size_t bytes = strlen(text);
    memcpy(out, text, bytes);
    return (uint32_t)bytes;
}

static uint32_t write_number(char *out, uint64_t number)
{
    uint32_t n = 1;
    for (uint64_t rest = number; rest >= 10; rest /= 10) n++;
    for (uint32_t i = n; i-- > 0; number /= 10) out[i] = (char)('0' + number % 10);
    return n;
}

/* Half of the bids come by one of four channels, the others by ten thousand. */
static uint32_t write_channel(char *out, uint64_t event)
{
    static const char *const hot[] = {"Google", "Facebook", "Baidu", "Apple"};
    if (draw_below(event, 26, 2) > 0) return copy(out, hot[draw_below(event, 27, 4)]);
    return copy(out, "channel-") + write_number(out + 8, draw_below(event, 28, 10000));
}

static uint32_t write_url(char *out, uint64_t event)
{
    char letters[15];
    write_letters(letters, sizeof letters, event, 29);
    memcpy(out, "https://www.nexmark.com/aaaaa/bbbbb/ccccc/item.htm?query=1", 58);
    for (int part = 0; part < 3; part++) memcpy(out + 24 + 6 * part, letters + 5 * part, 5);
    return 58;
}

static uint32_t write_name(char *out, uint64_t event)
{
    static const char *const first[] = {
        "Peter", "Paul", "Luke", "John", "Saul", "Vicky", "Kate"};
    static const char *const last[] = {"White", "Smith", "Jones", "Noris", "Abrams", "Walton"};
    uint32_t bytes = copy(out, first[draw_below(event, 40, 7)]);
    out[bytes++] = ' ';
    return bytes + copy(out + bytes, last[draw_below(event, 41, 6)]);
}

static uint32_t write_card(char *out, uint64_t event)
{
    for (int part = 0; part < 4; part++) {
        (void)write_number(out + 5 * part, 1000 + draw_below(event, 42 + (uint64_t)part, 9000));
        if (part < 3) out[5 * part + 4] = ' ';
    }
    return 19;
}

static uint32_t write_place(char *out, uint64_t event, bool is_state)
{
    static const char *const places[][2] = {{"Phoenix", "AZ"}, {"Los Angeles", "CA"},
        {"San Mateo", "CA"}, {"Boise", "ID"}, {"Portland", "OR"}, {"Bend", "OR"},
        {"Redmond", "WA"}, {"Seattle", "WA"}, {"Kent", "WA"}, {"Cheyenne", "WY"}};
    return copy(out, places[draw_below(event, 50, 10)][is_state]);
}

static uint32_t write_email(char *out, uint64_t event)
{
    write_letters(out, 16, event, 51);
    out[7] = '@';
    memcpy(out + 16, ".com", 4);
    return 20;
}

uint32_t mr_nexmark_text(int field, uint64_t event, char out[MR_NEXMARK_TEXT_MAX])
{
    switch ((enum field)field) {
    case PERSON_NAME:
        return write_name(out, event);
    case PERSON_EMAIL:
        return write_email(out, event);
    case PERSON_CARD:
        return write_card(out, event);
    case PERSON_CITY:
        return write_place(out, event, false);
    case PERSON_STATE:
        return write_place(out, event, true);
    case BID_CHANNEL:
        return write_channel(out, event);
    case BID_URL:
        return write_url(out, event);
    case AUCTION_ITEM:
        write_letters(out, 12, event, 60);
        return 12;
    case AUCTION_DESCRIPTION:
        write_letters(out, 32, event, 62);
        return 32;
    default:
        MR_ASSERT(field == EXTRA);
        write_letters(out, 12, event, 120);
        return 12;
    }
}
