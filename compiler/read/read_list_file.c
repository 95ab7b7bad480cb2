/*
 * read_list_file.c - files with one value per line. Blank lines, lines that begin with `#`, and
 * white space around a value are ignored. So is a byte order mark at the beginning.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/diagnostics/diagnose.h"
#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"
#include "compiler/base/name.h"
#include "compiler/base/text_lines.h"
#include "compiler/base/utf8.h"
#include "compiler/files/durable.h"
#include "compiler/files/input.h"
#include "read_list_file.h"
#include "read_scalar.h"
#include "reader.h"

#define LARGEST ((size_t)2 << 30)

static bool leaves_project(const char *path)
{
    if (path[0] == '/')
        return true;
    for (const char *part = path; part; part = strchr(part, '/')) {
        part += *part == '/';
        if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || !part[2]))
            return true;
    }
    return false;
}

static bool is_sound(struct reader *reader, const struct node *path, const struct buffer *text)
{
    uint32_t line = 1;
    for (size_t at = 0; at < text->length;) {
        uint32_t length = utf8_length(text->bytes + at, text->length - at);
        if (!length || !text->bytes[at]) {
            diagnose(reader->diagnostics, FF0249, path->span, "line %u of '%s' is not UTF-8 text",
                     line, path->text);
            diagnose_help(reader->diagnostics, "save the file as UTF-8");
            return false;
        }
        line += text->bytes[at] == '\n';
        at += length;
    }
    return true;
}

static uint32_t count_lines(const char *text, size_t length)
{
    const char *end = text + length;
    uint32_t count = 1;
    for (const char *at = text; (at = memchr(at, '\n', (size_t)(end - at))); at++)
        count++;
    return count;
}

static void split_lines(struct reader *reader, struct list_file *file, char *text, size_t length)
{
    struct text_lines lines = text_lines_of(text, length);
    file->values = ARENA_ARRAY(reader->arena, const char *, count_lines(text, length));
    for (char *line; next_text_line(&lines, &line);) {
        const char *value = line + strspn(line, " \t");
        if (*value && *value != '#')
            file->values[file->count++] = value;
    }
}

static bool read_inside(struct reader *reader, const char *name, struct buffer *text)
{
    struct stat status;
    int project = open_at(AT_FDCWD, reader->project->directory, O_RDONLY | O_DIRECTORY, 0);
    int fd = project < 0 ? -1 : input_open_inside(project, name, &status);
    bool sound = fd >= 0 && input_read(fd, LARGEST, text);
    int error = errno;
    if (fd >= 0)
        close(fd);
    if (project >= 0)
        close(project);
    errno = error;
    return sound;
}

static void report_unreadable(struct reader *reader, const struct node *path, const char *name,
                              int error)
{
    if (error == EXDEV) {
        diagnose(reader->diagnostics, FF0249, path->span,
                 "'%s' is a link that leads out of the project", name);
        diagnose_help(reader->diagnostics, "copy the file into the project: lists/NAME.txt; or add "
                                           "--allow-outside DIR for where it leads");
        return;
    }
    diagnose(reader->diagnostics, FF0248, path->span, "list file '%s' cannot be read: %s", name,
             input_error(error));
    if (error == ENOENT)
        diagnose_help(reader->diagnostics, "the path is relative to '%s'",
                      reader->project->directory);
}

struct list_file *read_list_file(struct reader *reader, const struct node *path)
{
    struct text name;
    if (!read_text(reader, path, &name))
        return NULL;
    if (text_is_blank(name.text)) {
        expected(reader, path, "the path of a list file");
        diagnose_help(reader->diagnostics, "name a file of the project: lists/NAME.txt");
        return NULL;
    }
    struct list_file *file = table_get(&reader->list_files, name.text);
    if (file)
        return file;
    if (leaves_project(name.text)) {
        diagnose(reader->diagnostics, FF0249, path->span,
                 "'%s' is not a path below the project's directory", name.text);
        diagnose_help(reader->diagnostics, "copy the file into the project: lists/NAME.txt");
        return NULL;
    }
    struct buffer text = {0};
    bool sound = read_inside(reader, name.text, &text);
    if (!sound)
        report_unreadable(reader, path, name.text, errno);
    sound = sound && is_sound(reader, path, &text);
    if (sound) {
        file = ARENA_NEW(reader->arena, struct list_file);
        file->path = name.text;
        char *copy = arena_copy(reader->arena, text.bytes, text.length);
        split_lines(reader, file, copy, text.length);
        table_add(&reader->list_files, reader->arena, name.text, file);
    }
    buffer_release(&text);
    return sound ? file : NULL;
}
