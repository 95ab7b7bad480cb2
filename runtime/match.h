/* SPDX-License-Identifier: Apache-2.0 */
/*
 * match.h - the string tests that a hash cannot answer.
 */
#ifndef FFLAG_RUNTIME_MATCH_H
#define FFLAG_RUNTIME_MATCH_H

#include "bytes.h"

/* Whether a glob is well formed: brackets closed, nothing quoted at the end. */
bool runtime_valid_glob(const char *pattern, size_t length);
bool runtime_match_glob(const char *pattern, size_t pattern_length, const char *text, size_t length,
                        bool ignore_case);
bool runtime_contains(const char *text, size_t length, const char *part, size_t part_length,
                      bool ignore_case);
/* Equal but for ASCII case; `folded` has no upper-case letters. */
bool runtime_equals_folded(const char *text, const char *folded, size_t length);

#endif
