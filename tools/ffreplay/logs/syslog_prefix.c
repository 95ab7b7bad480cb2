/*
 * syslog_prefix.c - see syslog_prefix.h.
 *
 * RFC 3164, as daemons write it into files and servers send it:
 *
 *     [<PRI>]TIME [HOST ][FACILITY.SEVERITY ]PROGRAM[[PID]]: MESSAGE
 *
 * with its own time or that of RFC 3339, and RFC 5424:
 *
 *     [<PRI>]1 TIME HOST PROGRAM PID MSGID STRUCTURED-DATA [MESSAGE]
 */
#include "syslog_prefix.h"

#include <string.h>

#define PRIORITIES 192 /* 24 facilities of 8 severities */

static const char *const facilities[] = {
    "kern",   "user",   "mail",     "daemon", "auth",   "syslog", "lpr",    "news",
    "uucp",   "cron",   "authpriv", "ftp",    "ntp",    "audit",  "alert",  "clock",
    "local0", "local1", "local2",   "local3", "local4", "local5", "local6", "local7"};
static const char *const severities[] = {"emerg",   "alert",  "crit", "err",
                                         "warning", "notice", "info", "debug"};
#define FACILITIES (sizeof facilities / sizeof *facilities)
#define SEVERITIES (sizeof severities / sizeof *severities)

struct scan {
    const char *at, *end;
    struct syslog_prefix *prefix;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_blank_or_end(const struct scan *scan)
{
    return scan->at == scan->end || *scan->at == ' ';
}

static void set(struct scan *scan, enum syslog_part part, const char *begin, const char *end)
{
    bool is_nil = end - begin == 1 && *begin == '-';
    scan->prefix->parts[part].begin = is_nil ? NULL : begin;
    scan->prefix->parts[part].end = is_nil ? NULL : end;
}

static void set_word(struct scan *scan, enum syslog_part part, const char *word)
{
    set(scan, part, word, word + strlen(word));
}

static bool skip_text(struct scan *scan, const char *text)
{
    size_t length = strlen(text);
    bool is_there = (size_t)(scan->end - scan->at) >= length && memcmp(scan->at, text, length) == 0;
    scan->at += is_there ? length : 0;
    return is_there;
}

/* The text has the form: a digit for each 0, and every other character as it is. */
static bool skip_form(struct scan *scan, const char *form)
{
    const char *at = scan->at;
    for (; *form; form++, at++)
        if (at == scan->end || (*form == '0' ? !is_digit(*at) : *at != *form))
            return false;
    scan->at = at;
    return true;
}

static void skip_fraction(struct scan *scan)
{
    if (scan->end - scan->at < 2 || (*scan->at != '.' && *scan->at != ',') ||
        !is_digit(scan->at[1]))
        return;
    for (scan->at++; scan->at < scan->end && is_digit(*scan->at);)
        scan->at++;
}

/* A word of printable ASCII or UTF-8, not empty. */
static bool take_word(struct scan *scan, const char **begin)
{
    *begin = scan->at;
    while (scan->at < scan->end && (unsigned char)*scan->at > ' ' && *scan->at != '\x7f')
        scan->at++;
    return scan->at > *begin && is_blank_or_end(scan);
}

static bool skip_blank(struct scan *scan)
{
    if (scan->at == scan->end || *scan->at != ' ')
        return false;
    scan->at++;
    return true;
}

static void skip_blanks(struct scan *scan)
{
    while (skip_blank(scan))
        ;
}

/* "<134>", or nothing. */
static bool take_priority(struct scan *scan)
{
    unsigned priority = 0;
    const char *begin = scan->at;
    if (!skip_text(scan, "<"))
        return true;
    while (scan->at < scan->end && is_digit(*scan->at) && scan->at - begin < 4)
        priority = priority * 10 + (unsigned)(*scan->at++ - '0');
    if (scan->at == begin + 1 || !skip_text(scan, ">") || priority >= PRIORITIES)
        return false;
    set_word(scan, SYSLOG_FACILITY, facilities[priority / SEVERITIES]);
    set_word(scan, SYSLOG_SEVERITY, severities[priority % SEVERITIES]);
    return true;
}

/* -------------------------------------------------------------------------------------- time -- */

/* "2026-11-20T10:00:00.123456+01:00" */
static bool take_full_time(struct scan *scan)
{
    const char *begin = scan->at;
    if (!skip_form(scan, "0000-00-00T00:00:00"))
        return false;
    skip_fraction(scan);
    bool is_utc = skip_text(scan, "Z");
    if (!is_utc && (skip_text(scan, "+") || skip_text(scan, "-")) && !skip_form(scan, "00:00") &&
        !skip_form(scan, "0000"))
        return false;
    set(scan, SYSLOG_TIME, begin, scan->at);
    return is_blank_or_end(scan);
}

static bool skip_month(struct scan *scan)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (const char *month = months; *month && scan->end - scan->at >= 3; month += 3)
        if (memcmp(scan->at, month, 3) == 0) {
            scan->at += 3;
            return true;
        }
    return false;
}

/* "Nov  1 10:00:00", perhaps with a fraction. */
static bool take_short_time(struct scan *scan)
{
    const char *begin = scan->at;
    if (!skip_month(scan) ||
        (!skip_form(scan, " 00 ") && !skip_form(scan, "  0 ") && !skip_form(scan, " 0 ")) ||
        !skip_form(scan, "00:00:00"))
        return false;
    skip_fraction(scan);
    set(scan, SYSLOG_TIME, begin, scan->at);
    return is_blank_or_end(scan);
}

/* ---------------------------------------------------------------------------------- RFC 3164 -- */

/* "daemon.info", of busybox. */
static bool take_level(struct scan *scan)
{
    struct scan ahead = *scan;
    for (size_t i = 0; i < FACILITIES; i++) {
        ahead.at = scan->at;
        if (!skip_text(&ahead, facilities[i]) || !skip_text(&ahead, "."))
            continue;
        for (size_t j = 0; j < SEVERITIES; j++) {
            struct scan level = ahead;
            bool found = skip_text(&level, severities[j]) ||
                         (strcmp(severities[j], "warning") == 0 && skip_text(&level, "warn"));
            if (!found || !skip_blank(&level))
                continue;
            set_word(scan, SYSLOG_FACILITY, facilities[i]);
            set_word(scan, SYSLOG_SEVERITY, severities[j]);
            scan->at = level.at;
            return true;
        }
    }
    return false;
}

/* "nginx:", "haproxy[14389]:" */
static bool take_tag(struct scan *scan)
{
    struct scan ahead = *scan;
    const char *begin;
    if (!take_word(&ahead, &begin) || ahead.at - begin < 2 || ahead.at[-1] != ':')
        return false;
    const char *end = ahead.at - 1;
    const char *bracket = end[-1] == ']' ? memchr(begin, '[', (size_t)(end - begin)) : NULL;
    if (bracket == begin)
        return false;
    set(scan, SYSLOG_PROGRAM, begin, bracket ? bracket : end);
    if (bracket)
        set(scan, SYSLOG_PID, bracket + 1, end - 1);
    scan->at = ahead.at;
    return true;
}

/* Behind the time, whose blank is taken. JSON is told from a program's name. */
static bool take_short_rest(struct scan *scan)
{
    const char *host;
    if (take_level(scan) || take_tag(scan))
        return scan->prefix->parts[SYSLOG_PROGRAM].begin || take_tag(scan);
    if (!take_word(scan, &host) || *host == '{' || *host == '"')
        return false;
    set(scan, SYSLOG_HOST, host, scan->at);
    if (!skip_blank(scan))
        return false;
    (void)take_level(scan);
    return take_tag(scan) || (scan->at < scan->end && *scan->at == '{');
}

/* ---------------------------------------------------------------------------------- RFC 5424 -- */

static bool skip_name(struct scan *scan)
{
    const char *begin = scan->at;
    while (scan->at < scan->end && (unsigned char)*scan->at > ' ' &&
           (unsigned char)*scan->at < 0x7f && !strchr("=]\"", *scan->at))
        scan->at++;
    return scan->at > begin;
}

/* What follows its first quote: up to the one that is not written with a backslash. */
static bool skip_value(struct scan *scan)
{
    for (; scan->at < scan->end && *scan->at != '"'; scan->at++)
        if (*scan->at == '\\' && scan->end - scan->at > 1)
            scan->at++;
    return skip_text(scan, "\"");
}

/* "-", or "[name@32473 key=\"value\"][…]" */
static bool skip_structured_data(struct scan *scan)
{
    struct scan ahead = *scan;
    bool is_nil = skip_text(&ahead, "-");
    while (!is_nil && skip_text(&ahead, "[")) {
        if (!skip_name(&ahead))
            return false;
        while (skip_blank(&ahead))
            if (!skip_name(&ahead) || !skip_text(&ahead, "=\"") || !skip_value(&ahead))
                return false;
        if (!skip_text(&ahead, "]"))
            return false;
    }
    if (ahead.at == scan->at || !is_blank_or_end(&ahead))
        return false;
    scan->at = ahead.at;
    return true;
}

/* Behind "1 ". */
static bool take_long_rest(struct scan *scan)
{
    static const enum syslog_part parts[] = {SYSLOG_HOST, SYSLOG_PROGRAM, SYSLOG_PID, SYSLOG_MSGID};
    if (!take_full_time(scan) && !skip_text(scan, "-"))
        return false;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const char *begin;
        if (!skip_blank(scan) || !take_word(scan, &begin))
            return false;
        set(scan, parts[i], begin, scan->at);
    }
    /* Heroku's drains leave it out. */
    if (skip_blank(scan))
        (void)skip_structured_data(scan);
    return true;
}

/* ------------------------------------------------------------------------------------- whole -- */

const char *syslog_skip(const char *line, const char *end, struct syslog_prefix *prefix)
{
    struct scan scan = {line, end, prefix};
    *prefix = (struct syslog_prefix){0};
    if (!take_priority(&scan))
        return NULL;
    bool found;
    if (skip_text(&scan, "1 "))
        found = take_long_rest(&scan);
    else
        found = (take_full_time(&scan) || take_short_time(&scan)) && skip_blank(&scan) &&
                take_short_rest(&scan);
    if (!found)
        return NULL;
    skip_blanks(&scan);
    (void)skip_text(&scan, "\xef\xbb\xbf"); /* of RFC 5424: UTF-8 follows */
    if (skip_text(&scan, "@cee:"))          /* JSON follows */
        skip_blanks(&scan);
    return scan.at;
}

bool syslog_is_repetition(const char *message, const char *line, const char *end)
{
    struct syslog_prefix prefix = {0};
    struct scan scan = {message ? message : line, end, &prefix};
    const char *host;
    if (message && skip_text(&scan, "message repeated "))
        return true;
    /* Some leave out whose it was. */
    if (!message && (!take_priority(&scan) || (!take_full_time(&scan) && !take_short_time(&scan)) ||
                     !skip_blank(&scan) || !take_word(&scan, &host) || !skip_blank(&scan)))
        return false;
    return skip_text(&scan, "last message repeated ");
}
