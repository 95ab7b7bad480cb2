/* rename.c - `ffc rename`: a flag by another name, for the same units. */
#include <string.h>

#include "compiler/base/escape.h"
#include "compiler/base/match.h"
#include "edit_references.h"
#include "edits.h"
#include "rename.h"

static int run(int argc, char **argv);

const struct command rename_command = {
    .name = "rename",
    .summary = "rename a flag everywhere; each unit keeps its answer",
    .usage = "FLAG NEW-NAME --reason TEXT",
    .examples = "  ffc rename new-checkout checkout.express --reason 'the team has a prefix'\n",
    .run = run,
};

static bool replace(struct edits *edits, struct edited *file, const struct node *scalar,
                    const char *name)
{
    struct buffer text = {0}, error = {0}, written = {0};
    edit_write_text(name, &written);
    bool done = edit_scalar(&file->now, scalar, written.bytes, &text, &error);
    if (done)
        edits_take(edits, file, &text);
    else
        edits_refuse(edits, &error, edit_way_out(&file->now, "rename it by hand"));
    buffer_release(&text);
    buffer_release(&error);
    buffer_release(&written);
    return done;
}

/* Nobody can tell whether a pattern is to follow: it may be meant for the others. */
static void note_patterns(struct edits *edits, const char *old, const char *name)
{
    struct reference reference;
    for (uint32_t skip = 0; find_pattern(edits, old, name, skip, &reference); skip++) {
        const char *pattern = reference.name->text;
        const char *place = edits_place(edits, reference.file, reference.name);
        bool held = match_name(pattern, old);
        struct buffer whose = {0};
        if (reference.who)
            terminal_message(&whose, "the rollback plan of '%s'", reference.who);
        else
            buffer_append_text(&whose, "an override");
        terminal_message(&edits->notes,
                         held ? "note: %s selects '%s' by the pattern '%s' (%s), which does not "
                                "select '%s': name it there if it is still meant\n"
                              : "note: %s does not select '%s' by the pattern '%s' (%s), but does "
                                "select '%s'\n",
                         whose.bytes, old, pattern, place, name);
        buffer_release(&whose);
    }
}

bool rename_plan(struct edits *edits, const char *old, const char *name)
{
    struct flag_place place, other;
    struct reference reference;
    if (!edits_find_flag(edits, old, &place) || !edits_check_name(edits, name))
        return false;
    if (strcmp(old, name) != 0 && edits_has_flag(edits, name, &other)) {
        struct buffer why = {0};
        terminal_format(&why, "there is a flag '%s' already (%s)", name,
                        edits_place(edits, other.file, other.map->entries[other.place].key));
        edits_refuse(edits, &why, "choose another name");
        buffer_release(&why);
        return false;
    }
    edits->verdict = "rename";
    edits->subject = arena_format(&edits->arena, "rename %s to %s", old, name);
    *ARENA_APPEND(&edits->arena, edits->flags, edits->flag_count) = name;
    if (strcmp(old, name) == 0)
        return true;
    edits->renamed = old;
    note_patterns(edits, old, name);
    if (!edits_find_flag(edits, old, &place) ||
        !replace(edits, place.file, place.map->entries[place.place].key, name) ||
        !edits_keep_salt(edits, old, name))
        return false;
    while (find_reference(edits, old, 0, &reference))
        if (!replace(edits, reference.file, reference.name, name))
            return false;
    terminal_message(&edits->notes,
                     "note: code that asks for '%s' gets its own default until it asks for '%s'\n",
                     old, name);
    return true;
}

static int run(int argc, char **argv)
{
    struct edits edits = EDITS_INIT(&rename_command);
    const struct option table[] = {
        ENVIRONMENT_OPTION(edits.change.environment, "with --build: the environment of FILE"),
        EDITS_OPTIONS(edits),
    };
    int status;
    int operands =
        options_parse(&rename_command, table, sizeof table / sizeof *table, argc, argv, &status);
    if (operands < 0)
        return status;
    if (operands != 2) {
        status = usage_error(&rename_command, "expected two names, the old and the new one");
    } else {
        status = edits_begin(&edits);
        if (status == EXIT_FINE)
            status =
                rename_plan(&edits, argv[1], argv[2]) ? edits_carry_out(&edits) : edits.refused;
    }
    edits_release(&edits);
    return status;
}
