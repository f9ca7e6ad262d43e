#include "scenarios/checks/witness.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "scenarios/checks/checks_internal.h"

static struct mr_finding *find(
    struct mr_findings *findings, enum mr_check check, enum mr_verdict verdict)
{
    for (uint32_t i = 0; i < findings->n; i++) {
        const struct mr_witness *witness = &findings->list[i].witness;
        if (witness->check == check && witness->verdict == verdict) return &findings->list[i];
    }
    return NULL;
}

/* A run without findings, as most are, does not touch the memory. */
static void make_list(struct mr_checks *checks)
{
    enum mr_owner owner = mr_arena_owner(checks->arena, MR_OWNER_CHECKS);
    checks->findings.list =
        mr_arena_alloc(checks->arena, sizeof *checks->findings.list * MR_FINDINGS_MAX);
    mr_arena_owner(checks->arena, owner);
}

struct mr_witness *mr_checks_find(
    struct mr_checks *checks, enum mr_check check, enum mr_verdict verdict, uint64_t n)
{
    struct mr_findings *findings = &checks->findings;
    bool is_enabled = check == MR_CHECK_RUN || checks->config.scenario->check.enabled[check];
    if (!is_enabled || n == 0) return NULL;
    struct mr_finding *known = find(findings, check, verdict);
    if (known) {
        known->count += n;
        return NULL;
    }
    if (findings->n == MR_FINDINGS_MAX) return NULL;
    if (!findings->list) make_list(checks);
    struct mr_finding *finding = &findings->list[findings->n++];
    memset(finding, 0, sizeof *finding);
    finding->count = n;
    struct mr_witness *witness = &finding->witness;
    witness->check = check;
    witness->verdict = verdict;
    witness->at_ns = checks->config.world ? mr_world_now(checks->config.world) : 0;
    witness->step = checks->config.world ? mr_world_steps(checks->config.world) : 0;
    witness->window_start_us = MR_US_MIN;
    witness->window_end_us = MR_US_MIN;
    return witness;
}

void mr_witness_print(char *out, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(out, size, format, arguments);
    va_end(arguments);
}

void mr_witness_append(char *out, size_t size, const char *format, ...)
{
    size_t used = strlen(out);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(out + used, size - used, format, arguments);
    va_end(arguments);
}

void mr_witness_because(struct mr_witness *witness, const char *format, ...)
{
    char *out = witness->cause;
    if (out[0]) mr_witness_append(out, sizeof witness->cause, "; ");
    size_t used = strlen(out);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(out + used, sizeof witness->cause - used, format, arguments);
    va_end(arguments);
}

void mr_witness_at(struct mr_checks *checks, struct mr_witness *witness, uint32_t transform)
{
    mr_witness_print(witness->transform, sizeof witness->transform, "%s",
        checks->topology.graph->transforms[transform].name);
}

void mr_witness_window(struct mr_witness *witness, mr_us start_us, mr_us end_us)
{
    witness->window_start_us = start_us;
    witness->window_end_us = end_us;
}

static void add_value(char *out, size_t size, struct mr_value value)
{
    size_t used = strlen(out);
    mr_value_format(value, out + used, size - used);
}

void mr_witness_row(
    char *out, size_t size, const struct mr_schema *schema, const struct mr_value *row)
{
    out[0] = '\0';
    mr_witness_append(out, size, "{");
    for (uint32_t i = 0; i < schema->n_fields; i++) {
        mr_witness_append(out, size, "%s\"%s\": ", i ? ", " : "", schema->fields[i].name);
        add_value(out, size, row[i]);
    }
    mr_witness_append(out, size, "}");
}

void mr_witness_key(
    struct mr_witness *witness, const struct mr_value *row, const int *fields, uint32_t n)
{
    witness->key[0] = '\0';
    for (uint32_t i = 0; i < n; i++) {
        if (i) mr_witness_append(witness->key, sizeof witness->key, ", ");
        add_value(witness->key, sizeof witness->key, row[fields[i]]);
    }
}

static void add_input(struct mr_checks *checks, struct mr_witness *witness,
    const struct mr_source_view *source, uint32_t partition, int64_t offset)
{
    const struct mr_schema *schema =
        &checks->topology.graph->transforms[source->transform].outputs[0].schema;
    struct mr_value row[MR_FIELDS_MAX];
    mr_us time_us;
    mr_stream_read(source->stream, partition, offset, 1, row, &time_us);
    char *out = witness->inputs[witness->n_inputs];
    mr_witness_print(out, MR_WITNESS_ROW_TEXT, "%s[%u]@%lld ",
        checks->config.scenario->topics[source->topic].name, partition, (long long)offset);
    size_t used = strlen(out);
    mr_witness_row(out + used, MR_WITNESS_ROW_TEXT - used, schema, row);
}

/* The one source that a sink's rows come from; several are not told apart by the oracle. */
static const struct mr_source_view *only_source(const struct mr_checks *checks)
{
    return checks->topology.n_sources == 1 ? &checks->topology.sources[0] : NULL;
}

void mr_witness_inputs(struct mr_checks *checks, struct mr_witness *witness, uint32_t sink,
    mr_us window_start_us, const struct mr_value *row)
{
    const struct mr_source_view *source = only_source(checks);
    if (!source) return;
    uint32_t n_all = 0;
    for (uint32_t p = 0; p < source->n_partitions; p++) {
        int64_t offsets[MR_WITNESS_ROWS];
        int64_t end = checks->folded[source->first_partition + p];
        uint64_t n = mr_oracle_trace_back(
            checks->oracle, sink, p, 0, end, window_start_us, row, offsets, MR_WITNESS_ROWS);
        for (uint32_t i = 0; i < n && i < MR_WITNESS_ROWS && n_all + i < MR_WITNESS_ROWS; i++) {
            witness->n_inputs = n_all + i;
            add_input(checks, witness, source, p, offsets[i]);
        }
        n_all += (uint32_t)n;
    }
    witness->n_inputs = n_all;
}

static const struct mr_restore *restore_after(const struct mr_checks *checks, uint32_t attempt)
{
    if (checks->n_restores == 0) return NULL;
    if (attempt == 0) return &checks->restores[checks->n_restores - 1];
    for (uint32_t i = 0; i < checks->n_restores; i++)
        if (checks->restores[i].attempt > attempt) return &checks->restores[i];
    return NULL;
}

static void name_faults(const struct mr_checks *checks, struct mr_witness *witness)
{
    uint64_t struck = mr_world_faults_struck(checks->config.world);
    const struct mr_manifest *manifest = checks->config.manifest;
    bool is_first = true;
    for (uint32_t i = 0; i < manifest->n_faults && i < 64; i++) {
        if (!(struck >> i & 1)) continue;
        if (is_first)
            mr_witness_because(witness, "faults so far: %s", manifest->faults[i].name);
        else
            mr_witness_append(
                witness->cause, sizeof witness->cause, ", %s", manifest->faults[i].name);
        is_first = false;
    }
    if (mr_world_is_faulty(checks->config.world)) mr_witness_because(witness, "one is at work");
}

void mr_witness_cause(struct mr_checks *checks, struct mr_witness *witness, uint32_t attempt)
{
    const struct mr_restore *restore = restore_after(checks, attempt);
    if (restore && restore->attempt > 1) {
        char at[MR_TIME_TEXT_BYTES];
        mr_duration_format(restore->at_ns, at);
        if (restore->from == 0)
            mr_witness_because(
                witness, "attempt %u began at %s from nothing", restore->attempt, at);
        else
            mr_witness_because(witness, "attempt %u began at %s from %scheckpoint %llu",
                restore->attempt, at, restore->is_rewind ? "the older " : "",
                (unsigned long long)restore->from);
    }
    if (checks->config.world) name_faults(checks, witness);
}

void mr_witness_watermark(struct mr_checks *checks, struct mr_witness *witness,
    uint32_t transform, mr_us said_us, mr_us bound_us)
{
    char said[MR_TIME_TEXT_BYTES], bound[MR_TIME_TEXT_BYTES];
    mr_witness_at(checks, witness, transform);
    mr_witness_print(witness->expected, sizeof witness->expected, "%s",
        mr_timestamp_format(bound_us, bound));
    mr_witness_print(
        witness->actual, sizeof witness->actual, "%s", mr_timestamp_format(said_us, said));
    mr_witness_cause(checks, witness, 0);
}
