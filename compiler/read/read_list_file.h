/* read_list_file.h - files of values. */
#ifndef FFC_READ_LIST_FILE_H
#define FFC_READ_LIST_FILE_H

#include "reader.h"

/* NULL after reporting. */
struct list_file *read_list_file(struct reader *reader, const struct node *path);

#endif
