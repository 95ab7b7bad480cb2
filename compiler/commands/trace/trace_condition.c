/*
 * trace_condition.c - conditions, entry by entry, with their values in the context.
 *
 * Each test is compiled alone, as the only rule of a temporary flag, and evaluated by the runtime.
 */
#include "compiler/base/memory.h"
#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"
#include "trace.h"
#include "compiler/base/calendar.h"
#include "compiler/base/zone.h"
#include "compiler/base/json.h"
#include "compiler/model/condition.h"
#include "compiler/model/declaration.h"
#include "compiler/model/flag.h"
#include "compiler/model/model.h"
#include "compiler/project/project.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST_OPERANDS 6 /* operands shown of a list */

/* What reads back as the same number; one that is a key, as its digits. */
static const char *number_text(struct tracer *tracer, double number)
{
    if (number == trunc(number) && fabs(number) <= 9007199254740992.0)
        return arena_format(&tracer->arena, "%.0f", number + 0.0);
    struct buffer text = {0};
    json_write_number(&text, number);
    const char *kept = arena_copy(&tracer->arena, text.bytes, text.length);
    buffer_release(&text);
    return kept;
}

bool is_hidden(const struct tracer *tracer, const struct attribute *attribute)
{
    return attribute->is_private && !tracer->show_private;
}

/* By its name: the context may have others than are declared. */
static bool is_hidden_value(const struct tracer *tracer, const char *attribute)
{
    const struct attribute *declared = project_attribute(tracer->project, attribute);
    return declared && is_hidden(tracer, declared);
}

const char *context_text(struct tracer *tracer, const char *attribute)
{
    const json_t *value = json_object_get(tracer->context, attribute);
    if (!value)
        return "absent";
    if (is_hidden_value(tracer, attribute))
        return HIDDEN_VALUE;
    if (json_is_real(value))
        return number_text(tracer, json_real_value(value));
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    const char *kept = arena_copy(&tracer->arena, text, strlen(text));
    free(text);
    return kept;
}

const char *key_text(struct tracer *tracer, const struct unit_key *by)
{
    const char *text = "";
    for (uint32_t i = 0; i < by->count; i++)
        text = arena_format(&tracer->arena, "%s%s%s", text, i ? ", " : "",
                            context_text(tracer, by->parts[i]->name.text));
    return text;
}

/* ------------------------------------------------------------------------ asking the runtime -- */

/* Whether a flag with this targeting serves `on` to the context. */
static bool ask(struct tracer *tracer, const struct targeting *targeting)
{
    struct project *project = tracer->project;
    struct project alone = *project;
    struct flag flag = {.name = {"~", NO_SPAN}, .type = FFLAG_TYPE_BOOLEAN};
    struct flag *flags[] = {&flag};
    flag.environments = xcalloc(project->environments.count, sizeof *flag.environments);
    flag.environments[tracer->environment] = *targeting;
    alone.flags = flags;
    alone.flag_count = 1;
    alone.override_count = 0;
    alone.selected = NULL;

    struct buffer bytes = {0}, problem = {0}, warnings = {0};
    struct snapshot snapshot = {0};
    struct context_reader reader;
    struct arena arena = {0};
    fflag_context context;
    bool holds = false;
    const char *environment = project->environments.items[tracer->environment].text;
    if (project_compile(&alone, environment, NULL, 0, &bytes) &&
        snapshot_open_memory(&snapshot, &bytes, &problem) == FFLAG_OK) {
        context_reader_init(&reader, project, &snapshot);
        fflag_context_init(&context);
        fflag_set_now(&context, tracer->now);
        read_context(&reader, tracer->context, &arena, &context, &warnings, &problem);
        holds = fflag_evaluate_name(snapshot.view, "~", &context).value.boolean;
        context_reader_release(&reader);
    }
    snapshot_close(&snapshot);
    arena_release(&arena);
    buffer_release(&bytes);
    buffer_release(&problem);
    buffer_release(&warnings);
    free(flag.environments);
    return holds;
}

static struct targeting probe(struct variant variants[3])
{
    variants[0] = (struct variant){.name = {"on", NO_SPAN}, .boolean = true};
    variants[1] = (struct variant){.name = {"off", NO_SPAN}};
    variants[2] = (struct variant){.name = {NO_VARIANT_NAME, NO_SPAN}};
    return (struct targeting){.enabled = true,
                              .salt = "~",
                              .variants = variants,
                              .variant_count = 2,
                              .default_variant = 1};
}

static bool test_holds(struct tracer *tracer, const struct condition *condition)
{
    struct variant variants[3];
    struct condition copy = *condition;
    struct rule rule = {.name = {"it", NO_SPAN}, .condition = &copy, .serve = 0};
    struct targeting targeting = probe(variants);
    targeting.rules = &rule;
    targeting.rule_count = 1;
    return ask(tracer, &targeting);
}

bool trace_users(struct tracer *tracer, const struct unit_key *by, const struct user_list *list)
{
    struct variant variants[3];
    struct user_list copy = *list;
    struct targeting targeting = probe(variants);
    copy.variant = 0;
    targeting.bucket_by = by;
    targeting.users = &copy;
    targeting.user_list_count = 1;
    return ask(tracer, &targeting);
}

/* --------------------------------------------------------------------------------- operators -- */

/* In the language's words, so that they can be found in the source. */
static const char *operator_text(const struct condition *test)
{
    const struct operator_info *spelling =
        operator_spelling(test->operator_kind, test->negate, test->attribute->type,
                          test->other ? 1 : test->operand_count);
    if (test->operator_kind == OPERATOR_IS_NULL)
        return test->negate ? "is not null" : "is null";
    if (operand_forms[spelling->form].shape == SHAPE_PRESENCE)
        return test->negate ? "is absent" : "is present";
    return spelling == operator_of_bare(false) ? "is" : spelling->name;
}

static void write_asked(const struct tracer *tracer, struct buffer *text,
                        const struct condition *test);

/* "{starts_with eu-, not_contains x}"; of a size that is given, the number. */
static void write_within(const struct tracer *tracer, struct buffer *text,
                         const struct condition *within)
{
    bool several = within->kind == CONDITION_ALL;
    if (!several && within->operator_kind == OPERATOR_EQ && !within->negate &&
        within->operand_count == 1 && within->attribute->type == FFLAG_ATTRIBUTE_NUMBER) {
        buffer_format(text, " %s", within->operands[0].source.text);
        return;
    }
    buffer_append_text(text, " {");
    for (uint32_t i = 0; i < (several ? within->child_count : 1); i++) {
        buffer_append_text(text, i ? ", " : "");
        write_asked(tracer, text, several ? within->children[i] : within);
    }
    buffer_append_text(text, "}");
}

/* The operator and what is written after it. */
static void write_asked(const struct tracer *tracer, struct buffer *text,
                        const struct condition *test)
{
    bool listed =
        (test->operand_count != 1 && test->operator_kind != OPERATOR_PRESENT &&
         test->operator_kind != OPERATOR_IS_NULL && !test->file && !test->within && !test->other) ||
        test->divisor;
    buffer_append_text(text, operator_text(test));
    if (test->divisor)
        buffer_format(text, " %" PRIu64 " in", test->divisor);
    if (test->within)
        write_within(tracer, text, test->within);
    if (test->file)
        buffer_format(text, " %s", test->file->path);
    if (test->other)
        buffer_format(text, " attribute %s", test->other->name.text);
    if (test->operand_count && is_hidden(tracer, test->attribute)) {
        buffer_format(text, " %u private value%s%s", test->operand_count,
                      test->operand_count == 1 ? "" : "s",
                      test->ignore_case ? ", ignoring case" : "");
        return;
    }
    if (test->operand_count || listed)
        buffer_format(text, listed ? " [" : " ");
    for (uint32_t i = 0; i < test->operand_count && i < MOST_OPERANDS; i++)
        buffer_format(text, "%s%s", i ? ", " : "", test->operands[i].source.text);
    if (test->operand_count > MOST_OPERANDS)
        buffer_format(text, ", and %u more", test->operand_count - MOST_OPERANDS);
    if (listed)
        buffer_format(text, "]");
    if (test->ignore_case && !test->within)
        buffer_format(text, ", ignoring case");
}

/* What the attribute is compared with, or its entries are; NULL: with no attribute. */
static const struct attribute *other_of(const struct condition *test)
{
    const struct condition *within = test->within;
    if (!within || within->kind != CONDITION_ALL)
        return within ? within->other : test->other;
    for (uint32_t i = 0; i < within->child_count; i++)
        if (within->children[i]->other)
            return within->children[i]->other;
    return NULL;
}

static const char *test_text(struct tracer *tracer, const struct condition *test)
{
    struct buffer text = {0};
    buffer_format(&text, "%s ", test->field.text);
    write_asked(tracer, &text, test);
    const char *kept = arena_copy(&tracer->arena, text.bytes, text.length);
    buffer_release(&text);
    return kept;
}

/* -------------------------------------------------------------------------------- conditions -- */

static bool trace_entry(struct tracer *tracer, struct step *parent,
                        const struct condition *condition);

static bool trace_children(struct tracer *tracer, struct step *parent,
                           const struct condition *condition)
{
    bool any = condition->kind == CONDITION_ANY;
    bool holds = !any;
    for (uint32_t i = 0; i < condition->child_count; i++) {
        bool child = trace_entry(tracer, parent, condition->children[i]);
        holds = any ? holds || child : holds && child;
    }
    return holds;
}

static bool trace_group(struct tracer *tracer, struct step *parent,
                        const struct condition *condition, const char *title)
{
    struct step *step = add_step(tracer, parent, condition->span, "group", false, title);
    bool holds = trace_children(tracer, step, condition);
    if (condition->kind == CONDITION_NOT)
        holds = !holds;
    step->mark = holds ? STEP_YES : STEP_NO;
    return holds;
}

static bool trace_segment(struct tracer *tracer, struct step *parent,
                          const struct condition *condition)
{
    const struct segment *segment = condition->segment;
    struct step *step = add_step(tracer, parent, segment->name.span, "segment", false,
                                 arena_format(&tracer->arena, "segment %s", segment->name.text));
    bool holds = trace_condition(tracer, step, segment->condition);
    step->mark = holds ? STEP_YES : STEP_NO;
    return holds;
}

static bool trace_flag_condition(struct tracer *tracer, struct step *parent,
                                 const struct condition *condition)
{
    const struct flag *other = condition->flag;
    struct step *step = add_step(tracer, parent, condition->span, "flag", false, "");
    struct answer answer = trace_other(tracer, step, other);
    bool holds = variant_set_has(condition->variants, answer.variant);
    step->title = arena_format(&tracer->arena, "flag %s serves %s", other->name.text,
                               variants_text(tracer, other, condition->variants));
    step->mark = holds ? STEP_YES : STEP_NO;
    return holds;
}

/* "Europe/Oslo" */
static const char *zone_text(struct tracer *tracer, const struct zone *zone)
{
    char offset[16];
    format_offset(zone->offset, offset, sizeof offset);
    return arena_format(&tracer->arena, "%s", zone->name ? zone->name : offset);
}

static const char *minute_text(struct tracer *tracer, uint32_t minute)
{
    return arena_format(&tracer->arena, "%02u:%02u", minute / 60, minute % 60);
}

/* What is asked of the clock, but for the word. */
static const char *clock_operand(struct tracer *tracer, const struct clock_test *clock)
{
    char time[32];
    const char *days = "";
    switch (clock->kind) {
    case CLOCK_WEEKDAY:
        for (unsigned day = 0; weekday_words[day]; day++)
            if (clock->weekdays >> day & 1)
                days = arena_format(&tracer->arena, "%s%s%s", days, *days ? ", " : "",
                                    weekday_words[day]);
        return arena_format(&tracer->arena, "%s in %s", days, zone_text(tracer, clock->zone));
    case CLOCK_BETWEEN:
        return arena_format(&tracer->arena, "%s and %s in %s", minute_text(tracer, clock->from),
                            minute_text(tracer, clock->until), zone_text(tracer, clock->zone));
    case CLOCK_FROM:
    case CLOCK_UNTIL:
    case CLOCK_AFTER:
    case CLOCK_BEFORE:
        break;
    }
    format_time(clock->time - (clock->kind == CLOCK_AFTER), time, sizeof time);
    return arena_format(&tracer->arena, "%s", time);
}

static const char *clock_value(struct tracer *tracer, const struct clock_test *clock)
{
    char now[32];
    if (clock_is_local(clock)) {
        uint32_t minute = zone_minute_of_week(clock->zone, tracer->now);
        return arena_format(&tracer->arena, "it is %s %s", weekday_words[minute / MINUTES_OF_DAY],
                            minute_text(tracer, minute % MINUTES_OF_DAY));
    }
    format_time(tracer->now, now, sizeof now);
    return arena_format(&tracer->arena, "it is %s", now);
}

static bool trace_clock(struct tracer *tracer, struct step *parent,
                        const struct condition *condition)
{
    const struct clock_test *clock = &condition->clock;
    bool window = clock->kind == CLOCK_FROM || clock->kind == CLOCK_UNTIL;
    bool holds = test_holds(tracer, condition);
    struct step *step =
        add_step(tracer, parent, condition->span, "clock", holds,
                 arena_format(&tracer->arena, "%s%s %s", window ? "" : "now ",
                              clock_test_words[clock->kind], clock_operand(tracer, clock)));
    step->value = clock_value(tracer, clock);
    return holds;
}

static bool trace_share(struct tracer *tracer, struct step *parent,
                        const struct condition *condition)
{
    const struct share_test *share = &condition->share;
    const struct targeting *targeting = tracer->targeting;
    const char *salt =
        share->salt ? share->salt : arena_format(&tracer->arena, "%s/if", targeting->salt);
    return trace_exposure(tracer, parent, condition->span,
                          share->by ? share->by : targeting->bucket_by, salt, share->percent);
}

static bool trace_entry(struct tracer *tracer, struct step *parent,
                        const struct condition *condition)
{
    switch (condition->kind) {
    case CONDITION_SEGMENT:
        return trace_segment(tracer, parent, condition);
    case CONDITION_FLAG:
        return trace_flag_condition(tracer, parent, condition);
    case CONDITION_CLOCK:
        return trace_clock(tracer, parent, condition);
    case CONDITION_PERCENT:
        return trace_share(tracer, parent, condition);
    case CONDITION_ALL:
        return trace_group(tracer, parent, condition, "all of");
    case CONDITION_ANY:
        return trace_group(tracer, parent, condition, "any of");
    case CONDITION_NOT:
        return trace_group(tracer, parent, condition, "not");
    case CONDITION_TEST:
        break;
    }
    bool holds = test_holds(tracer, condition);
    struct step *step =
        add_step(tracer, parent, condition->span, "test", holds, test_text(tracer, condition));
    step->value = context_text(tracer, condition->field.text);
    const struct attribute *other = other_of(condition);
    if (other)
        step->value = arena_format(&tracer->arena, "%s; %s: %s", step->value, other->name.text,
                                   context_text(tracer, other->name.text));
    return holds;
}

bool trace_condition(struct tracer *tracer, struct step *parent, const struct condition *condition)
{
    if (!condition)
        return true;
    /* A mapping is the conjunction of its entries, and needs no line of its own. */
    if (condition->kind == CONDITION_ALL)
        return trace_children(tracer, parent, condition);
    return trace_entry(tracer, parent, condition);
}
