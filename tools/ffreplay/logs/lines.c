/* lines.c - see lines.h. */
#include "lines.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/base/memory.h"
#include "content.h"
#include "csv_record.h"
#include "source_name.h"

#define BLOCK     (1u << 20)
#define NOT_FOUND CSV_NO_END

bool lines_open(struct lines *lines, const char *path, enum framing framing, char delimiter)
{
    *lines = (struct lines){
        .path = source_name(path), .framing = framing, .delimiter = delimiter, .next_number = 1};
    if (!byte_source_open(&lines->source, path))
        return false;
    lines->capacity = BLOCK;
    lines->buffer = xcalloc(1, BLOCK + LINE_PADDING);
    return true;
}

void lines_close(struct lines *lines)
{
    byte_source_close(&lines->source);
    free(lines->buffer);
    lines->buffer = NULL;
}

static bool stands_at(int fd, const void *bytes, size_t size, uint64_t offset)
{
    unsigned char there[CONTENT_ENDS];
    return pread(fd, there, size, (off_t)offset) == (ssize_t)size &&
           memcmp(there, bytes, size) == 0;
}

/* Whether the file was not truncated, and written anew, before its latest bytes were read. `had`:
 * how many of those before are not handed out yet. */
static bool is_continued(const struct lines *lines, size_t had)
{
    const unsigned char *end;
    size_t size = content_end(lines->content, &end);
    uint64_t at = lines->content->bytes;
    size_t some = had < CONTENT_ENDS ? had : CONTENT_ENDS;
    return stands_at(lines->source.fd, end, size, at - size) &&
           stands_at(lines->source.fd, lines->buffer, some, at);
}

/* Moves the unfinished piece to the front, makes room, and reads more after it. */
static void refill(struct lines *lines)
{
    if (lines->begin > 0) {
        memmove(lines->buffer, lines->buffer + lines->begin, lines->end - lines->begin);
        lines->end -= lines->begin;
        lines->begin = 0;
    }
    if (lines->end == lines->capacity) {
        lines->capacity *= 2;
        lines->buffer = xrealloc(lines->buffer, lines->capacity + LINE_PADDING);
    }
    size_t got =
        byte_source_read(&lines->source, lines->buffer + lines->end, lines->capacity - lines->end);
    if (got > 0 && lines->may_be_cut)
        lines->was_cut |= !is_continued(lines, lines->end);
    if (lines->was_cut)
        got = 0;
    lines->at_end = got == 0;
    lines->end += got;
    memset(lines->buffer + lines->end, 0, LINE_PADDING);
}

/* -------------------------------------------------------------- where a piece ends, in bytes -- */

static size_t line_end(const char *text, size_t length, size_t searched)
{
    const char *newline = memchr(text + searched, '\n', length - searched);
    return newline ? (size_t)(newline - text) : NOT_FOUND;
}

/* After the bracket that closes the first one. Brackets are counted, not matched: the parser
 * reports what is not JSON. */
static size_t document_end(const char *text, size_t length, struct json_scan *scan)
{
    for (size_t i = scan->searched; i < length; i++) {
        char c = text[i];
        if (scan->escaped) {
            scan->escaped = false;
        } else if (scan->in_string) {
            scan->escaped = c == '\\';
            scan->in_string = c != '"';
        } else if (c == '"') {
            scan->in_string = true;
        } else if (c == '{' || c == '[') {
            scan->depth++;
        } else if ((c == '}' || c == ']') && (scan->depth == 0 || --scan->depth == 0)) {
            return i + 1;
        } else if (c == '\n' && scan->depth == 0) {
            return i;
        }
    }
    scan->searched = length;
    return NOT_FOUND;
}

/* -------------------------------------------------------------------------------------- next -- */

static void skip_blanks(struct lines *lines)
{
    for (; lines->begin < lines->end; lines->begin++) {
        char c = lines->buffer[lines->begin];
        if (c != ' ' && c != '\t' && c != '\r' && c != '\n')
            return;
        lines->next_number += c == '\n';
    }
}

static uint64_t count_line_ends(const char *text, size_t length)
{
    uint64_t count = 0;
    for (const char *end = text + length; (text = memchr(text, '\n', (size_t)(end - text))); text++)
        count++;
    return count;
}

/* Hands out the next `size` bytes. */
static bool hand_out(struct lines *lines, size_t size, const char **line, size_t *length)
{
    const char *begin = lines->buffer + lines->begin;
    lines->begin += size;
    lines->number = lines->next_number;
    if (lines->framing != FRAMING_LINES)
        lines->next_number += count_line_ends(begin, size);
    bool newline = lines->begin < lines->end && lines->buffer[lines->begin] == '\n';
    lines->begin += newline;
    lines->next_number += newline;
    lines->cut_short = !newline && lines->at_end && lines->begin == lines->end;
    if (lines->content)
        content_add(lines->content, begin, size + newline);
    *line = begin;
    *length = size > 0 && begin[size - 1] == '\r' ? size - 1 : size;
    lines->scan = (struct json_scan){0};
    lines->overlong = lines->dropped ? lines->dropped + size : 0;
    lines->dropped = 0;
    return true;
}

static size_t piece_end(struct lines *lines, const char *text, size_t length, size_t searched)
{
    if (lines->framing == FRAMING_CSV)
        return csv_record_end(text, length, lines->delimiter, lines->comment);
    if (lines->framing == FRAMING_JSON)
        return document_end(text, length, &lines->scan);
    return line_end(text, length, searched);
}

static bool is_by_line(const struct lines *lines)
{
    return lines->framing == FRAMING_LINES || lines->framing == FRAMING_ROWS;
}

/* Goes on in a line that is too long; memory stays as it is. */
static void drop(struct lines *lines)
{
    size_t have = lines->end - lines->begin;
    if (lines->content)
        content_add(lines->content, lines->buffer + lines->begin, have);
    lines->dropped += have;
    lines->begin = lines->end;
}

/* What to do with a piece that does not end: a quote may have been left open by mistake, and the
 * next line may be valid. */
static size_t give_up(const struct lines *lines, const char *text, size_t length)
{
    size_t line = lines->framing == FRAMING_CSV ? line_end(text, length, 0) : NOT_FOUND;
    return line == NOT_FOUND ? length : line;
}

bool lines_next(struct lines *lines, const char **line, size_t *length)
{
    static const size_t longest[] = {LONGEST_LINE, LONGEST_LINE, LONGEST_RECORD, LONGEST_DOCUMENT};
    size_t searched = 0;
    for (;;) {
        if (lines->framing == FRAMING_JSON && lines->scan.searched == 0)
            skip_blanks(lines);
        const char *begin = lines->buffer + lines->begin;
        size_t have = lines->end - lines->begin;
        size_t size = piece_end(lines, begin, have, searched);
        if (size != NOT_FOUND)
            return hand_out(lines, size, line, length);
        bool too_long = have >= longest[lines->framing];
        if (is_by_line(lines) && (too_long || lines->dropped) && have > 0) {
            drop(lines);
            have = 0;
            too_long = false;
        }
        if (lines->source.error[0] ||
            (lines->at_end && have == 0 && (!lines->dropped || lines->follows)) ||
            (lines->at_end && lines->follows && !too_long)) {
            lines->at_end = false;
            return false;
        }
        if (lines->at_end || too_long)
            return hand_out(lines, give_up(lines, begin, have), line, length);
        searched = have;
        refill(lines);
    }
}
