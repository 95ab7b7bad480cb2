/* policy_file.h - a file whose canary block stands in the place of a flag's. */
#ifndef FFC_POLICY_FILE_H
#define FFC_POLICY_FILE_H

#include <stdbool.h>
#include <stddef.h>

struct policy_file {
    const char *path, *text;
    size_t length;
    const char *flag, *environment;
    bool found; /* set: whether the file has such a block */
};

#endif
