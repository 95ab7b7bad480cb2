/* place.c - see place.h. */
#include "place.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "compiler/base/buffer.h"

static bool has_ending(const char *name, const char *ending)
{
    size_t length = strlen(name), tail = strlen(ending);
    return length > tail && strcmp(name + length - tail, ending) == 0;
}

bool is_hidden_name(const char *name)
{
    return name[0] == '.' || name[0] == '_';
}

bool is_hidden_path(const char *path)
{
    const char *name = path;
    for (const char *slash; (slash = strchr(name, '/')); name = slash + 1)
        if (is_hidden_name(name))
            return true;
    return is_hidden_name(name);
}

bool is_definition(const char *name)
{
    return !is_hidden_name(name) && (has_ending(name, ".yaml") || has_ending(name, ".yml"));
}

bool is_definition_path(const char *path)
{
    const char *slash = strrchr(path, '/');
    return !is_hidden_path(path) && is_definition(slash ? slash + 1 : path);
}

const char *last_word(const char *path)
{
    const char *word = path;
    for (; *path; path++)
        if (strchr("/ \"'", *path))
            word = path + 1;
    return word;
}

static bool holds_definitions(const char *directory)
{
    DIR *stream = opendir(directory);
    bool found = false;
    for (struct dirent *entry; stream && !found && (entry = readdir(stream));)
        found = is_definition(entry->d_name);
    if (stream)
        closedir(stream);
    return found;
}

static const char *default_directory(void)
{
    struct stat status;
    bool there = stat("flags", &status) == 0 && S_ISDIR(status.st_mode);
    return !there && holds_definitions(".") ? "." : "flags";
}

char *project_place(const char *directory)
{
    if (!directory)
        directory = default_directory();
    size_t length = strlen(directory);
    while (length > 1 && directory[length - 1] == '/')
        length--;
    struct buffer place = {0};
    buffer_append(&place, directory, length);
    return place.bytes;
}
