/* remove.c - `ffc remove`: flags gone, with their tests and the overrides that name them. */
#include <string.h>

#include "compiler/base/escape.h"
#include "edit_references.h"
#include "edits.h"
#include "remove.h"

static int run(int argc, char **argv);

const struct command remove_command = {
    .name = "remove",
    .summary = "remove flags, with their tests",
    .usage = "FLAG… --reason TEXT",
    .examples = "  ffc remove new-checkout --reason 'rolled out in May' --commit\n"
                "  ffc remove new-checkout --dry-run    what would go\n",
    .run = run,
};

static bool is_named(const struct edits *edits, const char *name)
{
    for (uint32_t i = 0; i < edits->flag_count; i++)
        if (strcmp(edits->flags[i], name) == 0)
            return true;
    return false;
}

#define MOST_PLACES 10

/* Whoever else asks for one of them has to be changed first. */
static bool is_free(struct edits *edits)
{
    struct buffer why = {0};
    uint32_t count = 0;
    for (uint32_t i = 0; i < edits->flag_count; i++) {
        struct reference reference;
        for (uint32_t at = 0; find_reference(edits, edits->flags[i], at, &reference); at++) {
            if (reference.kind != REFERENCE_ASKS || is_named(edits, reference.who))
                continue;
            if (count++ < MOST_PLACES)
                terminal_format(&why, "  %s: '%s' asks for '%s'\n",
                                edits_place(edits, reference.file, reference.name), reference.who,
                                edits->flags[i]);
        }
    }
    if (count) {
        struct buffer all = {0};
        terminal_format(&all, "it is still needed, in %u place%s", count, count == 1 ? "" : "s");
        edits_refuse(edits, &all, NULL);
        print_lines(&why);
        print_help("change these first, or remove their flags along with it");
        buffer_release(&all);
    }
    buffer_release(&why);
    return count == 0;
}

static bool take(struct edits *edits, struct edited *file, bool done, struct buffer *text,
                 struct buffer *error)
{
    if (done)
        edits_take(edits, file, text);
    else
        edits_refuse(edits, error, edit_way_out(&file->now, "remove it by hand"));
    buffer_release(text);
    buffer_release(error);
    return done;
}

/* An override that selects nothing else goes, too, and a plan that has no other step. */
static bool drop_reference(struct edits *edits, const struct reference *reference)
{
    struct buffer text = {0}, error = {0};
    const struct source *source = &reference->file->now;
    const struct node *select = reference->select;
    const struct node *names = reference->names ? reference->names->value : NULL;
    bool several = names && names->kind == NODE_LIST && names->count > 1;
    bool selects =
        names && (node_get(select, "tags") || node_get(select, "kinds") || node_get(select, "all"));
    bool alone = reference->owner && reference->list->value->count == 1;
    static const struct edit no_names = {"flags", NULL}, no_plan = {"rollback", NULL};
    bool done;
    if (several) {
        uint32_t place = 0;
        while (names->items[place] != reference->name)
            place++;
        done = edit_remove_item(source, reference->names, place, &text, &error);
    } else if (selects) {
        done = edit_keys(source, select, &no_names, 1, &text, &error);
    } else if (alone) {
        done = edit_keys(source, reference->owner, &no_plan, 1, &text, &error);
    } else {
        done = edit_remove_item(source, reference->list, reference->index, &text, &error);
    }
    return take(edits, reference->file, done, &text, &error);
}

static bool drop_references(struct edits *edits, const char *flag)
{
    struct reference reference;
    for (uint32_t at = 0; find_reference(edits, flag, at, &reference);) {
        if (reference.kind == REFERENCE_ASKS)
            at++; /* of one that goes, too */
        else if (!drop_reference(edits, &reference))
            return false;
    }
    return true;
}

static bool drop_flag(struct edits *edits, const char *flag)
{
    struct flag_place place;
    struct buffer text = {0}, error = {0};
    if (!edits_find_flag(edits, flag, &place))
        return false;
    bool done = edit_drop(&place.file->now, place.map, place.place, &text, &error);
    return take(edits, place.file, done, &text, &error);
}

static bool is_empty(const struct node *node)
{
    return node->kind != NODE_SCALAR && node->count == 0;
}

/* Sections that have nothing left, and files that have no section left. */
static bool tidy(struct edits *edits)
{
    for (uint32_t i = 0; i < edits->file_count; i++) {
        struct edited *file = edits->files[i];
        bool changed = file->read && file->now.text && file->now.text != file->read->text;
        for (uint32_t at = 0;
             changed && file->root && file->root->kind == NODE_MAP && at < file->root->count;) {
            struct buffer text = {0}, error = {0};
            if (!is_empty(file->root->entries[at].value)) {
                at++;
                continue;
            }
            if (file->root->count == 1) {
                edits_take(edits, file, NULL);
                break;
            }
            bool done = edit_drop(&file->now, file->root, at, &text, &error);
            if (!take(edits, file, done, &text, &error))
                return false;
        }
    }
    return true;
}

bool plan_removal(struct edits *edits, uint32_t count, const char *const *names)
{
    struct buffer text = {0};
    for (uint32_t i = 0; i < count; i++) {
        struct flag_place place;
        if (!edits_find_flag(edits, names[i], &place))
            return false;
        if (!is_named(edits, names[i]))
            *ARENA_APPEND(&edits->arena, edits->flags, edits->flag_count) = names[i];
    }
    if (!is_free(edits))
        return false;
    for (uint32_t i = 0; i < edits->flag_count; i++) {
        if (!drop_references(edits, edits->flags[i]) || !drop_flag(edits, edits->flags[i]))
            return false;
        terminal_format(&text, "%s%s", i ? ", " : "remove ", edits->flags[i]);
    }
    edits->verdict = "remove";
    edits->subject = arena_copy(&edits->arena, text.bytes, text.length);
    buffer_release(&text);
    return tidy(edits);
}

static int run(int argc, char **argv)
{
    struct edits edits = EDITS_INIT(&remove_command);
    const struct option table[] = {
        ENVIRONMENT_OPTION(edits.change.environment, "with --build: the environment of FILE"),
        EDITS_OPTIONS(edits),
    };
    int status;
    int operands =
        options_parse(&remove_command, table, sizeof table / sizeof *table, argc, argv, &status);
    if (operands < 0)
        return status;
    if (operands < 1) {
        status = usage_error(&remove_command, "which flag? Name one or several");
    } else {
        status = edits_begin(&edits);
        if (status == EXIT_FINE)
            status = plan_removal(&edits, (uint32_t)operands, (const char *const *)argv + 1)
                         ? edits_carry_out(&edits)
                         : edits.refused;
    }
    edits_release(&edits);
    return status;
}
