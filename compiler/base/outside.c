/* outside.c - see outside.h. */
#include "outside.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "memory.h"

static char **directories;
static size_t count;

bool outside_allow(const char *directory)
{
    struct stat status;
    char *path = realpath(directory, NULL);
    if (!path)
        return false;
    if (stat(path, &status) != 0 || !S_ISDIR(status.st_mode)) {
        free(path);
        errno = ENOTDIR;
        return false;
    }
    directories = xrealloc(directories, (count + 1) * sizeof *directories);
    directories[count++] = path;
    return true;
}

bool outside_has(const char *path)
{
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(directories[i]);
        bool root = length == 1;
        if (root ||
            (strncmp(path, directories[i], length) == 0 && (path[length] == '/' || !path[length])))
            return true;
    }
    return false;
}
