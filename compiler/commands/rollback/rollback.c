/* rollback.c - `ffc rollback`: overrides, for an emergency or for a date, and lifting them. */
#include "compiler/base/nearest.h"
#include "compiler/base/memory.h"
#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/base/arena.h"
#include "compiler/commands/hurry.h"
#include "rollback.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/match.h"
#include "compiler/base/calendar.h"
#include "compiler/base/json.h"
#include "compiler/model/model.h"
#include "compiler/ledger/actor.h"
#include "compiler/base/json_read.h"

#define MOST_NAMED 5 /* flags listed in a note */

static int run(int argc, char **argv);

const struct command rollback_command = {
    .name = "rollback",
    .summary = "in an emergency, serve the defaults of many flags; lift that later",
    .usage = "[FLAG…] [--tag T] [--kind K] [--all] [--segment S] [-e ENV] --reason TEXT | "
             "--list | --status | --lift ID --reason TEXT",
    .examples = "  ffc rollback canary.checkout --reason INC-1423 -e production --build live.ffs\n"
                "  ffc rollback 'canary.*' --tag payments --reason INC-1423 --run-steps\n"
                "  ffc rollback --all --segment eu --reason freeze \\\n"
                "    --from 2026-12-24T00:00:00Z --until 2026-12-27T00:00:00Z\n"
                "  ffc rollback --list\n"
                "  ffc rollback --lift rollback-20261120t100000z-3f2a --reason 'fixed in 4.2.1'\n",
    .run = run,
};

/* What the command line asks for. */
struct wish {
    struct change change;
    struct option_texts tags, kinds;
    struct emergency emergency;
    const char *lift;
    bool list, status;

    struct hurry hurry;
    struct override_edit edit;
    bool gone;           /* as far as is known, the definitions do not have the override to lift */
    bool stuck;          /* the override to lift is in a file of the definitions that cannot be
                          * edited */
    struct buffer notes; /* printed on stderr at the end */
};

/* Where flag names are looked up: in the published file, or in the definitions. */
struct known {
    const struct flag **flags;
    uint32_t count;
};

/* --------------------------------------------------------------------------- what it selects -- */

static struct known known_flags(struct wish *wish, bool published)
{
    struct patch *patch = &wish->hurry.patch;
    struct known known = {0};
    if (published) {
        known.count = patch_flag_count(patch);
        known.flags = ARENA_ARRAY(&wish->edit.arena, const struct flag *, known.count + 1u);
        for (uint32_t i = 0; i < known.count; i++)
            known.flags[i] = patch_flag(patch, i);
        return known;
    }
    const struct project *project = hurry_project(&wish->hurry);
    known.count = project->flag_count;
    known.flags = ARENA_ARRAY(&wish->edit.arena, const struct flag *, known.count + 1u);
    for (uint32_t i = 0; i < known.count; i++)
        known.flags[i] = project->flags[i];
    return known;
}

static bool selects_any(const struct known *known, const struct override *override)
{
    for (uint32_t i = 0; i < known->count; i++)
        if (override_selects(override, known->flags[i]))
            return true;
    return false;
}

/* What one word of the scope selects by itself. */
static struct override word_of(const struct scope *scope, size_t i, struct text *word)
{
    struct override override = {0};
    struct texts *texts = i < scope->flag_count                      ? &override.flags
                          : i < scope->flag_count + scope->tag_count ? &override.tags
                                                                     : &override.kinds;
    const char *text = i < scope->flag_count ? scope->flags[i]
                       : i < scope->flag_count + scope->tag_count
                           ? scope->tags[i - scope->flag_count]
                           : scope->kinds[i - scope->flag_count - scope->tag_count];
    *word = (struct text){text, NO_SPAN};
    *texts = (struct texts){word, 1};
    return override;
}

static int report_unselected(struct wish *wish, bool is_tag, const char *name)
{
    const struct known known = known_flags(wish, wish->hurry.patched);
    const char **words = NULL;
    uint32_t count = 0;
    for (uint32_t i = 0; is_tag && i < known.count; i++)
        for (uint32_t j = 0; j < known.flags[i]->tags.count; j++)
            *ARENA_APPEND(&wish->edit.arena, words, count) = known.flags[i]->tags.items[j].text;
    bool is_kind = !is_tag && words_find(flag_kind_words, name) >= 0;
    for (uint32_t i = 0; is_kind && i < known.count; i++)
        *ARENA_APPEND(&wish->edit.arena, words, count) = flag_kind_words[known.flags[i]->kind];
    for (const char *const *kind = flag_kind_words; !is_tag && !is_kind && *kind; kind++)
        *ARENA_APPEND(&wish->edit.arena, words, count) = *kind;
    return report_lack(&rollback_command, is_tag ? "no flag has the tag" : "no flag is of kind",
                       name, words, count);
}

/* Whether the definitions, as far as they can be read, do not have the name either. */
static bool is_unknown(struct wish *wish, const struct override *word, int *status)
{
    const struct project *project = hurry_project(&wish->hurry);
    const struct known known = known_flags(wish, false);
    if (selects_any(&known, word))
        return false;
    const char *name = word->flags.count  ? word->flags.items[0].text
                       : word->tags.count ? word->tags.items[0].text
                                          : word->kinds.items[0].text;
    if (project->diagnostics.errors && !wish->hurry.patched && !word->kinds.count) {
        terminal_message(&wish->notes, "note: '%s' selects none of the flags that could be read\n",
                         name);
        return false;
    }
    *status = word->flags.count ? unknown_flag(&rollback_command, project, name)
                                : report_unselected(wish, word->tags.count > 0, name);
    return true;
}

/* Every word must select a flag: a misspelt one would leave its flag on. */
static bool every_one_selects(struct wish *wish, int *status)
{
    const struct scope *scope = &wish->emergency.scope;
    const struct known known = known_flags(wish, wish->hurry.patched);
    for (size_t i = 0; i < scope->flag_count + scope->tag_count + scope->kind_count; i++) {
        struct text text;
        const struct override word = word_of(scope, i, &text);
        const char *problem = word.flags.count ? glob_problem(text.text) : NULL;
        if (problem) {
            *status = usage_error(&rollback_command, "the pattern '%s' %s", text.text, problem);
            return false;
        }
        if (!selects_any(&known, &word) && is_unknown(wish, &word, status))
            return false;
    }
    return true;
}

/* A segment's members are only known if the definitions have no errors. */
static bool segment_is_known(struct wish *wish, int *status)
{
    const char *segment = wish->emergency.scope.segment;
    if (!segment)
        return true;
    struct project *project = (struct project *)(uintptr_t)hurry_project(&wish->hurry);
    if (project->diagnostics.errors) {
        show_diagnostics(project, DIAGNOSTIC_TEXT, wish->change.color);
        *status = job_error(&rollback_command,
                            "the definitions have errors, so the members of '%s' are not certain",
                            segment);
        print_help("fix them, or roll back for everybody, without --segment");
        *status = EXIT_INPUT;
        return false;
    }
    const char **names = ARENA_ARRAY(&wish->edit.arena, const char *, project->segment_count + 1u);
    for (uint32_t i = 0; i < project->segment_count; i++) {
        names[i] = project->segments[i]->name.text;
        if (strcmp(segment, names[i]) == 0)
            return true;
    }
    *status = report_unknown(&rollback_command, "segment", segment, names, project->segment_count);
    return false;
}

static struct condition *condition_of(struct wish *wish)
{
    const struct project *project = wish->change.project;
    const char *segment = wish->emergency.scope.segment;
    struct condition *condition = ARENA_NEW(&wish->edit.arena, struct condition);
    condition->kind = CONDITION_SEGMENT;
    for (uint32_t i = 0; segment && i < project->segment_count; i++)
        if (strcmp(segment, project->segments[i]->name.text) == 0)
            condition->segment = project->segments[i];
    return condition->segment ? condition : NULL;
}

static bool environment_is_known(struct wish *wish, int *status)
{
    const char *environment = wish->emergency.scope.environment;
    if (!environment || wish->hurry.patched)
        return true;
    const struct project *project = hurry_project(&wish->hurry);
    bool known = (project->diagnostics.errors && !project->environments.count) ||
                 choose_environment(&rollback_command, project, environment) != UINT32_MAX;
    *status = known ? *status : EXIT_JOB;
    return known;
}

/* An override that never holds anything back is no help in an emergency. */
static bool does_something(const struct wish *wish, int *status)
{
    const struct emergency *emergency = &wish->emergency;
    char until[32], now[32];
    if (emergency->until > wish->change.at && emergency->until > emergency->from)
        return true;
    format_time(emergency->until, until, sizeof until);
    format_time(emergency->until > wish->change.at ? emergency->from : wish->change.at, now,
                sizeof now);
    job_error(&rollback_command, "it would be over before it begins: until %s, and %s is %s", until,
              emergency->until > wish->change.at ? "its --from" : "now", now);
    print_help("give a later --until, in UTC or with your offset (+02:00); or leave it out");
    *status = EXIT_INPUT;
    return false;
}

/* In a directory without definitions, an override would never be read. */
static bool has_definitions(struct wish *wish, int *status)
{
    if (wish->hurry.patched || wish->hurry.lost.length)
        return true;
    struct project *project = (struct project *)(uintptr_t)hurry_project(&wish->hurry);
    for (uint32_t i = 0; i < project->sources.count; i++)
        if (strncmp(project->sources.items[i].name, OVERRIDES_FOLDER, strlen(OVERRIDES_FOLDER)) !=
            0)
            return true;
    *status = job_error(&rollback_command, "no definitions can be read in '%s'",
                        wish->change.ledger.directory);
    print_help("name the project's directory with -C DIR");
    return false;
}

static bool is_possible(struct wish *wish, int *status)
{
    const struct change *change = &wish->change;
    if (!has_definitions(wish, status) || !does_something(wish, status) ||
        !environment_is_known(wish, status) || !segment_is_known(wish, status) ||
        !every_one_selects(wish, status))
        return false;
    if (wish->emergency.from > change->at && change->steps.given) {
        *status = usage_error(&rollback_command,
                              "--run-steps is for a flag that is off, but --from is in the future");
        return false;
    }
    return true;
}

/* -------------------------------------------------------------------------- what it is worth -- */

static void note_flags(struct wish *wish, const char *const *flags, uint32_t count,
                       const char *format)
{
    struct buffer list = {0};
    for (uint32_t i = 0; i < count && i < MOST_NAMED; i++)
        terminal_format(&list, "%s'%s'", i ? ", " : "", flags[i]);
    if (count > MOST_NAMED)
        terminal_format(&list, " and %u more", count - MOST_NAMED);
    if (count) {
        buffer_append_text(&wish->notes, "note: ");
        buffer_append_text(&wish->notes, list.bytes);
        buffer_append_text(&wish->notes, format);
    }
    buffer_release(&list);
}

/* Before the override is added: which flags serve the default anyway, and what else decides. */
static void look_at_published(struct wish *wish)
{
    const struct patch *patch = &wish->hurry.patch;
    const struct override_edit *edit = &wish->edit;
    const char **idle = ARENA_ARRAY(&wish->edit.arena, const char *, edit->flag_count + 1u);
    const char *other = NULL;
    uint32_t idle_count = 0, held = 0;
    for (uint32_t i = 0; i < edit->flag_count; i++) {
        uint32_t flag = patch_find_flag(patch, edit->flags[i]);
        if (flag == UINT32_MAX)
            continue;
        const char *by = patch_overridden_by(patch, flag, wish->change.at, NULL);
        held += by != NULL;
        other = by ? by : other;
        if (!by && patch_serves_default(patch, flag))
            idle[idle_count++] = edit->flags[i];
    }
    if (held)
        terminal_message(&wish->notes, "note: %u of the flags %s under another override, %s\n",
                         held, held == 1 ? "is" : "are", other);
    if (strcmp(wish->emergency.serve, "default") == 0)
        note_flags(wish, idle, idle_count,
                   idle_count == 1 ? ": it serves its default to everybody already\n"
                                   : ": they serve their defaults to everybody already\n");
}

static void look_at_definitions(struct wish *wish)
{
    const struct project *project = wish->change.project;
    const struct override_edit *edit = &wish->edit;
    const char *named = wish->emergency.scope.environment;
    uint32_t held = 0;
    const struct override *other = NULL;
    for (uint32_t i = 0; i < edit->flag_count; i++) {
        const struct flag *flag = project_flag(project, edit->flags[i]);
        for (uint32_t j = 0; flag && j < project->environments.count; j++) {
            const struct override *by =
                named && strcmp(named, project->environments.items[j].text) != 0
                    ? NULL
                    : override_in_force(project, flag, j, wish->change.at, NULL);
            if (!by)
                continue;
            held++;
            other = by;
            break;
        }
    }
    if (held)
        terminal_message(&wish->notes, "note: %u of the flags %s under another override, %s\n",
                         held, held == 1 ? "is" : "are", other->name);
}

/* What else holds a flag back, by its name in results; NULL: nothing. For the published environment
 * the file knows; for the others, the definitions. */
static const char *other_holder(const struct wish *wish, const struct flag *flag,
                                uint32_t environment)
{
    const struct project *project = wish->change.project;
    const char *lifted = wish->edit.override.name;
    if (wish->hurry.patched && strcmp(project->environments.items[environment].text,
                                      patch_environment(&wish->hurry.patch)) == 0) {
        uint32_t published = patch_find_flag(&wish->hurry.patch, flag->name.text);
        return published == UINT32_MAX
                   ? NULL
                   : patch_overridden_by(&wish->hurry.patch, published, wish->change.at, lifted);
    }
    const struct override *by = NULL;
    while ((by = override_in_force(project, flag, environment, wish->change.at, by)) &&
           strcmp(by->name, lifted) == 0)
        continue;
    return by ? by->name : NULL;
}

/* What still holds flags back after an override is lifted. */
static void look_at_lifted(struct wish *wish)
{
    const struct project *project = wish->change.project;
    const struct override_edit *edit = &wish->edit;
    for (uint32_t i = 0; i < edit->flag_count; i++) {
        const struct flag *flag = project_flag(project, edit->flags[i]);
        for (uint32_t j = 0; flag && j < project->environments.count; j++) {
            const char *by = other_holder(wish, flag, j);
            const struct override *known = by ? project_override(project, by) : NULL;
            const char *reason = known ? known->reason : NULL;
            if (by)
                terminal_message(&wish->notes, "note: '%s' is still held back in %s by %s%s%s\n",
                                 flag->name.text, project->environments.items[j].text, by,
                                 reason ? ": " : "", reason ? reason : "");
        }
    }
}

/* ---------------------------------------------------------------------------------- the deed -- */

static void write_entry(struct wish *wish)
{
    const struct change *change = &wish->change;
    struct hurry *hurry = &wish->hurry;
    const struct entry_head head = {change->at, change->actor, NULL, change->environment};
    override_entry(&hurry->entry, &head, change->project, &wish->edit, change->reason);
    field_object(&hurry->entry, "digests");
    if (change->project)
        entry_definitions(&hurry->entry, change->project);
    buffer_append_text(&hurry->entry, "}");
}

/* The published file comes first, so that errors in the definitions cannot delay it. */
static void publish(struct wish *wish)
{
    struct hurry *hurry = &wish->hurry;
    const struct project *project = wish->edit.override.condition ? wish->change.project : NULL;
    uint32_t selected;
    if (!hurry->patched)
        return;
    hurry->idle = wish->edit.lifts && !patch_has_override(&hurry->patch, wish->edit.override.name);
    if (hurry->idle)
        return;
    if (wish->edit.lifts)
        hurry->patched =
            patch_lift(&hurry->patch, wish->edit.override.name, &selected, &hurry->why);
    else
        hurry->patched = patch_add_override(&hurry->patch, &wish->edit.override, project, &selected,
                                            &hurry->why);
    if (hurry->patched)
        hurry_publish_patch(hurry);
}

/* Takes over what a run that was killed did to the definitions; only the file may lack it. */
static bool take_over(struct wish *wish)
{
    struct override_edit *edit = &wish->edit;
    const json_t *entry = hurry_finished(&wish->hurry, edit);
    const json_t *override = json_object_get(entry, "override");
    const char *id = json_text_at(override, "id");
    const char *from = json_text_at(override, "from");
    const char *at = json_text_at(entry, "time");
    if (!id)
        return wish->gone;
    print_note("that run did the same; it is done, and is not repeated");
    edit->override.id.text = arena_format(&edit->arena, "%s", id);
    edit->override.name = arena_format(&edit->arena, "override:%s", id);
    edit->name = arena_format(&edit->arena, OVERRIDES_FOLDER "%s.yaml", id);
    (void)parse_time(at, &edit->override.at);
    if (!from || !parse_time(from, &edit->override.from))
        edit->override.from = INT64_MIN;
    return true;
}

/* Whether the file already has what is to be published. */
static bool is_published(const struct wish *wish)
{
    return patch_has_override(&wish->hurry.patch, wish->edit.override.name) != wish->edit.lifts;
}

static enum replaced make_edit(struct wish *wish)
{
    struct buffer *lost = &wish->hurry.lost, error = {0};
    enum replaced replaced = override_edit_make(wish->change.ledger.directory, &wish->edit, &error);
    if (error.length)
        terminal_format(lost, "%s%s", lost->length ? "; " : "", error.bytes);
    buffer_release(&error);
    return replaced;
}

static void carry_out(struct wish *wish)
{
    struct change *change = &wish->change;
    struct hurry *hurry = &wish->hurry;
    bool locked = change->ledger.lock >= 0;
    if (wish->stuck) {
        publish(wish);
        return;
    }
    if (take_over(wish)) {
        hurry->written = true;
        hurry->idle = hurry->patched && is_published(wish);
        if (!hurry->idle)
            publish(wish);
        hurry_publish_definitions(hurry);
        return;
    }
    bool aside =
        locked && override_edit_prepare(&change->ledger, &wish->edit, &hurry->entry, &hurry->lost);
    publish(wish);
    enum replaced replaced = locked ? make_edit(wish) : REPLACED_NOT;
    hurry->written = replaced != REPLACED_NOT;
    hurry_publish_definitions(hurry);
    /* What was published but could not be written stays put aside, for the next run to write. */
    if (aside && (replaced != REPLACED_NOT || !hurry->published))
        hurry_record(hurry, replaced);
}

static void put_json(const struct wish *wish, struct buffer *out)
{
    const struct change *change = &wish->change;
    const struct override_edit *edit = &wish->edit;
    buffer_append_text(out, "{\"format_version\":1");
    field_text(out, "action", OVERRIDE_VERDICT(edit));
    field_text(out, "id", edit->override.id.text);
    field_text(out, "definition", edit->definition);
    field_text(out, "file", edit->name);
    field_array(out, "flags");
    for (uint32_t i = 0; i < edit->flag_count; i++) {
        json_write_comma(out);
        json_write_string(out, edit->flags[i]);
    }
    buffer_append_text(out, "]");
    field_truth(out, "applied", !change->dry_run && !wish->hurry.lost.length);
    field_text(out, "published", wish->hurry.published ? change->build : NULL);
    buffer_append_text(out, "}\n");
}

#define WIDTH 80

/* Where the override is, and what it says, with line breaks instead of blanks too far right. */
static void put_place(const struct wish *wish, struct buffer *out)
{
    const struct override_edit *edit = &wish->edit;
    size_t column = 2;
    terminal_format(out, ": %u flag%s, in\n  %s/%s\n  ", edit->flag_count,
                    edit->flag_count == 1 ? "" : "s", wish->change.ledger.directory, edit->name);
    for (const char *from = edit->definition, *end; *from; from = end) {
        end = from + strcspn(from, " ");
        end += *end == ' ';
        if (column > 2 && column + terminal_width_of(from, (size_t)(end - from)) > WIDTH) {
            out->length -= out->bytes[out->length - 1] == ' ';
            buffer_append_text(out, "\n   ");
            column = 3;
        }
        terminal_append_bytes(out, from, (size_t)(end - from));
        column += terminal_width_of(from, (size_t)(end - from));
    }
}

static void put_text(const struct wish *wish, struct buffer *out)
{
    const struct change *change = &wish->change;
    const struct override_edit *edit = &wish->edit;
    const char *did = edit->lifts ? "lifted" : "added", *would = edit->lifts ? "lift" : "add";
    terminal_format(out, "%s%s %s", change->dry_run ? "would " : "", change->dry_run ? would : did,
                    edit->override.id.text);
    if (*edit->name && (change->dry_run || wish->hurry.written))
        put_place(wish, out);
    else
        terminal_format(out, " in '%s' alone", change->build);
    buffer_append_text(out, "\n");
    if (wish->hurry.published)
        terminal_format(out, "  published %s%s\n", change->build,
                        wish->hurry.patched ? ", with this change and nothing else" : "");
    else if (!change->dry_run && !change->build)
        buffer_append_text(out, "  services see it once it is published: --build, or ffc build\n");
    if (!edit->lifts && !change->dry_run)
        terminal_format(out, "  to undo it:\n    ffc rollback --lift %s%s%s%s%s --reason …\n",
                        edit->override.id.text, change->directory ? " -C " : "",
                        change->directory ? change->directory : "",
                        change->build ? " --build " : "", change->build ? change->build : "");
}

static int speak(struct wish *wish, int status)
{
    struct change *change = &wish->change;
    struct buffer out = {0};
    bool done = change->dry_run || hurry_did_something(&wish->hurry);
    if (change->json)
        put_json(wish, &out);
    else if (done)
        put_text(wish, &out);
    bool heard = write_stdout(change->command, &out);
    if (!heard && done && !change->dry_run)
        print_note("it is done nevertheless: %s", wish->edit.override.id.text);
    if (wish->notes.length && done)
        print_sentences(&wish->notes);
    static const struct mend lift = {"take it out of them too, or the next build brings it back",
                                     NULL};
    const struct mend add = {"add this to them, or the next build undoes it:", &wish->edit.text};
    status = hurry_say_rest(&wish->hurry, wish->edit.lifts ? &lift : &add, status);
    buffer_release(&out);
    return heard ? status : EXIT_JOB;
}

/* "rollback-20261120t100000z-3f2a: serve default to 3 flags"; none without a change. Before the
 * rest is said, which may read the project anew. */
static void plan_commit(struct wish *wish, struct buffer *subject)
{
    const struct override_edit *edit = &wish->edit;
    if (!wish->hurry.written || !*edit->name)
        return;
    change_commits(&wish->change, edit->name);
    if (edit->lifts)
        terminal_format(subject, "lift %s", edit->override.id.text);
    else
        terminal_format(subject, "%s: serve %s, %u flag%s", edit->override.id.text,
                        edit->override.serve.text, edit->flag_count,
                        edit->flag_count == 1 ? "" : "s");
}

static int do_it(struct wish *wish)
{
    struct change *change = &wish->change;
    int status = EXIT_FINE;
    write_entry(wish);
    if (!change->dry_run)
        carry_out(wish);
    hurry_unlock(&wish->hurry);
    bool is_off = !change->dry_run && wish->emergency.from <= change->at;
    for (uint32_t i = 0; is_off && i < wish->edit.flag_count && status == EXIT_FINE; i++) {
        const struct flag *flag = project_flag(hurry_project(&wish->hurry), wish->edit.flags[i]);
        if (flag)
            hurry_run_steps(&wish->hurry, flag, true, &status);
    }
    struct buffer subject = {0};
    plan_commit(wish, &subject);
    status = speak(wish, status);
    int committed = subject.length ? change_commit(change, subject.bytes) : EXIT_FINE;
    buffer_release(&subject);
    return status == EXIT_FINE ? committed : status;
}

static bool has_variant(const struct flag *flag, const char *name)
{
    const struct targeting *targeting = flag->environments;
    bool unreadable = !targeting || !targeting->variant_count; /* it may have it */
    return unreadable || targeting_variant(targeting, name) != UINT32_MAX;
}

static const char *nearest_variant(const struct flag *flag, const char *name)
{
    const struct targeting *targeting = flag ? flag->environments : NULL;
    uint32_t count = targeting ? targeting->variant_count : 0, named = 0;
    const char **names = xcalloc(count + 1, sizeof *names);
    for (uint32_t i = 0; i < count; i++)
        if (targeting->variants[i].name.text)
            names[named++] = targeting->variants[i].name.text;
    const char *near = nearest_name(name, names, named);
    free(names);
    return near;
}

/* Every selected flag must have the variant to serve; otherwise nothing is done. */
static bool can_serve(struct wish *wish, int *status)
{
    struct hurry *hurry = &wish->hurry;
    const char *serve = wish->emergency.serve;
    for (uint32_t i = 0; strcmp(serve, "default") != 0 && i < wish->edit.flag_count; i++) {
        const char *name = wish->edit.flags[i];
        bool has = hurry->patched ? patch_has_variant(&hurry->patch,
                                                      patch_find_flag(&hurry->patch, name), serve)
                                  : has_variant(project_flag(wish->change.project, name), serve);
        if (has)
            continue;
        const char *near = nearest_variant(project_flag(hurry_project(hurry), name), serve);
        job_error(&rollback_command, "'%s' has no variant '%s' to serve%s%s%s", name, serve,
                  near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
        print_help("leave out --serve for the default of each flag, or select fewer flags");
        *status = EXIT_INPUT;
        return false;
    }
    return true;
}

/* Notes when and where it applies, if that may not be what was meant. */
static void look_at_bounds(struct wish *wish)
{
    char from[32];
    format_time(wish->emergency.from, from, sizeof from);
    if (wish->emergency.from > clock_now())
        terminal_message(&wish->notes, "note: it is scheduled: nothing is held back until %s\n",
                         from);
    if (wish->hurry.patched && !wish->emergency.scope.environment)
        terminal_message(&wish->notes,
                         "note: without -e the override is for every environment, of which\n"
                         "  only '%s' (%s) is published\n",
                         wish->hurry.environment, wish->change.build);
}

static int add(struct wish *wish)
{
    struct hurry *hurry = &wish->hurry;
    struct override_edit *edit = &wish->edit;
    int status = EXIT_FINE;
    if (!is_possible(wish, &status))
        return status;
    emergency_plan(&wish->emergency, edit);
    edit->override.condition = condition_of(wish);
    const struct known known = known_flags(wish, hurry->patched);
    for (uint32_t i = 0; i < known.count; i++)
        if (override_selects(&edit->override, known.flags[i]))
            *ARENA_APPEND(&edit->arena, edit->flags, edit->flag_count) = known.flags[i]->name.text;
    if (!can_serve(wish, &status))
        return status;
    if (hurry->patched)
        look_at_published(wish);
    else
        look_at_definitions(wish);
    look_at_bounds(wish);
    return do_it(wish);
}

/* -------------------------------------------------------------------------------------- lift -- */

static int unknown_id(const struct wish *wish)
{
    const struct project *project = wish->change.project;
    const char **ids = xcalloc(project->override_count + 1, sizeof *ids);
    size_t count = 0;
    for (uint32_t i = 0; i < project->override_count; i++)
        ids[count++] = project->overrides[i]->id.text ? project->overrides[i]->id.text
                                                      : project->overrides[i]->name;
    int status = report_lack(&rollback_command, "no override has the id", wish->lift, ids, count);
    free(ids);
    print_help("'ffc rollback --list' shows them");
    return status;
}

/* Whether the file that added the override exists, even if it cannot be parsed. */
static bool has_file(const struct wish *wish)
{
    const struct project *project = wish->change.project;
    const size_t folder = strlen(OVERRIDES_FOLDER), length = strlen(wish->lift);
    for (uint32_t i = 0; i < project->sources.count; i++) {
        const char *name = project->sources.items[i].name;
        if (strncmp(name, OVERRIDES_FOLDER, folder) == 0 &&
            strncmp(name + folder, wish->lift, length) == 0 &&
            strcmp(name + folder + length, ".yaml") == 0)
            return true;
    }
    return false;
}

/* An override that the published file has, or had when a run was killed, can be lifted from the
 * file alone. */
static bool is_gone(struct wish *wish)
{
    struct override_edit *edit = &wish->edit;
    bool placed = strchr(wish->lift, '[') || strchr(wish->lift, ':');
    edit->lifts = wish->gone = true;
    edit->definition = "";
    edit->name = "";
    edit->override = (struct override){
        .id = {wish->lift, NO_SPAN},
        .name = placed ? wish->lift : arena_format(&edit->arena, "override:%s", wish->lift),
        .serve = {"default", NO_SPAN},
        .from = INT64_MIN,
        .until = INT64_MAX,
        .environments = UINT64_MAX};
    if (hurry_finished(&wish->hurry, edit))
        return true;
    if (has_file(wish)) {
        wish->stuck = true;
        wish->hurry.lost.length = 0;
        terminal_format(&wish->hurry.lost, "%s/" OVERRIDES_FOLDER "%s.yaml cannot be read as it is",
                        wish->change.ledger.directory, wish->lift);
        return wish->hurry.patched;
    }
    if (!wish->hurry.patched || !patch_has_override(&wish->hurry.patch, edit->override.name))
        return false;
    print_note("the definitions do not have it; it is lifted from '%s' alone", wish->change.build);
    return true;
}

static int is_stuck(struct wish *wish)
{
    int status = job_error(&rollback_command, "not lifted: %s", wish->hurry.lost.bytes);
    struct project *project = wish->change.project;
    show_diagnostics(project, DIAGNOSTIC_TEXT, wish->change.color);
    print_help("fix that file, or remove the override from it by hand");
    return status;
}

static int lift(struct wish *wish)
{
    const struct project *project = hurry_project(&wish->hurry);
    const struct override *override = project_override(project, wish->lift);
    struct buffer error = {0};
    int status = EXIT_JOB;
    if (!environment_is_known(wish, &status)) {
        /* It is said. */
    } else if (!override) {
        status = is_gone(wish) ? do_it(wish) : wish->stuck ? is_stuck(wish) : unknown_id(wish);
    } else if (!emergency_plan_lift(project, override, &wish->edit, &error)) {
        wish->stuck = true;
        wish->hurry.lost.length = 0; /* other obstacles no longer matter */
        buffer_append(&wish->hurry.lost, error.bytes, error.length);
        status = wish->hurry.patched ? do_it(wish) : is_stuck(wish);
    } else {
        look_at_lifted(wish);
        status = do_it(wish);
    }
    buffer_release(&error);
    return status;
}

/* ---------------------------------------------------------------------------------- commands -- */

static bool check_usage(const struct wish *wish, int operands, int *status)
{
    const struct change *change = &wish->change;
    const struct scope *scope = &wish->emergency.scope;
    bool selects = operands > 0 || wish->tags.count || wish->kinds.count || scope->all;
    *status = EXIT_JOB;
    if (wish->list + wish->status + (wish->lift != NULL) > 1)
        usage_error(&rollback_command, "--list, --status and --lift cannot be combined");
    else if ((wish->list || wish->status || wish->lift) && (selects || scope->segment))
        usage_error(&rollback_command, "--list, --status and --lift take no flags");
    else if (wish->status && change->build)
        usage_error(&rollback_command, "--status shows the ledger: leave out --build");
    else if (wish->status && change->environment)
        usage_error(&rollback_command,
                    "--status shows the steps of all environments: leave out -e");
    else if (wish->lift && change->steps.given)
        usage_error(&rollback_command, "--run-steps is for a rollback, not for lifting one");
    else if (!wish->list && !wish->status && !change_is_explained(change, status))
        return false;
    else if (!wish->list && !wish->status && !wish->lift && !selects)
        usage_error(&rollback_command, "roll back what? Name flags, --tag, --kind, or --all%s",
                    scope->segment || change->environment ? " of them there" : "");
    else
        return true;
    return false;
}

static int show(struct wish *wish)
{
    return wish->list ? rollback_list(&wish->change) : rollback_status(&wish->change);
}

static int hurry(struct wish *wish)
{
    struct change *change = &wish->change;
    int status = EXIT_FINE;
    if (!hurry_begin(&wish->hurry, change, NULL, NULL, &status))
        return status;
    wish->emergency.at = change->at;
    wish->emergency.by = change->actor;
    wish->emergency.reason = change->reason;
    wish->emergency.scope.environment = change->environment;
    if (wish->emergency.from == INT64_MIN)
        wish->emergency.from = change->at;
    return wish->lift ? lift(wish) : add(wish);
}

static int run(int argc, char **argv)
{
    struct wish wish = {
        .change = {.command = &rollback_command, .at = INT64_MIN, .ledger.lock = -1},
        .emergency = {.serve = "default", .from = INT64_MIN, .until = INT64_MAX}};
    struct scope *scope = &wish.emergency.scope;
    const struct option table[] = {
        {"tag", 't', OPTION_TEXTS, &wish.tags, "TAG", "flags with this tag; may be repeated"},
        {"kind", 'k', OPTION_TEXTS, &wish.kinds, "KIND", "flags of this kind; may be repeated"},
        {"all", 0, OPTION_FLAG, &scope->all, NULL, "every flag"},
        {"segment", 0, OPTION_TEXT, &scope->segment, "SEGMENT", "only for those in this segment"},
        ENVIRONMENT_OPTION(wish.change.environment, "only in this environment [all of them]"),
        {"serve", 0, OPTION_TEXT, &wish.emergency.serve, "VARIANT", "serve this variant [default]"},
        FROM_OPTION(wish.emergency.from, "active from this time [now]"),
        UNTIL_OPTION(wish.emergency.until, "active until this time [indefinitely]"),
        {"list", 0, OPTION_FLAG, &wish.list, NULL, "overrides: active, scheduled, expired"},
        {"lift", 0, OPTION_TEXT, &wish.lift, "ID", "remove an override"},
        {"status", 0, OPTION_FLAG, &wish.status, NULL, "the last step run for each flag"},
        CHANGE_OPTIONS(wish.change),
    };
    int status;
    int operands =
        options_parse(&rollback_command, table, sizeof table / sizeof *table, argc, argv, &status);
    if (operands < 0)
        return status;
    scope->flags = (const char *const *)argv + 1;
    scope->flag_count = (size_t)operands;
    scope->tags = wish.tags.items;
    scope->tag_count = wish.tags.count;
    scope->kinds = wish.kinds.items;
    scope->kind_count = wish.kinds.count;
    if (check_usage(&wish, operands, &status))
        status = wish.list || wish.status ? show(&wish) : hurry(&wish);
    hurry_release(&wish.hurry);
    override_edit_release(&wish.edit);
    buffer_release(&wish.notes);
    change_release(&wish.change);
    return status;
}
