/*
 * sample_moves.c - how often sampled units go from one variant to another, by two snapshots.
 *
 * Reads from stdin a context a line, `name type value` for each of its attributes with tabs
 * between, all but the unit; the type null has no value. For each flag of either snapshot,
 * evaluates units of that context with both, and prints `line flag from to value count`, with tabs
 * between, for each pair of variants; `value` is "same", or "other" for another type or value.
 *
 * Usage: sample_moves OLD.ffs NEW.ffs FIRST COUNT NOW [PREVIOUS]; FIRST is the number of the first
 * unit, PREVIOUS the variant that all of them had of every flag.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fflag.h>

#define MOST_MOVES  64
#define MOST_FIELDS 16

struct side {
    fflag_store *store;
    const fflag_view *view;
};

struct move {
    const char *from, *to;
    bool other; /* value */
    unsigned long count;
};

/* The entries of all lists of a context, which borrows them. */
struct entries {
    const char *items[MOST_FIELDS];
    size_t count;
};

static void set(fflag_context *who, fflag_store *store, char *field, struct entries *entries)
{
    char *save, *name = strtok_r(field, " ", &save), *type = strtok_r(NULL, " ", &save);
    char *value = strtok_r(NULL, "", &save);
    fflag_attr attribute = fflag_attribute(store, name);
    enum fflag_error error = FFLAG_OK;
    if (!value)
        value = "";
    if (strcmp(type, "string") == 0)
        error = fflag_set_string(who, attribute, value, strlen(value));
    else if (strcmp(type, "null") == 0)
        error = fflag_set_null(who, attribute);
    else if (strcmp(type, "number") == 0)
        error = fflag_set_number(who, attribute, strtod(value, NULL));
    else if (strcmp(type, "boolean") == 0)
        error = fflag_set_boolean(who, attribute, strcmp(value, "true") == 0);
    else if (strcmp(type, "version") == 0)
        error = fflag_set_version(who, attribute, value, strlen(value));
    else if (strcmp(type, "time") == 0)
        error = fflag_set_time(who, attribute, strtoll(value, NULL, 10));
    else if (strcmp(type, "ip") == 0)
        error = fflag_set_ip(who, attribute, value, strlen(value));
    else if (strcmp(type, "strings") == 0) {
        size_t first = entries->count;
        for (char *entry = strtok_r(value, ",", &save); entry && entries->count < MOST_FIELDS;
             entry = strtok_r(NULL, ",", &save))
            entries->items[entries->count++] = entry;
        error = fflag_set_strings(who, attribute, entries->items + first, entries->count - first);
    }
    if (error && attribute != FFLAG_NO_ATTR) {
        fprintf(stderr, "%s: %s\n", name, fflag_error_text(error));
        exit(2);
    }
}

/* What a context gets, as a word that lives as long as the snapshot. */
static const char *word_of(const fflag_result *result)
{
    if (result->error == FFLAG_ERROR_FLAG_NOT_FOUND)
        return "-";
    return result->error                               ? fflag_error_code(result->error)
           : result->variant_index == FFLAG_NO_VARIANT ? "none"
                                                       : result->variant;
}

static bool is_other_value(const fflag_result *a, const fflag_result *b)
{
    if (a->error || b->error) /* the words say so */
        return false;
    if (a->type != b->type)
        return true;
    if ((a->variant_index == FFLAG_NO_VARIANT) != (b->variant_index == FFLAG_NO_VARIANT))
        return true;
    if (a->variant_index == FFLAG_NO_VARIANT)
        return false;
    switch (a->type) {
    case FFLAG_TYPE_BOOLEAN:
        return a->value.boolean != b->value.boolean;
    case FFLAG_TYPE_INTEGER:
        return a->value.integer != b->value.integer;
    case FFLAG_TYPE_NUMBER:
        return a->value.number != b->value.number;
    case FFLAG_TYPE_STRING:
    case FFLAG_TYPE_JSON:
        break;
    }
    return a->value.string.length != b->value.string.length ||
           memcmp(a->value.string.text, b->value.string.text, a->value.string.length) != 0;
}

static void sample(const struct side sides[2], const char *line, unsigned number, const char *flag,
                   unsigned long first, unsigned long count, long long now, const char *had)
{
    struct fflag_previous previous[2];
    struct move moves[MOST_MOVES];
    size_t move_count = 0;
    fflag_context who[2];
    struct entries entries[2] = {{.count = 0}};
    char fields[2][4096];
    fflag_attr unit[2];
    for (int i = 0; i < 2; i++) {
        fflag_context_init(&who[i]);
        fflag_set_now(&who[i], now);
        if (had) {
            previous[i] =
                (struct fflag_previous){fflag_flag(sides[i].store, flag), had, strlen(had)};
            fflag_set_previous(&who[i], &previous[i], 1);
        }
        snprintf(fields[i], sizeof fields[i], "%s", line);
        char *rest = fields[i];
        for (char *field; (field = strsep(&rest, "\t"));)
            if (*field)
                set(&who[i], sides[i].store, field, &entries[i]);
        unit[i] = fflag_attribute(sides[i].store, "user_id");
    }
    fflag_attr session[2] = {fflag_attribute(sides[0].store, "session_id"),
                             fflag_attribute(sides[1].store, "session_id")};
    for (unsigned long u = first; u < first + count; u++) {
        char name[2][32];
        snprintf(name[0], sizeof name[0], "u%lu", u);
        snprintf(name[1], sizeof name[1], "s%lu", u);
        for (int i = 0; i < 2; i++) {
            if (unit[i] != FFLAG_NO_ATTR)
                fflag_set_string(&who[i], unit[i], name[0], strlen(name[0]));
            if (session[i] != FFLAG_NO_ATTR)
                fflag_set_string(&who[i], session[i], name[1], strlen(name[1]));
        }
        fflag_result old = fflag_evaluate_name(sides[0].view, flag, &who[0]);
        fflag_result new = fflag_evaluate_name(sides[1].view, flag, &who[1]);
        const char *from = word_of(&old), *to = word_of(&new);
        bool other = is_other_value(&old, &new);
        size_t at = 0;
        while (at < move_count && (strcmp(moves[at].from, from) || strcmp(moves[at].to, to) ||
                                   moves[at].other != other))
            at++;
        if (at == move_count && move_count < MOST_MOVES)
            moves[move_count++] = (struct move){from, to, other, 0};
        if (at < MOST_MOVES)
            moves[at].count++;
    }
    for (size_t i = 0; i < move_count; i++)
        printf("%u\t%s\t%s\t%s\t%s\t%lu\n", number, flag, moves[i].from, moves[i].to,
               moves[i].other ? "other" : "same", moves[i].count);
}

int main(int argc, char **argv)
{
    struct side sides[2];
    if (argc != 6 && argc != 7)
        return 2;
    for (int i = 0; i < 2; i++) {
        if (fflag_open(&sides[i].store, argv[1 + i], NULL) != FFLAG_OK)
            return 2;
        sides[i].view = fflag_acquire(sides[i].store);
    }
    unsigned long first = strtoul(argv[3], NULL, 10), count = strtoul(argv[4], NULL, 10);
    long long now = strtoll(argv[5], NULL, 10);
    char line[4096];
    for (unsigned number = 0; fgets(line, sizeof line, stdin); number++, first += count) {
        line[strcspn(line, "\n")] = '\0';
        for (int i = 1; i >= 0; i--) {
            const char *flag;
            for (uint32_t at = 0; (flag = fflag_view_flag(sides[i].view, at, NULL)); at++) {
                fflag_context nobody;
                fflag_context_init(&nobody);
                /* Those that both have, once. */
                fflag_result new = fflag_evaluate_name(sides[1].view, flag, &nobody);
                if (i == 0 && new.error != FFLAG_ERROR_FLAG_NOT_FOUND)
                    continue;
                sample(sides, line, number, flag, first, count, now, argc == 7 ? argv[6] : NULL);
            }
        }
    }
    for (int i = 0; i < 2; i++) {
        fflag_release(sides[i].view);
        fflag_close(sides[i].store);
    }
    return 0;
}
