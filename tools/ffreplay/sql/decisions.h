/*
 * decisions.h - the steps of a flag's evaluation as one CASE of a query.
 *
 * It says the number of the outcome: which variant, why and by what. The steps and their order are
 * those of docs/evaluation.md, as compiler/lower/lower.c has them.
 */
#ifndef FFREPLAY_SQL_DECISIONS_H
#define FFREPLAY_SQL_DECISIONS_H

#include "compiler/model/flag.h"
#include "fflag.h"
#include "tests_in_sql.h"

enum decided_by {
    BY_NOTHING, /* the default, for whatever reason */
    BY_OVERRIDE,
    BY_USERS,
    BY_RULE,
    BY_EXPERIMENT,
    BY_CANARY
};

struct outcome {
    enum fflag_reason reason;
    uint32_t variant;
    enum decided_by by;
    const char *rule; /* in results; or NULL */
};

struct outcomes {
    struct outcome *items; /* distinct */
    uint32_t count;
};

struct decided_flag {
    const struct project *project;
    const struct flag *flag;
    uint32_t environment;
    const struct targeting *targeting;
};

/* The CASE, indented by so many columns, as its definitions stand now. NULL: a step cannot be said
 * in the dialect, which has been reported. */
const char *sql_decision(struct table_columns *columns, const struct decided_flag *decided,
                         const struct sql_units *units, struct outcomes *outcomes, int indent);

/* Whether an override holds the flag back at the line's time. With a `units`, where that is for
 * some only, for this line. NULL: reported. "false": there is none. */
const char *sql_held(struct table_columns *columns, const struct decided_flag *decided,
                     const struct sql_units *units);

#endif
