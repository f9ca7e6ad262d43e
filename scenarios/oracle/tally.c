#include "scenarios/oracle/tally.h"

#define HALF_ULP 0x1p-53

static enum mr_tally_kind kind_of(const struct mr_aggregate *aggregate, enum mr_type type)
{
    bool is_float = type == MR_TYPE_FLOAT;
    switch (aggregate->kind) {
    case MR_COUNT:
        return MR_TALLY_COUNT;
    case MR_SUM:
        return is_float ? MR_TALLY_SUM_FLOAT : MR_TALLY_SUM_INT;
    case MR_MEAN:
        return is_float ? MR_TALLY_MEAN_FLOAT : MR_TALLY_MEAN_INT;
    case MR_MIN:
        return MR_TALLY_LEAST;
    case MR_MAX:
        return MR_TALLY_GREATEST;
    default:
        if (mr_aggregate_is_fold(aggregate->kind)) return MR_TALLY_FOLD;
    }
    MR_UNREACHABLE("an aggregate without a tally");
}

struct mr_tally mr_tally_make(const struct mr_aggregate *aggregate)
{
    struct mr_tally tally = {.field = -1, .expression = aggregate->value};
    tally.result = aggregate->result.type;
    if (aggregate->value) {
        tally.type = mr_expression_result(aggregate->value).type;
        tally.field = mr_expression_field(aggregate->value);
    }
    tally.kind = kind_of(aggregate, tally.type);
    return tally;
}

uint32_t mr_tally_bytes(enum mr_tally_kind kind)
{
    switch (kind) {
    case MR_TALLY_COUNT:
        return 0;
    case MR_TALLY_SUM_INT:
    case MR_TALLY_MEAN_INT:
        return sizeof(int64_t);
    case MR_TALLY_SUM_FLOAT:
    case MR_TALLY_MEAN_FLOAT:
        return sizeof(struct mr_float_sum);
    case MR_TALLY_LEAST:
    case MR_TALLY_GREATEST:
        return sizeof(struct mr_extreme);
    case MR_TALLY_FOLD:
        return sizeof(struct mr_kept);
    }
    MR_UNREACHABLE("a tally without a size");
}

void mr_tally_clear_other(const struct mr_tally *tally, char *group)
{
    char *at = group + tally->offset;
    memset(at, 0, mr_tally_bytes(tally->kind));
    if (tally->kind == MR_TALLY_LEAST || tally->kind == MR_TALLY_GREATEST)
        ((struct mr_extreme *)at)->best.bytes = MR_CELL_NONE;
}

static int compare_text(const struct mr_cell *a, const struct mr_cell *b)
{
    uint32_t shorter = a->bytes < b->bytes ? a->bytes : b->bytes;
    int order = memcmp(mr_cell_text(a), mr_cell_text(b), shorter);
    if (order) return order;
    return a->bytes < b->bytes ? -1 : a->bytes > b->bytes;
}

/* A NaN comes before nothing: it stays only where there is nothing else. */
static bool comes_before(enum mr_type type, const struct mr_cell *a, const struct mr_cell *b)
{
    if (mr_type_is_text(type)) return compare_text(a, b) < 0;
    if (type == MR_TYPE_FLOAT) return a->f < b->f || (a->f == a->f && b->f != b->f);
    return a->i < b->i;
}

static bool comes_after(enum mr_type type, const struct mr_cell *a, const struct mr_cell *b)
{
    if (type == MR_TYPE_FLOAT) return a->f > b->f || (a->f == a->f && b->f != b->f);
    return comes_before(type, b, a);
}

static bool is_better(
    const struct mr_tally *tally, const struct mr_cell *cell, const struct mr_cell *best)
{
    return tally->kind == MR_TALLY_LEAST ? comes_before(tally->type, cell, best)
                                         : comes_after(tally->type, cell, best);
}

static void take_extreme(const struct mr_tally *tally, struct mr_extreme *extreme,
    const struct mr_value *value, double slack, struct mr_scratch *texts)
{
    struct mr_cell cell = mr_cell_of(value);
    if (slack > extreme->slack) extreme->slack = slack;
    bool has_best = extreme->best.bytes != MR_CELL_NONE;
    if (has_best && !is_better(tally, &cell, &extreme->best)) return;
    mr_cell_own(&cell, texts);
    extreme->best = cell;
}

static void keep(struct mr_kept *kept, struct mr_value value, struct mr_scratch *texts)
{
    uint32_t bytes = mr_document_size(value);
    struct mr_kept_value *node = mr_scratch_alloc(texts, sizeof *node + bytes);
    struct mr_document_writer writer = {.data = node->document, .capacity = bytes};
    mr_document_put(&writer, value);
    node->before = kept->last;
    kept->last = node;
    kept->n++;
}

void mr_tally_take_other(const struct mr_tally *tally, char *group, struct mr_value value,
    double slack, struct mr_scratch *texts)
{
    void *at = group + tally->offset;
    switch (tally->kind) {
    case MR_TALLY_COUNT:
        break;
    case MR_TALLY_SUM_INT:
    case MR_TALLY_MEAN_INT:
        MR_UNREACHABLE("integers are taken in place");
    case MR_TALLY_SUM_FLOAT:
    case MR_TALLY_MEAN_FLOAT: {
        struct mr_float_sum *sum = at;
        sum->sum += value.f;
        sum->absolute += __builtin_fabs(value.f);
        sum->slack += slack;
        break;
    }
    case MR_TALLY_LEAST:
    case MR_TALLY_GREATEST:
        take_extreme(tally, at, &value, slack, texts);
        break;
    case MR_TALLY_FOLD:
        keep(at, value, texts);
        break;
    }
}

/* The quotient as Python rounds it: once. Beyond 2^53 the sum is no double, hence the integers.
 * With 64 bits of fraction, and n below 2^63, what is cut off can neither make nor break a tie.
 */
static double divide(int64_t sum, int64_t n)
{
    const int64_t exact = (int64_t)1 << 53;
    if (sum > -exact && sum < exact) return (double)sum / (double)n;
    unsigned __int128 numerator = sum < 0 ? -(unsigned __int128)sum : (unsigned __int128)sum;
    double result = (double)((numerator << 64) / (unsigned __int128)n) * 0x1p-64;
    return sum < 0 ? -result : result;
}

static struct mr_value float_value(double value)
{
    return (struct mr_value){.type = MR_TYPE_FLOAT, .f = mr_canonical_float(value)};
}

static struct mr_value float_result(
    enum mr_tally_kind kind, const struct mr_float_sum *sum, int64_t n_rows, double *slack)
{
    *slack = 2 * (double)n_rows * HALF_ULP * sum->absolute + sum->slack;
    if (kind == MR_TALLY_SUM_FLOAT) return float_value(sum->sum);
    *slack /= (double)n_rows;
    return float_value(sum->sum / (double)n_rows);
}

static struct mr_value kept_list(const struct mr_tally *tally, const struct mr_kept *kept)
{
    struct mr_scratch *scratch = tally->scratch;
    const char **documents = mr_scratch_array(scratch, const char *, kept->n + 1);
    const char **spare = mr_scratch_array(scratch, const char *, kept->n + 1);
    size_t bytes = MR_DOCUMENT_HEAD_BYTES;
    uint32_t n = 0;
    for (const struct mr_kept_value *at = kept->last; at; at = at->before) {
        documents[n++] = at->document;
        bytes += mr_document_bytes(at->document);
    }
    MR_ASSERT(n == kept->n);
    mr_documents_sort(documents, spare, n);
    struct mr_document_writer writer = {
        .data = mr_scratch_alloc(scratch, bytes), .capacity = bytes};
    size_t begin = mr_document_begin(&writer, MR_DOCUMENT_LIST);
    for (uint32_t i = 0; i < n; i++)
        mr_document_put(&writer, mr_document_value(documents[i]));
    mr_document_end(&writer, begin);
    return mr_document_value(writer.data);
}

struct mr_value mr_tally_result(
    const struct mr_tally *tally, const char *group, int64_t n_rows, double *slack)
{
    const void *at = group + tally->offset;
    *slack = 0;
    if (n_rows < 1 && tally->kind != MR_TALLY_COUNT)
        n_rows = 1; /* all was taken away in parts */
    switch (tally->kind) {
    case MR_TALLY_COUNT:
        return (struct mr_value){.type = MR_TYPE_INT, .i = n_rows};
    case MR_TALLY_SUM_INT:
        return (struct mr_value){.type = MR_TYPE_INT, .i = *(const int64_t *)at};
    case MR_TALLY_MEAN_INT: {
        int64_t sum = *(const int64_t *)at;
        struct mr_value mean = float_value(divide(sum, n_rows));
        if (sum >= (int64_t)1 << 53 || sum <= -((int64_t)1 << 53))
            *slack = 2 * HALF_ULP * __builtin_fabs(mean.f);
        return mean;
    }
    case MR_TALLY_SUM_FLOAT:
    case MR_TALLY_MEAN_FLOAT:
        return float_result(tally->kind, at, n_rows, slack);
    case MR_TALLY_LEAST:
    case MR_TALLY_GREATEST: {
        const struct mr_extreme *extreme = at;
        *slack = extreme->slack;
        return mr_cell_value(&extreme->best, tally->result);
    }
    case MR_TALLY_FOLD:
        return kept_list(tally, at);
    }
    MR_UNREACHABLE("a tally without a result");
}

bool mr_tally_is_beyond(const struct mr_tally *tally, const char *group, struct mr_value value)
{
    const struct mr_extreme *extreme = (const void *)(group + tally->offset);
    struct mr_cell cell = mr_cell_of(&value);
    if (tally->type == MR_TYPE_FLOAT) { /* by no more than it may be off */
        double by = tally->kind == MR_TALLY_LEAST ? extreme->slack : -extreme->slack;
        cell.f += by;
    }
    return is_better(tally, &cell, &extreme->best);
}

bool mr_tally_take_away(
    const struct mr_tally *tally, char *group, struct mr_value value, int64_t n, int64_t n_rows)
{
    void *at = group + tally->offset;
    if (tally->kind == MR_TALLY_SUM_INT) {
        int64_t *sum = at;
        return !__builtin_sub_overflow(*sum, value.i, sum) && *sum == 0;
    }
    if (tally->kind == MR_TALLY_MEAN_INT) {
        int64_t *sum = at;
        double part = value.f * (double)n;
        if (!(__builtin_fabs(part) < 0x1p62)) return false;
        *sum -= (int64_t)(part < 0 ? part - 0.5 : part + 0.5);
        return *sum == 0;
    }
    struct mr_float_sum *sum = at;
    sum->slack += 2 * (double)n_rows * HALF_ULP * sum->absolute;
    sum->sum -= tally->kind == MR_TALLY_MEAN_FLOAT ? value.f * (double)n : value.f;
    return __builtin_fabs(sum->sum) <= sum->slack;
}

bool mr_tally_shows_other(
    const struct mr_tally *tally, const char *group, int64_t n_rows, struct mr_value value)
{
    double slack;
    struct mr_value result = mr_tally_result(tally, group, n_rows, &slack);
    return mr_value_near(result, value, slack);
}

bool mr_value_near(struct mr_value a, struct mr_value b, double slack)
{
    bool is_open = slack - slack != 0; /* not finite */
    if (a.type != MR_TYPE_FLOAT || b.type != MR_TYPE_FLOAT)
        return is_open || mr_value_same(a, b);
    if (a.f == b.f || (a.f != a.f && b.f != b.f)) return true;
    if (is_open) return true;
    return __builtin_fabs(a.f - b.f) <= slack;
}
