/* uri.c - see uri.h. */
#include "uri.h"

#include <stddef.h>
#include <string.h>

#include "compiler/base/buffer.h"

static int digit_of(char text)
{
    return text >= '0' && text <= '9'   ? text - '0'
           : text >= 'a' && text <= 'f' ? text - 'a' + 10
           : text >= 'A' && text <= 'F' ? text - 'A' + 10
                                        : -1;
}

char *uri_path(const char *uri)
{
    static const char scheme[] = "file://";
    static const char host[] = "localhost/";
    struct buffer path = {0};
    if (!uri || strncmp(uri, scheme, strlen(scheme)) != 0)
        return NULL;
    uri += strlen(scheme);
    if (strncmp(uri, host, strlen(host)) == 0)
        uri += strlen(host) - 1;
    if (*uri != '/')
        return NULL;
    for (; *uri && *uri != '?' && *uri != '#'; uri++) {
        int high = uri[0] == '%' ? digit_of(uri[1]) : -1;
        int low = high >= 0 ? digit_of(uri[2]) : -1;
        char byte = low >= 0 ? (char)(high * 16 + low) : *uri;
        if (byte == '\0') {
            buffer_release(&path);
            return NULL;
        }
        buffer_append(&path, &byte, 1);
        uri += low >= 0 ? 2 : 0;
    }
    return path.bytes;
}
