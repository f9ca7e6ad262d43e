/* Fetches: of input topics, whose rows a feed makes when they are asked for, and of output
 * topics, as far as they are committed. An answer that has to wait lies in a place; one timer
 * says when it is due. */
#include <string.h>

#include "sim/services/broker_internal.h"

/* What would be answered now. */
struct answer {
    struct mr_message *rows; /* a reference of its own; NULL: none */
    struct mr_log_fetch_reply reply;
    uint64_t mark;  /* of a topic with marks: how many the reader has with this answer, and */
    bool has_mark;  /* the one that it brings, or else that which bounds its rows */
    bool is_marked;
    struct mr_log_feed_mark next;
    bool is_ready; /* no need to wait */
    mr_ns due_ns;  /* when it will be ready by itself; MR_NS_NEVER: somebody else must act */
};

static void send_answer(
    const struct mr_broker *broker, uint32_t connection, const struct answer *answer)
{
    struct mr_log_marked_fetch_reply reply = {.reply = answer->reply, .mark = answer->mark};
    if (answer->has_mark) {
        reply.watermark_us = answer->next.watermark_us;
        reply.is_idle = answer->next.is_idle;
    }
    uint32_t bytes = answer->is_marked ? sizeof reply : sizeof reply.reply;
    struct mr_message *message = mr_message_new(broker->env->arena, MR_LOG_FETCH_REPLY, bytes);
    memcpy(message->body, &reply, bytes);
    message->attached = answer->rows;
    broker->env->send(broker->env, connection, message);
}

static uint32_t rows_min(const struct mr_log_fetch *request)
{
    uint32_t rows =
        request->rows_min < request->rows_max ? request->rows_min : request->rows_max;
    return rows > 0 ? rows : 1;
}

/* Ready where a mark stands before the next row. Else rows up to the next mark can be had. */
static void look_at_marks(const struct mr_feed *feed, const struct mr_log_fetch *request,
    uint64_t mark, struct answer *answer)
{
    answer->is_marked = true;
    answer->mark = mark;
    if (!feed->mark(feed->self, request->partition, mark, &answer->next))
        answer->next.offset = INT64_MAX;
    answer->has_mark = answer->next.offset <= request->offset;
    if (!answer->has_mark) return;
    answer->mark++;
    answer->is_ready = true;
}

/* Ready when the last of the wanted rows, or of all that are left, has arrived. */
static void look_at_feed(const struct mr_feed *feed, const struct mr_log_fetch *request,
    mr_ns now, struct answer *answer)
{
    int64_t end = feed->end(feed->self, request->partition);
    if (request->offset < 0 || request->offset > end) {
        answer->reply.status = MR_LOG_OFFSET_OUT_OF_RANGE;
        answer->is_ready = true;
        return;
    }
    if (request->offset == end) {
        answer->reply.is_end = 1;
        answer->is_ready = true;
        return;
    }
    int64_t left = end - request->offset;
    int64_t wanted = left < rows_min(request) ? left : rows_min(request);
    answer->due_ns =
        feed->arrives_at(feed->self, request->partition, request->offset + wanted - 1);
    answer->is_ready = answer->due_ns <= now;
}

static void read_feed(const struct mr_broker *broker, const struct mr_feed *feed,
    const struct mr_log_fetch *request, struct answer *answer)
{
    mr_ns now = broker->env->now(broker->env);
    bool is_failed = answer->reply.status != MR_LOG_OK || answer->reply.is_end;
    if (is_failed || answer->has_mark || request->rows_max == 0 ||
        feed->arrives_at(feed->self, request->partition, request->offset) > now)
        return;
    uint32_t n_rows = 0, rows_max = request->rows_max;
    int64_t bound = answer->is_marked ? answer->next.offset - request->offset : INT64_MAX;
    if (bound < rows_max) rows_max = (uint32_t)bound;
    answer->rows = feed->read(feed->self, broker->env->arena, request->partition,
        request->offset, rows_max, now, &n_rows);
    MR_ASSERT(answer->rows && n_rows > 0 && n_rows <= rows_max);
    answer->reply.n_rows = n_rows;
    answer->reply.next_offset = request->offset + n_rows;
    int64_t end = feed->end(feed->self, request->partition);
    answer->reply.is_end = end != INT64_MAX && answer->reply.next_offset == end;
}

/* Skips what was aborted; the rest of the first visible entry is the answer. */
static void look_at_log(const struct mr_partition_log *log, const struct mr_log_fetch *request,
    struct answer *answer)
{
    answer->due_ns = MR_NS_NEVER;
    if (request->offset < log->trimmed || request->offset > log->end_offset) {
        answer->reply.status = MR_LOG_OFFSET_OUT_OF_RANGE;
        answer->is_ready = true;
        return;
    }
    uint64_t number = mr_log_find(log, request->offset);
    uint64_t visible = 0;
    for (; number < log->undecided && visible < rows_min(request); number++) {
        const struct mr_entry *entry = mr_log_entry(log, number);
        int64_t skipped = request->offset > entry->offset ? request->offset - entry->offset : 0;
        if (!entry->rows) {
            if (visible == 0) answer->reply.next_offset = entry->offset + entry->n_rows;
            continue;
        }
        uint32_t n_rows = entry->n_rows - (uint32_t)skipped;
        if (visible == 0) {
            answer->rows = entry->rows;
            answer->reply.first_row = (uint32_t)skipped;
            answer->reply.n_rows = n_rows < request->rows_max ? n_rows : request->rows_max;
            answer->reply.offset = entry->offset + skipped;
            answer->reply.next_offset = answer->reply.offset + answer->reply.n_rows;
        }
        visible += n_rows;
    }
    answer->is_ready = visible >= rows_min(request);
    if (answer->rows) mr_message_retain(answer->rows);
}

static inline struct answer look(
    const struct mr_broker *broker, const struct mr_log_fetch *request, uint64_t mark)
{
    struct answer answer = {.reply = {.tag = request->tag,
                                .topic = request->topic,
                                .partition = request->partition,
                                .offset = request->offset,
                                .next_offset = request->offset}};
    if (!mr_broker_has(broker, request->topic, request->partition)) {
        answer.reply.status = MR_LOG_UNKNOWN_TOPIC;
        answer.is_ready = true;
        return answer;
    }
    const struct mr_feed *feed = broker->config->topics[request->topic].feed;
    if (feed && feed->mark) look_at_marks(feed, request, mark, &answer);
    if (feed && !answer.has_mark)
        look_at_feed(feed, request, broker->env->now(broker->env), &answer);
    else if (!feed)
        look_at_log(&broker->logs[request->topic][request->partition], request, &answer);
    return answer;
}

/* Answers with what is there, be it nothing. */
static void answer_now(struct mr_broker *broker, uint32_t connection,
    const struct mr_log_fetch *request, struct answer *answer)
{
    const struct mr_feed *feed = request->topic < broker->config->n_topics
                                     ? broker->config->topics[request->topic].feed
                                     : NULL;
    if (feed) read_feed(broker, feed, request, answer);
    send_answer(broker, connection, answer);
}

static uint32_t free_place(struct mr_broker *broker)
{
    for (uint32_t i = 0; i < broker->n_places; i++)
        if (broker->places[i].connection == 0) return i;
    uint32_t n = broker->n_places, larger = n ? 2 * n : 16;
    broker->places = mr_arena_grow(broker->env->arena, broker->places,
        sizeof *broker->places * n, sizeof *broker->places * larger);
    memset(broker->places + n, 0, sizeof *broker->places * (larger - n));
    broker->n_places = larger;
    return n;
}

static void hold(struct mr_broker *broker, uint32_t connection,
    const struct mr_log_fetch *request, uint64_t mark, mr_ns due_ns)
{
    uint32_t index = free_place(broker);
    struct mr_held_fetch *place = &broker->places[index];
    mr_ns deadline_ns = mr_add_saturating(broker->env->now(broker->env), request->wait_ns);
    place->connection = connection;
    place->generation++;
    place->deadline_ns = deadline_ns;
    place->request = *request;
    place->mark = mark;
    broker->n_held_outputs += broker->logs[request->topic] != NULL;
    broker->env->wake_at(broker->env, due_ns < deadline_ns ? due_ns : deadline_ns,
        mr_broker_timer(MR_TIMER_FETCH, index, place->generation));
}

void mr_broker_fetch(struct mr_broker *broker, uint32_t connection,
    const struct mr_log_fetch *request, uint64_t mark)
{
    struct answer answer = look(broker, request, mark);
    if (answer.is_ready || request->wait_ns <= 0) {
        answer_now(broker, connection, request, &answer);
        return;
    }
    mr_message_release(broker->env->arena, answer.rows);
    hold(broker, connection, request, mark, answer.due_ns);
}

static void leave(struct mr_broker *broker, struct mr_held_fetch *place)
{
    place->connection = 0;
    broker->n_held_outputs -= broker->logs[place->request.topic] != NULL;
}

static void answer_place(
    struct mr_broker *broker, struct mr_held_fetch *place, struct answer *answer)
{
    uint32_t connection = place->connection;
    leave(broker, place);
    answer_now(broker, connection, &place->request, answer);
}

void mr_broker_fetch_due(struct mr_broker *broker, uint32_t index, uint32_t generation)
{
    MR_ASSERT(index < broker->n_places);
    struct mr_held_fetch *place = &broker->places[index];
    if (place->connection == 0 || place->generation != generation) return;
    struct answer answer = look(broker, &place->request, place->mark);
    answer_place(broker, place, &answer);
}

void mr_broker_fed(struct mr_broker *broker)
{
    for (uint32_t i = 0; i < broker->n_places; i++) {
        struct mr_held_fetch *place = &broker->places[i];
        if (place->connection == 0 || broker->logs[place->request.topic]) continue;
        struct answer answer = look(broker, &place->request, place->mark);
        if (answer.is_ready) answer_place(broker, place, &answer);
    }
}

void mr_broker_rows_visible(struct mr_broker *broker)
{
    if (broker->n_held_outputs == 0) return;
    for (uint32_t i = 0; i < broker->n_places; i++) {
        struct mr_held_fetch *place = &broker->places[i];
        if (place->connection == 0 || !broker->logs[place->request.topic]) continue;
        struct answer answer = look(broker, &place->request, 0);
        if (answer.is_ready)
            answer_place(broker, place, &answer);
        else
            mr_message_release(broker->env->arena, answer.rows);
    }
}

void mr_broker_forget_fetches(struct mr_broker *broker, uint32_t connection)
{
    for (uint32_t i = 0; i < broker->n_places; i++)
        if (broker->places[i].connection == connection) leave(broker, &broker->places[i]);
}
