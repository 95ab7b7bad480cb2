/* aggregate_file.c - see aggregate_file.h. */
#include "aggregate_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/base/escape.h"
#include "compiler/base/hash.h"
#include "compiler/base/json.h"
#include "compiler/base/memory.h"
#include "compiler/files/durable.h"
#include "merge_rows.h"

#define END_KEY     "~end"
#define WRITE_BYTES ((size_t)1 << 20)

static void sum_line(struct line_sum *sum, const char *line, size_t length)
{
    struct hash128 own = hash128(line, length);
    const uint64_t words[] = {sum->low, sum->high, own.low, own.high};
    struct hash128 both = hash128(words, sizeof words);
    *sum = (struct line_sum){both.low, both.high};
}

/* ----------------------------------------------------------------------------------- writing -- */

static void name_temporary(struct buffer *name, const char *path)
{
    const char *base = strrchr(path, '/');
    base = base ? base + 1 : path;
    buffer_append(name, path, (size_t)(base - path));
    buffer_format(name, ".%.200s.%ld.tmp", base, (long)getpid());
}

bool aggregate_create(struct aggregate_writer *writer, const char *path, struct buffer *error)
{
    *writer = (struct aggregate_writer){.fd = STDOUT_FILENO};
    if (!path || strcmp(path, "-") == 0)
        return true;
    writer->path = path;
    name_temporary(&writer->temporary, path);
    writer->fd =
        open_at(AT_FDCWD, writer->temporary.bytes, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0666);
    if (writer->fd >= 0)
        return true;
    buffer_format(error, "cannot write %s: %s", path, strerror(errno));
    buffer_release(&writer->temporary);
    return false;
}

static bool flush(struct aggregate_writer *writer, struct buffer *error)
{
    bool written = write_all(writer->fd, writer->out.bytes, writer->out.length);
    writer->out.length = 0;
    if (!written)
        buffer_format(error, "cannot write %s: %s", writer->path ? writer->path : "to stdout",
                      strerror(errno));
    return written;
}

static void put_line(struct buffer *out, const char *key, const json_t *row)
{
    char *fields = row_dump(row);
    buffer_append_text(out, "{\"key\":");
    json_write_string(out, key);
    buffer_append_text(out, json_object_size(row) > 0 ? "," : "");
    buffer_append_text(out, fields + 1);
    free(fields);
}

/* What was appended from `begin` on is a row. */
static bool end_line(struct aggregate_writer *writer, size_t begin, struct buffer *error)
{
    sum_line(&writer->sum, writer->out.bytes + begin, writer->out.length - begin);
    buffer_append_text(&writer->out, "\n");
    writer->rows++;
    return writer->out.length < WRITE_BYTES || flush(writer, error);
}

bool aggregate_put(struct aggregate_writer *writer, const char *key, const json_t *row,
                   struct buffer *error)
{
    size_t begin = writer->out.length;
    put_line(&writer->out, key, row);
    if (writer->out.length - begin >= LONGEST_LINE) {
        buffer_format(error, "a row would be longer than %u MiB: %s", LONGEST_LINE >> 20, key);
        return false;
    }
    return end_line(writer, begin, error);
}

bool aggregate_put_line(struct aggregate_writer *writer, struct line_text line,
                        struct buffer *error)
{
    size_t begin = writer->out.length;
    buffer_append(&writer->out, line.at, line.length);
    return end_line(writer, begin, error);
}

static bool give_name(struct aggregate_writer *writer, struct buffer *error)
{
    /* Nothing waits for the disk: what a crash spoils has no checksum, and can be made again. */
    bool named = rename_at(AT_FDCWD, writer->temporary.bytes, AT_FDCWD, writer->path);
    if (!named)
        buffer_format(error, "cannot write %s: %s", writer->path, strerror(errno));
    return named;
}

bool aggregate_finish(struct aggregate_writer *writer, struct buffer *error)
{
    json_t *end = json_pack("{sI}", "rows", (json_int_t)writer->rows);
    char sum[40];
    snprintf(sum, sizeof sum, "%016" PRIx64 "%016" PRIx64, writer->sum.high, writer->sum.low);
    if (!end || json_object_set_new(end, "checksum", json_string(sum)) != 0)
        out_of_memory();
    put_line(&writer->out, END_KEY, end);
    json_decref(end);
    buffer_append_text(&writer->out, "\n");
    bool done = flush(writer, error) && (!writer->path || give_name(writer, error));
    if (done && writer->path) {
        close(writer->fd);
        writer->path = NULL;
    }
    aggregate_abandon(writer);
    return done;
}

void aggregate_abandon(struct aggregate_writer *writer)
{
    if (writer->path) {
        close(writer->fd);
        unlink_at(AT_FDCWD, writer->temporary.bytes);
    }
    buffer_release(&writer->temporary);
    buffer_release(&writer->out);
    buffer_release(&writer->last_key);
    *writer = (struct aggregate_writer){.fd = -1};
}

/* ----------------------------------------------------------------------------------- reading -- */

static enum aggregate_read fault(const struct aggregate_file *file, struct buffer *error,
                                 const char *format, ...) __attribute__((format(printf, 3, 4)));

static enum aggregate_read fault(const struct aggregate_file *file, struct buffer *error,
                                 const char *format, ...)
{
    terminal_format(error, "%s:%" PRIu64 ": ", file->path, file->line);
    va_list arguments;
    va_start(arguments, format);
    terminal_format_list(error, format, arguments);
    va_end(arguments);
    return AGGREGATE_FAULT;
}

static void forget_row(struct aggregate_file *file)
{
    json_decref(file->row);
    file->row = NULL;
}

void aggregate_close(struct aggregate_file *file)
{
    forget_row(file);
    unit_line_release(&file->unit);
    for (size_t i = 0; i < 2; i++)
        buffer_release(&file->keys[i]);
    file->key = NULL;
    lines_close(&file->lines);
}

static enum aggregate_read cut_off(const struct aggregate_file *file, struct buffer *error)
{
    if (*file->lines.source.error)
        return fault(file, error, "%s", file->lines.source.error);
    return file->rows == 0
               ? fault(file, error, "it is empty: no aggregates")
               : fault(file, error, "it ends here, before its last row: it was cut off");
}

static enum aggregate_read read_end(struct aggregate_file *file, struct buffer *error)
{
    char sum[40];
    const char *line;
    size_t length;
    snprintf(sum, sizeof sum, "%016" PRIx64 "%016" PRIx64, file->sum.high, file->sum.low);
    const char *written = json_string_value(json_object_get(file->row, "checksum"));
    json_int_t rows = json_integer_value(json_object_get(file->row, "rows"));
    bool is_sealed = json_object_size(file->row) > 0; /* rows that others write need not be */
    if (is_sealed && (rows != (json_int_t)file->rows || !written || strcmp(sum, written) != 0))
        return fault(file, error, "its checksum is not that of its rows: it is damaged");
    file->ended = true;
    forget_row(file);
    if (lines_next(&file->lines, &line, &length)) {
        file->line++;
        return fault(file, error, "there is more after its last row");
    }
    return *file->lines.source.error ? cut_off(file, error) : AGGREGATE_END;
}

/* Takes the key out of the object. */
static bool take_key(const struct aggregate_file *file, struct buffer *key)
{
    const char *text = json_string_value(json_object_get(file->row, "key"));
    key->length = 0;
    if (text)
        buffer_append_text(key, text);
    json_object_del(file->row, "key");
    return text != NULL;
}

static struct buffer *other_key(struct aggregate_file *file)
{
    return &file->keys[file->key && file->key == file->keys[0].bytes];
}

static enum aggregate_read check_row(struct aggregate_file *file, const struct buffer *key,
                                     struct buffer *error)
{
    char why[ROW_FAULT] = "";
    bool ascends = !file->key || strcmp(file->key, key->bytes) < 0;
    file->key = key->bytes;
    if (!ascends)
        return fault(file, error, "its rows are not in order: '%s' is too late", key->bytes);
    if (file->row && !row_check(file->row, why))
        return fault(file, error, "%s", why);
    file->rows++;
    return AGGREGATE_ROW;
}

enum aggregate_read aggregate_next(struct aggregate_file *file, struct buffer *error)
{
    const char *line;
    size_t length;
    json_error_t problem;
    if (file->ended)
        return AGGREGATE_END;
    forget_row(file);
    file->line++;
    if (!lines_next(&file->lines, &line, &length)) {
        file->is_empty = file->line == 1;
        return cut_off(file, error);
    }
    struct buffer *key = other_key(file);
    if (unit_line_read(&file->unit, line, length)) {
        key->length = 0;
        buffer_append(key, file->unit.key.at, file->unit.key.length);
        sum_line(&file->sum, line, length);
        return check_row(file, key, error);
    }
    file->row = json_loadb(line, length, JSON_REJECT_DUPLICATES, &problem);
    if (!file->row && file->lines.cut_short)
        return fault(file, error, "it ends within this row: it was cut off");
    if (!json_is_object(file->row) || !take_key(file, key))
        return fault(file, error, "this is no row of aggregates%s%s", file->row ? "" : ": ",
                     file->row ? "" : problem.text);
    if (strcmp(key->bytes, END_KEY) == 0)
        return read_end(file, error);
    sum_line(&file->sum, line, length);
    return check_row(file, key, error);
}

json_t *aggregate_row(struct aggregate_file *file)
{
    if (file->row)
        return file->row;
    file->row = json_loadb(file->unit.line.at, file->unit.line.length, 0, NULL);
    if (!file->row)
        out_of_memory();
    json_object_del(file->row, "key");
    return file->row;
}

static enum aggregate_read read_head(struct aggregate_file *file, struct buffer *error)
{
    enum aggregate_read read = aggregate_next(file, error);
    if (file->line == 1 && (!file->key || strcmp(file->key, AGGREGATE_HEAD) != 0)) {
        if (read == AGGREGATE_FAULT && (file->lines.source.error[0] || file->is_empty))
            return read;
        error->length = 0;
        return fault(file, error, "this is no file of aggregates, as 'ffreplay aggregate' writes");
    }
    json_int_t version = json_integer_value(json_object_get(file->row, "format_version"));
    if (version == AGGREGATE_VERSION)
        return read;
    error->length = 0;
    return fault(file, error, "its format has version %lld; this ffreplay reads %d",
                 (long long)version, AGGREGATE_VERSION);
}

enum aggregate_read aggregate_open(struct aggregate_file *file, const char *path,
                                   struct buffer *error)
{
    *file = (struct aggregate_file){.path = strcmp(path, "-") == 0 ? "stdin" : path};
    if (!lines_open(&file->lines, path, FRAMING_LINES, 0)) {
        terminal_format(error, "cannot read %s: %s", file->path, file->lines.source.error);
        return AGGREGATE_FAULT;
    }
    enum aggregate_read read = read_head(file, error);
    if (read == AGGREGATE_FAULT)
        aggregate_close(file);
    return read;
}
