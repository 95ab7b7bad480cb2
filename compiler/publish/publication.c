/* publication.c - compiles, seals and publishes snapshots. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/cli/messages.h"
#include "compiler/base/buffer.h"
#include "compiler/base/calendar.h"
#include "compiler/base/escape.h"
#include "compiler/base/memory.h"
#include "compiler/files/durable.h"
#include "compiler/files/input.h"
#include "fflag.h"
#include "forgotten.h"
#include "occupant.h"
#include "publications.h"
#include "compiler/ledger/ledger.h"
#include "left_out.h"
#include "publication.h"
#include "compiler/files/publish.h"
#include "compiler/model/model.h"
#include "compiler/project/project.h"

#define MOST_SNAPSHOT ((size_t)1 << 30)

/* Identifies the file at the path, if it is a snapshot. */
static enum fflag_error look(const char *path, struct fflag_snapshot_info *info)
{
    fflag_store *store;
    struct fflag_options options = FFLAG_OPTIONS_INIT;
    options.no_thread = true;
    *info = (struct fflag_snapshot_info){.size = sizeof *info};
    enum fflag_error error = fflag_open(&store, path, &options);
    if (error)
        return error;
    const fflag_view *view = fflag_acquire(store);
    fflag_view_info(view, info);
    fflag_release(view);
    fflag_close(store);
    return FFLAG_OK;
}

/* Judges by its size alone, which is quick: whatever follows the snapshot is a signature. */
static bool looks_signed(const char *path)
{
    struct ffs_header header;
    struct stat status;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    bool is_signed = fd >= 0 && fstat(fd, &status) == 0 &&
                     pread(fd, &header, sizeof header, 0) == sizeof header &&
                     memcmp(header.magic, FFS_MAGIC, FFS_MAGIC_SIZE) == 0 &&
                     (uint64_t)status.st_size > header.file_size;
    if (fd >= 0)
        close(fd);
    return is_signed;
}

/* As it is in the file. */
struct made {
    struct buffer bytes; /* empty: nothing was published */
    int64_t time;
};

static void note_made(const struct publication *publication, const struct buffer *bytes)
{
    struct made *made = publication->made;
    made->bytes.length = 0;
    buffer_append(&made->bytes, bytes->bytes, bytes->length);
    made->time = clock_now();
}

static bool prepare(struct publication *publication, const char *path, const char *key,
                    struct buffer *error)
{
    struct occupant occupant;
    if (path && strcmp(path, "-") == 0) {
        buffer_append_text(error, "--build replaces a file, and '-' is not a file: name one");
        return false;
    }
    if (key && !secret_key_read(key, &publication->key, error))
        return false;
    bool replaceable = !path || occupant_look(&occupant, path, error);
    if (path && replaceable && key)
        occupant_warn_of_key(&occupant, path, publication->key.id);
    if (path)
        occupant_release(&occupant);
    if (path && replaceable && !key && looks_signed(path)) {
        buffer_format(
            error, "'%s' is signed, and services may require that: name the secret key with --sign",
            path);
        return false;
    }
    if (replaceable)
        publication->path = path;
    return replaceable;
}

void publication_release(struct publication *publication)
{
    secret_key_forget(&publication->key);
    if (publication->made)
        buffer_release(&publication->made->bytes);
    free(publication->made);
    publication->made = NULL;
}

bool publication_prepare(struct publication *publication, const char *path, const char *key,
                         struct buffer *error)
{
    *publication = (struct publication){.is_signed = key != NULL};
    publication->made = xcalloc(1, sizeof *publication->made);
    if (prepare(publication, path, key, error))
        return true;
    publication_release(publication);
    return false;
}

bool publication_fits(const struct publication *publication, const struct project *project,
                      const char *environment, struct buffer *error)
{
    return !publication->path ||
           occupant_check(publication->path, project->name, environment, error);
}

static bool is_sound(const char *path, struct buffer *error)
{
    struct fflag_snapshot_info info;
    enum fflag_error problem = look(path, &info);
    if (problem)
        buffer_format(error, "%s: %s", path, fflag_error_text(problem));
    return !problem;
}

static bool has_these_bytes(const char *path, const struct buffer *bytes)
{
    struct buffer old = {0};
    bool same = read_at(AT_FDCWD, path, bytes->length, &old) && old.length == bytes->length &&
                memcmp(old.bytes, bytes->bytes, old.length) == 0;
    buffer_release(&old);
    return same;
}

static void seal(const struct publication *publication, struct buffer *bytes)
{
    struct fflag_snapshot_info old;
    if (look(publication->path, &old) == FFLAG_OK)
        seal_generation(bytes, old.generation);
    if (publication->is_signed)
        seal_sign(bytes, &publication->key);
}

static bool put(const struct publication *publication, struct buffer *bytes, struct buffer *error)
{
    seal(publication, bytes);
    /* Whoever published these bytes may have failed to sync the name. */
    if (has_these_bytes(publication->path, bytes) && sync_name_of(publication->path))
        return true;
    bool done = publish_file(publication->path, bytes->bytes, bytes->length, is_sound, error);
    if (done)
        note_made(publication, bytes);
    return done;
}

/* ------------------------------------------------------------------------- what else differs -- */

#define MOST_NAMED 5

static void note_names(const char *what, const char *const *names, uint32_t count, const char *last)
{
    struct buffer list = {0};
    for (uint32_t i = 0; i < count && i < MOST_NAMED; i++)
        buffer_format(&list, "%s'%s'", i ? ", " : "", names[i]);
    if (count > MOST_NAMED)
        buffer_format(&list, " and %u more", count - MOST_NAMED);
    if (count)
        print_note("%s: %s differ%s %s", what, list.bytes, count == 1 ? "s" : "", last);
    buffer_release(&list);
}

/* The flags other than that one, if both can be compared. */
static uint32_t compare(struct patch *served, const struct buffer *bytes, const char *but,
                        const char ***names)
{
    struct patch compiled;
    struct buffer why = {0};
    uint32_t count = 0, kept = 0;
    if (patch_open(&compiled, bytes, &why))
        *names = patch_differences(served, &compiled, &count);
    for (uint32_t i = 0; i < count; i++)
        if (!but || strcmp((*names)[i], but) != 0)
            (*names)[kept++] = (*names)[i];
    patch_release(&compiled);
    buffer_release(&why);
    return kept;
}

void publication_note_differences(struct patch *patch, struct project *project)
{
    struct buffer bytes = {0};
    const char **names = NULL, *environment = patch_environment(patch);
    if (project->diagnostics.errors == 0 &&
        project_environment(project, environment) != UINT32_MAX &&
        project_compile(project, environment, NULL, 0, &bytes)) {
        uint32_t count = compare(patch, &bytes, NULL, &names);
        note_names("other edits are not published", names, count, "in the definitions");
    }
    buffer_release(&bytes);
}

void publication_note_rest(const struct publication *publication, const char *directory)
{
    struct project *project = project_load(directory, INT64_MIN);
    struct buffer why = {0};
    struct patch patch;
    uint32_t errors = project->diagnostics.errors;
    if (errors)
        print_note(
            "the definitions have %u error%s: until %s fixed, nothing else in them can be built",
            errors, errors == 1 ? "" : "s", errors == 1 ? "it is" : "they are");
    else if (publication_open(publication, &patch, &why))
        publication_note_differences(&patch, project);
    if (!errors)
        patch_release(&patch);
    buffer_release(&why);
    project_free(project);
}

bool publication_keeps_emergencies(const struct publication *publication,
                                   const struct project *project, struct buffer *error)
{
    struct buffer why = {0};
    struct patch patch;
    if (!publication->path)
        return true;
    char *id = publication_open(publication, &patch, &why)
                   ? forgotten_override(patch.labels, project, NULL)
                   : NULL;
    bool keeps = !id;
    if (id)
        forgotten_sentence(error, publication->path, id);
    patch_release(&patch);
    buffer_release(&why);
    free(id);
    return keeps;
}

/* ----------------------------------------------------------------------------------- publish -- */

static void warn_left_out(const struct publication *publication, const char *directory)
{
    uint32_t count = publication->path ? definitions_left_out(directory) : 0;
    if (count == 0)
        return;
    print_warning("%u file%s of definitions %s not in this sparse checkout, so %s flags are not in "
                  "'%s'",
                  count, count == 1 ? "" : "s", count == 1 ? "is" : "are",
                  count == 1 ? "its" : "their", publication->path);
    print_help("git sparse-checkout disable, then ffc build");
}

bool publication_publish(const struct publication *publication, const char *directory,
                         const char *environment, const char *flag, struct buffer *error)
{
    struct project *project = project_load(directory, INT64_MIN);
    struct buffer bytes = {0}, why = {0};
    struct patch served;
    const char **names = NULL;
    bool known = flag && publication_open(publication, &served, &why);
    bool built =
        project->diagnostics.errors == 0 && project_compile(project, environment, NULL, 0, &bytes);
    if (!built)
        buffer_format(error, "the definitions in %s do not compile", directory);
    else
        built = publication_fits(publication, project, environment, error) &&
                publication_keeps_emergencies(publication, project, error) &&
                put(publication, &bytes, error);
    if (built && known && strcmp(patch_environment(&served), environment) == 0) {
        uint32_t count = compare(&served, &bytes, flag, &names);
        note_names("other edits are published, too", names, count, "from what was served");
    }
    if (built && flag)
        warn_left_out(publication, directory);
    if (flag)
        patch_release(&served);
    buffer_release(&bytes);
    buffer_release(&why);
    project_free(project);
    return built;
}

bool publication_open(const struct publication *publication, struct patch *patch,
                      struct buffer *why)
{
    struct buffer bytes = {0};
    *patch = (struct patch){.labels = NULL};
    if (access(publication->path, F_OK) != 0 && errno == ENOENT) {
        buffer_append_text(why, "there is no such file yet");
        return false;
    }
    bool opened = read_at(AT_FDCWD, publication->path, MOST_SNAPSHOT, &bytes);
    if (!opened)
        buffer_append_text(why, input_error(errno));
    opened = opened && patch_open(patch, &bytes, why);
    buffer_release(&bytes);
    return opened;
}

bool publication_patch(const struct publication *publication, struct patch *patch,
                       struct buffer *error)
{
    struct buffer bytes = {0};
    bool done = patch_write(patch, &bytes, error);
    /* The generation is part of the bytes, and always differs from what was there. */
    if (done && publication->is_signed)
        seal_sign(&bytes, &publication->key);
    done = done && publish_file(publication->path, bytes.bytes, bytes.length, is_sound, error);
    if (done)
        note_made(publication, &bytes);
    buffer_release(&bytes);
    return done;
}

/* ------------------------------------------------------------------------------------ record -- */

static bool record_in_archive(const char *archive, const struct published *published,
                              const struct buffer *bytes, struct buffer *error)
{
    return archive_keep(archive, published, bytes, error) &&
           archive_note(archive, published, error);
}

static bool record(const struct publication *publication, struct ledger *ledger, const char *actor,
                   struct arena *arena, struct buffer *error)
{
    const struct made *made = publication->made;
    const char *directory = ledger->directory;
    struct published published = {.time = made->time};
    struct project *project = project_load_unproved(directory, INT64_MIN);
    const char *archive = project_archive(project, arena);
    bool listed = ledger->lock >= 0 && published_are_recorded(directory), recorded = true;
    if (archive || listed) {
        published_identify(&published, &made->bytes);
        published.environment = snapshot_environment(&made->bytes, arena);
        published.commit = published_commit(directory, arena);
    }
    if (archive)
        recorded = project_archive_is_inside(project, published.environment, error) &&
                   record_in_archive(archive, &published, &made->bytes, error);
    if (recorded && listed)
        recorded = published_record(ledger, &published, publication->path, actor, error);
    project_free(project);
    return recorded;
}

bool publication_record(const struct publication *publication, struct ledger *ledger,
                        const char *actor, struct buffer *error)
{
    struct arena arena = {0};
    struct buffer why = {0};
    if (!publication->made || publication->made->bytes.length == 0)
        return true;
    bool recorded = record(publication, ledger, actor, &arena, &why);
    if (!recorded)
        terminal_format(error, "'%s' is published, but not recorded: %s", publication->path,
                        why.bytes);
    buffer_release(&publication->made->bytes);
    buffer_release(&why);
    arena_release(&arena);
    return recorded;
}
