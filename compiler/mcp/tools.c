/* tools.c - see tools.h. */
#include "tools.h"

#include <string.h>

#define FLAG_OPERAND                                     \
    {                                                    \
        "flag", "the name of a flag", OPERAND_ONE, false \
    }
#define FLAGS_OPERAND                                  \
    {                                                  \
        "flags", "names of flags", OPERAND_SOME, false \
    }
#define GLOBS_OPERAND                                                                     \
    {                                                                                     \
        "flags", "names of flags, or patterns such as checkout.*; all if it is left out", \
            OPERAND_ANY, false                                                            \
    }
#define LOGS_OPERAND                                                                               \
    {                                                                                              \
        "logs",                                                                                    \
            "log files, below the directory that the server was started in; a log's own name may " \
            "precede the path: web=logs/web.ndjson. If it is left out, the paths of the "          \
            "definitions",                                                                         \
            OPERAND_ANY, true                                                                      \
    }
#define EDIT_OPTIONS_HERE "reason", "update-tests"

const struct tool tools[] = {
    {.name = "list",
     .command = "list",
     .operands = {GLOBS_OPERAND},
     .options = {"environment", "kind", "owner", "tag", "at"},
     .fixed = {"--json"}},
    {.name = "show",
     .command = "show",
     .operands = {FLAG_OPERAND},
     .options = {"environment", "at"},
     .fixed = {"--json"}},
    {.name = "check", .command = "check", .options = {"strict", "now"}, .fixed = {"--format=json"}},
    {.name = "eval",
     .command = "eval",
     .operands = {FLAGS_OPERAND},
     .options = {"environment", "context", "at", "previous"},
     .needed = {"context"},
     .fixed = {"--json"}},
    {.name = "trace",
     .command = "trace",
     .operands = {FLAG_OPERAND},
     .options = {"environment", "context", "at", "previous", "state", "stage"},
     .needed = {"context"},
     .fixed = {"--json"}},
    {.name = "diff",
     .command = "diff",
     .operands = {{"old", "a revision of git, or a directory; default HEAD", OPERAND_OPTIONAL,
                   true},
                  {"new", "likewise; default the files as they are", OPERAND_OPTIONAL, true}},
     .options = {"environment", "at"},
     .fixed = {"--format=json"}},
    {.name = "stale",
     .command = "stale",
     .operands = {GLOBS_OPERAND},
     .options = {"environment", "source", "call", "counters", "for", "at"},
     .fixed = {"--json"}},
    {.name = "health",
     .program = TOOL_FFREPLAY,
     .command = "health",
     .operands = {FLAG_OPERAND, LOGS_OPERAND},
     .options = {"environment", "now", "max-bad", "window", "lateness", "stale"},
     .needed = {"environment"},
     .fixed = {"--json"}},
    {.name = "decide",
     .help = "judge a canary by its logs, and say why; applies nothing",
     .program = TOOL_FFREPLAY,
     .command = "decide",
     .operands = {FLAG_OPERAND, LOGS_OPERAND},
     .options = {"environment", "now", "max-bad", "window", "lateness", "stale"},
     .needed = {"environment"},
     .fixed = {"--json"}},
    {.name = "analyze",
     .program = TOOL_FFREPLAY,
     .command = "analyze",
     .operands = {FLAG_OPERAND, LOGS_OPERAND},
     .options = {"environment", "method", "control", "metric", "cuped", "by", "stratify", "from",
                 "to", "since", "max-bad"},
     .needed = {"environment"},
     .fixed = {"--json"}},

    {.name = "set",
     .command = "set",
     .operands = {FLAGS_OPERAND,
                  {"changes",
                   "what is changed, as `ffc set` takes it: on, off, 25%, owner=web, "
                   "expires=2027-01-31T00:00:00Z, rules.nordics=50%",
                   OPERAND_SOME, false}},
     .options = {"environment", EDIT_OPTIONS_HERE},
     .needed = {"reason"},
     .edits = true},
    {.name = "enable",
     .help = "enable flags that are disabled",
     .command = "set",
     .operands = {FLAGS_OPERAND},
     .options = {"environment", EDIT_OPTIONS_HERE},
     .needed = {"reason"},
     .fixed = {"enabled=true"},
     .edits = true},
    {.name = "disable",
     .help = "disable flags: everybody gets the default",
     .command = "set",
     .operands = {FLAGS_OPERAND},
     .options = {"environment", EDIT_OPTIONS_HERE},
     .needed = {"reason"},
     .fixed = {"enabled=false"},
     .edits = true},
    {.name = "new",
     .command = "new",
     .operands = {{"name", "of the new flag", OPERAND_ONE, false},
                  {"values", "its keys, as owner=web", OPERAND_ANY, false}},
     .options = {"kind", "owner", "like", "template", EDIT_OPTIONS_HERE},
     .needed = {"reason"},
     .edits = true},
    {.name = "remove",
     .command = "remove",
     .operands = {FLAGS_OPERAND},
     .options = {EDIT_OPTIONS_HERE},
     .needed = {"reason"},
     .edits = true},
    {.name = "rename",
     .command = "rename",
     .operands = {FLAG_OPERAND, {"new_name", "what it is to be called", OPERAND_ONE, false}},
     .options = {EDIT_OPTIONS_HERE},
     .needed = {"reason"},
     .edits = true},
    {.name = "promote",
     .command = "promote",
     .operands = {FLAGS_OPERAND},
     .options = {"from", "to", EDIT_OPTIONS_HERE},
     .needed = {"from", "to", "reason"},
     .edits = true},
    {.name = "revert",
     .command = "revert",
     .operands = {FLAG_OPERAND, {"revision", "of git, as HEAD~1", OPERAND_ONE, false}},
     .options = {EDIT_OPTIONS_HERE},
     .needed = {"reason"},
     .edits = true},
};
const size_t tool_count = sizeof tools / sizeof *tools;

const struct tool *tool_find(const char *name)
{
    for (size_t i = 0; i < tool_count; i++)
        if (strcmp(tools[i].name, name) == 0)
            return &tools[i];
    return NULL;
}
