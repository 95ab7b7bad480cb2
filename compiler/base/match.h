/*
 * match.h - tests of strings: a part of one, and patterns.
 *
 * Strings are bytes; only `?` and `[…]` of a pattern look at characters, which are UTF-8 code
 * points. Ignoring case folds `A` to `Z` and nothing else. The library stands alone and has a
 * matcher of its own, runtime/match.c: tests/unit/test_match.c holds one to the other.
 */
#ifndef FFC_MATCH_H
#define FFC_MATCH_H

#include <stdbool.h>
#include <stddef.h>

static inline char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* Where a text has a part. As bits: PART_WHOLE begins with it and ends with it. */
enum part_place { PART_ANYWHERE = 0, PART_AT_BEGIN = 1, PART_AT_END = 2, PART_WHOLE = 3 };

/* A PART_WHOLE is the text itself, and as long. Cost: at worst the product of the lengths. */
bool match_part(const char *text, size_t length, const char *part, size_t part_length,
                enum part_place place, bool ignore_case);

/*
 * Patterns: `*` any run, `?` one character, `[a-z]` and `[!a-z]` one of a set, `\` takes the next
 * character as it is.
 */
/* What is wrong with a pattern, as the end of a sentence; NULL when it is sound. */
const char *glob_problem(const char *pattern);
/* For a sound pattern. Cost: at worst the product of the lengths. */
bool match_glob(const char *pattern, const char *text, size_t length, bool ignore_case);
/* The same of a name, which minds its case. */
bool match_name(const char *pattern, const char *name);

#endif
