/* new.c - `ffc new`: a flag's definition, with tests that pass. */
#include <ctype.h>
#include <string.h>

#include "compiler/base/escape.h"
#include "compiler/files/place.h"
#include "compiler/model/flag.h"
#include "edits.h"
#include "set_forms.h"

static int run(int argc, char **argv);

const struct command new_command = {
    .name = "new",
    .summary = "define a flag, with a test in each environment",
    .usage = "NAME [KEY=VALUE…] [--kind KIND | --like FLAG | --template ROLLOUT] --reason TEXT",
    .examples = "  ffc new new-checkout --owner web --reason 'checkout on one page'\n"
                "  ffc new search.page-size --kind config value=20 --reason 'tune it'\n"
                "  ffc new canary.search --template standard --reason 'the new index'\n"
                "  ffc new banner-2 --like banner description='The second one' --reason x\n",
    .run = run,
};

struct order {
    const char *flag, *kind, *owner, *like, *template, *file;
    struct set_form *forms;
    uint32_t form_count;
};

/* -------------------------------------------------------------------------------- definition -- */

static bool first_name(struct edits *edits, struct edited *file, const struct entry *section,
                       void *user)
{
    (void)edits;
    (void)file;
    const struct node *map = section->value;
    if (map->kind != NODE_MAP || map->count == 0)
        return true;
    *(const char **)user = map->entries[0].key->text;
    return false;
}

static void add_line(struct buffer *out, const char *key, const char *value)
{
    buffer_append_text(out, "    ");
    edit_write_text(key, out);
    buffer_append_text(out, ": ");
    buffer_append_text(out, value);
    buffer_append_text(out, "\n");
}

static void add_text(struct buffer *out, const char *key, const char *text)
{
    struct buffer value = {0};
    edit_write_text(text, &value);
    add_line(out, key, value.bytes);
    buffer_release(&value);
}

static void add_experiment(struct edits *edits, struct buffer *out)
{
    const char *metric = NULL;
    edits_each_section(edits, "metrics", first_name, &metric);
    buffer_append_text(out, "    experiment:\n      split: {off: 50%, on: 50%}\n"
                            "      control: off\n");
    if (metric) {
        buffer_append_text(out, "      primary: ");
        edit_write_text(metric, out);
        buffer_append_text(out, "\n");
    }
    buffer_append_text(out, "      state: draft\n");
}

/* What a flag of that kind begins with: nobody has it yet. */
static void add_body(struct edits *edits, const struct order *order, enum flag_kind kind,
                     struct buffer *out)
{
    if (order->owner)
        add_text(out, "owner", order->owner);
    switch (kind) {
    case KIND_RELEASE:
        add_line(out, "percent", "0%");
        break;
    case KIND_EXPERIMENT:
        add_experiment(edits, out);
        break;
    case KIND_CANARY: {
        struct buffer value = {0};
        buffer_append_text(&value, "{use: ");
        edit_write_text(order->template, &value);
        buffer_append_text(&value, "}");
        add_line(out, "canary", value.bytes);
        buffer_release(&value);
        break;
    }
    case KIND_OPS:
        add_line(out, "kind", "ops");
        add_line(out, "serve", "on");
        break;
    case KIND_CONFIG:
        add_line(out, "kind", "config");
        add_line(out, "type", "number");
        add_line(out, "value", "0");
        break;
    case KIND_PERMISSION:
        add_line(out, "kind", "permission");
        add_line(out, "percent", "0%");
        break;
    }
}

/* The lines of another flag, deeper by two blanks where it has a block. */
static void add_like(const struct flag_place *like, struct buffer *out)
{
    const struct entry *entry = &like->map->entries[like->place];
    struct buffer body = {0};
    edit_write_node(entry->value, like->file->now.text, &body);
    const struct node *map = entry->value;
    for (uint32_t i = 0; map->kind == NODE_MAP && i < map->count; i++) {
        struct buffer value = {0};
        const char *key = map->entries[i].key->text;
        /* Its units are to be others, and its rollout begins anew. */
        if (strcmp(key, "salt") == 0 || strcmp(key, "expires") == 0)
            continue;
        edit_write_node(map->entries[i].value, like->file->now.text, &value);
        add_line(out, key, value.bytes ? value.bytes : "");
        buffer_release(&value);
    }
    buffer_release(&body);
}

static void add_test(const char *flag, const char *environment, const char *expected,
                     struct buffer *out)
{
    struct buffer name = {0};
    terminal_format(&name, "%s in %s", flag, environment);
    buffer_append_text(out, "{name: ");
    edit_write_text(name.bytes, out);
    buffer_append_text(out, ", flag: ");
    edit_write_text(flag, out);
    buffer_append_text(out, ", environment: ");
    edit_write_text(environment, out);
    buffer_append_text(out, ", context: {}, expect: ");
    buffer_append_text(out, expected);
    buffer_append_text(out, "}");
    buffer_release(&name);
}

/* What the tests expect at first; edit_tests.c makes it what is served. */
static const char *expected_of(struct edits *edits, const struct node *body)
{
    const struct node *given = body->kind == NODE_MAP ? node_get(body, "default") : NULL;
    const struct node *value = body->kind == NODE_MAP ? node_get(body, "value") : NULL;
    struct buffer out = {0};
    if (value) {
        buffer_append_text(&out, "{value: null}");
    } else {
        edit_write_text(given && given->kind == NODE_SCALAR ? given->text : "off", &out);
    }
    const char *copy = arena_copy(&edits->arena, out.bytes, out.length);
    buffer_release(&out);
    return copy;
}

/* ------------------------------------------------------------------------------------- files -- */

static const char *file_name(struct edits *edits, const struct order *order)
{
    const char *directory = edits->change.ledger.directory;
    size_t length = strlen(directory);
    /* As messages name it, or as it is below the project. */
    if (order->file && strncmp(order->file, directory, length) == 0 && order->file[length] == '/' &&
        !edits_file(edits, order->file))
        return order->file + length + 1;
    if (order->file)
        return order->file;
    /* What a file's name cannot have is one '-', and none where the flag's name begins or ends. */
    char *name = arena_copy(&edits->arena, order->flag, strlen(order->flag)), *end = name;
    bool apart = false;
    for (const char *at = order->flag; *at; at++) {
        bool kept = isalnum((unsigned char)*at) || strchr("._-", *at);
        if (kept && end == name && strchr("._-", *at))
            continue;
        if (kept && apart && end > name && end[-1] != '-' && *at != '-')
            *end++ = '-';
        if (kept)
            *end++ = *at;
        apart = !kept;
    }
    while (end > name && strchr("._-", end[-1]))
        end--;
    *end = '\0';
    return arena_format(&edits->arena, "%s.yaml", end > name ? name : "flag");
}

static bool is_file_name(const char *name)
{
    return is_definition_path(name) && name[0] != '/' && !strstr(name, "..");
}

/* Appends a section, or an entry at the end of one that is in block style. */
static bool append(struct edits *edits, struct edited *file, const char *section,
                   const struct buffer *lines)
{
    const struct node *root = file->root;
    const struct node *found = root && root->kind == NODE_MAP ? node_get(root, section) : NULL;
    struct buffer text = {0};
    const struct source *source = &file->now;
    bool ends = source->length == 0 || source->text[source->length - 1] == '\n';
    const char *line = source->length ? memchr(source->text, '\n', source->length) : NULL;
    const char *end = line && line > source->text && line[-1] == '\r' ? "\r\n" : "\n";
    if (found)
        return false;
    buffer_append(&text, source->text, source->length);
    buffer_format(&text, "%s%s%s:%s", ends ? "" : end, source->length ? end : "", section, end);
    for (const char *at = lines->bytes, *next; at && *at; at = next) {
        size_t width = strcspn(at, "\n");
        buffer_append(&text, at, width);
        buffer_append_text(&text, end);
        next = at + width + (at[width] == '\n');
    }
    edits_take(edits, file, &text);
    return true;
}

static bool add_flag(struct edits *edits, struct edited *file, const struct order *order,
                     const struct buffer *body)
{
    const struct node *root = file->root;
    const struct node *flags = root && root->kind == NODE_MAP ? node_get(root, "flags") : NULL;
    struct buffer text = {0};
    bool done;
    if (flags && flags->kind == NODE_MAP && flags->count) {
        struct buffer whole = {0};
        buffer_append_text(&whole, "x:\n");
        buffer_append(&whole, body->bytes, body->length);
        const struct node *parsed = yaml_parse(&edits->arena, whole.bytes, whole.length);
        const struct node *value =
            parsed && parsed->kind == NODE_MAP ? node_get(parsed, "x") : NULL;
        if (value)
            edit_write_node(value, whole.bytes, &text);
        const struct edit edit = {order->flag, text.bytes};
        done = value && edits_set(edits, file, flags, &edit, 1);
        buffer_release(&whole);
    } else {
        struct buffer lines = {0};
        buffer_append_text(&lines, "  ");
        edit_write_text(order->flag, &lines);
        buffer_append_text(&lines, ":\n");
        buffer_append(&lines, body->bytes, body->length);
        done =
            append(edits, file, "flags", &lines) ||
            edits_cannot(edits, NULL, "'%s' has flags, but no place for one more", file->now.path);
        buffer_release(&lines);
    }
    buffer_release(&text);
    return done;
}

static bool add_tests(struct edits *edits, const struct order *order)
{
    struct flag_place place;
    uint32_t count;
    const char **names = edits_environments(edits, &count);
    if (!edits_find_flag(edits, order->flag, &place))
        return false;
    const char *expected = expected_of(edits, place.map->entries[place.place].value);
    struct edited *file = place.file;
    struct buffer lines = {0};
    bool done = true;
    for (uint32_t i = 0; i < count; i++) {
        buffer_append_text(&lines, "  - ");
        add_test(order->flag, names[i], expected, &lines);
        buffer_append_text(&lines, "\n");
    }
    if (!append(edits, file, "tests", &lines)) {
        for (uint32_t i = 0; done && i < count; i++) {
            struct buffer item = {0}, text = {0}, error = {0};
            add_test(order->flag, names[i], expected, &item);
            done =
                edit_add_item(&file->now, node_get(file->root, "tests"), item.bytes, &text, &error);
            if (done)
                edits_take(edits, file, &text);
            else
                edits_refuse(edits, &error,
                             edit_way_out(&file->now, "name another file with --file"));
            buffer_release(&item);
            buffer_release(&text);
            buffer_release(&error);
        }
    }
    buffer_release(&lines);
    return done;
}

/* The flag's own keys, or those that an environment has; NULL: there are none. */
static const struct node *keys_of(struct edits *edits, const char *flag, const char *environment,
                                  struct flag_place *place)
{
    if (!edits_has_flag(edits, flag, place))
        return NULL;
    const struct node *keys = place->map->entries[place->place].value;
    if (environment) {
        keys = keys->kind == NODE_MAP ? node_get(keys, "environments") : NULL;
        keys = keys && keys->kind == NODE_MAP ? node_get(keys, environment) : NULL;
    }
    return keys && keys->kind == NODE_MAP ? keys : NULL;
}

/* A rollout that is copied has not begun, and has units of its own. */
static bool reset_keys(struct edits *edits, const char *flag, const char *environment)
{
    static const struct edit salt = {"salt", NULL};
    static const struct edit canary[] = {
        {"state", NULL}, {"stage", NULL}, {"since", NULL}, {"approved", NULL}};
    static const struct edit experiment[] = {{"state", NULL}, {"winner", NULL}};
    struct flag_place place;
    const struct node *keys = keys_of(edits, flag, environment, &place);
    if (keys && node_get(keys, "salt") && !edits_set(edits, place.file, keys, &salt, 1))
        return false;
    for (int i = 0; i < 2; i++) {
        keys = keys_of(edits, flag, environment, &place);
        const struct node *block = keys ? node_get(keys, i ? "experiment" : "canary") : NULL;
        if (block && block->kind == NODE_MAP &&
            !edits_set(edits, place.file, block, i ? experiment : canary, i ? 2 : 4))
            return false;
    }
    return true;
}

static bool reset(struct edits *edits, const struct order *order)
{
    uint32_t count;
    const char **environments = edits_environments(edits, &count);
    if (!reset_keys(edits, order->flag, NULL))
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (!reset_keys(edits, order->flag, environments[i]))
            return false;
    return true;
}

static bool kind_of(struct edits *edits, const struct order *order, enum flag_kind *kind)
{
    int found = order->kind       ? words_find(flag_kind_words, order->kind)
                : order->template ? (int)KIND_CANARY
                                  : (int)KIND_RELEASE;
    if (found < 0) {
        edits->refused = report_unknown(&new_command, "kind", order->kind, flag_kind_words,
                                        words_count(flag_kind_words));
        return false;
    }
    *kind = (enum flag_kind)found;
    if (*kind == KIND_CANARY && !order->template && !order->like)
        return edits_cannot(edits,
                            "--template names one of the project's rollouts, --like another flag",
                            "a canary needs stages and guards");
    return true;
}

static bool plan(struct edits *edits, const struct order *order)
{
    struct flag_place place;
    struct buffer body = {0};
    enum flag_kind kind;
    if (!edits_check_name(edits, order->flag) || !kind_of(edits, order, &kind))
        return false;
    const char *name = file_name(edits, order);
    if (edits_has_flag(edits, order->flag, &place))
        return edits_cannot(edits, "choose another name, or change that one with 'ffc set'",
                            "there is a flag '%s' already (%s)", order->flag,
                            edits_place(edits, place.file, place.map->entries[place.place].key));
    if (!is_file_name(name))
        return edits_cannot(edits, "name a file below the project: --file shop.yaml",
                            "no definitions can be in a file '%s'", name);
    if (order->like) {
        if (!edits_find_flag(edits, order->like, &place))
            return false;
        add_like(&place, &body);
    } else {
        add_body(edits, order, kind, &body);
    }
    struct edited *file = edits_file(edits, name);
    if (file && !parsed_is_whole(edits->parsed, file->file)) {
        buffer_release(&body);
        return edits_cannot(edits, "'ffc check' shows why; --file names another file",
                            "'%s' cannot be read, so no flag can be put there", file->now.path);
    }
    if (!file)
        file = edits_new_file(edits, name);
    bool done = add_flag(edits, file, order, &body) && (!order->like || reset(edits, order));
    buffer_release(&body);
    const struct set_form owner = {SET_VALUE, "owner", "owner", order->owner};
    for (uint32_t i = 0; done && i <= order->form_count; i++) {
        const struct setting_one setting = {.edits = edits,
                                            .flag = order->flag,
                                            .form =
                                                i < order->form_count ? &order->forms[i] : &owner};
        done =
            (i == order->form_count && (!order->like || !order->owner)) || set_form_apply(&setting);
    }
    if (!done || !add_tests(edits, order))
        return false;
    *ARENA_APPEND(&edits->arena, edits->flags, edits->flag_count) = order->flag;
    edits->verdict = "new";
    edits->update_tests = edits->is_new = true;
    edits->subject = arena_format(&edits->arena, "new flag %s", order->flag);
    return true;
}

static bool read_order(struct edits *edits, int count, char **arguments, struct order *order)
{
    if (count < 1) {
        usage_error(&new_command, "what is it called? Name the flag");
        return false;
    }
    order->flag = arguments[0];
    for (int i = 1; i < count; i++) {
        struct set_form form;
        if (!set_form_parse(&edits->arena, arguments[i], &form)) {
            usage_error(&new_command,
                        "'%s' is no change: after the flag come KEY=VALUE and the "
                        "like",
                        arguments[i]);
            return false;
        }
        *ARENA_APPEND(&edits->arena, order->forms, order->form_count) = form;
    }
    if ((order->kind != NULL) + (order->like != NULL) + (order->template != NULL) > 1) {
        usage_error(&new_command, "--kind, --like and --template exclude each other");
        return false;
    }
    return true;
}

static int run(int argc, char **argv)
{
    struct edits edits = EDITS_INIT(&new_command);
    struct order order = {0};
    const struct option table[] = {
        {"kind", 'k', OPTION_TEXT, &order.kind, "KIND", "what it is for [release]"},
        {"owner", 0, OPTION_TEXT, &order.owner, "NAME", "who owns it"},
        {"like", 0, OPTION_TEXT, &order.like, "FLAG", "with the keys of this flag"},
        {"template", 0, OPTION_TEXT, &order.template, "ROLLOUT", "a canary that uses this rollout"},
        {"file", 0, OPTION_TEXT, &order.file, "FILE", "in this file of the project [NAME.yaml]"},
        ENVIRONMENT_OPTION(edits.change.environment, "with --build: the environment of FILE"),
        EDITS_OPTIONS(edits),
    };
    int status;
    int operands =
        options_parse(&new_command, table, sizeof table / sizeof *table, argc, argv, &status);
    if (operands < 0)
        return status;
    if (!read_order(&edits, operands, argv + 1, &order)) {
        status = EXIT_JOB;
    } else {
        status = edits_begin(&edits);
        if (status == EXIT_FINE)
            status = plan(&edits, &order) ? edits_carry_out(&edits) : edits.refused;
    }
    edits_release(&edits);
    return status;
}
