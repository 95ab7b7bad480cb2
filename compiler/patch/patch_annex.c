/*
 * patch_annex.c - a patched snapshot's description of itself, for people and tools.
 *
 * LABELS and OVERRIDES are small, and parsed whole. PEOPLE is large: for a rollback, the two values
 * that change are located in its text, and nothing else is parsed.
 */
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/base/calendar.h"
#include "compiler/base/json.h"
#include "compiler/model/override.h"
#include "patch_parts.h"

/* ------------------------------------------------------------------------------------ labels -- */

/* Adds a word to a list of words, newest first. */
static void add_label(struct patch *patch, const char *key, const char *word)
{
    const char *before = json_string_value(json_object_get(patch->labels, key));
    if (!before || !*before)
        json_object_set_new(patch->labels, key, json_string(word));
    else
        json_object_set_new(patch->labels, key, json_sprintf("%s,%s", word, before));
}

/* Removes the word. False: it was not there. */
static bool drop_label(struct patch *patch, const char *key, const char *word)
{
    const char *rest = json_string_value(json_object_get(patch->labels, key));
    struct buffer left = {0};
    bool found = false;
    while (rest && *rest) {
        size_t length = strcspn(rest, ",");
        bool same = length == strlen(word) && strncmp(rest, word, length) == 0;
        found |= same;
        if (!same) {
            buffer_append_text(&left, left.length ? "," : "");
            buffer_append(&left, rest, length);
        }
        rest += length + (rest[length] == ',');
    }
    if (found && left.length)
        json_object_set_new(patch->labels, key, json_stringn(left.bytes, left.length));
    else if (found)
        json_object_del(patch->labels, key);
    buffer_release(&left);
    return found;
}

/* The compiled build, which every later patch still derives from. */
static void label_base(struct patch *patch)
{
    char build[33];
    patch_build(patch, build);
    if (!json_object_get(patch->labels, "base"))
        json_object_set_new(patch->labels, "base", json_string(build));
}

static const char *id_of(const char *name)
{
    const char *colon = strchr(name, ':');
    return colon ? colon + 1 : name;
}

/* --------------------------------------------------------------------------------- overrides -- */

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* Whether it precedes an override of that name, made at that time. */
static bool stands_before(const json_t *override, const char *name, int64_t at)
{
    int64_t own;
    if (strncmp(text_of(override, "source"), OVERRIDES_FOLDER, strlen(OVERRIDES_FOLDER)) != 0 ||
        !parse_time(text_of(override, "at"), &own))
        return false;
    return own > at || (own == at && strcmp(text_of(override, "name"), name) < 0);
}

static const json_t *find_override(const struct patch *patch, const char *name)
{
    size_t i;
    json_t *override;
    json_array_foreach(patch->overrides, i, override)
    {
        if (strcmp(text_of(override, "name"), name) == 0)
            return override;
    }
    return NULL;
}

bool patch_has_override(const struct patch *patch, const char *name)
{
    return find_override(patch, name) != NULL;
}

bool annex_is_newer(const struct patch *patch, const char *name, const struct override *than)
{
    const json_t *override = find_override(patch, name);
    return override && stands_before(override, than->name, than->at);
}

bool annex_is_active(const struct patch *patch, const char *name, int64_t at)
{
    const json_t *override = find_override(patch, name);
    int64_t from, until;
    return (!parse_time(text_of(override, "from"), &from) || from <= at) &&
           (!parse_time(text_of(override, "until"), &until) || at < until);
}

void annex_add_override(struct patch *patch, const struct override *override)
{
    struct buffer text = {0};
    size_t place = 0;
    buffer_append_text(&text, "{");
    emit_override(override, &text);
    buffer_append_text(&text, "}");
    json_t *added = json_loadb(text.bytes, text.length, 0, NULL);
    buffer_release(&text);
    /* The first line of its file is the list's. */
    json_object_set_new(added, "source",
                        json_sprintf(OVERRIDES_FOLDER "%s.yaml:2", override->id.text));
    while (stands_before(json_array_get(patch->overrides, place), override->name, override->at))
        place++;
    json_array_insert_new(patch->overrides, place, added);
    label_base(patch);
    add_label(patch, "override", override->id.text);
}

void annex_lift(struct patch *patch, const char *name)
{
    for (size_t i = json_array_size(patch->overrides); i-- > 0;)
        if (strcmp(text_of(json_array_get(patch->overrides, i), "name"), name) == 0)
            json_array_remove(patch->overrides, i);
    label_base(patch);
    if (!drop_label(patch, "override", id_of(name)))
        add_label(patch, "lift", id_of(name));
}

/* ------------------------------------------------------------------------------------ people -- */

/* After the JSON string whose opening quote is at `at`. */
static const char *skip_string(const char *at, const char *end)
{
    for (at++; at < end && *at != '"'; at++)
        at += *at == '\\';
    return at < end ? at + 1 : end;
}

/* After a value of valid JSON without white space. */
static const char *skip_value(const char *at, const char *end)
{
    unsigned depth = 0;
    do {
        if (*at == '"') {
            at = skip_string(at, end);
            continue;
        }
        if (!depth && (*at == ',' || *at == '}' || *at == ']'))
            break;
        depth += *at == '{' || *at == '[';
        depth -= *at == '}' || *at == ']';
        at++;
    } while (at < end && (depth || (*at != ',' && *at != '}' && *at != ']')));
    return at;
}

/* The value of a key of the object at `object`; NULL if there is none. */
static const char *find_value(const char *object, const char *end, const char *key)
{
    struct buffer quoted = {0};
    if (!object || object >= end || *object != '{')
        return NULL;
    json_write_string(&quoted, key);
    const char *found = NULL, *at = object + 1;
    while (at < end && *at == '"' && !found) {
        const char *colon = skip_string(at, end);
        bool same =
            (size_t)(colon - at) == quoted.length && memcmp(at, quoted.bytes, quoted.length) == 0;
        if (same && colon < end)
            found = colon + 1;
        else if (colon < end)
            at = skip_value(colon + 1, end);
        at += at < end && *at == ',';
    }
    buffer_release(&quoted);
    return found;
}

static void replace_value(struct buffer *text, const char *value, const char *with)
{
    if (!value)
        return;
    struct buffer out = {0};
    const char *behind = skip_value(value, text->bytes + text->length);
    buffer_append(&out, text->bytes, (size_t)(value - text->bytes));
    json_write_string(&out, with);
    buffer_append(&out, behind, (size_t)(text->bytes + text->length - behind));
    buffer_release(text);
    *text = out;
}

static const char *find_in_canary(const struct patch *patch, const char *flag, const char *key)
{
    const char *people = patch->people.bytes, *end = people + patch->people.length;
    const char *flags = find_value(people, end, "flags");
    const char *canary = find_value(find_value(flags, end, flag), end, "canary");
    return find_value(canary, end, key);
}

static bool is_word(const char *value, const char *word)
{
    size_t length = strlen(word);
    return *value == '"' && strncmp(value + 1, word, length) == 0 && value[1 + length] == '"';
}

bool annex_has_rollout(const struct patch *patch, const char *flag)
{
    const char *state = find_in_canary(patch, flag, "state");
    return state && !is_word(state, canary_state_words[CANARY_PENDING]) &&
           !is_word(state, canary_state_words[CANARY_ROLLED_BACK]);
}

void annex_roll_back(struct patch *patch, const char *flag, int64_t at)
{
    char since[32];
    format_time(at, since, sizeof since);
    replace_value(&patch->people, find_in_canary(patch, flag, "state"),
                  canary_state_words[CANARY_ROLLED_BACK]);
    replace_value(&patch->people, find_in_canary(patch, flag, "since"), since);
    label_base(patch);
    add_label(patch, "rollback", flag);
}
