/*
 * csv_record.h - where a record of delimited text ends, in which a line end may be quoted.
 */
#ifndef FFREPLAY_CSV_RECORD_H
#define FFREPLAY_CSV_RECORD_H

#include <stddef.h>

#define CSV_NO_END SIZE_MAX

/*
 * Of the record at the beginning of the text: the place of its line end, or CSV_NO_END. A quote
 * opens only at the beginning of a field, so that one within a text swallows nothing; in a line
 * that begins with `comment`, unless that is 0, none does. Cost: from quote to quote.
 */
size_t csv_record_end(const char *text, size_t length, char delimiter, char comment);

#endif
