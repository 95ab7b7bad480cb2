/*
 * completion.c - see completion.h.
 *
 * The script is printed once from the tables of commands and options, and never calls the program.
 * Where it knows no words, the shell completes file names.
 */
#include "completion.h"

#include <string.h>

#include "compiler/base/buffer.h"
#include "messages.h"

/* How to tell one kind of shell about a program. */
struct shell {
    const char *name;
    void (*begin)(struct buffer *out, const struct commands *commands);
    void (*option)(struct buffer *out, const struct commands *commands,
                   const struct command *command, const struct option *option);
    void (*begin_command)(struct buffer *out, const struct command *command);
    void (*end_command)(struct buffer *out);
    void (*end)(struct buffer *out, const struct commands *commands);
};

/* Quotes in single quotes; escapes the characters in `special` with a backslash. */
static void put_quoted(struct buffer *out, const char *text, const char *special, const char *quote)
{
    for (; *text; text++) {
        if (*text == '\'') {
            buffer_append_text(out, quote);
            continue;
        }
        if (strchr(special, *text))
            buffer_append(out, "\\", 1);
        buffer_append(out, text, 1);
    }
}

static void put_words(struct buffer *out, const struct option *option)
{
    for (const char *const *word = option_words(option); *word; word++)
        buffer_format(out, "%s%s", word == option_words(option) ? "" : " ", *word);
}

/* -------------------------------------------------------------------------------------- bash -- */

static void bash_begin(struct buffer *out, const struct commands *commands)
{
    buffer_format(out,
                  "# Completion of %s for bash: source <(%s completion bash)\n"
                  "_%s() {\n"
                  "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}\n"
                  "    local options choices\n"
                  "    [ \"$before\" != = ] || before=${COMP_WORDS[COMP_CWORD - 2]}\n"
                  "    [ \"$word\" != = ] || word=\n"
                  "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
                  "        COMPREPLY=($(compgen -W 'help --help --version",
                  commands->program, commands->program, commands->program);
    for (size_t i = 0; i < commands->count; i++)
        buffer_format(out, " %s", commands->items[i].name);
    buffer_append_text(out, "' -- \"$word\"))\n"
                            "        return\n"
                            "    fi\n"
                            "    case ${COMP_WORDS[1]} in\n");
}

static void bash_begin_command(struct buffer *out, const struct command *command)
{
    buffer_format(out, "    %s)\n        options=--help\n", command->name);
}

static void bash_option(struct buffer *out, const struct commands *commands,
                        const struct command *command, const struct option *option)
{
    (void)commands, (void)command;
    buffer_format(out, "        options+=' --%s'\n", option->name);
    if (option->kind == OPTION_FLAG)
        return;
    buffer_format(out, "        case $before in --%s", option->name);
    if (option->letter)
        buffer_format(out, " | -%c", option->letter);
    buffer_append_text(out, ") choices='");
    put_words(out, option);
    buffer_append_text(out, " ' ;; esac\n");
}

static void bash_end_command(struct buffer *out)
{
    buffer_append_text(out, "        ;;\n");
}

static void bash_end(struct buffer *out, const struct commands *commands)
{
    buffer_format(out,
                  "    esac\n"
                  "    if [ -n \"$choices\" ]; then\n"
                  "        COMPREPLY=($(compgen -W \"$choices\" -- \"$word\"))\n"
                  "    elif [[ $word == -* ]]; then\n"
                  "        COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
                  "    fi\n"
                  "}\n"
                  "complete -o default -F _%s %s\n",
                  commands->program, commands->program);
}

/* --------------------------------------------------------------------------------------- zsh -- */

static void zsh_begin(struct buffer *out, const struct commands *commands)
{
    buffer_format(out,
                  "#compdef %s\n"
                  "# Completion of %s for zsh: source <(%s completion zsh)\n"
                  "_%s() {\n"
                  "    local -a commands=(\n",
                  commands->program, commands->program, commands->program, commands->program);
    for (size_t i = 0; i < commands->count; i++) {
        buffer_format(out, "        '%s:", commands->items[i].name);
        put_quoted(out, commands->items[i].summary, ":", "'\\''");
        buffer_append_text(out, "'\n");
    }
    buffer_append_text(out, "    )\n"
                            "    if (( CURRENT == 2 )); then\n"
                            "        _describe command commands\n"
                            "        return\n"
                            "    fi\n"
                            "    shift words\n"
                            "    (( CURRENT-- ))\n"
                            "    case $words[1] in\n");
}

static void zsh_begin_command(struct buffer *out, const struct command *command)
{
    buffer_format(out,
                  "    %s)\n        _arguments \\\n"
                  "            {-h,--help}'[show this help]' \\\n",
                  command->name);
}

static void zsh_option(struct buffer *out, const struct commands *commands,
                       const struct command *command, const struct option *option)
{
    (void)commands, (void)command;
    bool many = option->kind == OPTION_TEXTS;
    if (option->letter)
        buffer_format(out, "            %s{-%c,--%s}'[", many ? "'*'" : "", option->letter,
                      option->name);
    else
        buffer_format(out, "            '%s--%s[", many ? "*" : "", option->name);
    put_quoted(out, option->help, "[]:\\", "'\\''");
    buffer_append_text(out, "]");
    if (option->kind != OPTION_FLAG && *option_words(option)) {
        buffer_format(out, ":%s:(", option->name);
        put_words(out, option);
        buffer_append_text(out, ")");
    } else if (option->kind != OPTION_FLAG) {
        buffer_format(out, ":%s:_files", option->name);
    }
    buffer_append_text(out, "' \\\n");
}

static void zsh_end_command(struct buffer *out)
{
    buffer_append_text(out, "            '*: :_files'\n        ;;\n");
}

static void zsh_end(struct buffer *out, const struct commands *commands)
{
    buffer_format(out,
                  "    esac\n"
                  "}\n"
                  "compdef _%s %s\n",
                  commands->program, commands->program);
}

/* -------------------------------------------------------------------------------------- fish -- */

static void fish_begin(struct buffer *out, const struct commands *commands)
{
    buffer_format(out,
                  "# Completion of %s for fish: %s completion fish | source\n"
                  "complete -c %s -s h -l help -d 'show this help'\n",
                  commands->program, commands->program, commands->program);
    for (size_t i = 0; i < commands->count; i++) {
        buffer_format(out, "complete -c %s -f -n __fish_use_subcommand -a %s -d '",
                      commands->program, commands->items[i].name);
        put_quoted(out, commands->items[i].summary, "\\", "\\'");
        buffer_append_text(out, "'\n");
    }
}

static void fish_option(struct buffer *out, const struct commands *commands,
                        const struct command *command, const struct option *option)
{
    buffer_format(out, "complete -c %s -n '__fish_seen_subcommand_from %s' -l %s",
                  commands->program, command->name, option->name);
    if (option->letter)
        buffer_format(out, " -s %c", option->letter);
    if (option->kind != OPTION_FLAG && *option_words(option)) {
        buffer_append_text(out, " -x -a '");
        put_words(out, option);
        buffer_append_text(out, "'");
    } else if (option->kind != OPTION_FLAG) {
        buffer_append_text(out, " -r");
    }
    buffer_append_text(out, " -d '");
    put_quoted(out, option->help, "\\", "\\'");
    buffer_append_text(out, "'\n");
}

/* ----------------------------------------------------------------------------------- command -- */

static const struct shell shells[] = {
    {"bash", bash_begin, bash_option, bash_begin_command, bash_end_command, bash_end},
    {"zsh", zsh_begin, zsh_option, zsh_begin_command, zsh_end_command, zsh_end},
    {"fish", fish_begin, fish_option, NULL, NULL, NULL},
};

struct writing {
    const struct shell *shell;
    const struct commands *commands;
    struct buffer *out;
};

static void write_command(const struct command *command, const struct option *options, size_t count,
                          void *user)
{
    const struct writing *writing = user;
    const struct shell *shell = writing->shell;
    if (shell->begin_command)
        shell->begin_command(writing->out, command);
    for (size_t i = 0; i < count; i++)
        shell->option(writing->out, writing->commands, command, &options[i]);
    if (shell->end_command)
        shell->end_command(writing->out);
}

static void write_script(const struct shell *shell, struct buffer *out)
{
    const struct commands commands = known_commands();
    struct writing writing = {shell, &commands, out};
    shell->begin(out, &commands);
    for (size_t i = 0; i < commands.count; i++)
        options_of(&commands.items[i], write_command, &writing);
    if (shell->end)
        shell->end(out, &commands);
}

static int run(int argc, char **argv)
{
    int status;
    int operands = options_parse(&completion_command, NULL, 0, argc, argv, &status);
    if (operands < 0)
        return status;
    if (operands != 1)
        return usage_error(&completion_command, "expected a shell: bash, zsh or fish");
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++) {
        if (strcmp(shells[i].name, argv[1]) != 0)
            continue;
        struct buffer script = {0};
        write_script(&shells[i], &script);
        status = write_stdout(&completion_command, &script) ? EXIT_FINE : EXIT_JOB;
        buffer_release(&script);
        return status;
    }
    return usage_error(&completion_command, "there is no completion for '%s': bash, zsh or fish",
                       argv[1]);
}

const struct command completion_command = {
    .name = "completion",
    .summary = "print a script that completes commands and options",
    .usage = "bash|zsh|fish",
    .examples = "  source <(ffc completion bash)            # in ~/.bashrc; of zsh, in ~/.zshrc\n"
                "  ffreplay completion fish | source        # in ~/.config/fish/config.fish\n",
    .run = run,
};
