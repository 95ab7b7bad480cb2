/* transition.c - see transition.h. */
#include "transition.h"

#include <stdio.h>
#include <string.h>

#include "compiler/cli/messages.h"
#include "compiler/base/buffer.h"
#include "compiler/files/edit.h"
#include "compiler/base/calendar.h"
#include "compiler/files/yaml.h"
#include "compiler/model/model.h"

#define STAGE_TEXT 160

static bool is_same_text(const char *left, const char *right)
{
    return left == right || (left && right && strcmp(left, right) == 0);
}

/* Stages without a name are called stages[0] and so on, which YAML would read as a list. */
static const char *stage_text(const char *stage, char text[STAGE_TEXT])
{
    bool plain = strspn(stage, "abcdefghijklmnopqrstuvwxyz0123456789_.-") == strlen(stage);
    snprintf(text, STAGE_TEXT, plain ? "%s" : "\"%s\"", stage);
    return text;
}

enum replaced transition_edit(const struct project *project, const struct canary *canary,
                              const struct rollout *to, struct buffer *error)
{
    const struct rollout from = rollout_of(canary);
    char since[32], stage[STAGE_TEXT], approved[STAGE_TEXT];
    struct edit edits[4];
    size_t count = 0;
    if (to->state != from.state)
        edits[count++] = (struct edit){"state", canary_state_words[to->state]};
    bool begins = to->state == CANARY_RUNNING && to->since != from.since;
    if (strcmp(to->stage, from.stage) != 0 || (begins && !node_get(canary->node, "stage")))
        edits[count++] = (struct edit){"stage", stage_text(to->stage, stage)};
    if (to->since != from.since) {
        format_time(to->since, since, sizeof since);
        edits[count++] = (struct edit){"since", since};
    }
    if (!is_same_text(to->approved, from.approved))
        edits[count++] =
            (struct edit){"approved", to->approved ? stage_text(to->approved, approved) : NULL};
    return count == 0 ? REPLACED_SAFELY
                      : edit_block(&project->sources, canary->node, edits, count, error);
}

bool transition_prepare(struct ledger *ledger, const struct project *project,
                        const struct canary *canary, const struct rollout *to,
                        const struct buffer *entry, enum aside aside, struct buffer *error)
{
    const struct todo todo = {.aside = aside,
                              .file = project->sources.items[canary->node->span.file].name};
    if (to->since != canary->since && !time_can_be_written(to->since)) {
        buffer_format(error, "a stage cannot begin outside the years 0001 to 9999");
        return false;
    }
    return ledger_prepare(ledger, entry, &todo, error);
}

bool transition_make(struct ledger *ledger, const struct project *project,
                     const struct canary *canary, const struct rollout *to,
                     const struct buffer *entry, struct buffer *error)
{
    return transition_prepare(ledger, project, canary, to, entry, ASIDE_EDIT, error) &&
           ledger_edited(ledger, transition_edit(project, canary, to, error), error);
}

void transition_note_shared(const struct project *project, const struct flag *flag,
                            uint32_t environment)
{
    const struct canary *canary = flag->environments[environment].canary;
    for (uint32_t i = 0; i < project->environments.count; i++) {
        const struct canary *other = flag->environments[i].canary;
        if (i != environment && other && other->node == canary->node)
            print_note("environment '%s' has this same canary block, and changes along with it",
                       project->environments.items[i].text);
    }
}
