/* SPDX-License-Identifier: Apache-2.0 */
/*
 * version.c - SemVer 2.0, and versions of any number of parts: parsing and precedence.
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

/* ------------------------------------------------------------------- any number of parts -- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Past letters, digits and what separates them; false if there is nothing but separators. */
static bool skip_loose(const char **at, const char *end)
{
    bool any = false;
    for (; *at < end && (is_identifier_character(**at) || **at == '.' || **at == '_'); ++*at)
        any |= is_letter(**at) || is_digit(**at);
    return any;
}

bool runtime_parse_loose_version(const char *text, size_t length, struct loose_version *version)
{
    const char *at = text, *end = text + length;
    if (at < end && (*at == 'v' || *at == 'V'))
        at++;
    *version = (struct loose_version){.parts = at};
    while (at < end && is_digit(*at)) {
        while (at < end && is_digit(*at))
            at++;
        version->parts_end = at;
        if (end - at > 1 && *at == '.' && is_digit(at[1]))
            at++;
    }
    if (!version->parts_end)
        return false;
    if (at < end && *at != '+') {
        bool dotted = *at == '.' && end - at > 1 && is_letter(at[1]);
        version->prerelease = at;
        if ((*at == '.' && !dotted) || !skip_loose(&at, end))
            return false;
        version->prerelease_end = at;
    }
    if (at < end && *at == '+' && (++at, !skip_loose(&at, end)))
        return false;
    return at == end;
}

/* The digits at *at without leading zeros, "0" where there are none; goes on to the next part. */
static size_t next_part(const char **at, const char *end, const char **digits)
{
    const char *begin = *at;
    while (*at < end && is_digit(**at))
        ++*at;
    while (*at - begin > 1 && *begin == '0')
        begin++;
    size_t length = (size_t)(*at - begin);
    *at += *at < end;
    *digits = length ? begin : "0";
    return length ? length : 1;
}

/* A run of digits, without leading zeros, or of letters; 0 at the end. */
static size_t next_run(const char **at, const char *end, const char **run)
{
    while (*at < end && !is_digit(**at) && !is_letter(**at))
        ++*at;
    bool digits = *at < end && is_digit(**at);
    *run = *at;
    while (*at < end && (digits ? is_digit(**at) : is_letter(**at)))
        ++*at;
    while (digits && *at - *run > 1 && **run == '0')
        ++*run;
    return (size_t)(*at - *run);
}

static int compare_letters(const char *a, size_t a_length, const char *b, size_t b_length)
{
    for (size_t i = 0; i < a_length && i < b_length; i++) {
        int order = (a[i] | 0x20) - (b[i] | 0x20);
        if (order)
            return order;
    }
    return compare_sizes(a_length, b_length);
}

static int compare_runs(const struct loose_version *a, const struct loose_version *b)
{
    const char *left = a->prerelease, *right = b->prerelease, *left_run, *right_run;
    for (;;) {
        size_t left_length = next_run(&left, a->prerelease_end, &left_run);
        size_t right_length = next_run(&right, b->prerelease_end, &right_run);
        if (!left_length || !right_length)
            return (left_length > 0) - (right_length > 0);
        if (is_digit(*left_run) != is_digit(*right_run))
            return is_digit(*left_run) ? -1 : 1;
        int order = is_digit(*left_run)
                        ? compare_numbers(left_run, left_length, right_run, right_length)
                        : compare_letters(left_run, left_length, right_run, right_length);
        if (order)
            return order;
    }
}

int runtime_compare_loose_versions(const struct loose_version *a, const struct loose_version *b)
{
    const char *left = a->parts, *right = b->parts, *left_digits, *right_digits;
    while (left < a->parts_end || right < b->parts_end) {
        size_t left_length = next_part(&left, a->parts_end, &left_digits);
        size_t right_length = next_part(&right, b->parts_end, &right_digits);
        int order = compare_numbers(left_digits, left_length, right_digits, right_length);
        if (order)
            return order;
    }
    if (!a->prerelease || !b->prerelease)
        return (b->prerelease != NULL) - (a->prerelease != NULL);
    return compare_runs(a, b);
}
