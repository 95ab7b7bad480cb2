/* file_edits.c - see file_edits.h. */
#include "file_edits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/base/buffer.h"
#include "compiler/base/json.h"
#include "compiler/base/json_read.h"
#include "compiler/files/durable.h"
#include "compiler/files/edit.h"
#include "compiler/files/input.h"
#include "compiler/files/publish.h"
#include "compiler/files/yaml.h"

/* ------------------------------------------------------------------------------------- entry -- */

static void hash_field(struct buffer *out, const char *key, const char *text, size_t length)
{
    char hash[LEDGER_HASH];
    if (text)
        ledger_hash(text, length, hash);
    field_text(out, key, text ? hash : NULL);
}

void file_edits_entry(const struct file_edit *edits, uint32_t count, struct buffer *out)
{
    field_array(out, "files");
    for (uint32_t i = 0; i < count; i++) {
        const struct file_edit *edit = &edits[i];
        json_write_comma(out);
        buffer_append_text(out, "{");
        field_text(out, "file", edit->name);
        hash_field(out, "before", edit->source ? edit->source->text : NULL,
                   edit->source ? edit->source->length : 0);
        hash_field(out, "after", edit->text ? edit->text->bytes : NULL,
                   edit->text ? edit->text->length : 0);
        buffer_append_text(out, "}");
    }
    buffer_append_text(out, "]");
}

/* The texts of several files, for whoever has to complete them. */
static void write_texts(const struct file_edit *edits, uint32_t count, struct buffer *out)
{
    buffer_append_text(out, "{");
    for (uint32_t i = 0; i < count; i++)
        if (edits[i].text)
            field_text(out, edits[i].name, edits[i].text->bytes);
    buffer_append_text(out, "}");
}

/* ------------------------------------------------------------------------------------- files -- */

static void path_of(const char *directory, const char *name, struct buffer *path)
{
    buffer_format(path, "%s/%s", directory, name);
}

/* Makes the folders of a path below the project; those that are there stay. */
static bool make_folders(const char *directory, const char *name, struct buffer *error)
{
    struct buffer path = {0};
    int project = open_at(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY, 0);
    bool made = project >= 0;
    buffer_append_text(&path, name);
    for (char *at = strchr(path.bytes, '/'); made && at; at = strchr(at + 1, '/')) {
        *at = '\0';
        made = folder_make(project, path.bytes) >= 0;
        if (made)
            *at = '/';
    }
    if (!made)
        buffer_format(error, "cannot write to the folder '%s/%s': %s", directory, path.bytes,
                      errno == EXDEV ? input_error(errno) : strerror(errno));
    if (project >= 0)
        close(project);
    buffer_release(&path);
    return made;
}

/* Keeps the mode of one that is there. */
static enum replaced write_new(const char *directory, const char *name, const struct buffer *text,
                               struct buffer *error)
{
    struct buffer path = {0};
    path_of(directory, name, &path);
    enum replaced done =
        make_folders(directory, name, error) ? edit_create(path.bytes, text, error) : REPLACED_NOT;
    buffer_release(&path);
    return done;
}

static enum replaced remove_one(const char *directory, const char *name, struct buffer *error)
{
    struct buffer path = {0}, folder = {0};
    enum replaced done = REPLACED_NOT;
    path_of(directory, name, &path);
    path_of(directory, name, &folder);
    *strrchr(folder.bytes, '/') = '\0';
    int project = open_at(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY, 0);
    const char *below = folder.bytes + strlen(directory);
    if (project >= 0 && folder_is_inside(project, *below ? below + 1 : "."))
        done = remove_file(path.bytes, folder.bytes, error);
    else
        buffer_format(error, "cannot remove '%s': %s", path.bytes,
                      errno == EXDEV ? input_error(errno) : strerror(errno));
    if (project >= 0)
        close(project);
    buffer_release(&path);
    buffer_release(&folder);
    return done;
}

static enum replaced make_one(const char *directory, const struct file_edit *edit,
                              struct buffer *error)
{
    if (!edit->text)
        return remove_one(directory, edit->name, error);
    return edit->source ? edit_write(edit->source, edit->text, error)
                        : write_new(directory, edit->name, edit->text, error);
}

/* Somebody else may have edited one meanwhile, or made a file of that name. */
static bool is_as_read(const char *directory, const struct file_edit *edit, struct buffer *error)
{
    if (edit->source)
        return source_is_current(edit->source, error);
    struct buffer path = {0};
    struct stat status;
    path_of(directory, edit->name, &path);
    bool free = lstat(path.bytes, &status) != 0 && errno == ENOENT;
    if (!free)
        buffer_format(error, "'%s' is there already", path.bytes);
    buffer_release(&path);
    return free;
}

/* Of several, after one failed: the others as they were. What cannot be put back stays put aside,
 * for the next run to complete. */
static bool put_back(const char *directory, const struct file_edit *edits, uint32_t count)
{
    bool back = true;
    struct buffer ignored = {0};
    for (uint32_t i = 0; i < count; i++) {
        const struct source *source = edits[i].source;
        const struct buffer old = {.bytes = source ? (char *)(uintptr_t)source->text : NULL,
                                   .length = source ? source->length : 0};
        back &= (source ? write_new(directory, edits[i].name, &old, &ignored)
                        : remove_one(directory, edits[i].name, &ignored)) != REPLACED_NOT;
    }
    buffer_release(&ignored);
    return back;
}

bool file_edits_make(struct ledger *ledger, const struct file_edit *edits, uint32_t count,
                     const struct buffer *entry, struct buffer *error)
{
    struct buffer texts = {0};
    const char *directory = ledger->directory;
    for (uint32_t i = 0; i < count; i++)
        if (!is_as_read(directory, &edits[i], error))
            return false;
    struct todo todo = {.aside = ASIDE_EDIT, .file = edits[0].name};
    if (count > 1) {
        write_texts(edits, count, &texts);
        todo = (struct todo){.aside = ASIDE_FILES, .text = &texts};
    }
    bool prepared = ledger_prepare(ledger, entry, &todo, error);
    buffer_release(&texts);
    if (!prepared)
        return false;
    enum replaced done = REPLACED_SAFELY;
    uint32_t made = 0;
    while (made < count) {
        struct buffer why = {0};
        enum replaced one = make_one(directory, &edits[made], &why);
        if (one != REPLACED_SAFELY && error->length == 0)
            buffer_append(error, why.bytes ? why.bytes : "", why.length);
        buffer_release(&why);
        done = one < done ? one : done;
        if (one == REPLACED_NOT)
            break;
        made++;
    }
    if (done == REPLACED_NOT && made > 0 && !put_back(directory, edits, made)) {
        buffer_append_text(error, "; the next command completes what was begun");
        *ledger->aside = '\0';
        return false;
    }
    return ledger_edited(ledger, done, error);
}

/* ---------------------------------------------------------------------------------- recovery -- */

#define MOST_FILE ((size_t)32 << 20)

/* Whether a file has the bytes of that hash; NULL: there is none. */
static bool has_hash(const char *directory, const char *name, const char *hash)
{
    struct buffer path = {0}, text = {0};
    char found[LEDGER_HASH];
    path_of(directory, name, &path);
    bool there = read_at(AT_FDCWD, path.bytes, MOST_FILE, &text);
    if (there)
        ledger_hash(text.bytes ? text.bytes : "", text.length, found);
    buffer_release(&path);
    buffer_release(&text);
    return hash ? there && strcmp(found, hash) == 0 : !there;
}

/* Whoever sends a change of the definitions could put something aside in it, too. */
static bool is_below(const char *name)
{
    return name && *name && name[0] != '/' && name[0] != '.' && !strstr(name, "/.");
}

enum file_edits_state file_edits_look(const char *directory, const json_t *entry)
{
    size_t i, before = 0, after = 0;
    const json_t *files = json_object_get(entry, "files"), *file;
    json_array_foreach(files, i, file)
    {
        const char *name = json_text_at(file, "file");
        if (!is_below(name))
            return FILES_OTHER;
        if (has_hash(directory, name, json_text_at(file, "after")))
            after++;
        else if (has_hash(directory, name, json_text_at(file, "before")))
            before++;
        else
            return FILES_OTHER;
    }
    return before == 0 ? FILES_AFTER : after == 0 ? FILES_BEFORE : FILES_PARTLY;
}

bool file_edits_complete(const char *directory, const json_t *entry, const json_t *todo,
                         struct buffer *error)
{
    const char *texts = json_text_at(todo, "text");
    json_t *by_name = texts ? json_loads(texts, 0, NULL) : NULL;
    size_t i;
    bool done = by_name != NULL;
    const json_t *file;
    json_array_foreach(json_object_get(entry, "files"), i, file)
    {
        const char *name = json_text_at(file, "file");
        const char *text = by_name ? json_text_at(by_name, name) : NULL;
        const char *after = json_text_at(file, "after");
        if (!done || has_hash(directory, name, after))
            continue;
        const struct buffer bytes = {.bytes = (char *)(uintptr_t)text,
                                     .length = text ? strlen(text) : 0};
        done = after ? text && write_new(directory, name, &bytes, error) != REPLACED_NOT
                     : remove_one(directory, name, error) != REPLACED_NOT;
    }
    json_decref(by_name);
    return done;
}
