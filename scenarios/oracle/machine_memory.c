/* What a machine remembers of its keys. */
#include "scenarios/oracle/machine_internal.h"

/* ---- Rows that are kept ---- */

struct mr_kept_row mr_kept_row_make(
    struct mr_arena *arena, const struct mr_value *values, uint32_t n)
{
    struct mr_kept_row row = {.bytes = (uint32_t)sizeof(struct mr_value) * (n + 1)};
    for (uint32_t i = 0; i < n; i++) row.bytes += values[i].bytes;
    row.values = mr_arena_alloc(arena, row.bytes);
    char *texts = (char *)(row.values + n + 1);
    for (uint32_t i = 0; i < n; i++) {
        row.values[i] = values[i];
        if (!mr_type_is_text((enum mr_type)values[i].type)) continue;
        row.values[i].text = texts;
        if (values[i].bytes) memcpy(texts, values[i].text, values[i].bytes);
        texts += values[i].bytes;
    }
    return row;
}

void mr_kept_row_free(struct mr_arena *arena, struct mr_kept_row *row)
{
    mr_arena_free(arena, row->values, row->bytes);
    *row = (struct mr_kept_row){0};
}

/* ---- Memories ---- */

static void state_clear(struct mr_arena *arena, struct mr_kept_state *state)
{
    if (state->data) mr_arena_free(arena, state->data, state->bytes);
    for (uint32_t i = 0; i < state->n_rows; i++) mr_kept_row_free(arena, &state->rows[i]);
    if (state->rows) mr_arena_free(arena, state->rows, sizeof *state->rows * state->n_rows);
    *state = (struct mr_kept_state){0};
}

void mr_memory_free(const struct mr_key_machines *machines, struct mr_key_memory *memory)
{
    struct mr_arena *arena = arena_of(machines);
    const struct mr_process_shape *shape = shape_of(machines);
    for (uint32_t i = 0; i < shape->n_states; i++) state_clear(arena, &memory->states[i]);
    mr_arena_free(arena, memory->states, sizeof *memory->states * (shape->n_states + 1));
    mr_arena_free(arena, memory->timers, sizeof *memory->timers * (shape->n_timers + 1));
    mr_kept_row_free(arena, &memory->keys);
    mr_arena_free(arena, memory, sizeof *memory);
}

bool mr_key_machines_end_at_end(const struct mr_key_machines *machines)
{
    return machines->transform->kind == MR_TOP_N && machines->transform->top.is_final;
}

/* When a window's state goes: MR_TIMER_UNSET where it stays for ever. */
mr_us mr_key_machines_over_us(const struct mr_key_machines *machines, mr_us window_end_us)
{
    const struct mr_windowing *windowing = &machines->transform->windowing;
    if (mr_key_machines_end_at_end(machines)) return window_end_us;
    return mr_us_add(window_end_us, windowing->allowed_lateness_us);
}

bool mr_key_machines_have_end(const struct mr_key_machines *machines)
{
    return mr_key_machines_end_at_end(machines) ||
           machines->transform->windowing.kind != MR_WINDOW_GLOBAL;
}

static struct mr_key_memory **bucket_of(const struct mr_key_machine *machine, uint64_t hash)
{
    MR_ASSERT(machine->n_buckets > 0);
    return &machine->buckets[(uint32_t)(hash >> 32) & (machine->n_buckets - 1)];
}

/* Room for one more: on average no more than one key a bucket. */
static void reserve_buckets(struct mr_arena *arena, struct mr_key_machine *machine)
{
    if (machine->n_memories < machine->n_buckets) return;
    struct mr_key_machine old = *machine;
    machine->n_buckets = old.n_buckets ? old.n_buckets * 2 : MR_MEMORY_BUCKETS_MIN;
    machine->buckets = mr_arena_zalloc(arena, sizeof *machine->buckets * machine->n_buckets);
    for (uint32_t b = 0; b < old.n_buckets; b++)
        for (struct mr_key_memory *memory = old.buckets[b], *next; memory; memory = next) {
            struct mr_key_memory **bucket = bucket_of(machine, memory->hash);
            next = memory->next;
            memory->next = *bucket;
            *bucket = memory;
        }
    if (old.buckets) mr_arena_free(arena, old.buckets, sizeof *old.buckets * old.n_buckets);
}

static struct mr_key_memory *memory_new(const struct mr_key_machines *machines,
    struct mr_key_machine *machine, uint64_t hash, const struct mr_value *keys, mr_us start_us,
    mr_us end_us)
{
    struct mr_arena *arena = arena_of(machines);
    const struct mr_process_shape *shape = shape_of(machines);
    struct mr_key_memory *memory = mr_arena_new(arena, struct mr_key_memory);
    memory->hash = hash;
    memory->number = machine->next_number++;
    memory->window_start_us = start_us;
    memory->window_end_us = end_us;
    memory->keys = mr_kept_row_make(arena, keys, machines->transform->keyed->n_keys);
    memory->states = mr_arena_zalloc(arena, sizeof *memory->states * (shape->n_states + 1));
    memory->timers = mr_arena_alloc(arena, sizeof *memory->timers * (shape->n_timers + 1));
    for (uint32_t i = 0; i <= shape->n_timers; i++) memory->timers[i] = MR_TIMER_UNSET;
    reserve_buckets(arena, machine);
    struct mr_key_memory **bucket = bucket_of(machine, hash);
    memory->next = *bucket;
    *bucket = memory;
    machine->n_memories++;
    return memory;
}

static bool is_same_key(
    const struct mr_key_memory *memory, const struct mr_value *keys, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (!mr_value_same(memory->keys.values[i], keys[i])) return false;
    return true;
}

struct mr_key_memory *mr_memory_find(const struct mr_key_machines *machines,
    struct mr_key_machine *machine, const struct mr_value *keys, mr_us start_us, mr_us end_us)
{
    uint32_t n_keys = machines->transform->keyed->n_keys;
    uint64_t hash = mr_digest_mix((uint64_t)start_us, (uint64_t)end_us);
    for (uint32_t i = 0; i < n_keys; i++) hash = mr_digest_mix(hash, mr_value_hash(keys[i]));
    struct mr_key_memory *memory = machine->n_buckets ? *bucket_of(machine, hash) : NULL;
    for (; memory; memory = memory->next)
        if (memory->hash == hash && memory->window_start_us == start_us &&
            memory->window_end_us == end_us && is_same_key(memory, keys, n_keys))
            return memory;
    memory = memory_new(machines, machine, hash, keys, start_us, end_us);
    struct mr_key_machine_step step = {
        .machines = (struct mr_key_machines *)(uintptr_t)machines,
        .machine = machine,
        .memory = memory};
    if (mr_key_machines_have_end(machines))
        mr_memory_set_timer(
            &step, shape_of(machines)->n_timers, mr_key_machines_over_us(machines, end_us));
    return memory;
}

void mr_memory_remove(const struct mr_key_machines *machines, struct mr_key_machine *machine,
    struct mr_key_memory *memory)
{
    struct mr_key_memory **at = bucket_of(machine, memory->hash);
    while (*at != memory) at = &(*at)->next;
    *at = memory->next;
    machine->n_memories--;
    memory->is_gone = true;
    if (memory->n_uses == 0) mr_memory_free(machines, memory);
}

void mr_memory_settle(const struct mr_key_machines *machines, struct mr_key_machine *machine,
    struct mr_key_memory *memory)
{
    const struct mr_process_shape *shape = shape_of(machines);
    for (uint32_t i = 0; i < shape->n_states; i++)
        if (memory->states[i].is_there) return;
    for (uint32_t i = 0; i < shape->n_timers; i++)
        if (memory->timers[i] != MR_TIMER_UNSET) return;
    mr_memory_remove(machines, machine, memory);
}

bool mr_memory_has(const struct mr_key_machine_step *step, uint32_t state)
{
    struct mr_kept_state *kept = &step->memory->states[state];
    const struct mr_state_spec *spec = &shape_of(step->machines)->states[state];
    if (!kept->is_there || spec->ttl_us == 0) return kept->is_there;
    mr_us clock_us =
        spec->ttl_domain == MR_EVENT_TIME ? step->machine->clock_us : step->machine->now_us;
    if (clock_us < mr_us_add(kept->touched_us, spec->ttl_us)) return true;
    mr_memory_clear(step, state);
    return false;
}

void mr_memory_touch(const struct mr_key_machine_step *step, uint32_t state, mr_us at_us)
{
    struct mr_kept_state *kept = &step->memory->states[state];
    bool is_event = shape_of(step->machines)->states[state].ttl_domain == MR_EVENT_TIME;
    mr_us touched_us = is_event ? at_us : step->machine->now_us;
    if (!kept->is_there || touched_us > kept->touched_us) kept->touched_us = touched_us;
    kept->is_there = true;
}

void mr_memory_clear(const struct mr_key_machine_step *step, uint32_t state)
{
    state_clear(arena_of(step->machines), &step->memory->states[state]);
}
