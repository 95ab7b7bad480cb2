/* recovery.c - see recovery.h. */
#include "recovery.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "compiler/cli/messages.h"
#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"
#include "compiler/base/calendar.h"
#include "compiler/files/edit.h"
#include "emergency.h"
#include "compiler/ledger/entry.h"
#include "experiment_state.h"
#include "file_edits.h"
#include "steps.h"
#include "transition.h"
#include "compiler/base/json_read.h"
#include "compiler/model/model.h"
#include "compiler/project/project.h"

/* The rollout's position before or after the entry; borrows its texts from the entry. */
static bool read_rollout(const json_t *entry, const char *key, struct rollout *rollout)
{
    const json_t *json = json_object_get(entry, key), *since = json_object_get(json, "since");
    const char *state = json_text_at(json, "state");
    rollout->stage = json_text_at(json, "stage");
    rollout->approved = json_text_at(json, "approved");
    rollout->since = INT64_MIN;
    int found = state ? words_find(canary_state_words, state) : -1;
    rollout->state = (enum canary_state)found;
    return found >= 0 && rollout->stage &&
           (!json_is_string(since) || parse_time(json_string_value(since), &rollout->since));
}

static const struct canary *canary_of(const struct project *project, const json_t *entry)
{
    const char *flag_name = json_text_at(entry, "flag");
    const char *name = json_text_at(entry, "environment");
    const struct flag *flag = flag_name ? project_flag(project, flag_name) : NULL;
    uint32_t environment = name ? project_environment(project, name) : UINT32_MAX;
    bool known = flag && flag->environments && environment != UINT32_MAX;
    return known ? flag->environments[environment].canary : NULL;
}

/* Whether the canary is at that position. */
static bool is_there(const struct canary *canary, const json_t *entry, const char *key)
{
    struct rollout expected;
    if (!canary || !read_rollout(entry, key, &expected))
        return false;
    const struct rollout now = rollout_of(canary);
    const char *approved = expected.approved;
    return now.state == expected.state && strcmp(now.stage, expected.stage) == 0 &&
           now.since == expected.since &&
           (approved ? now.approved && strcmp(now.approved, approved) == 0 : !now.approved);
}

/* Whether an override has been added, or lifted. */
static bool override_was_made(const struct project *project, json_t *line)
{
    const char *id, *verdict;
    if (json_unpack(line, "{s:s, s:{s:s}}", "verdict", &verdict, "override", "id", &id))
        return false;
    bool found = false;
    for (uint32_t i = 0; i < project->override_count; i++)
        found |= project->overrides[i]->id.text && strcmp(project->overrides[i]->id.text, id) == 0;
    return strcmp(verdict, "lift") == 0 ? !found : found;
}

/* ------------------------------------------------------------------------------------- kinds -- */

/* What becomes of an entry that was put aside. */
enum fate { FATE_COUNTS, FATE_GOES, FATE_IS_UNKNOWN, FATE_IS_DAMAGED, FATE_FAILS };

/* Of an edit of files, their bytes tell. One that somebody changed since tells nothing: what was
 * read before is gone, so the edit was most likely made, and it counts. */
static enum fate finish_files(const struct ledger *ledger, const struct put_aside *found,
                              struct buffer *error)
{
    switch (file_edits_look(ledger->directory, found->json)) {
    case FILES_BEFORE:
        return FATE_GOES;
    case FILES_PARTLY:
        return file_edits_complete(ledger->directory, found->json, found->todo, error) ? FATE_COUNTS
                                                                                       : FATE_FAILS;
    case FILES_AFTER:
        return FATE_COUNTS;
    case FILES_OTHER:
        break;
    }
    print_note("whether this edit was made before its run was interrupted cannot be told, because "
               "its files were changed since: look at them");
    return FATE_COUNTS;
}

static enum fate finish_edit(const struct ledger *ledger, const struct project *project,
                             const struct put_aside *found, struct buffer *error)
{
    if (json_object_get(found->json, "files"))
        return finish_files(ledger, found, error);
    bool made = json_object_get(found->json, "override") ? override_was_made(project, found->json)
                : json_object_get(found->json, "experiment")
                    ? trial_was_made(project, found->json)
                    : is_there(canary_of(project, found->json), found->json, "to");
    return made ? FATE_COUNTS : project->diagnostics.errors > 0 ? FATE_IS_UNKNOWN : FATE_GOES;
}

static enum fate finish_record(const struct ledger *ledger, const struct project *project,
                               const struct put_aside *found, struct buffer *error)
{
    (void)ledger;
    (void)project;
    (void)found;
    (void)error;
    return FATE_COUNTS;
}

static enum fate finish_transition(const struct ledger *ledger, const struct project *project,
                                   const struct put_aside *found, struct buffer *error)
{
    const struct canary *canary = canary_of(project, found->json);
    struct rollout to;
    (void)ledger;
    if (is_there(canary, found->json, "to"))
        return FATE_COUNTS;
    if (!canary && project->diagnostics.errors > 0)
        return FATE_IS_UNKNOWN;
    if (!is_there(canary, found->json, "from") || !read_rollout(found->json, "to", &to))
        return FATE_GOES;
    return transition_edit(project, canary, &to, error) == REPLACED_NOT ? FATE_FAILS : FATE_COUNTS;
}

/* Whoever sends a change of the definitions could put something aside in it, too: what is made of
 * it is the file of an override. */
static bool is_override_file(const char *file)
{
    size_t folder = strlen(OVERRIDES_FOLDER), length = strlen(file);
    return length > folder + 5 && strncmp(file, OVERRIDES_FOLDER, folder) == 0 &&
           file[folder] != '.' && !strchr(file + folder, '/') &&
           strcmp(file + length - 5, ".yaml") == 0;
}

static enum fate finish_file(const struct ledger *ledger, const struct project *project,
                             const struct put_aside *found, struct buffer *error)
{
    (void)project;
    const char *file = json_text_at(found->todo, "file");
    const char *text = json_text_at(found->todo, "text");
    if (!file || !text || !is_override_file(file))
        return FATE_IS_DAMAGED;
    struct buffer path = {0};
    buffer_format(&path, "%s/%s", ledger->directory, file);
    bool there = override_folder_make(ledger->directory, error) && access(path.bytes, F_OK) == 0;
    const struct buffer bytes = {.bytes = (char *)(uintptr_t)text, .length = strlen(text)};
    if (!there && !error->length)
        there = edit_create(path.bytes, &bytes, error) == REPLACED_SAFELY;
    buffer_release(&path);
    return there ? FATE_COUNTS : FATE_FAILS;
}

/* ------------------------------------------------------------------------------------ finish -- */

static enum fate fate_of(const struct ledger *ledger, const struct project *project,
                         const struct put_aside *found, struct buffer *error)
{
    enum aside aside;
    const char *name = json_text_at(found->todo, "aside");
    if (!found->json || !name || !aside_named(name, &aside))
        return FATE_IS_DAMAGED;
    switch (aside) {
    case ASIDE_EDIT:
        return finish_edit(ledger, project, found, error);
    case ASIDE_RECORD:
        return finish_record(ledger, project, found, error);
    case ASIDE_FILE:
        return finish_file(ledger, project, found, error);
    case ASIDE_TRANSITION:
        return finish_transition(ledger, project, found, error);
    case ASIDE_FILES:
        return finish_files(ledger, found, error);
    }
    return FATE_IS_DAMAGED;
}

static void leave(const struct ledger *ledger, const char *name, const char *why)
{
    print_note("a run that was interrupted left %s/" LEDGER_ASIDE "/%s:\n  %s", ledger->directory,
               name, why);
}

/* "override rollback-… of 'checkout', by amira: INC-1" */
static void note_finished(const json_t *entry)
{
    const char *verdict = json_text_at(entry, "verdict");
    const char *flag = json_text_at(entry, "flag");
    const char *actor = json_text_at(entry, "actor");
    const char *reason = json_text_at(entry, "reason");
    const char *id = json_text_at(json_object_get(entry, "override"), "id");
    struct buffer what = {0};
    buffer_format(&what, "%s%s%s", verdict ? verdict : "a change", id ? " " : "", id ? id : "");
    if (flag)
        buffer_format(&what, " of '%s'", flag);
    buffer_format(&what, "%s%s%s%s", actor ? ", by " : "", actor ? actor : "", reason ? ": " : "",
                  reason ? reason : "");
    print_note("finished the ledger's entry of a run that was interrupted:\n  %s", what.bytes);
    buffer_release(&what);
}

static bool finish_one(struct ledger *ledger, const struct project *project, const char *name,
                       json_t *finished, struct buffer *error)
{
    struct put_aside found;
    if (!ledger_read_aside(ledger, name, &found, error))
        return false;
    bool done = true;
    switch (fate_of(ledger, project, &found, error)) {
    case FATE_COUNTS:
        done = ledger_finish_aside(ledger, name, &found, error);
        if (done)
            note_finished(found.json);
        json_array_append(finished, found.json);
        break;
    case FATE_GOES:
        ledger_drop_aside(ledger, name);
        break;
    case FATE_IS_UNKNOWN:
        leave(ledger, name, "it is finished once the definitions compile");
        break;
    case FATE_IS_DAMAGED:
        leave(ledger, name, "it is damaged, or of another version: remove it if it is");
        break;
    case FATE_FAILS:
        done = false;
    }
    put_aside_release(&found);
    return done;
}

bool recover(struct ledger *ledger, const struct project *project, json_t **finished,
             struct buffer *error)
{
    struct arena arena = {0};
    const char **names;
    uint32_t count;
    json_t *list = json_array();
    bool recovered = sodium_init() >= 0 && ledger_list_aside(ledger, &arena, &names, &count, error);
    for (uint32_t i = 0; recovered && i < count; i++)
        recovered = finish_one(ledger, project, names[i], list, error);
    recovered = recovered && ledger_is_certain(ledger, error);
    arena_release(&arena);
    if (finished)
        *finished = json_incref(list);
    json_decref(list);
    return recovered && steps_recover(ledger, error);
}

bool recover_before_reading(const char *directory, struct buffer *error)
{
    if (!ledger_has_aside(directory))
        return true;
    struct ledger ledger = {.lock = -1};
    bool recovered = ledger_lock(&ledger, directory, error);
    if (recovered) {
        struct project *project = project_load(directory, INT64_MIN);
        recovered = recover(&ledger, project, NULL, error);
        project_free(project);
    }
    ledger_unlock(&ledger);
    return recovered;
}

void note_aside(const char *directory)
{
    if (ledger_has_aside(directory))
        print_note("a run that changed %s was interrupted; the next one that changes or builds it "
                   "finishes the job",
                   directory);
}
