/* replay.c - see replay.h. */
#include "replay.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/cli/messages.h"
#include "compiler/base/buffer.h"
#include "compiler/base/memory.h"
#include "compiler/base/arena.h"
#include "compiler/base/parallel.h"
#include "log_file.h"
#include "tools/ffreplay/logs/unit_set.h"
#include "compiler/base/percent.h"
#include "compiler/model/metric.h"
#include "compiler/model/model.h"

/* The format of fflag_exposure(): OpenTelemetry's attribute names. */
static struct log *exposure_log(struct arena *arena)
{
    struct log *log = ARENA_NEW(arena, struct log);
    log->name = (struct text){"exposures", NO_SPAN};
    log->format = LOG_NDJSON;
    log->time = "time";
    log->unit = "feature_flag.context.id";
    log->flag = "feature_flag.key";
    log->variant = "feature_flag.result.variant";
    log->span = NO_SPAN;
    return log;
}

static void begin_traffic(struct replay *replay)
{
    replay->workers[0].traffic = replay->seen = (struct traffic)TRAFFIC_INIT;
    replay->workers[0].bad = replay->bad = (struct traffic)TRAFFIC_INIT;
}

void replay_init(struct replay *replay, struct project *project)
{
    replay->project = project;
    replay->texts = &project->arena;
    if (project->log_count == 0)
        *ARENA_APPEND(&project->arena, project->logs, project->log_count) =
            exposure_log(&project->arena);
    uint32_t count = project->log_count;
    replay->layouts = ARENA_ARRAY(&project->arena, struct layout, count);
    replay->counts = ARENA_ARRAY(&project->arena, struct log_counts, count);
    replay->ids = ARENA_ARRAY(&project->arena, struct unit_set, count);
    if (!replay->concerned)
        replay->concerned = ARENA_ARRAY(&project->arena, bool, count);
    for (uint32_t i = 0; i < count; i++) {
        layout_init(&replay->layouts[i], project, project->logs[i], &project->arena);
        replay->layouts[i].takes_partial = replay->takes_partial;
    }
    replay->workers = ARENA_ARRAY(&project->arena, struct worker, MOST_WORKERS);
    replay->worker_count = 1;
    begin_traffic(replay);
}

void replay_add_consumer(struct replay *replay, struct consumer *consumer)
{
    struct worker *first = &replay->workers[0];
    *ARENA_APPEND(&replay->project->arena, first->consumers, first->consumer_count) = consumer;
}

void replay_add_stage(struct replay *replay, const struct replay_stage *stage)
{
    *ARENA_APPEND(&replay->project->arena, replay->stages, replay->stage_count) = *stage;
}

void replay_release(struct replay *replay)
{
    for (uint32_t i = 0; replay->ids && i < replay->project->log_count; i++)
        unit_set_release(&replay->ids[i]);
    traffic_release(&replay->seen);
    traffic_release(&replay->bad);
}

void replay_begin_again(struct replay *replay, const bool *again)
{
    replay_release(replay);
    for (uint32_t i = 0; i < replay->project->log_count; i++)
        if (again[i])
            replay->counts[i] = (struct log_counts){0};
    replay->workers[0].consumers = NULL;
    replay->workers[0].consumer_count = 0;
    begin_traffic(replay);
}

struct replay_mark replay_mark(const struct replay *replay)
{
    return (struct replay_mark){traffic_copy(&replay->seen), traffic_copy(&replay->bad)};
}

void replay_go_back(struct replay *replay, struct replay_mark *mark, const bool *logs)
{
    traffic_release(&replay->seen);
    traffic_release(&replay->bad);
    replay->seen = mark->seen;
    replay->bad = mark->bad;
    *mark = (struct replay_mark){TRAFFIC_INIT, TRAFFIC_INIT};
    for (uint32_t i = 0; i < replay->project->log_count; i++) {
        if (!logs[i])
            continue;
        replay->counts[i] = (struct log_counts){0};
        unit_set_release(&replay->ids[i]);
    }
}

void replay_begin_anew(struct replay *replay)
{
    struct project *project = replay->project;
    replay_release(replay);
    replay->stages = NULL;
    replay->stage_count = 0;
    replay_init(replay, project);
}

/* --------------------------------------------------------------------------------- arguments -- */

void replay_concerns(struct replay *replay, const struct metric *metric)
{
    for (uint32_t i = 0; i < replay->project->log_count; i++)
        replay->concerned[i] |= replay->project->logs[i] == metric->log;
}

/* The only log, or the only one concerned; the count of logs: there are several. */
static uint32_t only_log(const struct replay *replay)
{
    uint32_t count = replay->project->log_count, found = count;
    for (uint32_t i = 0; i < count; i++) {
        if (count > 1 && !replay->concerned[i])
            continue;
        if (found != count)
            return count;
        found = i;
    }
    return found;
}

/* "a=FILE or b=FILE": of those concerned, or of all. */
static void help_to_name(const struct replay *replay)
{
    uint32_t count = replay->project->log_count;
    bool any = false;
    for (uint32_t i = 0; i < count; i++)
        any |= replay->concerned[i];
    struct buffer names = {0};
    for (uint32_t i = 0; i < count; i++)
        if (replay->concerned[i] || !any)
            buffer_format(&names, "%s%s=FILE", names.length ? " or " : "",
                          replay->project->logs[i]->name.text);
    print_help("name it: %s", names.bytes);
    buffer_release(&names);
}

static void report_no_log(const struct replay *replay, const char *argument, size_t length)
{
    const struct project *project = replay->project;
    if (!argument[length]) {
        job_error(NULL, "the project has %u logs: which one is %s?", project->log_count, argument);
        help_to_name(replay);
        return;
    }
    const char **names = xcalloc(project->log_count + 1u, sizeof *names);
    for (uint32_t i = 0; i < project->log_count; i++)
        names[i] = project->logs[i]->name.text;
    char name[160];
    snprintf(name, sizeof name, "%.*s", (int)length, argument);
    report_unknown(NULL, "log", name, names, project->log_count);
    free(names);
}

bool replay_find_log(const struct replay *replay, const char *argument, uint32_t *log,
                     const char **path)
{
    const struct project *project = replay->project;
    size_t length = strcspn(argument, "=");
    bool named = argument[length] == '=';
    for (*log = 0; named && *log < project->log_count; (*log)++) {
        const char *name = project->logs[*log]->name.text;
        if (strlen(name) == length && memcmp(argument, name, length) == 0) {
            *path = argument + length + 1;
            return true;
        }
    }
    *path = argument;
    /* With one log, a file may be called so. */
    bool unknown =
        named && (project->log_count > 1 || (project->log_count && access(argument, F_OK) != 0));
    *log = unknown ? project->log_count : only_log(replay);
    if (*log == project->log_count)
        report_no_log(replay, argument, length);
    return *log < project->log_count;
}

const bool *replay_logs_read(const struct replay *replay, char **arguments, size_t count)
{
    bool *reads = ARENA_ARRAY(&replay->project->arena, bool, replay->project->log_count);
    for (size_t i = 0; i < count; i++) {
        uint32_t log;
        const char *path;
        if (!replay_find_log(replay, arguments[i], &log, &path))
            return NULL;
        reads[log] = true;
    }
    return reads;
}

/* ------------------------------------------------------------------------------------- files -- */

uint32_t replay_add_source(struct replay *replay, const char *path)
{
    *ARENA_APPEND(&replay->project->arena, replay->sources, replay->source_count) =
        (struct log_source){path, NULL};
    return replay->source_count - 1;
}

const char *replay_place_text(const struct replay *replay, struct arena *arena, uint32_t source,
                              struct place place)
{
    const struct log_source *from = &replay->sources[source];
    uint64_t before = from->lines_before ? from->lines_before[place.part] : 0;
    return arena_format(arena, "%s:%" PRIu64, from->path, before + place.line + 1);
}

static bool can_fork(const struct worker *worker)
{
    for (uint32_t i = 0; i < worker->consumer_count; i++)
        if (!worker->consumers[i]->fork)
            return false;
    return true;
}

static uint32_t processors(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count < 1 ? 1 : (uint32_t)count;
}

/* How many workers read a file. */
static uint32_t workers_for(const struct replay *replay, const struct log_file *file)
{
    if (!log_file_is_large(file) || !can_fork(&replay->workers[0]))
        return 1;
    uint32_t most = replay->threads > 0 ? replay->threads : processors();
    return most < MOST_WORKERS ? most : MOST_WORKERS;
}

static void fork_consumers(struct replay *replay, struct worker *worker)
{
    const struct worker *first = &replay->workers[0];
    *worker = (struct worker){.consumer_count = first->consumer_count};
    worker->traffic = worker->bad = (struct traffic)TRAFFIC_INIT;
    worker->consumers = xcalloc(first->consumer_count + 1, sizeof *worker->consumers);
    for (uint32_t i = 0; i < first->consumer_count; i++)
        worker->consumers[i] = first->consumers[i]->fork(first->consumers[i]);
}

/* The first worker merges what the others have taken. */
static void join_workers(struct replay *replay)
{
    struct worker *first = &replay->workers[0];
    for (uint32_t i = 0; i < replay->worker_count; i++) {
        struct worker *worker = &replay->workers[i];
        traffic_join(&replay->seen, &worker->traffic);
        traffic_join(&replay->bad, &worker->bad);
        traffic_release(&worker->traffic);
        traffic_release(&worker->bad);
        for (uint32_t j = 0; j < worker->consumer_count && i > 0; j++)
            first->consumers[j]->join(first->consumers[j], worker->consumers[j]);
        if (i > 0)
            free(worker->consumers);
    }
    replay->worker_count = 1;
}

/* Those who read a file. */
struct readers {
    struct replay *replay;
    const struct log_file *file;
    uint32_t count;
    bool opened; /* all of them */
};

static void open_records(struct readers *readers, struct worker *worker)
{
    const struct log_file *file = readers->file;
    worker->ids = file->layout->id == NO_PLACE ? NULL : &readers->replay->ids[file->log];
    readers->opened &= records_open(&worker->records, file->layout, file->log, file->source);
    worker->records.take = worker_take;
    worker->records.take_bad = worker_take_bad;
    worker->records.context = worker;
}

/* All but the first, whose thread is the caller's. */
static void make_reader(void *context, uint32_t unused, uint32_t index)
{
    struct readers *readers = context;
    struct replay *replay = readers->replay;
    struct worker *worker = &replay->workers[1 + index];
    (void)unused;
    if (1 + index == replay->worker_count) {
        fork_consumers(replay, worker);
        replay->worker_count++;
    }
    open_records(readers, worker);
}

static bool make_readers(struct readers *readers)
{
    readers->opened = true;
    open_records(readers, &readers->replay->workers[0]);
    parallel_make(readers->count - 1, make_reader, readers);
    return readers->opened;
}

static bool read_log_file(struct replay *replay, const char *path, uint32_t log)
{
    struct log_file file;
    if (!log_file_open(&file, path, &replay->layouts[log], log))
        return false;
    file.source = replay_add_source(replay, file.path);
    struct readers readers = {replay, &file, workers_for(replay, &file), true};
    bool read = make_readers(&readers) && log_file_read(&file, replay->workers, readers.count,
                                                        &replay->counts[log], replay->bad_shown);
    for (uint32_t i = 0; i < readers.count; i++)
        records_close(&replay->workers[i].records);
    replay->sources[file.source].lines_before =
        log_file_lines_before(&file, &replay->project->arena);
    log_file_close(&file);
    return read;
}

bool replay_read(struct replay *replay, char **arguments, size_t count)
{
    bool read = true;
    for (size_t i = 0; i < count && read; i++) {
        const char *path;
        uint32_t log;
        read =
            replay_find_log(replay, arguments[i], &log, &path) && read_log_file(replay, path, log);
    }
    join_workers(replay);
    return read;
}

/* --------------------------------------------------------------------------- what time it is -- */

/* The earliest stage that is decided on; INT64_MIN if there is none, or it is unknown. */
static int64_t earliest_since(const struct replay *replay)
{
    int64_t since = replay->stage_count > 0 ? INT64_MAX : INT64_MIN;
    for (uint32_t i = 0; i < replay->stage_count; i++)
        if (*replay->stages[i].since < since)
            since = *replay->stages[i].since;
    return since;
}

static bool is_regular_file(const char *path)
{
    struct stat status;
    return strcmp(path, "-") != 0 && stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

bool paths_can_be_read_again(char **arguments, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *named = strchr(arguments[i], '=');
        if (!is_regular_file(arguments[i]) && !(named && is_regular_file(named + 1)))
            return false;
    }
    return true;
}

/* Pipes can be read only once. */
static bool can_read_again(const struct replay *replay, char **arguments, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t log;
        const char *path;
        if (!replay_find_log(replay, arguments[i], &log, &path) || !is_regular_file(path))
            return false;
    }
    return true;
}

void replay_settle_clocks(struct replay *replay, const struct stray_lines *ahead)
{
    replay->span = traffic_span(&replay->seen, INT64_MIN);
    replay->span.late = *ahead;
    replay->times.first = replay->span.first;
}

bool replay_settle_now(struct replay *replay, char **arguments, size_t count, bool *again)
{
    *again = false;
    if (replay->now_given) {
        replay_settle_clocks(replay, &(struct stray_lines){0});
        return true;
    }
    replay->span = traffic_span(&replay->seen, earliest_since(replay));
    replay->times.first = replay->span.first;
    replay->times.now = replay->span.last;
    replay->kept_strays = replay->span.late.lines > 0 && !can_read_again(replay, arguments, count);
    *again = replay->span.late.lines > 0 && !replay->kept_strays;
    return replay->times.now != INT64_MIN;
}

/* Of a log whose lines, or whose documents, hold none of what they may hold any number of. */
static const char *empty_text(enum log_format format)
{
    switch (format) {
    case LOG_PROMETHEUS:
        return "its answers have no points: the queries found nothing";
    case LOG_KAYENTA:
        return "its metric set pairs have no values";
    case LOG_W3C:
    case LOG_IIS:
    case LOG_CLOUDFRONT:
        return "it has no lines but those that begin with '#'";
    case LOG_CADDY:
        return "its lines are of Caddy's other logs: none has the logger 'http.log.access'";
    case LOG_OTLP:
        return "its lines have no log records and no spans, and metrics are not read";
    case LOG_NDJSON:
    case LOG_COMBINED:
    case LOG_COMMON:
    case LOG_VHOST_COMBINED:
    case LOG_INGRESS_NGINX:
    case LOG_TRAEFIK:
    case LOG_HAPROXY_HTTP:
    case LOG_ENVOY:
    case LOG_ALB:
    case LOG_NGINX:
    case LOG_APACHE:
    case LOG_GUNICORN:
    case LOG_LOGFMT:
    case LOG_CSV:
    case LOG_TSV:
    case LOG_GO_FEATURE_FLAG:
        break;
    }
    return "it has no lines";
}

void replay_report_no_time(const struct replay *replay)
{
    struct log_counts all = replay_counts(replay);
    if (all.lines > 0)
        job_error(NULL, "no line of the logs has a time");
    else if (all.pieces == 0)
        job_error(NULL, "the logs are empty: nothing says what time it is");
    for (uint32_t i = 0; i < replay->project->log_count && all.lines == 0; i++) {
        const struct log *log = replay->project->logs[i];
        if (replay->counts[i].pieces > 0)
            job_error(NULL, "log '%s' has nothing to read: %s", log->name.text,
                      empty_text(log->format));
    }
}

bool replay_has_time(const struct replay *replay)
{
    if (replay->times.now != INT64_MIN)
        return true;
    if (!replay_is_too_bad(replay)) {
        replay_report_no_time(replay);
        print_help("give the time with --now");
    }
    return false;
}

struct log_counts replay_counts(const struct replay *replay)
{
    struct log_counts all = {0};
    for (uint32_t i = 0; i < replay->project->log_count; i++)
        log_counts_add(&all, &replay->counts[i]);
    return all;
}

uint64_t replay_absent_fields(const struct replay *replay, uint32_t log)
{
    const struct log_counts *counts = &replay->counts[log];
    uint64_t fields = layout_fields(&replay->layouts[log]);
    return counts->lines > log_counts_bad(counts) ? fields & ~counts->fields : 0;
}

const char *replay_fields_text(const struct replay *replay, struct arena *arena, uint32_t log,
                               uint64_t fields)
{
    const struct layout *layout = &replay->layouts[log];
    const char *names = NULL;
    for (uint32_t place = 0; place < layout->count && place < 64; place++)
        if (fields >> place & 1)
            names = arena_format(arena, "%s%s'%s'", names ? names : "", names ? " or " : "",
                                 layout->paths[place]);
    return names ? arena_format(arena, "no line of log '%s' has %s", layout->log->name.text, names)
                 : NULL;
}

/* --------------------------------------------------------------------------------- bad lines -- */

/*
 * Whether more than `max_bad` of the log is lost. An unreadable line counts as many records as the
 * other lines have on average, so that a batch counts for more than one.
 */
static bool is_too_bad(const struct log_counts *counts, uint32_t max_bad)
{
    typedef unsigned __int128 wide;
    uint64_t unread = counts->bad[BAD_UNPARSABLE];
    uint64_t bad = counts->bad[BAD_NO_TIME];
    uint64_t records = counts->lines > unread ? counts->lines - unread : 1;
    wide lost = (wide)unread * records + (wide)(counts->pieces - unread) * bad;
    return lost * PERCENT_ALL > (wide)counts->pieces * records * max_bad;
}

/* Reports it if most of the log's first lines have a known form. */
static void report_lookalike(const struct replay *replay, uint32_t log)
{
    const struct log_counts *counts = &replay->counts[log];
    uint64_t first = counts->lines < LOOKALIKE_LINES ? counts->lines : LOOKALIKE_LINES;
    for (int i = 0; i < LOOKALIKE_COUNT; i++)
        if (counts->lookalikes[i] * 2 > first)
            lookalike_help((enum lookalike)i, "its first lines look",
                           log_format_words[replay->project->logs[log]->format]);
}

static void report_bad(const struct replay *replay, uint32_t log, const char *share, const char *so)
{
    const struct log_counts *counts = &replay->counts[log];
    job_error(NULL,
              "%" PRIu64 " of %" PRIu64 " lines of log '%s' are bad (%" PRIu64
              " unparsable, %" PRIu64 " without a time), %s than %g%%: %s",
              log_counts_bad(counts), counts->lines, replay->project->logs[log]->name.text,
              counts->bad[BAD_UNPARSABLE], counts->bad[BAD_NO_TIME], share,
              replay->times.max_bad / 1000.0, so);
}

static bool any_log_is_too_bad(const struct replay *replay)
{
    for (uint32_t i = 0; i < replay->project->log_count; i++)
        if (is_too_bad(&replay->counts[i], replay->times.max_bad))
            return true;
    return false;
}

/* A bad line has no group, but its neighbours give it a time: a stage has those since it began. A
 * single one, among the few lines at its beginning, decides nothing. */
static bool stage_is_too_bad(const struct replay *replay, int64_t since)
{
    typedef unsigned __int128 wide;
    if (since == INT64_MIN)
        return false;
    uint64_t bad = traffic_lines_since(&replay->bad, since);
    uint64_t lines = traffic_lines_since(&replay->seen, since) + bad;
    return bad > 1 && (wide)bad * PERCENT_ALL > (wide)lines * replay->times.max_bad;
}

bool replay_is_too_bad_since(const struct replay *replay, int64_t since)
{
    return any_log_is_too_bad(replay) || stage_is_too_bad(replay, since);
}

bool replay_has_too_bad(const struct replay *replay)
{
    bool too_bad = any_log_is_too_bad(replay);
    for (uint32_t i = 0; i < replay->stage_count; i++)
        too_bad |= stage_is_too_bad(replay, *replay->stages[i].since);
    return too_bad;
}

static void report_bad_stage(const struct replay *replay, const struct replay_stage *stage,
                             const char *so)
{
    uint64_t bad = traffic_lines_since(&replay->bad, *stage->since);
    uint64_t lines = traffic_lines_since(&replay->seen, *stage->since) + bad;
    job_error(NULL,
              "%" PRIu64 " of %" PRIu64 " lines since stage '%s' of '%s' began are bad, "
              "more than %g%%: %s",
              bad, lines, stage->name, stage->flag, replay->times.max_bad / 1000.0, so);
}

void replay_report_too_bad(const struct replay *replay, const char *so)
{
    for (uint32_t i = 0; i < replay->project->log_count; i++) {
        if (!is_too_bad(&replay->counts[i], replay->times.max_bad))
            continue;
        report_bad(replay, i, "more", so);
        report_lookalike(replay, i);
    }
    if (any_log_is_too_bad(replay))
        return;
    for (uint32_t i = 0; i < replay->stage_count; i++)
        if (stage_is_too_bad(replay, *replay->stages[i].since))
            report_bad_stage(replay, &replay->stages[i], so);
}

void replay_report_good_again(const struct replay *replay)
{
    for (uint32_t i = 0; i < replay->project->log_count; i++)
        if (log_counts_bad(&replay->counts[i]) > 0)
            report_bad(replay, i, "no longer more", "verdicts again");
    struct log_counts all = replay_counts(replay);
    if (log_counts_bad(&all) == 0)
        print_note("no line of the logs is bad any more: verdicts again");
}

bool replay_is_too_bad(const struct replay *replay)
{
    replay_report_too_bad(replay, "no verdict");
    return replay_has_too_bad(replay);
}
