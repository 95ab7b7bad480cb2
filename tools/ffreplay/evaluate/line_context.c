/* line_context.c - see line_context.h. */
#include "line_context.h"

#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/cli/messages.h"
#include "tools/ffreplay/logs/log_time.h"
#include "compiler/model/model.h"

bool log_tells_variants(const struct layout *layout)
{
    const struct log *log = layout->log;
    if (layout->variant != NO_PLACE || log->context_count > 0 || log->format == LOG_KAYENTA)
        return true;
    print_error_at(
        &layout->project->sources, log->span,
        "log '%s' does not show who was in which variant: it has neither 'variant' nor 'context'",
        log->name.text);
    print_help("map the attributes that decide the flag, e.g. context: {user_id: FIELD}");
    return false;
}

static bool add_field(struct line_context *line, struct layout *layout,
                      const struct log_field *mapped, fflag_store *const *stores, uint32_t count)
{
    const struct attribute *attribute = project_attribute(layout->project, mapped->name.text);
    if (!attribute)
        return print_error_at(&layout->project->sources, mapped->name.span,
                              "no attribute is called '%s'", mapped->name.text);
    struct context_field *field = ARENA_APPEND(layout->arena, line->fields, line->count);
    *field = (struct context_field){
        .declared = attribute, .type = attribute->type, .place = layout_path(layout, mapped->from)};
    /* One context serves all stores, which number attributes in the order of the calls. */
    for (uint32_t i = 0; i < count; i++) {
        fflag_attr found = fflag_attribute(stores[i], mapped->name.text);
        if (found == FFLAG_NO_ATTR || (i > 0 && found != field->attribute))
            return print_error_at(&layout->project->sources, mapped->name.span,
                                  "a context holds at most %d attributes", FFLAG_CONTEXT_SLOTS);
        field->attribute = found;
    }
    if (attribute->type == FFLAG_ATTRIBUTE_NUMBER)
        layout_use_number(layout, field->place);
    return true;
}

bool line_context_prepare(struct line_context *line, struct layout *layout,
                          fflag_store *const *stores, uint32_t count)
{
    const struct log *log = layout->log;
    *line = (struct line_context){0};
    for (uint32_t i = 0; i < log->context_count; i++)
        if (!add_field(line, layout, &log->context[i], stores, count))
            return false;
    return true;
}

uint32_t line_context_place(const struct line_context *line, const struct attribute *attribute)
{
    for (uint32_t i = 0; i < line->count; i++)
        if (line->fields[i].declared == attribute)
            return line->fields[i].place;
    return NO_PLACE;
}

static void set_attribute(fflag_context *context, const struct context_field *field,
                          const struct event *event)
{
    const struct value *value = &event->values[field->place];
    int64_t ms;
    if (value->kind == VALUE_LIST) {
        if (field->type == FFLAG_ATTRIBUTE_STRINGS)
            (void)fflag_set_strings(context, field->attribute, value->items, value->length);
        return;
    }
    if (value->kind == VALUE_NULL)
        (void)fflag_set_null(context, field->attribute);
    if (value_is_absent(value) || value->kind == VALUE_OTHER)
        return;
    switch (field->type) {
    case FFLAG_ATTRIBUTE_NUMBER:
        if (event->numbers[field->place].state == NUMBER_GIVEN)
            (void)fflag_set_number(context, field->attribute, event->numbers[field->place].number);
        break;
    case FFLAG_ATTRIBUTE_BOOLEAN:
        if (value->length == 4 && memcmp(value->text, "true", 4) == 0)
            (void)fflag_set_boolean(context, field->attribute, true);
        else if (value->length == 5 && memcmp(value->text, "false", 5) == 0)
            (void)fflag_set_boolean(context, field->attribute, false);
        break;
    case FFLAG_ATTRIBUTE_TIME:
        if (value_time(value, TIME_AUTO, &ms))
            (void)fflag_set_time(context, field->attribute, ms);
        break;
    case FFLAG_ATTRIBUTE_VERSION: /* of the loose scheme, no setter knows */
        (void)(field->declared->scheme == SCHEME_LOOSE ? fflag_set_string : fflag_set_version)(
            context, field->attribute, value->text, value->length);
        break;
    case FFLAG_ATTRIBUTE_IP:
        (void)fflag_set_ip(context, field->attribute, value->text, value->length);
        break;
    case FFLAG_ATTRIBUTE_STRING:
    case FFLAG_ATTRIBUTE_STRINGS: /* a single value here: a list was set above */
        (void)fflag_set_string(context, field->attribute, value->text, value->length);
    }
}

static bool is_readable(const struct context_field *field, const struct event *event)
{
    return field->type != FFLAG_ATTRIBUTE_NUMBER ||
           event->numbers[field->place].state != NUMBER_UNREADABLE;
}

bool line_context_fill(struct line_context *line, const struct event *event)
{
    fflag_context_init(&line->context);
    fflag_set_now(&line->context, event->time);
    for (uint32_t i = 0; i < line->count; i++) {
        line->unreadable = line->fields[i].place;
        if (!is_readable(&line->fields[i], event))
            return false;
        set_attribute(&line->context, &line->fields[i], event);
    }
    return true;
}
