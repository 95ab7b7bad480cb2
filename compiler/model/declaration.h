/* declaration.h - what flags refer to by name: attributes, segments, layers, holdouts. */
#ifndef FFC_MODEL_DECLARATION_H
#define FFC_MODEL_DECLARATION_H

#include <stdbool.h>
#include <stdint.h>

#include "fflag.h"
#include "compiler/base/words.h"
#include "condition.h"

/* How a version is read and compared. */
#define VERSION_SCHEMES(X)     \
    X(SCHEME_SEMVER, "semver") \
    X(SCHEME_LOOSE, "loose")
enum version_scheme { VERSION_SCHEMES(WORDS_MEMBER) };
extern const char *const version_scheme_words[];

struct attribute {
    struct text name;
    enum fflag_attribute_type type;
    enum version_scheme scheme; /* FFLAG_ATTRIBUTE_VERSION */
    struct texts choices;       /* `enum`; none: any */
    bool is_private;            /* values are hashed in snapshots, and not shown */
    const char *description;    /* or NULL */
    /* Of an entry of a list, or of how many it has: that list. NULL: it is declared itself. */
    const struct attribute *list;
};

#define MOST_KEY_PARTS 8
#define MOST_WITH      16 /* bytes between two of them */

/* What a unit is known by: the attribute that is hashed, the first of several that a context has,
 * or all of them joined. Equal ones are one. */
struct unit_key {
    const struct attribute **parts;
    uint32_t count;
    bool joined;
    const char *with; /* between two parts */
    const char *text; /* "user_id", "user_id or session_id", "company + \".\" + user" */
};

/* The only attribute, if it is a string or number, whose key contexts have ready; else NULL. */
const struct attribute *key_attribute(const struct unit_key *key);
/* Whether a part of it is. */
bool key_is_private(const struct unit_key *key);

struct segment {
    struct text name;
    uint32_t index; /* in the project's array */
    const char *description;
    struct condition *condition;
    bool samples; /* a share of the units is part of it, or of a segment that it uses */
};

struct layer {
    struct text name;
    const struct unit_key *bucket_by;
};

struct holdout {
    struct text name;
    const struct unit_key *bucket_by;
    uint32_t percent;
};

#endif
