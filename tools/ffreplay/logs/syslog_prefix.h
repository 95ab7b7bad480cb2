/*
 * syslog_prefix.h - what a syslog daemon, or a server that sends to one, writes before a line: the
 * forms of RFC 3164 and RFC 5424, as rsyslog, syslog-ng, busybox, nginx and HAProxy have them.
 */
#ifndef FFREPLAY_SYSLOG_PREFIX_H
#define FFREPLAY_SYSLOG_PREFIX_H

#include <stdbool.h>
#include <stddef.h>

#define SYSLOG_PARTS(X)            \
    X(SYSLOG_TIME, "time")         \
    X(SYSLOG_HOST, "host")         \
    X(SYSLOG_PROGRAM, "program")   \
    X(SYSLOG_PID, "pid")           \
    X(SYSLOG_MSGID, "msgid")       \
    X(SYSLOG_FACILITY, "facility") \
    X(SYSLOG_SEVERITY, "severity")
#define SYSLOG_PART(member, word) member,
enum syslog_part { SYSLOG_PARTS(SYSLOG_PART) SYSLOG_PART_COUNT };

/* Parts are in the line, or are constants; NULL: it does not say. */
struct syslog_prefix {
    struct {
        const char *begin, *end;
    } parts[SYSLOG_PART_COUNT];
};

/* Where the message begins, after any blanks; NULL: the line does not begin so. */
const char *syslog_skip(const char *line, const char *end, struct syslog_prefix *prefix);

/* Whether a daemon wrote the line in place of others that were equal to the one before. `message`:
 * what syslog_skip() says of it. */
bool syslog_is_repetition(const char *message, const char *line, const char *end);

#endif
