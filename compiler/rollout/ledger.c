/* ledger.c - see ledger.h. */
#include "ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "compiler/base/json.h"

#include "entry.h"

#define PENDING   "ledger.jsonl.pending"
#define HASH_SIZE 32

static bool fail(struct buffer *error, const char *directory, const char *what, const char *name)
{
    buffer_format(error, "cannot %s %s/%s: %s", what, directory, name, strerror(errno));
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

/* Below the directory that is open, or by its path. A missing file reads as an empty one. */
static bool read_whole(int directory, const char *path, const char *name, struct buffer *out,
                       struct buffer *error)
{
    int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || fail(error, path, "open", name);
    char block[65536];
    ssize_t got;
    while ((got = read(fd, block, sizeof block)) > 0 || (got < 0 && errno == EINTR))
        if (got > 0)
            buffer_append(out, block, (size_t)got);
    int cause = errno;
    close(fd);
    errno = cause;
    return got == 0 || fail(error, path, "read", name);
}

bool ledger_read(const char *directory, struct buffer *out, struct buffer *error)
{
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        buffer_format(error, "cannot open %s: %s", directory, strerror(errno));
        return false;
    }
    bool done = read_whole(fd, directory, LEDGER_FILE, out, error);
    close(fd);
    return done;
}

bool ledger_read_pending(const struct ledger *ledger, struct buffer *out, struct buffer *error)
{
    return read_whole(ledger->lock, ledger->directory, PENDING, out, error);
}

static bool write_through(const struct ledger *ledger, const char *name, int flags,
                          const struct buffer *text, struct buffer *error)
{
    int fd = openat(ledger->lock, name, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0644);
    if (fd < 0)
        return fail(error, ledger->directory, "open", name);
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
        fail(error, ledger->directory, "write", name);
    close(fd);
    return written && (fsync(ledger->lock) == 0 || fail(error, ledger->directory, "sync", "."));
}

/* ------------------------------------------------------------------------------------- lines -- */

bool ledger_next(const struct buffer *ledger, size_t *at, struct ledger_line *line)
{
    if (*at >= ledger->length)
        return false;
    line->text = ledger->bytes + *at;
    const char *end = memchr(line->text, '\n', ledger->length - *at);
    line->complete = end != NULL;
    line->length = end ? (size_t)(end - line->text) : ledger->length - *at;
    *at += line->length + 1;
    return true;
}

void ledger_hash(const struct ledger_line *line, char hex[LEDGER_HASH])
{
    unsigned char hash[HASH_SIZE];
    crypto_generichash(hash, sizeof hash, (const unsigned char *)line->text, line->length, NULL, 0);
    sodium_bin2hex(hex, LEDGER_HASH, hash, sizeof hash);
}

/* What follows the last newline: nothing, unless an append was cut short. */
static size_t unfinished_length(const struct buffer *ledger)
{
    const char *newline = ledger->length ? memrchr(ledger->bytes, '\n', ledger->length) : NULL;
    return newline ? ledger->length - (size_t)(newline + 1 - ledger->bytes) : ledger->length;
}

static struct ledger_line last_line(const struct buffer *ledger)
{
    struct ledger_line line = {ledger->bytes, 0, true};
    size_t end = ledger->length;
    if (end == 0)
        return line;
    end -= ledger->bytes[end - 1] == '\n';
    const char *before = memrchr(ledger->bytes, '\n', end);
    line.text = before ? before + 1 : ledger->bytes;
    line.length = (size_t)(ledger->bytes + end - line.text);
    return line;
}

bool ledger_prepare(const struct ledger *ledger, const struct buffer *entry, struct buffer *error)
{
    struct buffer old = {0}, text = {0};
    bool prepared =
        sodium_init() >= 0 && read_whole(ledger->lock, ledger->directory, LEDGER_FILE, &old, error);
    if (prepared) {
        char previous[LEDGER_HASH];
        struct ledger_line line = last_line(&old);
        ledger_hash(&line, previous);
        buffer_append(&text, entry->bytes, entry->length);
        field_text(&text, "previous", line.length > 0 ? previous : NULL);
        buffer_append_text(&text, "}\n");
        prepared = write_through(ledger, PENDING, O_TRUNC, &text, error);
    }
    buffer_release(&old);
    buffer_release(&text);
    return prepared;
}

void ledger_drop(const struct ledger *ledger)
{
    unlinkat(ledger->lock, PENDING, 0);
}

bool ledger_commit(const struct ledger *ledger, struct buffer *error)
{
    struct buffer old = {0}, line = {0};
    bool committed = read_whole(ledger->lock, ledger->directory, LEDGER_FILE, &old, error) &&
                     ledger_read_pending(ledger, &line, error);
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

bool ledger_add(const struct ledger *ledger, const struct buffer *entry, struct buffer *error)
{
    return ledger_prepare(ledger, entry, error) && ledger_commit(ledger, error);
}
