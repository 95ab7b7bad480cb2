/* What the verifier refuses in automata, one rule at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "sample.h"
#include "verify_bytes.h"

/* The sample's automaton has 5 states of 3 classes, so 15 is past its rows, and 7 is between
 * two. */
static const struct damage {
    const char *name;
    size_t offset; /* in AUTOMATA */
    uint16_t value;
    const char *text; /* part of the message */
} damages[] = {
#define FIELD(member)   offsetof(struct ffs_automaton, member)
#define ROW(row, class) (sizeof(struct ffs_automaton) + ((row)*3 + (class)) * sizeof(uint16_t))
    {"one_state", FIELD(state_count), 1, "automaton 0: impossible size"},
    {"rows_beyond_the_section", FIELD(state_count), 6, "automaton 0: impossible size"},
    {"too_many_states", FIELD(state_count), UINT16_MAX, "automaton 0: impossible size"},
    {"no_class", FIELD(class_count), 0, "automaton 0: impossible size"},
    {"too_many_classes", FIELD(class_count), 257, "automaton 0: impossible size"},
    {"a_header_that_is_cut", FIELD(class_count), 2, "automaton 71 has no whole header"},
    {"a_byte_without_a_class", FIELD(class_of) + 254, 3 << 8, "byte 255 has no class"},
    {"a_start_behind_the_rows", FIELD(start), 15, "automaton 0 does not start in a state"},
    {"a_start_between_states", FIELD(start), 7, "automaton 0 does not start in a state"},
    {"sinks_among_the_accepting", FIELD(accepting), 3, "impossible accepting states"},
    {"accepting_behind_the_rows", FIELD(accepting), 18, "impossible accepting states"},
    {"accepting_between_states", FIELD(accepting), 13, "impossible accepting states"},
    {"a_step_behind_the_rows", ROW(4, 2), 15, "automaton 0: a step leads to no state"},
    {"a_step_far_behind", ROW(4, 2), 0xFFFF, "automaton 0: a step leads to no state"},
    {"a_step_between_states", ROW(4, 2), 11, "automaton 0: a step leads to no state"},
    {"a_way_out_of_dead", ROW(0, 2), 6, "automaton 0: a decided state can be left"},
    {"a_way_out_of_found", ROW(1, 0), 0, "automaton 0: a decided state can be left"},
    {"padding", ROW(5, 0), 1, "automaton 0: the padding is not zero"},
};
#define DAMAGES (sizeof damages / sizeof *damages)

static void refuses(void **state)
{
    const struct damage *damage = *state;
    size_t length;
    uint8_t *bytes = assemble_sample(&length);
    uint8_t *automata = section_at(bytes, FFS_AUTOMATA);
    struct problem problem = {""};
    memcpy(automata + damage->offset, &damage->value, sizeof damage->value);
    if (damage->offset == FIELD(class_count) && damage->value == 2) {
        /* Valid with two classes, apart from the rest of the section. */
        static const uint16_t rows[10] = {0, 0, 2, 2};
        struct ffs_automaton narrow = {
            .state_count = 5, .class_count = 2, .start = 4, .accepting = 10};
        memcpy(automata, &narrow, sizeof narrow);
        memcpy(automata + sizeof narrow, rows, sizeof rows);
    }
    reseal(bytes, length);
    assert_int_equal(verify(bytes, length, &problem), FFLAG_ERROR_MALFORMED);
    if (!strstr(problem.text, damage->text))
        fail_msg("'%s', expected '%s'", problem.text, damage->text);
    free(bytes);
}

/* Every width has its own way to recognise multiples: each value of a step is refused or is a
 * state. */
static void tells_the_states_of_any_width(void **state __attribute__((unused)))
{
    for (uint32_t width = 1; width <= 256; width++) {
        struct assembler assembler = {0};
        uint16_t *rows = calloc((size_t)width * 4, sizeof *rows);
        assert_non_null(rows);
        for (uint32_t i = 0; i < width; i++)
            rows[width + i] = (uint16_t)width;
        struct ffs_automaton automaton = {.state_count = 4,
                                          .class_count = (uint16_t)width,
                                          .start = (uint16_t)(2 * width),
                                          .accepting = (uint16_t)(3 * width)};
        add_automaton(&assembler, automaton, rows);
        add_boolean(&assembler, "constant", NULL, 0);
        size_t length;
        uint8_t *bytes = assemble(&assembler, &length);
        uint16_t *last = (uint16_t *)((uint8_t *)section_at(bytes, FFS_AUTOMATA) +
                                      sizeof automaton + (4 * width - 1) * sizeof *rows);
        for (uint32_t value = 0; value <= UINT16_MAX; value += value < 4 * width + 2 ? 1 : 977) {
            struct problem problem = {""};
            bool sound = value % width == 0 && value <= 3 * width;
            *last = (uint16_t)value;
            reseal(bytes, length);
            if ((verify(bytes, length, &problem) == FFLAG_OK) != sound)
                fail_msg("width %u, step %u: %s", width, value, problem.text);
        }
        free(bytes);
        free(rows);
    }
}

int main(void)
{
    static struct CMUnitTest tests[DAMAGES + 1];
    static char names[DAMAGES][64];
    for (size_t i = 0; i < DAMAGES; i++) {
        snprintf(names[i], sizeof names[i], "refuses_%s", damages[i].name);
        tests[i] =
            (struct CMUnitTest){names[i], refuses, NULL, NULL, (void *)(uintptr_t)&damages[i]};
    }
    tests[DAMAGES] = (struct CMUnitTest)cmocka_unit_test(tells_the_states_of_any_width);
    return _cmocka_run_group_tests("verify automata", tests, DAMAGES + 1, NULL, NULL);
}
