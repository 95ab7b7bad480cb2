"""The patches of CONTRIBUTING.md's recipes, taken apart where something may be forgotten.

A recipe begins with `row`, an edit, and goes on with what remains to be done: each a Forgotten. All
edits but the latest done, `check` has to fail and to say `says`, a regular expression that names the
place; with all of them, every check passes.
"""
from dataclasses import dataclass
from typing import Callable

# What finds out: a source does not compile, or a test looks at sources alone; a program does not link; a
# test fails. Followed in this order, so that most is compiled once.
COMPILE, LINK, TEST = range(3)


@dataclass
class Forgotten:
    what: str
    stage: int
    check: str    # an object; a program; a test, perhaps with variables before it
    says: str
    edit: Callable  # what had been forgotten


@dataclass
class Recipe:
    name: str
    row: Callable
    rest: list


def object_of(source):
    return f"build/obj/{source}.o"


def not_handled(path, function, member):
    return f"{path}: In function '{function}':\n{path}:[0-9:]* error: .*'{member}' not handled in switch"


# ---------------------------------------------------------------------------------- an operation

OPERATIONS = "include/fflag/operations.def"


def operation_row(tree):
    tree.insert_before(OPERATIONS, "/* Tests of the unit's bucket;", """\
FFS_OPERATION(250, NUMBER_MULTIPLE_OF, NUMBER, FFS_VALUE_TEST, NUMBER, 8, 8, NONE, " is a multiple of ")
""")


def operation_feature(tree):
    tree.replace(OPERATIONS, 'NUMBER, 8, 8, NONE, " is a multiple', 'NUMBER, 8, 8, MULTIPLES, " is a multiple')
    tree.insert_after(OPERATIONS, "FFS_FEATURE(0, PATTERNS,", """\
FFS_FEATURE(62, MULTIPLES, 3, "multiples ('multiple_of')")
""")


def operation_level(tree):
    tree.replace("compiler/commands/build/level.h", "#define NEWEST_LEVEL 2u", "#define NEWEST_LEVEL 3u")


def operation_code(tree):
    tree.insert_before("runtime/interpret.c", "        case FFS_PRESENT:", """\
        case FFS_NUMBER_MULTIPLE_OF:
            test = test_multiple;
            break;
""")
    tree.insert_after("runtime/value_tests.h", "value_test test_presence;", "value_test test_multiple;\n")
    tree.insert_before("runtime/value_tests.c", "bool test_address(", """\
bool test_multiple(const struct snapshot *snapshot, const struct ffs_instruction *instruction,
                   const struct fflag_slot *slot, uint8_t declared)
{
    (void)snapshot;
    (void)declared;
    double operand;
    memcpy(&operand, &instruction->operand, sizeof operand);
    double quotient = slot->value.number / operand;
    return quotient > -0x1p53 && quotient < 0x1p53 && quotient == (double)(int64_t)quotient;
}

""")


def operation_row_of_the_document(tree):
    tree.insert_before("docs/snapshot-format.md", "| 40 | EXPOSED |", """\
| 250 | NUMBER_MULTIPLE_OF | number | IEEE bits: a multiple of the operand |
""")


def operation_feature_of_the_document(tree):
    tree.insert_after("docs/snapshot-format.md", "| 0 | patterns: STRING_MATCHES", """\
| 62 | multiples: NUMBER_MULTIPLE_OF | 3 |
""")


def operation_case(tree):
    tree.insert_after("tests/unit/test_evaluate.c", '{AGE, FFS_NUMBER_GE, 0, "18", NUMBER, "18", true},', """\
    {AGE, FFS_NUMBER_MULTIPLE_OF, 0, "18", NUMBER, "-36", true},
    {AGE, FFS_NUMBER_MULTIPLE_OF, 0, "18", NUMBER, "19", false},
""")


operation = Recipe("an operation", operation_row, [
    Forgotten("a feature", COMPILE, "tests/snapshot/test_format_document.sh",
              "operation NUMBER_MULTIPLE_OF was in version 3.0, or has a feature", operation_feature),
    Forgotten("the feature's level", COMPILE, object_of("compiler/commands/build/level"), "the level of MULTIPLES", operation_level),
    Forgotten("its code", COMPILE, object_of("runtime/interpret"),
              not_handled("runtime/interpret.c", "interpret", "FFS_NUMBER_MULTIPLE_OF"), operation_code),
    Forgotten("its case", TEST, "build/tests/test_evaluate", r"conditions\[\] has no row for NUMBER_MULTIPLE_OF",
              operation_case),
    Forgotten("its row of docs/snapshot-format.md", TEST, "tests/snapshot/test_format_document.sh",
              "operation NUMBER_MULTIPLE_OF is 250 there, too, and reads number", operation_row_of_the_document),
    Forgotten("its feature in docs/snapshot-format.md", TEST, "tests/snapshot/test_format_document.sh",
              "feature MULTIPLES is bit 62 there, too, from level 3 on, for NUMBER_MULTIPLE_OF",
              operation_feature_of_the_document),
])

# ----------------------------------------------------------------------------------- an operator

OPERATORS = "compiler/model/operators.def"


def operator_rows(tree):
    tree.insert_after(OPERATORS, "OPERATOR_KIND(PRESENT,", """\
OPERATOR_KIND(MULTIPLE_OF, OPAQUE,   NO_ORDER,     NO_PLACE,      ANY,      NONE)
""")
    tree.insert_before(OPERATORS, 'OPERATOR("present",', """\
OPERATOR("multiple_of", MULTIPLE_OF, HOLDS, VALUE, NUMBER,
         "is a multiple of it")
""")


def operator_code(tree):
    tree.insert_before("compiler/lower/lower_condition.c", "static struct expression *lower_test(struct", """\
static struct expression *lower_multiple(struct lowering *lowering, const struct condition *test,
                                         const struct operand *operand)
{
    return test_number(lowering, FFS_NUMBER_MULTIPLE_OF, test->attribute, operand->number);
}

""")
    tree.insert_after("compiler/lower/lower_condition.c", "return lower_each(lowering, test, lower_age);", """\
    case OPERATOR_MULTIPLE_OF:
        return lower_each(lowering, test, lower_multiple);
""")


def operator_case(tree):
    tree.insert_before("tests/unit/test_conditions.c", '    {"{beta: true}", ', """\
    {"{age: {multiple_of: 18}}", "age=-18|age=0|age=36", "|age=19"},
""")


def operator_row_of_the_document(tree):
    tree.insert_before("docs/language.md", "| `present` | all |", """\
| `multiple_of` | number | value | is a multiple of it |
""")


def operator_reference(tree):
    tree.insert_after("tests/differential/reference.py", '"gte": lambda o: value >= o,', """\
            "multiple_of": lambda o: o != 0 and abs(value / o) < 2**53 and (value / o).is_integer(),
""")


operator = Recipe("an operator", operator_rows, [
    Forgotten("its code", COMPILE, object_of("compiler/lower/lower_condition"),
              not_handled("compiler/lower/lower_condition.c", "lower_test", "OPERATOR_MULTIPLE_OF"), operator_code),
    Forgotten("its case", TEST, "build/tests/test_conditions",
              "no case here tests 'multiple_of' of an attribute of type number", operator_case),
    Forgotten("its row of docs/language.md", TEST, "tests/cli/test_usage.sh",
              "docs/language.md has the operators that explain prints", operator_row_of_the_document),
    Forgotten("it in the reference", TEST, "SEED=1 CASES=2000 tests/differential/test_differential.py",
              "reference.py does not know the operator 'multiple_of'", operator_reference),
])

# --------------------------------------------------------------------------------- a metric kind

KINDS = "compiler/model/metric_kinds.def"
SUM = "tools/ffreplay/metrics/kinds/sum.c"


def kind_row(tree):
    tree.insert_after(KINDS, '"a latest value", "the latest value of a field")', """\
METRIC_KIND(SUM, sum, KEY(VALUE), 0,
            SCALE_OF_FIELD, BOUND_NONE, OVER_EVENTS, SIZED_BY_NOTHING,
            "a sum", "the sum of a field")
""")


def kind_file(tree):
    tree.write(SUM, """\
/* sum.c - the sum of a field. See kinds.h. */
#include "shared.h"

static void add(struct cell *cell, const struct measure *measure, const struct sample *sample)
{
    (void)measure;
    exact_sum_add(cell->sum, sample->number);
}

static void put(struct cell *cell, double number)
{
    exact_sum_add(cell->sum, number);
}

static void take(struct cell *cell, const struct measure *measure, const struct event *event)
{
    take_value(cell, measure, event, put);
}

static double estimate(const struct cell *cell, const struct measure *measure, int64_t duration)
{
    (void)measure;
    (void)duration;
    return exact_sum_value(cell->sum);
}

const struct metric_functions sum_functions = {
    .prepare = prepare_value,
    .init = init_sum,
    .init_spread = init_no_spread,
    .sample = sample_value,
    .add = add,
    .take = take,
    .unreadable_place = unreadable_value,
    .merge = merge_nothing,
    .estimate = estimate,
    .quantiles = keeps_no_values,
};
""")


def kind_aggregate(tree):
    tree.insert_after(SUM, '#include "shared.h"\n', "\nCELL_OF_PARTS(sum)\n")


def kind_evidence(tree):
    tree.insert_after(SUM, ".quantiles = keeps_no_values,", "    .evidence = evidence_of_nothing,\n")


def kind_row_of_the_language(tree):
    tree.insert_after("docs/language.md", "| `last` | `value` |", "| `sum` | `value` | the sum of a field |\n")


def kind_row_of_replay(tree):
    tree.insert_after("docs/replay.md", "| `max` `min` `last` `value` |", """\
| `sum` `value` | the sum | events that have the field |
""")


kind = Recipe("a metric kind", kind_row, [
    Forgotten("its file", LINK, "build/ffreplay", r"undefined \w+.*\bsum_functions\b", kind_file),
    Forgotten("its cell in aggregates", LINK, "build/ffreplay", r"undefined \w+.*\bsum_put_cell\b", kind_aggregate),
    Forgotten("a function", TEST, "build/tests/test_metric_kinds", f"sum_functions has no 'evidence': {SUM}",
              kind_evidence),
    Forgotten("its row of docs/language.md", TEST, "build/tests/test_metric_kinds",
              "docs/language.md: no row for `sum`", kind_row_of_the_language),
    Forgotten("its row of docs/replay.md", TEST, "build/tests/test_metric_kinds",
              "docs/replay.md: no row for `sum`", kind_row_of_replay),
])

# ---------------------------------------------------------------------------------- a diagnostic

DIAGNOSTICS = "compiler/diagnostics/diagnostics.def"
CASE = "tests/golden/diagnostics/FF9990-owned-by-nobody"


def diagnostic_row(tree):
    tree.write(DIAGNOSTICS, tree.read(DIAGNOSTICS) + """
DIAGNOSTIC(9990, WARNING, "owned-by-nobody",
           "a flag is owned by nobody",
           "Whoever asks about a flag asks its owner.",
           "flags:\\n"
           "  a: {owner: nobody}",
           "flags:\\n"
           "  a: {owner: payments}")
""")


def diagnostic_document(tree):
    status, text = tree.run("build/ffc", "explain", "--all", "--markdown")
    assert status == 0, text
    tree.write("docs/diagnostics.md", text)


def diagnostic_case(tree):
    tree.write(CASE + ".yaml", "flags:\n  a: {owner: nobody}\n")


def diagnostic_call(tree):
    tree.insert_before("compiler/check/check_unused.c", "check_variants(checker, checker->project->flags[i], &planned[i]);", """\
    {
        const struct flag *flag = checker->project->flags[i];
        if (flag->owner && strcmp(flag->owner, "nobody") == 0)
            diagnose(checker->diagnostics, FF9990, flag->name.span, "flag '%s' is owned by nobody",
                     flag->name.text);
""")
    tree.insert_after("compiler/check/check_unused.c", "check_variants(checker, checker->project->flags[i], &planned[i]);", "    }\n")


def diagnostic_record(tree):
    tree.run("bash", "tests/golden/test_diagnostics.sh", CASE="FF9990", UPDATE="1")
    assert "flag 'a' is owned by nobody" in tree.read(CASE + ".txt"), tree.read(CASE + ".txt")


CASES = "CASE=FF9990 tests/golden/test_diagnostics.sh"
diagnostic = Recipe("a diagnostic", diagnostic_row, [
    Forgotten("its text in docs/diagnostics.md", TEST, "tests/cli/test_usage.sh",
              "docs/diagnostics.md is what explain prints", diagnostic_document),
    Forgotten("its case", TEST, CASES, "FF9990 has no case", diagnostic_case),
    Forgotten("a call that reports it", TEST, CASES, "FF9990-owned-by-nobody triggers its code", diagnostic_call),
    Forgotten("what it prints, recorded", TEST, CASES, "not ok 1 - FF9990-owned-by-nobody", diagnostic_record),
])

# ---------------------------------------------------------------------------------- a log format

LAYOUT = "tools/ffreplay/logs/layout.c"
REPLAY = "tools/ffreplay/replay/replay.c"
FORMATS = "tests/docs/test_log_formats.sh"


def format_word(tree):
    tree.insert_after("compiler/model/log.h", 'X(LOG_NDJSON, "ndjson")', '    X(LOG_JSONL, "jsonl") \\\n')


def format_names(tree):
    tree.insert_before("compiler/model/log.c", "    case LOG_NDJSON:\n    case LOG_COMBINED:", "    case LOG_JSONL:\n")


def format_lists(tree):
    tree.insert_before("compiler/model/log.c", "    case LOG_NDJSON:\n    case LOG_OTLP:", "    case LOG_JSONL:\n")


def format_framing(tree):
    tree.insert_before(LAYOUT, "        return FRAMING_JSON;", "    case LOG_JSONL:\n")


def format_parser(tree):
    tree.insert_before(LAYOUT, "        return ndjson_parser(", "    case LOG_JSONL:\n")


def format_emptiness(tree):
    tree.insert_before(REPLAY, "    case LOG_NDJSON:", "    case LOG_JSONL:\n")


def format_row_of_replay(tree):
    tree.insert_after("docs/replay.md", "| `ndjson` | one JSON object a line |", "| `jsonl` | the same | as below |\n")


def format_row_of_the_language(tree):
    tree.replace("docs/language.md", "| `format` | `ndjson` ", "| `format` | `ndjson` `jsonl` ")


def format_manual(tree):
    tree.replace("docs/man/ffreplay.1", "the format: ndjson, ", "the format: ndjson, jsonl, ")


def format_fuzzed(tree):
    tree.insert_before("tests/fuzz/fuzz_log.c", '"  kayenta: {format: kayenta}', '    "  jsonl: {format: jsonl}\\n"\n')


log_format = Recipe("a log format", format_word, [
    Forgotten("the names of its fields", COMPILE, object_of("compiler/model/log"),
              not_handled("compiler/model/log.c", "log_format_fields", "LOG_JSONL"), format_names),
    Forgotten("whether a field may be a list", COMPILE, object_of("compiler/model/log"),
              not_handled("compiler/model/log.c", "log_format_has_lists", "LOG_JSONL"), format_lists),
    Forgotten("how a file is cut", COMPILE, object_of("tools/ffreplay/logs/layout"),
              not_handled(LAYOUT, "layout_framing", "LOG_JSONL"), format_framing),
    Forgotten("its parser", COMPILE, object_of("tools/ffreplay/logs/layout"),
              not_handled(LAYOUT, "parser_of_format", "LOG_JSONL"), format_parser),
    Forgotten("what a file without a line lacks", COMPILE, object_of("tools/ffreplay/replay/replay"),
              not_handled(REPLAY, "empty_text", "LOG_JSONL"), format_emptiness),
    Forgotten("its row of docs/replay.md", TEST, FORMATS, "docs/replay.md has a row for jsonl", format_row_of_replay),
    Forgotten("it in docs/language.md", TEST, FORMATS, "docs/language.md has jsonl in the row of 'format'",
              format_row_of_the_language),
    Forgotten("it in the manual", TEST, FORMATS, "docs/man/ffreplay.1 names jsonl", format_manual),
    Forgotten("it among what is fuzzed", TEST, FORMATS, "tests/fuzz/fuzz_log.c has a log of format jsonl", format_fuzzed),
])

# ---------------------------------------------------------------------------- a key of the language

STAGES = "compiler/read/read_canary.c"


def key_row(tree):
    tree.insert_after("compiler/model/canary.h", "struct stage {", "    const char *note;\n")
    tree.insert_before(STAGES, 'FIELD("percent", FIELD_PERCENT, struct stage, percent,', """\
    FIELD("note", FIELD_TEXT, struct stage, note),
""")


def key_help(tree):
    tree.replace(STAGES, "struct stage, note)", 'struct stage, note, "for people")')


def key_table(tree):
    status, text = tree.run("build/ffc", "schema", "--markdown")
    assert status == 0, text
    document = tree.read("docs/language.md")
    for table in text.strip("\n").split("\n\n"):
        begin = document.index(table.split("\n")[0])
        document = document[:begin] + table + document[document.index("\n\n", begin):]
    tree.write("docs/language.md", document)


def key_aside(tree):
    tree.replace("tests/cli/test_schema.py", '"stage": {"name", ', '"stage": {"name", "note", ')


key = Recipe("a key of the language", key_row, [
    Forgotten("what it means", COMPILE, object_of("compiler/read/read_canary"),
              'read_canary.c:[0-9:]* error: macro "FIELD" requires 6 arguments, but only 4 given', key_help),
    Forgotten("its row of docs/language.md", TEST, "tests/cli/test_schema.py",
              "docs/language.md: the key 'note' of a stage is not as 'ffc schema --markdown' prints it", key_table),
    Forgotten("whether it counts for the policy", TEST, "tests/cli/test_schema.py",
              "compiler/rollout/policy.c: does the key 'note' of a stage change what it is judged by",
              key_aside),
])

# ------------------------------------------------------------------------------------- a command


def command_row(tree):
    tree.replace("compiler/main/main.c", "check_command, ", "count_command, check_command, ")


def command_declaration(tree):
    tree.insert_after("compiler/commands/commands.h", "extern const struct command check_command;",
                      "extern const struct command count_command;\n")


def command_file(tree):
    tree.write("compiler/commands/count.c", """\
/* count.c - `ffc count`: how many flags there are. */
#include "compiler/base/buffer.h"
#include "compiler/model/model.h"
#include "commands.h"

static int run(int argc, char **argv)
{
    struct project_choice choice = {0};
    const struct option table[] = {DIRECTORY_OPTION(choice)};
    int status;
    int operands = options_parse(&count_command, table, 1, argc, argv, &status);
    if (operands < 0)
        return status;
    if (operands > 0)
        return usage_error(&count_command, "unexpected argument '%s'", argv[1]);
    struct project *project = project_load(choice.directory, clock_now());
    struct buffer text = {0};
    buffer_format(&text, "%u\\n", (unsigned)project->flag_count);
    status = write_stdout(&count_command, &text) ? EXIT_FINE : EXIT_JOB;
    buffer_release(&text);
    project_free(project);
    return status;
}

const struct command count_command = {
    .name = "count",
    .summary = "count the flags of a project",
    .usage = "[-C DIR]",
    .examples = "  ffc count -C flags\\n",
    .run = run,
};
""")


def command_manual(tree):
    tree.insert_before("docs/man/ffc.1", r"\fBffc build\fR [", "\\fBffc count\\fR [\\fB\\-C\\fR \\fIDIR\\fR]\n")


command = Recipe("a command", command_row, [
    Forgotten("its declaration", COMPILE, object_of("compiler/main/main"), "'count_command' undeclared",
              command_declaration),
    Forgotten("its file", LINK, "build/ffc", r"undefined \w+.*\bcount_command\b", command_file),
    Forgotten("it in the manual", TEST, "tests/cli/test_usage.sh", "docs/man/ffc.1 has ffc count", command_manual),
])

RECIPES = [operation, operator, kind, diagnostic, log_format, command, key]
