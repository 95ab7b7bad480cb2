/*
 * touched_regions.c - combinations of atoms as regions, in few words.
 *
 * The combinations come in the order in which they are tried, so that those with the same shares
 * that are neighbours are one region: whoever is in one of them.
 */
#include <stdlib.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/model/condition.h"
#include "compiler/commands/in_words.h"
#include "touched_parts.h"

static bool has_same_shares(const struct leaf *a, const struct leaf *b)
{
    if (a->share_count != b->share_count)
        return false;
    for (uint32_t i = 0; i < a->share_count; i++) {
        bool found = false;
        for (uint32_t j = 0; j < b->share_count && !found; j++) {
            double difference = a->shares[i].share - b->shares[j].share;
            found = a->shares[i].from_id == b->shares[j].from_id &&
                    a->shares[i].to_id == b->shares[j].to_id &&
                    a->shares[i].unknown == b->shares[j].unknown && difference < 1e-15 &&
                    difference > -1e-15;
        }
        if (!found)
            return false;
    }
    return true;
}

static bool names(const struct leaf *leaf, const struct atom *atom)
{
    for (uint32_t i = 0; i < leaf->named_count; i++)
        if (leaf->named[i] == atom)
            return true;
    return false;
}

/* Whether whatever is in `inner` is in `outer`, too, as far as their names say. */
static bool covers(const struct leaf *outer, const struct leaf *inner)
{
    for (uint32_t i = 0; i < outer->named_count; i++)
        if (!names(inner, outer->named[i]))
            return false;
    return true;
}

/* Leaves out what follows from another that is named: "country is NO or SE" beside "country is
 * NO". */
static void drop_implied(struct comparison *comparison, struct leaf *leaf)
{
    for (uint32_t i = 0; i < leaf->named_count;) {
        bool implied = false;
        for (uint32_t j = 0; j < leaf->named_count && !implied; j++)
            implied = i != j && atom_implies(comparison, leaf->named[j], leaf->named[i]);
        if (implied)
            memmove(leaf->named + i, leaf->named + i + 1,
                    (--leaf->named_count - i) * sizeof *leaf->named);
        else
            i++;
    }
}

/* Adds a leaf to the one before it, which has the same shares; and drops those that it covers. */
static void merge(struct leaf *into, struct leaf *leaf)
{
    struct leaf **link = &into;
    if (covers(leaf, into)) {
        into->named = leaf->named;
        into->named_count = leaf->named_count;
    } else {
        for (struct leaf *other = into; other; other = other->or)
            if (covers(other, leaf))
                return;
        leaf->or = NULL;
        for (link = &into->or ; *link; link = &(*link)->or)
            ;
        *link = leaf;
        leaf = into;
    }
    for (link = &into->or ; *link;) {
        if (*link != leaf && covers(into, *link))
            *link = (*link)->or ;
        else
            link = &(*link)->or ;
    }
}

static void add_names(const struct leaf *leaf, struct buffer *text)
{
    for (uint32_t i = 0; i < leaf->named_count; i++) {
        const struct atom *atom = leaf->named[i];
        bool grouped = atom->is_several && leaf->named_count > 1;
        buffer_append_text(text, i ? " and " : "");
        buffer_format(text, grouped ? "(%s)" : "%s", atom->words);
    }
}

/* Several leaves that each name a value of one attribute: "country is NO or SE". */
static bool add_joined(struct arena *arena, const struct leaf *leaf, struct buffer *text)
{
    struct condition *joined = leaf->named_count == 1 ? leaf->named[0]->condition : NULL;
    for (const struct leaf *other = leaf->or ; other && joined; other = other->or)
        joined = other->named_count == 1
                     ? joined_alternatives(arena, joined, other->named[0]->condition)
                     : NULL;
    if (joined)
        test_in_words(joined, NAMED_OPERANDS, text);
    return joined;
}

static const char *where_of(struct arena *arena, const struct leaf *leaf)
{
    struct buffer text = {0};
    if (leaf->named_count == 0)
        return NULL;
    if (!leaf->or || !add_joined(arena, leaf, &text))
        for (; leaf; leaf = leaf->or) {
            add_names(leaf, &text);
            buffer_append_text(&text, leaf->or ? ", or " : "");
        }
    const char *where = arena_copy(arena, text.bytes, text.length);
    buffer_release(&text);
    return where;
}

static int compare_shares(const void *left, const void *right)
{
    const struct share *a = left, *b = right;
    if (a->share != b->share)
        return a->share > b->share ? -1 : 1;
    return strcmp(a->to ? a->to : "", b->to ? b->to : "");
}

/* Neighbours with the same shares are one region. */
void add_regions(struct comparison *comparison, struct leaf *leaves, uint32_t leaf_count,
                 struct touched *touched)
{
    struct arena *arena = &comparison->arena;
    struct leaf *current = NULL;
    struct leaf **kept = ARENA_ARRAY(arena, struct leaf *, leaf_count + 1);
    uint32_t count = 0;
    for (uint32_t i = 0; i < leaf_count; i++) {
        struct leaf *leaf = &leaves[i];
        drop_implied(comparison, leaf);
        if (current && has_same_shares(current, leaf))
            merge(current, leaf);
        else
            kept[count++] = current = leaf;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (kept[i]->share_count)
            qsort(kept[i]->shares, kept[i]->share_count, sizeof *kept[i]->shares, compare_shares);
        *ARENA_APPEND(arena, touched->regions, touched->region_count) =
            (struct region){where_of(arena, kept[i]), kept[i]->shares, kept[i]->share_count};
    }
}
