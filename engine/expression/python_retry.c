/* Rows on which a native expression fails are evaluated once more in CPython, which has big
 * integers, and says what went wrong in its own words.
 *
 * The function for it is made when the first row fails, in the middle of a run; so it lies in a
 * region of its own, and is found again by what it is made of. */
#include <string.h>

#include "base/digest.h"
#include "engine/batch/column.h"
#include "engine/expression/python_internal.h"

struct mr_retry {
    const char *text;
    enum mr_expression_use use;
    struct mr_field result;
    struct mr_schema schema; /* its fields lie in the region */
    uint64_t key;            /* of all of these */
};

static uint64_t mix_text(uint64_t key, const char *text)
{
    return mr_digest_mix(key, mr_hash_bytes(text, strlen(text)));
}

static uint64_t key_of(const struct mr_retry *retry)
{
    uint64_t key = mix_text(mr_digest_mix(retry->use, retry->result.type), retry->text);
    for (uint32_t i = 0; i < retry->schema.n_fields; i++) {
        key = mr_digest_mix(key, retry->schema.fields[i].type);
        key = mix_text(key, retry->schema.fields[i].name);
    }
    return key ? key : 1;
}

const struct mr_retry *mr_retry_new(
    const struct mr_compiler *compiler, enum mr_expression_use use, struct mr_field result)
{
    struct mr_retry *retry = mr_region_new(compiler->region, struct mr_retry);
    *retry = (struct mr_retry){
        .text = compiler->text, .use = use, .result = result, .schema = *compiler->schema};
    retry->key = key_of(retry);
    return retry;
}

/* ---- the function ---- */

static bool is_of(const struct mr_udf *udf, const struct mr_retry *retry)
{
    if (udf->retry_key != retry->key || strcmp(udf->text, retry->text) != 0 ||
        udf->use != retry->use || udf->result.type != retry->result.type ||
        udf->schema.n_fields != retry->schema.n_fields)
        return false;
    for (uint32_t i = 0; i < udf->schema.n_fields; i++)
        if (udf->schema.fields[i].type != retry->schema.fields[i].type ||
            strcmp(udf->schema.fields[i].name, retry->schema.fields[i].name) != 0)
            return false;
    return true;
}

static struct mr_schema *copy_schema(struct mr_region *region, const struct mr_schema *schema)
{
    struct mr_field *fields = mr_region_array(region, struct mr_field, schema->n_fields + 1);
    for (uint32_t i = 0; i < schema->n_fields; i++)
        fields[i] = (struct mr_field){.name = mr_region_strdup(region, schema->fields[i].name),
            .type = schema->fields[i].type,
            .is_nullable = schema->fields[i].is_nullable};
    struct mr_schema *copy = mr_region_new(region, struct mr_schema);
    *copy = (struct mr_schema){.n_fields = schema->n_fields, .fields = fields};
    return copy;
}

/* NULL: CPython does not take what we take, such as fields with points in their names. */
static const struct mr_udf *make(const struct mr_retry *retry)
{
    struct mr_region *region = mr_region_create();
    struct mr_err ignored = {0};
    struct mr_compiler compiler = {.region = region,
        .text = mr_region_strdup(region, retry->text),
        .schema = copy_schema(region, &retry->schema),
        .err = &ignored};
    struct mr_udf_text written = {.text = compiler.text, .type = retry->result.type};
    const struct mr_udf *udf = NULL;
    uint32_t n_before = mr_python_functions();
    bool ok = mr_udf_compile(&compiler, &written, retry->use, &udf);
    if (mr_python_functions() == n_before) {
        mr_region_destroy(region);
        return NULL;
    }
    struct mr_udf *made = mr_python_udf_at(n_before);
    made->region = region;
    made->retry_key = retry->key;
    made->is_refused = !ok;
    return ok ? udf : NULL;
}

static const struct mr_udf *function_of(const struct mr_retry *retry)
{
    for (uint32_t i = 0; i < mr_python_functions(); i++) {
        const struct mr_udf *udf = mr_python_udf_at(i);
        if (is_of(udf, retry)) return udf->is_refused ? NULL : udf;
    }
    return make(retry);
}

/* ---- rows ---- */

static bool is_possible(const struct mr_retry *retry, struct mr_value value)
{
    return value.type == retry->result.type ||
           (value.type == MR_TYPE_NULL && retry->result.is_nullable);
}

enum mr_row_error mr_retry_row(const struct mr_retry *retry, const struct mr_value *row,
    struct mr_scratch *scratch, enum mr_row_error error, struct mr_value *out)
{
    const struct mr_udf *udf = function_of(retry);
    struct mr_value value = {.type = MR_TYPE_NULL};
    enum mr_row_error raised = udf ? mr_udf_row(udf, row, scratch, &value) : error;
    if (!raised && is_possible(retry, value)) {
        *out = value;
        return MR_ROW_OK;
    }
    *out = (struct mr_value){.type = MR_TYPE_NULL};
    return raised && scratch->caller ? raised : error;
}

/* The rows that count and failed here. */
static uint32_t failed_rows(
    const struct mr_batch *batch, const uint8_t *before, const uint8_t *errors, uint16_t *rows)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < batch->n_selected; i++) {
        uint32_t row = mr_batch_row(batch, i);
        if (errors[row] && !(before && before[row])) rows[n++] = (uint16_t)row;
    }
    return n;
}

/* `column` with the values of rows[n] that did not fail in the end. */
static struct mr_column patched(const struct mr_retry *retry, const struct mr_column *column,
    const struct mr_column *again, const struct mr_batch *batch, const uint16_t *rows,
    uint32_t n, struct mr_scratch *scratch, const uint8_t *errors)
{
    uint32_t n_rows = batch->n_rows;
    struct mr_value *values = mr_scratch_array(scratch, struct mr_value, n_rows + 1);
    for (uint32_t i = 0; i < n_rows; i++)
        values[i] = errors[i] ? (struct mr_value){.type = (uint8_t)retry->result.type}
                              : mr_column_value(column, i);
    for (uint32_t i = 0; i < n; i++)
        if (!errors[rows[i]]) values[rows[i]] = mr_column_value(again, rows[i]);
    return mr_column_make(retry->result.type, values, 1, n_rows, scratch);
}

struct mr_column mr_retry_batch(const struct mr_retry *retry, const struct mr_batch *batch,
    struct mr_scratch *scratch, const uint8_t *before, uint8_t *errors,
    const struct mr_column *column)
{
    uint16_t *rows = mr_scratch_array(scratch, uint16_t, batch->n_selected + 1);
    uint32_t n = failed_rows(batch, before, errors, rows);
    const struct mr_udf *udf = n > 0 ? function_of(retry) : NULL;
    if (!udf) return *column;
    uint8_t *native = mr_scratch_array(scratch, uint8_t, n);
    for (uint32_t i = 0; i < n; i++) {
        native[i] = errors[rows[i]];
        errors[rows[i]] = MR_ROW_OK;
    }
    struct mr_batch failed = *batch;
    failed.selection = rows;
    failed.n_selected = n;
    struct mr_column again = mr_udf_batch(udf, &failed, scratch, errors);
    uint32_t n_good = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint8_t *error = &errors[rows[i]];
        if (*error ? !scratch->caller : !is_possible(retry, mr_column_value(&again, rows[i])))
            *error = native[i];
        n_good += *error == MR_ROW_OK;
    }
    if (n_good == 0) return *column;
    return patched(retry, column, &again, batch, rows, n, scratch, errors);
}
