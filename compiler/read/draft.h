/* draft.h - a flag as far as it is read. */
#ifndef FFC_DRAFT_H
#define FFC_DRAFT_H

#include "reader.h"

/*
 * A flag being read, and a copy for each environment: first the flag's own keys, then the
 * environment's keys read over them. The shorthand for a rule stays in parts until both are known.
 */
struct draft {
    struct targeting targeting;
    struct flag *flag;
    struct node *node;
    struct span value_span; /* of the key `value`, where the flag is declared by one */
    bool has_value;
    bool open_shape;
    bool no_variants;        /* for a reason that was reported */
    struct table rule_names; /* to struct rule, of the list that was read last */
    bool variants_lost;      /* not all have their names, as was reported */
    bool type_broken;        /* then nothing can be said of values */

    const char *description, *owner;
    struct texts tags;
    const char *metadata; /* JSON, or NULL */
    struct texts links;
    struct span metadata_span, links_span;
    bool client;
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
    struct keep keep;
    struct span shorthand;
};

#endif
