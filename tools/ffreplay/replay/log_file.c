/* log_file.c - see log_file.h. */
#include "log_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "compiler/cli/messages.h"
#include "compiler/base/arena.h"
#include "compiler/base/parallel.h"
#include "tools/ffreplay/logs/source_name.h"

/* Below this, starting threads takes longer than reading. */
#define WORTH_THREADS (2u << 20)

static const struct byte_source *source_of(const struct log_file *file)
{
    return file->in_blocks ? &file->blocks.source : &file->lines.source;
}

bool log_file_report(const char *path, const char *what, const char *way)
{
    job_error(NULL, "cannot read %s: %s", path, what);
    if (way)
        print_help("%s", way);
    return false;
}

static bool report_error(const struct log_file *file)
{
    return log_file_report(file->path, source_of(file)->error, source_of(file)->help);
}

static void close_scout(struct log_file *file)
{
    if (file->scout)
        file->scout->close(file->scout);
    file->scout = NULL;
}

/* Whether its pieces are known before they are parsed; opens what looks ahead, if that is needed.
 * What cannot be opened is reported where the file is read. */
static bool fits_blocks(struct log_file *file)
{
    switch (layout_framing(file->layout)) {
    case FRAMING_LINES:
    case FRAMING_CSV:
        return true;
    case FRAMING_ROWS:
        file->scout = layout_parser(file->layout);
        return file->scout && file->scout->look_ahead;
    case FRAMING_JSON:
        break;
    }
    return false;
}

bool log_file_open(struct log_file *file, const char *path, const struct layout *layout,
                   uint32_t log)
{
    *file = (struct log_file){.layout = layout, .log = log, .path = source_name(path)};
    file->in_blocks = fits_blocks(file);
    bool opened = file->in_blocks ? blocks_open(&file->blocks, path)
                                  : lines_open(&file->lines, path, layout_framing(layout),
                                               layout_delimiter(layout));
    if (!opened) {
        close_scout(file);
        return report_error(file);
    }
    file->blocks.scout = file->scout;
    file->lines.comment = file->blocks.comment = layout->log->comment;
    file->blocks.framing = layout_framing(layout);
    file->blocks.delimiter = layout_delimiter(layout);
    return true;
}

void log_file_close(struct log_file *file)
{
    close_scout(file);
    if (file->in_blocks)
        blocks_close(&file->blocks);
    else
        lines_close(&file->lines);
}

uint64_t *log_file_lines_before(const struct log_file *file, struct arena *arena)
{
    if (!file->in_blocks)
        return NULL;
    uint64_t parts = file->blocks.count * LINES_ABREAST, before = 0;
    uint64_t *lines_before = ARENA_ARRAY(arena, uint64_t, parts);
    for (uint64_t i = 0; i < parts; i++) {
        lines_before[i] = before;
        before += file->blocks.line_counts[i];
    }
    return lines_before;
}

bool log_file_is_large(const struct log_file *file)
{
    return file->in_blocks && blocks_size(&file->blocks) >= WORTH_THREADS;
}

/* ------------------------------------------------------------------------------------ pieces -- */

/* A document is most or all of the data: without it there is nothing to judge. */
static void refuse_document(struct log_file *file, const struct records *records,
                            const struct piece *piece)
{
    job_error(NULL, "cannot read %s:%" PRIu64 " as %s: %s%s", file->path, piece->place.line + 1,
              log_format_words[file->layout->log->format], records->problem.text,
              piece->cut_short ? " (it may be cut short)" : "");
    if (records->parser->help)
        print_help("%s", records->parser->help);
    file->refused = true;
}

static void show_remark(const struct log_file *file, const struct records *records,
                        const struct piece *piece)
{
    if (records->parser->remark)
        print_at((struct input_place){.path = file->path, .line = piece->place.line + 1},
                 MESSAGE_NOTE, "%s", records->parser->remark);
}

static void read_piece(struct log_file *file, struct worker *worker, const struct piece *piece)
{
    switch (records_read(&worker->records, piece)) {
    case PIECE_READ:
        show_remark(file, &worker->records, piece);
        break;
    case PIECE_REFUSED:
        refuse_document(file, &worker->records, piece);
        break;
    case PIECE_INCOMPLETE:
        file->incomplete = true;
        file->end = piece->place;
        for (uint32_t i = 0; i < worker->consumer_count; i++)
            worker->consumers[i]->note_incomplete(worker->consumers[i], file->log);
        break;
    case PIECE_BAD:
        break;
    case PIECE_MISFIT:
        file->refused = true;
        log_file_report(file->path, worker->records.misfit->what, worker->records.misfit->way);
        break;
    }
}

/* ------------------------------------------------------------------------------------ blocks -- */

/* Takes the next piece of the part. False: it is blank. */
static bool take_piece(struct log_file *file, const struct block *block, struct block_part *part,
                       struct piece *piece)
{
    bool ended;
    *piece = (struct piece){.text = part->text, .place = part->place};
    piece->length = block_take_piece(&file->blocks, block, part, &ended);
    piece->cut_short = !ended && block->ends_file;
    piece->overlong = block->overlong;
    if (piece->length > 0 && piece->text[piece->length - 1] == '\r')
        piece->length--;
    if (piece->place.part == 0 && piece->place.line == 0)
        piece_skip_byte_order_mark(piece);
    return !piece_is_blank(piece);
}

/* What is done with a piece. */
typedef void piece_reader(struct log_file *file, struct worker *worker, const struct piece *piece);

static void read_next(struct log_file *file, struct worker *worker, const struct block *block,
                      struct block_part *part, piece_reader *read)
{
    struct piece piece;
    if (take_piece(file, block, part, &piece))
        read(file, worker, &piece);
}

static bool all_have_lines(const struct block *block)
{
    bool all = true;
    for (size_t i = 0; i < LINES_ABREAST; i++)
        all &= block->parts[i].text < block->parts[i].end;
    return all;
}

/* Returns where the last line is that was read alone. */
static struct place read_lines(struct log_file *file, struct worker *worker, struct block *block,
                               piece_reader *read)
{
    if (file->scout)
        records_begin_block(&worker->records, block->before.bytes, block->before.length);
    /* Of duplicates, the first one counts. */
    bool any_order = !worker->ids || worker->noted;
    bool side_by_side = worker->records.parser->read_abreast && any_order && !block->in_order;
    struct place last = block->parts[0].place;
    struct block_part *first = &block->parts[0];
    if (first->place.part == 0 && first->place.line == 0 && first->text < first->end)
        read_next(file, worker, block, first, read); /* it may have a byte order mark */
    while (side_by_side && all_have_lines(block)) {
        uint32_t unread = records_read_abreast(&worker->records, block->parts);
        for (; unread; unread &= unread - 1)
            read_next(file, worker, block, &block->parts[__builtin_ctz(unread)], read);
    }
    for (size_t i = 0; i < LINES_ABREAST; i++)
        while (block->parts[i].text < block->parts[i].end) {
            last = block->parts[i].place;
            read_next(file, worker, block, &block->parts[i], read);
        }
    return last;
}

static void try_piece(struct log_file *file, struct worker *worker, const struct piece *piece)
{
    (void)file;
    (void)records_read(&worker->records, piece);
}

static void find_duplicates(struct log_file *file, struct worker *worker, const struct block *block)
{
    struct block again = *block;
    struct records_trial trial;
    block_ids_begin(worker->noted);
    records_begin_trial(&worker->records, &trial, worker_note_id);
    (void)read_lines(file, worker, &again, try_piece);
    records_end_trial(&worker->records, &trial);
    block_ids_look_up(worker->noted, &file->turns, block->parts[0].place.part / LINES_ABREAST,
                      worker->ids);
}

static void read_block(struct log_file *file, struct worker *worker, struct block *block)
{
    if (worker->noted)
        find_duplicates(file, worker, block);
    struct place last = read_lines(file, worker, block, read_piece);
    if (block->ends_file && worker->records.parser->holds_part) {
        file->incomplete = true;
        file->end = last;
    }
    blocks_note_lines(&file->blocks, block);
}

static void read_blocks(void *context, uint32_t thread, uint32_t index)
{
    (void)thread;
    struct log_file *file = context;
    struct worker *worker = &file->workers[index];
    struct block_ids ids = {0};
    struct block block = index == 0 ? file->first : (struct block){0};
    worker->noted = worker->ids ? &ids : NULL;
    bool more = block.length > 0 || blocks_next(&file->blocks, &block, index);
    for (; more; more = blocks_next(&file->blocks, &block, index)) {
        records_begin_row(&worker->records);
        read_block(file, worker, &block);
        records_end_row(&worker->records);
    }
    worker->noted = NULL;
    block_ids_release(&ids);
    block_release(&block);
}

/* ----------------------------------------------------------------------------------- headers -- */

/* False, having reported it, if the header lacks a column that is needed. */
static bool read_header(struct log_file *file, const struct piece *piece)
{
    struct line_problem problem;
    const struct misfit *misfit = misfit_of_piece(piece);
    if (misfit)
        return log_file_report(file->path, misfit->what, misfit->way);
    bool fits = true;
    for (uint32_t i = 0; i < file->worker_count && fits; i++) {
        struct line_parser *parser = file->workers[i].records.parser;
        fits = parser->read_header(parser, piece->text, piece->length, &problem);
    }
    if (fits)
        return true;
    job_error(NULL, "%s: %s", file->path, problem.text);
    lookalike_help(lookalike_of(piece->text, piece->length), "its first line looks",
                   log_format_words[file->layout->log->format]);
    return false;
}

/* Of the pieces of a block, up to one that is a header. */
static bool find_header(struct log_file *file, struct block *block)
{
    struct piece piece;
    const struct line_parser *parser = file->workers[0].records.parser;
    for (size_t i = 0; i < LINES_ABREAST; i++)
        while (block->parts[i].text < block->parts[i].end) {
            if (!take_piece(file, block, &block->parts[i], &piece))
                continue;
            file->refused = !read_header(file, &piece);
            if (file->refused || !parser->empty)
                return true;
        }
    return false;
}

/* Before anything else is read, so that all workers know it. */
static void read_headers(struct log_file *file)
{
    while (blocks_next(&file->blocks, &file->first, 0)) {
        if (find_header(file, &file->first))
            return;
        blocks_note_lines(&file->blocks, &file->first);
        file->first.length = 0;
    }
}

/* --------------------------------------------------------------------- pieces of many lines -- */

static void read_pieces(struct log_file *file, struct worker *worker)
{
    struct piece piece = {0};
    bool first = true;
    while (!file->refused && lines_next(&file->lines, &piece.text, &piece.length)) {
        piece.place = (struct place){0, file->lines.number - 1};
        piece.cut_short = file->lines.cut_short;
        piece.overlong = file->lines.overlong;
        if (first)
            piece_skip_byte_order_mark(&piece);
        first = false;
        if (!piece_is_blank(&piece))
            read_piece(file, worker, &piece);
    }
    if (worker->records.parser->holds_part && !file->refused) {
        file->incomplete = true;
        file->end = piece.place;
    }
}

/* -------------------------------------------------------------------------------- afterwards -- */

static void show_bad_line(const struct log_file *file, const struct bad_line *bad)
{
    struct input_place place = {.path = file->path,
                                .line = blocks_line_number(&file->blocks, bad->place),
                                .column = bad->column};
    print_at(place, MESSAGE_BAD, "%s", bad->text);
}

/* Shows the first bad line of each cause, in the order of the file. */
static void show_bad_lines(const struct log_file *file, bool shown[BAD_CAUSE_COUNT])
{
    struct bad_line first[BAD_CAUSE_COUNT] = {0};
    for (int cause = 0; cause < BAD_CAUSE_COUNT; cause++)
        for (uint32_t i = 0; i < file->worker_count; i++)
            bad_line_keep_first(&first[cause], &file->workers[i].records.bad[cause]);
    for (;;) {
        struct bad_line next = {0};
        int which = 0;
        for (int cause = 0; cause < BAD_CAUSE_COUNT; cause++) {
            if (shown[cause] || !first[cause].found)
                continue;
            bad_line_keep_first(&next, &first[cause]);
            if (!place_is_before(next.place, first[cause].place))
                which = cause;
        }
        if (!next.found)
            return;
        shown[which] = true;
        show_bad_line(file, &first[which]);
    }
}

static void show_incomplete(const struct log_file *file)
{
    struct input_place place = {.path = file->path,
                                .line = blocks_line_number(&file->blocks, file->end)};
    print_at(place, MESSAGE_NOTE, "the last line is incomplete and left out");
}

bool log_file_read(struct log_file *file, struct worker *workers, uint32_t worker_count,
                   struct log_counts *counts, bool shown[BAD_CAUSE_COUNT])
{
    file->workers = workers;
    file->worker_count = worker_count;
    if (file->in_blocks && workers[0].records.parser->read_header)
        read_headers(file);
    if (worker_count > 1 && file->in_blocks)
        blocks_share(&file->blocks);
    block_turns_begin(&file->turns, file->blocks.count - (file->first.length > 0));
    if (file->refused)
        block_release(&file->first);
    else if (file->in_blocks)
        parallel_all(worker_count, read_blocks, file);
    else
        read_pieces(file, &workers[0]);
    block_turns_end(&file->turns);
    records_end_row(&workers[0].records);
    if (!file->refused)
        show_bad_lines(file, shown);
    if (file->incomplete && !file->refused)
        show_incomplete(file);
    for (uint32_t i = 0; i < worker_count; i++)
        log_counts_add(counts, &workers[i].records.counts);
    return source_of(file)->error[0] ? report_error(file) : !file->refused;
}
