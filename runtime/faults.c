/* SPDX-License-Identifier: Apache-2.0 */
/* faults.c - see faults.h. */
#include "faults.h"

#include <stdlib.h>

static const char *const cause_names[] = {[FAULT_FLAG_TYPE] = "type_mismatch",
                                          [FAULT_ATTRIBUTE_TYPE] = "attribute_type",
                                          [FAULT_UNSUPPORTED] = "unsupported",
                                          [FAULT_NOT_FOUND] = "flag_not_found"};

static const enum fflag_error cause_errors[] = {[FAULT_FLAG_TYPE] = FFLAG_ERROR_TYPE_MISMATCH,
                                                [FAULT_ATTRIBUTE_TYPE] =
                                                    FFLAG_ERROR_INVALID_CONTEXT,
                                                [FAULT_UNSUPPORTED] = FFLAG_ERROR_UNSUPPORTED,
                                                [FAULT_NOT_FOUND] = FFLAG_ERROR_FLAG_NOT_FOUND};

static const char *const attribute_types[] = {[0] = "a value of no type",
                                              [FFLAG_ATTRIBUTE_STRING] = "a string",
                                              [FFLAG_ATTRIBUTE_NUMBER] = "a number",
                                              [FFLAG_ATTRIBUTE_BOOLEAN] = "a boolean",
                                              [FFLAG_ATTRIBUTE_VERSION] = "a version",
                                              [FFLAG_ATTRIBUTE_TIME] = "a time",
                                              [FFLAG_ATTRIBUTE_STRINGS] = "a list of strings",
                                              [FFLAG_ATTRIBUTE_IP] = "an IP address"};

static const char *const flag_types[] = {[0] = "a flag",
                                         [FFLAG_TYPE_BOOLEAN] = "a boolean",
                                         [FFLAG_TYPE_STRING] = "a string",
                                         [FFLAG_TYPE_INTEGER] = "an integer",
                                         [FFLAG_TYPE_NUMBER] = "a number",
                                         [FFLAG_TYPE_JSON] = "JSON"};

static const char *name_of(const char *const *names, size_t count, size_t index)
{
    return index < count ? names[index] : names[0];
}

/* ------------------------------------------------------------------------------- evaluations -- */

/* Relaxed throughout: a count orders nothing, and it is enough to report it eventually. */
static void leave_word(struct faults *faults)
{
    if (!atomic_load_explicit(&faults->news, memory_order_relaxed))
        atomic_store_explicit(&faults->news, true, memory_order_relaxed);
}

void fault_of_flag(const fflag_view *view, uint32_t index, enum fault_cause cause, uint32_t detail)
{
    struct flag_faults *cells = &view->snapshot->faults[index];
    atomic_store_explicit(&cells->detail[cause], detail, memory_order_relaxed);
    if (atomic_fetch_add_explicit(&cells->count[cause], 1, memory_order_relaxed) == 0)
        leave_word(runtime_faults(view->store));
}

void fault_of_attribute(const fflag_view *view, const struct ffs_flag *flag, uint16_t attribute,
                        uint8_t given)
{
    if (given == SLOT_NULL)
        return; /* of no type, but meant */
    fault_of_flag(view, (uint32_t)(flag - view->snapshot->flags), FAULT_ATTRIBUTE_TYPE,
                  (uint32_t)attribute << 8 | given);
}

void fault_of_handle(const fflag_view *view, fflag_id flag)
{
    size_t length;
    const char *name = runtime_flag_name(view->store, flag, &length);
    /* If it has no cell. An empty name has no series either. */
    if (flag >= view->word_count || !name || !*name) {
        fault_of_name(view, name ? name : "");
        return;
    }
    if (atomic_fetch_add_explicit(&view->snapshot->missing[flag], 1, memory_order_relaxed) == 0)
        leave_word(runtime_faults(view->store));
}

void fault_of_name(const fflag_view *view, const char *name)
{
    struct faults *faults = runtime_faults(view->store);
    atomic_fetch_add_explicit(&faults->by_name, 1, memory_order_relaxed);
    if (atomic_load_explicit(&faults->name_claimed, memory_order_relaxed) ||
        atomic_exchange_explicit(&faults->name_claimed, true, memory_order_relaxed))
        return;
    size_t length = strnlen(name, sizeof faults->name - 1);
    memcpy(faults->name, name, length);
    /* Pairs with the acquire in tell_name(). */
    atomic_store_explicit(&faults->name_written, true, memory_order_release);
    leave_word(faults);
}

/* ------------------------------------------------------------------------------------ series -- */

bool faults_create(struct snapshot *snapshot)
{
    snapshot->faults = calloc((size_t)snapshot->flag_count + 1, sizeof *snapshot->faults);
    snapshot->missing = calloc(snapshot->word_count, sizeof *snapshot->missing);
    return snapshot->faults && snapshot->missing;
}

static uint64_t count_of(const struct snapshot *snapshot, uint32_t index, unsigned cause)
{
    return atomic_load_explicit(&snapshot->faults[index].count[cause], memory_order_relaxed);
}

static uint64_t missing_of(const struct snapshot *snapshot, fflag_id flag)
{
    return atomic_load_explicit(&snapshot->missing[flag], memory_order_relaxed);
}

static const char *flag_name(const struct snapshot *snapshot, uint32_t index)
{
    return string_bytes(snapshot, snapshot->flags[index].name);
}

static void add(struct series *series, uint64_t count, enum snapshot_use use)
{
    if (series && use == SNAPSHOT_RETIRED)
        series->total += count;
    else if (series)
        series->live += count;
}

/*
 * The series of a flag's cell, NULL when out of memory. It is cached, because a mapped file that
 * was replaced may have been truncated since, taking its names with it.
 */
static struct series *series_of(struct faults *faults, const struct snapshot *snapshot,
                                uint32_t index, enum fault_cause cause, enum snapshot_use use)
{
    uint32_t *place = &snapshot->faults[index].place[cause];
    if (*place)
        return &faults->counts.series[*place - 1];
    if (use != SNAPSHOT_SERVED && snapshot->is_file)
        return NULL;
    struct series *series =
        counts_series(&faults->counts, flag_name(snapshot, index), cause_names[cause]);
    if (series)
        *place = (uint32_t)(series - faults->counts.series) + 1;
    return series;
}

void faults_add(fflag_store *store, struct faults *faults, const struct snapshot *snapshot,
                enum snapshot_use use)
{
    for (uint32_t i = 0; i < snapshot->flag_count; i++)
        for (unsigned cause = 0; cause < FLAG_FAULTS; cause++) {
            uint64_t count = count_of(snapshot, i, cause);
            if (count > 0)
                add(series_of(faults, snapshot, i, cause, use), count, use);
        }
    for (fflag_id flag = 0; flag < snapshot->word_count; flag++) {
        size_t length;
        uint64_t count = missing_of(snapshot, flag);
        const char *name = count > 0 ? runtime_flag_name(store, flag, &length) : NULL;
        if (name)
            add(counts_series(&faults->counts, name, cause_names[FAULT_NOT_FOUND]), count, use);
    }
}

/* ------------------------------------------------------------------------------------- words -- */

static void describe(const struct snapshot *snapshot, uint32_t index, enum fault_cause cause,
                     struct problem *text)
{
    const char *name = flag_name(snapshot, index);
    uint32_t detail =
        atomic_load_explicit(&snapshot->faults[index].detail[cause], memory_order_relaxed);
    if (cause == FAULT_UNSUPPORTED) {
        runtime_describe(text, "flag '%s' needs a newer library; callers get their default", name);
    } else if (cause == FAULT_FLAG_TYPE) {
        runtime_describe(text, "flag '%s' is %s and was asked for as %s; callers get their default",
                         name, name_of(flag_types, 6, snapshot->flags[index].type),
                         name_of(flag_types, 6, detail));
    } else {
        const struct ffs_attribute *attribute = &snapshot->attributes[detail >> 8];
        runtime_describe(
            text, "flag '%s': attribute '%s' is %s and was set as %s; it counts as absent", name,
            string_bytes(snapshot, attribute->name), name_of(attribute_types, 8, attribute->type),
            name_of(attribute_types, 8, detail & 0xff));
    }
}

/* The next line, if that flag and cause were never reported; NULL otherwise, or if there is no
 * room. */
static struct fault_line *next_line(struct faults *faults, struct series *series,
                                    enum fault_cause cause, struct fault_line *lines,
                                    unsigned *count)
{
    if (!series || series->told)
        return NULL;
    if (*count == FAULT_LINES) {
        leave_word(faults); /* report it next time */
        return NULL;
    }
    series->told = true;
    lines[*count].error = cause_errors[cause];
    return &lines[(*count)++];
}

static void tell_name(struct faults *faults, struct fault_line *lines, unsigned *count)
{
    if (faults->name_told || *count == FAULT_LINES ||
        !atomic_load_explicit(&faults->name_written, memory_order_acquire))
        return;
    faults->name_told = true;
    lines[*count].error = FFLAG_ERROR_FLAG_NOT_FOUND;
    runtime_describe(&lines[(*count)++].text,
                     "flag '%s' is not in the snapshot; callers get their default", faults->name);
}

unsigned faults_tell(fflag_store *store, struct faults *faults, const struct snapshot *snapshot,
                     struct fault_line lines[FAULT_LINES], unsigned count)
{
    struct fault_line *line;
    tell_name(faults, lines, &count);
    for (uint32_t i = 0; i < snapshot->flag_count; i++)
        for (unsigned cause = 0; cause < FLAG_FAULTS; cause++)
            if (count_of(snapshot, i, cause) > 0 &&
                (line = next_line(faults, series_of(faults, snapshot, i, cause, SNAPSHOT_SERVED),
                                  cause, lines, &count)))
                describe(snapshot, i, cause, &line->text);
    for (fflag_id flag = 0; flag < snapshot->word_count; flag++) {
        size_t length;
        const char *name =
            missing_of(snapshot, flag) ? runtime_flag_name(store, flag, &length) : NULL;
        if (name && (line = next_line(
                         faults, counts_series(&faults->counts, name, cause_names[FAULT_NOT_FOUND]),
                         FAULT_NOT_FOUND, lines, &count)))
            runtime_describe(&line->text,
                             "flag '%s' is not in the snapshot; callers get their default", name);
    }
    return count;
}
