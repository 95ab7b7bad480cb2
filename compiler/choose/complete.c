/* complete.c - see complete.h. */
#include "complete.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/cli/options.h"
#include "names.h"

static const struct {
    const char *value;  /* as an option's value, or an operand, is called */
    const char *option; /* only of this one; or NULL */
    enum names names;
} named[] = {
    {"FLAG", NULL, NAMES_FLAGS},
    {"GLOB", NULL, NAMES_FLAGS},
    {"FILTER", NULL, NAMES_FLAGS},
    {"ENV", NULL, NAMES_ENVIRONMENTS},
    {"STAGE", NULL, NAMES_STAGES},
    {"VARIANT", NULL, NAMES_VARIANTS},
    {"FLAG=VARIANT", NULL, NAMES_SERVED},
    {"SEGMENT", NULL, NAMES_SEGMENTS},
    {"NAME", "metric", NAMES_METRICS},
    {"NAME", "owner", NAMES_OWNERS},
    {"TAG", NULL, NAMES_TAGS},
    {"KIND", NULL, NAMES_KINDS},
    {"ROLLOUT", NULL, NAMES_ROLLOUTS},
    {"ID", NULL, NAMES_OVERRIDES},
    {"REVISION", NULL, NAMES_REVISIONS},
    {"OLD", NULL, NAMES_REVISIONS},
    {"NEW", NULL, NAMES_REVISIONS},
    {"CODE", NULL, NAMES_CODES},
};
#define NAMED_COUNT (sizeof named / sizeof *named)

/* A command line, as far as it is written. */
struct line {
    struct completions *out;
    const struct command *command;
    struct option *options; /* without targets */
    const char *const **option_words;
    size_t option_count;
    const char *directory;
    const char *snapshot; /* in place of definitions; or NULL */
    uint32_t operand_count;
    const char **flags; /* that it names */
    uint32_t flag_count;
    const char *last;
    bool ended; /* by -- */
};

static void add(struct line *line, const char *text, const char *help)
{
    struct completions *out = line->out;
    size_t kept = strlen(out->before);
    const char *begun = line->last + kept;
    if (strncmp(text, begun, strlen(begun)) == 0)
        *ARENA_APPEND(&out->arena, out->items, out->count) = (struct candidate){text, help};
}

/* ------------------------------------------------------------------------------------- names -- */

/* Which names belong where something is called that; NAMED_COUNT: none are known. */
static size_t find_named(const char *value, size_t length, const char *option)
{
    size_t at = 0;
    for (; at < NAMED_COUNT; at++) {
        bool called = strlen(named[at].value) == length && !memcmp(named[at].value, value, length);
        if (called && (!named[at].option || (option && !strcmp(named[at].option, option))))
            break;
    }
    return at;
}

static void add_names(struct line *line, enum names names, bool operand)
{
    struct name_list list = {.arena = &line->out->arena};
    if (names == NAMES_FLAGS && line->snapshot)
        names_of_snapshot(line->snapshot, &list);
    else
        names_of(names, line->directory, line->flags, line->flag_count, &list);
    for (uint32_t i = 0; i < list.count; i++)
        if (!operand || line->ended || list.items[i][0] != '-')
            add(line, list.items[i], NULL);
}

/* ----------------------------------------------------------------------------------- options -- */

/* The tables are gone when the command returns. */
static void take_options(const struct command *command, const struct option *options, size_t count,
                         void *user)
{
    struct line *line = user;
    struct arena *arena = &line->out->arena;
    (void)command;
    line->options = ARENA_ARRAY(arena, struct option, count + 1);
    line->option_words = ARENA_ARRAY(arena, const char *const *, count + 1);
    line->option_count = count;
    for (size_t i = 0; i < count; i++) {
        line->options[i] = options[i];
        line->option_words[i] = option_words(&options[i]);
    }
}

static const struct option *long_option(const struct line *line, const char *name, size_t length)
{
    for (size_t i = 0; i < line->option_count; i++)
        if (strlen(line->options[i].name) == length &&
            memcmp(line->options[i].name, name, length) == 0)
            return &line->options[i];
    return NULL;
}

static const struct option *short_option(const struct line *line, char letter)
{
    for (size_t i = 0; i < line->option_count; i++)
        if (line->options[i].letter == letter)
            return &line->options[i];
    return NULL;
}

/* A shell expands it where the word is not quoted. */
static const char *at_home(struct line *line, const char *path)
{
    const char *home = path[0] == '~' && (path[1] == '/' || !path[1]) ? getenv("HOME") : NULL;
    return home ? arena_format(&line->out->arena, "%s%s", home, path + 1) : path;
}

static void take_value(struct line *line, const struct option *option, const char *value)
{
    size_t at = option->value ? find_named(option->value, strlen(option->value), option->name)
                              : NAMED_COUNT;
    if (option->letter == 'C')
        line->directory = at_home(line, value);
    if (option->letter == 's' && strcmp(option->name, "snapshot") == 0)
        line->snapshot = at_home(line, value);
    if (at < NAMED_COUNT && named[at].names == NAMES_FLAGS)
        *ARENA_APPEND(&line->out->arena, line->flags, line->flag_count) = value;
}

/* The option that wants the next word; NULL: none. */
static const struct option *take_option(struct line *line, const char *word)
{
    const struct option *option = NULL;
    const char *value = NULL;
    if (word[1] == '-') {
        const char *equals = strchr(word, '=');
        option =
            long_option(line, word + 2, equals ? (size_t)(equals - word) - 2 : strlen(word) - 2);
        value = equals ? equals + 1 : NULL;
    }
    for (const char *letter = word + 1; word[1] != '-' && *letter && !value; letter++) {
        option = short_option(line, *letter);
        if (option && option->kind != OPTION_FLAG && letter[1])
            value = letter + 1;
    }
    if (!option || option->kind == OPTION_FLAG)
        return NULL;
    if (!value)
        return option;
    take_value(line, option, value);
    return NULL;
}

static void add_values(struct line *line, const struct option *option)
{
    const char *const *words = line->option_words[option - line->options];
    size_t at = option->value ? find_named(option->value, strlen(option->value), option->name)
                              : NAMED_COUNT;
    /* Canaries and experiments share a state. */
    for (size_t i = 0; words[i]; i++)
        if (words_find(words, words[i]) == (int)i)
            add(line, words[i], NULL);
    if (*words)
        return;
    if (at < NAMED_COUNT)
        add_names(line, named[at].names, false);
}

/* "-eprod": the value of a short option, in the same word. False: it is none. */
static bool add_joined(struct line *line)
{
    const char *letter = line->last + 1;
    const struct option *option = NULL;
    for (; *letter && *letter != '-'; letter++) {
        option = short_option(line, *letter);
        if (!option || option->kind != OPTION_FLAG)
            break;
    }
    if (!option || option->kind == OPTION_FLAG || !letter[0] || !letter[1])
        return false;
    line->out->before =
        arena_copy(&line->out->arena, line->last, (size_t)(letter - line->last) + 1);
    add_values(line, option);
    return true;
}

static void add_options(struct line *line)
{
    if (add_joined(line))
        return;
    const char *equals = strchr(line->last, '=');
    if (!equals) {
        for (size_t i = 0; i < line->option_count; i++)
            add(line, arena_format(&line->out->arena, "--%s", line->options[i].name),
                line->options[i].help);
        add(line, "--help", "show this help");
        return;
    }
    if (strncmp(line->last, "--", 2) != 0)
        return;
    const struct option *option =
        long_option(line, line->last + 2, (size_t)(equals - line->last) - 2);
    if (!option || option->kind == OPTION_FLAG)
        return;
    line->out->before =
        arena_copy(&line->out->arena, line->last, (size_t)(equals - line->last) + 1);
    add_values(line, option);
}

/* ---------------------------------------------------------------------------------- operands -- */

/*
 * What a usage calls the operand at that place, of those that it begins with: in "[FLAG…] [-C DIR]"
 * all are FLAG, in "FLAG LOG… -e ENV" the first is. Length 0: nobody knows.
 */
static const char *operand_at(const char *usage, uint32_t place, size_t *length)
{
    static const char many[] = "…";
    size_t ending = sizeof many - 1;
    for (;; place--) {
        usage += *usage == '[';
        *length = *usage == '-' || *usage == '|' ? 0 : strcspn(usage, " ]");
        bool repeats = *length > ending && !memcmp(usage + *length - ending, many, ending);
        if (*length == 0 || place == 0 || repeats) {
            *length -= repeats ? ending : 0;
            return usage;
        }
        usage += *length;
        usage += strspn(usage, " ]");
    }
}

static bool is_called(const char *text, size_t length, const char *name)
{
    return strlen(name) == length && memcmp(text, name, length) == 0;
}

static size_t operand_named(const struct line *line, uint32_t place)
{
    size_t length;
    const char *operand = operand_at(line->command->usage, place, &length);
    return find_named(operand, length, NULL);
}

/* "bash|zsh|fish", or the `c` of `gen c` */
static void add_literals(struct line *line, const char *operand, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!(operand[i] >= 'a' && operand[i] <= 'z') && operand[i] != '|')
            return;
    while (length) {
        size_t end = 0;
        while (end < length && operand[end] != '|')
            end++;
        add(line, arena_copy(&line->out->arena, operand, end), NULL);
        end += end < length;
        operand += end;
        length -= end;
    }
}

static void add_operands(struct line *line)
{
    size_t length;
    const char *operand = operand_at(line->command->usage, line->operand_count, &length);
    size_t at = find_named(operand, length, NULL);
    const char *const *actions = line->command->actions;
    if (at < NAMED_COUNT)
        add_names(line, named[at].names, true);
    else if (is_called(operand, length, "ACTION") && actions)
        for (; *actions; actions++)
            add(line, *actions, NULL);
    else
        add_literals(line, operand, length);
}

/* -------------------------------------------------------------------------------------- line -- */

static void add_commands(struct line *line, bool first)
{
    const struct commands commands = known_commands();
    for (size_t i = 0; i < commands.count; i++)
        add(line, commands.items[i].name, commands.items[i].summary);
    if (!first)
        return;
    add(line, "help", "show the help of a command");
    add(line, "--help", "list the commands");
    add(line, "--version", "show the version");
}

static const struct command *find_command(const char *name)
{
    const struct commands commands = known_commands();
    for (size_t i = 0; i < commands.count; i++)
        if (strcmp(commands.items[i].name, name) == 0)
            return &commands.items[i];
    return NULL;
}

/* The option that wants the last word; NULL: none. */
static const struct option *take_words(struct line *line, const char *const *words, uint32_t count)
{
    const struct option *waiting = NULL;
    for (uint32_t i = 0; i < count; i++) {
        const char *word = words[i];
        if (waiting) {
            take_value(line, waiting, word);
            waiting = NULL;
        } else if (!line->ended && strcmp(word, "--") == 0) {
            line->ended = true;
        } else if (!line->ended && word[0] == '-' && word[1]) {
            waiting = take_option(line, word);
        } else {
            size_t at = operand_named(line, line->operand_count++);
            if (at < NAMED_COUNT && named[at].names == NAMES_FLAGS)
                *ARENA_APPEND(&line->out->arena, line->flags, line->flag_count) = word;
        }
    }
    return waiting;
}

void complete(const char *const *words, uint32_t count, struct completions *out)
{
    struct line line = {.out = out, .last = count ? words[count - 1] : ""};
    out->before = "";
    if (count == 2 || (count == 3 && strcmp(words[1], "help") == 0)) {
        add_commands(&line, count == 2);
        return;
    }
    line.command = count > 2 ? find_command(words[1]) : NULL;
    if (!line.command)
        return;
    options_of(line.command, take_options, &line);
    const struct option *waiting = take_words(&line, words + 2, count - 3);
    if (waiting)
        add_values(&line, waiting);
    else if (!line.ended && line.last[0] == '-')
        add_options(&line);
    else
        add_operands(&line);
}
