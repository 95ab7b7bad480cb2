/* misfit.c - see misfit.h. */
#include "misfit.h"

#include <stdbool.h>
#include <string.h>

#define WAY(unpacker) "unpack it: " unpacker " | ffreplay … -"
#define UTF16(encoding)                                                        \
    {                                                                          \
        "it is UTF-16, and logs are UTF-8",                                    \
            "convert it: iconv -f " encoding " -t UTF-8 FILE | ffreplay … -" \
    }

/* ------------------------------------------------------------------------------- first bytes -- */

static const struct signature {
    const char *bytes;
    size_t length, offset;
    struct misfit misfit;
} signatures[] = {
    {"\xfd\x37\x7a\x58\x5a\x00", 6, 0, {"it is compressed with xz", WAY("xz -dc FILE")}},
    {"BZh", 3, 0, {"it is compressed with bzip2", WAY("bzip2 -dc FILE")}},
    {"\x04\x22\x4d\x18", 4, 0, {"it is compressed with lz4", WAY("lz4 -dc FILE")}},
    {"PK\x03\x04", 4, 0, {"it is a zip archive", WAY("unzip -p FILE")}},
    {"7z\xbc\xaf\x27\x1c", 6, 0, {"it is a 7z archive", WAY("7z x -so FILE")}},
    {"ustar", 5, 257, {"it is a tar archive", WAY("tar -xOf FILE")}},
    {"\xff\xfe", 2, 0, UTF16("UTF-16")},
    {"\xfe\xff", 2, 0, UTF16("UTF-16")},
};

static bool has_signature(const struct signature *signature, const unsigned char *head,
                          size_t length)
{
    return length >= signature->offset + signature->length &&
           memcmp(head + signature->offset, signature->bytes, signature->length) == 0;
}

static bool is_ascii(unsigned char byte)
{
    return byte != 0 && byte < 0x80;
}

/* Without a byte order mark: each other byte of the first characters is zero. */
static const struct misfit *misfit_of_pairs(const unsigned char *head, size_t length)
{
    static const struct misfit little = UTF16("UTF-16LE"), big = UTF16("UTF-16BE");
    if (length < 4)
        return NULL;
    if (is_ascii(head[0]) && !head[1] && is_ascii(head[2]) && !head[3])
        return &little;
    return !head[0] && is_ascii(head[1]) && !head[2] && is_ascii(head[3]) ? &big : NULL;
}

const struct misfit *misfit_of_file(const unsigned char *head, size_t length)
{
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++)
        if (has_signature(&signatures[i], head, length))
            return &signatures[i].misfit;
    return misfit_of_pairs(head, length);
}

/* -------------------------------------------------------------------------------- first line -- */

#define EXPORT "__CURSOR=" /* how each of its entries begins */

/* A return that is not part of a line end: other text follows it. */
static bool has_return_within(const char *line, size_t length)
{
    const char *end = line + length;
    for (const char *at = line; at < end && (at = memchr(at, '\r', (size_t)(end - at))); at++)
        if (at + 1 < end && at[1] != '\r')
            return true;
    return false;
}

const struct misfit *misfit_of_line(const char *line, size_t length, const char *next)
{
    static const struct misfit returns = {"its lines end in CR alone, and those of logs in LF",
                                          "convert it: tr '\\r' '\\n' <FILE | ffreplay … -"};
    static const struct misfit array = {"it is one JSON array, and not an object on each line",
                                        "take it apart: jq -c '.[]' FILE | ffreplay … -"};
    static const struct misfit spread = {"its JSON is spread over lines, and not an object on each",
                                         "put each on a line: jq -c . FILE | ffreplay … -"};
    static const struct misfit export = {
        "it is in the journal's export form, which has a line for each field",
        "print it as JSON: journalctl -o json … | ffreplay … -"};
    if (length > sizeof EXPORT && memcmp(line, EXPORT, sizeof EXPORT - 1) == 0)
        return &export;
    while (length > 0 && strchr(" \t\r", line[length - 1]))
        length--;
    while (length > 0 && (*line == ' ' || *line == '\t')) {
        line++;
        length--;
    }
    if (!next && has_return_within(line, length))
        return &returns;
    if (length == 0 || (*line != '[' && *line != '{'))
        return NULL;
    char last = line[length - 1];
    if (*line == '{')
        return length == 1 && next && strchr(" \t\"", *next) ? &spread : NULL;
    bool opens = length == 1 || line[1] == '{' || line[1] == ' ';
    return opens && strchr("[],{", last) ? &array : NULL;
}
