/* `millrace points`: the registries of names. */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/console.h"

static const char *const kinds[] = {"points", "chances", "plants", "milestones", NULL};

static const char about[] =
    "Lists the names that scenarios and flags use: points where a fault may strike\n"
    "(`at: {point: NAME}`), chances that the world may take, bugs that can be planted\n"
    "(`--plant NAME`), and milestones that a campaign should reach (`sometimes: [NAME]`).\n"
    "KIND is points, chances, plants or milestones; without it all are listed.";

static void list(const char *title, const struct mr_named *names, int n)
{
    printf("%s\n", title);
    for (int i = 0; i < n; i++) {
        const char *check = names[i].check;
        printf("  %-28s %s%s%s%s\n", names[i].name, names[i].about,
            check && *check ? " (found by: " : "", check && *check ? check : "",
            check && *check ? ")" : "");
    }
}

static void list_kind(const char *kind)
{
    if (strcmp(kind, "points") == 0)
        list("Points", mr_points, MR_POINT_COUNT);
    else if (strcmp(kind, "chances") == 0)
        list("Chances", mr_chances, MR_CHANCE_COUNT);
    else if (strcmp(kind, "plants") == 0)
        list("Planted bugs", mr_plants, MR_PLANT_COUNT);
    else
        list("Milestones", mr_sometimes, MR_SOMETIMES_COUNT);
}

static bool is_kind(const char *word, struct mr_err *err)
{
    size_t n = 0;
    while (kinds[n] && strcmp(kinds[n], word) != 0) n++;
    if (kinds[n]) return true;
    mr_fail(err, MR_ERR_INPUT, "there is no kind of names '%s'", word);
    mr_err_suggest(err, word, kinds, n);
    return false;
}

int mr_points_main(int argc, char **argv)
{
    const struct mr_usage usage = {
        .command = "points", .arguments = "[KIND]", .about = about, .n_max = 1};
    struct mr_region *region = mr_region_create();
    struct mr_arguments arguments;
    struct mr_err err = {0};
    int code = 0;
    if (!mr_console_read(region, &usage, argc, argv, &arguments, &err) ||
        (arguments.n == 1 && !is_kind(arguments.list[0], &err)))
        code = mr_console_error(&err);
    else if (arguments.n == 1)
        list_kind(arguments.list[0]);
    else if (!arguments.wants_help)
        for (size_t i = 0; kinds[i]; i++) list_kind(kinds[i]);
    mr_region_destroy(region);
    return code;
}
