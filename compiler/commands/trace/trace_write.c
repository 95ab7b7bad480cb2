/*
 * trace_write.c - prints steps as lines: place, mark, statement, finding.
 *
 * Columns are as wide as their content, up to a limit: whoever reads this is in a hurry.
 */
#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "trace.h"

#include <string.h>

#include "compiler/base/json.h"
#include "compiler/model/model.h"

#define INDENT      2
#define WIDEST      64 /* of a title and its indentation; a longer one pushes its value right */
#define PLACE_LIMIT 48

struct columns {
    int place;
    int title;
};

struct style {
    const char *place, *no, *yes, *decides, *end;
};
static const struct style plain = {"", "", "", "", ""};
static const struct style colored = {"\33[2m", "\33[31m", "\33[32m", "\33[1;32m", "\33[0m"};

static const char *place_of(struct tracer *tracer, const struct step *step)
{
    return step->span.file == NO_FILE
               ? ""
               : place_text(tracer->project, &tracer->arena, step->span, NULL);
}

static void measure(struct tracer *tracer, const struct step *parent, int indent,
                    struct columns *columns)
{
    for (uint32_t i = 0; i < parent->count; i++) {
        const struct step *step = parent->steps[i];
        int place = (int)terminal_width(place_of(tracer, step));
        int title = indent + (int)terminal_width(step->title);
        if (place > columns->place && place <= PLACE_LIMIT)
            columns->place = place;
        if (step->value && title > columns->title && title <= WIDEST)
            columns->title = title;
        measure(tracer, step, indent + INDENT, columns);
    }
}

static void pad(struct buffer *out, int width)
{
    for (; width > 0; width--)
        buffer_append(out, " ", 1);
}

static void write_lines(struct tracer *tracer, const struct step *parent, int indent,
                        const struct columns *columns, const struct style *style,
                        struct buffer *out)
{
    static const char *const marks[] = {"no", "yes", "=>"};
    const char *const colors[] = {style->no, style->yes, style->decides};
    for (uint32_t i = 0; i < parent->count; i++) {
        const struct step *step = parent->steps[i];
        const char *place = place_of(tracer, step);
        buffer_append_text(out, "  ");
        buffer_append_text(out, style->place);
        terminal_append(out, place);
        buffer_append_text(out, style->end);
        pad(out, columns->place - (int)terminal_width(place));
        buffer_append_text(out, "  ");
        buffer_append_text(out, colors[step->mark]);
        terminal_format(out, "%-3s", marks[step->mark]);
        buffer_append_text(out, style->end);
        buffer_append_text(out, "  ");
        pad(out, indent);
        terminal_append(out, step->title);
        if (step->value) {
            pad(out, columns->title - indent - (int)terminal_width(step->title));
            buffer_append_text(out, "  ");
            terminal_append(out, step->value);
        }
        buffer_append(out, "\n", 1);
        write_lines(tracer, step, indent + INDENT, columns, style, out);
    }
}

void write_steps_text(struct tracer *tracer, const struct step *steps, bool color,
                      struct buffer *out)
{
    struct columns columns = {0, 0};
    measure(tracer, steps, 0, &columns);
    write_lines(tracer, steps, 0, &columns, color ? &colored : &plain, out);
}

void write_steps_json(struct tracer *tracer, const struct step *steps, struct buffer *out)
{
    buffer_append(out, "[", 1);
    for (uint32_t i = 0; i < steps->count; i++) {
        const struct step *step = steps->steps[i];
        uint32_t line;
        json_write_comma(out);
        buffer_append(out, "{", 1);
        field_text(out, "kind", step->kind);
        field_text(out, "text", step->title);
        field_truth(out, "holds", !(step->mark == STEP_NO));
        field_text(out, "found", step->value);
        if (step->span.file != NO_FILE) {
            place_text(tracer->project, &tracer->arena, step->span, &line);
            field_text(out, "file", tracer->project->sources.items[step->span.file].path);
            field_count(out, "line", line);
        }
        json_write_key(out, "steps");
        write_steps_json(tracer, step, out);
        buffer_append(out, "}", 1);
    }
    buffer_append(out, "]", 1);
}
