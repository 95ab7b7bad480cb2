/* output.c - see output.h. */
#include "tools/servicelog/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/base/memory.h"
#include "compiler/base/buffer.h"

#define FULL ((size_t)256 << 10)

void output_init(struct output *output, int fd, const struct damage *damage, uint64_t seed)
{
    *output = (struct output){.fd = fd};
    if (damage)
        output->damage = *damage;
    random_init(&output->random, seed, 1);
}

void output_release(struct output *output)
{
    buffer_release(&output->bytes);
    buffer_release(&output->held);
    free(output->lines);
}

static void reserve(struct buffer *buffer, size_t size)
{
    if (size < buffer->capacity - buffer->length)
        return;
    buffer->capacity = 2 * (buffer->length + size);
    buffer->bytes = xrealloc(buffer->bytes, buffer->capacity);
}

char *output_room(struct output *output, size_t size)
{
    if (output->bytes.length >= FULL)
        output_flush(output);
    reserve(&output->bytes, size);
    return output->bytes.bytes + output->bytes.length;
}

void output_flush(struct output *output)
{
    size_t done = 0;
    while (!output->error && done < output->bytes.length) {
        ssize_t wrote = write(output->fd, output->bytes.bytes + done, output->bytes.length - done);
        if (wrote >= 0)
            done += (size_t)wrote;
        else if (errno != EINTR)
            output->error = errno;
    }
    output->bytes.length = output->last = 0;
}

/* ------------------------------------------------------------------------------------ damage -- */

static void hold(struct output *output, const char *line, size_t length, int64_t due)
{
    if (output->line_count == output->line_room) {
        output->line_room = 2 * output->line_room + 64;
        output->lines = xrealloc(output->lines, output->line_room * sizeof *output->lines);
    }
    output->lines[output->line_count++] = (struct held_line){due, length};
    buffer_append(&output->held, line, length);
}

/* Moves what is still held to the front, once it is the smaller part. */
static void close_ranks(struct output *output)
{
    if (output->line_from < output->line_count - output->line_from)
        return;
    output->line_count -= output->line_from;
    memmove(output->lines, output->lines + output->line_from,
            output->line_count * sizeof *output->lines);
    output->held.length -= output->held_from;
    memmove(output->held.bytes, output->held.bytes + output->held_from, output->held.length);
    output->line_from = output->held_from = 0;
}

static void append(struct output *output, size_t length)
{
    output->last = output->bytes.length;
    output->bytes.length += length;
}

static void let_go(struct output *output, int64_t now)
{
    while (output->line_from < output->line_count && output->lines[output->line_from].due <= now) {
        size_t length = output->lines[output->line_from++].length;
        memcpy(output_room(output, length), output->held.bytes + output->held_from, length);
        append(output, length);
        output->held_from += length;
    }
    if (output->line_from)
        close_ranks(output);
}

void output_header(struct output *output, size_t length)
{
    append(output, length);
}

void output_line(struct output *output, size_t length, int64_t at)
{
    const struct damage *damage = &output->damage;
    double fate = random_share(&output->random);
    char *line = output->bytes.bytes + output->bytes.length;
    if (fate < damage->bad) {
        length = length / 2;
        line[length++] = '\n';
    }
    bool late = random_chance(&output->random, damage->late);
    bool twice = random_chance(&output->random, damage->duplicates);
    if (late || twice)
        hold(output, line, length, at + damage->lateness);
    if (!late)
        append(output, length);
    let_go(output, at);
}

bool output_finish(struct output *output)
{
    let_go(output, INT64_MAX);
    if (output->damage.truncate && output->bytes.length > output->last)
        output->bytes.length -= (output->bytes.length - output->last) / 2;
    output_flush(output);
    errno = output->error;
    return !output->error;
}
