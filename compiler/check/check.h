/*
 * check.h - finds what is provably wrong or pointless in a model. A check reads the project and
 * reports; it changes nothing else.
 */
#ifndef FFC_CHECK_H
#define FFC_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/diagnostics/diagnostics.h"
#include "compiler/model/flag.h"

struct arena;
struct project;

struct checker {
    const struct project *project;
    struct arena *arena;
    struct diagnostics *diagnostics; /* the project's */
    int64_t now;                     /* what expiry is judged by */
    bool incomplete; /* a file could not be read to its end: a name that is missing may be in it */
};

/* "3 days" */
const char *days_between(struct arena *arena, int64_t first, int64_t second);

void check_segments(const struct checker *checker); /* cycles; before anything walks conditions */
void check_requirements(const struct checker *checker); /* cycles and depth */
void check_expiry(const struct checker *checker);
void check_layers(const struct checker *checker);
void check_users(const struct checker *checker);  /* that no unit can be */
void check_sticky(const struct checker *checker); /* beside a canary */
void check_overrides(const struct checker *checker);
void check_tests(const struct checker *checker);
void check_conditions(const struct checker *checker); /* only of a project without errors */
void check_fields(const struct checker *checker);     /* that metrics and contexts take from logs */
void check_criteria(const struct checker *checker);
void check_experiments(const struct checker *checker); /* sample sizes */
void check_unused(const struct checker *checker);

#endif
