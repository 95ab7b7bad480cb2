/*
 * reader.h - from nodes to the model: the state that the files read_*.c share.
 *
 * Reading goes in two passes: first every definition's name is declared, then bodies are read and
 * names resolved, so that order never matters. A reader of a value reports what is wrong with it,
 * once, and returns false; a NODE_BROKEN was reported before, and is skipped silently.
 */
#ifndef FFC_READER_H
#define FFC_READER_H

#include <stdbool.h>
#include <stdint.h>
#include "compiler/base/table.h"
#include "compiler/files/yaml.h"
#include "compiler/model/model.h"

struct arena;
struct policy_file;

/* What can be declared by name. ORDER of `declarations_info` in read_names.c. */
enum declared { ATTRIBUTE, SEGMENT, LAYER, HOLDOUT, METRIC, LOG, FLAG, DECLARED_COUNT };

struct declaration {
    void *thing; /* struct attribute, …: they all begin with their name */
    struct node *body;
    struct draft *draft; /* of a flag */
    bool used;           /* something names it */
};
struct declarations {
    struct table table; /* name to struct declaration */
    struct declaration **items;
    uint32_t count;
};

/* Rules as they were read, and as flags get them that hash `bucket_by`. */
struct finished_rules {
    const struct rule *read;
    const struct attribute *bucket_by;
    struct rule *rules;
};

struct reader {
    struct project *project;
    struct arena *arena;
    struct diagnostics *diagnostics;
    int64_t now;
    bool bucket_broken; /* a bucket_by is wrong, and was reported */
    bool incomplete; /* a file could not be read to its end: a name that is missing may be in it */
    const struct node *key; /* whose value is read now: its place stands for a whole block */
    struct declarations declared[DECLARED_COUNT];
    struct finished_rules finished; /* the last ones: the next environment most often shares them */
    struct table list_files;
    struct table patterns;      /* regular expressions to their automata */
    struct policy_file *policy; /* or NULL */
};

#endif
