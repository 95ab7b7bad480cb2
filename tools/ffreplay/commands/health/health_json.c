/* health_json.c - the page for programs. See health_page.h. */
#include "compiler/base/buffer.h"
#include "health_page.h"
#include "compiler/base/json.h"
#include "tools/ffreplay/commands/metrics/output.h"
#include "tools/ffreplay/report/json_input.h"
#include "tools/ffreplay/report/report.h"

/* Beyond 65,536 units, only a known fraction of them is counted. */
static void put_served(struct buffer *out, uint64_t lines, uint64_t units)
{
    field_count(out, "lines", lines);
    field_count(out, "units", units);
}

static void put_counts(const struct health_page *page, struct buffer *out)
{
    const struct served_counts *counted = page->counted;
    const struct targeting *targeting = counted->variants->targeting;
    unsigned halvings = page->units->halvings;
    uint64_t lines[2] = {0}, units[2] = {0};
    for (uint32_t i = 0; i <= targeting->variant_count; i++) {
        bool enabled = i != targeting->default_variant;
        lines[enabled] += counted->lines[i];
        units[enabled] += page->units->alone[i] << halvings;
    }
    field_object(out, "enabled");
    put_served(out, lines[1], units[1]);
    buffer_append_text(out, "}");
    field_object(out, "disabled");
    put_served(out, lines[0], units[0]);
    buffer_append_text(out, "}");
    field_object(out, "variants");
    for (uint32_t i = 0; i <= targeting->variant_count; i++) {
        if (i == targeting->variant_count && !counted->lines[i])
            continue;
        field_object(out, variant_text(counted->variants, i));
        put_served(out, counted->lines[i], page->units->alone[i] << halvings);
        buffer_append_text(out, "}");
    }
    buffer_append_text(out, "}");
    field_count(out, "units_in_several", page->units->several << halvings);
    field_object(out, "reasons");
    for (int i = 0; i < REASONS; i++)
        if (counted->reasons[i] > 0)
            field_count(out, fflag_reason_text((enum fflag_reason)i), counted->reasons[i]);
    buffer_append_text(out, "}");
}

/* The group of this variant; NULL if it has no lines. */
static const struct group *group_of(const struct table *table, uint32_t grouping, uint32_t variant)
{
    const struct line_facts facts = {.variant = variant};
    unsigned char key[LONGEST_KEY];
    size_t length = grouping_key(&table->groupings[grouping], &facts, key);
    return groups_look_up(&table->groups[grouping], key, length);
}

static void put_metric(const struct health_page *page, const struct measure *measure,
                       struct buffer *out)
{
    const struct table *table = page->table;
    const struct targeting *targeting = page->counted->variants->targeting;
    field_object(out, measure->metric->name.text);
    json_write_key(out, "all");
    const struct group *all = group_of(table, 0, NO_PLACE);
    struct row row;
    if (all) {
        row = table_row(table, &table->groupings[0], all, measure);
        output_json_row(&row, out);
    } else {
        buffer_append_text(out, "null");
    }
    field_object(out, "variants");
    for (uint32_t i = 0; i <= targeting->variant_count; i++) {
        const struct group *group = group_of(table, 1, i);
        if (!group)
            continue;
        row = table_row(table, &table->groupings[1], group, measure);
        json_write_key(out, variant_text(page->counted->variants, i));
        output_json_row(&row, out);
    }
    buffer_append_text(out, "}}");
}

static void put_canary(const struct health_page *page, struct buffer *out)
{
    if (!page->verdict) {
        field_text(out, "stage", NULL);
        field_array(out, "criteria");
        buffer_append_text(out, "]");
        return;
    }
    const struct subject *subject = &page->verdict->analysis->subject;
    field_object(out, "stage");
    field_text(out, "name", page->verdict->stage->name.text);
    field_number(out, "percent", true, page->verdict->stage->percent / 1000.0);
    field_text(out, "state", canary_state_words[subject->canary->state]);
    field_time(out, "since", page->verdict->analysis->since);
    buffer_append_text(out, "}");
    json_write_key(out, "criteria");
    report_json_criteria(page->verdict, out);
}

void health_page_json(const struct health_page *page, struct buffer *out)
{
    const struct table *table = page->table;
    char build[FLAG_BUILD_TEXT];
    flag_variants_build(page->counted->variants, build);
    buffer_append_text(out, "{");
    field_count(out, "format_version", 1);
    field_text(out, "flag", page->counted->variants->flag->name.text);
    field_text(out, "environment", page->environment);
    field_truth(out, "healthy", page->issues.count == 0);
    report_json_sentences(&page->issues, "issues", out);
    if (page->notes.count > 0)
        report_json_sentences(&page->notes, "notes", out);
    put_counts(page, out);
    report_json_ratio(&page->ratio, out);
    field_object(out, "metrics");
    for (uint32_t i = 0; i < table->measure_count; i++)
        put_metric(page, &table->measures[i], out);
    buffer_append_text(out, "}");
    put_canary(page, out);
    field_object(out, "input");
    field_input(out, page->replay, table->used);
    field_time(out, "first", table->span.first);
    field_time(out, "last", table->span.last);
    field_digest(out, &page->counted->digest);
    buffer_append_text(out, "}");
    field_assignment(out, &page->counted->origins);
    field_text(out, "build", build);
    buffer_append_text(out, "}\n");
}
