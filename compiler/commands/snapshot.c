/* snapshot.c - opens a snapshot for a command. */
#include "snapshot.h"

#include "compiler/base/buffer.h"
#include "commands.h"

#include <jansson.h>
#include <string.h>

#include "compiler/base/json.h"
#include "compiler/base/file.h"

/* Services map snapshots on small machines; anything larger is not a snapshot of flags. */
#define MAX_STDIN (1u << 30)

struct recorder {
    const char *path; /* NULL: from memory */
    struct buffer *problem;
};

/* The library names the file by its resolved path; the command uses the path as given. */
static const char *without_path(const char *text, const char *path)
{
    const char *slash = path ? strrchr(path, '/') : NULL;
    const char *base = slash ? slash + 1 : path;
    const char *found = base ? strstr(text, base) : NULL;
    size_t length = found ? strlen(base) : 0;
    return found && !strncmp(found + length, ": ", 2) ? found + length + 2 : text;
}

static void record(void *user, enum fflag_event event, enum fflag_error error, const char *text)
{
    (void)error;
    const struct recorder *recorder = user;
    if (event != FFLAG_EVENT_REJECTED)
        return;
    recorder->problem->length = 0;
    buffer_append_text(recorder->problem, without_path(text, recorder->path));
}

static enum fflag_error opened(struct snapshot *snapshot, enum fflag_error error,
                               struct buffer *problem)
{
    if (error) {
        if (!problem->length)
            buffer_append_text(problem, fflag_error_text(error));
        return error;
    }
    snapshot->view = fflag_acquire(snapshot->store);
    snapshot->info.size = sizeof snapshot->info;
    fflag_view_info(snapshot->view, &snapshot->info);
    return FFLAG_OK;
}

static enum fflag_error open_memory(struct snapshot *snapshot, const struct buffer *bytes,
                                    const char *const *keys, struct buffer *problem)
{
    struct recorder recorder = {NULL, problem};
    struct fflag_options options = FFLAG_OPTIONS_INIT;
    options.log = record;
    options.log_user = &recorder;
    options.trusted_keys = keys;
    options.require_signature = keys != NULL;
    *snapshot = (struct snapshot){0};
    return opened(snapshot,
                  fflag_open_memory(&snapshot->store, bytes->bytes, bytes->length, &options),
                  problem);
}

enum fflag_error snapshot_open_memory(struct snapshot *snapshot, const struct buffer *bytes,
                                      struct buffer *problem)
{
    return open_memory(snapshot, bytes, NULL, problem);
}

enum fflag_error snapshot_open_signed(struct snapshot *snapshot, const char *path,
                                      const char *const *keys, struct buffer *problem)
{
    *snapshot = (struct snapshot){0};
    if (!strcmp(path, "-")) {
        struct buffer bytes = {0};
        enum fflag_error error = FFLAG_ERROR_IO;
        if (read_file(path, MAX_STDIN, &bytes, problem))
            error = open_memory(snapshot, &bytes, keys, problem);
        buffer_release(&bytes);
        return error;
    }
    struct recorder recorder = {path, problem};
    struct fflag_options options = FFLAG_OPTIONS_INIT;
    options.no_thread = true;
    options.log = record;
    options.log_user = &recorder;
    options.trusted_keys = keys;
    options.require_signature = keys != NULL;
    return opened(snapshot, fflag_open(&snapshot->store, path, &options), problem);
}

enum fflag_error snapshot_open(struct snapshot *snapshot, const char *path, struct buffer *problem)
{
    return snapshot_open_signed(snapshot, path, NULL, problem);
}

void snapshot_close(struct snapshot *snapshot)
{
    if (snapshot->view)
        fflag_release(snapshot->view);
    fflag_close(snapshot->store);
    *snapshot = (struct snapshot){0};
}

bool is_unsound(enum fflag_error error)
{
    return (error >= FFLAG_ERROR_TRUNCATED && error <= FFLAG_ERROR_MALFORMED) ||
           (error >= FFLAG_ERROR_UNSIGNED && error <= FFLAG_ERROR_SIGNATURE);
}

bool snapshot_signature(const struct snapshot *snapshot, struct ffs_signature *signature,
                        const char **comment)
{
    if (!snapshot->info.signed_by[0])
        return false;
    const char *at = (const char *)snapshot->info.bytes + snapshot->info.length;
    memcpy(signature, at, sizeof *signature);
    *comment = at + sizeof *signature;
    return true;
}

const struct ffs_header *snapshot_header(const struct snapshot *snapshot)
{
    return snapshot->info.bytes;
}

const void *snapshot_section(const struct snapshot *snapshot, uint32_t id, size_t *size)
{
    const struct ffs_section *section = ffs_find_section(snapshot->info.bytes, id);
    *size = section ? section->size : 0;
    return section ? (const char *)snapshot->info.bytes + section->offset : NULL;
}

const char *snapshot_string(const struct snapshot *snapshot, ffs_string string)
{
    size_t size;
    const char *strings = snapshot_section(snapshot, FFS_STRINGS, &size);
    return string == FFS_NONE ? NULL : strings + (size_t)string * 4 + sizeof(uint32_t);
}

void write_json_text(const char *text, struct buffer *out)
{
    json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
    if (value)
        json_write_document(out, text, strlen(text));
    else
        json_write_string(out, text);
    json_decref(value);
}

#define SECTION(name) \
    case FFS_##name:  \
        return #name;

const char *section_name(uint32_t id)
{
    switch ((enum ffs_section_id)id) {
        SECTION(STRINGS)
        SECTION(ATTRIBUTES)
        SECTION(FLAGS)
        SECTION(NAMES)
        SECTION(VARIANTS)
        SECTION(CODE)
        SECTION(SPLITS)
        SECTION(RANGES)
        SECTION(RAMPS)
        SECTION(SETS)
        SECTION(NETWORKS)
        SECTION(AUTOMATA)
        SECTION(TAGS)
        SECTION(KEYS)
        SECTION(ZONES)
        SECTION(PEOPLE)
        SECTION(LABELS)
        SECTION(OVERRIDES)
    }
    return NULL;
}

bool verify_snapshot(const char *path, struct buffer *error)
{
    struct snapshot snapshot;
    struct buffer problem = {0};
    bool sound = snapshot_open(&snapshot, path, &problem) == FFLAG_OK;
    if (!sound)
        buffer_format(error, "what was written is not a sound snapshot: %s", problem.bytes);
    snapshot_close(&snapshot);
    buffer_release(&problem);
    return sound;
}
