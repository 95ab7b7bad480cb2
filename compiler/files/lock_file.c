/* lock_file.c - see lock_file.h. */
#include "lock_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "durable.h"

static struct flock whole_file(void)
{
    return (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
}

static bool take(int fd, enum lock_wait wait)
{
    struct flock lock = whole_file();
    int command = wait == LOCK_WAITS ? F_OFD_SETLKW : F_OFD_SETLK;
    return TEMP_FAILURE_RETRY(fcntl(fd, command, &lock)) == 0;
}

/* If its last holder has removed the file, the lock excludes nobody. */
static bool is_there(int fd)
{
    struct stat status;
    return fstat(fd, &status) == 0 && status.st_nlink > 0;
}

int lock_file(const char *path, enum lock_wait wait)
{
    for (;;) {
        int fd = open_at(AT_FDCWD, path, O_RDWR | O_CREAT, 0666);
        if (fd < 0)
            return -1;
        bool locked = take(fd, wait);
        if (locked && is_there(fd))
            return fd;
        int cause = errno;
        close(fd);
        errno = cause;
        if (!locked)
            return -1;
    }
}

bool lock_open_file(int fd, enum lock_wait wait)
{
    return take(fd, wait) && is_there(fd);
}

bool lock_is_held(int fd)
{
    struct flock lock = whole_file();
    return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}
