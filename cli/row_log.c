#include "cli/row_log.h"

#include <stdio.h>

void mr_row_log(const struct mr_transform *transform, const char *row_json, bool shows_debug)
{
    static const char *const levels[] = {
        [MR_LOG_INFO] = "INFO", [MR_LOG_ERROR] = "ERROR", [MR_LOG_DEBUG] = "DEBUG"};
    const struct mr_log_for_testing *log = &transform->log;
    if (log->level == MR_LOG_DEBUG && !shows_debug) return;
    fprintf(stderr, "%s:root:%s%s\n", levels[log->level], log->prefix, row_json);
}
