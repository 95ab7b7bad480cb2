/* stale_counters.c - flags that nobody asks for, by what the library counts. */
#include "stale.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/file.h"
#include "compiler/base/utf8.h"
#include "compiler/model/model.h"

#define METRIC           "fflag_evaluations_total"
#define MOST_OF_COUNTERS ((size_t)64 << 20)

/* A label's value, from behind its quotation mark; the arena's. *at is then behind the other. */
static const char *read_label(struct arena *arena, const char **at)
{
    struct buffer text = {0};
    const char *from = *at;
    for (; *from && *from != '"' && *from != '\n'; from++) {
        char c = *from;
        if (c == '\\' && from[1]) {
            from++;
            c = *from == 'n' ? '\n' : *from;
        }
        buffer_append(&text, &c, 1);
    }
    *at = from + (*from == '"');
    const char *value = arena_copy(arena, text.bytes ? text.bytes : "", text.length);
    buffer_release(&text);
    return value;
}

/* `{flag="search",variant="on"} 12`: from the brace on. NULL: no flag, or it was not asked for. */
static const char *read_sample(struct arena *arena, const char *at)
{
    const char *flag = NULL;
    while (*at && *at != '}' && *at != '\n') {
        at += strspn(at, "{, ");
        const char *name = at;
        at += strcspn(at, "=}\n");
        size_t length = (size_t)(at - name);
        if (strncmp(at, "=\"", 2) != 0)
            break;
        at += 2;
        const char *value = read_label(arena, &at);
        if (length == strlen("flag") && strncmp(name, "flag", length) == 0)
            flag = value;
    }
    return *at == '}' && strtod(at + 1, NULL) > 0 ? flag : NULL;
}

int read_counters(const struct command *command, struct stale *stale, const char *path)
{
    struct buffer text = {0}, error = {0};
    bool found = false;
    if (!read_file(path, MOST_OF_COUNTERS, &text, &error)) {
        int status = job_error(command, "cannot read '%s': %s", path, error.bytes);
        buffer_release(&text);
        buffer_release(&error);
        return status;
    }
    const char *at = text.length ? text.bytes + text_mark(text.bytes, text.length) : NULL;
    for (; at && *at; at = strchr(at, '\n'), at += at != NULL) {
        if (strncmp(at, METRIC "{", strlen(METRIC "{")) != 0)
            continue;
        found = true;
        const char *flag = read_sample(&stale->arena, at + strlen(METRIC));
        if (flag)
            table_add(&stale->asked, &stale->arena, flag, (void *)(uintptr_t)flag);
    }
    buffer_release(&text);
    stale->has_counters = true;
    if (!found)
        return job_error(command,
                         "'%s' has no counter '" METRIC "': it is not what the library "
                         "writes in Prometheus' text format",
                         path);
    return EXIT_FINE;
}

void judge_counters(struct stale *stale)
{
    for (uint32_t i = 0; i < stale->project->flag_count; i++)
        stale->flags[i].found[STALE_UNASKED] =
            !table_get(&stale->asked, stale->flags[i].flag->name.text);
}
