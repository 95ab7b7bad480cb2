/*
 * yaml.h - strict YAML, as nodes with exact spans.
 *
 * Built on libyaml's event interface, whose scanner has no limits of its own: depth, size and node
 * counts are bounded here, and anchors, aliases, tags, merge keys, duplicate keys and second
 * documents are refused. Scalars are not typed: a node says only whether it was plain or quoted,
 * and the schema decides what it means. Every problem found is reported, and what could be read is
 * returned.
 */
#ifndef FFC_YAML_H
#define FFC_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler/diagnostics/diagnostics.h"

struct arena;

/* NODE_BROKEN stands where something was that has been reported, e.g. an alias: say no more
 * of it. */
enum node_kind { NODE_BROKEN, NODE_SCALAR, NODE_LIST, NODE_MAP };

/* A project has more of these than of anything else: their size determines its memory, and much of
 * its time. */
struct node {
    uint8_t kind; /* enum node_kind */
    bool plain;   /* a scalar without quotes, so that `true` and `25%` may mean more than text */
    bool flow;    /* a list or map in brackets */
    struct span span;
    uint32_t count;   /* text's length, or items, or entries */
    const char *text; /* of a scalar, NUL-terminated, without a NUL in it; "" of others */
    union {
        struct node **items;
        struct entry *entries;
    };
};

struct entry {
    struct node *key; /* always a scalar */
    struct node *value;
};

#define YAML_MAX_FILE   (16u << 20)
#define YAML_MAX_DEPTH  64u
#define YAML_MAX_SCALAR (64u << 10)
#define YAML_MAX_NODES  (2u << 20)

/*
 * Reads one file of `sources` into the arena. NULL when it is empty or nothing of it can be used. A
 * syntax error is reported, and the result has what precedes it, without the definition that it is
 * in; *complete is then set to false, and never to true. Cost: one pass of libyaml.
 */
struct node *yaml_read(const struct sources *sources, uint32_t file, struct arena *arena,
                       struct diagnostics *diagnostics, bool *complete);

/* The same of a text by itself, of which nothing is reported: NULL unless it is sound. */
struct node *yaml_parse(struct arena *arena, const char *text, size_t length);

/* Whether a source is not sound; the first mistake goes to `why`, as "PATH:LINE: …". */
bool yaml_mistake(const struct source *source, struct buffer *why);

/* An entry of a section, such as a flag, in two texts that differ in it alone. */
struct edited_entry {
    uint32_t section, entry;    /* their places */
    struct entry before, after; /* `after` has its places in the new text */
};
/*
 * In which one a text differs from `old`, `root` being all of `old`, of which nothing was reported.
 * False also where more than that is different, or has to be parsed to know. Cost: compares the
 * texts, and parses the entry.
 */
bool yaml_find_edited(struct arena *arena, const struct node *root, const struct source *old,
                      const char *text, size_t length, struct edited_entry *found);
/* All of such a text, or NULL; `root` lives on in it. Copies the nodes after the entry, unless the
 * text is as long as it was. */
struct node *yaml_parse_edited(struct arena *arena, const struct node *root,
                               const struct source *old, const char *text, size_t length);

/* The value of a key, or NULL. Linear: maps of the language are small. */
struct node *node_get(const struct node *map, const char *key);

#endif
