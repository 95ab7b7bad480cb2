/*
 * misfit.h - files that are no log as they stand, such as archives, and what makes one of them.
 *
 * Recognised by their first bytes, whatever the file is called: what is taken for a log by mistake
 * is read with a part of it missing, or blamed on its lines.
 */
#ifndef FFREPLAY_MISFIT_H
#define FFREPLAY_MISFIT_H

#include <stddef.h>

/* As many first bytes tell. */
#define MISFIT_HEAD 512

struct misfit {
    const char *what; /* "it is a zip archive" */
    const char *way;  /* what to do, for print_help() */
};

/* By the first bytes of a file, or of what was unpacked of it; NULL: none. */
const struct misfit *misfit_of_file(const unsigned char *head, size_t length);

/*
 * By the first line of a file whose format is one of lines, and which is not of that format; NULL:
 * none. `next`: what follows its line feed, a byte at least; NULL: it has none, and is all of the
 * file. A line in the middle of a log, where a rotated file may begin, is not taken for one.
 */
const struct misfit *misfit_of_line(const char *line, size_t length, const char *next);

#endif
