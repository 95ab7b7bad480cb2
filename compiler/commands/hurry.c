/* hurry.c - see hurry.h. */
#include "hurry.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/base/calendar.h"
#include "compiler/model/model.h"
#include "compiler/rollout/declared_name.h"
#include "compiler/publish/occupant.h"
#include "compiler/rollout/recovery.h"
#include "compiler/rollout/steps.h"
#include "compiler/base/json_read.h"
#include "compiler/files/place.h"
#include "compiler/project/project.h"

/* --------------------------------------------------------------------------------- beginning -- */

/* Reads only the project's own section: errors in the definitions, or their number, must not delay
 * an emergency. False, which permits the change, if the section is not found. */
static bool is_of_other_project(const struct hurry *hurry, int *status)
{
    const struct change *change = hurry->change;
    struct buffer own = {0}, problem = {0};
    bool other = change->build && !hurry->unsealed &&
                 declared_name(change->ledger.directory, &own) &&
                 !occupant_check(change->build, own.bytes, NULL, &problem);
    if (other) {
        *status = job_error(change->command, "%s", problem.bytes);
        print_help("name the file of this project with --build");
    }
    buffer_release(&own);
    buffer_release(&problem);
    return other;
}

static bool fits(struct hurry *hurry, int *status)
{
    const struct change *change = hurry->change;
    const char *environment = hurry->environment;
    if (is_of_other_project(hurry, status))
        return false;
    if (environment && change->environment && strcmp(environment, change->environment) != 0) {
        *status = job_error(change->command, "'%s' is of environment '%s', not of '%s'",
                            change->build, environment, change->environment);
        print_help("give -e with that one, or name the file of the other with --build");
        return false;
    }
    if (!change->build || hurry->unsealed || hurry_environment(hurry))
        return true;
    *status = usage_error(change->command,
                          "--build publishes the snapshot of one environment: name it with -e");
    return false;
}

/* Takes time, because it reads the definitions; but there is hardly ever anything to finish. */
static void finish_others(struct change *change)
{
    struct buffer error = {0};
    if (change->ledger.lock < 0 || !ledger_has_aside(change->ledger.directory))
        return;
    struct project *project = project_load(change->ledger.directory, change->at);
    if (!recover(&change->ledger, project, &change->finished, &error))
        print_note("what a killed run left behind cannot be finished: %s", error.bytes);
    project_free(project);
    buffer_release(&error);
}

bool hurry_begin(struct hurry *hurry, struct change *change,
                 void (*before)(struct hurry *hurry, const void *order), const void *order,
                 int *status)
{
    *hurry = (struct hurry){.change = change};
    /* A reader that closes the pipe must not interrupt an emergency. */
    signal(SIGPIPE, SIG_IGN);
    change_identify(change);
    hurry->unsealed =
        !publication_prepare(&change->publication, change->build, change->key, &hurry->failed);
    change->ledger.directory = project_place(change->directory);
    if (!change->dry_run)
        (void)ledger_lock(&change->ledger, change->ledger.directory, &hurry->lost);
    if (before && change->ledger.lock >= 0 && ledger_has_aside(change->ledger.directory))
        before(hurry, order);
    finish_others(change);
    if (change->build && !hurry->unsealed)
        hurry->patched = publication_open(&change->publication, &hurry->patch, &hurry->why);
    if (hurry->patched)
        hurry->environment = patch_environment(&hurry->patch);
    return fits(hurry, status);
}

void hurry_release(struct hurry *hurry)
{
    patch_release(&hurry->patch);
    buffer_release(&hurry->why);
    buffer_release(&hurry->failed);
    buffer_release(&hurry->lost);
    buffer_release(&hurry->entry);
}

const struct project *hurry_project(struct hurry *hurry)
{
    struct change *change = hurry->change;
    if (!change->project)
        change->project = project_load(change->ledger.directory, change->at);
    return change->project;
}

const char *hurry_environment(const struct hurry *hurry)
{
    return hurry->change->environment ? hurry->change->environment : hurry->environment;
}

/* ----------------------------------------------------------------------------- interruptions -- */

#define THE_SAME_RUN 3600000 /* ms in which repeating a command means the same run */

static bool is_text(const json_t *object, const char *key, const char *expected)
{
    const char *text = json_text_at(object, key);
    return text && expected ? strcmp(text, expected) == 0 : !text && !expected;
}

static bool has_flags(const json_t *entry, const struct override_edit *edit)
{
    const json_t *flags = json_object_get(entry, "flags");
    bool same = json_array_size(flags) == edit->flag_count;
    for (uint32_t i = 0; same && i < edit->flag_count; i++)
        same = strcmp(json_string_value(json_array_get(flags, i)), edit->flags[i]) == 0;
    return same;
}

const json_t *hurry_finished(const struct hurry *hurry, const struct override_edit *edit)
{
    const struct change *change = hurry->change;
    size_t i;
    json_t *entry;
    json_array_foreach(change->finished, i, entry)
    {
        const json_t *override = json_object_get(entry, "override");
        const char *time = json_text_at(entry, "time");
        int64_t at;
        bool same = is_text(entry, "verdict", OVERRIDE_VERDICT(edit)) &&
                    is_text(entry, "environment", change->environment) &&
                    is_text(override, "serve", edit->override.serve.text) && has_flags(entry, edit);
        if (edit->lifts)
            same = is_text(entry, "verdict", "lift") &&
                   is_text(override, "id", edit->override.id.text);
        if (same && is_text(entry, "reason", change->reason) &&
            is_text(entry, "actor", change->actor) && time && parse_time(time, &at) &&
            change->at - at < THE_SAME_RUN)
            return entry;
    }
    return NULL;
}

/* ------------------------------------------------------------------------------- publication -- */

void hurry_publish_patch(struct hurry *hurry)
{
    hurry->published =
        publication_patch(&hurry->change->publication, &hurry->patch, &hurry->failed);
}

void hurry_publish_definitions(struct hurry *hurry)
{
    struct change *change = hurry->change;
    if (!change->build || hurry->unsealed || hurry->patched)
        return;
    hurry->published = publication_publish(&change->publication, change->ledger.directory,
                                           hurry_environment(hurry), NULL, &hurry->failed);
}

void hurry_record(struct hurry *hurry, enum replaced replaced)
{
    struct ledger *ledger = &hurry->change->ledger;
    if (ledger_edited(ledger, replaced, &hurry->lost) && ledger_commit(ledger, &hurry->lost))
        (void)ledger_is_certain(ledger, &hurry->lost);
}

/* ------------------------------------------------------------------------------------- steps -- */

void hurry_unlock(struct hurry *hurry)
{
    hurry->stale = hurry->change->project != NULL;
    struct ledger *ledger = &hurry->change->ledger;
    struct buffer error = {0};
    if (!publication_record(&hurry->change->publication, ledger, hurry->change->actor, &error)) {
        print_warning("%s", error.bytes);
        buffer_release(&error);
    }
    if (ledger->lock >= 0 && !steps_recover(ledger, &error))
        print_note("the ledger's entries about steps cannot be read: %s", error.bytes);
    ledger_unlock(ledger);
    buffer_release(&error);
}

void hurry_run_steps(struct hurry *hurry, const struct flag *flag, bool is_off, int *status)
{
    struct change *change = hurry->change;
    const struct project *project = hurry_project(hurry);
    const char *environment = hurry_environment(hurry);
    struct buffer input = {0}, error = {0};
    buffer_append(&input, hurry->entry.bytes, hurry->entry.length);
    buffer_append_text(&input, "}\n");
    const struct steps steps = {
        .project = project,
        .flag = flag,
        .environment = environment ? project_environment(project, environment) : UINT32_MAX,
        .actor = change->actor,
        .reason = change->reason,
        .plan = true,
        .hook = HOOK_ROLLBACK,
        .is_off = is_off,
        .input = &input,
        .permission = change->steps,
        .publication = change->build ? &change->publication : NULL};
    if (!steps_run(&steps, &error))
        *status = job_error(change->command, "%s", error.bytes);
    buffer_release(&input);
    buffer_release(&error);
}

/* ------------------------------------------------------------------------------------- words -- */

static void say_errors(struct hurry *hurry)
{
    struct project *project = hurry->change->project;
    if (!project || !project->diagnostics.errors)
        return;
    print_note("the definitions have %u error%s: until %s fixed, nothing else in them can be built",
               project->diagnostics.errors, project->diagnostics.errors == 1 ? "" : "s",
               project->diagnostics.errors == 1 ? "it is" : "they are");
    show_diagnostics(project, DIAGNOSTIC_TEXT, hurry->change->color);
}

bool hurry_did_something(const struct hurry *hurry)
{
    return hurry->written || hurry->published;
}

static void say_mend(const struct mend *mend)
{
    struct buffer lines = {0};
    print_help("%s", mend->what);
    if (!mend->definition)
        return;
    for (const char *at = mend->definition->bytes; *at; at += *at == '\n') {
        size_t length = strcspn(at, "\n");
        terminal_append_bytes(&lines, at, length);
        buffer_append_text(&lines, "\n");
        at += length;
    }
    print_lines(&lines);
    buffer_release(&lines);
}

int hurry_say_rest(struct hurry *hurry, const struct mend *mend, int status)
{
    struct change *change = hurry->change;
    if (hurry->stale) {
        project_free(change->project);
        change->project = NULL;
    }
    (void)hurry_project(hurry);
    if (hurry->why.length && change->build)
        print_note("'%s' was compiled from the definitions instead of patched: %s", change->build,
                   hurry->why.bytes);
    if (hurry->idle)
        print_note("'%s' does not serve it: there is nothing to publish", change->build);
    if (hurry->failed.length) {
        status = job_error(change->command, "not published: %s", hurry->failed.bytes);
        if (hurry->written)
            print_help("the definitions have the change, and so will any build of them");
    }
    if (hurry->lost.length) {
        bool later = hurry->written && ledger_has_aside(change->ledger.directory);
        status = job_error(change->command, "%s%s: %s", hurry->published ? "published, but " : "",
                           later            ? "not in the ledger yet"
                           : hurry->written ? "not in the ledger"
                                            : "not written to the definitions",
                           hurry->lost.bytes);
        if (!hurry_did_something(hurry))
            print_help("nothing has changed: fix that, and run it again");
        else if (later)
            print_help("it is done, and the next command that changes them adds the entry");
        else if (hurry->written)
            print_help("it is done: record who did it, and why, when you commit the definitions");
        else
            say_mend(mend);
    }
    say_errors(hurry);
    /* Whatever could not be written differs, too. */
    if (hurry->patched && hurry->published && (hurry->written || !hurry->lost.length) &&
        change->project)
        publication_note_differences(&hurry->patch, change->project);
    return status;
}
