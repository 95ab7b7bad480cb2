/* read_tests.h - tests of definitions. */
#ifndef FFC_READ_TESTS_H
#define FFC_READ_TESTS_H

#include "form.h"
#include "reader.h"

void read_tests_section(struct reader *reader, struct node *section);

extern const struct form test_definition_form;

#endif
