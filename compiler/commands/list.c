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
#include "compiler/base/columns.h"
#include "compiler/base/percent.h"
#include "standing.h"
#include "commands.h"
#include "compiler/model/model.h"
#include "compiler/model/override.h"
#include "compiler/rollout/recovery.h"
#include "compiler/project/project.h"

struct listing {
    struct project *project;
    const char *environment; /* NULL: all */
    struct option_texts kinds, owners, tags;
    char **globs;
    int glob_count;
    bool json, prometheus, color;
    int64_t now;
    struct standings standings;
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

/* A cell, and how it is painted on a terminal. */
struct cell {
    struct buffer text;
    const char *paint; /* or "" */
};
#define PAINT_HEAD  "\33[1m"
#define PAINT_HELD  "\33[31m"
#define PAINT_SOON  "\33[33m"
#define PAINT_OFF   "\33[2m"
#define PAINT_END   "\33[0m"
#define SOON        (14 * INT64_C(86400000)) /* before it expires */
#define LEAST_WIDTH 10                       /* of a column that is cut */

/* What is held, or not known, in red; what nobody gets anything else than the default of, dim. */
static const char *paint_of(const struct standing *standing)
{
    uint32_t thousandths;
    if (standing->override || standing->flag->faulty)
        return PAINT_HELD;
    if (standing->unmet)
        return PAINT_SOON;
    bool off =
        !standing->targeting->enabled ||
        (standing->flag->type == FFLAG_TYPE_BOOLEAN && standing->targeting->user_list_count == 0 &&
         standing_percent(standing, &thousandths) && thousandths == 0);
    return off ? PAINT_OFF : "";
}

static void add_head(const struct listing *listing, struct cell *cells)
{
    const struct project *project = listing->project;
    struct cell *cell = cells;
    buffer_append_text(&cell++->text, "FLAG");
    buffer_append_text(&cell++->text, "KIND");
    buffer_append_text(&cell++->text, "OWNER");
    for (uint32_t i = 0; i < project->environments.count; i++)
        if (shows_environment(listing, i))
            terminal_append(&cell++->text, project->environments.items[i].text);
    buffer_append_text(&cell++->text, "EXPIRES");
    while (cell-- > cells)
        cell->paint = PAINT_HEAD;
}

static void add_row(const struct listing *listing, const struct flag *flag, struct cell *cells)
{
    const struct project *project = listing->project;
    terminal_append(&cells++->text, flag->name.text);
    buffer_append_text(&cells++->text, flag_kind_words[flag->kind]);
    terminal_append(&cells++->text, flag->owner ? flag->owner : "-");
    for (uint32_t i = 0; i < project->environments.count; i++) {
        if (!shows_environment(listing, i))
            continue;
        const struct standing standing = standing_of(&listing->standings, flag, i);
        put_standing(&cells->text, &standing);
        cells++->paint = paint_of(&standing);
    }
    if (flag->expires == INT64_MIN) {
        buffer_append_text(&cells->text, "-");
        return;
    }
    put_day(&cells->text, flag->expires);
    cells->paint = flag->expires <= listing->now          ? PAINT_HELD
                   : flag->expires - listing->now <= SOON ? PAINT_SOON
                                                          : "";
}

/* The widest columns but the names' give way until all fits; 0: there is no limit. */
static void fit_widths(size_t *widths, uint32_t columns, size_t limit)
{
    size_t all = 2 * (columns - 1u);
    for (uint32_t i = 0; i < columns; i++)
        all += widths[i];
    while (limit && all > limit) {
        uint32_t widest = 1;
        for (uint32_t i = 2; i < columns; i++)
            if (widths[i] > widths[widest])
                widest = i;
        if (widths[widest] <= LEAST_WIDTH)
            return;
        widths[widest]--;
        all--;
    }
}

/* `paint` may be NULL or empty. */
static void put_cell(const struct cell *cell, size_t width, const char *paint, bool last,
                     struct buffer *out)
{
    const char *text = cell->text.bytes;
    struct buffer cut = {0};
    if (terminal_width(text) > width) {
        const char *end = text;
        for (size_t used = 1; used <= width;) {
            const struct character next = character_at(end, text + cell->text.length);
            used += next.width;
            end += used <= width ? next.bytes : 0;
        }
        buffer_format(&cut, "%.*s…", (int)(end - text), text);
        text = cut.bytes;
    }
    bool painted = paint && *paint;
    buffer_append_text(out, painted ? paint : "");
    buffer_append_text(out, text);
    buffer_append_text(out, painted ? PAINT_END : "");
    if (last)
        buffer_append_text(out, "\n");
    else
        terminal_pad(out, text, width + 2);
    buffer_release(&cut);
}

static void write_table(const struct listing *listing, struct buffer *out)
{
    const struct project *project = listing->project;
    uint32_t columns = column_count(listing), rows = 1;
    struct cell *cells = xcalloc((size_t)columns * (project->flag_count + 1u), sizeof *cells);
    add_head(listing, cells);
    for (uint32_t i = 0; i < project->flag_count; i++) {
        if (is_selected(listing, project->flags[i]))
            add_row(listing, project->flags[i], cells + (size_t)columns * rows++);
    }
    size_t *widths = xcalloc(columns, sizeof *widths);
    for (size_t i = 0; i < (size_t)columns * rows; i++) {
        size_t width = terminal_width(cells[i].text.bytes);
        if (width > widths[i % columns])
            widths[i % columns] = width;
    }
    fit_widths(widths, columns, terminal_columns(stdout));
    for (size_t i = 0; i < (size_t)columns * rows; i++) {
        put_cell(&cells[i], widths[i % columns], listing->color ? cells[i].paint : NULL,
                 i % columns == columns - 1u, out);
        buffer_release(&cells[i].text);
    }
    free(widths);
    free(cells);
}

static void write_standings(const struct listing *listing, const struct flag *flag,
                            struct buffer *out)
{
    const struct project *project = listing->project;
    field_object(out, "environments");
    for (uint32_t i = 0; i < project->environments.count; i++) {
        if (!shows_environment(listing, i))
            continue;
        field_object(out, project->environments.items[i].text);
        const struct standing standing = standing_of(&listing->standings, flag, i);
        write_standing_fields(&standing, out);
        buffer_append_text(out, "}");
    }
    buffer_append_text(out, "}");
}

/* One line per flag. */
static void write_json(const struct listing *listing, const struct flag *flag, struct buffer *out)
{
    buffer_append_text(out, "{\"format_version\":1");
    write_flag_fields(listing->project, flag, out);
    write_standings(listing, flag, out);
    buffer_append_text(out, "}\n");
}

/* -------------------------------------------------------------------------------- prometheus -- */

/* A gauge for each flag and environment, where it has a value. */
struct gauge {
    const char *name, *help;
    bool (*read)(const struct standing *standing, double *value);
};

static bool read_enabled(const struct standing *standing, double *value)
{
    *value = standing_is_effective(standing);
    return !standing->flag->faulty;
}

static bool read_percent(const struct standing *standing, double *value)
{
    uint32_t thousandths;
    bool known = standing_percent(standing, &thousandths);
    *value = thousandths / 1000.0;
    return known;
}

static const struct canary *canary_of(const struct standing *standing)
{
    return standing->flag->faulty ? NULL : standing->targeting->canary;
}

static bool read_canary(const struct standing *standing, double *value)
{
    const struct canary *canary = canary_of(standing);
    *value = canary && canary->state == CANARY_RUNNING && standing_is_effective(standing);
    return canary != NULL;
}

/* Counted from 1; 0: it has not begun, or was rolled back. */
static bool read_stage(const struct standing *standing, double *value)
{
    const struct canary *canary = canary_of(standing);
    bool begun = canary && canary->state != CANARY_PENDING && canary->state != CANARY_ROLLED_BACK;
    *value = !begun                             ? 0
             : canary->state == CANARY_COMPLETE ? canary->stage_count
                                                : canary->stage + 1;
    return canary != NULL;
}

static bool read_stage_percent(const struct standing *standing, double *value)
{
    const struct canary *canary = canary_of(standing);
    double stage;
    if (!read_stage(standing, &stage))
        return false;
    bool all = stage > 0 && (canary->instant || canary->state == CANARY_COMPLETE);
    *value = all ? 100 : stage > 0 ? canary->stages[canary->stage].percent / 1000.0 : 0;
    return true;
}

static const struct gauge gauges[] = {
    {"ffc_flag_enabled",
     "Whether the flag's rules decide: it is enabled, and no override hides it.", read_enabled},
    {"ffc_flag_rollout_percent",
     "The share of units that get something else than the default; absent where conditions decide.",
     read_percent},
    {"ffc_canary_active", "Whether the canary is running, and nothing hides it.", read_canary},
    {"ffc_canary_stage", "The canary's stage, from 1; 0 before the first and after a rollback.",
     read_stage},
    {"ffc_canary_percent", "The percentage of the canary's stage.", read_stage_percent}};

static void write_sample(const struct listing *listing, const struct gauge *gauge,
                         const struct flag *flag, uint32_t environment, struct buffer *out)
{
    double value;
    const struct project *project = listing->project;
    const struct standing standing = standing_of(&listing->standings, flag, environment);
    if (!gauge->read(&standing, &value))
        return;
    terminal_format(out, "%s{project=\"", gauge->name);
    prometheus_append(out, project->name);
    buffer_append_text(out, "\",environment=\"");
    prometheus_append(out, project->environments.items[environment].text);
    buffer_append_text(out, "\",flag=\"");
    prometheus_append(out, flag->name.text);
    buffer_append_text(out, "\"} ");
    json_write_number(out, value);
    buffer_append_text(out, "\n");
}

static void write_prometheus(const struct listing *listing, struct buffer *out)
{
    const struct project *project = listing->project;
    for (size_t i = 0; i < sizeof gauges / sizeof *gauges; i++) {
        terminal_format(out, "# HELP %s %s\n# TYPE %s gauge\n", gauges[i].name, gauges[i].help,
                        gauges[i].name);
        for (uint32_t j = 0; j < project->flag_count; j++)
            for (uint32_t k = 0; k < project->environments.count; k++)
                if (is_selected(listing, project->flags[j]) && shows_environment(listing, k))
                    write_sample(listing, &gauges[i], project->flags[j], k, out);
    }
}

/* ----------------------------------------------------------------------------------- command -- */

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
    return found ? EXIT_FINE : EXIT_INPUT;
}

/* Where not all could be read, what is missing may have it. */
static int check_words(const struct listing *listing)
{
    const struct project *project = listing->project;
    if (project->diagnostics.errors > 0)
        return EXIT_FINE;
    for (int i = 0; i < listing->glob_count; i++)
        if (check_said(project, SAID_NAME, listing->globs[i]))
            return EXIT_INPUT;
    for (size_t i = 0; i < listing->owners.count; i++)
        if (check_said(project, SAID_OWNER, listing->owners.items[i]))
            return EXIT_INPUT;
    for (size_t i = 0; i < listing->tags.count; i++)
        if (check_said(project, SAID_TAG, listing->tags.items[i]))
            return EXIT_INPUT;
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
    if (listing->prometheus)
        write_prometheus(listing, &out);
    else if (!listing->json)
        write_table(listing, &out);
    if (out.length > 0 && !write_stdout(&list_command, &out))
        status = EXIT_JOB;
    buffer_release(&out);
    return status;
}

static int list_project(struct listing *listing)
{
    standings_init(&listing->standings, listing->project, listing->now);
    int status = list(listing);
    standings_release(&listing->standings);
    return status;
}

#define LIST_FORMATS(X)              \
    X(LIST_TEXT, "text")             \
    X(LIST_JSON, "json")             \
    X(LIST_PROMETHEUS, "prometheus") \
    X(LIST_SARIF, "sarif")           \
    X(LIST_GITHUB, "github")
enum list_format { LIST_FORMATS(WORDS_MEMBER) };
static const char *const list_format_words[] = WORDS(LIST_FORMATS);

/* Of the list; json, sarif and github are those of diagnostics, too, as for other commands. */
static int read_format(struct listing *listing, struct project_choice *choice, const char *format)
{
    int found = words_find(list_format_words, format);
    if (found < 0)
        return report_lack(&list_command, "there is no format", format, list_format_words,
                           words_count(list_format_words));
    listing->prometheus = found == LIST_PROMETHEUS;
    choice->format = found == LIST_JSON     ? DIAGNOSTIC_JSON
                     : found == LIST_SARIF  ? DIAGNOSTIC_SARIF
                     : found == LIST_GITHUB ? DIAGNOSTIC_GITHUB
                                            : DIAGNOSTIC_TEXT;
    return EXIT_FINE;
}

static int run(int argc, char **argv)
{
    struct listing listing = {.now = clock_now()};
    struct project_choice choice = {0};
    struct option_word format = {NULL, list_format_words};
    const struct option options[] = {
        DIRECTORY_OPTION(choice.directory),
        ENVIRONMENT_OPTION(listing.environment, "only the column of this environment"),
        {"kind", 0, OPTION_TEXTS, &listing.kinds, "KIND", "only these kinds; may be repeated"},
        {"owner", 0, OPTION_TEXTS, &listing.owners, "NAME", "only these owners"},
        {"tag", 0, OPTION_TEXTS, &listing.tags, "TAG", "only flags with one of these tags"},
        JSON_OPTION(listing.json, "one JSON object per flag and line"),
        FORMAT_OPTION(format, "prometheus: gauges for a textfile collector; else of diagnostics"),
        AT_OPTION(listing.now, "the clock [now]"),
        COLOR_OPTION(choice.color),
    };
    int status;
    listing.glob_count = options_parse(&list_command, options, sizeof options / sizeof *options,
                                       argc, argv, &status);
    if (listing.glob_count < 0)
        return status;
    listing.globs = argv + 1;
    listing.color = use_color(choice.color, stdout);
    if (format.text && read_format(&listing, &choice, format.text) != EXIT_FINE)
        return EXIT_JOB;
    listing.project = project_load(choice.directory, listing.now);
    status = check_kinds(&listing);
    note_aside(listing.project->directory);
    if (status == EXIT_FINE)
        status = list_project(&listing);
    int unread = show_unread(listing.project, choice.format, choice.color);
    status = status == EXIT_FINE ? unread : status;
    project_free(listing.project);
    return status;
}

const struct command list_command = {
    .name = "list",
    .summary = "list flags, and their state in every environment",
    .usage = "[GLOB…] [-C DIR] [-e ENV] [--kind KIND] [--owner NAME] [--tag TAG] [--json | "
             "--format prometheus]",
    .examples = "  ffc list                        all flags of the project\n"
                "  ffc list 'canary.*' -e production\n"
                "  ffc list --owner payments --json | jq -r .flag\n"
                "  ffc list --format prometheus > /var/lib/node_exporter/flags.prom\n",
    .run = run,
};
