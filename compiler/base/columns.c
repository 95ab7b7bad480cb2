/* columns.c - see columns.h. */
#include "columns.h"

#include <sys/ioctl.h>
#include <unistd.h>

size_t terminal_columns(FILE *stream)
{
    struct winsize window;
    int file = fileno(stream);
    return file >= 0 && isatty(file) && ioctl(file, TIOCGWINSZ, &window) == 0 ? window.ws_col : 0;
}
