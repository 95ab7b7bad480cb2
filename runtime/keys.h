/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys.h - keys made of several attributes, or of a boolean.
 */
#ifndef FFLAG_RUNTIME_KEYS_H
#define FFLAG_RUNTIME_KEYS_H

#include "snapshot.h"
#include "values.h"

/* What is hashed of one attribute. */
struct key_part {
    const char *bytes;
    uint32_t length;
    char digits[KEY_DIGITS];
};

/* Of a key that is not joined: the part that the context has; false: it has none. */
bool runtime_first_part(const fflag_view *view, const struct ffs_flag *flag,
                        const fflag_context *context, const struct ffs_key *key,
                        struct key_part *part);
/* The XXH3-64 of a key; false: the unit has none. Looks at each byte once; allocates nothing. */
bool runtime_key_hash(const fflag_view *view, const struct ffs_flag *flag,
                      const fflag_context *context, const struct ffs_key *key, uint64_t *hash);

#endif
