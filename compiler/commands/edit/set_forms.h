/*
 * set_forms.h - the forms of what `ffc set` changes, and one of them applied to a flag.
 *
 * A change goes where its key stands: in the environment's block, if that has it or others use the
 * flag's own; else with the flag's own keys. So it never changes another environment, unless it is
 * for all of them, and never takes away what an environment inherits.
 */
#ifndef FFC_COMMANDS_SET_FORMS_H
#define FFC_COMMANDS_SET_FORMS_H

#include "edits.h"

#define SET_FORMS(X)          \
    X(SET_PERCENT, "percent") \
    X(SET_WORD, "on or off")  \
    X(SET_VALUE, "KEY=VALUE") \
    X(SET_ADD, "KEY+=ITEM")   \
    X(SET_REMOVE, "KEY-=ITEM")
enum set_kind { SET_FORMS(WORDS_MEMBER) };

struct set_form {
    enum set_kind kind;
    const char *given; /* as on the command line */
    const char *key;   /* "percent", "on", "users.on"; in the arena */
    const char *value; /* "" takes the key away */
};

/* Whether an argument has the form of a change; it is what it is. */
bool set_form_parse(struct arena *arena, const char *argument, struct set_form *form);

/* One change of one flag. */
struct setting_one {
    struct edits *edits;
    const char *flag;
    const char *environment; /* NULL: all of them */
    bool named;              /* by -e */
    const struct set_form *form;
};
/* Makes a list of environments, where the flag has one, a mapping that says the same. */
bool set_form_spread(const struct setting_one *setting);
/* Edits the file. False, and said: it cannot be done. */
bool set_form_apply(const struct setting_one *setting);

#endif
