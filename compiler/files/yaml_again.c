/*
 * yaml_again.c - a text that was edited in one definition, without parsing the others again.
 *
 * Between two lines on which entries of the same block mapping begin, nothing reaches out: what is
 * on them parses alone as it does in the file. So the edited entry is parsed by itself, and the
 * others are taken from the old nodes. Whatever looks unusual is parsed as a whole.
 */
#include <stddef.h>
#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/base/common_ends.h"
#include "yaml.h"

#define AROUND "x:\n" /* so that the entry is as deep as it was */

/* An entry of a section, and the lines that it has. */
struct place {
    uint32_t section, entry;
    size_t begin, end;
};

static size_t line_of(const char *text, size_t at)
{
    while (at > 0 && text[at - 1] != '\n')
        at--;
    return at;
}

static bool begins_line(const char *text, const struct node *key)
{
    size_t begin = line_of(text, key->span.begin);
    for (size_t i = begin; i < key->span.begin; i++)
        if (text[i] != ' ')
            return false;
    return key->span.begin > begin;
}

static bool is_block(const struct node *node)
{
    return node->kind == NODE_MAP && !node->flow;
}

/* Of the entries, the last that begins before `at`; UINT32_MAX: none does. */
static uint32_t entry_before(const struct node *map, size_t at)
{
    uint32_t low = 0, high = map->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (map->entries[middle].key->span.begin <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? low - 1 : UINT32_MAX;
}

/* Whether all of [begin, end) is on the lines of one entry of a section. */
static bool find_entry(const struct node *root, const char *text, size_t begin, size_t end,
                       struct place *found)
{
    if (!root || !is_block(root))
        return false;
    found->section = entry_before(root, begin);
    if (found->section == UINT32_MAX || !is_block(root->entries[found->section].value))
        return false;
    const struct node *map = root->entries[found->section].value;
    found->entry = entry_before(map, begin);
    if (found->entry == UINT32_MAX || !begins_line(text, map->entries[found->entry].key))
        return false;
    /* A section ends where its last entry does. */
    if (found->entry + 1 == map->count || !begins_line(text, map->entries[found->entry + 1].key))
        return false;
    found->begin = line_of(text, map->entries[found->entry].key->span.begin);
    found->end = line_of(text, map->entries[found->entry + 1].key->span.begin);
    return end <= found->end;
}

/* Whether each line is indented, empty or a comment: a document might end on others. */
static bool stays_inside(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((i == 0 || text[i - 1] == '\n') && !strchr(" \r\n#", text[i]))
            return false;
    return length > 0 && text[length - 1] == '\n';
}

static struct entry moved_entry(struct arena *arena, const struct entry *entry, uint32_t file,
                                int64_t distance);

static struct node *moved(struct arena *arena, const struct node *node, uint32_t file,
                          int64_t distance)
{
    struct node *copy = ARENA_NEW(arena, struct node);
    *copy = *node;
    copy->span = (struct span){file, (uint32_t)(node->span.begin + distance),
                               (uint32_t)(node->span.end + distance)};
    if (node->kind == NODE_LIST) {
        copy->items = ARENA_ARRAY(arena, struct node *, node->count + 1u);
        for (uint32_t i = 0; i < node->count; i++)
            copy->items[i] = moved(arena, node->items[i], file, distance);
    } else if (node->kind == NODE_MAP) {
        copy->entries = ARENA_ARRAY(arena, struct entry, node->count + 1u);
        for (uint32_t i = 0; i < node->count; i++)
            copy->entries[i] = moved_entry(arena, &node->entries[i], file, distance);
    }
    return copy;
}

static struct entry moved_entry(struct arena *arena, const struct entry *entry, uint32_t file,
                                int64_t distance)
{
    return (struct entry){moved(arena, entry->key, file, distance),
                          moved(arena, entry->value, file, distance)};
}

/* Those from `first` on; the others stay as they are. */
static struct node *with_moved(struct arena *arena, const struct node *map, uint32_t first,
                               int64_t distance)
{
    struct node *copy = ARENA_NEW(arena, struct node);
    *copy = *map;
    copy->span.end = (uint32_t)(map->span.end + distance);
    copy->entries = ARENA_ARRAY(arena, struct entry, map->count + 1u);
    for (uint32_t i = 0; i < map->count; i++) {
        const struct entry *entry = &map->entries[i];
        bool moves = i >= first && distance != 0;
        copy->entries[i] = moves ? moved_entry(arena, entry, map->span.file, distance) : *entry;
    }
    return copy;
}

/* The entry of the lines by themselves, before another one, as a block extends to what follows it.
 * Key NULL: they are none, or something is to be said. */
static struct entry parse_lines(struct arena *arena, const char *lines, size_t length,
                                const struct node *key)
{
    struct buffer text = {0};
    buffer_append_text(&text, AROUND);
    buffer_append(&text, lines, length);
    for (size_t i = 0; i < length && lines[i] == ' '; i++)
        buffer_append_text(&text, " ");
    buffer_append_text(&text, strcmp(key->text, "x") == 0 ? "y: 1\n" : "x: 1\n");
    struct source source = {.path = "", .name = "", .text = text.bytes, .length = text.length};
    struct sources sources = {arena, &source, 1};
    struct diagnostics diagnostics = {.arena = arena, .sources = &sources};
    bool complete = true;
    const struct node *root = yaml_read(&sources, 0, arena, &diagnostics, &complete);
    buffer_release(&text);
    const struct node *map = complete && !diagnostics.count && root && is_block(root) &&
                                     root->count == 1 && is_block(root->entries[0].value)
                                 ? root->entries[0].value
                                 : NULL;
    bool one = map && map->count == 2 && strcmp(map->entries[0].key->text, key->text) == 0;
    return one ? map->entries[0] : (struct entry){NULL, NULL};
}

bool yaml_find_edited(struct arena *arena, const struct node *root, const struct source *old,
                      const char *text, size_t length, struct edited_entry *found)
{
    size_t most = old->length < length ? old->length : length;
    size_t before = common_prefix(old->text, text, most);
    size_t after = common_suffix(old->text + old->length, text + length, most - before);
    struct place place;
    if (length > YAML_MAX_FILE || !find_entry(root, old->text, before, old->length - after, &place))
        return false;
    size_t lines = place.end - place.begin + length - old->length;
    const struct entry *former = &root->entries[place.section].value->entries[place.entry];
    if (before < former->key->span.begin || !stays_inside(text + place.begin, lines))
        return false;
    const struct entry parsed = parse_lines(arena, text + place.begin, lines, former->key);
    int64_t shift = (int64_t)place.begin - (int64_t)strlen(AROUND);
    if (!parsed.key || parsed.key->span.begin + shift != former->key->span.begin)
        return false;
    *found = (struct edited_entry){.section = place.section,
                                   .entry = place.entry,
                                   .before = *former,
                                   .after = moved_entry(arena, &parsed, root->span.file, shift)};
    return true;
}

struct node *yaml_parse_edited(struct arena *arena, const struct node *root,
                               const struct source *old, const char *text, size_t length)
{
    struct edited_entry found;
    if (!yaml_find_edited(arena, root, old, text, length, &found))
        return NULL;
    int64_t distance = (int64_t)length - (int64_t)old->length;
    const struct node *map = root->entries[found.section].value;
    struct node *section = with_moved(arena, map, found.entry + 1, distance);
    section->entries[found.entry] = found.after;
    struct node *result = with_moved(arena, root, found.section + 1, distance);
    result->entries[found.section].value = section;
    return result;
}
