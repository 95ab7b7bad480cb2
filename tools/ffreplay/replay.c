/* replay.c - see replay.h. */
#include "replay.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "tools/ffreplay/logs/complain.h"
#include "tools/ffreplay/logs/lines.h"
#include "tools/ffreplay/logs/log_time.h"

/* One log file while it is read. */
struct reader {
    struct replay *replay;
    uint32_t log;
    const struct layout *layout;
    struct line_parser *parser;
    struct lines lines;
    struct event event;
    bool failed; /* a document cannot be read, which has been reported */
};

const char *bad_cause_text(enum bad_cause cause)
{
    static const char *const texts[] = {"unparsable", "no_time", "bad_number"};
    return texts[cause];
}

/* What fflag_exposure() writes: OpenTelemetry's attribute names. */
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

void replay_init(struct replay *replay, struct project *project)
{
    replay->project = project;
    if (project->log_count == 0)
        *ARENA_APPEND(&project->arena, project->logs, project->log_count) =
            exposure_log(&project->arena);
    uint32_t count = project->log_count;
    replay->layouts = ARENA_ARRAY(&project->arena, struct layout, count);
    replay->counts = ARENA_ARRAY(&project->arena, struct log_counts, count);
    replay->ids = ARENA_ARRAY(&project->arena, struct unit_set, count);
    for (uint32_t i = 0; i < count; i++)
        layout_init(&replay->layouts[i], project, project->logs[i], &project->arena);
    replay->earliest = INT64_MAX;
    for (int i = 0; i < NEWEST_COUNT; i++)
        replay->newest[i] = INT64_MIN;
}

void replay_release(struct replay *replay)
{
    for (uint32_t i = 0; replay->ids && i < replay->project->log_count; i++)
        unit_set_release(&replay->ids[i]);
    for (uint32_t i = 0; i < replay->analysis_count; i++)
        analysis_release(&replay->analyses[i]);
}

/* ------------------------------------------------------------------------------------- lines -- */

static void bad_line(struct reader *reader, enum bad_cause cause, size_t column, const char *text)
{
    struct replay *replay = reader->replay;
    replay->counts[reader->log].bad[cause]++;
    if (replay->bad_shown[cause])
        return;
    replay->bad_shown[cause] = true;
    fprintf(stderr, "%s:%" PRIu64 ":%zu: bad line: %s\n", reader->lines.path, reader->lines.number,
            column, text);
}

/* Where the value stands in the line; 1 when it was unescaped elsewhere. */
static size_t column_of(const struct value *value, const char *line, size_t length)
{
    bool inside = value->text >= line && value->text <= line + length;
    return value->kind != VALUE_ABSENT && inside ? (size_t)(value->text - line) + 1 : 1;
}

static bool means_nothing(const struct value *value)
{
    return value->kind == VALUE_ABSENT ||
           (value->kind == VALUE_STRING &&
            (value->length == 0 || (value->length == 1 && value->text[0] == '-')));
}

static bool take_numbers(struct reader *reader, const char *line, size_t length)
{
    const struct layout *layout = reader->layout;
    for (uint32_t i = 0; i < layout->count; i++) {
        if (layout->uses[i] == NUMBER_UNUSED)
            continue;
        const struct value *value = &reader->event.values[i];
        struct number *number = &reader->event.numbers[i];
        if (means_nothing(value)) {
            number->state = NUMBER_ABSENT;
        } else if (value_number(value, &number->number)) {
            number->state = NUMBER_GIVEN;
        } else if (layout->uses[i] == NUMBER_COMPARED) {
            number->state = NUMBER_ABSENT;
        } else {
            char text[160], shown[41] = "…";
            if (value->kind != VALUE_LIST && value->kind != VALUE_OTHER)
                copy_printable(shown, sizeof shown, value->text, value->length);
            snprintf(text, sizeof text, "'%.80s' is not a number: '%s'", layout->paths[i], shown);
            bad_line(reader, BAD_NUMBER, column_of(value, line, length), text);
            return false;
        }
    }
    return true;
}

static bool is_duplicate(struct reader *reader)
{
    if (reader->layout->id == NO_PLACE)
        return false;
    const struct value *id = &reader->event.values[reader->layout->id];
    if (id->kind != VALUE_STRING && id->kind != VALUE_NUMBER)
        return false;
    struct unit_set *seen = &reader->replay->ids[reader->log];
    return !unit_set_add(seen, unit_hash_of(id->text, id->length), false);
}

static void note_time(struct replay *replay, int64_t time)
{
    replay->timed++;
    if (time < replay->earliest)
        replay->earliest = time;
    int place = NEWEST_COUNT - 1;
    if (time <= replay->newest[place])
        return;
    for (; place > 0 && replay->newest[place - 1] < time; place--)
        replay->newest[place] = replay->newest[place - 1];
    replay->newest[place] = time;
}

/* `digested` is what stands for the record in the digest of the input. */
static void read_record(struct reader *reader, const char *line, size_t length,
                        const char *digested, size_t digested_length)
{
    struct replay *replay = reader->replay;
    const struct layout *layout = reader->layout;
    struct event *event = &reader->event;
    const struct value *time = &event->values[layout->time];
    if (!value_time(time, layout->log->time_unit, &event->time)) {
        char text[160];
        snprintf(text, sizeof text,
                 time->kind == VALUE_ABSENT ? "no time: there is no '%.60s'"
                                            : "no time: '%.60s' is not one",
                 layout->paths[layout->time]);
        bad_line(reader, BAD_NO_TIME, column_of(time, line, length), text);
        return;
    }
    if (!take_numbers(reader, line, length))
        return;
    note_time(replay, event->time);
    event->group = reader->parser->group;
    bool duplicate = is_duplicate(reader);
    for (uint32_t i = 0; i < replay->analysis_count; i++)
        analysis_line(&replay->analyses[i], reader->log, event, duplicate, replay->times.now,
                      digested, digested_length);
}

/* A batch is hashed once, however many records it has: they go by its hash and their place. */
static void read_batch(struct reader *reader, const char *line, size_t length)
{
    struct line_parser *parser = reader->parser;
    struct {
        XXH128_canonical_t batch;
        unsigned char place[8];
    } digested;
    XXH128_canonicalFromHash(&digested.batch, XXH3_128bits(line, length));
    for (uint64_t place = 0; parser->next(parser, reader->event.values); place++) {
        for (size_t i = 0; i < sizeof digested.place; i++)
            digested.place[i] = (unsigned char)(place >> (56 - 8 * i));
        read_record(reader, line, length, (const char *)&digested, sizeof digested);
        reader->replay->counts[reader->log].lines++;
    }
}

/* A log that is being written to ends anywhere: that is no fault of the log's. */
static void leave_out_incomplete(struct reader *reader)
{
    struct replay *replay = reader->replay;
    fprintf(stderr, "%s:%" PRIu64 ": note: the last line is incomplete and left out\n",
            reader->lines.path, reader->lines.number);
    for (uint32_t i = 0; i < replay->analysis_count; i++)
        replay->analyses[i].assigned[LEFT_OUT_INCOMPLETE] +=
            replay->analyses[i].assigners[reader->log].layout != NULL;
}

/* A document is most of what there is, or all of it: without it there is nothing to judge. */
static void refuse_document(struct reader *reader, const struct line_problem *problem)
{
    const char *format = reader->layout->log->format == LOG_KAYENTA ? "kayenta" : "prometheus";
    fprintf(stderr, "ffreplay: cannot read %s:%" PRIu64 " as %s: %s%s\n", reader->lines.path,
            reader->lines.number, format, problem->text,
            reader->lines.cut_short ? " (it may be cut short)" : "");
    reader->failed = true;
}

static void read_line(struct reader *reader, const char *line, size_t length)
{
    struct log_counts *counts = &reader->replay->counts[reader->log];
    struct line_parser *parser = reader->parser;
    struct line_problem problem;
    counts->pieces++;
    if (!parser->parse(parser, line, length, reader->event.values, &problem)) {
        counts->lines++;
        if (reader->lines.framing == FRAMING_JSON)
            refuse_document(reader, &problem);
        else if (reader->lines.cut_short)
            leave_out_incomplete(reader);
        else
            bad_line(reader, BAD_UNPARSABLE, problem.column, problem.text);
        return;
    }
    if (parser->next) {
        read_batch(reader, line, length);
        return;
    }
    counts->lines++;
    read_record(reader, line, length, line, length);
}

/* ------------------------------------------------------------------------------------- files -- */

static bool is_blank(const char *line, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (line[i] != ' ' && line[i] != '\t')
            return false;
    return true;
}

/* False: it has been reported. */
static bool read_header(struct reader *reader, const char *line, size_t length)
{
    struct line_problem problem;
    if (reader->parser->read_header(reader->parser, line, length, &problem))
        return true;
    fprintf(stderr, "ffreplay: %s: %s\n", reader->lines.path, problem.text);
    return false;
}

static bool read_lines(struct reader *reader)
{
    const char *line;
    size_t length;
    bool first = true, wants_header = reader->parser->read_header != NULL;
    while (!reader->failed && lines_next(&reader->lines, &line, &length)) {
        if (first && length >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0) {
            line += 3;
            length -= 3;
        }
        first = false;
        if (is_blank(line, length))
            continue;
        if (!wants_header)
            read_line(reader, line, length);
        else if (!read_header(reader, line, length))
            return false;
        wants_header = false;
    }
    if (reader->lines.source.error[0])
        fprintf(stderr, "ffreplay: cannot read %s: %s\n", reader->lines.path,
                reader->lines.source.error);
    return !reader->failed && !reader->lines.source.error[0];
}

/* "NAME=FILE" where NAME is a log, or FILE where there is but one. */
static bool split_argument(const struct project *project, const char *argument, uint32_t *log,
                           const char **path)
{
    const char *equals = strchr(argument, '=');
    size_t length = equals ? (size_t)(equals - argument) : 0;
    const char **names = xcalloc(project->log_count, sizeof *names);
    for (*log = 0; *log < project->log_count; (*log)++) {
        names[*log] = project->logs[*log]->name.text;
        if (equals && strlen(names[*log]) == length && memcmp(argument, names[*log], length) == 0)
            break;
    }
    bool found = true;
    *path = equals ? equals + 1 : argument;
    if (*log == project->log_count && project->log_count == 1) {
        *log = 0;
        *path = argument;
    } else if (*log == project->log_count) {
        found = false;
        char name[160];
        snprintf(name, sizeof name, "%.*s", (int)length, argument);
        const char *near = equals ? nearest_name(name, names, project->log_count) : NULL;
        if (equals)
            fprintf(stderr, "ffreplay: no log is called '%s'\n", name);
        else
            fprintf(stderr, "ffreplay: the project has %u logs: which one is %s?\n",
                    project->log_count, argument);
        if (near)
            fprintf(stderr, "help: did you mean '%s'?\n", near);
        else
            fprintf(stderr, "help: name it, as in %s=FILE\n", project->logs[0]->name.text);
    }
    free(names);
    return found;
}

bool replay_read(struct replay *replay, const char *argument)
{
    struct reader reader = {.replay = replay};
    const char *path;
    if (!split_argument(replay->project, argument, &reader.log, &path))
        return false;
    reader.layout = &replay->layouts[reader.log];
    reader.parser = layout_parser(reader.layout);
    if (!reader.parser)
        return false;
    bool read = lines_open(&reader.lines, path, layout_framing(reader.layout),
                           layout_delimiter(reader.layout));
    if (read) {
        reader.event.values = xcalloc(reader.layout->count, sizeof *reader.event.values);
        reader.event.numbers = xcalloc(reader.layout->count, sizeof *reader.event.numbers);
        read = read_lines(&reader);
        free(reader.event.values);
        free(reader.event.numbers);
        lines_close(&reader.lines);
    } else {
        fprintf(stderr, "ffreplay: cannot read %s: %s\n", path, reader.lines.source.error);
    }
    reader.parser->close(reader.parser);
    return read;
}

/*
 * Whether more than `max_bad` of what the log has is lost. A line that cannot be read is taken for
 * as many records as others have, so that a batch counts for more than one.
 */
static bool is_too_bad(const struct log_counts *counts, uint32_t max_bad)
{
    typedef unsigned __int128 wide;
    uint64_t unread = counts->bad[BAD_UNPARSABLE];
    uint64_t bad = counts->bad[BAD_NO_TIME] + counts->bad[BAD_NUMBER];
    uint64_t records = counts->lines > unread ? counts->lines - unread : 1;
    wide lost = (wide)unread * records + (wide)(counts->pieces - unread) * bad;
    return lost * PERCENT_ALL > (wide)counts->pieces * records * max_bad;
}

bool replay_is_too_bad(const struct replay *replay)
{
    bool too_bad = false;
    for (uint32_t i = 0; i < replay->project->log_count; i++) {
        const struct log_counts *counts = &replay->counts[i];
        uint64_t bad = 0;
        for (int cause = 0; cause < BAD_CAUSE_COUNT; cause++)
            bad += counts->bad[cause];
        if (!is_too_bad(counts, replay->max_bad))
            continue;
        too_bad = true;
        fprintf(stderr,
                "ffreplay: %" PRIu64 " of %" PRIu64 " lines of log '%s' are bad (%" PRIu64
                " unparsable, %" PRIu64 " without a time, %" PRIu64
                " with a bad number), more than %g%%: no verdict\n",
                bad, counts->lines, replay->project->logs[i]->name.text,
                counts->bad[BAD_UNPARSABLE], counts->bad[BAD_NO_TIME], counts->bad[BAD_NUMBER],
                replay->max_bad / 1000.0);
    }
    return too_bad;
}
