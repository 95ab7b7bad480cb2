/* line_shape.c - see line_shape.h. */
#include "line_shape.h"

#include <string.h>

#define FIRST_WATCH   64u
#define LONGEST_WATCH (FIRST_WATCH << 8)

/* A line that is not as firm is read twice, which costs what a constant saves in some thirty. */
#define WINDOW      1024u
#define MOST_MISSED (WINDOW / 32)

/* Constants that held so long were some: after a deployment, others will be. */
#define HELD_LONG (WINDOW * 64)

static void begin_watch(struct line_shape *shape, uint32_t patience)
{
    shape->firm.count = 0;
    shape->patience = patience > LONGEST_WATCH ? 0 : patience;
    shape->watch.lines = shape->watch.length = 0;
    shape->watch.same = 0;
}

static void begin_window(struct line_shape *shape)
{
    shape->tried = shape->missed = 0;
}

void line_shape_begin(struct line_shape *shape, const struct line_pattern *form)
{
    shape->form = *form;
    begin_watch(shape, FIRST_WATCH);
}

static inline bool is_firm(const struct line_shape *shape)
{
    return shape->firm.count > 0;
}

/* A line that the form alone has read. */
static void note_loose(struct line_shape *shape, const char *line)
{
    if (is_firm(shape)) {
        if (++shape->missed > MOST_MISSED)
            begin_watch(shape, shape->held > HELD_LONG ? FIRST_WATCH : 2 * shape->patience);
        return;
    }
    line_pattern_watch(&shape->form, line, &shape->watch);
    if (shape->watch.lines < shape->patience)
        return;
    if (!line_pattern_make_firm(&shape->firm, &shape->form, &shape->watch))
        shape->patience = 0;
    begin_window(shape);
    shape->held = 0;
}

static inline void note_tried(struct line_shape *shape, uint32_t lines)
{
    shape->tried += lines;
    shape->held += lines;
    if (shape->tried > WINDOW)
        begin_window(shape);
}

static size_t read_loose(struct line_shape *shape, const char *line, struct value *values)
{
    size_t length = line_pattern_read(&shape->form, line, values);
    if (length > 0 && shape->patience > 0)
        note_loose(shape, line);
    return length;
}

size_t line_shape_read(struct line_shape *shape, const char *line, struct value *values)
{
    if (is_firm(shape)) {
        size_t length = line_pattern_read(&shape->firm, line, values);
        note_tried(shape, 1);
        if (length > 0)
            return length;
    }
    return read_loose(shape, line, values);
}

void line_shape_read_abreast(struct line_shape *shape, const char *const lines[LINES_ABREAST],
                             struct value *const values[LINES_ABREAST],
                             size_t lengths[LINES_ABREAST])
{
    if (!is_firm(shape)) {
        line_pattern_read_abreast(&shape->form, lines, values, lengths);
        for (int i = 0; i < LINES_ABREAST && shape->patience > 0 && !is_firm(shape); i++)
            if (lengths[i] > 0)
                note_loose(shape, lines[i]);
        return;
    }
    line_pattern_read_abreast(&shape->firm, lines, values, lengths);
    note_tried(shape, LINES_ABREAST);
    for (int i = 0; i < LINES_ABREAST; i++)
        if (lengths[i] == 0)
            lengths[i] = read_loose(shape, lines[i], values[i]);
}
