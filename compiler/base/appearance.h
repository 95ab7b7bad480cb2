/*
 * appearance.h - which texts people take for one another.
 *
 * Two texts look alike if they differ only in case, in how accents are encoded (one character, or
 * a letter and a mark), in letters of Latin, Greek and Cyrillic that have one shape, or in which
 * blank or dash they have. The tables hold what keyboards and forms produce, not all of Unicode.
 */
#ifndef FFC_APPEARANCE_H
#define FFC_APPEARANCE_H

#include <stdbool.h>

struct arena;

/* Equal for texts that look alike. Cost: some microseconds for what is not ASCII. */
const char *appearance_of(struct arena *arena, const char *text);
/* Whether that is the text itself, at first sight: it has no capital, and is ASCII. */
bool appearance_is_plain(const char *text);
/* Or in how accents are encoded. */
bool differs_only_in_case(const char *text, const char *other);

#endif
