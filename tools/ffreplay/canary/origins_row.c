/* origins_row.c - see origins_row.h. */
#include "origins_row.h"

void origins_put(json_t *row, const struct origins *origins)
{
    json_t *inner = json_object();
    for (int i = 0; i < ORIGIN_COUNT; i++)
        row_put_count(inner, origin_words[i], origins->lines[i]);
    if (origins->before_edit > 0)
        row_put_count(inner, "before_edit", origins->before_edit);
    row_put_row(row, "origins", inner);
}

void origins_read(struct row_reader *reader, struct origins *origins)
{
    struct row_reader inner = row_inner(reader, "origins");
    for (int i = 0; i < ORIGIN_COUNT; i++)
        origins->lines[i] = row_count(&inner, origin_words[i]);
    if (row_has(&inner, "before_edit"))
        origins->before_edit = row_count(&inner, "before_edit");
    row_end(&inner);
}
