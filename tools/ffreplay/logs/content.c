/* content.c - see content.h. */
#include "content.h"

#include <string.h>

#include "compiler/base/hash.h"

static size_t smaller(uint64_t one, size_t other)
{
    return one < other ? (size_t)one : other;
}

static void keep_ends(struct bytes_read *content, const unsigned char *bytes, size_t size)
{
    if (content->bytes < CONTENT_ENDS) {
        size_t have = (size_t)content->bytes;
        memcpy(content->first + have, bytes, smaller(size, CONTENT_ENDS - have));
    }
    size_t some = smaller(size, CONTENT_ENDS);
    memmove(content->last, content->last + some, CONTENT_ENDS - some);
    memcpy(content->last + CONTENT_ENDS - some, bytes + size - some, some);
}

void content_add(struct bytes_read *content, const void *added, size_t size)
{
    const unsigned char *bytes = added;
    if (size == 0)
        return;
    keep_ends(content, bytes, size);
    while (size > 0) {
        size_t at = (size_t)(content->bytes % CONTENT_BLOCK);
        size_t some = smaller(size, CONTENT_BLOCK - at);
        memcpy(content->block + at, bytes, some);
        content->bytes += some;
        bytes += some;
        size -= some;
        if (at + some == CONTENT_BLOCK)
            content->hash = hash64_seeded(content->block, CONTENT_BLOCK, content->hash);
    }
}

static uint64_t content_hash(const struct bytes_read *content)
{
    return hash64_seeded(content->block, (size_t)(content->bytes % CONTENT_BLOCK), content->hash);
}

bool content_is_same(const struct bytes_read *one, const struct bytes_read *other)
{
    return one->bytes == other->bytes && content_hash(one) == content_hash(other);
}

bool content_begins_alike(const struct bytes_read *one, const struct bytes_read *other)
{
    size_t size = smaller(one->bytes < other->bytes ? one->bytes : other->bytes, CONTENT_ENDS);
    return memcmp(one->first, other->first, size) == 0;
}

size_t content_end(const struct bytes_read *content, const unsigned char **bytes)
{
    size_t size = smaller(content->bytes, CONTENT_ENDS);
    *bytes = content->last + CONTENT_ENDS - size;
    return size;
}
