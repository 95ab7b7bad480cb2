/* frames.c - see frames.h. */
#include "frames.h"

#include <string.h>
#include <strings.h>

#include "rpc.h"

#define LONGEST_HEADER 4096u
#define LENGTH_NAME    "Content-Length:"

void frames_release(struct frames *frames)
{
    buffer_release(&frames->bytes);
}

void frames_add(struct frames *frames, const char *bytes, size_t length)
{
    size_t skipped = frames->skip < length ? (size_t)frames->skip : length;
    frames->skip -= skipped;
    if (frames->taken > 0) {
        size_t left = frames->bytes.length - frames->taken;
        memmove(frames->bytes.bytes, frames->bytes.bytes + frames->taken, left);
        frames->bytes.length = left;
        frames->taken = 0;
        if (left == 0) /* a long message leaves no room behind */
            buffer_release(&frames->bytes);
    }
    buffer_append(&frames->bytes, bytes + skipped, length - skipped);
}

/* Skips bytes, of which some are still to come. */
static void skip(struct frames *frames, uint64_t count)
{
    size_t left = frames->bytes.length - frames->taken;
    size_t now = count < left ? (size_t)count : left;
    frames->taken += now;
    frames->skip = count - now;
}

/* ------------------------------------------------------------------------------------- lines -- */

static bool next_line(struct frames *frames, struct frame *frame)
{
    for (;;) {
        const char *begin = frames->bytes.bytes + frames->taken;
        size_t left = frames->bytes.length - frames->taken;
        size_t new = left - frames->looked;
        const char *end = new ? memchr(begin + frames->looked, '\n', new) : NULL;
        bool lost = frames->lost;
        size_t length = end ? (size_t)(end - begin) : left;
        frames->looked = end ? 0 : left;
        if (!end && left <= RPC_LONGEST)
            return false;
        frames->looked = 0;
        frames->taken += length + (end != NULL);
        frames->lost = !end;
        if (length > RPC_LONGEST && !lost) {
            *frame = (struct frame){.kind = FRAME_TOO_LONG};
            return true;
        }
        if (!end)
            return false;
        while (length && (begin[length - 1] == '\r' || begin[length - 1] == ' '))
            length--;
        if (lost || length == 0)
            continue;
        *frame = (struct frame){FRAME_MESSAGE, begin, length};
        return true;
    }
}

/* ----------------------------------------------------------------------------------- headers -- */

/* Behind the empty line that ends a header; NULL: it does not end here. */
static const char *end_of_header(const char *begin, const char *end)
{
    for (const char *at = begin; (at = memchr(at, '\n', (size_t)(end - at))); at++) {
        if (at + 1 < end && at[1] == '\n')
            return at + 2;
        if (at + 2 < end && at[1] == '\r' && at[2] == '\n')
            return at + 3;
    }
    return NULL;
}

static bool read_number(const char *at, const char *end, uint64_t *number)
{
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    const char *first = at;
    for (*number = 0; at < end && *at >= '0' && *at <= '9'; at++)
        *number = *number > UINT64_MAX / 16 ? *number : *number * 10 + (uint64_t)(*at - '0');
    bool any = at > first;
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\r'))
        at++;
    return any && at == end;
}

static bool read_length(const char *begin, const char *end, uint64_t *length)
{
    size_t name = strlen(LENGTH_NAME);
    while (begin < end) {
        const char *line_end = memchr(begin, '\n', (size_t)(end - begin));
        if (!line_end)
            line_end = end;
        if ((size_t)(line_end - begin) > name && strncasecmp(begin, LENGTH_NAME, name) == 0)
            return read_number(begin + name, line_end, length);
        begin = line_end + (line_end < end);
    }
    return false;
}

static bool begins_header(const char *at, const char *end)
{
    size_t name = strlen(LENGTH_NAME), left = (size_t)(end - at);
    return strncasecmp(at, LENGTH_NAME, left < name ? left : name) == 0;
}

/* Goes to where a header may begin: all of what is left, if its end may be the beginning of one. */
static void find_header(struct frames *frames, size_t from)
{
    const char *text = frames->bytes.bytes, *end = text + frames->bytes.length;
    const char *at = text + from;
    while (at < end && !begins_header(at, end))
        at++;
    frames->taken = (size_t)(at - text);
    frames->lost = (size_t)(end - at) < strlen(LENGTH_NAME);
}

static bool next_headed(struct frames *frames, struct frame *frame)
{
    uint64_t length;
    if (frames->lost)
        find_header(frames, frames->taken);
    size_t left = frames->bytes.length - frames->taken;
    if (frames->lost || left == 0)
        return false;
    const char *begin = frames->bytes.bytes + frames->taken, *end = begin + left;
    const char *body = end_of_header(begin, end);
    bool too_long = (size_t)((body ? body : end) - begin) > LONGEST_HEADER;
    if (!body && !too_long)
        return false;
    if (!body || too_long || !read_length(begin, body, &length)) {
        find_header(frames, frames->taken + 1);
        *frame = (struct frame){.kind = FRAME_NO_HEADER};
        return true;
    }
    if (length > RPC_LONGEST) {
        frames->taken = (size_t)(body - frames->bytes.bytes);
        skip(frames, length);
        *frame = (struct frame){.kind = FRAME_TOO_LONG};
        return true;
    }
    if ((uint64_t)(end - body) < length)
        return false;
    frames->taken = (size_t)(body - frames->bytes.bytes) + (size_t)length;
    *frame = (struct frame){FRAME_MESSAGE, body, (size_t)length};
    return true;
}

bool frames_next(struct frames *frames, bool lines, struct frame *frame)
{
    return lines ? next_line(frames, frame) : next_headed(frames, frame);
}
