/* words.c - the words that definitions use for members of enums. */
#include "compiler/base/words.h"

#include "fflag/snapshot.h"
#include "declaration.h"
#include "flag.h"
#include "log.h"
#include "metric.h"
#include "test.h"

const char *const canary_state_words[] = WORDS(CANARY_STATES);
const char *const timeout_policy_words[] = WORDS(TIMEOUT_POLICIES);
const char *const criterion_form_words[] = WORDS(CRITERION_FORMS);
const char *const criterion_action_words[] = WORDS(CRITERION_ACTIONS);
const char *const nodata_policy_words[] = WORDS(NODATA_POLICIES);
const char *const experiment_state_words[] = WORDS(EXPERIMENT_STATES);
const char *const analysis_method_words[] = WORDS(ANALYSIS_METHODS);
const char *const metric_method_words[] = WORDS(METRIC_METHODS);
const char *const version_scheme_words[] = WORDS(VERSION_SCHEMES);
const char *const flag_kind_words[] = WORDS(FLAG_KINDS);
const char *const clock_test_words[] = WORDS(CLOCK_TESTS);
const char *const weekday_words[] = WORDS(WEEKDAYS);
const char *const kept_units_words[] = WORDS(KEPT_UNITS);
const char *const rollback_step_kind_words[] = WORDS(ROLLBACK_STEP_KINDS);
const char *const hook_words[] = WORDS(HOOKS);

const char *hook_event(enum hook hook)
{
    return hook_words[hook] + sizeof "on_" - 1;
}

const char *const log_format_words[] = WORDS(LOG_FORMATS);
const char *const log_wrap_words[] = WORDS(LOG_WRAPS);
const char *const field_parse_words[] = WORDS(FIELD_PARSES);
const char *const field_decimal_words[] = WORDS(FIELD_DECIMALS);
const char *const log_stream_words[] = WORDS(LOG_STREAMS);
const char *const log_delimiter_words[] = WORDS(LOG_DELIMITERS);
const char *const time_unit_words[] = WORDS(TIME_UNITS);
const char *const metric_aggregate_words[] = WORDS(METRIC_AGGREGATES);

/* --------------------------------------------------------------------- enums of the library -- */

/* These enums begin with 1. A list that lacks a member does not compile here. */
#define WORD_CASE(member, word) case member:
#define COVERS(type, LIST)                                    \
    static inline void LIST##_covers_##type(enum type member) \
    {                                                         \
        switch (member) {                                     \
            LIST(WORD_CASE) break;                            \
        }                                                     \
    }

#define WORDS_AFTER(first, LIST)                              \
    {                                                         \
        first, LIST(WORDS_WORD)[WORDS_COUNT(LIST) + 1] = NULL \
    }
COVERS(fflag_type, FLAG_TYPES)
const char *const flag_type_words[] = WORDS_AFTER("", FLAG_TYPES);
COVERS(fflag_attribute_type, ATTRIBUTE_TYPES)
const char *const attribute_type_words[] = WORDS_AFTER([A_FIELD] = "field", ATTRIBUTE_TYPES);

#define REASON(name) [FFLAG_REASON_##name] = #name,
const char *const reason_words[] = {FFS_REASONS(REASON) NULL};
