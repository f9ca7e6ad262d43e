#include "scenarios/oracle/trigger_tree.h"

#include "base/assert.h"

struct mr_tree *mr_tree_new(struct mr_arena *arena, const struct mr_trigger *trigger)
{
    struct mr_tree *tree = mr_arena_new(arena, struct mr_tree);
    tree->trigger = trigger;
    tree->due_ns = MR_NS_NEVER;
    if (trigger->early) tree->early = mr_tree_new(arena, trigger->early);
    if (trigger->late) tree->late = mr_tree_new(arena, trigger->late);
    if (trigger->n_parts == 0) return tree;
    tree->parts = mr_arena_alloc(arena, sizeof *tree->parts * trigger->n_parts);
    for (uint32_t i = 0; i < trigger->n_parts; i++)
        tree->parts[i] = mr_tree_new(arena, &trigger->parts[i]);
    return tree;
}

static void copy_into(struct mr_tree *to, const struct mr_tree *from)
{
    to->is_finished = from->is_finished;
    to->is_late = from->is_late;
    to->n_rows = from->n_rows;
    to->due_ns = from->due_ns;
    to->part = from->part;
    if (from->early) copy_into(to->early, from->early);
    if (from->late) copy_into(to->late, from->late);
    for (uint32_t i = 0; i < from->trigger->n_parts; i++)
        copy_into(to->parts[i], from->parts[i]);
}

struct mr_tree *mr_tree_copy(struct mr_arena *arena, const struct mr_tree *tree)
{
    struct mr_tree *copy = mr_tree_new(arena, tree->trigger);
    copy_into(copy, tree);
    return copy;
}

void mr_tree_discard(struct mr_arena *arena, struct mr_tree *tree)
{
    if (!tree) return;
    mr_tree_discard(arena, tree->early);
    mr_tree_discard(arena, tree->late);
    for (uint32_t i = 0; i < tree->trigger->n_parts; i++)
        mr_tree_discard(arena, tree->parts[i]);
    mr_arena_free(arena, tree->parts, sizeof *tree->parts * tree->trigger->n_parts);
    mr_arena_free(arena, tree, sizeof *tree);
}

static void begin_anew(struct mr_tree *tree)
{
    tree->is_finished = tree->is_late = false;
    tree->n_rows = 0;
    tree->due_ns = MR_NS_NEVER;
    tree->part = 0;
    if (tree->early) begin_anew(tree->early);
    if (tree->late) begin_anew(tree->late);
    for (uint32_t i = 0; i < tree->trigger->n_parts; i++) begin_anew(tree->parts[i]);
}

void mr_tree_row(struct mr_tree *tree, mr_ns now_ns)
{
    const struct mr_trigger *trigger = tree->trigger;
    if (tree->is_finished) return;
    if (trigger->kind == MR_TRIGGER_COUNT) tree->n_rows++;
    if (trigger->kind == MR_TRIGGER_DELAY && tree->due_ns == MR_NS_NEVER)
        tree->due_ns = mr_add_saturating(now_ns, trigger->delay_ns);
    if (trigger->kind == MR_TRIGGER_WATERMARK) {
        struct mr_tree *side = tree->is_late ? tree->late : tree->early;
        if (side) mr_tree_row(side, now_ns);
    }
    for (uint32_t i = 0; i < trigger->n_parts; i++)
        if (trigger->kind != MR_TRIGGER_EACH || i == tree->part)
            mr_tree_row(tree->parts[i], now_ns);
}

static bool all_would_fire(const struct mr_tree *tree, const struct mr_tree_moment *moment)
{
    for (uint32_t i = 0; i < tree->trigger->n_parts; i++)
        if (!tree->parts[i]->is_finished && !mr_tree_should_fire(tree->parts[i], moment))
            return false;
    return true;
}

static bool any_would_fire(const struct mr_tree *tree, const struct mr_tree_moment *moment)
{
    for (uint32_t i = 0; i < tree->trigger->n_parts; i++)
        if (mr_tree_should_fire(tree->parts[i], moment)) return true;
    return false;
}

bool mr_tree_should_fire(const struct mr_tree *tree, const struct mr_tree_moment *moment)
{
    bool is_over = moment->end_us <= moment->watermark_us;
    if (tree->is_finished) return false;
    switch (tree->trigger->kind) {
    case MR_TRIGGER_DEFAULT:
        return is_over;
    case MR_TRIGGER_WATERMARK:
        if (tree->is_late) return tree->late && mr_tree_should_fire(tree->late, moment);
        if (is_over) return true;
        return tree->early && mr_tree_should_fire(tree->early, moment);
    case MR_TRIGGER_COUNT:
        return tree->n_rows >= tree->trigger->count;
    case MR_TRIGGER_DELAY:
        return tree->due_ns != MR_NS_NEVER && moment->now_ns >= tree->due_ns;
    case MR_TRIGGER_REPEATEDLY:
        return mr_tree_should_fire(tree->parts[0], moment);
    case MR_TRIGGER_ANY:
        return any_would_fire(tree, moment);
    case MR_TRIGGER_ALL:
        return all_would_fire(tree, moment);
    case MR_TRIGGER_EACH:
        return mr_tree_should_fire(tree->parts[tree->part], moment);
    case MR_TRIGGER_NEVER:
        return false;
    }
    return false;
}

static void fire_repeated(struct mr_tree *tree, const struct mr_tree_moment *moment)
{
    mr_tree_fire(tree, moment);
    if (tree->is_finished) begin_anew(tree);
}

static bool any_is_finished(const struct mr_tree *tree)
{
    for (uint32_t i = 0; i < tree->trigger->n_parts; i++)
        if (tree->parts[i]->is_finished) return true;
    return false;
}

static bool all_are_finished(const struct mr_tree *tree)
{
    for (uint32_t i = 0; i < tree->trigger->n_parts; i++)
        if (!tree->parts[i]->is_finished) return false;
    return true;
}

void mr_tree_fire(struct mr_tree *tree, const struct mr_tree_moment *moment)
{
    const struct mr_trigger *trigger = tree->trigger;
    switch (trigger->kind) {
    case MR_TRIGGER_DEFAULT:
    case MR_TRIGGER_NEVER:
        break;
    case MR_TRIGGER_COUNT:
    case MR_TRIGGER_DELAY:
        tree->is_finished = true;
        break;
    case MR_TRIGGER_WATERMARK:
        if (!tree->is_late && moment->end_us <= moment->watermark_us) {
            begin_anew(tree);
            tree->is_late = true;
            tree->is_finished = tree->late == NULL;
        } else {
            fire_repeated(tree->is_late ? tree->late : tree->early, moment);
        }
        break;
    case MR_TRIGGER_REPEATEDLY:
        fire_repeated(tree->parts[0], moment);
        break;
    case MR_TRIGGER_EACH:
        mr_tree_fire(tree->parts[tree->part], moment);
        if (tree->parts[tree->part]->is_finished) tree->part++;
        tree->is_finished = tree->part == trigger->n_parts;
        break;
    case MR_TRIGGER_ANY:
    case MR_TRIGGER_ALL:
        for (uint32_t i = 0; i < trigger->n_parts; i++)
            if (mr_tree_should_fire(tree->parts[i], moment))
                mr_tree_fire(tree->parts[i], moment);
        tree->is_finished =
            trigger->kind == MR_TRIGGER_ANY ? any_is_finished(tree) : all_are_finished(tree);
        break;
    }
}

/* ---- Merging ---- */

enum side { SIDE_EARLY, SIDE_LATE, SIDE_PART };

static const struct mr_tree *child(const struct mr_tree *tree, enum side side, uint32_t part)
{
    if (side == SIDE_PART) return tree->parts[part];
    return side == SIDE_EARLY ? tree->early : tree->late;
}

enum { SOURCES_MAX = 64 };

/* The same child of all sources. More of them than fit are merged in parts, which comes to the
 * same. */
static void merge_child(struct mr_tree *to, const struct mr_tree *const *sources, uint32_t n,
    enum side side, uint32_t part, const struct mr_tree_moment *moment)
{
    const struct mr_tree *children[SOURCES_MAX];
    MR_ASSERT(n <= SOURCES_MAX);
    for (uint32_t i = 0; i < n; i++) children[i] = child(sources[i], side, part);
    mr_tree_merge(to, children, n, moment);
}

static void merge_each(struct mr_tree *tree, const struct mr_tree *const *sources, uint32_t n,
    const struct mr_tree_moment *moment)
{
    for (uint32_t i = 0; i < tree->trigger->n_parts; i++) {
        merge_child(tree->parts[i], sources, n, SIDE_PART, i, moment);
        tree->part = i;
        if (!tree->parts[i]->is_finished) return;
    }
    tree->part = tree->trigger->n_parts;
    tree->is_finished = true;
}

static void merge_watermark(struct mr_tree *tree, const struct mr_tree *const *sources,
    uint32_t n, const struct mr_tree_moment *moment)
{
    bool is_late = moment->end_us <= moment->watermark_us;
    for (uint32_t i = 0; i < n; i++) is_late &= sources[i]->is_late;
    tree->is_late = is_late;
    tree->is_finished = is_late && !tree->late;
    if (is_late && tree->late) merge_child(tree->late, sources, n, SIDE_LATE, 0, moment);
    if (!is_late && tree->early) merge_child(tree->early, sources, n, SIDE_EARLY, 0, moment);
}

void mr_tree_merge(struct mr_tree *tree, const struct mr_tree *const *sources, uint32_t n,
    const struct mr_tree_moment *moment)
{
    const struct mr_trigger *trigger = tree->trigger;
    begin_anew(tree);
    if (trigger->kind == MR_TRIGGER_WATERMARK) {
        merge_watermark(tree, sources, n, moment);
    } else if (trigger->kind == MR_TRIGGER_EACH) {
        merge_each(tree, sources, n, moment);
    } else if (trigger->kind == MR_TRIGGER_COUNT || trigger->kind == MR_TRIGGER_DELAY) {
        for (uint32_t i = 0; i < n; i++) {
            tree->n_rows += sources[i]->n_rows;
            tree->is_finished |= sources[i]->is_finished;
            if (sources[i]->due_ns < tree->due_ns) tree->due_ns = sources[i]->due_ns;
        }
    } else {
        for (uint32_t i = 0; i < trigger->n_parts; i++)
            merge_child(tree->parts[i], sources, n, SIDE_PART, i, moment);
        if (trigger->kind == MR_TRIGGER_ANY) tree->is_finished = any_is_finished(tree);
        if (trigger->kind == MR_TRIGGER_ALL) tree->is_finished = all_are_finished(tree);
    }
}

mr_ns mr_tree_due_ns(const struct mr_tree *tree, mr_ns after_ns)
{
    mr_ns due_ns = MR_NS_NEVER;
    if (tree->is_finished) return due_ns;
    if (tree->trigger->kind == MR_TRIGGER_DELAY && tree->due_ns > after_ns)
        due_ns = tree->due_ns;
    mr_ns other_ns[2] = {tree->early ? mr_tree_due_ns(tree->early, after_ns) : MR_NS_NEVER,
        tree->late ? mr_tree_due_ns(tree->late, after_ns) : MR_NS_NEVER};
    for (int i = 0; i < 2; i++)
        if (other_ns[i] < due_ns) due_ns = other_ns[i];
    for (uint32_t i = 0; i < tree->trigger->n_parts; i++) {
        mr_ns part_ns = mr_tree_due_ns(tree->parts[i], after_ns);
        if (part_ns < due_ns) due_ns = part_ns;
    }
    return due_ns;
}
