/* test.h - a test of a flag, beside its definition. */
#ifndef FFC_MODEL_TEST_H
#define FFC_MODEL_TEST_H

#include <stdbool.h>
#include <stdint.h>

#include "fflag.h"
#include "text.h"

struct flag;
struct override;

/* Of enum fflag_reason. */
extern const char *const reason_words[];

/* The overrides that a test sees: none, unless it names some. */
struct named_overrides {
    bool active; /* all that are active at the test's time */
    const struct override **items;
    uint32_t count;
};

/* The state that a test assumes for its flag, instead of the one in the definitions. */
struct what_if {
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
    struct what_if what_if;
    struct named_overrides overrides;
    const char *previous;          /* the variant that the units had of the flag; or NULL */
    struct test_context *contexts; /* at least one; with `shares` exactly one, of all units */
    uint32_t context_count;
    struct expectation expect;
    uint32_t *shares; /* by variant and of no variant, in thousandths; or NULL */
    uint32_t units;
    struct span span;
};

/* Whether the test sees that override. */
bool test_sees(const struct test *test, const struct override *override);

#endif
