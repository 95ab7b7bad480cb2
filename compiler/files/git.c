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

enum git_answer git_run(const char *directory, const char *const *arguments,
                        const struct buffer *input, struct buffer *out, struct buffer *error)
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
        return GIT_MISSING;
    }
    if (child == 0)
        become_git(pipes[0][0], pipes[1][1], pipes[2][1], list);
    close_stream(&pipes[0][0]);
    close_stream(&pipes[1][1]);
    close_stream(&pipes[2][1]);
    struct streams streams = {pipes[0][1], pipes[1][0], pipes[2][0], input, 0};
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
    sigaction(SIGPIPE, &ignore, &before);
    exchange(&streams, out, error);
    sigaction(SIGPIPE, &before, NULL);
    buffer_append(out, "", 0);
    return answer_of(child);
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

bool git_is_shallow(const char *directory)
{
    struct arena arena = {0};
    const char *line;
    const char *const arguments[] = {"rev-parse", "--is-shallow-repository", NULL};
    ask_line(directory, arguments, &arena, &line);
    bool shallow = line && strcmp(line, "true") == 0;
    arena_release(&arena);
    return shallow;
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
    struct git_files *files;
    struct tree_entry *entries;
    size_t count;
    struct table words; /* in definitions: ends of paths that they may name */
    int place;
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

static bool is_definition(const char *path)
{
    size_t length = strlen(path);
    return length > 5 && strcmp(path + length - 5, ".yaml") == 0;
}

/* What is left of a path after its last folder, and of that after its last blank. */
static const char *last_word(const char *path)
{
    const char *word = path;
    for (; *path; path++)
        if (strchr("/ \"'", *path))
            word = path + 1;
    return word;
}

#define BETWEEN_WORDS " \t\r\n\"'[]{},:#/"

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

static bool keep_path(struct tree *tree, const char *path)
{
    *ARENA_APPEND(&tree->files->arena, tree->files->paths, tree->files->count) =
        arena_copy(&tree->files->arena, path, strlen(path));
    return true;
}

static bool fail(struct tree *tree, const char *path)
{
    terminal_format(tree->error, "cannot write '%s' into '%s': %s", path, tree->files->place,
                    strerror(errno));
    return false;
}

static bool is_plain_name(const char *name, size_t length)
{
    return length > 0 && !(length == 1 && name[0] == '.') &&
           !(length == 2 && name[0] == '.' && name[1] == '.');
}

/* Opens the folder that a file is in, made as far as it is not there; never through a link. -1:
 * failed, or -2 for a path that is none. */
static int open_folder(struct tree *tree, const char *path, const char **name)
{
    int folder = dup(tree->place);
    const char *at = path;
    for (const char *slash; folder >= 0 && (slash = strchr(at, '/')); at = slash + 1) {
        char part[256];
        size_t length = (size_t)(slash - at);
        int inner = -2;
        if (is_plain_name(at, length) && length < sizeof part) {
            memcpy(part, at, length);
            part[length] = '\0';
            if (mkdirat(folder, part, 0700) == 0)
                keep_path(tree, arena_copy(&tree->files->arena, path, (size_t)(slash - path)));
            inner = open_at(folder, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
        }
        close(folder);
        folder = inner;
    }
    *name = at;
    if (folder >= 0 && !is_plain_name(at, strlen(at))) {
        close(folder);
        return -2;
    }
    return folder;
}

static bool write_entry(struct tree *tree, const struct tree_entry *entry, const char *bytes,
                        size_t length)
{
    const char *name;
    int folder = open_folder(tree, entry->path, &name);
    if (folder == -2)
        return true; /* no file system has such a name, and no definition can */
    if (folder < 0)
        return fail(tree, entry->path);
    bool done;
    if (entry->is_link) {
        const char *target = arena_copy(&tree->files->arena, bytes, length);
        done = symlinkat(target, folder, name) == 0;
    } else {
        int fd = open_at(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
        done = fd >= 0 && write_all(fd, bytes, length);
        if (fd >= 0)
            close(fd);
    }
    close(folder);
    return done ? keep_path(tree, entry->path) : fail(tree, entry->path);
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
    if (is_definition(entry->path))
        note_words(tree, line + 1, size);
    return write_entry(tree, entry, line + 1, size);
}

/* Those that are definitions, or the others that definitions may name. */
static bool is_wanted(const struct tree *tree, const struct tree_entry *entry, bool definitions)
{
    if (is_definition(entry->path) || definitions)
        return is_definition(entry->path) && definitions;
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

static bool make_place(struct tree *tree)
{
    const char *base = getenv("TMPDIR");
    char *path = arena_format(&tree->files->arena, "%s/ffc-XXXXXX", base && *base ? base : "/tmp");
    if (!mkdtemp(path)) {
        terminal_format(tree->error, "cannot make a folder for a revision's files, '%s': %s", path,
                        strerror(errno));
        return false;
    }
    tree->files->place = path;
    tree->place = open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
    return tree->place >= 0 || fail(tree, ".");
}

bool git_write_files(const char *directory, const char *commit, const char *folder,
                     struct git_files *files, bool *found, struct buffer *error)
{
    *files = (struct git_files){.place = NULL};
    struct tree tree = {.files = files, .place = -1, .error = error};
    bool others;
    *found = false;
    bool fine = list_tree(&tree, directory, commit, folder);
    for (size_t i = 0; i < tree.count; i++)
        *found |= is_definition(tree.entries[i].path);
    if (fine && *found)
        fine = make_place(&tree) && fetch(&tree, directory, true, &others) &&
               fetch(&tree, directory, false, &others);
    if (tree.place >= 0)
        close(tree.place);
    if (!fine && error->length == 0)
        buffer_append_text(error, "git could not be run");
    return fine;
}

void git_forget(struct git_files *files)
{
    int place = files->place ? open(files->place, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    for (size_t i = files->count; place >= 0 && i-- > 0;)
        if (unlinkat(place, files->paths[i], 0) != 0)
            unlinkat(place, files->paths[i], AT_REMOVEDIR);
    if (place >= 0)
        close(place);
    if (files->place)
        rmdir(files->place);
    arena_release(&files->arena);
    *files = (struct git_files){.place = NULL};
}
