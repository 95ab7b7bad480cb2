/* analyze_by.c - see analyze_by.h. */
#include "analyze_by.h"

#include <assert.h>
#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/model/model.h"
#include "tools/ffreplay/analysis/breakdown.h"
#include "tools/ffreplay/commands/commands.h"
#include "tools/ffreplay/commands/usage_checks.h"
#include "tools/ffreplay/metrics/grouping.h"

/* As `ffreplay metrics` reads it, but of fields only, each for itself. Several are as one list. */
static bool parse_by(struct grouping *grouping, const struct option_texts *by, struct arena *arena)
{
    const char *list = "", *why;
    for (size_t i = 0; i < by->count; i++)
        list = arena_format(arena, "%s%s%s", list, i > 0 ? "," : "", by->items[i]);
    *grouping = (struct grouping){.text = list};
    if (by->count == 0)
        return true;
    if (!grouping_parse(grouping, list, arena, &why)) {
        usage_error(&analyze_command, "--by '%s': %s", list, why);
        return false;
    }
    for (uint32_t i = 0; i < grouping->count; i++)
        if (grouping->dimensions[i].kind != BY_FIELD) {
            usage_error(&analyze_command,
                        "--by %s: units are grouped by a field of the log that exposes them, and "
                        "'%s' is none",
                        list, grouping->dimensions[i].name);
            return false;
        }
    return true;
}

static bool shows_private(const struct layout *layout, const char *name, uint32_t place)
{
    if (!layout_hides(layout, place))
        return false;
    report_private(&analyze_command, name, name, layout->log);
    return true;
}

static const uint32_t *add_field(const char *name, struct replay *replay,
                                 struct exposures *exposures)
{
    struct unit_fields *fields = &exposures->fields;
    uint32_t logs = replay->project->log_count;
    uint32_t *places = ARENA_ARRAY(replay->texts, uint32_t, logs);
    for (uint32_t log = 0; log < logs; log++)
        places[log] =
            exposures->tells[log] ? unit_field_place(&replay->layouts[log], name) : NO_PLACE;
    fields->items[fields->count].name = name;
    fields->items[fields->count++].places = places;
    return places;
}

bool analyze_by_prepare(const struct option_texts *by, bool show_private, struct replay *replay,
                        struct exposures *exposures, bool *by_day)
{
    static_assert(MOST_DIMENSIONS < UNIT_FIELDS_MOST, "units have values of all of them");
    struct unit_fields *fields = &exposures->fields;
    uint32_t logs = replay->project->log_count;
    struct grouping grouping;
    if (!parse_by(&grouping, by, replay->texts))
        return false;
    for (uint32_t i = 0; i < grouping.count; i++) {
        const char *name = grouping.dimensions[i].name;
        if (strcmp(name, BY_DAY_SINCE_EXPOSURE) == 0) {
            *by_day = true;
            continue;
        }
        const uint32_t *places = add_field(name, replay, exposures);
        for (uint32_t log = 0; log < logs; log++)
            if (exposures->tells[log] && !show_private &&
                shows_private(&replay->layouts[log], name, places[log]))
                return false;
    }
    fields->shown = fields->count;
    return true;
}

uint32_t analyze_by_stratify(const char *name, struct replay *replay, struct exposures *exposures)
{
    for (uint32_t i = 0; i < exposures->fields.count; i++)
        if (strcmp(exposures->fields.items[i].name, name) == 0)
            return i;
    add_field(name, replay, exposures);
    return exposures->fields.count - 1;
}

/* What a field of the logs that expose units can be called, as far as they say. */
static const char **field_names(const struct replay *replay, const struct exposures *exposures,
                                uint32_t *count)
{
    const struct project *project = replay->project;
    struct arena *arena = replay->texts;
    const char **names = NULL;
    *count = 0;
    for (uint32_t i = 0; i < project->log_count; i++) {
        const struct log *log = project->logs[i];
        const char *const *built_in = log_format_fields(log->format);
        for (uint32_t j = 0; exposures->tells[i] && j < log->context_count; j++)
            *ARENA_APPEND(arena, names, *count) = log->context[j].name.text;
        for (uint32_t j = 0; exposures->tells[i] && j < log->field_count; j++)
            *ARENA_APPEND(arena, names, *count) = log->fields[j].name.text;
        for (; exposures->tells[i] && built_in && *built_in; built_in++)
            *ARENA_APPEND(arena, names, *count) = *built_in;
    }
    return names;
}

bool analyze_by_was_seen(const struct replay *replay, const struct exposures *exposures)
{
    for (uint32_t i = 0; i < exposures->fields.count; i++) {
        const char *name = exposures->fields.items[i].name;
        if (exposures->names[i].names.too_many) {
            job_error(&analyze_command, "%s %s makes more than %d groups",
                      i < exposures->fields.shown ? "--by" : "'stratify' by", name,
                      UNIT_VALUES_MOST);
            print_help("group by a field with fewer values");
            return false;
        }
        if (exposures->names[i].names.count > 0)
            continue;
        uint32_t count;
        const char **names = field_names(replay, exposures, &count);
        report_lack(&analyze_command, "no line that exposes a unit has a field", name, names,
                    count);
        print_help("a field is called as in the log's lines, in its 'fields' or in its 'context'");
        return false;
    }
    return true;
}
