/* idioms.c - see idioms.h. */
#include "idioms.h"

#include <stdio.h>
#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/base/match.h"
#include "compiler/base/words.h"

const struct idiom idioms[] = {
#define IDIOM(member, word_, scanned_, ending_, comment_, text_, method, type, variant, attribute) \
    [member].word = word_, [member].scanned = scanned_, [member].ending = ending_,                 \
    [member].comment = comment_, [member].text = text_,                                            \
    [member].cases = {[NAME_METHOD] = method,                                                      \
                      [NAME_TYPE] = type,                                                          \
                      [NAME_VARIANT] = variant,                                                    \
                      [NAME_ATTRIBUTE] = attribute},
#define KEYWORDS(member, words)    [member].keywords = words,
#define OWN(member, words)         [member].own = words,
#define INITIALISMS(member, words) [member].initialisms = words,
#include "idioms.def"
#undef IDIOM
#undef KEYWORDS
#undef OWN
#undef INITIALISMS
};

const char *const idiom_words[] = {
#define IDIOM(member, word, ...) [member] = word,
#define KEYWORDS(member, words)
#define OWN(member, words)
#define INITIALISMS(member, words)
#include "idioms.def"
#undef IDIOM
#undef KEYWORDS
#undef OWN
#undef INITIALISMS
    [IDIOM_COUNT] = NULL};

static const char *const kind_words[] = {[NAME_METHOD] = "flag",
                                         [NAME_TYPE] = "flag",
                                         [NAME_VARIANT] = "variant",
                                         [NAME_ATTRIBUTE] = "attribute"};

/* ------------------------------------------------------------------------------------- words -- */

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter_or_digit(char c)
{
    return is_lower(c) || is_upper(c) || is_digit(c);
}

/* Whether a capital at `at` begins a word: `newUI`, `HTTPServer`. */
static bool begins_word(const char *begin, const char *at)
{
    return at > begin && is_upper(*at) &&
           (is_lower(at[-1]) || is_digit(at[-1]) || (is_upper(at[-1]) && is_lower(at[1])));
}

struct spelling {
    const struct idiom *idiom;
    enum letter_case letters;
    struct buffer text;
};

static void add_word(struct spelling *spelling, const char *word, size_t length)
{
    char lower[256];
    struct buffer *text = &spelling->text;
    bool first = text->length == 0;
    if (length == 0 || length >= sizeof lower)
        return;
    for (size_t i = 0; i < length; i++)
        lower[i] = ascii_lower(word[i]);
    lower[length] = '\0';
    bool capitals = text_has_word(spelling->idiom->initialisms, lower, strlen(lower));
    switch (spelling->letters) {
    case CASE_KEPT:
        memcpy(lower, word, length);
        /* fall through */
    case CASE_SNAKE:
        buffer_append_text(text, first ? "" : "_");
        break;
    case CASE_UPPER:
        buffer_append_text(text, first ? "" : "_");
        for (size_t i = 0; i < length; i++)
            lower[i] = is_lower(lower[i]) ? (char)(lower[i] - 'a' + 'A') : lower[i];
        break;
    case CASE_CAMEL:
    case CASE_PASCAL:
        for (size_t i = 0; i < length && (i == 0 || capitals); i++)
            if (is_lower(lower[i]) && !(first && spelling->letters == CASE_CAMEL))
                lower[i] = (char)(lower[i] - 'a' + 'A');
        break;
    }
    buffer_append(text, lower, length);
}

static void add_words(struct spelling *spelling, const char *name)
{
    const char *end = name + strlen(name);
    bool splits = spelling->letters != CASE_KEPT;
    for (const char *at = name; at < end;) {
        const struct character character = character_at(at, end);
        if (!is_letter_or_digit(*at)) {
            char code[16];
            snprintf(code, sizeof code, "u%x", (unsigned)character.code);
            if ((unsigned char)*at >= 0x80)
                add_word(spelling, code, strlen(code));
            at += character.bytes;
            continue;
        }
        const char *begin = at++;
        while (at < end && is_letter_or_digit(*at) && !(splits && begins_word(begin, at)))
            at++;
        add_word(spelling, begin, (size_t)(at - begin));
    }
}

bool is_identifier(const char *text)
{
    bool fine = *text && !is_digit(*text);
    for (; *text; text++)
        fine &= is_letter_or_digit(*text) || *text == '_';
    return fine;
}

bool idiom_reserves(const struct idiom *idiom, const char *identifier)
{
    return text_has_word(idiom->keywords, identifier, strlen(identifier)) ||
           text_has_word(idiom->own, identifier, strlen(identifier));
}

const char *idiom_identifier(const struct idiom *idiom, enum name_kind kind, const char *name,
                             const char *suffix, struct arena *arena)
{
    struct spelling spelling = {.idiom = idiom, .letters = idiom->cases[kind]};
    add_words(&spelling, name);
    bool prefixed = spelling.letters == CASE_KEPT; /* what stands before it is no digit */
    bool sound = spelling.text.length > 0 && (prefixed || !is_digit(spelling.text.bytes[0]));
    if (!sound) {
        spelling.text.length = 0;
        add_words(&spelling, kind_words[kind]);
        add_words(&spelling, name);
    }
    if (suffix)
        add_words(&spelling, suffix);
    char *made = arena_copy(arena, spelling.text.bytes, spelling.text.length);
    buffer_release(&spelling.text);
    return idiom_reserves(idiom, made) ? arena_format(arena, "%s_", made) : made;
}

bool idiom_is_for(const struct idiom *idiom, const char *language)
{
    return text_has_word(idiom->scanned, language, strlen(language));
}

const struct idiom *idiom_of_generated(const char *code)
{
    const char *end = code + strcspn(code, "\n");
    const char *found = strstr(code, GENERATED_BY), *last = strstr(code, GENERATED_END);
    if (!found || !last || found > end || last > end)
        return NULL;
    const char *word = found + strlen(GENERATED_BY);
    size_t length = strcspn(word, "` ");
    for (size_t i = 0; i < IDIOM_COUNT; i++)
        if (strlen(idioms[i].word) == length && memcmp(idioms[i].word, word, length) == 0)
            return &idioms[i];
    return NULL;
}
