/* Numbers of the row evaluator: row_number.c for row.c. What fails leaves *out alone. */
#ifndef MR_ENGINE_EXPRESSION_ROW_H
#define MR_ENGINE_EXPRESSION_ROW_H

#include "engine/expression/expression_internal.h"

/* + - * / // % of two numbers, BOOL being one. */
enum mr_row_error mr_row_arithmetic(
    enum mr_node_kind kind, struct mr_value a, struct mr_value b, struct mr_value *out);
/* -a, +a, abs(a) */
enum mr_row_error mr_row_sign(enum mr_node_kind kind, struct mr_value a, struct mr_value *out);
enum mr_row_error mr_row_to_int(struct mr_value a, struct mr_value *out);
enum mr_row_error mr_row_to_float(
    struct mr_value a, struct mr_scratch *scratch, struct mr_value *out);
/* A number of seconds, or a timestamp, as mr_us. */
enum mr_row_error mr_row_to_seconds(struct mr_value a, struct mr_value *out);

enum { MR_ROW_UNORDERED = 2 };
/* -1, 0, 1, or MR_ROW_UNORDERED where one is NaN. */
int mr_row_order_numbers(struct mr_value a, struct mr_value b);

#endif
