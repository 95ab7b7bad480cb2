/* glob.c - see glob.h. The runtime has its own matcher; both follow docs/language.md. */
#include "glob.h"

#include <stddef.h>
#include <stdint.h>

static uint32_t next_character(const char **at)
{
    const unsigned char *byte = (const unsigned char *)*at;
    uint32_t lead = *byte++;
    uint32_t character = lead;
    int more = lead < 0xC0 ? 0 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
    if (more)
        character = lead & (0x3Fu >> more);
    for (; more > 0 && (*byte & 0xC0) == 0x80; more--)
        character = character << 6 | (*byte++ & 0x3Fu);
    *at = (const char *)byte;
    return character;
}

static uint32_t next_literal(const char **at)
{
    if (**at == '\\')
        ++*at;
    return next_character(at);
}

/* `*at` stands after the `[`; afterwards, after the `]`. */
static bool set_holds(const char **at, uint32_t character)
{
    bool negated = **at == '!';
    bool found = false;
    *at += negated;
    do {
        uint32_t low = next_literal(at);
        uint32_t high = low;
        if (**at == '-' && (*at)[1] != ']') {
            ++*at;
            high = next_literal(at);
        }
        found |= low <= character && character <= high;
    } while (**at != ']');
    ++*at;
    return found != negated;
}

const char *glob_problem(const char *pattern)
{
    const char *at = pattern;
    while (*at) {
        if (*at == '\\' && !at[1])
            return "ends in a '\\' that quotes nothing";
        if (*at != '[') {
            next_literal(&at);
            continue;
        }
        at++;
        at += *at == '!';
        for (bool first = true; *at != ']' || first; first = false) {
            if (!*at || (*at == '\\' && !at[1]))
                return "has a '[' without its ']'";
            uint32_t low = next_literal(&at);
            if (*at != '-' || at[1] == ']' || !at[1])
                continue;
            at++;
            if (*at == '\\' && !at[1])
                return "has a '[' without its ']'";
            if (next_literal(&at) < low)
                return "has a range that runs backwards";
        }
        at++;
    }
    return NULL;
}

static bool match_one(const char **pattern, const char **text)
{
    uint32_t character = next_character(text);
    if (**pattern == '?') {
        ++*pattern;
        return true;
    }
    if (**pattern == '[') {
        ++*pattern;
        return set_holds(pattern, character);
    }
    return next_literal(pattern) == character;
}

bool glob_match(const char *pattern, const char *text)
{
    /* Only the last star needs to be tried again: what an earlier one matched can stay. */
    const char *star = NULL, *retry = NULL;
    for (;;) {
        if (*pattern == '*') {
            star = ++pattern;
            retry = text;
            continue;
        }
        if (!*text && !*pattern)
            return true;
        if (*text && *pattern && match_one(&pattern, &text))
            continue;
        if (!star || !*retry)
            return false;
        next_character(&retry);
        pattern = star;
        text = retry;
    }
}
