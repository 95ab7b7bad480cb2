/* history_acknowledge.c - `ffreplay history --acknowledge`: accepts a break that cannot be
 * mended. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/base/json.h"
#include "compiler/ledger/actor.h"
#include "compiler/ledger/entry.h"
#include "compiler/rollout/recovery.h"
#include "history_command.h"

/* NULL, having reported that no break, or more than one, begins with these digits. */
static const struct ledger_break *find(const struct history *history, const char *digits)
{
    const struct ledger_break *found = NULL;
    for (size_t i = 0; i < history->breaks.count; i++) {
        const struct ledger_break *item = &history->breaks.items[i];
        if (strncmp(item->hash, digits, strlen(digits)) != 0)
            continue;
        if (found && strcmp(found->hash, item->hash) != 0) {
            job_error(&history_command, "more than one break of the ledger begins with %s", digits);
            return NULL;
        }
        found = item;
    }
    if (!found) {
        job_error(&history_command, "the ledger has no break %s", digits);
        print_help("'ffreplay history --verify' names those that it has");
    }
    return found;
}

/* How many of them are not acknowledged yet; -1 if one is not a break. */
static int write_hashes(const struct history *history, const struct history_options *options,
                        struct buffer *entry)
{
    int count = 0;
    field_array(entry, "acknowledges");
    for (size_t i = 0; i < options->acknowledged.count; i++) {
        const struct ledger_break *found = find(history, options->acknowledged.items[i]);
        if (!found)
            return -1;
        if (found->acknowledged)
            continue;
        json_write_comma(entry);
        json_write_string(entry, found->hash);
        count++;
    }
    buffer_append_text(entry, "]");
    return count;
}

static int acknowledge(struct history *history, struct ledger *ledger,
                       const struct history_options *options, struct buffer *error)
{
    struct buffer entry = {0};
    const struct entry_head head = {(int64_t)time(NULL) * 1000,
                                    actor_name(options->actor, "ffreplay"), NULL, NULL};
    entry_begin(&entry, &head);
    entry_manual(&entry, "acknowledge", options->reason);
    int count = write_hashes(history, options, &entry);
    int status = count < 0 ? EXIT_INPUT : EXIT_FINE;
    if (count > 0 && (!ledger_add(ledger, &entry, error) || !ledger_is_certain(ledger, error)))
        status = job_error(&history_command, "%s", error->bytes);
    else if (count > 0)
        terminal_format(&history->out, "acknowledged %d break%s of %s/" LEDGER_FOLDER "\n", count,
                        count == 1 ? "" : "s", history->directory);
    else if (count == 0)
        buffer_append_text(&history->out, "it is already acknowledged\n");
    buffer_release(&entry);
    return status;
}

int history_acknowledge(struct history *history, const struct project *project,
                        const struct history_options *options)
{
    struct ledger ledger = {.lock = -1};
    struct buffer error = {0};
    int status;
    if (ledger_lock(&ledger, history->directory, &error) &&
        recover(&ledger, project, NULL, &error) && history_read(history, &error))
        status = acknowledge(history, &ledger, options, &error);
    else
        status = job_error(&history_command, "%s", error.length ? error.bytes : "no sodium");
    ledger_unlock(&ledger);
    buffer_release(&error);
    if (!write_stdout(&history_command, &history->out))
        status = EXIT_JOB;
    return status;
}
