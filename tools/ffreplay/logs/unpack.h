/* unpack.h - ISA-L's (gzip) and zstd's streams behind one interface. */
#ifndef FFREPLAY_UNPACK_H
#define FFREPLAY_UNPACK_H

#include <stdbool.h>
#include <stddef.h>

enum packing { PACKED_NOT, PACKED_GZIP, PACKED_ZSTD };

/* What was packed, and room for what comes out: both move on. */
struct unpacking {
    const unsigned char *in;
    size_t in_size;
    unsigned char *out;
    size_t out_size;
};

struct unpacker;

/* Never NULL. */
struct unpacker *unpacker_open(enum packing packing);
void unpacker_close(struct unpacker *unpacker);

/*
 * Goes on until `in` is used up or `out` is full. NULL, or what is wrong with the stream, good for
 * as long as the unpacker.
 */
const char *unpack(struct unpacker *unpacker, struct unpacking *data);

/* Whether the input may end here: between two streams, not within one. */
bool unpacker_is_between(const struct unpacker *unpacker);

#endif
