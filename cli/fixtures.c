#define _XOPEN_SOURCE 700 /* nftw */
#include "cli/fixtures.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIXTURES_MAX = 64, FOLDERS_OPEN_MAX = 16 };

static bool read_fixture(const struct mr_yaml *node, struct mr_fixture *out, struct mr_err *err)
{
    static const char *const keys[] = {"name", "type", "config"};
    if (!mr_yaml_only_keys(node, "a fixture", keys, 3, err)) return false;
    const struct mr_yaml *name = mr_yaml_get(node, "name");
    const struct mr_yaml *type = mr_yaml_get(node, "type");
    const char *word;
    if (!name || !type)
        return mr_fail_at(err, node->place, "a fixture needs 'name' and 'type'");
    if (!mr_yaml_as_text(name, "the name of a fixture", &out->name, err) ||
        !mr_yaml_as_text(type, "the type of a fixture", &word, err))
        return false;
    if (strcmp(word, "tempfile.TemporaryDirectory") == 0) return true;
    return mr_fail_at(err, type->place,
        "'fixtures' of type '%s' start services outside of the pipeline, which is not "
        "supported",
        word);
}

bool mr_fixtures_read(struct mr_region *region, const struct mr_yaml *node,
    struct mr_fixtures *out, struct mr_err *err)
{
    *out = (struct mr_fixtures){0};
    if (!node || node->kind == MR_YAML_NULL) return true;
    if (node->kind != MR_YAML_LIST || node->n > FIXTURES_MAX)
        return mr_fail_at(
            err, node->place, "'fixtures' must be a list of at most %d", (int)FIXTURES_MAX);
    out->list = mr_region_array(region, struct mr_fixture, node->n + 1);
    for (; out->n < node->n; out->n++)
        if (!read_fixture(node->items[out->n], &out->list[out->n], err)) return false;
    return true;
}

bool mr_fixtures_open(
    struct mr_fixtures *fixtures, struct mr_region *region, struct mr_err *err)
{
    const char *base = getenv("TMPDIR");
    for (uint32_t i = 0; i < fixtures->n; i++) {
        char *path = mr_region_printf(
            region, "%s/millrace-fixture-XXXXXX", base && base[0] ? base : "/tmp");
        if (!mkdtemp(path))
            return mr_fail(
                err, MR_ERR_IO, "cannot make the folder '%s': %s", path, strerror(errno));
        fixtures->list[i].path = path;
    }
    return true;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status, (void)kind, (void)where;
    return remove(path);
}

void mr_fixtures_close(struct mr_fixtures *fixtures)
{
    for (uint32_t i = 0; i < fixtures->n; i++)
        if (fixtures->list[i].path)
            nftw(fixtures->list[i].path, remove_one, FOLDERS_OPEN_MAX, FTW_DEPTH | FTW_PHYS);
    *fixtures = (struct mr_fixtures){0};
}

/* ---- Filling in ---- */

/* The fixture whose name in braces stands at `at`. */
static const struct mr_fixture *fixture_at(const struct mr_fixtures *fixtures, const char *at)
{
    for (uint32_t i = 0; at[0] == '{' && i < fixtures->n; i++) {
        const struct mr_fixture *fixture = &fixtures->list[i];
        size_t bytes = strlen(fixture->name);
        if (strncmp(at + 1, fixture->name, bytes) == 0 && at[bytes + 1] == '}') return fixture;
    }
    return NULL;
}

static const char *filled_text(
    const struct mr_fixtures *fixtures, struct mr_region *region, const char *text)
{
    struct mr_text out = {0};
    bool is_changed = false;
    for (const char *at = text; *at;) {
        const struct mr_fixture *fixture = fixture_at(fixtures, at);
        mr_text_printf(&out, fixture ? "%s" : "%.1s", fixture ? fixture->path : at);
        at += fixture ? strlen(fixture->name) + 2 : 1;
        is_changed |= fixture != NULL;
    }
    const char *filled = is_changed ? mr_region_strdup(region, out.data) : text;
    mr_text_deinit(&out);
    return filled;
}

static const struct mr_yaml *filled(
    const struct mr_fixtures *fixtures, struct mr_region *region, const struct mr_yaml *node)
{
    struct mr_yaml *out = mr_region_new(region, struct mr_yaml);
    *out = *node;
    if (node->kind == MR_YAML_TEXT) out->text = filled_text(fixtures, region, node->text);
    if (node->n == 0) return out;
    const struct mr_yaml **items = mr_region_array(region, const struct mr_yaml *, node->n);
    for (uint32_t i = 0; i < node->n; i++) items[i] = filled(fixtures, region, node->items[i]);
    out->items = items;
    return out;
}

const struct mr_yaml *const *mr_fixtures_fill(const struct mr_fixtures *fixtures,
    struct mr_region *region, const struct mr_yaml *const *documents, uint32_t n)
{
    const struct mr_yaml **out = mr_region_array(region, const struct mr_yaml *, n + 1);
    for (uint32_t i = 0; i < n; i++) out[i] = filled(fixtures, region, documents[i]);
    return out;
}
