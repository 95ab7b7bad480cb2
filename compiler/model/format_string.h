/*
 * format_string.h - a server's own description of its log lines, as parts to look for.
 *
 * nginx's `log_format`, Apache's `LogFormat` and gunicorn's `access_log_format` become fields and
 * the literal text between them. So do the forms of built-in formats, which are written in a
 * notation of this file's. What a scanner makes of them: tools/ffreplay/logs/parse_format_string.c.
 */
#ifndef FFC_MODEL_FORMAT_STRING_H
#define FFC_MODEL_FORMAT_STRING_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/base/words.h"
#include "time_unit.h"

struct arena;

/* The forms that a value may have. Each may also be "-", for nothing. */
#define VALUE_FORMS(X)                                                                         \
    X(AS_TEXT, "a text")                                                                       \
    X(AS_REQUEST, "a request") /* a text: METHOD PATH PROTOCOL, or anything else */            \
    X(AS_WORD, "a word")       /* without blanks and quotes */                                 \
    X(AS_NAME, "a host name")  /* a word without ':' and '/', or [an address] */               \
    X(AS_PATH, "a path")       /* begins with '/', or is empty */                              \
    X(AS_HOST, "one address or host name")                                                     \
    X(AS_ADDRESS, "one address")                                                               \
    X(AS_ENDPOINT, "an address and a port")                                                    \
    X(AS_IDENT, "a name without blanks") /* a word that is no address */                       \
    X(AS_USER, "a user's name")          /* a text none of whose words is an address or "-" */ \
    X(AS_STATUS, "a status of three digits")                                                   \
    X(AS_INTEGER, "a whole number")                                                            \
    X(AS_DECIMAL, "a number")                                                                  \
    X(AS_DECIMALS, "a number, or a list of them") /* split by ", " and " : " */                \
    X(AS_WORDS, "a word, or a list of them")      /* likewise */                               \
    X(AS_CLF_TIME, "a time such as 17/May/2015:10:05:03 +0000")                                \
    X(AS_ISO_TIME, "a time such as 2015-05-17T10:05:03Z")                                      \
    X(AS_STRFTIME, "a time in the form of its 'strftime'")                                     \
    X(AS_LEAD, "what syslog writes before it") /* or nothing */                                \
    X(AS_CAPTURED, "captured headers")         /* a text without braces */                     \
    X(AS_REST, "more fields")                  /* whatever follows, after a blank; or nothing */
enum value_form { VALUE_FORMS(WORDS_MEMBER) };
extern const char *const value_form_words[];

/* How a server writes characters that could be mistaken for something else. */
#define ESCAPES(X)                                                       \
    X(ESCAPE_BACKSLASH, "default") /* \" \\ \n \x0a, by either server */ \
    X(ESCAPE_JSON, "json")                                               \
    X(ESCAPE_NONE, "none")                                               \
    X(ESCAPE_CODES, "codes") /* quotes are, by their codes: they stay as they are written */
enum escape_mode { ESCAPES(WORDS_MEMBER) };

/* What of a part a field is. */
enum extract {
    EXTRACT_WHOLE,
    EXTRACT_METHOD, /* of a request */
    EXTRACT_PATH,   /* without its query */
    EXTRACT_PROTOCOL,
    EXTRACT_ADDRESS, /* of an endpoint */
    EXTRACT_PORT,
    EXTRACT_TIME /* of all parts that have a role in it */
};

struct format_part {
    enum value_form as;
    const char *shown;   /* as the string has it: "$status" */
    const char *name;    /* of its field; NULL: it is none */
    const char *port;    /* the same of an endpoint's port */
    enum time_unit unit; /* of a duration; TIME_AUTO: it is none */
    bool dash_is_zero;   /* "-" is 0 */
    bool may_be_nobody;  /* AS_HOST: "-", or nothing, where a client has no address */
    /* Parts that make up the time together, where no other part is all of it. */
    enum { NO_TIME_ROLE, TIME_BY_CONVERSIONS, TIME_FRACTION } role;
    const char *conversions; /* AS_STRFTIME: strftime's */
    const char *literal;     /* what follows it */
    uint32_t literal_length;
};

struct format_field {
    const char *name;
    uint32_t part; /* of EXTRACT_TIME: one of them */
    enum extract extract;
};

struct format_string {
    const char *lead; /* what precedes the first part */
    uint32_t lead_length;
    struct format_part *parts;
    uint32_t part_count;
    struct format_field *fields;
    uint32_t field_count;
    enum escape_mode escape;
    bool empty_is_nothing; /* what is not known is written as nothing, and not as "-" */
};

enum dialect { DIALECT_NGINX, DIALECT_APACHE, DIALECT_GUNICORN, DIALECT_OWN };

/* What is wrong with a string, and the way out, which may be NULL; in the arena. */
struct format_problem {
    const char *text, *help;
};

/*
 * Compiles a string of nginx, Apache or gunicorn: bare, in its quotes, or with all of the directive
 * around it; or a built-in form, in which {name:form} or {name:form:unit} is a part. Memory is the
 * arena's. False: *problem says why not.
 */
bool format_string_compile(struct arena *arena, enum dialect dialect, const char *text,
                           struct format_string *format, struct format_problem *problem);

const struct format_field *format_string_field(const struct format_string *format,
                                               const char *name);

#endif
