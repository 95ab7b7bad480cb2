/* lower_program.c - turns expressions into instructions with forward jumps. */
#include "compiler/base/memory.h"
#include "lower.h"

#include <assert.h>
#include <stdlib.h>

void program_reset(struct program *program)
{
    program->count = 0;
    program->label_count = 0;
    program->ended = false;
    program->too_long = false;
}

void program_release(struct program *program)
{
    free(program->code);
    free(program->targets);
    free(program->labels);
    *program = (struct program){0};
}

static uint32_t new_label(struct program *program)
{
    if (program->label_count == program->label_capacity) {
        program->label_capacity = program->label_capacity ? program->label_capacity * 2 : 64;
        program->labels =
            xrealloc(program->labels, program->label_capacity * sizeof *program->labels);
    }
    return program->label_count++;
}

static void place_label(struct program *program, uint32_t label)
{
    program->labels[label] = program->count;
}

static void append(struct program *program, struct ffs_instruction instruction, uint32_t target)
{
    if (program->count == program->capacity) {
        program->capacity = program->capacity ? program->capacity * 2 : 64;
        program->code = xrealloc(program->code, program->capacity * sizeof *program->code);
        program->targets = xrealloc(program->targets, program->capacity * sizeof *program->targets);
    }
    program->code[program->count] = instruction;
    program->targets[program->count++] = target;
}

static void append_accepted(struct program *program, const struct expression *test)
{
    for (uint32_t i = 0; i < ffs_accept_count(test->variant_count); i++)
        append(program,
               (struct ffs_instruction){.op = FFS_ACCEPT,
                                        .attribute = FFS_NO_ATTRIBUTE,
                                        .operand = test->variants->words[i]},
               NO_LABEL);
}

static void branch(struct program *program, const struct expression *expression, bool wanted,
                   uint32_t otherwise);

/* After the test that it belongs to. An entry fails at the end of the body. */
static void append_body(struct program *program, const struct expression *body)
{
    static const struct ffs_instruction pass = {.op = FFS_PASS, .attribute = FFS_NO_ATTRIBUTE};
    uint32_t test = program->count - 1, end = new_label(program);
    if (body->kind != EXPRESSION_NEVER) {
        if (body->kind != EXPRESSION_ALWAYS)
            branch(program, body, true, end);
        append(program, pass, NO_LABEL);
    }
    place_label(program, end);
    program->code[test].operand = program->count - 1 - test;
}

/* Falls through if the expression's truth is `wanted`, and jumps to `otherwise` if not. */
static void branch(struct program *program, const struct expression *expression, bool wanted,
                   uint32_t otherwise)
{
    if (expression->kind == EXPRESSION_NOT) {
        branch(program, expression->children[0], !wanted, otherwise);
        return;
    }
    if (expression->kind == EXPRESSION_TEST) {
        struct ffs_instruction test = expression->test;
        if (!wanted)
            test.flags ^= FFS_NEGATE;
        append(program, test, otherwise);
        if (ffs_operand_of(test.op) == FFS_OPERAND_FLAG)
            append_accepted(program, expression);
        if (expression->body)
            append_body(program, expression->body);
        return;
    }
    /* Constants occur only alone: lists that contain one have been folded. */
    assert(expression->kind == EXPRESSION_ALL || expression->kind == EXPRESSION_ANY);
    bool decisive = expression->kind == EXPRESSION_ANY; /* the truth of one child that decides the
                                                         * list */
    uint32_t last = expression->child_count - 1;
    if (wanted != decisive) {
        for (uint32_t i = 0; i <= last; i++)
            branch(program, expression->children[i], wanted, otherwise);
        return;
    }
    uint32_t onward = new_label(program);
    for (uint32_t i = 0; i < last; i++)
        branch(program, expression->children[i], !wanted, onward);
    branch(program, expression->children[last], wanted, otherwise);
    place_label(program, onward);
}

void program_decide(struct program *program, const struct expression *expression,
                    struct ffs_instruction decision)
{
    if (program->ended || program->too_long || expression->kind == EXPRESSION_NEVER)
        return;
    if (program->count + expression->size + 1 > FFS_MAX_PROGRAM) {
        program->too_long = true;
        return;
    }
    uint32_t onward = new_label(program);
    if (expression->kind != EXPRESSION_ALWAYS)
        branch(program, expression, true, onward);
    /* A unit without a key skips a split, just as if a test had failed. */
    bool can_pass = ffs_uses_of(decision.op) & FFS_USES_JUMP;
    append(program, decision, can_pass ? onward : NO_LABEL);
    program->ended = expression->kind == EXPRESSION_ALWAYS && !can_pass;
    place_label(program, onward);
}

void program_finish(struct program *program)
{
    for (uint32_t i = 0; i < program->count; i++) {
        if (program->targets[i] == NO_LABEL)
            continue;
        uint32_t place = program->labels[program->targets[i]];
        assert(place > i && place <= program->count);
        program->code[i].jump = (uint16_t)(place - i);
    }
}
