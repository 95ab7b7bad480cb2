/* set.c - `ffc set`: changes flags in place. set_forms.c has the forms of a change. */
#include <string.h>

#include "compiler/base/escape.h"
#include "edits.h"
#include "set_forms.h"

static int run(int argc, char **argv);

const struct command set_command = {
    .name = "set",
    .summary = "change flags in place: percentage, variant, users, any key",
    .usage = "FLAG… [-e ENV] CHANGE… --reason TEXT",
    .examples = "  ffc set new-checkout -e production 25% --reason 'a quarter'\n"
                "  ffc set new-checkout banner -e staging on --reason 'try it'\n"
                "  ffc set theme -e production serve=dark --reason REQ-7 --build live.ffs\n"
                "  ffc set new-checkout users.on+=u7 --reason 'asked for it' --commit\n"
                "  ffc set new-checkout owner=web rules.nordic.percent=10% --dry-run\n",
    .run = run,
};

#define FLAG_PREFIX "flag:"

struct order {
    const char **flags;
    uint32_t flag_count;
    struct set_form *forms;
    uint32_t form_count;
};

static bool read_order(struct arena *arena, int count, char **arguments, struct order *order)
{
    for (int i = 0; i < count; i++) {
        struct set_form form;
        const char *argument = arguments[i];
        bool is_form = set_form_parse(arena, argument, &form);
        if (is_form) {
            *ARENA_APPEND(arena, order->forms, order->form_count) = form;
        } else if (order->form_count) {
            usage_error(&set_command,
                        "'%s' is no change: flags come first, then changes such as 25%%, on, off, "
                        "serve=VARIANT or KEY=VALUE",
                        argument);
            return false;
        } else {
            bool prefixed = strncmp(argument, FLAG_PREFIX, strlen(FLAG_PREFIX)) == 0;
            *ARENA_APPEND(arena, order->flags, order->flag_count) =
                prefixed ? argument + strlen(FLAG_PREFIX) : argument;
        }
    }
    if (!order->flag_count)
        usage_error(&set_command, "which flag? Name one before the change%s",
                    order->form_count ? "; one that is called like a change is flag:NAME" : "");
    else if (!order->form_count)
        usage_error(&set_command,
                    "change what? Give 25%%, on, off, serve=VARIANT, or KEY=VALUE after the flag");
    return order->flag_count && order->form_count;
}

static void join(struct buffer *out, const char *const *words, uint32_t count, const char *between)
{
    for (uint32_t i = 0; i < count; i++)
        terminal_format(out, "%s%s", i ? between : "", words[i]);
}

/* "set new-checkout in production: 25%", and "… is so already". */
static void describe(struct edits *edits, const struct order *order, const char *environment)
{
    struct buffer text = {0};
    join(&text, order->flags, order->flag_count, ", ");
    if (environment)
        terminal_format(&text, " in %s", environment);
    buffer_append_text(&text, ": ");
    for (uint32_t i = 0; i < order->form_count; i++)
        terminal_format(&text, "%s%s", i ? ", " : "", order->forms[i].given);
    edits->subject = arena_format(&edits->arena, "set %s", text.bytes);
    edits->nothing =
        arena_format(&edits->arena, "%s: so it is already, and nothing was changed", text.bytes);
    buffer_release(&text);
}

static bool plan(struct edits *edits, const struct order *order)
{
    const char *environment;
    bool named = edits->change.environment != NULL;
    if (!edits_environment(edits, &environment))
        return false;
    for (uint32_t i = 0; i < order->flag_count; i++)
        for (uint32_t j = 0; j < order->form_count; j++) {
            const struct setting_one setting = {.edits = edits,
                                                .flag = order->flags[i],
                                                .environment = environment,
                                                .named = named,
                                                .form = &order->forms[j]};
            if (!set_form_apply(&setting))
                return false;
        }
    edits->change.environment = environment;
    edits->verdict = "set";
    edits->flags = order->flags;
    edits->flag_count = order->flag_count;
    describe(edits, order, environment);
    return true;
}

static int run(int argc, char **argv)
{
    struct edits edits = EDITS_INIT(&set_command);
    struct order order = {0};
    const struct option table[] = {
        ENVIRONMENT_OPTION(edits.change.environment,
                           "only in this environment [the usual one, or all]"),
        EDITS_OPTIONS(edits),
    };
    int status;
    int operands =
        options_parse(&set_command, table, sizeof table / sizeof *table, argc, argv, &status);
    if (operands < 0)
        return status;
    if (!read_order(&edits.arena, operands, argv + 1, &order)) {
        status = EXIT_JOB;
    } else {
        status = edits_begin(&edits);
        if (status == EXIT_FINE)
            status = plan(&edits, &order) ? edits_carry_out(&edits) : edits.refused;
    }
    edits_release(&edits);
    return status;
}
