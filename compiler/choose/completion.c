/*
 * completion.c - see completion.h.
 *
 * A shell's script only asks the program, each time, what the word at the cursor may be; where
 * nothing is answered, the shell completes file names. The program is the one in the PATH, not the
 * one that the line names, which may be anybody's.
 */
#include "completion.h"

#include <string.h>

#include "compiler/base/buffer.h"
#include "complete.h"
#include "shell_line.h"

/* In scripts, @ stands for the program's name. */
struct shell {
    const char *name;
    const char *script;
    /* The words are what the script gives. */
    void (*answer)(const char *const *words, uint32_t count, struct buffer *out);
};

/* -------------------------------------------------------------------------------------- bash -- */

/* bash gives the line as it is written, and inserts what it gets as it is. */
static const char bash_script[] =
    "# Completion of @ for bash: source <(@ completion bash)\n"
    "_@() {\n"
    "    mapfile -t COMPREPLY < <(command @ completion bash -- \\\n"
    "        \"$COMP_WORDBREAKS\" \"${COMP_LINE:0:COMP_POINT}\" 2>/dev/null </dev/null)\n"
    "}\n"
    "complete -o default -F _@ @\n";

static void answer_bash(const char *const *words, uint32_t count, struct buffer *out)
{
    struct completions found = {0};
    struct shell_line line = {0};
    if (count == 2)
        shell_line_read(words[1], words[0], &found.arena, &line);
    if (line.count && !line.redirected)
        complete(line.words, line.count, &found);
    for (uint32_t i = 0; i < found.count; i++) {
        const char *word = arena_format(&found.arena, "%s%s", found.before, found.items[i].text);
        size_t before = out->length;
        if (shell_quote_append(out, line.quote, word + line.kept))
            buffer_append_text(out, "\n");
        else
            out->length = before;
    }
    arena_release(&found.arena);
}

/* -------------------------------------------------------------------------------- zsh, fish -- */

/* zsh quotes what it inserts, and chooses by its own rules what fits. */
static const char zsh_script[] =
    "#compdef @\n"
    "# Completion of @ for zsh: source <(@ completion zsh)\n"
    "_@() {\n"
    "    local -a answer texts shown\n"
    "    local line tab=$'\\t'\n"
    "    answer=(\"${(@f)$(command @ completion zsh -- \\\n"
    "        \"${(@Q)words[1,CURRENT-1]}\" \"$PREFIX\" 2>/dev/null </dev/null)}\")\n"
    "    for line in \"${answer[@]}\"; do\n"
    "        [[ -n $line ]] || continue\n"
    "        texts+=(\"${line%%$tab*}\")\n"
    "        shown+=(\"${line/$tab/  -- }\")\n"
    "    done\n"
    "    if (( ! $#texts )); then\n"
    "        [[ $PREFIX != --*=* ]] || compset -P 1 '*='\n"
    "        _files\n"
    "        return\n"
    "    fi\n"
    "    [[ $PREFIX != --*=* ]] || compset -P 1 '*='\n"
    "    if [[ $answer[1] == *$tab* ]]; then\n"
    "        compadd -l -d shown -a texts\n"
    "    else\n"
    "        compadd -a texts\n"
    "    fi\n"
    "}\n"
    "compdef _@ @\n";

/* fish does, too, but takes whole words. */
static const char fish_script[] =
    "# Completion of @ for fish: @ completion fish | source\n"
    "function __@_find\n"
    "    set -g __@_found (command @ completion fish -- \\\n"
    "        (commandline -opc) (commandline -ct) 2>/dev/null </dev/null)\n"
    "    test (count $__@_found) -gt 0\n"
    "end\n"
    "complete -c @ -e\n"
    "complete -c @ -f -n __@_find -a '$__@_found'\n";

/* What is already written only says what kind of word it is. */
static void answer_described(const char *const *words, uint32_t count, bool whole,
                             struct buffer *out)
{
    struct completions found = {0};
    complete(words, count, &found);
    size_t kept = strlen(found.before);
    whole |= kept && found.before[kept - 1] != '='; /* "-e" */
    for (uint32_t i = 0; i < found.count; i++) {
        buffer_format(out, "%s%s", whole ? found.before : "", found.items[i].text);
        if (found.items[i].help)
            buffer_format(out, "\t%s", found.items[i].help);
        buffer_append_text(out, "\n");
    }
    arena_release(&found.arena);
}

static const char **with_open_end(const char *const *words, uint32_t count, struct arena *arena)
{
    const char **open = ARENA_ARRAY(arena, const char *, count + 1u);
    for (uint32_t i = 0; i < count; i++)
        open[i] = words[i];
    if (!count)
        return open;
    const char *last = words[count - 1];
    const char *equals = strncmp(last, "--", 2) == 0 ? strchr(last, '=') : NULL;
    bool joined = last[0] == '-' && last[1] && last[1] != '-' && last[2];
    if (!joined)
        open[count - 1] = equals           ? arena_copy(arena, last, (size_t)(equals - last) + 1)
                          : last[0] == '-' ? "-"
                                           : "";
    return open;
}

static void answer_zsh(const char *const *words, uint32_t count, struct buffer *out)
{
    struct arena arena = {0};
    answer_described(with_open_end(words, count, &arena), count, false, out);
    arena_release(&arena);
}

static void answer_fish(const char *const *words, uint32_t count, struct buffer *out)
{
    struct arena arena = {0};
    answer_described(with_open_end(words, count, &arena), count, true, out);
    arena_release(&arena);
}

/* ----------------------------------------------------------------------------------- command -- */

static const struct shell shells[] = {
    {"bash", bash_script, answer_bash},
    {"zsh", zsh_script, answer_zsh},
    {"fish", fish_script, answer_fish},
};

static void write_script(const char *script, struct buffer *out)
{
    for (const char *at = script; *at; at++) {
        bool array = at[0] == '@' && at > script && (at[-1] == '(' || at[-1] == '[');
        if (*at == '@' && !array)
            buffer_append_text(out, known_commands().program);
        else
            buffer_append(out, at, 1);
    }
}

static int run(int argc, char **argv)
{
    int status;
    int operands = options_parse(&completion_command, NULL, 0, argc, argv, &status);
    if (operands < 0)
        return status;
    if (operands < 1)
        return usage_error(&completion_command, "expected a shell: bash, zsh or fish");
    if (operands == 2)
        return usage_error(&completion_command, "expected one shell: bash, zsh or fish");
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++) {
        if (strcmp(shells[i].name, argv[1]) != 0)
            continue;
        struct buffer out = {0};
        if (operands == 1)
            write_script(shells[i].script, &out);
        else
            shells[i].answer((const char *const *)argv + 2, (uint32_t)operands - 1, &out);
        status = write_stdout(&completion_command, &out) ? EXIT_FINE : EXIT_JOB;
        buffer_release(&out);
        return status;
    }
    return usage_error(&completion_command, "there is no completion for '%s': bash, zsh or fish",
                       argv[1]);
}

const struct command completion_command = {
    .name = "completion",
    .summary = "print a script that completes commands, options and names",
    .usage = "bash|zsh|fish [-- WORD…]",
    .examples = "  source <(ffc completion bash)            # in ~/.bashrc; of zsh, in ~/.zshrc\n"
                "  ffreplay completion fish | source        # in ~/.config/fish/config.fish\n"
                "  ffc completion fish -- ffc show ''       # what a script asks: the next word\n",
    .run = run,
};
