/* query_rows.c - see query_rows.h. */
#include "query_rows.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aggregate_file.h"
#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/base/table.h"
#include "compiler/files/durable.h"
#include "merge_rows.h"
#include "rows.h"
#include "tools/ffreplay/logs/lines.h"

#define END_ROW "~end"
/* Of what was read: its digest, which is its key, is known when all parts are. */
#define INPUT_ROW "input/?"

bool is_query_output(const char *path)
{
    char begin[sizeof QUERY_ROW - 1];
    struct stat status;
    int fd = open_at(AT_FDCWD, path, O_RDONLY | O_NONBLOCK, 0);
    bool is = fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
              read(fd, begin, sizeof begin) == (ssize_t)sizeof begin &&
              memcmp(begin, QUERY_ROW, sizeof begin) == 0;
    if (fd >= 0)
        close(fd);
    return is;
}

struct query_reading {
    const char *name;
    struct lines lines;
    uint64_t line, rows, wanted;
    bool ended, headed;
    struct arena arena;
    struct table known; /* rows by their key */
    struct rows all;
    struct buffer *error;
};

static bool fault(const struct query_reading *reading, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool fault(const struct query_reading *reading, const char *format, ...)
{
    va_list arguments;
    terminal_format(reading->error, "%s:%" PRIu64 ": ", reading->name, reading->line);
    va_start(arguments, format);
    terminal_format_list(reading->error, format, arguments);
    va_end(arguments);
    return false;
}

/* Takes the reference. */
static bool add_row(struct query_reading *reading, const char *key, json_t *row)
{
    char why[ROW_FAULT] = "";
    if (!row_settle(row, why) || !row_check(row, why)) {
        json_decref(row);
        return fault(reading, "%s", why);
    }
    json_t *own = table_get(&reading->known, key);
    bool merged = !own || row_merge(own, row, why);
    if (own) {
        json_decref(row);
        return merged || fault(reading, "%s", why);
    }
    rows_add(&reading->all, key, row);
    table_add(&reading->known, &reading->arena, arena_copy(&reading->arena, key, strlen(key)), row);
    return true;
}

static bool take_end(struct query_reading *reading, json_t *row)
{
    json_int_t rows = json_integer_value(json_object_get(row, "rows"));
    reading->wanted = rows > 0 ? (uint64_t)rows : 0;
    reading->ended = true;
    json_decref(row);
    return true;
}

static bool take(struct query_reading *reading, const char *line, size_t length)
{
    json_error_t problem;
    json_t *row = json_loadb(line, length, JSON_REJECT_DUPLICATES, &problem);
    const char *text = json_string_value(json_object_get(row, "row"));
    if (!text) {
        json_decref(row);
        return fault(reading, "this is no row of a query%s%s", row ? "" : ": ",
                     row ? "" : problem.text);
    }
    if (reading->ended) {
        json_decref(row);
        return fault(reading, "there is more after the query's last row");
    }
    const char *key = arena_copy(&reading->arena, text, strlen(text));
    json_object_del(row, "row");
    if (strcmp(key, END_ROW) == 0)
        return take_end(reading, row);
    reading->rows++;
    if (strcmp(key, AGGREGATE_HEAD) == 0 && reading->headed) {
        json_decref(row);
        return fault(reading, "another query begins here: give each a file of its own");
    }
    reading->headed |= strcmp(key, AGGREGATE_HEAD) == 0;
    return add_row(reading, key, row);
}

static bool read_all(struct query_reading *reading)
{
    const char *line;
    size_t length;
    bool sound = true;
    while (sound && lines_next(&reading->lines, &line, &length)) {
        reading->line++;
        if (length > 0)
            sound = take(reading, line, length);
    }
    if (!sound)
        return false;
    if (*reading->lines.source.error)
        return fault(reading, "%s", reading->lines.source.error);
    if (!reading->ended)
        return fault(reading, "it ends here, before the query's last row: it was cut off");
    if (reading->rows != reading->wanted)
        return fault(reading, "it has %" PRIu64 " rows, and should have %" PRIu64, reading->rows,
                     reading->wanted);
    return reading->headed || fault(reading, "the query's first row is missing");
}

/* Gives what was read its key; nothing where there was no line. */
static void name_inputs(struct rows *rows)
{
    size_t kept = 0;
    for (size_t i = 0; i < rows->count; i++) {
        struct keyed_row *row = &rows->items[i];
        struct buffer key = {0};
        const char *digest = json_string_value(json_object_get(row->row, "digest"));
        if (strncmp(row->key, INPUT_ROW, strlen(INPUT_ROW)) == 0) {
            KEY(&key, "input", digest ? digest : "");
            free(row->key);
            row->key = strdup(key.bytes);
            json_object_del(row->row, "digest");
            buffer_release(&key);
            if (!json_object_get(row->row, "lines")) {
                free(row->key);
                json_decref(row->row);
                continue;
            }
        }
        rows->items[kept++] = *row;
    }
    rows->count = kept;
}

static bool write_all_rows(struct query_reading *reading, const char *to)
{
    struct aggregate_writer writer;
    name_inputs(&reading->all);
    rows_sort(&reading->all);
    if (!aggregate_create(&writer, to, reading->error))
        return false;
    for (size_t i = 0; i < reading->all.count; i++)
        if (!aggregate_put(&writer, reading->all.items[i].key, reading->all.items[i].row,
                           reading->error)) {
            aggregate_abandon(&writer);
            return false;
        }
    return aggregate_finish(&writer, reading->error);
}

bool query_rows_write(const char *from, const char *name, const char *to, struct buffer *error)
{
    struct query_reading reading = {.name = name, .error = error};
    if (!lines_open(&reading.lines, from, FRAMING_LINES, 0)) {
        terminal_format(error, "cannot read %s: %s", name, reading.lines.source.error);
        return false;
    }
    bool written = read_all(&reading) && write_all_rows(&reading, to);
    lines_close(&reading.lines);
    rows_release(&reading.all);
    arena_release(&reading.arena);
    return written;
}
