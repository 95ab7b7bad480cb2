/*
 * stale_ages.c - since when flags are defined as they are.
 *
 * Git is asked once, for all patches of the period, newest first. The lines of each definition are
 * followed back through them: a hunk that meets them changed the flag, one above them moves them.
 */
#include "stale.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/calendar.h"
#include "compiler/base/json_read.h"
#include "compiler/base/memory.h"
#include "compiler/files/git.h"
#include "compiler/model/model.h"
#include "compiler/ledger/ledger.h"

/* The lines of a definition, at the point in history that has been reached. */
struct lines {
    uint32_t flag;
    long first, last;
    size_t indentation;
};

struct followed_file {
    const char *name;
    struct lines *flags;
    uint32_t flag_count;
    bool met; /* by a patch */
    int64_t time;
};

/* `count` lines from `begin` on; none: behind that line. */
struct range {
    long begin, count;
};
struct hunk {
    struct range before, after;
    size_t indentation; /* of the first line that it took away */
};

struct following {
    struct stale *stale;
    struct followed_file *files;
    uint32_t file_count;
    struct table by_name;
    struct hunk *hunks; /* of the file that is read, in order */
    uint32_t hunk_count;
};

/* ------------------------------------------------------------------------------- definitions -- */

static size_t indentation_of(const char *line)
{
    return strspn(line, " ");
}

static bool is_blank(const char *line)
{
    const char *text = line + indentation_of(line);
    return *text == '\n' || *text == '\r' || *text == '#' || *text == '\0';
}

/* Of the definition whose name begins at that byte: up to the next line that is not deeper. */
static struct lines lines_of(const struct sources *sources, const struct flag *flag)
{
    struct span span = flag->name.span;
    const struct source *source = &sources->items[span.file];
    const char *line = source->text + span.begin;
    long number = source_position(sources, span.file, span.begin).line;
    while (line > source->text && line[-1] != '\n')
        line--;
    size_t indentation = indentation_of(line);
    struct lines lines = {flag->index, number, number, indentation};
    while ((line = strchr(line, '\n')) && line[1]) {
        number++;
        line++;
        if (!is_blank(line) && indentation_of(line) <= indentation)
            break;
        if (!is_blank(line))
            lines.last = number;
    }
    return lines;
}

static struct followed_file *file_of(struct following *following, uint32_t source)
{
    return &following->files[source];
}

static void follow_flags(struct following *following)
{
    struct stale *stale = following->stale;
    const struct project *project = stale->project;
    following->file_count = project->sources.count;
    following->files = ARENA_ARRAY(&stale->arena, struct followed_file, following->file_count + 1);
    for (uint32_t i = 0; i < following->file_count; i++) {
        following->files[i].name = project->sources.items[i].name;
        following->files[i].time = INT64_MIN;
        table_add(&following->by_name, &stale->arena, following->files[i].name,
                  &following->files[i]);
    }
    for (uint32_t i = 0; i < project->flag_count; i++) {
        struct followed_file *file = file_of(following, project->flags[i]->name.span.file);
        *ARENA_APPEND(&stale->arena, file->flags, file->flag_count) =
            lines_of(&project->sources, project->flags[i]);
    }
}

static void mark_all(struct following *following, const struct followed_file *file)
{
    for (uint32_t i = 0; i < file->flag_count; i++)
        following->stale->flags[file->flags[i].flag].changed = true;
}

/* ----------------------------------------------------------------------------------- patches -- */

/* Lines that were taken away behind the last one were its own if they are deeper. */
static bool meets(const struct lines *lines, const struct hunk *hunk)
{
    const struct range *range = &hunk->after;
    if (range->count > 0)
        return range->begin <= lines->last && range->begin + range->count > lines->first;
    return lines->first <= range->begin &&
           (range->begin < lines->last ||
            (range->begin == lines->last && hunk->indentation > lines->indentation));
}

/* Goes back over what one patch did to a file. */
static void follow_hunks(struct following *following, struct followed_file *file)
{
    for (uint32_t i = 0; file && i < file->flag_count; i++) {
        struct lines *lines = &file->flags[i];
        long moved = 0;
        bool *changed = &following->stale->flags[lines->flag].changed;
        for (uint32_t j = 0; j < following->hunk_count && !*changed; j++) {
            const struct hunk *hunk = &following->hunks[j];
            *changed = meets(lines, hunk);
            if (hunk->after.begin < lines->first)
                moved += hunk->before.count - hunk->after.count;
        }
        lines->first += moved;
        lines->last += moved;
    }
    if (file)
        file->met = true;
    following->hunk_count = 0;
}

static bool read_range(const char **at, char sign, struct range *range)
{
    char *end;
    if (**at != sign)
        return false;
    range->begin = strtol(*at + 1, &end, 10);
    range->count = 1;
    if (*end == ',')
        range->count = strtol(end + 1, &end, 10);
    *at = end + (*end == ' ');
    return true;
}

static const char *after_line(const char *at)
{
    const char *end = strchr(at, '\n');
    return end ? end + 1 : at + strlen(at);
}

/* The lines that a hunk shows are passed over by their number: they may look like anything. */
static const char *read_hunk(struct following *following, const char *at)
{
    struct hunk hunk = {.indentation = 0};
    at += 3;
    if (!read_range(&at, '-', &hunk.before) || !read_range(&at, '+', &hunk.after))
        return after_line(at);
    at = after_line(at);
    if (*at == '-')
        hunk.indentation = indentation_of(at + 1);
    *ARENA_APPEND(&following->stale->arena, following->hunks, following->hunk_count) = hunk;
    for (long i = 0; i < hunk.before.count + hunk.after.count && *at; i++) {
        at = after_line(at);
        if (*at == '\\')
            at = after_line(at);
    }
    return at;
}

/* "b/flags/shop.yaml", without the tab that git adds to names with blanks. */
static struct followed_file *named_file(struct following *following, const char *at)
{
    size_t length = strcspn(at, "\t\n");
    if (length < 2 || strncmp(at, "b/", 2) != 0)
        return NULL;
    char *name = arena_copy(&following->stale->arena, at + 2, length - 2);
    return table_get(&following->by_name, name);
}

static void read_patches(struct following *following, const char *at)
{
    struct followed_file *file = NULL;
    while (*at) {
        if (strncmp(at, "diff --git ", 11) == 0) {
            follow_hunks(following, file);
            file = NULL;
        }
        if (strncmp(at, "+++ ", 4) == 0)
            file = named_file(following, at + 4);
        if (strncmp(at, "@@ ", 3) == 0)
            at = read_hunk(following, at);
        else
            at = after_line(at);
    }
    follow_hunks(following, file);
}

/* --------------------------------------------------------------------------------------- git -- */

static bool ask(const struct following *following, const char *const *arguments, struct buffer *out)
{
    struct buffer error = {0};
    const char *directory = following->stale->project->directory;
    out->length = 0;
    bool done = git_run(directory, arguments, NULL, out, &error) == GIT_DONE;
    buffer_release(&error);
    return done;
}

#define PATCH                                                                                  \
    "-p", "-U0", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames", "--relative", \
        "--src-prefix=a/", "--dst-prefix=b/", "--", ".", NULL

/* Names, with a NUL after each. */
static void mark_unmet(struct following *following, const struct buffer *names)
{
    const char *at = names->bytes, *end = at + names->length;
    while (at < end) {
        at += strspn(at, "\n");
        struct followed_file *file = table_get(&following->by_name, at);
        if (file && !file->met)
            mark_all(following, file);
        at += strlen(at) + 1;
    }
}

/* What was not committed, then what was, back to where the period begins. A file whose name git
 * quotes is not found in patches: all of it counts as changed. */
static bool read_git(struct following *following)
{
    const struct stale *stale = following->stale;
    struct buffer out = {0};
    long long since = (stale->now - stale->period) / 1000;
    const char *after = arena_format(&following->stale->arena, "--since=@%lld", since);
    const char *const edits[] = {"diff", "HEAD", PATCH};
    const char *const commits[] = {"log", "--first-parent", "--diff-merges=first-parent",
                                   after, "--format=",      PATCH};
    const char *const names[] = {"log",
                                 "--first-parent",
                                 "--diff-merges=first-parent",
                                 after,
                                 "--format=",
                                 "--name-only",
                                 "--relative",
                                 "-z",
                                 "--",
                                 ".",
                                 NULL};
    const char *const others[] = {"ls-files", "-z", "--others", "--", ".", NULL};
    bool done = ask(following, edits, &out);
    if (done)
        read_patches(following, out.bytes);
    done = done && ask(following, commits, &out);
    if (done)
        read_patches(following, out.bytes);
    done = done && ask(following, names, &out);
    if (done)
        mark_unmet(following, &out);
    done = done && ask(following, others, &out);
    if (done)
        mark_unmet(following, &out);
    buffer_release(&out);
    return done;
}

static void read_time(struct following *following, struct followed_file *file)
{
    struct buffer out = {0};
    const char *const arguments[] = {"log", "-1", "--format=%ct", "--", file->name, NULL};
    if (ask(following, arguments, &out) && out.length > 0 && *out.bytes >= '0' && *out.bytes <= '9')
        file->time = strtoll(out.bytes, NULL, 10) * 1000;
    buffer_release(&out);
}

/* At least since the file's last commit; or, if that is within the period, since that began. */
static void date_flags(struct following *following, struct followed_file *file)
{
    struct stale *stale = following->stale;
    int64_t begin = stale->now - stale->period;
    for (uint32_t i = 0; i < file->flag_count; i++) {
        struct stale_flag *found = &stale->flags[file->flags[i].flag];
        if (found->changed)
            continue;
        if (file->time == INT64_MIN)
            read_time(following, file);
        found->since = file->time < begin ? file->time : begin;
    }
}

/* ------------------------------------------------------------------------------------ ledger -- */

/* Flags that an entry is about: a rollback that was lifted since leaves no trace in a flag's own
 * lines. */
static void mark_entry(struct stale *stale, struct table *flags, const json_t *entry)
{
    int64_t time;
    const char *when = json_text_at(entry, "time");
    if (!when || !parse_time(when, &time) || time < stale->now - stale->period)
        return;
    const json_t *several = json_object_get(entry, "flags");
    for (size_t i = 0; i <= json_array_size(several); i++) {
        const char *name =
            i ? json_string_value(json_array_get(several, i - 1)) : json_text_at(entry, "flag");
        struct stale_flag *found = name ? table_get(flags, name) : NULL;
        if (found)
            found->changed = true;
    }
}

static void read_ledger(struct stale *stale)
{
    struct table flags = {0};
    struct ledger_entries entries = {.items = NULL};
    struct buffer error = {0};
    for (uint32_t i = 0; i < stale->project->flag_count; i++)
        table_add(&flags, &stale->arena, stale->flags[i].flag->name.text, &stale->flags[i]);
    if (ledger_read(stale->project->directory, &entries, &error))
        for (uint32_t i = 0; i < entries.count; i++) {
            json_t *entry = ledger_json(&entries, i, NULL);
            mark_entry(stale, &flags, entry);
            json_decref(entry);
        }
    ledger_release(&entries);
    buffer_release(&error);
}

void find_ages(struct stale *stale)
{
    struct following following = {.stale = stale};
    for (uint32_t i = 0; i < stale->project->flag_count; i++)
        stale->flags[i].since = INT64_MIN;
    follow_flags(&following);
    stale->dated = read_git(&following);
    read_ledger(stale);
    for (uint32_t i = 0; i < following.file_count && stale->dated; i++)
        date_flags(&following, &following.files[i]);
}
