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
#include "compiler/files/durable.h"
#include "compiler/files/place.h"
#include "policy_file.h"
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
             strerror(error));
    if (!*prefix)
        diagnose_help(reader->diagnostics, "name the project's directory with -C DIR");
}

static int compare_texts(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* The open directories, innermost first: a link back to one of them is not followed. */
struct ancestor {
    dev_t device;
    ino_t inode;
    const struct ancestor *parent;
};

static bool is_ancestor(const struct ancestor *ancestor, int fd, struct stat *status)
{
    if (fstat(fd, status) != 0)
        return false;
    while (ancestor && (ancestor->device != status->st_dev || ancestor->inode != status->st_ino))
        ancestor = ancestor->parent;
    return ancestor != NULL;
}

/* Folders end in a slash, so that path order is the byte order of whole paths. */
static const char **list_names(struct reader *reader, DIR *stream, uint32_t *count)
{
    const char **names = NULL;
    for (struct dirent *found; (found = readdir(stream));) {
        const char *name = found->d_name;
        if (name[0] == '.' || name[0] == '_')
            continue;
        bool folder = found->d_type == DT_DIR;
        if (found->d_type == DT_LNK || found->d_type == DT_UNKNOWN) {
            struct stat status;
            folder = fstatat(dirfd(stream), name, &status, 0) == 0 && S_ISDIR(status.st_mode);
        }
        if (folder || is_definition(name))
            *ARENA_APPEND(reader->arena, names, *count) =
                arena_format(reader->arena, folder ? "%s/" : "%s", name);
    }
    if (*count)
        qsort(names, *count, sizeof *names, compare_texts);
    return names;
}

static void find_files(struct reader *reader, int parent, const char *entry, const char *prefix,
                       const struct ancestor *ancestors)
{
    int fd = open_at(parent, entry, O_RDONLY | O_DIRECTORY, 0);
    struct stat status;
    if (fd >= 0 && is_ancestor(ancestors, fd, &status)) {
        close(fd);
        return;
    }
    DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
    if (!stream) {
        report_directory(reader, prefix, errno);
        if (fd >= 0)
            close(fd);
        return;
    }
    const struct ancestor self = {status.st_dev, status.st_ino, ancestors};
    uint32_t count = 0;
    const char **names = list_names(reader, stream, &count);
    for (uint32_t i = 0; i < count; i++) {
        const char *path = arena_format(reader->arena, "%s%s", prefix, names[i]);
        if (names[i][strlen(names[i]) - 1] == '/')
            find_files(reader, fd, names[i], path, &self);
        else
            add_source(reader, path);
    }
    closedir(stream);
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

static void report_unreadable(struct diagnostics *diagnostics, uint32_t file, const char *why)
{
    diagnose(diagnostics, FF0401, WHOLE_FILE(file), "this file cannot be read: %s", why);
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
    source->text = "";
    /* Do not block on a FIFO named like a definition file. */
    int fd = open_at(directory, source->name, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0) {
        report_unreadable(&reader->diagnostics, file, strerror(errno));
        if (fd >= 0)
            close(fd);
        return false;
    }
    if (!S_ISREG(status.st_mode)) {
        report_unreadable(&reader->diagnostics, file, "it is not a regular file");
        close(fd);
        return false;
    }
    /* Reading one byte more than the limit shows that the file is too large. */
    size_t size = (size_t)status.st_size;
    if (size > YAML_MAX_FILE)
        size = YAML_MAX_FILE + 1;
    char *text = arena_text(&reader->arena, size);
    bool sound = read_bytes(fd, size, text, &source->length);
    if (!sound)
        report_unreadable(&reader->diagnostics, file, strerror(errno));
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
    find_files(reader, AT_FDCWD, project->directory, "", NULL);
    int root = open_at(AT_FDCWD, project->directory, O_RDONLY | O_DIRECTORY, 0);
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
