/*
 * parse_wrapped.c - lines that something else wrote around a service's own: a container runtime, a
 * collector, a command.
 *
 * What is around a line is taken off, and the rest is parsed as the log's format says. Where a
 * runtime has split a long line, its parts are joined, by stream. What the wrapper says has fields
 * whose names begin with `wrap.`. Several wrappers are one within the other.
 */
#include "line_parser.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/memory.h"
#include "compiler/base/utf8.h"
#include "compiler/model/log.h"
#include "scan.h"
#include "syslog_prefix.h"

#define PREFIX        WRAP_PREFIX
#define PREFIX_LENGTH (sizeof PREFIX - 1)
/* Of a line that is joined from parts: more is not kept, and such a line is bad. */
#define LONGEST_JOINED (16u << 20)
#define OWN_JSON       2 /* fields of a JSON wrapper that are needed in any case */

#define OWN_FIELDS(X)             \
    X(OWN_TIME, "time")           \
    X(OWN_STREAM, "stream")       \
    X(OWN_SERVICE, "service")     \
    X(OWN_POD, "pod")             \
    X(OWN_CONTAINER, "container") \
    X(OWN_SEVERITY, "severity")   \
    X(OWN_PID, "pid")             \
    X(OWN_PROGRAM, "program")     \
    X(OWN_TAGS, "tags")
enum own_field { OWN_FIELDS(WORDS_MEMBER) };
#define OWN_COUNT              WORDS_COUNT(OWN_FIELDS)
#define OWN_NAME(member, word) [member] = (word),
static const char *const own_names[] = {OWN_FIELDS(OWN_NAME)};
#define SYSLOG_NAME(member, word) [member] = (word),
static const char *const syslog_names[] = {SYSLOG_PARTS(SYSLOG_NAME)};

struct slice {
    const char *begin, *end; /* both NULL: it does not say */
};

struct wrapped {
    struct line_parser parser;
    struct line_parser *inner, *json; /* json: of wrappers that are JSON objects */
    const struct log *log;
    enum log_wrap_kind kind;
    const char *const *paths;
    uint32_t count;
    struct slice own[OWN_COUNT];
    struct syslog_prefix syslog;
    const char **json_paths; /* the field that holds the line, the stream, and those wanted */
    struct value *json_values;
    uint32_t json_count, stream; /* stream: its place among them */
    uint32_t *json_of;           /* by the caller's place: which of them, if any */
    struct buffer line;          /* with padding after it */
    struct buffer bytes;         /* of a text that is a list of them */
    struct buffer parts[LOG_STREAM_COUNT];
    char message[320];
    bool has_own_paths; /* what the wrapper says is wanted */
    bool wants_time;
    struct ahead {
        struct buffer lines;   /* of the parts of a line that is not complete yet */
        size_t length;         /* and what they have of it */
    } ahead[LOG_STREAM_COUNT]; /* of one that looks ahead */
    bool has_begun;            /* to do so */
};

/* ---------------------------------------------------------------------------------- prefixes -- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A word, and the blank after it. */
static bool take_word(struct slice *rest, struct slice *word)
{
    const char *blank = memchr(rest->begin, ' ', (size_t)(rest->end - rest->begin));
    if (!blank || blank == rest->begin)
        return false;
    *word = (struct slice){rest->begin, blank};
    rest->begin = blank + 1;
    return true;
}

/* As runtimes write it: RFC 3339. */
static bool is_time(struct slice text)
{
    static const char shape[] = "0000-00-00T00:00:00";
    if ((size_t)(text.end - text.begin) < sizeof shape)
        return false;
    for (size_t i = 0; i < sizeof shape - 1; i++)
        if (shape[i] == '0' ? !is_digit(text.begin[i]) : text.begin[i] != shape[i])
            return false;
    return true;
}

static bool take_time(struct slice *rest, struct slice *time)
{
    struct slice before = *rest;
    if (take_word(rest, time) && is_time(*time))
        return true;
    *rest = before;
    *time = (struct slice){0};
    return false;
}

static bool is_text(struct slice text, const char *expected)
{
    size_t length = strlen(expected);
    return (size_t)(text.end - text.begin) == length && memcmp(text.begin, expected, length) == 0;
}

static bool stream_of(struct slice text, enum log_stream *stream)
{
    for (int i = 0; i < (int)LOG_STREAM_COUNT; i++) {
        *stream = (enum log_stream)i;
        if (is_text(text, log_stream_words[i]))
            return true;
    }
    return false;
}

/* A terminal's colour, if it is there. */
static const char *behind_colour(const char *at, const char *end)
{
    if (end - at < 3 || memcmp(at, "\x1b[", 2) != 0)
        return at;
    const char *sign = at + 2;
    while (sign < end && (is_digit(*sign) || *sign == ';'))
        sign++;
    return sign < end && *sign == 'm' ? sign + 1 : at;
}

/* "web-1  | ", which may be in a colour. Where that ends, differs between versions. */
static bool take_service(struct slice *rest, struct slice *service)
{
    const char *begin = behind_colour(rest->begin, rest->end), *at = begin;
    while (at < rest->end && *at != ' ' && *at != '|' && (unsigned char)*at > ' ' && *at != '"')
        at++;
    *service = (struct slice){begin, at};
    while (at < rest->end && *at == ' ')
        at++;
    if (at == begin || at == rest->end || *at != '|')
        return false;
    at = behind_colour(at + 1, rest->end);
    if (at == rest->end || *at != ' ')
        return false;
    rest->begin = behind_colour(at + 1, rest->end);
    return true;
}

/* "[pod/web-5d/app] ", of kubectl logs --prefix. */
static void take_pod(struct slice *rest, struct slice *pod, struct slice *container)
{
    static const char begin[] = "[pod/";
    size_t length = (size_t)(rest->end - rest->begin);
    const char *close =
        length > 5 && memcmp(rest->begin, begin, 5) == 0 ? memchr(rest->begin, ']', length) : NULL;
    const char *slash =
        close ? memchr(rest->begin + 5, '/', (size_t)(close - rest->begin) - 5) : NULL;
    if (!slash || rest->end - close < 2 || close[1] != ' ')
        return;
    *pod = (struct slice){rest->begin + 5, slash};
    *container = (struct slice){slash + 1, close};
    rest->begin = close + 2;
}

static bool take_literal(struct slice *rest, const char *literal)
{
    size_t length = strlen(literal);
    if ((size_t)(rest->end - rest->begin) < length || memcmp(rest->begin, literal, length) != 0)
        return false;
    rest->begin += length;
    return true;
}

/* Up to a literal, which is taken, too. */
static bool take_until(struct slice *rest, const char *literal, struct slice *taken)
{
    size_t length = strlen(literal);
    for (const char *at = rest->begin; (size_t)(rest->end - at) >= length; at++)
        if (memcmp(at, literal, length) == 0) {
            *taken = (struct slice){rest->begin, at};
            rest->begin = at + length;
            return true;
        }
    return false;
}

/* "I, [2026-11-20T10:00:00.123456 #7]  INFO -- NAME: ", as Logger::Formatter writes it. */
static bool take_logger(struct slice *rest, struct slice own[OWN_COUNT])
{
    struct slice left = *rest, time, pid, severity, program;
    if (left.begin < left.end)
        left.begin++;
    if (!take_literal(&left, ", [") || !take_time(&left, &time) || !take_literal(&left, "#") ||
        !take_until(&left, "] ", &pid))
        return false;
    while (left.begin < left.end && *left.begin == ' ')
        left.begin++;
    if (!take_until(&left, " -- ", &severity) || !take_until(&left, ": ", &program))
        return false;
    own[OWN_TIME] = time;
    own[OWN_PID] = pid;
    own[OWN_SEVERITY] = severity;
    own[OWN_PROGRAM] = program;
    *rest = left;
    return true;
}

/* "[TAG] [TAG] ", as ActiveSupport::TaggedLogging writes them. */
static bool take_tags(struct slice *rest, struct slice *tags)
{
    struct slice tag;
    const char *begin = rest->begin;
    while (rest->begin < rest->end && *rest->begin == '[' && take_until(rest, "] ", &tag))
        *tags = (struct slice){begin, tag.end + 1};
    return rest->begin > begin;
}

/* -------------------------------------------------------------------------------- unwrapping -- */

enum unwrapped {
    UNWRAPPED,
    UNWRAPPED_PART,
    UNWRAPPED_NOTHING,
    UNWRAPPED_ELSEWHERE, /* of an output that the log is not of */
    UNWRAPPED_BAD
};

static const char padding[LINE_PADDING + 1];

static void terminate(struct buffer *buffer)
{
    buffer_append(buffer, padding, sizeof padding);
    buffer->length -= sizeof padding;
}

/* Adds a part, and hands out the line once it is complete. */
static enum unwrapped join(struct wrapped *self, enum log_stream stream, bool is_last,
                           struct slice *rest, struct line_problem *problem)
{
    struct buffer *parts = &self->parts[stream];
    if (self->log->has_stream && self->log->stream != stream)
        return UNWRAPPED_ELSEWHERE;
    if (is_last && parts->length == 0)
        return rest->begin == rest->end ? UNWRAPPED_NOTHING : UNWRAPPED;
    if (parts->length < LONGEST_JOINED)
        buffer_append(parts, rest->begin, (size_t)(rest->end - rest->begin));
    if (!is_last)
        return UNWRAPPED_PART;
    bool too_long = parts->length >= LONGEST_JOINED;
    self->line.length = 0;
    buffer_append(&self->line, parts->bytes, too_long ? 0 : parts->length);
    parts->length = 0;
    problem->text = "the parts of a line are more than 16 MiB";
    if (too_long)
        return UNWRAPPED_BAD;
    terminate(&self->line);
    *rest = (struct slice){self->line.bytes, self->line.bytes + self->line.length};
    self->parser.joined = rest->begin;
    self->parser.joined_length = self->line.length;
    return UNWRAPPED;
}

struct cri {
    struct slice time, stream_name;
    enum log_stream stream;
    bool is_last; /* of the parts of a line; most are the only one */
};

/* "2026-11-20T10:00:00.5Z stdout F …"; P is a part of a line that goes on. */
static bool take_cri(struct slice *rest, struct cri *cri)
{
    if (!take_time(rest, &cri->time) || !take_word(rest, &cri->stream_name) ||
        !stream_of(cri->stream_name, &cri->stream))
        return false;
    const char *blank = memchr(rest->begin, ' ', (size_t)(rest->end - rest->begin));
    struct slice tags = {rest->begin, blank ? blank : rest->end};
    cri->is_last = tags.end > tags.begin && *tags.begin == 'F';
    bool is_tag = tags.end > tags.begin && (cri->is_last || *tags.begin == 'P') &&
                  (tags.end - tags.begin == 1 || tags.begin[1] == ':');
    rest->begin = blank ? blank + 1 : rest->end;
    return is_tag;
}

static enum unwrapped unwrap_cri(struct wrapped *self, struct slice *rest,
                                 struct line_problem *problem)
{
    struct cri cri;
    problem->text = "expected 'TIME stdout F', as a container runtime writes it";
    if (!take_cri(rest, &cri))
        return UNWRAPPED_BAD;
    self->own[OWN_TIME] = cri.time;
    self->own[OWN_STREAM] = cri.stream_name;
    return join(self, cri.stream, cri.is_last, rest, problem);
}

static struct slice text_of(const struct value *value)
{
    return value->kind == VALUE_STRING ? (struct slice){value->text, value->text + value->length}
                                       : (struct slice){0};
}

/* journalctl's form of a message with bytes that are no text, such as a terminal's colours: a list
 * of their numbers. */
static struct slice bytes_of(struct wrapped *self, const struct value *value)
{
    if (self->kind != WRAP_JOURNALD || value->kind != VALUE_OTHER || !value->items)
        return (struct slice){0};
    self->bytes.length = 0;
    buffer_append(&self->bytes, "", 0);
    for (uint32_t i = 0; i < value->length; i++) {
        double number;
        const char *text = value->items[i];
        if (!number_from_text(text, strlen(text), &number) || number < 0 || number > UINT8_MAX ||
            number != (double)(uint8_t)number)
            return (struct slice){0};
        char byte = (char)(uint8_t)number;
        buffer_append(&self->bytes, &byte, 1);
    }
    return (struct slice){self->bytes.bytes, self->bytes.bytes + self->bytes.length};
}

/* The line is a text in a JSON object. */
static enum unwrapped unwrap_json(struct wrapped *self, struct slice *rest,
                                  struct line_problem *problem)
{
    if (!self->json->parse(self->json, rest->begin, (size_t)(rest->end - rest->begin),
                           self->json_values, problem))
        return UNWRAPPED_BAD;
    struct slice text = text_of(&self->json_values[0]);
    if (!text.begin)
        text = bytes_of(self, &self->json_values[0]);
    problem->text = "the field that holds the line is no text, or is not there; see 'wrap'";
    if (self->kind == WRAP_JOURNALD && self->json_values[0].kind == VALUE_NULL)
        problem->text = "its MESSAGE is null: journalctl leaves out what is longer than 4 KiB, "
                        "unless it has --all";
    problem->column = 1;
    if (!text.begin)
        return UNWRAPPED_BAD;
    bool ends = text.end > text.begin && text.end[-1] == '\n';
    enum log_stream stream;
    if (self->kind == WRAP_DOCKER &&
        stream_of(text_of(&self->json_values[self->stream]), &stream)) {
        text.end -= ends;
        enum unwrapped found = join(self, stream, ends, &text, problem);
        if (found != UNWRAPPED || self->parser.joined) {
            *rest = text;
            return found;
        }
    } else {
        text.end -= ends;
    }
    self->line.length = 0;
    buffer_append(&self->line, text.begin, (size_t)(text.end - text.begin));
    terminate(&self->line);
    *rest = (struct slice){self->line.bytes, self->line.bytes + self->line.length};
    return rest->begin == rest->end ? UNWRAPPED_NOTHING : UNWRAPPED;
}

static bool is_of_program(const struct wrapped *self)
{
    const char *begin = self->syslog.parts[SYSLOG_PROGRAM].begin;
    return begin && is_text((struct slice){begin, self->syslog.parts[SYSLOG_PROGRAM].end},
                            self->log->program);
}

static enum unwrapped unwrap_syslog(struct wrapped *self, struct slice *rest,
                                    struct line_problem *problem)
{
    const char *message = syslog_skip(rest->begin, rest->end, &self->syslog);
    if (message && self->log->program && !is_of_program(self))
        return UNWRAPPED_ELSEWHERE;
    problem->text = "a syslog daemon left a count in place of lines that are equal; it can be told "
                    "not to, rsyslog by $RepeatedMsgReduction off";
    if (syslog_is_repetition(message, rest->begin, rest->end))
        return UNWRAPPED_BAD;
    problem->text = "expected 'Nov 20 10:00:00 HOST PROGRAM: ' or '<134>1 TIME HOST PROGRAM PID "
                    "MSGID - ', as syslog has it";
    if (!message)
        return UNWRAPPED_BAD;
    rest->begin = message;
    return UNWRAPPED;
}

static enum unwrapped unwrap(struct wrapped *self, struct slice *rest, struct line_problem *problem)
{
    memset(self->own, 0, sizeof self->own);
    memset(&self->syslog, 0, sizeof self->syslog);
    problem->column = 1;
    switch (self->kind) {
    case WRAP_CRI:
        return unwrap_cri(self, rest, problem);
    case WRAP_DOCKER:
    case WRAP_JOURNALD:
    case WRAP_FIELD:
        return unwrap_json(self, rest, problem);
    case WRAP_KUBECTL:
        take_pod(rest, &self->own[OWN_POD], &self->own[OWN_CONTAINER]);
        break;
    case WRAP_COMPOSE:
        problem->text = "expected 'SERVICE | ', as docker compose writes it";
        if (!take_service(rest, &self->own[OWN_SERVICE]))
            return UNWRAPPED_BAD;
        break;
    case WRAP_RUBY: {
        bool has_prefix = take_logger(rest, self->own);
        problem->text = "expected 'I, [2026-11-20T10:00:00.123456 #7]  INFO -- : ' or '[TAG] ', as "
                        "Ruby's Logger and Rails write them";
        if (!take_tags(rest, &self->own[OWN_TAGS]) && !has_prefix)
            return UNWRAPPED_BAD;
        break;
    }
    case WRAP_SYSLOG: {
        enum unwrapped found = unwrap_syslog(self, rest, problem);
        if (found != UNWRAPPED)
            return found;
        break;
    }
    }
    return rest->begin == rest->end ? UNWRAPPED_NOTHING : UNWRAPPED;
}

/* ------------------------------------------------------------------------------------- lines -- */

/* Of a wrapper that is no JSON: what it says by this name. */
static struct slice own_text(const struct wrapped *self, const char *path)
{
    if (strncmp(path, PREFIX, PREFIX_LENGTH) != 0)
        return (struct slice){0};
    const char *name = path + PREFIX_LENGTH;
    for (int i = 0; i < SYSLOG_PART_COUNT && self->kind == WRAP_SYSLOG; i++)
        if (strcmp(name, syslog_names[i]) == 0)
            return (struct slice){self->syslog.parts[i].begin, self->syslog.parts[i].end};
    for (int i = 0; i < (int)OWN_COUNT; i++)
        if (strcmp(name, own_names[i]) == 0)
            return self->own[i];
    return (struct slice){0};
}

static void set_own(const struct wrapped *self, struct value *values)
{
    for (uint32_t place = 0; place < self->count && self->json; place++) {
        uint32_t own = self->json_of[place];
        if (own < self->json_count && self->json_values[own].kind != VALUE_ABSENT)
            values[place] = self->json_values[own];
    }
    for (uint32_t place = 0; place < self->count && self->has_own_paths && !self->json; place++) {
        struct slice text = own_text(self, self->paths[place]);
        if (text.begin)
            values[place] = (struct value){.kind = VALUE_STRING,
                                           .text = text.begin,
                                           .length = (uint32_t)(text.end - text.begin)};
    }
}

/*
 * The commands put times before lines where they are asked to; a service may do so itself. Whose it
 * is, the line's format tells; logfmt takes any word, so that one which is wanted comes first.
 */
static bool parse_inner(struct wrapped *self, struct slice rest, struct value *values,
                        struct line_problem *problem)
{
    struct line_parser *inner = self->inner;
    struct line_problem of_whole;
    struct slice whole = rest;
    bool has_time = (self->kind == WRAP_KUBECTL || self->kind == WRAP_COMPOSE) &&
                    take_time(&rest, &self->own[OWN_TIME]);
    for (int attempt = 0; attempt < 1 + has_time; attempt++) {
        bool behind_time = has_time && self->wants_time == (attempt == 0);
        struct slice line = behind_time ? rest : whole;
        struct line_problem *its = has_time && !behind_time ? &of_whole : problem;
        if (inner->parse(inner, line.begin, (size_t)(line.end - line.begin), values, its)) {
            if (has_time && !behind_time)
                self->own[OWN_TIME] = (struct slice){0};
            return true;
        }
    }
    return false;
}

static bool is_on_stderr(const struct wrapped *self)
{
    enum log_stream stream;
    struct slice name = self->own[OWN_STREAM];
    if (self->kind == WRAP_DOCKER)
        name = text_of(&self->json_values[self->stream]);
    return name.begin && stream_of(name, &stream) && stream == STREAM_STDERR;
}

/* What a service prints beside its log is often on the other output. */
static void explain_stream(struct wrapped *self, struct line_problem *problem)
{
    if (self->log->has_stream || !is_on_stderr(self))
        return;
    snprintf(self->message, sizeof self->message,
             "%s; it is on stderr: if the log is on stdout, 'stream: stdout' leaves such lines out",
             problem->text);
    problem->text = self->message;
}

/* A file of syslog's may have the lines of all programs. */
static void explain_program(struct wrapped *self, struct line_problem *problem)
{
    const char *begin = self->syslog.parts[SYSLOG_PROGRAM].begin;
    if (self->kind != WRAP_SYSLOG || self->log->program || !begin)
        return;
    char text[160];
    snprintf(text, sizeof text, "%s", problem->text);
    snprintf(self->message, sizeof self->message,
             "%s; it is of '%.*s': if the log is of one program, 'program: NAME' leaves out the "
             "lines of others",
             text,
             (int)(self->syslog.parts[SYSLOG_PROGRAM].end - begin > 40
                       ? 40
                       : self->syslog.parts[SYSLOG_PROGRAM].end - begin),
             begin);
    problem->text = self->message;
}

static bool holds_part(const struct wrapped *self)
{
    bool holds = self->inner->holds_part;
    for (int stream = 0; stream < (int)LOG_STREAM_COUNT; stream++)
        holds |= self->parts[stream].length > 0;
    return holds;
}

static bool wrapped_parse(struct line_parser *parser, const char *line, size_t length,
                          struct value *values, struct line_problem *problem)
{
    struct wrapped *self = (struct wrapped *)parser;
    struct slice rest = {line, line + length};
    parser->joined = NULL;
    enum unwrapped found = unwrap(self, &rest, problem);
    parser->is_elsewhere = found == UNWRAPPED_ELSEWHERE;
    parser->empty = parser->is_elsewhere || found == UNWRAPPED_PART || found == UNWRAPPED_NOTHING;
    bool parsed = found != UNWRAPPED_BAD;
    if (found == UNWRAPPED) {
        parsed = parse_inner(self, rest, values, problem);
        if (!parsed) {
            explain_stream(self, problem);
            explain_program(self, problem);
        }
        if (!parsed) /* its column is that of a text that does not stand in the file */
            problem->column = rest.begin >= line && rest.begin <= line + length
                                  ? problem->column + (size_t)(rest.begin - line)
                                  : 1;
        parser->empty = self->inner->empty;
        parser->is_elsewhere = self->inner->is_elsewhere;
        parser->group = self->inner->group;
        parser->remark = self->inner->remark;
        parser->help = self->inner->help;
        if (self->inner->joined) {
            parser->joined = self->inner->joined;
            parser->joined_length = self->inner->joined_length;
        }
    }
    parser->holds_part = holds_part(self);
    if (parsed && !parser->empty && !self->inner->next)
        set_own(self, values);
    return parsed;
}

static bool wrapped_next(struct line_parser *parser, struct value *values)
{
    struct wrapped *self = (struct wrapped *)parser;
    if (!self->inner->next(self->inner, values))
        return false;
    parser->group = self->inner->group;
    set_own(self, values);
    return true;
}

/* ------------------------------------------------------------------------------------- ahead -- */

/* As join() does it, with a line that has so much of the joined one. */
static void carry_part(struct ahead *ahead, bool is_last, struct slice line, size_t length)
{
    if (is_last) {
        ahead->lines.length = ahead->length = 0;
    } else if (ahead->length < LONGEST_JOINED) {
        ahead->length += length;
        buffer_append(&ahead->lines, line.begin, (size_t)(line.end - line.begin));
        buffer_append(&ahead->lines, "\n", 1);
    }
}

static void carry_cri(struct wrapped *self, struct slice line)
{
    struct slice rest = line;
    struct cri cri;
    if (take_cri(&rest, &cri))
        carry_part(&self->ahead[cri.stream], cri.is_last, line, (size_t)(rest.end - rest.begin));
}

/* As unwrap_json() does it. */
static void carry_docker(struct wrapped *self, struct slice line)
{
    struct line_problem ignored;
    enum log_stream stream;
    if (!self->json->parse(self->json, line.begin, (size_t)(line.end - line.begin),
                           self->json_values, &ignored))
        return;
    struct slice text = text_of(&self->json_values[0]);
    if (!text.begin || !stream_of(text_of(&self->json_values[self->stream]), &stream))
        return;
    bool ends = text.end > text.begin && text.end[-1] == '\n';
    carry_part(&self->ahead[stream], ends, line, (size_t)(text.end - text.begin));
}

/* The first quote that is not written with a backslash. NULL: there is none. */
static const char *plain_quote(const char *at, const char *end)
{
    for (; at < end; at += SCAN_BYTES) {
        uint32_t found = scan_either(at, '"', '"') & ~scan_pair(at - 1, '\\', '"');
        if (!found)
            continue;
        at += __builtin_ctz(found);
        return at < end ? at : NULL;
    }
    return NULL;
}

static bool skip(const char **at, const char *end, const char *text)
{
    size_t length = strlen(text);
    bool is_there = (size_t)(end - *at) >= length && memcmp(*at, text, length) == 0;
    *at += is_there ? length : 0;
    return is_there;
}

/*
 * Whether the line is one that Docker writes for a whole line, or for the end of one, or is bad: in
 * no case a part that another one follows. False: that is not to be told at a glance.
 *
 * A quote with a backslash before it may end the text nevertheless, if that is written with one
 * itself; but what JSON has before the quote that comes next is no `n`.
 */
static bool is_whole_docker(struct slice line)
{
    const char *at = line.begin, *end = line.end;
    if (!skip(&at, end, "{\"log\":\""))
        return false;
    const char *quote = plain_quote(at, end);
    if (!quote || quote - at < 3 || memcmp(quote - 2, "\\n", 2) != 0 || quote[-3] == '\\')
        return false;
    at = quote;
    if (!skip(&at, end, "\",\"stream\":\"std") ||
        (!skip(&at, end, "out") && !skip(&at, end, "err")) || !skip(&at, end, "\",\"time\":\""))
        return false;
    return end - at >= 2 && memchr(at, '"', (size_t)(end - at)) == end - 2 && end[-1] == '}';
}

/* The beginning of the next line that may be a part; the end, if there is none. */
static const char *next_part(const char *at, const char *end)
{
    for (const char *text = at; text < end; text += SCAN_BYTES)
        for (uint32_t found = scan_pair(text, ' ', 'P'); found; found &= found - 1) {
            const char *tag = text + __builtin_ctz(found);
            bool is_tag = tag < end && tag - at > 6 &&
                          (memcmp(tag - 6, "stdout", 6) == 0 || memcmp(tag - 6, "stderr", 6) == 0);
            if (!is_tag)
                continue;
            const char *newline = memrchr(at, '\n', (size_t)(tag - at));
            return newline ? newline + 1 : at;
        }
    return end;
}

static bool wrapped_look_ahead(struct line_parser *parser, const char *text, size_t length,
                               struct buffer *carry)
{
    struct wrapped *self = (struct wrapped *)parser;
    struct ahead *ahead = self->ahead;
    const char *at = text, *end = text + length;
    bool says = false, is_cri = self->kind == WRAP_CRI;
    if (!self->has_begun)
        at += text_mark(text, length);
    self->has_begun = true;
    while (at < end) {
        bool waits = ahead[STREAM_STDOUT].lines.length > 0 || ahead[STREAM_STDERR].lines.length > 0;
        says |= waits;
        at = waits || !is_cri ? at : next_part(at, end);
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        struct slice line = {at, newline ? newline : end};
        line.end -= line.end > at && line.end[-1] == '\r';
        if (is_cri)
            carry_cri(self, line);
        else if (waits || !is_whole_docker(line))
            carry_docker(self, line);
        at = newline ? newline + 1 : end;
    }
    carry->length = 0;
    for (int stream = 0; stream < (int)LOG_STREAM_COUNT; stream++)
        buffer_append(carry, ahead[stream].lines.bytes, ahead[stream].lines.length);
    return says || carry->length > 0;
}

static void wrapped_restart(struct line_parser *parser)
{
    struct wrapped *self = (struct wrapped *)parser;
    for (int stream = 0; stream < (int)LOG_STREAM_COUNT; stream++)
        self->parts[stream].length = 0;
    parser->holds_part = false;
}

/* ------------------------------------------------------------------------------ side by side -- */

/* "2026-11-20T10:00:00.123456789+01:00 stdout F:abc ", or less. */
#define LONGEST_PREFIX LINE_PADDING

/* What is within a whole line; NULL: it is no such line. */
static const char *within(const char *line)
{
    struct cri cri;
    struct slice rest = {line, line + LONGEST_PREFIX};
    bool is_whole =
        take_cri(&rest, &cri) && cri.is_last && !memchr(line, '\n', (size_t)(rest.begin - line));
    return is_whole ? rest.begin : NULL;
}

/* Lines that are whole, and of which nothing is wanted but what is within. */
static void wrapped_read_abreast(struct line_parser *parser, const char *const texts[LINES_ABREAST],
                                 struct value *const values[LINES_ABREAST],
                                 size_t lengths[LINES_ABREAST])
{
    struct wrapped *self = (struct wrapped *)parser;
    const char *inner[LINES_ABREAST];
    bool reads = !self->has_own_paths && !holds_part(self);
    for (int i = 0; i < LINES_ABREAST; i++) {
        inner[i] = reads ? within(texts[i]) : NULL;
        reads = inner[i] != NULL;
    }
    memset(lengths, 0, LINES_ABREAST * sizeof *lengths);
    if (!reads)
        return;
    parser->joined = NULL;
    self->inner->read_abreast(self->inner, inner, values, lengths);
    parser->group = self->inner->group;
    for (int i = 0; i < LINES_ABREAST; i++)
        lengths[i] += lengths[i] > 0 ? (size_t)(inner[i] - texts[i]) : 0;
}

static void wrapped_close(struct line_parser *parser)
{
    struct wrapped *self = (struct wrapped *)parser;
    self->inner->close(self->inner);
    if (self->json)
        self->json->close(self->json);
    for (int stream = 0; stream < (int)LOG_STREAM_COUNT; stream++)
        buffer_release(&self->parts[stream]);
    for (int stream = 0; stream < (int)LOG_STREAM_COUNT; stream++)
        buffer_release(&self->ahead[stream].lines);
    buffer_release(&self->line);
    buffer_release(&self->bytes);
    free(self->json_paths);
    free(self->json_values);
    free(self->json_of);
    free(self);
}

static uint32_t want_json(struct wrapped *self, const char *name)
{
    uint32_t place = 0;
    while (place < self->json_count && strcmp(self->json_paths[place], name) != 0)
        place++;
    if (place == self->json_count)
        self->json_paths[self->json_count++] = name;
    return place;
}

static void open_json(struct wrapped *self, const char *field)
{
    self->json_paths = xcalloc(self->count + OWN_JSON, sizeof *self->json_paths);
    self->json_values = xcalloc(self->count + OWN_JSON, sizeof *self->json_values);
    self->json_of = xcalloc(self->count + 1, sizeof *self->json_of);
    (void)want_json(self, field);
    self->stream = want_json(self, "stream");
    for (uint32_t place = 0; place < self->count; place++) {
        const char *name = self->paths[place];
        bool is_own = strncmp(name, PREFIX, PREFIX_LENGTH) == 0;
        self->json_of[place] = is_own ? want_json(self, name + PREFIX_LENGTH) : UINT32_MAX;
    }
    self->json = ndjson_parser(self->json_paths, self->json_count);
}

struct line_parser *wrapped_parser(const char *const *paths, uint32_t count, const struct log *log,
                                   const struct log_wrap *wrap, struct line_parser *inner)
{
    struct wrapped *self = xcalloc(1, sizeof *self);
    self->parser.parse = wrapped_parse;
    self->parser.next = inner->next ? wrapped_next : NULL;
    self->parser.close = wrapped_close;
    self->parser.spare = inner->spare;
    self->inner = inner;
    self->log = log;
    self->kind = wrap->kind;
    self->paths = paths;
    self->count = count;
    if (wrap->field)
        open_json(self, wrap->field);
    self->parser.in_order = inner->in_order || wrap->kind == WRAP_CRI || wrap->kind == WRAP_DOCKER;
    if (self->parser.in_order && !inner->in_order) {
        self->parser.look_ahead = wrapped_look_ahead;
        self->parser.restart = wrapped_restart;
        bool is_abreast = wrap->kind == WRAP_CRI && inner->read_abreast;
        self->parser.read_abreast = is_abreast ? wrapped_read_abreast : NULL;
    }
    for (uint32_t place = 0; place < count; place++) {
        self->has_own_paths |= strncmp(paths[place], PREFIX, PREFIX_LENGTH) == 0;
        self->wants_time |= strcmp(paths[place], PREFIX "time") == 0;
    }
    return &self->parser;
}
