/*
 * fuzz_log.c - any bytes as a log, in any format: every line is a record, or is counted as bad.
 *
 * The first line names one of the project's logs below. The rest is read as its file, starting
 * where files are opened, so that pieces, compression and records are all covered. NDJSON is read
 * twice: line by line with an id, and several lines at once without one. Its lines are also parsed
 * twice: by a parser that has learnt patterns, and by one that has not; and by a pattern with what
 * the first lines have in common, and without. Both must find the same,
 * including whether a needed field is a number, and which. A value that is not a number makes no
 * line bad.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tools/ffreplay/logs/line_pattern.h"
#include "tools/ffreplay/replay/replay.h"
#include "compiler/model/model.h"
#include "compiler/project/project.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char definitions[] =
    "project: {name: lab, environments: [production], bucket_by: user}\n"
    "attributes: {user: string}\n"
    "logs:\n"
    "  ndjson: {format: ndjson, time: ts, unit: user, id: request}\n"
    "  abreast: {format: ndjson, time: ts, unit: user}\n"
    "  csv: {format: csv, time: ts, unit: user}\n"
    "  columns: {format: csv, delimiter: semicolon, columns: [ts, user, status], time: ts}\n"
    "  tsv: {format: tsv, time: ts}\n"
    "  combined: {format: combined, time: time, unit: remote_addr}\n"
    "  otlp: {format: otlp}\n"
    "  goff: {format: go-feature-flag}\n"
    "  prometheus: {format: prometheus}\n"
    "  kayenta: {format: kayenta}\n"
    "  logfmt: {format: logfmt, time: ts}\n"
    "  w3c: {format: w3c, fields: {status: {from: sc-status, parse: first}}}\n"
    "  iis: {format: iis, fields: {status: {from: time-taken, missing: [x]}}}\n"
    "  cloudfront: {format: cloudfront, fields: {status: {from: sc-status, parse: max}}}\n"
    "  caddy: {format: caddy}\n"
    "  blanks: {format: tsv, delimiter: space, comment: '#', columns: [d, t, user, status], zone: "
    "Z,\n"
    "    time: {from: [d, t], format: '%d.%m.%Y %H:%M:%S'}, fields: {status: {from: status, "
    "decimal: ','}}}\n"
    "  comments: {format: csv, comment: '#', time: ts}\n"
    "  durations: {format: ndjson, time: ts, fields: {status: {from: status, parse: duration}}}\n"
    "  sizes: {format: ndjson, time: ts, fields: {status: {from: status, parse: size}}}\n"
    "  sums: {format: ndjson, time: ts, fields: {status: {from: status, parse: sum, unit: s, "
    "from_unit: us}}}\n"
    "  lasts: {format: otlp, fields: {status: {from: status, parse: last}}}\n"
    "  excel: {format: csv, time: {from: ts, format: excel, zone: Z},\n"
    "    fields: {status: {from: status, parse: percent}}}\n"
    "  cri: {format: ndjson, time: ts, wrap: cri}\n"
    "  docker: {format: logfmt, time: ts, wrap: docker}\n"
    "  journald: {format: ndjson, time: wrap.time, wrap: [kubectl, journald]}\n"
    "  compose: {format: common, wrap: [compose, field log]}\n"
    "  syslog: {format: ndjson, time: wrap.time, wrap: syslog}\n"
    "  program: {format: common, wrap: [field log, syslog], program: nginx}\n"
    "  ruby: {format: logfmt, time: wrap.time, zone: Z, wrap: ruby}\n"
    "  common: {format: common}\n"
    "  vhost: {format: vhost_combined}\n"
    "  ingress: {format: ingress-nginx}\n"
    "  traefik: {format: traefik}\n"
    "  haproxy: {format: haproxy-http, zone: Z}\n"
    "  envoy: {format: envoy}\n"
    "  alb: {format: alb}\n"
    "  nginx: {pattern: nginx, log_format: '$msec $remote_addr $host$request_uri $status $pipe'}\n"
    "  gunicorn: {pattern: gunicorn, log_format: '%(h)s %(t)s \"%(r)s\" %(s)s %(b)s %(p)s %(L)s "
    "%({x}i)s'}\n"
    "  apache: {pattern: apache, log_format: '%h %{%F %T}t.%{msec_frac}t%{%z}t %>s %{X}i'}\n";

/* The result of reading a file: its counts, and a sum over its records that ignores their order. */
struct found {
    struct log_counts counts;
    uint64_t taken, sum;
    uint64_t numbers[3]; /* by state: `status` of the records */
    uint64_t number_sum;
    uint64_t read; /* whether it was */
};

static struct found found;
static const struct replay *replay_of;
static uint32_t status_places[48]; /* by log; NO_PLACE: it has no such field */

static void take(struct consumer *consumer, const struct record *record)
{
    (void)consumer;
    found.taken += record->digested_length > 0;
    struct unit_hash line = unit_hash_of(record->digested, record->digested_length);
    found.sum += line.low ^ (uint64_t)record->event->time;
    if (status_places[record->log] == NO_PLACE)
        return;
    const struct number *status = &record->event->numbers[status_places[record->log]];
    const struct value *logged = &record->event->values[status_places[record->log]];
    struct unit_hash number = unit_hash_of(&status->number, sizeof status->number);
    found.numbers[status->state]++;
    found.number_sum += status->state == NUMBER_GIVEN ? number.low : 0;
    assert(status->state != NUMBER_GIVEN || (status->number - status->number == 0));
    if (status_places[record->log] >= replay_of->layouts[record->log].reading_count)
        assert((status->state == NUMBER_ABSENT) == value_is_nothing(logged));
}

/* The line counts, but is neither bad nor a record. */
static void note_incomplete(struct consumer *consumer, uint32_t log)
{
    (void)consumer;
    (void)log;
    found.taken++;
}

static int file_of(const uint8_t *data, size_t size)
{
    int fd = memfd_create("log", MFD_CLOEXEC);
    assert(fd >= 0);
    ssize_t written = write(fd, data, size);
    assert(written == (ssize_t)size);
    return fd;
}

/* Every line read must be counted. */
static struct found read_file_of(const char *name, const uint8_t *data, size_t size)
{
    struct replay replay = {.threads = 1};
    struct consumer consumer = {.take = take, .note_incomplete = note_incomplete};
    struct project *project = project_load_text("lab.yaml", definitions, sizeof definitions - 1, 0);
    assert(project->diagnostics.errors == 0);
    replay_init(&replay, project);
    replay_of = &replay;
    assert(project->log_count <= sizeof status_places / sizeof *status_places);
    for (uint32_t i = 0; i < project->log_count; i++) {
        bool has_points = layout_framing(&replay.layouts[i]) == FRAMING_JSON;
        const char *status = project->logs[i]->format == LOG_ALB ? "elb_status_code" : "status";
        status_places[i] = has_points ? NO_PLACE : layout_field(&replay.layouts[i], status).place;
        if (!has_points)
            layout_use_number(&replay.layouts[i], status_places[i]);
    }
    for (uint32_t i = 0; i < project->log_count; i++)
        if (project->logs[i]->format == LOG_NDJSON) /* fields that are not needed are not looked
                                                     * into */
            layout_path(&replay.layouts[i], "request");
    replay_add_consumer(&replay, &consumer);

    int fd = file_of(data, size);
    char argument[64], *arguments[] = {argument};
    snprintf(argument, sizeof argument, "%s=/proc/self/fd/%d", name, fd);
    found = (struct found){0};
    found.read = replay_read(&replay, arguments, 1);
    if (found.read) {
        found.counts = replay_counts(&replay);
        assert(found.taken + log_counts_bad(&found.counts) == found.counts.lines);
        replay_is_too_bad(&replay);
        found.counts.fields = 0; /* their places depend on the log's definition */
    }
    close(fd);
    replay_release(&replay);
    project_free(project);
    return found;
}

/* --------------------------------------------------------------------------------- both ways -- */

static const char *const paths[] = {"ts", "user", "status", "geo.country", "request"};
#define PATH_COUNT (sizeof paths / sizeof *paths)

static bool is_same(const struct value *a, const struct value *b)
{
    if (a->kind != b->kind || value_is_absent(a) || a->kind == VALUE_OTHER)
        return a->kind == b->kind;
    if (a->kind == VALUE_BOOLEAN)
        return a->boolean == b->boolean;
    return a->length == b->length &&
           (a->kind == VALUE_LIST || memcmp(a->text, b->text, a->length) == 0);
}

/* Whether it is a line. */
static bool parse_both_ways(struct line_parser *learnt, const char *line, size_t length)
{
    struct value values[PATH_COUNT], expected[PATH_COUNT];
    struct line_problem problem, expected_problem;
    struct line_parser *fresh = ndjson_parser(paths, PATH_COUNT);
    bool parsed = fresh->parse(fresh, line, length, expected, &expected_problem);
    bool same = learnt->parse(learnt, line, length, values, &problem) == parsed;
    for (size_t i = 0; same && parsed && i < PATH_COUNT; i++)
        same = is_same(&values[i], &expected[i]);
    assert(same);
    fresh->close(fresh);
    return parsed;
}

static uint32_t field_of(const void *user, const char *path, size_t length)
{
    (void)user;
    for (uint32_t i = 0; i < PATH_COUNT; i++)
        if (strlen(paths[i]) == length && memcmp(paths[i], path, length) == 0)
            return i;
    return PATTERN_SKIPS;
}

/* A firm pattern reads fewer lines than the one that it is made of, and these as that does. */
struct firmness {
    struct line_pattern form, firm;
    struct pattern_watch watch;
};
#define WATCHED 2

static void read_firmly(struct firmness *known, const char *line)
{
    struct value values[PATH_COUNT] = {0}, expected[PATH_COUNT] = {0};
    size_t length = line_pattern_read(&known->form, line, expected);
    size_t firm_length = line_pattern_read(&known->firm, line, values);
    assert(firm_length == 0 || firm_length == length);
    for (size_t i = 0; firm_length > 0 && i < PATH_COUNT; i++)
        assert(is_same(&values[i], &expected[i]));
    if (length == 0 || known->watch.lines == WATCHED)
        return;
    line_pattern_watch(&known->form, line, &known->watch);
    if (known->watch.lines == WATCHED)
        (void)line_pattern_make_firm(&known->firm, &known->form, &known->watch);
}

static void parse_lines(const uint8_t *data, size_t size)
{
    struct line_parser *learnt = ndjson_parser(paths, PATH_COUNT);
    struct firmness *known = calloc(1, sizeof *known);
    char *copy = calloc(1, size + LINE_PADDING + 1);
    assert(copy && known);
    memcpy(copy, data, size);
    for (size_t at = 0; at < size;) {
        const char *end = memchr(copy + at, '\n', size - at);
        size_t length = end ? (size_t)(end - copy) - at : size - at;
        bool parsed = parse_both_ways(learnt, copy + at, length);
        if (parsed && known->form.count == 0)
            (void)line_pattern_learn(&known->form, copy + at, length, field_of, NULL);
        read_firmly(known, copy + at);
        at += length + 1;
    }
    free(copy);
    free(known);
    learnt->close(learnt);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {
        "ndjson",     "csv",     "columns", "tsv",     "combined", "otlp",   "goff",
        "prometheus", "kayenta", "common",  "logfmt",  "cri",      "docker", "journald",
        "compose",    "vhost",   "ingress", "traefik", "haproxy",  "envoy",  "alb",
        "nginx",      "apache",  "syslog",  "program", "gunicorn"};
    const uint8_t *end = memchr(data, '\n', size < 16 ? size : 16);
    size_t length = end ? (size_t)(end - data) : 0;
    for (size_t i = 0; end && i < sizeof names / sizeof *names; i++) {
        if (strlen(names[i]) != length || memcmp(names[i], data, length) != 0)
            continue;
        struct found one_by_one = read_file_of(names[i], end + 1, size - length - 1);
        if (i > 0)
            continue;
        struct found abreast = read_file_of("abreast", end + 1, size - length - 1);
        assert(memcmp(&abreast, &one_by_one, sizeof abreast) == 0);
        parse_lines(end + 1, size - length - 1);
    }
    return 0;
}
