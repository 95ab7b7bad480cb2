/* emit_names.c - the section NAMES: from a flag's name to its index. */
#include "compiler/base/hash.h"
#include "compiler/base/memory.h"
#include "compiler/base/buffer.h"
#include "emit.h"

#include <stdlib.h>
#include <string.h>

#include "perfect_hash.h"

/* Seeds are tried from 0 up, so the result depends only on the names. */
static uint64_t find_seed(const struct image *image, struct perfect_hash *perfect)
{
    uint64_t *hashes = xcalloc(image->flag_count + 1, sizeof *hashes), seed = 0;
    for (;; seed++) {
        for (uint32_t i = 0; i < image->flag_count; i++) {
            const char *name = image->sources[i]->name.text;
            hashes[i] = hash64_seeded(name, strlen(name), seed);
        }
        if (perfect_hash_make(hashes, image->flag_count, perfect))
            break;
    }
    free(hashes);
    return seed;
}

void emit_names(const struct image *image, struct buffer *out)
{
    struct perfect_hash perfect;
    uint64_t seed = find_seed(image, &perfect);
    struct ffs_names head = {seed, perfect.bucket_count, perfect.slot_count};
    buffer_append(out, &head, sizeof head);
    buffer_append(out, perfect.pilots, sizeof *perfect.pilots * perfect.bucket_count);
    if (perfect.bucket_count % 2)
        buffer_append(out, (char[2]){0}, 2);
    buffer_append(out, perfect.slots, sizeof *perfect.slots * perfect.slot_count);
    perfect_hash_release(&perfect);
}
