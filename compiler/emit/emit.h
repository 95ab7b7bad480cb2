/*
 * emit.h - a snapshot while it is written: its tables, then its bytes.
 *
 * Lowering asks the tables for strings, sets, ranges, … and gets their indices in the file. Equal
 * things are stored once, in the order of first use, so the file depends on nothing but the
 * sequence of requests. docs/snapshot-format.md says what every byte means.
 */
#ifndef FFC_EMIT_H
#define FFC_EMIT_H

#include <stddef.h>
#include <stdint.h>

#include "compiler/base/buffer.h"
#include "fflag/snapshot.h"
#include "compiler/base/intern.h"
#include "compiler/model/flag.h"
#include "label.h"
#include "compiler/regex/regex.h"

struct override;
struct project;
struct zone;

struct image {
    struct pool strings;
    struct pool variants;
    struct pool programs;
    struct pool splits;
    struct pool ranges;
    struct pool ramps;
    struct pool sets;
    struct pool networks;
    struct pool automata;
    struct pool keys;
    struct pool zones;
    struct pool tags;
    struct buffer scratch;

    struct ffs_flag *flags; /* by index in FLAGS */
    const struct flag **sources;
    uint32_t flag_count;

    /* Pointers to attributes, in the order of first use; image_write() sorts them and renumbers. */
    struct pool attributes;
};

/* Bytes without NUL. */
ffs_string image_string(struct image *image, const char *bytes, size_t length);
ffs_string image_text(struct image *image, const char *text);
/* The operand of FFS_STRING_EQ and FFS_STRINGS_HAS: ref and tag. */
uint64_t image_tagged_text(struct image *image, const char *text);
/* The place in TAGS, or FFS_NONE where there are none. */
uint32_t image_tags(struct image *image, const struct texts *tags);
/* At least one text; repetitions do not count. Returns the operand of FFS_STRING_IN, or
 * IMAGE_NO_SET where the texts were chosen so that their hashes leave no room. */
#define IMAGE_NO_SET UINT64_MAX
uint64_t image_set(struct image *image, const char *const *texts, size_t count);
/* Of a salt, or of a divisor. */
uint64_t image_range(struct image *image, uint64_t salt, uint64_t from, uint64_t to);
/* By the flag's salt, unless `salt` has the hash of another. */
uint64_t image_ramp(struct image *image, const struct ramp *ramp, const uint64_t *salt);
/* Arms as written, zero ones left out; likewise. Returns an index into SPLITS. */
uint64_t image_split(struct image *image, const struct arm *arms, uint32_t count,
                     const uint64_t *salt);
/* Any ranges, which are sorted and merged in place. Returns the operand of FFS_IP_IN. */
uint64_t image_networks(struct image *image, struct ffs_network *networks, size_t count);
/* Returns the operand of FFS_STRING_MATCHES. */
uint64_t image_automaton(struct image *image, const struct automaton *automaton,
                         const char *pattern);
/* Returns an index into ZONES, the low half of the operand of FFS_CLOCK_IN. */
uint64_t image_zone(struct image *image, const struct zone *zone);
/* What an instruction reads of a key that is not that of one string or number. */
uint16_t image_key(struct image *image, const struct unit_key *key);
/* Provisional: programs are renumbered when the attributes are sorted. */
uint32_t image_attribute(struct image *image, const struct attribute *attribute);
/* An FFS_OPERAND_ATTRIBUTE with another attribute. */
static inline uint64_t pair_operand(uint64_t operand, uint32_t attribute)
{
    return operand >> 32 << 32 | attribute;
}
/* Returns the index of the first instruction in CODE. */
uint32_t image_program(struct image *image, const struct ffs_instruction *code, uint32_t count);
/* Returns the index of the first variant in VARIANTS. */
uint32_t image_variants(struct image *image, enum fflag_type type, const struct variant *variants,
                        uint32_t count);

/* XXH3-64 of the texts, joined. */
uint64_t salt_hash(const char *text, const char *suffix);

/* The sections for people and tools, kept apart so that what changes often is not with what is
 * large. */
struct annex {
    struct buffer people, labels, overrides;
};

/*
 * Appends the whole file to `out`, with what emit_annex() made. The image can be released
 * afterwards, and not be added to.
 */
void image_write(struct image *image, const struct project *project, uint32_t environment,
                 const struct annex *annex, struct buffer *out);
void image_release(struct image *image);

/* What image_write() is made of, for a file that takes parts of another one. */
struct section {
    uint32_t id, flags;
    const struct buffer *content;
};
struct file_parts {
    struct buffer attributes, flags, names;
    struct annex annex;
};
/* Of the tables and the parts, which must outlive them, in the order of a file. Returns how many,
 * at most FFS_MAX_SECTIONS. */
uint32_t image_sections(const struct image *image, const struct file_parts *parts,
                        struct section *sections);
/* Appends a file; its sizes and hashes are put into the header. */
void sections_write(struct ffs_header *header, const struct section *sections, uint32_t count,
                    struct buffer *out);

/* The section NAMES. */
void emit_names(const struct image *image, struct buffer *out);
/* Appends to the buffers; needs no image. */
void emit_annex(const struct project *project, uint32_t environment, const struct label *labels,
                size_t label_count, struct annex *annex);
/* The fields of one of the section OVERRIDES, but for `source`. */
void emit_override(const struct override *override, struct buffer *out);

#endif
