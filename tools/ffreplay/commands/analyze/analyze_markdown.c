/* analyze_markdown.c - the page for a pull request. See analyze_page.h. */
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
}
