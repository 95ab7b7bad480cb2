/* in_force.c - see in_force.h. */
#include "in_force.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/base/calendar.h"
#include "compiler/base/json.h"
#include "compiler/base/memory.h"
#include "compiler/base/table.h"
#include "compiler/cli/messages.h"
#include "compiler/emit/emit.h"
#include "compiler/files/git.h"
#include "compiler/files/input.h"
#include "compiler/model/model.h"
#include "compiler/patch/patch.h"
#include "compiler/project/project.h"
#include "compiler/ledger/former_names.h"
#include "compiler/ledger/ledger.h"
#include "compiler/publish/publications.h"
#include "fflag/snapshot.h"
#include "line_context.h"
#include "past_overrides.h"
#include "record.h"
#include "tools/ffreplay/replay/replay.h"

#define MOST_OPEN     32 /* snapshots, beside those that threads look at */
#define MOST_SNAPSHOT ((size_t)1 << 30)
#define PINS          8 /* snapshots that a thread goes between without a lock */
#define MOST_SAID     3 /* what cannot be used, one by one */

const char *const origin_words[] = WORDS(ORIGINS);

void origins_join(struct origins *origins, const struct origins *other)
{
    for (int i = 0; i < ORIGIN_COUNT; i++)
        origins->lines[i] += other->lines[i];
    origins->before_edit += other->before_edit;
}

void origins_count(struct origins *origins, enum origin origin, enum age age)
{
    origins->lines[origin]++;
    origins->before_edit += origin == ORIGIN_ASSUMED && age == AGE_BEFORE_EDIT;
}

const char *origins_text(const struct origins *origins, struct arena *arena)
{
    static const char *const words[] = {[ORIGIN_SERVED] = "as served then",
                                        [ORIGIN_FROM_GIT] = "as committed then",
                                        [ORIGIN_ASSUMED] = "as defined now"};
    const char *text = NULL;
    for (int i = 0; i < ORIGIN_COUNT; i++)
        if (origins->lines[i] > 0)
            text = arena_format(arena, "%s%s%" PRIu64 "%s %s", text ? text : "", text ? ", " : "",
                                origins->lines[i],
                                text                    ? ""
                                : origins->lines[i] > 1 ? " lines"
                                                        : " line",
                                words[i]);
    if (origins->before_edit > 0)
        text = arena_format(arena, "%s, %" PRIu64 " of them from before it was edited", text,
                            origins->before_edit);
    return text;
}

void field_assignment(struct buffer *out, const struct origins *origins)
{
    field_object(out, "assignment");
    for (int i = 0; i < ORIGIN_COUNT; i++)
        field_count(out, origin_words[i], origins->lines[i]);
    if (origins->before_edit > 0)
        field_count(out, "before_edit", origins->before_edit);
    buffer_append_text(out, "}");
}

/* One that is open. */
struct slot {
    struct definition definition;
    uint32_t users; /* cursors that have it pinned */
    uint64_t used;  /* when it was last asked for; under the lock */
};

/* One that was published, however often. */
struct snapshot {
    char build[PUBLISHED_BUILD];
    const char *commit;   /* or NULL */
    int64_t from;         /* when first */
    struct slot *slot;    /* NULL: not open */
    struct buffer of_git; /* its bytes, where they were compiled from a commit */
    bool is_unusable;
};

/* From `from` until the next one's; `snapshot` is UINT32_MAX where it is not known. */
struct period {
    int64_t from;
    uint32_t snapshot;
};

struct in_force {
    struct project *project;
    const struct flag *flag;
    uint32_t environment;
    const char *archive; /* or NULL */
    const char *prefix;  /* of the project in its repository; NULL: not asked for yet */
    int64_t settle;
    struct patch now;   /* what the definitions say; opened where anything is recorded */
    struct arena arena; /* under the lock, once lines are read */
    struct period *periods;
    uint32_t period_count;
    struct snapshot *snapshots;
    uint32_t snapshot_count;
    struct numbered {
        const struct attribute *attribute;
        fflag_attr number;
    } * attributes; /* as the caller's stores number them, in order */
    uint32_t attribute_count;

    pthread_mutex_t lock; /* of all below, and of the snapshots */
    struct in_force_cursor *cursors;
    uint32_t open_count, said;
    uint64_t clock;
    bool said_edit;
    int64_t edited; /* the ledger's latest edit of the flag; INT64_MIN: none. It does not change */
};

struct in_force_cursor {
    struct in_force *force;
    struct in_force_cursor *next;
    /* What was found last holds in [from, until). */
    int64_t from, until;
    enum in_force_at at;
    const struct definition *definition;
    bool saw_edit; /* a line from before it was seen */
    struct pin {
        uint32_t snapshot;
        struct slot *slot; /* NULL: none */
    } pins[PINS];
    char apart[128]; /* from the next one's, which another processor writes */
};

/* ---------------------------------------------------------------------------- opening a flag -- */

static const struct ffs_flag *flags_of(const struct fflag_snapshot_info *info)
{
    const struct ffs_section *section = ffs_find_section(info->bytes, FFS_FLAGS);
    return (const struct ffs_flag *)(const void *)((const char *)info->bytes + section->offset);
}

static const char *text_of(const struct fflag_snapshot_info *info, ffs_string string)
{
    const struct ffs_section *section = ffs_find_section(info->bytes, FFS_STRINGS);
    return string == FFS_NONE ? NULL
                              : (const char *)info->bytes + section->offset + (size_t)string * 4 +
                                    sizeof(uint32_t);
}

/* The flag's place; UINT32_MAX: it was not there, or under a name that cannot be told. */
static uint32_t find_flag(const struct in_force *force, const struct fflag_snapshot_info *info)
{
    const struct ffs_flag *flags = flags_of(info);
    uint32_t found = UINT32_MAX;
    for (uint32_t i = 0; i < info->flags; i++)
        if (strcmp(text_of(info, flags[i].name), force->flag->name.text) == 0)
            return i;
    uint64_t salt = salt_hash(force->flag->environments[force->environment].salt, "");
    for (uint32_t i = 0; i < info->flags; i++) {
        if (flags[i].exposure_salt != salt ||
            project_flag(force->project, text_of(info, flags[i].name)))
            continue;
        if (found != UINT32_MAX)
            return UINT32_MAX;
        found = i;
    }
    return found;
}

static uint32_t declared_place(const struct targeting *targeting, const char *name)
{
    for (uint32_t i = 0; i < targeting->variant_count; i++) {
        const char *declared = targeting->variants[i].name.text;
        if (declared && name ? strcmp(declared, name) == 0 : !declared && !name)
            return i;
    }
    return UINT32_MAX;
}

static void map_variants(const struct in_force *force, const struct fflag_snapshot_info *info,
                         uint32_t flag, struct definition *definition)
{
    const struct targeting *targeting = &force->flag->environments[force->environment];
    const struct ffs_flag *own = &flags_of(info)[flag];
    const struct ffs_section *section = ffs_find_section(info->bytes, FFS_VARIANTS);
    const struct ffs_variant *variants =
        (const struct ffs_variant *)(const void *)((const char *)info->bytes + section->offset) +
        own->first_variant;
    definition->variant_count = own->variant_count + 1u;
    definition->variants = xcalloc(definition->variant_count, sizeof *definition->variants);
    for (uint32_t i = 0; i < own->variant_count; i++)
        definition->variants[i] = declared_place(targeting, text_of(info, variants[i].name));
    definition->variants[own->variant_count] =
        force->flag->serves_none ? targeting->variant_count : UINT32_MAX;
}

uint32_t definition_variant(const struct definition *definition, const fflag_result *result)
{
    uint32_t last = definition->variant_count - 1;
    return definition->variants[result->variant_index < last ? result->variant_index : last];
}

/* So that one context serves this store and the caller's. */
static bool number_attributes(const struct in_force *force, fflag_store *store, struct buffer *why)
{
    for (uint32_t i = 0; i < force->attribute_count; i++) {
        const struct numbered *one = &force->attributes[i];
        fflag_attr number;
        enum fflag_error error =
            fflag_attribute_typed(store, one->attribute->name.text, one->attribute->type, &number);
        if (error == FFLAG_OK && number == one->number)
            continue;
        buffer_format(why, "its attribute '%s' has another type", one->attribute->name.text);
        return false;
    }
    return true;
}

static fflag_store *open_store(const struct in_force *force, const struct buffer *bytes,
                               struct buffer *why)
{
    fflag_store *store = NULL;
    struct fflag_options options = FFLAG_OPTIONS_INIT;
    options.no_thread = true;
    enum fflag_error error = fflag_open_memory(&store, bytes->bytes, bytes->length, &options);
    if (error) {
        buffer_append_text(why, fflag_error_text(error));
        return NULL;
    }
    if (number_attributes(force, store, why))
        return store;
    fflag_close(store);
    return NULL;
}

/* What the definitions say now, without overrides that were lifted since. */
static bool compile_now(struct in_force *force)
{
    struct buffer bytes = {0}, why = {0};
    struct overrides_put_back put_back = past_overrides_take_out(force->project);
    bool compiled = project_compile_programs(
        force->project, force->project->environments.items[force->environment].text, &bytes);
    past_overrides_restore(force->project, &put_back);
    bool opened = compiled && patch_open(&force->now, &bytes, &why);
    if (compiled && !opened)
        job_error(NULL, "the compiled snapshot is refused: %s", why.bytes);
    buffer_release(&bytes);
    buffer_release(&why);
    return opened;
}

/* Compares it, and opens the same with everybody in its canary. */
static bool open_everybody(const struct in_force *force, const struct buffer *bytes,
                           const char *name, struct definition *definition, struct buffer *why)
{
    struct patch patch;
    struct buffer out = {0};
    bool has_canary = force->flag->environments[force->environment].canary != NULL;
    bool opened = patch_open(&patch, bytes, why);
    uint32_t flag = opened ? patch_find_flag(&patch, name) : UINT32_MAX;
    uint32_t now = patch_find_flag(&force->now, force->flag->name.text);
    definition->is_as_now = opened && patch_same_flag(&patch, flag, &force->now, now);
    if (opened && has_canary)
        patch_enrol_everybody(&patch, flag, &definition->threshold);
    if (opened && definition->threshold) {
        opened = patch_write(&patch, &out, why);
        definition->everybody_store = opened ? open_store(force, &out, why) : NULL;
        opened = definition->everybody_store != NULL;
    }
    if (definition->everybody_store) {
        definition->everybody = fflag_acquire(definition->everybody_store);
        definition->everybody_id = fflag_flag(definition->everybody_store, name);
    }
    buffer_release(&out);
    patch_release(&patch);
    return opened;
}

static void close_definition(struct definition *definition)
{
    if (definition->view)
        fflag_release(definition->view);
    if (definition->everybody)
        fflag_release(definition->everybody);
    fflag_close(definition->store);
    fflag_close(definition->everybody_store);
    free(definition->variants);
}

/* False, with a clause in `why`. */
static bool open_definition(const struct in_force *force, const struct snapshot *snapshot,
                            const struct buffer *bytes, struct definition *definition,
                            struct buffer *why)
{
    struct fflag_snapshot_info info = {.size = sizeof info};
    definition->store = open_store(force, bytes, why);
    if (!definition->store)
        return false;
    definition->view = fflag_acquire(definition->store);
    fflag_view_info(definition->view, &info);
    const char *environment = force->project->environments.items[force->environment].text;
    if (strcmp(info.environment, environment) != 0 ||
        (definition->origin == ORIGIN_SERVED && strcmp(info.build, snapshot->build) != 0)) {
        buffer_format(why, "it is build %s of '%s'", info.build, info.environment);
        return false;
    }
    uint32_t flag = find_flag(force, &info);
    definition->is_absent = flag == UINT32_MAX;
    if (definition->is_absent)
        return true;
    const char *name = text_of(&info, flags_of(&info)[flag].name);
    definition->id = fflag_flag(definition->store, name);
    definition->keeps = flags_of(&info)[flag].features & FFS_FEATURE_STICKY;
    map_variants(force, &info, flag, definition);
    return open_everybody(force, bytes, name, definition, why);
}

/* ------------------------------------------------------------------------- finding snapshots -- */

static bool read_archived(struct in_force *force, const struct snapshot *snapshot,
                          struct buffer *bytes, struct buffer *why)
{
    if (!force->archive)
        return false;
    const char *environment = force->project->environments.items[force->environment].text;
    const char *path = archive_path(force->archive, environment, snapshot->build, &force->arena);
    bool read = read_at(AT_FDCWD, path, MOST_SNAPSHOT, bytes);
    if (read && bytes->length > 0)
        return true;
    buffer_format(why, "'%s': %s", path,
                  read              ? "it is empty"
                  : errno == ENOENT ? "there is no such file"
                                    : input_error(errno));
    return false;
}

static bool compile_files(const struct in_force *force, const struct scratch *files,
                          struct buffer *bytes, struct buffer *why)
{
    const char *environment = force->project->environments.items[force->environment].text;
    struct project *project = project_load_unproved(files->place, INT64_MIN);
    bool compiled = project->diagnostics.errors == 0 &&
                    project_environment(project, environment) != UINT32_MAX &&
                    project_compile_programs(project, environment, bytes);
    if (!compiled)
        buffer_format(why, "its definitions do not compile for '%s' today", environment);
    project_free(project);
    return compiled;
}

static bool compile_commit(struct in_force *force, const struct snapshot *snapshot,
                           struct buffer *bytes, struct buffer *why)
{
    const char *directory = force->project->directory;
    struct scratch files = {.folder = -1};
    bool found = false;
    if (!force->prefix)
        force->prefix = git_prefix(directory, &force->arena);
    if (!force->prefix) {
        buffer_format(why, "'%s' is in no git repository", directory);
        return false;
    }
    bool written = git_write_files(directory, snapshot->commit, force->prefix, &files, &found, why);
    if (written && !found)
        buffer_format(why, "git has no definitions in commit %.12s", snapshot->commit);
    bool compiled = written && found && compile_files(force, &files, bytes, why);
    scratch_remove(&files);
    return compiled;
}

/* Once a snapshot and way; after a few, that there are more. */
static void say(struct in_force *force, const struct snapshot *snapshot, const char *where,
                const char *why, const char *instead)
{
    char time[32];
    if (force->said > MOST_SAID)
        return;
    if (force->said++ == MOST_SAID) {
        print_warning("other publications cannot be used, either: 'assignment' says how many lines "
                      "were judged by what");
        return;
    }
    format_time(snapshot->from, time, sizeof time);
    print_warning("build %.12s, published %s, cannot be had from %s: %s; %s", snapshot->build, time,
                  where, why, instead);
}

/* Under the lock. NULL: it is in neither, or unusable. */
static struct slot *open_snapshot(struct in_force *force, struct snapshot *snapshot)
{
    struct slot *slot = xcalloc(1, sizeof *slot);
    struct buffer bytes = {0}, why = {0};
    const char *otherwise = snapshot->commit ? "its commit is compiled instead"
                                             : "what the definitions say now is assumed";
    slot->definition.origin = ORIGIN_SERVED;
    bool opened = snapshot->of_git.length == 0 && read_archived(force, snapshot, &bytes, &why) &&
                  open_definition(force, snapshot, &bytes, &slot->definition, &why);
    if (!opened && why.length)
        say(force, snapshot, "the archive", why.bytes, otherwise);
    if (!opened && snapshot->commit) {
        close_definition(&slot->definition);
        slot->definition = (struct definition){.origin = ORIGIN_FROM_GIT};
        why.length = 0;
        opened = (snapshot->of_git.length > 0 ||
                  compile_commit(force, snapshot, &snapshot->of_git, &why)) &&
                 open_definition(force, snapshot, &snapshot->of_git, &slot->definition, &why);
        if (!opened)
            say(force, snapshot, "git", why.bytes, "what the definitions say now is assumed");
    }
    buffer_release(&bytes);
    buffer_release(&why);
    if (opened)
        return slot;
    close_definition(&slot->definition);
    free(slot);
    return NULL;
}

/* Under the lock: makes room for one more. */
static void close_oldest(struct in_force *force)
{
    struct snapshot *oldest = NULL;
    for (uint32_t i = 0; i < force->snapshot_count; i++) {
        struct snapshot *one = &force->snapshots[i];
        if (one->slot && one->slot->users == 0 && (!oldest || one->slot->used < oldest->slot->used))
            oldest = one;
    }
    if (!oldest)
        return;
    close_definition(&oldest->slot->definition);
    free(oldest->slot);
    oldest->slot = NULL;
    force->open_count--;
}

/* NULL: it cannot be used. The slot stays open until the cursor lets it go. */
static struct slot *take_slot(struct in_force *force, uint32_t index)
{
    struct snapshot *snapshot = &force->snapshots[index];
    if (!snapshot->slot && !snapshot->is_unusable) {
        if (force->open_count >= MOST_OPEN)
            close_oldest(force);
        snapshot->slot = open_snapshot(force, snapshot);
        snapshot->is_unusable = !snapshot->slot;
        force->open_count += snapshot->slot != NULL;
    }
    if (snapshot->slot) {
        snapshot->slot->users++;
        snapshot->slot->used = ++force->clock;
    }
    return snapshot->slot;
}

static const struct definition *pinned(struct in_force_cursor *cursor, uint32_t index)
{
    struct in_force *force = cursor->force;
    struct pin *pin = &cursor->pins[index % PINS];
    if (pin->slot && pin->snapshot == index)
        return &pin->slot->definition;
    pthread_mutex_lock(&force->lock);
    if (pin->slot)
        pin->slot->users--;
    *pin = (struct pin){index, take_slot(force, index)};
    pthread_mutex_unlock(&force->lock);
    return pin->slot ? &pin->slot->definition : NULL;
}

/* ----------------------------------------------------------------------------------- looking -- */

/* The last period that began by then; UINT32_MAX: none. */
static uint32_t period_at(const struct in_force *force, int64_t time)
{
    uint32_t low = 0, high = force->period_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (force->periods[middle].from <= time)
            low = middle + 1;
        else
            high = middle;
    }
    return low - 1;
}

/* Once: a line from before an edit is evaluated as if that had always been made. */
static void say_edited(struct in_force *force)
{
    pthread_mutex_lock(&force->lock);
    bool said = force->said_edit;
    force->said_edit = true;
    pthread_mutex_unlock(&force->lock);
    if (said)
        return;
    char time[32];
    format_time(force->edited, time, sizeof time);
    print_warning("'%s' was edited at %s, by the ledger, and it is not recorded what was served "
                  "before: those lines are evaluated as it is defined now",
                  force->flag->name.text, time);
    print_help("'archive' in the project, or ffc build --record, keeps what is published");
}

static enum in_force_at look(struct in_force_cursor *cursor, int64_t time)
{
    const struct in_force *force = cursor->force;
    uint32_t place = period_at(force, time), next = place + 1;
    int64_t begin = place == UINT32_MAX ? INT64_MIN : force->periods[place].from + force->settle;
    int64_t end =
        next >= force->period_count ? INT64_MAX : force->periods[next].from - force->settle;
    cursor->definition = NULL;
    if (time < begin || time >= end) {
        cursor->from = cursor->until = time;
        return IN_FORCE_TRANSITION;
    }
    cursor->from = begin;
    cursor->until = end;
    uint32_t snapshot = place == UINT32_MAX ? UINT32_MAX : force->periods[place].snapshot;
    if (snapshot != UINT32_MAX)
        cursor->definition = pinned(cursor, snapshot);
    return cursor->definition ? IN_FORCE_KNOWN : IN_FORCE_ASSUMED;
}

enum in_force_at in_force_at(struct in_force_cursor *cursor, int64_t time,
                             const struct definition **definition)
{
    if (time < cursor->from || time >= cursor->until)
        cursor->at = look(cursor, time);
    if (cursor->at == IN_FORCE_ASSUMED && !cursor->saw_edit &&
        in_force_age(cursor, time) == AGE_BEFORE_EDIT) {
        cursor->saw_edit = true;
        say_edited(cursor->force);
    }
    *definition = cursor->definition;
    return cursor->at;
}

enum age in_force_age(const struct in_force_cursor *cursor, int64_t time)
{
    return time < cursor->force->edited ? AGE_BEFORE_EDIT : AGE_ANY;
}

int64_t in_force_edited(const struct in_force *force)
{
    return force->edited;
}

struct in_force_cursor *in_force_cursor(struct in_force *force)
{
    struct in_force_cursor *cursor = xcalloc(1, sizeof *cursor);
    cursor->force = force;
    pthread_mutex_lock(&force->lock);
    cursor->next = force->cursors;
    force->cursors = cursor;
    pthread_mutex_unlock(&force->lock);
    return cursor;
}

bool in_force_is_recorded(const struct in_force *force)
{
    return force->period_count > 0;
}

/* ---------------------------------------------------------------------------- open and close -- */

static uint32_t snapshot_of(struct in_force *force, struct table *by_build,
                            const struct publication_time *time)
{
    struct snapshot *known = table_get(by_build, time->build);
    if (!known) {
        known = &force->snapshots[force->snapshot_count++];
        *known = (struct snapshot){.from = time->from};
        memcpy(known->build, time->build, sizeof known->build);
        (void)table_add(by_build, &force->arena, known->build, known);
    }
    if (!known->commit)
        known->commit = time->commit;
    return (uint32_t)(known - force->snapshots);
}

static bool read_record(struct in_force *force)
{
    struct publications list;
    struct buffer error = {0};
    struct table by_build = {0};
    const char *environment = force->project->environments.items[force->environment].text;
    bool read = publications_read(&list, force->archive, force->project->directory, environment,
                                  &force->arena, &error);
    if (!read)
        job_error(NULL, "%s", error.bytes);
    buffer_release(&error);
    force->snapshots = ARENA_ARRAY(&force->arena, struct snapshot, list.count + 1);
    force->periods = ARENA_ARRAY(&force->arena, struct period, list.count + 1);
    for (uint32_t i = 0; i < list.count; i++) {
        const struct publication_time *time = &list.items[i];
        uint32_t snapshot = snapshot_of(force, &by_build, time);
        force->periods[force->period_count++] =
            (struct period){time->from, time->is_certain ? snapshot : UINT32_MAX};
    }
    return read;
}

/* Percentages, rules and the like: stages and experiments are known from their own entries. */
static bool find_edit(struct in_force *force)
{
    struct project *project = force->project;
    struct names_then names = {.count = 0};
    struct buffer error = {0};
    const struct ledger_entries *entries = ledger_look(project->directory, &error);
    if (!entries)
        job_error(NULL, "%s", error.bytes);
    buffer_release(&error);
    if (entries)
        names_then_find(&names, entries, force->flag, &force->arena);
    for (uint32_t i = entries ? entries->count : 0; i-- > 0 && force->edited == INT64_MIN;) {
        struct recorded record;
        const char *called;
        json_t *json = ledger_json_of(entries, i, &names, &called);
        if (json && record_parse(&record, json) && record.edit &&
            record_is_about(&record, called, project->environments.items[force->environment].text))
            force->edited = record.time;
        json_decref(json);
    }
    return entries != NULL;
}

bool in_force_open(struct in_force **force, struct project *project, const struct flag *flag,
                   uint32_t environment, const struct served_record *record)
{
    struct in_force *new = *force = xcalloc(1, sizeof *new);
    *new = (struct in_force){.project = project,
                             .flag = flag,
                             .environment = environment,
                             .settle = record->settle,
                             .edited = INT64_MIN,
                             .lock = PTHREAD_MUTEX_INITIALIZER};
    if (!record->is_asked)
        return true;
    new->archive = record->archive ? record->archive : project_archive(project, &new->arena);
    new->said_edit = record->is_quiet;
    if (record->is_quiet)
        new->said = MOST_SAID + 1;
    if (!read_record(new) || !find_edit(new))
        return false;
    if (new->period_count > 0)
        return compile_now(new);
    if (new->archive && !record->is_quiet)
        print_warning("no publication is recorded in '%s' for '%s': what the definitions say now "
                      "is assumed of the past",
                      new->archive, project->environments.items[environment].text);
    return true;
}

void in_force_close(struct in_force *force)
{
    if (!force)
        return;
    for (uint32_t i = 0; i < force->snapshot_count; i++) {
        struct snapshot *one = &force->snapshots[i];
        if (one->slot)
            close_definition(&one->slot->definition);
        free(one->slot);
        buffer_release(&one->of_git);
    }
    for (struct in_force_cursor *next; force->cursors; force->cursors = next) {
        next = force->cursors->next;
        free(force->cursors);
    }
    patch_release(&force->now);
    arena_release(&force->arena);
    free(force);
}

void in_force_prepare(struct in_force *force, const struct line_context *line)
{
    for (uint32_t i = 0; i < line->count; i++)
        *ARENA_APPEND(&force->arena, force->attributes, force->attribute_count) =
            (struct numbered){line->fields[i].declared, line->fields[i].attribute};
}
