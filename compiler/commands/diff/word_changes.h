/*
 * word_changes.h - what two versions of a flag say differently, in words.
 *
 * Rules without a name are the same one where they say the same, wherever they stand; those that
 * are left over are paired in their order.
 */
#ifndef FFC_COMMANDS_WORD_CHANGES_H
#define FFC_COMMANDS_WORD_CHANGES_H

#include "compiler/commands/in_words.h"

#define MOST_SAID 200 /* statements of a flag in an environment that are told of */

/* The statements of one version, the same ones each time: to compare, private values among them; in
 * full, without these; and as they are shown. Zeroed: it is not there. */
struct told {
    struct statements all, full, shown;
};
struct told told_of(const struct project *project, const struct flag *flag, uint32_t environment,
                    struct arena *arena);

/* One statement that is another. Texts are the arena's, long ones cut to where they differ. */
struct word_change {
    const char *what;           /* "rule nordics" */
    const char *before, *after; /* NULL: it is not there; "yes": there is no more to say */
    bool is_gone;               /* `span` is in the old version */
    struct span span;
};
struct word_change *words_changed(const struct told *old, const struct told *new,
                                  struct arena *arena, uint32_t *count);

/* A flag in two versions of a project. */
struct flag_versions {
    const struct project *before, *after;
    const struct flag *old, *new;
};
/* In one environment, or with NULL of the flag as a whole; nothing where a version lacks the
 * environment. */
struct word_change *flag_words_changed(const struct flag_versions *versions,
                                       const char *environment, struct arena *arena,
                                       uint32_t *count);
/* Whether the ledger tells it as an entry of its own: an override's. */
bool is_of_override(const struct word_change *said);
/* `"says":[{"what":"rule nordics","before":null,"after":"on for 5%"}]` */
void field_word_changes(struct buffer *out, const struct word_change *said, uint32_t count);
bool word_changes_are_same(const struct word_change *a, uint32_t a_count,
                           const struct word_change *b, uint32_t b_count);

#endif
