/*
 * publish.h - snapshots of numbered generations, and the ways to put them where a store looks.
 */
#ifndef TESTS_PUBLISH_H
#define TESTS_PUBLISH_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "assemble.h"

/* Two constant integer flags, `first` and `second`, both with the number of the generation. */
static inline uint8_t *assemble_generation(int64_t generation, size_t *length)
{
    struct assembler a = {0};
    struct ffs_flag flag = {.type = FFLAG_TYPE_INTEGER, .variant_count = 1};
    flag.first_variant = add_variant(&a, NULL, (uint64_t)generation);
    add_flag(&a, "first", flag);
    add_flag(&a, "second", flag);
    return assemble(&a, length);
}

/* In place, also over a published file, which is read-only to all but root. */
static inline void write_bytes(const char *path, const void *bytes, size_t length, mode_t mode)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file < 0 && errno == EACCES && chmod(path, 0644) == 0)
        file = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    assert(file >= 0);
    ssize_t written = write(file, bytes, length);
    assert(written == (ssize_t)length);
    int failed = fchmod(file, mode) | close(file);
    assert(!failed);
    (void)written;
    (void)failed;
}

static inline void write_generation(const char *path, int64_t generation)
{
    size_t length;
    uint8_t *bytes = assemble_generation(generation, &length);
    write_bytes(path, bytes, length, 0644);
    free(bytes);
}

/* As `ffc build` publishes: under another name, read-only, then renamed. */
static inline void publish_generation(const char *path, int64_t generation)
{
    char temporary[512];
    size_t length;
    uint8_t *bytes = assemble_generation(generation, &length);
    snprintf(temporary, sizeof temporary, "%s.new", path);
    write_bytes(temporary, bytes, length, 0444);
    int failed = rename(temporary, path);
    assert(!failed);
    (void)failed;
    free(bytes);
}

#endif
