/* `millrace version`. */
#include <stdio.h>

#include "cli/build.h"
#include "cli/commands.h"
#include "cli/console.h"

int mr_version_main(int argc, char **argv)
{
    const struct mr_usage usage = {.command = "version",
        .arguments = "",
        .about = "Prints the version, the commit and the compiler: a seed means a run for one "
                 "commit."};
    struct mr_region *region = mr_region_create();
    struct mr_arguments arguments;
    struct mr_err err = {0};
    int code = 0;
    if (!mr_console_read(region, &usage, argc, argv, &arguments, &err))
        code = mr_console_error(&err);
    else if (!arguments.wants_help)
        printf("millrace %s (commit %s, %s)\n", mr_build.version, mr_build.commit,
            mr_build.compiler);
    mr_region_destroy(region);
    return code;
}
