/* SPDX-License-Identifier: Apache-2.0 */
/*
 * version.c - SemVer 2.0: parsing and precedence.
 *
 * Numbers are compared as digit strings, so versions of any size compare correctly; nothing is
 * copied.
 */
#include "values.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_identifier_character(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

/* Dot-separated identifiers up to `end` or a '+'. Numbers among them have no leading zeros, except
 * in build metadata. */
static const char *skip_identifiers(const char *at, const char *end, bool build)
{
    for (;;) {
        const char *start = at;
        bool numeric = true;
        while (at < end && is_identifier_character(*at))
            numeric &= is_digit(*at++);
        if (at == start || (!build && numeric && *start == '0' && at - start > 1))
            return NULL;
        if (at == end || *at != '.')
            return at;
        at++;
    }
}

bool runtime_parse_version(const char *text, size_t length, struct version *version)
{
    const char *at = text, *end = text + length;
    if (at < end && (*at == 'v' || *at == 'V'))
        at++;
    for (unsigned i = 0; i < 3; i++) {
        version->part[i].digits = "0";
        version->part[i].length = 1;
    }
    for (unsigned i = 0; i < 3; i++) {
        const char *start = at;
        while (at < end && is_digit(*at))
            at++;
        if (at == start || (*start == '0' && at - start > 1))
            return false;
        version->part[i].digits = start;
        version->part[i].length = (size_t)(at - start);
        if (i == 2 || at == end || *at != '.')
            break;
        at++;
    }
    version->prerelease = NULL;
    version->prerelease_length = 0;
    if (at < end && *at == '-') {
        version->prerelease = ++at;
        if (!(at = skip_identifiers(at, end, false)))
            return false;
        version->prerelease_length = (size_t)(at - version->prerelease);
    }
    if (at < end && *at == '+' && !(at = skip_identifiers(at + 1, end, true)))
        return false;
    return at == end;
}

static int compare_sizes(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

static int compare_bytes(const char *a, size_t a_length, const char *b, size_t b_length)
{
    int order = memcmp(a, b, a_length < b_length ? a_length : b_length);
    return order ? order : compare_sizes(a_length, b_length);
}

static int compare_numbers(const char *a, size_t a_length, const char *b, size_t b_length)
{
    int order = compare_sizes(a_length, b_length);
    return order ? order : memcmp(a, b, a_length);
}

static size_t identifier_length(const char *at, const char *end, bool *numeric)
{
    const char *start = at;
    *numeric = true;
    for (; at < end && *at != '.'; at++)
        *numeric &= is_digit(*at);
    return (size_t)(at - start);
}

static int compare_prereleases(const struct version *a, const struct version *b)
{
    const char *left = a->prerelease, *left_end = left + a->prerelease_length;
    const char *right = b->prerelease, *right_end = right + b->prerelease_length;
    for (;;) {
        bool left_numeric, right_numeric;
        size_t left_length = identifier_length(left, left_end, &left_numeric);
        size_t right_length = identifier_length(right, right_end, &right_numeric);
        if (left_numeric != right_numeric)
            return left_numeric ? -1 : 1;
        int order = left_numeric ? compare_numbers(left, left_length, right, right_length)
                                 : compare_bytes(left, left_length, right, right_length);
        if (order)
            return order;
        left += left_length;
        right += right_length;
        if (left == left_end || right == right_end)
            return (left < left_end) - (right < right_end);
        left++;
        right++;
    }
}

int runtime_compare_versions(const struct version *a, const struct version *b)
{
    for (unsigned i = 0; i < 3; i++) {
        int order = compare_numbers(a->part[i].digits, a->part[i].length, b->part[i].digits,
                                    b->part[i].length);
        if (order)
            return order;
    }
    if (!a->prerelease || !b->prerelease)
        return (b->prerelease != NULL) - (a->prerelease != NULL);
    return compare_prereleases(a, b);
}
