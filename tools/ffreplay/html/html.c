/* html.c - see html.h. */
#include "html.h"

#include <sodium.h>
#include <stdarg.h>
#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"

void html_format(const struct html *html, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    xml_format_list(html->out, format, arguments);
    va_end(arguments);
}

/* "sha256-…", as a policy names what it allows. */
static void put_hash(const struct html *html, const char *text)
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    char base64[sodium_base64_ENCODED_LEN(sizeof hash, sodium_base64_VARIANT_ORIGINAL)];
    crypto_hash_sha256(hash, (const unsigned char *)text, strlen(text));
    sodium_bin2base64(base64, sizeof base64, hash, sizeof hash, sodium_base64_VARIANT_ORIGINAL);
    html_format(html, "&#39;sha256-%s&#39;", base64);
}

void html_begin(const struct html *html, const char *title)
{
    html_format(html,
                "<!DOCTYPE html>\n"
                "<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\">\n<head>\n"
                "<meta charset=\"utf-8\" />\n"
                "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
                "&#39;none&#39;; base-uri &#39;none&#39;; form-action &#39;none&#39;; style-src ");
    put_hash(html, html_style);
    html_format(html, "; script-src ");
    put_hash(html, html_script);
    html_format(
        html,
        "\" />\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\" />\n"
        "<meta name=\"color-scheme\" content=\"light dark\" />\n"
        "<meta name=\"referrer\" content=\"no-referrer\" />\n"
        "<title>%s</title>\n<style>",
        title);
    buffer_append_text(html->out, html_style);
    html_format(html, "</style>\n</head>\n<body>\n<main>\n");
}

void html_end(const struct html *html)
{
    html_format(html, "</main>\n<script>");
    buffer_append_text(html->out, html_script);
    html_format(html, "</script>\n</body>\n</html>\n");
}

/* ------------------------------------------------------------------------------------ tables -- */

void html_cell(const struct html *html, struct html_table *table, const char *text)
{
    *ARENA_APPEND(html->arena, table->cells, table->cell_count) = text;
}

static void put_row(const struct html *html, const struct html_table *table, size_t row,
                    size_t columns)
{
    html_format(html, "<tr>");
    for (size_t i = 0; i < columns; i++) {
        const char *text = table->cells[row * columns + i];
        const char *side = table->alignment[i] == 'r' ? " class=\"r\"" : "";
        const char *element = row == 0 || i == 0 ? "th" : "td";
        buffer_append_text(html->out, "<");
        buffer_append_text(html->out, element);
        if (row == 0 || i == 0)
            html_format(html, " scope=\"%s\"", row == 0 ? "col" : "row");
        buffer_append_text(html->out, side);
        html_format(html, ">%s</%s>", text ? text : "", element);
    }
    html_format(html, "</tr>\n");
}

static void put_table(const struct html *html, const struct html_table *table, const char *name)
{
    size_t columns = strlen(table->alignment);
    html_format(html,
                "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"%s\">\n"
                "<table>\n<thead>\n",
                name);
    put_row(html, table, 0, columns);
    html_format(html, "</thead>\n<tbody>\n");
    for (size_t row = 1; row < table->cell_count / columns; row++)
        put_row(html, table, row, columns);
    html_format(html, "</tbody>\n</table>\n</div>\n");
}

void html_hidden_table(const struct html *html, const struct html_table *table, const char *name)
{
    html_format(html, "<details class=\"numbers\"><summary>Numbers</summary>\n");
    put_table(html, table, name);
    html_format(html, "</details>\n");
}

/* ------------------------------------------------------------------------------------- words -- */

const char *html_tone_class(enum html_tone tone)
{
    static const char *const classes[] = {"good", "bad", "open", "plain"};
    return classes[tone];
}

const char *html_tone_shape(enum html_tone tone)
{
    static const char *const shapes[] = {"●", "▼", "◆", "■"};
    return shapes[tone];
}

void html_verdict(const struct html *html, enum html_tone tone, const char *word)
{
    html_format(html, "<span class=\"verdict %s\"><span aria-hidden=\"true\">%s</span> %s</span>",
                html_tone_class(tone), html_tone_shape(tone), word);
}
