/* options.c - see options.h. */
#include "options.h"
#include "compiler/base/wrap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/base/arena.h"
#include "compiler/base/nearest.h"
#include "compiler/base/outside.h"
#include "compiler/base/memory.h"
#include "compiler/base/buffer.h"
#include "compiler/base/calendar.h"
#include "compiler/base/scalar.h"

#include "fflag.h"

#define MOST_NAMES 64

/* ------------------------------------------------------------------------------------ stdout -- */

bool put_stdout(const struct buffer *text)
{
    bool taken = !text->length || fwrite(text->bytes, 1, text->length, stdout) == text->length;
    if (taken && fflush(stdout) == 0)
        return true;
    int cause = errno;
    /* Unless it is dropped, the text would fail again, and be reported again, at exit. */
    __fpurge(stdout);
    clearerr(stdout);
    errno = cause;
    return false;
}

bool write_stdout(const struct command *command, const struct buffer *text)
{
    if (put_stdout(text))
        return true;
    job_error(command, "cannot write to stdout: %s", strerror(errno));
    return false;
}

/* -------------------------------------------------------------------------------------- help -- */

static const struct option help_option = {"help", 'h', OPTION_FLAG, NULL, NULL, "show this help"};

#define HELP_COLUMN 29

static void append_option(struct buffer *out, const struct option *option)
{
    const char *value = option->value;
    size_t begin = out->length;
    if (option->kind == OPTION_FORMAT && !value)
        value = "FORMAT";
    if (option->kind == OPTION_COLOR && !value)
        value = "WHEN";
    if (option->letter)
        buffer_format(out, "  -%c, --%s", option->letter, option->name);
    else
        buffer_format(out, "      --%s", option->name);
    if (value && option->kind != OPTION_FLAG)
        buffer_format(out, " %s", value);
    size_t width = out->length - begin;
    if (width >= HELP_COLUMN)
        buffer_append_text(out, "\n");
    buffer_format(out, "%*s", (int)(HELP_COLUMN - (width < HELP_COLUMN ? width : 0)), "");
    append_wrapped(out, HELP_WIDTH, HELP_COLUMN, HELP_COLUMN, option->help);
    buffer_append_text(out, "\n");
}

static void print_command_help(const struct command *command, const struct option *options,
                               size_t count)
{
    struct buffer name = {0}, out = {0};
    append_command_name(command, &name);
    buffer_format(&out, "%s: ", name.bytes);
    append_wrapped(&out, HELP_WIDTH, name.length + 2, 2, command->summary);
    buffer_append_text(&out, "\n\n");
    if (command->examples)
        buffer_format(&out, "Examples:\n%s\n", command->examples);
    buffer_format(&out, "Usage: %s ", name.bytes);
    append_wrapped(&out, HELP_WIDTH, sizeof "Usage: " + name.length, 7, command->usage);
    buffer_append_text(&out, "\n\nOptions:\n");
    for (size_t i = 0; i < count; i++)
        append_option(&out, &options[i]);
    append_option(&out, &help_option);
    fwrite(out.bytes, 1, out.length, stdout);
    buffer_release(&name);
    buffer_release(&out);
}

/* ----------------------------------------------------------------------------------- parsing -- */

struct parsing {
    const struct command *command;
    const struct option *options;
    size_t count;
    int status;
    bool given[MOST_NAMES]; /* indexed like the options */
};

static const char *const format_words[] = WORDS(DIAGNOSTIC_FORMATS);
static const char *const color_words[] = WORDS(COLOR_CHOICES);

const char *const *option_words(const struct option *option)
{
    static const char *const none[] = {NULL};
    const struct option_word *word = option->target;
    return option->kind == OPTION_FORMAT  ? format_words
           : option->kind == OPTION_COLOR ? color_words
           : option->kind == OPTION_WORD  ? word->words
                                          : none;
}

static int choose(const struct parsing *parsing, const struct option *option, const char *value,
                  const char *const *words)
{
    int found = words_find(words, value);
    if (found >= 0)
        return found;
    struct buffer list = {0};
    words_list(words, &list);
    usage_error(parsing->command, "--%s is one of %s, not '%s'", option->name, list.bytes, value);
    buffer_release(&list);
    return found;
}

/* The last value would win silently, for instance in a command line pasted together from two. */
static bool is_repeated(struct parsing *parsing, const struct option *option)
{
    size_t index = (size_t)(option - parsing->options);
    bool repeated = index < MOST_NAMES && parsing->given[index] && option->kind != OPTION_FLAG &&
                    option->kind != OPTION_TEXTS && option->kind != OPTION_OUTSIDE;
    if (index < MOST_NAMES)
        parsing->given[index] = true;
    if (repeated)
        usage_error(parsing->command, "--%s is given twice, and takes one value", option->name);
    return repeated;
}

/* What lists of texts are in; nothing gives it back. */
static struct arena given_texts;

/* A time, or the day that begins then in UTC. */
static bool parse_day(const char *text, int64_t *ms)
{
    char time[sizeof "2026-11-20T00:00:00Z"];
    int length = snprintf(time, sizeof time, "%sT00:00:00Z", text);
    return parse_time(text, ms) || (length == (int)sizeof time - 1 && parse_time(time, ms));
}

static bool set_count(const struct parsing *parsing, const struct option *option, const char *value)
{
    int64_t count;
    if (parse_integer(value, &count) && count >= 0 && count < UINT32_MAX) {
        *(uint32_t *)option->target = (uint32_t)count;
        return true;
    }
    usage_error(parsing->command, "--%s takes a count, not '%s'", option->name, value);
    return false;
}

static bool parse_ago(const char *text, int64_t *time)
{
    int64_t ms;
    if (!parse_duration(text, &ms))
        return false;
    *time = clock_now() - ms;
    return true;
}

bool option_time(const char *text, int64_t *time)
{
    return parse_time(text, time) || (*text == '-' && parse_ago(text + 1, time));
}

bool option_directory(const struct command *command, const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0)
        close(fd);
    else
        job_error(command, "cannot read '%s': %s", path, strerror(errno));
    return fd >= 0;
}

static bool set_value(struct parsing *parsing, const struct option *option, const char *value)
{
    int choice;
    if (is_repeated(parsing, option))
        return false;
    switch (option->kind) {
    case OPTION_FLAG:
        *(bool *)option->target = true;
        return true;
    case OPTION_TEXT:
        *(const char **)option->target = value;
        return true;
    case OPTION_WORD:
        ((struct option_word *)option->target)->text = value;
        return true;
    case OPTION_TEXTS: {
        struct option_texts *texts = option->target;
        *ARENA_APPEND(&given_texts, texts->items, texts->count) = value;
        return true;
    }
    case OPTION_OUTSIDE:
        if (outside_allow(value))
            return true;
        job_error(parsing->command, "--%s: cannot open '%s': %s", option->name, value,
                  strerror(errno));
        return false;
    case OPTION_COUNT:
        return set_count(parsing, option, value);
    case OPTION_AGO:
        if (parse_ago(value + (*value == '-'), option->target) || parse_day(value, option->target))
            return true;
        job_error(parsing->command, "--%s takes a duration such as 7d, not '%s'", option->name,
                  value);
        print_help("or since when: 2026-11-20, or 2026-11-20T10:00:00Z");
        return false;
    case OPTION_TIME:
        if (option_time(value, option->target))
            return true;
        job_error(parsing->command, "--%s takes a time such as 2026-11-20T10:00:00Z, not '%s'",
                  option->name, value);
        print_help("give date and time, then Z or an offset such as +02:00; or -7d, so long ago");
        return false;
    case OPTION_FORMAT:
        choice = choose(parsing, option, value, format_words);
        if (choice >= 0)
            *(enum diagnostic_format *)option->target = (enum diagnostic_format)choice;
        return choice >= 0;
    case OPTION_COLOR:
        choice = choose(parsing, option, value, color_words);
        if (choice >= 0)
            *(enum color_choice *)option->target = (enum color_choice)choice;
        return choice >= 0;
    }
    return false;
}

static void report_unknown_option(const struct parsing *parsing, const char *name, size_t length)
{
    const char *names[MOST_NAMES];
    size_t count = 0;
    for (size_t i = 0; i < parsing->count && count < MOST_NAMES - 1; i++)
        names[count++] = parsing->options[i].name;
    names[count++] = "help";
    char given[64];
    snprintf(given, sizeof given, "%.*s", (int)length, name);
    const char *near = nearest_name(given, names, count);
    if (near)
        usage_error(parsing->command, "unknown option '--%s'; did you mean '--%s'?", given, near);
    else
        usage_error(parsing->command, "unknown option '--%s'", given);
}

/* Returns how many arguments were used: 1, or 2 with a value; 0: usage error; -1: help was
 * shown. */
static int parse_long(struct parsing *parsing, char **argv)
{
    const char *name = argv[0] + 2;
    const char *equals = strchr(name, '=');
    size_t length = equals ? (size_t)(equals - name) : strlen(name);
    if (length == 4 && memcmp(name, "help", 4) == 0)
        return -1;
    for (size_t i = 0; i < parsing->count; i++) {
        const struct option *option = &parsing->options[i];
        if (strlen(option->name) != length || memcmp(option->name, name, length) != 0)
            continue;
        if (option->kind == OPTION_FLAG) {
            if (equals)
                usage_error(parsing->command, "--%s takes no value", option->name);
            return !equals && set_value(parsing, option, NULL);
        }
        const char *value = equals ? equals + 1 : argv[1];
        if (!value)
            usage_error(parsing->command, "--%s needs a value", option->name);
        if (!value || !set_value(parsing, option, value))
            return 0;
        return equals ? 1 : 2;
    }
    report_unknown_option(parsing, name, length);
    return 0;
}

static int parse_short(struct parsing *parsing, char **argv)
{
    for (const char *letter = argv[0] + 1; *letter; letter++) {
        const struct option *option = NULL;
        for (size_t i = 0; i < parsing->count; i++) {
            if (parsing->options[i].letter == *letter)
                option = &parsing->options[i];
        }
        if (!option && *letter == 'h')
            return -1;
        if (!option) {
            usage_error(parsing->command, "unknown option '-%c'", *letter);
            return 0;
        }
        if (option->kind == OPTION_FLAG) {
            set_value(parsing, option, NULL);
            continue;
        }
        const char *value = letter[1] ? letter + 1 : argv[1];
        if (!value)
            usage_error(parsing->command, "-%c needs a value", *letter);
        if (!value || !set_value(parsing, option, value))
            return 0;
        return letter[1] ? 1 : 2;
    }
    return 1;
}

/* Who receives the table of the next options_parse(), which then does not parse. */
static struct {
    options_taker *take;
    void *user;
} asking;

void options_of(const struct command *command, options_taker *take, void *user)
{
    char name[] = "";
    char *argv[] = {name, NULL};
    asking.take = take;
    asking.user = user;
    command->run(1, argv);
}

int options_parse(const struct command *command, const struct option *options, size_t count,
                  int argc, char **argv, int *status)
{
    if (asking.take) {
        asking.take(command, options, count, asking.user);
        asking.take = NULL;
        *status = EXIT_FINE;
        return -1;
    }
    struct parsing parsing = {.command = command, .options = options, .count = count};
    int operands = 0;
    for (int i = 1; i < argc;) {
        char *argument = argv[i];
        if (strcmp(argument, "--") == 0) {
            for (i++; i < argc; i++)
                argv[++operands] = argv[i];
            break;
        }
        if (argument[0] != '-' || !argument[1]) {
            argv[++operands] = argument;
            i++;
            continue;
        }
        int used =
            argument[1] == '-' ? parse_long(&parsing, argv + i) : parse_short(&parsing, argv + i);
        if (used < 0) {
            print_command_help(command, options, count);
            *status = EXIT_FINE;
            return -1;
        }
        if (used == 0) {
            *status = EXIT_JOB;
            return -1;
        }
        i += used;
    }
    return operands;
}

/* ---------------------------------------------------------------------------------- commands -- */

static struct commands own_commands;

struct commands known_commands(void)
{
    return own_commands;
}

static void print_commands(FILE *out, const char *program, const char *synopsis,
                           const struct command *commands, size_t count)
{
    struct buffer text = {0};
    append_wrapped(&text, HELP_WIDTH, 0, 0, synopsis);
    buffer_format(&text, "\n\nUsage: %s COMMAND [OPTION…] …\n\nCommands:\n", program);
    for (size_t i = 0; i < count; i++) {
        buffer_format(&text, "  %-10s ", commands[i].name);
        append_wrapped(&text, HELP_WIDTH, 13, 13, commands[i].summary);
        buffer_append_text(&text, "\n");
    }
    buffer_format(&text,
                  "\n'%s COMMAND --help' shows a command's examples and options;\n"
                  "'%s --version' shows the version.\n",
                  program, program);
    fwrite(text.bytes, 1, text.length, out);
    buffer_release(&text);
}

static const struct command *find_command(const struct command *commands, size_t count,
                                          const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    }
    return NULL;
}

static int unknown_command(const struct command *commands, size_t count, const char *name)
{
    const char *names[MOST_NAMES];
    size_t known = count < MOST_NAMES ? count : MOST_NAMES;
    for (size_t i = 0; i < known; i++)
        names[i] = commands[i].name;
    const char *near = nearest_name(name, names, known);
    const char *what = name[0] == '-' ? "option" : "command";
    if (near && name[0] != '-')
        return usage_error(NULL, "unknown command '%s'; did you mean '%s'?", name, near);
    return usage_error(NULL, "unknown %s '%s'", what, name);
}

/* Output to stdout may still be buffered: a full disk is an error like any other. */
static int close_stdout(int status)
{
    bool failed = ferror(stdout) != 0;
    if (fflush(stdout) == 0 && !failed)
        return status;
    if (status == EXIT_JOB)
        return status;
    return job_error(NULL, "cannot write to stdout: %s", strerror(errno));
}

/*
 * If a standard stream is closed, the next file opened would get its number, and messages would be
 * written into that file. A placeholder takes the number and refuses reads or writes, so that the
 * missing stream is noticed.
 */
static void open_standard_files(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            (void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

int program_main(const struct command *program, int argc, char **argv)
{
    set_program_name(program->name);
    open_standard_files();
    signal(SIGPIPE, SIG_DFL);
    return close_stdout(program->run(argc, argv));
}

int command_main(const char *program, const char *synopsis, const struct command *commands,
                 size_t count, int argc, char **argv)
{
    set_program_name(program);
    own_commands = (struct commands){program, commands, count};
    open_standard_files();
    /* A reader that closes the pipe early, such as `head`, ends the program silently. */
    signal(SIGPIPE, SIG_DFL);
    if (argc < 2) {
        print_commands(stderr, program, synopsis, commands, count);
        return EXIT_JOB;
    }
    const char *name = argv[1];
    if (strcmp(name, "--version") == 0) {
        printf("%s %d.%d.%d\n", program, FFLAG_VERSION_MAJOR, FFLAG_VERSION_MINOR,
               FFLAG_VERSION_PATCH);
        return close_stdout(EXIT_FINE);
    }
    bool help = strcmp(name, "help") == 0;
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || (help && argc == 2)) {
        print_commands(stdout, program, synopsis, commands, count);
        return close_stdout(EXIT_FINE);
    }
    const struct command *command = find_command(commands, count, help ? argv[2] : name);
    if (!command)
        return unknown_command(commands, count, help ? argv[2] : name);
    char help_text[] = "--help";
    char *help_argv[] = {argv[0], help_text, NULL};
    if (help)
        return close_stdout(command->run(2, help_argv));
    return close_stdout(command->run(argc - 1, argv + 1));
}

/* ----------------------------------------------------------------------------- odds and ends -- */

static bool is_set(const char *name)
{
    const char *value = getenv(name);
    return value && *value;
}

bool use_color(enum color_choice choice, FILE *stream)
{
    if (choice != COLOR_AUTO)
        return choice == COLOR_ALWAYS;
    if (is_set("NO_COLOR"))
        return false;
    const char *forced = getenv("CLICOLOR_FORCE");
    if (forced && *forced && strcmp(forced, "0") != 0)
        return true;
    const char *terminal = getenv("TERM");
    return terminal && strcmp(terminal, "dumb") != 0 && isatty(fileno(stream));
}
