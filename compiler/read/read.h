/*
 * read.h - from nodes to the model: what the files read_*.c share. Only they and check_*.c include
 * it.
 *
 * Reading goes in two passes: first every definition's name is declared, then bodies are read and
 * names resolved, so that order never matters. A reader of a value reports what is wrong with it,
 * once, and returns false; a node that is NODE_BROKEN was reported before, and is passed over in
 * silence.
 */
#ifndef FFC_READ_H
#define FFC_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler/base/percent.h"
#include "compiler/model/model.h"
#include "policy_file.h"
#include "compiler/base/table.h"
#include "compiler/files/yaml.h"

struct arena;

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

/* ---------------------------------------------------------------------- files (read_files.c) -- */

/* A definition file as it was read, at the place of its source. */
struct document {
    struct node *root; /* or NULL */
    bool complete;     /* nothing of it is missing from the root */
};

/* A file as it would be: by its name below the directory. */
struct edited_file {
    const char *name, *text;
    size_t length;
};

/*
 * Reads and parses every definition file below `directory` (NULL: where project_load() looks), on
 * as many processors as there are; with `edited` (or NULL), as if that were one of them, or in its
 * place. Cost: of the files; nothing else of a project needs waiting.
 */
struct document *read_files(struct reader *reader, const char *directory,
                            const struct edited_file *edited);
/* Puts the canary of reader->policy, whose document is the last one, in the place of the flag's. */
void put_policy(struct reader *reader, struct document *documents, uint32_t count);
/* The same of one text, as if it stood in a file of that name. */
struct document *read_text_as_file(struct reader *reader, const char *name, const char *text,
                                   size_t length);

/* ---------------------------------------------------------------------- names (read_names.c) -- */

/* Declares every definition of a section's mapping; `thing_size` is of the model's struct. */
void declare_all(struct reader *reader, enum declared kind, struct node *section,
                 size_t thing_size);
/* The declaration that a scalar names; NULL after reporting. */
struct declaration *find_declared(struct reader *reader, enum declared kind,
                                  const struct node *name);
/* The same for the thing itself. */
void *resolve(struct reader *reader, enum declared kind, const struct node *name);

/* Two definitions of one name; `noun` is of what: "flag". */
void report_twice(struct reader *reader, const char *noun, const struct text *name,
                  struct span first);

/* Warns of what is declared and nothing names; once everything is read. */
void report_unused(struct reader *reader);

bool is_valid_name(const char *name);
bool check_name(struct reader *reader, const struct node *name, const char *what);
/* An environment's place in the project's list; UINT32_MAX after reporting. */
uint32_t resolve_environment(struct reader *reader, const struct node *name);

/* ------------------------------------------------------------------- scalars (read_scalar.c) -- */

bool is_null(const struct node *node); /* plain and empty, ~ or null */
/* Reports the wrong kind of node: "expected …, found …". Always false. */
bool expected(struct reader *reader, const struct node *node, const char *what);
/* "it is one of sum, mean, max", as help. */
const char *choices_help(struct reader *reader, const char *const *choices);
bool expect_map(struct reader *reader, const struct node *node, const char *what);
bool expect_list(struct reader *reader, const struct node *node, const char *what);

bool read_text(struct reader *reader, const struct node *node, struct text *text);
bool read_boolean(struct reader *reader, const struct node *node, bool *value);
bool read_number(struct reader *reader, const struct node *node, double *value);
bool read_integer(struct reader *reader, const struct node *node, int64_t *value);
bool read_count(struct reader *reader, const struct node *node, uint64_t *value);
bool read_percent(struct reader *reader, const struct node *node, uint32_t *thousandths);
bool read_duration(struct reader *reader, const struct node *node, int64_t *ms);
bool read_time(struct reader *reader, const struct node *node, int64_t *ms);
bool read_version(struct reader *reader, const struct node *node, const char **canonical);
bool read_network(struct reader *reader, const struct node *node, struct network *network);
bool read_choice(struct reader *reader, const struct node *node, const char *const *choices,
                 unsigned *value);
/* A text or a list of texts; duplicates are warned of. */
bool read_texts(struct reader *reader, struct node *node, struct texts *texts);
/* The items of a list, or one scalar as a list of one. */
bool read_items(struct reader *reader, struct node *node, const char *what, struct node ***items,
                uint32_t *count);
void warn_duplicates(struct reader *reader, struct node *const *items, uint32_t count);

/* --------------------------------------------------------------------- mappings (read_map.c) -- */

enum field_kind {
    FIELD_TEXT,     /* const char * */
    FIELD_PLACED,   /* struct text */
    FIELD_NAME,     /* struct text, checked as a name */
    FIELD_TEXTS,    /* struct texts */
    FIELD_BOOLEAN,  /* bool */
    FIELD_NUMBER,   /* double */
    FIELD_COUNT,    /* uint64_t */
    FIELD_PERCENT,  /* uint32_t */
    FIELD_DURATION, /* int64_t */
    FIELD_TIME,     /* int64_t */
    FIELD_CHOICE,   /* an enum, of `choices` */
    FIELD_READ      /* by `read`, which is given the target as a whole */
};

struct field {
    const char *name;
    enum field_kind kind;
    size_t offset;
    const char *const *choices; /* NULL-terminated, in the enum's order */
    void (*read)(struct reader *reader, struct node *value, void *target);
};
#define FIELD(name, kind, type, member)                \
    {                                                  \
        name, kind, offsetof(type, member), NULL, NULL \
    }
#define CHOICE(name, type, member, choices)                       \
    {                                                             \
        name, FIELD_CHOICE, offsetof(type, member), choices, NULL \
    }
#define READ(name, read)                \
    {                                   \
        name, FIELD_READ, 0, NULL, read \
    }
#define FIELD_LIMIT 64

/*
 * Reads a mapping by a table. Unknown keys are reported with what was meant; `what` names the thing
 * in messages, with its article: "a stage". Returns which fields were given, as bits by their place
 * in the table, also where their values were no good.
 */
uint64_t read_fields(struct reader *reader, struct node *map, const char *what,
                     const struct field *fields, size_t count, void *target);
#define FIELDS(fields) (fields), sizeof(fields) / sizeof *(fields)
/* Reports key `name` as missing, at the place of what lacks it. */
void report_missing(struct reader *reader, struct span span, const char *what, const char *key,
                    const char *help);
/* The entry itself, for its place; NULL when there is none. */
const struct entry *find_entry(const struct node *map, const char *key);
/* Two keys of one mapping of which only one may stand; true when both were given. */
bool report_conflict(struct reader *reader, const struct node *map, const char *first,
                     const char *second);

/* ------------------------------------------------------------------- conditions and the rest -- */

/* NULL after reporting. With `fields`, tests are on a log's fields instead of attributes. */
struct condition *read_condition(struct reader *reader, struct node *node, bool fields);
/* An `if`, and never NULL: what could not be read must not look as if it were for everybody. */
struct condition *read_audience(struct reader *reader, struct node *node);
/* Reports a value that the attribute's `enum` does not have. */
void check_choice(struct reader *reader, const struct attribute *attribute, const struct node *node,
                  bool ignore_case);
/* read_pattern.c: a regular expression. */
bool read_pattern(struct reader *reader, const struct node *node, bool ignore_case,
                  struct operand *operand);
/* read_list_file.c; NULL after reporting. */
struct list_file *read_list_file(struct reader *reader, const struct node *path);
/* read_json.c: a value as compact JSON text; NULL after reporting. */
const char *read_json(struct reader *reader, const struct node *node);
/* Whether two values have the same shape; *where tells what differs first. */
bool same_json_shape(const struct node *first, const struct node *second,
                     const struct node **where);

void read_project_section(struct reader *reader, struct node *section);
void read_attribute(struct reader *reader, struct declaration *declaration);
void read_segment(struct reader *reader, struct declaration *declaration);
void read_layer(struct reader *reader, struct declaration *declaration);
void read_holdout(struct reader *reader, struct declaration *declaration);
void read_metric(struct reader *reader, struct declaration *declaration);
void read_log(struct reader *reader, struct declaration *declaration);
void read_overrides(struct reader *reader, struct node *section);
/* Puts them in the order in which they decide, and names them. */
void order_overrides(struct reader *reader);
/* One, which belongs to nothing yet; NULL after reporting. */
struct override *read_override(struct reader *reader, struct node *node);
/* read_hooks.c: a list of a program and its arguments, and a mapping of hooks to such lists, which
 * replace those that `hooks` has. */
void read_program(struct reader *reader, struct node *node, struct texts *arguments);
void read_hooks(struct reader *reader, struct node *node, struct hooks *hooks);
void read_tests_section(struct reader *reader, struct node *section);
void read_bucket_by(struct reader *reader, const struct node *node,
                    const struct attribute **bucket_by);

/* ------------------------------------------------------------------------------------- flags -- */

/*
 * A flag as far as it is read, and one for each environment: first the flag's own keys, then copied
 * and the environment's keys read over it. The shorthand for a rule stays in parts until both are
 * known.
 */
struct draft {
    struct targeting targeting;
    struct flag *flag;
    struct node *node;
    struct span value_span; /* of the key `value`, where the flag is declared by one */
    bool has_value;
    bool open_shape;
    bool type_broken; /* then nothing can be said of values */

    const char *description, *owner;
    struct texts tags;
    int64_t expires;
    struct span expires_span, kind_span;
    enum flag_kind kind;
    bool kind_given;
    struct node *environments;

    uint32_t default_variant; /* UINT32_MAX: not given */
    bool has_serve, has_percent, has_split;
    uint32_t serve;
    struct ramp percent;
    struct arm *arms;
    uint32_t arm_count;
    struct span shorthand;
};

/* The variants are known once heads are read, before any body is. */
void read_flag_head(struct reader *reader, struct declaration *declaration);
void read_flag(struct reader *reader, struct declaration *declaration);
/* The keys of one environment, over those that the draft has. */
void read_environment(struct reader *reader, struct node *node, struct draft *draft);
/* read_targeting.c: makes the flag's environments of its draft. */
void read_targetings(struct reader *reader, struct draft *draft);

/* read_variants.c */
void read_variants(struct reader *reader, struct draft *draft);
void read_environment_variants(struct reader *reader, struct node *node, struct draft *draft);
void read_environment_value(struct reader *reader, struct node *node, struct draft *draft);
/* A variant's place; UINT32_MAX after reporting. */
uint32_t resolve_variant(struct reader *reader, const struct draft *draft, const struct node *name);
/* A variant or a list of them, as bits; 0 after reporting. */
uint64_t resolve_variants(struct reader *reader, const struct draft *draft, struct node *names);
/* The variant that a rule without `serve` gives: `on` of a boolean flag; UINT32_MAX: none. */
uint32_t usual_variant(const struct draft *draft);

/* read_rules.c */
void read_rules(struct reader *reader, struct node *node, struct draft *draft);
bool read_split(struct reader *reader, struct node *node, const struct draft *draft,
                struct arm **arms, uint32_t *count);
void read_ramp(struct reader *reader, struct node *node, struct ramp *ramp);
/* Makes the shorthand a rule, and settles what each rule hashes. */
void finish_rules(struct reader *reader, struct draft *draft);
/* Reports that something hashes and nothing says what. */
void report_no_bucket(struct reader *reader, struct span span, const char *what);

/* read_rollback.c: into the draft's flag. */
void read_rollback(struct reader *reader, struct node *node, void *draft);

struct canary *read_canary(struct reader *reader, struct node *node, struct draft *draft);
struct experiment *read_experiment(struct reader *reader, struct node *node, struct draft *draft);
/* A percentage from 50 to below 100, as a share. */
void read_confidence(struct reader *reader, const struct node *node, double *confidence);
void read_criteria(struct reader *reader, struct node *node, bool guards,
                   struct criteria *criteria);

#endif
