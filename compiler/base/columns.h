/* columns.h - how wide the terminal is. */
#ifndef FFC_COLUMNS_H
#define FFC_COLUMNS_H

#include <stddef.h>
#include <stdio.h>

/* 0: it is none, or does not say. */
size_t terminal_columns(FILE *stream);

#endif
