/* gen_template.c - puts names and values into the templates of gen/; see gen.h. */
#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "fflag.h"
#include "compiler/base/calendar.h"
#include "compiler/base/escape.h"
#include "gen.h"

#define MOST_NAMED_VARIANTS 12 /* in a comment */
#define MOST_WORDS          64 /* %word of a template */

/* The files of gen/, converted to strings by the Makefile. */
static const char *const texts[] = {[IDIOM_C] =
#include "gen/c.inc"
                                        ,
                                    [IDIOM_CPP] =
#include "gen/cpp.inc"
                                        ,
                                    [IDIOM_GO] =
#include "gen/go.inc"
                                        ,
                                    [IDIOM_JAVA] =
#include "gen/java.inc"
                                        ,
                                    [IDIOM_PYTHON] =
#include "gen/python.inc"
                                        ,
                                    [IDIOM_RUST] =
#include "gen/rust.inc"
                                        , [IDIOM_TYPESCRIPT] =
#include "gen/typescript.inc"
};
static const char native_text[] =
#include "gen/jni.inc"
    ;
static const char flat_text[] =
#include "gen/flat.inc"
    ;

struct line {
    const char *text;
    size_t length;
};

struct definition {
    const char *name, *condition, *text;
};

struct template
{
    struct generation *generation;
    struct line *lines;
    uint32_t count;
    struct definition words[MOST_WORDS];
    uint32_t word_count;
    bool any_expired;
};

#define NOTHING UINT32_MAX
/* What is being written; NOTHING where it is none. */
struct scope {
    uint32_t flag, variant, attribute;
    uint32_t place; /* of the flag or attribute, among those that are written */
    bool last;      /* of the loop */
};

static const struct flag *flag_in(const struct template *template, const struct scope *scope)
{
    return template->generation->project->flags[scope->flag];
}

static const struct attribute *attribute_in(const struct template *template,
                                            const struct scope *scope)
{
    return template->generation->project->attributes[scope->attribute];
}

/* ------------------------------------------------------------------------------------- facts -- */

static const char *const attribute_kinds[] = {[FFLAG_ATTRIBUTE_STRING] = "string",
                                              [FFLAG_ATTRIBUTE_NUMBER] = "number",
                                              [FFLAG_ATTRIBUTE_BOOLEAN] = "boolean",
                                              [FFLAG_ATTRIBUTE_VERSION] = "version",
                                              [FFLAG_ATTRIBUTE_TIME] = "time",
                                              [FFLAG_ATTRIBUTE_STRINGS] = "strings",
                                              [FFLAG_ATTRIBUTE_IP] = "ip"};

/* `scheme: loose` is set as a text. */
static const char *kind_of(const struct attribute *attribute)
{
    bool loose = attribute->type == FFLAG_ATTRIBUTE_VERSION && attribute->scheme == SCHEME_LOOSE;
    return attribute_kinds[loose ? FFLAG_ATTRIBUTE_STRING : attribute->type];
}

static bool is_expired(const struct generation *generation, const struct flag *flag)
{
    return flag->expires != INT64_MIN && flag->expires <= generation->now;
}

static bool has_fallback(const struct generation *generation, const struct flag *flag)
{
    struct buffer text = {0};
    bool has = put_fallback(generation, flag, &text);
    buffer_release(&text);
    return has;
}

static bool is_word(const struct line *word, const char *text)
{
    return word->length == strlen(text) && memcmp(word->text, text, word->length) == 0;
}

static bool flag_is(const struct template *template, const struct flag *flag,
                    const struct line *fact)
{
    const struct generation *generation = template->generation;
    return is_word(fact, flag_type_words[flag->type]) ||
           (is_word(fact, "variants") && has_variants(flag)) ||
           (is_word(fact, "expired") && is_expired(generation, flag)) ||
           (is_word(fact, "big") && has_big_values(generation, flag)) ||
           (is_word(fact, "fallback") && has_fallback(generation, flag));
}

static bool is_fact(const struct template *template, const struct scope *scope,
                    const struct line *fact)
{
    if (is_word(fact, "any"))
        return true;
    if (is_word(fact, "package"))
        return template->generation->package != NULL;
    if (is_word(fact, "any-expired"))
        return template->any_expired;
    if (scope->attribute != NOTHING) {
        const struct attribute *attribute = attribute_in(template, scope);
        return is_word(fact, kind_of(attribute)) ||
               (is_word(fact, "choices") && attribute->choices.count > 0);
    }
    return scope->flag != NOTHING && flag_is(template, flag_in(template, scope), fact);
}

static bool holds(const struct template *template, const struct scope *scope, const char *condition)
{
    bool all = true;
    for (const char *at = condition;; at++) {
        bool negated = *at == '!';
        at += negated;
        const struct line fact = {at, strcspn(at, "|+ \n")};
        all = all && is_fact(template, scope, &fact) != negated;
        at += fact.length;
        if (*at == '+')
            continue;
        if (all || *at != '|')
            return all;
        all = true;
    }
}

/* ---------------------------------------------------------------------------------- comments -- */

static void put_date(struct buffer *out, int64_t time)
{
    char text[32];
    format_time(time, text, sizeof text);
    buffer_append(out, text, strcspn(text, "T"));
}

/* Ends a sentence that somebody may have ended. */
static void put_stop(struct buffer *out)
{
    while (out->length && out->bytes[out->length - 1] == ' ')
        out->length--;
    if (out->length && !strchr(".!?", out->bytes[out->length - 1]))
        buffer_append_text(out, ".");
}

static void describe_variants(const struct template *template, const struct flag *flag,
                              struct buffer *text)
{
    const struct targeting *targeting = &flag->environments[0];
    buffer_append_text(text, " Variants: ");
    for (uint32_t i = 0; i < targeting->variant_count && i < MOST_NAMED_VARIANTS; i++) {
        buffer_append_text(text, i ? ", " : "");
        put_words(template->generation->idiom, text, targeting->variants[i].name.text);
    }
    if (targeting->variant_count > MOST_NAMED_VARIANTS)
        buffer_format(text, " and %u more",
                      (unsigned)(targeting->variant_count - MOST_NAMED_VARIANTS));
    buffer_append_text(text, ".");
}

static void deprecate(const struct template *template, const struct flag *flag, struct buffer *text)
{
    enum comment_form form = template->generation->idiom->comment;
    if (form != COMMENT_SLASHES && form != COMMENT_JAVADOC)
        return; /* the rest say so in code */
    buffer_append_text(text, form == COMMENT_SLASHES ? "\n\nDeprecated: it expired on "
                                                     : "\n\n@deprecated it expired on ");
    put_date(text, flag->expires);
    buffer_append_text(text, form == COMMENT_SLASHES ? "." : "");
}

static void describe_flag(const struct template *template, const struct scope *scope,
                          struct buffer *text)
{
    const struct generation *generation = template->generation;
    const struct flag *flag = flag_in(template, scope);
    const struct idiom *idiom = generation->idiom;
    bool variants = has_variants(flag), fallback = has_fallback(generation, flag);
    if (idiom == &idioms[IDIOM_GO])
        terminal_format(text, "%s asks for ", generation->methods[scope->flag]);
    put_words(idiom, text, flag->name.text);
    if (flag->description) {
        buffer_append_text(text, ": ");
        put_words(idiom, text, flag->description);
    }
    put_stop(text);
    buffer_append_text(
        text, flag->owner || variants || flag->expires != INT64_MIN || !fallback ? "\n\n" : "");
    if (flag->owner) {
        buffer_append_text(text, "Owner: ");
        put_words(idiom, text, flag->owner);
        put_stop(text);
    }
    if (variants)
        describe_variants(template, flag, text);
    if (flag->expires != INT64_MIN) {
        buffer_append_text(text, " Expires: ");
        put_date(text, flag->expires);
        buffer_append_text(text, ".");
    }
    if (!fallback)
        buffer_append_text(text, " Its default differs by environment: `fallback` is what counts "
                                 "without a value.");
    if (is_expired(generation, flag))
        deprecate(template, flag, text);
}

static void describe_attribute(const struct template *template, const struct scope *scope,
                               struct buffer *text)
{
    const struct generation *generation = template->generation;
    const struct attribute *attribute = attribute_in(template, scope);
    if (generation->idiom == &idioms[IDIOM_GO])
        terminal_format(text, "%s sets ", generation->attributes[scope->attribute]);
    put_words(generation->idiom, text, attribute->name.text);
    if (attribute->description) {
        buffer_append_text(text, ": ");
        put_words(generation->idiom, text, attribute->description);
    }
    put_stop(text);
}

static void describe_file(const struct template *template, struct buffer *text)
{
    const struct generation *generation = template->generation;
    if (generation->idiom == &idioms[IDIOM_GO])
        terminal_format(text, "Package %s has the flags of ", generation->package);
    else
        buffer_append_text(text, "The flags of ");
    put_words(generation->idiom, text, generation->project->name);
    buffer_append_text(text, ": the definitions are edited, not this file.");
    if (generation->idiom == &idioms[IDIOM_C])
        buffer_append_text(text, " Texts that it returns live as long as the view.");
}

static void put_doc(const struct template *template, const struct scope *scope, size_t column,
                    bool inner)
{
    struct buffer text = {0}, tidy = {0};
    if (scope->attribute != NOTHING)
        describe_attribute(template, scope, &text);
    else if (scope->flag != NOTHING)
        describe_flag(template, scope, &text);
    else
        describe_file(template, &text);
    for (const char *at = text.bytes; *at;
         at++) /* no paragraph begins with the blank between two */
        if (*at != ' ' || at == text.bytes || at[-1] != '\n')
            buffer_append(&tidy, at, 1);
    bool of_file = scope->flag == NOTHING && scope->attribute == NOTHING;
    put_comment(template->generation->idiom, &template->generation->out, column, inner || of_file,
                tidy.bytes);
    buffer_release(&text);
    buffer_release(&tidy);
}

/* ------------------------------------------------------------------------------------- words -- */

static void put_choices(const struct template *template, const struct attribute *attribute)
{
    const struct generation *generation = template->generation;
    struct buffer *out = &template->generation->out;
    bool python = generation->idiom == &idioms[IDIOM_PYTHON];
    for (uint32_t i = 0; i < attribute->choices.count; i++) {
        buffer_append_text(out, i == 0 ? "" : python ? ", " : " | ");
        put_text(generation->idiom, out, attribute->choices.items[i].text);
    }
}

/* As JNI spells a class within the name of a function. */
static void put_jni(const struct generation *generation, struct buffer *out)
{
    const char *parts[] = {generation->package, generation->class};
    for (size_t i = generation->package ? 0 : 1; i < 2; i++) {
        for (const char *at = parts[i]; *at; at++)
            if (*at == '.')
                buffer_append_text(out, "_");
            else if (*at == '_')
                buffer_append_text(out, "_1");
            else
                buffer_append(out, at, 1);
        buffer_append_text(out, i == 0 ? "_" : "");
    }
}

static void put_mark(const struct generation *generation, struct buffer *out)
{
    buffer_append_text(out, GENERATED_BY);
    buffer_append_text(out, generation->idiom->word);
    buffer_append_text(out, generation->native ? " --native" : "");
    for (size_t i = 0; i < generation->renames.count; i++) {
        buffer_append_text(out, " --name '");
        put_words(generation->idiom, out, generation->renames.items[i]);
        buffer_append_text(out, "'");
    }
    buffer_append_text(out, GENERATED_END);
}

/* libflags_jni.so */
static void put_library(const struct generation *generation, struct buffer *out)
{
    for (const char *at = generation->class; *at; at++)
        buffer_format(out, "%c", tolower((unsigned char)*at));
    buffer_append_text(out, "_jni");
}

static uint32_t flag_count(const struct generation *generation)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < generation->project->flag_count; i++)
        count += generation->selected[i];
    return count;
}

static uint32_t attribute_count(const struct generation *generation)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < generation->project->attribute_count; i++)
        count += is_declared(generation->project->attributes[i]);
    return count;
}

static bool put_constant(const struct template *template, const struct line *word)
{
    const struct generation *generation = template->generation;
    struct buffer *out = &template->generation->out;
    uint32_t flags = flag_count(generation), attributes = attribute_count(generation);
    const struct {
        const char *name;
        size_t value;
    } numbers[] = {{"flags", flags},
                   {"attributes", attributes},
                   {"flag-room", flags ? flags : 1u},
                   {"attribute-room", attributes ? attributes : 1u},
                   {"context-words", sizeof(struct fflag_context) / 8},
                   {"context-bytes", sizeof(struct fflag_context)},
                   {"result-bytes", sizeof(struct fflag_result)},
                   {"variant-at", offsetof(struct fflag_result, variant)}};
    const struct {
        const char *name, *value;
    } names[] = {{"prefix", generation->prefix},
                 {"package", generation->package},
                 {"namespace", generation->namespace},
                 {"class", generation->class}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (is_word(word, numbers[i].name)) {
            buffer_format(out, "%zu", numbers[i].value);
            return true;
        }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (is_word(word, names[i].name)) {
            buffer_append_text(out, names[i].value);
            return true;
        }
    if (is_word(word, "mark"))
        put_mark(generation, out);
    else if (is_word(word, "soname"))
        buffer_format(out, "libfflag.so.%d", FFLAG_VERSION_MAJOR);
    else if (is_word(word, "jni"))
        put_jni(generation, out);
    else if (is_word(word, "library"))
        put_library(generation, out);
    else
        return false;
    return true;
}

static bool put_flag_word(const struct template *template, const struct scope *scope,
                          const struct line *word)
{
    const struct generation *generation = template->generation;
    const struct flag *flag = flag_in(template, scope);
    const struct idiom *idiom = generation->idiom;
    struct buffer *out = &template->generation->out;
    if (is_word(word, "method"))
        buffer_append_text(out, generation->methods[scope->flag]);
    else if (is_word(word, "variant-method"))
        buffer_append_text(out, generation->variant_methods[scope->flag]);
    else if (is_word(word, "type-name"))
        buffer_append_text(out, generation->types[scope->flag]);
    else if (is_word(word, "flag"))
        put_text(idiom, out, flag->name.text);
    else if (is_word(word, "flag-words"))
        put_words(idiom, out, flag->name.text);
    else if (is_word(word, "fallback"))
        put_fallback(generation, flag, out);
    else if (is_word(word, "expires"))
        put_date(out, flag->expires);
    else if (is_word(word, "index"))
        buffer_format(out, "%u", (unsigned)scope->place);
    else if (is_word(word, "member"))
        buffer_append_text(out, generation->variants[scope->flag][scope->variant]);
    else if (is_word(word, "variant"))
        put_text(idiom, out, flag->environments[0].variants[scope->variant].name.text);
    else
        return false;
    return true;
}

static bool put_attribute_word(const struct template *template, const struct scope *scope,
                               const struct line *word)
{
    const struct generation *generation = template->generation;
    const struct attribute *attribute = attribute_in(template, scope);
    const struct idiom *idiom = generation->idiom;
    struct buffer *out = &template->generation->out;
    if (is_word(word, "name"))
        buffer_append_text(out, generation->attributes[scope->attribute]);
    else if (is_word(word, "attribute"))
        put_text(idiom, out, attribute->name.text);
    else if (is_word(word, "about"))
        put_words(idiom, out,
                  attribute->description ? attribute->description : attribute->name.text);
    else if (is_word(word, "kind"))
        buffer_append_text(out, kind_of(attribute));
    else if (is_word(word, "choices"))
        put_choices(template, attribute);
    else if (is_word(word, "index"))
        buffer_format(out, "%u", (unsigned)scope->place);
    else
        return false;
    return true;
}

static void put_line(const struct template *template, const struct scope *scope, const char *at,
                     size_t length);

static bool put_word(const struct template *template, const struct scope *scope,
                     const struct line *word)
{
    for (uint32_t i = 0; i < template->word_count; i++) {
        const struct definition *defined = &template->words[i];
        if (is_word(word, defined->name) && holds(template, scope, defined->condition)) {
            put_line(template, scope, defined->text, strlen(defined->text));
            return true;
        }
    }
    if (is_word(word, ",")) {
        buffer_append_text(&template->generation->out, scope->last ? "" : ",");
        return true;
    }
    return (scope->attribute != NOTHING && put_attribute_word(template, scope, word)) ||
           (scope->flag != NOTHING && put_flag_word(template, scope, word)) ||
           put_constant(template, word);
}

/* Up to the second @ of a word; 0: the first one stands for itself. */
static size_t word_length(const char *at, const char *end)
{
    const char *stop = at + 1;
    while (stop < end && (islower((unsigned char)*stop) || *stop == '-' || *stop == ','))
        stop++;
    return stop < end && *stop == '@' && stop > at + 1 ? (size_t)(stop - at - 1) : 0;
}

static void put_line(const struct template *template, const struct scope *scope, const char *at,
                     size_t length)
{
    const char *end = at + length;
    while (at < end) {
        size_t word = *at == '@' ? word_length(at, end) : 0;
        const struct line name = {at + 1, word};
        if (word && put_word(template, scope, &name)) {
            at += word + 2;
            continue;
        }
        buffer_append(&template->generation->out, at, 1);
        at++;
    }
}

/* ------------------------------------------------------------------------------------- lines -- */

static bool begins(const struct line *line, const char *text)
{
    size_t length = strlen(text);
    return line->length >= length && memcmp(line->text, text, length) == 0;
}

/* The line that ends what begins at `from`: its %end or, where it has one, its %else. */
static uint32_t find_end(const struct template *template, uint32_t from, bool may_be_else)
{
    uint32_t depth = 0, i = from;
    for (; i < template->count; i++) {
        const struct line *line = &template->lines[i];
        if (depth == 0 && (begins(line, "%end") || (may_be_else && begins(line, "%else"))))
            break;
        depth += begins(line, "%for") || begins(line, "%if");
        depth -= begins(line, "%end");
    }
    return i;
}

static void put_lines(const struct template *template, uint32_t from, uint32_t to,
                      const struct scope *scope);

static void put_loop(const struct template *template, const struct line *what, uint32_t from,
                     uint32_t to, const struct scope *scope)
{
    const struct generation *generation = template->generation;
    const struct project *project = generation->project;
    struct scope inner = *scope;
    if (begins(what, "%for flags")) {
        uint32_t count = flag_count(generation);
        inner.place = 0;
        for (inner.flag = 0; inner.flag < project->flag_count; inner.flag++)
            if (generation->selected[inner.flag]) {
                inner.last = inner.place + 1 == count;
                put_lines(template, from, to, &inner);
                inner.place++;
            }
    } else if (begins(what, "%for attributes")) {
        uint32_t count = attribute_count(generation);
        inner.place = 0;
        for (inner.attribute = 0; inner.attribute < project->attribute_count; inner.attribute++)
            if (is_declared(project->attributes[inner.attribute])) {
                inner.last = inner.place + 1 == count;
                put_lines(template, from, to, &inner);
                inner.place++;
            }
    } else if (has_variants(flag_in(template, scope))) {
        uint32_t count = flag_in(template, scope)->environments[0].variant_count;
        for (inner.variant = 0; inner.variant < count; inner.variant++) {
            inner.last = inner.variant + 1 == count;
            put_lines(template, from, to, &inner);
        }
    }
}

static void put_lines(const struct template *template, uint32_t from, uint32_t to,
                      const struct scope *scope)
{
    struct buffer *out = &template->generation->out;
    for (uint32_t i = from; i < to; i++) {
        const struct line *line = &template->lines[i];
        size_t column = 0;
        while (column < line->length && line->text[column] == ' ')
            column++;
        const struct line rest = {line->text + column, line->length - column};
        if (begins(line, "%word"))
            continue;
        if (begins(line, "%for")) {
            uint32_t end = find_end(template, i + 1, false);
            put_loop(template, line, i + 1, end, scope);
            i = end;
        } else if (begins(line, "%if")) {
            uint32_t end = find_end(template, i + 1, false);
            uint32_t middle = find_end(template, i + 1, true);
            if (holds(template, scope, line->text + strlen("%if ")))
                put_lines(template, i + 1, middle, scope);
            else if (middle < end)
                put_lines(template, middle + 1, end, scope);
            i = end;
        } else if (is_word(&rest, "@doc@") || is_word(&rest, "@inner-doc@")) {
            put_doc(template, scope, column, is_word(&rest, "@inner-doc@"));
        } else {
            put_line(template, scope, line->text, line->length);
            buffer_append_text(out, "\n");
        }
    }
}

/* ---------------------------------------------------------------------------------- template -- */

/* "%word NAME CONDITION TEXT" */
static void define(struct template *template, const struct line *line)
{
    struct arena *arena = &template->generation->arena;
    struct definition *word = &template->words[template->word_count];
    const char *parts[2], *at = line->text + strlen("%word "), *end = line->text + line->length;
    for (size_t i = 0; i < 2; i++) {
        size_t length = strcspn(at, " \n");
        parts[i] = arena_copy(arena, at, length);
        at += length + (at + length < end);
    }
    if (template->word_count == MOST_WORDS)
        abort(); /* no template has as many */
    *word = (struct definition){parts[0], parts[1], arena_copy(arena, at, (size_t)(end - at))};
    template->word_count++;
}

static void add_lines(struct template *template, const char *text)
{
    while (*text) {
        const struct line line = {text, strcspn(text, "\n")};
        if (begins(&line, "%include")) {
            add_lines(template, flat_text); /* the only one */
        } else {
            if (begins(&line, "%word"))
                define(template, &line);
            *ARENA_APPEND(&template->generation->arena, template->lines, template->count) = line;
        }
        text += line.length + 1;
    }
}

void put_templates(struct generation *generation)
{
    struct template template = {.generation = generation};
    const struct scope scope = {NOTHING, NOTHING, NOTHING, 0, false};
    const struct project *project = generation->project;
    for (uint32_t i = 0; i < project->flag_count; i++)
        template.any_expired |=
            generation->selected[i] && is_expired(generation, project->flags[i]);
    add_lines(&template, generation->native ? native_text : texts[generation->idiom - idioms]);
    put_lines(&template, 0, template.count, &scope);
}
