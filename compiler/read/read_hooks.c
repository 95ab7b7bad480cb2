/*
 * read_hooks.c - the programs that rollouts run, and when.
 *
 * A program is a list of arguments: no shell is involved, so nothing needs quoting.
 */
#include "compiler/diagnostics/diagnose.h"
#include "compiler/base/arena.h"
#include "read_hooks.h"
#include "read_map.h"
#include "read_scalar.h"
#include "reader.h"

/* Arguments may repeat; names in a list may not. */
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

const struct form program_form = {.definition = "arguments",
                                  .kind = FORM_LIST,
                                  .takes = "program and arguments",
                                  .help = "A program and its arguments; no shell reads them",
                                  .of = {&text_form},
                                  .least = 1};

struct hook_keys {
    struct hooks hooks;
    int64_t timeout;
};

#define HELP_HOOK_START           "once a canary has started"
#define HELP_HOOK_ADVANCE         "once it has entered another stage"
#define HELP_HOOK_PAUSE           "once it is paused"
#define HELP_HOOK_RESUME          "once it is resumed"
#define HELP_HOOK_ROLLBACK        "once it is rolled back"
#define HELP_HOOK_COMPLETE        "once it is complete"
#define HELP_HOOK_ALERT           "once a guard with `action: alert` is violated"
#define HELP_HOOK_INVESTIGATE     "once a guard with `action: investigate` is"
#define HELP_HOOK_APPROVAL_NEEDED "once only an `approval` is missing"
#define HELP_HOOK_REPORTED        "once `automatic: false` leaves a rollback to a person"
#define HELP_HOOK_UNHEALTHY       "once a log is unhealthy"
#define HELP_HOOK_STALE_LOG       "once a log no longer mentions the canary"
#define HELP_HOOK_EXPERIMENT_READY \
    "once `ffreplay analyze --run-steps` finds an experiment decided; of a project, not a canary"
#define HOOK(hook, word) \
    FIELD(word, FIELD_PROGRAM, struct hook_keys, hooks.on[hook].arguments, HELP_##hook),
static const struct field hook_fields[] = {
    HOOKS(HOOK) FIELD("timeout", FIELD_DURATION, struct hook_keys, timeout,
                      "how long each may take; default `60s`"),
    FIELD("runbook", FIELD_TEXT, struct hook_keys, hooks.runbook,
          "where to find what to do, such as an address; passed on to the programs"),
};
const struct form hooks_form =
    KEYS("hooks", "the hooks of a rollout", "mapping of [hooks](#hooks)", hook_fields,
         .help = "Programs to run, with --run-steps, once a rollout has changed");

void read_hooks(struct reader *reader, struct node *node, struct hooks *hooks)
{
    struct hook_keys keys = {*hooks, USUAL_TIMEOUT};
    if (!expect_map(reader, node, "a mapping of hooks to programs"))
        return;
    uint64_t given = read_fields(reader, node, &hooks_form, node->span, &keys);
    *hooks = keys.hooks;
    for (uint32_t i = 0; i < HOOK_COUNT; i++)
        if (given & UINT64_C(1) << i)
            hooks->on[i].timeout = keys.timeout;
}
