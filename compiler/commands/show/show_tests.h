/* show_tests.h - how a flag's tests stand, for `ffc show`: they are run. */
#ifndef FFC_COMMANDS_SHOW_TESTS_H
#define FFC_COMMANDS_SHOW_TESTS_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/commands/test/test.h"

struct flag_tests {
    struct test_run run;
    const struct flag *flag;
    uint32_t environment; /* UINT32_MAX: all */
    uint32_t count;       /* tests, each in several environments perhaps */
    bool ran;             /* false: the definitions have errors, or cannot be compiled */
};

/* Zeroed before; flag_tests_release() follows. Cost: compiles the project for each environment that
 * the tests are of. */
void flag_tests_run(struct flag_tests *tests, const struct command *command,
                    struct project *project, const struct flag *flag, uint32_t environment,
                    int64_t now);
void flag_tests_release(struct flag_tests *tests);

/* "3, all pass; nothing of the flag is left out" */
void flag_tests_verdict(const struct flag_tests *tests, struct buffer *text);
/* What is to be seen of it one by one: tests that fail, and why; those that say what they are
 * about; what no test reaches. Each calls `take` with a text that is not escaped. */
enum test_line { TEST_FAILS, TEST_PASSES, TEST_NOT_RUN, TEST_LACKS };
typedef void test_line_taker(enum test_line kind, const char *text, void *user);
void flag_tests_lines(struct flag_tests *tests, test_line_taker *take, void *user);
/* `"tests":[…],"coverage":…` */
void flag_tests_json(struct flag_tests *tests, struct buffer *out);

#endif
