/* canary.c - `ffc canary`: manual rollout control, recording who and why in the ledger. */
#include <stdlib.h>
#include <string.h>

#include "canary.h"
#include "compiler/base/nearest.h"
#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/commands/hurry.h"
#include "compiler/base/calendar.h"
#include "compiler/base/json.h"
#include "compiler/model/model.h"
#include "compiler/ledger/actor.h"
#include "compiler/rollout/freeze.h"
#include "compiler/rollout/guard.h"
#include "compiler/rollout/policy.h"
#include "compiler/rollout/steps.h"
#include "compiler/rollout/transition.h"
#include "compiler/files/yaml.h"
#include "compiler/base/json_read.h"

static int run(int argc, char **argv);

static const char *const action_words[] = {CONTROLS(WORDS_WORD)[CONTROL_COUNT] = "status",
                                           [CONTROL_COUNT + 1] = NULL};

const struct command canary_command = {
    .name = "canary",
    .summary = "start, advance, approve, pause, complete or roll back a canary",
    .usage = "ACTION FLAG --reason TEXT [-e ENV] | status [FLAG] [-e ENV]",
    .actions = action_words,
    .examples = "  ffc canary status\n"
                "  ffc canary start canary.checkout -e production --reason 'release 4.2'\n"
                "  ffc canary approve canary.checkout --to full --reason 'looked at by payments'\n"
                "  ffc canary rollback canary.checkout -e production --reason INC-1423 \\\n"
                "    --build live.ffs\n",
    .run = run,
};

/* A change to one canary, in progress. */
struct turn {
    struct change *change;
    const struct flag *flag;
    uint32_t environment;
    enum control control;
    const char *environment_name;
    struct rollout from, to;
    bool published; /* the file that --build names */
    bool unwritten; /* the definitions could not be edited */
};

/* ---------------------------------------------------------------------------- what and where -- */

/* CONTROL_COUNT for status; -1 after reporting that there is no such action. */
static int find_action(const char *name)
{
    int found = words_find(control_words, name);
    if (found >= 0)
        return found;
    if (strcmp(name, "status") == 0)
        return CONTROL_COUNT;
    const char *near = nearest_name(name, action_words, CONTROL_COUNT + 1);
    struct buffer known = {0};
    words_list(control_words, &known);
    if (near)
        usage_error(&canary_command, "unknown action '%s'; did you mean '%s'?", name, near);
    else
        usage_error(&canary_command, "unknown action '%s'; it is one of %s and status", name,
                    known.bytes);
    buffer_release(&known);
    return -1;
}

static const struct node *node_of(const struct targeting *targeting)
{
    return targeting->canary ? targeting->canary->node : NULL;
}

static bool choose(struct turn *turn)
{
    const struct flag_part part = {"canary", "canaries", node_of};
    turn->environment = change_environment(turn->change, turn->flag, &part);
    return turn->environment != UINT32_MAX;
}

/* -------------------------------------------------------------------------------------- line -- */

static void write_digests(const struct turn *turn, struct buffer *out)
{
    const struct project *project = turn->change->project;
    char policy[POLICY_DIGEST];
    field_object(out, "digests");
    entry_definitions(out, project);
    /* Continuing a stage must not hide that the policy changed. */
    policy_digest(&turn->flag->environments[turn->environment], turn->to.stage, policy);
    if (turn->to.since != turn->from.since ||
        !policy_changed(project, turn->flag, turn->environment))
        field_text(out, "policy", policy);
    buffer_append_text(out, "}");
}

/* Environments that have the same block, and so change with it. */
static void write_shared(const struct turn *turn, struct buffer *out)
{
    const struct targeting *all = turn->flag->environments;
    uint64_t others = 0;
    for (uint32_t i = 0; i < turn->change->project->environments.count; i++)
        if (i != turn->environment && all[i].canary &&
            all[i].canary->node == all[turn->environment].canary->node)
            others |= UINT64_C(1) << i;
    entry_also(out, turn->change->project, others);
}

static void write_entry(const struct turn *turn, struct buffer *out)
{
    const struct change *change = turn->change;
    const struct entry_head head = {change->at, change->actor, turn->flag->name.text,
                                    turn->environment_name};
    entry_begin(out, &head);
    write_shared(turn, out);
    entry_rollout(out, "from", &turn->from);
    entry_rollout(out, "to", &turn->to);
    entry_manual(out, control_words[turn->control], change->reason);
    write_digests(turn, out);
    field_text(out, "look", NULL);
}

/* -------------------------------------------------------------------------------------- said -- */

static struct position place_of(const struct turn *turn)
{
    const struct canary *canary = turn->flag->environments[turn->environment].canary;
    return source_position(&turn->change->project->sources, canary->node->span.file,
                           canary->span.begin);
}

static void put_json(const struct turn *turn, struct buffer *out)
{
    const struct change *change = turn->change;
    const struct canary *canary = turn->flag->environments[turn->environment].canary;
    buffer_append_text(out, "{\"format_version\":1");
    field_text(out, "flag", turn->flag->name.text);
    field_text(out, "environment", turn->environment_name);
    write_shared(turn, out);
    field_text(out, "action", control_words[turn->control]);
    entry_rollout(out, "from", &turn->from);
    entry_rollout(out, "to", &turn->to);
    field_text(out, "file", change->project->sources.items[canary->node->span.file].path);
    field_integer(out, "line", place_of(turn).line);
    field_truth(out, "applied", !change->dry_run && !turn->unwritten);
    field_text(out, "published", turn->published ? change->build : NULL);
    buffer_append_text(out, "}\n");
}

/* A rollback from a complete rollout can return there. */
static void put_way_back(const struct turn *turn, struct buffer *out)
{
    if (turn->control != CONTROL_ROLLBACK || turn->from.state != CANARY_COMPLETE)
        return;
    struct buffer flag = {0};
    shell_append(&flag, turn->flag->name.text);
    terminal_format(out,
                    "  it was complete; to return: ffc canary start %s --to %s --reason …, then "
                    "complete\n",
                    flag.bytes, turn->from.stage);
    buffer_release(&flag);
}

static void put_text(const struct turn *turn, struct buffer *out)
{
    const struct change *change = turn->change;
    const struct canary *canary = turn->flag->environments[turn->environment].canary;
    if (turn->unwritten) {
        terminal_format(out, "%s in %s: is out of '%s' alone\n", turn->flag->name.text,
                        turn->environment_name, change->build);
        return;
    }
    terminal_format(out, "%s in %s: %s", turn->flag->name.text, turn->environment_name,
                    change->dry_run ? "" : "was ");
    rollout_show(out, &turn->from);
    buffer_append_text(out, change->dry_run ? " would become " : ", now ");
    rollout_show(out, &turn->to);
    terminal_format(out, "\n  %s:%u\n",
                    change->project->sources.items[canary->node->span.file].path,
                    place_of(turn).line);
    if (turn->published)
        terminal_format(out, "  published %s\n", change->build);
    else if (!change->dry_run && !change->build)
        buffer_append_text(out, "  services see it once it is published: --build, or ffc build\n");
    put_way_back(turn, out);
}

static int say(const struct turn *turn)
{
    struct buffer out = {0};
    if (turn->change->json)
        put_json(turn, &out);
    else
        put_text(turn, &out);
    int status = write_stdout(&canary_command, &out) ? EXIT_FINE : EXIT_JOB;
    buffer_release(&out);
    return status;
}

/* Whether an interrupted run did exactly this, so that it is not done twice. */
static bool was_finished(const struct turn *turn)
{
    size_t index;
    json_t *entry;
    json_array_foreach(turn->change->finished, index, entry)
    {
        const char *flag = json_text_at(entry, "flag");
        const char *verdict = json_text_at(entry, "verdict");
        if (flag && verdict && strcmp(flag, turn->flag->name.text) == 0 &&
            strcmp(verdict, control_words[turn->control]) == 0)
            return true;
    }
    return false;
}

/* ---------------------------------------------------------------------------------------- do -- */

/* "new-checkout in production: advance, running in 'half'" */
static int commit_it(const struct turn *turn)
{
    struct buffer subject = {0};
    terminal_format(&subject, "%s in %s: %s, ", turn->flag->name.text, turn->environment_name,
                    control_words[turn->control]);
    rollout_show(&subject, &turn->to);
    int status = change_commit(turn->change, subject.bytes);
    buffer_release(&subject);
    return status;
}

static const char *file_of(const struct turn *turn)
{
    const struct canary *canary = turn->flag->environments[turn->environment].canary;
    return turn->change->project->sources.items[canary->node->span.file].name;
}

static int run_steps(const struct turn *turn, const struct buffer *entry)
{
    static const int hooks[CONTROL_COUNT] = {HOOK_START,    HOOK_ADVANCE,  HOOK_PAUSE, HOOK_RESUME,
                                             HOOK_ROLLBACK, HOOK_COMPLETE, -1};
    struct change *change = turn->change;
    struct buffer input = {0}, error = {0};
    buffer_append(&input, entry->bytes, entry->length);
    buffer_append_text(&input, "}\n");
    const struct steps steps = {.project = change->project,
                                .flag = turn->flag,
                                .environment = turn->environment,
                                .actor = change->actor,
                                .reason = change->reason,
                                .plan = turn->control == CONTROL_ROLLBACK,
                                .hook = hooks[turn->control],
                                .input = &input,
                                .permission = change->steps,
                                .publication = change->build ? &change->publication : NULL};
    int status = EXIT_FINE;
    if (!steps_run(&steps, &error))
        status = job_error(&canary_command, "%s", error.bytes);
    buffer_release(&input);
    buffer_release(&error);
    return status;
}

static int apply(struct turn *turn)
{
    struct change *change = turn->change;
    const struct canary *canary = turn->flag->environments[turn->environment].canary;
    struct buffer entry = {0}, error = {0};
    int status = EXIT_FINE;
    if (!change_can_commit(change, file_of(turn)))
        return EXIT_JOB;
    write_entry(turn, &entry);
    if (!change->dry_run &&
        (!transition_make(&change->ledger, change->project, canary, &turn->to, &entry, &error) ||
         !change_finish(change, turn->environment_name, turn->flag->name.text, &error)))
        status = job_error(&canary_command, "%s", error.bytes);
    turn->published = change->build && status == EXIT_FINE;
    if (status == EXIT_FINE) {
        transition_note_shared(change->project, turn->flag, turn->environment);
        if (turn->to.state == CANARY_RUNNING || turn->to.state == CANARY_COMPLETE)
            change_note_overrides(change, turn->flag, turn->environment, "canary");
        status = say(turn);
        if (status != EXIT_FINE && !change->dry_run)
            print_note("it is done nevertheless: %s of '%s'", control_words[turn->control],
                       turn->flag->name.text);
        int committed = commit_it(turn);
        status = status == EXIT_FINE ? committed : status;
    }
    ledger_unlock(&change->ledger);
    if (status == EXIT_FINE && !change->dry_run)
        status = run_steps(turn, &entry);
    buffer_release(&entry);
    buffer_release(&error);
    return status;
}

static int finish_interrupted(struct turn *turn)
{
    struct change *change = turn->change;
    struct buffer error = {0};
    int status = EXIT_FINE;
    print_note("that run did the same '%s' of '%s'; it is done, and is not repeated",
               control_words[turn->control], turn->flag->name.text);
    if (change->build &&
        (!publication_publish(&change->publication, change->ledger.directory,
                              turn->environment_name, NULL, &error) ||
         !publication_record(&change->publication, &change->ledger, change->actor, &error)))
        status = job_error(&canary_command, "%s", error.bytes);
    turn->to = turn->from;
    turn->published = change->build && status == EXIT_FINE;
    buffer_release(&error);
    return status == EXIT_FINE ? say(turn) : status;
}

/* What the command line asks for. */
struct order {
    enum control control;
    const char *flag;
    const char *to, *from; /* names of stages, or NULL */
};

/*
 * The stage that an advance leaves, as it was when the command began, before it waited for others
 * who may have advanced meanwhile. NULL: none was seen, or the target is named.
 */
static const char *seen_stage(const struct turn *turn, const struct order *order)
{
    const struct project *seen = turn->change->seen;
    const struct flag *flag = seen ? project_flag(seen, order->flag) : NULL;
    uint32_t environment = seen ? project_environment(seen, turn->environment_name) : UINT32_MAX;
    if (order->from || order->to || !flag || environment == UINT32_MAX || !flag->environments)
        return order->from;
    const struct canary *canary = flag->environments[environment].canary;
    return !canary || canary->stage == turn->flag->environments[turn->environment].canary->stage
               ? NULL
               : canary->stages[canary->stage].name.text;
}

/* ------------------------------------------------------------------------------ an emergency -- */

/* Drops the guards of a run that was killed while doing exactly this. */
static void drop_guards(struct hurry *hurry, const void *given)
{
    const struct order *order = given;
    guards_drop(&hurry->change->ledger, order->flag);
}

/* A run may be killed after it published and before it edited the definitions. */
static void begin_guard(struct guard *guard, const struct hurry *hurry, const struct order *order)
{
    const struct change *change = hurry->change;
    const struct guarded guarded = {.flag = order->flag,
                                    .environment = patch_environment(&hurry->patch),
                                    .reason = change->reason,
                                    .by = change->actor,
                                    .at = change->at};
    guard_begin(guard, &change->ledger, &guarded);
}

/* Rolls it back in the published file, before the definitions are read. True: it is not served. */
static bool take_out(struct hurry *hurry, const struct order *order)
{
    uint32_t flag = hurry->patched ? patch_find_flag(&hurry->patch, order->flag) : UINT32_MAX;
    bool served = false;
    if (flag == UINT32_MAX)
        return false;
    hurry->patched = patch_roll_back(&hurry->patch, flag, hurry->change->at, &served, &hurry->why);
    if (hurry->patched && served)
        hurry_publish_patch(hurry);
    hurry->idle = hurry->patched && !served;
    return hurry->published;
}

/* Edits the definitions, and writes the ledger's line. False: the definitions prevent it; the
 * reason is in `error` and `help`, or was reported. */
static bool roll_back(struct turn *turn, struct hurry *hurry, const struct order *order,
                      struct buffer *error, struct buffer *help, int *status)
{
    struct change *change = turn->change;
    const struct project *project = hurry_project(hurry);
    turn->flag = project_flag(project, order->flag);
    *status = EXIT_JOB;
    if (!turn->flag || !turn->flag->environments) {
        if (!hurry->published)
            *status = unknown_flag(&canary_command, project, order->flag);
        return false;
    }
    if (!choose(turn))
        return false;
    const struct canary *canary = turn->flag->environments[turn->environment].canary;
    turn->environment_name = project->environments.items[turn->environment].text;
    turn->from = rollout_of(canary);
    const struct request request = {
        .flag = order->flag, .canary = canary, .control = CONTROL_ROLLBACK, .at = change->at};
    if (was_finished(turn)) {
        print_note("that run did the same; it is done, and is not repeated");
        turn->to = turn->from;
        hurry->written = true;
        hurry_publish_definitions(hurry);
        *status = EXIT_FINE;
        return true;
    }
    *status = EXIT_INPUT;
    if (!control_plan(&request, &turn->to, error, help))
        return false;
    write_entry(turn, &hurry->entry);
    *status = EXIT_FINE;
    hurry->written =
        change->ledger.lock >= 0 &&
        transition_make(&change->ledger, project, canary, &turn->to, &hurry->entry, &hurry->lost);
    hurry_publish_definitions(hurry);
    if (hurry->written && ledger_commit(&change->ledger, &hurry->lost))
        (void)ledger_is_certain(&change->ledger, &hurry->lost);
    if (hurry->written)
        change_commits(change, file_of(turn));
    return true;
}

static int roll_back_in_a_hurry(struct change *change, const struct order *order)
{
    struct hurry hurry;
    struct turn turn = {.change = change, .control = CONTROL_ROLLBACK};
    struct buffer error = {0}, help = {0};
    int status = EXIT_FINE, committed = EXIT_FINE;
    bool begun = hurry_begin(&hurry, change, drop_guards, order, &status);
    const char *environment = hurry_environment(&hurry);
    if (begun && environment)
        change->environment = environment;
    struct guard guard = {.ledger.lock = -1};
    if (begun && hurry.patched)
        begin_guard(&guard, &hurry, order);
    bool taken = begun && take_out(&hurry, order);
    bool made = begun && roll_back(&turn, &hurry, order, &error, &help, &status);
    if (guard_end(&guard, taken && (made ? hurry.lost.length > 0 : status == EXIT_JOB))) {
        hurry.lost.length = 0;
        hurry.written = true;
    }
    hurry_unlock(&hurry);
    if (made) {
        transition_note_shared(change->project, turn.flag, turn.environment);
        if (!change->dry_run)
            hurry_run_steps(&hurry, turn.flag, false, &status);
        turn.published = hurry.published;
        turn.unwritten = !hurry.written;
        int said = hurry_did_something(&hurry) ? say(&turn) : EXIT_FINE;
        if (said != EXIT_FINE)
            print_note("it is done nevertheless: rollback of '%s'", order->flag);
        status = said == EXIT_FINE ? status : said;
    } else if (taken) {
        status = EXIT_FINE;
        bool needed = hurry.written || hurry.lost.length;
        print_note("'%s' is out of '%s'%s%s%s", order->flag, change->build,
                   needed ? "" : "; the definitions did not need it", error.length ? ": " : "",
                   error.length ? error.bytes : "");
    } else if (error.length) {
        job_error(&canary_command, "%s", error.bytes);
        print_help("%s", help.bytes);
    }
    static const struct mend mend = {"roll it back in them too, or the next build undoes it", NULL};
    if (made && hurry.written)
        committed = commit_it(&turn);
    if (begun && (made || taken))
        status = hurry_say_rest(&hurry, &mend, status);
    status = status == EXIT_FINE ? committed : status;
    buffer_release(&error);
    buffer_release(&help);
    hurry_release(&hurry);
    return status;
}

/* What lets nobody more in is never refused. */
static bool is_held(const struct change *change, const struct order *order)
{
    struct buffer error = {0};
    bool held = order->control != CONTROL_PAUSE && order->control != CONTROL_ROLLBACK &&
                freeze_holds(change->ledger.directory ? change->ledger.directory
                                                      : change->project->directory,
                             change->at, &error);
    if (held) {
        job_error(&canary_command, "%s", error.bytes);
        print_help(FREEZE_HELP);
    }
    buffer_release(&error);
    return held;
}

static int act(struct change *change, const struct order *order)
{
    const char *name = order->flag;
    struct turn turn = {
        .change = change, .flag = project_flag(change->project, name), .control = order->control};
    int status;
    if (!turn.flag)
        return unknown_flag(&canary_command, change->project, name);
    if (is_held(change, order))
        return EXIT_INPUT;
    if (!choose(&turn))
        return EXIT_JOB;
    const struct canary *canary = turn.flag->environments[turn.environment].canary;
    turn.environment_name = change->project->environments.items[turn.environment].text;
    turn.from = rollout_of(canary);
    if (!change_fits(change, turn.environment_name))
        return EXIT_JOB;
    if (was_finished(&turn))
        return finish_interrupted(&turn);
    struct buffer error = {0}, help = {0};
    const struct request request = {.flag = name,
                                    .canary = canary,
                                    .control = order->control,
                                    .stage = order->to,
                                    .leaves = seen_stage(&turn, order),
                                    .at = change->at};
    if (control_plan(&request, &turn.to, &error, &help)) {
        status = apply(&turn);
    } else {
        job_error(&canary_command, "%s", error.bytes);
        print_help("%s", help.bytes);
        status = EXIT_INPUT;
    }
    buffer_release(&error);
    buffer_release(&help);
    return status;
}

static int run(int argc, char **argv)
{
    struct change change = {.command = &canary_command, .at = INT64_MIN, .ledger.lock = -1};
    struct order order = {0};
    const struct option table[] = {
        ENVIRONMENT_OPTION(change.environment,
                           "in this environment; needed if environments have different canaries"),
        {"to", 0, OPTION_TEXT, &order.to, "STAGE",
         "start, advance, approve: this stage [the next]"},
        {"from", 0, OPTION_TEXT, &order.from, "STAGE",
         "advance: only from this stage [the one it is in]"},
        CHANGE_OPTIONS(change),
    };
    int status;
    int operands =
        options_parse(&canary_command, table, sizeof table / sizeof *table, argc, argv, &status);
    if (operands < 0)
        return status;
    if (operands < 1)
        return usage_error(&canary_command, "expected an action: start, advance, pause, resume, "
                                            "rollback, complete, approve or status");
    int action = find_action(argv[1]);
    if (action < 0)
        return EXIT_JOB;
    if (operands > 2 || (operands < 2 && action != CONTROL_COUNT))
        return usage_error(&canary_command, "expected one flag");
    bool reads = action == CONTROL_COUNT;
    bool staged = action == CONTROL_START || action == CONTROL_ADVANCE || action == CONTROL_APPROVE;
    if (order.to && !staged)
        return usage_error(&canary_command, "--to is for start, advance and approve");
    if (order.from && action != CONTROL_ADVANCE)
        return usage_error(&canary_command, "--from is for advance");
    if (!reads && !change_is_explained(&change, &status))
        return status;
    order.control = reads ? CONTROL_START : (enum control)action;
    order.flag = operands > 1 ? argv[2] : NULL;
    if (reads)
        status = canary_status(&change, order.flag);
    else if (action == CONTROL_ROLLBACK && !change.dry_run)
        status = roll_back_in_a_hurry(&change, &order);
    else if (change_begin(&change, !change.dry_run, &status))
        status = act(&change, &order);
    change_release(&change);
    return status;
}
