/* Paths as text: where files lie, seen from a scenario and from a manifest. */
#include <string.h>

#include "scenarios/language/scenario_internal.h"

enum { PARTS_MAX = 256 };

/* A path cut at its slashes, with `.` and `x/..` taken out. */
struct parts {
    bool is_absolute;
    bool is_too_long;
    uint32_t n;
    const char *starts[PARTS_MAX];
    size_t bytes[PARTS_MAX];
};

static bool is_dots(const struct parts *parts, uint32_t i)
{
    return parts->bytes[i] == 2 && memcmp(parts->starts[i], "..", 2) == 0;
}

static void add_path(struct parts *parts, const char *path)
{
    while (*path) {
        size_t bytes = strcspn(path, "/");
        bool is_here = bytes == 0 || (bytes == 1 && path[0] == '.');
        bool is_up = bytes == 2 && path[0] == '.' && path[1] == '.';
        if (is_up && parts->n > 0 && !is_dots(parts, parts->n - 1)) {
            parts->n--;
        } else if (!is_here && !(is_up && parts->is_absolute)) {
            if (parts->n == PARTS_MAX) {
                parts->is_too_long = true;
                return;
            }
            parts->starts[parts->n] = path;
            parts->bytes[parts->n++] = bytes;
        }
        path += bytes;
        path += *path == '/';
    }
}

static void cut(struct parts *parts, const char *path)
{
    parts->n = 0;
    parts->is_too_long = false;
    parts->is_absolute = path[0] == '/';
    add_path(parts, path);
}

static const char *joined(
    struct mr_region *region, const struct parts *parts, uint32_t first, uint32_t n_up)
{
    size_t bytes = 2 + 3 * (size_t)n_up;
    for (uint32_t i = first; i < parts->n; i++) bytes += parts->bytes[i] + 1;
    char *out = mr_region_alloc(region, bytes + 1), *end = out;
    if (parts->is_absolute && n_up == 0 && first == 0) *end++ = '/';
    for (uint32_t i = 0; i < n_up; i++) {
        memcpy(end, "../", 3);
        end += 3;
    }
    for (uint32_t i = first; i < parts->n; i++) {
        memcpy(end, parts->starts[i], parts->bytes[i]);
        end += parts->bytes[i];
        *end++ = '/';
    }
    if (end > out + 1 || (end > out && !parts->is_absolute)) end--;
    if (end == out) *end++ = '.';
    *end = '\0';
    return out;
}

const char *mr_path_folder(struct mr_region *region, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash) return ".";
    if (slash == path) return "/";
    return mr_region_strndup(region, path, (size_t)(slash - path));
}

const char *mr_path_join(struct mr_region *region, const char *folder, const char *path)
{
    struct parts parts;
    cut(&parts, path[0] == '/' ? path : folder);
    if (path[0] != '/') add_path(&parts, path);
    return parts.is_too_long ? path : joined(region, &parts, 0, 0);
}

const char *mr_path_from(struct mr_region *region, const char *folder, const char *path)
{
    struct parts from, to;
    cut(&from, folder);
    cut(&to, path);
    if (from.is_too_long || to.is_too_long || from.is_absolute != to.is_absolute) return path;
    uint32_t same = 0;
    while (same < from.n && same < to.n && from.bytes[same] == to.bytes[same] &&
           memcmp(from.starts[same], to.starts[same], to.bytes[same]) == 0)
        same++;
    for (uint32_t i = same; i < from.n; i++)
        if (is_dots(&from, i)) return path; /* what lies above is not known */
    if (to.is_absolute && same == 0) return path;
    to.is_absolute = false;
    return joined(region, &to, same, from.n - same);
}
