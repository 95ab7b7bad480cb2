/*
 * health_page.h - a flag's health: what was served and measured, and what is wrong.
 */
#ifndef FFREPLAY_HEALTH_PAGE_H
#define FFREPLAY_HEALTH_PAGE_H

#include "served_counts.h"
#include "tools/ffreplay/canary/verdict.h"
#include "tools/ffreplay/commands/metrics/table.h"
#include "tools/ffreplay/page/page.h"

struct buffer;

struct health_page {
    const struct replay *replay;
    const char *environment;
    const struct served_counts *counted;
    const struct unit_counts *units, *divided; /* of its shares, and of its division */
    const struct table *table;                 /* of all lines, and by variant */
    struct verdict *verdict; /* of a canary that is running or paused; else NULL */

    /* What is found; texts are the replay's. */
    struct sentences issues; /* none: healthy */
    struct sentences notes;
    struct unit_ratio ratio; /* of canary and control, or of a division's arms */
    const char *groups[UNIT_GROUPS];
};

void health_page_judge(struct health_page *page);

void health_page_json(const struct health_page *page, struct buffer *out);
void health_page_text(const struct health_page *health, const struct page *page);

#endif
