/* health_text.c - the page for people. See health_page.h. */
#include <inttypes.h>

#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/base/arena.h"
#include "health_page.h"
#include "tools/ffreplay/commands/metrics/output.h"

static const char *served_text(const struct health_page *health, bool enabled)
{
    const struct served_counts *counted = health->counted;
    const struct targeting *targeting = counted->variants->targeting;
    uint64_t lines = 0, units = 0;
    for (uint32_t i = 0; i <= targeting->variant_count; i++) {
        if ((i != targeting->default_variant) != enabled)
            continue;
        lines += counted->lines[i];
        units += health->units->alone[i] << health->units->halvings;
    }
    return arena_format(health->replay->texts, "%" PRIu64 " lines of %" PRIu64 " units", lines,
                        units);
}

static const char *ratio_text(const struct health_page *health)
{
    const struct unit_ratio *ratio = &health->ratio;
    struct arena *arena = health->replay->texts;
    const char *text = "";
    for (uint32_t i = 0; i < ratio->count; i++)
        text = arena_format(arena, "%s%s%.0f %s (expected %.0f)", text, i > 0 ? ", " : "",
                            ratio->observed[i], health->groups[i], ratio->expected[i]);
    return arena_format(arena, "%s, p = %.2g", text, ratio->anytime_p);
}

static const char *reasons_text(const struct health_page *health)
{
    const char *text = NULL;
    for (int i = 0; i < REASONS; i++)
        if (health->counted->reasons[i] > 0)
            text = arena_format(health->replay->texts, "%s%s%" PRIu64 " %s", text ? text : "",
                                text ? ", " : "", health->counted->reasons[i],
                                fflag_reason_text((enum fflag_reason)i));
    return text;
}

static void put_head(const struct health_page *health, const struct page *page)
{
    bool healthy = health->issues.count == 0;
    page_put(page, healthy ? PAGE_BOLD PAGE_GREEN : PAGE_BOLD PAGE_RED,
             healthy ? "healthy" : "unhealthy", 0);
    terminal_format(page->out, "  %s in %s\n\n", health->counted->variants->flag->name.text,
                    health->environment);
    if (health->verdict)
        page_fact(page, "stage",
                  arena_format(page->arena, "%s, %s", health->verdict->stage->name.text,
                               percent_text(page->arena, health->verdict->stage->percent)));
}

void health_page_text(const struct health_page *health, const struct page *page)
{
    const struct table *table = health->table;
    put_head(health, page);
    page_fact(page, "enabled", served_text(health, true));
    page_fact(page, "disabled", served_text(health, false));
    if (reasons_text(health))
        page_fact(page, "reasons", reasons_text(health));
    if (health->ratio.known)
        page_fact(page, "units", ratio_text(health));
    if (origins_text(&health->counted->origins, page->arena))
        page_fact(page, "assigned", origins_text(&health->counted->origins, page->arena));
    if (table->used > 0)
        page_fact(page, "span",
                  arena_format(page->arena, "%s to %s", page_time(page, table->span.first),
                               page_time(page, table->span.last)));
    const struct output output = {table, health->replay, health->environment, page->arena};
    output_text_tables(&output, page);
    buffer_append_text(page->out, "\n");
    for (uint32_t i = 0; i < health->issues.count; i++)
        page_fact(page, i == 0 ? "issues" : "", health->issues.items[i]);
    if (health->issues.count == 0)
        page_fact(page, "issues", "none found");
    for (uint32_t i = 0; i < health->notes.count; i++)
        page_fact(page, i == 0 ? "notes" : "", health->notes.items[i]);
}
