/* The types of a tree, from the leaves up. What Python would refuse at every row is refused
 * here; so is what gives rows of different types, since a column has one. */
#include "engine/expression/call.h"

/* How a node is called in a message. */
static const char *node_name(enum mr_node_kind kind)
{
    static const char *const names[] = {
        [MR_NODE_NEGATE] = "-",
        [MR_NODE_PLUS] = "+",
        [MR_NODE_ADD] = "+",
        [MR_NODE_SUBTRACT] = "-",
        [MR_NODE_MULTIPLY] = "*",
        [MR_NODE_DIVIDE] = "/",
        [MR_NODE_FLOOR_DIVIDE] = "//",
        [MR_NODE_MODULO] = "%",
        [MR_NODE_AND] = "and",
        [MR_NODE_OR] = "or",
        [MR_NODE_CONDITIONAL] = "if else",
        [MR_NODE_LEN] = "len",
        [MR_NODE_STR] = "str",
        [MR_NODE_INT] = "int",
        [MR_NODE_FLOAT] = "float",
        [MR_NODE_ABS] = "abs",
        [MR_NODE_MIN] = "min",
        [MR_NODE_MAX] = "max",
        [MR_NODE_UPPER] = "upper",
        [MR_NODE_LOWER] = "lower",
        [MR_NODE_STARTSWITH] = "startswith",
        [MR_NODE_STRIP] = "strip",
        [MR_NODE_LSTRIP] = "lstrip",
        [MR_NODE_RSTRIP] = "rstrip",
        [MR_NODE_REPLACE] = "replace",
        [MR_NODE_ENDSWITH] = "endswith",
        [MR_NODE_FIND] = "find",
        [MR_NODE_COUNT] = "count",
        [MR_NODE_IN] = "in",
        [MR_NODE_INDEX] = "[]",
        [MR_NODE_SLICE] = "[:]",
        [MR_NODE_ROUND] = "round",
        [MR_NODE_POWER] = "**",
        [MR_NODE_SECONDS] = "timestamp",
    };
    MR_ASSERT(kind < sizeof names / sizeof *names && names[kind]);
    return names[kind];
}

static bool is_number(enum mr_type type)
{
    return type == MR_TYPE_BOOL || type == MR_TYPE_INT || type == MR_TYPE_FLOAT;
}

static bool is_text(enum mr_type type)
{
    return type == MR_TYPE_STRING || type == MR_TYPE_BYTES;
}

static bool fail_unary(const struct mr_compiler *compiler, const struct mr_node *node)
{
    if (node->arguments[0]->type == MR_TYPE_TIMESTAMP || compiler->may_fail)
        mr_compiler_beyond(compiler, MR_BEYOND_TYPES);
    return mr_compiler_fail(compiler, node->offset, "type mismatch: '%s' of %s",
        node_name(node->kind), mr_type_name(node->arguments[0]->type));
}

/* Whether Python may make something of the two: where a column would not be of one type, at
 * texts that are repeated and formatted, at timestamps. */
static bool is_python_of(const struct mr_node *node, enum mr_type a, enum mr_type b)
{
    bool is_choice = node->kind == MR_NODE_AND || node->kind == MR_NODE_OR ||
                     node->kind == MR_NODE_CONDITIONAL || node->kind == MR_NODE_MIN ||
                     node->kind == MR_NODE_MAX;
    bool is_repeated = node->kind == MR_NODE_MULTIPLY && is_text(a) != is_text(b);
    bool is_formatted = node->kind == MR_NODE_MODULO && is_text(a);
    return is_choice || is_repeated || is_formatted || a == MR_TYPE_TIMESTAMP ||
           b == MR_TYPE_TIMESTAMP;
}

static bool fail_binary(const struct mr_compiler *compiler, const struct mr_node *node,
    const struct mr_node *a, const struct mr_node *b)
{
    if (is_python_of(node, a->type, b->type) || compiler->may_fail)
        mr_compiler_beyond(compiler, MR_BEYOND_TYPES);
    return mr_compiler_fail(compiler, node->offset, "type mismatch: '%s' of %s and %s",
        node_name(node->kind), mr_type_name(a->type), mr_type_name(b->type));
}

/* The type that a column of both has, in *out; None goes with every type. */
static bool unify(enum mr_type a, enum mr_type b, enum mr_type *out)
{
    *out = a == MR_TYPE_NULL ? b : a;
    return a == b || a == MR_TYPE_NULL || b == MR_TYPE_NULL;
}

/* What has values inside can be copied, and nothing else. */
static bool check_document(const struct mr_compiler *compiler, const struct mr_node *node,
    const struct mr_field *field)
{
    if (!mr_type_is_document(field->type) || compiler->is_bare) return true;
    mr_compiler_beyond(compiler, MR_BEYOND_TYPES);
    return mr_compiler_fail(compiler, node->offset,
        "field '%s' is of type %s, which only Python computes with: add 'language: python'",
        field->name, mr_type_name(field->type));
}

static bool check_field(const struct mr_compiler *compiler, struct mr_node *node)
{
    const struct mr_field *field = &compiler->schema->fields[node->field];
    node->type = field->type;
    node->is_nullable = field->is_nullable;
    return check_document(compiler, node, field);
}

/* The row itself is not computed with. */
static bool check_member(const struct mr_compiler *compiler, struct mr_node *node)
{
    struct mr_node *row = node->arguments[0];
    node->type = node->member->type;
    node->is_nullable = node->member->is_nullable;
    if (row->kind == MR_NODE_MEMBER) {
        row->type = row->member->type;
        row->is_nullable = row->member->is_nullable;
        struct mr_compiler bare = *compiler;
        bare.is_bare = true;
        if (!check_member(&bare, row)) return false;
    } else {
        row->type = MR_TYPE_ROW;
        row->is_nullable = compiler->schema->fields[row->field].is_nullable;
    }
    return check_document(compiler, node, node->member);
}

static bool check_sign(const struct mr_compiler *compiler, struct mr_node *node)
{
    enum mr_type type = node->arguments[0]->type;
    if (!is_number(type)) return fail_unary(compiler, node);
    node->type = type == MR_TYPE_FLOAT ? MR_TYPE_FLOAT : MR_TYPE_INT;
    return true;
}

static bool check_arithmetic(const struct mr_compiler *compiler, struct mr_node *node)
{
    const struct mr_node *a = node->arguments[0];
    const struct mr_node *b = node->arguments[1];
    node->type = a->type;
    if (node->kind == MR_NODE_ADD && is_text(a->type) && a->type == b->type) return true;
    if (!is_number(a->type) || !is_number(b->type)) return fail_binary(compiler, node, a, b);
    bool is_float =
        node->kind == MR_NODE_DIVIDE || a->type == MR_TYPE_FLOAT || b->type == MR_TYPE_FLOAT;
    node->type = is_float ? MR_TYPE_FLOAT : MR_TYPE_INT;
    return true;
}

static bool check_compare(const struct mr_compiler *compiler, struct mr_node *node)
{
    static const char *const names[] = {"==", "!=", "<", "<=", ">", ">="};
    node->type = MR_TYPE_BOOL;
    for (uint32_t i = 0; i + 1 < node->n_arguments; i++) {
        enum mr_type a = node->arguments[i]->type;
        enum mr_type b = node->arguments[i + 1]->type;
        uint8_t comparison = node->comparisons[i];
        bool is_equality = comparison == MR_COMPARE_EQUAL || comparison == MR_COMPARE_UNEQUAL;
        bool has_none = a == MR_TYPE_NULL || b == MR_TYPE_NULL;
        bool ok = has_none ? is_equality : a == b || (is_number(a) && is_number(b));
        if (!ok && (is_equality || a == MR_TYPE_TIMESTAMP || b == MR_TYPE_TIMESTAMP ||
                       compiler->may_fail))
            mr_compiler_beyond(compiler, MR_BEYOND_TYPES);
        if (!ok)
            return mr_compiler_fail(compiler, node->arguments[i]->offset,
                "type mismatch: '%s' of %s and %s", names[comparison], mr_type_name(a),
                mr_type_name(b));
    }
    return true;
}

/* min and max: Python returns one of the arguments as it is, so they must be of one type. */
static bool check_extreme(const struct mr_compiler *compiler, struct mr_node *node)
{
    const struct mr_node *first = node->arguments[0];
    node->type = first->type;
    for (uint32_t i = 0; i < node->n_arguments; i++) {
        const struct mr_node *argument = node->arguments[i];
        if (argument->type != first->type || first->type == MR_TYPE_NULL)
            return fail_binary(compiler, node, first, node->arguments[i ? i : 1]);
    }
    return true;
}

static bool check_conversion(const struct mr_compiler *compiler, struct mr_node *node)
{
    enum mr_type type = node->arguments[0]->type;
    bool is_str = node->kind == MR_NODE_STR;
    bool is_none = type == MR_TYPE_NULL && is_str; /* str(None) is 'None' */
    if (!is_number(type) && type != MR_TYPE_STRING && !is_none)
        return fail_unary(compiler, node);
    node->type = is_str                      ? MR_TYPE_STRING
                 : node->kind == MR_NODE_INT ? MR_TYPE_INT
                                             : MR_TYPE_FLOAT;
    return true;
}

static bool check_text(const struct mr_compiler *compiler, struct mr_node *node)
{
    enum mr_type type = node->arguments[0]->type;
    bool is_case = node->kind == MR_NODE_UPPER || node->kind == MR_NODE_LOWER;
    if (!is_text(type) || (is_case && type != MR_TYPE_STRING))
        return fail_unary(compiler, node);
    node->type = is_case ? type : node->kind == MR_NODE_LEN ? MR_TYPE_INT : MR_TYPE_BOOL;
    if (node->kind == MR_NODE_STARTSWITH && node->arguments[1]->type != type)
        return fail_binary(compiler, node, node->arguments[0], node->arguments[1]);
    return true;
}

static bool check_seconds(const struct mr_compiler *compiler, struct mr_node *node)
{
    enum mr_type type = node->arguments[0]->type;
    node->type = MR_TYPE_INT;
    if (is_number(type) || type == MR_TYPE_TIMESTAMP) return true;
    return fail_unary(compiler, node);
}

/* and, or, if else: the value is that of one of the arguments. Where only its truth is asked
 * for, their types may differ. */
static bool check_choice(
    const struct mr_compiler *compiler, struct mr_node *node, bool wants_truth)
{
    node->is_truth = wants_truth;
    uint32_t first = node->kind == MR_NODE_CONDITIONAL ? 1 : 0;
    for (uint32_t i = 0; i < node->n_arguments; i++)
        if (!mr_node_check(compiler, node->arguments[i], wants_truth || i < first))
            return false;
    const struct mr_node *a = node->arguments[first];
    const struct mr_node *b = node->arguments[first + 1];
    if (wants_truth) {
        node->type = MR_TYPE_BOOL;
        return true;
    }
    if (!unify(a->type, b->type, &node->type)) return fail_binary(compiler, node, a, b);
    /* `a or b` is `a` only if that is true, and None is not. */
    node->is_nullable = b->is_nullable || (a->is_nullable && node->kind != MR_NODE_OR);
    return true;
}

/* Whatever else the types may be, Python is asked. */
static bool check_call(const struct mr_compiler *compiler, struct mr_node *node)
{
    if (mr_call_type(node, &node->type)) return true;
    mr_compiler_beyond(compiler, MR_BEYOND_TYPES);
    return mr_compiler_fail(compiler, node->offset, "type mismatch: '%s' of %s",
        node_name(node->kind), mr_type_name(node->arguments[0]->type));
}

/* The node's own type; its arguments have theirs. */
static bool check_node(const struct mr_compiler *compiler, struct mr_node *node)
{
    switch (node->kind) {
    case MR_NODE_FIELD:
        return check_field(compiler, node);
    case MR_NODE_MEMBER:
        return check_member(compiler, node);
    case MR_NODE_LITERAL:
        node->type = (enum mr_type)node->literal.type;
        node->is_nullable = node->type == MR_TYPE_NULL;
        return true;
    case MR_NODE_NOT:
    case MR_NODE_TRUTH:
    case MR_NODE_IS_NONE:
        node->type = MR_TYPE_BOOL;
        return true;
    case MR_NODE_NEGATE:
    case MR_NODE_PLUS:
    case MR_NODE_ABS:
        return check_sign(compiler, node);
    case MR_NODE_ADD:
    case MR_NODE_SUBTRACT:
    case MR_NODE_MULTIPLY:
    case MR_NODE_DIVIDE:
    case MR_NODE_FLOOR_DIVIDE:
    case MR_NODE_MODULO:
        return check_arithmetic(compiler, node);
    case MR_NODE_COMPARE:
        return check_compare(compiler, node);
    case MR_NODE_STR:
    case MR_NODE_INT:
    case MR_NODE_FLOAT:
        return check_conversion(compiler, node);
    case MR_NODE_MIN:
    case MR_NODE_MAX:
        return check_extreme(compiler, node);
    case MR_NODE_LEN:
    case MR_NODE_UPPER:
    case MR_NODE_LOWER:
    case MR_NODE_STARTSWITH:
        return check_text(compiler, node);
    case MR_NODE_STRIP:
    case MR_NODE_LSTRIP:
    case MR_NODE_RSTRIP:
    case MR_NODE_REPLACE:
    case MR_NODE_ENDSWITH:
    case MR_NODE_FIND:
    case MR_NODE_COUNT:
    case MR_NODE_IN:
    case MR_NODE_INDEX:
    case MR_NODE_SLICE:
    case MR_NODE_ROUND:
    case MR_NODE_POWER:
        return check_call(compiler, node);
    case MR_NODE_SECONDS:
        return check_seconds(compiler, node);
    case MR_NODE_AND:
    case MR_NODE_OR:
    case MR_NODE_CONDITIONAL:
        break; /* check_choice */
    }
    MR_UNREACHABLE("a node of no kind");
}

bool mr_node_check(const struct mr_compiler *compiler, struct mr_node *node, bool wants_truth)
{
    enum mr_node_kind kind = node->kind;
    if (kind == MR_NODE_AND || kind == MR_NODE_OR || kind == MR_NODE_CONDITIONAL)
        return check_choice(compiler, node, wants_truth);
    if (kind == MR_NODE_MEMBER) return check_node(compiler, node);
    bool takes_truth = kind == MR_NODE_NOT || kind == MR_NODE_TRUTH;
    for (uint32_t i = 0; i < node->n_arguments; i++)
        if (!mr_node_check(compiler, node->arguments[i], takes_truth)) return false;
    return check_node(compiler, node);
}
