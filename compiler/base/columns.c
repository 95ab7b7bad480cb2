/* columns.c - see columns.h. */
#include "columns.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define MOST_COLUMNS 100000

/* Whoever exports COLUMNS has it so (POSIX). */
static size_t exported_columns(void)
{
    const char *text = getenv("COLUMNS");
    char *end = NULL;
    unsigned long columns = text && *text >= '0' && *text <= '9' ? strtoul(text, &end, 10) : 0;
    return end && !*end && columns <= MOST_COLUMNS ? columns : 0;
}

size_t terminal_columns(FILE *stream)
{
    struct winsize window;
    int file = fileno(stream);
    if (file < 0 || !isatty(file))
        return 0;
    size_t columns = exported_columns();
    return columns ? columns : ioctl(file, TIOCGWINSZ, &window) == 0 ? window.ws_col : 0;
}
