/* announce.c - what a watch prints. See watch.h. */
#include <stdlib.h>
#include <string.h>

#include "compiler/base/memory.h"
#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/cli/messages.h"
#include "tools/ffreplay/commands/commands.h"
#include "compiler/base/calendar.h"
#include "tools/ffreplay/report/report.h"
#include "watch.h"

/* A watch that acts continues without output, after one complaint; any other has nothing left to
 * do. */
static void write_out(struct watch *watch, struct buffer *out)
{
    bool was_unheard = watch->unheard;
    watch->unheard = !(was_unheard ? put_stdout(out) : write_stdout(&watch_command, out));
    buffer_release(out);
    watch->lost_words |= watch->unheard;
    if (watch->unheard && !watch->options->apply.given)
        watch_end(watch, EXIT_JOB);
}

static void write_line(struct watch *watch, const struct verdict *verdict)
{
    struct buffer out = {0};
    char now[32];
    format_time(verdict->now / 1000 * 1000, now, sizeof now);
    terminal_format(&out, "%s  %s  ", now, verdict->analysis->subject.flag->name.text);
    if (verdict_holds(verdict))
        terminal_format(&out, "%s (%s) in %s: %s\n",
                        decision_verdict_words[verdict->decision.verdict],
                        decision_rule_words[verdict->decision.rule], verdict->stage->name.text,
                        verdict->reasons.items[0]);
    else
        terminal_format(&out, "no verdict in %s: too many lines of a log are bad\n",
                        verdict->stage->name.text);
    write_out(watch, &out);
}

static void write_verdict(struct watch *watch, struct verdict *verdict)
{
    struct buffer out = {0};
    const struct page page = page_for(stdout, watch->options->color, verdict->replay->texts, &out);
    if (watch->options->json)
        report_json(verdict, &out);
    else
        report_text(verdict, &page);
    write_out(watch, &out);
}

static struct announced *announced_of(struct watch *watch, const char *flag)
{
    for (uint32_t i = 0; i < watch->announced_count; i++)
        if (strcmp(watch->announced[i].flag, flag) == 0)
            return &watch->announced[i];
    watch->announced =
        xrealloc(watch->announced, (watch->announced_count + 1) * sizeof *watch->announced);
    struct announced *announced = &watch->announced[watch->announced_count++];
    *announced = (struct announced){.flag = strdup(flag), .stage = UINT32_MAX};
    return announced;
}

void watch_announce(struct watch *watch, struct verdict *verdict)
{
    const struct subject *subject = &verdict->analysis->subject;
    struct announced *announced = announced_of(watch, subject->flag->name.text);
    bool blind = !verdict_holds(verdict), was_blind = announced->blind;
    bool is_new = was_blind || announced->stage != subject->stage ||
                  announced->state != subject->canary->state ||
                  announced->decision.verdict != verdict->decision.verdict ||
                  announced->decision.rule != verdict->decision.rule;
    announced->stage = subject->stage;
    announced->state = subject->canary->state;
    announced->decision = verdict->decision;
    announced->blind = blind;
    if (blind) {
        if (!was_blind && !watch->options->json)
            write_line(watch, verdict);
        return;
    }
    if (watch->options->json || (is_new && verdict->decision.verdict != VERDICT_HOLD))
        write_verdict(watch, verdict);
    else if (is_new)
        write_line(watch, verdict);
}

void watch_announce_blindness(struct watch *watch, bool blind)
{
    if (blind && !watch->blind)
        replay_report_too_bad(&watch->replay, "no verdict");
    else if (!blind && watch->blind && replay_has_too_bad(&watch->replay))
        replay_report_too_bad(&watch->replay, "only harm counts");
    else if (!blind && watch->blind)
        replay_report_good_again(&watch->replay);
    watch->blind = blind;
}

void watch_announce_silence(struct watch *watch, bool silent)
{
    if (silent && !watch->polled.is_silent) {
        print_note("no verdict: a log's command failed; it is run again at each look");
        watch->status = EXIT_JOB;
    } else if (!silent && watch->polled.is_silent) {
        print_note("the logs' commands succeed again: verdicts again");
    }
    watch->polled.is_silent = silent;
}
