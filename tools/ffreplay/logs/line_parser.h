/*
 * line_parser.h - from a log line to the values of the needed fields.
 *
 * The fields are fixed before the first line, and identified by their place in that list. A parser
 * is a struct of functions, one file per format.
 */
#ifndef FFREPLAY_LINE_PARSER_H
#define FFREPLAY_LINE_PARSER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lines.h"
#include "value.h"

struct buffer;

#ifdef __cplusplus
extern "C" {
#endif

struct line_problem {
    size_t column; /* bytes, from 1 */
    const char *text;
};

/* What a record says about its group, apart from its fields. */
enum record_group {
    RECORD_UNASSIGNED, /* nothing: the fields are to tell */
    RECORD_OF_CANARY,
    RECORD_OF_CONTROL,
    RECORD_FAILED /* the evaluation failed: what was served is nobody's variant */
};

struct line_parser {
    /*
     * The first line of each file, which names its fields. NULL if the format has no such line.
     * False: it lacks a needed field. `empty`: it was no such line, and the next one may be.
     */
    bool (*read_header)(struct line_parser *parser, const char *line, size_t length,
                        struct line_problem *problem);
    /*
     * Fills values[0 … count - 1]; fields that the line lacks are VALUE_ABSENT. At least
     * LINE_PADDING bytes after the line are readable. False: the line is not in this format.
     */
    bool (*parse)(struct line_parser *parser, const char *line, size_t length, struct value *values,
                  struct line_problem *problem);
    /*
     * The same for lines of which only the beginnings are known, and which look like one before.
     * Sets their lengths; the byte after each is a control character. 0: parse() has to tell.
     * NULL where a format has no such lines.
     */
    void (*read_abreast)(struct line_parser *parser, const char *const texts[LINES_ABREAST],
                         struct value *const values[LINES_ABREAST], size_t lengths[LINES_ABREAST]);
    /*
     * NULL where a line is one record. Otherwise parse() fills nothing, and this fills the values
     * of one record after the other; false when there are no more.
     */
    bool (*next)(struct line_parser *parser, struct value *values);
    /*
     * Where a line may say something of those that follow; otherwise `in_order` is false, and these
     * are NULL, as they are where lines can only be read one after the other. look_ahead() is
     * called by a parser that parses nothing, for one text of whole lines after the other. It makes
     * of `carry` the lines that a parser has to read before what follows this text, which are no
     * records, after restart(), which forgets what others said. Returns whether the lines of this
     * text have to be read in their order, and not only behind what was carried to it.
     */
    bool in_order;
    bool (*look_ahead)(struct line_parser *parser, const char *text, size_t length,
                       struct buffer *carry);
    void (*restart)(struct line_parser *parser);
    /* So many values behind those of its paths are there for it to fill, and mean nothing. */
    uint32_t spare;
    enum record_group group; /* of the record filled in last */
    /* What the piece parsed last says of itself, for a person, until the next one; or NULL. */
    const char *remark;
    const char *help;   /* where that piece is not of the format: the way out; or NULL */
    bool empty;         /* that piece was no record, and nothing is wrong with it */
    bool is_elsewhere;  /* that piece was of an output that the log is not of; `empty`, too */
    bool holds_part;    /* and it is a part of one that goes on */
    const char *joined; /* the record's text, where it was in several pieces; or NULL */
    size_t joined_length;
    void (*close)(struct line_parser *parser);
};

/*
 * One JSON object a line. A dot in a path descends, or is part of a key: `a.b` finds {"a":{"b":1}}
 * and
 * {"a.b":1}. Fields that are not wanted are skipped, not looked into. Never NULL.
 */
struct line_parser *ndjson_parser(const char *const *paths, uint32_t count);

/* logfmt, fields by their keys. Never NULL. */
struct line_parser *logfmt_parser(const char *const *paths, uint32_t count);

struct log;
struct log_wrap;
/*
 * What `inner` parses, with something around it. Takes over `inner`, which has the same paths;
 * those that begin with WRAP_PREFIX are the wrapper's. Never NULL.
 */
struct line_parser *wrapped_parser(const char *const *paths, uint32_t count, const struct log *log,
                                   const struct log_wrap *wrap, struct line_parser *inner);

struct format_string;
/*
 * Lines that have one of the forms, and have it in one way only; see format_string.h. The fields
 * are the forms'; a line lacks those of other forms. The forms must outlive it. Never NULL.
 */
struct line_parser *format_string_parser(const char *const *paths, uint32_t count,
                                         const struct format_string *forms, uint32_t form_count);

/*
 * Delimited text. `columns` names the fields in order; without any, the first line of each file
 * that is no comment does. `text` of a problem is good until the next one. Never NULL.
 */
struct csv_form {
    char delimiter; /* of CSV_BLANKS: ' ' */
    char comment;   /* a line that begins with it is none; 0: there are no such lines */
    enum csv_kind {
        CSV_QUOTED, /* RFC 4180's quotes */
        CSV_BLANKS, /* the same, with any number of blanks and tabs between fields */
        CSV_PLAIN   /* a quote is a character, and so is a blank */
    } kind;
};
struct line_parser *csv_parser(const char *const *paths, uint32_t count, struct csv_form form,
                               const char *const *columns, size_t column_count);

/*
 * The W3C's extended log file format: `#Fields:` names the columns of the lines that follow it.
 * `columns`: of lines before the first. A line lacks the fields that are no columns there.
 * Never NULL.
 */
enum w3c_kind {
    W3C_ANY,       /* separated by blanks or tabs; with quotes */
    W3C_IIS,       /* by blanks; in headers of a request, '+' is a blank */
    W3C_CLOUDFRONT /* by tabs */
};
struct line_parser *w3c_parser(const char *const *paths, uint32_t count, enum w3c_kind kind,
                               const char *const *columns, size_t column_count);

/* Caddy's JSON: lines of its access logs are records; what else it writes is none. Never NULL. */
struct line_parser *caddy_parser(const char *const *paths, uint32_t count);

/*
 * OTLP's JSON for logs, a request a line, as the OpenTelemetry collector's file exporter writes it.
 * A path is an attribute of the record, of its scope or of its resource, by its name, in which a
 * dot may descend; or a field of the record: `time` (observed where there is no other),
 * timeUnixNano, observedTimeUnixNano, severityText, severityNumber, eventName, traceId, spanId,
 * body. Names of feature_flag attributes that are deprecated stand for the ones that replaced them.
 * Never NULL.
 */
struct line_parser *otlp_parser(const char *const *paths, uint32_t count);

/*
 * The lines of GO Feature Flag's exporters, fields by their names. GO_FEATURE_FLAG_FLAG is the
 * `key` of those that are evaluations; in tracking events that is the event's name. Never NULL.
 */
struct line_parser *go_feature_flag_parser(const char *const *paths, uint32_t count);
#define GO_FEATURE_FLAG_FLAG "flag"

/*
 * Time series, a record a point, with the fields `time` and `value`; "NaN" is no value. The text is
 * a document. Neither is ever NULL.
 *
 * Prometheus: the answer to a range query; the other fields are labels. One that says that it is
 * not all there is, is not of the format unless `takes_partial`. Kayenta: metric set pairs; the
 * other fields are `name` and the tags, and the group is that of the side.
 */
struct line_parser *prometheus_parser(const char *const *paths, uint32_t count, bool takes_partial);
struct line_parser *kayenta_parser(const char *const *paths, uint32_t count);

#ifdef __cplusplus
}
#endif
#endif
