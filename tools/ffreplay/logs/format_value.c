/* format_value.c - see format_value.h. */
#include "format_value.h"

#include <string.h>
#include <strings.h>

#include "compiler/base/buffer.h"
#include "compiler/base/calendar.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'z';
}

static bool is_hex(char c)
{
    char letter = (char)(c | 0x20);
    return is_digit(c) || (letter >= 'a' && letter <= 'f');
}

/* ------------------------------------------------------------------------------------- texts -- */

bool format_value_is_text(enum value_form as)
{
    switch (as) {
    case AS_TEXT:
    case AS_REQUEST:
    case AS_WORD:
    case AS_PATH:
    case AS_IDENT:
    case AS_USER:
    case AS_LEAD:
    case AS_CAPTURED:
    case AS_REST:
        return true;
    case AS_NAME:
    case AS_HOST:
    case AS_ADDRESS:
    case AS_ENDPOINT:
    case AS_STATUS:
    case AS_INTEGER:
    case AS_DECIMAL:
    case AS_DECIMALS:
    case AS_WORDS:
    case AS_CLF_TIME:
    case AS_ISO_TIME:
    case AS_STRFTIME:
        return false;
    }
    return false;
}

bool format_value_has(enum value_form as, enum escape_mode escape, char c)
{
    if (c == '\0' || ((unsigned char)c < ' ' && escape != ESCAPE_NONE))
        return false;
    if (c == '"' && escape != ESCAPE_NONE && as != AS_REST)
        return false;
    if (as == AS_WORD || as == AS_IDENT)
        return c != ' ' && c != '"' && (unsigned char)c > ' ';
    if (as == AS_LEAD)
        return is_digit(c) || is_letter(c) || strchr("<>:.+_- ", c);
    return as != AS_CAPTURED || (c != '{' && c != '}');
}

static bool is_ipv4(const char *text, const char *end)
{
    int groups = 0;
    while (text < end) {
        const char *group = text;
        while (text < end && is_digit(*text))
            text++;
        if (text == group || text - group > 3)
            return false;
        if (++groups == 4)
            return text == end;
        if (text == end || *text++ != '.')
            return false;
    }
    return false;
}

/* Eight groups, or less with one "::" among them; an IPv4 address may stand for the last two. */
static bool is_ipv6(const char *text, const char *end)
{
    int groups = 0;
    bool shortened = end - text >= 2 && memcmp(text, "::", 2) == 0;
    text += shortened ? 2 : 0;
    while (text < end) {
        const char *group = text;
        while (text < end && is_hex(*text))
            text++;
        if (text < end && *text == '.' && (groups > 0 || shortened))
            return is_ipv4(group, end) && (shortened ? groups < 7 : groups == 6);
        if (text == group || text - group > 4)
            return false;
        groups++;
        if (text == end)
            break;
        bool doubled = end - text >= 2 && text[1] == ':';
        if (*text != ':' || (doubled && shortened) || (!doubled && end - text == 1))
            return false;
        shortened |= doubled;
        text += doubled ? 2 : 1;
    }
    return shortened ? groups < 8 : groups == 8;
}

/* An IPv6 address may have a zone. */
static bool is_address(const char *text, const char *end)
{
    if (!memchr(text, ':', (size_t)(end - text)))
        return is_ipv4(text, end);
    const char *zone = memchr(text, '%', (size_t)(end - text));
    return is_ipv6(text, zone ? zone : end) && (!zone || zone + 1 < end);
}

/* Names may contain blanks, and be empty. A word of several that is "-" or an address is a field of
 * its own: something else precedes the line. */
static bool is_user(const char *text, const char *end)
{
    if (text == end)
        return true;
    if (*text == ' ' || end[-1] == ' ')
        return false;
    if (!memchr(text, ' ', (size_t)(end - text)))
        return true;
    for (const char *word = text, *blank; word < end; word = blank + 1) {
        blank = memchr(word, ' ', (size_t)(end - word));
        blank = blank ? blank : end;
        if ((blank - word == 1 && *word == '-') || is_address(word, blank))
            return false;
    }
    return true;
}

bool format_value_fits(enum value_form as, const char *text, const char *end)
{
    switch (as) {
    case AS_WORD:
        return text < end;
    case AS_PATH:
        return text == end || *text == '/';
    case AS_IDENT:
        return text < end && !is_address(text, end);
    case AS_USER:
        return is_user(text, end);
    case AS_REST:
        return text == end || *text == ' ';
    case AS_TEXT:
    case AS_REQUEST:
    case AS_LEAD:
    case AS_CAPTURED:
        return true;
    case AS_NAME:
    case AS_HOST:
    case AS_ADDRESS:
    case AS_ENDPOINT:
    case AS_STATUS:
    case AS_INTEGER:
    case AS_DECIMAL:
    case AS_DECIMALS:
    case AS_WORDS:
    case AS_CLF_TIME:
    case AS_ISO_TIME:
    case AS_STRFTIME:
        break;
    }
    return false;
}

/* ----------------------------------------------------------------------------------- clients -- */

#define UNIX "unix:"

static bool is_unix(const char *text, const char *end)
{
    return end - text == 5 && memcmp(text, UNIX, 5) == 0;
}

static bool is_address_sign(char c)
{
    return c == '.' || c == ':' || c == '%' || c == '_' || c == '-';
}

static const char *address_run(const char *text, const char *end)
{
    while (text < end && (is_digit(*text) || is_letter(*text) || is_address_sign(*text)))
        text++;
    return text;
}

static const char *address_end(const char *text, const char *end)
{
    const char *behind = address_run(text, end);
    return is_address(text, behind) || is_unix(text, behind) ? behind : NULL;
}

/* A name has no colon, except nginx's "unix:": one with a port is a virtual host's. */
static const char *host_end(const char *text, const char *end)
{
    const char *behind = address_run(text, end);
    bool has_colon = memchr(text, ':', (size_t)(behind - text));
    bool fits = !has_colon || is_address(text, behind) || is_unix(text, behind);
    bool is_dash = behind - text == 1 && *text == '-';
    return fits && behind > text && !is_dash ? behind : NULL;
}

/* ADDRESS:PORT; an IPv6 address with or without brackets. */
static const char *endpoint_end(const char *text, const char *end)
{
    const char *behind = text, *colon = NULL;
    bool has_bracket = text < end && *text == '[';
    for (behind += has_bracket; behind < end; behind++) {
        bool is_part = is_digit(*behind) || is_letter(*behind) || is_address_sign(*behind) ||
                       (has_bracket && *behind == ']');
        if (!is_part)
            break;
        colon = *behind == ':' ? behind : colon;
    }
    if (!colon || colon + 1 == behind)
        return NULL;
    for (const char *digit = colon + 1; digit < behind; digit++)
        if (!is_digit(*digit))
            return NULL;
    if (has_bracket && colon[-1] != ']')
        return NULL;
    const char *address = text + has_bracket, *address_stop = colon - has_bracket;
    bool is_sound = is_address(address, address_stop) ||
                    (!has_bracket && host_end(text, colon) == colon) || is_unix(text, colon + 1);
    return is_sound ? behind : NULL;
}

static const char *name_end(const char *text, const char *end)
{
    const char *behind = text;
    if (text < end && *text == '[') {
        while (behind < end && *behind != ']')
            behind++;
        return behind < end && is_address(text + 1, behind) ? behind + 1 : NULL;
    }
    while (behind < end && format_value_has(AS_WORD, ESCAPE_BACKSLASH, *behind) &&
           !memchr(":/[]\\", *behind, 5))
        behind++;
    return behind > text ? behind : NULL;
}

/* ----------------------------------------------------------------------------------- numbers -- */

static const char *digits_end(const char *text, const char *end)
{
    while (text < end && is_digit(*text))
        text++;
    return text;
}

static const char *integer_end(const char *text, const char *end)
{
    const char *first = text + (text < end && (*text == '-' || *text == '+'));
    const char *behind = digits_end(first, end);
    return behind > first ? behind : NULL;
}

static const char *decimal_end(const char *text, const char *end)
{
    const char *behind = integer_end(text, end);
    if (!behind || behind == end || *behind != '.')
        return behind;
    const char *fraction = digits_end(behind + 1, end);
    return fraction > behind + 1 ? fraction : behind;
}

static const char *status_end(const char *text, const char *end)
{
    const char *behind = digits_end(text, end);
    return behind - text == 3 ? behind : NULL;
}

static const char *item_end(enum value_form as, const char *text, const char *end)
{
    if (as == AS_DECIMALS) {
        const char *number = decimal_end(text, end);
        return number || text == end || *text != '-' ? number : text + 1;
    }
    const char *behind = text;
    while (behind < end && *behind != ',' && format_value_has(AS_WORD, ESCAPE_BACKSLASH, *behind))
        behind++;
    return behind > text ? behind : NULL;
}

static const char *list_end(enum value_form as, const char *text, const char *end)
{
    const char *behind = item_end(as, text, end), *next = behind;
    while (next) {
        behind = next;
        size_t left = (size_t)(end - behind);
        if (left > 2 && memcmp(behind, ", ", 2) == 0)
            next = item_end(as, behind + 2, end);
        else if (left > 3 && memcmp(behind, " : ", 3) == 0)
            next = item_end(as, behind + 3, end);
        else
            break;
    }
    return behind;
}

/* ------------------------------------------------------------------------------------- times -- */

/* A digit for each 0, a letter for each A, a sign for +; every other character as it is. */
static bool has_shape(const char *text, const char *end, const char *shape)
{
    for (; *shape; shape++, text++) {
        if (text == end)
            return false;
        bool fits = *shape == '0'   ? is_digit(*text)
                    : *shape == 'A' ? is_letter(*text)
                    : *shape == '+' ? *text == '+' || *text == '-'
                                    : *text == *shape;
        if (!fits)
            return false;
    }
    return true;
}

static const char *clf_end(const char *text, const char *end)
{
    static const char shape[] = "00/AAA/0000:00:00:00 +0000";
    return has_shape(text, end, shape) ? text + sizeof shape - 1 : NULL;
}

static const char *iso_end(const char *text, const char *end)
{
    static const char shape[] = "0000-00-00T00:00:00", offset[] = "+00:00";
    if (!has_shape(text, end, shape))
        return NULL;
    text += sizeof shape - 1;
    if (text < end && (*text == '.' || *text == ',')) {
        const char *fraction = text + 1;
        text = digits_end(fraction, end);
        if (text == fraction)
            return NULL;
    }
    if (text < end && *text == 'Z')
        return text + 1;
    return has_shape(text, end, offset) ? text + sizeof offset - 1 : NULL;
}

static const char *const months[] = {"January",   "February", "March",    "April",
                                     "May",       "June",     "July",     "August",
                                     "September", "October",  "November", "December"};
static const char *const days[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                   "Friday", "Saturday", "Sunday"};

/* The name that stands there, its first three letters or all of it; counted from 1. */
static int name_at(const char *const *names, int count, bool whole, const char **text,
                   const char *end)
{
    for (int i = 0; i < count; i++) {
        size_t length = whole ? strlen(names[i]) : 3;
        if ((size_t)(end - *text) < length || strncasecmp(names[i], *text, length) != 0)
            continue;
        *text += length;
        return i + 1;
    }
    return 0;
}

/* A number of exactly so many digits, or less where blanks pad it; DIGITS_ANY: or where it ends. */
static bool number_at(const char **text, const char *end, int count, enum time_digits digits,
                      int *number)
{
    *number = 0;
    const char *at = *text;
    for (int i = 0; i < count; i++, at++) {
        bool is_number = at < end && is_digit(*at);
        if (!is_number && digits == DIGITS_ANY && i > 0)
            break;
        if (at == end || !(is_number || (*at == ' ' && *number == 0 && i + 1 < count)))
            return false;
        *number = *number * 10 + (*at == ' ' ? 0 : *at - '0');
    }
    *text = at;
    return true;
}

static bool offset_at(const char **text, const char *end, char offset[8])
{
    const char *at = *text;
    if (end - at >= 1 && *at == 'Z') {
        memcpy(offset, "+00:00", 7);
        *text += 1;
        return true;
    }
    bool has_colon = end - at >= 6 && at[3] == ':';
    if (!has_shape(at, end, has_colon ? "+00:00" : "+0000"))
        return false;
    char written[] = {at[0], at[1], at[2], ':', at[3 + has_colon], at[4 + has_colon], '\0'};
    memcpy(offset, written, sizeof written);
    *text += has_colon ? 6 : 5;
    return true;
}

static bool fraction_at(const char **text, const char *end, char fraction[12])
{
    const char *behind = digits_end(*text, end);
    size_t length = (size_t)(behind - *text);
    if (length == 0)
        return false;
    length = length < 11 ? length : 11;
    memcpy(fraction, *text, length);
    fraction[length] = '\0';
    *text = behind;
    return true;
}

static bool time_at(const char *conversions, enum time_digits digits, const char **text,
                    const char *end, struct time_pieces *pieces);

static bool piece_at(char conversion, enum time_digits digits, const char **text, const char *end,
                     struct time_pieces *pieces)
{
    int ignored;
    const char *begin = *text;
    switch (conversion) {
    case 'Y':
        return number_at(text, end, 4, DIGITS_ALL, &pieces->year);
    case 'y':
        if (!number_at(text, end, 2, DIGITS_ALL, &pieces->year))
            return false;
        pieces->year += pieces->year < 69 ? 2000 : 1900; /* as POSIX says */
        return true;
    case 'm':
        return number_at(text, end, 2, digits, &pieces->month);
    case 'd':
    case 'e':
        return number_at(text, end, 2, digits, &pieces->day);
    case 'j':
        return number_at(text, end, 3, digits, &pieces->day_of_year);
    case 'H':
    case 'I':
        return number_at(text, end, 2, digits, &pieces->hour);
    case 'M':
        return number_at(text, end, 2, digits, &pieces->minute);
    case 'S':
        return number_at(text, end, 2, digits, &pieces->second);
    case 'b':
    case 'h':
    case 'B':
        return (pieces->month = name_at(months, 12, conversion == 'B', text, end)) > 0;
    case 'a':
    case 'A':
        return name_at(days, 7, conversion == 'A', text, end) > 0;
    case 'p':
        ignored = end - begin >= 2 ? begin[0] | 0x20 : 0;
        pieces->is_afternoon = ignored == 'p';
        *text += 2;
        return (ignored == 'a' || ignored == 'p') && (begin[1] | 0x20) == 'm';
    case 'f':
        return fraction_at(text, end, pieces->fraction);
    case 'z':
        return offset_at(text, end, pieces->offset);
    case 'Z': /* a name of a zone says too little: "IST" is four */
        while (*text < end && is_letter(**text))
            ++*text;
        if (*text - begin == 3 && (memcmp(begin, "UTC", 3) == 0 || memcmp(begin, "GMT", 3) == 0))
            memcpy(pieces->offset, "+00:00", 7);
        return *text > begin;
    case 's':
        *text = digits_end(begin, end);
        if (*text == begin || (size_t)(*text - begin) >= sizeof pieces->epoch)
            return false;
        memcpy(pieces->epoch, begin, (size_t)(*text - begin));
        pieces->epoch[*text - begin] = '\0';
        return true;
    case 'T':
        return time_at("%H:%M:%S", digits, text, end, pieces);
    case 'R':
        return time_at("%H:%M", digits, text, end, pieces);
    case 'F':
        return time_at("%Y-%m-%d", digits, text, end, pieces);
    case 'D':
        return time_at("%m/%d/%y", digits, text, end, pieces);
    default: /* %% %n %t */
        *text += 1;
        return begin < end && *begin == (conversion == 'n' ? '\n' : conversion == 't' ? '\t' : '%');
    }
}

static bool time_at(const char *conversions, enum time_digits digits, const char **text,
                    const char *end, struct time_pieces *pieces)
{
    for (const char *at = conversions; *at; at++) {
        if (*at == '%') {
            if (!piece_at(*++at, digits, text, end, pieces))
                return false;
        } else if (*text == end || *(*text)++ != *at) {
            return false;
        }
    }
    return true;
}

const char *format_value_time(const char *conversions, enum time_digits digits, const char *text,
                              const char *end, struct time_pieces *pieces)
{
    return time_at(conversions, digits, &text, end, pieces) ? text : NULL;
}

const struct time_pieces no_time_pieces = {-1, -1, -1, -1, -1, -1, -1, -1, "", "", ""};

static void append_fraction(struct buffer *out, const char *fraction)
{
    if (!*fraction)
        return;
    buffer_append(out, ".", 1);
    buffer_append_text(out, fraction);
}

/* The day of the year as one of a month; of one that the year does not have, nothing. */
static void settle_day(struct time_pieces *time)
{
    if (time->day_of_year < 1 || time->year < 0)
        return;
    time->day = time->day_of_year;
    for (time->month = 1; time->month <= 12; time->month++) {
        int length = days_in_month(time->year, time->month);
        if (time->day <= length)
            return;
        time->day -= length;
    }
    time->month = -1;
}

void time_pieces_write(struct time_pieces *time, struct buffer *out)
{
    if (time->epoch[0]) {
        buffer_append_text(out, time->epoch);
        append_fraction(out, time->fraction);
        return;
    }
    settle_day(time);
    if (time->is_afternoon >= 0 && (time->hour < 1 || time->hour > 12))
        return;
    if (time->is_afternoon >= 0)
        time->hour = time->hour % 12 + (time->is_afternoon ? 12 : 0);
    if (time->year < 0 || time->month < 0 || time->day < 0 || time->hour < 0 || time->minute < 0)
        return;
    buffer_format(out, "%04d-%02d-%02dT%02d:%02d:%02d", time->year, time->month, time->day,
                  time->hour, time->minute, time->second < 0 ? 0 : time->second);
    append_fraction(out, time->fraction);
    buffer_append_text(out, time->offset);
}

/* -------------------------------------------------------------------------------------- ends -- */

static const char *own_end(const struct format_part *part, const char *text, const char *end)
{
    struct time_pieces ignored;
    switch (part->as) {
    case AS_NAME:
        return name_end(text, end);
    case AS_HOST:
        return host_end(text, end);
    case AS_ADDRESS:
        return address_end(text, end);
    case AS_ENDPOINT:
        return endpoint_end(text, end);
    case AS_STATUS:
        return status_end(text, end);
    case AS_INTEGER:
        return integer_end(text, end);
    case AS_DECIMAL:
        return decimal_end(text, end);
    case AS_DECIMALS:
    case AS_WORDS:
        return list_end(part->as, text, end);
    case AS_CLF_TIME:
        return clf_end(text, end);
    case AS_ISO_TIME:
        return iso_end(text, end);
    case AS_STRFTIME:
        return format_value_time(part->conversions, DIGITS_ALL, text, end, &ignored);
    case AS_TEXT:
    case AS_REQUEST:
    case AS_WORD:
    case AS_PATH:
    case AS_IDENT:
    case AS_USER:
    case AS_LEAD:
    case AS_CAPTURED:
    case AS_REST:
        break;
    }
    return NULL;
}

const char *format_value_end(const struct format_part *part, const char *text, const char *end)
{
    const char *own = own_end(part, text, end);
    if (own || text == end || (part->as == AS_HOST && !part->may_be_nobody))
        return own;
    if (*text == '-')
        return text + 1;
    return part->as == AS_HOST && *text == ' ' ? text : NULL;
}
