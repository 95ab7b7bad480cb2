/*
 * patch.h - a published snapshot with one thing changed, without the definitions it was made of.
 *
 * An emergency publishes its change and nothing else, in a time that depends on no definition file.
 * A flag's program is a sequence of decisions, each its tests and one instruction (see lower.h), so
 * one can be put first or taken out. For every flag, context and time, the result is what the
 * definitions with that change would compile to; only the build, the labels and the sources differ.
 *
 * Cost: reading and writing the file once. Every function that can fail returns false, with a
 * sentence in `why`; the patch can then only be released.
 */
#ifndef FFC_PATCH_H
#define FFC_PATCH_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"
#include "compiler/base/table.h"
#include "compiler/emit/emit.h"

/* A program on its way to the new file. */
struct patched_program {
    const struct ffs_instruction *code; /* the file's, or the arena's */
    uint32_t count;
};

struct patch {
    struct arena arena;
    struct buffer bytes; /* the file as it was; sound */
    const struct ffs_header *header;
    const char *strings; /* of the file, which stay where they are */
    size_t strings_size;
    struct image image;  /* its tables, to be added to; no programs */
    struct buffer names; /* NAMES, which stays as it is */
    struct buffer people;
    struct ffs_attribute *attributes;
    uint32_t attribute_count;
    struct patched_program *programs; /* by flag */
    struct table by_name;             /* flags to their programs */
    json_t *labels, *overrides;
};

/*
 * Takes a copy of a file's bytes; refuses what the library would refuse, and a format that this
 * program would not write.
 */
bool patch_open(struct patch *patch, const struct buffer *bytes, struct buffer *why);
void patch_release(struct patch *patch);

const char *patch_environment(const struct patch *patch);
uint32_t patch_flag_count(const struct patch *patch);
/* The name, tags and kind of a flag, as far as an override looks at them; in the arena. */
const struct flag *patch_flag(struct patch *patch, uint32_t index);
/* UINT32_MAX: it has none of that name. */
uint32_t patch_find_flag(const struct patch *patch, const char *name);

/*
 * Puts an override before everything else in the flags that it selects. `project` resolves its
 * condition, and may be NULL if it has none. *selected counts flags.
 */
bool patch_add_override(struct patch *patch, const struct override *override,
                        const struct project *project, uint32_t *selected, struct buffer *why);
/* Removes the override with that name in results. False also if the file does not have it. */
bool patch_lift(struct patch *patch, const char *name, uint32_t *selected, struct buffer *why);
/* Takes a flag's canary out, as a rollback at that time does. *served: it had one. */
bool patch_roll_back(struct patch *patch, uint32_t flag, int64_t at, bool *served,
                     struct buffer *why);

/*
 * Puts the stage of a flag's canary at 100 %: whoever its program then serves the canary is its
 * audience. *threshold is where it stood, as what a bucket is compared with; 0: there is no canary
 * in it, or one at 100 %, and nothing was changed.
 */
void patch_enrol_everybody(struct patch *patch, uint32_t flag, uint64_t *threshold);

bool patch_has_variant(const struct patch *patch, uint32_t flag, const char *name);
/* Whether a flag's program is [its overrides and] nothing that serves anybody something else than
 * its default. */
bool patch_serves_default(const struct patch *patch, uint32_t flag);
/* Whether it has an override of that name in results. */
bool patch_has_override(const struct patch *patch, const char *name);
/* The first override in a flag's program that is active at that time, by its name in results, other
 * than `except`, which may be NULL; NULL if none is. */
const char *patch_overridden_by(const struct patch *patch, uint32_t flag, int64_t at,
                                const char *except);

/* Whether a flag of one file answers as one of another does, by what both say of it. */
bool patch_same_flag(const struct patch *a, uint32_t left, const struct patch *b, uint32_t right);
/* The flags that differ between two files, by name, in the arena of the first. */
const char **patch_differences(struct patch *a, const struct patch *b, uint32_t *count);

/* Appends the new file, of the generation of the old one. */
bool patch_write(struct patch *patch, struct buffer *out, struct buffer *why);

#endif
