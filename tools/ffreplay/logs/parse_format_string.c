/*
 * parse_format_string.c - lines that have the form of a server's own format string.
 *
 * A line is of the form in exactly one way, or it is bad: where a client's text could be taken for
 * the fields around it, nobody knows what they are. Nearly every line is read from left to right
 * without looking back, and has_other_end() knows that there is no second way; for the rest, all
 * ways are tried until there are two.
 *
 * A format may have several forms. Those of built-in formats exclude each other, or have the same
 * values where they do not, so that it does not matter which is tried first.
 */
#include "line_parser.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/memory.h"
#include "format_scan.h"
#include "format_value.h"
#include "scan.h"
#include "unescape.h"

/* Of one line, so many places where a value may end are tried: for each byte, and more. */
#define TRIES_A_BYTE 64
#define MORE_TRIES   20000
/* The longest value that has an end of its own, and is no list. */
#define LONGEST_OWN 300

struct step {
    const struct format_part *part;
    bool is_text;
    bool ends_once; /* whatever its value is: it cannot contain what follows it */
    char stop;      /* that first character; a line end, if nothing follows */
};

struct wanted {
    uint32_t part, place;
    enum extract extract;
    struct buffer texts[LINES_ABREAST]; /* of values that are not written as they are */
};

struct form {
    const struct format_string *format;
    struct format_scan *scan; /* NULL: its lines are not read in that way */
    struct step *steps;
    uint32_t count;
    bool is_certain; /* no line has it in two ways */
    struct wanted *wanted;
    uint32_t wanted_count;
    uint32_t *others; /* of them, that `scan` does not set */
    uint32_t other_count;
    uint32_t *absent; /* places of fields that its lines do not have */
    uint32_t absent_count;
    uint32_t *asked; /* steps that may have another end, even in a line that format_scan.h read */
    uint32_t asked_count;
};

struct format_parser {
    struct line_parser parser;
    struct form *forms;
    uint32_t form_count;
    uint32_t last; /* the form of the line before */
    struct found *found, *other;
    struct found *abreast[LINES_ABREAST];
    char message[240];
};

/* ----------------------------------------------------------------------------- left to right -- */

/* Literal text is short: calling a function to compare it would take longer. */
static inline bool follows(const struct step *step, const char *at, const char *end)
{
    uint32_t length = step->part->literal_length;
    const char *literal = step->part->literal;
    if ((size_t)(end - at) < length)
        return false;
    for (uint32_t i = 0; i < length; i++)
        if (at[i] != literal[i])
            return false;
    return true;
}

/* Over one character of a text, or an escape; NULL: it cannot be in one. */
static const char *skip_character(const struct form *form, const struct step *step, const char *at,
                                  const char *end)
{
    enum escape_mode escape = form->format->escape;
    bool escapes = *at == '\\' && (escape == ESCAPE_BACKSLASH || escape == ESCAPE_JSON);
    if (!escapes)
        return format_value_has(step->part->as, escape, *at) ? at + 1 : NULL;
    return end - at >= 2 && (unsigned char)at[1] >= ' ' ? at + 2 : NULL;
}

/* Of words and the like, most of whose characters scan_text() has no interest in. */
static bool is_narrow(enum value_form as)
{
    return as == AS_WORD || as == AS_IDENT || as == AS_LEAD || as == AS_CAPTURED;
}

/*
 * Where a text that begins before `at` may end first: what follows it is there. NULL: nowhere. With
 * `quotes`, a quote is part of a text where nothing escapes it.
 */
static const char *text_end(const struct form *form, const struct step *step, const char *at,
                            const char *end, bool quotes)
{
    bool narrow = is_narrow(step->part->as);
    while (at <= end) {
        if (!narrow) {
            uint32_t next = scan_text(at, step->stop);
            if (!next) {
                at += SCAN_BYTES;
                continue;
            }
            at += __builtin_ctz(next);
        }
        if (at >= end)
            return step->part->literal_length == 0 ? end : NULL;
        if (*at == step->stop && follows(step, at, end))
            return at;
        if (*at == '"' && !quotes && step->part->as != AS_REST)
            return NULL;
        at = skip_character(form, step, at, end);
        if (!at)
            return NULL;
    }
    return step->part->literal_length == 0 ? end : NULL;
}

/* Whether the value may end elsewhere as well. */
static bool has_other_end(const struct form *form, const struct step *step,
                          const struct found *found, const char *end)
{
    if (step->is_text)
        return found->end < end && text_end(form, step, found->end + 1, end, false);
    for (const char *at = found->begin; at < found->end; at++)
        if (follows(step, at, end))
            return true;
    return false;
}

/* A path that stands behind a host name is never "-": names may end in that. */
static bool text_fits(const struct form *form, const struct step *step, const char *text,
                      const char *end)
{
    enum value_form as = step->part->as;
    return format_value_fits(as, text, end) || (end == text && form->format->empty_is_nothing) ||
           (end - text == 1 && *text == '-' && as != AS_PATH);
}

/* The usual end of the value that begins there; NULL: there is none. */
static inline const char *usual_end(const struct form *form, const struct step *step,
                                    const char *at, const char *end)
{
    if (!step->is_text) {
        const char *behind = format_value_end(step->part, at, end);
        if (!behind && form->format->empty_is_nothing)
            behind = at;
        return behind && follows(step, behind, end) ? behind : NULL;
    }
    const char *behind = text_end(form, step, at, end, false);
    return behind && text_fits(form, step, at, behind) ? behind : NULL;
}

/* How many steps were read; all: the line ends there, too. */
static uint32_t read_forward(const struct form *form, const char *at, const char *end,
                             struct found *found, bool *doubtful)
{
    const struct format_string *format = form->format;
    *doubtful = false;
    found[0].begin = at;
    if ((size_t)(end - at) < format->lead_length ||
        memcmp(at, format->lead, format->lead_length) != 0)
        return 0;
    at += format->lead_length;
    for (uint32_t i = 0; i < form->count; i++) {
        const struct step *step = &form->steps[i];
        found[i].begin = at;
        found[i].end = usual_end(form, step, at, end);
        if (!found[i].end)
            return i;
        if (!step->ends_once)
            *doubtful |= has_other_end(form, step, &found[i], end);
        at = found[i].end + step->part->literal_length;
    }
    if (at == end)
        return form->count;
    found[form->count - 1].begin = at;
    return form->count - 1;
}

/* ---------------------------------------------------------------------------------- all ways -- */

static bool is_list(const struct format_part *part)
{
    return part->as == AS_DECIMALS || part->as == AS_WORDS;
}

struct search {
    const struct form *form;
    const char *end;
    struct found *found, *first; /* of the way that is tried; of the first that was one */
    uint32_t ways;
    size_t tries, most_tries;
};

static void search_from(struct search *search, uint32_t index, const char *at);

static void try_end(struct search *search, uint32_t index, const char *at, const char *behind)
{
    const struct step *step = &search->form->steps[index];
    search->found[index] = (struct found){at, behind};
    search_from(search, index + 1, behind + step->part->literal_length);
}

static bool goes_on(struct search *search)
{
    return search->ways < 2 && search->tries++ < search->most_tries;
}

static void search_text(struct search *search, uint32_t index, const char *at)
{
    const struct form *form = search->form;
    const struct step *step = &form->steps[index];
    bool is_last = index + 1 == form->count && step->part->literal_length == 0;
    for (const char *behind = at; behind && goes_on(search);) {
        bool fits = text_fits(form, step, at, behind);
        if (fits && (!is_last || behind == search->end) && follows(step, behind, search->end))
            try_end(search, index, at, behind);
        behind = behind < search->end ? skip_character(form, step, behind, search->end) : NULL;
    }
}

static void search_other(struct search *search, uint32_t index, const char *at)
{
    const struct form *form = search->form;
    const struct step *step = &form->steps[index];
    bool is_last = index + 1 == form->count && step->part->literal_length == 0;
    const char *stop = search->end;
    if (!is_list(step->part) && !is_last && stop - at > LONGEST_OWN)
        stop = at + LONGEST_OWN;
    for (const char *behind = is_last ? stop : at; behind <= stop && goes_on(search); behind++) {
        if (!follows(step, behind, search->end))
            continue;
        bool is_empty = behind == at && form->format->empty_is_nothing;
        if (is_empty || format_value_end(step->part, at, behind) == behind)
            try_end(search, index, at, behind);
    }
}

static void search_from(struct search *search, uint32_t index, const char *at)
{
    if (index == search->form->count) {
        if (at == search->end && search->ways++ == 0)
            memcpy(search->first, search->found, index * sizeof *search->found);
    } else if (search->form->steps[index].is_text) {
        search_text(search, index, at);
    } else {
        search_other(search, index, at);
    }
}

/* The number of ways, at most 2; the only one is found. */
static uint32_t search_all(struct format_parser *self, const struct form *form, const char *line,
                           const char *end)
{
    const struct format_string *format = form->format;
    struct search search = {.form = form,
                            .end = end,
                            .found = self->other,
                            .first = self->found,
                            .most_tries = (size_t)(end - line) * TRIES_A_BYTE + MORE_TRIES};
    if ((size_t)(end - line) < format->lead_length ||
        memcmp(line, format->lead, format->lead_length) != 0)
        return 0;
    search_from(&search, 0, line + format->lead_length);
    return search.tries > search.most_tries ? 2 : search.ways;
}

/* ------------------------------------------------------------------------------------ values -- */

static void set(struct value *value, enum value_kind kind, const char *begin, const char *end)
{
    value->kind = kind;
    value->text = begin;
    value->length = (uint32_t)(end - begin);
}

static enum value_kind kind_of(const struct format_part *part)
{
    bool is_number = part->as == AS_STATUS || part->as == AS_INTEGER || part->as == AS_DECIMAL;
    return is_number ? VALUE_NUMBER : VALUE_STRING;
}

/* "GET /path?query HTTP/1.1"; anything else has no parts. */
static void set_request_part(struct value *value, enum extract extract, struct found request)
{
    size_t length = (size_t)(request.end - request.begin);
    const char *first = memchr(request.begin, ' ', length);
    const char *last = memrchr(request.begin, ' ', length);
    value->kind = VALUE_ABSENT;
    if (!first || first == last)
        return;
    const char *query = memchr(first + 1, '?', (size_t)(last - first - 1));
    if (extract == EXTRACT_METHOD)
        set(value, VALUE_STRING, request.begin, first);
    else if (extract == EXTRACT_PROTOCOL)
        set(value, VALUE_STRING, last + 1, request.end);
    else
        set(value, VALUE_STRING, first + 1, query ? query : last);
}

static void set_endpoint_part(struct value *value, enum extract extract, struct found endpoint)
{
    const char *colon = memrchr(endpoint.begin, ':', (size_t)(endpoint.end - endpoint.begin));
    value->kind = VALUE_ABSENT;
    if (!colon) /* "-" */
        return;
    if (extract == EXTRACT_PORT) {
        set(value, VALUE_NUMBER, colon + 1, endpoint.end);
        return;
    }
    bool has_brackets = *endpoint.begin == '[';
    set(value, VALUE_STRING, endpoint.begin + has_brackets, colon - has_brackets);
}

static void set_time(const struct form *form, struct buffer *text, const struct found *found,
                     struct value *value)
{
    struct time_pieces time = no_time_pieces;
    for (uint32_t i = 0; i < form->count; i++) {
        const struct format_part *part = form->steps[i].part;
        if (part->role == TIME_BY_CONVERSIONS)
            (void)format_value_time(part->conversions, DIGITS_ALL, found[i].begin, found[i].end,
                                    &time);
        else if (part->role == TIME_FRACTION)
            snprintf(time.fraction, sizeof time.fraction, "%.*s",
                     (int)(found[i].end - found[i].begin), found[i].begin);
    }
    text->length = 0;
    time_pieces_write(&time, text);
    set(value, text->length ? VALUE_STRING : VALUE_ABSENT, text->bytes, text->bytes + text->length);
}

/* `text`: for a value that is not written as it is. */
static void set_value(const struct form *form, const struct wanted *wanted, struct buffer *text,
                      const struct found *all, struct value *value)
{
    const struct format_part *part = form->steps[wanted->part].part;
    struct found found = all[wanted->part];
    enum escape_mode escape = form->format->escape;
    size_t length = (size_t)(found.end - found.begin);
    bool is_dash = length == 1 && *found.begin == '-';
    bool is_nothing = form->format->empty_is_nothing || part->as == AS_HOST || part->as == AS_USER;
    if (wanted->extract == EXTRACT_TIME) {
        set_time(form, text, all, value);
        return;
    }
    if (form->steps[wanted->part].is_text &&
        (escape == ESCAPE_BACKSLASH || escape == ESCAPE_JSON) &&
        memchr(found.begin, '\\', length)) {
        void (*undo)(struct buffer *, const char *, const char *) =
            escape == ESCAPE_JSON ? unescape_json : unescape_backslash;
        undo(text, found.begin, found.end);
        found.begin = text->bytes;
        found.end = found.begin + text->length;
    }
    if (is_dash && part->dash_is_zero)
        set(value, VALUE_NUMBER, "0", (const char *)"0" + 1);
    else if (is_dash || (length == 0 && is_nothing))
        value->kind = VALUE_ABSENT;
    else if (wanted->extract == EXTRACT_WHOLE)
        set(value, kind_of(part), found.begin, found.end);
    else if (wanted->extract == EXTRACT_ADDRESS || wanted->extract == EXTRACT_PORT)
        set_endpoint_part(value, wanted->extract, found);
    else
        set_request_part(value, wanted->extract, found);
}

static void set_wanted(struct form *form, uint32_t index, const struct found *found, uint32_t lane,
                       struct value *values)
{
    struct wanted *wanted = &form->wanted[index];
    set_value(form, wanted, &wanted->texts[lane], found, &values[wanted->place]);
}

static void set_absent(const struct form *form, struct value *values)
{
    for (uint32_t i = 0; i < form->absent_count; i++)
        values[form->absent[i]].kind = VALUE_ABSENT;
}

static void set_values(struct form *form, const struct found *found, uint32_t lane,
                       struct value *values)
{
    for (uint32_t i = 0; i < form->wanted_count; i++)
        set_wanted(form, i, found, lane, values);
    set_absent(form, values);
}

/* ------------------------------------------------------------------------------ side by side -- */

/* What is left of a line that format_scan.h read. */
static void set_others(struct form *form, const struct found *found, uint32_t lane,
                       struct value *values)
{
    for (uint32_t i = 0; i < form->other_count; i++)
        set_wanted(form, form->others[i], found, lane, values);
    set_absent(form, values);
}

/* Whether no value of a line that format_scan.h read may end elsewhere as well. */
static bool ends_nowhere_else(const struct form *form, const struct found *found, const char *end)
{
    for (uint32_t i = 0; i < form->asked_count; i++)
        if (has_other_end(form, &form->steps[form->asked[i]], &found[form->asked[i]], end))
            return false;
    return true;
}

/* The length of the line that begins there, or 0: format_parse() has to tell. */
static size_t take_scanned(struct form *form, const struct found *found, const char *line,
                           size_t length, uint32_t lane, struct value *values)
{
    if (length == 0 || !ends_nowhere_else(form, found, line + length))
        return 0;
    set_others(form, found, lane, values);
    return length;
}

static void format_read_abreast(struct line_parser *parser, const char *const texts[LINES_ABREAST],
                                struct value *const values[LINES_ABREAST],
                                size_t lengths[LINES_ABREAST])
{
    struct format_parser *self = (struct format_parser *)parser;
    struct form *form = &self->forms[self->last];
    memset(lengths, 0, LINES_ABREAST * sizeof *lengths);
    if (!form->scan)
        return;
    format_scan_read_abreast(form->scan, texts, self->abreast, values, lengths);
    for (uint32_t i = 0; i < LINES_ABREAST; i++)
        lengths[i] = take_scanned(form, self->abreast[i], texts[i], lengths[i], i, values[i]);
}

/* ------------------------------------------------------------------------------------- lines -- */

/* What of a form stands in the way of a line. */
struct obstacle {
    const struct form *form;
    uint32_t step;
    const char *at;
    bool ambiguous;
};

static bool has_form(struct format_parser *self, const struct form *form, const char *line,
                     const char *end, struct obstacle *obstacle)
{
    bool doubtful;
    uint32_t read = read_forward(form, line, end, self->found, &doubtful);
    if (read == form->count && !doubtful)
        return true;
    struct obstacle found = {form, read, self->found[read < form->count ? read : 0].begin, false};
    if (!form->is_certain) {
        uint32_t ways = search_all(self, form, line, end);
        if (ways == 1)
            return true;
        found.ambiguous = ways > 1;
    }
    if (!obstacle->form || found.ambiguous || found.at > obstacle->at)
        *obstacle = found;
    return false;
}

static void describe(struct format_parser *self, const struct obstacle *obstacle, const char *line,
                     struct line_problem *problem)
{
    const struct form *form = obstacle->form;
    const struct format_part *part = form->steps[obstacle->step % form->count].part;
    char *out = self->message;
    size_t size = sizeof self->message;
    problem->column = obstacle->ambiguous ? 1 : (size_t)(obstacle->at - line) + 1;
    problem->text = out;
    if (obstacle->ambiguous)
        snprintf(out, size, "a value may end at several places: nobody can tell which is right");
    else if (obstacle->step == 0 && obstacle->at == line && obstacle->form->format->lead_length)
        snprintf(out, size, "expected '%.40s' at the beginning", obstacle->form->format->lead);
    else {
        /* What nobody can ask for has no name. */
        const char *quote = *part->shown ? "'" : "", *comma = *part->shown ? ", " : "";
        const char *word = value_form_words[part->as];
        if (part->literal_length == 0)
            snprintf(out, size, "expected %s%.60s%s%s%s, up to the end", quote, part->shown, quote,
                     comma, word);
        else
            snprintf(out, size, "expected %s%.60s%s%s%s, and '%.20s' after it", quote, part->shown,
                     quote, comma, word, part->literal);
    }
}

static bool format_parse(struct line_parser *parser, const char *line, size_t length,
                         struct value *values, struct line_problem *problem)
{
    struct format_parser *self = (struct format_parser *)parser;
    struct obstacle obstacle = {0};
    struct form *usual = &self->forms[self->last];
    if (usual->scan && format_scan_read(usual->scan, line, self->found, values) == length &&
        take_scanned(usual, self->found, line, length, 0, values) > 0)
        return true;
    for (uint32_t i = 0; i < self->form_count; i++) {
        /* The last one first, then the others in their order. */
        uint32_t index = i == 0 ? self->last : i - (i <= self->last);
        struct form *form = &self->forms[index];
        if (!has_form(self, form, line, line + length, &obstacle))
            continue;
        self->last = index;
        set_values(form, self->found, 0, values);
        return true;
    }
    describe(self, &obstacle, line, problem);
    return false;
}

/* --------------------------------------------------------------------------------- preparing -- */

/* Whether no value of the part contains the character. */
static bool excludes(const struct format_string *format, const struct format_part *part, char c)
{
    if (format_value_is_text(part->as))
        return !format_value_has(part->as, format->escape, c) && c != '\\';
    bool is_alphanumeric = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
    if (part->as == AS_NAME)
        return c != '\\' && !format_value_has(AS_WORD, ESCAPE_BACKSLASH, c);
    if (part->as == AS_WORDS)
        return !format_value_has(AS_TEXT, ESCAPE_BACKSLASH, c);
    if (part->as == AS_CLF_TIME) /* of a fixed length, or "-" alone */
        return true;
    if (part->as == AS_STRFTIME)
        return !is_alphanumeric && c != '+' && c != '-' && !strchr(part->conversions, c);
    return !is_alphanumeric && !memchr(".:%_-+[] ,", c, 10);
}

static bool ends_once(const struct format_string *format, uint32_t index)
{
    const struct format_part *part = &format->parts[index], *next = part + 1;
    if (index + 1 == format->part_count && part->literal_length == 0)
        return true;
    if (part->literal_length == 0) { /* see ends_by_itself() of format_string.c */
        bool next_is_last = index + 2 == format->part_count && next->literal_length == 0;
        return next->as != AS_PATH || next_is_last ||
               (next->literal_length > 0 && excludes(format, part, next->literal[0]));
    }
    char first = part->literal[0];
    if (first == ' ' && !format_value_is_text(part->as) && !is_list(part))
        return true;
    if (first == ':' && part->as == AS_NAME)
        return true;
    return excludes(format, part, first);
}

static void prepare_form(struct form *form, const struct format_string *format)
{
    form->format = format;
    form->count = format->part_count;
    form->steps = xcalloc(form->count, sizeof *form->steps);
    form->asked = xcalloc(form->count, sizeof *form->asked);
    form->scan = format_scan_compile(format);
    /* Quotes that are not escaped: the way without any is the only one, or is none. */
    form->is_certain = format->escape != ESCAPE_NONE;
    for (uint32_t i = 0; i < form->count; i++) {
        struct step *step = &form->steps[i];
        step->part = &format->parts[i];
        step->is_text = format_value_is_text(step->part->as);
        step->stop = step->part->literal_length ? step->part->literal[0] : '\n';
        step->ends_once = ends_once(format, i);
        form->is_certain &= step->ends_once;
        if (step->ends_once || format_scan_ends_once(format, i))
            continue;
        form->asked[form->asked_count++] = i;
        if (form->scan)
            format_scan_find(form->scan, i);
    }
}

static void want(struct form *form, const struct format_field *field, uint32_t place)
{
    uint32_t wanted = form->wanted_count++;
    form->wanted[wanted] =
        (struct wanted){.part = field->part, .place = place, .extract = field->extract};
    bool is_whole = field->extract == EXTRACT_WHOLE;
    enum value_kind kind = kind_of(&form->format->parts[field->part]);
    if (!form->scan || (is_whole && format_scan_want(form->scan, field->part, place, kind)))
        return;
    form->others[form->other_count++] = wanted;
    for (uint32_t i = 0; i < form->count; i++)
        if (i == field->part || field->extract == EXTRACT_TIME)
            format_scan_find(form->scan, i);
}

static void format_close(struct line_parser *parser)
{
    struct format_parser *self = (struct format_parser *)parser;
    for (uint32_t i = 0; i < self->form_count; i++) {
        struct form *form = &self->forms[i];
        for (uint32_t j = 0; j < form->wanted_count; j++)
            for (int k = 0; k < LINES_ABREAST; k++)
                buffer_release(&form->wanted[j].texts[k]);
        free(form->wanted);
        free(form->others);
        free(form->absent);
        free(form->asked);
        free(form->scan);
        free(form->steps);
    }
    for (int i = 0; i < LINES_ABREAST; i++)
        free(self->abreast[i]);
    free(self->forms);
    free(self->found);
    free(self->other);
    free(self);
}

struct line_parser *format_string_parser(const char *const *paths, uint32_t count,
                                         const struct format_string *forms, uint32_t form_count)
{
    struct format_parser *self = xcalloc(1, sizeof *self);
    self->parser.parse = format_parse;
    self->parser.read_abreast = format_read_abreast;
    self->parser.close = format_close;
    self->forms = xcalloc(form_count, sizeof *self->forms);
    self->form_count = form_count;
    uint32_t most_parts = 1;
    for (uint32_t i = 0; i < form_count; i++) {
        struct form *form = &self->forms[i];
        prepare_form(form, &forms[i]);
        most_parts = form->count > most_parts ? form->count : most_parts;
        form->wanted = xcalloc(count, sizeof *form->wanted);
        form->others = xcalloc(count, sizeof *form->others);
        form->absent = xcalloc(count, sizeof *form->absent);
        for (uint32_t place = 0; place < count; place++) {
            const struct format_field *field = format_string_field(&forms[i], paths[place]);
            if (field)
                want(form, field, place);
            else
                form->absent[form->absent_count++] = place;
        }
    }
    self->found = xcalloc(most_parts, sizeof *self->found);
    self->other = xcalloc(most_parts, sizeof *self->other);
    for (int i = 0; i < LINES_ABREAST; i++)
        self->abreast[i] = xcalloc(most_parts, sizeof *self->abreast[i]);
    return &self->parser;
}
