/* scalar.h - the lexical forms of single values: exact, and the same in every locale. */
#ifndef FFC_SCALAR_H
#define FFC_SCALAR_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct buffer;

struct network {
    uint8_t first[16]; /* IPv4 as ::ffff:a.b.c.d */
    uint8_t last[16];
};

/* A decimal literal: digits, a fraction, an exponent; not hexadecimal, infinite or NaN. */
bool parse_number(const char *text, double *value);
bool parse_integer(const char *text, int64_t *value);
/* SemVer 2.0, a leading `v` and missing parts allowed. The canonical text has all three, no `v` and
 * no build metadata, which has no precedence. */
bool parse_version(const char *text, struct buffer *canonical);
/* A version of any number of parts, letters after them as a pre-release. The canonical text has no
 * zeros at the end of its parts, a pre-release in lower case with a dot between digits and letters,
 * and no more of `v` and build metadata. */
bool parse_loose_version(const char *text, struct buffer *canonical);
/* By precedence, of two canonical texts of one scheme: less than, equal to or greater than zero. */
int compare_versions(const char *a, const char *b);
/* An address or a CIDR block. *exact: no bit beyond the prefix was set. */
bool parse_network(const char *text, struct network *network, bool *exact);

/* "90s", "30m", "24h", "7d", "2w", to milliseconds. */
bool parse_duration(const char *text, int64_t *ms);
/* "25", "25%", "0.125", to thousandths of a percent, exactly; false beyond 100 or three
 * decimals. */
bool parse_percent(const char *text, uint32_t *thousandths);
/* "3h 12m", for people, in memory of the arena. */
const char *duration_text(struct arena *arena, int64_t ms);

#endif
