/*
 * read_hooks.c - programs that rollouts run, and which of them when.
 *
 * Programs are given as lists: there is no shell between, and nothing to quote.
 */
#include "compiler/diagnostics/diagnose.h"
#include "compiler/base/arena.h"
#include "read_hooks.h"
#include "read_map.h"
#include "read_scalar.h"
#include "reader.h"

/* Arguments may repeat, which lists of names may not. */
void read_program(struct reader *reader, struct node *node, struct texts *arguments)
{
    if (!expect_list(reader, node, "a list of the program and its arguments")) {
        if (node->kind == NODE_SCALAR)
            diagnose_help(reader->diagnostics,
                          "no shell reads it: write [./off.sh, now], or [sh, -c, 'off.sh | mail']");
        return;
    }
    if (!node->count) {
        diagnose(reader->diagnostics, FF0144, node->span, "no program to run");
        diagnose_help(reader->diagnostics, "name it and its arguments: [./off.sh, now]");
    }
    arguments->count = 0;
    arguments->items = ARENA_ARRAY(reader->arena, struct text, node->count);
    for (uint32_t i = 0; i < node->count; i++) {
        struct text *argument = &arguments->items[arguments->count];
        arguments->count += read_text(reader, node->items[i], argument);
    }
    if (!arguments->count || *arguments->items[0].text)
        return;
    diagnose(reader->diagnostics, FF0144, arguments->items[0].span, "no program to run");
    diagnose_help(reader->diagnostics, "the first of the list is the program");
}

struct hook_keys {
    struct hooks *hooks;
    int64_t timeout;
};

#define HOOK(name, place)                                                              \
    static void read_on_##name(struct reader *reader, struct node *node, void *target) \
    {                                                                                  \
        struct hook_keys *keys = target;                                               \
        read_program(reader, node, &keys->hooks->on[place].arguments);                 \
    }
HOOK(start, HOOK_START)
HOOK(advance, HOOK_ADVANCE)
HOOK(pause, HOOK_PAUSE)
HOOK(resume, HOOK_RESUME)
HOOK(rollback, HOOK_ROLLBACK)
HOOK(complete, HOOK_COMPLETE)

void read_hooks(struct reader *reader, struct node *node, struct hooks *hooks)
{
    static const struct field fields[] = {
        READ("on_start", read_on_start),
        READ("on_advance", read_on_advance),
        READ("on_pause", read_on_pause),
        READ("on_resume", read_on_resume),
        READ("on_rollback", read_on_rollback),
        READ("on_complete", read_on_complete),
        FIELD("timeout", FIELD_DURATION, struct hook_keys, timeout),
    };
    struct hook_keys keys = {hooks, USUAL_TIMEOUT};
    if (!expect_map(reader, node, "a mapping of hooks to programs"))
        return;
    uint64_t given = read_fields(reader, node, "the hooks of a rollout", FIELDS(fields), &keys);
    for (uint32_t i = 0; i < HOOK_COUNT; i++)
        if (given & UINT64_C(1) << i)
            hooks->on[i].timeout = keys.timeout;
}
