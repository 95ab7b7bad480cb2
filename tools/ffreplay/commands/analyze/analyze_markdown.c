/* analyze_markdown.c - the page for a pull request. See analyze_page.h. */
#include <inttypes.h>
#include <math.h>

#include "analyze_page.h"
#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/model/model.h"

static const char *markdown_text(struct arena *arena, const char *text)
{
    struct buffer out = {0};
    markdown_append(&out, text);
    const char *kept = arena_format(arena, "%s", out.bytes ? out.bytes : "");
    buffer_release(&out);
    return kept;
}

static void put_items(struct buffer *out, struct arena *arena, const char *heading,
                      const struct sentence_list *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        terminal_format(out, "- %s%s\n", heading, markdown_text(arena, list->items[i]));
}

static void put_breakdown(const struct analyze_page *page, const struct breakdown *breakdown,
                          struct buffer *out, struct arena *arena)
{
    const struct conclusion *conclusion = page->conclusion;
    bool bayesian = conclusion->terms.judgement.method == ANALYSIS_BAYESIAN;
    uint32_t arms = conclusion->arms->count, control = conclusion->arms->control;
    terminal_format(out, "\n#### by %s\n\n", markdown_text(arena, breakdown->groups->name));
    terminal_format(out, "- %s\n- %s\n",
                    markdown_text(arena, breakdown_text(conclusion, breakdown, arena)),
                    interactions_hold_text(page->breakdowns, breakdown));
    for (uint32_t i = 0; i < conclusion->metric_count; i++)
        for (uint32_t arm = 0; arm < arms; arm++)
            if (arm != control && !breakdown->of_days)
                terminal_format(out, "- %s: %s\n",
                                markdown_text(arena, tested_name(conclusion, i, arm, arena)),
                                interaction_text(conclusion, breakdown, i, arm, arena));
    terminal_format(
        out,
        "\n| metric | variant | %s | units | control | value | change | interval | %s | "
        "verdict |\n| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |"
        "\n",
        markdown_text(arena, breakdown->groups->name), bayesian ? "better" : "p");
    for (uint32_t i = 0; i < conclusion->metric_count; i++)
        for (uint32_t arm = 0; arm < arms; arm++)
            for (uint32_t group = 0; arm != control && group < breakdown->groups->count; group++) {
                struct effect_words words = group_words_of(page, breakdown, i, group, arm, arena);
                terminal_format(out,
                                "| %s | %s | %s | %" PRIu64 " | %s | %s | %s | %s | %s | %s |\n",
                                markdown_text(arena, words.metric),
                                markdown_text(arena, conclusion->names[arm]),
                                markdown_text(arena, words.variant),
                                breakdown->groups->items[group].units, words.control_value,
                                words.value, words.change, words.interval, words.p, words.verdict);
            }
}

void analyze_markdown(const struct analyze_page *page, struct buffer *out, struct arena *arena)
{
    const struct conclusion *conclusion = page->conclusion;
    bool bayesian = conclusion->terms.judgement.method == ANALYSIS_BAYESIAN;
    terminal_format(out, "### %s: %s in %s\n\n",
                    markdown_text(arena, headline_of(conclusion, arena)),
                    markdown_text(arena, page->variants->flag->name.text),
                    markdown_text(arena, page->environment));
    put_items(out, arena, "", &conclusion->reasons);
    put_items(out, arena, "**issue**: ", &conclusion->issues);
    const char *left = left_text(conclusion, arena);
    if (left)
        terminal_format(out, "- left: %s\n", left);
    terminal_format(out, "- units: %s\n", markdown_text(arena, units_text(conclusion, arena)));
    terminal_format(out, "- method: %s\n", markdown_text(arena, method_text(conclusion, arena)));
    const char *assigned = origins_text(&conclusion->exposures->origins, arena);
    if (assigned)
        terminal_format(out, "- assigned: %s\n", assigned);
    put_items(out, arena, "", &conclusion->notes);
    terminal_format(out,
                    "\n| metric | role | variant | control | value | change | interval | %s | "
                    "verdict |\n| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | --- |\n",
                    bayesian ? "better" : "p");
    for (uint32_t i = 0; i < conclusion->metric_count; i++)
        for (uint32_t arm = 0; arm < conclusion->arms->count; arm++) {
            if (arm == conclusion->arms->control)
                continue;
            struct effect_words words = effect_words_of(page, i, arm, arena);
            bool changed = i == 0 && page->settled->start.primary_changed;
            terminal_format(out, "| %s | %s%s | %s | %s | %s | %s | %s | %s | %s |\n",
                            markdown_text(arena, words.metric),
                            metric_role_words[conclusion->metrics[i].role],
                            changed ? " (changed)" : "", markdown_text(arena, words.variant),
                            words.control_value, words.value, words.change, words.interval, words.p,
                            words.verdict);
        }
    for (uint32_t i = 0; i < page->breakdowns->count; i++)
        put_breakdown(page, &page->breakdowns->items[i], out, arena);
}
