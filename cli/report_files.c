#include "cli/report_files.h"

#include <stdio.h>
#include <unistd.h>

#include "cli/build.h"
#include "cli/files.h"
#include "reports/html.h"
#include "reports/junit.h"

bool mr_report_needs_record(const struct mr_report_paths *paths)
{
    return paths->folder || paths->record || paths->html;
}

static const char *in_folder(struct mr_region *region, const char *folder, const char *name)
{
    return mr_region_printf(region, "%s/%s", folder, name);
}

bool mr_report_files_begin(struct mr_report_files *files, struct mr_region *region,
    const struct mr_report_paths *paths, enum mr_plant plant, struct mr_err *err)
{
    *files = (struct mr_report_files){.paths = *paths};
    struct mr_report_paths *all = &files->paths;
    if (all->folder) {
        if (!mr_cli_make_folder(all->folder, err)) return false;
        if (!all->record) all->record = in_folder(region, all->folder, "campaign.mrr");
        if (!all->html) all->html = in_folder(region, all->folder, "report.html");
        if (!all->junit) all->junit = in_folder(region, all->folder, "junit.xml");
    }
    if (!mr_report_needs_record(all)) return true;
    files->record_path = all->record;
    if (!all->record) {
        files->is_record_temporary = true;
        files->record_path = mr_region_printf(region, "%s.%ld.mrr", all->html, (long)getpid());
    }
    if (!mr_store_create(files->record_path, &mr_build, &files->store, err)) return false;
    mr_store_plant(files->store, plant);
    return true;
}

bool mr_report_write_html(const char *path, struct mr_store *store, struct mr_err *err)
{
    struct mr_text page = {0};
    bool is_without_pictures = false;
    struct mr_err inner = {0};
    bool is_ok = mr_html_write(&page, store, &is_without_pictures, &inner);
    bool is_written =
        (is_ok || is_without_pictures) && mr_cli_write_file(path, page.data, page.bytes, err);
    mr_text_deinit(&page);
    if (is_ok || err->kind != MR_ERR_NONE) return is_written;
    *err = inner;
    return false;
}

static bool write_junit(const struct mr_report_files *files,
    const struct mr_tally *const *tallies, const double *seconds, size_t n_tallies,
    struct mr_err *err)
{
    const char *path = files->paths.junit;
    struct mr_text text = {0};
    mr_junit_write_all(&text, tallies, seconds, n_tallies, files->tests, files->n_tests);
    bool is_ok = mr_cli_write_file(path, text.data ? text.data : "", text.bytes, err);
    mr_text_deinit(&text);
    return is_ok;
}

static bool reopen(struct mr_report_files *files, struct mr_err *err)
{
    if (!mr_store_finish(files->store, err)) return false;
    mr_store_close(files->store);
    files->store = NULL;
    return mr_store_open(files->record_path, &files->store, err);
}

bool mr_report_files_finish(struct mr_report_files *files,
    const struct mr_tally *const *tallies, const double *seconds, size_t n_tallies,
    struct mr_err *err)
{
    const struct mr_report_paths *paths = &files->paths;
    if (paths->junit && !write_junit(files, tallies, seconds, n_tallies, err))
        return false;
    if (!files->store) return true;
    return reopen(files, err) &&
           (!paths->html || mr_report_write_html(paths->html, files->store, err));
}

void mr_report_files_tell(const struct mr_report_files *files)
{
    const struct mr_report_paths *paths = &files->paths;
    if (paths->html) printf("report: %s\n", paths->html);
    if (paths->record) printf("record: %s\n", paths->record);
    if (paths->junit) printf("junit:  %s\n", paths->junit);
}

void mr_report_files_close(struct mr_report_files *files)
{
    mr_store_close(files->store);
    files->store = NULL;
    if (files->is_record_temporary) unlink(files->record_path);
}
