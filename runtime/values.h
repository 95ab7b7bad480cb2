/* SPDX-License-Identifier: Apache-2.0 */
/*
 * values.h - the values that have a syntax, or another form than is declared: versions, times,
 * addresses, and numbers as keys. What cannot be read counts as absent.
 */
#ifndef FFLAG_RUNTIME_VALUES_H
#define FFLAG_RUNTIME_VALUES_H

#include "base.h"

struct version {
    struct {
        const char *digits; /* without leading zeros */
        size_t length;
    } part[3];
    const char *prerelease; /* NULL: a release */
    size_t prerelease_length;
};
/* SemVer 2.0, also with a leading `v` and without minor or patch. Points into the text. */
bool runtime_parse_version(const char *text, size_t length, struct version *version);
/* Less than, equal to or greater than zero, by SemVer precedence: build metadata is ignored. */
int runtime_compare_versions(const struct version *a, const struct version *b);

/*
 * Versions of any number of parts: a leading `v`, numbers between dots, perhaps a pre-release,
 * which begins at a letter, `-` or `_`, perhaps build metadata after `+`. Points into the text.
 */
struct loose_version {
    const char *parts, *parts_end;
    const char *prerelease, *prerelease_end; /* NULL: a release */
};
bool runtime_parse_loose_version(const char *text, size_t length, struct loose_version *version);
/* Missing parts are 0. Of a pre-release, digits and letters are compared run by run, letters
 * without case; a release is greater. */
int runtime_compare_loose_versions(const struct loose_version *a, const struct loose_version *b);

/* RFC 3339 with an offset, to milliseconds since the epoch; finer fractions are cut off. */
bool runtime_parse_time(const char *text, size_t length, int64_t *ms);

struct address {
    uint64_t high, low; /* IPv4 is ::ffff:a.b.c.d */
};
bool runtime_parse_address(const char *text, size_t length, struct address *address);

/* The decimal digits of a number that can be a key: integral, |n| <= 2^53. Returns 0 for others. */
#define KEY_DIGITS 24
size_t runtime_number_key(double number, char digits[KEY_DIGITS]);

static inline bool read_version(const struct fflag_slot *slot, struct version *version)
{
    if (slot->type != FFLAG_ATTRIBUTE_VERSION && slot->type != FFLAG_ATTRIBUTE_STRING)
        return false;
    return runtime_parse_version(slot->value.pointer, slot->length, version);
}

static inline bool read_loose_version(const struct fflag_slot *slot, struct loose_version *version)
{
    if (slot->type != FFLAG_ATTRIBUTE_VERSION && slot->type != FFLAG_ATTRIBUTE_STRING)
        return false;
    return runtime_parse_loose_version(slot->value.pointer, slot->length, version);
}

/* Fractions of a millisecond are cut off, as in text. */
static inline bool number_of_ms(double number, int64_t *ms)
{
    if (!(number >= -0x1p53 && number <= 0x1p53))
        return false;
    *ms = (int64_t)number;
    *ms -= (double)*ms > number;
    return true;
}

static inline bool read_time(const struct fflag_slot *slot, int64_t *ms)
{
    if (slot->type == FFLAG_ATTRIBUTE_NUMBER)
        return number_of_ms(slot->value.number, ms);
    *ms = (int64_t)slot->value.word;
    return slot->type == FFLAG_ATTRIBUTE_TIME ||
           (slot->type == FFLAG_ATTRIBUTE_STRING &&
            runtime_parse_time(slot->value.pointer, slot->length, ms));
}

static inline bool read_address(const struct fflag_slot *slot, struct address *address)
{
    address->high = slot->bits;
    address->low = slot->value.word;
    return slot->type == FFLAG_ATTRIBUTE_IP ||
           (slot->type == FFLAG_ATTRIBUTE_STRING &&
            runtime_parse_address(slot->value.pointer, slot->length, address));
}

/* Whether a value that is there can be read as what it is declared. */
static inline bool is_usable(const struct fflag_slot *slot, uint8_t declared)
{
    struct version version;
    struct address address;
    int64_t ms;
    switch ((enum fflag_attribute_type)declared) {
    case FFLAG_ATTRIBUTE_VERSION:
        return read_version(slot, &version);
    case FFLAG_ATTRIBUTE_TIME:
        return read_time(slot, &ms);
    case FFLAG_ATTRIBUTE_IP:
        return read_address(slot, &address);
    case FFLAG_ATTRIBUTE_STRING:
    case FFLAG_ATTRIBUTE_NUMBER:
    case FFLAG_ATTRIBUTE_BOOLEAN:
    case FFLAG_ATTRIBUTE_STRINGS:
        break;
    }
    return slot->type == declared;
}

#endif
