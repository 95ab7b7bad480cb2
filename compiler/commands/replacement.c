/* replacement.c - see replacement.h. */
#include "replacement.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/rollout/ledger.h"
#include "compiler/rollout/occupant.h"
#include "snapshot.h"

/* A signature that goes away shows only where services refuse what is no longer signed. */
static void warn_of_signature(const struct replacement *replacement,
                              const struct occupant *occupant)
{
    if (replacement->key)
        occupant_warn_of_key(occupant, replacement->path, replacement->key->id);
    else if (occupant->signed_by[0])
        fprintf(stderr,
                "%s: warning: it was signed by key %s, and is not any more\n"
                "help: say --sign, or sign it with 'ffc sign'; services that require a signature "
                "keep what they have\n",
                replacement->path, occupant->signed_by);
}

static void warn_of_owner(const struct replacement *replacement, const struct occupant *occupant)
{
    struct buffer problem = {0};
    if (!occupant_fits(occupant, replacement->path, replacement->project->name,
                       replacement->environment, &problem))
        fprintf(
            stderr,
            "warning: %s: it is replaced\n"
            "help: services that read it get the flags of the new one: see that this is meant\n",
            problem.bytes);
    buffer_release(&problem);
}

/* ------------------------------------------------------------------------------- emergencies -- */

static bool is_dropped(const struct option_texts *dropped, const char *id)
{
    for (size_t i = 0; i < dropped->count; i++)
        if (strcmp(dropped->items[i], id) == 0)
            return true;
    return false;
}

/* One that was lifted, or whose file was removed by hand, still has its entries. */
static bool has_entry(const struct project *project, const char *id)
{
    struct buffer error = {0};
    const struct ledger_entries *entries = ledger_look(project->directory, &error);
    bool found = false;
    for (uint32_t i = 0; entries && !found && i < entries->count; i++) {
        json_t *entry = ledger_json(entries, i, id);
        const char *own =
            json_string_value(json_object_get(json_object_get(entry, "override"), "id"));
        found = own && strcmp(own, id) == 0;
        json_decref(entry);
    }
    buffer_release(&error);
    return found;
}

/* Whoever was on call published it from where the definitions could not be written. */
static bool is_forgotten(const struct replacement *replacement, const char *id)
{
    if (is_dropped(replacement->dropped, id) || project_override(replacement->project, id) ||
        has_entry(replacement->project, id))
        return false;
    job_error(replacement->command,
              "'%s' has override '%s', which the definitions do not have, nor the ledger: this "
              "build would end it",
              replacement->path, id);
    fprintf(stderr,
            "help: put the file that 'ffc rollback' printed into overrides/, or end it with "
            "--drop-override %s\n",
            id);
    return true;
}

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

/* The label lists what was patched in since the build: "ID,ID". */
static bool ends_emergency(const struct replacement *replacement)
{
    json_t *labels = labels_of(replacement->path);
    const char *label = json_string_value(json_object_get(labels, "override"));
    char *ids = strdup(label ? label : ""), *rest = ids;
    bool ends = false;
    for (char *id; ids && (id = strsep(&rest, ","));)
        ends |= *id && is_forgotten(replacement, id);
    free(ids);
    json_decref(labels);
    return ends;
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
