/* history_commits.c - what commits, and the work tree, changed of flags. See history.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/table.h"
#include "compiler/files/place.h"
#include "compiler/model/model.h"
#include "compiler/project/project.h"
#include "compiler/ledger/ledger.h"
#include "history_walk.h"
#include "compiler/commands/renames.h"

/* ------------------------------------------------------------------------------------- names -- */

/* Whether a flag is asked for, by the name that it has there. */
static bool is_asked(const struct walk *walk, const char *flag, uint32_t at)
{
    const struct telling_history *telling = walk->telling;
    uint32_t place = at == WORK_TREE ? 0 : at + 1;
    if (!telling->choice->flag_count)
        return true;
    for (uint32_t i = 0; i < telling->alias_count; i++)
        if (telling->aliases[i].from <= place && strcmp(telling->aliases[i].name, flag) == 0)
            return true;
    return false;
}

static void add_alias(struct walk *walk, const char *name, uint32_t at)
{
    struct telling_history *telling = walk->telling;
    *ARENA_APPEND(telling->arena, telling->aliases, telling->alias_count) =
        (struct alias){history_kept(telling->arena, name), at == WORK_TREE ? 1 : at + 2};
}

/* ----------------------------------------------------------------------------------- unknown -- */

static void add_unknown(struct walk *walk, uint32_t at, const char *flag)
{
    struct telling_history *telling = walk->telling;
    struct history *history = telling->history;
    const char *commit = at == WORK_TREE ? NULL : telling->commits[at].short_id;
    struct unknown_commit *last =
        history->unknown_count ? &history->unknown[history->unknown_count - 1] : NULL;
    if (!last || last->commit != commit) {
        last = ARENA_APPEND(telling->arena, history->unknown, history->unknown_count);
        last->commit = commit;
    }
    if (flag)
        *ARENA_APPEND(telling->arena, last->flags, last->flag_count) =
            history_kept(telling->arena, flag);
}

/* ------------------------------------------------------------------------------ two versions -- */

/* A version of some flags. */
struct version_read {
    const char *tree; /* NULL: the work tree, or nothing */
    struct project *project;
    bool is_work_tree;
};

static void forget(struct version_read *version)
{
    if (!version->is_work_tree)
        project_free(version->project);
    version->project = NULL;
}

static const struct flag *flag_in(const struct version_read *version, const char *name)
{
    return version->project ? project_flag(version->project, name) : NULL;
}

/* Whether it is known what the flag means there, be it that there is none. */
static bool is_known(struct walk *walk, const struct version_read *version, const char *name)
{
    const struct project *project = version->project;
    if (!project)
        return version->tree == NULL;
    const struct flag *flag = flag_in(version, name);
    if (project->diagnostics.errors == 0)
        return true;
    if (project->environments.count == 0)
        return false;
    if (flag)
        return !flag->faulty;
    return version->tree && !past_defines(&walk->past, version->tree, name) &&
           !past_may_define(&walk->past, version->tree, name);
}

static struct version_read read_version(struct walk *walk, const char *tree,
                                        const char *const *names, uint32_t count)
{
    struct version_read version = {.tree = tree};
    if (tree)
        version.project = past_load(&walk->past, tree, names, count, PAST_FLAGS);
    return version;
}

/* ----------------------------------------------------------------------------------- changes -- */

static struct raw_change *add_raw(struct walk *walk, uint32_t at, enum happening what,
                                  const char *flag, const char *environment)
{
    struct telling_history *telling = walk->telling;
    struct raw_change *raw = ARENA_APPEND(telling->arena, telling->raws, telling->raw_count);
    *raw = (struct raw_change){.commit = at,
                               .what = what,
                               .flag = history_kept(telling->arena, flag),
                               .environment = history_kept(telling->arena, environment)};
    return raw;
}

static bool is_told_elsewhere(const struct word_change *said, bool renamed)
{
    return is_of_override(said) || (renamed && strcmp(said->what, "salt") == 0);
}

/* A change of the merge itself is one from each of its parents. */
static bool is_in_all(const struct word_change *said, const struct word_change *const *others,
                      const uint32_t *counts, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        bool found = false;
        for (uint32_t j = 0; j < counts[i] && !found; j++)
            found = strcmp(others[i][j].what, said->what) == 0;
        if (!found)
            return false;
    }
    return true;
}

struct pair_of_flags {
    const struct flag *old, *new;
    const struct version_read *before, *after;
};

static struct word_change *compare_words(struct walk *walk, const struct pair_of_flags *pair,
                                         const char *environment, uint32_t *count)
{
    const struct flag_versions versions = {pair->before->project, pair->after->project, pair->old,
                                           pair->new};
    return flag_words_changed(&versions, environment, &walk->scratch, count);
}

/* In one environment, or of the flag as a whole: against the first parent, without what the others
 * have. */
static void add_words(struct walk *walk, uint32_t at, const struct pair_of_flags *pairs,
                      uint32_t pair_count, const char *environment, uint32_t unreadable)
{
    struct arena *arena = walk->telling->arena;
    const struct word_change **others =
        ARENA_ARRAY(&walk->scratch, const struct word_change *, pair_count);
    uint32_t *counts = ARENA_ARRAY(&walk->scratch, uint32_t, pair_count);
    bool renamed = strcmp(pairs[0].old->name.text, pairs[0].new->name.text) != 0;
    struct raw_change *raw = NULL;
    for (uint32_t i = 0; i < pair_count; i++)
        others[i] = compare_words(walk, &pairs[i], environment, &counts[i]);
    for (uint32_t i = 0; i < counts[0]; i++) {
        const struct word_change *said = &others[0][i];
        if (is_told_elsewhere(said, renamed) ||
            !is_in_all(said, others + 1, counts + 1, pair_count - 1))
            continue;
        if (!raw)
            raw = add_raw(walk, at, HAPPENED_CHANGED, pairs[0].new->name.text, environment);
        raw->unreadable = unreadable;
        if (renamed)
            raw->former = history_kept(arena, pairs[0].old->name.text);
        if (raw->said_count < MOST_SAID)
            *ARENA_APPEND(arena, raw->said, raw->said_count) =
                (struct word_change){.what = history_kept(arena, said->what),
                                     .before = history_kept(arena, said->before),
                                     .after = history_kept(arena, said->after)};
    }
}

static void compare_flags(struct walk *walk, uint32_t at, const struct pair_of_flags *pairs,
                          uint32_t pair_count, uint32_t unreadable)
{
    const struct project *project = pairs[0].after->project;
    add_words(walk, at, pairs, pair_count, NULL, unreadable);
    for (uint32_t i = 0; i < project->environments.count; i++)
        add_words(walk, at, pairs, pair_count, project->environments.items[i].text, unreadable);
    arena_clear(&walk->scratch);
}

/* ----------------------------------------------------------------------------------- renamed -- */

static const struct flag *former_of(const struct past_delta *delta,
                                    const struct version_read *before, const struct flag *new,
                                    const struct version_read *after)
{
    for (uint32_t i = 0; i < delta->flag_count; i++) {
        const struct flag *old = flag_in(before, delta->flags[i]);
        if (old && !old->faulty && !flag_in(after, delta->flags[i]) &&
            has_its_salt(before->project, old, after->project, new))
            return old;
    }
    return NULL;
}

/* -------------------------------------------------------------------------------- one commit -- */

struct look {
    struct walk *walk;
    uint32_t at; /* the commit */
    struct version_read after;
    struct version_read *before; /* by parent */
    struct commit **parents;
    uint32_t parent_count;
    struct past_delta delta;
};

/* The nearest commit before a parent in which the flag's meaning is known: one without a tree where
 * that is before all commits. False: there is none in this clone, or in the time that is asked
 * for. */
static bool known_before(struct look *look, const char *name, struct version_read *found,
                         uint32_t *unreadable)
{
    struct walk *walk = look->walk;
    struct commit *commit = look->parents[0];
    *unreadable = 0;
    for (;;) {
        ++*unreadable;
        *found = (struct version_read){.tree = NULL};
        if (commit->parent_count == 0)
            return !commit->is_unlisted && !past_lacks_parents(&walk->past, commit->id);
        commit = commit_of(walk, commit->parents[0]);
        const char *tree = tree_of(walk, commit);
        struct past_delta delta = {.arena = &walk->scratch};
        past_compare(&walk->past, tree, look->parents[0]->tree, &delta);
        *found = read_version(walk, tree, &name, 1);
        if (is_known(walk, found, name))
            return true;
        forget(found);
    }
}

static void look_at_flag(struct look *look, const char *name)
{
    struct walk *walk = look->walk;
    const struct flag *new = flag_in(&look->after, name);
    struct version_read earlier = {.tree = NULL}, *before = look->before;
    uint32_t unreadable = 0, count = look->parent_count;
    if (!is_known(walk, &look->after, name)) {
        add_unknown(walk, look->at, name);
        return;
    }
    if (count && !is_known(walk, &before[0], name)) {
        if (!known_before(look, name, &earlier, &unreadable))
            return;
        before = &earlier;
        count = 1;
    }
    const struct flag *old = count ? flag_in(&before[0], name) : NULL;
    const struct flag *former = NULL;
    if (new && !old && count &&before[0].project)
        former = former_of(&look->delta, &before[0], new, &look->after);
    if (former) {
        struct raw_change *raw = add_raw(walk, look->at, HAPPENED_RENAMED, name, NULL);
        raw->former = history_kept(walk->telling->arena, former->name.text);
        raw->unreadable = unreadable;
        if (walk->telling->choice->flag_count)
            add_alias(walk, former->name.text, look->at);
        old = former;
        count = 1;
    }
    if (new &&old) {
        struct pair_of_flags *pairs = ARENA_ARRAY(&walk->scratch, struct pair_of_flags, count);
        uint32_t pair_count = 0;
        for (uint32_t i = 0; i < count; i++) {
            const struct flag *other = i == 0 ? old : flag_in(&before[i], name);
            if (other && !other->faulty)
                pairs[pair_count++] = (struct pair_of_flags){other, new, &before[i], &look->after};
        }
        compare_flags(walk, look->at, pairs, pair_count, unreadable);
    } else if (new || old) {
        bool in_all = true; /* of a merge: one that has come with either side is no news */
        for (uint32_t i = 1; i < count; i++)
            in_all &= !flag_in(&before[i], name) == (new != NULL);
        if (in_all)
            add_raw(walk, look->at, new ? HAPPENED_NEW : HAPPENED_GONE, name, NULL)->unreadable =
                unreadable;
    }
    forget(&earlier);
}

/* A flag that is gone and goes on under another name is told of there. */
static bool goes_on(struct look *look, const char *name)
{
    const struct flag *old = look->parent_count ? flag_in(&look->before[0], name) : NULL;
    if (!old || flag_in(&look->after, name) || !look->after.project)
        return false;
    for (uint32_t i = 0; i < look->delta.flag_count; i++) {
        const struct flag *new = flag_in(&look->after, look->delta.flags[i]);
        if (new && !flag_in(&look->before[0], look->delta.flags[i]) &&
            has_its_salt(look->before[0].project, old, look->after.project, new)) {
            if (!look->walk->telling->choice->flag_count)
                return true;
            /* It is asked for by its former name. */
            if (is_asked(look->walk, look->delta.flags[i], look->at))
                return true;
            struct raw_change *raw =
                add_raw(look->walk, look->at, HAPPENED_RENAMED, new->name.text, NULL);
            raw->former = history_kept(look->walk->telling->arena, name);
            return true;
        }
    }
    return false;
}

static void compare_environments(struct look *look)
{
    const struct project *after = look->after.project;
    const struct project *before = look->parent_count ? look->before[0].project : NULL;
    if (!before || !after || look->walk->telling->choice->flag_count)
        return;
    for (uint32_t i = 0; i < after->environments.count; i++)
        if (project_environment(before, after->environments.items[i].text) == UINT32_MAX)
            add_raw(look->walk, look->at, HAPPENED_NEW, NULL, after->environments.items[i].text);
    for (uint32_t i = 0; i < before->environments.count; i++)
        if (project_environment(after, before->environments.items[i].text) == UINT32_MAX)
            add_raw(look->walk, look->at, HAPPENED_GONE, NULL, before->environments.items[i].text);
}

static bool is_in_both(struct look *look, const char *name)
{
    struct past *past = &look->walk->past;
    if (look->after.is_work_tree ? !flag_in(&look->after, name)
                                 : !past_defines(past, look->after.tree, name))
        return false;
    for (uint32_t i = 0; i < look->parent_count; i++)
        if (!past_defines(past, look->before[i].tree, name))
            return false;
    return true;
}

/* Those to be read: what is asked for, and, where one of them comes or goes, what goes or comes. */
static const char **chosen_names(struct look *look, uint32_t *count)
{
    struct arena *arena = &look->walk->scratch;
    const struct past_delta *delta = &look->delta;
    const char **names = NULL;
    bool all = !look->walk->telling->choice->flag_count, any = false;
    *count = 0;
    for (uint32_t i = 0; i < delta->flag_count && !all; i++)
        if (is_asked(look->walk, delta->flags[i], look->at)) {
            any = true;
            all |= !is_in_both(look, delta->flags[i]);
        }
    for (uint32_t i = 0; (all || any) && i < delta->flag_count; i++)
        if (all || is_asked(look->walk, delta->flags[i], look->at))
            *ARENA_APPEND(arena, names, *count) = delta->flags[i];
    return names;
}

static void add_all_names(const struct version_read *version, struct past_delta *delta)
{
    for (uint32_t i = 0; version->project && i < version->project->flag_count; i++) {
        const char *name = version->project->flags[i]->name.text;
        if (table_add(&delta->seen, delta->arena, arena_copy(delta->arena, name, strlen(name)),
                      delta))
            continue;
        *ARENA_APPEND(delta->arena, delta->flags, delta->flag_count) =
            arena_copy(delta->arena, name, strlen(name));
    }
}

static void add_aliases(struct look *look)
{
    const struct telling_history *telling = look->walk->telling;
    for (uint32_t i = 0; i < telling->alias_count; i++) {
        const char *name = telling->aliases[i].name;
        if (is_asked(look->walk, name, look->at) &&
            !table_add(&look->delta.seen, look->delta.arena, name, look))
            *ARENA_APPEND(look->delta.arena, look->delta.flags, look->delta.flag_count) = name;
    }
}

static void look_at_flags(struct look *look)
{
    struct walk *walk = look->walk;
    uint32_t count;
    bool all = look->delta.everything && !walk->telling->choice->flag_count;
    if (look->delta.everything && !all)
        add_aliases(look);
    const char **names = chosen_names(look, &count);
    if (!all && count == 0)
        return;
    if (!look->after.is_work_tree)
        look->after = read_version(walk, look->after.tree, names, all ? UINT32_MAX : count);
    for (uint32_t i = 0; i < look->parent_count; i++)
        look->before[i] = read_version(walk, look->before[i].tree, names, all ? UINT32_MAX : count);
    if (all) {
        add_all_names(&look->after, &look->delta);
        for (uint32_t i = 0; i < look->parent_count; i++)
            add_all_names(&look->before[i], &look->delta);
        compare_environments(look);
    }
    if (look->after.project && look->after.project->environments.count == 0 &&
        look->after.project->diagnostics.errors) {
        add_unknown(walk, look->at, NULL);
    } else {
        for (uint32_t i = 0; i < look->delta.flag_count; i++)
            if (is_asked(walk, look->delta.flags[i], look->at) &&
                !goes_on(look, look->delta.flags[i]))
                look_at_flag(look, look->delta.flags[i]);
    }
    forget(&look->after);
    for (uint32_t i = 0; i < look->parent_count; i++)
        forget(&look->before[i]);
}

/* --------------------------------------------------------------------------------- overrides -- */

static const struct override *override_named(const struct project *project, const char *name)
{
    for (uint32_t i = 0; project && i < project->override_count; i++)
        if (strcmp(project->overrides[i]->name, name) == 0)
            return project->overrides[i];
    return NULL;
}

static bool selects_asked(const struct look *look, const struct project *project,
                          const struct override *override)
{
    const struct telling_history *telling = look->walk->telling;
    if (!telling->choice->flag_count)
        return true;
    for (uint32_t i = 0; i < telling->alias_count; i++) {
        const struct flag *flag = project_flag(project, telling->aliases[i].name);
        if (flag && override_selects(override, flag))
            return true;
    }
    return false;
}

static const char *override_text(struct arena *arena, const struct project *project,
                                 const struct override *override, size_t most)
{
    struct buffer text = {0};
    if (!override)
        return NULL;
    override_in_words(override, most, &text);
    buffer_append_text(&text, ", for ");
    override_scope_in_words(project, override, &text);
    const char *kept = arena_copy(arena, text.bytes, text.length);
    buffer_release(&text);
    return kept;
}

static void compare_override(struct look *look, const char *name, const struct project *old,
                             const struct project *new)
{
    struct arena *arena = look->walk->telling->arena;
    const struct override *before = override_named(old, name), *after = override_named(new, name);
    const char *was = override_text(arena, old, before, SIZE_MAX);
    const char *is = override_text(arena, new, after, SIZE_MAX);
    if ((was && is && strcmp(was, is) == 0) ||
        (before && !selects_asked(look, old, before) &&
         (!after || !selects_asked(look, new, after))) ||
        (!before && !selects_asked(look, new, after)))
        return;
    struct raw_change *raw = add_raw(look->walk, look->at,
                                     !before  ? HAPPENED_NEW
                                     : !after ? HAPPENED_GONE
                                              : HAPPENED_CHANGED,
                                     NULL, NULL);
    raw->override = history_kept(arena, name);
    *ARENA_APPEND(arena, raw->said, raw->said_count) =
        (struct word_change){.what = raw->override,
                             .before = override_text(arena, old, before, NAMED_OPERANDS),
                             .after = override_text(arena, new, after, NAMED_OPERANDS)};
}

static void look_at_overrides(struct look *look)
{
    struct walk *walk = look->walk;
    const struct telling_history *telling = walk->telling;
    const char **names = ARENA_ARRAY(&walk->scratch, const char *, telling->alias_count + 1);
    for (uint32_t i = 0; i < telling->alias_count; i++)
        names[i] = telling->aliases[i].name;
    struct project *before = NULL, *after = look->after.project;
    if (look->parent_count && look->parents[0]->tree)
        before = past_load(&walk->past, look->parents[0]->tree, names, telling->alias_count,
                           PAST_WITH_OVERRIDES);
    if (!look->after.is_work_tree && look->after.tree)
        after = past_load(&walk->past, look->after.tree, names, telling->alias_count,
                          PAST_WITH_OVERRIDES);
    for (uint32_t i = 0; after && i < after->override_count; i++)
        compare_override(look, after->overrides[i]->name, before, after);
    for (uint32_t i = 0; before && i < before->override_count; i++)
        if (!override_named(after, before->overrides[i]->name))
            compare_override(look, before->overrides[i]->name, before, after);
    project_free(before);
    if (!look->after.is_work_tree)
        project_free(after);
}

/* -------------------------------------------------------------------------------------- walk -- */

/* Keeps what is different from each parent. */
static void intersect(struct past_delta *delta, const struct past_delta *other)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < delta->flag_count && !other->everything; i++)
        if (table_get(&other->seen, delta->flags[i]))
            delta->flags[kept++] = delta->flags[i];
    if (!other->everything)
        delta->flag_count = kept;
    if (delta->everything && !other->everything) {
        delta->everything = false;
        delta->flags = other->flags;
        delta->flag_count = other->flag_count;
    }
    delta->overrides &= other->overrides;
}

static void note_added(struct look *look)
{
    struct telling_history *telling = look->walk->telling;
    for (uint32_t i = 0; i < look->delta.added_count; i++) {
        const char *path = history_kept(telling->arena, look->delta.added[i]);
        uint32_t *commit = ARENA_NEW(telling->arena, uint32_t);
        *commit = look->at;
        table_add(&telling->added, telling->arena, path, commit);
    }
}

static bool has_chosen(const struct telling_history *telling, uint32_t from)
{
    const char *environment = telling->choice->environment;
    for (uint32_t i = from; i < telling->raw_count; i++)
        if (!environment || !telling->raws[i].environment ||
            strcmp(telling->raws[i].environment, environment) == 0)
            return true;
    return false;
}

static void look_at(struct look *look)
{
    struct walk *walk = look->walk;
    uint32_t before = walk->telling->raw_count;
    note_added(look);
    look->before = ARENA_ARRAY(look->delta.arena, struct version_read, look->parent_count + 1);
    for (uint32_t i = 0; i < look->parent_count; i++)
        look->before[i].tree = look->parents[i]->tree;
    if (look->delta.overrides)
        look_at_overrides(look);
    look_at_flags(look);
    walk->found += has_chosen(walk->telling, before);
    arena_clear(&walk->scratch);
    past_trim(&walk->past);
}

static void look_at_commit(struct walk *walk, uint32_t at)
{
    struct telling_history *telling = walk->telling;
    struct commit *commit = &telling->commits[at];
    struct arena arena = {0};
    struct look look = {.walk = walk, .at = at, .delta = {.arena = &arena}};
    look.after.tree = tree_of(walk, commit);
    if (commit->parent_count == 0 && past_lacks_parents(&walk->past, commit->id)) {
        telling->history->shallow = true;
        return;
    }
    look.parents = ARENA_ARRAY(&arena, struct commit *, commit->parent_count + 1);
    for (uint32_t i = 0; i < commit->parent_count; i++) {
        struct commit *parent = commit_of(walk, commit->parents[i]);
        struct past_delta delta = {.arena = &arena};
        const char *tree = tree_of(walk, parent);
        look.parents[look.parent_count++] = parent;
        past_compare(&walk->past, tree, look.after.tree, &delta);
        past_spread(&walk->past, tree, &delta);
        past_spread(&walk->past, look.after.tree, &delta);
        if (i == 0)
            look.delta = delta;
        else
            intersect(&look.delta, &delta);
    }
    if (commit->parent_count == 0) {
        past_compare(&walk->past, NULL, look.after.tree, &look.delta);
        look.delta.everything = false;
    }
    look_at(&look);
    arena_release(&arena);
}

/* --------------------------------------------------------------------------------- work tree -- */

static const struct definition_text *cut_source(const struct project *project, const char *name,
                                                struct arena *arena)
{
    for (uint32_t i = 0; i < project->sources.count; i++) {
        const struct source *source = &project->sources.items[i];
        if (strcmp(source->name, name) != 0 || !source->text)
            continue;
        struct definition_text *text = ARENA_NEW(arena, struct definition_text);
        *text = definition_text_cut(source->text, source->length, arena);
        return text;
    }
    return NULL;
}

/* "XY PATH", from the top of the repository. */
static void compare_file(struct look *look, const char *status)
{
    struct walk *walk = look->walk;
    const char *path = status + 3, *folder = walk->past.folder;
    size_t length = strlen(folder);
    const char *tree = look->parent_count ? look->parents[0]->tree : NULL;
    if (length && (strncmp(path, folder, length) != 0 || path[length] != '/'))
        return;
    path += length ? length + 1 : 0;
    size_t end = strlen(path);
    if (is_hidden_path(path) || end == 0 || path[end - 1] == '/')
        return;
    if (is_definition_path(path))
        past_compare_texts(&walk->past, path, past_definitions(&walk->past, tree, path),
                           cut_source(walk->telling->project, path, look->delta.arena),
                           &look->delta);
    else
        past_compare_file(&walk->past, path, status[0] == '?' || status[0] == 'A', &look->delta);
}

static void spread_in_work_tree(struct look *look)
{
    const struct project *project = look->walk->telling->project;
    bool more = look->delta.name_count > 0;
    while (more) {
        more = false;
        for (uint32_t i = 0; i < project->sources.count; i++) {
            const struct definition_text *text =
                cut_source(project, project->sources.items[i].name, look->delta.arena);
            if (text)
                past_spread_text(text, &look->delta, &more);
        }
    }
}

/* What is not committed yet: against the newest commit. */
static void look_at_work_tree(struct walk *walk)
{
    struct telling_history *telling = walk->telling;
    struct buffer out = {0}, error = {0};
    struct arena arena = {0};
    struct commit *head = telling->commit_count ? &telling->commits[0] : NULL;
    struct look look = {.walk = walk, .at = WORK_TREE, .delta = {.arena = &arena}};
    look.parents = &head;
    look.parent_count = 1;
    look.after = (struct version_read){.project = (struct project *)(uintptr_t)telling->project,
                                       .is_work_tree = true};
    static const char *const status[] = {
        "status", "--porcelain=v1", "-z", "-uall", "--no-renames", "--", ".", NULL};
    if (git_run(telling->project->directory, status, NULL, &out, &error) == GIT_DONE) {
        for (size_t i = 0; i < out.length; i += strlen(out.bytes + i) + 1)
            if (strlen(out.bytes + i) > 3)
                compare_file(&look, out.bytes + i);
        past_spread(&walk->past, head->tree, &look.delta);
        spread_in_work_tree(&look);
        look_at(&look);
    }
    buffer_release(&out);
    buffer_release(&error);
    arena_release(&arena);
}

/* The newest commit that has the definitions is the first of the list, unless a time bounds it. */
static void read_head(struct walk *walk)
{
    struct telling_history *telling = walk->telling;
    const char *id;
    git_commit(telling->project->directory, "HEAD", telling->arena, &id);
    if (!id)
        return;
    struct commit *head = commit_of(walk, id);
    if (!tree_of(walk, head))
        return;
    telling->history->git = true;
    past_learn(&walk->past, head->tree);
    struct commit *commits = telling->commits;
    uint32_t count = telling->commit_count;
    telling->commits = head;
    telling->commit_count = 1;
    look_at_work_tree(walk);
    telling->commits = commits;
    telling->commit_count = count;
}

void find_committed(struct telling_history *telling)
{
    struct walk walk = {.telling = telling};
    struct arena arena = {0};
    const char *folder = git_prefix(telling->project->directory, &arena);
    if (folder &&
        past_open(&walk.past, telling->project->directory, folder, telling->choice->now) &&
        list_commits(&walk)) {
        read_head(&walk);
        find_trees(&walk);
        for (uint32_t i = 0; i < telling->commit_count && walk.found < telling->choice->most; i++) {
            fetch_ahead(&walk, i);
            look_at_commit(&walk, i);
        }
        telling->history->truncated = walk.past.failed;
    }
    if (folder)
        past_close(&walk.past);
    arena_release(&walk.scratch);
    arena_release(&arena);
}
