/*
 * option_rows.h - the options that several commands have: a row each of a command's table.
 *
 * Name, letter, kind and value are the same wherever an option is offered. So is its help, unless
 * the row takes one: what it does for that command. `make lint` refuses a row written by hand.
 */
#ifndef FFC_OPTION_ROWS_H
#define FFC_OPTION_ROWS_H

#include "options.h"

/* clang-format off */
#define DIRECTORY_OPTION(target) \
    {"directory", 'C', OPTION_TEXT, &(target), "DIR", \
     "the project [flags, or . where it holds definitions]"}, \
    {"allow-outside", 0, OPTION_OUTSIDE, NULL, "DIR", \
     "links of the project may lead into DIR; may be repeated"}
#define ENVIRONMENT_OPTION(target, help) {"environment", 'e', OPTION_TEXT, &(target), "ENV", help}
#define SNAPSHOT_OPTION(target, help) {"snapshot", 's', OPTION_TEXT, &(target), "FILE", help}
#define CONTEXT_OPTION(target) \
    {"context", 'c', OPTION_TEXT, &(target), "JSON", \
     "an object of attributes, or - for stdin"}
#define OUTPUT_OPTION(target, help) {"output", 'o', OPTION_TEXT, &(target), "PATH", help}

/* Times: when something happens, as of when it is judged, what is left out. */
#define AT_OPTION(target, help) {"at", 0, OPTION_TIME, &(target), "TIME", help}
#define NOW_OPTION(target, help) {"now", 0, OPTION_TIME, &(target), "TIME", help}
#define FROM_OPTION(target, help) {"from", 0, OPTION_TIME, &(target), "TIME", help}
#define SINCE_OPTION(target, help) {"since", 0, OPTION_AGO, &(target), "D", help}
#define UNTIL_OPTION(target, help) {"until", 0, OPTION_TIME, &(target), "TIME", help}

/* The form of what is printed. */
#define JSON_OPTION(target, help) {"json", 0, OPTION_FLAG, &(target), NULL, help}
#define FORMAT_OPTION(target, help) {"format", 0, OPTION_WORD, &(target), "FORMAT", help}
#define DIAGNOSTIC_FORMAT_OPTION(target, subjects) \
    {"format", 0, OPTION_FORMAT, &(target), NULL, \
     "of " subjects ": text, json, sarif or github [text]"}
#define COLOR_OPTION(target) \
    {"color", 0, OPTION_COLOR, &(target), NULL, "auto, always or never [auto]"}
#define PREVIOUS_OPTION(target) \
    {"previous", 0, OPTION_TEXTS, &(target), "FLAG=VARIANT", \
     "what the unit was served before, for a sticky flag; may be repeated"}
#define SHOW_PRIVATE_OPTION(target) \
    {"show-private", 0, OPTION_FLAG, &(target), NULL, "also the values of private attributes"}
#define EXIT_CODE_OPTION(target, help) {"exit-code", 0, OPTION_FLAG, &(target), NULL, help}

/* A change of a rollout, and its publication. */
#define REASON_OPTION(target, help) {"reason", 'r', OPTION_TEXT, &(target), "TEXT", help}
#define ACTOR_OPTIONS(target) \
    {"actor", 0, OPTION_TEXT, &(target), "NAME", \
     "who does it, for the ledger [$FFC_ACTOR, your name in git, or your login]"}, \
    {"by", 0, OPTION_TEXT, &(target), "NAME", "the same as --actor"}
#define BUILD_OPTION(target, help) {"build", 0, OPTION_TEXT, &(target), "FILE", help}
#define SIGN_OPTION(target, when) \
    {"sign", 0, OPTION_TEXT, &(target), "KEY", \
     when "sign it with this minisign secret key"}
#define COMMIT_OPTIONS(commit, push) \
    {"commit", 0, OPTION_FLAG, &(commit), NULL, \
     "also commit the changed files to git"}, \
    {"push", 0, OPTION_FLAG, &(push), NULL, "with --commit: push it"}
#define RUN_STEPS_OPTION(target, help) {"run-steps", 0, OPTION_FLAG, &(target), NULL, help}
#define ALLOW_LIST_OPTION(target) \
    {"allow-list", 0, OPTION_TEXT, &(target), "FILE", \
     "programs of definitions that may run [~/.config/ffc/allow]"}

/* clang-format on */

#endif
