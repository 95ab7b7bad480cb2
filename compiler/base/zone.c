/*
 * zone.c - see zone.h.
 *
 * The database's files (RFC 9636) list changes up to some year; a rule of the POSIX TZ form, at
 * their end, says how it goes on.
 */
#include "zone.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buffer.h"
#include "calendar.h"
#include "file.h"

#define DAY             86400
#define LARGEST_FILE    (1u << 20)
#define LONGEST_NAME    64
#define FARTHEST_OFFSET (26 * 3600) /* beyond what the format can say */
#define LEAST_OFFSET    (-12 * 60)  /* in minutes, of the world's places */
#define MOST_OFFSET     (14 * 60)
#define FIRST_YEAR      2000
#define LAST_YEAR       2099

/* ------------------------------------------------------------------------------------- texts -- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool two_digits(const char *text, int most, int *value)
{
    if (!is_digit(text[0]) || !is_digit(text[1]))
        return false;
    *value = (text[0] - '0') * 10 + text[1] - '0';
    return *value <= most;
}

static bool parse_clock(const char *text, int most, int *minutes)
{
    int hour, minute;
    if (!two_digits(text, most, &hour) || text[2] != ':' || !two_digits(text + 3, 59, &minute) ||
        text[5])
        return false;
    *minutes = hour * 60 + minute;
    return *minutes <= most * 60;
}

bool parse_offset(const char *text, int32_t *seconds)
{
    int minutes = 0;
    bool utc = strcmp(text, "Z") == 0;
    if (!utc && ((*text != '+' && *text != '-') || !parse_clock(text + 1, 24, &minutes)))
        return false;
    if (*text == '-')
        minutes = -minutes;
    *seconds = 60 * minutes;
    return minutes >= LEAST_OFFSET && minutes <= MOST_OFFSET;
}

void format_offset(int32_t seconds, char *out, size_t size)
{
    unsigned ahead = (unsigned)(seconds < 0 ? -(int64_t)seconds : seconds) / 60;
    if (!seconds)
        snprintf(out, size, "UTC");
    else
        snprintf(out, size, "%c%02u:%02u", seconds < 0 ? '-' : '+', ahead / 60 % 100, ahead % 60);
}

bool parse_time_of_day(const char *text, uint32_t *minutes)
{
    int value;
    if (!parse_clock(text, 24, &value))
        return false;
    *minutes = (uint32_t)value;
    return true;
}

/* ------------------------------------------------------------------------- the rule of years -- */

/* When one of the two changes of a year comes. */
struct rule_date {
    enum { DAY_WITHOUT_LEAP, DAY_OF_YEAR, WEEKDAY_OF_MONTH } kind;
    int day;               /* of the year, from 1 or from 0 */
    int month, week, wday; /* 5: the last week; Sunday is 0 */
    int32_t time;          /* seconds after midnight, by the clock before the change */
};
struct year_rule {
    int32_t standard, summer; /* seconds ahead of UTC */
    bool changes;
    struct rule_date start, end; /* of summer time */
};

static bool read_digits(const char **at, int most, int *value)
{
    if (!is_digit(**at))
        return false;
    for (*value = 0; is_digit(**at); ++*at) {
        *value = *value * 10 + **at - '0';
        if (*value > most)
            return false;
    }
    return true;
}

static bool read_seconds(const char **at, int most_hours, int32_t *seconds)
{
    int hours, part[2] = {0, 0};
    int sign = **at == '-' ? -1 : 1;
    if (**at == '-' || **at == '+')
        ++*at;
    if (!read_digits(at, most_hours, &hours))
        return false;
    for (int i = 0; i < 2 && **at == ':'; i++) {
        ++*at;
        if (!read_digits(at, 59, &part[i]))
            return false;
    }
    *seconds = sign * (hours * 3600 + part[0] * 60 + part[1]);
    return true;
}

static bool skip_abbreviation(const char **at)
{
    const char *begin = *at;
    if (**at == '<') {
        *at = strchr(begin, '>');
        return *at && ++*at;
    }
    while ((**at >= 'A' && **at <= 'Z') || (**at >= 'a' && **at <= 'z'))
        ++*at;
    return *at > begin;
}

static bool read_date(const char **at, struct rule_date *date)
{
    *date = (struct rule_date){.kind = DAY_OF_YEAR, .time = 2 * 3600};
    if (**at == 'M') {
        ++*at;
        date->kind = WEEKDAY_OF_MONTH;
        if (!read_digits(at, 12, &date->month) || date->month < 1 || *(*at)++ != '.' ||
            !read_digits(at, 5, &date->week) || date->week < 1 || *(*at)++ != '.' ||
            !read_digits(at, 6, &date->wday))
            return false;
    } else {
        if (**at == 'J') {
            ++*at;
            date->kind = DAY_WITHOUT_LEAP;
        }
        if (!read_digits(at, 365, &date->day))
            return false;
    }
    if (**at != '/')
        return true;
    ++*at;
    return read_seconds(at, 167, &date->time);
}

static bool read_rule(const char *text, struct year_rule *rule)
{
    int32_t west;
    *rule = (struct year_rule){0};
    if (!skip_abbreviation(&text) || !read_seconds(&text, 24, &west))
        return false;
    rule->standard = rule->summer = -west;
    if (!*text)
        return true;
    rule->changes = true;
    rule->summer += 3600;
    if (!skip_abbreviation(&text))
        return false;
    if (*text != ',') {
        if (!read_seconds(&text, 24, &west))
            return false;
        rule->summer = -west;
    }
    return *text++ == ',' && read_date(&text, &rule->start) && *text++ == ',' &&
           read_date(&text, &rule->end) && !*text;
}

/* Days since the epoch, to that of the week: Sunday is 0. */
static int weekday_of(int64_t days)
{
    return (int)(((days + 4) % 7 + 7) % 7);
}

static int64_t day_of(const struct rule_date *date, int year)
{
    int64_t first = days_from_date(year, 1, 1);
    bool leap = days_in_month(year, 2) == 29;
    switch (date->kind) {
    case DAY_OF_YEAR:
        return first + date->day;
    case DAY_WITHOUT_LEAP:
        return first + date->day - 1 + (leap && date->day >= 60);
    case WEEKDAY_OF_MONTH:
        break;
    }
    first = days_from_date(year, date->month, 1);
    int day = (date->wday - weekday_of(first) + 7) % 7 + 7 * (date->week - 1);
    return first + (day < days_in_month(year, date->month) ? day : day - 7);
}

static int64_t moment_of(const struct rule_date *date, int year, int32_t offset_before)
{
    return (day_of(date, year) * DAY + date->time - offset_before) * 1000;
}

/* ----------------------------------------------------------------------------------- changes -- */

/* In the order of time. What does not change the offset is left out. */
static void add_change(struct arena *arena, struct zone *zone, int64_t at, int32_t offset)
{
    struct zone_change *last = zone->changes + zone->change_count - (zone->change_count > 0);
    if (at < ZONE_FIRST) {
        zone->offset = offset;
        return;
    }
    if (at >= ZONE_LAST)
        return;
    if (zone->change_count && last->at == at) {
        last->offset = offset;
        return;
    }
    if (offset != (zone->change_count ? last->offset : zone->offset))
        *ARENA_APPEND(arena, zone->changes, zone->change_count) = (struct zone_change){at, offset};
}

/* The changes of the rule after a time, INT64_MIN for all. */
static void add_years(struct arena *arena, struct zone *zone, const struct year_rule *rule,
                      int64_t after)
{
    for (int year = FIRST_YEAR - 1; rule->changes && year <= LAST_YEAR; year++) {
        struct zone_change start = {moment_of(&rule->start, year, rule->standard), rule->summer};
        struct zone_change end = {moment_of(&rule->end, year, rule->summer), rule->standard};
        bool north = start.at < end.at;
        struct zone_change both[] = {north ? start : end, north ? end : start};
        for (int i = 0; i < 2; i++)
            if (both[i].at > after)
                add_change(arena, zone, both[i].at, both[i].offset);
    }
}

/* ------------------------------------------------------------------------------------- files -- */

static uint32_t be32(const char *bytes)
{
    const uint8_t *b = (const uint8_t *)bytes;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static int64_t be64(const char *bytes)
{
    return (int64_t)((uint64_t)be32(bytes) << 32 | be32(bytes + 4));
}

/* A header and the block after it, with times of so many bytes. */
struct block {
    uint32_t ut_count, standard_count, leap_count, time_count, type_count, text_count;
    const char *times, *indices, *types;
    size_t size; /* with the header */
};
#define HEADER 44u

static bool find_block(const char *bytes, size_t left, size_t width, struct block *block)
{
    if (left < HEADER || memcmp(bytes, "TZif", 4) != 0)
        return false;
    *block = (struct block){.ut_count = be32(bytes + 20),
                            .standard_count = be32(bytes + 24),
                            .leap_count = be32(bytes + 28),
                            .time_count = be32(bytes + 32),
                            .type_count = be32(bytes + 36),
                            .text_count = be32(bytes + 40)};
    uint64_t size = HEADER + (uint64_t)block->time_count * (width + 1) +
                    (uint64_t)block->type_count * 6 + block->text_count +
                    (uint64_t)block->leap_count * (width + 4) + block->standard_count +
                    block->ut_count;
    if (size > left)
        return false;
    block->times = bytes + HEADER;
    block->indices = block->times + block->time_count * width;
    block->types = block->indices + block->time_count;
    block->size = size;
    return true;
}

static bool offset_of(const struct block *block, uint32_t type, int32_t *offset)
{
    if (type >= block->type_count)
        return false;
    *offset = (int32_t)be32(block->types + (size_t)type * 6);
    return *offset > -FARTHEST_OFFSET && *offset < FARTHEST_OFFSET;
}

static bool read_changes(struct arena *arena, const struct block *block, struct zone *zone,
                         int64_t *last)
{
    *last = INT64_MIN;
    if (!offset_of(block, 0, &zone->offset))
        return false;
    for (uint32_t i = 0; i < block->time_count; i++) {
        int64_t seconds = be64(block->times + (size_t)i * 8);
        int32_t offset;
        /* Some files begin at the beginning of all time. */
        int64_t at = seconds < -INT64_C(100000000000)  ? -INT64_C(100000000000000)
                     : seconds > INT64_C(100000000000) ? INT64_C(100000000000000)
                                                       : seconds * 1000;
        if (at < *last || !offset_of(block, (uint8_t)block->indices[i], &offset))
            return false;
        *last = at;
        add_change(arena, zone, at, offset);
    }
    return true;
}

/* Its second block has times of 64 bits, and is followed by the rule in a line of its own. */
static bool read_zone(struct arena *arena, const struct buffer *file, struct zone *zone)
{
    struct block old, block;
    struct year_rule rule;
    int64_t last;
    if (!find_block(file->bytes, file->length, 4, &old) || file->bytes[4] < '2' ||
        !find_block(file->bytes + old.size, file->length - old.size, 8, &block) ||
        block.leap_count || !read_changes(arena, &block, zone, &last))
        return false;
    size_t begin = old.size + block.size;
    const char *line = file->bytes + begin;
    const char *end = begin < file->length && *line == '\n'
                          ? memchr(line + 1, '\n', file->length - begin - 1)
                          : NULL;
    if (!end)
        return false;
    if (end == line + 1)
        return true;
    if (!read_rule(arena_copy(arena, line + 1, (size_t)(end - line - 1)), &rule))
        return false;
    if (!rule.changes && !block.time_count)
        zone->offset = rule.standard;
    add_years(arena, zone, &rule, last);
    return true;
}

/* ------------------------------------------------------------------------------ the database -- */

/* Zones of their own are in folders; these are views of the same ones, or of the host's. */
static bool is_zone_name(const char *name)
{
    static const char *const others[] = {"localtime", "posixrules", "posix/", "right/"};
    size_t length = strlen(name);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strncmp(name, others[i], strlen(others[i])) == 0)
            return false;
    return length > 0 && length <= LONGEST_NAME && name[0] != '/' && name[length - 1] != '/' &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/") ==
               length;
}

const char *zone_directory(void)
{
    const char *directory = getenv("TZDIR");
    return directory && *directory ? directory : "/usr/share/zoneinfo";
}

bool zone_load(struct arena *arena, const char *name, struct zone *zone, struct buffer *error)
{
    struct buffer file = {0}, ignored = {0};
    *zone = (struct zone){.name = name};
    if (!is_zone_name(name))
        return false;
    const char *path = arena_format(arena, "%s/%s", zone_directory(), name);
    bool found = read_file(path, LARGEST_FILE, &file, &ignored) && file.length >= 4 &&
                 memcmp(file.bytes, "TZif", 4) == 0;
    bool read = found && read_zone(arena, &file, zone);
    if (found && !read)
        buffer_format(error, "%s cannot be used", path);
    buffer_release(&file);
    buffer_release(&ignored);
    return read;
}

static void list_zones(struct arena *arena, const char *folder, const char ***names,
                       uint32_t *count, int depth)
{
    DIR *directory = opendir(arena_format(arena, "%s/%s", zone_directory(), folder));
    const struct dirent *entry;
    while (directory && (entry = readdir(directory))) {
        const char *name = arena_format(arena, "%s%s%s", folder, *folder ? "/" : "", entry->d_name);
        if (!is_zone_name(name) || !(entry->d_name[0] >= 'A' && entry->d_name[0] <= 'Z'))
            continue;
        if (entry->d_type == DT_DIR && depth < 3)
            list_zones(arena, name, names, count, depth + 1);
        else
            *ARENA_APPEND(arena, *names, *count) = name;
    }
    if (directory)
        closedir(directory);
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

const char **zone_names(struct arena *arena, uint32_t *count)
{
    const char **names = NULL;
    *count = 0;
    list_zones(arena, "", &names, count, 0);
    if (*count)
        qsort(names, *count, sizeof *names, compare_names);
    return names;
}

/* ------------------------------------------------------------------------------- local times -- */

int32_t zone_offset(const struct zone *zone, int64_t ms)
{
    uint32_t low = 0, high = zone->change_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (zone->changes[middle].at <= ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? zone->changes[low - 1].offset : zone->offset;
}

uint32_t zone_minute_of_week(const struct zone *zone, int64_t ms)
{
    const int64_t week = 7 * DAY;
    int64_t seconds = ms / 1000 - (ms % 1000 < 0) + zone_offset(zone, ms) + 3 * DAY;
    return (uint32_t)((seconds % week + week) % week / 60);
}
