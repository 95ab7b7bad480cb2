/* lookalike.c - see lookalike.h. */
#include "lookalike.h"

#include <stdio.h>
#include <string.h>

#include "compiler/cli/messages.h"
#include "syslog_prefix.h"

static const struct described {
    const char *text, *format;
} described[LOOKALIKE_COUNT] = {
    [LOOKS_LIKE_JSON] = {"JSON", "ndjson"},
    [LOOKS_LIKE_WRAPPED_JSON] = {"JSON with something before it", NULL},
    [LOOKS_LIKE_COMBINED] = {"Apache's and nginx's access log", "combined"},
    [LOOKS_LIKE_VHOST_COMBINED] = {"a virtual host, then 'combined'", "vhost_combined"},
    [LOOKS_LIKE_FORWARDED] = {"'combined' with a list in place of the address", NULL},
    [LOOKS_LIKE_INGRESS_NGINX] = {"the access log of ingress-nginx", "ingress-nginx"},
    [LOOKS_LIKE_TRAEFIK] = {"the access log of Traefik", "traefik"},
    [LOOKS_LIKE_MORE_THAN_COMBINED] = {"'combined' with more fields after it", NULL},
    [LOOKS_LIKE_PREFIXED] = {"'combined' with something before it", NULL},
    [LOOKS_LIKE_HAPROXY] = {"the HTTP log of HAProxy", "haproxy-http"},
    [LOOKS_LIKE_ENVOY] = {"the access log of Envoy", "envoy"},
    [LOOKS_LIKE_ALB] = {"the access log of an AWS load balancer", "alb"},
    [LOOKS_LIKE_LOGFMT] = {"logfmt", "logfmt"},
    [LOOKS_LIKE_W3C] = {"IIS's or another log of the W3C's form", "w3c"},
    [LOOKS_LIKE_CLOUDFRONT] = {"the log of CloudFront", "cloudfront"},
    [LOOKS_LIKE_CADDY] = {"the access log of Caddy", "caddy"},
    [LOOKS_LIKE_SYSLOG] = {"what a syslog daemon writes", NULL},
};

void lookalike_help(enum lookalike lookalike, const char *what, const char *format)
{
    const struct described *found = &described[lookalike];
    bool is_that = found->format && strcmp(found->format, format) == 0;
    if (!found->text || is_that || (lookalike == LOOKS_LIKE_W3C && strcmp(format, "iis") == 0))
        return;
    if (found->format)
        print_help("%s like %s, which 'format: %s' reads", what, found->text, found->format);
    else if (lookalike == LOOKS_LIKE_SYSLOG)
        print_help("%s like %s: 'wrap: syslog' takes off what it puts before a line, and 'format' "
                   "says how the rest is read",
                   what, found->text);
    else if (lookalike == LOOKS_LIKE_WRAPPED_JSON || lookalike == LOOKS_LIKE_PREFIXED)
        print_help("%s like %s: if a container runtime or a command wrote that, say which: "
                   "'wrap: cri', docker, journald, kubectl, compose, syslog or 'field NAME'",
                   what, found->text);
    else
        print_help("%s like %s: paste the server's own string, with 'pattern: nginx' or "
                   "'pattern: apache' and 'log_format'",
                   what, found->text);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The rest of a line. */
struct rest {
    const char *at, *end;
};

static size_t length_of(struct rest rest)
{
    return (size_t)(rest.end - rest.at);
}

static bool begins(struct rest rest, const char *text)
{
    size_t length = strlen(text);
    return length_of(rest) >= length && memcmp(rest.at, text, length) == 0;
}

static bool has(struct rest rest, const char *text)
{
    return rest.at < rest.end && memmem(rest.at, length_of(rest), text, strlen(text));
}

static bool ends(struct rest rest, const char *text)
{
    size_t length = strlen(text);
    return length_of(rest) >= length && memcmp(rest.end - length, text, length) == 0;
}

/* Whether the text has the form: a digit for each 0, and every other character as it is. */
static bool has_form(struct rest rest, const char *form)
{
    for (; *form; form++, rest.at++)
        if (rest.at == rest.end || (*form == '0' ? !is_digit(*rest.at) : *rest.at != *form))
            return false;
    return true;
}

/* ------------------------------------------------------------------------------- access logs -- */

/* By what precedes the time: ADDRESS IDENT USER, and whether there is more. */
static enum lookalike lookalike_of_client(struct rest client)
{
    size_t blanks = 0;
    for (const char *at = client.at; at < client.end; at++)
        blanks += *at == ' ';
    if (has(client, ","))
        return LOOKS_LIKE_FORWARDED;
    if (blanks == 2)
        return LOOKS_LIKE_COMBINED;
    if (blanks == 3 && !is_digit(*client.at))
        return LOOKS_LIKE_VHOST_COMBINED;
    return blanks >= 3 && ends(client, " - -") ? LOOKS_LIKE_PREFIXED : LOOKS_LIKE_NOTHING;
}

/* After the quote that begins the request: skips request, status, bytes, referer and user agent. */
static struct rest skip_to_more(struct rest rest)
{
    for (int quotes = 0; rest.at < rest.end && quotes < 5; rest.at++)
        quotes += *rest.at == '"' && rest.at[-1] != '\\';
    return rest;
}

static enum lookalike lookalike_of_more(struct rest more)
{
    if (length_of(more) == 0)
        return LOOKS_LIKE_COMBINED;
    if (ends(more, "ms") && has(more, "\""))
        return LOOKS_LIKE_TRAEFIK;
    return has(more, " [") ? LOOKS_LIKE_INGRESS_NGINX : LOOKS_LIKE_MORE_THAN_COMBINED;
}

static enum lookalike lookalike_of_access(struct rest line, const char *time)
{
    const char *close = memchr(time, ']', (size_t)(line.end - time));
    struct rest behind = {close ? close + 1 : line.end, line.end};
    if (!begins(behind, " \""))
        return close && has((struct rest){time, close}, ".") ? LOOKS_LIKE_HAPROXY
                                                             : LOOKS_LIKE_NOTHING;
    enum lookalike client = lookalike_of_client((struct rest){line.at, time - 1});
    behind.at += 2;
    return client == LOOKS_LIKE_COMBINED ? lookalike_of_more(skip_to_more(behind)) : client;
}

/* The bracket that begins an access log's time; NULL if there is none. */
static const char *access_time(struct rest line)
{
    for (struct rest at = line; at.at < at.end; at.at++) {
        at.at = memchr(at.at, '[', length_of(at));
        if (!at.at)
            return NULL;
        struct rest year = {at.at + 8, at.end};
        if (at.at > line.at && at.end - at.at > 12 && has_form(at, "[00/") &&
            has_form(year, "0000:"))
            return at.at;
    }
    return NULL;
}

/* ------------------------------------------------------------------------------------ others -- */

static bool is_load_balancers(struct rest line)
{
    static const char *const kinds[] = {"http ", "https ", "h2 ", "grpcs ", "ws ", "wss "};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct rest behind = {line.at + strlen(kinds[i]), line.end};
        if (begins(line, kinds[i]) && has_form(behind, "0000-00-00T"))
            return true;
    }
    return false;
}

static bool is_logfmt(struct rest line)
{
    const char *at = line.at;
    while (at < line.end && ((*at >= 'a' && *at <= 'z') || *at == '_'))
        at++;
    return at > line.at && at < line.end && *at == '=' && has(line, " ");
}

/* Lines of an application may begin so, too: those of servers name a request's method. */
static bool is_w3c(struct rest line)
{
    static const char *const methods[] = {" GET ", " POST ", " HEAD ", " OPTIONS ", " PUT "};
    bool has_method = false;
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        has_method |= has(line, methods[i]);
    return has_method && has_form(line, "0000-00-00 00:00:00 ") && !has(line, "\"");
}

/* HAProxy's format takes it off by itself. */
static bool is_of_syslog(struct rest line)
{
    struct syslog_prefix prefix;
    const char *message = syslog_skip(line.at, line.end, &prefix);
    return message && lookalike_of(message, (size_t)(line.end - message)) != LOOKS_LIKE_HAPROXY;
}

enum lookalike lookalike_of(const char *text, size_t length)
{
    const struct rest line = {text, text + length};
    const char *time = access_time(line);
    if (is_of_syslog(line))
        return LOOKS_LIKE_SYSLOG;
    if (begins(line, "{"))
        return has(line, "\"logger\":\"http.log.access") ? LOOKS_LIKE_CADDY : LOOKS_LIKE_JSON;
    if (time)
        return lookalike_of_access(line, time);
    if (has_form(line, "[0000-00-00T") && has(line, "] \""))
        return LOOKS_LIKE_ENVOY;
    if (is_load_balancers(line))
        return LOOKS_LIKE_ALB;
    if (has_form(line, "0000-00-00\t00:00:00\t"))
        return LOOKS_LIKE_CLOUDFRONT;
    if (is_w3c(line))
        return LOOKS_LIKE_W3C;
    if (has(line, " {\"") && ends(line, "}"))
        return LOOKS_LIKE_WRAPPED_JSON;
    return is_logfmt(line) ? LOOKS_LIKE_LOGFMT : LOOKS_LIKE_NOTHING;
}
