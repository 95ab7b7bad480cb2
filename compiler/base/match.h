/*
 * match.h - tests of strings: a part of one, and patterns.
 *
 * Strings are bytes; only `?` and `[…]` of a pattern look at characters, which are UTF-8 code
 * points. Ignoring case folds only `A` to `Z`. The library stands alone and has its own matcher,
 * runtime/match.c: tests/unit/test_match.c compares the two.
 */
#ifndef FFC_MATCH_H
#define FFC_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static inline char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

struct arena;
/* A copy in lower case, as comparisons that ignore it see it. */
char *folded_copy(struct arena *arena, const char *text, size_t length);

/* Where a text has a part. As bits: PART_WHOLE begins with it and ends with it. */
enum part_place { PART_ANYWHERE = 0, PART_AT_BEGIN = 1, PART_AT_END = 2, PART_WHOLE = 3 };

/* For match_part(), of a part that is no longer than the text. */
bool match_within(const char *text, size_t length, const char *part, size_t part_length,
                  bool ignore_case);
bool match_folded(const char *a, const char *b, size_t length);

/* A PART_WHOLE is the text itself, and as long. Cost: at worst the product of the lengths. */
static inline bool match_part(const char *text, size_t length, const char *part, size_t part_length,
                              enum part_place place, bool ignore_case)
{
    if (part_length > length || (place == PART_WHOLE && part_length < length))
        return false;
    if (place == PART_ANYWHERE)
        return match_within(text, length, part, part_length, ignore_case);
    const char *at = place == PART_AT_END ? text + length - part_length : text;
    return ignore_case ? match_folded(at, part, part_length) : memcmp(at, part, part_length) == 0;
}

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
