/* `millrace schema`: for editors that complete and check YAML. */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/console.h"
#include "engine/pipeline/json_schema.h"
#include "scenarios/language/scenario.h"

static const char about[] =
    "Prints the JSON Schema (draft-07) of scenarios or of pipelines. An editor with a YAML "
    "language\n"
    "server completes and checks such files with it. WHAT is scenario, the default, or pipeline.";

static const char examples[] = "  millrace schema scenario > scenario.schema.json\n"
                               "  millrace schema pipeline > pipeline.schema.json\n";

static void print(bool is_pipeline)
{
    struct mr_text text = {0};
    if (is_pipeline)
        mr_pipeline_schema(&text);
    else
        mr_text_printf(&text, "%s", mr_scenario_schema);
    mr_console_put(&text);
}

static bool is_known(const char *what, struct mr_err *err)
{
    static const char *const words[] = {"scenario", "pipeline"};
    for (size_t i = 0; i < 2; i++)
        if (strcmp(what, words[i]) == 0) return true;
    mr_fail(err, MR_ERR_INPUT, "there is no schema of '%s', only of 'scenario' and 'pipeline'",
        what);
    mr_err_suggest(err, what, words, 2);
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
        print(arguments.n == 1 && strcmp(arguments.list[0], "pipeline") == 0);
    mr_region_destroy(region);
    return code;
}
