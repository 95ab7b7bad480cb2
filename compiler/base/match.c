/* match.c - see match.h. */
#include "match.h"

#include <stdint.h>
#include <string.h>

#include "arena.h"

/* --------------------------------------------------------------------------------- parts -- */

char *folded_copy(struct arena *arena, const char *text, size_t length)
{
    char *folded = arena_copy(arena, text, length);
    for (char *c = folded; *c; c++)
        *c = ascii_lower(*c);
    return folded;
}

bool match_folded(const char *a, const char *b, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (ascii_lower(a[i]) != ascii_lower(b[i]))
            return false;
    return true;
}

bool match_within(const char *text, size_t length, const char *part, size_t part_length,
                  bool ignore_case)
{
    if (!ignore_case)
        return memmem(text, length, part, part_length) != NULL;
    for (size_t at = 0; at + part_length <= length; at++)
        if (match_folded(text + at, part, part_length))
            return true;
    return false;
}

/* ------------------------------------------------------------------------------- patterns -- */

/* Beyond Unicode, so that a stray byte equals no character in a pattern. */
#define STRAY 0x110000u

static uint32_t next_beyond_ascii(const char **at, const char *end)
{
    const uint8_t *bytes = (const uint8_t *)*at;
    uint8_t lead = bytes[0];
    size_t size = lead < 0xC2 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 1;
    if (size > (size_t)(end - *at))
        size = 1;
    uint32_t character = lead & (0x7Fu >> size);
    for (size_t i = 1; i < size; i++) {
        if ((bytes[i] & 0xC0) != 0x80) {
            size = 1;
            break;
        }
        character = character << 6 | (bytes[i] & 0x3Fu);
    }
    *at += size;
    return size == 1 ? STRAY + lead : character;
}

/* Decodes one character and moves past it. A stray byte counts as one character. */
static inline uint32_t next_character(const char **at, const char *end)
{
    uint8_t lead = (uint8_t) * *at;
    if (lead >= 0x80)
        return next_beyond_ascii(at, end);
    ++*at;
    return lead;
}

static uint32_t fold_character(uint32_t character, bool ignore_case)
{
    bool capital = character >= 'A' && character <= 'Z';
    return ignore_case && capital ? character + ('a' - 'A') : character;
}

/* A pattern being matched. It is UTF-8, so its terminating NUL also ends any character. */
struct glob {
    const char *at;
    bool ignore_case;
};
#define LONGEST_CHARACTER 4

static uint32_t next_literal(struct glob *glob)
{
    if (*glob->at == '\\')
        glob->at++;
    uint32_t character = next_character(&glob->at, glob->at + LONGEST_CHARACTER);
    return fold_character(character, glob->ignore_case);
}

/* On entry `at` is just after the `[`; on return, just after the `]`. */
static bool set_holds(struct glob *glob, uint32_t character)
{
    bool negated = *glob->at == '!';
    bool found = false;
    glob->at += negated;
    do {
        uint32_t low = next_literal(glob);
        uint32_t high = low;
        if (glob->at[0] == '-' && glob->at[1] != ']') {
            glob->at++;
            high = next_literal(glob);
        }
        found |= low <= character && character <= high;
    } while (*glob->at != ']');
    glob->at++;
    return found != negated;
}

const char *glob_problem(const char *pattern)
{
    struct glob glob = {.at = pattern};
    while (*glob.at) {
        if (glob.at[0] == '\\' && !glob.at[1])
            return "ends in a '\\' that quotes nothing";
        if (*glob.at != '[') {
            next_literal(&glob);
            continue;
        }
        glob.at++;
        glob.at += *glob.at == '!';
        for (bool first = true; *glob.at != ']' || first; first = false) {
            if (!glob.at[0] || (glob.at[0] == '\\' && !glob.at[1]))
                return "has a '[' without its ']'";
            uint32_t low = next_literal(&glob);
            if (glob.at[0] != '-' || glob.at[1] == ']' || !glob.at[1])
                continue;
            glob.at++;
            if (glob.at[0] == '\\' && !glob.at[1])
                return "has a '[' without its ']'";
            if (next_literal(&glob) < low)
                return "has a range that runs backwards";
        }
        glob.at++;
    }
    return NULL;
}

/* Matches one unit of the pattern, other than `*`, against one character. Advances both. */
static bool match_one(struct glob *glob, const char **text, const char *text_end)
{
    uint32_t character = fold_character(next_character(text, text_end), glob->ignore_case);
    if (*glob->at == '?') {
        glob->at++;
        return true;
    }
    if (*glob->at == '[') {
        glob->at++;
        return set_holds(glob, character);
    }
    return next_literal(glob) == character;
}

bool match_glob(const char *pattern, const char *text, size_t length, bool ignore_case)
{
    struct glob glob = {pattern, ignore_case};
    const char *end = text + length;
    /* Only the last star needs backtracking: an earlier star's match can stay. */
    const char *star = NULL, *retry = NULL;
    for (;;) {
        if (*glob.at == '*') {
            star = ++glob.at;
            retry = text;
            continue;
        }
        if (text == end && !*glob.at)
            return true;
        if (text < end && *glob.at && match_one(&glob, &text, end))
            continue;
        if (!star || retry == end)
            return false;
        next_character(&retry, end);
        glob.at = star;
        text = retry;
    }
}

bool match_name(const char *pattern, const char *name)
{
    return match_glob(pattern, name, strlen(name), false);
}
