/* past.c - see past.h. */
#include "past.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/model/model.h"
#include "compiler/project/project.h"
#include "compiler/ledger/ledger.h"
#include "compiler/files/place.h"
#include "compiler/files/scratch.h"

#define MOST_CACHED  ((size_t)256 << 20)
#define LONGEST_WORD 256

/* ---------------------------------------------------------------------------------- git's -- */

bool past_open(struct past *past, const char *directory, const char *folder, int64_t now)
{
    *past = (struct past){.folder = folder, .now = now};
    return git_objects_open(&past->objects, directory);
}

void past_close(struct past *past)
{
    git_objects_close(&past->objects);
    arena_release(&past->cache);
    arena_release(&past->arena);
}

void past_trim(struct past *past)
{
    if (past->cached < MOST_CACHED)
        return;
    arena_release(&past->cache);
    past->trees = past->texts = (struct table){.count = 0};
    past->cached = 0;
}

struct tree_entry {
    const char *name;
    size_t length;
    const unsigned char *id;
    char kind; /* 't'ree, 'f'ile, 'l'ink; others are left out */
};

struct past_tree {
    struct tree_entry *items;
    uint32_t count;
    size_t id_size;
};

static char kind_of(const char *mode)
{
    return strncmp(mode, "40000 ", 6) == 0    ? 't'
           : strncmp(mode, "100", 3) == 0     ? 'f'
           : strncmp(mode, "120000 ", 7) == 0 ? 'l'
                                              : '\0';
}

/* "MODE NAME\0ID", again and again. */
static void read_entries(struct past *past, struct past_tree *tree, const char *bytes,
                         size_t length)
{
    const char *at = bytes, *end = bytes + length;
    while (at < end) {
        const char *name = memchr(at, ' ', (size_t)(end - at));
        const char *nul = name ? memchr(name, '\0', (size_t)(end - name)) : NULL;
        if (!nul || (size_t)(end - nul - 1) < tree->id_size)
            return;
        char kind = kind_of(at);
        if (kind)
            *ARENA_APPEND(&past->cache, tree->items, tree->count) = (struct tree_entry){
                name + 1, (size_t)(nul - name - 1), (const unsigned char *)nul + 1, kind};
        at = nul + 1 + tree->id_size;
    }
}

static const struct past_tree *keep_tree(struct past *past, const char *id, struct git_bytes object)
{
    struct past_tree *tree = table_get(&past->trees, id);
    if (tree)
        return tree;
    tree = ARENA_NEW(&past->cache, struct past_tree);
    tree->id_size = strlen(id) / 2;
    read_entries(past, tree, arena_copy(&past->cache, object.bytes, object.length), object.length);
    past->cached += object.length + tree->count * sizeof *tree->items;
    table_add(&past->trees, &past->cache, arena_copy(&past->cache, id, strlen(id)), tree);
    return tree;
}

static const struct past_tree *read_tree(struct past *past, const char *id)
{
    static const struct past_tree nothing = {.count = 0};
    const struct past_tree *tree = id ? table_get(&past->trees, id) : NULL;
    struct git_bytes object;
    if (!id || tree)
        return id ? tree : &nothing;
    past->failed |= !git_object(&past->objects, id, &object);
    return keep_tree(past, id, object);
}

static const char *id_of(struct arena *arena, const struct past_tree *tree,
                         const struct tree_entry *entry)
{
    static const char digits[] = "0123456789abcdef";
    char *id = arena_text(arena, 2 * tree->id_size);
    for (size_t i = 0; i < tree->id_size; i++) {
        id[2 * i] = digits[entry->id[i] >> 4];
        id[2 * i + 1] = digits[entry->id[i] & 15];
    }
    return id;
}

static const struct tree_entry *find_entry(const struct past_tree *tree, const char *name,
                                           size_t length)
{
    for (uint32_t i = 0; i < tree->count; i++)
        if (tree->items[i].length == length && memcmp(tree->items[i].name, name, length) == 0)
            return &tree->items[i];
    return NULL;
}

/* The id of what stands at a path; NULL: nothing of that kind. */
static const char *find_path(struct past *past, const char *tree, const char *path, char kind)
{
    const char *id = tree;
    while (id) {
        size_t length = strcspn(path, "/");
        const struct past_tree *read = read_tree(past, id);
        const struct tree_entry *entry = find_entry(read, path, length);
        bool last = path[length] == '\0';
        if (!entry || entry->kind != (last ? kind : 't'))
            return NULL;
        id = id_of(&past->cache, read, entry);
        if (last)
            return id;
        path += length + 1;
    }
    return NULL;
}

bool past_lacks_parents(struct past *past, const char *commit)
{
    struct git_bytes object;
    char parent[LONGEST_WORD];
    if (!git_object(&past->objects, commit, &object))
        return false;
    const char *line = strstr(object.bytes, "\nparent "),
               *author = strstr(object.bytes, "\nauthor ");
    size_t length = line ? strcspn(line + 8, "\n") : 0;
    if (!line || !author || line > author || length >= sizeof parent)
        return false;
    memcpy(parent, line + 8, length);
    parent[length] = '\0';
    return !git_object(&past->objects, parent, &object);
}

const char *past_tree(struct past *past, const char *commit)
{
    struct git_bytes object;
    if (!git_object(&past->objects, commit, &object) || strncmp(object.bytes, "tree ", 5) != 0) {
        past->failed = true;
        return NULL;
    }
    const char *id = arena_copy(&past->arena, object.bytes + 5, strcspn(object.bytes + 5, "\n"));
    const char *found = *past->folder ? find_path(past, id, past->folder, 't') : id;
    return found ? arena_copy(&past->arena, found, strlen(found)) : NULL;
}

/* ------------------------------------------------------------------------------------- texts -- */

struct past_text {
    struct definition_text cut;
    const char *bytes;
    size_t length;
};

static const struct past_text *keep_text(struct past *past, const char *id, struct git_bytes object)
{
    struct past_text *text = ARENA_NEW(&past->cache, struct past_text);
    text->bytes = arena_copy(&past->cache, object.bytes, object.length);
    text->length = object.length;
    text->cut = definition_text_cut(text->bytes, text->length, &past->cache);
    past->cached += object.length + text->cut.count * 2 * sizeof *text->cut.blocks;
    table_add(&past->texts, &past->cache, arena_copy(&past->cache, id, strlen(id)), text);
    return text;
}

static const struct past_text *read_text(struct past *past, const char *id)
{
    const struct past_text *text = table_get(&past->texts, id);
    struct git_bytes object;
    if (text)
        return text;
    past->failed |= !git_object(&past->objects, id, &object);
    return keep_text(past, id, object);
}

/* Many at once, so that git and this program do not wait for each other after each. */
static void fetch(struct past *past, const char *const *ids, size_t count, bool trees)
{
    const char *wanted[GIT_AT_ONCE];
    for (size_t at = 0; at < count;) {
        size_t found = 0;
        struct git_bytes object;
        for (; at < count && found < GIT_AT_ONCE; at++)
            if (!table_get(trees ? &past->trees : &past->texts, ids[at]))
                wanted[found++] = ids[at];
        if (!git_objects_ask(&past->objects, wanted, found))
            return;
        for (size_t i = 0; i < found; i++) {
            bool read = git_objects_next(&past->objects, &object);
            if (read && trees)
                keep_tree(past, wanted[i], object);
            else if (read && !table_get(&past->texts, wanted[i]))
                keep_text(past, wanted[i], object);
        }
    }
}

void past_fetch(struct past *past, const char *const *trees, size_t tree_count,
                const char *const *texts, size_t text_count)
{
    fetch(past, trees, tree_count, true);
    fetch(past, texts, text_count, false);
}

const struct definition_text *past_definitions(struct past *past, const char *tree,
                                               const char *path)
{
    const char *id = tree ? find_path(past, tree, path, 'f') : NULL;
    return id ? &read_text(past, id)->cut : NULL;
}

/* ------------------------------------------------------------------------------ where it is -- */

struct places {
    const char **paths;
    uint32_t count;
};

static void add_place(struct past *past, struct table *table, const char *name, const char *path)
{
    struct places *places = table_get(table, name);
    if (!places) {
        places = ARENA_NEW(&past->arena, struct places);
        table_add(table, &past->arena, arena_copy(&past->arena, name, strlen(name)), places);
        if (table == &past->paths && name[strcspn(name, BETWEEN_WORDS)])
            *ARENA_APPEND(&past->arena, past->odd_names, past->odd_count) =
                arena_copy(&past->arena, name, strlen(name));
    }
    for (uint32_t i = places->count; i-- > 0;)
        if (strcmp(places->paths[i], path) == 0)
            return;
    *ARENA_APPEND(&past->arena, places->paths, places->count) =
        arena_copy(&past->arena, path, strlen(path));
}

static void learn_text(struct past *past, const char *path, const struct definition_text *text)
{
    const char *kept = arena_copy(&past->arena, path, strlen(path));
    for (uint32_t i = 0; text && i < text->count; i++)
        add_place(past, &past->paths, text->blocks[i].name, kept);
}

/* Calls for every file of a version, hidden ones left out. */
typedef void file_taker(struct past *past, const char *path, const char *id, bool link, void *user);

static void each_file(struct past *past, const char *id, const char *prefix, file_taker *take,
                      void *user)
{
    const struct past_tree *tree = read_tree(past, id);
    for (uint32_t i = 0; i < tree->count; i++) {
        const struct tree_entry *entry = &tree->items[i];
        if (is_hidden_name(entry->name))
            continue;
        const char *found = id_of(&past->cache, tree, entry);
        const char *path = arena_format(&past->cache, "%s%.*s%s", prefix, (int)entry->length,
                                        entry->name, entry->kind == 't' ? "/" : "");
        if (entry->kind == 't')
            each_file(past, found, path, take, user);
        else
            take(past, path, found, entry->kind == 'l', user);
    }
}

static void learn_file(struct past *past, const char *path, const char *id, bool link, void *user)
{
    (void)user;
    if (link || !is_definition_path(path))
        add_place(past, &past->files, link ? "" : last_word(path), path);
    else
        learn_text(past, path, &read_text(past, id)->cut);
}

struct ids {
    const char **items;
    size_t count;
};

static void list_file(struct past *past, const char *path, const char *id, bool link, void *user)
{
    struct ids *ids = user;
    if (!link && is_definition_path(path))
        *ARENA_APPEND(&past->cache, ids->items, ids->count) = id;
}

void past_learn(struct past *past, const char *tree)
{
    struct ids ids = {.count = 0};
    each_file(past, tree, "", list_file, &ids);
    fetch(past, ids.items, ids.count, false);
    each_file(past, tree, "", learn_file, NULL);
}

/* ---------------------------------------------------------------------------------- compared -- */

static void add_flag(struct past_delta *delta, const char *name)
{
    if (table_add(&delta->seen, delta->arena, name, delta))
        return;
    const char *kept = arena_copy(delta->arena, name, strlen(name));
    *ARENA_APPEND(delta->arena, delta->flags, delta->flag_count) = kept;
}

static void add_name(struct past_delta *delta, const char *name)
{
    const char *kept = arena_copy(delta->arena, name, strlen(name));
    if (!table_add(&delta->names, delta->arena, kept, delta))
        *ARENA_APPEND(delta->arena, delta->name_items, delta->name_count) = kept;
}

static bool has_same_text(const struct block *a, const struct block *b)
{
    return a->kind == b->kind && a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

/* Those that one has and the other has not in the same words. */
static void compare_blocks(const struct definition_text *text, const struct definition_text *other,
                           struct past_delta *delta)
{
    for (uint32_t i = 0; text && i < text->count; i++) {
        const struct block *block = &text->blocks[i], *same = NULL;
        if (other)
            same = table_get(&other->by_name, block->name);
        while (same && !has_same_text(block, same))
            same = same->next;
        if (same)
            continue;
        switch (block->kind) {
        case BLOCK_FLAG:
            add_flag(delta, arena_copy(delta->arena, block->name, strlen(block->name)));
            break;
        case BLOCK_NAMED:
            add_name(delta, block->name);
            break;
        case BLOCK_COMMON:
            delta->everything = true;
            break;
        case BLOCK_OVERRIDES:
            delta->overrides = true;
            break;
        case BLOCK_TESTS:
            break;
        }
    }
}

void past_compare_texts(struct past *past, const char *path, const struct definition_text *old,
                        const struct definition_text *new, struct past_delta *delta)
{
    learn_text(past, path, old);
    learn_text(past, path, new);
    compare_blocks(old, new, delta);
    compare_blocks(new, old, delta);
}

void past_compare_file(struct past *past, const char *path, bool is_new, struct past_delta *delta)
{
    if (is_new)
        *ARENA_APPEND(delta->arena, delta->added, delta->added_count) =
            arena_copy(delta->arena, path, strlen(path));
    if (strncmp(path, LEDGER_FOLDER "/", sizeof LEDGER_FOLDER) == 0 || !*last_word(path))
        return;
    add_place(past, &past->files, last_word(path), path);
    add_name(delta, last_word(path));
}

/* As git orders them: a folder as if its name ended in a slash. */
static int compare_entries(const struct tree_entry *a, const struct tree_entry *b)
{
    size_t least = a->length < b->length ? a->length : b->length;
    int order = memcmp(a->name, b->name, least);
    unsigned char x = a->length > least ? (unsigned char)a->name[least] : a->kind == 't' ? '/' : 0;
    unsigned char y = b->length > least ? (unsigned char)b->name[least] : b->kind == 't' ? '/' : 0;
    return order ? order : x - y;
}

static void compare_trees(struct past *past, const char *old, const char *new, const char *prefix,
                          struct past_delta *delta);

/* One of the two may be NULL. */
static void compare_entry(struct past *past, const struct past_tree *old,
                          const struct tree_entry *before, const struct past_tree *new,
                          const struct tree_entry *after, const char *prefix,
                          struct past_delta *delta)
{
    const struct tree_entry *one = before ? before : after;
    if (is_hidden_name(one->name) || (before && after && before->kind == after->kind &&
                                      memcmp(before->id, after->id, old->id_size) == 0))
        return;
    const char *path = arena_format(&past->cache, "%s%.*s%s", prefix, (int)one->length, one->name,
                                    one->kind == 't' ? "/" : "");
    const char *from = before ? id_of(&past->cache, old, before) : NULL;
    const char *to = after ? id_of(&past->cache, new, after) : NULL;
    if (one->kind == 't') {
        compare_trees(past, from, to, path, delta);
    } else if ((before && before->kind == 'l') || (after && after->kind == 'l')) {
        add_place(past, &past->files, "", path);
        delta->everything = true;
    } else if (is_definition_path(path)) {
        past_compare_texts(past, path, from ? &read_text(past, from)->cut : NULL,
                           to ? &read_text(past, to)->cut : NULL, delta);
    } else {
        past_compare_file(past, path, !from, delta);
    }
}

static void compare_trees(struct past *past, const char *old, const char *new, const char *prefix,
                          struct past_delta *delta)
{
    const struct past_tree *a = read_tree(past, old), *b = read_tree(past, new);
    uint32_t i = 0, j = 0;
    while (i < a->count || j < b->count) {
        int order = i == a->count   ? 1
                    : j == b->count ? -1
                                    : compare_entries(&a->items[i], &b->items[j]);
        compare_entry(past, a, order <= 0 ? &a->items[i] : NULL, b,
                      order >= 0 ? &b->items[j] : NULL, prefix, delta);
        i += order <= 0;
        j += order >= 0;
    }
}

void past_compare(struct past *past, const char *old, const char *new, struct past_delta *delta)
{
    if (!old || !new || strcmp(old, new) != 0)
        compare_trees(past, old, new, "", delta);
}

/* ------------------------------------------------------------------------------ who names it -- */

static bool names_one(const struct block *block, const struct past_delta *delta)
{
    for (uint32_t i = 0; i < delta->name_count; i++) {
        const char *name = delta->name_items[i];
        if (memmem(block->text, block->length, name, strlen(name)))
            return true;
    }
    return false;
}

void past_spread_text(const struct definition_text *text, struct past_delta *delta, bool *more)
{
    for (uint32_t i = 0; i < text->count && !delta->everything; i++) {
        const struct block *block = &text->blocks[i];
        bool new = block->kind == BLOCK_NAMED && !table_get(&delta->names, block->name);
        bool flag = block->kind == BLOCK_FLAG && !table_get(&delta->seen, block->name);
        if ((!new && !flag && block->kind != BLOCK_COMMON) || !names_one(block, delta))
            continue;
        if (new)
            add_name(delta, block->name);
        else if (flag)
            add_flag(delta, arena_copy(delta->arena, block->name, strlen(block->name)));
        else
            delta->everything = true;
        *more |= new;
    }
}

struct spreading {
    struct past_delta *delta;
    bool more;
};

static void spread_file(struct past *past, const char *path, const char *id, bool link, void *user)
{
    struct spreading *spreading = user;
    if (!link && is_definition_path(path))
        past_spread_text(&read_text(past, id)->cut, spreading->delta, &spreading->more);
}

void past_spread(struct past *past, const char *tree, struct past_delta *delta)
{
    struct spreading spreading = {.delta = delta, .more = tree && delta->name_count > 0};
    while (spreading.more && !delta->everything) {
        spreading.more = false;
        each_file(past, tree, "", spread_file, &spreading);
    }
}

bool past_defines(struct past *past, const char *tree, const char *flag)
{
    const struct places *places = table_get(&past->paths, flag);
    for (uint32_t i = 0; places && i < places->count; i++) {
        const struct definition_text *text = past_definitions(past, tree, places->paths[i]);
        const struct block *block = text ? table_get(&text->by_name, flag) : NULL;
        for (; block; block = block->next)
            if (block->kind == BLOCK_FLAG)
                return true;
    }
    return false;
}

bool past_may_define(struct past *past, const char *tree, const char *flag)
{
    const struct places *places = table_get(&past->paths, "");
    for (uint32_t i = 0; places && i < places->count; i++) {
        const struct definition_text *text = past_definitions(past, tree, places->paths[i]);
        const struct block *block = text ? table_get(&text->by_name, "") : NULL;
        for (; block; block = block->next)
            if (block->kind == BLOCK_COMMON && strcmp(block->section, "project") != 0 &&
                memmem(block->text, block->length, flag, strlen(flag)))
                return true;
    }
    return false;
}

/* ---------------------------------------------------------------------------------- compiled -- */

struct wanted {
    const char *path, *id;
    const struct block *block;
};

struct loading {
    struct past *past;
    const char *tree;
    enum past_part part;
    struct arena arena;
    struct wanted *blocks, *others;
    uint32_t block_count, other_count;
    struct table seen, seen_files;
    const char **names; /* whose blocks are still to be looked for */
    uint32_t name_count;
    struct scratch scratch;
    struct buffer error;
};

static void want_name(struct loading *loading, const char *name)
{
    if (table_get(&loading->seen, name))
        return;
    const char *kept = arena_copy(&loading->arena, name, strlen(name));
    table_add(&loading->seen, &loading->arena, kept, loading);
    *ARENA_APPEND(&loading->arena, loading->names, loading->name_count) = kept;
}

static void want_file(struct loading *loading, const char *word)
{
    const struct places *places = table_get(&loading->past->files, word);
    for (uint32_t i = 0; places && i < places->count; i++) {
        const char *path = places->paths[i];
        bool link = !*word;
        const char *id = find_path(loading->past, loading->tree, path, link ? 'l' : 'f');
        if (!id || table_add(&loading->seen_files, &loading->arena, path, loading))
            continue;
        *ARENA_APPEND(&loading->arena, loading->others, loading->other_count) =
            (struct wanted){.path = path, .id = id};
    }
}

/* A name may be the beginning of what is asked for, up to a dot. */
static void want_word(struct loading *loading, const char *text, size_t length)
{
    char word[LONGEST_WORD];
    if (length == 0 || length >= sizeof word)
        return;
    memcpy(word, text, length);
    word[length] = '\0';
    want_file(loading, word);
    for (;;) {
        if (table_get(&loading->past->paths, word))
            want_name(loading, word);
        char *dot = strrchr(word, '.');
        if (!dot || dot == word)
            return;
        *dot = '\0';
    }
}

static void want_words(struct loading *loading, const struct block *block)
{
    const char *at = block->text, *end = at + block->length;
    while (at < end) {
        size_t word = strcspn(at, BETWEEN_WORDS);
        if (word > (size_t)(end - at))
            word = (size_t)(end - at);
        want_word(loading, at, word);
        at += word + 1;
    }
}

static bool is_left_out(const struct loading *loading, const struct block *block)
{
    switch (block->kind) {
    case BLOCK_TESTS:
        return true;
    case BLOCK_OVERRIDES:
        return loading->part == PAST_FLAGS;
    case BLOCK_FLAG:
    case BLOCK_NAMED:
    case BLOCK_COMMON:
        break;
    }
    return false;
}

static void want_block(struct loading *loading, const char *path, const struct block *block)
{
    if (is_left_out(loading, block))
        return;
    *ARENA_APPEND(&loading->arena, loading->blocks, loading->block_count) =
        (struct wanted){.path = path, .block = block};
    want_words(loading, block);
}

static void want_blocks_named(struct loading *loading, const char *name)
{
    const struct places *places = table_get(&loading->past->paths, name);
    for (uint32_t i = 0; places && i < places->count; i++) {
        const struct definition_text *text =
            past_definitions(loading->past, loading->tree, places->paths[i]);
        const struct block *block = text ? table_get(&text->by_name, name) : NULL;
        for (; block; block = block->next)
            want_block(loading, places->paths[i], block);
    }
}

static void want_all_of(struct past *past, const char *path, const char *id, bool link, void *user)
{
    struct loading *loading = user;
    const char *kept = arena_copy(&loading->arena, path, strlen(path));
    if (link || !is_definition_path(path)) {
        if (strncmp(path, LEDGER_FOLDER "/", sizeof LEDGER_FOLDER) != 0)
            want_file(loading, link ? "" : last_word(path));
        return;
    }
    const struct definition_text *text = &read_text(past, id)->cut;
    for (uint32_t i = 0; i < text->count; i++)
        if (!is_left_out(loading, &text->blocks[i]))
            *ARENA_APPEND(&loading->arena, loading->blocks, loading->block_count) =
                (struct wanted){.path = kept, .block = &text->blocks[i]};
}

static size_t indent_of(const struct block *block)
{
    return strspn(block->text, " ");
}

static bool is_named(const struct block *block)
{
    return block->kind == BLOCK_FLAG || block->kind == BLOCK_NAMED;
}

/* What can be cut goes into one file for each section and indentation, in the order of the files
 * that it is from; all else into its own. */
static int compare_wanted(const void *left, const void *right)
{
    const struct wanted *a = left, *b = right;
    int order = is_named(a->block) - is_named(b->block);
    if (order == 0 && is_named(a->block)) {
        size_t one = indent_of(a->block), other = indent_of(b->block);
        order = strcmp(a->block->section, b->block->section);
        order = order ? order : (one > other) - (one < other);
    }
    order = order ? order : strcmp(a->path, b->path);
    return order ? order : (a->block->text > b->block->text) - (a->block->text < b->block->text);
}

static bool is_in_same_file(const struct wanted *a, const struct wanted *b)
{
    if (!is_named(a->block) || !is_named(b->block))
        return !is_named(a->block) && !is_named(b->block) && strcmp(a->path, b->path) == 0;
    return strcmp(a->block->section, b->block->section) == 0 &&
           indent_of(a->block) == indent_of(b->block);
}

static bool write_file(struct loading *loading, const struct wanted *wanted, uint32_t count)
{
    const struct block *first = wanted->block;
    const char *path = wanted->path;
    struct buffer text = {0};
    if (is_named(first)) {
        buffer_format(&text, "%s:\n", first->section);
        path = arena_format(&loading->arena, "%s-%zu.cut.yaml", first->section, indent_of(first));
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct block *block = wanted[i].block;
        buffer_append(&text, block->text, block->length);
        if (block->length && block->text[block->length - 1] != '\n')
            buffer_append_text(&text, "\n");
    }
    bool done = scratch_write(&loading->scratch, path, text.bytes, text.length, &loading->error);
    buffer_release(&text);
    return done;
}

static bool write_blocks(struct loading *loading)
{
    bool fine = true;
    if (loading->block_count)
        qsort(loading->blocks, loading->block_count, sizeof *loading->blocks, compare_wanted);
    for (uint32_t first = 0, end; first < loading->block_count && fine; first = end) {
        for (end = first + 1; end < loading->block_count; end++)
            if (!is_in_same_file(&loading->blocks[first], &loading->blocks[end]))
                break;
        fine = write_file(loading, &loading->blocks[first], end - first);
    }
    return fine;
}

static bool write_others(struct loading *loading)
{
    struct git_bytes object;
    for (uint32_t i = 0; i < loading->other_count; i++) {
        const struct wanted *other = &loading->others[i];
        bool link = find_path(loading->past, loading->tree, other->path, 'l') != NULL;
        if (!git_object(&loading->past->objects, other->id, &object))
            return false;
        if (!(link ? scratch_link : scratch_write)(&loading->scratch, other->path, object.bytes,
                                                   object.length, &loading->error))
            return false;
    }
    return true;
}

static struct project *load(struct past *past, const char *tree, const char *const *names,
                            uint32_t count, enum past_part part)
{
    struct loading loading = {.past = past, .tree = tree, .part = part, .scratch = {.folder = -1}};
    struct project *project = NULL;
    if (count == UINT32_MAX) {
        each_file(past, tree, "", want_all_of, &loading);
    } else {
        want_name(&loading, "");
        want_file(&loading, "");
        for (uint32_t i = 0; i < past->odd_count; i++)
            want_name(&loading, past->odd_names[i]);
        for (uint32_t i = 0; i < count; i++)
            want_name(&loading, names[i]);
        for (uint32_t i = 0; i < loading.name_count; i++)
            want_blocks_named(&loading, loading.names[i]);
    }
    if (scratch_open(&loading.scratch, &loading.error) && write_blocks(&loading) &&
        write_others(&loading))
        project = project_load_unproved(loading.scratch.place, past->now);
    else
        past->failed = true;
    scratch_remove(&loading.scratch);
    buffer_release(&loading.error);
    arena_release(&loading.arena);
    return project;
}

struct project *past_load(struct past *past, const char *tree, const char *const *names,
                          uint32_t count, enum past_part part)
{
    struct project *project = load(past, tree, names, count, part);
    if (!project || project->diagnostics.errors == 0 || count == UINT32_MAX)
        return project;
    /* Something that it names may be spelt in a way that was not found. */
    project_free(project);
    return load(past, tree, NULL, UINT32_MAX, part);
}
