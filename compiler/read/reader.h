/*
 * reader.h - from nodes to the model: the state that the files read_*.c share.
 *
 * Reading goes in two passes: first every definition's name is declared, then bodies are read and
 * names resolved, so that order never matters. A reader of a value reports what is wrong with it,
 * once, and returns false; a NODE_BROKEN was reported before, and is skipped silently. So is what
 * follows from a mistake: see faults().
 */
#ifndef FFC_READER_H
#define FFC_READER_H

#include <stdbool.h>
#include <stdint.h>
#include "compiler/base/table.h"
#include "compiler/diagnostics/diagnose.h"
#include "compiler/files/yaml.h"
#include "compiler/model/model.h"

struct arena;
struct automaton;
struct policy_file;

/* What can be declared by name. ORDER of `declarations_info` in read_names.c. */
enum declared { ATTRIBUTE, SEGMENT, LAYER, HOLDOUT, METRIC, LOG, ROLLOUT, FLAG, DECLARED_COUNT };

struct declaration {
    void *thing; /* struct attribute, …: they all begin with their name */
    struct node *body;
    struct draft *draft; /* of a flag */
    bool used;           /* something names it */
    bool misnamed;       /* its name cannot be one, and was reported */
};
struct declarations {
    struct table table; /* name to struct declaration */
    struct declaration **items;
    uint32_t count;
    const char *misnamed[16]; /* the first */
    uint32_t misnamed_count;
    bool lost; /* a section could not be read: any name may have been in it */
};

/* What may stand at many places is reported at the first: a name that nothing has. */
struct repeated {
    enum diagnostic_code code;
    struct span first, again[2];
    uint32_t count;   /* of places after the first */
    const char *name; /* of an unknown flag that no known one is like; or NULL */
};
struct repeated_list {
    struct table table; /* code and what, to struct repeated */
    struct repeated **items;
    uint32_t count;
};

/* What says that a flag has the keys of two: the line between them is missing. */
struct doubled_flag {
    const struct text *name; /* NULL: none has */
    bool several;            /* and it is not the only one */
    struct sign {
        enum diagnostic_code code;
        struct span span;
        const char *message;
    } signs[8];
    uint32_t count;
};

/* Kinds of names that a project may restrict, and how. */
enum naming_kind {
    NAMING_FLAGS,
    NAMING_ATTRIBUTES,
    NAMING_VARIANTS,
    NAMING_SEGMENTS,
    NAMING_COUNT
};
struct naming {
    struct text pattern;
    const struct automaton *whole; /* NULL: any name */
};

/* Rules as they were read, and as flags get them that hash `bucket_by`. */
struct finished_rules {
    const struct rule *read;
    const struct unit_key *bucket_by;
    struct rule *rules;
};

struct reader {
    struct project *project;
    struct arena *arena;
    struct diagnostics *diagnostics;
    int64_t now;
    bool bucket_broken; /* a bucket_by is wrong or missing, and was reported */
    bool incomplete; /* a file could not be read to its end: a name that is missing may be in it */
    uint32_t silent; /* consequences of something that was reported */
    bool flag_thresholds;           /* a criterion's threshold is a flag's value */
    uint32_t definition;            /* the number of the one that is read now */
    const struct declaration *flag; /* that is read now; or NULL */
    uint32_t flag_faults;           /* faults() when it began */
    struct table lost; /* names that stand where nothing can be read: they may be what is meant */
    struct repeated_list repeated;
    struct doubled_flag doubled;
    struct table override_ids;              /* to struct override */
    struct table rule_names;                /* flag and environment to struct rule_names */
    struct table choices;                   /* of attributes, to struct choices */
    bool environments_lost, overrides_lost; /* not all could be read, as was reported */
    /* Of a share among conditions that says neither. */
    const char *share_salt;     /* NULL: the flag's and "/if" */
    bool shares_are_of_project; /* by the project's bucket_by, and not the flag's */
    const struct node *key;     /* whose value is read now: its place stands for a whole block */
    struct declarations declared[DECLARED_COUNT];
    struct finished_rules finished; /* the last ones: the next environment most often shares them */
    struct unit_key **keys;         /* that something is bucketed by, each once */
    uint32_t key_count;
    struct table list_files;
    struct table patterns;       /* regular expressions to their automata */
    struct table zones;          /* by name, and fixed offsets */
    uint32_t large_patterns;     /* that were refused as too large */
    struct policy_file *policy;  /* or NULL */
    struct level_choice *levels; /* the project's `checks` */
    uint32_t level_count;
    struct required_key *required; /* its `require` */
    uint32_t required_count;
    struct naming naming[NAMING_COUNT];
};

/*
 * How much is wrong so far, be it reported or left out as a consequence. Where it has grown, what
 * was read since says less than was meant, and nothing is reported that it lacks: one cause, one
 * diagnostic.
 */
static inline uint32_t faults(const struct reader *reader)
{
    return reader->diagnostics->errors + reader->silent;
}

#endif
