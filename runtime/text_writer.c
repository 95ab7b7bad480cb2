/* SPDX-License-Identifier: Apache-2.0 */
/* text_writer.c - writes numbers, and ends the text. */
#include <stdio.h>
#include <stdlib.h>

#include "text_writer.h"

void write_unsigned(struct text_writer *writer, uint64_t number)
{
    char digits[20], *digit = digits + sizeof digits;
    do
        *--digit = (char)('0' + number % 10);
    while (number /= 10);
    write_bytes(writer, digit, (size_t)(digits + sizeof digits - digit));
}

void write_integer(struct text_writer *writer, int64_t number)
{
    if (number < 0)
        write_text(writer, "-");
    write_unsigned(writer, number < 0 ? -(uint64_t)number : (uint64_t)number);
}

void write_number(struct text_writer *writer, double number)
{
    char text[32];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, number);
        if (strtod(text, NULL) == number)
            break;
    }
    /* The locale is the host's, and may use a comma. */
    for (char *at = text; *at; at++)
        if (*at == ',')
            *at = '.';
    write_text(writer, text);
}

size_t end_text(struct text_writer *writer)
{
    if (writer->size > 0)
        writer->buffer[writer->length < writer->size ? writer->length : writer->size - 1] = '\0';
    return writer->length;
}
