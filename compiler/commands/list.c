/* list.c - `ffc list`: the flags of a project, and their state in every environment. */
#include <stdlib.h>
#include <string.h>

#include "compiler/base/nearest.h"
#include "compiler/base/memory.h"
#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/base/match.h"
#include "compiler/base/json.h"
#include "compiler/base/calendar.h"
#include "compiler/base/percent.h"
#include "commands.h"
#include "compiler/model/model.h"
#include "compiler/rollout/emergency.h"
#include "compiler/rollout/possible.h"
#include "compiler/rollout/recovery.h"
#include "compiler/project/project.h"

struct listing {
    struct project *project;
    const char *environment; /* NULL: all */
    struct option_texts kinds, owners, tags;
    char **globs;
    int glob_count;
    bool json;
    int64_t now;
    struct possibilities *possibilities; /* by environment */
};

/* --------------------------------------------------------------------------------- selection -- */

static bool is_one_of(const struct option_texts *texts, const char *text)
{
    for (size_t i = 0; i < texts->count; i++) {
        if (text && strcmp(texts->items[i], text) == 0)
            return true;
    }
    return texts->count == 0;
}

static bool has_tag(const struct listing *listing, const struct flag *flag)
{
    for (uint32_t i = 0; i < flag->tags.count; i++) {
        if (is_one_of(&listing->tags, flag->tags.items[i].text))
            return true;
    }
    return listing->tags.count == 0;
}

static bool is_selected(const struct listing *listing, const struct flag *flag)
{
    bool named = listing->glob_count == 0;
    for (int i = 0; i < listing->glob_count && !named; i++)
        named = match_name(listing->globs[i], flag->name.text);
    return named && has_tag(listing, flag) && is_one_of(&listing->owners, flag->owner) &&
           is_one_of(&listing->kinds, flag_kind_words[flag->kind]);
}

/* ----------------------------------------------------------------------------- how it stands -- */

static const char *variant_name(const struct targeting *targeting, uint32_t variant)
{
    const char *name = targeting->variants[variant].name.text;
    return name ? name : "value";
}

#define LONGEST_VALUE 24

/* Shows the value itself if its variant has no name. */
static void put_default(struct buffer *out, const struct flag *flag,
                        const struct targeting *targeting)
{
    const struct variant *variant = &targeting->variants[targeting->default_variant];
    if (variant->name.text)
        terminal_append(out, variant->name.text);
    else if (flag->type == FFLAG_TYPE_BOOLEAN)
        buffer_append_text(out, variant->boolean ? "true" : "false");
    else if (flag->type == FFLAG_TYPE_INTEGER)
        terminal_format(out, "%lld", (long long)variant->integer);
    else if (flag->type == FFLAG_TYPE_NUMBER)
        json_write_number(out, variant->number);
    else if (strlen(variant->string) <= LONGEST_VALUE)
        terminal_append(out, variant->string);
    else
        buffer_append_text(out, "value");
}

static void put_percent(struct buffer *out, uint32_t thousandths)
{
    char text[PERCENT_TEXT_SIZE];
    percent_format(thousandths, text);
    terminal_format(out, "%s%%", text);
}

static void put_canary(struct buffer *out, const struct canary *canary)
{
    buffer_append_text(out, canary_state_words[canary->state]);
    if (canary->state == CANARY_RUNNING || canary->state == CANARY_PAUSED) {
        const struct stage *stage = &canary->stages[canary->stage];
        terminal_format(out, " %s ", stage->name.text);
        put_percent(out, canary->instant ? PERCENT_ALL : stage->percent);
    }
}

static void put_experiment(struct buffer *out, const struct targeting *targeting)
{
    const struct experiment *experiment = targeting->experiment;
    buffer_append_text(out, experiment_state_words[experiment->state]);
    if (experiment->state == EXPERIMENT_RUNNING) {
        buffer_append_text(out, " ");
        put_percent(out, experiment->traffic);
    } else if (experiment->state == EXPERIMENT_CONCLUDED && experiment->has_winner) {
        terminal_format(out, " %s", variant_name(targeting, experiment->winner));
    }
}

/* How much of the units a rule is for that has no gradual percentage. */
static uint32_t share_of(const struct rule *rule)
{
    uint32_t share = 0;
    for (uint32_t i = 0; i < rule->ranges.count; i++)
        share += rule->ranges.items[i].to - rule->ranges.items[i].from;
    return rule->has_percent ? rule->percent.from : share ? share : PERCENT_ALL;
}

static void put_rules(struct buffer *out, const struct targeting *targeting)
{
    const struct rule *rule = targeting->rules;
    if (targeting->rule_count > 1 || rule->condition) {
        terminal_format(out, "%u rule%s", targeting->rule_count,
                        targeting->rule_count == 1 ? "" : "s");
        return;
    }
    if (rule->has_percent && rule->percent.gradual) {
        put_percent(out, rule->percent.from);
        buffer_append_text(out, " to ");
        put_percent(out, rule->percent.to);
    } else if (rule->split) {
        buffer_append_text(out, rule->keep.given ? "kept split" : "split");
        if (share_of(rule) != PERCENT_ALL) {
            buffer_append_text(out, " ");
            put_percent(out, share_of(rule));
        }
    } else {
        uint32_t share = share_of(rule);
        put_percent(out, share);
        if (share > 0 && strcmp(variant_name(targeting, rule->serve), "on") != 0)
            terminal_format(out, " %s", variant_name(targeting, rule->serve));
    }
}

/* As defined: "off", "5%", "running early 20%", "3 rules". */
static void put_defined(struct buffer *out, const struct flag *flag,
                        const struct targeting *targeting)
{
    if (!targeting->enabled)
        buffer_append_text(out, "disabled");
    else if (targeting->canary)
        put_canary(out, targeting->canary);
    else if (targeting->experiment)
        put_experiment(out, targeting);
    else if (targeting->rule_count > 0)
        put_rules(out, targeting);
    else
        put_default(out, flag, targeting);
    if (targeting->enabled && targeting->user_list_count > 0)
        buffer_append_text(out, " + users");
}

/* A flag's state in an environment; what does not apply is NULL. */
struct standing {
    const struct flag *flag;
    const struct targeting *targeting;
    const struct override *override;     /* in force */
    const struct requirement *unmet;     /* met by no unit, so that all get the default */
    const struct requirement *sometimes; /* met by some units */
};

static struct standing standing_of(const struct listing *listing, const struct flag *flag,
                                   uint32_t environment)
{
    struct possibilities *possibilities = &listing->possibilities[environment];
    struct standing standing = {
        .flag = flag,
        .targeting = &flag->environments[environment],
        .override = override_in_force(listing->project, flag, environment, listing->now, NULL)};
    if (flag->faulty || !standing.targeting->enabled)
        return standing;
    standing.unmet = first_requirement(possibilities, flag, MET_BY_NOBODY);
    if (!standing.unmet)
        standing.sometimes = first_requirement(possibilities, flag, MET_BY_SOME);
    return standing;
}

/* What all units get, or those that an override is for; as written if it is unknown. */
static void put_served(struct buffer *out, const struct standing *standing)
{
    const struct override *override = standing->override;
    const char *serve = override ? override->serve.text : "default";
    if (serve && (strcmp(serve, "default") != 0 || standing->flag->faulty))
        terminal_append(out, serve);
    else
        put_default(out, standing->flag, standing->targeting);
}

#define UNKNOWN "?" /* for a flag that could not be read */

/* In a few words, as served now: what decides for all units replaces what it hides, and what
 * decides for some is added to it. */
static void put_standing(struct buffer *out, const struct standing *standing)
{
    const struct override *override = standing->override;
    if (override && !override->condition) {
        put_served(out, standing);
        terminal_format(out, " by %s", override->name);
        return;
    }
    if (standing->flag->faulty) {
        buffer_append_text(out, UNKNOWN);
    } else if (standing->unmet) {
        put_default(out, standing->flag, standing->targeting);
        terminal_format(out, " by requires: %s", standing->unmet->flag->name.text);
    } else {
        put_defined(out, standing->flag, standing->targeting);
        if (standing->sometimes)
            terminal_format(out, ", requires: %s", standing->sometimes->flag->name.text);
    }
    if (override) {
        buffer_append_text(out, ", ");
        put_served(out, standing);
        terminal_format(out, " by %s for some", override->name);
    }
}

static void put_day(struct buffer *out, int64_t ms)
{
    char time[32];
    format_time(ms, time, sizeof time);
    buffer_append(out, time, strcspn(time, "T"));
}

/* ------------------------------------------------------------------------------------ tables -- */

#define FIXED_COLUMNS 4 /* flag, kind, owner; and expires at the end */

static bool shows_environment(const struct listing *listing, uint32_t environment)
{
    const char *name = listing->project->environments.items[environment].text;
    return !listing->environment || strcmp(listing->environment, name) == 0;
}

static uint32_t column_count(const struct listing *listing)
{
    uint32_t count = FIXED_COLUMNS;
    for (uint32_t i = 0; i < listing->project->environments.count; i++)
        count += shows_environment(listing, i);
    return count;
}

static void add_row(const struct listing *listing, const struct flag *flag, struct buffer *cells)
{
    const struct project *project = listing->project;
    terminal_append(cells++, flag ? flag->name.text : "FLAG");
    buffer_append_text(cells++, flag ? flag_kind_words[flag->kind] : "KIND");
    terminal_append(cells++, !flag ? "OWNER" : flag->owner ? flag->owner : "-");
    for (uint32_t i = 0; i < project->environments.count; i++) {
        if (!shows_environment(listing, i))
            continue;
        const struct standing standing =
            flag ? standing_of(listing, flag, i) : (struct standing){0};
        if (flag)
            put_standing(cells++, &standing);
        else
            terminal_append(cells++, project->environments.items[i].text);
    }
    if (!flag)
        buffer_append_text(cells, "EXPIRES");
    else if (flag->expires != INT64_MIN)
        put_day(cells, flag->expires);
    else
        buffer_append_text(cells, "-");
}

static void write_table(const struct listing *listing, struct buffer *out)
{
    const struct project *project = listing->project;
    uint32_t columns = column_count(listing), rows = 1;
    struct buffer *cells = xcalloc((size_t)columns * (project->flag_count + 1u), sizeof *cells);
    add_row(listing, NULL, cells);
    for (uint32_t i = 0; i < project->flag_count; i++) {
        if (is_selected(listing, project->flags[i]))
            add_row(listing, project->flags[i], cells + (size_t)columns * rows++);
    }
    size_t *widths = xcalloc(columns, sizeof *widths);
    for (size_t i = 0; i < (size_t)columns * rows; i++) {
        size_t width = terminal_width(cells[i].bytes);
        if (width > widths[i % columns])
            widths[i % columns] = width;
    }
    for (size_t i = 0; i < (size_t)columns * rows; i++) {
        bool last = i % columns == columns - 1;
        buffer_append(out, cells[i].bytes, cells[i].length);
        if (!last)
            terminal_pad(out, cells[i].bytes, widths[i % columns] + 2);
        if (last)
            buffer_append_text(out, "\n");
        buffer_release(&cells[i]);
    }
    free(widths);
    free(cells);
}

static void write_standing(const struct standing *standing, struct buffer *out)
{
    const struct override *override = standing->override;
    const struct requirement *unmet = standing->unmet;
    struct buffer text = {0}, defined = {0}, served = {0};
    put_standing(&text, standing);
    if (!standing->flag->faulty)
        put_defined(&defined, standing->flag, standing->targeting);
    if (override || unmet)
        put_served(&served, standing);
    terminal_format(out, "{\"enabled\":%s",
                    standing->flag->faulty         ? "null"
                    : standing->targeting->enabled ? "true"
                                                   : "false");
    field_text(out, "standing", text.bytes);
    field_text(out, "defined", defined.bytes);
    field_text(out, "override", override ? override->name : NULL);
    field_text(out, "unmet", unmet ? unmet->flag->name.text : NULL);
    field_text(out, "served", served.bytes);
    buffer_append_text(out, "}");
    buffer_release(&text);
    buffer_release(&defined);
    buffer_release(&served);
}

static void write_standings(const struct listing *listing, const struct flag *flag,
                            struct buffer *out)
{
    const struct project *project = listing->project;
    field_object(out, "environments");
    for (uint32_t i = 0; i < project->environments.count; i++) {
        if (!shows_environment(listing, i))
            continue;
        json_write_key(out, project->environments.items[i].text);
        const struct standing standing = standing_of(listing, flag, i);
        write_standing(&standing, out);
    }
    buffer_append_text(out, "}");
}

/* One line per flag. */
static void write_json(const struct listing *listing, const struct flag *flag, struct buffer *out)
{
    const struct project *project = listing->project;
    struct span span = flag->name.span;
    bool expires = flag->expires != INT64_MIN;
    char when[32] = "";
    if (expires)
        format_time(flag->expires, when, sizeof when);
    buffer_append_text(out, "{\"format_version\":1");
    field_text(out, "flag", flag->name.text);
    field_text(out, "kind", flag_kind_words[flag->kind]);
    field_text(out, "type", flag_type_words[flag->type]);
    field_text(out, "owner", flag->owner);
    field_text(out, "description", flag->description);
    field_array(out, "tags");
    for (uint32_t i = 0; i < flag->tags.count; i++) {
        json_write_comma(out);
        json_write_string(out, flag->tags.items[i].text);
    }
    buffer_append_text(out, "]");
    if (flag->metadata) {
        json_write_key(out, "metadata");
        json_write_document(out, flag->metadata, strlen(flag->metadata));
    }
    field_truth(out, "client", flag->client);
    field_text(out, "expires", expires ? when : NULL);
    field_text(out, "file", project->sources.items[span.file].path);
    field_count(out, "line", source_position(&project->sources, span.file, span.begin).line);
    write_standings(listing, flag, out);
    buffer_append_text(out, "}\n");
}

static int check_kinds(const struct listing *listing)
{
    for (size_t i = 0; i < listing->kinds.count; i++) {
        const char *kind = listing->kinds.items[i];
        if (words_find(flag_kind_words, kind) >= 0)
            continue;
        return report_lack(&list_command, "there is no kind", kind, flag_kind_words,
                           words_count(flag_kind_words));
    }
    return EXIT_FINE;
}

/* What flags of the project are called, are owned by, or are tagged with. */
enum said { SAID_NAME, SAID_OWNER, SAID_TAG };

static void add_said(const struct flag *flag, enum said said, const char **texts, size_t *count)
{
    if (said == SAID_NAME)
        texts[(*count)++] = flag->name.text;
    else if (said == SAID_OWNER && flag->owner)
        texts[(*count)++] = flag->owner;
    for (uint32_t i = 0; said == SAID_TAG && i < flag->tags.count; i++)
        texts[(*count)++] = flag->tags.items[i].text;
}

/* A word that no flag has is a slip: an empty table would say that there are no such flags. */
static int check_said(const struct project *project, enum said said, const char *given)
{
    static const char *const lacks[] = {"no flag is called", "no flag is owned by",
                                        "no flag has the tag"};
    size_t most = 0, count = 0;
    for (uint32_t i = 0; i < project->flag_count; i++)
        most += project->flags[i]->tags.count + 1u;
    const char **texts = xcalloc(most + 1, sizeof *texts);
    for (uint32_t i = 0; i < project->flag_count; i++)
        add_said(project->flags[i], said, texts, &count);
    bool found = false;
    for (size_t i = 0; i < count && !found; i++)
        found = said == SAID_NAME ? match_name(given, texts[i]) : strcmp(texts[i], given) == 0;
    if (!found)
        report_lack(&list_command, lacks[said], given, texts, count);
    free(texts);
    return found ? EXIT_FINE : EXIT_JOB;
}

/* Where not all could be read, what is missing may have it. */
static int check_words(const struct listing *listing)
{
    const struct project *project = listing->project;
    if (project->diagnostics.errors > 0)
        return EXIT_FINE;
    for (int i = 0; i < listing->glob_count; i++)
        if (check_said(project, SAID_NAME, listing->globs[i]))
            return EXIT_JOB;
    for (size_t i = 0; i < listing->owners.count; i++)
        if (check_said(project, SAID_OWNER, listing->owners.items[i]))
            return EXIT_JOB;
    for (size_t i = 0; i < listing->tags.count; i++)
        if (check_said(project, SAID_TAG, listing->tags.items[i]))
            return EXIT_JOB;
    return EXIT_FINE;
}

static int list(struct listing *listing)
{
    const struct project *project = listing->project;
    int status = check_words(listing);
    if (status != EXIT_FINE)
        return status;
    bool known = project->diagnostics.errors == 0 || project->environments.count > 0;
    if (listing->environment && known &&
        choose_environment(&list_command, project, listing->environment) == UINT32_MAX)
        return EXIT_JOB;
    struct buffer out = {0};
    for (uint32_t i = 0; listing->json && i < project->flag_count; i++) {
        if (is_selected(listing, project->flags[i]))
            write_json(listing, project->flags[i], &out);
    }
    if (!listing->json)
        write_table(listing, &out);
    if (out.length > 0 && !write_stdout(&list_command, &out))
        status = EXIT_JOB;
    buffer_release(&out);
    return status;
}

static int list_project(struct listing *listing)
{
    uint32_t count = listing->project->environments.count;
    listing->possibilities = xcalloc(count, sizeof *listing->possibilities);
    for (uint32_t i = 0; i < count; i++)
        possibilities_init(&listing->possibilities[i], listing->project, i, listing->now);
    int status = list(listing);
    for (uint32_t i = 0; i < count; i++)
        possibilities_release(&listing->possibilities[i]);
    free(listing->possibilities);
    return status;
}

static int run(int argc, char **argv)
{
    struct listing listing = {0};
    struct project_choice choice = {0};
    const struct option options[] = {
        DIRECTORY_OPTION(choice.directory),
        ENVIRONMENT_OPTION(listing.environment, "only this one's column"),
        {"kind", 0, OPTION_TEXTS, &listing.kinds, "KIND", "only these kinds; may be repeated"},
        {"owner", 0, OPTION_TEXTS, &listing.owners, "NAME", "only these owners"},
        {"tag", 0, OPTION_TEXTS, &listing.tags, "TAG", "only flags with one of these tags"},
        JSON_OPTION(listing.json, "one JSON object per flag and line"),
        DIAGNOSTICS_OPTIONS(choice),
    };
    int status;
    listing.glob_count = options_parse(&list_command, options, sizeof options / sizeof *options,
                                       argc, argv, &status);
    if (listing.glob_count < 0)
        return status;
    listing.globs = argv + 1;
    listing.now = clock_now();
    listing.project = project_load(choice.directory, listing.now);
    status = check_kinds(&listing);
    note_aside(listing.project->directory);
    if (status == EXIT_FINE)
        status = list_project(&listing);
    int unread = show_unread(listing.project, choice.format, choice.color);
    status = status == EXIT_FINE ? unread : status;
    project_free(listing.project);
    free(listing.kinds.items);
    free(listing.owners.items);
    free(listing.tags.items);
    return status;
}

const struct command list_command = {
    .name = "list",
    .summary = "list flags, and their state in every environment",
    .usage = "[GLOB…] [-C DIR] [-e ENV] [--kind KIND] [--owner NAME] [--tag TAG] [--json]",
    .examples = "  ffc list                        all flags of the project\n"
                "  ffc list 'canary.*' -e production\n"
                "  ffc list --owner payments --json | jq -r .flag\n",
    .run = run,
};
