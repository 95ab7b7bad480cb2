/* followed.c - see followed.h. */
#include "followed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/base/memory.h"
#include "tools/ffreplay/logs/byte_source.h"

#define BLOCK (64u << 10)

bool status_is_of_same_file(const struct stat *one, const struct stat *other)
{
    return one->st_dev == other->st_dev && one->st_ino == other->st_ino;
}

bool status_is_same(const struct stat *one, const struct stat *other)
{
    return status_is_of_same_file(one, other) && one->st_size == other->st_size &&
           one->st_mtim.tv_sec == other->st_mtim.tv_sec &&
           one->st_mtim.tv_nsec == other->st_mtim.tv_nsec;
}

struct followed_file *followed_new(const char *path, int64_t now)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return NULL;
    if (fstat(fd, &status) != 0) {
        close(fd);
        return NULL;
    }
    int64_t written = (int64_t)status.st_mtim.tv_sec * 1000 + status.st_mtim.tv_nsec / 1000000;
    struct followed_file *file = xcalloc(1, sizeof *file);
    *file = (struct followed_file){.path = strdup(path),
                                   .fd = fd,
                                   .status = status,
                                   .is_named = true,
                                   .changed = written < now ? written : now,
                                   .latest = INT64_MIN};
    return file;
}

void followed_close_stream(struct followed_file *file)
{
    if (file->state != FOLLOWED_OPEN)
        return;
    int64_t latest = traffic_latest(&file->stream.worker.traffic);
    file->latest = latest > file->latest ? latest : file->latest;
    stream_close(&file->stream);
    file->state = FOLLOWED_RESTING;
}

void followed_free(struct followed_file *file)
{
    followed_close_stream(file);
    if (file->fd > STDIN_FILENO)
        close(file->fd);
    free(file->path);
    free(file);
}

static bool ends_otherwise(const struct followed_file *file)
{
    const unsigned char *end;
    unsigned char there[CONTENT_ENDS];
    size_t size = content_end(&file->content, &end);
    ssize_t got = pread(file->fd, there, size, (off_t)(file->content.bytes - size));
    return got != (ssize_t)size || memcmp(there, end, size) != 0;
}

bool followed_was_cut(const struct followed_file *file)
{
    if (file->is_compressed || file->fd < 0)
        return false;
    struct stat status;
    off_t at = (off_t)file->content.bytes;
    if (file->state == FOLLOWED_OPEN && file->stream.lines.was_cut)
        return true;
    if (file->state == FOLLOWED_OPEN)
        at = lseek(file->stream.lines.source.fd, 0, SEEK_CUR);
    return fstat(file->fd, &status) == 0 && (status.st_size < at || ends_otherwise(file));
}

/* ----------------------------------------------------------------------------------- kinship -- */

/* What the file is compared with. */
struct candidate {
    const struct bytes_read *content;
    const struct followed_file *file;
    uint32_t past;
};

static int by_bytes(const void *a, const void *b)
{
    const struct candidate *one = a, *other = b;
    uint64_t bytes = one->content->bytes, others = other->content->bytes;
    return bytes < others ? -1 : bytes > others;
}

/* Those that were read, in order of their lengths. */
static uint32_t list_candidates(const struct followed_file *file,
                                const struct known_contents *known, struct candidate *candidates)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < known->past_count; i++)
        candidates[count++] = (struct candidate){&known->pasts[i].content, NULL, i};
    for (uint32_t i = 0; i < known->file_count; i++) {
        const struct followed_file *other = known->files[i];
        if (other != file && other->state != FOLLOWED_UNKNOWN && other->content.bytes > 0)
            candidates[count++] = (struct candidate){&other->content, other, UINT32_MAX};
    }
    qsort(candidates, count, sizeof *candidates, by_bytes);
    return count;
}

static bool open_source(const struct followed_file *file, struct byte_source *source)
{
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", file->fd);
    return byte_source_open(source, path);
}

/* Adds up to `until` bytes in all; false at the end, or at an error. */
static bool read_until(struct byte_source *source, struct bytes_read *content, uint64_t until)
{
    static unsigned char block[BLOCK];
    while (content->bytes < until) {
        uint64_t left = until - content->bytes;
        size_t got = byte_source_read(source, block, left < BLOCK ? (size_t)left : BLOCK);
        if (got == 0)
            return false;
        content_add(content, block, got);
    }
    return true;
}

static bool any_begins_so(const struct bytes_read *content, const struct candidate *candidates,
                          uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (content_begins_alike(content, candidates[i].content))
            return true;
    return false;
}

/* Whether the other file's first bytes are these, all of this one. */
static bool is_part_of(const struct bytes_read *whole, const struct followed_file *other)
{
    struct bytes_read first = CONTENT_INIT;
    struct byte_source source;
    if (other->fd < 0 || other->is_compressed || !open_source(other, &source))
        return false;
    bool all = read_until(&source, &first, whole->bytes);
    byte_source_close(&source);
    return all && content_is_same(&first, whole);
}

static void find_whole(struct byte_source *source, struct bytes_read *whole,
                       const struct followed_file *file, const struct known_contents *known,
                       struct kin *kin)
{
    for (uint32_t i = 0; i < known->file_count; i++) {
        const struct followed_file *other = known->files[i];
        if (other == file || other->state == FOLLOWED_UNKNOWN ||
            !content_begins_alike(whole, &other->content) ||
            other->status.st_size < file->status.st_size ||
            !read_until(source, whole, (uint64_t)file->status.st_size) || !is_part_of(whole, other))
            continue;
        *kin = (struct kin){.kinship = KIN_PART, .file = other};
        return;
    }
}

/* Compares as far as the longest candidate: the longest match counts. */
static void compare(struct byte_source *source, struct bytes_read *content,
                    const struct candidate *candidates, uint32_t count, struct kin *kin)
{
    bool more = true;
    for (uint32_t i = 0; i < count && more; i++) {
        const struct candidate *candidate = &candidates[i];
        more = read_until(source, content, candidate->content->bytes);
        if (more && content_is_same(content, candidate->content))
            *kin =
                (struct kin){.kinship = KIN_COPY, .file = candidate->file, .past = candidate->past};
    }
}

static void note_error(struct kin *kin, const struct byte_source *source)
{
    kin->kinship = KIN_INCOMPLETE;
    snprintf(kin->error, sizeof kin->error, "%s", source->error);
    kin->help = source->help;
}

static const struct bytes_read *content_of(const struct kin *kin,
                                           const struct known_contents *known)
{
    return kin->file ? &kin->file->content : &known->pasts[kin->past].content;
}

static struct kin compare_with(struct followed_file *file, struct byte_source *source,
                               const struct known_contents *known, struct candidate *candidates)
{
    struct kin kin = {.kinship = KIN_NONE};
    struct bytes_read content = CONTENT_INIT;
    uint32_t count = list_candidates(file, known, candidates);
    (void)read_until(source, &content, CONTENT_ENDS);
    if (content.bytes == 0) {
        kin.kinship = KIN_EMPTY;
    } else if (any_begins_so(&content, candidates, count)) {
        kin.resembles = true;
        byte_source_close(source);
        if (!open_source(file, source))
            return kin;
        content = (struct bytes_read)CONTENT_INIT;
        compare(source, &content, candidates, count, &kin);
    }
    /* A compressed file is judged once it is whole. */
    while (file->is_compressed && read_until(source, &content, content.bytes + 1))
        (void)read_until(source, &content, content.bytes + BLOCK);
    uint64_t matched = kin.kinship == KIN_COPY ? content_of(&kin, known)->bytes : 0;
    if (!source->error[0] && matched)
        kin.kinship = content.bytes > matched || read_until(source, &content, content.bytes + 1)
                          ? KIN_FURTHER
                          : KIN_COPY;
    else if (kin.kinship == KIN_NONE && !file->is_compressed)
        find_whole(source, &content, file, known, &kin);
    if (source->error[0])
        note_error(&kin, source);
    return kin;
}

struct kin followed_kin(struct followed_file *file, const struct known_contents *known)
{
    struct kin kin = {.kinship = KIN_EMPTY};
    struct byte_source source;
    if (file->status.st_size == 0)
        return kin;
    if (!open_source(file, &source)) {
        note_error(&kin, &source);
        return kin;
    }
    file->is_compressed = source.packed != NULL;
    struct candidate *candidates =
        xcalloc(known->file_count + known->past_count + 1u, sizeof *candidates);
    kin = compare_with(file, &source, known, candidates);
    byte_source_close(&source);
    free(candidates);
    return kin;
}
