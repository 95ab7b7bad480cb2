/* ledger.c - see ledger.h. */
#include "ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "compiler/base/json.h"
#include "compiler/options.h"
#include "policy.h"
#include "report.h"

#define PENDING   "ledger.jsonl.pending"
#define HASH_SIZE 32

static bool fail(struct buffer *error, const struct ledger *ledger, const char *what,
                 const char *name)
{
    buffer_format(error, "cannot %s %s/%s: %s", what, ledger->directory, name, strerror(errno));
    return false;
}

bool ledger_lock(struct ledger *ledger, const char *directory, struct buffer *error)
{
    ledger->directory = directory;
    ledger->lock = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int locked = ledger->lock < 0 ? -1 : flock(ledger->lock, LOCK_EX);
    while (locked < 0 && errno == EINTR)
        locked = flock(ledger->lock, LOCK_EX);
    if (locked == 0)
        return true;
    buffer_format(error, "cannot lock %s: %s", directory, strerror(errno));
    ledger_unlock(ledger);
    return false;
}

void ledger_unlock(struct ledger *ledger)
{
    if (ledger->lock >= 0)
        close(ledger->lock);
    ledger->lock = -1;
}

/* ------------------------------------------------------------------------------------- files -- */

/* A missing file reads as an empty one. */
static bool read_whole(const struct ledger *ledger, const char *name, struct buffer *out,
                       struct buffer *error)
{
    int fd = openat(ledger->lock, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || fail(error, ledger, "open", name);
    char block[65536];
    ssize_t got;
    while ((got = read(fd, block, sizeof block)) > 0 || (got < 0 && errno == EINTR))
        if (got > 0)
            buffer_append(out, block, (size_t)got);
    close(fd);
    return got == 0 || fail(error, ledger, "read", name);
}

static bool write_through(const struct ledger *ledger, const char *name, int flags,
                          const struct buffer *text, struct buffer *error)
{
    int fd = openat(ledger->lock, name, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0644);
    if (fd < 0)
        return fail(error, ledger, "open", name);
    size_t done = 0;
    bool written = true;
    while (written && done < text->length) {
        ssize_t put = write(fd, text->bytes + done, text->length - done);
        if (put > 0)
            done += (size_t)put;
        else
            written = put < 0 && errno == EINTR;
    }
    written = written && fsync(fd) == 0;
    if (!written)
        fail(error, ledger, "write", name);
    close(fd);
    return written && (fsync(ledger->lock) == 0 || fail(error, ledger, "sync", "."));
}

/* What follows the last newline: nothing, unless an append was cut short. */
static size_t unfinished_length(const struct buffer *ledger)
{
    const char *newline = ledger->length ? memrchr(ledger->bytes, '\n', ledger->length) : NULL;
    return newline ? ledger->length - (size_t)(newline + 1 - ledger->bytes) : ledger->length;
}

/* The last line, without its newline. */
static void last_line(const struct buffer *ledger, const char **line, size_t *length)
{
    size_t end = ledger->length;
    *line = ledger->bytes;
    *length = 0;
    if (end == 0)
        return;
    end -= ledger->bytes[end - 1] == '\n';
    const char *before = memrchr(ledger->bytes, '\n', end);
    *line = before ? before + 1 : ledger->bytes;
    *length = (size_t)(ledger->bytes + end - *line);
}

/* -------------------------------------------------------------------------------------- line -- */

static void write_hash(struct buffer *out, const unsigned char *hash)
{
    char hex[2 * HASH_SIZE + 1];
    sodium_bin2hex(hex, sizeof hex, hash, HASH_SIZE);
    json_write_string(out, hex);
}

/* Of every definition file in path order: its name, NUL, its bytes, NUL. */
static void write_definitions_hash(const struct project *project, struct buffer *out)
{
    crypto_generichash_state state;
    unsigned char hash[HASH_SIZE];
    crypto_generichash_init(&state, NULL, 0, sizeof hash);
    for (uint32_t i = 0; i < project->sources.count; i++) {
        const struct source *source = &project->sources.items[i];
        crypto_generichash_update(&state, (const unsigned char *)source->name,
                                  strlen(source->name) + 1);
        crypto_generichash_update(&state, (const unsigned char *)source->text, source->length + 1);
    }
    crypto_generichash_final(&state, hash, sizeof hash);
    write_hash(out, hash);
}

static void write_rollout(const struct rollout *rollout, const char *key, struct buffer *out)
{
    json_write_key(out, key);
    buffer_append_text(out, "{");
    json_write_key(out, "state");
    json_write_string(out, canary_state_text(rollout->state));
    json_write_key(out, "stage");
    json_write_string(out, rollout->stage);
    json_write_key(out, "since");
    report_json_time(rollout->since, out);
    buffer_append_text(out, "}");
}

static void key_text(struct buffer *out, const char *key, const char *text)
{
    json_write_key(out, key);
    json_write_string(out, text);
}

static void write_line(struct verdict *verdict, const char *actor, const struct rollout *to,
                       const struct buffer *ledger, struct buffer *out)
{
    const struct subject *subject = &verdict->analysis->subject;
    const struct canary *canary = subject->canary;
    const struct rollout from = {canary->state, verdict->stage->name.text, canary->since};
    buffer_append_text(out, "{\"format_version\":1");
    json_write_key(out, "time");
    report_json_time(verdict->now, out);
    key_text(out, "actor", actor);
    key_text(out, "flag", subject->flag->name.text);
    key_text(out, "environment", verdict->environment);
    write_rollout(&from, "from", out);
    write_rollout(to, "to", out);
    key_text(out, "verdict", decision_verdict_text(verdict->decision.verdict));
    key_text(out, "rule", decision_rule_text(verdict->decision.rule));
    key_text(out, "reason", verdict->reasons.items[0]);
    json_write_key(out, "evidence");
    report_json_criteria(verdict, out);
    char input[33];
    input_digest(verdict->analysis, input);
    json_write_key(out, "digests");
    buffer_append_text(out, "{");
    key_text(out, "input", input);
    json_write_key(out, "definitions");
    write_definitions_hash(verdict->replay->project, out);
    key_text(out, "build", subject->build);
    /* A pause goes on with the stage, and must not make a change of policy forgotten. */
    char policy[POLICY_DIGEST];
    policy_digest(subject, to->stage, policy);
    if (!verdict->policy_changed || to->since != canary->since)
        key_text(out, "policy", policy);
    buffer_append_text(out, "}");
    json_write_key(out, "look");
    uint64_t look = verdict_look(verdict);
    if (look > 0)
        buffer_format(out, "%" PRIu64, look);
    else
        buffer_append_text(out, "null");
    json_write_key(out, "previous");
    const char *previous;
    size_t length;
    last_line(ledger, &previous, &length);
    if (length > 0) {
        unsigned char hash[HASH_SIZE];
        crypto_generichash(hash, sizeof hash, (const unsigned char *)previous, length, NULL, 0);
        write_hash(out, hash);
    } else {
        json_write_string(out, NULL);
    }
    buffer_append_text(out, "}\n");
}

bool ledger_prepare(const struct ledger *ledger, struct verdict *verdict, const char *actor,
                    const struct rollout *to, struct buffer *error)
{
    struct buffer old = {0}, line = {0};
    bool prepared = sodium_init() >= 0 && read_whole(ledger, LEDGER_FILE, &old, error);
    if (prepared) {
        write_line(verdict, actor, to, &old, &line);
        prepared = write_through(ledger, PENDING, O_TRUNC, &line, error);
    }
    buffer_release(&old);
    buffer_release(&line);
    return prepared;
}

void ledger_drop(const struct ledger *ledger)
{
    unlinkat(ledger->lock, PENDING, 0);
}

bool ledger_commit(const struct ledger *ledger, struct buffer *error)
{
    struct buffer old = {0}, line = {0};
    bool committed =
        read_whole(ledger, LEDGER_FILE, &old, error) && read_whole(ledger, PENDING, &line, error);
    if (committed) {
        /* An append that a crash cut short is finished where it stopped. */
        size_t begun = unfinished_length(&old);
        bool same = begun == 0 || (begun <= line.length && memcmp(old.bytes + (old.length - begun),
                                                                  line.bytes, begun) == 0);
        struct buffer text = {0};
        if (!same)
            buffer_append_text(&text, "\n");
        size_t from = same ? begun : 0;
        buffer_append(&text, line.bytes + from, line.length - from);
        committed = write_through(ledger, LEDGER_FILE, O_APPEND, &text, error);
        buffer_release(&text);
    }
    if (committed)
        ledger_drop(ledger);
    buffer_release(&old);
    buffer_release(&line);
    return committed;
}

/* ---------------------------------------------------------------------------------- recovery -- */

static bool time_is(const json_t *time, int64_t ms)
{
    int64_t parsed;
    if (!json_is_string(time))
        return ms == INT64_MIN;
    return parse_time(json_string_value(time), &parsed) && parsed == ms;
}

/* Whether the definitions are as the line says they were made. */
static bool was_made(const struct project *project, json_t *line)
{
    const char *flag_name, *environment_name, *state, *stage;
    json_t *since;
    if (json_unpack(line, "{s:s, s:s, s:{s:s, s:s, s:o}}", "flag", &flag_name, "environment",
                    &environment_name, "to", "state", &state, "stage", &stage, "since", &since))
        return false;
    const struct flag *flag = project_flag(project, flag_name);
    uint32_t environment = project_environment(project, environment_name);
    if (!flag || environment == UINT32_MAX || !flag->environments[environment].canary)
        return false;
    const struct canary *canary = flag->environments[environment].canary;
    return strcmp(canary_state_text(canary->state), state) == 0 &&
           strcmp(canary->stages[canary->stage].name.text, stage) == 0 &&
           time_is(since, canary->since);
}

bool ledger_recover(const struct ledger *ledger, const struct project *project,
                    struct buffer *error)
{
    struct buffer old = {0}, pending = {0};
    bool recovered = sodium_init() >= 0 && read_whole(ledger, LEDGER_FILE, &old, error) &&
                     read_whole(ledger, PENDING, &pending, error);
    if (recovered && pending.length == 0)
        ledger_drop(ledger);
    if (recovered && pending.length > 0) {
        bool appended =
            old.length >= pending.length &&
            memcmp(old.bytes + old.length - pending.length, pending.bytes, pending.length) == 0;
        json_t *line = json_loadb(pending.bytes, pending.length, 0, NULL);
        if (!appended && line && was_made(project, line)) {
            recovered = ledger_commit(ledger, error);
            if (recovered)
                fprintf(stderr,
                        "ffreplay: finished the ledger line of a run that was interrupted\n");
        } else {
            ledger_drop(ledger);
        }
        json_decref(line);
    }
    buffer_release(&old);
    buffer_release(&pending);
    return recovered;
}
