/* format_scan.c - see format_scan.h. */
#include "format_scan.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/memory.h"
#include "format_value.h"
#include "scan.h"

#define NO_VALUE UINT32_MAX

/* Of a literal; what is read beyond a line is within its padding. */
#define LONGEST_LITERAL (LINE_PADDING - 2 * SCAN_BYTES)

/* What is looked for. */
enum scan_kind {
    SCAN_TEXT,
    SCAN_WORD,
    SCAN_WORDS, /* one of them */
    SCAN_HOST,
    SCAN_ADDRESS,
    SCAN_STATUS,
    SCAN_INTEGER,
    SCAN_DECIMAL,
    SCAN_DECIMALS, /* one of them */
    SCAN_CLF_TIME,
    SCAN_OWN /* something without blanks that has an end of its own */
};

struct format_scan {
    const struct format_string *format;
    uint32_t count;
    struct scan_step {
        const struct format_part *part;
        enum scan_kind kind;
        bool is_checked; /* a text of which more is asked than its characters */
        char stop;       /* the literal's first; a line end, if there is none */
        uint32_t length;
        uint64_t literal, mask; /* its first bytes */
        uint32_t place;         /* of the value; NO_VALUE: nobody wants it */
        enum value_kind value_kind;
        bool is_asked; /* where it stands is told */
        bool empty_is_nothing;
    } steps[];
};

/* Read in place of a line that does not have the form, so that no further part is found either. */
static const char nothing[LINE_PADDING + 2 * SCAN_BYTES];

static inline bool has_literal(const struct scan_step *step, const char *at)
{
    uint64_t text;
    memcpy(&text, at, sizeof text);
    if ((text ^ step->literal) & step->mask)
        return false;
    return step->length <= sizeof text ||
           memcmp(at + sizeof text, step->part->literal + sizeof text,
                  step->length - sizeof text) == 0;
}

/* ----------------------------------------------------------------------------------- values -- */

/* The end of a text, or of a word; NULL: it has none, or has more to it. */
static inline const char *text_end(const struct scan_step *step, const char *at)
{
    for (;;) {
        uint32_t found;
        while (!(found = scan_text(at, step->stop)))
            at += SCAN_BYTES;
        at += __builtin_ctz(found);
        if (step->length == 0)
            return (unsigned char)*at < ' ' ? at : NULL;
        if (has_literal(step, at))
            return at;
        if (*at != step->stop || *at == '"' || *at == '\\' || (unsigned char)*at < ' ')
            return NULL;
        at++;
    }
}

static inline const char *word_end(const struct scan_step *step, const char *at)
{
    for (const char *begin = at;; at++) {
        uint32_t found;
        while (!(found = scan_word(at, step->stop)))
            at += SCAN_BYTES;
        at += __builtin_ctz(found);
        if (step->length == 0 ? (unsigned char)*at < ' ' : has_literal(step, at))
            return at > begin ? at : NULL;
        if (*at != step->stop || *at == '"' || *at == '\\' || (unsigned char)*at <= ' ')
            return NULL;
    }
}

/* Of several, more than the first may follow. */
static inline bool goes_on(const char *at)
{
    return *at == ',' || (at[0] == ' ' && at[1] == ':' && at[2] == ' ');
}

static const char *words_end(const struct scan_step *step, const char *at)
{
    const char *behind = word_end(step, at);
    bool is_one = behind && !memchr(at, ',', (size_t)(behind - at)) && !goes_on(behind);
    return is_one ? behind : NULL;
}

/* As format_value.c has it, within what ends at the next blank. */
static const char *own_end(const struct scan_step *step, const char *at)
{
    const char *stop = at;
    for (;; stop++) {
        uint32_t found;
        while (!(found = scan_word(stop, ' ')))
            stop += SCAN_BYTES;
        stop += __builtin_ctz(found);
        if (*stop != '"' && *stop != '\\')
            return format_value_end(step->part, at, stop);
    }
}

static inline const char *host_end(const struct scan_step *step, const char *at)
{
    uint32_t found, colons, any_colons = 0;
    const char *behind = at;
    while (!(found = scan_host(behind, &colons))) {
        any_colons |= colons;
        behind += SCAN_BYTES;
    }
    any_colons |= colons & (found ^ (found - 1));
    behind += __builtin_ctz(found);
    if (any_colons)
        return format_value_end(step->part, at, behind);
    return behind - at > 1 || (behind > at && *at != '-') ? behind : NULL;
}

static inline const char *status_end(const struct scan_step *step, const char *at)
{
    uint32_t text;
    memcpy(&text, at, sizeof text);
    uint32_t digits = text & 0xffffff;
    bool all = ((digits & 0xf0f0f0) | ((digits + 0x060606) & 0xf0f0f0) >> 4) == 0x333333;
    return all ? at + 3 : own_end(step, at);
}

static inline const char *integer_end(const struct scan_step *step, const char *at)
{
    uint32_t points, found = scan_digits(at, &points);
    unsigned digits = (unsigned)__builtin_ctz(found | 1u << SCAN_BYTES);
    return digits - 1 < SCAN_BYTES - 1 ? at + digits : own_end(step, at);
}

static inline const char *decimal_end(const struct scan_step *step, const char *at)
{
    uint32_t points, found = scan_digits(at, &points);
    unsigned whole = (unsigned)__builtin_ctz(found | 1u << SCAN_BYTES);
    unsigned all = (unsigned)__builtin_ctz((found & ~points) | 1u << SCAN_BYTES);
    /* At most one point, with digits on either side of it. */
    points &= (1u << all) - 1;
    bool has_none = points == 0, is_between = all > whole + 1 && (points & (points - 1)) == 0;
    bool is_plain = whole > 0 && all < SCAN_BYTES && (has_none || is_between);
    return is_plain ? at + all : own_end(step, at);
}

/* Whether there is one of the marks within any four characters up to the last mark. */
static inline bool is_within_three(uint32_t marks)
{
    uint32_t covered = marks | marks >> 1 | marks >> 2 | marks >> 3;
    return (covered & (covered + 1)) == 0;
}

/* The usual address: four numbers of one to three digits. */
static inline const char *address_end(const struct scan_step *step, const char *at)
{
    uint32_t points, found = scan_digits(at, &points) & ~points;
    unsigned end = (unsigned)__builtin_ctz(found | 1u << SCAN_BYTES);
    points &= (1u << end) - 1;
    /* A number of no digits, or of four, shows between the points and the end. */
    uint32_t ends = points | 1u << end;
    bool is_plain = end < SCAN_BYTES && __builtin_popcount(points) == 3 &&
                    (ends & (ends << 1 | 1)) == 0 && is_within_three(ends);
    return is_plain ? at + end : own_end(step, at);
}

/* Its bytes from 0 to 15, and from 10 on. */
static inline const char *clf_end(const char *at)
{
    static const char shape[] = "00/AAA/0000:00:00:00 +0000";
    uint32_t points, sign = (uint32_t)(at[21] == '+' || at[21] == '-') << 11;
    uint32_t first = (~scan_digits(at, &points) & 0xb783) | (scan_letters(at) & 0x0038) |
                     (~scan_difference(at, shape) & 0x4844);
    uint32_t last = (~scan_digits(at + 10, &points) & 0xf36d) | sign |
                    (~scan_difference(at + 10, shape + 10) & 0x0492);
    if ((first & last) == 0xffff)
        return at + sizeof shape - 1;
    return *at == '-' ? at + 1 : NULL;
}

static inline const char *decimals_end(const struct scan_step *step, const char *at)
{
    const char *behind = decimal_end(step, at);
    return behind && !goes_on(behind) ? behind : NULL;
}

/* `kind` is the step's. */
static inline const char *value_end(enum scan_kind kind, const struct scan_step *step,
                                    const char *at)
{
    switch (kind) {
    case SCAN_TEXT:
        return text_end(step, at);
    case SCAN_WORD:
        return word_end(step, at);
    case SCAN_WORDS:
        return words_end(step, at);
    case SCAN_HOST:
        return host_end(step, at);
    case SCAN_ADDRESS:
        return address_end(step, at);
    case SCAN_STATUS:
        return status_end(step, at);
    case SCAN_INTEGER:
        return integer_end(step, at);
    case SCAN_DECIMAL:
        return decimal_end(step, at);
    case SCAN_DECIMALS:
        return decimals_end(step, at);
    case SCAN_CLF_TIME:
        return clf_end(at);
    case SCAN_OWN:
        return own_end(step, at);
    }
    return NULL;
}

/* A path that stands behind a host name is never "-": names may end in that. */
static bool fits(const struct scan_step *step, const char *at, const char *behind)
{
    enum value_form as = step->part->as;
    return (behind - at == 1 && *at == '-' && as != AS_PATH) || format_value_fits(as, at, behind);
}

/* Where it stands is any place, if it is nowhere. */
static inline const char *read_step(enum scan_kind kind, const struct scan_step *step,
                                    const char *at, struct found *found)
{
    const char *behind = value_end(kind, step, at);
    *found = (struct found){at, behind};
    if (!behind || (kind >= SCAN_HOST && !has_literal(step, behind)) ||
        (kind <= SCAN_WORD && step->is_checked && !fits(step, at, behind)))
        return nothing;
    return behind + step->length;
}

/* A value of no text, or of one that begins with "-": it may be how nothing is written. */
static void put_nothing(const struct scan_step *step, struct value *value)
{
    if (value->length == 0 && step->empty_is_nothing)
        value->kind = VALUE_ABSENT;
    if (value->length != 1)
        return;
    if (step->part->dash_is_zero)
        *value = (struct value){.kind = VALUE_NUMBER, .length = 1, .text = "0"};
    else
        value->kind = VALUE_ABSENT;
}

static inline void put(const struct scan_step *step, const struct found *found, struct value *value)
{
    value->kind = step->value_kind;
    value->text = found->begin;
    value->length = (uint32_t)(found->end - found->begin);
    if (value->length == 0 || *found->begin == '-')
        put_nothing(step, value);
}

/* ------------------------------------------------------------------------------------- lines -- */

static inline const char *read_lead(const struct format_scan *scan, const char *line)
{
    const struct format_string *format = scan->format;
    bool begins = format->lead_length == 0 || memcmp(line, format->lead, format->lead_length) == 0;
    return begins ? line + format->lead_length : nothing;
}

static inline size_t length_read(const char *line, const char *at)
{
    return at == nothing ? 0 : (size_t)(at - line);
}

size_t format_scan_read(const struct format_scan *scan, const char *line, struct found *found,
                        struct value *values)
{
    const char *at = read_lead(scan, line);
    for (uint32_t i = 0; i < scan->count && at != nothing; i++) {
        const struct scan_step *step = &scan->steps[i];
        at = read_step(step->kind, step, at, &found[i]);
        if (step->place != NO_VALUE)
            put(step, &found[i], &values[step->place]);
    }
    return length_read(line, at);
}

/* Inlined for each kind, so that it is looked at once for all lines. */
__attribute__((always_inline)) static inline void read_abreast(enum scan_kind kind,
                                                               const struct scan_step *step,
                                                               const char *at[LINES_ABREAST],
                                                               struct found found[LINES_ABREAST])
{
#pragma GCC unroll 4
    for (int j = 0; j < LINES_ABREAST; j++)
        at[j] = read_step(kind, step, at[j], &found[j]);
}

void format_scan_read_abreast(const struct format_scan *scan,
                              const char *const lines[LINES_ABREAST],
                              struct found *const found[LINES_ABREAST],
                              struct value *const values[LINES_ABREAST],
                              size_t lengths[LINES_ABREAST])
{
    const char *at[LINES_ABREAST];
    struct found here[LINES_ABREAST];
    for (int j = 0; j < LINES_ABREAST; j++)
        at[j] = read_lead(scan, lines[j]);
    for (uint32_t i = 0; i < scan->count; i++) {
        const struct scan_step *step = &scan->steps[i];
        switch (step->kind) {
        case SCAN_TEXT:
            read_abreast(SCAN_TEXT, step, at, here);
            break;
        case SCAN_WORD:
            read_abreast(SCAN_WORD, step, at, here);
            break;
        case SCAN_HOST:
            read_abreast(SCAN_HOST, step, at, here);
            break;
        case SCAN_ADDRESS:
            read_abreast(SCAN_ADDRESS, step, at, here);
            break;
        case SCAN_STATUS:
            read_abreast(SCAN_STATUS, step, at, here);
            break;
        case SCAN_INTEGER:
            read_abreast(SCAN_INTEGER, step, at, here);
            break;
        case SCAN_DECIMAL:
            read_abreast(SCAN_DECIMAL, step, at, here);
            break;
        case SCAN_CLF_TIME:
            read_abreast(SCAN_CLF_TIME, step, at, here);
            break;
        case SCAN_WORDS:
        case SCAN_DECIMALS:
        case SCAN_OWN:
            read_abreast(step->kind, step, at, here);
            break;
        }
        if (step->place != NO_VALUE)
            for (int j = 0; j < LINES_ABREAST; j++)
                put(step, &here[j], &values[j][step->place]);
        if (step->is_asked)
            for (int j = 0; j < LINES_ABREAST; j++)
                found[j][i] = here[j];
    }
    for (int j = 0; j < LINES_ABREAST; j++)
        lengths[j] = length_read(lines[j], at[j]);
}

/* --------------------------------------------------------------------------------- preparing -- */

static bool kind_of(enum value_form as, char stop, enum scan_kind *kind)
{
    switch (as) {
    case AS_TEXT:
    case AS_REQUEST:
    case AS_PATH:
        *kind = SCAN_TEXT;
        return true;
    case AS_WORD:
    case AS_IDENT:
        *kind = SCAN_WORD;
        return true;
    case AS_USER: /* the usual one has no blanks */
        *kind = SCAN_WORD;
        return stop == ' ';
    case AS_WORDS:
        *kind = SCAN_WORDS;
        return true;
    case AS_HOST:
        *kind = SCAN_HOST;
        return true;
    case AS_ADDRESS:
        *kind = SCAN_ADDRESS;
        return true;
    case AS_STATUS:
        *kind = SCAN_STATUS;
        return true;
    case AS_INTEGER:
        *kind = SCAN_INTEGER;
        return true;
    case AS_DECIMAL:
        *kind = SCAN_DECIMAL;
        return true;
    case AS_DECIMALS:
        *kind = SCAN_DECIMALS;
        return true;
    case AS_CLF_TIME:
        *kind = SCAN_CLF_TIME;
        return true;
    case AS_NAME:
    case AS_ENDPOINT:
    case AS_ISO_TIME:
        *kind = SCAN_OWN;
        return true;
    case AS_STRFTIME:
    case AS_LEAD:
    case AS_CAPTURED:
    case AS_REST:
        return false;
    }
    return false;
}

static bool prepare_step(struct scan_step *step, const struct format_part *part)
{
    *step = (struct scan_step){
        .part = part, .length = part->literal_length, .stop = '\n', .place = NO_VALUE};
    if (part->literal_length > 0)
        step->stop = part->literal[0];
    size_t head = step->length < sizeof step->mask ? step->length : sizeof step->mask;
    memcpy(&step->literal, part->literal, head);
    memset(&step->mask, 0xff, head);
    step->is_checked = part->as == AS_IDENT || part->as == AS_PATH;
    /* A digit that follows a number would be taken for one of its own. */
    bool is_digit = step->stop >= '0' && step->stop <= '9';
    return step->length <= LONGEST_LITERAL && !is_digit &&
           kind_of(part->as, step->stop, &step->kind);
}

struct format_scan *format_scan_compile(const struct format_string *format)
{
    struct format_scan *scan = xcalloc(1, sizeof *scan + format->part_count * sizeof *scan->steps);
    scan->format = format;
    scan->count = format->part_count;
    bool has_all = format->lead_length <= LONGEST_LITERAL;
    for (uint32_t i = 0; i < scan->count && has_all; i++)
        has_all = prepare_step(&scan->steps[i], &format->parts[i]);
    for (uint32_t i = 0; i < scan->count; i++)
        scan->steps[i].empty_is_nothing =
            format->empty_is_nothing || format->parts[i].as == AS_USER;
    if (has_all)
        return scan;
    free(scan);
    return NULL;
}

bool format_scan_want(struct format_scan *scan, uint32_t part, uint32_t place, enum value_kind kind)
{
    struct scan_step *step = &scan->steps[part];
    if (step->place != NO_VALUE)
        return false;
    step->place = place;
    step->value_kind = kind;
    return true;
}

void format_scan_find(struct format_scan *scan, uint32_t part)
{
    scan->steps[part].is_asked = true;
}

/* ----------------------------------------------------------------------------------- one end -- */

/* Whether what begins with a blank could be the literal, as far as the next character, if any is
 * known, tells. */
static bool may_be(const struct format_part *literal, const char *next)
{
    return literal->literal_length == 1 || !next || *next == literal->literal[1];
}

/* Of a value, the only blanks in it, and what follows them. False: it may have any. */
static bool has_no_other_blank(const struct format_part *part, const struct format_part *literal)
{
    switch (part->as) {
    case AS_NAME:
    case AS_HOST:
    case AS_ADDRESS:
    case AS_ENDPOINT:
    case AS_STATUS:
    case AS_INTEGER:
    case AS_DECIMAL:
    case AS_ISO_TIME:
    case AS_WORD:
    case AS_IDENT:
        return true;
    case AS_CLF_TIME:
        return !may_be(literal, "+") && !may_be(literal, "-");
    case AS_USER: /* one with blanks is not read here, but its "-" could be */
    case AS_TEXT:
    case AS_REQUEST:
    case AS_PATH:
    case AS_WORDS:
    case AS_DECIMALS:
    case AS_STRFTIME:
    case AS_LEAD:
    case AS_CAPTURED:
    case AS_REST:
        return false;
    }
    return false;
}

bool format_scan_ends_once(const struct format_string *format, uint32_t index)
{
    const struct format_part *part = &format->parts[index],
                             *end = format->parts + format->part_count;
    if (part->literal_length == 0 || part->literal[0] != ' ')
        return false;
    uint32_t begin = 1; /* behind the blank where it does end */
    for (const struct format_part *next = part; next < end; next++, begin = 0) {
        if (next > part && !has_no_other_blank(next, part))
            return false;
        for (uint32_t i = begin; i < next->literal_length; i++) {
            if (next->literal[i] == '"')
                return true;
            bool is_known = i + 1 < next->literal_length;
            if (next->literal[i] == ' ' && may_be(part, is_known ? &next->literal[i + 1] : NULL))
                return false;
        }
    }
    return true;
}
