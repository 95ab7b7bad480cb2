/* freeze.c - `ffc freeze`: a time in which nobody edits flags, emergencies excepted. */
#include <stdlib.h>
#include <string.h>

#include "compiler/commands/change.h"
#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/base/json.h"
#include "compiler/files/place.h"
#include "compiler/ledger/entry.h"
#include "compiler/rollout/freeze.h"

static int run(int argc, char **argv);

const struct command freeze_command = {
    .name = "freeze",
    .summary = "refuse edits of flags for a while, except in an emergency",
    .usage = "[--until TIME --reason TEXT | --lift --reason TEXT] [-C DIR]",
    .examples = "  ffc freeze --until 2026-12-27T00:00:00Z --reason 'holidays' --commit\n"
                "  ffc freeze                       whether edits are refused, and why\n"
                "  ffc freeze --lift --reason 'a fix has to go out'\n",
    .run = run,
};

struct order {
    struct change change;
    int64_t until;
    bool lift;
};

static void put(const struct order *order, const struct freeze *freeze, bool done,
                struct buffer *out)
{
    char until[32] = "";
    bool frozen = freeze->until != INT64_MIN;
    if (frozen)
        format_time(freeze->until, until, sizeof until);
    if (order->change.json) {
        buffer_append_text(out, "{\"format_version\":1");
        field_truth(out, "frozen", frozen);
        field_time(out, "until", freeze->until);
        field_text(out, "actor", freeze->actor);
        field_text(out, "reason", freeze->reason);
        field_truth(out, "applied", done);
        buffer_append_text(out, "}\n");
    } else if (frozen) {
        terminal_format(out, "flags are frozen until %s, by %s: %s\n", until,
                        freeze->actor ? freeze->actor : "nobody knows whom",
                        freeze->reason ? freeze->reason : "");
    } else {
        buffer_append_text(out, done ? "the freeze is lifted: flags can be edited\n"
                                     : "no freeze is in force: flags can be edited\n");
    }
}

static int say(const struct order *order, bool done)
{
    struct freeze freeze;
    struct buffer out = {0}, error = {0};
    const struct change *change = &order->change;
    int status = EXIT_FINE;
    if (freeze_find(change->ledger.directory, change->at, &freeze, &error)) {
        put(order, &freeze, done, &out);
        status = write_stdout(&freeze_command, &out) ? EXIT_FINE : EXIT_JOB;
    } else {
        status = job_error(&freeze_command, "%s", error.bytes);
    }
    freeze_release(&freeze);
    buffer_release(&out);
    buffer_release(&error);
    return status;
}

static void write_entry(const struct order *order, const char *subject, struct buffer *entry)
{
    const struct change *change = &order->change;
    const struct entry_head head = {change->at, change->actor, NULL, NULL};
    entry_begin(entry, &head);
    entry_manual(entry, FREEZE_VERDICT, change->reason);
    field_text(entry, "edit", subject);
    field_time(entry, "until", order->lift ? INT64_MIN : order->until);
}

static int record(struct order *order)
{
    struct change *change = &order->change;
    struct buffer entry = {0}, error = {0}, subject = {0};
    char until[32];
    format_time(order->until, until, sizeof until);
    if (order->lift)
        buffer_append_text(&subject, "lift the freeze of flags");
    else
        terminal_format(&subject, "freeze flags until %s", until);
    write_entry(order, subject.bytes, &entry);
    bool done =
        ledger_add(&change->ledger, &entry, &error) && ledger_is_certain(&change->ledger, &error);
    int status = done ? say(order, true) : job_error(&freeze_command, "%s", error.bytes);
    if (done) {
        if (status != EXIT_FINE)
            print_note("it is done nevertheless: %s", subject.bytes);
        int committed = change_commit(change, subject.bytes);
        status = status == EXIT_FINE ? committed : status;
    }
    buffer_release(&entry);
    buffer_release(&error);
    buffer_release(&subject);
    return status;
}

/* Whether there is something to do. */
static bool is_needed(const struct order *order)
{
    struct freeze freeze;
    struct buffer ignored = {0};
    (void)freeze_find(order->change.ledger.directory, order->change.at, &freeze, &ignored);
    bool needed = !order->lift || freeze.until != INT64_MIN;
    freeze_release(&freeze);
    buffer_release(&ignored);
    return needed;
}

static int change_it(struct order *order)
{
    struct change *change = &order->change;
    struct buffer error = {0}, help = {0};
    int status = EXIT_FINE;
    if (!ledger_lock(&change->ledger, change->ledger.directory, &error))
        status = job_error(&freeze_command, "%s", error.bytes);
    else if (change->commit && !commit_prepare(&change->files, change->ledger.directory,
                                               change->push, &error, &help)) {
        status = job_error(&freeze_command, "%s", error.bytes);
        print_help("%s", help.bytes);
    } else {
        status = is_needed(order) ? record(order) : say(order, false);
    }
    buffer_release(&error);
    buffer_release(&help);
    return status;
}

static int run(int argc, char **argv)
{
    struct order order = {
        .change = {.command = &freeze_command, .at = INT64_MIN, .ledger.lock = -1},
        .until = INT64_MIN};
    struct change *change = &order.change;
    const struct option table[] = {
        UNTIL_OPTION(order.until, "refuse edits until this time"),
        {"lift", 0, OPTION_FLAG, &order.lift, NULL, "end it"},
        ACTOR_OPTIONS(change->actor),
        DIRECTORY_OPTION(change->directory),
        REASON_OPTION(change->reason, "why, for the ledger"),
        AT_OPTION(change->at, "when, for the ledger [now]"),
        COMMIT_OPTIONS(change->commit, change->push),
        JSON_OPTION(change->json, "the result as JSON"),
    };
    int status;
    int operands =
        options_parse(&freeze_command, table, sizeof table / sizeof *table, argc, argv, &status);
    if (operands < 0)
        return status;
    bool edits = order.lift || order.until != INT64_MIN;
    change_identify(change);
    change->ledger.directory = project_place(change->directory);
    if (operands > 0)
        status = usage_error(&freeze_command, "it takes no flags: a freeze is of all of them");
    else if (order.lift && order.until != INT64_MIN)
        status = usage_error(&freeze_command, "--until and --lift cannot be combined");
    else if (!edits)
        status = say(&order, false);
    else if (!change_is_explained(change, &status))
        status = EXIT_JOB;
    else if (!order.lift && order.until <= change->at)
        status = usage_error(&freeze_command, "--until is over already: nothing would be refused");
    else
        status = change_it(&order);
    change_release(change);
    return status;
}
