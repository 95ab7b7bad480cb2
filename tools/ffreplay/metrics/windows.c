/* windows.c - see windows.h. */
#include "windows.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/memory.h"

void windows_init(struct windows *windows, const struct measure *measure, int64_t width,
                  uint32_t keep)
{
    *windows = (struct windows){.measure = measure, .width = width, .keep = keep};
    windows->items = xcalloc(keep, sizeof *windows->items);
}

static void release(struct window *window)
{
    cell_release(&window->cell);
    free(window);
}

/* The window that begins there, created if necessary; NULL if it is older than all those kept. */
static struct window *window_at(struct windows *windows, int64_t begin)
{
    uint32_t at = 0, end = windows->count;
    if (end > 0 && windows->items[0]->begin <= begin)
        end = 0;
    while (at < end) {
        uint32_t middle = at + (end - at) / 2;
        if (windows->items[middle]->begin > begin)
            at = middle + 1;
        else
            end = middle;
    }
    if (at < windows->count && windows->items[at]->begin == begin)
        return windows->items[at];
    if (at == windows->keep)
        return NULL;
    if (windows->count == windows->keep)
        release(windows->items[--windows->count]);
    memmove(windows->items + at + 1, windows->items + at,
            (windows->count - at) * sizeof *windows->items);
    windows->count++;
    struct window *window = xcalloc(1, sizeof *window);
    window->begin = begin;
    cell_init(&window->cell, windows->measure);
    return windows->items[at] = window;
}

struct cell *windows_cell(struct windows *windows, int64_t begin)
{
    struct window *window = window_at(windows, begin);
    return window ? &window->cell : NULL;
}

void windows_add(struct windows *windows, const struct sample *sample)
{
    struct window *window = window_at(windows, window_begin(sample->time, windows->width));
    if (window && sample->state == NUMBER_UNREADABLE)
        cell_add_unreadable(&window->cell, windows->measure, sample, NULL);
    else if (window)
        cell_add(&window->cell, windows->measure, sample);
}

void windows_merge(struct windows *windows, const struct windows *other)
{
    for (uint32_t i = 0; i < other->count; i++) {
        struct window *window = window_at(windows, other->items[i]->begin);
        if (window)
            cell_merge(&window->cell, windows->measure, &other->items[i]->cell);
    }
}

void windows_release(struct windows *windows)
{
    for (uint32_t i = 0; i < windows->count; i++)
        release(windows->items[i]);
    free(windows->items);
    *windows = (struct windows){0};
}

uint32_t windows_sum(const struct windows *windows, int64_t from, int64_t to, struct cell *cell)
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < windows->count; i++) {
        const struct window *window = windows->items[i];
        if (window->begin < from || window->begin >= to)
            continue;
        cell_merge(cell, windows->measure, &window->cell);
        found++;
    }
    return found;
}
