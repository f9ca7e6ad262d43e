/* JoinStreams: two inputs joined by key and time.
 *
 * Invariants.
 * 1. A row is taken in only if it is not behind the watermark; else it is dropped as late.
 * 2. INTERVAL: two rows that meet are put out when the second of them comes, with the later of
 * their times. A row that can meet no more (its horizon is behind the watermark) is put out
 * alone if its side is to be kept and it has met none, with its horizon as its time, which
 * nobody downstream can call late; then it is forgotten.
 * 3. TEMPORAL: a row of the first input is put out when the watermark is beyond its time: then
 * all rows of the other that are no younger have come. Of these, what a later row of the same
 * key replaces is forgotten. */
#include <string.h>

#include "base/digest.h"
#include "engine/batch/column.h"
#include "engine/operators/operator.h"
#include "engine/operators/row_bytes.h"

#define NO_ROW UINT32_MAX

struct kept {
    mr_us at_us;
    uint64_t hash;   /* of the key */
    uint32_t offset; /* of its bytes */
    uint32_t next;   /* of the same slot */
    bool has_key;    /* none of its fields is None */
    bool is_matched;
    bool is_gone;
};

struct side {
    uint32_t n;
    uint32_t n_gone;
    uint32_t capacity;
    struct kept *rows;
    uint32_t n_bytes;
    uint32_t bytes_capacity;
    unsigned char *bytes;
    uint32_t n_slots; /* a power of two, or 0 */
    uint32_t *slots;
};

struct stream_join {
    struct mr_operator operator;
    mr_us watermark_us;
    struct side sides[2];
    /* Of the handler: rows of the result that have not been emitted. */
    uint32_t n_out;
    struct mr_value *out; /* [MR_BATCH_ROWS_MAX][n_fields] */
    mr_us *out_times_us;
};

static const struct mr_join *spec_of(const struct stream_join *join)
{
    return &join->operator.transform->join;
}

static const struct mr_schema *schema_of(const struct stream_join *join, uint32_t side)
{
    const struct mr_edge *edge = &join->operator.transform->inputs[side];
    return &join->operator.context->job->graph->transforms[edge->transform]
                .outputs[edge->output]
                .schema;
}

/* ---- State ---- */

static void side_free(struct side *side, struct mr_arena *arena)
{
    if (side->rows) mr_arena_free(arena, side->rows, sizeof *side->rows * side->capacity);
    if (side->bytes) mr_arena_free(arena, side->bytes, side->bytes_capacity);
    if (side->slots) mr_arena_free(arena, side->slots, sizeof *side->slots * side->n_slots);
    *side = (struct side){0};
}

static void put_slot(struct side *side, uint32_t i)
{
    uint32_t *slot = &side->slots[(side->rows[i].hash >> 32) & (side->n_slots - 1)];
    side->rows[i].next = *slot;
    *slot = i;
}

static void make_slots(struct side *side, struct mr_arena *arena, uint32_t n_slots)
{
    if (side->slots) mr_arena_free(arena, side->slots, sizeof *side->slots * side->n_slots);
    side->n_slots = n_slots;
    side->slots = mr_arena_alloc(arena, sizeof *side->slots * n_slots);
    for (uint32_t i = 0; i < n_slots; i++) side->slots[i] = NO_ROW;
    for (uint32_t i = 0; i < side->n; i++) put_slot(side, i);
}

/* Room for a row of so many bytes. */
static void reserve(struct side *side, struct mr_arena *arena, uint32_t bytes)
{
    if (side->n == side->capacity) {
        uint32_t capacity = side->capacity ? 2 * side->capacity : 16;
        side->rows = mr_arena_grow(arena, side->rows, sizeof *side->rows * side->capacity,
            sizeof *side->rows * capacity);
        side->capacity = capacity;
        make_slots(side, arena, capacity);
    }
    if (side->bytes_capacity - side->n_bytes >= bytes) return;
    uint32_t capacity = side->bytes_capacity ? side->bytes_capacity : 512;
    while (capacity - side->n_bytes < bytes) capacity *= 2;
    side->bytes = mr_arena_grow(arena, side->bytes, side->bytes_capacity, capacity);
    side->bytes_capacity = capacity;
}

static struct kept *add_kept(struct side *side, struct kept kept, uint32_t bytes)
{
    kept.offset = side->n_bytes;
    side->rows[side->n] = kept;
    put_slot(side, side->n);
    side->n_bytes += bytes;
    return &side->rows[side->n++];
}

/* Once half of the rows are gone the others move together. */
static void compact(struct side *side)
{
    if (side->n_gone * 2 <= side->n) return;
    uint32_t n = 0, n_bytes = 0;
    for (uint32_t i = 0; i < side->n; i++) {
        struct kept kept = side->rows[i];
        if (kept.is_gone) continue;
        uint32_t bytes;
        memcpy(&bytes, side->bytes + kept.offset, 4);
        memmove(side->bytes + n_bytes, side->bytes + kept.offset, bytes);
        kept.offset = n_bytes;
        n_bytes += bytes;
        side->rows[n++] = kept;
    }
    side->n = n;
    side->n_bytes = n_bytes;
    side->n_gone = 0;
    for (uint32_t i = 0; i < side->n_slots; i++) side->slots[i] = NO_ROW;
    for (uint32_t i = 0; i < n; i++) put_slot(side, i);
}

static void forget(struct side *side, struct kept *kept)
{
    kept->is_gone = true;
    side->n_gone++;
}

static void read_kept(const struct stream_join *join, uint32_t side, const struct kept *kept,
    struct mr_value *values)
{
    mr_row_read(join->sides[side].bytes + kept->offset, schema_of(join, side), values);
}

/* ---- Keys ---- */

static int key_field(const struct stream_join *join, uint32_t side, uint32_t i)
{
    const struct mr_join_equality *equality = &spec_of(join)->inputs[1].equalities[i];
    return side == 1 ? equality->field : equality->other_field;
}

static bool hash_key(const struct stream_join *join, uint32_t side,
    const struct mr_value *values, uint64_t *hash)
{
    *hash = 0;
    for (uint32_t i = 0; i < spec_of(join)->inputs[1].n_equalities; i++) {
        struct mr_value value = values[key_field(join, side, i)];
        if (value.type == MR_TYPE_NULL) return false;
        if (value.type == MR_TYPE_FLOAT && value.f == 0.0) value.f = 0.0;
        *hash = mr_digest_mix(*hash, mr_value_hash(value));
    }
    return true;
}

/* As keys are: -0.0 is 0.0. */
static bool is_equal(struct mr_value a, struct mr_value b)
{
    if (a.type == MR_TYPE_FLOAT && b.type == MR_TYPE_FLOAT && a.f == b.f) return true;
    return mr_value_same(a, b);
}

/* `a` is a row of side `side`, `b` one of side `other`. */
static bool is_same_key(const struct stream_join *join, uint32_t side, const struct mr_value *a,
    uint32_t other, const struct mr_value *b)
{
    for (uint32_t i = 0; i < spec_of(join)->inputs[1].n_equalities; i++)
        if (!is_equal(a[key_field(join, side, i)], b[key_field(join, other, i)])) return false;
    return true;
}

/* ---- Output ---- */

static void flush(struct stream_join *join)
{
    struct mr_operator *operator= & join->operator;
    const struct mr_schema *schema = &operator->transform->outputs[MR_OUTPUT_MAIN].schema;
    struct mr_scratch *scratch = &operator->context->scratch;
    uint32_t n = join->n_out;
    join->n_out = 0;
    if (n == 0) return;
    struct mr_column *columns = mr_scratch_array(scratch, struct mr_column, schema->n_fields);
    for (uint32_t i = 0; i < schema->n_fields; i++)
        columns[i] =
            mr_column_make(schema->fields[i].type, join->out + i, schema->n_fields, n, scratch);
    struct mr_batch out = {.n_rows = n,
        .n_columns = schema->n_fields,
        .columns = columns,
        .times_us = join->out_times_us,
        .n_selected = n};
    join->out = NULL;
    mr_operator_emit(operator, MR_OUTPUT_MAIN, &out);
}

/* A row of the result, of which one side may be missing. Texts are borrowed until the flush. */
static void put_out(struct stream_join *join, const struct mr_value *left,
    const struct mr_value *right, mr_us at_us)
{
    struct mr_scratch *scratch = &join->operator.context->scratch;
    uint32_t n_fields = join->operator.transform->outputs[MR_OUTPUT_MAIN].schema.n_fields;
    if (join->n_out == 0) {
        join->out =
            mr_scratch_array(scratch, struct mr_value, (size_t)MR_BATCH_ROWS_MAX * n_fields);
        join->out_times_us = mr_scratch_array(scratch, mr_us, MR_BATCH_ROWS_MAX);
    }
    struct mr_value *row = join->out + (size_t)join->n_out * n_fields;
    for (uint32_t i = 0; i < n_fields; i++) {
        struct mr_join_field from = spec_of(join)->fields[i];
        const struct mr_value *side = from.input == 0 ? left : right;
        row[i] = side ? side[from.field] : (struct mr_value){.type = MR_TYPE_NULL};
    }
    join->out_times_us[join->n_out++] = at_us;
    if (join->n_out == MR_BATCH_ROWS_MAX) flush(join);
}

static bool keeps_alone(const struct stream_join *join, uint32_t side)
{
    enum mr_join_type type = spec_of(join)->inputs[1].type;
    return type == MR_JOIN_FULL || type == (side == 0 ? MR_JOIN_LEFT : MR_JOIN_RIGHT);
}

/* ---- INTERVAL ---- */

/* The last time at which a row of the other side can meet it. */
static mr_us horizon_us(const struct stream_join *join, uint32_t side, mr_us at_us)
{
    return mr_us_add(at_us, side == 0 ? spec_of(join)->after_us : spec_of(join)->before_us);
}

static bool is_near(const struct stream_join *join, mr_us left_us, mr_us right_us)
{
    mr_us last_us = horizon_us(join, 0, left_us);
    /* The bound is part of the interval. */
    if (MR_PLANTED(join->operator.context->env, INTERVAL_OFF_BY_ONE) && right_us == last_us)
        return false;
    return right_us <= last_us && left_us <= horizon_us(join, 1, right_us);
}

/* Puts the new row out with all that it meets; whether there are any. */
static bool meet(struct stream_join *join, uint32_t side, const struct kept *kept,
    const struct mr_value *values)
{
    struct side *other = &join->sides[1 - side];
    bool is_matched = false;
    if (!kept->has_key || other->n_slots == 0) return false;
    uint32_t i = other->slots[(kept->hash >> 32) & (other->n_slots - 1)];
    for (; i != NO_ROW; i = other->rows[i].next) {
        struct kept *candidate = &other->rows[i];
        struct mr_value theirs[MR_FIELDS_MAX];
        mr_us left_us = side == 0 ? kept->at_us : candidate->at_us;
        mr_us right_us = side == 0 ? candidate->at_us : kept->at_us;
        if (candidate->is_gone || !candidate->has_key || candidate->hash != kept->hash ||
            !is_near(join, left_us, right_us))
            continue;
        read_kept(join, 1 - side, candidate, theirs);
        const struct mr_value *left = side == 0 ? values : theirs;
        const struct mr_value *right = side == 0 ? theirs : values;
        if (!is_same_key(join, 0, left, 1, right)) continue;
        candidate->is_matched = true;
        is_matched = true;
        put_out(join, left, right, left_us > right_us ? left_us : right_us);
    }
    return is_matched;
}

static void expire(struct stream_join *join, uint32_t side)
{
    struct side *of = &join->sides[side];
    for (uint32_t i = 0; i < of->n; i++) {
        struct kept *kept = &of->rows[i];
        mr_us last_us = horizon_us(join, side, kept->at_us);
        if (kept->is_gone || last_us >= join->watermark_us) continue;
        if (!kept->is_matched && keeps_alone(join, side)) {
            struct mr_value values[MR_FIELDS_MAX];
            read_kept(join, side, kept, values);
            put_out(join, side == 0 ? values : NULL, side == 0 ? NULL : values, last_us);
        }
        forget(of, kept);
    }
    flush(join); /* before bytes move */
    compact(of);
}

/* ---- TEMPORAL ---- */

static int compare_values(struct mr_value a, struct mr_value b)
{
    if (a.type != b.type) return a.type < b.type ? -1 : 1;
    if (!mr_type_is_text((enum mr_type)a.type)) return a.i < b.i ? -1 : a.i > b.i;
    uint32_t shorter = a.bytes < b.bytes ? a.bytes : b.bytes;
    int order = shorter ? memcmp(a.text, b.text, shorter) : 0;
    return order ? order : a.bytes < b.bytes ? -1 : a.bytes > b.bytes;
}

/* Whether version `a` stands over `b`: the younger one; of one time that with the greater
 * fields, whatever came first. */
static bool is_over(const struct stream_join *join, const struct kept *a, const struct kept *b)
{
    struct mr_value left[MR_FIELDS_MAX], right[MR_FIELDS_MAX];
    if (a->at_us != b->at_us) return a->at_us > b->at_us;
    read_kept(join, 1, a, left);
    read_kept(join, 1, b, right);
    for (uint32_t i = 0; i < schema_of(join, 1)->n_fields; i++) {
        int order = compare_values(left[i], right[i]);
        if (order) return order > 0;
    }
    return false;
}

/* The version of the key at a time, or NULL. `key` is a row of side `side`. */
static struct kept *version_at(struct stream_join *join, uint32_t side, const struct kept *kept,
    const struct mr_value *key, mr_us at_us)
{
    struct side *versions = &join->sides[1];
    struct kept *best = NULL;
    if (!kept->has_key || versions->n_slots == 0) return NULL;
    uint32_t i = versions->slots[(kept->hash >> 32) & (versions->n_slots - 1)];
    for (; i != NO_ROW; i = versions->rows[i].next) {
        struct kept *version = &versions->rows[i];
        struct mr_value values[MR_FIELDS_MAX];
        if (version->is_gone || !version->has_key || version->hash != kept->hash ||
            version->at_us > at_us)
            continue;
        read_kept(join, 1, version, values);
        if (!is_same_key(join, side, key, 1, values)) continue;
        if (!best || is_over(join, version, best)) best = version;
    }
    return best;
}

static bool is_young_enough(const struct stream_join *join, mr_us version_us, mr_us at_us)
{
    mr_us most_us = spec_of(join)->before_us;
    return most_us == MR_US_MAX || mr_us_add(version_us, most_us) >= at_us;
}

static void look_up(struct stream_join *join)
{
    struct side *of = &join->sides[0];
    for (uint32_t i = 0; i < of->n; i++) {
        struct kept *kept = &of->rows[i];
        struct mr_value values[MR_FIELDS_MAX], found[MR_FIELDS_MAX];
        if (kept->is_gone || kept->at_us >= join->watermark_us) continue;
        read_kept(join, 0, kept, values);
        const struct kept *version = version_at(join, 0, kept, values, kept->at_us);
        bool is_found = version && is_young_enough(join, version->at_us, kept->at_us);
        if (is_found) read_kept(join, 1, version, found);
        if (is_found || keeps_alone(join, 0))
            put_out(join, values, is_found ? found : NULL, kept->at_us);
        forget(of, kept);
    }
    flush(join);
    compact(of);
}

/* Of what is older than all rows to come, only the newest of each key can be asked for. */
static void forget_versions(struct stream_join *join)
{
    struct side *versions = &join->sides[1];
    mr_us last_us = mr_us_add(join->watermark_us, -1);
    for (uint32_t i = 0; i < versions->n; i++) {
        struct kept *kept = &versions->rows[i];
        struct mr_value values[MR_FIELDS_MAX];
        if (kept->is_gone || kept->at_us > last_us) continue;
        read_kept(join, 1, kept, values);
        bool is_needed = version_at(join, 1, kept, values, last_us) == kept &&
                         is_young_enough(join, kept->at_us, join->watermark_us);
        if (!is_needed) forget(versions, kept);
    }
    compact(versions);
}

/* ---- The operator ---- */

static void join_open(struct mr_operator *operator)
{
    ((struct stream_join *)operator)->watermark_us = MR_US_MIN;
}

static void join_close(struct mr_operator *operator)
{
    struct stream_join *join = (struct stream_join *)operator;
    for (uint32_t i = 0; i < 2; i++) side_free(&join->sides[i], operator->context->arena);
}

static void drop(struct stream_join *join, const struct mr_batch *batch, uint32_t row)
{
    const struct mr_task_context *context = join->operator.context;
    const struct mr_probe *probe = context->job->probe;
    context->env->milestone(context->env, MR_SOMETIMES_LATE_ROW_DROPPED);
    if (!probe || !probe->late_dropped) return;
    struct mr_probe_at at = mr_operator_at(&join->operator);
    mr_us at_us = batch->times_us[row];
    probe->late_dropped(
        probe->self, &at, batch, row, at_us, mr_us_add(at_us, 1), join->watermark_us);
}

static void take(
    struct stream_join *join, uint32_t side, const struct mr_batch *batch, uint32_t row)
{
    struct mr_arena *arena = join->operator.context->arena;
    struct mr_value values[MR_FIELDS_MAX];
    for (uint32_t i = 0; i < batch->n_columns; i++)
        values[i] = batch->columns[i].type == MR_TYPE_NULL
                        ? (struct mr_value){.type = MR_TYPE_NULL}
                        : mr_column_value(&batch->columns[i], row);
    struct kept kept = {.at_us = batch->times_us[row]};
    kept.has_key = hash_key(join, side, values, &kept.hash);
    if (spec_of(join)->kind == MR_JOIN_INTERVAL)
        kept.is_matched = meet(join, side, &kept, values);
    uint32_t bytes = mr_row_bytes(batch, row);
    reserve(&join->sides[side], arena, bytes);
    mr_row_write(join->sides[side].bytes + join->sides[side].n_bytes, batch, row, bytes);
    add_kept(&join->sides[side], kept, bytes);
}

static void join_batch(struct mr_operator *operator, const struct mr_batch * batch)
{
    struct stream_join *join = (struct stream_join *)operator;
    uint32_t side = operator->input;
    MR_ASSERT(side < 2);
    for (uint32_t i = 0; i < batch->n_selected; i++) {
        uint32_t row = mr_batch_row(batch, i);
        if (batch->times_us[row] < join->watermark_us)
            drop(join, batch, row);
        else
            take(join, side, batch, row);
    }
    flush(join); /* the other side's bytes have not moved */
}

static void join_watermark(struct mr_operator *operator, mr_us watermark_us)
{
    struct stream_join *join = (struct stream_join *)operator;
    MR_ASSERT(watermark_us >= join->watermark_us);
    join->watermark_us = watermark_us;
    if (spec_of(join)->kind == MR_JOIN_INTERVAL) {
        expire(join, 0);
        expire(join, 1);
    } else {
        look_up(join);
        forget_versions(join);
    }
}

static void join_snapshot(
    struct mr_operator *operator, struct mr_snapshot_writer * writer, uint64_t checkpoint)
{
    (void)checkpoint;
    const struct stream_join *join = (const struct stream_join *)operator;
    mr_snapshot_u64(writer, (uint64_t)join->watermark_us);
    for (uint32_t k = 0; k < 2; k++) {
        const struct side *side = &join->sides[k];
        mr_snapshot_u32(writer, side->n - side->n_gone);
        for (uint32_t i = 0; i < side->n; i++) {
            const struct kept *kept = &side->rows[i];
            if (kept->is_gone) continue;
            uint32_t bytes;
            memcpy(&bytes, side->bytes + kept->offset, 4);
            mr_snapshot_u64(writer, (uint64_t)kept->at_us);
            mr_snapshot_u32(writer, kept->is_matched);
            mr_snapshot_bytes(writer, side->bytes + kept->offset, bytes);
        }
    }
}

/* The bytes of a row, whose length stands in front. */
static const unsigned char *read_bytes(struct mr_snapshot_reader *reader, uint32_t *bytes)
{
    const unsigned char *begin = reader->data + reader->at;
    *bytes = mr_snapshot_read_u32(reader);
    if (reader->is_broken || *bytes < 4) return NULL;
    mr_snapshot_read_bytes(reader, *bytes - 4);
    return reader->is_broken ? NULL : begin;
}

static void restore_row(struct stream_join *join, uint32_t k, struct mr_snapshot_reader *reader)
{
    struct side *side = &join->sides[k];
    struct mr_value values[MR_FIELDS_MAX];
    struct kept kept = {.at_us = (mr_us)mr_snapshot_read_u64(reader)};
    kept.is_matched = mr_snapshot_read_u32(reader) != 0;
    if (MR_PLANTED(join->operator.context->env, UNMATCHED_AGAIN)) kept.is_matched = false;
    uint32_t bytes;
    const unsigned char *row = read_bytes(reader, &bytes);
    if (!row) return;
    mr_row_read(row, schema_of(join, k), values);
    kept.has_key = hash_key(join, k, values, &kept.hash);
    reserve(side, join->operator.context->arena, bytes);
    memcpy(side->bytes + side->n_bytes, row, bytes);
    add_kept(side, kept, bytes);
}

static void join_restore(
    struct mr_operator *operator, struct mr_snapshot_reader * reader, bool is_rewind)
{
    (void)is_rewind;
    struct stream_join *join = (struct stream_join *)operator;
    join->watermark_us = (mr_us)mr_snapshot_read_u64(reader);
    for (uint32_t k = 0; k < 2; k++) {
        uint32_t n = mr_snapshot_read_u32(reader);
        for (uint32_t i = 0; i < n && !reader->is_broken; i++) restore_row(join, k, reader);
    }
    if (MR_PLANTED(operator->context->env, RESTORE_SKIPS_STATE)) join_close(operator);
}

bool mr_stream_join_state_visit(const struct mr_schema *const *inputs, const void *state,
    uint32_t bytes, void *self,
    void (*visit)(void *self, const struct mr_gather_state_row *row))
{
    struct mr_snapshot_reader reader = {.data = state, .bytes = bytes};
    struct mr_value values[MR_FIELDS_MAX];
    struct mr_gather_state_row row = {.values = values};
    mr_snapshot_read_u64(&reader);
    for (row.input = 0; row.input < 2; row.input++) {
        uint32_t n = mr_snapshot_read_u32(&reader);
        for (uint32_t i = 0; i < n && !reader.is_broken; i++) {
            row.window_start_us = (mr_us)mr_snapshot_read_u64(&reader);
            row.window_end_us = mr_us_add(row.window_start_us, 1);
            mr_snapshot_read_u32(&reader);
            uint32_t n_bytes;
            const unsigned char *data = read_bytes(&reader, &n_bytes);
            if (!data) return false;
            mr_row_read(data, inputs[row.input], values);
            visit(self, &row);
        }
    }
    return !reader.is_broken;
}

const struct mr_operator_class mr_stream_join_class = {.name = "JoinStreams",
    .bytes = sizeof(struct stream_join),
    .open = join_open,
    .close = join_close,
    .batch = join_batch,
    .watermark = join_watermark,
    .snapshot = join_snapshot,
    .restore = join_restore};
