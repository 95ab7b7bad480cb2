/* change.c - see change.h. */
#include "change.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/nearest.h"
#include "compiler/base/memory.h"
#include "compiler/base/calendar.h"
#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/model/model.h"
#include "compiler/ledger/actor.h"
#include "compiler/publish/forgotten.h"
#include "compiler/rollout/recovery.h"
#include "compiler/project/project.h"

bool change_is_explained(const struct change *change, int *status)
{
    *status = EXIT_JOB;
    if (!change->dry_run && (!change->reason || !change->reason[strspn(change->reason, " \t")]))
        usage_error(change->command, "why? Give a --reason: it is kept in the ledger");
    else if (change->key && !change->build)
        usage_error(change->command, "--sign signs what --build publishes: give both");
    else if (change->push && !change->commit)
        usage_error(change->command, "--push pushes what --commit commits: give both");
    else if (change->dry_run && (change->build || change->steps.given || change->commit))
        usage_error(change->command, "--dry-run changes nothing: leave out %s",
                    change->build         ? "--build"
                    : change->steps.given ? "--run-steps"
                                          : "--commit");
    else
        return true;
    return false;
}

static bool is_sound(struct change *change, int *status)
{
    if (change->project->diagnostics.errors == 0)
        return true;
    show_diagnostics(change->project, DIAGNOSTIC_TEXT, change->color);
    *status = diagnostics_status(&change->project->diagnostics);
    return false;
}

void change_identify(struct change *change)
{
    change->actor = actor_name(change->actor, change->directory);
    change->ledger.lock = -1;
    if (change->at == INT64_MIN)
        change->at = clock_now();
}

bool change_begin(struct change *change, bool writes, int *status)
{
    struct buffer error = {0};
    change_identify(change);
    /* A reader that closes the pipe must not interrupt a change that has begun. */
    if (writes)
        signal(SIGPIPE, SIG_IGN);
    bool begun = publication_prepare(&change->publication, change->build, change->key, &error);
    if (begun)
        change->project = project_load(change->directory, change->at);
    begun = begun && is_sound(change, status);
    if (begun && !writes)
        note_aside(change->project->directory);
    if (begun && writes) {
        begun = ledger_lock(&change->ledger, strdup(change->project->directory), &error);
        change->seen = change->project;
        change->project = project_load(change->ledger.directory, change->at);
        begun = begun && is_sound(change, status) &&
                recover(&change->ledger, change->project, &change->finished, &error);
        /* Recovery may have changed the definitions. */
        if (begun && json_array_size(change->finished)) {
            project_free(change->project);
            change->project = project_load(change->ledger.directory, change->at);
            begun = is_sound(change, status);
        }
    }
    if (!begun && error.length)
        *status = job_error(change->command, "%s", error.bytes);
    buffer_release(&error);
    return begun;
}

bool change_fits(const struct change *change, const char *environment)
{
    struct buffer error = {0};
    bool fits = publication_fits(&change->publication, change->project, environment, &error);
    if (!fits) {
        job_error(change->command, "%s", error.bytes);
        print_help("name the file of this project and environment with --build");
    } else if (!publication_keeps_emergencies(&change->publication, change->project, &error)) {
        fits = false;
        job_error(change->command, "%s", error.bytes);
        print_help(FORGOTTEN_HELP);
    }
    buffer_release(&error);
    return fits;
}

void change_release(struct change *change)
{
    ledger_unlock(&change->ledger);
    free((char *)(uintptr_t)change->ledger.directory);
    publication_release(&change->publication);
    commit_release(&change->files);
    project_free(change->project);
    project_free(change->seen);
    json_decref(change->finished);
}

/* Whoever lets more units in may wonder why nothing changes. */
void change_note_overrides(const struct change *change, const struct flag *flag,
                           uint32_t environment, const char *what)
{
    const struct selection *overrides = overrides_of(change->project, flag);
    for (uint32_t i = 0; i < overrides->count; i++) {
        const struct override *override = overrides->items[i];
        char from[32] = "";
        if (override->until <= change->at || !(override->environments >> environment & 1))
            continue;
        if (override->from > change->at)
            format_time(override->from, from, sizeof from);
        print_note("%s takes precedence over this %s%s%s: %s is served%s%s%s%s", override->name,
                   what, *from ? " from " : "", from, override->serve.text, *from ? " then" : "",
                   override->condition ? " to some" : "", override->reason ? ", " : "",
                   override->reason ? override->reason : "");
    }
}

bool change_finish(struct change *change, const char *environment, const char *flag,
                   struct buffer *error)
{
    bool published =
        !change->build || publication_publish(&change->publication, change->ledger.directory,
                                              environment, flag, error);
    struct buffer second = {0}, *free = published ? error : &second;
    bool committed =
        ledger_commit(&change->ledger, free) && ledger_is_certain(&change->ledger, free);
    struct buffer *last = published && committed ? error : &second;
    bool recorded = publication_record(&change->publication, &change->ledger, change->actor, last);
    buffer_release(&second);
    return published && committed && recorded;
}

bool change_can_commit(struct change *change, const char *name)
{
    struct buffer error = {0}, help = {0};
    struct commit *files = &change->files;
    bool can = true;
    if (!change->commit)
        return true;
    if (!files->directory)
        can = commit_prepare(files, change->ledger.directory, change->push, &error, &help);
    can = can && commit_allows(files, name, &error, &help);
    if (can) {
        commit_add(files, name);
    } else {
        job_error(change->command, "%s", error.bytes);
        print_help("%s", help.bytes);
    }
    buffer_release(&error);
    buffer_release(&help);
    return can;
}

void change_commits(struct change *change, const char *name)
{
    if (change->commit)
        commit_add(&change->files, name);
}

#define PUSH_HELP "git pull --rebase, if somebody else was first; then git push"

int change_push_rest(struct change *change, struct buffer *notes)
{
    struct buffer error = {0}, help = {0};
    struct commit *files = &change->files;
    bool pushed = false;
    if (!change->push)
        return EXIT_FINE;
    bool ready =
        files->directory || commit_prepare(files, change->ledger.directory, true, &error, &help);
    bool done = ready && commit_push_rest(files, &pushed, &error);
    int status = done ? EXIT_FINE : job_error(change->command, "%s", error.bytes);
    if (!done)
        print_help("%s", ready ? PUSH_HELP : help.bytes);
    else if (pushed)
        terminal_message(notes, "note: pushed to %s what was committed before\n", files->remote);
    buffer_release(&error);
    buffer_release(&help);
    return status;
}

int change_commit(struct change *change, const char *subject)
{
    struct buffer error = {0}, help = {0};
    struct commit *files = &change->files;
    const char *directory = change->ledger.directory;
    bool made = false;
    if (!change->commit)
        return EXIT_FINE;
    bool ready = files->directory || commit_prepare(files, directory, change->push, &error, &help);
    /* An emergency is committed even where it cannot be pushed. */
    struct buffer ignored = {0};
    bool can = ready || commit_prepare(files, directory, false, &ignored, &ignored);
    bool done = can && commit_make(files, subject, change->reason, change->actor, &made, &error);
    int status = done && ready ? EXIT_FINE : job_error(change->command, "%s", error.bytes);
    if (made && help.length)
        print_help("it is committed; %s", help.bytes);
    else if (made && !done)
        print_help(PUSH_HELP);
    else if (!made)
        print_help("it is done nevertheless: commit it by hand");
    buffer_release(&ignored);
    buffer_release(&error);
    buffer_release(&help);
    return status;
}

static void list_environments(const struct project *project, const struct flag *flag,
                              const struct flag_part *part, struct buffer *list)
{
    for (uint32_t i = 0; i < project->environments.count; i++)
        if (part->node_of(&flag->environments[i]))
            terminal_format(list, "%s%s", list->length ? ", " : "",
                            project->environments.items[i].text);
}

uint32_t change_environment(const struct change *change, const struct flag *flag,
                            const struct flag_part *part)
{
    const struct project *project = change->project;
    const char *name = change->environment;
    uint32_t chosen = name ? choose_environment(change->command, project, name) : UINT32_MAX;
    if (name && chosen == UINT32_MAX)
        return UINT32_MAX;
    const struct node *first = name ? part->node_of(&flag->environments[chosen]) : NULL;
    bool differ = false;
    for (uint32_t i = 0; !name && i < project->environments.count; i++) {
        const struct node *node = part->node_of(&flag->environments[i]);
        if (node && !first) {
            first = node;
            chosen = i;
        }
        differ |= node && node != first;
    }
    struct buffer list = {0};
    list_environments(project, flag, part, &list);
    if (!first) {
        job_error(change->command, "flag '%s' has no %s%s%s", flag->name.text, part->name,
                  name ? " in environment " : "", name ? name : "");
        if (list.length)
            print_help("it has one in %s", list.bytes);
    } else if (differ) {
        usage_error(change->command,
                    "which environment? The %s of '%s' differ: give -e with one of %s",
                    part->plural, flag->name.text, list.bytes);
    }
    buffer_release(&list);
    return first && !differ ? chosen : UINT32_MAX;
}
