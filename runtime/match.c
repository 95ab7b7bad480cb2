/* SPDX-License-Identifier: Apache-2.0 */
/*
 * match.c - the string tests that a hash cannot answer.
 *
 * Strings are bytes; only `?` and `[…]` of a glob look at characters. Text in a context need not be
 * UTF-8: there, a stray byte counts as one character.
 */
#include "match.h"

bool runtime_equals_folded(const char *text, const char *folded, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (fold_ascii(text[i]) != folded[i])
            return false;
    return true;
}

bool runtime_contains(const char *text, size_t length, const char *part, size_t part_length,
                      bool ignore_case)
{
    if (part_length > length)
        return false;
    if (!ignore_case)
        return memmem(text, length, part, part_length) != NULL;
    for (size_t i = 0; i <= length - part_length; i++)
        if (runtime_equals_folded(text + i, part, part_length))
            return true;
    return false;
}

/* Decodes one character and moves past it. */
static uint32_t next_character(const char **at, const char *end)
{
    const uint8_t *bytes = (const uint8_t *)*at;
    size_t left = (size_t)(end - *at);
    uint8_t first = bytes[0];
    size_t size = first < 0xc2 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 1;
    if (size > left)
        size = 1;
    uint32_t character = size == 1 ? first : first & (0x7fu >> size);
    for (size_t i = 1; i < size; i++) {
        if ((bytes[i] & 0xc0) != 0x80) {
            size = 1;
            break;
        }
        character = character << 6 | (bytes[i] & 0x3f);
    }
    *at += size;
    /* Beyond Unicode, so that a stray byte equals no character in a pattern. */
    return size == 1 && first >= 0x80 ? 0x110000u + first : character;
}

/* A character of a pattern, which `\` may escape. */
static uint32_t next_literal(const char **at, const char *end)
{
    if (**at == '\\' && end - *at > 1)
        (*at)++;
    return next_character(at, end);
}

/* Moves past the bracket expression that begins at *at, and returns whether it matches
 * `character`. */
static bool match_bracket(const char **at, const char *end, uint32_t character)
{
    bool negated = false, holds = false;
    (*at)++;
    if (*at < end && **at == '!') {
        negated = true;
        (*at)++;
    }
    for (bool first = true; *at < end && (first || **at != ']'); first = false) {
        uint32_t low = next_literal(at, end), high = low;
        if (end - *at > 1 && **at == '-' && (*at)[1] != ']') {
            (*at)++;
            high = next_literal(at, end);
        }
        holds |= low <= character && character <= high;
    }
    if (*at < end)
        (*at)++;
    return holds != negated;
}

bool runtime_valid_glob(const char *pattern, size_t length)
{
    const char *at = pattern, *end = pattern + length;
    while (at < end) {
        if (*at == '\\') {
            if (++at == end)
                return false;
            at++;
        } else if (*at == '[') {
            at += end - at > 1 && at[1] == '!' ? 2 : 1;
            for (bool first = true; at < end && (first || *at != ']'); first = false) {
                if (*at == '\\')
                    at++;
                if (at < end)
                    at++;
            }
            if (at == end)
                return false;
            at++;
        } else {
            at++;
        }
    }
    return true;
}

static uint32_t fold_character(uint32_t character)
{
    return character >= 'A' && character <= 'Z' ? character + ('a' - 'A') : character;
}

/* Matches one unit of the pattern, other than `*`, against one character. Advances both. */
static bool match_one(const char **pattern, const char *pattern_end, const char **text,
                      const char *text_end, bool ignore_case)
{
    uint32_t character = next_character(text, text_end);
    if (ignore_case)
        character = fold_character(character);
    if (**pattern == '?') {
        (*pattern)++;
        return true;
    }
    if (**pattern == '[')
        return match_bracket(pattern, pattern_end, character);
    return next_literal(pattern, pattern_end) == character;
}

/* Only the last `*` is ever retried, which suffices, and bounds the work by the product of the
 * lengths. */
bool runtime_match_glob(const char *pattern, size_t pattern_length, const char *text, size_t length,
                        bool ignore_case)
{
    const char *pattern_end = pattern + pattern_length, *text_end = text + length;
    const char *after_star = NULL, *retry = NULL;
    for (;;) {
        if (pattern < pattern_end && *pattern == '*') {
            after_star = ++pattern;
            retry = text;
            continue;
        }
        if (pattern == pattern_end && text == text_end)
            return true;
        if (pattern < pattern_end && text < text_end &&
            match_one(&pattern, pattern_end, &text, text_end, ignore_case))
            continue;
        if (!after_star || retry == text_end)
            return false;
        next_character(&retry, text_end);
        pattern = after_star;
        text = retry;
    }
}
