/* analyze_units.c - a row of CSV for each unit. See analyze_page.h. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "analyze_page.h"
#include "compiler/base/buffer.h"
#include "compiler/base/calendar.h"
#include "compiler/base/escape.h"
#include "compiler/base/json.h"
#include "compiler/base/memory.h"
#include "compiler/model/model.h"

static int compare_units(const void *left, const void *right)
{
    const struct exposure *const *a = left, *const *b = right;
    const struct unit_hash *first = &(*a)->unit, *second = &(*b)->unit;
    if (first->high != second->high)
        return first->high < second->high ? -1 : 1;
    return first->low < second->low ? -1 : first->low > second->low;
}

static void put_head(const struct conclusion *conclusion, struct buffer *out)
{
    buffer_append_text(out, "unit,variant,exposed");
    for (uint32_t i = 0; i < conclusion->metric_count; i++) {
        const struct metric *metric = conclusion->metrics[i].measure->metric;
        buffer_append_text(out, ",");
        csv_append(out, metric->name.text);
        if (!metric->per_unit && conclusion->metrics[i].arms[0].cell->totals) {
            buffer_append_text(out, ",");
            csv_append(out, metric->name.text);
            buffer_append_text(out, " of");
        }
    }
    buffer_append_text(out, "\n");
}

static void put_cell(struct buffer *out, bool known, double number)
{
    buffer_append_text(out, ",");
    if (known && isfinite(number))
        json_write_number(out, number);
}

/* A value, or the two that a ratio or a share of events is made of. */
static void put_value(const struct metric *metric, const struct cell *cell, struct unit_hash unit,
                      struct buffer *out)
{
    double first = 0, second = 0;
    bool marked = false;
    if (cell->totals) {
        bool seen = unit_totals_find(cell->totals, unit, &first, &second);
        bool counts = seen || metric_counts_idle_units(metric);
        put_cell(out, counts, seen ? first : 0);
        if (!metric->per_unit)
            put_cell(out, counts, seen ? second : 0);
    } else if (cell->units && metric_traits(metric)->bound == BOUND_SHARE) {
        put_cell(out, true, unit_set_has(cell->units, unit, &marked) && marked);
    } else {
        put_cell(out, false, 0);
    }
}

static void put_unit(const struct conclusion *conclusion, const struct exposure *exposure,
                     struct buffer *out)
{
    uint32_t arm = exposure_arm(exposure);
    char time[32];
    format_time(exposure->first, time, sizeof time);
    buffer_format(out, "%016" PRIx64 "%016" PRIx64 ",", exposure->unit.high, exposure->unit.low);
    csv_append(out, conclusion->names[arm]);
    terminal_format(out, ",%s", time);
    for (uint32_t i = 0; i < conclusion->metric_count; i++)
        put_value(conclusion->metrics[i].measure->metric, conclusion->metrics[i].arms[arm].cell,
                  exposure->unit, out);
    buffer_append_text(out, "\n");
}

void analyze_units(const struct conclusion *conclusion, struct buffer *out)
{
    const struct exposures *exposures = conclusion->exposures;
    const struct exposure **units = xcalloc((size_t)exposures->count + 1, sizeof(void *));
    size_t count = 0;
    for (uint64_t i = 0; i < exposures->capacity; i++)
        if (exposure_arm(&exposures->slots[i]) != NO_ARM)
            units[count++] = &exposures->slots[i];
    if (count > 0)
        qsort(units, count, sizeof *units, compare_units);
    put_head(conclusion, out);
    for (size_t i = 0; i < count; i++)
        put_unit(conclusion, units[i], out);
    free(units);
}
