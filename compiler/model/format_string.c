/* format_string.c - see format_string.h. */
#include "format_string.h"

#include <string.h>
#include <strings.h>

#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"

const char *const value_form_words[] = WORDS(VALUE_FORMS);
static const char *const escape_mode_words[] = WORDS(ESCAPES);

/* What a variable or a directive stands for. */
struct meaning {
    const char *name;  /* of its field; of Apache's with an argument, what precedes that */
    const char *other; /* its name where the first is taken; or NULL */
    enum value_form as;
    enum time_unit unit;
    bool dash_is_zero;
    bool begins_with_slash; /* so it can follow a host name with nothing between them */
};

struct compiler {
    struct arena *arena;
    struct format_string *format;
    struct format_problem *problem;
    struct buffer literal; /* since the last part */
};

static bool fail(struct compiler *compiler, const char *help, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static bool fail(struct compiler *compiler, const char *help, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    compiler->problem->text = arena_vformat(compiler->arena, format, arguments);
    compiler->problem->help = help;
    va_end(arguments);
    return false;
}

/* ------------------------------------------------------------------------------------- names -- */

const struct format_field *format_string_field(const struct format_string *format, const char *name)
{
    for (uint32_t i = 0; i < format->field_count; i++)
        if (strcmp(format->fields[i].name, name) == 0)
            return &format->fields[i];
    return NULL;
}

static bool add_field(struct compiler *compiler, const char *name, uint32_t part,
                      enum extract extract)
{
    struct format_string *format = compiler->format;
    const struct format_field *same = name ? format_string_field(format, name) : NULL;
    if (!name || same)
        return same && same->part == part;
    *ARENA_APPEND(compiler->arena, format->fields, format->field_count) =
        (struct format_field){name, part, extract};
    return true;
}

/* ------------------------------------------------------------------------------------- parts -- */

static void end_literal(struct compiler *compiler)
{
    struct format_string *format = compiler->format;
    struct buffer *literal = &compiler->literal;
    const char *text =
        arena_copy(compiler->arena, literal->length ? literal->bytes : "", literal->length);
    if (format->part_count == 0) {
        format->lead = text;
        format->lead_length = (uint32_t)literal->length;
    } else {
        format->parts[format->part_count - 1].literal = text;
        format->parts[format->part_count - 1].literal_length = (uint32_t)literal->length;
    }
    literal->length = 0;
}

static struct format_part *add_part(struct compiler *compiler, const struct meaning *meaning,
                                    const char *name, const char *shown)
{
    struct format_string *format = compiler->format;
    end_literal(compiler);
    struct format_part *part = ARENA_APPEND(compiler->arena, format->parts, format->part_count);
    *part = (struct format_part){.as = meaning->as,
                                 .name = name,
                                 .shown = shown,
                                 .unit = meaning->unit,
                                 .dash_is_zero = meaning->dash_is_zero,
                                 .literal = ""};
    return part;
}

/* ------------------------------------------------------------------------------------- nginx -- */

static const struct meaning variables[] = {
    {.name = "remote_addr", .as = AS_ADDRESS},
    {.name = "realip_remote_addr", .as = AS_ADDRESS},
    {.name = "proxy_protocol_addr", .as = AS_ADDRESS},
    {.name = "server_addr", .as = AS_ADDRESS},
    {.name = "remote_port", .as = AS_INTEGER},
    {.name = "server_port", .as = AS_INTEGER},
    {.name = "realip_remote_port", .as = AS_INTEGER},
    {.name = "proxy_protocol_port", .as = AS_INTEGER},
    {.name = "remote_user", .as = AS_USER},
    {.name = "time_local", .as = AS_CLF_TIME},
    {.name = "time_iso8601", .as = AS_ISO_TIME},
    {.name = "msec", .as = AS_DECIMAL},
    {.name = "request", .as = AS_REQUEST},
    {.name = "request_method", .as = AS_WORD},
    {.name = "request_uri", .as = AS_TEXT, .begins_with_slash = true},
    {.name = "uri", .as = AS_TEXT, .begins_with_slash = true},
    {.name = "document_uri", .as = AS_TEXT, .begins_with_slash = true},
    {.name = "server_protocol", .as = AS_WORD},
    {.name = "status", .as = AS_STATUS},
    {.name = "body_bytes_sent", .as = AS_INTEGER},
    {.name = "bytes_sent", .as = AS_INTEGER},
    {.name = "bytes_received", .as = AS_INTEGER},
    {.name = "request_length", .as = AS_INTEGER},
    {.name = "content_length", .as = AS_INTEGER},
    {.name = "connection", .as = AS_INTEGER},
    {.name = "connection_requests", .as = AS_INTEGER},
    {.name = "connection_time", .as = AS_DECIMAL, .unit = TIME_SECONDS},
    {.name = "request_time", .as = AS_DECIMAL, .unit = TIME_SECONDS},
    {.name = "session_time", .as = AS_DECIMAL, .unit = TIME_SECONDS},
    {.name = "upstream_response_time", .as = AS_DECIMALS, .unit = TIME_SECONDS},
    {.name = "upstream_connect_time", .as = AS_DECIMALS, .unit = TIME_SECONDS},
    {.name = "upstream_header_time", .as = AS_DECIMALS, .unit = TIME_SECONDS},
    {.name = "upstream_queue_time", .as = AS_DECIMALS, .unit = TIME_SECONDS},
    {.name = "upstream_first_byte_time", .as = AS_DECIMALS, .unit = TIME_SECONDS},
    {.name = "upstream_session_time", .as = AS_DECIMALS, .unit = TIME_SECONDS},
    {.name = "upstream_status", .as = AS_DECIMALS},
    {.name = "upstream_response_length", .as = AS_DECIMALS},
    {.name = "upstream_bytes_received", .as = AS_DECIMALS},
    {.name = "upstream_bytes_sent", .as = AS_DECIMALS},
    {.name = "upstream_addr", .as = AS_WORDS},
    {.name = "upstream_cache_status", .as = AS_WORD},
    {.name = "host", .as = AS_NAME},
    {.name = "hostname", .as = AS_NAME},
    {.name = "server_name", .as = AS_NAME},
    {.name = "scheme", .as = AS_WORD},
    {.name = "request_id", .as = AS_WORD},
    {.name = "gzip_ratio", .as = AS_DECIMAL},
    {.name = "pipe", .as = AS_WORD},
    {.name = "pid", .as = AS_INTEGER},
    {.name = "ssl_protocol", .as = AS_WORD},
    {.name = "ssl_cipher", .as = AS_WORD},
    {.name = "ssl_session_reused", .as = AS_WORD},
    {.name = "tcpinfo_rtt", .as = AS_INTEGER, .unit = TIME_MICROSECONDS},
    {.name = "tcpinfo_rttvar", .as = AS_INTEGER, .unit = TIME_MICROSECONDS},
};

static const struct meaning *find_meaning(const struct meaning *meanings, size_t count,
                                          const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(meanings[i].name, name) == 0)
            return &meanings[i];
    return NULL;
}
#define FIND_MEANING(meanings, name) \
    find_meaning(meanings, sizeof(meanings) / sizeof *(meanings), name)

static bool is_name_character(char c)
{
    char letter = (char)(c | 0x20);
    return (letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* "$name" or "${name}"; moves behind it. */
static bool read_variable(struct compiler *compiler, const char **at)
{
    const char *begin = *at, *name = begin + 1;
    bool braces = *name == '{';
    name += braces;
    const char *end = name;
    while (is_name_character(*end))
        end++;
    if (end == name || (braces && *end != '}'))
        return fail(compiler, "write ${NAME}, or $NAME", "a '$' that no name follows");
    const char *copy = arena_copy(compiler->arena, name, (size_t)(end - name));
    const struct meaning *known = FIND_MEANING(variables, copy);
    *at = end + braces;
    add_part(compiler, known ? known : &(struct meaning){.as = AS_TEXT}, copy,
             arena_format(compiler->arena, "$%s", copy));
    return true;
}

/* ------------------------------------------------------------------------------------ Apache -- */

struct directive {
    char letter;
    struct meaning meaning; /* of one with an argument, `name` precedes that */
    enum { NO_ARGUMENT, TAKES_ARGUMENT, MAY_HAVE_ARGUMENT } argument;
};
#define DIRECTIVE(letter_, name_, other_, as_, unit_, argument_) \
    {                                                            \
        .letter = letter_, .argument = argument_, .meaning = {   \
            .name = name_,                                       \
            .other = other_,                                     \
            .as = as_,                                           \
            .unit = unit_,                                       \
            .dash_is_zero = letter_ == 'b',                      \
            .begins_with_slash = letter_ == 'U'                  \
        }                                                        \
    }
static const struct directive directives[] = {
    DIRECTIVE('a', "remote_addr", "client_addr", AS_ADDRESS, TIME_AUTO, MAY_HAVE_ARGUMENT),
    DIRECTIVE('A', "local_addr", NULL, AS_ADDRESS, TIME_AUTO, NO_ARGUMENT),
    DIRECTIVE('B', "bytes", "bytes_sent", AS_INTEGER, TIME_AUTO, NO_ARGUMENT),
    DIRECTIVE('b', "bytes", "bytes_sent", AS_INTEGER, TIME_AUTO, NO_ARGUMENT),
    DIRECTIVE('C', "cookie_", NULL, AS_TEXT, TIME_AUTO, TAKES_ARGUMENT),
    DIRECTIVE('D', "duration", "duration_us", AS_INTEGER, TIME_MICROSECONDS, NO_ARGUMENT),
    DIRECTIVE('e', "env_", NULL, AS_TEXT, TIME_AUTO, TAKES_ARGUMENT),
    DIRECTIVE('f', "filename", NULL, AS_TEXT, TIME_AUTO, NO_ARGUMENT),
    DIRECTIVE('h', "remote_addr", "remote_host", AS_HOST, TIME_AUTO, MAY_HAVE_ARGUMENT),
    DIRECTIVE('H', "protocol", "request_protocol", AS_WORD, TIME_AUTO, NO_ARGUMENT),
    DIRECTIVE('i', "header_", NULL, AS_TEXT, TIME_AUTO, TAKES_ARGUMENT),
    DIRECTIVE('I', "bytes_received", NULL, AS_INTEGER, TIME_AUTO, NO_ARGUMENT),
    DIRECTIVE('k', "keepalive_requests", NULL, AS_INTEGER, TIME_AUTO, NO_ARGUMENT),
    DIRECTIVE('l', "ident", NULL, AS_IDENT, TIME_AUTO, NO_ARGUMENT),
    DIRECTIVE('L', "log_id", NULL, AS_WORD, TIME_AUTO, NO_ARGUMENT),
    DIRECTIVE('m', "method", "request_method", AS_WORD, TIME_AUTO, NO_ARGUMENT),
    DIRECTIVE('n', "note_", NULL, AS_TEXT, TIME_AUTO, TAKES_ARGUMENT),
    DIRECTIVE('o', "response_", NULL, AS_TEXT, TIME_AUTO, TAKES_ARGUMENT),
    DIRECTIVE('O', "bytes", "bytes_sent", AS_INTEGER, TIME_AUTO, NO_ARGUMENT),
    DIRECTIVE('p', "port", NULL, AS_INTEGER, TIME_AUTO, MAY_HAVE_ARGUMENT),
    DIRECTIVE('P', "process", NULL, AS_INTEGER, TIME_AUTO, MAY_HAVE_ARGUMENT),
    DIRECTIVE('q', "query", NULL, AS_TEXT, TIME_AUTO, NO_ARGUMENT),
    DIRECTIVE('r', "request", NULL, AS_REQUEST, TIME_AUTO, NO_ARGUMENT),
    DIRECTIVE('R', "handler", NULL, AS_TEXT, TIME_AUTO, NO_ARGUMENT),
    DIRECTIVE('s', "status", "status_first", AS_STATUS, TIME_AUTO, NO_ARGUMENT),
    DIRECTIVE('S', "bytes_total", NULL, AS_INTEGER, TIME_AUTO, NO_ARGUMENT),
    DIRECTIVE('t', "time", NULL, AS_CLF_TIME, TIME_AUTO, MAY_HAVE_ARGUMENT),
    DIRECTIVE('T', "duration", "duration_s", AS_DECIMAL, TIME_SECONDS, MAY_HAVE_ARGUMENT),
    DIRECTIVE('u', "remote_user", NULL, AS_USER, TIME_AUTO, NO_ARGUMENT),
    DIRECTIVE('U', "path", "url_path", AS_TEXT, TIME_AUTO, NO_ARGUMENT),
    DIRECTIVE('v', "vhost", NULL, AS_NAME, TIME_AUTO, NO_ARGUMENT),
    DIRECTIVE('V', "server_name", NULL, AS_NAME, TIME_AUTO, NO_ARGUMENT),
    DIRECTIVE('x', "", NULL, AS_TEXT, TIME_AUTO, TAKES_ARGUMENT),
    DIRECTIVE('c', "", NULL, AS_TEXT, TIME_AUTO, TAKES_ARGUMENT),
    DIRECTIVE('X', "connection", NULL, AS_WORD, TIME_AUTO, NO_ARGUMENT),
};

static const struct directive *find_directive(char letter)
{
    for (size_t i = 0; i < sizeof directives / sizeof *directives; i++)
        if (directives[i].letter == letter)
            return &directives[i];
    return NULL;
}

/* "User-Agent" as a field: header_user_agent. */
static const char *argument_name(struct compiler *compiler, const char *before,
                                 const char *argument)
{
    char *name = arena_format(compiler->arena, "%s%s", before, argument);
    for (char *c = name; *c; c++) {
        if (*c == '-')
            *c = '_';
        else if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c | 0x20);
    }
    return name;
}

static bool read_duration_unit(struct compiler *compiler, struct format_part *part,
                               const char *argument, const char *shown)
{
    part->as = AS_INTEGER;
    if (strcmp(argument, "us") == 0)
        part->unit = TIME_MICROSECONDS;
    else if (strcmp(argument, "ms") == 0)
        part->unit = TIME_MILLISECONDS;
    else if (strcmp(argument, "s") != 0)
        return fail(compiler, "Apache knows %{s}T, %{ms}T and %{us}T", "'%s' has no such unit",
                    shown);
    return true;
}

#define CONVERSIONS "aAbBdDeFhHIjmMpRsSTyYzZ%nt"

static bool read_conversions(struct compiler *compiler, const char *conversions, const char *shown)
{
    for (const char *at = conversions; (at = strchr(at, '%')); at += 2)
        if (!at[1] || !strchr(CONVERSIONS, at[1]))
            return fail(compiler, "use %Y %m %d %H %M %S %z and the like",
                        "'%s' has a conversion that is not known: '%.2s'", shown, at);
    return true;
}

static bool read_time_form(struct compiler *compiler, struct format_part *part,
                           const char *argument, const char *shown)
{
    if (strncmp(argument, "begin:", 6) == 0)
        argument += 6;
    else if (strncmp(argument, "end:", 4) == 0)
        argument += 4;
    part->as = AS_INTEGER;
    if (strcmp(argument, "sec") == 0 || strcmp(argument, "msec") == 0 ||
        strcmp(argument, "usec") == 0)
        return true;
    part->name = NULL;
    part->role = TIME_FRACTION;
    if (strcmp(argument, "msec_frac") == 0 || strcmp(argument, "usec_frac") == 0)
        return true;
    part->as = AS_STRFTIME;
    part->role = TIME_BY_CONVERSIONS;
    part->conversions = argument;
    return read_conversions(compiler, argument, shown);
}

static bool read_argument(struct compiler *compiler, const struct directive *directive,
                          struct format_part *part, const char *argument)
{
    const char *shown = part->shown;
    switch (directive->letter) {
    case 'a': /* %{c}a: of the connection */
    case 'h':
        part->name = "peer_addr";
        return true;
    case 'p':
        part->name = strcmp(argument, "local") == 0    ? "local_port"
                     : strcmp(argument, "remote") == 0 ? "remote_port"
                                                       : part->name;
        return true;
    case 'P':
        part->as = AS_WORD;
        part->name = argument_name(compiler, "", argument);
        return true;
    case 't':
        return read_time_form(compiler, part, argument, shown);
    case 'T':
        return read_duration_unit(compiler, part, argument, shown);
    default:
        part->name = argument_name(compiler, directive->meaning.name, argument);
        return true;
    }
}

/* "%>s", "%{User-Agent}i", "%!200,304{Referer}i", "%{X}^ti"; moves behind it. */
static bool read_directive(struct compiler *compiler, const char **at)
{
    const char *begin = *at, *next = begin + 1, *argument = NULL;
    for (; *next && strchr("!<>,0123456789{^", *next); next++) {
        if (*next == '^') {
            next += next[1] ? 2 : 1;
            break;
        }
        if (*next != '{')
            continue;
        const char *end = strchr(next, '}');
        if (!end)
            return fail(compiler, NULL, "'%.20s' has a '{' without its '}'", begin);
        argument = arena_copy(compiler->arena, next + 1, (size_t)(end - next) - 1);
        next = end;
    }
    const struct directive *directive = *next ? find_directive(*next) : NULL;
    const char *shown = arena_copy(compiler->arena, begin, (size_t)(next - begin) + (*next != 0));
    if (!directive && *next == '(')
        return fail(compiler, "they are gunicorn's: write 'pattern: gunicorn'",
                    "'%s' begins an atom, of which Apache has none", shown);
    if (!directive)
        return fail(compiler,
                    "of another server: %{NAME}n takes any text; Apache's: "
                    "https://httpd.apache.org/docs/2.4/mod/mod_log_config.html",
                    "'%s' is none of Apache's directives", shown);
    if (directive->argument == TAKES_ARGUMENT && !argument)
        return fail(compiler, "write which one: %{NAME}i", "'%s' lacks its {argument}", shown);
    if (directive->argument == NO_ARGUMENT)
        argument = NULL;
    *at = next + 1;
    bool has_brackets = directive->letter == 't' && !argument;
    if (has_brackets)
        buffer_append_text(&compiler->literal, "[");
    struct format_part *part =
        add_part(compiler, &directive->meaning, directive->meaning.name, shown);
    if (argument)
        return read_argument(compiler, directive, part, argument);
    if (has_brackets)
        buffer_append_text(&compiler->literal, "]");
    return true;
}

/* ---------------------------------------------------------------------------------- gunicorn -- */

#define ATOM_DURATION(own, form, of)                                   \
    {                                                                  \
        .name = "duration", .other = (own), .as = (form), .unit = (of) \
    }
static const struct atom {
    const char *atom;
    struct meaning meaning;
    char around[3]; /* what gunicorn writes before its value and behind it */
} atoms[] = {
    {"h", {.name = "remote_addr", .as = AS_HOST}, ""},
    {"l", {.name = "ident", .as = AS_IDENT}, ""},
    {"u", {.name = "remote_user", .as = AS_USER}, ""},
    {"t", {.name = "time", .as = AS_CLF_TIME}, "[]"},
    {"r", {.name = "request", .as = AS_REQUEST}, ""},
    {"m", {.name = "method", .other = "request_method", .as = AS_WORD}, ""},
    {"U", {.name = "path", .other = "url_path", .as = AS_TEXT, .begins_with_slash = true}, ""},
    {"q", {.name = "query", .as = AS_TEXT}, ""},
    {"H", {.name = "protocol", .other = "request_protocol", .as = AS_WORD}, ""},
    {"s", {.name = "status", .as = AS_STATUS}, ""},
    {"B", {.name = "bytes", .other = "bytes_sent", .as = AS_INTEGER}, ""},
    {"b", {.name = "bytes", .other = "bytes_sent", .as = AS_INTEGER, .dash_is_zero = true}, ""},
    {"f", {.name = "referer", .as = AS_TEXT}, ""},
    {"a", {.name = "user_agent", .as = AS_TEXT}, ""},
    {"T", ATOM_DURATION("duration_s", AS_INTEGER, TIME_SECONDS), ""},
    {"L", ATOM_DURATION("duration_l", AS_DECIMAL, TIME_SECONDS), ""},
    {"M", ATOM_DURATION("duration_ms", AS_INTEGER, TIME_MILLISECONDS), ""},
    {"D", ATOM_DURATION("duration_us", AS_INTEGER, TIME_MICROSECONDS), ""},
    {"p", {.name = "pid", .as = AS_INTEGER}, "<>"},
};

static const struct atom *find_atom(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof atoms / sizeof *atoms; i++)
        if (strlen(atoms[i].atom) == length && memcmp(atoms[i].atom, name, length) == 0)
            return &atoms[i];
    return NULL;
}

/* "{x-request-id}i": whose value it is, and its name; NULL: it is none. */
static const char *header_name(struct compiler *compiler, const char *atom, size_t length)
{
    static const struct {
        char letter;
        const char *before;
    } kinds[] = {{'i', "header_"}, {'o', "response_"}, {'e', "env_"}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (length > 3 && atom[0] == '{' && atom[length - 2] == '}' &&
            atom[length - 1] == kinds[i].letter)
            return argument_name(compiler, kinds[i].before,
                                 arena_copy(compiler->arena, atom + 1, length - 3));
    return NULL;
}

/* "%(h)s", "%({x-request-id}i)s"; moves behind it. */
static bool read_atom(struct compiler *compiler, const char **at)
{
    const char *begin = *at, *name = begin + 2;
    const char *end = begin[1] == '(' ? strchr(name, ')') : NULL;
    if (!end || !end[1] || !strchr("sdi", end[1]))
        return fail(compiler, "write %(h)s; a '%' that is meant as it stands is doubled",
                    "'%.12s' is no atom of gunicorn's", begin);
    size_t length = (size_t)(end - name);
    const struct atom *atom = find_atom(name, length);
    const char *header = atom ? NULL : header_name(compiler, name, length);
    const char *shown = arena_copy(compiler->arena, begin, (size_t)(end - begin) + 2);
    if (!atom && !header)
        return fail(compiler, "docs: https://docs.gunicorn.org/en/stable/settings.html",
                    "'%s' is none of gunicorn's atoms", shown);
    *at = end + 2;
    if (header) {
        add_part(compiler, &(struct meaning){.as = AS_TEXT}, header, shown);
        return true;
    }
    buffer_append(&compiler->literal, atom->around, atom->around[0] != '\0');
    add_part(compiler, &atom->meaning, atom->meaning.name, shown);
    buffer_append(&compiler->literal, atom->around + 1, atom->around[0] != '\0');
    return true;
}

/* --------------------------------------------------------------------------------- built in -- */

/* The rest of a built-in form: what {name:FORM} says. */
static const struct meaning own_forms[] = {
    {.name = "text", .as = AS_TEXT},
    {.name = "request", .as = AS_REQUEST},
    {.name = "word", .as = AS_WORD},
    {.name = "name", .as = AS_NAME},
    {.name = "host", .as = AS_HOST},
    {.name = "address", .as = AS_ADDRESS},
    {.name = "endpoint", .as = AS_ENDPOINT},
    {.name = "ident", .as = AS_IDENT},
    {.name = "user", .as = AS_USER},
    {.name = "status", .as = AS_STATUS},
    {.name = "integer", .as = AS_INTEGER},
    {.name = "bytes", .as = AS_INTEGER, .dash_is_zero = true},
    {.name = "decimal", .as = AS_DECIMAL},
    {.name = "decimals", .as = AS_DECIMALS},
    {.name = "words", .as = AS_WORDS},
    {.name = "clf", .as = AS_CLF_TIME},
    {.name = "iso", .as = AS_ISO_TIME},
    {.name = "fraction", .as = AS_INTEGER},
    {.name = "strftime", .as = AS_STRFTIME},
    {.name = "lead", .as = AS_LEAD},
    {.name = "captured", .as = AS_CAPTURED},
    {.name = "rest", .as = AS_REST},
};

/* "{name:form}", "{name:form:unit}", "{:strftime:%d/%b}"; moves behind it. */
static bool read_own(struct compiler *compiler, const char **at)
{
    const char *name = *at + 1, *form = strchr(name, ':') + 1, *end = strchr(form, '}');
    size_t form_length = strcspn(form, ":}");
    const char *form_name = arena_copy(compiler->arena, form, form_length);
    const struct meaning *meaning = FIND_MEANING(own_forms, form_name);
    const char *more = form[form_length] == ':' ? form + form_length + 1 : end;
    const char *copy = arena_copy(compiler->arena, name, (size_t)(form - name) - 1);
    *at = end + 1;
    if (!meaning)
        return fail(compiler, NULL, "no form is called '%s'", form_name);
    struct format_part *part = add_part(compiler, meaning, *copy ? copy : NULL, copy);
    const char *argument = arena_copy(compiler->arena, more, (size_t)(end - more));
    if (meaning->as == AS_ENDPOINT) {
        part->port = arena_format(compiler->arena, "%s_port", copy);
    } else if (meaning->as == AS_STRFTIME) {
        part->role = TIME_BY_CONVERSIONS;
        part->conversions = argument;
    } else if (strcmp(form_name, "fraction") == 0) {
        part->role = TIME_FRACTION;
    } else if (*argument) {
        part->unit = (enum time_unit)words_find(time_unit_words, argument);
    }
    return true;
}

/* ---------------------------------------------------------------------- what stands together -- */

static const struct meaning *meaning_of(const struct format_part *part)
{
    if (part->shown[0] == '$')
        return FIND_MEANING(variables, part->shown + 1);
    if (strncmp(part->shown, "%(", 2) == 0) {
        const struct atom *atom = find_atom(part->shown + 2, strcspn(part->shown + 2, ")"));
        return atom ? &atom->meaning : NULL;
    }
    const struct directive *directive =
        part->shown[0] == '%' ? find_directive(part->shown[strlen(part->shown) - 1]) : NULL;
    return directive ? &directive->meaning : NULL;
}

/* Whether a part shows its own end to what follows it immediately. */
static bool ends_by_itself(const struct format_part *part, const struct format_part *next)
{
    const struct meaning *meaning = meaning_of(next);
    if (part->as == AS_STRFTIME)
        return !strchr("ZsAB", part->conversions[strlen(part->conversions) - 1]);
    if (part->as == AS_CLF_TIME)
        return true;
    if (part->role == TIME_FRACTION)
        return next->as == AS_STRFTIME && strncmp(next->conversions, "%z", 2) == 0;
    bool has_slash = part->as != AS_NAME && part->as != AS_INTEGER && part->as != AS_STATUS;
    return !has_slash && meaning && meaning->begins_with_slash;
}

static void remove_part(struct format_string *format, uint32_t index)
{
    format->part_count--;
    memmove(&format->parts[index], &format->parts[index + 1],
            (format->part_count - index) * sizeof *format->parts);
}

/* One text, of which nobody can tell where the first part ends. */
static void merge_with_next(struct compiler *compiler, uint32_t index)
{
    struct format_part *part = &compiler->format->parts[index], *next = part + 1;
    *part = (struct format_part){
        .as = part->as == AS_REST || next->as == AS_REST ? AS_REST : AS_TEXT,
        .shown = arena_format(compiler->arena, "%s%s", part->shown, next->shown),
        .literal = next->literal,
        .literal_length = next->literal_length};
    part->name = part->shown;
    remove_part(compiler->format, index + 1);
}

/* ADDRESS:PORT: an IPv6 address has colons itself. */
static bool is_endpoint(const struct format_part *part)
{
    return (part->as == AS_ADDRESS || part->as == AS_HOST) && strcmp(part->literal, ":") == 0 &&
           part[1].as == AS_INTEGER;
}

static void join_parts(struct compiler *compiler)
{
    struct format_string *format = compiler->format;
    for (uint32_t i = 0; i + 1 < format->part_count; i++) {
        struct format_part *part = &format->parts[i];
        if (is_endpoint(part)) {
            *part = (struct format_part){
                .as = AS_ENDPOINT,
                .name = part->name,
                .port = part[1].name,
                .shown = arena_format(compiler->arena, "%s:%s", part->shown, part[1].shown),
                .literal = part[1].literal,
                .literal_length = part[1].literal_length};
            remove_part(format, i-- + 1);
        } else if (part->literal_length == 0 && ends_by_itself(part, part + 1)) {
            if (part[1].as == AS_TEXT)
                part[1].as = AS_PATH;
        } else if (part->literal_length == 0) {
            merge_with_next(compiler, i--);
        }
    }
}

/* ------------------------------------------------------------------------------------ fields -- */

static void name_part(struct compiler *compiler, uint32_t index)
{
    const struct format_part *part = &compiler->format->parts[index];
    const struct meaning *meaning = meaning_of(part);
    if (part->as == AS_ENDPOINT) {
        add_field(compiler, part->name, index, EXTRACT_ADDRESS);
        add_field(compiler, part->port, index, EXTRACT_PORT);
    } else if (!add_field(compiler, part->name, index, EXTRACT_WHOLE) && meaning && part->name &&
               part->name == meaning->name) {
        add_field(compiler, meaning->other, index, EXTRACT_WHOLE);
    }
}

/* %>s is the status that was sent; %s alone may be that of a redirect. */
static void name_final_status(struct compiler *compiler)
{
    const struct format_string *format = compiler->format;
    for (uint32_t i = 0; i < format->part_count; i++)
        if (format->parts[i].as == AS_STATUS && strchr(format->parts[i].shown, '>'))
            add_field(compiler, "status", i, EXTRACT_WHOLE);
}

static bool is_finer(const struct format_part *part, const struct format_part *than)
{
    return part->unit != than->unit ? part->unit > than->unit
                                    : part->as == AS_DECIMAL && than->as == AS_INTEGER;
}

/* %D before %{ms}T before %T, whose whole seconds are 0 for most requests. */
static void name_finest_duration(struct compiler *compiler)
{
    const struct format_string *format = compiler->format;
    uint32_t finest = UINT32_MAX;
    for (uint32_t i = 0; i < format->part_count; i++) {
        const struct format_part *part = &format->parts[i];
        if (part->name && strcmp(part->name, "duration") == 0 &&
            (finest == UINT32_MAX || is_finer(part, &format->parts[finest])))
            finest = i;
    }
    if (finest != UINT32_MAX)
        add_field(compiler, "duration", finest, EXTRACT_WHOLE);
}

static uint32_t part_shown(const struct format_string *format, const char *shown)
{
    uint32_t i = 0;
    while (i < format->part_count && strcmp(format->parts[i].shown, shown) != 0)
        i++;
    return i;
}

/* The finest of those that nginx writes. */
static void name_time(struct compiler *compiler)
{
    static const char *const times[] = {"$msec", "$time_iso8601", "$time_local"};
    const struct format_string *format = compiler->format;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        uint32_t part = part_shown(format, times[i]);
        if (part < format->part_count)
            add_field(compiler, "time", part, EXTRACT_WHOLE);
    }
    for (uint32_t i = 0; i < format->part_count; i++)
        if (format->parts[i].role != NO_TIME_ROLE)
            add_field(compiler, "time", i, EXTRACT_TIME);
}

static void name_fields(struct compiler *compiler)
{
    const struct format_string *format = compiler->format;
    name_final_status(compiler);
    name_finest_duration(compiler);
    for (uint32_t i = 0; i < format->part_count; i++)
        name_part(compiler, i);
    name_time(compiler);
    for (uint32_t i = 0; i < format->part_count; i++) {
        if (format->parts[i].as != AS_REQUEST)
            continue;
        add_field(compiler, "method", i, EXTRACT_METHOD);
        add_field(compiler, "path", i, EXTRACT_PATH);
        add_field(compiler, "protocol", i, EXTRACT_PROTOCOL);
    }
}

/* ----------------------------------------------------------------------- as it stands there -- */

static const char *skip_blanks(const char *text)
{
    return text + strspn(text, " \t\r\n");
}

/* Up to the quote that ends it, with its escapes undone; NULL: that is missing. */
static const char *read_until(struct buffer *out, const char *text, char quote)
{
    static const char from[] = "tnr", to[] = "\t\n\r";
    for (; *text && *text != quote; text++) {
        const char *control = *text == '\\' && text[1] ? strchr(from, text[1]) : NULL;
        bool escapes = *text == '\\' && text[1] && strchr("\\\"'", text[1]);
        text += control || escapes;
        buffer_append(out, control ? &to[control - from] : text, 1);
    }
    return *text == quote ? text : NULL;
}

/* A quoted text; moves behind it. */
static const char *read_quoted(struct buffer *out, const char *text)
{
    const char *end = read_until(out, text + 1, *text);
    return end ? end + 1 : NULL;
}

/* The quoted texts that make up all of it, after one another, perhaps with a ';'. */
static bool read_all_quoted(struct buffer *out, const char *text, bool names_follow)
{
    out->length = 0;
    for (text = skip_blanks(text); text && (*text == '\'' || *text == '"');)
        if ((text = read_quoted(out, text)))
            text = skip_blanks(text);
    if (!text)
        return false;
    if (names_follow)
        while (is_name_character(*text) || *text == '-')
            text++;
    text = skip_blanks(text);
    return out->length > 0 && *skip_blanks(text + (*text == ';')) == '\0';
}

/* One quoted text from end to end, whose own quotes are escaped. */
static bool is_one_quoted(const char *text)
{
    struct buffer inner = {0};
    text = skip_blanks(text);
    const char *end = *text == '\'' || *text == '"' ? read_quoted(&inner, text) : NULL;
    buffer_release(&inner);
    return end && *skip_blanks(end + (*end == ';')) == '\0';
}

/* nginx's parameter before the format. */
static bool read_escape_mode(struct compiler *compiler, enum dialect dialect, const char **text)
{
    if (dialect == DIALECT_APACHE || dialect == DIALECT_GUNICORN ||
        strncmp(*text, "escape=", 7) != 0)
        return true;
    const char *mode = *text + 7;
    size_t length = strcspn(mode, " \t\r\n");
    int found = words_find(escape_mode_words, arena_copy(compiler->arena, mode, length));
    if (found < 0 || (found == ESCAPE_CODES && dialect != DIALECT_OWN))
        return fail(compiler, "nginx has default, json and none", "'escape=%.*s' is not known",
                    (int)length, mode);
    compiler->format->escape = (enum escape_mode)found;
    *text = skip_blanks(mode + length);
    return true;
}

/* What the directive, if it is one, says; the text without quotes and escapes. */
static bool unwrap(struct compiler *compiler, enum dialect dialect, const char *text,
                   struct buffer *out)
{
    bool is_whole = false;
    text = skip_blanks(text);
    if (dialect == DIALECT_NGINX && strncmp(text, "log_format", 10) == 0) {
        text = skip_blanks(text + 10);
        text = skip_blanks(text + strcspn(text, " \t\r\n")); /* its name */
        is_whole = true;
    } else if (dialect == DIALECT_APACHE && strncasecmp(text, "LogFormat", 9) == 0) {
        text = skip_blanks(text + 9);
        is_whole = true;
    } else if (dialect == DIALECT_GUNICORN && strncmp(text, "access_log_format", 17) == 0) {
        text = skip_blanks(text + 17);
        text = skip_blanks(text + (*text == '='));
        is_whole = true;
    }
    if (!read_escape_mode(compiler, dialect, &text))
        return false;
    bool is_quoted = dialect != DIALECT_OWN && (is_whole || *text == '\'' || is_one_quoted(text));
    if (!is_quoted)
        (void)read_until(out, text, '\0');
    else if (!read_all_quoted(out, text, dialect == DIALECT_APACHE && is_whole))
        return fail(compiler, "paste the directive with all of its quoted texts",
                    "a quote that does not end, or text that is in no quotes");
    while (out->length > 0 && strchr("\r\n", out->bytes[out->length - 1]))
        out->bytes[--out->length] = '\0';
    return true;
}

static bool read_part(struct compiler *compiler, enum dialect dialect, const char **at)
{
    switch (dialect) {
    case DIALECT_NGINX:
        return read_variable(compiler, at);
    case DIALECT_APACHE:
        return read_directive(compiler, at);
    case DIALECT_GUNICORN:
        return read_atom(compiler, at);
    case DIALECT_OWN:
        break;
    }
    return read_own(compiler, at);
}

static bool read_parts(struct compiler *compiler, enum dialect dialect, const char *at)
{
    static const char begins[] = {[DIALECT_NGINX] = '$',
                                  [DIALECT_APACHE] = '%',
                                  [DIALECT_GUNICORN] = '%',
                                  [DIALECT_OWN] = '{'};
    while (*at) {
        if (*at == '\n')
            return fail(compiler, "quote it where it is spread over lines: '…' '…'",
                        "a line end within the format: a log's lines have none");
        bool is_doubled = at[1] == *at && dialect != DIALECT_NGINX;
        if (*at != begins[dialect] || is_doubled) {
            buffer_append(&compiler->literal, at, 1);
            at += 1 + (begins[dialect] == '%' && *at == '%');
        } else if (!read_part(compiler, dialect, &at)) {
            return false;
        }
    }
    end_literal(compiler);
    return true;
}

/* Tomcat, Apache and morgan call forms by these names. */
static const char *way_out(struct compiler *compiler, const char *text)
{
    bool is_form = strcmp(text, "common") == 0 || strcmp(text, "combined") == 0;
    return is_form
               ? arena_format(compiler->arena,
                              "that is a form's name: write 'format: %s', without 'pattern'", text)
               : "paste the server's own string";
}

/* What follows another word is not known to be nobody's address: another format's line could have
 * its "-" there. */
static void note_nobodies(struct compiler *compiler)
{
    struct format_string *format = compiler->format;
    for (uint32_t i = 0; i < format->part_count; i++) {
        const char *before = i > 0 ? format->parts[i - 1].literal : "]";
        format->parts[i].may_be_nobody =
            format->parts[i].as == AS_HOST && before[strspn(before, " ")] != '\0';
    }
}

bool format_string_compile(struct arena *arena, enum dialect dialect, const char *text,
                           struct format_string *format, struct format_problem *problem)
{
    struct compiler compiler = {.arena = arena, .format = format, .problem = problem};
    struct buffer bare = {0};
    *format = (struct format_string){.lead = ""};
    *problem = (struct format_problem){0};
    bool done = unwrap(&compiler, dialect, text, &bare) &&
                read_parts(&compiler, dialect, bare.length ? bare.bytes : "");
    if (done && format->part_count == 0)
        done = fail(&compiler, way_out(&compiler, bare.length ? bare.bytes : ""), "it has no %s",
                    dialect == DIALECT_NGINX      ? "$variable"
                    : dialect == DIALECT_GUNICORN ? "%(atom)s"
                                                  : "%directive");
    if (done) {
        format->empty_is_nothing = dialect == DIALECT_NGINX && format->escape != ESCAPE_BACKSLASH;
        join_parts(&compiler);
        note_nobodies(&compiler);
        name_fields(&compiler);
    }
    buffer_release(&compiler.literal);
    buffer_release(&bare);
    return done;
}
