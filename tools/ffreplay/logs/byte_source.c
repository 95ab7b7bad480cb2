/* byte_source.c - see byte_source.h. */
#include "byte_source.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/base/file.h"
#include "compiler/base/memory.h"
#include "unpack.h"

#define PACKED_BLOCK (256u << 10)
/* The least that tells a packing. What writes to a pipe line by line is not waited for. */
#define LEAST_HEAD 6

/*
 * The OpenTelemetry collector's files where it compresses: each request is a stream of its own, and
 * what it takes stands before it. A line end follows each, which the collector does not write.
 */
#define SIZE_BYTES 4
enum message { MESSAGE_NONE, MESSAGE_BEGUN, MESSAGE_ENDED };

struct packed {
    struct unpacker *unpacker;
    bool is_framed; /* in messages */
    enum message message;
    size_t left; /* of the message */
    size_t begin, end;
    bool at_end;
    bool begun; /* the first that was unpacked has been handed out */
    unsigned char bytes[PACKED_BLOCK];
};

static bool fail(struct byte_source *source, const char *why)
{
    snprintf(source->error, sizeof source->error, "%s", why);
    return false;
}

static bool would_wait(const struct byte_source *source)
{
    struct pollfd ready = {.fd = source->fd, .events = POLLIN};
    return source->never_waits && poll(&ready, 1, 0) == 0;
}

/* Returns 0 at the end, and on an error, which is noted. */
static size_t read_bytes(struct byte_source *source, void *bytes, size_t size)
{
    ssize_t got;
    if (would_wait(source))
        return 0;
    do
        got = read(source->fd, bytes, size);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        fail(source, strerror(errno));
    return got < 0 ? 0 : (size_t)got;
}

/* A file that was given a size, and no content: as long as it says, and nothing to read. One that
 * is truncated between two of these calls has no content either, and no size any more. */
static bool is_hole(int fd)
{
    struct stat before, after;
    if (fstat(fd, &before) != 0 || !S_ISREG(before.st_mode) || before.st_size == 0)
        return false;
    bool hole = lseek(fd, 0, SEEK_DATA) < 0 && errno == ENXIO && fstat(fd, &after) == 0 &&
                after.st_size == before.st_size && after.st_ctim.tv_sec == before.st_ctim.tv_sec &&
                after.st_ctim.tv_nsec == before.st_ctim.tv_nsec;
    return lseek(fd, 0, SEEK_SET) == 0 && hole;
}

static bool open_file(struct byte_source *source, const char *path)
{
    source->fd = STDIN_FILENO;
    if (strcmp(path, "-") == 0)
        return true;
    const char *why;
    source->fd = open_to_read(path, &why);
    if (source->fd < 0)
        return fail(source, why);
    if (is_hole(source->fd)) {
        source->help = "whatever was to be written there is lost: name another file";
        return fail(source, "it has nothing but zero bytes");
    }
    posix_fadvise(source->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    return true;
}

/* zstd's tools write skippable frames before others. */
static bool is_skippable_frame(const unsigned char *head, size_t length)
{
    return length >= 4 && (head[0] & 0xf0) == 0x50 && memcmp(head + 1, "\x2a\x4d\x18", 3) == 0;
}

static bool begins(const struct byte_source *source, const char *bytes, size_t length)
{
    return source->head_end >= length && memcmp(source->head, bytes, length) == 0;
}

#define GZIP_MAGIC "\x1f\x8b"
#define ZSTD_MAGIC "\x28\xb5\x2f\xfd"

static enum packing packing_of(const struct byte_source *source)
{
    if (begins(source, GZIP_MAGIC, 2))
        return PACKED_GZIP;
    return begins(source, ZSTD_MAGIC, 4) || is_skippable_frame(source->head, source->head_end)
               ? PACKED_ZSTD
               : PACKED_NOT;
}

/* A size below 16 MiB, which no text begins with, and the first bytes of a stream. */
static enum packing packing_of_messages(const struct byte_source *source)
{
    const unsigned char *stream = source->head + SIZE_BYTES;
    if (source->head_end < LEAST_HEAD || source->head[0] != 0)
        return PACKED_NOT;
    size_t have = source->head_end - SIZE_BYTES;
    if (memcmp(stream, GZIP_MAGIC, 2) == 0)
        return PACKED_GZIP;
    return memcmp(stream, ZSTD_MAGIC, have < 4 ? have : 4) == 0 ? PACKED_ZSTD : PACKED_NOT;
}

static bool fits(struct byte_source *source, const unsigned char *head, size_t length)
{
    const struct misfit *misfit = misfit_of_file(head, length);
    if (!misfit)
        return true;
    source->help = misfit->way;
    return fail(source, misfit->what);
}

static bool find_packing(struct byte_source *source)
{
    size_t got;
    while (source->head_end < LEAST_HEAD &&
           (got = read_bytes(source, source->head + source->head_end,
                             sizeof source->head - source->head_end)) > 0)
        source->head_end += got;
    enum packing messages = packing_of_messages(source);
    if (source->error[0] ||
        (messages == PACKED_NOT && !fits(source, source->head, source->head_end)))
        return false;
    enum packing packing = messages == PACKED_NOT ? packing_of(source) : messages;
    if (packing == PACKED_NOT)
        return true;
    source->packed = xcalloc(1, sizeof *source->packed);
    source->packed->is_framed = messages != PACKED_NOT;
    source->packed->unpacker = unpacker_open(packing);
    return true;
}

bool byte_source_open(struct byte_source *source, const char *path)
{
    *source = (struct byte_source){.fd = -1};
    if (open_file(source, path) && find_packing(source))
        return true;
    byte_source_close(source);
    return false;
}

void byte_source_close(struct byte_source *source)
{
    if (source->fd > STDIN_FILENO)
        close(source->fd);
    if (source->packed)
        unpacker_close(source->packed->unpacker);
    free(source->packed);
    source->fd = -1;
    source->packed = NULL;
}

/* The first bytes, which were read to detect the format; then those that follow. */
static size_t read_raw(struct byte_source *source, void *bytes, size_t size)
{
    size_t ahead = source->head_end - source->head_begin;
    if (ahead == 0)
        return read_bytes(source, bytes, size);
    if (ahead > size)
        ahead = size;
    memcpy(bytes, source->head + source->head_begin, ahead);
    source->head_begin += ahead;
    return ahead;
}

/* Reads more of the packed bytes, behind those that are left of them. False: there are no more, or
 * an error was noted. */
static bool refill(struct byte_source *source)
{
    struct packed *packed = source->packed;
    size_t left = packed->end - packed->begin;
    memmove(packed->bytes, packed->bytes + packed->begin, left);
    packed->begin = 0;
    packed->end = left;
    size_t got = read_raw(source, packed->bytes + left, sizeof packed->bytes - left);
    packed->end += got;
    packed->at_end = got == 0;
    return got > 0;
}

static size_t fail_packed(struct byte_source *source, const char *why)
{
    snprintf(source->error, sizeof source->error, "it is damaged: %s", why);
    return 0;
}

/* The size of the next message. False: there is none, or not all of it, which is noted. */
static bool begin_message(struct byte_source *source)
{
    struct packed *packed = source->packed;
    while (packed->end - packed->begin < SIZE_BYTES)
        if (!refill(source)) {
            if (packed->end > packed->begin && !source->error[0])
                fail(source, "it is truncated: the compressed data ends too early");
            return false;
        }
    const unsigned char *size = packed->bytes + packed->begin;
    packed->left = (size_t)size[0] << 24 | (size_t)size[1] << 16 | (size_t)size[2] << 8 | size[3];
    packed->begin += SIZE_BYTES;
    packed->message = MESSAGE_BEGUN;
    return true;
}

/* Unpacks what is there. Returns what came out; an error is noted. */
static size_t unpack_some(struct byte_source *source, void *bytes, size_t size)
{
    struct packed *packed = source->packed;
    size_t have = packed->end - packed->begin;
    if (packed->is_framed && have > packed->left)
        have = packed->left;
    struct unpacking data = {packed->bytes + packed->begin, have, bytes, size};
    const char *wrong = unpack(packed->unpacker, &data);
    packed->begin += have - data.in_size;
    packed->left -= packed->is_framed ? have - data.in_size : 0;
    if (wrong)
        return fail_packed(source, wrong);
    size_t unpacked = size - data.out_size;
    if (unpacked > 0 && !packed->begun && !fits(source, bytes, unpacked))
        return 0;
    packed->begun |= unpacked > 0;
    return unpacked;
}

/* False: it goes on. A stream that ends elsewhere than its message is damaged. */
static bool end_message(struct byte_source *source)
{
    struct packed *packed = source->packed;
    if (!packed->is_framed || packed->left > 0)
        return false;
    packed->message = MESSAGE_ENDED;
    if (!unpacker_is_between(packed->unpacker))
        fail_packed(source, "a message ends within its stream");
    return true;
}

static size_t read_packed(struct byte_source *source, void *bytes, size_t size)
{
    struct packed *packed = source->packed;
    for (;;) {
        if (packed->is_framed && packed->message == MESSAGE_ENDED) {
            packed->message = MESSAGE_NONE;
            *(char *)bytes = '\n';
            return 1;
        }
        if (packed->is_framed && packed->message == MESSAGE_NONE && !begin_message(source))
            return 0;
        size_t unpacked = unpack_some(source, bytes, size);
        if (unpacked > 0 || source->error[0])
            return unpacked;
        if (end_message(source)) {
            if (source->error[0])
                return 0;
            continue;
        }
        if (!packed->at_end && !refill(source) && source->error[0])
            return 0;
        if (!packed->at_end)
            continue;
        if (packed->is_framed || !unpacker_is_between(packed->unpacker))
            fail(source, "it is truncated: the compressed data ends too early");
        return 0;
    }
}

size_t byte_source_read(struct byte_source *source, void *bytes, size_t size)
{
    return source->packed ? read_packed(source, bytes, size) : read_raw(source, bytes, size);
}
