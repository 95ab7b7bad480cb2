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
static void put_value(const struct metric *metric, const struct cell *cell,
                      const struct exposure *exposure, struct buffer *out)
{
    double first = 0, second = 0;
    if (cell->totals) {
        bool seen = unit_totals_read(cell->totals, &exposure->row, &first, &second);
        bool counts = seen || metric_counts_idle_units(metric);
        put_cell(out, counts, seen ? first : 0);
        if (!metric->per_unit)
            put_cell(out, counts, seen ? second : 0);
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
    buffer_format(out, "%016" PRIx64 "%016" PRIx64 ",", exposure->row.unit.high,
                  exposure->row.unit.low);
    csv_append(out, conclusion->names[arm]);
    terminal_format(out, ",%s", time);
    for (uint32_t i = 0; i < conclusion->metric_count; i++)
        put_value(conclusion->metrics[i].measure->metric, conclusion->metrics[i].arms[arm].cell,
                  exposure, out);
    buffer_append_text(out, "\n");
}

static void put_shard(const struct conclusion *conclusion, uint32_t shard, struct buffer *out)
{
    const struct unit_store *store = conclusion->exposures->store;
    uint32_t count = store->shards[shard].count;
    struct unit_row **rows = xcalloc((size_t)count + 1, sizeof *rows);
    unit_store_sorted(store, shard, rows);
    for (uint32_t i = 0; i < count; i++) {
        const struct exposure *exposure = (const struct exposure *)rows[i];
        if (exposure_arm(exposure) != NO_ARM)
            put_unit(conclusion, exposure, out);
    }
    free(rows);
}

void analyze_units(const struct conclusion *conclusion, struct buffer *out)
{
    put_head(conclusion, out);
    for (uint32_t shard = 0; shard < conclusion->exposures->store->shard_count; shard++)
        put_shard(conclusion, shard, out);
}
