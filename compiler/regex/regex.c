/* regex.c - runs the steps, and makes the resulting table. */
#include "regex.h"

#include "compiler/diagnostics/diagnose.h"
#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"
#include "regex_steps.h"

#include <string.h>

static void report_too_large(struct arena *arena, size_t length, size_t size,
                             struct regex_problem *problem)
{
    *problem = (struct regex_problem){.code = FF0262, .end = length};
    problem->message =
        size ? arena_format(arena, "this pattern needs a table of %zu bytes, of %d at most", size,
                            FFS_MAX_AUTOMATON)
             : arena_format(arena,
                            "this pattern is too large: its table, before minimisation, is far "
                            "beyond %d bytes",
                            FFS_MAX_AUTOMATON);
    problem->help =
        "counts such as {100} are expanded in it, and every alternative is in it: "
        "shorten them, give a list of smaller patterns, or use 'in_file' for known values";
}

const char *pattern_text(struct arena *arena, const char *pattern, bool ignore_case)
{
    return ignore_case ? arena_format(arena, "(?i)%s", pattern) : pattern;
}

static struct automaton *pack(struct arena *arena, const struct dfa *dfa)
{
    struct buffer bytes = {0};
    struct ffs_automaton head = {.state_count = (uint16_t)dfa->state_count,
                                 .class_count = (uint16_t)dfa->class_count,
                                 .start = (uint16_t)(dfa->start * dfa->class_count)};
    memcpy(head.class_of, dfa->class_of, sizeof head.class_of);
    uint32_t accepting = dfa->state_count;
    while (accepting > 2 && dfa->accepts[accepting - 1])
        accepting--;
    head.accepting = (uint16_t)(accepting * dfa->class_count);
    buffer_append(&bytes, &head, sizeof head);
    for (size_t i = 0; i < (size_t)dfa->state_count * dfa->class_count; i++) {
        uint16_t row = (uint16_t)(dfa->next[i] * dfa->class_count);
        buffer_append(&bytes, &row, sizeof row);
    }
    buffer_pad(&bytes, sizeof(uint32_t));

    struct automaton *automaton = ARENA_NEW(arena, struct automaton);
    automaton->table = (const void *)arena_copy(arena, bytes.bytes, bytes.length);
    automaton->size = bytes.length;
    automaton->always = dfa->start == DFA_FOUND;
    automaton->never = dfa->start == DFA_DEAD;
    buffer_release(&bytes);
    return automaton;
}

static bool is_place(const struct regex_node *sequence, uint32_t child, enum assertion assertion)
{
    return child < sequence->child_count && sequence->children[child]->kind == REGEX_ASSERT &&
           sequence->children[child]->assertion == assertion;
}

/* A pattern without special characters is tested more cheaply as a string. */
static void find_literal(struct arena *arena, const struct regex_node *root,
                         struct automaton *automaton)
{
    if (root->kind != REGEX_SEQUENCE)
        return;
    struct buffer text = {0};
    bool plain = true;
    automaton->at_begin = is_place(root, 0, AT_TEXT_BEGIN);
    automaton->at_end = is_place(root, root->child_count - 1, AT_TEXT_END);
    for (uint32_t i = automaton->at_begin; plain && i + automaton->at_end < root->child_count;
         i++) {
        const struct character_set *set = &root->children[i]->set;
        uint8_t bytes[4];
        plain = root->children[i]->kind == REGEX_SET && set->count == 1 && set->ranges[0].low &&
                set->ranges[0].low == set->ranges[0].high;
        if (plain)
            buffer_append(&text, bytes, encode_character(set->ranges[0].low, bytes));
    }
    if (plain)
        automaton->literal = arena_copy(arena, text.bytes ? text.bytes : "", text.length);
    buffer_release(&text);
}

const struct automaton *regex_compile(struct arena *arena, const char *pattern, size_t length,
                                      bool ignore_case, struct regex_problem *problem)
{
    struct automaton *automaton = NULL;
    struct arena scratch = {0};
    struct nfa nfa;
    struct dfa dfa = {0};
    const struct regex_node *root =
        regex_parse(&scratch, arena, pattern, length, ignore_case, problem);
    if (root && nfa_build(&nfa, &scratch, root) && dfa_build(&dfa, &scratch, &nfa)) {
        dfa_minimise(&dfa, &scratch);
        size_t size = (size_t)dfa.state_count * dfa.class_count * sizeof(uint16_t);
        if (size <= FFS_MAX_AUTOMATON) {
            automaton = pack(arena, &dfa);
            find_literal(arena, root, automaton);
        } else {
            report_too_large(arena, length, size, problem);
        }
    } else if (root) {
        report_too_large(arena, length, 0, problem);
    }
    dfa_release(&dfa);
    arena_release(&scratch);
    return automaton;
}
