/* git.c - see git.h. */
#include "git.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/base/table.h"
#include "durable.h"
#include "place.h"

#define MOST_OUTPUT    (UINT64_C(1) << 30) /* bytes of a revision's files */
#define MOST_COMPLAIN  4096
#define MOST_ARGUMENTS 32

/* ------------------------------------------------------------------------------- the program -- */

struct streams {
    int in, out, error; /* this side of git's three; -1: closed */
    const struct buffer *input;
    size_t written;
};

static void close_stream(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void write_some(struct streams *streams)
{
    ssize_t count = write(streams->in, streams->input->bytes + streams->written,
                          streams->input->length - streams->written);
    if (count > 0)
        streams->written += (size_t)count;
    if ((count < 0 && errno != EAGAIN && errno != EINTR) ||
        streams->written == streams->input->length)
        close_stream(&streams->in);
}

static void read_some(int *fd, size_t most, struct buffer *out)
{
    static char bytes[65536];
    ssize_t count = read(*fd, bytes, sizeof bytes);
    if (count > 0 && out->length < most)
        buffer_append(out, bytes, (size_t)count);
    if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR))
        close_stream(fd);
}

/* All three at once: git may want to write before it has read all. */
static void exchange(struct streams *streams, struct buffer *out, struct buffer *error)
{
    if (!streams->input || streams->input->length == 0)
        close_stream(&streams->in);
    else
        fcntl(streams->in, F_SETFL, O_NONBLOCK);
    while (streams->out >= 0 || streams->error >= 0 || streams->in >= 0) {
        struct pollfd polled[] = {
            {streams->in, POLLOUT, 0}, {streams->out, POLLIN, 0}, {streams->error, POLLIN, 0}};
        if (poll(polled, 3, -1) < 0 && errno != EINTR)
            break;
        if (polled[0].revents)
            write_some(streams);
        if (polled[1].revents)
            read_some(&streams->out, MOST_OUTPUT, out);
        if (polled[2].revents)
            read_some(&streams->error, MOST_COMPLAIN, error);
    }
}

/* In the child. */
static _Noreturn void become_git(int in, int out, int error, const char *const *arguments)
{
    char *list[MOST_ARGUMENTS];
    size_t count = 0;
    for (; arguments[count]; count++)
        list[count] = (char *)(uintptr_t)arguments[count];
    list[count] = NULL;
    if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(error, 2) < 0)
        _exit(127);
    signal(SIGPIPE, SIG_DFL);
    setenv("GIT_OPTIONAL_LOCKS", "0", 1);
    setenv("GIT_TERMINAL_PROMPT", "0", 1);
    setenv("GIT_NO_REPLACE_OBJECTS", "1", 1);
    setenv("GIT_LITERAL_PATHSPECS", "1", 1);
    setenv("LC_ALL", "C", 1);
    execvp("git", list);
    _exit(127);
}

static bool open_pipes(int pipes[3][2])
{
    for (int i = 0; i < 3; i++)
        pipes[i][0] = pipes[i][1] = -1;
    for (int i = 0; i < 3; i++)
        if (pipe2(pipes[i], O_CLOEXEC) != 0)
            return false;
    return true;
}

static void close_pipes(int pipes[3][2])
{
    for (int i = 0; i < 3; i++) {
        close_stream(&pipes[i][0]);
        close_stream(&pipes[i][1]);
    }
}

static enum git_answer answer_of(pid_t child)
{
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return GIT_MISSING;
    if (!WIFEXITED(status) || WEXITSTATUS(status) == 127)
        return GIT_MISSING;
    return WEXITSTATUS(status) == 0 ? GIT_DONE : GIT_REFUSED;
}

/* Its stdin, stdout and stderr are the three of `streams`. Below 0: it could not be started. */
static pid_t start(const char *directory, const char *const *arguments, struct streams *streams)
{
    const char *list[MOST_ARGUMENTS] = {"git",     "--no-pager", "-C",
                                        directory, "-c",         "core.fsmonitor=false"};
    size_t count = 6;
    for (size_t i = 0; arguments[i] && count + 1 < MOST_ARGUMENTS; i++)
        list[count++] = arguments[i];
    int pipes[3][2];
    pid_t child = open_pipes(pipes) ? fork() : -1;
    if (child < 0) {
        close_pipes(pipes);
        return -1;
    }
    if (child == 0)
        become_git(pipes[0][0], pipes[1][1], pipes[2][1], list);
    close_stream(&pipes[0][0]);
    close_stream(&pipes[1][1]);
    close_stream(&pipes[2][1]);
    *streams = (struct streams){.in = pipes[0][1], .out = pipes[1][0], .error = pipes[2][0]};
    return child;
}

enum git_answer git_run(const char *directory, const char *const *arguments,
                        const struct buffer *input, struct buffer *out, struct buffer *error)
{
    struct streams streams;
    pid_t child = start(directory, arguments, &streams);
    if (child < 0)
        return GIT_MISSING;
    streams.input = input;
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
    sigaction(SIGPIPE, &ignore, &before);
    exchange(&streams, out, error);
    sigaction(SIGPIPE, &before, NULL);
    buffer_append(out, "", 0);
    return answer_of(child);
}

/* ----------------------------------------------------------------------------------- objects -- */

bool git_objects_open(struct git_objects *objects, const char *directory)
{
    static const char *const arguments[] = {"cat-file", "--batch", NULL};
    struct streams streams;
    *objects = (struct git_objects){.child = start(directory, arguments, &streams), -1, -1, -1};
    if (objects->child < 0)
        return false;
    objects->in = streams.in;
    objects->out = streams.out;
    objects->error = streams.error;
    return true;
}

/* Reads until `wanted` bytes are there, or a line, whose length is returned. 0: git has ended. */
static size_t read_until(struct git_objects *objects, size_t wanted, bool line)
{
    struct buffer *got = &objects->got;
    static char bytes[65536];
    for (;;) {
        const char *end = line && got->length ? memchr(got->bytes, '\n', got->length) : NULL;
        if (end)
            return (size_t)(end + 1 - got->bytes);
        if (!line && got->length >= wanted)
            return wanted;
        ssize_t count = read(objects->out, bytes, sizeof bytes);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return 0;
        buffer_append(got, bytes, (size_t)count);
    }
}

/* A write to a git that has ended must not end this program. What is asked for at once fits into a
 * pipe, so that neither waits for the other. */
bool git_objects_ask(struct git_objects *objects, const char *const *ids, size_t count)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
    struct buffer lines = {0};
    for (size_t i = 0; i < count; i++)
        buffer_format(&lines, "%s\n", ids[i]);
    sigaction(SIGPIPE, &ignore, &before);
    bool done = objects->child >= 0 && write_all(objects->in, lines.bytes, lines.length);
    sigaction(SIGPIPE, &before, NULL);
    buffer_release(&lines);
    return done;
}

bool git_objects_next(struct git_objects *objects, struct git_bytes *object)
{
    struct buffer *got = &objects->got;
    *object = (struct git_bytes){.bytes = ""};
    if (objects->used) {
        got->bytes[objects->used - 1] = '\n';
        memmove(got->bytes, got->bytes + objects->used, got->length - objects->used);
        got->length -= objects->used;
        objects->used = 0;
    }
    size_t length = read_until(objects, 0, true);
    /* "ID TYPE SIZE\n", the bytes, "\n"; or "ID missing\n". */
    const char *blank = length ? memchr(got->bytes, ' ', length) : NULL;
    const char *second =
        blank ? memchr(blank + 1, ' ', length - (size_t)(blank + 1 - got->bytes)) : NULL;
    if (!second) {
        objects->used = length;
        return false;
    }
    size_t size = strtoull(second + 1, NULL, 10);
    if (size > MOST_OUTPUT || !read_until(objects, length + size + 1, false))
        return false;
    objects->used = length + size + 1;
    object->bytes = got->bytes + length;
    object->length = size;
    got->bytes[length + size] = '\0';
    return true;
}

bool git_object(struct git_objects *objects, const char *id, struct git_bytes *object)
{
    *object = (struct git_bytes){.bytes = ""};
    return git_objects_ask(objects, &id, 1) && git_objects_next(objects, object);
}

void git_objects_close(struct git_objects *objects)
{
    close_stream(&objects->in);
    close_stream(&objects->out);
    close_stream(&objects->error);
    if (objects->child > 0)
        answer_of(objects->child);
    buffer_release(&objects->got);
    objects->child = -1;
}

/* --------------------------------------------------------------------------------- revisions -- */

/* A line that git prints, without its end; NULL in *line if it refuses. */
static enum git_answer ask_line(const char *directory, const char *const *arguments,
                                struct arena *arena, const char **line)
{
    struct buffer out = {0}, error = {0};
    enum git_answer answer = git_run(directory, arguments, NULL, &out, &error);
    *line = NULL;
    if (answer == GIT_DONE)
        *line = arena_copy(arena, out.bytes, strcspn(out.bytes, "\n"));
    buffer_release(&out);
    buffer_release(&error);
    return answer;
}

enum git_answer git_commit(const char *directory, const char *revision, struct arena *arena,
                           const char **commit)
{
    *commit = NULL;
    if (!*revision || *revision == '-')
        return GIT_REFUSED;
    const char *named = arena_format(arena, "%s^{commit}", revision);
    const char *const arguments[] = {"rev-parse",        "--verify", "--quiet",
                                     "--end-of-options", named,      NULL};
    return ask_line(directory, arguments, arena, commit);
}

enum git_answer git_merge_base(const char *directory, const char *one, const char *other,
                               struct arena *arena, const char **commit)
{
    const char *const arguments[] = {"merge-base", one, other, NULL};
    return ask_line(directory, arguments, arena, commit);
}

static bool says_true(const char *directory, const char *const *arguments)
{
    struct arena arena = {0};
    const char *line;
    ask_line(directory, arguments, &arena, &line);
    bool is = line && strcmp(line, "true") == 0;
    arena_release(&arena);
    return is;
}

bool git_is_shallow(const char *directory)
{
    return says_true(directory,
                     (const char *const[]){"rev-parse", "--is-shallow-repository", NULL});
}

bool git_is_sparse(const char *directory)
{
    return says_true(directory, (const char *const[]){"config", "--type=bool", "--get",
                                                      "core.sparseCheckout", NULL});
}

const char *git_prefix(const char *directory, struct arena *arena)
{
    const char *line;
    const char *const arguments[] = {"rev-parse", "--show-prefix", NULL};
    ask_line(directory, arguments, arena, &line);
    size_t length = line ? strlen(line) : 0;
    if (length && line[length - 1] == '/')
        return arena_copy(arena, line, length - 1);
    return line;
}

/* ------------------------------------------------------------------------------------- files -- */

/* An entry of `git ls-tree`. */
struct tree_entry {
    const char *id;
    const char *path; /* below the folder */
    bool is_link;
};

struct tree {
    struct scratch *files;
    struct tree_entry *entries;
    size_t count;
    struct table words; /* in definitions: ends of paths that they may name */
    struct buffer *error;
};

/* "100644 blob 1234… \tpath". Whatever else a tree may have, such as a submodule, is left out. */
static void read_entry(struct tree *tree, const char *line)
{
    struct arena *arena = &tree->files->arena;
    const char *path = strchr(line, '\t');
    bool is_file = strncmp(line, "100644 blob ", 12) == 0 || strncmp(line, "100755 blob ", 12) == 0;
    bool is_link = strncmp(line, "120000 blob ", 12) == 0;
    if (!path || (!is_file && !is_link))
        return;
    struct tree_entry *entry = ARENA_APPEND(arena, tree->entries, tree->count);
    *entry = (struct tree_entry){arena_copy(arena, line + 12, strcspn(line + 12, " \t")),
                                 arena_copy(arena, path + 1, strlen(path + 1)), is_link};
}

static bool list_tree(struct tree *tree, const char *directory, const char *commit,
                      const char *folder)
{
    struct buffer out = {0};
    struct arena *arena = &tree->files->arena;
    const char *root =
        *folder ? arena_format(arena, "%s:%s", commit, folder) : arena_format(arena, "%s:", commit);
    const char *const arguments[] = {"ls-tree", "-r", "-z", "--full-tree", root, NULL};
    enum git_answer answer = git_run(directory, arguments, NULL, &out, tree->error);
    for (size_t at = 0; answer == GIT_DONE && at < out.length; at += strlen(out.bytes + at) + 1)
        read_entry(tree, out.bytes + at);
    buffer_release(&out);
    /* It is no folder there. */
    if (answer == GIT_REFUSED)
        tree->error->length = 0;
    return answer != GIT_MISSING;
}

static void note_words(struct tree *tree, const char *text, size_t length)
{
    struct arena *arena = &tree->files->arena;
    const char *end = text + length;
    while (text < end) {
        size_t word = strcspn(text, BETWEEN_WORDS);
        if (word > (size_t)(end - text))
            word = (size_t)(end - text);
        const char *copy = word ? arena_copy(arena, text, word) : NULL;
        if (copy && !table_get(&tree->words, copy))
            (void)table_add(&tree->words, arena, copy, tree);
        text += word + 1;
    }
}

/* "ID blob SIZE\n", the bytes, "\n". */
static bool take_blob(struct tree *tree, const struct tree_entry *entry, const struct buffer *out,
                      size_t *at)
{
    const char *header = out->bytes + *at;
    const char *line = memchr(header, '\n', out->length - *at);
    const char *blob = line ? memmem(header, (size_t)(line - header), " blob ", 6) : NULL;
    char *end = NULL;
    unsigned long long size = blob ? strtoull(blob + 6, &end, 10) : 0;
    size_t left = line ? out->length - (size_t)(line + 1 - out->bytes) : 0;
    if (!blob || end != line || size >= left) {
        terminal_format(tree->error, "git has no file '%s' any more", entry->path);
        return false;
    }
    *at = (size_t)(line + 1 - out->bytes) + size + 1;
    if (is_definition_path(entry->path))
        note_words(tree, line + 1, size);
    if (entry->is_link)
        return scratch_link(tree->files, entry->path, line + 1, size, tree->error);
    return scratch_write(tree->files, entry->path, line + 1, size, tree->error);
}

/* Those that are definitions, or the others that definitions may name. */
static bool is_wanted(const struct tree *tree, const struct tree_entry *entry, bool definitions)
{
    if (is_definition_path(entry->path) || definitions)
        return is_definition_path(entry->path) && definitions;
    return entry->is_link || table_get(&tree->words, last_word(entry->path));
}

static bool fetch(struct tree *tree, const char *directory, bool definitions, bool *found)
{
    struct buffer ids = {0}, out = {0};
    for (size_t i = 0; i < tree->count; i++)
        if (is_wanted(tree, &tree->entries[i], definitions))
            buffer_format(&ids, "%s\n", tree->entries[i].id);
    bool fine = true;
    *found = ids.length > 0;
    if (*found) {
        static const char *const arguments[] = {"cat-file", "--batch", NULL};
        fine = git_run(directory, arguments, &ids, &out, tree->error) == GIT_DONE;
        size_t at = 0;
        for (size_t i = 0; fine && i < tree->count; i++)
            if (is_wanted(tree, &tree->entries[i], definitions))
                fine = take_blob(tree, &tree->entries[i], &out, &at);
    }
    buffer_release(&ids);
    buffer_release(&out);
    return fine;
}

bool git_write_files(const char *directory, const char *commit, const char *folder,
                     struct scratch *files, bool *found, struct buffer *error)
{
    *files = (struct scratch){.folder = -1};
    struct tree tree = {.files = files, .error = error};
    bool others;
    *found = false;
    bool fine = list_tree(&tree, directory, commit, folder);
    for (size_t i = 0; i < tree.count; i++)
        *found |= is_definition_path(tree.entries[i].path);
    if (fine && *found)
        fine = scratch_open(files, error) && fetch(&tree, directory, true, &others) &&
               fetch(&tree, directory, false, &others);
    if (!fine && error->length == 0)
        buffer_append_text(error, "git could not be run");
    return fine;
}
