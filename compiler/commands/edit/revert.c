/* revert.c - `ffc revert`: one flag as it was in a revision. */
#include <string.h>

#include "compiler/base/escape.h"
#include "compiler/base/json_read.h"
#include "edits.h"
#include "compiler/files/git.h"

static int run(int argc, char **argv);

const struct command revert_command = {
    .name = "revert",
    .summary = "restore a flag as it was in a git revision",
    .usage = "FLAG REVISION --reason TEXT",
    .examples = "  ffc revert new-checkout HEAD~1 --reason 'that was too early' --commit\n"
                "  ffc revert new-checkout v1.4 --dry-run\n",
    .run = run,
};

/* A definition as it was. */
struct past {
    struct scratch files;
    struct parsed *parsed;
    const struct source *source; /* NULL: the revision has no such flag */
    const struct entry *entry;
};

static void past_release(struct past *past)
{
    parsed_free(past->parsed);
    scratch_remove(&past->files);
}

static void find_entry(struct past *past, const char *flag)
{
    past->source = NULL;
    const struct sources *sources = parsed_sources(past->parsed);
    for (uint32_t i = 0; i < sources->count; i++) {
        const struct node *root = parsed_root(past->parsed, i);
        const struct node *map = root && root->kind == NODE_MAP ? node_get(root, "flags") : NULL;
        for (uint32_t j = 0; map && map->kind == NODE_MAP && j < map->count; j++)
            if (strcmp(map->entries[j].key->text, flag) == 0) {
                past->source = &sources->items[i];
                past->entry = &map->entries[j];
            }
    }
}

static bool look_back(struct edits *edits, const char *flag, const char *revision,
                      struct past *past)
{
    const char *directory = edits->change.ledger.directory, *commit;
    struct buffer error = {0};
    bool found = false;
    enum git_answer answer = git_commit(directory, revision, &edits->arena, &commit);
    if (answer == GIT_MISSING)
        return edits_cannot(edits, "install it", "'git' cannot be run here");
    if (!commit)
        return edits_cannot(edits, "git log -- FILE lists the revisions of a file",
                            "git knows no revision '%s'", revision);
    const char *prefix = git_prefix(directory, &edits->arena);
    bool done =
        git_write_files(directory, commit, prefix ? prefix : "", &past->files, &found, &error);
    if (!done)
        edits_cannot(edits, NULL, "cannot read the files of '%s': %s", revision,
                     error.length ? error.bytes : "git cannot be run");
    buffer_release(&error);
    if (done && found) {
        past->parsed = parsed_read(past->files.place);
        find_entry(past, flag);
    }
    return done;
}

/* Where it was removed from, or the first file that has flags. */
static bool first_section(struct edits *edits, struct edited *file, const struct entry *section,
                          void *user)
{
    struct flag_place *place = user;
    (void)edits;
    if (section->value->kind != NODE_MAP || section->value->count == 0)
        return true;
    place->file = file;
    place->map = section->value;
    return false;
}

static bool bring_back(struct edits *edits, const char *flag, const struct past *past)
{
    struct flag_place place = {0};
    struct edited *same = edits_file(edits, past->source->name);
    const struct node *map =
        same && same->root && same->root->kind == NODE_MAP ? node_get(same->root, "flags") : NULL;
    struct buffer text = {0};
    if (map && map->kind == NODE_MAP) {
        place = (struct flag_place){same, map, 0};
    } else {
        edits_each_section(edits, "flags", first_section, &place);
    }
    if (!place.file)
        return edits_cannot(edits, "make a file with 'flags:' first",
                            "no file has flags to add it to");
    edit_write_node(past->entry->value, past->source->text, &text);
    const struct edit edit = {flag, text.bytes};
    bool done = edits_set(edits, place.file, place.map, &edit, 1);
    buffer_release(&text);
    return done;
}

/* How the ledger says that a flag was called before; NULL: it was not renamed. */
static const char *renamed_from(struct edits *edits, const char *flag)
{
    struct ledger_entries entries = {.items = NULL};
    struct buffer error = {0};
    const char *former = NULL;
    bool read = ledger_read(edits->change.ledger.directory, &entries, &error);
    for (uint32_t i = entries.count; read && i-- > 0 && !former;) {
        json_t *entry = ledger_json(&entries, i, flag);
        const char *name = json_text_at(entry, "flag"), *old = json_text_at(entry, "renamed_from");
        if (name && old && strcmp(name, flag) == 0)
            former = arena_format(&edits->arena, "%s", old);
        json_decref(entry);
    }
    ledger_release(&entries);
    buffer_release(&error);
    return former;
}

static const char *salt_of(const struct flag_place *place)
{
    const struct node *body = place->map->entries[place->place].value;
    const struct node *salt = body->kind == NODE_MAP ? node_get(body, "salt") : NULL;
    return salt && salt->kind == NODE_SCALAR ? salt->text : NULL;
}

#define MOST_NAMES 32 /* that a flag had, one after the other */

/* Whether the past has a flag of that name, which no other flag has now. */
static bool was_called(struct edits *edits, struct past *past, const char *name)
{
    struct flag_place other;
    if (!name || edits_has_flag(edits, name, &other))
        return false;
    find_entry(past, name);
    return past->source != NULL;
}

/* The salt says how a flag was called first, and the ledger each name after that. NULL: nobody
 * knows. */
static const char *find_former(struct edits *edits, const char *flag,
                               const struct flag_place *place, struct past *past)
{
    const char *former = salt_of(place);
    if (!past->parsed || was_called(edits, past, former))
        return past->parsed ? former : NULL;
    former = flag;
    for (int i = 0; former && i < MOST_NAMES; i++) {
        former = renamed_from(edits, former);
        if (was_called(edits, past, former))
            return former;
    }
    return NULL;
}

static bool put_back(struct edits *edits, const char *flag, const char *revision, struct past *past)
{
    struct flag_place place;
    bool there = edits_has_flag(edits, flag, &place);
    const char *former = there && !past->source ? find_former(edits, flag, &place, past) : NULL;
    if (!past->source && there)
        return edits_cannot(edits,
                            "'ffc remove' removes it; if it had another name then, neither a salt "
                            "nor the ledger says which",
                            "'%s' has no flag '%s'", revision, flag);
    if (!past->source)
        return edits_find_flag(edits, flag, &place);
    if (!there)
        return bring_back(edits, flag, past);
    struct buffer text = {0}, error = {0};
    bool done = edit_replace(&place.file->now, place.map, place.place, past->source, past->entry,
                             &text, &error);
    if (done)
        edits_take(edits, place.file, &text);
    else
        edits_refuse(edits, &error,
                     edit_way_out(&place.file->now, "bring it back by hand: git show has it"));
    buffer_release(&text);
    buffer_release(&error);
    if (done && former)
        terminal_message(&edits->notes, "note: '%s' was '%s' in '%s', and keeps its units\n", flag,
                         former, revision);
    return done && (!former || edits_keep_salt(edits, former, flag));
}

static int plan(struct edits *edits, const char *flag, const char *revision)
{
    struct past past = {.files.folder = -1};
    bool done = look_back(edits, flag, revision, &past) && put_back(edits, flag, revision, &past);
    past_release(&past);
    if (!done)
        return edits->refused;
    *ARENA_APPEND(&edits->arena, edits->flags, edits->flag_count) = flag;
    edits->verdict = "revert";
    edits->subject = arena_format(&edits->arena, "revert %s to %s", flag, revision);
    edits->nothing = arena_format(
        &edits->arena, "%s: it is as it was in %s, and nothing was changed", flag, revision);
    return edits_carry_out(edits);
}

static int run(int argc, char **argv)
{
    struct edits edits = EDITS_INIT(&revert_command);
    const struct option table[] = {
        ENVIRONMENT_OPTION(edits.change.environment, "with --build: the environment of FILE"),
        EDITS_OPTIONS(edits),
    };
    int status;
    int operands =
        options_parse(&revert_command, table, sizeof table / sizeof *table, argc, argv, &status);
    if (operands < 0)
        return status;
    if (operands != 2) {
        status = usage_error(&revert_command, "expected a flag and a revision");
    } else {
        status = edits_begin(&edits);
        if (status == EXIT_FINE)
            status = plan(&edits, argv[1], argv[2]);
    }
    edits_release(&edits);
    return status;
}
