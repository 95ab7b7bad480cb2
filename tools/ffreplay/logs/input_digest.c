/* input_digest.c - see input_digest.h. */
#include "input_digest.h"

#include <inttypes.h>
#include <stdio.h>

#include "compiler/base/hash.h"

void input_digest_join(struct input_digest *digest, const struct input_digest *other)
{
    digest->low += other->low;
    digest->high += other->high + (digest->low < other->low);
}

void input_digest_add(struct input_digest *digest, const struct record *record)
{
    struct hash128 hash = hash128(record->digested, record->digested_length);
    const struct input_digest one = {hash.low, hash.high};
    input_digest_join(digest, &one);
}

void input_digest_text(const struct input_digest *digest, char hex[INPUT_DIGEST_TEXT])
{
    snprintf(hex, INPUT_DIGEST_TEXT, "%016" PRIx64 "%016" PRIx64, digest->high, digest->low);
}
