/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text_writer.h - text into a buffer of the caller's, as snprintf() does it: what does not fit is
 * counted and left out.
 */
#ifndef FFLAG_RUNTIME_TEXT_WRITER_H
#define FFLAG_RUNTIME_TEXT_WRITER_H

#include "base.h"

struct text_writer {
    char *buffer;
    size_t size;
    size_t length; /* of the whole text */
};

static inline void write_bytes(struct text_writer *writer, const char *bytes, size_t length)
{
    if (writer->length < writer->size) {
        size_t room = writer->size - writer->length;
        memcpy(writer->buffer + writer->length, bytes, length < room ? length : room);
    }
    writer->length += length;
}

static inline void write_text(struct text_writer *writer, const char *text)
{
    write_bytes(writer, text, strlen(text));
}

void write_integer(struct text_writer *writer, int64_t number);
void write_unsigned(struct text_writer *writer, uint64_t number);
/* The shortest decimal that reads back as the same double; finite. */
void write_number(struct text_writer *writer, double number);

/* Closes it with a NUL, if there is any room at all, and returns the whole length. */
size_t end_text(struct text_writer *writer);

#endif
