/* Behind a Combine that takes panes back: what can pass that on, and what cannot. */
#include "engine/pipeline/graph_internal.h"

static const struct mr_transform *find_retracting(
    const struct mr_graph_reader *reader, const struct mr_transform *transform)
{
    bool is_upstream[MR_TRANSFORMS_MAX] = {false};
    for (uint32_t id = transform->id + 1; id-- > 0;) {
        const struct mr_transform *at = &reader->transforms[id];
        if (id != transform->id && !is_upstream[id]) continue;
        if (id != transform->id && mr_transform_retracts(at)) return at;
        for (uint32_t k = 0; k < at->n_inputs; k++) is_upstream[at->inputs[k].transform] = true;
    }
    return NULL;
}

/* Whether a row and the one that takes it back come to the same, one behind the other. */
static bool passes_on(const struct mr_transform *transform)
{
    switch (transform->kind) {
    case MR_MAP_TO_FIELDS:
    case MR_FILTER:
    case MR_FLATTEN:
    case MR_ASSIGN_TIMESTAMPS:
    case MR_WINDOW_INTO:
    case MR_PARTITION:
    case MR_EXTRACT_WINDOWING_INFO:
    case MR_VALIDATE_WITH_SCHEMA:
    case MR_LOG_FOR_TESTING:
    case MR_EXPLODE:
        return true;
    case MR_WRITE_TO_LOG:
        return !transform->write.assertion && !transform->write.file;
    default:
        return false;
    }
}

bool mr_retraction_check(
    struct mr_graph_reader *reader, const struct mr_spec *spec, uint32_t transform)
{
    const struct mr_transform *at = &reader->transforms[transform];
    if (passes_on(at)) return true;
    const struct mr_transform *retracting = find_retracting(reader, at);
    if (!retracting) return true;
    return mr_fail_at(reader->err, spec->place,
        "'%s' cannot take rows back: '%s' upstream is 'retracting'; behind it only what passes "
        "rows on one by one, and WriteToLog, are supported",
        mr_spec_label(spec), retracting->name);
}
