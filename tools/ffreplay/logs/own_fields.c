/* own_fields.c - see own_fields.h. */
#include "own_fields.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/memory.h"

uint32_t path_place(const char *const *paths, uint32_t count, const char *name)
{
    uint32_t place = 0;
    while (place < count && strcmp(paths[place], name) != 0)
        place++;
    return place;
}

void own_fields_open(struct own_fields *fields, const char *const *paths, uint32_t count,
                     const char *const *own, uint32_t own_count, uint32_t *places)
{
    fields->count = count;
    fields->paths = xcalloc(count + own_count, sizeof *fields->paths);
    if (count > 0)
        memcpy(fields->paths, paths, count * sizeof *paths);
    uint32_t all = count;
    for (uint32_t i = 0; i < own_count; i++) {
        places[i] = path_place(fields->paths, all, own[i]);
        if (places[i] == all)
            fields->paths[all++] = own[i];
    }
    fields->json = ndjson_parser(fields->paths, all);
}

void own_fields_close(struct own_fields *fields)
{
    fields->json->close(fields->json);
    free(fields->paths);
}
