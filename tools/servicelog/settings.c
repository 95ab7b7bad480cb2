/* settings.c - see settings.h. */
#include "tools/servicelog/settings.h"

#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/arena.h"
#include "tools/servicelog/pairs.h"

#define HOUR          INT64_C(3600000)
#define MOST_USERS    100000000u
#define MOST_RATE     1e7
#define USUAL_START   INT64_C(1767571200000) /* 2026-01-05T00:00:00Z, a Monday */
#define USUAL_LATE_MS 30000

/* The values of options as given; NULL if they were not. */
struct given {
    const char *seed, *lines, *duration, *rate, *trough, *peak_at, *weekend, *busy, *users;
    const char *error_rate, *refusals, *cache_hits, *purchases;
    const char *format, *fields;
    const char *duplicates, *late, *lateness, *bad;
    struct option_texts endpoints, effects, shares;
};

/* What every function that reads an option needs. */
struct reading {
    const struct given *given;
    struct settings *settings;
    struct buffer error;
};

/* ---------------------------------------------------------------------------- load and users -- */

/* "20:00" to ms. */
static bool read_time_of_day(const char *text, int64_t *ms, struct buffer *error)
{
    int digits[4] = {0}, count = 0;
    const char *at = text;
    for (; *at && count < 4; at++) {
        if (count == 2 && *at == ':' && at == text + 2)
            continue;
        if (*at < '0' || *at > '9')
            break;
        digits[count++] = *at - '0';
    }
    int hours = digits[0] * 10 + digits[1], minutes = digits[2] * 10 + digits[3];
    if (*at || at != text + 5 || hours > 23 || minutes > 59) {
        buffer_format(error, "--peak-at takes a time of day such as 20:00, not '%s'", text);
        return false;
    }
    *ms = (hours * 60 + minutes) * INT64_C(60000);
    return true;
}

static bool read_load(struct reading *reading)
{
    const struct given *given = reading->given;
    struct load *load = &reading->settings->service.load;
    struct buffer *error = &reading->error;
    if (given->rate && !read_number("--rate", given->rate, 0.001, &load->peak, error))
        return false;
    load->trough = load->peak;
    if (given->trough && !read_number("--trough", given->trough, 0, &load->trough, error))
        return false;
    if (load->peak > MOST_RATE || load->trough > load->peak) {
        buffer_append_text(error, load->peak > MOST_RATE
                                      ? "--rate takes at most ten million requests per second"
                                      : "--trough is above --rate, the load at the daily peak");
        return false;
    }
    return (!given->peak_at || read_time_of_day(given->peak_at, &load->peak_at, error)) &&
           (!given->weekend || read_share("--weekend", given->weekend, &load->weekend, error));
}

static bool read_users(struct reading *reading)
{
    uint64_t users;
    const char *text = reading->given->users;
    if (!text)
        return true;
    if (!read_count("--users", text, MOST_USERS, &users, &reading->error))
        return false;
    service_set_users(&reading->settings->service, (uint32_t)users);
    return true;
}

/* ---------------------------------------------------------------------------------- outcomes -- */

/* "80ms" */
static bool read_latency(const char *value, double *ms, struct buffer *error)
{
    char number[32];
    size_t length = value ? strlen(value) : 0;
    if (length > 2 && length < sizeof number && strcmp(value + length - 2, "ms") == 0) {
        memcpy(number, value, length - 2);
        number[length - 2] = '\0';
        if (read_number("latency", number, 0, ms, error))
            return *ms <= 1e6 ||
                   (buffer_append_text(error, "latency takes at most 1000000ms"), false);
        error->length = 0;
    }
    buffer_format(error, "latency takes milliseconds such as 80ms, not '%s'", value ? value : "");
    return false;
}

static bool read_endpoint_pair(struct pair pair, struct endpoint *endpoint, struct buffer *error)
{
    static const char *const names[] = {"share", "latency", "spread", "errors"};
    if (strcmp(pair.name, "share") == 0)
        return read_share("share", pair.value, &endpoint->share, error);
    if (strcmp(pair.name, "latency") == 0)
        return read_latency(pair.value, &endpoint->latency, error);
    if (strcmp(pair.name, "spread") == 0)
        return read_number("spread", pair.value, 0, &endpoint->spread, error);
    if (strcmp(pair.name, "errors") == 0)
        return read_share("errors", pair.value, &endpoint->error_rate, error);
    return unknown_name("part of an endpoint", pair.name, names, 4, error);
}

static bool read_endpoint(struct reading *reading, const char *text)
{
    struct service *service = &reading->settings->service;
    const char *rest = text;
    struct pair path = next_pair(&rest, &reading->settings->arena);
    if (path.value || !is_plain(path.name) || service->endpoint_count == MOST_ENDPOINTS) {
        buffer_format(&reading->error,
                      "--endpoint takes up to %d such as /search,share=50%%,latency=80ms, not '%s'",
                      MOST_ENDPOINTS, text);
        return false;
    }
    struct endpoint *endpoint = &service->endpoints[service->endpoint_count++];
    *endpoint = (struct endpoint){path.name, 1, 80, 0.5, -1};
    while (rest) {
        struct pair pair = next_pair(&rest, &reading->settings->arena);
        if (!read_endpoint_pair(pair, endpoint, &reading->error))
            return false;
    }
    return true;
}

static bool read_outcomes(struct reading *reading)
{
    const struct given *given = reading->given;
    struct service *service = &reading->settings->service;
    const struct {
        const char *name, *value;
        double *target;
    } shares[] = {{"--error-rate", given->error_rate, &service->error_rate},
                  {"--refusals", given->refusals, &service->refusal_rate},
                  {"--cache-hits", given->cache_hits, &service->cache_hits},
                  {"--purchases", given->purchases, &service->purchases}};
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        if (shares[i].value &&
            !read_share(shares[i].name, shares[i].value, shares[i].target, &reading->error))
            return false;
    }
    if (given->endpoints.count)
        service->endpoint_count = 0;
    for (size_t i = 0; i < given->endpoints.count; i++) {
        if (!read_endpoint(reading, given->endpoints.items[i]))
            return false;
    }
    return !given->busy ||
           read_factor("--busy", given->busy, &service->busy_latency, &reading->error);
}

/* Whether --share or --rest has the variant; those of a snapshot are not known here. */
static bool is_dealt(const struct settings *settings, const char *variant)
{
    if (settings->snapshot || strcmp(settings->rest, variant) == 0)
        return true;
    for (size_t i = 0; i < settings->step_count; i++) {
        if (strcmp(settings->steps[i].variant, variant) == 0)
            return true;
    }
    return false;
}

static bool read_effect(struct reading *reading, const char *text)
{
    struct settings *settings = reading->settings;
    struct buffer *error = &reading->error;
    struct effect *effect =
        ARENA_APPEND(&settings->arena, settings->effects, settings->effect_count);
    if (!parse_effect(text, &settings->arena, effect, error) ||
        !effect_fits(effect, &settings->service, error))
        return false;
    if (effect->variant && !settings->flag)
        buffer_append_text(error, "--effect of a variant needs --flag");
    else if (effect->variant && !is_dealt(settings, effect->variant))
        buffer_format(error, "no --share has the variant '%s', and --rest is '%s'", effect->variant,
                      settings->rest);
    return error->length == 0;
}

static bool read_effects(struct reading *reading)
{
    for (size_t i = 0; i < reading->given->effects.count; i++) {
        if (!read_effect(reading, reading->given->effects.items[i]))
            return false;
    }
    return true;
}

/* --------------------------------------------------------------------------------- treatment -- */

static bool read_shares(struct reading *reading)
{
    struct settings *settings = reading->settings;
    for (size_t i = 0; i < reading->given->shares.count; i++) {
        struct share_step *step =
            ARENA_APPEND(&settings->arena, settings->steps, settings->step_count);
        if (!parse_share(reading->given->shares.items[i], &settings->arena, step, &reading->error))
            return false;
        if (!is_plain(step->variant)) {
            buffer_format(&reading->error, "'%s' cannot be the name of a variant", step->variant);
            return false;
        }
    }
    return true;
}

/* Why --flag, --snapshot, --share and --exposures cannot be combined as given; NULL if they can. */
static const char *treatment_fault(const struct settings *settings)
{
    bool source = settings->snapshot || settings->step_count;
    if (settings->flag && !source)
        return "--flag needs --snapshot, or one --share or more";
    if (!settings->flag && source)
        return "--snapshot and --share need --flag, whose variants they serve";
    if (settings->snapshot && settings->step_count)
        return "--snapshot and --share both determine what is served; give one of them";
    if (settings->exposures && !settings->snapshot)
        return "--exposures needs --snapshot";
    if (settings->flag && !is_plain(settings->flag))
        return "--flag takes the name of a flag";
    return is_plain(settings->rest) ? NULL : "--rest takes the name of a variant";
}

static bool read_treatment(struct reading *reading)
{
    if (!read_shares(reading))
        return false;
    const char *fault = treatment_fault(reading->settings);
    if (fault)
        buffer_append_text(&reading->error, fault);
    return !fault;
}

/* ------------------------------------------------------------------------- extent and output -- */

static bool read_extent(struct reading *reading)
{
    const struct given *given = reading->given;
    struct settings *settings = reading->settings;
    struct buffer *error = &reading->error;
    settings->lines = UINT64_MAX;
    settings->duration = settings->real_time || given->lines ? INT64_MAX : HOUR;
    bool start_given = settings->start != INT64_MIN;
    if (start_given && (settings->real_time || settings->start < 0)) {
        buffer_append_text(error, settings->real_time ? "--real-time begins now; leave out --start"
                                                      : "--start is before 1970");
        return false;
    }
    if (!start_given)
        settings->start = USUAL_START;
    return (!given->seed || read_count("--seed", given->seed, INT64_MAX, &settings->seed, error)) &&
           (!given->lines ||
            read_count("--lines", given->lines, INT64_MAX, &settings->lines, error)) &&
           (!given->duration ||
            read_span("--duration", given->duration, &settings->duration, error));
}

static bool read_form(struct reading *reading)
{
    static const char *const kinds[] = WORDS(LINE_KINDS);
    struct line_form *form = &reading->settings->form;
    const char *format = reading->given->format ? reading->given->format : kinds[LINE_NDJSON];
    const char *fields = reading->given->fields;
    int kind = words_find(kinds, format);
    if (kind < 0)
        return unknown_name("--format", format, kinds, words_count(kinds), &reading->error);
    form->kind = (enum line_kind)kind;
    form->flag = reading->settings->flag;
    if (kind == LINE_COMBINED && fields) {
        buffer_append_text(&reading->error, "the fields of --format combined are fixed");
        return false;
    }
    return parse_fields(fields ? fields : USUAL_FIELDS, &reading->settings->arena, form,
                        &reading->error);
}

static bool read_damage(struct reading *reading)
{
    const struct given *given = reading->given;
    struct damage *damage = &reading->settings->damage;
    struct buffer *error = &reading->error;
    damage->lateness = USUAL_LATE_MS;
    if (damage->truncate && reading->settings->real_time) {
        buffer_append_text(error, "--truncate needs a log that ends; leave out --real-time");
        return false;
    }
    return (!given->duplicates ||
            read_share("--duplicates", given->duplicates, &damage->duplicates, error)) &&
           (!given->late || read_share("--late", given->late, &damage->late, error)) &&
           (!given->bad || read_share("--bad", given->bad, &damage->bad, error)) &&
           (!given->lateness || read_span("--lateness", given->lateness, &damage->lateness, error));
}

/* ----------------------------------------------------------------------------------- options -- */

static bool read_given(const struct command *command, const struct given *given,
                       struct settings *settings)
{
    struct reading reading = {.given = given, .settings = settings};
    bool sound = read_extent(&reading) && read_load(&reading) && read_users(&reading) &&
                 read_outcomes(&reading) && read_treatment(&reading) && read_effects(&reading) &&
                 read_form(&reading) && read_damage(&reading);
    if (!sound)
        usage_error(command, "%s", reading.error.bytes);
    buffer_release(&reading.error);
    return sound;
}

bool read_settings(const struct command *command, int argc, char **argv, struct settings *settings,
                   int *status)
{
    struct given given = {0};
    *settings = (struct settings){.seed = 1, .start = INT64_MIN, .rest = "off"};
    service_init(&settings->service);
    const struct option options[] = {
        {"seed", 0, OPTION_TEXT, &given.seed, "N", "the seed: another log of the same service (1)"},
        {"start", 0, OPTION_TIME, &settings->start, "TIME",
         "when it begins (2026-01-05T00:00:00Z)"},
        {"duration", 'd', OPTION_TEXT, &given.duration, "SPAN", "the time it covers (1h)"},
        {"lines", 'n', OPTION_TEXT, &given.lines, "N", "end after this many requests"},
        {"real-time", 0, OPTION_FLAG, &settings->real_time, NULL,
         "begin now, and write each line at its time"},
        {"rate", 'r', OPTION_TEXT, &given.rate, "N", "requests per second at the daily peak (100)"},
        {"trough", 0, OPTION_TEXT, &given.trough, "N",
         "requests per second half a day later (--rate)"},
        {"peak-at", 0, OPTION_TEXT, &given.peak_at, "HH:MM", "time of the peak, in UTC (20:00)"},
        {"weekend", 0, OPTION_TEXT, &given.weekend, "SHARE",
         "load on Saturdays and Sundays (100%)"},
        {"busy", 0, OPTION_TEXT, &given.busy, "FACTOR",
         "latency at the peak, compared with the trough's (x1.5)"},
        {"users", 'u', OPTION_TEXT, &given.users, "N", "the number of users (10000)"},
        {"even", 0, OPTION_FLAG, &settings->service.even, NULL, "make all users equally active"},
        {"endpoint", 0, OPTION_TEXTS, &given.endpoints, "SPEC",
         "replaces the five default ones; may be repeated"},
        {"error-rate", 0, OPTION_TEXT, &given.error_rate, "SHARE",
         "responses with status 503 (1%)"},
        {"refusals", 0, OPTION_TEXT, &given.refusals, "SHARE", "responses with status 404 (1%)"},
        {"cache-hits", 0, OPTION_TEXT, &given.cache_hits, "SHARE",
         "requests answered from the cache (90%)"},
        {"purchases", 0, OPTION_TEXT, &given.purchases, "SHARE",
         "requests that are purchases, at " PURCHASE_PATH " (2%)"},
        {"flag", 'f', OPTION_TEXT, &settings->flag, "NAME", "the flag that each request evaluates"},
        SNAPSHOT_OPTION(settings->snapshot, "the snapshot to evaluate it from"),
        {"share", 0, OPTION_TEXTS, &given.shares, "SPEC",
         "instead of a snapshot: who gets what; may be repeated"},
        {"rest", 0, OPTION_TEXT, &settings->rest, "VARIANT",
         "the variant for everybody else (off)"},
        {"effect", 0, OPTION_TEXTS, &given.effects, "SPEC",
         "what gets better or worse; may be repeated"},
        FORMAT_OPTION(given.format, "ndjson (default), csv, combined"),
        {"fields", 0, OPTION_TEXT, &given.fields, "LIST",
         "NAME=SOURCE, or SOURCE, comma-separated"},
        {"exposures", 0, OPTION_TEXT, &settings->exposures, "FILE",
         "also write who was served what to FILE"},
        {"duplicates", 0, OPTION_TEXT, &given.duplicates, "SHARE", "lines that are repeated (0%)"},
        {"late", 0, OPTION_TEXT, &given.late, "SHARE", "lines that are late (0%)"},
        {"lateness", 0, OPTION_TEXT, &given.lateness, "SPAN",
         "how late repeated and late lines are (30s)"},
        {"bad", 0, OPTION_TEXT, &given.bad, "SHARE", "lines that are cut in half (0%)"},
        {"truncate", 0, OPTION_FLAG, &settings->damage.truncate, NULL,
         "omit the end of the last line"},
    };
    int operands =
        options_parse(command, options, sizeof options / sizeof *options, argc, argv, status);
    bool sound = false;
    if (operands >= 0)
        *status = EXIT_JOB;
    if (operands > 0)
        usage_error(command, "'%s' is not an option; the log goes to stdout", argv[1]);
    else if (operands == 0)
        sound = read_given(command, &given, settings);
    return sound;
}
