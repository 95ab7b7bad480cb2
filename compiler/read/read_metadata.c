/* read_metadata.c - see read_metadata.h. */
#include "read_metadata.h"

#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/base/json.h"
#include "compiler/diagnostics/diagnose.h"
#include "draft.h"
#include "read_json.h"
#include "read_map.h"
#include "read_scalar.h"

#define MOST_ENTRIES 64   /* of metadata; and as many links */
#define MOST_BYTES   4096 /* as JSON: every line of an exposure log has them */

static const struct form metadata_value_form =
    FORM("text, number or boolean", "\"type\": [\"string\", \"number\", \"boolean\"]");
const struct form metadata_form = {.kind = FORM_MAP,
                                   .takes = "mapping of key to text, number or boolean",
                                   .of = {&metadata_value_form},
                                   .most = MOST_ENTRIES};
static const struct form link_form =
    FORM("URL", "\"type\": \"string\", \"format\": \"uri\", \"pattern\": \"^https?://\"");
static const struct form link_list_form = {
    .kind = FORM_LIST, .of = {&link_form}, .most = MOST_ENTRIES};
const struct form links_form = {
    .kind = FORM_EITHER, .takes = "URL or list", .of = {&link_form, &link_list_form}};

static bool check_count(struct reader *reader, struct span span, uint32_t count, const char *what)
{
    if (count <= MOST_ENTRIES)
        return true;
    diagnose(reader->diagnostics, FF0141, span, "%u %s, expected at most %d", count, what,
             MOST_ENTRIES);
    return false;
}

static bool check_entry(struct reader *reader, const struct entry *entry)
{
    if (strcmp(entry->key->text, "links") == 0) {
        diagnose(reader->diagnostics, FF0126, entry->key->span,
                 "'links' cannot be a key of 'metadata'");
        diagnose_help(reader->diagnostics, "'links' is a key of the flag, beside 'metadata'");
        return false;
    }
    if (entry->value->kind == NODE_SCALAR && !is_null(entry->value))
        return true;
    expected(reader, entry->value, "a text, number or boolean");
    if (is_null(entry->value))
        diagnose_help(reader->diagnostics, "leave the key out, or write '' for an empty text");
    else if (entry->value->kind == NODE_MAP && entry->value->count)
        diagnose_help(reader->diagnostics, "write each key with what it is within: '%s.%s'",
                      entry->key->text, entry->value->entries[0].key->text);
    else if (entry->value->kind == NODE_LIST)
        diagnose_help(reader->diagnostics, "write it as one text");
    return false;
}

void read_metadata(struct reader *reader, struct node *node, void *target)
{
    bool sound = expect_map(reader, node, "a mapping of key to text, number or boolean") &&
                 check_count(reader, node->span, node->count, "keys");
    for (uint32_t i = 0; node->kind == NODE_MAP && i < node->count && i < MOST_ENTRIES; i++)
        sound &= check_entry(reader, &node->entries[i]);
    if (sound)
        ((struct draft *)target)->metadata = read_json(reader, node);
    ((struct draft *)target)->metadata_span = node->span;
}

static bool is_link(const char *text)
{
    size_t scheme = strncmp(text, "https://", 8) == 0  ? 8
                    : strncmp(text, "http://", 7) == 0 ? 7
                                                       : 0;
    bool plain = true;
    for (const char *at = text; *at; at++)
        plain &= (unsigned char)*at > ' ' && *at != 0x7f && !strchr("<>\"\\^`{|}", *at);
    return scheme && text[scheme] && plain;
}

void read_links(struct reader *reader, struct node *node, void *target)
{
    struct draft *draft = target;
    struct node **items;
    uint32_t count;
    draft->links_span = node->span;
    if (!read_items(reader, node, "a URL, or a list of them", &items, &count) ||
        !check_count(reader, node->span, count, "links"))
        return;
    for (uint32_t i = 0; i < count; i++) {
        struct text link;
        if (!read_text(reader, items[i], &link))
            continue;
        if (is_link(link.text)) {
            *ARENA_APPEND(reader->arena, draft->links.items, draft->links.count) = link;
            continue;
        }
        expected(reader, items[i], "a URL");
        diagnose_help(reader->diagnostics, "as in https://wiki.example.com/checkout");
    }
}

const char *settle_metadata(struct reader *reader, const struct draft *draft)
{
    const char *own = draft->metadata && draft->metadata[1] != '}' ? draft->metadata : NULL;
    if (!own && !draft->links.count)
        return NULL;
    struct buffer out = {0};
    buffer_append(&out, own ? own : "{", own ? strlen(own) - 1 : 1);
    if (draft->links.count) {
        field_array(&out, "links");
        for (uint32_t i = 0; i < draft->links.count; i++) {
            json_write_comma(&out);
            json_write_string(&out, draft->links.items[i].text);
        }
        buffer_append_text(&out, "]");
    }
    buffer_append_text(&out, "}");
    if (out.length > MOST_BYTES) {
        diagnose(reader->diagnostics, FF0141, own ? draft->metadata_span : draft->links_span,
                 "%zu bytes of metadata and links, expected at most %d", out.length, MOST_BYTES);
        diagnose_help(reader->diagnostics, "link to what is longer");
    }
    const char *kept = arena_copy(reader->arena, out.bytes, out.length);
    buffer_release(&out);
    return kept;
}
