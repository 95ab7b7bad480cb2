/*
 * random_file.h - a file for random content, for a group of tests: its set-up and tear-down.
 */
#ifndef TESTS_RANDOM_FILE_H
#define TESTS_RANDOM_FILE_H

#include <unistd.h>

#include "random.h"

static char path[64];

static inline int begin(void **unused)
{
    (void)unused;
    random_begin(20261130);
    snprintf(path, sizeof path, "/tmp/ffreplay-random-XXXXXX");
    int fd = mkstemp(path);
    close(fd);
    return fd < 0;
}

static inline int end(void **unused)
{
    (void)unused;
    return unlink(path);
}

#endif
