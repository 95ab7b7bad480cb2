/* read_pattern.h - regular expressions. */
#ifndef FFC_READ_PATTERN_H
#define FFC_READ_PATTERN_H

#include "reader.h"

/* Compiled once however often it is used. False after reporting. */
bool read_pattern(struct reader *reader, const struct node *node, bool ignore_case,
                  struct operand *operand);

#endif
