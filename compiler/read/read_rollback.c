/*
 * read_rollback.c - a flag's rollback plan: steps, run in order.
 *
 * A step is one of four things; those that run a program may have a timeout.
 */
#include <string.h>

#include "compiler/diagnostics/diagnose.h"
#include "compiler/base/arena.h"
#include "draft.h"
#include "read_hooks.h"
#include "read_map.h"
#include "read_overrides.h"
#include "read_rollback.h"
#include "read_scalar.h"
#include "reader.h"

static void read_step_serve(struct reader *reader, struct node *node, void *target)
{
    ((struct rollback_step *)target)->kind = ROLLBACK_SERVE_DEFAULT;
    if (node->kind == NODE_SCALAR && strcmp(node->text, "default") == 0)
        return;
    expected(reader, node, "'default'");
    if (node->kind == NODE_SCALAR)
        diagnose_help(
            reader->diagnostics,
            "a rollback serves the default; to serve another variant, write {override: {…}}");
}

static void read_step_override(struct reader *reader, struct node *node, void *target)
{
    struct rollback_step *step = target;
    step->kind = ROLLBACK_OVERRIDE;
    step->override = read_override(reader, node);
}

static void read_step_run(struct reader *reader, struct node *node, void *target)
{
    struct rollback_step *step = target;
    step->kind = ROLLBACK_RUN;
    read_program(reader, node, &step->invocation.arguments);
}

static void read_step_notify(struct reader *reader, struct node *node, void *target)
{
    struct rollback_step *step = target;
    step->kind = ROLLBACK_NOTIFY;
    read_program(reader, node, &step->invocation.arguments);
}

static void report_timeout(struct reader *reader, const struct node *node)
{
    diagnose(reader->diagnostics, FF0364, find_entry(node, "timeout")->key->span,
             "'timeout' has no meaning in a step that runs no program");
    diagnose_help(reader->diagnostics, "it goes with 'run' or 'notify'");
}

static const char *const served_words[] = {"default", NULL};
static const struct form step_serve_form = {.kind = FORM_CHOICE, .words = served_words};
static const struct field step_fields[] = {
    READ("serve", read_step_serve, step_serve_form, "the flag serves its default"),
    READ("override", read_step_override, override_form, "adds it"),
    READ("run", read_step_run, program_form, "runs it; no shell reads the list"),
    READ("notify", read_step_notify, program_form, "likewise, to notify somebody"),
    FIELD("timeout", FIELD_DURATION, struct rollback_step, invocation.timeout,
          "with `run` or `notify`: how long it may take; default `60s`"),
};
static const struct form step_form =
    KEYS("step", "a step of a rollback plan", "step", step_fields, .least = 1, .most = 2);
const struct form rollback_form = {
    .kind = FORM_LIST, .takes = "list of [steps](#rollback-plans)", .of = {&step_form}, .least = 1};

static void read_step(struct reader *reader, struct node *node, struct flag *flag)
{
    struct rollback_step step = {.invocation.timeout = USUAL_TIMEOUT, .span = node->span};
    if (!expect_map(reader, node, "a mapping for a step"))
        return;
    uint64_t given = read_fields(reader, node, &step_form, node->span, &step);
    for (size_t i = 0; i < 4; i++) {
        for (size_t j = i + 1; j < 4; j++) {
            if (!report_conflict(reader, node, step_fields[i].name, step_fields[j].name))
                continue;
            diagnose_help(reader->diagnostics, "a step does one thing: write two steps");
            return;
        }
    }
    if ((given & 16) && (given & 3))
        report_timeout(reader, node);
    if (!(given & 15) && node->count == !!(given & 16)) {
        diagnose(reader->diagnostics, FF0144, node->span, "a step that does nothing");
        diagnose_help(reader->diagnostics, "it is one of {serve: default}, {override: {…}}, "
                                           "{run: [PROGRAM, …]} and {notify: [PROGRAM, …]}");
    }
    *ARENA_APPEND(reader->arena, flag->rollback, flag->rollback_count) = step;
}

void read_rollback(struct reader *reader, struct node *node, void *target)
{
    struct flag *flag = ((struct draft *)target)->flag;
    if (!expect_list(reader, node, "a list of steps"))
        return;
    if (!node->count) {
        diagnose(reader->diagnostics, FF0144, node->span, "no step in 'rollback'");
        diagnose_help(reader->diagnostics, "list what to do: [{serve: default}, "
                                           "{notify: [./tell.sh, payments]}]");
    }
    for (uint32_t i = 0; i < node->count; i++)
        read_step(reader, node->items[i], flag);
}
