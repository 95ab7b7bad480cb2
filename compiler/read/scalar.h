/* scalar.h - the lexical forms of single values that options.h does not have. */
#ifndef FFC_SCALAR_H
#define FFC_SCALAR_H

#include "compiler/model.h"

/* A decimal literal: digits, a fraction, an exponent; not hexadecimal, infinite or NaN. */
bool parse_number(const char *text, double *value);
bool parse_integer(const char *text, int64_t *value);
/* SemVer 2.0, a leading `v` and missing parts allowed. The canonical text has all three, no `v` and
 * no build metadata, which has no precedence. */
bool parse_version(const char *text, struct buffer *canonical);
/* By SemVer precedence, of two canonical texts: less than, equal to or greater than zero. */
int compare_versions(const char *a, const char *b);
/* An address or a CIDR block. *exact: no bit beyond the prefix was set. */
bool parse_network(const char *text, struct network *network, bool *exact);

#endif
