/* read_condition.h - conditions: on attributes, and on the fields of a log. */
#ifndef FFC_READ_CONDITION_H
#define FFC_READ_CONDITION_H

#include "form.h"
#include "reader.h"

/* NULL after reporting. With `fields`, tests are on a log's fields instead of attributes. */
struct condition *read_condition(struct reader *reader, struct node *node, bool fields);
/* An `if`, never NULL: one that could not be read must not look like "everybody". */
struct condition *read_audience(struct reader *reader, struct node *node);
/* Reports a value that the attribute's `enum` does not have. */
void check_choice(struct reader *reader, const struct attribute *attribute, const struct node *node,
                  bool ignore_case);

/* What stands in a condition where a name of an attribute could. */
#define CONDITION_KEYS(X)     \
    X(KEY_ANY, "any")         \
    X(KEY_ALL, "all")         \
    X(KEY_NOT, "not")         \
    X(KEY_SEGMENT, "segment") \
    X(KEY_FLAG, "flag")       \
    X(KEY_NOW, "now")         \
    X(KEY_PERCENT, "percent") \
    X(KEY_SALT, "salt")       \
    X(KEY_BUCKET_BY, "bucket_by")
extern const char *const condition_key_words[];

extern const struct form condition_form;

#endif
