/* forgotten.c - see forgotten.h. */
#include "forgotten.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/ledger/ledger.h"
#include "compiler/base/json_read.h"
#include "compiler/model/model.h"

static bool is_listed(const char *const *list, const char *id)
{
    for (; list && *list; list++)
        if (strcmp(*list, id) == 0)
            return true;
    return false;
}

/* An override that was lifted, or whose file was deleted by hand, still has its entries. */
static bool has_entry(const struct project *project, const char *id)
{
    struct buffer error = {0};
    const struct ledger_entries *entries = ledger_look(project->directory, &error);
    bool found = false;
    for (uint32_t i = 0; entries && !found && i < entries->count; i++) {
        json_t *entry = ledger_json(entries, i, id);
        const char *own = json_text_at(json_object_get(entry, "override"), "id");
        found = own && strcmp(own, id) == 0;
        json_decref(entry);
    }
    buffer_release(&error);
    return found;
}

/* The label lists the overrides patched in since the build: "ID,ID". */
char *forgotten_override(const json_t *labels, const struct project *project,
                         const char *const *dropped)
{
    const char *label = json_text_at(labels, "override");
    char *ids = strdup(label ? label : ""), *rest = ids, *found = NULL;
    for (char *id; ids && !found && (id = strsep(&rest, ","));)
        if (*id && !is_listed(dropped, id) && !project_override(project, id) &&
            !has_entry(project, id))
            found = strdup(id);
    free(ids);
    return found;
}

void forgotten_sentence(struct buffer *out, const char *path, const char *id)
{
    buffer_format(out,
                  "'%s' has override '%s', which neither the definitions nor the ledger have: "
                  "publishing them would end it",
                  path, id);
}
