/*
 * form.h - what the value of a key may be: the schema and the reference are printed from it.
 *
 * Mappings are read by the same tables of fields. The other forms say to an editor, and to people,
 * what code reads; where they cannot say all of it, they allow more.
 */
#ifndef FFC_FORM_H
#define FFC_FORM_H

#include <stdbool.h>
#include <stddef.h>

struct field;

/* What a text of definitions can be the name of, for tools: which of them it is, and whether there
 * is one, is for who reads it. */
enum named {
    NAMED_NOTHING,
    NAMED_FLAG,
    NAMED_VARIANT,
    NAMED_SEGMENT,
    NAMED_ATTRIBUTE,
    NAMED_METRIC,
    NAMED_LOG,
    NAMED_LAYER,
    NAMED_HOLDOUT,
    NAMED_ROLLOUT,
    NAMED_STAGE,
    NAMED_ENVIRONMENT,
    NAMED_COUNT
};

enum form_kind {
    FORM_JSON,   /* as `json` says */
    FORM_CHOICE, /* one of `words` */
    FORM_ALIAS,  /* as of[0]; it `takes` something else to people */
    FORM_EITHER, /* any of `of` */
    FORM_LIST,   /* of of[0] */
    FORM_MAP,    /* of names, of the form `names`, to of[0] */
    FORM_KEYS,   /* a mapping of `fields` */
    FORM_TEST    /* of an attribute or field: operators.def */
};

struct form {
    enum form_kind kind;
    const char *definition; /* its name in the schema; NULL: it stands where it is used */
    const char *takes;      /* in the reference: "percentage"; of a choice, its words */
    const char *help;       /* or NULL */
    const char *json;       /* members of a JSON object */
    const char *const *words;
    const struct form *of[5];
    const struct form *names; /* or NULL: any */
    unsigned least, most;     /* how many there are in it; 0: not limited */
    const char *what;         /* "a stage", in messages; of FORM_KEYS */
    const struct field *fields;
    size_t field_count;
    const struct form *others; /* what any other key is; NULL: there is none */
    enum named named;          /* what a text there is the name of, or each of a list */
    enum named keys_named;     /* what keys are, of a mapping of names, or the other ones */
    bool of_fields;            /* within it, attributes are a log's fields */
    enum {
        REFERENCE_TABLE, /* its keys are a table of the reference */
        REFERENCE_NAMES, /* a list of their names: what they mean stands elsewhere */
        REFERENCE_NONE   /* all of them stand elsewhere */
    } reference;
};

#define FORM(takes_, json_)                               \
    {                                                     \
        .kind = FORM_JSON, .takes = takes_, .json = json_ \
    }
#define ALIAS(takes_, form, ...)                                        \
    {                                                                   \
        .kind = FORM_ALIAS, .takes = takes_, .of = {&form}, __VA_ARGS__ \
    }
/* The same, of names of something. */
#define NAMES(takes_, form, named_) ALIAS(takes_, form, .named = named_)
/* What it is called in the schema, in messages and in the reference; its fields; and what else. */
#define KEYS(definition_, what_, takes_, fields_, ...)                                     \
    {                                                                                      \
        .kind = FORM_KEYS, .definition = definition_, .what = what_, .takes = takes_,      \
        .fields = fields_, .field_count = sizeof(fields_) / sizeof *(fields_), __VA_ARGS__ \
    }

/* Of single values, and lists of them. */
extern const struct form name_form, free_name_form, text_form, texts_form, scalar_form,
    boolean_form, number_form, count_form, positive_form, percent_form, duration_form, time_form,
    quantity_form, any_form, null_form;
/* Names of things. */
extern const struct form attribute_name_form, variant_form, flag_name_form, stage_name_form,
    metric_name_form, log_name_form, field_name_form, environments_form, stages_form, metrics_form,
    holdouts_form, segment_names_form, variant_names_form;
/* Variants and their percentages. */
extern const struct form shares_form;

#endif
