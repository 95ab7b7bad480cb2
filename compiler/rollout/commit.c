/* commit.c - see commit.h. */
#include "commit.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/base/text_lines.h"
#include "compiler/files/git.h"
#include "compiler/model/override.h"
#include "compiler/ledger/ledger.h"

#define TRIES 20 /* while another git has the index */
#define PAUSE ((struct timespec){.tv_nsec = 100000000})

/* ----------------------------------------------------------------------------------- asking -- */

/* The first line that git prints, in the arena; NULL: it refuses, or prints none. */
static const char *ask(struct commit *commit, const char *const *arguments)
{
    struct buffer out = {0}, error = {0};
    const char *line = NULL;
    if (git_run(commit->directory, arguments, NULL, &out, &error) == GIT_DONE && out.length)
        line = arena_copy(&commit->arena, out.bytes, strcspn(out.bytes, "\n"));
    buffer_release(&out);
    buffer_release(&error);
    return line;
}

static const char *config(struct commit *commit, const char *branch, const char *key)
{
    const char *name = arena_format(&commit->arena, "branch.%s.%s", branch, key);
    return ask(commit, (const char *const[]){"config", "--get", name, NULL});
}

/* The remote that a branch without one of its own goes to; NULL: there is none, or several. */
static const char *usual_remote(struct commit *commit)
{
    struct buffer out = {0}, error = {0};
    const char *const arguments[] = {"remote", NULL};
    const char *found = NULL;
    if (git_run(commit->directory, arguments, NULL, &out, &error) == GIT_DONE && out.length) {
        size_t first = strcspn(out.bytes, "\n");
        bool origin = strncmp(out.bytes, "origin\n", 7) == 0 || strstr(out.bytes, "\norigin\n");
        if (origin)
            found = "origin";
        else if (first + 1 == out.length)
            found = arena_copy(&commit->arena, out.bytes, first);
    }
    buffer_release(&out);
    buffer_release(&error);
    return found;
}

static bool refuse(struct buffer *error, const char *what, struct buffer *help, const char *to_do)
{
    buffer_append_text(error, what);
    buffer_append_text(help, to_do);
    return false;
}

static bool find_target(struct commit *commit, struct buffer *error, struct buffer *help)
{
    const char *branch =
        ask(commit, (const char *const[]){"symbolic-ref", "--quiet", "--short", "HEAD", NULL});
    if (!branch)
        return refuse(error, "--push: no branch is checked out, so there is nothing to push to",
                      help, "check out a branch, or leave out --push");
    const char *remote = config(commit, branch, "remote");
    const char *merge = remote ? config(commit, branch, "merge") : NULL;
    if (!merge)
        merge = arena_format(&commit->arena, "refs/heads/%s", branch);
    if (!remote || strcmp(remote, ".") == 0)
        remote = usual_remote(commit);
    if (!remote || *remote == '-') {
        terminal_format(error, "--push: branch '%s' has no remote", branch);
        buffer_append_text(help, "git push --set-upstream REMOTE gives it one");
        return false;
    }
    commit->remote = remote;
    commit->branch = merge;
    return true;
}

/* What git cannot commit a part of the files during. */
static const char *unfinished(struct commit *commit)
{
    static const char *const heads[] = {"MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD"};
    static const char *const names[] = {"merge", "cherry-pick", "revert"};
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        if (ask(commit, (const char *const[]){"rev-parse", "--verify", "--quiet", heads[i], NULL}))
            return names[i];
    return NULL;
}

bool commit_prepare(struct commit *commit, const char *directory, bool push, struct buffer *error,
                    struct buffer *help)
{
    struct buffer out = {0}, words = {0};
    commit->directory = directory;
    const char *const arguments[] = {"rev-parse", "--is-inside-work-tree", NULL};
    enum git_answer answer = git_run(directory, arguments, NULL, &out, &words);
    bool inside = answer == GIT_DONE && strncmp(out.bytes, "true", 4) == 0;
    buffer_release(&out);
    buffer_release(&words);
    if (answer == GIT_MISSING)
        return refuse(error, "--commit: 'git' cannot be run here", help,
                      "install it, or leave out --commit");
    if (!inside) {
        terminal_format(error, "--commit: '%s' is in no git repository, or not in one of yours",
                        directory);
        buffer_append_text(help, "git init makes one (git config --global --add safe.directory "
                                 "takes somebody else's), or leave out --commit");
        return false;
    }
    const char *what = unfinished(commit);
    if (what) {
        terminal_format(error, "--commit: a %s is not finished, and git commits no part of one",
                        what);
        buffer_append_text(help, "finish it first, or leave out --commit");
        return false;
    }
    return !push || find_target(commit, error, help);
}

/* `git status` of a path: "XY name\0" for each file; empty: they are as committed. */
static bool status_of(struct commit *commit, const char *path, struct buffer *out)
{
    struct buffer error = {0};
    const char *const arguments[] = {"status",       "--porcelain", "-z", "--untracked-files=all",
                                     "--no-renames", "--",          path, NULL};
    bool known = git_run(commit->directory, arguments, NULL, out, &error) == GIT_DONE;
    buffer_release(&error);
    return known;
}

bool commit_allows(struct commit *commit, const char *name, struct buffer *error,
                   struct buffer *help)
{
    struct buffer out = {0};
    bool clean = status_of(commit, name, &out) && out.length == 0;
    buffer_release(&out);
    if (clean)
        return true;
    terminal_format(error,
                    "'%s/%s' has changes that are not committed, and --commit would take "
                    "them along",
                    commit->directory, name);
    buffer_append_text(help, "commit or stash them first, or leave out --commit");
    return false;
}

/* ------------------------------------------------------------------------------------ making -- */

void commit_add(struct commit *commit, const char *name)
{
    for (uint32_t i = 0; i < commit->count; i++)
        if (strcmp(commit->names[i], name) == 0)
            return;
    *ARENA_APPEND(&commit->arena, commit->names, commit->count) =
        arena_copy(&commit->arena, name, strlen(name));
}

/* Names in `git status` are from the top of the repository on. */
static void add_new_in(struct commit *commit, const char *folder)
{
    struct buffer out = {0};
    const char *prefix = git_prefix(commit->directory, &commit->arena);
    size_t skipped = prefix && *prefix ? strlen(prefix) + 1 : 0;
    if (status_of(commit, folder, &out))
        for (size_t at = 0; at + 3 < out.length; at += strlen(out.bytes + at) + 1) {
            const char *line = out.bytes + at;
            bool is_new = line[0] == '?' || line[0] == 'A';
            if (is_new && strlen(line) > 3 + skipped)
                commit_add(commit, line + 3 + skipped);
        }
    buffer_release(&out);
}

uint32_t commit_add_new(struct commit *commit)
{
    add_new_in(commit, LEDGER_FOLDER);
    add_new_in(commit, OVERRIDES_FOLDER);
    return commit->count;
}

/* Retries while another git holds the index. */
static enum git_answer run_git(struct commit *commit, const char *const *arguments,
                               const struct buffer *input, struct buffer *error)
{
    enum git_answer answer = GIT_MISSING;
    for (int i = 0; i < TRIES; i++) {
        struct buffer out = {0};
        error->length = 0;
        answer = git_run(commit->directory, arguments, input, &out, error);
        /* What it says of a commit that it does not make is on its standard output. */
        if (answer == GIT_REFUSED && error->length == 0)
            buffer_append(error, out.bytes, out.length);
        buffer_release(&out);
        if (answer != GIT_REFUSED || !error->bytes || !strstr(error->bytes, "index.lock"))
            break;
        nanosleep(&PAUSE, NULL);
    }
    return answer;
}

/* git's last words, on a line, without its advice and without where it pushes to. */
static void put_words(const char *words, struct buffer *out)
{
    struct buffer line = {0};
    for (const char *at = words; *at; at += strspn(at, " \t\r\n")) {
        size_t length = strcspn(at, "\r\n");
        line.length = 0;
        buffer_append(&line, at, text_line_length(at, length));
        bool told = strncmp(line.bytes, "hint:", 5) != 0 && strncmp(line.bytes, "To ", 3) != 0;
        if (told)
            terminal_format(out, "%s%s", out->length ? "; " : "", line.bytes);
        at += length;
    }
    buffer_release(&line);
}

static bool say(const char *what, enum git_answer answer, const struct buffer *words,
                struct buffer *error)
{
    struct buffer told = {0};
    put_words(words->bytes ? words->bytes : "", &told);
    terminal_format(error, "%s: ", what);
    buffer_append_text(error, answer == GIT_MISSING ? "git cannot be run"
                              : told.length         ? told.bytes
                                                    : "git says no, and not why");
    buffer_release(&told);
    return false;
}

static bool has_identity(struct commit *commit)
{
    return ask(commit, (const char *const[]){"var", "GIT_COMMITTER_IDENT", NULL}) != NULL;
}

static bool do_commit(struct commit *commit, const char *message, const char *actor,
                      struct buffer *error)
{
    struct buffer names = {0}, words = {0};
    for (uint32_t i = 0; i < commit->count; i++)
        buffer_append(&names, commit->names[i], strlen(commit->names[i]) + 1);
    static const char *const add[] = {"add", "--all", "--pathspec-from-file=-",
                                      "--pathspec-file-nul", NULL};
    enum git_answer answer = run_git(commit, add, &names, &words);
    bool done = answer == GIT_DONE || say("not committed", answer, &words, error);
    /* A container often has no name for git, but it has an actor. */
    const char *name = arena_format(&commit->arena, "user.name=%s", actor);
    const char *const given[] = {"-c", name, "-c", "user.email=ffc@localhost"};
    const char *arguments[16];
    size_t count = 0;
    for (size_t i = 0; i < 4 && !has_identity(commit); i++)
        arguments[count++] = given[i];
    const char *const rest[] = {"commit",
                                "--quiet",
                                "--only",
                                "-m",
                                message,
                                "--pathspec-from-file=-",
                                "--pathspec-file-nul",
                                NULL};
    memcpy(arguments + count, rest, sizeof rest);
    if (done) {
        answer = run_git(commit, arguments, &names, &words);
        done = answer == GIT_DONE || say("not committed", answer, &words, error);
    }
    buffer_release(&names);
    buffer_release(&words);
    return done;
}

static bool push(struct commit *commit, struct buffer *error)
{
    struct buffer words = {0};
    const char *refs = arena_format(&commit->arena, "HEAD:%s", commit->branch);
    const char *const arguments[] = {"push", "--quiet", commit->remote, refs, NULL};
    enum git_answer answer = run_git(commit, arguments, NULL, &words);
    bool done = answer == GIT_DONE || say("committed, and not pushed", answer, &words, error);
    buffer_release(&words);
    return done;
}

bool commit_make(struct commit *commit, const char *subject, const char *reason, const char *actor,
                 bool *made, struct buffer *error)
{
    struct buffer message = {0};
    buffer_format(&message, "%s\n\n%s\n\nActor: %s\n", subject, reason, actor);
    (void)commit_add_new(commit);
    *made = do_commit(commit, message.bytes, actor, error);
    buffer_release(&message);
    return *made && (!commit->remote || push(commit, error));
}

bool commit_push_rest(struct commit *commit, bool *pushed, struct buffer *error)
{
    static const char heads[] = "refs/heads/";
    *pushed = false;
    if (!commit->remote || strncmp(commit->branch, heads, sizeof heads - 1) != 0)
        return true;
    const char *known = arena_format(&commit->arena, "refs/remotes/%s/%s", commit->remote,
                                     commit->branch + sizeof heads - 1);
    /* Of a remote that nothing was fetched from, nothing is known: pushing twice does no harm. */
    if (!ask(commit, (const char *const[]){"rev-parse", "--verify", "--quiet", known, NULL}))
        return push(commit, error);
    const char *range = arena_format(&commit->arena, "%s..HEAD", known);
    const char *ahead = ask(commit, (const char *const[]){"rev-list", "-n1", range, "--", NULL});
    *pushed = ahead && *ahead;
    return !*pushed || push(commit, error);
}

void commit_release(struct commit *commit)
{
    arena_release(&commit->arena);
}
