/* buffer.h - bytes that grow at their end. */
#ifndef FFC_BUFFER_H
#define FFC_BUFFER_H

#include <stddef.h>
#include <stdint.h>

struct buffer {
    char *bytes;
    size_t length;
    size_t capacity;
};

/* A buffer's content ends in a NUL that its length does not count. */
void buffer_append(struct buffer *buffer, const void *bytes, size_t length);
void buffer_append_text(struct buffer *buffer, const char *text);
void buffer_append_utf8(struct buffer *buffer, uint32_t code); /* of Unicode, up to 0x10FFFF */
void buffer_format(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void buffer_pad(struct buffer *buffer, size_t alignment); /* with zero bytes */
void buffer_release(struct buffer *buffer);

#endif
