/* workspace.c - see workspace.h. */
#include "workspace.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/base/memory.h"
#include "compiler/files/input.h"
#include "compiler/files/place.h"
#include "compiler/files/yaml.h"

#define MOST_REREAD 64 /* files, one by one; where more have changed, all are read again */

/* ---------------------------------------------------------------------------------- overlays -- */

static void free_overlay(struct overlay *overlay)
{
    live_text_release(&overlay->live);
    text_index_release(&overlay->index);
    free(overlay->name);
    free(overlay->path);
    free(overlay->uri);
    free(overlay);
}

static void remove_overlay(struct workspace *workspace, struct overlay *overlay)
{
    uint32_t at = 0;
    while (workspace->overlays[at] != overlay)
        at++;
    workspace->count--;
    memmove(workspace->overlays + at, workspace->overlays + at + 1,
            (workspace->count - at) * sizeof(struct overlay *));
    free_overlay(overlay);
}

static uint32_t parsed_number(const struct workspace *workspace, const char *name)
{
    const struct sources *sources = parsed_sources(workspace->parsed);
    for (uint32_t i = 0; i < sources->count; i++)
        if (strcmp(sources->items[i].name, name) == 0)
            return i;
    return UINT32_MAX;
}

static void set_text(struct overlay *overlay, uint32_t number, const char *text, size_t length)
{
    live_text_set(&overlay->live, number, text, length);
    text_index_make(&overlay->index, overlay->live.source.text, length);
}

/* Places have the number of their file: those of files that are on no disk come last. */
static void renumber(struct workspace *workspace)
{
    uint32_t next = parsed_sources(workspace->parsed)->count;
    for (uint32_t i = 0; i < workspace->count; i++) {
        struct overlay *overlay = workspace->overlays[i];
        uint32_t number = parsed_number(workspace, overlay->name);
        if (number == UINT32_MAX)
            number = next++;
        if (overlay->live.file == number || !overlay->live.source.text)
            continue;
        const struct source *source = &overlay->live.source;
        char *text = xcalloc(source->length + 1, 1);
        memcpy(text, source->text, source->length);
        set_text(overlay, number, text, source->length);
        free(text);
    }
}

struct overlay *workspace_overlay(const struct workspace *workspace, const char *name)
{
    for (uint32_t i = 0; i < workspace->count; i++)
        if (strcmp(workspace->overlays[i]->name, name) == 0)
            return workspace->overlays[i];
    return NULL;
}

static char *below(const char *directory, const char *name)
{
    struct buffer path = {0};
    buffer_format(&path, "%s/%s", strcmp(directory, "/") == 0 ? "" : directory, name);
    return path.bytes;
}

static struct overlay *new_overlay(struct workspace *workspace, const char *name)
{
    struct overlay *overlay = xcalloc(1, sizeof *overlay);
    overlay->name = strdup(name);
    if (!overlay->name)
        out_of_memory();
    overlay->path = below(workspace->directory, name);
    overlay->live.source.name = overlay->name;
    overlay->live.source.path = overlay->path;
    workspace->overlays =
        xrealloc(workspace->overlays, (workspace->count + 1u) * sizeof(struct overlay *));
    workspace->overlays[workspace->count++] = overlay;
    return overlay;
}

struct overlay *workspace_put(struct workspace *workspace, const char *name, const char *text,
                              size_t length)
{
    struct overlay *overlay = workspace_overlay(workspace, name);
    if (!overlay)
        overlay = new_overlay(workspace, name);
    uint32_t number =
        overlay->live.source.text ? overlay->live.file : parsed_number(workspace, name);
    set_text(overlay, number == UINT32_MAX ? 0 : number, text, length);
    renumber(workspace);
    return overlay;
}

/* -------------------------------------------------------------------------------------- disk -- */

static bool read_disk(const struct workspace *workspace, const char *name, struct buffer *text)
{
    struct stat status;
    int directory = open(workspace->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int fd = directory >= 0 ? input_open_inside(directory, name, &status) : -1;
    bool sound = fd >= 0 && input_read(fd, YAML_MAX_FILE + 1u, text);
    buffer_append(text, "", 0);
    if (fd >= 0)
        close(fd);
    if (directory >= 0)
        close(directory);
    return sound;
}

static void read_all(struct workspace *workspace)
{
    parsed_free(workspace->parsed);
    workspace->parsed = parsed_read(workspace->directory);
    for (uint32_t i = workspace->count; i-- > 0;)
        if (!workspace->overlays[i]->is_open)
            remove_overlay(workspace, workspace->overlays[i]);
    renumber(workspace);
}

/* Of a file that is not open: an overlay only if it differs from what was parsed. */
static void read_again(struct workspace *workspace, struct overlay *overlay, const char *name)
{
    struct buffer text = {0};
    uint32_t number = parsed_number(workspace, name);
    bool there = read_disk(workspace, name, &text);
    const struct source *parsed =
        number != UINT32_MAX ? &parsed_sources(workspace->parsed)->items[number] : NULL;
    bool same = there && parsed && parsed->length == text.length &&
                memcmp(parsed->text, text.bytes, text.length) == 0;
    if (!there && parsed)
        read_all(workspace);
    else if (!same && there)
        workspace_put(workspace, name, text.bytes, text.length);
    else if (overlay)
        remove_overlay(workspace, overlay);
    renumber(workspace);
    buffer_release(&text);
}

void workspace_revert(struct workspace *workspace, struct overlay *overlay)
{
    overlay->is_open = false;
    free(overlay->uri);
    overlay->uri = NULL;
    read_again(workspace, overlay, overlay->name);
}

/* What is to be read again. */
struct rereading {
    struct workspace *workspace;
    const char *names[MOST_REREAD];
    uint32_t count;
    bool all, any;
};

static void note_change(const char *path, enum mark_change change, void *user)
{
    struct rereading *rereading = user;
    struct workspace *workspace = rereading->workspace;
    const char *name = path + strlen(workspace->directory) + 1;
    const struct overlay *overlay = workspace_overlay(workspace, name);
    rereading->any = true; /* lists and the like are read as they are needed */
    if (!is_definition_path(name))
        return;
    bool known = parsed_number(workspace, name) != UINT32_MAX;
    if (change != MARK_CHANGED || !known)
        rereading->all |= !overlay || !overlay->is_open || known || change == MARK_NEW;
    else if (overlay && overlay->is_open)
        return;
    else if (rereading->count == MOST_REREAD)
        rereading->all = true;
    else
        rereading->names[rereading->count++] = name;
}

bool workspace_refresh(struct workspace *workspace)
{
    struct rereading rereading = {.workspace = workspace};
    struct file_marks now = {.count = 0};
    file_marks_read(&now, workspace->directory, &workspace->changes);
    file_marks_each_change(&workspace->marks, &now, note_change, &rereading);
    if (workspace->count + rereading.count > 2 * MOST_REREAD)
        rereading.all = true;
    if (rereading.all)
        read_all(workspace);
    for (uint32_t i = 0; !rereading.all && i < rereading.count; i++)
        read_again(workspace, workspace_overlay(workspace, rereading.names[i]), rereading.names[i]);
    file_marks_release(&workspace->marks);
    workspace->marks = now;
    return rereading.any;
}

void workspace_open(struct workspace *workspace, const char *directory)
{
    *workspace = (struct workspace){.directory = strdup(directory)};
    if (!workspace->directory)
        out_of_memory();
    changes_open(&workspace->changes);
    /* What changes while it is read is noticed after. */
    file_marks_read(&workspace->marks, workspace->directory, &workspace->changes);
    workspace->parsed = parsed_read(workspace->directory);
}

void workspace_close(struct workspace *workspace)
{
    for (uint32_t i = 0; i < workspace->count; i++)
        free_overlay(workspace->overlays[i]);
    free(workspace->overlays);
    parsed_free(workspace->parsed);
    file_marks_release(&workspace->marks);
    changes_close(&workspace->changes);
    free(workspace->directory);
    *workspace = (struct workspace){.count = 0};
}

/* ------------------------------------------------------------------------------------- names -- */

/* What of `path` is below the directory; NULL: it is elsewhere. */
static const char *rest_below(const char *path, const char *directory)
{
    size_t length = strlen(directory);
    if (strcmp(directory, "/") == 0)
        return path[0] == '/' ? path + 1 : NULL;
    return strncmp(path, directory, length) == 0 && path[length] == '/' ? path + length + 1 : NULL;
}

/* By another way to the directory: an editor may have come through a link. */
static char *name_by_real_path(const struct workspace *workspace, const char *path)
{
    char directory[PATH_MAX], folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    char *parent = slash ? strndup(path, (size_t)(slash - path) + 1) : NULL;
    char *name = NULL;
    if (parent && realpath(parent, folder) && realpath(workspace->directory, directory)) {
        struct buffer real = {0};
        buffer_format(&real, "%s/%s", strcmp(folder, "/") == 0 ? "" : folder, slash + 1);
        const char *rest = rest_below(real.bytes, directory);
        name = rest ? strdup(rest) : NULL;
        buffer_release(&real);
    }
    free(parent);
    return name;
}

char *workspace_name(const struct workspace *workspace, const char *path)
{
    const char *rest = rest_below(path, workspace->directory);
    char *name = rest ? strdup(rest) : name_by_real_path(workspace, path);
    if (name && is_definition_path(name) && !strstr(name, "//") && !strstr(name, "/../") &&
        strncmp(name, "../", 3) != 0)
        return name;
    free(name);
    return NULL;
}

/* ------------------------------------------------------------------------------------- files -- */

struct file_text *workspace_texts(const struct workspace *workspace, struct arena *arena,
                                  uint32_t *count)
{
    struct file_text *texts = ARENA_ARRAY(arena, struct file_text, workspace->count + 1u);
    for (uint32_t i = 0; i < workspace->count; i++) {
        const struct overlay *overlay = workspace->overlays[i];
        texts[i] = (struct file_text){overlay->name, overlay->live.source.text,
                                      overlay->live.source.length, &overlay->live};
    }
    *count = workspace->count;
    return texts;
}

uint32_t workspace_file_count(const struct workspace *workspace)
{
    uint32_t count = parsed_sources(workspace->parsed)->count, all = count;
    for (uint32_t i = 0; i < workspace->count; i++)
        all += workspace->overlays[i]->live.file >= count;
    return all;
}

static struct workspace_file file_of(struct overlay *overlay)
{
    return (struct workspace_file){overlay->name,
                                   overlay->path,
                                   overlay->live.source.text,
                                   overlay->live.source.length,
                                   overlay->live.document.root,
                                   overlay};
}

struct workspace_file workspace_file(const struct workspace *workspace, uint32_t number)
{
    for (uint32_t i = 0; i < workspace->count; i++)
        if (workspace->overlays[i]->live.file == number)
            return file_of(workspace->overlays[i]);
    const struct source *source = &parsed_sources(workspace->parsed)->items[number];
    return (struct workspace_file){source->name,
                                   source->path,
                                   source->text,
                                   source->length,
                                   parsed_root(workspace->parsed, number),
                                   NULL};
}

bool workspace_find(const struct workspace *workspace, const char *name,
                    struct workspace_file *file)
{
    struct overlay *overlay = workspace_overlay(workspace, name);
    uint32_t number = overlay ? 0 : parsed_number(workspace, name);
    if (overlay)
        *file = file_of(overlay);
    else if (number != UINT32_MAX)
        *file = workspace_file(workspace, number);
    return overlay || number != UINT32_MAX;
}

void workspace_uri(const struct workspace *workspace, const struct workspace_file *file,
                   struct buffer *out)
{
    (void)workspace;
    if (file->overlay && file->overlay->uri)
        buffer_append_text(out, file->overlay->uri);
    else
        uri_append(out, file->path);
}
