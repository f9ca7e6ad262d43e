/* Results of queries as text. */
#ifndef MR_CLI_QUERY_FORMAT_H
#define MR_CLI_QUERY_FORMAT_H

#include "replay/query.h"

enum mr_query_form { MR_QUERY_BOX, MR_QUERY_CSV, MR_QUERY_JSON };
enum { MR_QUERY_BOX_ROWS_MAX = 10000 };

/* Writes all rows of the query to standard output; a box, which must be seen whole before it
 * can be drawn, at most its first MR_QUERY_BOX_ROWS_MAX. False when there are more. */
bool mr_query_write(struct mr_query *query, enum mr_query_form form);

#endif
