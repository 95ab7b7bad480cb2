/* experiment_evidence.c - see experiment_evidence.h. */
#include "experiment_evidence.h"

#include <math.h>
#include <sodium.h>
#include <string.h>

#include "compiler/commands/commands.h"
#include "compiler/base/buffer.h"
#include "compiler/base/calendar.h"
#include "compiler/base/escape.h"
#include "compiler/base/file.h"
#include "compiler/base/json.h"
#include "compiler/base/json_read.h"
#include "compiler/base/utf8.h"
#include "compiler/model/model.h"
#include "compiler/rollout/experiment_state.h"

#define MOST_EVIDENCE (16u << 20)

/* -------------------------------------------------------------------------------------- read -- */

static const char *first_reason(const json_t *json)
{
    const char *text = json_string_value(json_array_get(json_object_get(json, "reasons"), 0));
    return text ? text : "";
}

static bool is_analysis(const struct evidence_file *evidence)
{
    const json_t *winner = json_object_get(evidence->json, "winner");
    return evidence->status && evidence->decision &&
           (json_is_string(winner) || json_is_null(winner)) &&
           json_text_at(evidence->json, "flag") && json_text_at(evidence->json, "environment") &&
           json_integer_value(json_object_get(evidence->json, "format_version")) == 1 &&
           json_is_array(json_object_get(evidence->json, "metrics"));
}

bool evidence_file_read(struct evidence_file *evidence, const char *path,
                        const struct command *command, int *status)
{
    struct buffer text = {0}, error = {0};
    json_error_t where;
    *evidence = (struct evidence_file){.path = path};
    *status = EXIT_JOB;
    if (sodium_init() < 0 || !read_file(path, MOST_EVIDENCE, &text, &error)) {
        job_error(command, "cannot read '%s': %s", path, error.length ? error.bytes : "no digest");
    } else {
        ledger_hash(text.bytes, text.length, evidence->digest);
        uint32_t mark = text_mark(text.bytes, text.length);
        evidence->json =
            json_loadb(text.bytes + mark, text.length - mark, JSON_REJECT_DUPLICATES, &where);
        evidence->status = json_text_at(evidence->json, "status");
        evidence->decision = json_text_at(evidence->json, "decision");
        evidence->winner = json_text_at(evidence->json, "winner");
        evidence->because = first_reason(evidence->json);
        if (!is_analysis(evidence)) {
            *status = EXIT_INPUT;
            job_error(command, "'%s' is no analysis of an experiment", path);
            print_help("write one: ffreplay analyze FLAG LOG… -e ENV --json > FILE");
        } else {
            *status = EXIT_FINE;
        }
    }
    buffer_release(&text);
    buffer_release(&error);
    return *status == EXIT_FINE;
}

void evidence_file_release(struct evidence_file *evidence)
{
    json_decref(evidence->json);
    evidence->json = NULL;
}

/* -------------------------------------------------------------------------------------- fits -- */

static bool is_text(const json_t *object, const char *key, const char *wanted)
{
    const char *text = json_text_at(object, key);
    return text && strcmp(text, wanted) == 0;
}

/* What was asked for on the command line instead of what is defined; NULL: nothing was. */
static const char *departure(const json_t *of)
{
    return json_string_value(json_array_get(json_object_get(of, "departures"), 0));
}

static bool is_of_start(const struct evidence_file *evidence, const struct trial_start *start)
{
    const json_t *input = json_object_get(evidence->json, "input");
    const char *last = json_text_at(input, "last_exposure");
    int64_t time;
    return !start->found || !last || !parse_time(last, &time) || time >= start->at;
}

bool evidence_file_fits(const struct evidence_file *evidence, const struct project *project,
                        const struct flag *flag, uint32_t environment,
                        const struct command *command, int *status)
{
    const char *where = project->environments.items[environment].text;
    const json_t *of = json_object_get(evidence->json, "experiment");
    struct buffer error = {0};
    struct arena arena = {0};
    struct trial_start start;
    char terms[POLICY_DIGEST];
    experiment_digest(&flag->environments[environment], terms);
    const char *help = "analyze it again, or give --without-evidence";
    *status = EXIT_INPUT;
    if (!trial_start_find(project, flag, environment, &arena, &start, &error)) {
        *status = job_error(command, "%s", error.bytes);
        help = NULL;
    } else if (!is_text(evidence->json, "flag", flag->name.text)) {
        job_error(command, "'%s' is an analysis of '%s', not of '%s'", evidence->path,
                  json_text_at(evidence->json, "flag"), flag->name.text);
    } else if (!is_text(evidence->json, "environment", where)) {
        job_error(command, "'%s' is an analysis of environment '%s', not of '%s'", evidence->path,
                  json_text_at(evidence->json, "environment"), where);
    } else if (!is_text(of, "terms", terms)) {
        job_error(command,
                  "'%s' is an analysis of another definition: the experiment, or a metric of it, "
                  "has been edited since",
                  evidence->path);
    } else if (departure(of)) {
        job_error(command, "'%s' was not judged as the experiment is defined, but with %s",
                  evidence->path, departure(of));
    } else if (!is_of_start(evidence, &start)) {
        job_error(command, "'%s' has nobody who was exposed since the experiment started",
                  evidence->path);
    } else {
        *status = EXIT_FINE;
    }
    if (*status != EXIT_FINE && help)
        print_help("%s", help);
    if (*status == EXIT_FINE && start.found && start.primary_changed)
        print_warning("the primary metric is not the one that the experiment started with%s%s%s",
                      start.primary ? ", '" : "", start.primary ? start.primary : "",
                      start.primary ? "'" : "");
    buffer_release(&error);
    arena_release(&arena);
    return *status == EXIT_FINE;
}

/* ------------------------------------------------------------------------------------- entry -- */

static void write_value(struct buffer *out, const json_t *value)
{
    const char *key;
    const json_t *item;
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        buffer_append_text(out, "{");
        json_object_foreach((json_t *)(uintptr_t)value, key, item)
        {
            json_write_key(out, key);
            write_value(out, item);
        }
        buffer_append_text(out, "}");
        return;
    case JSON_ARRAY:
        buffer_append_text(out, "[");
        for (size_t i = 0; i < json_array_size(value); i++) {
            json_write_comma(out);
            write_value(out, json_array_get(value, i));
        }
        buffer_append_text(out, "]");
        return;
    case JSON_STRING:
        json_write_string(out, json_string_value(value));
        return;
    case JSON_INTEGER:
        buffer_format(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        return;
    case JSON_REAL:
        json_write_number(out, json_real_value(value));
        return;
    case JSON_TRUE:
        buffer_append_text(out, "true");
        return;
    case JSON_FALSE:
        buffer_append_text(out, "false");
        return;
    case JSON_NULL:
        buffer_append_text(out, "null");
        return;
    }
}

static bool decides(const json_t *metric)
{
    return is_text(metric, "role", "primary") || is_text(metric, "role", "guard");
}

void evidence_file_entry(const struct evidence_file *evidence, struct buffer *out)
{
    static const char *const keys[] = {"status",  "decision", "winner",  "reasons",
                                       "method",  "alpha",    "control", "units",
                                       "quality", "build",    "input"};
    field_object(out, "analysis");
    field_text(out, "digest", evidence->digest);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const json_t *value = json_object_get(evidence->json, keys[i]);
        if (!value)
            continue;
        json_write_key(out, keys[i]);
        write_value(out, value);
    }
    field_array(out, "metrics");
    const json_t *metrics = json_object_get(evidence->json, "metrics");
    for (size_t i = 0; i < json_array_size(metrics); i++) {
        const json_t *metric = json_array_get(metrics, i);
        if (!decides(metric))
            continue;
        json_write_comma(out);
        write_value(out, metric);
    }
    buffer_append_text(out, "]}");
}

void evidence_file_show(const struct evidence_file *evidence, struct buffer *out)
{
    bool unhealthy = strcmp(evidence->status, "unhealthy") == 0;
    terminal_format(out, "%s%s%s%s%s", unhealthy ? "unhealthy" : evidence->decision,
                    evidence->winner ? " " : "", evidence->winner ? evidence->winner : "",
                    *evidence->because ? ": " : "", evidence->because);
}
