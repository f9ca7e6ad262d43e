/* The files of WriteToText, WriteToCsv and WriteToJson, written when the run is over. */
#ifndef MR_CLI_SINK_FILES_H
#define MR_CLI_SINK_FILES_H

#include "cli/collector.h"

/* Writes the committed rows of each such sink to `PATH-00000-of-00001`, whole or not at all,
 * and says so on standard error, unless `label` is NULL. Errors: IO. */
MR_MUST_CHECK bool mr_sink_files_write(
    const struct mr_collector *collector, const char *label, struct mr_err *err);

#endif
