/* publications.c - see publications.h. */
#include "publications.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/base/buffer.h"
#include "compiler/base/calendar.h"
#include "compiler/base/scalar.h"
#include "compiler/base/escape.h"
#include "compiler/base/json.h"
#include "compiler/base/json_read.h"
#include "compiler/base/utf8.h"
#include "compiler/cli/messages.h"
#include "compiler/files/durable.h"
#include "compiler/files/git.h"
#include "compiler/files/input.h"
#include "compiler/files/publish.h"
#include "compiler/model/model.h"
#include "compiler/ledger/entry.h"
#include "fflag.h"
#include "fflag/snapshot.h"
#include "compiler/ledger/ledger.h"

#define MOST_RECORD ((size_t)1 << 30)

static bool fail(struct buffer *error, const char *what, const char *path)
{
    terminal_format(error, "cannot %s '%s': %s", what, path, strerror(errno));
    return false;
}

/* ---------------------------------------------------------------------------------- identity -- */

void published_identify(struct published *published, const struct buffer *snapshot)
{
    const struct ffs_header *header = (const struct ffs_header *)(const void *)snapshot->bytes;
    for (size_t i = 0; i < sizeof header->content_hash; i++)
        snprintf(published->build + 2 * i, 3, "%02x", header->content_hash[i]);
    published->generation = header->generation;
}

const char *snapshot_environment(const struct buffer *snapshot, struct arena *arena)
{
    const struct ffs_header *header = (const struct ffs_header *)(const void *)snapshot->bytes;
    const struct ffs_section *strings = ffs_find_section(header, FFS_STRINGS);
    const char *text =
        snapshot->bytes + strings->offset + (size_t)header->environment * 4 + sizeof(uint32_t);
    return arena_copy(arena, text, strlen(text));
}

bool published_are_recorded(const char *directory)
{
    struct ledger_entries entries = {0};
    struct buffer ignored = {0};
    bool recorded = false;
    if (ledger_read(directory, &entries, &ignored))
        for (uint32_t i = entries.count; i-- > 0 && !recorded;) {
            json_t *entry = ledger_json(&entries, i, PUBLISHED_VERDICT);
            const char *verdict = json_text_at(entry, "verdict");
            recorded = verdict && strcmp(verdict, PUBLISHED_VERDICT) == 0;
            json_decref(entry);
        }
    ledger_release(&entries);
    buffer_release(&ignored);
    return recorded;
}

static bool ends_with(const char *text, size_t length, const char *end)
{
    size_t size = strlen(end);
    return length >= size && memcmp(text + length - size, end, size) == 0;
}

/* What a publication itself leaves behind: `XY path` of git status. */
static bool may_differ(const char *status, const char *ledger)
{
    const char *path = status + 3;
    size_t length = strlen(path);
    bool is_new = strncmp(status, "??", 2) == 0;
    return strncmp(path, ledger, strlen(ledger)) == 0 ||
           (is_new && (ends_with(path, length, ".ffs") || ends_with(path, length, ".ndjson")));
}

const char *published_commit(const char *directory, struct arena *arena)
{
    static const char *const arguments[] = {
        "status", "--porcelain", "-z", "--untracked-files=all", "--no-renames", "--", ".", NULL};
    const char *commit, *prefix = git_prefix(directory, arena);
    struct buffer out = {0}, error = {0};
    if (!prefix || git_commit(directory, "HEAD", arena, &commit) != GIT_DONE || !commit)
        return NULL;
    const char *ledger = arena_format(arena, "%s%s%s/", prefix, *prefix ? "/" : "", LEDGER_FOLDER);
    bool same = git_run(directory, arguments, NULL, &out, &error) == GIT_DONE;
    for (size_t at = 0; same && at < out.length; at += strlen(out.bytes + at) + 1)
        same = strlen(out.bytes + at) > 3 && may_differ(out.bytes + at, ledger);
    buffer_release(&out);
    buffer_release(&error);
    return same ? commit : NULL;
}

const char *project_archive(const struct project *project, struct arena *arena)
{
    if (!project->archive)
        return NULL;
    return arena_format(arena, "%s/%s", project->directory, project->archive);
}

bool project_archive_is_inside(const struct project *project, const char *environment,
                               struct buffer *error)
{
    struct buffer path = {0};
    int directory = open_at(AT_FDCWD, project->directory, O_RDONLY | O_DIRECTORY, 0);
    bool inside = directory >= 0;
    buffer_format(&path, "%s/%s/", project->archive, environment);
    for (char *slash = strchr(path.bytes, '/'); inside && slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        inside = folder_is_inside(directory, path.bytes);
        if (inside)
            *slash = '/';
    }
    if (!inside && directory >= 0 && errno == ENOENT)
        inside = true; /* it is not there yet */
    if (!inside)
        terminal_format(error, "cannot write to '%s/%s': %s", project->directory, path.bytes,
                        errno == EXDEV ? input_error(errno) : strerror(errno));
    if (directory >= 0)
        close(directory);
    buffer_release(&path);
    return inside;
}

const char *archive_path(const char *archive, const char *environment, const char *build,
                         struct arena *arena)
{
    return arena_format(arena, "%s/%s/%s.ffs", archive, environment, build);
}

/* ----------------------------------------------------------------------------------- archive -- */

bool make_folders(const char *path, struct buffer *error)
{
    struct buffer upper = {0};
    bool made = true;
    for (const char *end = path; made && *end; end += strspn(end, "/")) {
        end += strcspn(end, "/");
        upper.length = 0;
        buffer_append(&upper, path, (size_t)(end - path));
        made = upper.length == 0 || mkdir(upper.bytes, 0777) == 0 || errno == EEXIST;
    }
    if (!made)
        fail(error, "create directory", upper.bytes);
    buffer_release(&upper);
    return made;
}

static bool is_sound(const char *path, struct buffer *error)
{
    fflag_store *store;
    struct fflag_options options = FFLAG_OPTIONS_INIT;
    options.no_thread = true;
    enum fflag_error problem = fflag_open(&store, path, &options);
    if (problem)
        terminal_format(error, "%s: %s", path, fflag_error_text(problem));
    else
        fflag_close(store);
    return !problem;
}

static bool is_kept(const char *path, const struct published *published)
{
    struct buffer bytes = {0}, ignored = {0};
    struct published found;
    bool kept = read_at(AT_FDCWD, path, MOST_RECORD, &bytes) &&
                bytes.length >= sizeof(struct ffs_header) && is_sound(path, &ignored);
    if (kept)
        published_identify(&found, &bytes);
    kept = kept && strcmp(found.build, published->build) == 0;
    buffer_release(&bytes);
    buffer_release(&ignored);
    return kept;
}

/* A directory of snapshots is this machine's, unless somebody removes what says so to git. */
static bool make_archive(const char *archive, const char *folder, struct arena *arena,
                         struct buffer *error)
{
    bool is_new = access(archive, F_OK) != 0;
    if (!make_folders(folder, error))
        return false;
    static const char ignored[] = "# snapshots, and when they were published\n*\n";
    int fd = is_new ? open(arena_format(arena, "%s/.gitignore", archive),
                           O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666)
                    : -1;
    if (fd >= 0) {
        (void)write_all(fd, ignored, sizeof ignored - 1);
        close(fd);
    }
    return true;
}

bool archive_keep(const char *archive, const struct published *published,
                  const struct buffer *snapshot, struct buffer *error)
{
    struct arena arena = {0};
    const char *path = archive_path(archive, published->environment, published->build, &arena);
    const char *folder = arena_format(&arena, "%s/%s", archive, published->environment);
    bool kept = make_archive(archive, folder, &arena, error) &&
                (is_kept(path, published) ||
                 publish_file(path, snapshot->bytes, snapshot->length, is_sound, error));
    arena_release(&arena);
    return kept;
}

/* ---------------------------------------------------------------------------------- the line -- */

static void write_fields(struct buffer *out, const struct published *published)
{
    field_text(out, "build", published->build);
    field_text(out, "commit", published->commit);
    if (published->generation)
        field_count(out, "generation", published->generation);
    else
        field_text(out, "generation", NULL);
}

static bool ends_line(int fd, bool *ends)
{
    char last = '\n';
    off_t size = lseek(fd, 0, SEEK_END);
    *ends = size <= 0 || (pread(fd, &last, 1, size - 1) == 1 && last == '\n');
    return size >= 0;
}

/* After a line that somebody was killed within, on a line of its own. */
static bool append(int fd, const struct buffer *line)
{
    bool ends;
    return TEMP_FAILURE_RETRY(flock(fd, LOCK_EX)) == 0 && ends_line(fd, &ends) &&
           write_all(fd, ends ? line->bytes + 1 : line->bytes, line->length - ends) &&
           sync_file(fd);
}

bool archive_note(const char *archive, const struct published *published, struct buffer *error)
{
    struct arena arena = {0};
    struct buffer line = {0};
    const char *folder = arena_format(&arena, "%s/%s", archive, published->environment);
    const char *path = arena_format(&arena, "%s/%s", folder, PUBLICATIONS_FILE);
    buffer_append_text(&line, "\n{");
    field_time(&line, "time", published->time);
    field_text(&line, "environment", published->environment);
    write_fields(&line, published);
    buffer_append_text(&line, "}\n");
    bool noted = make_folders(folder, error);
    int fd = noted ? open_at(AT_FDCWD, path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW, 0666) : -1;
    if (noted && (fd < 0 || !append(fd, &line) || !sync_names(AT_FDCWD, folder)))
        noted = fail(error, "append to", path);
    if (fd >= 0)
        close(fd);
    buffer_release(&line);
    arena_release(&arena);
    return noted;
}

bool published_record(struct ledger *ledger, const struct published *published, const char *path,
                      const char *actor, struct buffer *error)
{
    struct buffer entry = {0}, reason = {0};
    const struct entry_head head = {published->time, actor, NULL, published->environment};
    buffer_format(&reason, "%s was published", path);
    entry_begin(&entry, &head);
    entry_manual(&entry, PUBLISHED_VERDICT, reason.bytes);
    field_object(&entry, "publication");
    write_fields(&entry, published);
    buffer_append_text(&entry, "}");
    bool recorded = ledger_add(ledger, &entry, error) && ledger_is_certain(ledger, error);
    buffer_release(&entry);
    buffer_release(&reason);
    return recorded;
}

/* ----------------------------------------------------------------------------------- reading -- */

struct reading {
    struct publications *list;
    struct arena *arena;
    const char *environment;
};

static bool is_hex(const char *text, size_t least, size_t most)
{
    size_t length = text ? strspn(text, "0123456789abcdef") : 0;
    return text && !text[length] && length >= least && length <= most;
}

/* False: it is no publication. */
static bool add(struct reading *reading, const json_t *line, const json_t *fields)
{
    struct publication_time one = {.is_certain = true};
    const char *time = json_text_at(line, "time"), *build = json_text_at(fields, "build");
    const char *commit = json_text_at(fields, "commit");
    const char *environment = json_text_at(line, "environment");
    json_int_t generation = json_integer_value(json_object_get(fields, "generation"));
    if (!time || !parse_time(time, &one.from) || !environment || generation < 0 ||
        !is_hex(build, PUBLISHED_BUILD - 1, PUBLISHED_BUILD - 1))
        return false;
    if (strcmp(environment, reading->environment) != 0)
        return true;
    memcpy(one.build, build, sizeof one.build);
    if (is_hex(commit, 40, 64))
        one.commit = arena_copy(reading->arena, commit, strlen(commit));
    one.generation = (uint64_t)generation;
    one.order = reading->list->count;
    *ARENA_APPEND(reading->arena, reading->list->items, reading->list->count) = one;
    return true;
}

/* Whatever it was, it was published between its neighbours. */
static void doubt_last(struct publications *list, uint32_t before)
{
    if (list->count > before)
        list->items[list->count - 1].is_certain = false;
}

static void read_line(struct reading *reading, const char *path, uint64_t number, const char *text,
                      size_t length, bool is_whole)
{
    if (strspn(text, " \t\r\n") >= length)
        return;
    json_t *line = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
    if (!line || !add(reading, line, line)) {
        doubt_last(reading->list, 0);
        print_at((struct input_place){.path = path, .line = number}, MESSAGE_WARNING,
                 is_whole ? "it is no publication, and is left out: what was published then is not "
                            "known"
                          : "the last line is cut off, and is left out: what was published then is "
                            "not known");
    }
    json_decref(line);
}

/* Of several machines that add to one record, clocks differ by that much. */
#define CLOCKS_DIFFER INT64_C(10000)

struct set_back {
    uint64_t line; /* the first; 0: there is none */
    int64_t by;
    uint32_t count;
};

/* A line is added when its snapshot was published, and the clock says when that was. */
static void note_set_back(struct set_back *back, const struct publications *list, uint64_t line)
{
    const struct publication_time *last = list->items + list->count - 1;
    if (list->count < 2 || last->from >= last[-1].from - CLOCKS_DIFFER)
        return;
    if (back->count++ == 0) {
        back->line = line;
        back->by = last[-1].from - last->from;
    }
}

static void tell_set_back(struct arena *arena, const char *path, const struct set_back *back)
{
    if (back->count == 0)
        return;
    const char *others =
        back->count == 1 ? "" : arena_format(arena, ", as are %" PRIu32 " more", back->count - 1);
    print_at((struct input_place){.path = path, .line = back->line}, MESSAGE_WARNING,
             "it is of a time %s before that of the line above it%s: a clock was set back, or "
             "records were put together; their times say what was in force when",
             duration_text(arena, back->by), others);
}

static bool read_archive(struct reading *reading, const char *archive, struct buffer *error)
{
    struct buffer bytes = {0};
    const char *path =
        arena_format(reading->arena, "%s/%s/%s", archive, reading->environment, PUBLICATIONS_FILE);
    if (!read_at(AT_FDCWD, path, MOST_RECORD, &bytes)) {
        bool is_none = errno == ENOENT;
        if (!is_none)
            terminal_format(error, "cannot read '%s': %s", path, input_error(errno));
        buffer_release(&bytes);
        return is_none;
    }
    uint64_t number = 1;
    struct set_back back = {0};
    size_t begin = bytes.length ? text_mark(bytes.bytes, bytes.length) : 0;
    for (size_t at = begin; at < bytes.length; number++) {
        const char *text = bytes.bytes + at;
        const char *end = memchr(text, '\n', bytes.length - at);
        size_t length = end ? (size_t)(end - text) : bytes.length - at;
        uint32_t before = reading->list->count;
        read_line(reading, path, number, text, length, end != NULL);
        if (reading->list->count > before)
            note_set_back(&back, reading->list, number);
        at += length + 1;
    }
    tell_set_back(reading->arena, path, &back);
    buffer_release(&bytes);
    return true;
}

static bool read_ledger(struct reading *reading, const char *directory, struct buffer *error)
{
    const struct ledger_entries *entries = ledger_look(directory, error);
    for (uint32_t i = 0; entries && i < entries->count; i++) {
        json_t *entry = ledger_json(entries, i, PUBLISHED_VERDICT);
        const char *verdict = json_text_at(entry, "verdict");
        if (verdict && strcmp(verdict, PUBLISHED_VERDICT) == 0)
            (void)add(reading, entry, json_object_get(entry, "publication"));
        json_decref(entry);
    }
    return entries != NULL;
}

/* The build that a file of the archive is named by; false: it is another file. */
static bool build_of_name(const char *name, char build[PUBLISHED_BUILD])
{
    const size_t length = PUBLISHED_BUILD - 1;
    if (strlen(name) != length + 4 || strcmp(name + length, ".ffs") != 0)
        return false;
    memcpy(build, name, length);
    build[length] = '\0';
    return is_hex(build, length, length);
}

static bool is_listed(const struct publications *list, const char *build)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i].build, build) == 0)
            return true;
    return false;
}

/* A snapshot is kept before it is published: one that nothing names tells of a line that is lost,
 * or of a build that was killed between the two. */
static void tell_unlisted(const struct reading *reading, const char *archive)
{
    const char *folder = arena_format(reading->arena, "%s/%s", archive, reading->environment);
    char build[PUBLISHED_BUILD], least[PUBLISHED_BUILD] = "";
    uint32_t count = 0;
    int fd = open_at(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY, 0);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    if (!stream && fd >= 0)
        close(fd);
    for (const struct dirent *entry; stream && (entry = readdir(stream));) {
        if (!build_of_name(entry->d_name, build) || is_listed(reading->list, build))
            continue;
        count++;
        if (!*least || strcmp(build, least) < 0)
            memcpy(least, build, sizeof least);
    }
    if (stream)
        closedir(stream);
    if (count == 1)
        print_warning("'%s' keeps build %.12s, which no publication names: if it was published, "
                      "nothing says when, and the one before it is taken for it",
                      folder, least);
    else if (count > 1)
        print_warning("'%s' keeps %" PRIu32 " builds that no publication names, such as %.12s: if "
                      "they were published, nothing says when, and those before them are taken "
                      "for them",
                      folder, count, least);
}

static int by_time(const void *a, const void *b)
{
    const struct publication_time *one = a, *other = b;
    if (one->from != other->from)
        return one->from < other->from ? -1 : 1;
    return one->order < other->order ? -1 : 1;
}

static void join(struct publication_time *one, const struct publication_time *other)
{
    if (!one->commit)
        one->commit = other->commit;
    one->is_certain &= other->is_certain;
}

/* The same one in the archive, of what the ledger has; both are of one time. */
static struct publication_time *archived(const struct publications *list, uint32_t kept,
                                         const struct publication_time *one, uint32_t of_archive)
{
    if (one->order < of_archive)
        return NULL;
    for (struct publication_time *at = list->items + kept; at > list->items; at--)
        if (at[-1].from != one->from)
            break;
        else if (at[-1].order < of_archive && strcmp(at[-1].build, one->build) == 0)
            return at - 1;
    return NULL;
}

/* What is in the archive and in the ledger is one; so is a build that is published again. */
static void join_equal(struct publications *list, uint32_t of_archive)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        const struct publication_time *one = &list->items[i];
        struct publication_time *same = archived(list, kept, one, of_archive);
        if (!same && kept > 0 && strcmp(list->items[kept - 1].build, one->build) == 0)
            same = &list->items[kept - 1];
        if (same)
            join(same, one);
        else
            list->items[kept++] = *one;
    }
    list->count = kept;
}

bool publications_read(struct publications *publications, const char *archive,
                       const char *directory, const char *environment, struct arena *arena,
                       struct buffer *error)
{
    struct reading reading = {publications, arena, environment};
    *publications = (struct publications){0};
    if (archive && !read_archive(&reading, archive, error))
        return false;
    const uint32_t of_archive = publications->count;
    if (!read_ledger(&reading, directory, error))
        return false;
    if (archive)
        tell_unlisted(&reading, archive);
    if (publications->count > 0)
        qsort(publications->items, publications->count, sizeof *publications->items, by_time);
    join_equal(publications, of_archive);
    return true;
}
