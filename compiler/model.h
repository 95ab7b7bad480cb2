/*
 * model.h - a project as its definitions say it, names resolved.
 *
 * Everything is owned by the project's arena and constant once project_load() has returned. Texts
 * are NUL-terminated and never NULL unless said; a `span` is where a thing was written. Percentages
 * are in thousandths of a percent (0 to 100000), times and durations in milliseconds.
 */
#ifndef FFC_MODEL_H
#define FFC_MODEL_H

#include "fflag.h"
#include "compiler/files/yaml.h"
#include "compiler/model/operators.h"

struct text {
    const char *text;
    struct span span;
};
struct texts {
    struct text *items;
    uint32_t count;
};

#define PERCENT_ALL 100000u

/* Of a flag: what accepts several has them as bits. */
#define MOST_VARIANTS 64

/* -------------------------------------------------------------------------------- conditions -- */

struct automaton; /* see regex.h */

struct network {
    uint8_t first[16]; /* IPv4 as ::ffff:a.b.c.d */
    uint8_t last[16];
};

/* A value a test compares with. `source` is as written; the member that counts follows from the
 * type of the attribute: the text itself for string and strings, and for a version its canonical
 * text. */
struct operand {
    struct text source;
    union {
        const char *text;
        double number;
        bool boolean;
        int64_t time;
        struct network network;
        const struct automaton *automaton; /* OPERATOR_MATCHES */
    };
};

enum condition_kind {
    CONDITION_ALL = 1, /* children; none: always holds */
    CONDITION_ANY,     /* children; none: never holds */
    CONDITION_NOT,     /* one child */
    CONDITION_TEST,
    CONDITION_SEGMENT,
    CONDITION_FLAG
};

/*
 * A tree. The exact negations (`ne`, `not_in`, `not_contains`, `has_none`, `present: false`, …) are
 * a test with `negate`; operators.def says whether any of several operands makes a test hold, or
 * all must.
 */
struct condition {
    enum condition_kind kind;
    struct span span; /* the entry `key: value`, or the operator within it */
    struct condition **children;
    uint32_t child_count;

    /* CONDITION_TEST */
    enum operator_kind operator_kind;
    bool negate;
    bool ignore_case;
    const struct attribute *attribute; /* NULL in a metric, whose tests are on fields */
    struct text field;                 /* the attribute's or field's name */
    struct operand *operands;
    uint32_t operand_count;
    struct list_file *file; /* OPERATOR_IN_FILE */

    const struct segment *segment; /* CONDITION_SEGMENT */
    const struct flag *flag;       /* CONDITION_FLAG: holds when it serves one of `variants` */
    uint64_t variants;             /* by index, as bits */
};

/* A file of values, one a line; read once however often it is used. */
struct list_file {
    const char *path; /* relative to the project */
    const char **values;
    uint32_t count;
};

/* ------------------------------------------------------------------------------ declarations -- */

struct attribute {
    struct text name;
    enum fflag_attribute_type type;
    struct texts choices;    /* `enum`; none: any */
    const char *description; /* or NULL */
};

struct segment {
    struct text name;
    uint32_t index; /* in the project's array */
    const char *description;
    struct condition *condition;
};

struct layer {
    struct text name;
    const struct attribute *bucket_by;
};

struct holdout {
    struct text name;
    const struct attribute *bucket_by;
    uint32_t percent;
};

/* ------------------------------------------------------------------------------------- flags -- */

enum flag_kind {
    KIND_RELEASE,
    KIND_EXPERIMENT,
    KIND_CANARY,
    KIND_OPS,
    KIND_CONFIG,
    KIND_PERMISSION
};
extern const char *const flag_kind_names[]; /* in the order of the enum, ended by NULL */

struct variant {
    struct text name; /* text NULL: the one value of a flag declared by `value` */
    struct span span; /* of the value */
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

struct rule {
    struct text name;            /* as given, else "rules[0]" and so on */
    struct span span;            /* the whole rule */
    struct condition *condition; /* NULL: everybody */
    bool split;
    uint32_t serve; /* a variant, when not split */
    struct arm *arms;
    uint32_t arm_count;
    bool has_percent;
    struct ramp percent;
    const struct attribute *by; /* what is hashed; the flag's bucket_by unless the rule says */
};

struct user_list {
    uint32_t variant;
    struct texts users;
    struct list_file *file; /* or NULL; with `users` empty */
    struct span span;
};

struct requirement {
    const struct flag *flag;
    uint64_t variants; /* accepted, as bits */
    struct span span;
};

enum criterion_form {
    CRITERION_MAX,
    CRITERION_MIN,
    CRITERION_MAX_INCREASE,
    CRITERION_MAX_DECREASE
};
enum criterion_action { ACTION_ROLLBACK, ACTION_PAUSE, ACTION_ALERT, ACTION_INVESTIGATE };
enum nodata_policy { NODATA_HOLD, NODATA_ROLLBACK, NODATA_IGNORE };

/* A guard, or a line of `advance_when`: there `action` does not count. */
struct criterion {
    const struct metric *metric;
    enum criterion_form form;
    double threshold;    /* in the metric's own unit: a share as 0.05, a latency as logged */
    bool absolute;       /* of max_increase and max_decrease: {abs: …} */
    struct text written; /* the threshold as written, for reports: "5%" */
    enum criterion_action action;
    int64_t over;         /* trailing window; 0: the whole stage */
    uint32_t for_windows; /* how many windows in a row; 1 unless said */
    double confidence;    /* 0: judge the point estimate */
    bool versus_before;   /* else versus control */
    uint64_t min_samples; /* 0: the stage's */
    enum nodata_policy on_nodata;
    struct span span;
};
struct criteria {
    struct criterion *items;
    uint32_t count;
};

struct stage {
    struct text name;
    uint32_t percent;
    int64_t hold;
    int64_t max_hold; /* 0: none */
    uint64_t min_samples;
    struct condition *condition;
    struct criteria guards; /* in addition to the canary's */
    struct criteria advance_when;
    bool approval; /* named in the canary's `approval` */
    struct span span;
};

enum canary_state {
    CANARY_PENDING,
    CANARY_RUNNING,
    CANARY_PAUSED,
    CANARY_ROLLED_BACK,
    CANARY_COMPLETE
};
const char *canary_state_text(enum canary_state state); /* as in the definitions: "rolled_back" */

/* Programs that are run when a rollout has changed, with what it is about on their stdin. ORDER of
 * the keys in read_hooks(): "on_start" and so on. */
enum hook { HOOK_START, HOOK_ADVANCE, HOOK_PAUSE, HOOK_RESUME, HOOK_ROLLBACK, HOOK_COMPLETE };
#define HOOK_COUNT 6
struct invocation {
    struct texts arguments; /* the program first; none: nothing is run */
    int64_t timeout;
};
struct hooks {
    struct invocation on[HOOK_COUNT];
};
#define USUAL_TIMEOUT 60000

enum timeout_policy { TIMEOUT_HOLD, TIMEOUT_PAUSE, TIMEOUT_ROLLBACK, TIMEOUT_ADVANCE };

struct canary {
    uint32_t serve;
    struct stage *stages; /* at least one */
    uint32_t stage_count;
    struct criteria guards;
    struct criteria advance_when;
    enum timeout_policy on_timeout;
    enum nodata_policy on_unhealthy;
    int64_t max_hold;
    bool automatic;
    bool instant;
    enum canary_state state;
    uint32_t stage;          /* the current one; 0 while pending */
    int64_t since;           /* INT64_MIN: not given */
    const char *approved;    /* the stage that a person has let through; or NULL */
    struct hooks hooks;      /* the project's, where the canary has none of its own */
    const struct node *node; /* the block, where edit.h finds state, stage and since */
    struct span span;
};

enum experiment_state { EXPERIMENT_DRAFT, EXPERIMENT_RUNNING, EXPERIMENT_CONCLUDED };

/* What the primary metric is without the experiment, as plans of its size take it. */
struct experiment_baseline {
    bool given;
    double mean;      /* of a proportion: the share, 0 to 1 */
    double deviation; /* of the values, one a unit; 0 for a proportion, whose follows */
    struct span span;
};

struct experiment {
    const char *hypothesis;
    struct arm *arms;
    uint32_t arm_count;
    uint32_t control;
    uint32_t traffic;
    struct condition *condition;
    const struct metric *primary; /* or NULL */
    const struct metric **metrics;
    uint32_t metric_count;
    struct criteria guards;
    uint64_t min_samples;
    struct span min_samples_span;
    int64_t min_duration;
    double alpha, power, mde;
    struct span mde_span;
    struct experiment_baseline baseline;
    uint64_t units_per_day; /* that could take part, before layer and traffic; 0: not given */
    enum experiment_state state;
    bool has_winner;
    uint32_t winner;
    struct span span;
};

/* A flag as one environment has it: its own keys, replaced by the environment's. Variants keep
 * their names and order in every environment; only their values may differ. */
struct targeting {
    bool enabled;
    const struct attribute *bucket_by; /* NULL: no default is declared, and nothing hashes */
    const char *salt;
    struct variant *variants;
    uint32_t variant_count;
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
    struct canary *canary;         /* or NULL */
    struct experiment *experiment; /* or NULL */
};

struct override;
enum rollback_step_kind {
    ROLLBACK_SERVE_DEFAULT,
    ROLLBACK_OVERRIDE,
    ROLLBACK_RUN,
    ROLLBACK_NOTIFY
};

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
    int64_t expires; /* INT64_MIN: never */
    struct span expires_span;
    enum flag_kind kind;
    enum fflag_type type;
    bool faulty; /* it has mistakes, or names what could not be read: it may say more than this */
    struct rollback_step *rollback; /* carried out in this order */
    uint32_t rollback_count;
    struct targeting *environments; /* one an environment of the project, in its order */
};

/* --------------------------------------------------------------------------------- overrides -- */

/* Those of files in OVERRIDES_FOLDER stand before all others, the newest `at` first. */
#define OVERRIDES_FOLDER "overrides/"

struct override {
    struct text id;     /* what it is lifted by; text NULL: it has none */
    const char *name;   /* in results: "override:ID"; without an id its place among those that are
                           not in the folder, "override[0]" */
    struct texts flags; /* globs */
    struct texts tags;
    struct texts kinds;
    bool all;
    uint64_t environments;       /* as bits; all of them unless said */
    struct condition *condition; /* or NULL */
    struct text serve;           /* "default", or a variant every selected flag has */
    int64_t from, until;         /* INT64_MIN, INT64_MAX when not given */
    const char *reason, *by;     /* or NULL */
    int64_t at;                  /* INT64_MIN: not given */
    const struct node *node;
    struct span span;
    bool lifted; /* of an analysis of the past: it is in the definitions no more */
    bool dated;  /* likewise: `from` is `at` */
};
bool override_selects(const struct override *override, const struct flag *flag);
/* Whether it is of that environment, and selects the flag. */
bool override_concerns(const struct override *override, const struct flag *flag,
                       uint32_t environment);

/* ----------------------------------------------------------------------------- metrics, logs -- */

enum metric_kind {
    METRIC_PROPORTION,
    METRIC_MEAN,
    METRIC_RATIO,
    METRIC_QUANTILE,
    METRIC_RATE,
    METRIC_MAX,
    METRIC_MIN,
    METRIC_LAST
};
enum metric_aggregate {
    AGGREGATE_SUM,
    AGGREGATE_MEAN,
    AGGREGATE_MAX,
    AGGREGATE_COUNT,
    AGGREGATE_LAST
};

struct metric {
    struct text name;
    enum metric_kind kind;
    const char *description, *unit; /* or NULL */
    bool lower_is_better;
    bool better_given;
    struct condition *where; /* on fields; NULL: every event */
    struct condition *of;    /* METRIC_PROPORTION */
    struct text value;       /* field; text NULL where the kind has none */
    struct text numerator, denominator;
    double quantile; /* METRIC_QUANTILE, 0 to 1 */
    double accuracy; /* of the sketch: 0.01 unless said */
    double cap;      /* METRIC_MEAN: a value counts as at most this; 0: it is not given */
    bool per_unit;
    enum metric_aggregate aggregate;
    const struct log *log; /* NULL: the only one */
};

enum log_format {
    LOG_NDJSON,
    LOG_COMBINED,
    LOG_CSV,
    LOG_TSV,
    LOG_OTLP,
    LOG_GO_FEATURE_FLAG,
    LOG_PROMETHEUS,
    LOG_KAYENTA
};
enum log_delimiter { DELIMITER_COMMA, DELIMITER_SEMICOLON, DELIMITER_PIPE }; /* of csv */
enum time_unit { TIME_AUTO, TIME_SECONDS, TIME_MILLISECONDS, TIME_MICROSECONDS, TIME_NANOSECONDS };

struct log_field {
    struct text name; /* what metrics and contexts call it */
    const char *from; /* the field in the log; dots descend */
    double scale;     /* 1 unless said */
};

/* What a `combined` log has, ended by NULL. */
extern const char *const combined_field_names[];

struct log {
    struct text name;
    enum log_format format;
    const char *time; /* field */
    enum time_unit time_unit;
    const char *unit, *flag, *variant, *id; /* fields, or NULL */
    struct log_field *context;              /* name: the attribute */
    uint32_t context_count;
    struct log_field *fields;
    uint32_t field_count;
    enum log_delimiter delimiter;
    struct texts columns; /* of csv and tsv; none: the first line of a file names them */
    struct span span;
};

/* ------------------------------------------------------------------------------------- tests -- */

/* Which overrides a test supposes: none, unless it names some. */
struct supposed_overrides {
    bool active; /* all there are, as the clock has them */
    const struct override **items;
    uint32_t count;
};

/* What a test supposes of its flag, in place of what the definitions say at the time. */
struct supposition {
    bool given;
    uint32_t state;    /* enum canary_state, or enum experiment_state */
    struct text stage; /* of a canary; text NULL: where the flag has none to name */
};

/* What an answer must be; what is not said may be anything. */
struct expectation {
    bool has_variant;
    uint32_t variant;
    const char *value; /* as JSON; or NULL */
    bool has_reason;
    enum fflag_reason reason;
    bool has_rule;
    const char *rule; /* NULL: no rule decides */
};

struct test_context {
    const char *json; /* an object, valid by the attributes' types */
    struct span span;
};

#define MOST_UNITS 10000000u

/* One of `expect` and `shares`: what each context gets, or how a number of units is shared out. */
struct test {
    struct text name; /* the flag's, where the test has none */
    const struct flag *flag;
    uint64_t environments; /* as bits */
    int64_t at;            /* INT64_MIN: not given */
    struct supposition supposition;
    struct supposed_overrides overrides;
    struct test_context *contexts; /* at least one; with `shares` exactly one, of all units */
    uint32_t context_count;
    struct expectation expect;
    uint32_t *shares; /* by variant, in thousandths; or NULL */
    uint32_t units;
    struct span span;
};

/* ----------------------------------------------------------------------------------- project -- */

#define MOST_ENVIRONMENTS 64 /* an override's are bits */

struct project {
    struct arena arena;
    struct sources sources;
    struct diagnostics diagnostics;
    const char *directory; /* as given */

    const char *name;
    struct texts environments;         /* at most MOST_ENVIRONMENTS */
    const struct attribute *bucket_by; /* or NULL */
    bool automatic;
    double rollout_confidence; /* of all a rollout's bounds together; 0: each has its own */
    struct hooks hooks;

    /* Each in the order of definition. Arrays of pointers: the things themselves never move. */
    struct attribute **attributes;
    uint32_t attribute_count;
    struct segment **segments;
    uint32_t segment_count;
    struct layer **layers;
    uint32_t layer_count;
    struct holdout **holdouts;
    uint32_t holdout_count;
    struct metric **metrics;
    uint32_t metric_count;
    struct log **logs;
    uint32_t log_count;
    struct flag **flags; /* sorted by name, as bytes */
    uint32_t flag_count;
    struct override **overrides;
    uint32_t override_count;
    struct test **tests;
    uint32_t test_count;
};

/*
 * What a log's `unit` is to what flags are bucketed by: the same, as far as names tell, which a
 * `context` settles; another one, beside which lines have that, too; or another one alone.
 */
enum log_units { UNITS_ARE_BUCKETED, UNITS_BESIDE_BUCKETED, UNITS_UNKNOWN };
enum log_units log_units(const struct log *log, const struct attribute *bucket_by);

/* By name; NULL, or UINT32_MAX, when there is none. */
const struct flag *project_flag(const struct project *project, const char *name);
uint32_t project_environment(const struct project *project, const char *name);
/* By its id, or by its name in results. */
const struct override *project_override(const struct project *project, const char *name);

#endif
