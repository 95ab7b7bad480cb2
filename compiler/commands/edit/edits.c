/* edits.c - see edits.h. edit_tests.c has the tests that an edit breaks. */
#include "edits.h"

#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/calendar.h"
#include "compiler/base/escape.h"
#include "compiler/base/json.h"
#include "compiler/base/name.h"
#include "compiler/base/nearest.h"
#include "compiler/diagnostics/diagnose.h"
#include "compiler/files/place.h"
#include "compiler/commands/answer.h"
#include "compiler/model/model.h"
#include "compiler/model/override.h"
#include "compiler/model/selection.h"
#include "compiler/ledger/actor.h"
#include "compiler/ledger/entry.h"
#include "compiler/rollout/file_edits.h"
#include "compiler/publish/forgotten.h"
#include "compiler/rollout/freeze.h"
#include "compiler/rollout/recovery.h"
#include "edit_tests.h"
#include "compiler/commands/edit_told.h"
#include "edit_words.h"

/* --------------------------------------------------------------------------------- beginning -- */

/* Hardly ever is there anything to finish. */
static bool finish_others(struct change *change, struct buffer *error)
{
    if (!ledger_has_aside(change->ledger.directory))
        return true;
    struct project *project = project_load(change->ledger.directory, change->at);
    bool done = recover(&change->ledger, project, &change->finished, error);
    project_free(project);
    return done;
}

/* Unless it is for a dry run, the project stays locked until all is done. */
static bool lock(struct change *change, struct buffer *error)
{
    change->ledger.directory = project_place(change->directory);
    if (change->dry_run) {
        note_aside(change->ledger.directory);
        return true;
    }
    /* A reader that closes the pipe must not interrupt a change that has begun. */
    signal(SIGPIPE, SIG_IGN);
    return ledger_lock(&change->ledger, change->ledger.directory, error) &&
           finish_others(change, error);
}

static int has_definitions(const struct edits *edits)
{
    const struct sources *sources = parsed_sources(edits->parsed);
    for (uint32_t i = 0; i < sources->count; i++)
        if (parsed_root(edits->parsed, i) || sources->items[i].length)
            return EXIT_FINE;
    int status = job_error(edits->change.command, "no definitions can be read in '%s'",
                           parsed_directory(edits->parsed));
    print_help(sources->count ? "'ffc check' says why"
                              : "name the project's directory with -C DIR");
    return status;
}

int edits_begin(struct edits *edits)
{
    struct change *change = &edits->change;
    struct buffer error = {0};
    int status = EXIT_FINE;
    if (!change_is_explained(change, &status))
        return status;
    status = EXIT_FINE;
    change_identify(change);
    bool begun = publication_prepare(&change->publication, change->build, change->key, &error) &&
                 lock(change, &error);
    if (begun && freeze_holds(change->ledger.directory, change->at, &error)) {
        status = job_error(change->command, "%s", error.bytes);
        print_help(FREEZE_HELP);
        status = EXIT_INPUT;
    } else if (!begun) {
        status = job_error(change->command, "%s", error.bytes);
    } else {
        edits->parsed = parsed_read(change->ledger.directory);
        status = has_definitions(edits);
    }
    buffer_release(&error);
    return status;
}

void edits_release(struct edits *edits)
{
    change_release(&edits->change);
    parsed_free(edits->parsed);
    buffer_release(&edits->notes);
    buffer_release(&edits->words);
    arena_release(&edits->arena);
}

/* ---------------------------------------------------------------------------------- planning -- */

bool edits_refuse(struct edits *edits, const struct buffer *why, const char *help)
{
    edits->refused = EXIT_INPUT;
    if (edits->why) {
        buffer_format(edits->why, help ? "%s; %s" : "%s", why->bytes, help);
        return false;
    }
    job_error(edits->change.command, "%s", why->bytes);
    if (help)
        print_help("%s", help);
    return false;
}

bool edits_cannot(struct edits *edits, const char *help, const char *format, ...)
{
    struct buffer why = {0};
    va_list arguments;
    va_start(arguments, format);
    terminal_format_list(&why, format, arguments);
    va_end(arguments);
    edits_refuse(edits, &why, help);
    buffer_release(&why);
    return false;
}

const char *edits_place(struct edits *edits, const struct edited *file, const struct node *node)
{
    uint32_t line = 1;
    for (size_t i = 0; i < node->span.begin; i++)
        line += file->now.text[i] == '\n';
    return arena_format(&edits->arena, "%s:%u", file->now.path, line);
}

static struct edited *add_file(struct edits *edits, const struct source *source, uint32_t file)
{
    struct edited *edited = ARENA_NEW(&edits->arena, struct edited);
    *ARENA_APPEND(&edits->arena, edits->files, edits->file_count) = edited;
    *edited = (struct edited){.now = *source, .file = file};
    return edited;
}

static struct edited *known_file(const struct edits *edits, const char *name)
{
    for (uint32_t i = 0; i < edits->file_count; i++)
        if (strcmp(edits->files[i]->now.name, name) == 0)
            return edits->files[i];
    return NULL;
}

static struct edited *take_file(struct edits *edits, uint32_t file)
{
    const struct source *source = &parsed_sources(edits->parsed)->items[file];
    struct edited *known = known_file(edits, source->name);
    if (known)
        return known;
    known = add_file(edits, source, file);
    known->read = source;
    known->root = parsed_root(edits->parsed, file);
    return known;
}

struct edited *edits_file(struct edits *edits, const char *name)
{
    struct edited *known = known_file(edits, name);
    const struct sources *sources = parsed_sources(edits->parsed);
    for (uint32_t i = 0; !known && i < sources->count; i++)
        if (strcmp(sources->items[i].name, name) == 0)
            return take_file(edits, i);
    return known;
}

struct edited *edits_new_file(struct edits *edits, const char *name)
{
    const char *directory = edits->change.ledger.directory;
    struct source source = {.name = arena_format(&edits->arena, "%s", name)};
    source.path = strcmp(directory, ".") == 0
                      ? source.name
                      : arena_format(&edits->arena, "%s/%s", directory, name);
    return add_file(edits, &source, UINT32_MAX);
}

void edits_take(struct edits *edits, struct edited *file, struct buffer *text)
{
    file->now.text =
        text ? arena_copy(&edits->arena, text->bytes ? text->bytes : "", text->length) : NULL;
    file->now.length = text ? text->length : 0;
    file->now.line_starts = NULL;
    const struct file_text now = {file->now.name, file->now.text, file->now.length, NULL};
    file->now.root = text ? parsed_text(edits->parsed, &now) : NULL;
    file->root = file->now.root || !text
                     ? file->now.root
                     : yaml_parse(&edits->arena, file->now.text, file->now.length);
    if (text)
        buffer_release(text);
}

bool edits_set(struct edits *edits, struct edited *file, const struct node *map,
               const struct edit *list, size_t count)
{
    struct buffer text = {0}, error = {0};
    bool done = edit_keys(&file->now, map, list, count, &text, &error);
    if (done)
        edits_take(edits, file, &text);
    else
        edits_refuse(edits, &error, edit_way_out(&file->now, NULL));
    buffer_release(&text);
    buffer_release(&error);
    return done;
}

static const struct entry *section_of(const struct node *root, const char *name)
{
    for (uint32_t i = 0; root && root->kind == NODE_MAP && i < root->count; i++)
        if (strcmp(root->entries[i].key->text, name) == 0)
            return &root->entries[i];
    return NULL;
}

bool edits_each_section(struct edits *edits, const char *section, section_taker *take, void *user)
{
    uint32_t count = parsed_sources(edits->parsed)->count;
    for (uint32_t i = 0; i < count; i++) {
        struct edited *known = known_file(edits, parsed_sources(edits->parsed)->items[i].name);
        const struct node *root = known ? known->root : parsed_root(edits->parsed, i);
        const struct entry *found = section_of(root, section);
        if (found && !take(edits, known ? known : take_file(edits, i), found, user))
            return false;
    }
    for (uint32_t i = 0; i < edits->file_count; i++) {
        struct edited *file = edits->files[i];
        const struct entry *found = file->read ? NULL : section_of(file->root, section);
        if (found && !take(edits, file, found, user))
            return false;
    }
    return true;
}

/* Without taking files that do not have it. */
static bool find_in(const struct node *root, const char *name, struct flag_place *place)
{
    const struct entry *flags = section_of(root, "flags");
    if (!flags || flags->value->kind != NODE_MAP)
        return false;
    place->map = flags->value;
    for (place->place = 0; place->place < place->map->count; place->place++)
        if (strcmp(place->map->entries[place->place].key->text, name) == 0)
            return true;
    return false;
}

bool edits_has_flag(struct edits *edits, const char *name, struct flag_place *place)
{
    for (uint32_t i = 0; i < edits->file_count; i++)
        if (find_in(edits->files[i]->root, name, place)) {
            place->file = edits->files[i];
            return true;
        }
    const struct sources *sources = parsed_sources(edits->parsed);
    for (uint32_t i = 0; i < sources->count; i++)
        if (!known_file(edits, sources->items[i].name) &&
            find_in(parsed_root(edits->parsed, i), name, place)) {
            place->file = take_file(edits, i);
            return true;
        }
    return false;
}

static bool collect_names(struct edits *edits, struct edited *file, const struct entry *section,
                          void *user)
{
    struct texts *names = user;
    (void)file;
    for (uint32_t i = 0; section->value->kind == NODE_MAP && i < section->value->count; i++)
        *ARENA_APPEND(&edits->arena, names->items, names->count) =
            (struct text){section->value->entries[i].key->text, NO_SPAN};
    return true;
}

bool edits_find_flag(struct edits *edits, const char *name, struct flag_place *place)
{
    if (edits_has_flag(edits, name, place))
        return true;
    struct texts names = {0};
    edits_each_section(edits, "flags", collect_names, &names);
    const char **list = ARENA_ARRAY(&edits->arena, const char *, names.count + 1u);
    for (uint32_t i = 0; i < names.count; i++)
        list[i] = names.items[i].text;
    edits->refused = report_unknown(edits->change.command, "flag", name, list, names.count);
    if (!parsed_is_complete(edits->parsed))
        print_help("not all definitions can be read, and the others may have it: 'ffc check' shows "
                   "which");
    return false;
}

bool edits_keep_salt(struct edits *edits, const char *old, const char *name)
{
    struct flag_place place;
    struct buffer salt = {0};
    if (!edits_find_flag(edits, name, &place))
        return false;
    const struct node *body = place.map->entries[place.place].value;
    bool map = body->kind == NODE_MAP;
    if (map && (node_get(body, "salt") || node_get(body, "value")))
        return true;
    edit_write_text(old, &salt);
    const struct edit edit = {"salt", salt.bytes};
    bool done = true;
    if (map)
        done = edits_set(edits, place.file, body, &edit, 1);
    buffer_release(&salt);
    return done;
}

bool edits_check_name(struct edits *edits, const char *name)
{
    char why[NAME_WHY];
    size_t length = strlen(name);
    if (name_is_sound(NAME_FREE, name, length, why) && length <= LONGEST_NAME)
        return true;
    struct buffer text = {0};
    if (length > LONGEST_NAME)
        terminal_format(&text, "a name of %zu bytes is longer than the limit of %d", length,
                        LONGEST_NAME);
    else if (length == 0)
        buffer_append_text(&text, "an empty name is none");
    else
        terminal_message(&text, "'%s' cannot be the name of a flag%s%s", name, *why ? ": " : "",
                         why);
    edits_refuse(edits, &text, name_rule_help[NAME_FREE]);
    buffer_release(&text);
    return false;
}

struct project_words {
    const char **environments;
    uint32_t count;
    const char *usual; /* default_environment; or NULL */
};

static bool read_words(struct edits *edits, struct edited *file, const struct entry *section,
                       void *user)
{
    struct project_words *words = user;
    const struct node *map = section->value;
    const struct node *list = map->kind == NODE_MAP ? node_get(map, "environments") : NULL;
    const struct node *usual = map->kind == NODE_MAP ? node_get(map, "default_environment") : NULL;
    (void)file;
    for (uint32_t i = 0; list && list->kind == NODE_LIST && i < list->count; i++)
        *ARENA_APPEND(&edits->arena, words->environments, words->count) = list->items[i]->text;
    if (list && list->kind == NODE_SCALAR && list->count)
        *ARENA_APPEND(&edits->arena, words->environments, words->count) = list->text;
    if (usual && usual->kind == NODE_SCALAR)
        words->usual = usual->text;
    return false;
}

static struct project_words words_of(struct edits *edits)
{
    struct project_words words = {0};
    edits_each_section(edits, "project", read_words, &words);
    return words;
}

const char **edits_environments(struct edits *edits, uint32_t *count)
{
    const struct project_words words = words_of(edits);
    *count = words.count;
    return words.environments;
}

bool edits_environment(struct edits *edits, const char **name)
{
    const struct project_words words = words_of(edits);
    const char *given = edits->change.environment;
    *name = given              ? given
            : words.usual      ? words.usual
            : words.count == 1 ? words.environments[0]
                               : NULL;
    for (uint32_t i = 0; given && i < words.count; i++)
        if (strcmp(words.environments[i], given) == 0)
            return true;
    if (given)
        edits->refused = report_unknown(edits->change.command, "environment", given,
                                        words.environments, words.count);
    return !given;
}

/* ---------------------------------------------------------------------------- as it would be -- */

static bool is_changed(const struct edited *file)
{
    if (!file->read || !file->now.text)
        return file->read || file->now.text;
    return file->read->length != file->now.length ||
           memcmp(file->read->text, file->now.text, file->now.length) != 0;
}

uint32_t edits_texts(struct edits *edits, struct file_text **texts)
{
    uint32_t count = 0;
    *texts = ARENA_ARRAY(&edits->arena, struct file_text, edits->file_count + 1u);
    for (uint32_t i = 0; i < edits->file_count; i++)
        if (is_changed(edits->files[i]))
            (*texts)[count++] =
                (struct file_text){edits->files[i]->now.name, edits->files[i]->now.text,
                                   edits->files[i]->now.length, NULL};
    return count;
}

/* What is wrong with the project with and without the edit. */
struct errors {
    const struct project *before;
    uint32_t matched;
};

static bool was_there(const struct diagnostic *item, void *user)
{
    const struct errors *errors = user;
    const struct diagnostics *before = &errors->before->diagnostics;
    if (item->severity != SEVERITY_ERROR)
        return true;
    for (uint32_t i = 0; i < before->count; i++)
        if (before->items[i].code == item->code &&
            strcmp(before->items[i].message, item->message) == 0)
            return true;
    return false;
}

/* Only what the edit adds is its fault. */
static int judge_errors(struct edits *edits, struct project *after)
{
    struct change *change = &edits->change;
    struct errors errors = {0};
    struct project *before =
        parsed_project(edits->parsed, &(struct parsed_view){.now = change->at});
    errors.before = before;
    uint32_t count = after->diagnostics.errors, old = before->diagnostics.errors;
    int status = EXIT_FINE;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < after->diagnostics.count; i++)
        kept += !was_there(&after->diagnostics.items[i], &errors);
    if (kept || count > old) {
        diagnostics_silence(&after->diagnostics, was_there, &errors);
        show_diagnostics(after, DIAGNOSTIC_TEXT, change->color);
        job_error(change->command, "this edit would break the definitions: nothing was changed");
        status = EXIT_INPUT;
    } else if (change->build) {
        show_diagnostics(before, DIAGNOSTIC_TEXT, change->color);
        job_error(change->command, "the definitions do not compile, so nothing can be published");
        print_help("leave out --build to make this edit all the same");
        status = EXIT_INPUT;
    } else {
        terminal_message(&edits->notes,
                         "note: the definitions have %u error%s, %s: nothing can be built from "
                         "them until that is fixed ('ffc check' shows it)\n",
                         count, count == 1 ? "" : "s",
                         count == old ? "as before" : "fewer than before");
    }
    project_free(before);
    return status;
}

/* Warnings about what was edited, and about nothing else. */
static bool is_elsewhere(const struct diagnostic *item, void *user)
{
    struct edits *edits = user;
    for (uint32_t i = 0; i < edits->flag_count; i++) {
        struct flag_place place;
        if (item->span.file == NO_FILE || !edits_has_flag(edits, edits->flags[i], &place))
            continue;
        const struct entry *entry = &place.map->entries[place.place];
        const struct source *source = &edits->change.project->sources.items[item->span.file];
        if (strcmp(source->name, place.file->now.name) == 0 &&
            item->span.begin >= entry->key->span.begin && item->span.end <= entry->value->span.end)
            return false;
    }
    return true;
}

static int check(struct edits *edits, const struct file_text *texts, uint32_t count)
{
    struct change *change = &edits->change;
    const struct parsed_view view = {.texts = texts, .text_count = count, .now = change->at};
    struct project *project = change->project = parsed_project(edits->parsed, &view);
    project_check_limits(project);
    if (project->diagnostics.errors)
        return judge_errors(edits, project);
    diagnostics_silence(&project->diagnostics, is_elsewhere, edits);
    show_diagnostics(project, DIAGNOSTIC_TEXT, change->color);
    return EXIT_FINE;
}

/* --------------------------------------------------------------------------- what it touches -- */

struct project *edits_part(struct edits *edits, const struct file_text *texts, uint32_t count,
                           const char *const *flags, uint32_t flag_count)
{
    const struct parsed_view view = {.texts = texts,
                                     .text_count = count,
                                     .flags = flags,
                                     .flag_count = flag_count,
                                     .now = edits->change.at};
    return parsed_project(edits->parsed, &view);
}

/* All that have to do with what is edited, before or after. */
static const char **related(struct edits *edits, const struct file_text *texts, uint32_t count,
                            uint32_t *found)
{
    const char **names = ARENA_ARRAY(&edits->arena, const char *, edits->flag_count + 2u);
    uint32_t name_count = 0;
    for (uint32_t i = 0; i < edits->flag_count; i++)
        names[name_count++] = edits->flags[i];
    if (edits->renamed)
        names[name_count++] = edits->renamed;
    /* An edit of a flag leaves which others depend on it as it was, under its old or new name. */
    names = parsed_related(edits->parsed, RELATIVES_ALL, texts, count, names, name_count,
                           &edits->arena, found);
    return parsed_related(edits->parsed, RELATIVES_NEEDED, NULL, 0, names, *found, &edits->arena,
                          found);
}

/* Frees both readings. */
static int tell_meaning(struct edits *edits, struct project *old, struct project *new,
                        struct buffer *out)
{
    struct change *change = &edits->change;
    /* What had errors served nothing that could be compared. */
    bool known = old->environments.count > 0 && new->environments.count > 0 &&
                 !old->diagnostics.errors && !new->diagnostics.errors;
    if (!known) {
        terminal_message(&edits->notes, "note: whom it touches cannot be told, because the "
                                        "definitions had errors\n");
        project_free(old);
        project_free(new);
        return EXIT_FINE;
    }
    entry_changes(&edits->words, old, new, edits->flags, edits->flag_count, edits->renamed);
    const struct rename renamed = {edits->renamed, edits->flag_count ? edits->flags[0] : NULL};
    const struct told_edit edit = {.command = change->command,
                                   .old = old,
                                   .new = new,
                                   .renamed = edits->renamed ? &renamed : NULL,
                                   .now = change->at,
                                   .form = change->json                       ? TOLD_JSON
                                           : use_color(change->color, stdout) ? TOLD_COLORED
                                                                              : TOLD_PLAIN};
    return tell_edit(&edit, out);
}

static void tell_lines(struct edits *edits, bool color, struct buffer *out)
{
    for (uint32_t i = 0; i < edits->file_count; i++) {
        const struct edited *file = edits->files[i];
        if (is_changed(file))
            write_line_diff(file->now.path,
                            (struct file_side){file->read ? file->read->text : NULL,
                                               file->read ? file->read->length : 0},
                            (struct file_side){file->now.text, file->now.length}, color, out);
    }
}

/* -------------------------------------------------------------------------------------- said -- */

struct outcome {
    struct buffer lines, meaning;
    struct pinned_tests pinned;
    bool applied, published;
};

static void put_json(struct edits *edits, const struct outcome *outcome, struct buffer *out)
{
    struct change *change = &edits->change;
    buffer_append_text(out, "{\"format_version\":1");
    field_text(out, "action", edits->verdict);
    field_array(out, "flags");
    for (uint32_t i = 0; i < edits->flag_count; i++) {
        json_write_comma(out);
        json_write_string(out, edits->flags[i]);
    }
    buffer_append_text(out, "]");
    field_array(out, "files");
    for (uint32_t i = 0; i < edits->file_count; i++)
        if (is_changed(edits->files[i])) {
            json_write_comma(out);
            json_write_string(out, edits->files[i]->now.path);
        }
    buffer_append_text(out, "]");
    field_text(out, "lines", outcome->lines.bytes ? outcome->lines.bytes : "");
    json_write_key(out, "diff");
    size_t length = outcome->meaning.length;
    length -= length > 0 && outcome->meaning.bytes[length - 1] == '\n';
    if (length)
        buffer_append(out, outcome->meaning.bytes, length);
    else
        buffer_append_text(out, "null");
    pinned_write_json(&outcome->pinned, out);
    field_truth(out, "applied", outcome->applied);
    field_text(out, "published", outcome->published ? change->build : NULL);
    buffer_append_text(out, "}\n");
}

static void put_text(struct edits *edits, const struct outcome *outcome, struct buffer *out)
{
    struct change *change = &edits->change;
    buffer_append(out, outcome->lines.bytes ? outcome->lines.bytes : "", outcome->lines.length);
    if (outcome->meaning.length) {
        buffer_append_text(out, "\n");
        buffer_append(out, outcome->meaning.bytes, outcome->meaning.length);
    }
    if (outcome->published)
        terminal_format(out, "\npublished %s\n", change->build);
    else if (change->dry_run)
        buffer_append_text(out, "\nnothing was changed: --dry-run\n");
}

/* Of those that the edit is about; nothing where the override is for others. */
static const char *held_environments(struct edits *edits, const struct override *override)
{
    const struct change *change = &edits->change;
    const struct texts *environments = &change->project->environments;
    struct buffer names = {0};
    for (uint32_t i = 0; i < environments->count; i++) {
        const char *name = environments->items[i].text;
        if ((override->environments >> i & 1) &&
            (!change->environment || strcmp(change->environment, name) == 0))
            buffer_format(&names, "%s%s", names.length ? ", " : "", name);
    }
    const char *text = names.length ? arena_format(&edits->arena, "%s", names.bytes) : NULL;
    buffer_release(&names);
    return text;
}

/* What an override that is in force, or will be, hides of the edit; and how it is lifted. */
static void note_override(struct edits *edits, const struct flag *flag,
                          const struct override *override)
{
    const struct change *change = &edits->change;
    const char *where = held_environments(edits, override);
    bool later = override->from > change->at;
    char time[32], when[48] = "";
    if (!where || override->until <= change->at)
        return;
    format_time(later ? override->from : override->until, time, sizeof time);
    if (later || override->until != INT64_MAX)
        snprintf(when, sizeof when, " %s %s", later ? "from" : "until", time);
    terminal_message(&edits->notes,
                     "note: %s holds '%s' in %s%s: '%s' is served%s, not what this edit says",
                     override->name, flag->name.text, where, when, override->serve.text,
                     override->condition ? " to some" : "");
    if (override->id.text)
        terminal_message(&edits->notes, "; to lift it: ffc rollback --lift %s --reason …\n",
                         override->id.text);
    else
        terminal_message(&edits->notes, " (%s)\n",
                         place_text(change->project, &edits->arena, override->span, NULL));
}

static void note_overrides(struct edits *edits)
{
    const struct project *project = edits->change.project;
    for (uint32_t i = 0; i < edits->flag_count; i++) {
        const struct flag *flag = project_flag(project, edits->flags[i]);
        const struct selection *overrides = flag ? overrides_of(project, flag) : NULL;
        for (uint32_t j = 0; overrides && j < overrides->count; j++)
            note_override(edits, flag, overrides->items[j]);
    }
}

static int say(struct edits *edits, const struct outcome *outcome)
{
    struct change *change = &edits->change;
    struct buffer out = {0};
    if (change->json)
        put_json(edits, outcome, &out);
    else
        put_text(edits, outcome, &out);
    int status = write_stdout(change->command, &out) ? EXIT_FINE : EXIT_JOB;
    if (status != EXIT_FINE && outcome->applied)
        print_note("it is done nevertheless: %s", edits->subject);
    buffer_release(&out);
    if (!outcome->published && outcome->applied && !change->json)
        terminal_message(&edits->notes, "note: services see it once it is published: --build, or "
                                        "ffc build\n");
    if (!change->project->diagnostics.errors)
        note_overrides(edits);
    pinned_write_notes(&outcome->pinned, change->dry_run, &edits->notes);
    if (edits->notes.length)
        print_sentences(&edits->notes);
    return status;
}

/* ---------------------------------------------------------------------------------------- do -- */

static void write_entry(struct edits *edits, const struct file_edit *files, uint32_t count,
                        struct buffer *out)
{
    struct change *change = &edits->change;
    const char *one = edits->flag_count == 1 ? edits->flags[0] : NULL;
    const struct entry_head head = {change->at, change->actor, one, change->environment};
    entry_begin(out, &head);
    if (!one && edits->flag_count) {
        field_array(out, "flags");
        for (uint32_t i = 0; i < edits->flag_count; i++) {
            json_write_comma(out);
            json_write_string(out, edits->flags[i]);
        }
        buffer_append_text(out, "]");
    }
    entry_manual(out, edits->verdict, change->reason);
    field_text(out, "edit", edits->subject);
    if (edits->renamed)
        field_text(out, "renamed_from", edits->renamed);
    if (edits->words.length) {
        json_write_comma(out);
        buffer_append(out, edits->words.bytes, edits->words.length);
    }
    file_edits_entry(files, count, out);
    field_object(out, "digests");
    entry_definitions(out, change->project);
    buffer_append_text(out, "}");
    field_text(out, "look", NULL);
}

/* --build without -e: of the environment that the file is of. */
static const char *environment_of(struct edits *edits, struct arena *arena)
{
    struct change *change = &edits->change;
    struct patch patch;
    struct buffer why = {0};
    const char *name = change->environment;
    if (name || !change->build)
        return name;
    if (publication_open(&change->publication, &patch, &why))
        name = arena_format(arena, "%s", patch_environment(&patch));
    patch_release(&patch);
    buffer_release(&why);
    if (!name)
        usage_error(change->command, "--build publishes the snapshot of one environment: name it "
                                     "with -e");
    return name;
}

static uint32_t list_files(struct edits *edits, struct file_edit **files)
{
    uint32_t count = 0;
    *files = ARENA_ARRAY(&edits->arena, struct file_edit, edits->file_count + 1u);
    for (uint32_t i = 0; i < edits->file_count; i++) {
        struct edited *file = edits->files[i];
        if (!is_changed(file))
            continue;
        struct buffer *text = ARENA_NEW(&edits->arena, struct buffer);
        *text =
            (struct buffer){.bytes = (char *)(uintptr_t)file->now.text, .length = file->now.length};
        (*files)[count++] =
            (struct file_edit){file->now.name, file->read, file->now.text ? text : NULL};
    }
    return count;
}

static int apply(struct edits *edits, struct outcome *outcome)
{
    struct change *change = &edits->change;
    struct file_edit *files;
    uint32_t count = list_files(edits, &files);
    const char *environment = environment_of(edits, &edits->arena);
    if (change->build && (!environment || !change_fits(change, environment)))
        return EXIT_JOB;
    for (uint32_t i = 0; i < count; i++)
        if (!change_can_commit(change, files[i].name))
            return EXIT_JOB;
    struct buffer entry = {0}, error = {0};
    write_entry(edits, files, count, &entry);
    const char *flag = edits->flag_count == 1 ? edits->flags[0] : NULL;
    bool made = file_edits_make(&change->ledger, files, count, &entry, &error);
    bool done = made && change_finish(change, environment, flag, &error);
    int status = done ? EXIT_FINE : job_error(change->command, "%s", error.bytes);
    if (made && !done)
        print_help("the definitions are edited nevertheless: %s", edits->subject);
    outcome->applied = made;
    outcome->published = done && change->build;
    buffer_release(&entry);
    buffer_release(&error);
    return status;
}

/* What is to be published may lack it all the same: after a run that was killed in between. */
static int publish_again(struct edits *edits, struct outcome *outcome)
{
    struct change *change = &edits->change;
    struct buffer error = {0};
    if (!change->build)
        return EXIT_FINE;
    const struct parsed_view view = {.now = change->at};
    change->project = parsed_project(edits->parsed, &view);
    const char *environment = environment_of(edits, &edits->arena);
    if (!environment || !change_fits(change, environment))
        return EXIT_JOB;
    const char *flag = edits->flag_count == 1 ? edits->flags[0] : NULL;
    outcome->published = publication_publish(&change->publication, change->ledger.directory,
                                             environment, flag, &error);
    int status = outcome->published ? EXIT_FINE : job_error(change->command, "%s", error.bytes);
    buffer_release(&error);
    return status;
}

/* And what is to be committed and pushed, after one whose commit or push failed. */
static int commit_again(struct edits *edits)
{
    for (uint32_t i = 0; i < edits->file_count; i++)
        if (edits->files[i]->read && !change_can_commit(&edits->change, edits->files[i]->now.name))
            return EXIT_JOB;
    return change_push_rest(&edits->change, &edits->notes);
}

static int say_nothing(struct edits *edits)
{
    struct change *change = &edits->change;
    struct buffer out = {0};
    struct outcome outcome = {0};
    int status = publish_again(edits, &outcome);
    if (status == EXIT_FINE)
        status = commit_again(edits);
    if (status != EXIT_FINE)
        return status;
    if (change->json)
        put_json(edits, &outcome, &out);
    else
        terminal_format(&out, "%s%s%s\n", edits->nothing ? edits->nothing : "nothing to change",
                        outcome.published ? "\npublished " : "",
                        outcome.published ? change->build : "");
    status = write_stdout(change->command, &out) ? EXIT_FINE : EXIT_JOB;
    if (edits->notes.length)
        print_sentences(&edits->notes);
    buffer_release(&out);
    return status;
}

/* The tests that it breaks, and what it means. */
static int find_consequences(struct edits *edits, const struct file_text *texts, uint32_t count,
                             struct outcome *outcome)
{
    uint32_t flag_count;
    const char **flags = related(edits, texts, count, &flag_count);
    struct project *old = edits_part(edits, NULL, 0, flags, flag_count);
    struct project *new = edits_part(edits, texts, count, flags, flag_count);
    int status = pinned_find(edits, old, new, flags, flag_count, &outcome->pinned);
    if (pinned_some_moved(&outcome->pinned)) { /* they may have moved the flags */
        struct file_text *moved;
        count = edits_texts(edits, &moved);
        project_free(new);
        new = edits_part(edits, moved, count, flags, flag_count);
    }
    /* A flag that is new has no tests but those that came with it. */
    if (edits->is_new && pinned_all_moved(&outcome->pinned))
        outcome->pinned.count = 0;
    int told = tell_meaning(edits, old, new, &outcome->meaning);
    return status == EXIT_FINE ? told : status;
}

int edits_carry_out(struct edits *edits)
{
    struct change *change = &edits->change;
    struct file_text *texts;
    uint32_t count = edits_texts(edits, &texts);
    if (count == 0)
        return say_nothing(edits);
    int status = check(edits, texts, count);
    if (status != EXIT_FINE)
        return status;
    struct outcome outcome = {0};
    if (!change->project->diagnostics.errors)
        status = find_consequences(edits, texts, count, &outcome);
    tell_lines(edits, !change->json && use_color(change->color, stdout), &outcome.lines);
    if (status == EXIT_FINE && !change->dry_run)
        status = apply(edits, &outcome);
    if (status == EXIT_FINE || outcome.applied) {
        int said = say(edits, &outcome);
        status = status == EXIT_FINE ? said : status;
    }
    if (outcome.applied) {
        int committed = change_commit(change, edits->subject);
        status = status == EXIT_FINE ? committed : status;
    }
    buffer_release(&outcome.lines);
    buffer_release(&outcome.meaning);
    return status;
}
