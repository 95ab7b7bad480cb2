/*
 * input_digest.h - an order-independent digest of the records that a result was made from.
 *
 * The sum of the records' 128-bit hashes, so that digests of parts add up.
 */
#ifndef FFREPLAY_INPUT_DIGEST_H
#define FFREPLAY_INPUT_DIGEST_H

#include <stdint.h>

#include "records.h"

#define INPUT_DIGEST_TEXT 33

struct input_digest {
    uint64_t low, high;
};

void input_digest_add(struct input_digest *digest, const struct record *record);
void input_digest_join(struct input_digest *digest, const struct input_digest *other);
void input_digest_text(const struct input_digest *digest, char hex[INPUT_DIGEST_TEXT]);

#endif
