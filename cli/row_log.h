/* The lines of LogForTesting. */
#ifndef MR_CLI_ROW_LOG_H
#define MR_CLI_ROW_LOG_H

#include "engine/pipeline/graph.h"

/* Writes a line to standard error, as Python's logging writes one of its root logger. Those of
 * the level DEBUG only when they are asked for. */
void mr_row_log(const struct mr_transform *transform, const char *row_json, bool shows_debug);

#endif
