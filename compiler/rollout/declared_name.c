/* declared_name.c - see declared_name.h. */
#include "declared_name.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "compiler/base/buffer.h"
#include "compiler/base/utf8.h"
#include "compiler/files/durable.h"
#include "compiler/files/input.h"
#include "compiler/model/model.h"
#include "compiler/project/project.h"
#include "compiler/files/place.h"

#define MOST_BYTES ((size_t)64 << 20)

static const char section[] = "project:";

/* Extends to the next line that is not indented. */
static const char *section_end(const char *at, const char *end)
{
    while ((at = memchr(at, '\n', (size_t)(end - at))) && ++at < end)
        if (!strchr(" \t\r\n#", *at))
            return at;
    return end;
}

static bool name_in(const struct buffer *text, struct buffer *name)
{
    const char *at = text->length ? text->bytes : "", *end = at + text->length;
    at += text_mark(at, text->length);
    while (at < end && strncmp(at, section, sizeof section - 1) != 0) {
        at = memchr(at, '\n', (size_t)(end - at));
        at = at ? at + 1 : end;
    }
    if (at == end)
        return false;
    const char *last = section_end(at, end);
    struct project *project = project_load_text("project", at, (size_t)(last - at), INT64_MIN);
    bool named = *project->name;
    if (named)
        buffer_append_text(name, project->name);
    project_free(project);
    return named;
}

static bool name_in_file(int directory, const char *file, struct buffer *name)
{
    struct buffer text = {0};
    bool found = read_at(directory, file, MOST_BYTES, &text) && name_in(&text, name);
    buffer_release(&text);
    return found;
}

bool declared_name(const char *directory, struct buffer *name)
{
    int fd = open_at(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY, 0);
    DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
    bool found = stream && name_in_file(fd, "project.yaml", name);
    for (struct dirent *entry; stream && !found && (entry = readdir(stream));)
        found = is_definition(entry->d_name) && name_in_file(fd, entry->d_name, name);
    if (stream)
        closedir(stream);
    else if (fd >= 0)
        close(fd);
    return found;
}
