/* `millrace schema`: for editors that complete and check YAML. */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/console.h"
#include "scenarios/language/scenario.h"

static const char about[] = "Prints the JSON Schema (draft-07) of scenario files. An editor "
                            "with a YAML language server\n"
                            "completes and checks scenarios with it. WHAT is scenario, the "
                            "default and so far the only\n"
                            "one.";

static const char examples[] = "  millrace schema scenario > scenario.schema.json\n";

static bool is_known(const char *what, struct mr_err *err)
{
    static const char *const words[] = {"scenario"};
    if (strcmp(what, words[0]) == 0) return true;
    mr_fail(err, MR_ERR_INPUT, "there is no schema of '%s', only of 'scenario'", what);
    mr_err_suggest(err, what, words, 1);
    return false;
}

int mr_schema_main(int argc, char **argv)
{
    const struct mr_usage usage = {.command = "schema",
        .arguments = "[WHAT]",
        .about = about,
        .examples = examples,
        .n_max = 1};
    struct mr_region *region = mr_region_create();
    struct mr_arguments arguments;
    struct mr_err err = {0};
    int code = 0;
    if (!mr_console_read(region, &usage, argc, argv, &arguments, &err) ||
        (arguments.n == 1 && !is_known(arguments.list[0], &err)))
        code = mr_console_error(&err);
    else if (!arguments.wants_help)
        fputs(mr_scenario_schema, stdout);
    mr_region_destroy(region);
    return code;
}
