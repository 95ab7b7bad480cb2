/*
 * read_files.c - finds, reads and parses the definition files of a project.
 *
 * Names are listed first, in path order; then workers take files from that list, a few at a time.
 * Each worker has its own arena and list of diagnostics, which the project adopts at the end. The
 * result does not depend on which worker read what, because diagnostics are sorted by place.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/diagnostics/diagnose.h"
#include "compiler/base/arena.h"
#include "compiler/base/parallel.h"
#include "compiler/base/table.h"
#include "compiler/files/durable.h"
#include "compiler/files/input.h"
#include "compiler/files/place.h"
#include "policy_file.h"
#include "read_checks.h"
#include "read_files.h"
#include "reader.h"

#define FILES_AT_ONCE 32u /* fewer are not worth a thread */

/* ----------------------------------------------------------------------------- finding files -- */

static uint32_t add_source(struct reader *reader, const char *name)
{
    struct project *project = reader->project;
    struct source *source =
        ARENA_APPEND(reader->arena, project->sources.items, project->sources.count);
    bool here = strcmp(project->directory, ".") == 0;
    source->path = here ? name : arena_format(reader->arena, "%s/%s", project->directory, name);
    if (!*name)
        source->path = project->directory;
    source->name = name;
    source->text = NULL;
    return project->sources.count - 1;
}

static void report_directory(struct reader *reader, const char *prefix, int error)
{
    uint32_t file = add_source(reader, prefix);
    reader->project->sources.items[file].text = "";
    reader->incomplete = true;
    diagnose(reader->diagnostics, FF0403, WHOLE_FILE(file), "this directory cannot be read: %s",
             input_error(error));
    if (error == EXDEV)
        diagnose_help(
            reader->diagnostics,
            "copy what is in it into the project, or add --allow-outside DIR for where it leads");
    else if (!*prefix)
        diagnose_help(reader->diagnostics, "name the project's directory with -C DIR");
}

static int compare_texts(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

struct failure {
    const char *path;
    int error;
};

/* Directories are visited once each, whichever links lead there, and those without links first: a
 * definition is shown by the path that git knows. */
struct walk {
    struct reader *reader;
    int root;
    struct table seen; /* directories, by device and inode */
    const char **links;
    uint32_t link_count;
    struct failure *failures; /* reported last: sources are sorted before */
    uint32_t failure_count;
};

static bool is_seen(struct walk *walk, const struct stat *status)
{
    struct arena *arena = walk->reader->arena;
    const char *key = arena_format(arena, "%llx:%llx", (unsigned long long)status->st_dev,
                                   (unsigned long long)status->st_ino);
    return table_add(&walk->seen, arena, key, walk->reader) != NULL;
}

/* Whether a directory of this name stands here, and whether by a link. */
static bool is_folder(int directory, const struct dirent *found, bool *link)
{
    struct stat status;
    *link = false;
    if (found->d_type != DT_LNK && found->d_type != DT_UNKNOWN)
        return found->d_type == DT_DIR;
    *link = fstatat(directory, found->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISLNK(status.st_mode);
    return fstatat(directory, found->d_name, &status, 0) == 0 && S_ISDIR(status.st_mode);
}

/* Folders end in a slash: path order is the order of whole paths as bytes. */
static const char **list_names(struct walk *walk, DIR *stream, const char *prefix, uint32_t *count)
{
    struct arena *arena = walk->reader->arena;
    const char **names = NULL;
    for (struct dirent *found; (found = readdir(stream));) {
        const char *name = found->d_name;
        bool link;
        if (is_hidden_name(name))
            continue;
        bool folder = is_folder(dirfd(stream), found, &link);
        if (folder && link)
            *ARENA_APPEND(arena, walk->links, walk->link_count) =
                arena_format(arena, "%s%s/", prefix, name);
        else if (folder || is_definition(name))
            *ARENA_APPEND(arena, names, *count) = arena_format(arena, folder ? "%s/" : "%s", name);
    }
    if (*count)
        qsort(names, *count, sizeof *names, compare_texts);
    return names;
}

static void fail(struct walk *walk, const char *path, int error)
{
    *ARENA_APPEND(walk->reader->arena, walk->failures, walk->failure_count) =
        (struct failure){path, error};
}

static void find_files(struct walk *walk, int parent, const char *entry, const char *prefix)
{
    int fd = open_at(parent, entry, O_RDONLY | O_DIRECTORY, 0);
    struct stat status;
    bool inside = fd >= 0 && fstat(fd, &status) == 0 && input_is_inside(walk->root, fd);
    DIR *stream = inside && !is_seen(walk, &status) ? fdopendir(fd) : NULL;
    if (!stream) {
        if (!inside)
            fail(walk, prefix, fd < 0 ? errno : EXDEV);
        if (fd >= 0)
            close(fd);
        return;
    }
    uint32_t count = 0;
    const char **names = list_names(walk, stream, prefix, &count);
    for (uint32_t i = 0; i < count; i++) {
        const char *path = arena_format(walk->reader->arena, "%s%s", prefix, names[i]);
        if (names[i][strlen(names[i]) - 1] == '/')
            find_files(walk, fd, names[i], path);
        else
            add_source(walk->reader, path);
    }
    closedir(stream);
}

static int compare_sources(const void *left, const void *right)
{
    return strcmp(((const struct source *)left)->name, ((const struct source *)right)->name);
}

static void find_all_files(struct reader *reader, int root)
{
    struct walk walk = {.reader = reader, .root = root};
    find_files(&walk, root, ".", "");
    for (uint32_t i = 0; i < walk.link_count; i++) /* which may lead to more of them */
        find_files(&walk, root, walk.links[i], walk.links[i]);
    struct sources *sources = &reader->project->sources;
    if (walk.link_count && sources->count)
        qsort(sources->items, sources->count, sizeof *sources->items, compare_sources);
    for (uint32_t i = 0; i < walk.failure_count; i++)
        report_directory(reader, walk.failures[i].path, walk.failures[i].error);
}

/* Shown under the path as given: it need not be inside the directory. */
static void add_policy(struct reader *reader)
{
    const struct policy_file *policy = reader->policy;
    uint32_t file = add_source(reader, policy->path);
    struct source *source = &reader->project->sources.items[file];
    source->path = policy->path;
    source->text = policy->text;
    source->length = policy->length;
}

/* ----------------------------------------------------------------------------- reading files -- */

/* One worker's state; the project adopts it at the end. */
struct file_reader {
    struct arena arena;
    struct diagnostics diagnostics;
};

/* Each document and each source belongs to one worker while they run. */
struct reading {
    struct sources *sources;
    struct document *documents;
    int directory;
    struct file_reader readers[MOST_WORKERS];
};

static void report_unreadable(struct diagnostics *diagnostics, uint32_t file, int error)
{
    diagnose(diagnostics, FF0401, WHOLE_FILE(file), "this file cannot be read: %s",
             input_error(error));
    if (error == EXDEV)
        diagnose_help(
            diagnostics,
            "copy the file into the project, or add --allow-outside DIR for where it leads");
}

static bool read_bytes(int fd, size_t size, char *text, size_t *length)
{
    ssize_t got = 1;
    while (*length < size && (got = read(fd, text + *length, size - *length)) != 0) {
        if (got < 0 && errno != EINTR)
            break;
        *length += got > 0 ? (size_t)got : 0;
    }
    return got >= 0;
}

static bool read_source(struct file_reader *reader, struct source *source, int directory,
                        uint32_t file)
{
    struct stat status;
    source->text = "";
    int fd = input_open_inside(directory, source->name, &status);
    if (fd < 0) {
        report_unreadable(&reader->diagnostics, file, errno);
        return false;
    }
    /* Reading one byte more than the limit shows that the file is too large. */
    size_t size = (size_t)status.st_size;
    if (size > YAML_MAX_FILE)
        size = YAML_MAX_FILE + 1;
    char *text = arena_text(&reader->arena, size);
    bool sound = read_bytes(fd, size, text, &source->length);
    if (!sound)
        report_unreadable(&reader->diagnostics, file, errno);
    close(fd);
    source->text = text;
    return sound;
}

static void read_document(void *context, uint32_t worker, uint32_t file)
{
    struct reading *reading = context;
    struct file_reader *reader = &reading->readers[worker];
    struct document *document = &reading->documents[file];
    struct source *source = &reading->sources->items[file];
    /* A directory that cannot be read has an entry here, with its diagnostic. */
    document->complete =
        source->text != NULL || read_source(reader, source, reading->directory, file);
    if (source->length)
        document->root = yaml_read(reading->sources, file, &reader->arena, &reader->diagnostics,
                                   &document->complete);
    document->allows_none = source->text && !allows_warnings(source);
}

static struct document *read_found(struct reader *reader, int directory)
{
    struct sources *sources = &reader->project->sources;
    struct reading reading = {
        .sources = sources,
        .documents = ARENA_ARRAY(reader->arena, struct document, sources->count),
        .directory = directory,
    };
    for (uint32_t i = 0; i < MOST_WORKERS; i++)
        reading.readers[i].diagnostics =
            (struct diagnostics){.arena = &reading.readers[i].arena, .sources = sources};
    parallel_for(sources->count, FILES_AT_ONCE, read_document, &reading);
    for (uint32_t i = 0; i < MOST_WORKERS; i++) {
        diagnostics_append(reader->diagnostics, &reading.readers[i].diagnostics);
        arena_adopt(reader->arena, &reading.readers[i].arena);
    }
    for (uint32_t i = 0; i < sources->count; i++)
        reader->incomplete |= !reading.documents[i].complete;
    return reading.documents;
}

struct document *read_files(struct reader *reader, const char *directory)
{
    struct project *project = reader->project;
    char *place = project_place(directory);
    project->directory = arena_copy(reader->arena, place, strlen(place));
    free(place);
    int root = open_at(AT_FDCWD, project->directory, O_RDONLY | O_DIRECTORY, 0);
    if (root >= 0)
        find_all_files(reader, root);
    else
        report_directory(reader, "", errno);
    if (reader->policy)
        add_policy(reader);
    struct document *documents = read_found(reader, root);
    if (reader->policy)
        put_policy(reader, documents, project->sources.count);
    if (root >= 0)
        close(root);
    return documents;
}

struct document *read_text_as_file(struct reader *reader, const char *name, const char *text,
                                   size_t length)
{
    uint32_t file = add_source(reader, name);
    struct source *source = &reader->project->sources.items[file];
    source->text = arena_copy(reader->arena, text, length);
    source->length = length;
    return read_found(reader, -1);
}
