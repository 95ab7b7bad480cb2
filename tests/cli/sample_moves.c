/*
 * sample_moves.c - how often sampled units go from one variant to another, by two snapshots.
 *
 * Reads from stdin a context a line, `name type value` for each of its attributes with tabs
 * between, all but the unit. For each flag of either snapshot, evaluates units of that context with
 * both, and prints `line flag from to count`, with tabs between, for each pair of variants.
 *
 * Usage: sample_moves OLD.ffs NEW.ffs FIRST COUNT NOW; FIRST is the number of the first unit.
 */
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
    unsigned long count;
};

static void set(fflag_context *who, fflag_store *store, char *field)
{
    char *save, *name = strtok_r(field, " ", &save), *type = strtok_r(NULL, " ", &save);
    char *value = strtok_r(NULL, "", &save);
    fflag_attr attribute = fflag_attribute(store, name);
    enum fflag_error error = FFLAG_OK;
    static const char *entries[MOST_FIELDS];
    size_t count = 0;
    if (!value)
        value = "";
    if (strcmp(type, "string") == 0)
        error = fflag_set_string(who, attribute, value, strlen(value));
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
        for (char *entry = strtok_r(value, ",", &save); entry; entry = strtok_r(NULL, ",", &save))
            entries[count++] = entry;
        error = fflag_set_strings(who, attribute, entries, count);
    }
    if (error && attribute != FFLAG_NO_ATTR) {
        fprintf(stderr, "%s: %s\n", name, fflag_error_text(error));
        exit(2);
    }
}

/* What a context gets, as a word that lives as long as the snapshot. */
static const char *answer(const struct side *side, const char *flag, const fflag_context *who)
{
    fflag_result result = fflag_evaluate_name(side->view, flag, who);
    if (result.error == FFLAG_ERROR_FLAG_NOT_FOUND)
        return "-";
    return result.error                               ? fflag_error_code(result.error)
           : result.variant_index == FFLAG_NO_VARIANT ? "none"
                                                      : result.variant;
}

static void sample(const struct side sides[2], const char *line, unsigned number, const char *flag,
                   unsigned long first, unsigned long count, long long now)
{
    struct move moves[MOST_MOVES];
    size_t move_count = 0;
    fflag_context who[2];
    char fields[2][4096];
    fflag_attr unit[2];
    for (int i = 0; i < 2; i++) {
        fflag_context_init(&who[i]);
        fflag_set_now(&who[i], now);
        snprintf(fields[i], sizeof fields[i], "%s", line);
        char *rest = fields[i];
        for (char *field; (field = strsep(&rest, "\t"));)
            if (*field)
                set(&who[i], sides[i].store, field);
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
        const char *from = answer(&sides[0], flag, &who[0]);
        const char *to = answer(&sides[1], flag, &who[1]);
        size_t at = 0;
        while (at < move_count && (strcmp(moves[at].from, from) || strcmp(moves[at].to, to)))
            at++;
        if (at == move_count && move_count < MOST_MOVES)
            moves[move_count++] = (struct move){from, to, 0};
        if (at < MOST_MOVES)
            moves[at].count++;
    }
    for (size_t i = 0; i < move_count; i++)
        printf("%u\t%s\t%s\t%s\t%lu\n", number, flag, moves[i].from, moves[i].to, moves[i].count);
}

int main(int argc, char **argv)
{
    struct side sides[2];
    if (argc != 6)
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
                if (i == 0 && strcmp(answer(&sides[1], flag, &nobody), "-") != 0)
                    continue;
                sample(sides, line, number, flag, first, count, now);
            }
        }
    }
    for (int i = 0; i < 2; i++) {
        fflag_release(sides[i].view);
        fflag_close(sides[i].store);
    }
    return 0;
}
