/* set_forms.c - see set_forms.h. */
#include "set_forms.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/escape.h"
#include "compiler/base/json.h"
#include "compiler/base/percent.h"
#include "compiler/base/scalar.h"
#include "compiler/project/flag_keys.h"

/* ----------------------------------------------------------------------------------- parsing -- */

static bool is_percentage(const char *text)
{
    uint32_t ignored;
    size_t length = strlen(text);
    return length > 1 && text[length - 1] == '%' && isdigit((unsigned char)*text) &&
           parse_percent(text, &ignored);
}

/* "rules[0].percent" as "rules.0.percent": messages and most languages write an item that way, and
 * no name has brackets. */
static char *path_of(struct arena *arena, const char *text, size_t length)
{
    char *path = arena_copy(arena, text, length), *end = path;
    for (const char *at = path; *at;) {
        size_t digits = *at == '[' && end > path ? strspn(at + 1, "0123456789") : 0;
        const char *after = at + digits + 2;
        if (digits && after[-1] == ']' && (!*after || strchr(".[", *after))) {
            *end++ = '.';
            memmove(end, at + 1, digits);
            end += digits;
            at = after;
        } else {
            *end++ = *at++;
        }
    }
    *end = '\0';
    return path;
}

bool set_form_parse(struct arena *arena, const char *argument, struct set_form *form)
{
    const char *equals = strchr(argument, '=');
    *form = (struct set_form){.given = argument, .value = argument};
    if (is_percentage(argument)) {
        form->kind = SET_PERCENT;
        form->key = "percent";
        return true;
    }
    if (strcmp(argument, "on") == 0 || strcmp(argument, "off") == 0) {
        form->kind = SET_WORD;
        form->key = argument;
        return true;
    }
    if (!equals || equals == argument)
        return false;
    char sign = equals[-1];
    bool item = (sign == '+' || sign == '-') && equals - argument > 1;
    form->kind = !item ? SET_VALUE : sign == '+' ? SET_ADD : SET_REMOVE;
    form->key = path_of(arena, argument, (size_t)(equals - argument) - item);
    form->value = equals + 1;
    return true;
}

/* ------------------------------------------------------------------------------------ places -- */

/* The flag as it is now in its file; found again after each edit. */
struct spot {
    const struct setting_one *setting;
    struct flag_place place;
    const struct entry *flag;        /* its name and keys */
    const struct node *own;          /* its keys; NULL: it has none */
    const struct node *environments; /* or NULL */
    const struct node *here;         /* the environment's keys; NULL: none */
};

static const struct node *map_at(const struct node *map, const char *key)
{
    const struct node *found = map ? node_get(map, key) : NULL;
    return found && found->kind == NODE_MAP ? found : NULL;
}

static bool look(const struct setting_one *setting, struct spot *spot)
{
    *spot = (struct spot){.setting = setting};
    if (!edits_find_flag(setting->edits, setting->flag, &spot->place))
        return false;
    spot->flag = &spot->place.map->entries[spot->place.place];
    const struct node *body = spot->flag->value;
    spot->own = body->kind == NODE_MAP ? body : NULL;
    spot->environments = spot->own ? node_get(spot->own, "environments") : NULL;
    if (setting->environment)
        spot->here = map_at(map_at(spot->own, "environments"), setting->environment);
    return true;
}

static bool refuse(const struct spot *spot, const struct node *at, const char *help,
                   const char *format, ...) __attribute__((format(printf, 4, 5)));
static bool refuse(const struct spot *spot, const struct node *at, const char *help,
                   const char *format, ...)
{
    struct buffer why = {0};
    va_list arguments;
    va_start(arguments, format);
    terminal_format_list(&why, format, arguments);
    va_end(arguments);
    struct edits *edits = spot->setting->edits;
    terminal_format(&why, " (%s)", edits_place(edits, spot->place.file, at ? at : spot->flag->key));
    edits_refuse(edits, &why, help);
    buffer_release(&why);
    return false;
}

/* Sets keys of the flag, or of its environment, whose blocks need not be there yet. */
static bool set_keys(const struct spot *spot, bool here, const struct edit *list, size_t count)
{
    struct edits *edits = spot->setting->edits;
    struct edited *file = spot->place.file;
    const struct node *map = here ? spot->here : spot->own;
    if (map)
        return edits_set(edits, file, map, list, count);
    struct buffer text = {0};
    buffer_append_text(&text, "{");
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        if (!list[i].value)
            continue;
        buffer_append_text(&text, any ? ", " : "");
        edit_write_text(list[i].key, &text);
        buffer_format(&text, ": %s", list[i].value);
        any = true;
    }
    buffer_append_text(&text, "}");
    if (here && !spot->environments) {
        struct buffer inner = {0};
        buffer_append_text(&inner, "{");
        edit_write_text(spot->setting->environment, &inner);
        buffer_format(&inner, ": %s}", text.bytes);
        buffer_release(&text);
        text = inner;
    }
    const struct edit whole = {here ? spot->environments ? spot->setting->environment
                                                         : "environments"
                                    : spot->setting->flag,
                               text.bytes};
    map = here ? spot->environments ? spot->environments : spot->own : spot->place.map;
    if (here && !spot->environments && !spot->own) {
        struct buffer outer = {0};
        buffer_format(&outer, "{environments: %s}", text.bytes);
        const struct edit flag = {spot->setting->flag, outer.bytes};
        bool made = edits_set(edits, file, spot->place.map, &flag, 1);
        buffer_release(&outer);
        buffer_release(&text);
        return made;
    }
    bool done = edits_set(edits, file, map, &whole, 1);
    buffer_release(&text);
    return done;
}

/* `environments: [staging]`, as a mapping that says the same. */
bool set_form_spread(const struct setting_one *setting)
{
    struct spot spot;
    if (!look(setting, &spot))
        return false;
    const struct node *list = spot.environments;
    if (!setting->environment || !list || list->kind == NODE_MAP)
        return true;
    uint32_t count, others = 0;
    const char **names = edits_environments(setting->edits, &count);
    struct buffer text = {0};
    buffer_append_text(&text, "{");
    for (uint32_t i = 0; i < count; i++) {
        bool listed = list->kind == NODE_SCALAR && strcmp(list->text, names[i]) == 0;
        for (uint32_t j = 0; list->kind == NODE_LIST && j < list->count; j++)
            listed |= strcmp(list->items[j]->text, names[i]) == 0;
        if (listed)
            continue;
        buffer_append_text(&text, others++ ? ", " : "");
        edit_write_text(names[i], &text);
        buffer_append_text(&text, ": {enabled: false}");
    }
    buffer_append_text(&text, "}");
    const struct edit edit = {"environments", text.bytes};
    bool done = edits_set(setting->edits, spot.place.file, spot.own, &edit, 1);
    buffer_release(&text);
    return done;
}

/* ---------------------------------------------------------------------------------- inherits -- */

static bool has_any(const struct node *map, const char *const *keys)
{
    for (size_t i = 0; map && keys[i]; i++)
        if (node_get(map, keys[i]))
            return true;
    return false;
}

/* Whether another environment uses the flag's own of these keys. */
static bool is_shared(const struct spot *spot, const char *const *keys)
{
    uint32_t count;
    const char **names = edits_environments(spot->setting->edits, &count);
    const struct node *all = map_at(spot->own, "environments");
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(names[i], spot->setting->environment) != 0 &&
            !has_any(map_at(all, names[i]), keys))
            return true;
    return false;
}

/*
 * Whether a key is set in the environment's block: it has one of these keys, which exclude each
 * other, or others use the flag's own. Without an environment, it is not.
 */
static bool belongs_here(const struct spot *spot, const char *const *keys)
{
    if (!spot->setting->environment)
        return false;
    return has_any(spot->here, keys) || is_shared(spot, keys);
}

static const char *const OF_RULES[] = {"rules", "percent", NULL};
static const char *const OF_SERVE[] = {"rules", "serve", "split", NULL};

/* The one that counts there. */
static const struct node *effective(const struct spot *spot, const char *key)
{
    const struct node *found = spot->here ? node_get(spot->here, key) : NULL;
    return found || !spot->own ? found : node_get(spot->own, key);
}

/* An environment's `serve`, `percent` or `split` replace the rules that it would inherit. */
static const struct node *effective_rules(const struct spot *spot)
{
    static const char *const instead[] = {"serve", "percent", "split", NULL};
    if (spot->here && !node_get(spot->here, "rules") && has_any(spot->here, instead))
        return NULL;
    return effective(spot, "rules");
}

static bool is_false(const struct node *node)
{
    return node && node->kind == NODE_SCALAR && strcmp(node->text, "false") == 0;
}

/* Without -e, and with no usual one, a change is for all environments; where some have the key,
 * nobody knows which is meant. */
static bool is_clear(const struct spot *spot, const char *const *keys, const char *what)
{
    const struct node *all = map_at(spot->own, "environments");
    if (spot->setting->environment || !all)
        return true;
    for (uint32_t i = 0; i < all->count; i++)
        if (has_any(map_at(all, all->entries[i].key->text), keys))
            return refuse(spot, all->entries[i].key, "name the environment with -e",
                          "which environment? '%s' has %s of its own", all->entries[i].key->text,
                          what);
    return true;
}

/* ------------------------------------------------------------------------------- percentages -- */

static const char *rule_name(const struct spot *spot, const struct node *rules, uint32_t place)
{
    const struct node *rule = rules->items[place];
    const struct node *name = rule->kind == NODE_MAP ? node_get(rule, "name") : NULL;
    return name ? name->text : arena_format(&spot->setting->edits->arena, "%u", place);
}

/* The only rule that has a percentage, or the only one. UINT32_MAX: it is not clear. */
static uint32_t only_rule(const struct node *rules)
{
    uint32_t found = UINT32_MAX, count = 0;
    for (uint32_t i = 0; i < rules->count; i++)
        if (rules->items[i]->kind == NODE_MAP && node_get(rules->items[i], "percent")) {
            found = i;
            count++;
        }
    if (count == 1)
        return found;
    return count == 0 && rules->count == 1 && rules->items[0]->kind == NODE_MAP ? 0 : UINT32_MAX;
}

static bool which_rule(const struct spot *spot, const struct node *rules)
{
    struct buffer help = {0};
    buffer_append_text(&help, "say which: ");
    for (uint32_t i = 0; i < rules->count && i < 4; i++)
        terminal_format(&help, "%srules.%s.percent=%s", i ? ", or " : "", rule_name(spot, rules, i),
                        spot->setting->form->given);
    refuse(spot, rules, help.bytes,
           "'%s' has %u rules, and it is not clear whose percentage this "
           "is",
           spot->setting->flag, rules->count);
    buffer_release(&help);
    return false;
}

/* A flag's list of rules in one line, with another percentage of one of them. */
static bool copy_rules(const struct spot *spot, const struct node *rules, uint32_t place,
                       const char *percent)
{
    struct buffer text = {0};
    const char *source = spot->place.file->now.text;
    buffer_append_text(&text, "[");
    for (uint32_t i = 0; i < rules->count; i++) {
        const struct node *rule = rules->items[i];
        buffer_append_text(&text, i ? ", " : "");
        if (i != place) {
            edit_write_node(rule, source, &text);
            continue;
        }
        buffer_append_text(&text, "{");
        bool had = false;
        for (uint32_t j = 0; j < rule->count; j++) {
            bool is = strcmp(rule->entries[j].key->text, "percent") == 0;
            had |= is;
            buffer_append_text(&text, j ? ", " : "");
            edit_write_node(rule->entries[j].key, source, &text);
            buffer_append_text(&text, ": ");
            if (is)
                buffer_append_text(&text, percent);
            else
                edit_write_node(rule->entries[j].value, source, &text);
        }
        if (!had)
            buffer_format(&text, "%spercent: %s", rule->count ? ", " : "", percent);
        buffer_append_text(&text, "}");
    }
    buffer_append_text(&text, "]");
    const struct edit edit = {"rules", text.bytes};
    bool done = set_keys(spot, true, &edit, 1);
    buffer_release(&text);
    return done;
}

static bool is_scalar(const struct node *node, const char *text)
{
    return node && node->kind == NODE_SCALAR && strcmp(node->text, text) == 0;
}

static bool is_percent(const struct node *node, const char *text)
{
    uint32_t one, other;
    return node && node->kind == NODE_SCALAR && parse_percent(node->text, &one) &&
           parse_percent(text, &other) && one == other;
}

static bool set_rule_percent(const struct spot *spot, const struct node *rules, const char *percent)
{
    if (rules->kind != NODE_LIST)
        return refuse(spot, rules, NULL, "the rules of '%s' are no list", spot->setting->flag);
    uint32_t place = only_rule(rules);
    if (place == UINT32_MAX)
        return which_rule(spot, rules);
    const struct node *rule = rules->items[place];
    if (is_percent(node_get(rule, "percent"), percent))
        return true;
    bool own = !(spot->here && node_get(spot->here, "rules"));
    if (own && spot->setting->environment && is_shared(spot, OF_RULES))
        return copy_rules(spot, rules, place, percent);
    const struct edit edit = {"percent", percent};
    return edits_set(spot->setting->edits, spot->place.file, rule, &edit, 1);
}

/* A rollout or an experiment decides for itself. */
static bool has_block(const struct spot *spot)
{
    static const char *const blocks[] = {"canary", "experiment"};
    static const char *const helps[] = {
        "'ffc canary advance' and 'complete' raise it, 'ffc rollback' takes it off",
        "experiment.traffic=… is the share of the units that take part"};
    for (size_t i = 0; i < 2; i++) {
        const struct node *block = effective(spot, blocks[i]);
        if (block) {
            refuse(spot, block, helps[i], "'%s' has a block '%s', which decides who gets it",
                   spot->setting->flag, blocks[i]);
            return true;
        }
    }
    return false;
}

/* In a list of environments, an environment that is not there is off: so it is named. */
static bool must_enable(const struct spot *spot, bool was_listed)
{
    return was_listed && spot->here && is_false(node_get(spot->here, "enabled"));
}

static bool set_percent(const struct setting_one *setting, const char *percent, bool enables)
{
    struct spot spot;
    if (!look(setting, &spot) || !is_clear(&spot, OF_RULES, "a percentage"))
        return false;
    const struct node *rules = effective_rules(&spot);
    if (has_block(&spot))
        return false;
    if (rules)
        return set_rule_percent(&spot, rules, percent);
    bool enabled = must_enable(&spot, enables);
    if (is_percent(effective(&spot, "percent"), percent) && !enabled)
        return true;
    /* Everybody is what there is without it. */
    if (!effective(&spot, "percent") &&
        is_percent(&(struct node){.kind = NODE_SCALAR, .text = "100%"}, percent) &&
        (effective(&spot, "serve") || effective(&spot, "split")) && !enabled)
        return true;
    const struct edit edit = {"percent", percent}, no_longer = {"enabled", NULL};
    return set_keys(&spot, belongs_here(&spot, OF_RULES), &edit, 1) &&
           (!enabled || (look(setting, &spot) && set_keys(&spot, true, &no_longer, 1)));
}

/* -------------------------------------------------------------------------------- on and off -- */

static bool has_variant(const struct spot *spot, const char *name)
{
    const struct node *variants = effective(spot, "variants");
    const struct node *type = spot->own ? node_get(spot->own, "type") : NULL;
    if (variants && variants->kind == NODE_MAP)
        return node_get(variants, name) != NULL;
    return !variants && (!type || strcmp(type->text, "boolean") == 0) && !effective(spot, "value");
}

static bool is_default(const struct spot *spot, const char *name)
{
    const struct node *given = effective(spot, "default");
    return given ? is_scalar(given, name) : strcmp(name, "off") == 0;
}

static bool set_enabled(const struct spot *spot, const char *value)
{
    static const char *const keys[] = {"enabled", NULL};
    const struct node *now = effective(spot, "enabled");
    if (is_scalar(now, value) || (!now && strcmp(value, "true") == 0))
        return true;
    const struct edit edit = {"enabled", value};
    return set_keys(spot, belongs_here(spot, keys), &edit, 1);
}

/* What decides is more than a share: it stays, and is turned off and on as a whole. */
static bool set_whole(const struct spot *spot, const struct node *what, const char *word)
{
    if (strcmp(word, "off") == 0 && is_default(spot, "off"))
        return set_enabled(spot, "false");
    if (strcmp(word, "on") == 0 && is_false(effective(spot, "enabled"))) {
        terminal_message(&spot->setting->edits->notes,
                         "note: '%s' is enabled again, and who gets it is decided as before\n",
                         spot->setting->flag);
        return set_enabled(spot, "true");
    }
    struct buffer help = {0};
    buffer_append_text(&help, "to serve it to everybody, and keep them: ffc rollback ");
    shell_append(&help, spot->setting->flag);
    buffer_append_text(&help, " --serve ");
    shell_append(&help, word);
    refuse(spot, what, help.bytes, "'%s' has rules, or another block, that decide who gets it",
           spot->setting->flag);
    buffer_release(&help);
    return false;
}

static bool set_word(const struct setting_one *setting, const char *word)
{
    struct spot spot;
    if (!look(setting, &spot) || !is_clear(&spot, OF_SERVE, "rules") ||
        !is_clear(&spot, OF_RULES, "a percentage"))
        return false;
    if (!has_variant(&spot, word))
        return refuse(&spot, NULL, "serve=VARIANT serves one of its variants to everybody",
                      "'%s' has no variant '%s'", setting->flag, word);
    const struct node *rules = effective_rules(&spot), *split = effective(&spot, "split");
    const struct node *canary = effective(&spot, "canary");
    const struct node *whole = rules                            ? rules
                               : canary                         ? canary
                               : effective(&spot, "experiment") ? effective(&spot, "experiment")
                               : effective(&spot, "serve")      ? NULL
                                                                : split;
    if (whole)
        return set_whole(&spot, whole, word);
    /* With a percentage, that is what moves: so it can be set again. */
    bool shares = effective(&spot, "percent") &&
                  (!effective(&spot, "serve") || is_scalar(effective(&spot, "serve"), "on"));
    bool on = strcmp(word, "on") == 0;
    bool disabled = is_false(effective(&spot, "enabled"));
    if (!on && disabled && is_default(&spot, "off"))
        return true;
    if (on && disabled) {
        if (!set_enabled(&spot, "true") || !look(setting, &spot))
            return false;
    }
    if (shares)
        return set_percent(setting, on ? "100%" : "0%", false);
    const struct node *served = effective(&spot, "serve"), *percent = effective(&spot, "percent");
    bool everybody = !percent || is_percent(percent, "100%");
    bool nobody = !served && !percent;
    if (is_scalar(served, word) && everybody)
        return true;
    if (!on && nobody && is_default(&spot, "off"))
        return true;
    struct edit list[] = {{"serve", word}, {"percent", "100%"}};
    return set_keys(&spot, belongs_here(&spot, OF_SERVE), list, everybody ? 1 : 2);
}

/* --------------------------------------------------------------------------- keys and values -- */

/* A value from the command line, as YAML text. */
static const char *written(struct arena *arena, const char *value)
{
    struct buffer out = {0};
    if (edit_is_value(value))
        return value;
    json_write_string(&out, value);
    const char *copy = arena_copy(arena, out.bytes, out.length);
    buffer_release(&out);
    return copy;
}

/* What a path leads to. Names may have dots, so the longest key that is there counts. */
struct step {
    const struct node *parent; /* a mapping or a list; what is missing begins in it */
    const struct entry *entry; /* of a mapping; NULL: it is not there */
    uint32_t place;            /* in a list; UINT32_MAX: it is not there */
    const char *rest;          /* of the path, from what is missing on; "" */
};

static uint32_t find_item(const struct node *list, const char *name, size_t length)
{
    char *end = NULL;
    unsigned long number = isdigit((unsigned char)*name) ? strtoul(name, &end, 10) : 0;
    for (uint32_t i = 0; i < list->count; i++) {
        const struct node *item = list->items[i];
        const struct node *given = item->kind == NODE_MAP ? node_get(item, "name") : NULL;
        if (given && strlen(given->text) == length && strncmp(given->text, name, length) == 0)
            return i;
    }
    return end == name + length && number < list->count ? (uint32_t)number : UINT32_MAX;
}

/* The longest part of the path that names something in the node; 0: nothing. */
static size_t longest(const struct node *node, const char *path, struct step *step)
{
    for (size_t length = strlen(path); length > 0; length--) {
        if (path[length] != '\0' && path[length] != '.')
            continue;
        for (uint32_t i = 0; node->kind == NODE_MAP && i < node->count; i++) {
            const struct node *key = node->entries[i].key;
            if (key->count == length && memcmp(key->text, path, length) == 0) {
                step->entry = &node->entries[i];
                return length;
            }
        }
        if (node->kind == NODE_LIST && (step->place = find_item(node, path, length)) != UINT32_MAX)
            return length;
    }
    return 0;
}

static struct step walk(const struct node *map, const char *path)
{
    struct step step = {.parent = map, .place = UINT32_MAX, .rest = path};
    for (;;) {
        struct step next = {.parent = step.parent, .place = UINT32_MAX, .rest = step.rest};
        size_t length = longest(step.parent, step.rest, &next);
        if (length == 0)
            return step;
        next.rest = step.rest + length + (step.rest[length] == '.');
        const struct node *value = next.entry ? next.entry->value : next.parent->items[next.place];
        if (!*next.rest || (value->kind != NODE_MAP && value->kind != NODE_LIST))
            return next;
        step = (struct step){.parent = value, .place = UINT32_MAX, .rest = next.rest};
    }
}

/* `{a: {b: VALUE}}` for the rest of a path, whose first part is the key. */
static const char *nested(struct arena *arena, const char *path, const char *value,
                          const char **key)
{
    const char *dot = strchr(path, '.');
    *key = dot ? arena_copy(arena, path, (size_t)(dot - path)) : path;
    if (!dot)
        return value;
    const char *inner_key;
    const char *inner = nested(arena, dot + 1, value, &inner_key);
    struct buffer out = {0};
    buffer_append_text(&out, "{");
    edit_write_text(inner_key, &out);
    buffer_append_text(&out, ": ");
    buffer_append_text(&out, inner);
    buffer_append_text(&out, "}");
    const char *copy = arena_copy(arena, out.bytes, out.length);
    buffer_release(&out);
    return copy;
}

/* Keys that exclude each other, so that one takes the place of the others. */
static bool is_one_of(const char *const *keys, const char *key)
{
    for (size_t i = 0; keys[i]; i++)
        if (strcmp(keys[i], key) == 0)
            return true;
    return false;
}

static const char *const *rivals(const char *key)
{
    static const char *const groups[][6] = {{"serve", "split", "rules"},
                                            {"split", "serve", "rules"},
                                            {"rules", "serve", "percent", "split", "keep"},
                                            {"percent", "rules"},
                                            {"canary", "experiment"},
                                            {"experiment", "canary"}};
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        if (strcmp(groups[i][0], key) == 0)
            return groups[i];
    return NULL;
}

/* The first part of a path, which is a key of the flag. */
static const char *first_key(struct arena *arena, const char *path)
{
    return arena_copy(arena, path, strcspn(path, "."));
}

/* Where the change goes, once it is sure that the environment has what it inherits and is changed
 * for it alone. NULL, and said: it cannot be done. */
static const struct node *prepare(struct spot *spot, const char *key, bool deep, bool *here)
{
    const struct setting_one *setting = spot->setting;
    const char *const single[] = {key, NULL};
    const char *const *keys = rivals(key) ? rivals(key) : single;
    static const struct node nothing = {.kind = NODE_MAP};
    *here = false;
    if (!is_environment_key(key)) {
        if (setting->named) {
            refuse(spot, NULL, "leave out -e",
                   "'%s' is of the flag, and the same in every "
                   "environment",
                   key);
            return NULL;
        }
        return spot->own ? spot->own : &nothing;
    }
    if (!is_clear(spot, keys, "this"))
        return NULL;
    *here = belongs_here(spot, keys);
    if (!*here)
        return spot->own ? spot->own : &nothing;
    const struct node *inherited = spot->own ? node_get(spot->own, key) : NULL;
    if (deep && inherited && !(spot->here && node_get(spot->here, key))) {
        struct buffer text = {0};
        edit_write_node(inherited, spot->place.file->now.text, &text);
        const struct edit copy = {key, text.bytes};
        bool done = set_keys(spot, true, &copy, 1) && look(setting, spot);
        buffer_release(&text);
        if (!done)
            return NULL;
    }
    return spot->here ? spot->here : &nothing;
}

static bool is_same_value(struct arena *arena, const struct node *now, const char *value)
{
    struct buffer text = {0};
    buffer_format(&text, "v: %s\n", value);
    const struct node *parsed = yaml_parse(arena, text.bytes, text.length);
    const struct node *wanted = parsed && parsed->kind == NODE_MAP ? node_get(parsed, "v") : NULL;
    bool scalars = wanted && wanted->kind == NODE_SCALAR && now->kind == NODE_SCALAR;
    bool same = scalars && wanted->plain == now->plain && strcmp(wanted->text, now->text) == 0;
    buffer_release(&text);
    return same;
}

/* What a key is to have: a variant that is called as YAML has a mapping or nothing is its name. */
static const char *value_for(const struct spot *spot, const struct set_form *form)
{
    static const char *const of_variants[] = {"serve", "default", "control", "winner", NULL};
    const char *dot = strrchr(form->key, '.'), *key = dot ? dot + 1 : form->key;
    struct arena *arena = &spot->setting->edits->arena;
    const struct node *variants = effective(spot, "variants");
    bool named = variants && variants->kind == NODE_MAP && node_get(variants, form->value);
    if (!named || !is_one_of(of_variants, key))
        return written(arena, form->value);
    struct buffer text = {0};
    edit_write_text(form->value, &text);
    const char *copy = arena_copy(arena, text.bytes, text.length);
    buffer_release(&text);
    return copy;
}

static bool set_value(const struct setting_one *setting)
{
    struct arena *arena = &setting->edits->arena;
    const struct set_form *form = setting->form;
    struct spot spot;
    bool here;
    if (!look(setting, &spot))
        return false;
    const char *key = first_key(arena, form->key);
    bool deep = strcmp(key, form->key) != 0;
    const struct node *map = prepare(&spot, key, deep, &here);
    if (!map)
        return false;
    const char *value = *form->value ? value_for(&spot, form) : NULL;
    /* What it inherits need not be said again. */
    const struct node *counts = effective(&spot, key);
    if (!deep && value && counts && is_same_value(arena, counts, value))
        return true;
    struct step step = walk(map, form->key);
    if (!*step.rest && step.entry && value && is_same_value(arena, step.entry->value, value))
        return true;
    if (!value && (!step.entry || *step.rest))
        return true; /* it is not given */
    if (!*step.rest && step.parent->kind == NODE_LIST)
        return refuse(&spot, step.parent->items[step.place], "name a key of it",
                      "'%s' is an item of a list", form->key);
    if (*step.rest && step.parent->kind == NODE_LIST)
        return refuse(&spot, step.parent, "an item is called by its name, or by its number from 0",
                      "there is no item '%s' in this list of %u",
                      arena_copy(arena, step.rest, strcspn(step.rest, ".")), step.parent->count);
    if (*step.rest && step.entry &&
        !(step.entry->value->kind == NODE_SCALAR && step.entry->value->count == 0))
        return refuse(&spot, step.entry->key, NULL, "there is no '%s' in it, and nowhere to put it",
                      step.rest);
    struct edit list[6];
    size_t count = 0;
    const char *path = !step.entry  ? step.rest
                       : *step.rest ? arena_format(arena, "%s.%s", step.entry->key->text, step.rest)
                                    : step.entry->key->text;
    if (step.entry && !*step.rest) {
        list[count++] = (struct edit){step.entry->key->text, value};
    } else {
        const char *name;
        const char *text = nested(arena, path, value, &name);
        list[count++] = (struct edit){name, text};
    }
    const char *const *others = deep || !value ? NULL : rivals(key);
    for (size_t i = 1; others && others[i]; i++)
        if (node_get(map, others[i])) {
            if (!is_one_of((const char *const[]){"serve", "split", "keep", "percent", NULL},
                           others[i]))
                return refuse(&spot, node_get(map, others[i]), "remove one of the two by hand",
                              "'%s' has %s, which this would take the place of", setting->flag,
                              others[i]);
            list[count++] = (struct edit){others[i], NULL};
        }
    if (step.parent == spot.own || step.parent == spot.here || step.parent->span.file == NO_FILE ||
        map->count == 0)
        return set_keys(&spot, here, list, count);
    return edits_set(setting->edits, spot.place.file, step.parent, list, count);
}

/* ---------------------------------------------------------------------------- items of lists -- */

static uint32_t find_text(const struct node *list, const char *text)
{
    for (uint32_t i = 0; list->kind == NODE_LIST && i < list->count; i++)
        if (list->items[i]->kind == NODE_SCALAR && strcmp(list->items[i]->text, text) == 0)
            return i;
    return UINT32_MAX;
}

static bool take_text(struct edits *edits, struct edited *file, bool done, struct buffer *text,
                      struct buffer *error)
{
    if (done)
        edits_take(edits, file, text);
    else
        edits_refuse(edits, error, edit_way_out(&file->now, NULL));
    buffer_release(text);
    buffer_release(error);
    return done;
}

static bool set_item(const struct setting_one *setting)
{
    struct edits *edits = setting->edits;
    struct arena *arena = &edits->arena;
    const struct set_form *form = setting->form;
    struct spot spot;
    bool here, adds = form->kind == SET_ADD;
    if (!look(setting, &spot))
        return false;
    const char *key = first_key(arena, form->key);
    /* What is inherited is only copied if it has to be. */
    const struct node *inherited = spot.here && node_get(spot.here, key) ? spot.here : spot.own;
    struct step step = inherited ? walk(inherited, form->key) : (struct step){.rest = form->key};
    const struct node *list = step.entry && !*step.rest ? step.entry->value : NULL;
    bool lists = list && (list->kind == NODE_LIST || list->kind == NODE_SCALAR);
    bool has = lists && (find_text(list, form->value) != UINT32_MAX ||
                         (list->kind == NODE_SCALAR && strcmp(list->text, form->value) == 0));
    if (list && !lists)
        return refuse(&spot, step.entry->key, NULL, "'%s' is no list that stands here", form->key);
    if (has == adds)
        return true;
    const struct node *map = prepare(&spot, key, true, &here);
    if (!map)
        return false;
    step = walk(map, form->key);
    list = step.entry && !*step.rest ? step.entry->value : NULL;
    const char *item = written(arena, form->value);
    struct buffer text = {0}, error = {0};
    if (list && adds)
        return take_text(edits, spot.place.file,
                         edit_add_item(&spot.place.file->now, list, item, &text, &error), &text,
                         &error);
    if (list && list->kind == NODE_LIST)
        return take_text(edits, spot.place.file,
                         edit_remove_item(&spot.place.file->now, step.entry,
                                          find_text(list, form->value), &text, &error),
                         &text, &error);
    const struct setting_one whole = {
        .edits = edits,
        .flag = setting->flag,
        .environment = setting->environment,
        .named = setting->named,
        .form = &(struct set_form){SET_VALUE, form->given, form->key,
                                   adds ? arena_format(arena, "[%s]", item) : ""}};
    return set_value(&whole);
}

/* ------------------------------------------------------------------------------------- apply -- */

bool set_form_apply(const struct setting_one *setting)
{
    const struct set_form *form = setting->form;
    struct spot spot;
    if (!look(setting, &spot))
        return false;
    bool listed = spot.environments && spot.environments->kind != NODE_MAP;
    const char *key = first_key(&setting->edits->arena, form->key);
    bool of_environment = form->kind == SET_PERCENT || form->kind == SET_WORD ||
                          (is_environment_key(key) && strcmp(key, "environments") != 0);
    if (listed && of_environment && !set_form_spread(setting))
        return false;
    switch (form->kind) {
    case SET_PERCENT:
        return set_percent(setting, form->value, listed);
    case SET_WORD:
        return set_word(setting, form->key);
    case SET_VALUE:
        return set_value(setting);
    case SET_ADD:
    case SET_REMOVE:
        return set_item(setting);
    }
    return false;
}
