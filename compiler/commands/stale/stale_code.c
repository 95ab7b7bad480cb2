/* stale_code.c - where code names flags: the files that are read, and what follows from them. */
#include "stale.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/base/buffer.h"
#include "compiler/base/nearest.h"
#include "compiler/files/git.h"
#include "compiler/files/input.h"
#include "compiler/model/model.h"
#include "compiler/commands/gen/gen.h"

#define MOST_OF_A_FILE ((size_t)8 << 20) /* what people write by hand is smaller */
#define MOST_OF_A_HEAD 1024              /* bytes of a header before its guard */
#define MOST_FOLDERS   64                /* one in another */

struct reading {
    struct stale *stale;
    const struct command *command;
    const struct askers *askers;
    const char *path;      /* of the file that is read, as shown */
    struct table names;    /* flags */
    struct table spelled;  /* by what spellings of a name that tell it have in common */
    struct table any_word; /* by that of all names */
    struct table unknown;  /* unknown_name, while they are found */
    const struct language *language;
    struct accessors {
        bool known;
        struct table members, types; /* flags, by identifiers */
    } accessors[IDIOM_COUNT];
};

/* ---------------------------------------------------------------------------------- mentions -- */

/* The name is of several words, so that an identifier of that spelling means the flag; or the
 * identifier says so itself: FLAG_SEARCH, isSearchFlag. */
static bool is_telling(const char *name)
{
    for (const char *at = name; *at; at++)
        if (strchr("-_. /:", *at) || (*at >= 'A' && *at <= 'Z' && at > name))
            return true;
    return false;
}

static void add_spelling(struct reading *reading, struct table *table, struct stale_flag *found,
                         const char *prefix, const char *suffix)
{
    struct arena *arena = &reading->stale->arena;
    const char *name = found->flag->name.text;
    char *spelling = arena_format(arena, "%s%s%s", prefix, name, suffix);
    common_spelling(spelling, spelling);
    if (*spelling)
        table_add(table, arena, spelling, found);
}

static void add_names(struct reading *reading)
{
    struct stale *stale = reading->stale;
    for (uint32_t i = 0; i < stale->project->flag_count; i++) {
        struct stale_flag *found = &stale->flags[i];
        table_add(&reading->names, &stale->arena, found->flag->name.text, found);
        if (is_telling(found->flag->name.text))
            add_spelling(reading, &reading->spelled, found, "", "");
        add_spelling(reading, &reading->spelled, found, "flag", "");
        add_spelling(reading, &reading->spelled, found, "", "flag");
        add_spelling(reading, &reading->any_word, found, "", "");
    }
}

static struct use use_of(struct reading *reading, const struct mention *mention)
{
    const char *call = mention->call;
    return (struct use){.path = reading->path,
                        .line = mention->line,
                        .column = mention->column,
                        .kind = mention->kind,
                        .call =
                            call ? arena_copy(&reading->stale->arena, call, strlen(call)) : NULL};
}

static void add_use(struct reading *reading, struct uses *uses, const struct mention *mention)
{
    *ARENA_APPEND(&reading->stale->arena, uses->items, uses->count) = use_of(reading, mention);
}

static void add_unknown(struct reading *reading, const struct mention *mention)
{
    struct stale *stale = reading->stale;
    struct uses *uses = table_get(&reading->unknown, mention->text);
    if (!uses) {
        char *name = arena_copy(&stale->arena, mention->text, strlen(mention->text));
        uses = ARENA_NEW(&stale->arena, struct uses);
        table_add(&reading->unknown, &stale->arena, name, uses);
        struct unknown_name *unknown =
            ARENA_APPEND(&stale->arena, stale->unknown, stale->unknown_count);
        *unknown = (struct unknown_name){.name = name, .uses = uses};
    }
    add_use(reading, uses, mention);
}

/* An accessor that `ffc gen` wrote, or somebody else. */
static void take_getter(struct reading *reading, const struct mention *mention)
{
    struct stale *stale = reading->stale;
    char spelling[256];
    const char *get = strstr(mention->text, GETTER);
    if (!get)
        return;
    common_spelling(get + strlen(GETTER), spelling);
    struct stale_flag *found = table_get(&reading->any_word, spelling);
    if (found)
        *ARENA_APPEND(&stale->arena, stale->getters, stale->getter_count) = (struct getter){
            found, arena_copy(&stale->arena, mention->text, (size_t)(get - mention->text)),
            &idioms[IDIOM_C], use_of(reading, mention)};
}

/* What `ffc gen` calls each flag in a language. */
static struct accessors *accessors_of(struct reading *reading, const struct idiom *idiom)
{
    struct accessors *accessors = &reading->accessors[idiom - idioms];
    struct arena *arena = &reading->stale->arena;
    for (uint32_t i = 0; !accessors->known && i < reading->stale->project->flag_count; i++) {
        struct stale_flag *found = &reading->stale->flags[i];
        const char *name = found->flag->name.text;
        const struct {
            struct table *table;
            enum name_kind kind;
            const char *suffix;
        } made[] = {{&accessors->members, NAME_METHOD, NULL},
                    {&accessors->members, NAME_METHOD, VARIANT_WORD},
                    {&accessors->types, NAME_TYPE, VARIANT_WORD}};
        for (size_t j = 0; j < sizeof made / sizeof *made; j++)
            table_add(made[j].table, arena,
                      idiom_identifier(idiom, made[j].kind, name, made[j].suffix, arena), found);
    }
    accessors->known = true;
    return accessors;
}

/* `flags.search`: whatever holds the accessors is most often called so. */
static bool is_of_flags(const struct mention *mention)
{
    for (size_t i = 0; i + 4 <= mention->owner_length; i++)
        if (strncasecmp(mention->owner + i, "flag", 4) == 0)
            return true;
    return false;
}

/* A method of what `ffc gen` wrote, or of something else. */
static void take_member(struct reading *reading, const struct mention *mention)
{
    struct stale *stale = reading->stale;
    for (const struct idiom *idiom = idioms; idiom < idioms + IDIOM_COUNT; idiom++) {
        if (idiom == &idioms[IDIOM_C] || !idiom_is_for(idiom, language_name(reading->language)))
            continue;
        struct accessors *accessors = accessors_of(reading, idiom);
        struct stale_flag *found = table_get(&accessors->types, mention->text);
        bool sure = found != NULL;
        if (!found && mention->member) {
            found = table_get(&accessors->members, mention->text);
            sure = is_of_flags(mention);
        }
        if (found && sure)
            add_use(reading, &found->uses, mention);
        else if (found)
            *ARENA_APPEND(&stale->arena, stale->getters, stale->getter_count) =
                (struct getter){found, NULL, idiom, use_of(reading, mention)};
    }
}

static void take_identifier(struct reading *reading, const struct mention *mention)
{
    char spelling[256];
    if (strlen(mention->text) >= sizeof spelling)
        return;
    common_spelling(mention->text, spelling);
    struct stale_flag *found = table_get(&reading->spelled, spelling);
    if (found) {
        add_use(reading, &found->uses, mention);
        return;
    }
    take_getter(reading, mention);
    take_member(reading, mention);
}

static void take(void *user, const struct mention *mention)
{
    struct reading *reading = user;
    struct stale_flag *found;
    switch (mention->kind) {
    case MENTION_TEXT:
        found = table_get(&reading->names, mention->text);
        if (found)
            add_use(reading, &found->uses, mention);
        else if (mention->call)
            add_unknown(reading, mention);
        break;
    case MENTION_IDENTIFIER:
        take_identifier(reading, mention);
        break;
    case MENTION_COMPUTED:
        add_use(reading, &reading->stale->computed, mention);
        break;
    }
}

/* ------------------------------------------------------------------------------------- files -- */

/* Of a header in C, what its names begin with. */
static void keep_prefix(struct reading *reading, const char *code)
{
    struct arena *arena = &reading->stale->arena;
    const char *guard = strstr(code, "#ifndef ");
    if (!guard || guard - code > MOST_OF_A_HEAD)
        return;
    guard += strlen("#ifndef ");
    size_t length = strcspn(guard, "\n"), end = strlen(GENERATED_GUARD);
    if (length <= end || strncmp(guard + length - end, GENERATED_GUARD, end) != 0)
        return;
    char *prefix = arena_copy(arena, guard, length - end);
    table_add(&reading->stale->prefixes, arena, prefix, prefix);
}

/* What its first line says is called something else: "--name 'new_search=older search'". */
static void keep_renames(struct reading *reading, const char *code)
{
    struct arena *arena = &reading->stale->arena;
    const char *end = code + strcspn(code, "\n"), *at = code;
    while ((at = strstr(at, "--name '")) && at < end) {
        at += strlen("--name '");
        const char *name = arena_copy(arena, at, strcspn(at, "=\n"));
        struct use *use = ARENA_NEW(arena, struct use);
        *use =
            (struct use){.path = reading->path, .line = 1, .column = 1, .kind = MENTION_IDENTIFIER};
        table_add(&reading->stale->renames, arena, name, use);
    }
}

/* Whether `ffc gen` wrote the file, which names all flags and uses none. */
static bool is_generated(struct reading *reading, const char *code)
{
    const struct idiom *idiom = idiom_of_generated(code);
    if (!idiom)
        return false;
    reading->stale->generated[idiom - idioms] = true;
    keep_renames(reading, code);
    if (idiom == &idioms[IDIOM_C])
        keep_prefix(reading, code);
    return true;
}

/* A file by its name below an open directory. False, with errno, if it cannot be read. */
static bool read_named(struct reading *reading, int directory, const char *name)
{
    struct stale *stale = reading->stale;
    const struct language *language = language_of(name);
    struct stat status;
    if (!language) {
        stale->other_files++;
        return true;
    }
    int fd = input_open(directory, name, &status);
    if (fd < 0)
        return false;
    struct buffer code = {0};
    bool fine = input_read(fd, MOST_OF_A_FILE, &code);
    if (fine) {
        buffer_append(&code, "", 0);
        stale->files++;
    }
    reading->language = language;
    if (fine && !is_generated(reading, code.bytes)) {
        scan_code(language, reading->askers, code.bytes, code.length, take, reading);
    } else if (!fine && errno == EFBIG) {
        stale->large_files++;
        fine = true;
    }
    int error = errno;
    buffer_release(&code);
    close(fd);
    errno = error;
    return fine;
}

static int cannot_read(const struct reading *reading, const char *path)
{
    return job_error(reading->command, "cannot read '%s': %s", path, input_error(errno));
}

static bool is_link(int directory, const char *name)
{
    struct stat status;
    return fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0 || S_ISLNK(status.st_mode) ||
           S_ISDIR(status.st_mode);
}

/* "src/a.c"; of ".", "a.c". */
static const char *path_below(struct arena *arena, const char *folder, const char *name)
{
    const char *between = folder[strlen(folder) - 1] == '/' ? "" : "/";
    bool here = strcmp(folder, ".") == 0;
    return arena_format(arena, "%s%s%s", here ? "" : folder, here ? "" : between, name);
}

/* Below the directory, what git knows or would add; links and other repositories are left out. */
static int read_listed(struct reading *reading, int directory, const char *path,
                       const struct buffer *names)
{
    const char *at = names->bytes, *end = at + names->length;
    int status = EXIT_FINE;
    for (; at < end && status == EXIT_FINE; at += strlen(at) + 1) {
        if (is_link(directory, at))
            continue;
        reading->path = path_below(&reading->stale->arena, path, at);
        if (!read_named(reading, directory, at))
            status = cannot_read(reading, reading->path);
    }
    return status;
}

static int by_name(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* Names in a directory, sorted, without those that are hidden; the arena's. */
static const char **names_in(struct reading *reading, int directory, uint32_t *count)
{
    struct arena *arena = &reading->stale->arena;
    const char **names = NULL;
    int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = copy < 0 ? NULL : fdopendir(copy);
    *count = 0;
    if (!stream) {
        if (copy >= 0)
            close(copy);
        return NULL;
    }
    for (const struct dirent *entry; (entry = readdir(stream));)
        if (entry->d_name[0] != '.' && strcmp(entry->d_name, "node_modules") != 0)
            *ARENA_APPEND(arena, names, *count) =
                arena_copy(arena, entry->d_name, strlen(entry->d_name));
    closedir(stream);
    if (*count)
        qsort(names, *count, sizeof *names, by_name);
    return names;
}

/* All files below a directory that is no part of a repository. */
static int walk(struct reading *reading, int directory, const char *path, unsigned depth)
{
    uint32_t count;
    const char **names = names_in(reading, directory, &count);
    int result = EXIT_FINE;
    for (uint32_t i = 0; i < count && result == EXIT_FINE; i++) {
        struct stat status;
        const char *shown = path_below(&reading->stale->arena, path, names[i]);
        if (fstatat(directory, names[i], &status, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        if (S_ISREG(status.st_mode)) {
            reading->path = shown;
            if (!read_named(reading, directory, names[i]))
                result = cannot_read(reading, shown);
        }
        if (!S_ISDIR(status.st_mode))
            continue;
        if (depth == MOST_FOLDERS)
            return job_error(reading->command, "'%s' lies in more than %d folders", shown,
                             MOST_FOLDERS);
        int below = openat(directory, names[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (below < 0)
            return cannot_read(reading, shown);
        result = walk(reading, below, shown, depth + 1);
        close(below);
    }
    return result;
}

static int read_folder(struct reading *reading, const char *path)
{
    struct buffer names = {0}, error = {0};
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return cannot_read(reading, path);
    const char *const list[] = {"ls-files",           "-z", "--cached", "--others",
                                "--exclude-standard", "--", ".",        NULL};
    int status = git_run(path, list, NULL, &names, &error) == GIT_DONE
                     ? read_listed(reading, directory, path, &names)
                     : walk(reading, directory, path, 0);
    buffer_release(&names);
    buffer_release(&error);
    close(directory);
    return status;
}

int read_code(const struct command *command, struct stale *stale, const struct askers *askers,
              const char *path)
{
    struct reading reading = {.stale = stale, .command = command, .askers = askers, .path = path};
    struct stat status;
    if (!*path)
        return usage_error(command, "a path of code is empty");
    if (stat(path, &status) != 0)
        return cannot_read(&reading, path);
    add_names(&reading);
    for (uint32_t i = 0; i < stale->unknown_count; i++)
        table_add(&reading.unknown, &stale->arena, stale->unknown[i].name, stale->unknown[i].uses);
    stale->has_code = true;
    if (S_ISDIR(status.st_mode))
        return read_folder(&reading, path);
    if (!language_of(path))
        return job_error(command, "'%s' is in no language that is known: %s", path, language_names);
    return read_named(&reading, AT_FDCWD, path) ? EXIT_FINE : cannot_read(&reading, path);
}

/* ------------------------------------------------------------------------------- conclusions -- */

static void mark_required_by(const struct targeting *targeting, bool *required)
{
    for (uint32_t i = 0; i < targeting->requirement_count; i++)
        if (targeting->requirements[i].flag)
            required[targeting->requirements[i].flag->index] = true;
}

/* Flags that others ask for are named by definitions. */
static void mark_required(const struct stale *stale, bool *required)
{
    for (uint32_t i = 0; i < stale->project->flag_count; i++) {
        const struct flag *flag = stale->project->flags[i];
        for (uint32_t j = 0; !flag->faulty && j < stale->project->environments.count; j++)
            mark_required_by(&flag->environments[j], required);
    }
}

void judge_code(struct stale *stale)
{
    uint32_t count = stale->project->flag_count;
    char prefix[] = GENERATED_PREFIX;
    table_add(&stale->prefixes, &stale->arena, prefix, prefix);
    const char **names = ARENA_ARRAY(&stale->arena, const char *, count + 1u);
    bool *required = ARENA_ARRAY(&stale->arena, bool, count + 1u);
    mark_required(stale, required);
    for (uint32_t i = 0; i < stale->getter_count; i++) {
        const struct getter *getter = &stale->getters[i];
        struct uses *uses = &getter->flag->uses;
        bool there = getter->prefix ? table_get(&stale->prefixes, getter->prefix) != NULL
                                    : stale->generated[getter->idiom - idioms];
        if (there)
            *ARENA_APPEND(&stale->arena, uses->items, uses->count) = getter->use;
    }
    for (uint32_t i = 0; i < count; i++) {
        names[i] = stale->flags[i].flag->name.text;
        const struct use *renamed = table_get(&stale->renames, names[i]);
        struct uses *uses = &stale->flags[i].uses;
        if (renamed) /* under which name, that file knows */
            *ARENA_APPEND(&stale->arena, uses->items, uses->count) = *renamed;
        stale->flags[i].found[STALE_UNNAMED] = stale->flags[i].uses.count == 0 && !required[i];
    }
    for (uint32_t i = 0; i < stale->unknown_count; i++)
        stale->unknown[i].nearest = nearest_name(stale->unknown[i].name, names, count);
}
