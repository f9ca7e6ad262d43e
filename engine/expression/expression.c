/* From the text of an expression to its checked tree, and what is asked of it afterwards. */
#include "engine/expression/expression.h"

#include <stdio.h>
#include <string.h>

#include "engine/expression/python.h"
#include "engine/expression/sql.h"

const char *mr_row_error_text(enum mr_row_error error)
{
    switch (error) {
    case MR_ROW_OK:
        return "";
    case MR_ROW_ZERO_DIVISION:
        return "ZeroDivisionError: division by zero";
    case MR_ROW_OVERFLOW:
        return "OverflowError: the integer does not fit into 64 bits";
    case MR_ROW_TYPE:
        return "TypeError: None where a value is needed";
    case MR_ROW_VALUE:
        return "ValueError: the value cannot be converted to a number";
    case MR_ROW_FLOAT_RANGE:
        return "OverflowError: cannot convert float infinity to integer";
    case MR_ROW_INDEX:
        return "IndexError: string index out of range";
    case MR_ROW_UNKNOWN_OUTPUT:
        return "ValueError: Unknown output name";
    case MR_ROW_INVALID:
        return "ValidationError: the row does not respect the schema";
    case MR_ROW_LOOKUP:
        return "LookupError: the row could not be looked up";
    case MR_ROW_RAISED:
        return "an exception in a function of the pipeline";
    }
    MR_UNREACHABLE("an error of a row that does not exist");
}

const char *mr_row_error_repr(enum mr_row_error error)
{
    switch (error) {
    case MR_ROW_ZERO_DIVISION: return "ZeroDivisionError('division by zero')";
    case MR_ROW_OVERFLOW: return "OverflowError('the integer does not fit into 64 bits')";
    case MR_ROW_TYPE: return "TypeError('None where a value is needed')";
    case MR_ROW_VALUE: return "ValueError('the value cannot be converted to a number')";
    case MR_ROW_FLOAT_RANGE: return "OverflowError('cannot convert float infinity to integer')";
    case MR_ROW_INDEX: return "IndexError('string index out of range')";
    default: return mr_row_error_text(error); /* their transforms say more */
    }
}

struct mr_row_failure mr_row_failure_find(
    const struct mr_caller *caller, uint8_t error, uint32_t row)
{
    const char *text = mr_row_error_text((enum mr_row_error)error);
    const struct mr_row_failure *failure =
        caller && error == MR_ROW_RAISED ? caller->failures : NULL;
    while (failure && failure->row != row) failure = failure->next;
    if (failure) return *failure;
    return (struct mr_row_failure){
        .row = row, .message = mr_row_error_repr((enum mr_row_error)error), .stack = text};
}

/* ---- what the steps of compiling share ---- */

struct mr_place mr_compiler_place(const struct mr_compiler *compiler, uint32_t offset)
{
    struct mr_place place = compiler->place;
    /* How far the lines of a block are indented is not known here: then the block's start has
     * to do. */
    if (strchr(compiler->text, '\n')) return place;
    for (uint32_t i = 0; i < offset && compiler->text[i]; i++)
        if (((unsigned char)compiler->text[i] & 0xc0) != 0x80) place.col++;
    return place;
}

bool mr_compiler_unknown_field(
    const struct mr_compiler *compiler, uint32_t offset, const char *name)
{
    const char *names[MR_FIELDS_MAX];
    const struct mr_schema *schema = compiler->schema;
    MR_ASSERT(schema->n_fields <= MR_FIELDS_MAX);
    for (uint32_t i = 0; i < schema->n_fields; i++) names[i] = schema->fields[i].name;
    mr_compiler_fail(compiler, offset, "unknown field '%s'", name);
    mr_err_suggest(compiler->err, name, names, schema->n_fields);
    return false;
}

struct mr_node *mr_node_new(const struct mr_compiler *compiler, enum mr_node_kind kind,
    uint32_t offset, struct mr_node *const *arguments, uint32_t n_arguments)
{
    struct mr_node *node = mr_region_new(compiler->region, struct mr_node);
    *node = (struct mr_node){
        .kind = kind, .offset = offset, .depth = 1, .n_arguments = n_arguments, .field = -1};
    if (n_arguments == 0) return node;
    node->arguments = mr_region_array(compiler->region, struct mr_node *, n_arguments);
    for (uint32_t i = 0; i < n_arguments; i++) {
        node->arguments[i] = arguments[i];
        if (arguments[i]->depth >= node->depth) node->depth = arguments[i]->depth + 1;
    }
    if (node->depth <= MR_NODE_DEPTH_MAX) return node;
    mr_compiler_fail(compiler, offset, "the expression is nested too deeply");
    return NULL;
}

/* ---- compiling ---- */

/* What the use puts on top of what was written. NULL with an error. */
static struct mr_node *crown(
    const struct mr_compiler *compiler, struct mr_node *node, enum mr_expression_use use)
{
    if (use == MR_USE_VALUE) return node;
    enum mr_node_kind kind = use == MR_USE_KEEP ? MR_NODE_TRUTH : MR_NODE_SECONDS;
    return mr_node_new(compiler, kind, node->offset, &node, 1);
}

static struct mr_node *compile(
    const struct mr_compiler *compiler, bool is_python, enum mr_expression_use use)
{
    struct mr_node *root =
        is_python ? mr_parse_python(compiler) : mr_parse_generic(compiler, use);
    if (root) root = crown(compiler, root, use);
    struct mr_compiler checker = *compiler;
    checker.is_bare = root && (root->kind == MR_NODE_FIELD || root->kind == MR_NODE_MEMBER);
    if (!root || !mr_node_check(&checker, root, false)) return NULL;
    if (root->type != MR_TYPE_NULL) return root;
    mr_compiler_beyond(compiler, MR_BEYOND_TYPES); /* Python's is of type any */
    mr_compiler_fail(
        compiler, root->offset, "type mismatch: the expression is always None, of no type");
    return NULL;
}

static bool compiler_make(struct mr_compiler *compiler, struct mr_region *region,
    const char *text, struct mr_place place, const struct mr_schema *schema, struct mr_err *err)
{
    MR_ASSERT(schema->n_fields <= MR_FIELDS_MAX);
    *compiler = (struct mr_compiler){
        .region = region, .place = place, .schema = schema, .err = err};
    if (strlen(text) >= UINT32_MAX)
        return mr_fail_at(err, place, "an expression of more than 4 GB is not supported");
    compiler->text = mr_region_strdup(region, text);
    return true;
}

static const struct mr_shape *shape_of(
    const struct mr_compiler *compiler, const struct mr_node *root)
{
    if (root->kind == MR_NODE_MEMBER) return root->member->shape;
    return root->kind == MR_NODE_FIELD ? compiler->schema->fields[root->field].shape : NULL;
}

static const struct mr_expression *expression_new(const struct mr_compiler *compiler,
    enum mr_expression_use use, const struct mr_node *root, const struct mr_udf *udf,
    const struct mr_retry *retry)
{
    struct mr_expression *expression = mr_region_new(compiler->region, struct mr_expression);
    *expression = (struct mr_expression){.text = compiler->text,
        .use = use,
        .root = root,
        .shape = root ? shape_of(compiler, root) : NULL,
        .n_fields = compiler->schema->n_fields,
        .udf = udf,
        .retry = retry};
    return expression;
}

/* What computes nothing cannot fail. */
static const struct mr_retry *retry_of(const struct mr_compiler *compiler,
    enum mr_expression_use use, const struct mr_node *root)
{
    if (root->n_arguments == 0 || mr_type_is_document(root->type)) return NULL;
    return mr_retry_new(compiler, use,
        (struct mr_field){.type = root->type, .is_nullable = root->is_nullable});
}

bool mr_expression_compile(struct mr_region *region, const char *text, struct mr_place place,
    const char *language, enum mr_expression_use use, const struct mr_schema *schema,
    const struct mr_expression **out, struct mr_err *err)
{
    bool is_python = strcmp(language, "python") == 0;
    MR_ASSERT(is_python || strcmp(language, "generic") == 0);
    struct mr_compiler compiler;
    if (!compiler_make(&compiler, region, text, place, schema, err)) return false;
    const struct mr_node *root = compile(&compiler, is_python, use);
    if (!root) return false;
    *out = expression_new(&compiler, use, root, NULL, NULL);
    return true;
}

bool mr_expression_compile_member(struct mr_region *region, const struct mr_schema *schema,
    uint32_t field, uint32_t member, struct mr_place place, const struct mr_expression **out,
    struct mr_err *err)
{
    const struct mr_field *row = &schema->fields[field];
    MR_ASSERT(row->type == MR_TYPE_ROW && row->shape && row->shape->is_exact);
    const struct mr_field *inner = &row->shape->fields[member];
    const char *text = mr_region_printf(region, "%s.%s", row->name, inner->name);
    struct mr_compiler compiler;
    if (!compiler_make(&compiler, region, text, place, schema, err)) return false;
    compiler.is_bare = true;
    struct mr_node *leaf = mr_node_new(&compiler, MR_NODE_FIELD, 0, NULL, 0);
    struct mr_node *root = leaf ? mr_node_new(&compiler, MR_NODE_MEMBER, 0, &leaf, 1) : NULL;
    if (!root) return false;
    leaf->field = (int)field;
    root->member = inner;
    if (!mr_node_check(&compiler, root, false)) return false;
    *out = expression_new(&compiler, MR_USE_VALUE, root, NULL, NULL);
    return true;
}

bool mr_expression_compile_foreign(struct mr_region *region, const struct mr_udf_text *written,
    enum mr_expression_use use, const struct mr_schema *schema,
    const struct mr_expression **out, struct mr_err *err)
{
    struct mr_compiler compiler;
    const struct mr_udf *udf;
    if (!compiler_make(&compiler, region, written->text, written->place, schema, err) ||
        !mr_udf_compile(&compiler, written, use, &udf))
        return false;
    *out = expression_new(&compiler, use, NULL, udf, NULL);
    return true;
}

bool mr_expression_compile_sql(struct mr_region *region, const char *text,
    struct mr_place place, const char *table, enum mr_expression_use use,
    const struct mr_schema *schema, const struct mr_expression **out, struct mr_err *err)
{
    struct mr_compiler compiler;
    const struct mr_sql_scalar *scalar;
    int field;
    if (!compiler_make(&compiler, region, text, place, schema, err) ||
        !mr_sql_scalar_compile(&compiler, table, use, &scalar, &field))
        return false;
    struct mr_node *root = NULL;
    if (field >= 0) { /* it needs no SQLite */
        root = mr_node_new(&compiler, MR_NODE_FIELD, 0, NULL, 0);
        root->field = field;
        root->type = schema->fields[field].type;
        root->is_nullable = schema->fields[field].is_nullable;
    }
    struct mr_expression *expression = mr_region_new(region, struct mr_expression);
    *expression = (struct mr_expression){.text = compiler.text,
        .use = use,
        .root = root,
        .shape = root ? schema->fields[field].shape : NULL,
        .n_fields = schema->n_fields,
        .sql = root ? NULL : scalar};
    *out = expression;
    return true;
}

/* Whether the type that the native code yields will do for what was declared. */
static bool is_as_declared(const struct mr_udf_text *written, const struct mr_node *root)
{
    return written->type == MR_TYPE_NULL || written->type == root->type ||
           (written->type == MR_TYPE_ANY && !written->shape);
}

/* Whether no value of the type is one of what was declared. */
static bool is_never_as_declared(const struct mr_udf_text *written, enum mr_type type)
{
    bool is_number = type == MR_TYPE_BOOL || type == MR_TYPE_INT;
    bool takes_numbers = written->type == MR_TYPE_INT || written->type == MR_TYPE_FLOAT;
    return !mr_type_is_document(type) && written->type != MR_TYPE_ANY &&
           !(is_number && takes_numbers);
}

bool mr_expression_compile_udf(struct mr_region *region, const struct mr_udf_text *written,
    enum mr_expression_use use, const struct mr_schema *schema,
    const struct mr_expression **out, struct mr_err *err)
{
    if (written->is_callable)
        return mr_expression_compile_foreign(region, written, use, schema, out, err);
    struct mr_err refusal = {0};
    enum mr_beyond beyond = MR_WITHIN;
    struct mr_compiler compiler;
    if (!compiler_make(&compiler, region, written->text, written->place, schema, err))
        return false;
    compiler.err = &refusal;
    compiler.beyond = &beyond;
    compiler.may_fail = written->may_fail;
    const struct mr_node *root = compile(&compiler, !written->is_generic, use);
    if (root && is_as_declared(written, root)) {
        *out = expression_new(
            &compiler, use, root, NULL, written->is_generic ? NULL : retry_of(&compiler, use, root));
        return true;
    }
    if (root && !written->may_fail && is_never_as_declared(written, root->type))
        return mr_fail_at(err, written->place, "type mismatch: it yields %s, not %s",
            mr_type_name(root->type), mr_type_name(written->type));
    if (root || beyond != MR_WITHIN)
        return mr_expression_compile_foreign(region, written, use, schema, out, err);
    *err = refusal;
    return false;
}

/* ---- queries ---- */

struct mr_field mr_expression_result(const struct mr_expression *expression)
{
    const struct mr_node *root = expression->root;
    if (expression->sql) return mr_sql_scalar_result(expression->sql);
    if (!root) return mr_udf_result(expression->udf);
    struct mr_field result = {.type = root->type, .is_nullable = root->is_nullable};
    result.shape = expression->shape;
    return result;
}

int mr_expression_field(const struct mr_expression *expression)
{
    const struct mr_node *root = expression->root;
    return root && root->kind == MR_NODE_FIELD ? root->field : -1;
}

static uint64_t fields_of(const struct mr_node *node)
{
    uint64_t fields = node->kind == MR_NODE_FIELD ? (uint64_t)1 << node->field : 0;
    for (uint32_t i = 0; i < node->n_arguments; i++) fields |= fields_of(node->arguments[i]);
    return fields;
}

uint64_t mr_expression_reads(const struct mr_expression *expression)
{
    return expression->root ? fields_of(expression->root) : UINT64_MAX;
}

bool mr_expression_is_foreign(const struct mr_expression *expression)
{
    return expression->udf != NULL;
}

const char *mr_expression_text(const struct mr_expression *expression)
{
    return expression->text;
}
