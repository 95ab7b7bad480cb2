/*
 * lookalike.h - what a line that is not of its log's format looks like instead.
 *
 * For the error about a log whose format differs from its definition. Only a guess: nothing is
 * parsed by it.
 */
#ifndef FFREPLAY_LOOKALIKE_H
#define FFREPLAY_LOOKALIKE_H

#include <stdbool.h>
#include <stddef.h>

enum lookalike {
    LOOKS_LIKE_NOTHING,
    LOOKS_LIKE_JSON,
    LOOKS_LIKE_WRAPPED_JSON,
    LOOKS_LIKE_COMBINED,
    LOOKS_LIKE_VHOST_COMBINED,
    LOOKS_LIKE_FORWARDED,
    LOOKS_LIKE_INGRESS_NGINX,
    LOOKS_LIKE_TRAEFIK,
    LOOKS_LIKE_MORE_THAN_COMBINED,
    LOOKS_LIKE_PREFIXED,
    LOOKS_LIKE_HAPROXY,
    LOOKS_LIKE_ENVOY,
    LOOKS_LIKE_ALB,
    LOOKS_LIKE_LOGFMT,
    LOOKS_LIKE_W3C,
    LOOKS_LIKE_CLOUDFRONT,
    LOOKS_LIKE_CADDY,
    LOOKS_LIKE_SYSLOG,
    LOOKALIKE_COUNT
};

/* So many of a log's first lines tell. */
#define LOOKALIKE_LINES 1000

enum lookalike lookalike_of(const char *line, size_t length);
/* "help: its first lines look like JSON, which 'format: ndjson' reads", on stderr. `what`: "its
 * first lines look". Nothing, where it is what `format` reads, or looks like nothing. */
void lookalike_help(enum lookalike lookalike, const char *what, const char *format);

#endif
