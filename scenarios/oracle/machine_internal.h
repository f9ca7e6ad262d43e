/* What machine.c and machine_memory.c share. */
#ifndef MR_SCENARIOS_ORACLE_MACHINE_INTERNAL_H
#define MR_SCENARIOS_ORACLE_MACHINE_INTERNAL_H

#include "scenarios/oracle/machine.h"
#include "scenarios/oracle/oracle_internal.h"

static inline const struct mr_process_shape *shape_of(const struct mr_key_machines *machines)
{
    return &machines->transform->keyed->shape;
}

static inline struct mr_arena *arena_of(const struct mr_key_machines *machines)
{
    return machines->oracle->arena;
}

/* Whether its windows are settled at their end, rather than when they expire. */
bool mr_key_machines_end_at_end(const struct mr_key_machines *machines);
bool mr_key_machines_have_end(const struct mr_key_machines *machines);
/* When a window's state goes. */
mr_us mr_key_machines_over_us(const struct mr_key_machines *machines, mr_us window_end_us);

/* The memory of a key in a window, made when it is not there. */
struct mr_key_memory *mr_memory_find(const struct mr_key_machines *machines,
    struct mr_key_machine *machine, const struct mr_value *keys, mr_us start_us, mr_us end_us);
void mr_memory_remove(const struct mr_key_machines *machines, struct mr_key_machine *machine,
    struct mr_key_memory *memory);
/* Removes it when nothing is left in it. */
void mr_memory_settle(const struct mr_key_machines *machines, struct mr_key_machine *machine,
    struct mr_key_memory *memory);
void mr_memory_free(const struct mr_key_machines *machines, struct mr_key_memory *memory);

#endif
