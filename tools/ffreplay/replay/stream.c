/* stream.c - see stream.h. */
#include "stream.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "compiler/cli/messages.h"
#include "log_file.h"
#include "tools/ffreplay/logs/content.h"

bool stream_open(struct stream *stream, struct replay *replay, struct stream_file file,
                 uint32_t log, bool follows, struct consumer *consumer)
{
    const struct layout *layout = &replay->layouts[log];
    *stream = (struct stream){.replay = replay, .consumer = consumer};
    if (!lines_open(&stream->lines, file.path, layout_framing(layout), layout_delimiter(layout))) {
        const struct byte_source *source = &stream->lines.source;
        return log_file_report(file.shown, source->error, source->help);
    }
    stream->lines.path = file.shown;
    stream->lines.comment = layout->log->comment;
    stream->lines.follows = stream->lines.source.never_waits = follows;
    struct worker *worker = &stream->worker;
    worker->traffic = (struct traffic)TRAFFIC_INIT;
    worker->bad = (struct traffic)TRAFFIC_INIT;
    worker->consumers = &stream->consumer;
    worker->consumer_count = 1;
    uint32_t source = file.source ? *file.source : replay_add_source(replay, file.shown);
    if (!records_open(&worker->records, layout, log, source)) {
        lines_close(&stream->lines);
        return false;
    }
    worker->records.take = worker_take;
    worker->records.take_bad = worker_take_bad;
    worker->records.context = worker;
    return true;
}

void stream_close(struct stream *stream)
{
    records_close(&stream->worker.records);
    traffic_release(&stream->worker.traffic);
    traffic_release(&stream->worker.bad);
    lines_close(&stream->lines);
}

/* -------------------------------------------------------------------------------------- next -- */

static void take_none(void *worker, struct record *record)
{
    (void)worker;
    (void)record;
}

static void take_none_bad(void *worker, int64_t time, uint64_t lines)
{
    (void)worker;
    (void)time;
    (void)lines;
}

bool stream_pass(struct stream *stream, struct bytes_read *content)
{
    struct records *records = &stream->worker.records;
    struct bytes_read passed = CONTENT_INIT;
    stream->lines.content = &passed;
    stream->passes = true;
    records->take = take_none;
    records->take_bad = take_none_bad;
    while (passed.bytes < content->bytes && stream_step(stream))
        ;
    records->take = worker_take;
    records->take_bad = worker_take_bad;
    stream->passes = false;
    stream->lines.content = content;
    return !stream->refused && content_is_same(&passed, content);
}

static void refuse(struct stream *stream, const char *why)
{
    job_error(NULL, "cannot read %s:%" PRIu64 ": %s%s", stream->lines.path, stream->lines.number,
              why, stream->lines.cut_short ? " (it may be cut short)" : "");
    stream->refused = true;
}

static void show_bad_lines(struct stream *stream)
{
    bool *shown = stream->replay->bad_shown;
    for (int cause = 0; cause < BAD_CAUSE_COUNT; cause++) {
        const struct bad_line *bad = &stream->worker.records.bad[cause];
        if (shown[cause] || !bad->found)
            continue;
        shown[cause] = true;
        struct input_place place = {
            .path = stream->lines.path, .line = bad->place.line + 1, .column = bad->column};
        print_at(place, MESSAGE_BAD, "%s", bad->text);
    }
}

static void take_piece(struct stream *stream, const struct piece *piece)
{
    struct records *records = &stream->worker.records;
    enum piece_verdict verdict = records_read(records, piece);
    if (stream->passes) {
        records->counts = (struct log_counts){0};
        return;
    }
    switch (verdict) {
    case PIECE_REFUSED:
        refuse(stream, records->problem.text);
        if (records->parser->help)
            print_help("%s", records->parser->help);
        break;
    case PIECE_MISFIT:
        stream->refused = true;
        log_file_report(stream->lines.path, records->misfit->what, records->misfit->way);
        break;
    case PIECE_INCOMPLETE:
        print_at((struct input_place){.path = stream->lines.path, .line = stream->lines.number},
                 MESSAGE_NOTE, "the last line is incomplete and left out");
        stream->consumer->note_incomplete(stream->consumer, records->log);
        break;
    case PIECE_BAD:
    case PIECE_READ:
        show_bad_lines(stream);
        if (records->parser->remark)
            print_at(
                (struct input_place){.path = stream->lines.path, .line = piece->place.line + 1},
                MESSAGE_NOTE, "%s", records->parser->remark);
    }
    log_counts_add(&stream->replay->counts[records->log], &records->counts);
    records->counts = (struct log_counts){0};
    if (stream->worker.bad.count > 0) {
        traffic_join(&stream->replay->bad, &stream->worker.bad);
        traffic_release(&stream->worker.bad);
        stream->worker.bad = (struct traffic)TRAFFIC_INIT;
    }
}

static void begin(struct stream *stream, struct piece *piece)
{
    struct line_parser *parser = stream->worker.records.parser;
    struct line_problem problem;
    stream->begun = true;
    piece_skip_byte_order_mark(piece);
    if (!parser->read_header)
        return;
    const struct misfit *misfit = misfit_of_piece(piece);
    if (misfit)
        stream->refused = !log_file_report(stream->lines.path, misfit->what, misfit->way);
    else if (!parser->read_header(parser, piece->text, piece->length, &problem))
        refuse(stream, problem.text);
    stream->begun = !parser->empty;
    piece->length = 0;
}

bool stream_step(struct stream *stream)
{
    struct piece piece;
    if (stream->refused || !lines_next(&stream->lines, &piece.text, &piece.length))
        return false;
    piece.place = (struct place){0, stream->lines.number - 1};
    piece.cut_short = stream->lines.cut_short;
    piece.overlong = stream->lines.overlong;
    if (!stream->begun && !piece_is_blank(&piece))
        begin(stream, &piece);
    if (!stream->refused && !piece_is_blank(&piece))
        take_piece(stream, &piece);
    return !stream->refused;
}

bool stream_is_sound(const struct stream *stream)
{
    const struct byte_source *source = &stream->lines.source;
    if (source->error[0])
        log_file_report(stream->lines.path, source->error, source->help);
    return !stream->refused && !stream->lines.source.error[0];
}
