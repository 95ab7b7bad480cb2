/* merge_files.c - see merge_files.h. */
#include "merge_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/base/escape.h"
#include "compiler/base/memory.h"
#include "compiler/files/durable.h"
#include "merge_rows.h"
#include "query_rows.h"

/* ----------------------------------------------------------------------------- files by keys -- */

static bool comes_before(const struct merged_rows *rows, uint32_t a, uint32_t b)
{
    int order = strcmp(rows->files[a].key, rows->files[b].key);
    return order ? order < 0 : a < b;
}

static void swap(uint32_t *a, uint32_t *b)
{
    uint32_t held = *a;
    *a = *b;
    *b = held;
}

static void sift_down(struct merged_rows *rows)
{
    for (uint32_t at = 0;;) {
        uint32_t least = at, left = 2 * at + 1;
        for (uint32_t child = left; child < rows->count && child <= left + 1; child++)
            if (comes_before(rows, rows->heap[child], rows->heap[least]))
                least = child;
        if (least == at)
            return;
        swap(&rows->heap[at], &rows->heap[least]);
        at = least;
    }
}

static void push(struct merged_rows *rows, uint32_t file)
{
    uint32_t at = rows->count++;
    rows->heap[at] = file;
    for (; at > 0 && comes_before(rows, rows->heap[at], rows->heap[(at - 1) / 2]);
         at = (at - 1) / 2)
        swap(&rows->heap[at], &rows->heap[(at - 1) / 2]);
}

/* The file at the top goes on to its next row. */
static bool advance_top(struct merged_rows *rows, struct buffer *error)
{
    enum aggregate_read read = aggregate_next(&rows->files[rows->heap[0]], error);
    if (read == AGGREGATE_FAULT)
        return false;
    if (read == AGGREGATE_END)
        rows->heap[0] = rows->heap[--rows->count];
    sift_down(rows);
    return true;
}

bool merged_open(struct merged_rows *rows, const char *const *paths, uint32_t count,
                 enum same_input same, struct buffer *error)
{
    *rows = (struct merged_rows){.same = same};
    rows->files = xcalloc(count + 1, sizeof *rows->files);
    rows->heap = xcalloc(count + 1, sizeof *rows->heap);
    for (; rows->opened < count; rows->opened++) {
        if (aggregate_open(&rows->files[rows->opened], paths[rows->opened], error) ==
            AGGREGATE_FAULT) {
            merged_close(rows);
            return false;
        }
        push(rows, rows->opened);
    }
    return true;
}

static void forget_row(struct merged_rows *rows)
{
    json_decref(rows->own);
    rows->own = NULL;
    rows->lent = NULL;
    rows->key = NULL;
    rows->unit = NULL;
}

void merged_close(struct merged_rows *rows)
{
    for (uint32_t i = 0; i < rows->opened; i++)
        aggregate_close(&rows->files[i]);
    free(rows->files);
    free(rows->heap);
    forget_row(rows);
    buffer_release(&rows->own_key);
    *rows = (struct merged_rows){0};
}

/* -------------------------------------------------------------------------------------- rows -- */

static bool begins_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* What does not fit together, and the way out. */
static bool refuse(const struct merged_rows *rows, uint32_t first, uint32_t other, const char *why,
                   struct buffer *error)
{
    const char *a = rows->files[first].path, *b = rows->files[other].path;
    if (strcmp(rows->key, AGGREGATE_HEAD) == 0)
        terminal_format(error,
                        "%s and %s are not parts of one whole: %s; aggregate all parts by the same "
                        "definitions, in the same environment, with the same options",
                        a, b, why);
    else if (begins_with(rows->key, "experiment/") && strcmp(why, "'kept' differs") == 0)
        terminal_format(error,
                        "%s and %s do not keep the same of units in '%s'; aggregate all parts with "
                        "the same --by, --metric and --to",
                        a, b, rows->key + strlen("experiment/"));
    else if (begins_with(rows->key, "log/") && strcmp(why, "'ids' is in both") == 0)
        terminal_format(error,
                        "%s and %s are both of log '%s', which names an 'id': a line that is in "
                        "both would count twice; give 'aggregate' all its lines at once, or "
                        "--distinct-ids where no id is in two parts",
                        a, b, rows->key + strlen("log/"));
    else
        terminal_format(error, "%s and %s do not fit together at '%s': %s", a, b, rows->key, why);
    return false;
}

static bool refuse_same(const struct merged_rows *rows, uint32_t first, uint32_t other,
                        struct buffer *error)
{
    const char *name = json_string_value(json_object_get(rows->own, "name"));
    terminal_format(error,
                    "%s and %s are of the same lines (of %s), which would count twice; leave one "
                    "out, or give --allow-repeated where those lines are there twice",
                    rows->files[first].path, rows->files[other].path, name ? name : "a log");
    return false;
}

/* What the file at the top has of the row. */
static bool add_top(struct merged_rows *rows, uint32_t first, struct buffer *error)
{
    char why[ROW_FAULT] = "";
    uint32_t other = rows->heap[0];
    if (rows->same == SAME_INPUT_REFUSED && begins_with(rows->key, "input/"))
        return refuse_same(rows, first, other, error);
    return row_merge(rows->own, aggregate_row(&rows->files[other]), why) ||
           refuse(rows, first, other, why, error);
}

/* Whether another file is at the same key as the one at the top. */
static bool is_in_others(const struct merged_rows *rows)
{
    const char *key = rows->files[rows->heap[0]].key;
    for (uint32_t child = 1; child < rows->count && child <= 2; child++)
        if (strcmp(rows->files[rows->heap[child]].key, key) == 0)
            return true;
    return false;
}

/* Of several files: a tree of its own, into which all are merged. */
static bool merge_top(struct merged_rows *rows, struct buffer *error)
{
    uint32_t first = rows->heap[0];
    struct aggregate_file *file = &rows->files[first];
    rows->own_key.length = 0;
    buffer_append_text(&rows->own_key, file->key);
    rows->key = rows->own_key.bytes;
    rows->own = json_incref(aggregate_row(file));
    if (!advance_top(rows, error))
        return false;
    while (rows->count > 0 && strcmp(rows->files[rows->heap[0]].key, rows->key) == 0)
        if (!add_top(rows, first, error) || !advance_top(rows, error))
            return false;
    return true;
}

enum aggregate_read merged_next(struct merged_rows *rows, struct buffer *error)
{
    bool goes_on = !rows->lent || advance_top(rows, error);
    forget_row(rows);
    if (!goes_on)
        return AGGREGATE_FAULT;
    if (rows->count == 0)
        return AGGREGATE_END;
    if (is_in_others(rows))
        return merge_top(rows, error) ? AGGREGATE_ROW : AGGREGATE_FAULT;
    rows->lent = &rows->files[rows->heap[0]];
    rows->key = rows->lent->key;
    rows->unit = rows->lent->row ? NULL : &rows->lent->unit;
    return AGGREGATE_ROW;
}

const json_t *merged_row(struct merged_rows *rows)
{
    return rows->lent ? aggregate_row(rows->lent) : rows->own;
}

/* ------------------------------------------------------------------------------- whole files -- */

static bool merge_at_once(const char *const *paths, uint32_t count, enum same_input same,
                          const char *path, struct buffer *error)
{
    struct merged_rows rows;
    struct aggregate_writer writer;
    if (!merged_open(&rows, paths, count, same, error))
        return false;
    if (!aggregate_create(&writer, path, error)) {
        merged_close(&rows);
        return false;
    }
    enum aggregate_read read;
    while ((read = merged_next(&rows, error)) == AGGREGATE_ROW)
        if (!(rows.unit ? aggregate_put_line(&writer, rows.unit->line, error)
                        : aggregate_put(&writer, rows.key, merged_row(&rows), error))) {
            read = AGGREGATE_FAULT;
            break;
        }
    merged_close(&rows);
    if (read == AGGREGATE_END)
        return aggregate_finish(&writer, error);
    aggregate_abandon(&writer);
    return false;
}

/* Files of a temporary directory, which is removed with them. */
struct heaped {
    char folder[256];
    char **paths;
    uint32_t count;
};

static bool make_folder(struct heaped *heaped, struct buffer *error)
{
    const char *place = getenv("TMPDIR");
    if (*heaped->folder)
        return true;
    snprintf(heaped->folder, sizeof heaped->folder, "%.200s/ffreplay-merge-XXXXXX",
             place && *place ? place : "/tmp");
    if (mkdtemp(heaped->folder))
        return true;
    terminal_format(error, "cannot make %s: %s", heaped->folder, strerror(errno));
    *heaped->folder = '\0';
    return false;
}

static const char *add_file(struct heaped *heaped)
{
    char path[320];
    snprintf(path, sizeof path, "%s/%u.agg", heaped->folder, heaped->count);
    heaped->paths = xrealloc(heaped->paths, (heaped->count + 1u) * sizeof *heaped->paths);
    char *copy = strdup(path);
    if (!copy)
        out_of_memory();
    return heaped->paths[heaped->count++] = copy;
}

static void remove_all(struct heaped *heaped)
{
    for (uint32_t i = 0; i < heaped->count; i++) {
        unlink_at(AT_FDCWD, heaped->paths[i]);
        free(heaped->paths[i]);
    }
    free(heaped->paths);
    if (*heaped->folder)
        rmdir(heaped->folder);
}

static bool is_head(const char *line, size_t length)
{
    static const char *const heads[] = {"{\"key\":\"" AGGREGATE_HEAD "\"", QUERY_HEAD};
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        if (length >= strlen(heads[i]) && memcmp(line, heads[i], strlen(heads[i])) == 0)
            return true;
    return false;
}

/* Lines of stdin, from one head to the next, each as a file. */
static bool cut_stdin(struct heaped *heaped, struct buffer *error)
{
    struct lines lines;
    const char *line;
    size_t length;
    int fd = -1;
    bool written = true;
    if (!lines_open(&lines, "-", FRAMING_LINES, 0)) {
        terminal_format(error, "cannot read stdin: %s", lines.source.error);
        return false;
    }
    while (written && lines_next(&lines, &line, &length)) {
        if (fd < 0 || is_head(line, length)) {
            if (fd >= 0)
                close(fd);
            fd = open_at(AT_FDCWD, add_file(heaped), O_WRONLY | O_CREAT | O_EXCL, 0600);
        }
        written = fd >= 0 && write_all(fd, line, length) && write_all(fd, "\n", 1);
    }
    if (!written)
        terminal_format(error, "cannot write %s: %s", heaped->folder, strerror(errno));
    else if (*lines.source.error)
        terminal_format(error, "cannot read stdin: %s", lines.source.error);
    else if (fd < 0)
        terminal_format(error, "stdin is empty: no aggregates");
    bool whole = written && fd >= 0 && !*lines.source.error;
    if (fd >= 0)
        close(fd);
    lines_close(&lines);
    return whole;
}

/* Rows of queries become files of aggregates. `cut` of them are of stdin. */
static bool convert_queries(const char **paths, uint32_t count, uint32_t cut, struct heaped *heaped,
                            struct buffer *error)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!is_query_output(paths[i]))
            continue;
        if (!make_folder(heaped, error))
            return false;
        const char *to = add_file(heaped);
        if (!query_rows_write(paths[i], i < count - cut ? paths[i] : "stdin", to, error))
            return false;
        paths[i] = to;
    }
    return true;
}

/* Merges batches until no more are left than can be open at a time. */
static bool merge_in_steps(const char **paths, uint32_t count, enum same_input same,
                           const char *path, struct heaped *heaped, struct buffer *error)
{
    while (count > MERGED_AT_ONCE) {
        uint32_t merged = 0;
        for (uint32_t from = 0; from < count; from += MERGED_AT_ONCE) {
            uint32_t batch = count - from < MERGED_AT_ONCE ? count - from : MERGED_AT_ONCE;
            const char *to = add_file(heaped);
            if (!merge_at_once(paths + from, batch, same, to, error))
                return false;
            paths[merged++] = to;
        }
        count = merged;
    }
    return merge_at_once(paths, count, same, path, error);
}

bool merge_files(const char *const *paths, uint32_t count, enum same_input same, const char *path,
                 struct buffer *error)
{
    struct heaped heaped = {.folder = ""};
    bool merged = true, needs_folder = count > MERGED_AT_ONCE;
    const char **all = xcalloc(count + 1, sizeof *all);
    uint32_t plain = 0, stdins = 0;
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(paths[i], "-") == 0)
            stdins++;
        else
            all[plain++] = paths[i];
    if (needs_folder || stdins > 0)
        merged = make_folder(&heaped, error) && (stdins == 0 || cut_stdin(&heaped, error));
    if (merged) {
        all = xrealloc(all, (plain + heaped.count + 1u) * sizeof *all);
        for (uint32_t i = 0; i < heaped.count; i++)
            all[plain + i] = heaped.paths[i];
        uint32_t files = plain + heaped.count;
        merged = convert_queries(all, files, heaped.count, &heaped, error) &&
                 (files <= MERGED_AT_ONCE || make_folder(&heaped, error)) &&
                 merge_in_steps(all, files, same, path, &heaped, error);
    }
    free(all);
    remove_all(&heaped);
    return merged;
}
