/* edit_words.c - see edit_words.h. */
#include "edit_words.h"

#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/base/json.h"
#include "compiler/model/model.h"
#include "compiler/commands/history/history.h"
#include "compiler/commands/diff/word_changes.h"

/* What changes in one environment; or, with NULL, in all of them. */
struct said_there {
    const char *environment;
    struct word_change *said;
    uint32_t count;
};

static void begin_change(struct buffer *out, enum happening what, const char *flag,
                         const char *former)
{
    json_write_comma(out);
    buffer_append_text(out, "{");
    field_text(out, "what", happening_words[what]);
    field_text(out, "flag", flag);
    if (former)
        field_text(out, "former", former);
    field_array(out, "environments");
}

/* An entry of the ledger has what overrides do; a rename keeps the salt, which is no news. */
static struct said_there words_of(const struct flag_versions *versions, const char *environment,
                                  bool renamed, struct arena *arena)
{
    struct said_there there = {.environment = environment};
    uint32_t count, kept = 0;
    there.said = flag_words_changed(versions, environment, arena, &count);
    for (uint32_t i = 0; i < count && kept < MOST_SAID; i++)
        if (!is_of_override(&there.said[i]) &&
            !(renamed && strcmp(there.said[i].what, "salt") == 0))
            there.said[kept++] = there.said[i];
    there.count = kept;
    return there;
}

/* Environments that say the same are told of together. */
static void write_changed(struct buffer *out, const struct flag_versions *versions, bool renamed)
{
    struct arena arena = {0};
    const struct texts *environments = &versions->after->environments;
    struct said_there all = words_of(versions, NULL, renamed, &arena);
    if (all.count) {
        begin_change(out, HAPPENED_CHANGED, versions->new->name.text, NULL);
        buffer_append_text(out, "]");
        field_word_changes(out, all.said, all.count);
        buffer_append_text(out, "}");
    }
    struct said_there *each = ARENA_ARRAY(&arena, struct said_there, environments->count + 1u);
    for (uint32_t i = 0; i < environments->count; i++)
        each[i] = words_of(versions, environments->items[i].text, renamed, &arena);
    for (uint32_t i = 0; i < environments->count; i++) {
        if (!each[i].count)
            continue;
        begin_change(out, HAPPENED_CHANGED, versions->new->name.text, NULL);
        for (uint32_t j = i; j < environments->count; j++)
            if (word_changes_are_same(each[i].said, each[i].count, each[j].said, each[j].count)) {
                json_write_comma(out);
                json_write_string(out, each[j].environment);
                each[j].count = j == i ? each[j].count : 0;
            }
        buffer_append_text(out, "]");
        field_word_changes(out, each[i].said, each[i].count);
        buffer_append_text(out, "}");
    }
    arena_release(&arena);
}

static void write_happened(struct buffer *out, enum happening what, const char *flag,
                           const char *former)
{
    begin_change(out, what, flag, former);
    buffer_append_text(out, "]");
    field_word_changes(out, NULL, 0);
    buffer_append_text(out, "}");
}

void entry_changes(struct buffer *out, const struct project *old, const struct project *new,
                   const char *const *flags, uint32_t count, const char *former)
{
    field_array(out, "changes");
    for (uint32_t i = 0; i < count; i++) {
        const struct flag_versions versions = {
            old, new, project_flag(old, former ? former : flags[i]), project_flag(new, flags[i])};
        if (former && versions.old && versions.new)
            write_happened(out, HAPPENED_RENAMED, flags[i], former);
        if (versions.old && versions.new)
            write_changed(out, &versions, former != NULL);
        else if (versions.old || versions.new)
            write_happened(out, versions.new ? HAPPENED_NEW : HAPPENED_GONE, flags[i], NULL);
    }
    buffer_append_text(out, "]");
}
