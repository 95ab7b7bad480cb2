/* promote.c - `ffc promote`: what one environment says of a flag, said of another. */
#include <string.h>

#include "compiler/base/escape.h"
#include "edits.h"
#include "set_forms.h"

static int run(int argc, char **argv);

const struct command promote_command = {
    .name = "promote",
    .summary = "copy what flags serve from one environment to another",
    .usage = "FLAG… --from ENV --to ENV --reason TEXT",
    .examples = "  ffc promote new-checkout --from staging --to production --reason 'tested'\n",
    .run = run,
};

struct order {
    const char *from, *to;
};

static const struct node *block_of(const struct node *all, const char *environment)
{
    const struct node *found = all && all->kind == NODE_MAP ? node_get(all, environment) : NULL;
    return found && found->kind == NODE_MAP ? found : NULL;
}

/* Both inherit the same, so the block is all that differs. */
static bool promote(struct edits *edits, const char *flag, const struct order *order)
{
    struct flag_place place;
    /* A list of environments becomes blocks. */
    const struct setting_one spread = {.edits = edits, .flag = flag, .environment = order->to};
    if (!set_form_spread(&spread) || !edits_find_flag(edits, flag, &place))
        return false;
    const struct node *body = place.map->entries[place.place].value;
    const struct node *all = body->kind == NODE_MAP ? node_get(body, "environments") : NULL;
    const struct node *from = block_of(all, order->from), *to = block_of(all, order->to);
    if (!from && !to)
        return true;
    struct buffer text = {0}, before = {0};
    if (from)
        edit_write_node(from, place.file->now.text, &text);
    if (to)
        edit_write_node(to, place.file->now.text, &before);
    const struct edit edit = {order->to, from ? text.bytes : NULL};
    bool same = from && to && strcmp(text.bytes, before.bytes) == 0;
    bool done = same || edits_set(edits, place.file, all, &edit, 1);
    buffer_release(&text);
    buffer_release(&before);
    return done;
}

static bool is_environment(struct edits *edits, const char *name)
{
    const char *given = edits->change.environment, *ignored;
    edits->change.environment = name;
    bool known = edits_environment(edits, &ignored);
    edits->change.environment = given;
    return known;
}

static bool plan(struct edits *edits, const struct order *order, int count, char **names)
{
    struct buffer text = {0};
    if (!is_environment(edits, order->from) || !is_environment(edits, order->to))
        return false;
    for (int i = 0; i < count; i++) {
        if (!promote(edits, names[i], order))
            return false;
        *ARENA_APPEND(&edits->arena, edits->flags, edits->flag_count) = names[i];
        terminal_format(&text, "%s%s", i ? ", " : "", names[i]);
    }
    edits->verdict = "promote";
    edits->change.environment = order->to;
    edits->subject =
        arena_format(&edits->arena, "promote %s from %s to %s", text.bytes, order->from, order->to);
    edits->nothing = arena_format(&edits->arena,
                                  "%s: %s has what %s has already, and nothing was "
                                  "changed",
                                  text.bytes, order->to, order->from);
    buffer_release(&text);
    return true;
}

static int run(int argc, char **argv)
{
    struct edits edits = EDITS_INIT(&promote_command);
    struct order order = {0};
    const struct option table[] = {
        {"from", 0, OPTION_TEXT, &order.from, "ENV", "the environment to copy from"},
        {"to", 0, OPTION_TEXT, &order.to, "ENV", "the environment to copy to"},
        EDITS_OPTIONS(edits),
    };
    int status;
    int operands =
        options_parse(&promote_command, table, sizeof table / sizeof *table, argc, argv, &status);
    if (operands < 0)
        return status;
    if (operands < 1) {
        status = usage_error(&promote_command, "which flag? Name one or several");
    } else if (!order.from || !order.to) {
        status = usage_error(&promote_command, "from where to where? Give --from and --to");
    } else if (strcmp(order.from, order.to) == 0) {
        status = usage_error(&promote_command, "--from and --to are the same environment");
    } else {
        status = edits_begin(&edits);
        if (status == EXIT_FINE)
            status =
                plan(&edits, &order, operands, argv + 1) ? edits_carry_out(&edits) : edits.refused;
    }
    edits_release(&edits);
    return status;
}
