/* test_subject.h - what the parts of reading a test share. */
#ifndef FFC_TEST_SUBJECT_H
#define FFC_TEST_SUBJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/base/descent.h"
#include "draft.h"
#include "form.h"

/* What a test is about must be known before the rest can be read. */
struct test_subject {
    struct test *test;
    const struct node *node;
    const struct draft *draft; /* of its flag */
    const struct texts *environments;
    struct descent *attributes; /* in contexts; of the one that was read last, what it gives */
};

/* For a key whose value is read when the others are known. */
void read_later(struct reader *reader, struct node *node, void *target);

/* The next environment of a test from `*at` on; false after the last. */
bool test_next_environment(const struct test_subject *subject, uint32_t *at,
                           const struct targeting **targeting);

/* For contexts that may be nested; the values are entries. The caller releases it. */
void descend_to_attributes(struct reader *reader, struct descent *descent);
/* `context` or `contexts`. */
void read_contexts(struct reader *reader, struct test_subject *subject);
extern const struct form test_context_form, test_contexts_form;

/* `expect`, or `expect_share` with `units`. */
void read_outcome(struct reader *reader, struct test_subject *subject);

extern const struct form expectation_form;

#endif
