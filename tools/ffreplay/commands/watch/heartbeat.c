/* heartbeat.c - see heartbeat.h. */
#include "heartbeat.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "compiler/base/calendar.h"
#include "compiler/base/escape.h"
#include "compiler/base/json.h"
#include "compiler/files/publish.h"
#include "compiler/model/model.h"
#include "compiler/ledger/entry.h"
#include "tools/ffreplay/commands/commands.h"
#include "watch.h"

#define MOST_STATUS 1024 /* bytes of the line that systemctl shows */

/* ----------------------------------------------------------------------------------- systemd -- */

/* A path, or "@name" of an abstract socket. */
static int connect_to(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(name);
    if ((*name != '/' && *name != '@') || length >= sizeof address.sun_path)
        return -1;
    memcpy(address.sun_path, name, length);
    if (*name == '@')
        *address.sun_path = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    if (fd < 0 || TEMP_FAILURE_RETRY(connect(fd, (struct sockaddr *)&address, size)) == 0)
        return fd;
    close(fd);
    return -1;
}

static void tell(const struct heartbeat *heartbeat, const char *text)
{
    if (heartbeat->socket >= 0)
        (void)TEMP_FAILURE_RETRY(
            send(heartbeat->socket, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT));
}

/* Of systemd's WatchdogSec, in microseconds; 0: it does not wait for beats of this process. */
static int64_t watchdog_of(const char *usec, const char *pid)
{
    if (!usec || (pid && strtoll(pid, NULL, 10) != getpid()))
        return 0;
    return strtoll(usec, NULL, 10);
}

void heartbeat_open(struct heartbeat *heartbeat, const char *file, int64_t interval)
{
    const char *name = getenv("NOTIFY_SOCKET");
    int64_t watchdog = watchdog_of(getenv("WATCHDOG_USEC"), getenv("WATCHDOG_PID"));
    *heartbeat = (struct heartbeat){.file = file, .socket = -1};
    if (name && *name) {
        heartbeat->socket = connect_to(name);
        if (heartbeat->socket < 0)
            print_warning("cannot reach $NOTIFY_SOCKET, '%s': %s", name, strerror(errno));
    }
    if (watchdog > 0 && watchdog / 1000 < 2 * interval)
        print_warning(
            "WatchdogSec is %" PRId64 "s, and looks are %" PRId64
            "s apart: systemd would take this watch for hung; make it twice that and more",
            watchdog / 1000000, interval / 1000);
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
}

void heartbeat_ready(struct heartbeat *heartbeat)
{
    heartbeat->beaten = clock_now();
    tell(heartbeat, "READY=1\nWATCHDOG=1\nSTATUS=reading the logs");
}

void heartbeat_read_on(struct heartbeat *heartbeat)
{
    int64_t now = heartbeat->socket >= 0 ? clock_now() : heartbeat->beaten;
    if (now >= heartbeat->beaten && now - heartbeat->beaten < 1000)
        return;
    heartbeat->beaten = now;
    tell(heartbeat, "WATCHDOG=1");
}

/* -------------------------------------------------------------------------------------- look -- */

void heartbeat_look(struct heartbeat *heartbeat)
{
    buffer_release(&heartbeat->canaries);
    buffer_release(&heartbeat->words);
}

void heartbeat_add(struct heartbeat *heartbeat, const struct verdict *verdict)
{
    const struct subject *subject = &verdict->analysis->subject;
    const struct decision *decision = &verdict->decision;
    bool holds = verdict_holds(verdict);
    struct buffer *out = &heartbeat->canaries, *words = &heartbeat->words;
    buffer_append_text(out, out->length ? ",{" : "{");
    field_text(out, "flag", subject->flag->name.text);
    field_text(out, "state", canary_state_words[subject->canary->state]);
    field_text(out, "stage", verdict->stage->name.text);
    field_text(out, "verdict", holds ? decision_verdict_words[decision->verdict] : NULL);
    field_text(out, "rule", holds ? decision_rule_words[decision->rule] : NULL);
    field_text(out, "reason",
               holds ? verdict->reasons.items[0] : "too many lines of a log are bad");
    buffer_append_text(out, "}");
    if (words->length < MOST_STATUS)
        terminal_format(words, "%s%s: %s in %s", words->length ? ", " : "",
                        subject->flag->name.text,
                        holds ? decision_verdict_words[decision->verdict] : "no verdict",
                        verdict->stage->name.text);
}

/* Why there is no verdict at all, or why it is on what was; NULL: all is well. */
static const char *problem_of(const struct watch *watch)
{
    if (watch->broken)
        return "the definitions do not compile; the last that did stay in force";
    if (watch->polled.is_silent)
        return "a log's command failed";
    return watch->blind ? "too many lines of a log are bad" : NULL;
}

static void write_status(struct heartbeat *heartbeat, const struct watch *watch, bool is_over)
{
    struct buffer text = {0}, error = {0};
    if (!heartbeat->file)
        return;
    buffer_append_text(&text, "{");
    field_integer(&text, "format_version", 1);
    field_time(&text, "time", clock_now() / 1000 * 1000);
    field_integer(&text, "process", getpid());
    field_text(&text, "environment", watch->options->environment);
    field_integer(&text, "interval", watch->options->interval / 1000);
    field_count(&text, "looks", heartbeat->looks);
    field_integer(&text, "status", watch->status);
    field_truth(&text, "over", is_over);
    field_text(&text, "problem", problem_of(watch));
    field_array(&text, "canaries");
    buffer_append(&text, heartbeat->canaries.bytes, heartbeat->canaries.length);
    buffer_append_text(&text, "]}\n");
    const struct content content = {.bytes = text.bytes, .length = text.length};
    bool is_lost = replace_file(heartbeat->file, &content, &error) == REPLACED_NOT;
    if (is_lost && !heartbeat->is_lost)
        print_warning("%s; the watch goes on", error.bytes);
    heartbeat->is_lost = is_lost;
    buffer_release(&text);
    buffer_release(&error);
}

void heartbeat_beat(struct heartbeat *heartbeat, const struct watch *watch)
{
    struct buffer text = {0};
    const char *problem = problem_of(watch);
    const struct buffer *words = &heartbeat->words;
    heartbeat->looks++;
    heartbeat->beaten = clock_now();
    write_status(heartbeat, watch, false);
    buffer_append_text(&text, "READY=1\nWATCHDOG=1\nSTATUS=");
    buffer_append_text(&text, problem ? problem : "");
    if (problem && words->length)
        buffer_append_text(&text, "; ");
    buffer_append(&text, words->bytes, words->length);
    if (!problem && !words->length)
        buffer_append_text(&text, "no canary is running");
    tell(heartbeat, text.bytes);
    buffer_release(&text);
}

void heartbeat_close(struct heartbeat *heartbeat, const struct watch *watch)
{
    write_status(heartbeat, watch, true);
    tell(heartbeat, "STOPPING=1");
    if (heartbeat->socket >= 0)
        close(heartbeat->socket);
    buffer_release(&heartbeat->canaries);
    buffer_release(&heartbeat->words);
}
