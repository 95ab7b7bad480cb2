/* edit_tests.h - tests that an edit breaks, because they expect what was served before. */
#ifndef FFC_COMMANDS_EDIT_TESTS_H
#define FFC_COMMANDS_EDIT_TESTS_H

#include <stdbool.h>
#include <stdint.h>

#include "edits.h"

struct pinned_test {
    const char *name, *place, *environment, *message;
    bool moved; /* it expects what is served now */
};
struct pinned_tests {
    struct pinned_test *items; /* of the edit's arena */
    uint32_t count;
};

/*
 * Those tests of the flags that pass as the project is, and fail as it would be, which `old` and
 * `new` are readings of these flags of; with --update-tests, they are edited as far as one answer
 * is what all of their contexts get. Returns an exit_status.
 */
int pinned_find(struct edits *edits, struct project *old, struct project *new,
                const char *const *flags, uint32_t flag_count, struct pinned_tests *pinned);
bool pinned_all_moved(const struct pinned_tests *pinned);
bool pinned_some_moved(const struct pinned_tests *pinned);
/* For stderr, and `"tests":[…]`. */
void pinned_write_notes(const struct pinned_tests *pinned, bool dry_run, struct buffer *out);
void pinned_write_json(const struct pinned_tests *pinned, struct buffer *out);

/* edits.c: the texts that differ from what was read; and a reading of some flags with them. */
uint32_t edits_texts(struct edits *edits, struct file_text **texts);
struct project *edits_part(struct edits *edits, const struct file_text *texts, uint32_t count,
                           const char *const *flags, uint32_t flag_count);

#endif
