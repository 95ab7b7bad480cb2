/*
 * disassemble.h - a verified snapshot's instructions as readable text.
 */
#ifndef FFC_COMMANDS_DISASSEMBLE_H
#define FFC_COMMANDS_DISASSEMBLE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler/commands/snapshot.h"

struct buffer;

/* What the disassembler looks up again and again. */
struct listing {
    const struct snapshot *snapshot;
    const struct ffs_flag *flags;
    const struct ffs_variant *variants;
    const struct ffs_instruction *code;
    const struct ffs_attribute *attributes;
    const uint32_t *tags;
    uint32_t flag_count;
    uint32_t attribute_count;
    json_t *people, *labels, *overrides; /* the sections, read; NULL where there is none */
};
void listing_init(struct listing *listing, const struct snapshot *snapshot);
/* The same without the sections for people, which take most of the time. */
void listing_init_programs(struct listing *listing, const struct snapshot *snapshot);
void listing_release(struct listing *listing);

/* "STRING_IN"; the constants' names. */
const char *operation_name(uint8_t op);
/* The variant's name, "(value)" for a flag declared by a plain value, "(none)" for none; with its
 * place where one before it has the same name, because a rule replaces parts of its value. */
void write_variant_name(const struct listing *listing, const struct ffs_flag *flag,
                        uint64_t variant, struct buffer *out);
/* A variant's value as JSON. */
void write_variant_value(const struct listing *listing, const struct ffs_flag *flag,
                         uint32_t variant, struct buffer *out);
/* The text whose hash a salt is, in quotes, where it can be guessed; else the hash. */
void write_salt(const struct listing *listing, const struct ffs_flag *flag, uint64_t salt,
                struct buffer *out);

/* "10.0.0.0-10.255.255.255", or an address alone. */
void write_network(const struct ffs_network *network, struct buffer *out);
/* The attribute that an instruction reads, or those of a key. */
void write_input(const struct listing *listing, uint16_t attribute, struct buffer *out);
/*
 * What an instruction of a flag tests or serves: `country in {"CA", "US"}`, `user_id exposed to
 * 25%`. Its negation and its jump are left to the caller. At most `most` members of a set are
 * written.
 */
void write_instruction(const struct listing *listing, const struct ffs_flag *flag,
                       const struct ffs_instruction *instruction, size_t most, struct buffer *out);

#endif
