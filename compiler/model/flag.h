/* flag.h - a flag, as each environment has it. */
#ifndef FFC_MODEL_FLAG_H
#define FFC_MODEL_FLAG_H

#include <stdbool.h>
#include <stdint.h>

#include "canary.h"
#include "declaration.h"
#include "experiment.h"
#include "variant_set.h"

/* What definitions call it where a flag leaves the value to the caller; no variant's name. */
#define NO_VARIANT_NAME "none"

#define MOST_ARMS        4096 /* of a split */
#define MOST_UNIT_RANGES 64   /* of a rule: a test each */

#define FLAG_KINDS(X)                \
    X(KIND_RELEASE, "release")       \
    X(KIND_EXPERIMENT, "experiment") \
    X(KIND_CANARY, "canary")         \
    X(KIND_OPS, "ops")               \
    X(KIND_CONFIG, "config")         \
    X(KIND_PERMISSION, "permission")
enum flag_kind { FLAG_KINDS(WORDS_MEMBER) };
extern const char *const flag_kind_words[];

/* Of enum fflag_type. */
#define FLAG_TYPES(X)                \
    X(FFLAG_TYPE_BOOLEAN, "boolean") \
    X(FFLAG_TYPE_STRING, "string")   \
    X(FFLAG_TYPE_INTEGER, "integer") \
    X(FFLAG_TYPE_NUMBER, "number")   \
    X(FFLAG_TYPE_JSON, "json")
extern const char *const flag_type_words[]; /* from FFLAG_TYPE_BOOLEAN on */

struct variant {
    struct node *node; /* of the value; NULL where it is not written */
    struct text name;  /* text NULL: the one value of a flag declared by `value` */
    struct span span;  /* of the value */
    union {
        bool boolean;
        int64_t integer;
        double number;
        const char *string; /* and json: compact text */
    };
};

struct ramp {
    bool gradual; /* false: `from` is the percentage, and the rest is unused */
    uint32_t from;
    uint32_t to;
    uint32_t step; /* 0: linear */
    int64_t every;
    int64_t start;
    int64_t end;
    struct span span;
};

struct arm {
    uint32_t variant;
    uint32_t percent;
    struct span span;
};

/* What a split keeps of a percentage that it replaces: who was in it gets the first variant. */
#define KEPT_UNITS(X) X(KEPT_EXPOSURE, "exposure")
enum kept_units { KEPT_UNITS(WORDS_MEMBER) };
extern const char *const kept_units_words[];

struct keep {
    bool given;
    struct span span;
};

/* From a place to another among the units, in order of their buckets: [from, to). */
struct unit_range {
    uint32_t from, to;
};

/* In order, apart from each other. None: all units. */
struct unit_ranges {
    struct unit_range *items;
    uint32_t count;
    struct span span;
};

struct rule {
    struct text name;            /* as given, else "rules[0]" and so on */
    struct span span;            /* the whole rule */
    struct condition *condition; /* NULL: everybody */
    bool split;
    uint32_t serve; /* a variant, when not split */
    struct arm *arms;
    uint32_t arm_count;
    struct keep keep; /* KEPT_EXPOSURE: the split goes by the bucket of percentages */
    bool has_percent;
    struct ramp percent;
    struct unit_ranges ranges;    /* instead of a percentage */
    const char *salt;             /* its own; NULL: the flag's */
    const struct unit_key *by;    /* what is hashed; the flag's bucket_by unless the rule says */
    struct node *value_overrides; /* or NULL; applied in `patched` of a targeting */
    const char *replaces;         /* these as JSON, where they change a value */
};

/* For whom parts of a variant's value are replaced, whatever serves it. Of several for one variant,
 * the first that holds does. */
struct value_override {
    uint32_t variant;
    struct condition *condition;
    struct node *replace; /* a merge patch */
    const char *replaces; /* as JSON, where it changes the value */
    struct span span;
};

/* A value that is served in place of a variant's, with parts of it replaced. */
struct patched_value {
    uint32_t rule, override; /* by place; NO_PATCH: not by one */
    uint32_t variant;
    const char *value; /* JSON */
};
#define NO_PATCH UINT32_MAX

struct user_list {
    uint32_t variant;
    struct texts users;
    struct list_file *file; /* or NULL; with `users` empty */
    struct span span;
};

struct requirement {
    const struct flag *flag;
    const struct variant_set *variants; /* accepted */
    struct span span;
};

/*
 * A flag as one environment has it: its own keys, replaced by the environment's. Variants keep
 * their names and order in every environment; only their values may differ. Wherever a variant is
 * served, its index may be `variant_count`: no variant, the caller's own default. The array has one
 * more for that, with the name "none" and no value.
 */
struct targeting {
    bool enabled;
    bool sticky;
    struct span sticky_span;
    const struct unit_key *bucket_by; /* NULL: no default is declared, and nothing hashes */
    const char *salt;
    struct variant *variants;
    uint32_t variant_count;
    const struct table *variant_numbers; /* number + 1 by name; NULL: they are few */
    uint32_t default_variant;
    struct requirement *requirements;
    uint32_t requirement_count;
    const struct layer *layer; /* or NULL */
    uint32_t layer_from, layer_to;
    struct span layer_span;
    const struct holdout **holdouts;
    uint32_t holdout_count;
    struct user_list *users;
    uint32_t user_list_count;
    struct rule *rules;
    uint32_t rule_count;
    struct value_override *value_overrides;
    uint32_t value_override_count;
    struct span value_overrides_span;
    struct patched_value *patched; /* one for each variant that is changed, by each way to do so */
    uint32_t patched_count;
    struct canary *canary;         /* or NULL */
    struct experiment *experiment; /* or NULL */
};

struct override;
#define ROLLBACK_STEP_KINDS(X)         \
    X(ROLLBACK_SERVE_DEFAULT, "serve") \
    X(ROLLBACK_OVERRIDE, "override")   \
    X(ROLLBACK_RUN, "run")             \
    X(ROLLBACK_NOTIFY, "notify")
enum rollback_step_kind { ROLLBACK_STEP_KINDS(WORDS_MEMBER) };
extern const char *const rollback_step_kind_words[]; /* their keys */

/* One of a plan for rolling a flag back. */
struct rollback_step {
    enum rollback_step_kind kind;
    struct override *override;    /* ROLLBACK_OVERRIDE */
    struct invocation invocation; /* ROLLBACK_RUN, ROLLBACK_NOTIFY */
    struct span span;
};

struct flag {
    struct text name;                /* its span: where the flag is defined */
    uint32_t index;                  /* in the project's array */
    const char *description, *owner; /* or NULL */
    struct texts tags;
    const char *metadata; /* with its links, as a JSON object; or NULL */
    bool client;          /* it may leave the server */
    int64_t expires;      /* INT64_MIN: never */
    struct span expires_span;
    enum flag_kind kind;
    enum fflag_type type;
    bool serves_none; /* to somebody in some environment */
    bool faulty; /* it has mistakes, or names what could not be read: it may say more than this */
    struct rollback_step *rollback; /* carried out in this order */
    uint32_t rollback_count;
    struct targeting *environments; /* one an environment of the project, in its order */
};

/* Whether a rule is for a share of the units that match, and not for all; whether for none. */
bool rule_samples(const struct rule *rule);
bool rule_is_for_nobody(const struct rule *rule);
/* What the units of a rule are hashed with. */
const char *rule_salt(const struct targeting *targeting, const struct rule *rule);

/* How units are divided among arms: by the bucket of their key under `salt` and `suffix`. */
#define SPLIT_SUFFIX "/split"
struct split {
    const struct unit_key *by;
    const char *salt;
    const char *suffix; /* SPLIT_SUFFIX; "" where it keeps the buckets of a percentage */
    const struct arm *arms;
    uint32_t arm_count;
};
/* Of a rule that has a split, and of the experiment that a flag has there. */
struct split rule_split(const struct targeting *targeting, const struct rule *rule);
struct split experiment_split(const struct targeting *targeting);
/* By its name, "none" for no variant among them; UINT32_MAX if there is none of that name. */
uint32_t targeting_variant(const struct targeting *targeting, const char *name);
/*
 * In the snapshot, the patched values are further variants, with the names of those that they are
 * values of: what a rule serves is number `variant_count` + 1 + its place among them here, and one
 * less there, where no variant has no number.
 */
uint32_t patched_variant(const struct targeting *targeting, uint32_t rule, uint32_t override,
                         uint32_t variant);
/* Whether somebody gets the variant with parts of its value replaced, whatever serves it. */
bool has_value_override(const struct targeting *targeting, uint32_t variant);
/* From the number in a snapshot, or a result: the variant that is declared. */
uint32_t declared_variant(const struct targeting *targeting, uint32_t number);
/* So: the value override that replaced parts of it, by place, or NO_PATCH. */
uint32_t replacing_override(const struct targeting *targeting, uint32_t number);
/* What an override serves, which may be "default"; UINT32_MAX if the flag has no such variant. */
uint32_t override_variant(const struct targeting *targeting, const char *serve);
/* Whether the flag is served to a part of the units only, since others share its layer. */
bool targeting_shares_layer(const struct targeting *targeting);
/* Whether a unit keeps the variant that it had: until an experiment begins, and when it is over, it
 * does not. */
bool targeting_keeps(const struct targeting *targeting);
/* Whether definitions serve no variant to somebody: as default, by a rule or to users. */
bool targeting_serves_none(const struct targeting *targeting);
/* The variants of arms with a share. */
void variant_set_add_arms(struct variant_set *set, const struct arm *arms, uint32_t count);
/* Whether one arm has all units: then there is no split, and `*variant` is its variant. */
bool is_whole_arm(const struct arm *arms, uint32_t count, uint32_t *variant);
/* Why a rule, stage or experiment served: `sampled` if a part of the units only, be it by its
 * condition. */
enum fflag_reason targeting_reason(bool sampled, const struct condition *condition);

#endif
