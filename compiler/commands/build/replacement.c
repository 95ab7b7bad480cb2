/* replacement.c - see replacement.h. */
#include "replacement.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/memory.h"
#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/base/json_read.h"
#include "compiler/base/nearest.h"
#include "compiler/model/model.h"
#include "compiler/publish/forgotten.h"
#include "compiler/publish/occupant.h"
#include "compiler/commands/snapshot.h"

#define MOST_LISTED_IDS 17

/* A lost signature shows only at services that refuse unsigned snapshots. */
static void warn_of_signature(const struct replacement *replacement,
                              const struct occupant *occupant)
{
    if (replacement->key) {
        occupant_warn_of_key(occupant, replacement->path, replacement->key->id);
    } else if (occupant->signed_by[0]) {
        print_at((struct input_place){.path = replacement->path}, MESSAGE_WARNING,
                 "it was signed by key %s, and no longer is", occupant->signed_by);
        print_help("give --sign, or sign it with 'ffc sign'; services that require a signature "
                   "keep what they have");
    }
}

static void warn_of_owner(const struct replacement *replacement, const struct occupant *occupant)
{
    struct buffer problem = {0};
    if (!occupant_fits(occupant, replacement->path, replacement->project->name,
                       replacement->environment, &problem)) {
        print_warning("%s: it is replaced", problem.bytes);
        print_help(
            "services that read it get the flags of the new one: make sure that is intended");
    }
    buffer_release(&problem);
}

/* ------------------------------------------------------------------------------- emergencies -- */

static json_t *labels_of(const char *path)
{
    struct snapshot snapshot;
    struct buffer problem = {0};
    json_t *labels = NULL;
    size_t size;
    if (snapshot_open(&snapshot, path, &problem) == FFLAG_OK) {
        const char *text = snapshot_section(&snapshot, FFS_LABELS, &size);
        labels = text ? json_loadb(text, size, 0, NULL) : NULL;
    }
    snapshot_close(&snapshot);
    buffer_release(&problem);
    return labels;
}

static bool ends_emergency(const struct replacement *replacement)
{
    json_t *labels = labels_of(replacement->path);
    const char **dropped = xcalloc(replacement->dropped->count + 1, sizeof *dropped);
    for (size_t i = 0; i < replacement->dropped->count; i++)
        dropped[i] = replacement->dropped->items[i];
    char *id = forgotten_override(labels, replacement->project, dropped);
    struct buffer sentence = {0};
    if (id) {
        forgotten_sentence(&sentence, replacement->path, id);
        job_error(replacement->command, "%s", sentence.bytes);
        print_help("" FORGOTTEN_HELP ", or end it with --drop-override %s", id);
    }
    bool ends = id != NULL;
    buffer_release(&sentence);
    free(dropped);
    free(id);
    json_decref(labels);
    return ends;
}

/* The overrides that the files have besides those they were built with: "ID,ID" in each. */
struct published_ids {
    struct buffer text; /* they point into it */
    const char **items;
    size_t count;
};

static void read_published_ids(const struct replaced_files *files, struct published_ids *ids)
{
    for (uint32_t i = 0; i < files->count; i++) {
        json_t *labels = labels_of(files->paths[i]);
        const char *label = json_text_at(labels, "override");
        buffer_format(&ids->text, "%s,", label ? label : "");
        json_decref(labels);
    }
    ids->items = xcalloc(ids->text.length + 1, sizeof *ids->items);
    char *rest = ids->text.bytes;
    for (char *id; (id = strsep(&rest, ","));)
        if (*id)
            ids->items[ids->count++] = id;
}

static bool is_published(const struct published_ids *ids, const char *id)
{
    for (size_t i = 0; i < ids->count; i++)
        if (strcmp(ids->items[i], id) == 0)
            return true;
    return false;
}

static int report_dropped(const struct command *command, const struct project *project,
                          const struct published_ids *ids, const char *id)
{
    const struct override *defined = project_override(project, id);
    if (defined) {
        int status = job_error(command,
                               "--drop-override: the definitions have override '%s': this "
                               "build does not end it",
                               id);
        print_help("lift it: ffc rollback --lift %s --reason …",
                   defined->id.text ? defined->id.text : defined->name);
        return status;
    }
    const char *near = nearest_name(id, ids->items, ids->count);
    if (near)
        return job_error(command,
                         "--drop-override: no file that is replaced has override '%s'; "
                         "did you mean '%s'?",
                         id, near);
    int status =
        job_error(command, "--drop-override: no file that is replaced has override '%s'", id);
    struct buffer known = {0};
    for (size_t i = 0; i < ids->count && i < MOST_LISTED_IDS; i++)
        terminal_format(&known, "%s%s", i ? ", " : "", ids->items[i]);
    if (ids->count)
        print_help("it may end: %s%s", known.bytes, ids->count > MOST_LISTED_IDS ? ", …" : "");
    else
        print_help("there is no override to end: build without --drop-override");
    buffer_release(&known);
    return status;
}

int replacement_judge_dropped(const struct command *command, const struct project *project,
                              const struct replaced_files *files,
                              const struct option_texts *dropped)
{
    struct published_ids ids = {{0}, NULL, 0};
    int status = EXIT_FINE;
    if (!dropped->count)
        return status;
    read_published_ids(files, &ids);
    for (size_t i = 0; i < dropped->count; i++)
        if (project_override(project, dropped->items[i]) || !is_published(&ids, dropped->items[i]))
            status = report_dropped(command, project, &ids, dropped->items[i]);
    buffer_release(&ids.text);
    free(ids.items);
    return status;
}

int replacement_judge(const struct replacement *replacement)
{
    struct occupant occupant;
    struct buffer error = {0};
    int status = EXIT_FINE;
    if (!occupant_look(&occupant, replacement->path, &error))
        status = job_error(replacement->command, "%s", error.bytes);
    else if (occupant.is_sound && ends_emergency(replacement))
        status = EXIT_INPUT;
    else if (occupant.is_sound) {
        warn_of_owner(replacement, &occupant);
        warn_of_signature(replacement, &occupant);
    }
    occupant_release(&occupant);
    buffer_release(&error);
    return status;
}
