/* read_operands.h - the operands of a test. */
#ifndef FFC_READ_OPERANDS_H
#define FFC_READ_OPERANDS_H

#include <stdbool.h>

#include "form.h"
#include "reader.h"

/* What of a value is tested: all of it, or of a list each entry, or how many there are. */
enum subject_part { SUBJECT_WHOLE, SUBJECT_ENTRY, SUBJECT_SIZE };

/* One test as it is read: the attribute or field, and what the operators beside it say. */
struct condition_subject {
    const struct attribute *attribute; /* NULL: a field */
    struct text name;
    enum subject_part part;
    bool ignore_case;
    bool fields;
};

static inline unsigned condition_subject_type(const struct condition_subject *subject)
{
    return subject->attribute ? (unsigned)subject->attribute->type : A_FIELD;
}

/* What is written after an operator that takes a mapping; NULL: it takes none. */
const struct form *operand_map(enum operand_form form);
/* What may stand in place of a value that it is compared with: the name of an attribute, or in a
 * metric that of a field. */
extern const struct form other_form, other_field_form;
/* "'groups', an attribute of type strings". */
const char *subject_words(struct reader *reader, const struct condition_subject *subject);
/* Reads an operator's operands into the test. False after reporting. */
bool read_operands(struct reader *reader, const struct condition_subject *subject,
                   const struct operator_info *info, struct node *node, struct condition *test);

#endif
