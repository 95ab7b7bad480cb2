/*
 * commands.h - the commands of `ffc`, a file each, and what they share.
 */
#ifndef FFC_COMMANDS_H
#define FFC_COMMANDS_H

#include <stdint.h>

#include "compiler/base/calendar.h"
#include "compiler/choose/choose.h"
#include "compiler/cli/option_rows.h"
#include "compiler/project/project.h"

struct buffer;

extern const struct command check_command;
extern const struct command build_command;
extern const struct command eval_command;
extern const struct command test_command;
extern const struct command trace_command;
extern const struct command dump_command;
extern const struct command verify_command;
extern const struct command bucket_command;
extern const struct command explain_command;
extern const struct command fmt_command;
extern const struct command schema_command;
extern const struct command list_command;
extern const struct command diff_command;
extern const struct command show_command;
extern const struct command stale_command;
extern const struct command gen_command;
extern const struct command log_command;
extern const struct command init_command;
extern const struct command sign_command;
extern const struct command set_command;
extern const struct command new_command;
extern const struct command remove_command;
extern const struct command rename_command;
extern const struct command promote_command;
extern const struct command revert_command;
extern const struct command freeze_command;
extern const struct command canary_command;
extern const struct command rollback_command;
extern const struct command experiment_command;

/* The project that a command is about, and how it is spoken of; zeroed, as usual. */
struct project_choice {
    const char *directory;
    enum diagnostic_format format;
    enum color_choice color;
};
/* Rows of a command's table. */
#define DIAGNOSTICS_OPTIONS(choice) \
    DIAGNOSTIC_FORMAT_OPTION((choice).format, "diagnostics"), COLOR_OPTION((choice).color)

/* EXIT_FINE for a project without errors; otherwise they have been shown, and it is what to exit
 * with. */
int require_sound(struct project *project, const struct project_choice *choice);

/* Writes all diagnostics to stderr, where there are any. */
void show_diagnostics(struct project *project, enum diagnostic_format format,
                      enum color_choice color);

/*
 * For a command that shows what could be read of definitions, when it has done so: all diagnostics,
 * and which files something may be missing of. EXIT_FINE where there are no errors.
 */
int show_unread(struct project *project, enum diagnostic_format format, enum color_choice color);

/* EXIT_INPUT where there are errors, EXIT_JOB where definitions could not be read. */
int diagnostics_status(const struct diagnostics *diagnostics);

#endif
