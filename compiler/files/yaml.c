/*
 * yaml.c - builds nodes from libyaml's events.
 *
 * Invariant: the events of a document nest, so an explicit stack of at most YAML_MAX_DEPTH frames
 * holds what is open, and all their children share one stack until their parent closes. libyaml's
 * marks count characters; a cursor that only ever moves a little turns them into bytes. libyaml's
 * scanner is quadratic in the depth, so exceeding the limit stops the parser at once.
 */
#include "yaml.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/diagnostics/diagnose.h"
#include "compiler/base/memory.h"
#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/base/table.h"
#include "compiler/base/utf8.h"
#include "yaml_layout.h"
#include "yaml_mistake.h"
#include "yaml_text.h"

#define LINEAR_KEYS 16 /* up to this many keys, duplicates are found by linear search */

struct frame {
    struct node *node;
    size_t first;     /* where its children begin on the shared stack */
    uint32_t indent;  /* of the lines in it */
    uint32_t bracket; /* that it is in, or NO_BRACKET */
};

struct loader {
    yaml_parser_t parser;
    const struct source *source;
    const char *given; /* to libyaml, in the place of the source's text */
    uint32_t file;
    struct arena *arena;
    struct diagnostics *diagnostics;
    uint32_t mark_bytes, mark_characters; /* the cursor */
    bool ascii;
    struct frame frames[YAML_MAX_DEPTH];
    uint32_t depth;
    struct node **stack;
    size_t stack_count, stack_capacity;
    uint32_t node_count;
    struct node *root;
    struct yaml_layout layout;
    bool merged; /* keys are given twice, as was reported: what the second ones belong to is lost */
    bool stopped; /* a limit was exceeded, and reported */
};

static uint32_t byte_at(struct loader *loader, size_t characters)
{
    const char *text = loader->source->text;
    uint32_t length = (uint32_t)loader->source->length;
    uint32_t at = loader->mark_bytes;
    uint32_t count = loader->mark_characters;
    if (loader->ascii)
        return characters < length ? (uint32_t)characters : length;
    while (count < characters && at < length) {
        at++;
        while (at < length && ((unsigned char)text[at] & 0xC0) == 0x80)
            at++;
        count++;
    }
    while (count > characters && at > 0) {
        at--;
        while (at > 0 && ((unsigned char)text[at] & 0xC0) == 0x80)
            at--;
        count--;
    }
    loader->mark_bytes = at;
    loader->mark_characters = count;
    return at;
}

static struct span span_of(struct loader *loader, const yaml_event_t *event)
{
    uint32_t begin = byte_at(loader, event->start_mark.index);
    uint32_t end = byte_at(loader, event->end_mark.index);
    return (struct span){loader->file, begin, end};
}

/* Anchors and tags precede the node they belong to; each is refused, and skipped. */
static void refuse_properties(struct loader *loader, struct span *span)
{
    const char *text = loader->source->text;
    uint32_t at = span->begin;
    while (text[at] == '&' || text[at] == '!') {
        uint32_t begin = at;
        bool tag = text[at] == '!';
        while (text[at] && !strchr(" \t\r\n,[]{}", text[at]))
            at++;
        struct span word = {loader->file, begin, at};
        diagnose(loader->diagnostics, tag ? FF0044 : FF0041, word,
                 "%s '%.*s' is not allowed in definitions", tag ? "tag" : "anchor",
                 (int)(at - begin), text + begin);
        diagnose_help(
            loader->diagnostics,
            tag ? "remove it; the key decides the type. Quote the value if the '!' belongs to it"
                : "write the value out where it is needed, or name it as a segment");
        while (text[at] && strchr(" \t\r\n", text[at]))
            at++;
    }
    span->begin = at < span->end ? at : span->begin;
}

static struct node *new_node(struct loader *loader, enum node_kind kind, struct span span)
{
    struct node *node = ARENA_NEW(loader->arena, struct node);
    node->kind = (uint8_t)kind;
    node->span = span;
    node->text = "";
    if (++loader->node_count > YAML_MAX_NODES && !loader->stopped) {
        loader->stopped = true;
        diagnose(loader->diagnostics, FF0017, WHOLE_FILE(loader->file),
                 "more than %u values in one file", YAML_MAX_NODES);
        diagnose_help(loader->diagnostics, "split it, or move long lists to list files");
    }
    return node;
}

static void push(struct loader *loader, struct node *node)
{
    if (loader->depth == 0) {
        loader->root = node;
        return;
    }
    if (loader->stack_count == loader->stack_capacity) {
        loader->stack_capacity = loader->stack_capacity ? loader->stack_capacity * 2 : 256;
        loader->stack = xrealloc(loader->stack, loader->stack_capacity * sizeof *loader->stack);
    }
    loader->stack[loader->stack_count++] = node;
}

/* The lines that follow belong to the innermost list or map that is open. */
static void enter_frame(struct loader *loader)
{
    const struct frame *frame = loader->depth ? &loader->frames[loader->depth - 1] : NULL;
    loader->layout.indent = frame ? frame->indent : 0;
    loader->layout.bracket = frame ? frame->bracket : NO_BRACKET;
}

static bool is_merge_key(const struct loader *loader, const struct node *node)
{
    if (loader->depth == 0 || !node->plain || strcmp(node->text, "<<") != 0)
        return false;
    const struct frame *frame = &loader->frames[loader->depth - 1];
    return frame->node->kind == NODE_MAP && (loader->stack_count - frame->first) % 2 == 0;
}

/* A block scalar's end mark comes after the line ends that follow it. */
static void trim(const struct source *source, struct span *span)
{
    while (span->end > span->begin && strchr(" \t\r\n", source->text[span->end - 1]))
        span->end--;
}

/* The value, where libyaml was given another text than what is written. */
static void put_written(struct loader *loader, struct node *node)
{
    uint32_t begin = node->span.begin, length = node->span.end - begin;
    const char *written = loader->source->text + begin, *given = loader->given + begin;
    if (written == given || memcmp(written, given, length) == 0)
        return;
    if (*written == '"' || *written == '\'') {
        struct buffer value = {0};
        yaml_text_quoted(written, length, &value);
        node->text = arena_copy(loader->arena, value.bytes, value.length);
        node->count = (uint32_t)value.length;
        buffer_release(&value);
    } else {
        char *value = arena_copy(loader->arena, node->text, node->count);
        yaml_text_restore(written, given, length, value);
        node->text = value;
    }
}

static void add_scalar(struct loader *loader, const yaml_event_t *event)
{
    struct span span = span_of(loader, event);
    refuse_properties(loader, &span);
    if (span.end > span.begin && !yaml_layout_scalar(&loader->layout, span.begin, span.end))
        loader->stopped = true;
    trim(loader->source, &span);
    struct node *node = new_node(loader, NODE_SCALAR, span);
    size_t length = event->data.scalar.length;
    node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (length > YAML_MAX_SCALAR) {
        diagnose(loader->diagnostics, FF0022, span,
                 "a value of %zu bytes, more than the limit of %u", length, YAML_MAX_SCALAR);
        diagnose_help(loader->diagnostics, "long lists of values go into list files: in_file");
        node->kind = NODE_BROKEN;
    } else if (memchr(event->data.scalar.value, '\0', length)) {
        diagnose(loader->diagnostics, FF0013, span, "an escaped NUL in a value");
        diagnose_help(loader->diagnostics, "remove the \\0");
        node->kind = NODE_BROKEN;
    } else {
        node->text = arena_copy(loader->arena, event->data.scalar.value, length);
        node->count = (uint32_t)length;
        put_written(loader, node);
    }
    if (is_merge_key(loader, node)) {
        diagnose(loader->diagnostics, FF0047, span, "merge key '<<' is not allowed in definitions");
        diagnose_help(loader->diagnostics, "write the keys out");
        node->kind = NODE_BROKEN;
    }
    push(loader, node);
}

static void add_alias(struct loader *loader, const yaml_event_t *event)
{
    struct span span = span_of(loader, event);
    const char *text = loader->source->text + span.begin;
    diagnose(loader->diagnostics, FF0043, span, "alias '%.*s' is not allowed in definitions",
             (int)(span.end - span.begin), text);
    diagnose_help(loader->diagnostics,
                  "write the value out, or quote it if the '*' belongs to it: '%.*s'",
                  (int)(span.end - span.begin), text);
    push(loader, new_node(loader, NODE_BROKEN, span));
}

static void open_collection(struct loader *loader, const yaml_event_t *event, enum node_kind kind,
                            bool flow)
{
    struct span span = span_of(loader, event);
    refuse_properties(loader, &span);
    if (loader->depth == YAML_MAX_DEPTH) {
        diagnose(loader->diagnostics, FF0019,
                 (struct span){loader->file, span.begin, span.begin + 1},
                 "lists and mappings nested more than %u deep", YAML_MAX_DEPTH);
        diagnose_help(loader->diagnostics, "name the inner conditions as segments");
        loader->stopped = true;
        return;
    }
    struct node *node = new_node(loader, kind, span);
    node->flow = flow;
    push(loader, node);
    struct frame *frame = &loader->frames[loader->depth++];
    *frame = (struct frame){node, loader->stack_count, loader->layout.indent, NO_BRACKET};
    if (!flow)
        frame->indent = (uint32_t)event->start_mark.column + 1;
    else /* `[key: value]` has a map without one */
        frame->bracket =
            strchr("[{", loader->source->text[span.begin]) ? span.begin : loader->layout.bracket;
    enter_frame(loader);
}

/* Keys of one mapping that are given twice. */
struct duplicates {
    const struct node *first, *second; /* of the first key that is */
    uint32_t count;
};

/* Several at once have one cause: the line that would begin another definition is not there. */
static void report_duplicates(struct loader *loader, const struct duplicates *found)
{
    diagnose(loader->diagnostics, FF0055, found->second->span, "key '%s' is given twice",
             found->second->text);
    diagnose_note(loader->diagnostics, found->first->span, "first given here");
    if (found->count == 1) {
        diagnose_help(loader->diagnostics, "keep one of the two; neither takes precedence");
        return;
    }
    diagnose_note(loader->diagnostics, found->second->span, "and %u more key%s after it",
                  found->count - 1, found->count == 2 ? "" : "s");
    diagnose_help(loader->diagnostics,
                  "where a second definition begins here, write the line that names it");
}

static const struct node *earlier_key(const struct node *map, const struct node *key)
{
    for (uint32_t i = 0; i < map->count; i++) {
        const struct node *other = map->entries[i].key;
        if (other->count == key->count && memcmp(other->text, key->text, key->count) == 0)
            return other;
    }
    return NULL;
}

static void fill_map(struct loader *loader, struct node *map, struct node **children, size_t count)
{
    struct table keys = {0};
    struct duplicates duplicates = {0};
    map->entries = ARENA_ARRAY(loader->arena, struct entry, count / 2);
    for (size_t i = 0; i + 1 < count; i += 2) {
        struct node *key = children[i];
        if (key->kind == NODE_LIST || key->kind == NODE_MAP) {
            diagnose(loader->diagnostics, FF0058, key->span, "a %s as a key, expected a name",
                     key->kind == NODE_LIST ? "list" : "mapping");
            diagnose_help(loader->diagnostics, "quote the key if the bracket belongs to it");
        }
        if (key->kind != NODE_SCALAR)
            continue;
        const struct node *earlier = NULL;
        if (count / 2 <= LINEAR_KEYS)
            earlier = earlier_key(map, key);
        else
            earlier = table_add(&keys, loader->arena, key->text, key);
        if (!earlier)
            map->entries[map->count++] = (struct entry){key, children[i + 1]};
        else if (duplicates.count++ == 0)
            duplicates.first = earlier, duplicates.second = key;
    }
    if (!duplicates.count)
        return;
    report_duplicates(loader, &duplicates);
    loader->merged = true;
    if (loader->depth > 1 && !map->flow) /* below a section: two definitions in one, perhaps */
        map->kind = NODE_BROKEN;
}

static void fill_collection(struct loader *loader, struct frame *frame)
{
    struct node *node = frame->node;
    struct node **children = loader->stack ? loader->stack + frame->first : NULL;
    size_t count = loader->stack_count - frame->first;
    if (node->kind == NODE_MAP) {
        fill_map(loader, node, children, count);
    } else {
        node->items = ARENA_ARRAY(loader->arena, struct node *, count);
        if (count)
            memcpy(node->items, children, count * sizeof *children);
        node->count = (uint32_t)count;
    }
    /* A block ends with its last child, not where libyaml notices the end. */
    if (!node->flow && count)
        node->span.end = children[count - 1]->span.end;
    loader->stack_count = frame->first;
}

static void close_collection(struct loader *loader, const yaml_event_t *event)
{
    struct frame *frame = &loader->frames[--loader->depth];
    if (frame->node->flow)
        frame->node->span.end = byte_at(loader, event->end_mark.index);
    fill_collection(loader, frame);
    enter_frame(loader);
}

/*
 * Keeps the definitions that were complete: those of the open sections except the last one, which
 * contains the mistake or directly precedes it.
 */
static void close_early(struct loader *loader)
{
    while (loader->depth > 0) {
        struct frame *frame = &loader->frames[--loader->depth];
        size_t count = loader->stack_count - frame->first;
        bool map = frame->node->kind == NODE_MAP;
        if (loader->depth >= 2) {
            loader->stack_count = frame->first;
            frame->node->kind = NODE_BROKEN;
            continue;
        }
        /* At the top level, a section is kept as it is; only a key without a value is dropped. */
        size_t dropped = map ? count % 2 : 0;
        if (loader->depth == 1 && count)
            dropped = map ? 2 - count % 2 : 1;
        /* A key that is indented too little ends the definition that it was to be in. */
        if (loader->depth == 1 && map && count >= dropped + 2 &&
            loader->stack[loader->stack_count - 1]->kind != NODE_MAP)
            dropped += 2;
        loader->stack_count -= dropped;
        fill_collection(loader, frame);
    }
}

static void report_mistake(struct loader *loader)
{
    const yaml_parser_t *parser = &loader->parser;
    if (parser->error == YAML_MEMORY_ERROR)
        out_of_memory();
    struct yaml_mistake mistake = {
        .source = loader->source,
        .file = loader->file,
        .problem = parser->problem ? parser->problem : "it cannot be read",
        .context_problem = parser->context ? parser->context : "",
        .at = byte_at(loader, parser->problem_mark.index),
    };
    if (yaml_layout_separator(&loader->layout, mistake.at))
        return;
    mistake.context = parser->context ? byte_at(loader, parser->context_mark.index) : mistake.at;
    const struct node *innermost = loader->depth ? loader->frames[loader->depth - 1].node : NULL;
    mistake.open = innermost && innermost->flow ? innermost->span.begin : UINT32_MAX;
    yaml_report_mistake(&mistake, loader->diagnostics);
}

static void second_document(struct loader *loader, const yaml_event_t *event)
{
    struct span span = span_of(loader, event);
    diagnose(loader->diagnostics, FF0052, span, "a second document in one file");
    diagnose_help(loader->diagnostics,
                  "remove the '---', or move what follows to a file of its own");
    loader->stopped = true;
}

/* False at the end of the stream, or when reading must stop. */
static bool take_event(struct loader *loader, const yaml_event_t *event)
{
    if (!yaml_layout_gap(&loader->layout, byte_at(loader, event->start_mark.index))) {
        loader->stopped = true;
        return false;
    }
    switch ((int)event->type) { /* the events of libyaml that are not listed have no meaning here */
    case YAML_DOCUMENT_START_EVENT:
        if (loader->root)
            second_document(loader, event);
        break;
    case YAML_SCALAR_EVENT:
        add_scalar(loader, event);
        break;
    case YAML_ALIAS_EVENT:
        add_alias(loader, event);
        break;
    case YAML_SEQUENCE_START_EVENT:
        open_collection(loader, event, NODE_LIST,
                        event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE);
        break;
    case YAML_MAPPING_START_EVENT:
        open_collection(loader, event, NODE_MAP,
                        event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE);
        break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        close_collection(loader, event);
        break;
    default:
        break;
    }
    return event->type != YAML_STREAM_END_EVENT && !loader->stopped;
}

static bool is_ascii(const struct source *source)
{
    for (size_t i = 0; i < source->length; i++) {
        if ((unsigned char)source->text[i] >= 0x80)
            return false;
    }
    return true;
}

struct node *yaml_read(const struct sources *sources, uint32_t file, struct arena *arena,
                       struct diagnostics *diagnostics, bool *complete)
{
    const struct source *source = &sources->items[file];
    if (source->length > YAML_MAX_FILE) {
        diagnose(diagnostics, FF0017, WHOLE_FILE(file), "a file of more than %u MiB",
                 YAML_MAX_FILE >> 20);
        diagnose_help(diagnostics, "split it, or move long lists to list files");
        *complete = false;
        return NULL;
    }
    if (!yaml_text_is_sound(source, file, diagnostics)) {
        *complete = false;
        return NULL;
    }

    struct loader loader = {.source = source,
                            .file = file,
                            .arena = arena,
                            .diagnostics = diagnostics,
                            .ascii = is_ascii(source)};
    loader.layout = (struct yaml_layout){
        .source = source, .file = file, .diagnostics = diagnostics, .bracket = NO_BRACKET};
    if (!yaml_parser_initialize(&loader.parser))
        out_of_memory();
    yaml_parser_set_encoding(&loader.parser, YAML_UTF8_ENCODING);
    uint32_t skip = text_mark(source->text, source->length);
    loader.mark_bytes = loader.layout.seen = skip;
    loader.given = yaml_text_for_libyaml(source, arena);
    loader.layout.separators = loader.given != source->text;
    yaml_parser_set_input_string(&loader.parser, (const unsigned char *)loader.given + skip,
                                 source->length - skip);
    bool more = true;
    while (more) {
        yaml_event_t event;
        if (!yaml_parser_parse(&loader.parser, &event)) {
            report_mistake(&loader);
            loader.stopped = true;
            break;
        }
        more = take_event(&loader, &event);
        yaml_event_delete(&event);
    }
    close_early(&loader);
    if (loader.stopped || loader.merged)
        *complete = false;
    yaml_parser_delete(&loader.parser);
    free(loader.stack);
    return loader.root;
}

struct node *yaml_parse(struct arena *arena, const char *text, size_t length)
{
    struct source source = {.path = "", .name = "", .text = text, .length = length};
    struct sources sources = {arena, &source, 1};
    struct diagnostics diagnostics = {.arena = arena, .sources = &sources};
    bool complete = true;
    struct node *root = yaml_read(&sources, 0, arena, &diagnostics, &complete);
    return complete && !diagnostics.errors ? root : NULL;
}

bool yaml_mistake(const struct source *source, struct buffer *why)
{
    struct arena arena = {0};
    struct source copy = *source;
    struct sources sources = {&arena, &copy, 1};
    struct diagnostics diagnostics = {.arena = &arena, .sources = &sources};
    bool complete = true;
    (void)yaml_read(&sources, 0, &arena, &diagnostics, &complete);
    diagnostics_sort(&diagnostics);
    const struct diagnostic *first = NULL;
    for (uint32_t i = 0; i < diagnostics.count && !first; i++)
        if (diagnostics.items[i].severity == SEVERITY_ERROR)
            first = &diagnostics.items[i];
    if (first)
        buffer_format(why, "%s:%u: %s", source->path,
                      source_position(&sources, 0, first->span.begin).line, first->message);
    arena_release(&arena);
    return first != NULL;
}

struct node *node_get(const struct node *map, const char *key)
{
    for (uint32_t i = 0; map->kind == NODE_MAP && i < map->count; i++) {
        if (strcmp(map->entries[i].key->text, key) == 0)
            return map->entries[i].value;
    }
    return NULL;
}
