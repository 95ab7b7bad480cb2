/*
 * main.c - service-log: writes the log of a made-up service.
 *
 * The same options give the same bytes on every machine, except with --real-time, whose times are
 * the current ones. Arrivals, requests and damage have separate random streams.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"
#include "tools/servicelog/settings.h"

static int run(int argc, char **argv);

static const struct command service_log = {
    .name = "service-log",
    .summary = "generate the log of a made-up service, from a seed",
    .examples =
        "  service-log --duration 2h --rate 50 >requests.ndjson\n"
        "  service-log --rate 500 --trough 80 --peak-at 20:00 --duration 7d --weekend 60%\n"
        "  service-log --flag checkout --share on=5% --share on=25%@30m --effect "
        "variant=on,errors=x3\n"
        "  service-log --flag checkout --snapshot production.ffs --exposures exposures.ndjson\n"
        "  service-log --effect at=10m,for=5m,region=eu-west-1,errors=x5,latency=x2\n"
        "  service-log --endpoint /notify,latency=80ms --fields "
        "time,user_id=user,status,latency_ms\n"
        "  service-log --real-time --flag checkout --snapshot live.ffs >>requests.ndjson\n",
    .usage =
        "[OPTION…] >LOG\n"
        "\n"
        "Who gets what: --share on=5%, or --share on=25%@30m after the first half hour.\n"
        "An effect sets errors, cache or purchases to a factor (x3) or a share (30%), latency or "
        "pressure (on memory, processor, pool) to a factor; for all requests, or those with a "
        "given variant, country, region, endpoint or version; always, or at=10m,for=5m.\n"
        "An endpoint has a path, then share=50%, latency=80ms (the median), spread=0.5 (of its "
        "logarithm), errors=2%.\n"
        "A field comes from one of" SOURCES_HELP,
    .run = run,
};

struct log {
    struct settings settings;
    struct treatment *treatment;
    struct random random, arrivals;
    struct output lines, exposures;
    int64_t start; /* ms since 1970; what follows is relative to it */
    double elapsed, rate_until, rate, height;
};

/* ------------------------------------------------------------------------------------- times -- */

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The next request's time: a Poisson process whose rate changes each second. */
static void wait_for_request(struct log *log)
{
    for (;;) {
        double gap = random_exponential(&log->arrivals) * 1000 / log->rate;
        if (log->elapsed + gap < log->rate_until) {
            log->elapsed += gap;
            return;
        }
        log->elapsed = log->rate_until;
        log->rate_until += 1000;
        log->rate =
            load_at(&log->settings.service.load, log->start + (int64_t)log->elapsed, &log->height);
    }
}

/* Flushes the output before it waits. */
static void keep_pace(struct log *log, int64_t at)
{
    int64_t ahead = at - now_ms();
    if (ahead <= 0)
        return;
    output_flush(&log->lines);
    output_flush(&log->exposures);
    struct timespec pause = {ahead / 1000, ahead % 1000 * 1000000};
    while (nanosleep(&pause, &pause) != 0 && errno == EINTR)
        continue;
}

/* ------------------------------------------------------------------------------------- lines -- */

static void expose(struct log *log, const struct request *request)
{
    char *room = output_room(&log->exposures, LONGEST_LINE);
    size_t length = treatment_exposure(log->treatment, request, room, LONGEST_LINE);
    if (length > 0 && length < LONGEST_LINE)
        output_line(&log->exposures, length, request->at);
}

static void write_request(struct log *log, uint64_t id)
{
    const struct settings *settings = &log->settings;
    int64_t elapsed = (int64_t)log->elapsed;
    struct request request = {.id = id, .at = log->start + elapsed};
    draw_request(&settings->service, &log->random, &request);
    if (log->treatment)
        request.variant = treatment_of(log->treatment, &request, elapsed);
    struct factors factors =
        factors_of(settings->effects, settings->effect_count, &request, elapsed);
    draw_outcome(&settings->service, &log->random, &factors, log->height, &request);
    size_t length = write_line(&settings->form, &request, output_room(&log->lines, LONGEST_LINE));
    output_line(&log->lines, length, request.at);
    if (settings->exposures)
        expose(log, &request);
}

static void write_log(struct log *log)
{
    const struct settings *settings = &log->settings;
    log->start = settings->real_time ? now_ms() : settings->start;
    output_header(&log->lines,
                  write_header(&settings->form, output_room(&log->lines, LONGEST_LINE)));
    for (uint64_t id = 1; id <= settings->lines; id++) {
        wait_for_request(log);
        if (log->elapsed >= (double)settings->duration || log->lines.error)
            return;
        if (settings->real_time)
            keep_pace(log, log->start + (int64_t)log->elapsed);
        write_request(log, id);
    }
}

/* -------------------------------------------------------------------------------------- main -- */

static bool open_treatment(struct log *log)
{
    const struct settings *settings = &log->settings;
    struct buffer error = {0};
    if (!settings->flag)
        return true;
    if (settings->snapshot)
        log->treatment =
            treatment_by_snapshot(settings->flag, settings->snapshot, settings->real_time, &error);
    else
        log->treatment = treatment_by_shares(settings->flag, settings->steps, settings->step_count,
                                             settings->rest, &error);
    if (!log->treatment)
        job_error(&service_log, "%s", error.bytes);
    buffer_release(&error);
    return log->treatment;
}

static bool open_outputs(struct log *log)
{
    const struct settings *settings = &log->settings;
    const char *path = settings->exposures;
    int fd = -1;
    if (path)
        fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    output_init(&log->lines, STDOUT_FILENO, &settings->damage, settings->seed);
    output_init(&log->exposures, fd, NULL, settings->seed);
    if (path && fd < 0)
        job_error(&service_log, "%s: %s", path, strerror(errno));
    return !path || fd >= 0;
}

static bool close_outputs(struct log *log)
{
    bool sound = output_finish(&log->lines);
    if (!sound)
        job_error(&service_log, "cannot write to stdout: %s", strerror(errno));
    if (log->settings.exposures && !output_finish(&log->exposures)) {
        job_error(&service_log, "%s: %s", log->settings.exposures, strerror(errno));
        sound = false;
    }
    return sound;
}

static int write_as_asked(struct log *log)
{
    bool sound = open_treatment(log) && open_outputs(log);
    random_init(&log->random, log->settings.seed, 0);
    random_init(&log->arrivals, log->settings.seed, 2);
    if (sound)
        write_log(log);
    sound = sound && close_outputs(log);
    output_release(&log->lines);
    output_release(&log->exposures);
    if (log->exposures.fd > 0)
        close(log->exposures.fd);
    treatment_close(log->treatment);
    return sound ? EXIT_FINE : EXIT_JOB;
}

static int run(int argc, char **argv)
{
    static struct log log;
    int status;
    if (read_settings(&service_log, argc, argv, &log.settings, &status))
        status = write_as_asked(&log);
    arena_release(&log.settings.arena);
    return status;
}

int main(int argc, char **argv)
{
    return program_main(&service_log, argc, argv);
}
