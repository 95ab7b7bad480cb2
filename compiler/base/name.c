/* name.c - see name.h. */
#include "name.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "escape.h"

const char *const name_rule_help[] = {
    [NAME_WORD] = "names are made of a-z, 0-9, '_', '.' and '-', and begin with a letter or digit",
    [NAME_FREE] =
        "names have no ' \" ` \\ * ? [ ] = , or '..', no '-' or '@' in front, no blanks at "
        "their ends",
};

static bool is_word(const char *name, size_t length)
{
    static const char letters[] = "_.-abcdefghijklmnopqrstuvwxyz0123456789";
    if (length > LONGEST_NAME || memchr("_.-", *name, 3))
        return false;
    for (size_t i = 0; i < length; i++)
        if (!memchr(letters, name[i], sizeof letters - 1))
            return false;
    return true;
}

static bool is_blank(uint32_t code)
{
    return code == ' ' || code == 0xA0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200A) ||
           code == 0x202F || code == 0x205F || code == 0x3000;
}

/* Ascending: what takes no ink, beyond what escape.c never prints. */
static bool is_invisible(uint32_t code)
{
    static const struct {
        uint32_t first, last;
    } blocks[] = {{0x00AD, 0x00AD}, {0x034F, 0x034F},   {0x115F, 0x1160},   {0x17B4, 0x17B5},
                  {0x180B, 0x180F}, {0x200B, 0x200D},   {0x2060, 0x206F},   {0x2800, 0x2800},
                  {0x3164, 0x3164}, {0xFDD0, 0xFDEF},   {0xFE00, 0xFE0D},   {0xFFA0, 0xFFA0},
                  {0xFFF0, 0xFFFC}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF}};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks && code >= blocks[i].first; i++)
        if (code <= blocks[i].last)
            return true;
    return (code & 0xFFFE) == 0xFFFE; /* of each plane, no characters */
}

static void say(char why[NAME_WHY], const char *text)
{
    snprintf(why, NAME_WHY, "%s", text);
}

static bool is_allowed(const struct character *character, const char *at, char why[NAME_WHY])
{
    if (*at && strchr("'\"`\\*?[]=,", *at))
        snprintf(why, NAME_WHY, *at == '\'' ? "it has \"%c\"" : "it has '%c'", *at);
    else if (character->code == UINT32_MAX)
        say(why, "it is not UTF-8");
    else if (character->code == 0xFFFD)
        say(why, "U+FFFD is a lost character");
    else if (character_is_unsafe(character) || is_invisible(character->code))
        snprintf(why, NAME_WHY, "U+%04X is not printable", (unsigned)character->code);
    else
        return true;
    return false;
}

static bool begins_well(const struct character *first, const char *name, char why[NAME_WHY])
{
    if (*name == '-' || *name == '@')
        snprintf(why, NAME_WHY, "it begins with '%c'", *name);
    else if (is_blank(first->code))
        say(why, "it begins with a blank");
    else if (first->width == 0)
        say(why, "it begins with a mark");
    else
        return true;
    return false;
}

static bool is_free(const char *name, size_t length, char why[NAME_WHY])
{
    struct character character = {0};
    const char *end = name + length;
    if (length > LONGEST_NAME)
        return false;
    for (const char *at = name; at < end; at += character.bytes) {
        character = character_at(at, end);
        if (!is_allowed(&character, at, why) || (at == name && !begins_well(&character, at, why)))
            return false;
        if (end - at >= 2 && memcmp(at, "..", 2) == 0) {
            say(why, "it has '..'");
            return false;
        }
    }
    if (is_blank(character.code))
        say(why, "it ends with a blank");
    return !is_blank(character.code);
}

bool name_is_sound(enum name_rule rule, const char *name, size_t length, char why[NAME_WHY])
{
    *why = '\0';
    if (length == 0)
        return false;
    return rule == NAME_WORD ? is_word(name, length) : is_free(name, length, why);
}

bool text_is_blank(const char *text)
{
    const char *end = text + strlen(text);
    while (text < end) {
        struct character character = character_at(text, end);
        if (!is_blank(character.code) && !is_invisible(character.code) &&
            (character.code >= ' ' || !memchr("\t\n\r", *text, 3)))
            return false;
        text += character.bytes;
    }
    return true;
}
