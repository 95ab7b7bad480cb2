/* file.c - see file.h. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "buffer.h"

static bool read_all(int fd, size_t limit, struct buffer *out)
{
    char chunk[1 << 16];
    for (;;) {
        ssize_t got = read(fd, chunk, sizeof chunk);
        if (got == 0)
            return true;
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return false;
        if ((size_t)got > limit - out->length) {
            errno = EFBIG;
            return false;
        }
        buffer_append(out, chunk, (size_t)got);
    }
}

bool read_file(const char *path, size_t limit, struct buffer *out, struct buffer *error)
{
    bool standard = strcmp(path, "-") == 0;
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    bool sound = fd >= 0;
    out->length = 0;
    buffer_append(out, "", 0);
    sound = sound && read_all(fd, limit, out);
    if (!sound && errno == EFBIG)
        buffer_format(error, "more than %zu bytes", limit);
    else if (!sound)
        buffer_append_text(error, strerror(errno));
    if (fd >= 0 && !standard)
        close(fd);
    return sound;
}
