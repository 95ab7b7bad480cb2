/* experiment.c - `ffc experiment`: starts and ends experiments, with who, why and the evidence in
 * the ledger. */
#include <string.h>

#include "compiler/commands/change.h"
#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/base/json.h"
#include "compiler/base/json_read.h"
#include "compiler/base/nearest.h"
#include "compiler/files/yaml.h"
#include "compiler/model/model.h"
#include "compiler/ledger/actor.h"
#include "compiler/ledger/entry.h"
#include "compiler/rollout/experiment_state.h"
#include "compiler/rollout/freeze.h"
#include "experiment_evidence.h"

static int run(int argc, char **argv);

#define EXPERIMENT_ACTIONS(X)           \
    X(EXPERIMENT_ACTION_START, "start") \
    X(EXPERIMENT_ACTION_STOP, "stop")   \
    X(EXPERIMENT_ACTION_CONCLUDE, "conclude")
enum experiment_action { EXPERIMENT_ACTIONS(WORDS_MEMBER) };
static const char *const action_words[] = WORDS(EXPERIMENT_ACTIONS);

const struct command experiment_command = {
    .name = "experiment",
    .summary = "start, stop or conclude an experiment",
    .usage = "ACTION FLAG --reason TEXT [-e ENV] [--evidence FILE]",
    .actions = action_words,
    .examples = "  ffc experiment start cta-button -e production --reason 'EXP-7'\n"
                "  ffreplay analyze cta-button log.ndjson -e production --json > result.json\n"
                "  ffc experiment conclude cta-button -e production --winner green \\\n"
                "    --evidence result.json --reason 'green sells more'\n"
                "  ffc experiment stop cta-button -e production --reason 'the form was broken'\n",
    .run = run,
};

/* What the command line asks for. */
struct order {
    enum experiment_action action;
    const char *flag, *winner, *evidence; /* NULL: not given */
    bool without_evidence;
};

/* A change to one experiment, in progress. */
struct turn {
    struct change *change;
    const struct order *order;
    const struct flag *flag;
    uint32_t environment;
    const char *environment_name;
    const struct targeting *targeting;
    struct trial from, to;
    struct evidence_file evidence; /* json NULL: none */
    bool published;                /* the file that --build names */
};

/* ---------------------------------------------------------------------------- what and where -- */

static const struct node *node_of(const struct targeting *targeting)
{
    return targeting->experiment ? targeting->experiment->node : NULL;
}

static bool choose(struct turn *turn)
{
    const struct flag_part part = {"experiment", "experiments", node_of};
    turn->environment = change_environment(turn->change, turn->flag, &part);
    return turn->environment != UINT32_MAX;
}

/* -------------------------------------------------------------------------------------- plan -- */

static bool is_arm(const struct targeting *targeting, const char *name)
{
    const struct experiment *experiment = targeting->experiment;
    for (uint32_t i = 0; i < experiment->arm_count; i++)
        if (strcmp(targeting->variants[experiment->arms[i].variant].name.text, name) == 0)
            return true;
    return false;
}

static void report_no_arm(const struct targeting *targeting, const char *name)
{
    const struct experiment *experiment = targeting->experiment;
    const char *names[64];
    uint32_t count = 0;
    for (uint32_t i = 0; i < experiment->arm_count && count < 64; i++)
        names[count++] = targeting->variants[experiment->arms[i].variant].name.text;
    report_unknown(&experiment_command, "arm of the experiment", name, names, count);
}

/* False: it cannot be done from where the experiment stands. */
static bool is_possible(const struct turn *turn)
{
    static const struct {
        enum experiment_state from;
        const char *help;
    } rules[] = {
        [EXPERIMENT_ACTION_START] = {EXPERIMENT_DRAFT,
                                     "units have seen its variants: to run it again, set 'state: "
                                     "draft', and give the flag a new 'salt'"},
        [EXPERIMENT_ACTION_STOP] = {EXPERIMENT_RUNNING, NULL},
        [EXPERIMENT_ACTION_CONCLUDE] = {EXPERIMENT_RUNNING, NULL},
    };
    enum experiment_action action = turn->order->action;
    if (turn->from.state == rules[action].from)
        return true;
    job_error(&experiment_command, "cannot %s '%s' in %s: it is %s", action_words[action],
              turn->flag->name.text, turn->environment_name,
              turn->from.state == EXPERIMENT_DRAFT ? "a draft"
                                                   : experiment_state_words[turn->from.state]);
    if (turn->from.state == EXPERIMENT_CONCLUDED && rules[action].help)
        print_help("%s", rules[action].help);
    else if (turn->from.state == EXPERIMENT_DRAFT) {
        struct buffer flag = {0};
        shell_append(&flag, turn->flag->name.text);
        print_help("start it first: ffc experiment start %s", flag.bytes);
        buffer_release(&flag);
    }
    return false;
}

/* Whether what the analysis says is what is to be done; the winner may be its. */
static bool is_supported(struct turn *turn)
{
    const struct evidence_file *evidence = &turn->evidence;
    const struct experiment *experiment = turn->targeting->experiment;
    const char *control = turn->targeting->variants[experiment->control].name.text;
    const char *wanted = turn->order->winner;
    bool ships = strcmp(evidence->decision, "ship") == 0 && evidence->winner;
    bool ends =
        strcmp(evidence->decision, "stop") == 0 || strcmp(evidence->decision, "no_difference") == 0;
    if (ships && (!wanted || strcmp(wanted, evidence->winner) == 0)) {
        turn->to.winner = evidence->winner;
        return true;
    }
    if (ends && (!wanted || strcmp(wanted, control) == 0)) {
        turn->to.winner = wanted;
        return true;
    }
    struct buffer says = {0};
    evidence_file_show(evidence, &says);
    if (ships || ends)
        job_error(&experiment_command, "the evidence does not say to ship '%s'; it says\n  %s",
                  wanted, says.bytes);
    else
        job_error(&experiment_command, "the evidence decides nothing yet; it says\n  %s",
                  says.bytes);
    print_help("conclude what it says, or decide --without-evidence");
    buffer_release(&says);
    return false;
}

/* What becomes of the experiment. False, and said: nothing does. */
static bool plan(struct turn *turn, int *status)
{
    const struct order *order = turn->order;
    turn->to =
        (struct trial){.state = order->action == EXPERIMENT_ACTION_START ? EXPERIMENT_RUNNING
                                                                         : EXPERIMENT_CONCLUDED,
                       .winner = order->winner};
    *status = EXIT_INPUT;
    if (!is_possible(turn))
        return false;
    if (order->evidence &&
        (!evidence_file_read(&turn->evidence, order->evidence, &experiment_command, status) ||
         !evidence_file_fits(&turn->evidence, turn->change->project, turn->flag, turn->environment,
                             &experiment_command, status)))
        return false;
    *status = EXIT_INPUT;
    if (turn->evidence.json && order->action == EXPERIMENT_ACTION_CONCLUDE && !is_supported(turn))
        return false;
    if (turn->to.winner && !is_arm(turn->targeting, turn->to.winner)) {
        report_no_arm(turn->targeting, turn->to.winner);
        *status = EXIT_JOB;
        return false;
    }
    return true;
}

/* -------------------------------------------------------------------------------------- line -- */

/* Environments that have the same block, and so change with it. */
static void write_shared(const struct turn *turn, struct buffer *out)
{
    const struct targeting *all = turn->flag->environments;
    uint64_t others = 0;
    for (uint32_t i = 0; i < turn->change->project->environments.count; i++)
        if (i != turn->environment && all[i].experiment &&
            all[i].experiment->node == turn->targeting->experiment->node)
            others |= UINT64_C(1) << i;
    entry_also(out, turn->change->project, others);
}

static void write_entry(const struct turn *turn, struct buffer *out)
{
    const struct change *change = turn->change;
    const struct entry_head head = {change->at, change->actor, turn->flag->name.text,
                                    turn->environment_name};
    entry_begin(out, &head);
    write_shared(turn, out);
    trial_entry(out, turn->targeting, &turn->from, &turn->to);
    if (turn->evidence.json)
        evidence_file_entry(&turn->evidence, out);
    buffer_append_text(out, "}");
    entry_manual(out, action_words[turn->order->action], change->reason);
    field_object(out, "digests");
    entry_definitions(out, change->project);
    buffer_append_text(out, "}");
}

/* -------------------------------------------------------------------------------------- said -- */

static struct position place_of(const struct turn *turn)
{
    const struct experiment *experiment = turn->targeting->experiment;
    return source_position(&turn->change->project->sources, experiment->node->span.file,
                           experiment->span.begin);
}

static const char *path_of(const struct turn *turn)
{
    return turn->change->project->sources.items[turn->targeting->experiment->node->span.file].path;
}

static void put_json(const struct turn *turn, struct buffer *out)
{
    const struct change *change = turn->change;
    buffer_append_text(out, "{\"format_version\":1");
    field_text(out, "flag", turn->flag->name.text);
    field_text(out, "environment", turn->environment_name);
    write_shared(turn, out);
    field_text(out, "action", action_words[turn->order->action]);
    trial_entry(out, turn->targeting, &turn->from, &turn->to);
    buffer_append_text(out, "}");
    field_text(out, "evidence", turn->evidence.json ? turn->evidence.digest : NULL);
    field_text(out, "file", path_of(turn));
    field_integer(out, "line", place_of(turn).line);
    field_truth(out, "applied", !change->dry_run);
    field_text(out, "published", turn->published ? change->build : NULL);
    buffer_append_text(out, "}\n");
}

/* "green for everybody" */
static void put_outcome(const struct turn *turn, struct buffer *out)
{
    const struct targeting *targeting = turn->targeting;
    if (turn->to.state == EXPERIMENT_RUNNING)
        return;
    if (turn->to.winner)
        terminal_format(out, ": '%s' for everybody", turn->to.winner);
    else
        terminal_format(out, ", without a winner: the rest of the flag decides, by default '%s'",
                        targeting->variants[targeting->default_variant].name.text);
}

static void put_text(const struct turn *turn, struct buffer *out)
{
    const struct change *change = turn->change;
    terminal_format(out, "%s in %s: %s%s%s%s", turn->flag->name.text, turn->environment_name,
                    change->dry_run ? "" : "was ", experiment_state_words[turn->from.state],
                    change->dry_run ? " would become " : ", now ",
                    experiment_state_words[turn->to.state]);
    put_outcome(turn, out);
    terminal_format(out, "\n  %s:%u\n", path_of(turn), place_of(turn).line);
    if (turn->evidence.json) {
        buffer_append_text(out, "  evidence: ");
        evidence_file_show(&turn->evidence, out);
        buffer_append_text(out, "\n");
    }
    const struct metric *primary = turn->targeting->experiment->primary;
    if (turn->order->action == EXPERIMENT_ACTION_START && primary)
        terminal_format(out, "  decided by %s, from now on\n", primary->name.text);
    if (turn->published)
        terminal_format(out, "  published %s\n", change->build);
    else if (!change->dry_run && !change->build)
        buffer_append_text(out, "  services see it once it is published: --build, or ffc build\n");
}

static int say(const struct turn *turn)
{
    struct buffer out = {0};
    if (turn->change->json)
        put_json(turn, &out);
    else
        put_text(turn, &out);
    int status = write_stdout(&experiment_command, &out) ? EXIT_FINE : EXIT_JOB;
    buffer_release(&out);
    return status;
}

static void note_what_follows(const struct turn *turn)
{
    const struct change *change = turn->change;
    const struct project *project = change->project;
    for (uint32_t i = 0; i < project->environments.count; i++) {
        const struct experiment *other = turn->flag->environments[i].experiment;
        if (i != turn->environment && other && other->node == turn->targeting->experiment->node)
            print_note("environment '%s' has this same experiment, and changes along with it",
                       project->environments.items[i].text);
    }
    if (turn->order->action == EXPERIMENT_ACTION_START && !turn->targeting->experiment->primary)
        print_warning("the experiment has no primary metric: nothing will decide it");
    change_note_overrides(change, turn->flag, turn->environment, "experiment");
}

/* ---------------------------------------------------------------------------------------- do -- */

/* Whether an interrupted run did exactly this, so that it is not done twice. */
static bool was_finished(const struct turn *turn)
{
    size_t index;
    json_t *entry;
    json_array_foreach(turn->change->finished, index, entry)
    {
        const char *flag = json_text_at(entry, "flag"), *verdict = json_text_at(entry, "verdict");
        if (flag && verdict && json_object_get(entry, "experiment") &&
            strcmp(flag, turn->flag->name.text) == 0 &&
            strcmp(verdict, action_words[turn->order->action]) == 0)
            return true;
    }
    return false;
}

static int finish_interrupted(struct turn *turn)
{
    struct change *change = turn->change;
    struct buffer error = {0};
    int status = EXIT_FINE;
    print_note("that run did the same '%s' of '%s'; it is done, and is not repeated",
               action_words[turn->order->action], turn->flag->name.text);
    if (change->build && !publication_publish(&change->publication, change->ledger.directory,
                                              turn->environment_name, NULL, &error))
        status = job_error(&experiment_command, "%s", error.bytes);
    turn->to = turn->from;
    turn->published = change->build && status == EXIT_FINE;
    buffer_release(&error);
    return status == EXIT_FINE ? say(turn) : status;
}

static const char *file_of(const struct turn *turn)
{
    uint32_t file = turn->targeting->experiment->node->span.file;
    return turn->change->project->sources.items[file].name;
}

static bool make(const struct turn *turn, const struct buffer *entry, struct buffer *error)
{
    struct change *change = turn->change;
    const struct project *project = change->project;
    const struct todo todo = {.aside = ASIDE_EDIT, .file = file_of(turn)};
    return ledger_prepare(&change->ledger, entry, &todo, error) &&
           ledger_edited(&change->ledger, trial_edit(project, turn->targeting, &turn->to, error),
                         error) &&
           change_finish(change, turn->environment_name, turn->flag->name.text, error);
}

/* "cta-button in production: conclude, green" */
static int commit_it(const struct turn *turn)
{
    struct buffer subject = {0};
    terminal_format(&subject, "%s in %s: %s%s%s", turn->flag->name.text, turn->environment_name,
                    action_words[turn->order->action], turn->to.winner ? ", " : "",
                    turn->to.winner ? turn->to.winner : "");
    int status = change_commit(turn->change, subject.bytes);
    buffer_release(&subject);
    return status;
}

static int apply(struct turn *turn)
{
    struct change *change = turn->change;
    struct buffer entry = {0}, error = {0};
    int status = EXIT_FINE;
    if (!change_can_commit(change, file_of(turn)))
        return EXIT_JOB;
    write_entry(turn, &entry);
    if (!change->dry_run && !make(turn, &entry, &error))
        status = job_error(&experiment_command, "%s", error.bytes);
    turn->published = change->build && status == EXIT_FINE;
    if (status == EXIT_FINE) {
        note_what_follows(turn);
        status = say(turn);
        if (status != EXIT_FINE && !change->dry_run)
            print_note("it is done nevertheless: %s of '%s'", action_words[turn->order->action],
                       turn->flag->name.text);
        int committed = commit_it(turn);
        status = status == EXIT_FINE ? committed : status;
    }
    buffer_release(&entry);
    buffer_release(&error);
    return status;
}

/* An end that nobody wins is for what goes wrong, and is never refused. */
static bool is_held(const struct change *change, const struct order *order)
{
    struct buffer error = {0};
    const char *directory =
        change->ledger.directory ? change->ledger.directory : change->project->directory;
    bool held =
        order->action != EXPERIMENT_ACTION_STOP && freeze_holds(directory, change->at, &error);
    if (held) {
        job_error(&experiment_command, "%s", error.bytes);
        print_help(FREEZE_HELP);
    }
    buffer_release(&error);
    return held;
}

static int act(struct change *change, const struct order *order)
{
    struct turn turn = {
        .change = change, .order = order, .flag = project_flag(change->project, order->flag)};
    int status;
    if (!turn.flag)
        return unknown_flag(&experiment_command, change->project, order->flag);
    if (is_held(change, order))
        return EXIT_INPUT;
    if (!choose(&turn))
        return EXIT_JOB;
    turn.targeting = &turn.flag->environments[turn.environment];
    turn.environment_name = change->project->environments.items[turn.environment].text;
    turn.from = trial_of(turn.targeting);
    if (!change_fits(change, turn.environment_name))
        return EXIT_JOB;
    if (was_finished(&turn))
        return finish_interrupted(&turn);
    if (plan(&turn, &status))
        status = apply(&turn);
    evidence_file_release(&turn.evidence);
    return status;
}

static bool check_usage(const struct order *order)
{
    bool concludes = order->action == EXPERIMENT_ACTION_CONCLUDE;
    bool starts = order->action == EXPERIMENT_ACTION_START;
    if (order->winner && !concludes)
        usage_error(&experiment_command, "--winner is for conclude");
    else if (order->evidence && starts)
        usage_error(&experiment_command, "--evidence is for stop and conclude");
    else if (order->without_evidence && !concludes)
        usage_error(&experiment_command, "--without-evidence is for conclude");
    else if (order->without_evidence && order->evidence)
        usage_error(&experiment_command, "--evidence and --without-evidence contradict each other");
    else if (concludes && !order->evidence && !order->winner)
        usage_error(&experiment_command,
                    "conclude what? Give --evidence FILE, or --winner VARIANT");
    else if (concludes && !order->evidence && !order->without_evidence)
        usage_error(&experiment_command,
                    "what shows that '%s' wins? Give --evidence FILE, which 'ffreplay analyze "
                    "--json' writes, or --without-evidence",
                    order->winner);
    else
        return true;
    return false;
}

static int find_action(const char *name)
{
    int found = words_find(action_words, name);
    if (found >= 0)
        return found;
    const char *near = nearest_name(name, action_words, words_count(action_words));
    if (near)
        usage_error(&experiment_command, "unknown action '%s'; did you mean '%s'?", name, near);
    else
        usage_error(&experiment_command,
                    "unknown action '%s'; it is one of start, stop and conclude", name);
    return -1;
}

static int run(int argc, char **argv)
{
    struct change change = {.command = &experiment_command, .at = INT64_MIN, .ledger.lock = -1};
    struct order order = {0};
    const struct option table[] = {
        ENVIRONMENT_OPTION(change.environment,
                           "in this environment; needed if environments have different ones"),
        {"winner", 0, OPTION_TEXT, &order.winner, "VARIANT",
         "conclude: this variant for everybody [the one that the evidence ships]"},
        {"evidence", 0, OPTION_TEXT, &order.evidence, "FILE",
         "stop, conclude: what 'ffreplay analyze --json' printed; - for stdin"},
        {"without-evidence", 0, OPTION_FLAG, &order.without_evidence, NULL,
         "conclude: although nothing shows who wins"},
        EDIT_OPTIONS(change),
    };
    int status;
    int operands = options_parse(&experiment_command, table, sizeof table / sizeof *table, argc,
                                 argv, &status);
    if (operands < 0)
        return status;
    if (operands < 1)
        return usage_error(&experiment_command, "expected an action: start, stop or conclude");
    int action = find_action(argv[1]);
    if (action < 0)
        return EXIT_JOB;
    if (operands != 2)
        return usage_error(&experiment_command, "expected one flag");
    order.action = (enum experiment_action)action;
    order.flag = argv[2];
    if (!check_usage(&order))
        return EXIT_JOB;
    if (!change_is_explained(&change, &status))
        return status;
    if (change_begin(&change, !change.dry_run, &status))
        status = act(&change, &order);
    change_release(&change);
    return status;
}
