/* yaml_layout.c - see yaml_layout.h. */
#include "yaml_layout.h"

#include <string.h>

#include "compiler/diagnostics/diagnose.h"
#include "yaml_text.h"

static bool is_break(char byte)
{
    return byte == '\n' || byte == '\r';
}

static bool is_white(char byte)
{
    return byte == ' ' || byte == '\t' || is_break(byte);
}

static uint32_t line_end(const char *text, uint32_t at)
{
    return at + (uint32_t)strcspn(text + at, "\r\n");
}

/* Whether the line is indented deep enough. *at is moved to what is in it. */
static bool is_deep(const struct yaml_layout *layout, uint32_t *at)
{
    uint32_t spaces = (uint32_t)strspn(layout->source->text + *at, " ");
    *at += spaces;
    return spaces >= layout->indent;
}

/* From the first word to the end of the line. */
static struct span rest_of_line(const struct yaml_layout *layout, uint32_t at)
{
    return (struct span){layout->file, at, line_end(layout->source->text, at)};
}

static bool refuse_comment(const struct yaml_layout *layout, uint32_t at)
{
    diagnose(layout->diagnostics, FF0073, (struct span){layout->file, at, at + 1},
             "a '#' with no space before it");
    diagnose_help(layout->diagnostics,
                  "put a space before it, or quote the value that it belongs to");
    return false;
}

static bool refuse_line(const struct yaml_layout *layout, uint32_t at)
{
    const char *text = layout->source->text;
    uint32_t open = layout->bracket, start = at;
    char close = text[open] == '[' ? ']' : '}';
    while (start > 0 && !is_break(text[start - 1]))
        start--;
    /* What is not the bracket's end is most often what follows one that was never closed. */
    diagnose(layout->diagnostics, text[at] == close ? FF0031 : FF0037, rest_of_line(layout, at),
             "a line within '%c' is indented by %zu, expected %u or more", text[open],
             strspn(text + start, " "), layout->indent);
    diagnose_note(layout->diagnostics, (struct span){layout->file, open, open + 1},
                  "the '%c' stands here", text[open]);
    if (text[at] == close)
        diagnose_help(layout->diagnostics, "indent it deeper than what the '%c' belongs to",
                      text[open]);
    else
        diagnose_help(layout->diagnostics, "close the '%c' with '%c', or indent the line",
                      text[open], close);
    return false;
}

static bool refuse_text(const struct yaml_layout *layout, uint32_t begin, uint32_t at)
{
    bool single = layout->source->text[begin] == '\'';
    diagnose(layout->diagnostics, FF0028, rest_of_line(layout, begin),
             "this quote is still open in a line that is indented too little");
    diagnose_note(layout->diagnostics, rest_of_line(layout, at),
                  "lines of the text are indented by %u or more", layout->indent);
    diagnose_help(layout->diagnostics,
                  single ? "close it with ', and write '' for a quote in the text"
                         : "close it with \", and write \\\" for a quote in the text");
    return false;
}

bool yaml_layout_separator(struct yaml_layout *layout, uint32_t to)
{
    if (!layout->separators)
        return false;
    uint32_t at = yaml_text_separator(layout->source->text, layout->seen, to);
    if (at < to)
        yaml_text_refuse_separator(layout->source, layout->file, at, layout->diagnostics);
    return at < to;
}

/* An explicit key, or what libyaml takes for one within brackets: `[?x]`. */
static bool refuse_question(const struct yaml_layout *layout, uint32_t at)
{
    diagnose(layout->diagnostics, FF0066, (struct span){layout->file, at, at + 1},
             "a '?' before a key is not used in definitions");
    diagnose_help(layout->diagnostics, "remove it, or quote the value that it belongs to");
    return false;
}

bool yaml_layout_gap(struct yaml_layout *layout, uint32_t to)
{
    const char *text = layout->source->text;
    if (yaml_layout_separator(layout, to))
        return false;
    for (uint32_t at = layout->seen; at < to; at++) {
        if (text[at] == '#') {
            if (at > 0 && !is_white(text[at - 1]))
                return refuse_comment(layout, at);
            at = line_end(text, at) - 1;
        } else if (text[at] == '?') {
            return refuse_question(layout, at);
        } else if (is_break(text[at]) && layout->bracket != NO_BRACKET) {
            uint32_t word = at + 1;
            bool deep = is_deep(layout, &word);
            word += (uint32_t)strspn(text + word, "\t ");
            if (!deep && text[word] && text[word] != '#' && !is_break(text[word]))
                return refuse_line(layout, word);
        }
    }
    if (to > layout->seen)
        layout->seen = to;
    return true;
}

/* A plain scalar, or one in quotes. */
static bool has_deep_lines(const struct yaml_layout *layout, uint32_t begin, uint32_t end)
{
    const char *text = layout->source->text;
    const char *line = text + begin; /* only as far as the scalar: a line may have many */
    while (layout->indent && (line = memchr(line, '\n', (size_t)(text + end - line)))) {
        uint32_t word = (uint32_t)(++line - text);
        if (is_deep(layout, &word) || is_break(text[word]))
            continue;
        bool quoted = text[begin] == '"' || text[begin] == '\'';
        if (quoted || layout->bracket == NO_BRACKET)
            return refuse_text(layout, begin, word);
        return refuse_line(layout, word);
    }
    return true;
}

/* `[-]` is neither a list in a list nor a text. */
static bool is_lone_dash(const struct yaml_layout *layout, uint32_t begin, uint32_t end)
{
    if (layout->source->text[begin] != '-' || end - begin > 1 || layout->bracket == NO_BRACKET)
        return false;
    diagnose(layout->diagnostics, FF0066, (struct span){layout->file, begin, end},
             "a '-' by itself within brackets");
    diagnose_help(layout->diagnostics, "quote it");
    return true;
}

/* A '|' may stand on a line of its own. */
static bool begins_deep(const struct yaml_layout *layout, uint32_t begin)
{
    if (!layout->indent && layout->bracket == NO_BRACKET) {
        diagnose(layout->diagnostics, FF0034, rest_of_line(layout, begin),
                 "a text in the place of a file's sections");
        return false;
    }
    uint32_t start = begin;
    while (start > 0 && layout->source->text[start - 1] == ' ')
        start--;
    bool first = start == 0 || is_break(layout->source->text[start - 1]);
    if (!first || begin - start >= layout->indent)
        return true;
    diagnose(layout->diagnostics, FF0031, rest_of_line(layout, begin),
             "this text is indented no deeper than what it belongs to");
    diagnose_help(layout->diagnostics, "indent it by %u or more", layout->indent);
    return false;
}

/*
 * The first line with something in it says how deep a block is, and empty lines before it may not
 * be deeper: libyaml believes the deepest of them, and what stands less deep is then lost.
 */
static bool has_shallow_blanks(const struct yaml_layout *layout, uint32_t begin)
{
    const char *text = layout->source->text;
    uint32_t deepest = 0, place = 0, at = line_end(text, begin);
    if (strcspn(text + begin, "123456789#\r\n") < strcspn(text + begin, "#\r\n"))
        return true; /* it is said in the block's first line */
    while (text[at]) {
        at += text[at] == '\r' && text[at + 1] == '\n' ? 2 : 1;
        uint32_t spaces = (uint32_t)strspn(text + at, " ");
        if (text[at + spaces] && !is_break(text[at + spaces])) {
            if (spaces < layout->indent || spaces >= deepest)
                return true;
            diagnose(layout->diagnostics, FF0031,
                     (struct span){layout->file, place, place + deepest},
                     "an empty line with %u blanks, but the text after it is indented by %u",
                     deepest, spaces);
            diagnose_note(layout->diagnostics, rest_of_line(layout, at + spaces),
                          "the text begins here");
            diagnose_help(layout->diagnostics, "remove the blanks of the empty line");
            return false;
        }
        if (spaces > deepest)
            deepest = spaces, place = at;
        at += spaces;
    }
    return true;
}

bool yaml_layout_scalar(struct yaml_layout *layout, uint32_t begin, uint32_t end)
{
    const char *text = layout->source->text;
    char first = text[begin];
    bool quoted = first == '"' || first == '\'', block = first == '|' || first == '>';
    layout->seen = begin;
    /* libyaml knows where a block's lines end; a comment may follow its '|'. */
    bool sound = quoted || !yaml_layout_separator(layout, end);
    if (sound && block)
        sound = begins_deep(layout, begin) && yaml_layout_gap(layout, line_end(text, begin)) &&
                has_shallow_blanks(layout, begin);
    else if (sound)
        sound = !is_lone_dash(layout, begin, end) && has_deep_lines(layout, begin, end);
    layout->seen = end;
    return sound;
}
