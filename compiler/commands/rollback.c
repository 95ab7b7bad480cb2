/* rollback.c - `ffc rollback`: an override for an emergency, or for a date, and its lifting. */
#include "rollback.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/glob.h"
#include "compiler/base/json.h"
#include "compiler/rollout/actor.h"
#include "compiler/rollout/steps.h"

static int run(int argc, char **argv);

const struct command rollback_command = {
    .name = "rollback",
    .summary = "in an emergency: serve the default of many flags at once, and lift that again",
    .usage = "[FLAG…] [--tag T] [--kind K] [--all] [--segment S] [-e ENV] --reason TEXT",
    .examples = "  ffc rollback canary.checkout --reason INC-1423 -e production --build live.ffs\n"
                "  ffc rollback 'canary.*' --tag payments --reason INC-1423 --run-steps\n"
                "  ffc rollback --all --segment eu --reason freeze "
                "--from 2026-12-24T00:00:00Z --until 2026-12-27T00:00:00Z\n"
                "  ffc rollback --list\n"
                "  ffc rollback --lift rollback-20261120t100000z --reason 'fixed in 4.2.1'\n",
    .run = run,
};

/* What is asked for. */
struct wish {
    struct change change;
    struct option_texts tags, kinds;
    struct emergency emergency;
    const char *lift;
    bool list, status;
};

/* --------------------------------------------------------------------------- what it selects -- */

static bool selects_any(const struct project *project, const struct override *override)
{
    for (uint32_t i = 0; i < project->flag_count; i++)
        if (override_selects(override, project->flags[i]))
            return true;
    return false;
}

/* Each of what is named selects a flag: a misspelt one would be left on. */
static bool every_one_selects(const struct wish *wish, int *status)
{
    const struct project *project = wish->change.project;
    const struct scope *scope = &wish->emergency.scope;
    for (size_t i = 0; i < scope->flag_count; i++) {
        struct text one = {scope->flags[i], NO_SPAN};
        const struct override override = {.flags = {&one, 1}};
        const char *problem = glob_problem(one.text);
        if (!problem && selects_any(project, &override))
            continue;
        *status = problem ? usage_error(&rollback_command, "the pattern '%s' %s", one.text, problem)
                          : unknown_flag(&rollback_command, project, one.text);
        return false;
    }
    for (size_t i = 0; i < scope->tag_count + scope->kind_count; i++) {
        bool tag = i < scope->tag_count;
        struct text one = {tag ? scope->tags[i] : scope->kinds[i - scope->tag_count], NO_SPAN};
        struct override override = {0};
        *(tag ? &override.tags : &override.kinds) = (struct texts){&one, 1};
        if (selects_any(project, &override))
            continue;
        *status =
            job_error(&rollback_command, "no flag has the %s '%s'", tag ? "tag" : "kind", one.text);
        return false;
    }
    return true;
}

static bool segment_is_known(const struct wish *wish, int *status)
{
    const struct project *project = wish->change.project;
    const char *segment = wish->emergency.scope.segment;
    const char **names = xcalloc(project->segment_count + 1, sizeof *names);
    bool known = !segment;
    for (uint32_t i = 0; i < project->segment_count; i++) {
        names[i] = project->segments[i]->name.text;
        known |= segment && strcmp(segment, names[i]) == 0;
    }
    if (!known) {
        const char *near = nearest_name(segment, names, project->segment_count);
        *status = job_error(&rollback_command, "no segment is called '%s'%s%s%s", segment,
                            near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    }
    free(names);
    return known;
}

static bool is_scoped(const struct wish *wish, int *status)
{
    const struct scope *scope = &wish->emergency.scope;
    if (!scope->flag_count && !scope->tag_count && !scope->kind_count && !scope->all) {
        *status =
            usage_error(&rollback_command, "roll back what? Name flags, --tag, --kind, or --all%s",
                        scope->segment || scope->environment ? " of them there" : "");
        return false;
    }
    if (scope->environment && choose_environment(&rollback_command, wish->change.project,
                                                 scope->environment, status) == UINT32_MAX)
        return false;
    return every_one_selects(wish, status) && segment_is_known(wish, status);
}

/* ---------------------------------------------------------------------------------- the edit -- */

static int refused(struct change *change, const struct override_edit *edit,
                   const struct buffer *error)
{
    if (error->length)
        return job_error(change->command, "%s", error->bytes);
    diagnostics_write(&edit->checked->diagnostics, DIAGNOSTIC_TEXT,
                      use_color(change->color, stderr), stderr);
    fprintf(stderr,
            "ffc rollback: with this the definitions would not compile; nothing was written\n");
    return EXIT_INPUT;
}

static int say(const struct change *change, const struct override_edit *edit, const char *verdict)
{
    struct buffer out = {0};
    const char *directory = change->project->directory;
    if (change->json) {
        buffer_append_text(&out, "{\"format_version\":1");
        field_text(&out, "action", verdict);
        field_text(&out, "id", edit->id);
        field_text(&out, "definition", edit->definition);
        field_text(&out, "file", edit->name);
        field_array(&out, "flags");
        for (uint32_t i = 0; i < edit->flag_count; i++) {
            json_write_comma(&out);
            json_write_string(&out, edit->flags[i]);
        }
        buffer_append_text(&out, change->dry_run ? "],\"applied\":false" : "],\"applied\":true");
        field_text(&out, "published", change->build);
        buffer_append_text(&out, "}\n");
    } else {
        buffer_format(&out, "%s%s %s: %u flag%s, in %s/%s\n  %s\n", change->dry_run ? "would " : "",
                      strcmp(verdict, "lift") == 0 ? change->dry_run ? "lift" : "lifted"
                      : change->dry_run            ? "add"
                                                   : "added",
                      edit->id, edit->flag_count, edit->flag_count == 1 ? "" : "s", directory,
                      edit->name, edit->definition);
        if (change->build)
            buffer_format(&out, "  published %s\n", change->build);
        else if (!change->dry_run)
            buffer_append_text(&out,
                               "  services see it once it is published: --build, or ffc build\n");
        if (strcmp(verdict, "lift") != 0 && !change->dry_run)
            buffer_format(&out, "  to take it back: ffc rollback --lift %s --reason …\n", edit->id);
    }
    int status = write_stdout(change->command, &out) ? EXIT_FINE : EXIT_JOB;
    buffer_release(&out);
    return status;
}

static int make(struct wish *wish, struct override_edit *edit, const char *verdict,
                struct buffer *entry)
{
    struct change *change = &wish->change;
    const struct entry_head head = {change->at, change->actor, NULL, change->environment};
    struct buffer error = {0};
    int status = EXIT_FINE;
    override_entry(entry, &head, edit, verdict, change->reason);
    field_object(entry, "digests");
    entry_definitions(entry, change->project);
    buffer_append_text(entry, "}");
    if (!change->dry_run && (!override_edit_make(&change->ledger, edit, entry, &error) ||
                             !change_finish(change, change->environment, &error)))
        status = job_error(change->command, "%s", error.bytes);
    buffer_release(&error);
    return status == EXIT_FINE ? say(change, edit, verdict) : status;
}

/* ------------------------------------------------------------------------------------- steps -- */

static int run_steps(const struct wish *wish, const struct override_edit *edit,
                     const struct buffer *entry)
{
    const struct change *change = &wish->change;
    struct buffer input = {0}, error = {0};
    buffer_append(&input, entry->bytes, entry->length);
    buffer_append_text(&input, "}\n");
    int status = EXIT_FINE;
    for (uint32_t i = 0; i < edit->flag_count && status == EXIT_FINE; i++) {
        const struct steps steps = {
            .project = change->project,
            .flag = project_flag(change->project, edit->flags[i]),
            .environment = change->environment
                               ? project_environment(change->project, change->environment)
                               : UINT32_MAX,
            .actor = change->actor,
            .reason = change->reason,
            .plan = true,
            .hook = HOOK_ROLLBACK,
            .is_off = true,
            .input = &input,
            .publication = change->build ? &change->publication : NULL};
        if (!steps_run(&steps, &error))
            status = job_error(change->command, "%s", error.bytes);
    }
    buffer_release(&input);
    buffer_release(&error);
    return status;
}

/* ---------------------------------------------------------------------------------- commands -- */

/* Whether a run that was interrupted did just this. */
static bool was_finished(const struct change *change, const char *verdict, const char *key,
                         const char *value)
{
    size_t index;
    json_t *entry;
    json_array_foreach(change->finished, index, entry)
    {
        const json_t *override = json_object_get(entry, "override");
        const char *done = json_string_value(json_object_get(entry, "verdict"));
        const char *what = json_string_value(json_object_get(override, key));
        if (done && what && strcmp(done, verdict) == 0 && strcmp(what, value) == 0)
            return true;
    }
    return false;
}

static int finish_interrupted(struct change *change)
{
    struct buffer error = {0};
    int status = EXIT_FINE;
    fprintf(stderr, "note: that run was this one; it is done, and not done again\n");
    if (change->build && !publication_publish(&change->publication, change->ledger.directory,
                                              change->environment, &error))
        status = job_error(change->command, "%s", error.bytes);
    buffer_release(&error);
    return status;
}

static int add(struct wish *wish)
{
    struct change *change = &wish->change;
    struct override_edit edit = {0};
    struct buffer error = {0}, entry = {0};
    int status = EXIT_FINE;
    if (!is_scoped(wish, &status))
        return status;
    if (!emergency_plan(change->project, &wish->emergency, &edit, &error))
        status = refused(change, &edit, &error);
    else if (was_finished(change, "override", "definition", edit.definition))
        status = finish_interrupted(change);
    else
        status = make(wish, &edit, "override", &entry);
    ledger_unlock(&change->ledger);
    if (status == EXIT_FINE && change->run_steps)
        status = run_steps(wish, &edit, &entry);
    override_edit_release(&edit);
    buffer_release(&error);
    buffer_release(&entry);
    return status;
}

static int unknown_id(const struct wish *wish)
{
    const struct project *project = wish->change.project;
    const char **ids = xcalloc(project->override_count + 1, sizeof *ids);
    size_t count = 0;
    for (uint32_t i = 0; i < project->override_count; i++)
        if (project->overrides[i]->id.text)
            ids[count++] = project->overrides[i]->id.text;
    const char *near = nearest_name(wish->lift, ids, count);
    int status = job_error(&rollback_command, "no override has the id '%s'%s%s%s", wish->lift,
                           near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    free(ids);
    print_help_line("'ffc rollback --list' shows them; one without an id is lifted by hand");
    return status;
}

static int lift(struct wish *wish)
{
    struct change *change = &wish->change;
    struct override_edit edit = {0};
    struct buffer error = {0}, entry = {0};
    int status;
    if (was_finished(change, "lift", "id", wish->lift))
        status = finish_interrupted(change);
    else if (!find_override(change->project, wish->lift))
        status = unknown_id(wish);
    else if (!emergency_plan_lift(change->project, wish->lift, &edit, &error))
        status = refused(change, &edit, &error);
    else
        status = make(wish, &edit, "lift", &entry);
    override_edit_release(&edit);
    buffer_release(&error);
    buffer_release(&entry);
    return status;
}

static bool check_usage(const struct wish *wish, int operands, int *status)
{
    const struct change *change = &wish->change;
    bool scoped = operands > 0 || wish->tags.count || wish->kinds.count ||
                  wish->emergency.scope.all || wish->emergency.scope.segment;
    *status = EXIT_JOB;
    if (wish->list + wish->status + (wish->lift != NULL) > 1)
        usage_error(&rollback_command, "--list, --status and --lift are three things");
    else if ((wish->list || wish->status || wish->lift) && scoped)
        usage_error(&rollback_command, "--list, --status and --lift take no flags");
    else if (wish->lift && change->run_steps)
        usage_error(&rollback_command, "--run-steps is for a rollback, not for lifting one");
    else if (change->build && !change->environment)
        usage_error(&rollback_command,
                    "--build publishes the snapshot of one environment: say -e, or publish with "
                    "'ffc build'");
    else if (wish->emergency.from >= wish->emergency.until)
        usage_error(&rollback_command, "--until is not after --from");
    else
        return wish->list || wish->status || change_is_explained(change, status);
    return false;
}

static int carry_out(struct wish *wish)
{
    struct change *change = &wish->change;
    bool writes = !wish->list && !wish->status && !change->dry_run;
    int status;
    if (!change_begin(change, writes, &status))
        return status;
    wish->emergency.at = change->at;
    wish->emergency.by = change->actor;
    wish->emergency.reason = change->reason;
    wish->emergency.scope.environment = change->environment;
    if (wish->list)
        return rollback_list(change);
    if (wish->status)
        return rollback_status(change);
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
        {"segment", 0, OPTION_TEXT, &scope->segment, "SEGMENT", "only for who is in this segment"},
        {"environment", 'e', OPTION_TEXT, &wish.change.environment, "ENV",
         "only in this environment [all of them]"},
        {"serve", 0, OPTION_TEXT, &wish.emergency.serve, "VARIANT", "what is served [default]"},
        {"from", 0, OPTION_TIME, &wish.emergency.from, "TIME", "active from then on [at once]"},
        {"until", 0, OPTION_TIME, &wish.emergency.until, "TIME", "active until then [for good]"},
        ACTOR_OPTIONS(wish.change.actor),
        {"list", 0, OPTION_FLAG, &wish.list, NULL, "overrides: active, scheduled, expired"},
        {"lift", 0, OPTION_TEXT, &wish.lift, "ID", "take an override away again"},
        {"status", 0, OPTION_FLAG, &wish.status, NULL, "the last step that was run of each flag"},
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
        status = carry_out(&wish);
    change_release(&wish.change);
    free(wish.tags.items);
    free(wish.kinds.items);
    return status;
}
