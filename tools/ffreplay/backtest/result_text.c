/* result_text.c - the page: policies side by side, then the way of each. */
#include <inttypes.h>
#include <string.h>

#include "result.h"

#define BOLD   "\033[1m"
#define RED    "\033[31m"
#define GREEN  "\033[32m"
#define YELLOW "\033[33m"
#define PLAIN  "\033[0m"

#define PAGE_WIDTH 100
#define TIME_WIDTH 24

struct page {
    const struct result *result;
    struct arena arena;
    struct buffer *out;
    bool color;
};

static size_t width_of(const char *text)
{
    size_t width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

/* Filled up with spaces to the width, which may be 0. */
static void cell(struct page *page, const char *color, const char *text, size_t width)
{
    size_t used = width_of(text);
    if (page->color && color)
        buffer_format(page->out, "%s%s%s", color, text, PLAIN);
    else
        buffer_append_text(page->out, text);
    buffer_format(page->out, "%*s", width > used ? (int)(width - used) : 0, "");
}

static const char *time_of(struct page *page, int64_t ms)
{
    char text[32];
    format_time(ms, text, sizeof text);
    return arena_copy(&page->arena, text, strlen(text));
}

static const char *name_of(const struct result *result, uint32_t policy)
{
    return result->names[policy] ? result->names[policy] : "the project's policy";
}

static const char *end_color(const struct player *player)
{
    switch (player->canary->state) {
    case CANARY_COMPLETE:
        return BOLD GREEN;
    case CANARY_ROLLED_BACK:
        return BOLD RED;
    case CANARY_PAUSED:
        return BOLD YELLOW;
    default:
        return BOLD;
    }
}

static const char *end_text(struct page *page, const struct player *player)
{
    if (player->canary->state == CANARY_COMPLETE)
        return "complete";
    return arena_format(&page->arena, "%s in %s",
                        player->canary->state == CANARY_ROLLED_BACK ? "rolled back"
                                                                    : player_end_text(player),
                        player->canary->stages[player->canary->stage].name.text);
}

/* ------------------------------------------------------------------------------ side by side -- */

enum column { POLICY, ENDS, AFTER, FOUND, REQUESTS, UNITS, FALSE_ALARM, COLUMNS };

static const char *after_text(struct page *page, const struct player *player)
{
    bool ended =
        player->canary->state == CANARY_COMPLETE || player->canary->state == CANARY_ROLLED_BACK;
    if (!ended)
        return "-";
    return duration_text(&page->arena, player->turns[player->turn_count - 1].time - player->began);
}

static void fill_row(struct page *page, const struct player *player, const char *name,
                     const char **row)
{
    bool knows = play_knows_harm(player->options);
    row[POLICY] = name;
    row[ENDS] = end_text(page, player);
    row[AFTER] = after_text(page, player);
    row[FOUND] =
        player_detection(player) ? duration_text(&page->arena, player_detection_time(player)) : "-";
    row[REQUESTS] = arena_format(&page->arena, "%" PRIu64, player->exposure.requests);
    row[UNITS] = player->exposure.knows_units
                     ? arena_format(&page->arena, "%" PRIu64, player->exposure.units.count)
                     : "-";
    row[FALSE_ALARM] = !knows ? "-" : player_is_false_alarm(player) ? "yes" : "no";
}

static void comparison(struct page *page)
{
    const struct result *result = page->result;
    const char *(*rows)[COLUMNS] = arena_alloc(&page->arena, (result->count + 1) * sizeof *rows);
    const char *const headings[COLUMNS] = {"policy",   "ends",  "after",         "harm found after",
                                           "requests", "units", "false rollback"};
    memcpy(rows[0], headings, sizeof headings);
    size_t widths[COLUMNS] = {0};
    for (uint32_t i = 0; i < result->count; i++)
        fill_row(page, &result->players[i], name_of(result, i), rows[i + 1]);
    for (uint32_t i = 0; i <= result->count; i++)
        for (int j = 0; j < COLUMNS; j++)
            if (width_of(rows[i][j]) > widths[j])
                widths[j] = width_of(rows[i][j]);
    for (uint32_t i = 0; i <= result->count; i++) {
        buffer_append_text(page->out, "  ");
        for (int j = 0; j < COLUMNS; j++)
            cell(page, i > 0 && j == ENDS ? end_color(&result->players[i - 1]) : NULL, rows[i][j],
                 j < COLUMNS - 1 ? widths[j] + 2 : 0);
        buffer_append_text(page->out, "\n");
    }
    buffer_append_text(page->out, "\n");
}

/* ----------------------------------------------------------------------------------- the way -- */

/* Broken between words, from a column on. */
static void sentence(struct page *page, size_t indent, const char *text)
{
    size_t column = indent;
    for (const char *word = text; *word;) {
        size_t length = strcspn(word, " ");
        size_t width = width_of(arena_copy(&page->arena, word, length));
        if (word > text && column + 1 + width > PAGE_WIDTH) {
            buffer_format(page->out, "\n%*s", (int)indent, "");
            column = indent;
        } else if (word > text) {
            buffer_append_text(page->out, " ");
            column++;
        }
        buffer_append(page->out, word, length);
        column += width;
        word += length;
        word += strspn(word, " ");
    }
    buffer_append_text(page->out, "\n");
}

static void way_row(struct page *page, int64_t time, const char *color, const char *what)
{
    buffer_append_text(page->out, "  ");
    cell(page, NULL, time_of(page, time), TIME_WIDTH + 2);
    cell(page, color, what, 10);
}

static const char *stage_text(struct page *page, const struct player *player,
                              const struct stage *stage)
{
    uint32_t percent = player->canary->instant ? PERCENT_ALL : stage->percent;
    return arena_format(&page->arena, "%s, %s", stage->name.text,
                        percent_text(&page->arena, percent));
}

static void turn(struct page *page, const struct player *player, const struct turn *turn)
{
    static const char *const colors[] = {GREEN, BOLD GREEN, NULL, YELLOW, BOLD RED};
    way_row(page, turn->time, colors[turn->decision.verdict],
            decision_verdict_text(turn->decision.verdict));
    buffer_format(page->out, "%s, after %s in %s (%s)\n",
                  turn->next
                      ? arena_format(&page->arena, "to %s", stage_text(page, player, turn->next))
                  : turn->left_to_person ? "left to a person"
                                         : stage_text(page, player, turn->stage),
                  duration_text(&page->arena, turn->elapsed), turn->stage->name.text,
                  decision_rule_text(turn->decision.rule));
    buffer_format(page->out, "%*s", TIME_WIDTH + 14, "");
    sentence(page, TIME_WIDTH + 14, turn->reason);
}

static const struct stage *first_stage(const struct player *player)
{
    return player->turn_count > 0 ? player->turns[0].stage
                                  : &player->canary->stages[player->canary->stage];
}

static void fact(struct page *page, const char *name, const char *text)
{
    buffer_format(page->out, "  %-8s  ", name);
    sentence(page, 12, text);
}

static const char *exposed_text(struct page *page, const struct player *player)
{
    const struct exposure *exposure = &player->exposure;
    const char *units = "";
    if (exposure->knows_units)
        units = arena_format(&page->arena, " of %" PRIu64 " unit%s", exposure->units.count,
                             exposure->units.count == 1 ? "" : "s");
    return arena_format(&page->arena, "%" PRIu64 " request%s%s in the canary%s", exposure->requests,
                        exposure->requests == 1 ? "" : "s", units,
                        player->options->harm_from == INT64_MIN ? "" : " since the harm began");
}

static void harm(struct page *page, const struct player *player)
{
    const struct play_options *options = player->options;
    struct arena *arena = &page->arena;
    const char *known = options->no_harm ? "there was none"
                        : options->harm_from == INT64_MIN
                            ? NULL
                            : arena_format(arena, "since %s", time_of(page, options->harm_from));
    const char *found = NULL;
    if (known && player_is_false_alarm(player))
        found = "a false rollback";
    else if (player_detection(player))
        found = arena_format(arena, "found after %s",
                             duration_text(arena, player_detection_time(player)));
    else if (known && !options->no_harm)
        found = "not found";
    if (known && found)
        fact(page, "harm", arena_format(arena, "%s: %s", known, found));
    else if (known)
        fact(page, "harm", known);
    fact(page, "served", exposed_text(page, player));
}

static void facts(struct page *page, const struct player *player)
{
    struct arena *arena = &page->arena;
    struct log_counts all = {0};
    for (uint32_t i = 0; i < player->project->log_count; i++)
        log_counts_add(&all, &player->replay.counts[i]);
    uint64_t bad = 0;
    for (int cause = 0; cause < BAD_CAUSE_COUNT; cause++)
        bad += all.bad[cause];
    harm(page, player);
    fact(page, "groups",
         player->logged ? "as the log says: a stage's percentage is what the log had, not what the "
                          "policy wants"
                        : "evaluated again, for the stage that the rollout stands at");
    fact(page, "looks",
         arena_format(arena, "%" PRIu64 ", every %s", player->looks,
                      duration_text(arena, player->options->interval)));
    fact(page, "input",
         arena_format(arena, "%" PRIu64 " lines: %" PRIu64 " bad, %" PRIu64 " too late", all.lines,
                      bad, player->timeline.late));
    fact(page, "span",
         arena_format(arena, "%s to %s", time_of(page, player->timeline.first),
                      time_of(page, player->timeline.last)));
    if (!player->last_reason)
        return;
    fact(page, "why", player->last_reason);
    fact(page, "would", player->last_would);
}

static void way(struct page *page, const struct player *player, const char *name)
{
    cell(page, end_color(player), end_text(page, player), 0);
    buffer_format(page->out, "  %s in %s%s%s\n\n", player->options->flag,
                  player->options->environment, name ? ", by " : "", name ? name : "");
    way_row(page, player->began, NULL, "start");
    buffer_format(page->out, "%s\n", stage_text(page, player, first_stage(player)));
    for (uint32_t i = 0; i < player->turn_count; i++)
        turn(page, player, &player->turns[i]);
    buffer_append_text(page->out, "\n");
    facts(page, player);
}

void result_text(const struct result *result, bool color, struct buffer *out)
{
    struct page page = {.result = result, .out = out, .color = color};
    if (result->count > 1)
        comparison(&page);
    for (uint32_t i = 0; i < result->count; i++) {
        if (i > 0)
            buffer_append_text(out, "\n");
        way(&page, &result->players[i], result->count > 1 ? name_of(result, i) : result->names[i]);
    }
    arena_release(&page.arena);
}
