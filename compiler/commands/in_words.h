/*
 * in_words.h - definitions in words: conditions, rules, and all of a flag in an environment.
 *
 * For whatever shows a definition to people, or compares two of them. Texts are as they were
 * written: whoever prints them escapes them. They say the same for definitions that mean the same,
 * and something else for those that do not, so that a comparison of words finds what was changed.
 */
#ifndef FFC_COMMANDS_IN_WORDS_H
#define FFC_COMMANDS_IN_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler/base/source.h"
#include "compiler/model/flag.h"

struct arena;
struct buffer;
struct override;
struct project;

/* How many operands of a test, and users of a list, are named; the others are counted. */
#define NAMED_OPERANDS 4

/* All that may be shown: of a private attribute, no value. SIZE_MAX, to compare, has them, too. */
#define ALL_SHOWN (SIZE_MAX - 1)

/* "country is NO or SE and segment beta"; nothing for NULL, which always holds. `most` operands of
 * each test are named. */
void condition_in_words(const struct condition *condition, size_t most, struct buffer *text);
/* "country is NO or SE": a test alone. */
void test_in_words(const struct condition *test, size_t most, struct buffer *text);
/* "on"; the value itself where it has no name, "none" for no variant. */
void variant_in_words(const struct flag *flag, const struct targeting *targeting, uint32_t variant,
                      struct buffer *text);
/* "off where country is NO until 2026-12-01T08:00:00Z" */
void override_in_words(const struct override *override, size_t most, struct buffer *text);
/* "flag pay, tag money in production": which flags it selects, and where. */
void override_scope_in_words(const struct project *project, const struct override *override,
                             struct buffer *text);

/* One thing that is said of a flag in an environment: `what` names it ("rule nordics", "salt"),
 * and is the same in another version of the flag that says it, too. */
struct statement {
    const char *what;
    const char *text; /* NULL: only that it is there */
    struct span span;
};
struct statements {
    struct statement *items;
    uint32_t count;
};

/*
 * All that decides what a flag serves there, overrides first, in the order in which it is
 * evaluated; its variants; and what its canary or experiment is judged by. The texts are the
 * arena's.
 */
struct statements targeting_in_words(const struct project *project, const struct flag *flag,
                                     uint32_t environment, size_t most, struct arena *arena);
/* What is said of it in all environments: its type, owner, tags and the like. */
struct statements flag_in_words(const struct flag *flag, struct arena *arena);

#endif
