/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics.c - the state of a store as Prometheus text, format 0.0.4.
 */
#include "faults.h"
#include "text_writer.h"

static void open_metric(struct text_writer *writer, const char *name, const char *type,
                        const char *help)
{
    write_text(writer, "# HELP ");
    write_text(writer, name);
    write_text(writer, " ");
    write_text(writer, help);
    write_text(writer, "\n# TYPE ");
    write_text(writer, name);
    write_text(writer, " ");
    write_text(writer, type);
    write_text(writer, "\n");
}

static void write_plain(struct text_writer *writer, const char *name, const char *type,
                        const char *help, uint64_t value)
{
    open_metric(writer, name, type, help);
    write_text(writer, name);
    write_text(writer, " ");
    write_unsigned(writer, value);
    write_text(writer, "\n");
}

/* Writes milliseconds as seconds. */
static void write_seconds(struct text_writer *writer, const char *name, const char *help,
                          int64_t ms)
{
    uint64_t distance = ms < 0 ? -(uint64_t)ms : (uint64_t)ms;
    char fraction[] = ".000\n";
    for (unsigned i = 3, rest = (unsigned)(distance % 1000); i > 0; i--, rest /= 10)
        fraction[i] = (char)('0' + rest % 10);
    open_metric(writer, name, "gauge", help);
    write_text(writer, name);
    write_text(writer, ms < 0 ? " -" : " ");
    write_unsigned(writer, distance / 1000);
    write_text(writer, fraction);
}

static void write_label(struct text_writer *writer, const char *before, const char *text)
{
    write_text(writer, before);
    write_text(writer, "=\"");
    for (; *text; text++) {
        if (*text == '\n') {
            write_text(writer, "\\n");
            continue;
        }
        if (*text == '"' || *text == '\\')
            write_text(writer, "\\");
        write_bytes(writer, text, 1);
    }
    write_text(writer, "\"");
}

static void write_build(struct text_writer *writer, const struct fflag_snapshot_info *info)
{
    open_metric(writer, "fflag_build_info", "gauge", "The snapshot that is served.");
    write_label(writer, "fflag_build_info{project", info->project);
    write_label(writer, ",environment", info->environment);
    write_label(writer, ",build", info->build);
    write_label(writer, ",signed_by", info->signed_by);
    write_label(writer, ",library", fflag_version());
    write_text(writer, "} 1\n");
}

static void write_status(struct text_writer *writer, const struct fflag_status *status)
{
    write_plain(writer, "fflag_reloads_total", "counter",
                "Snapshots that took the place of another one.", status->generation - 1);
    write_plain(writer, "fflag_rejected_total", "counter",
                "Files that were refused; the last good snapshot was kept.", status->rejected);
    write_plain(writer, "fflag_last_error", "gauge",
                "Why the newest file was refused, as a number of enum fflag_error; 0: it was not.",
                (uint64_t)status->last_error);
    write_seconds(writer, "fflag_loaded_timestamp_seconds",
                  "When the snapshot that is served was accepted.", status->loaded_at);
    write_plain(writer, "fflag_watching", "gauge", "1: inotify is in use; 0: polling alone.",
                status->watching);
}

static void write_views(struct text_writer *writer, const struct held_views *held)
{
    write_plain(writer, "fflag_held_snapshots", "gauge",
                "Snapshots that were replaced and that a view still holds.", held->snapshots);
    write_seconds(
        writer, "fflag_oldest_view_age_seconds",
        "How long ago the first of them was replaced: a view may be older; 0: there is none.",
        held->age_ms);
}

/* `name` with its first label, and the second label. */
static void write_sample(struct text_writer *writer, const char *name, const char *flag,
                         const char *label, const char *value, uint64_t count)
{
    write_label(writer, name, flag);
    write_label(writer, label, value);
    write_text(writer, "} ");
    write_unsigned(writer, count);
    write_text(writer, "\n");
}

static void write_counts(struct text_writer *writer, const char *name, const char *label,
                         const struct counts *counts)
{
    for (uint32_t i = 0; i < counts->count; i++) {
        const struct series *series = &counts->series[i];
        if (series->total + series->live > 0)
            write_sample(writer, name, series->flag, label, series->variant,
                         series->total + series->live);
    }
}

static void write_evaluations(struct text_writer *writer, const struct counts *counts)
{
    open_metric(writer, "fflag_evaluations_total", "counter", "Evaluations by what was served.");
    write_counts(writer, "fflag_evaluations_total{flag", ",variant", counts);
}

/* A request by an unknown name has no flag label, because the number of names is unbounded. */
static void write_faults(struct text_writer *writer, const struct faults *faults)
{
    open_metric(
        writer, "fflag_evaluation_errors_total", "counter",
        "Evaluations that a mistake in the program made a default, or an attribute absent.");
    uint64_t by_name = atomic_load_explicit(&faults->by_name, memory_order_relaxed);
    write_sample(writer, "fflag_evaluation_errors_total{flag", "", ",cause", "flag_not_found",
                 by_name);
    write_counts(writer, "fflag_evaluation_errors_total{flag", ",cause", &faults->counts);
}

size_t fflag_write_metrics(const fflag_store *store, char *buffer, size_t size)
{
    if (!store || (!buffer && size > 0))
        return 0;
    struct text_writer writer = {.buffer = buffer, .size = size};
    struct fflag_status status = {.size = sizeof status};
    struct fflag_snapshot_info info = {.size = sizeof info};
    /* Taking a view changes nothing that const promises. */
    const fflag_view *view = fflag_acquire((fflag_store *)(uintptr_t)store);
    fflag_view_info(view, &info);
    fflag_status(store, &status);
    write_build(&writer, &info);
    write_plain(&writer, "fflag_snapshot_generation", "gauge",
                "The generation that the snapshot was built with; 0: none.", info.generation);
    fflag_release(view);
    write_status(&writer, &status);

    struct held_views held;
    const struct counts *counts = runtime_lock_counts(store, &held);
    write_views(&writer, &held);
    if (counts->count > 0)
        write_evaluations(&writer, counts);
    write_faults(&writer, runtime_faults(store));
    runtime_unlock_counts(store);
    return end_text(&writer);
}
