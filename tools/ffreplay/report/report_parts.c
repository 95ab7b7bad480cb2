/* report_parts.c - sentences, the definitions in force, and how a page is made again. */
#include "report_parts.h"

#include <stdio.h>
#include <inttypes.h>
#include <ctype.h>
#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/files/edit.h"
#include "compiler/model/model.h"
#include "fflag.h"
#include "tools/ffreplay/logs/input_digest.h"
#include "tools/ffreplay/replay/replay.h"

const char *report_sentence(struct arena *arena, const char *text)
{
    size_t length = strlen(text);
    bool ends = length > 0 && strchr(".!?…", text[length - 1]);
    char *sentence = arena_format(arena, "%s%s", text, ends ? "" : ".");
    /* A name stays as it is written; of our own words, these begin sentences. */
    static const char *const words[] = {"the ", "it ", "there ", "nothing ", "too ", "no ", "all "};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strncmp(sentence, words[i], strlen(words[i])) == 0)
            sentence[0] = (char)toupper((unsigned char)sentence[0]);
    return sentence;
}

void report_html_list(const struct html *html, const char *heading, const char *class,
                      struct report_sentences sentences)
{
    if (sentences.count == 0)
        return;
    html_format(html, "<h3>%s</h3>\n<ul class=\"%s\">\n", heading, class);
    for (uint32_t i = 0; i < sentences.count; i++)
        html_format(html, "<li>%s</li>\n", report_sentence(html->arena, sentences.items[i]));
    html_format(html, "</ul>\n");
}

/* ------------------------------------------------------------------------------- definitions -- */

struct definition_lines {
    uint32_t file, begin, end;
};

static uint32_t line_begin(const struct source *source, uint32_t at)
{
    while (at > 0 && source->text[at - 1] != '\n')
        at--;
    return at;
}

static uint32_t line_end(const struct source *source, uint32_t at)
{
    while (at < source->length && source->text[at] != '\n')
        at++;
    return at < source->length ? at + 1 : at;
}

/* Columns before its first word; UINT32_MAX: it has none, or is a comment. */
static uint32_t indent_of(const struct source *source, uint32_t begin)
{
    uint32_t at = begin;
    while (at < source->length && source->text[at] == ' ')
        at++;
    bool empty = at >= source->length || strchr("\r\n#", source->text[at]);
    return empty ? UINT32_MAX : at - begin;
}

/* The definition that a place is in: all below a section's name that is indented as its first line
 * is. */
static struct definition_lines lines_of(const struct source *source, struct span span)
{
    uint32_t begin = line_begin(source, span.begin < source->length ? span.begin : 0);
    uint32_t least = indent_of(source, begin);
    for (uint32_t at = begin; at > 0 && least > 0;) {
        at = line_begin(source, at - 1);
        uint32_t indent = indent_of(source, at);
        if (indent == 0)
            break;
        if (indent < least) {
            least = indent;
            begin = at;
        }
    }
    uint32_t end = line_end(source, begin), last = end;
    while (end < source->length) {
        uint32_t indent = indent_of(source, end);
        if (indent != UINT32_MAX && indent <= least)
            break;
        end = line_end(source, end);
        if (indent != UINT32_MAX)
            last = end;
    }
    return (struct definition_lines){span.file, begin, last};
}

static bool was_shown(const struct definition_lines *shown, uint32_t count,
                      const struct definition_lines *lines)
{
    for (uint32_t i = 0; i < count; i++)
        if (shown[i].file == lines->file && lines->begin >= shown[i].begin &&
            lines->begin < shown[i].end)
            return true;
    return false;
}

void report_html_definitions(const struct html *html, const struct project *project,
                             const struct report_places *places)
{
    struct definition_lines *shown = NULL;
    uint32_t count = 0;
    html_format(html, "<h2>The definition in force</h2>\n");
    for (uint32_t i = 0; i < places->count; i++) {
        const struct source *source = &project->sources.items[places->items[i].file];
        const struct definition_lines lines = lines_of(source, places->items[i]);
        if (was_shown(shown, count, &lines))
            continue;
        *ARENA_APPEND(html->arena, shown, count) = lines;
        uint32_t line = source_position(&project->sources, lines.file, lines.begin).line;
        const char *text =
            arena_copy(html->arena, source->text + lines.begin, lines.end - lines.begin);
        html_format(html,
                    "<p class=\"note\" data-definition=\"\">%s, line %u</p>\n<pre tabindex=\"0\" "
                    "aria-label=\"definition in %s\"><code>%s</code></pre>\n",
                    source->name, line, source->name, text);
    }
}

void report_html_again(const struct html *html, const struct replay *replay,
                       const struct report_origin *origin, const char *build,
                       const struct input_digest *digest)
{
    char hex[INPUT_DIGEST_TEXT];
    input_digest_text(digest, hex);
    html_format(
        html,
        "<h2>How to make this page again</h2>\n<pre class=\"wrap\" tabindex=\"0\" "
        "data-command=\"\" aria-label=\"command\"><code>%s</code></pre>\n"
        "<div class=\"scroll\"><table>\n<tbody>\n<tr><th scope=\"row\">program</th><td>ffreplay "
        "%d.%d.%d</td></tr>\n<tr><th scope=\"row\">build</th><td data-build=\"\">%s</td></tr>\n"
        "<tr><th scope=\"row\">lines that were used, digest</th><td "
        "data-digest=\"\">%s</td></tr>\n",
        origin->command, FFLAG_VERSION_MAJOR, FFLAG_VERSION_MINOR, FFLAG_VERSION_PATCH, build, hex);
    for (uint32_t i = 0; i < replay->source_count; i++)
        html_format(html, "<tr><th scope=\"row\">log</th><td>%s</td></tr>\n",
                    replay->sources[i].path);
    html_format(html,
                "</tbody>\n</table></div>\n<p class=\"note paper\">The numbers behind the charts "
                "are in the file that this was printed from.</p>\n");
}

const char *report_command_line(struct arena *arena, int argc, char **argv)
{
    struct buffer text = {0};
    buffer_append_text(&text, "ffreplay");
    for (int i = 0; i < argc; i++) {
        /* An option is no word that a shell would read in another way. */
        bool option =
            argv[i][0] == '-' && argv[i][strcspn(argv[i], " \t\n\\'\"$`*?[#~&|;<>(){}!")] == '\0';
        buffer_append_text(&text, " ");
        if (option)
            buffer_append_text(&text, argv[i]);
        else
            shell_append(&text, argv[i]);
    }
    const char *kept = arena_format(arena, "%s", text.bytes);
    buffer_release(&text);
    return kept;
}

bool report_write(const struct command *command, const char *path, const struct buffer *sections,
                  const char *title, struct arena *arena)
{
    struct buffer out = {0}, error = {0};
    const struct html html = {arena, &out, 0};
    html_begin(&html, title);
    buffer_append(&out, sections->bytes ? sections->bytes : "", sections->length);
    html_format(&html, "<footer>Written by ffreplay. One file, which fetches nothing; times are "
                       "UTC.</footer>\n");
    html_end(&html);
    bool written = edit_create(path, &out, &error) != REPLACED_NOT;
    if (!written)
        job_error(command, "%s", error.bytes);
    buffer_release(&out);
    buffer_release(&error);
    return written;
}

const char *report_count_text(struct arena *arena, uint64_t count)
{
    char digits[32];
    int length = snprintf(digits, sizeof digits, "%" PRIu64, count);
    char *text = arena_text(arena, (size_t)length + (size_t)length / 3);
    char *at = text;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            *at++ = ',';
        *at++ = digits[i];
    }
    return text;
}
