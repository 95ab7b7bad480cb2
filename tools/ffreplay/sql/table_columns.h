/*
 * table_columns.h - the columns of a log's table that a query reads.
 *
 * A field of the log is the column of the same name, dots and all, unless the command line names
 * another. Each is read once, as what somebody needs: "number latency", "text endpoint".
 */
#ifndef FFREPLAY_SQL_TABLE_COLUMNS_H
#define FFREPLAY_SQL_TABLE_COLUMNS_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/base/source.h"
#include "dialect.h"
#include "tools/ffreplay/logs/layout.h"

enum column_as { COLUMN_TEXT, COLUMN_NUMBER, COLUMN_LIST };

struct table_columns {
    struct arena *arena;
    enum sql_dialect dialect;
    struct layout *layout;
    const char *const *renamed; /* "PATH=COLUMN", of the command line */
    uint32_t renamed_count;
    struct table_column {
        enum column_as as;
        const char *path;
        const char *column; /* as the table has it, quoted */
        const char *alias;  /* as the query calls it, quoted */
    } * items;
    uint32_t count;
};

/* Its name in the query. NULL: it has been reported. */
const char *column_of_path(struct table_columns *columns, enum column_as as, const char *path,
                           struct span span);
/* The same of a field by the name that metrics use: its path, and what its number is multiplied by.
 * NULL: what the log writes is read in a way that no query knows; reported. */
const char *column_of_field(struct table_columns *columns, enum column_as as, const char *name,
                            struct span span);
/* The column of a path, quoted, that nothing is made of. NULL as above. */
const char *column_quoted(struct table_columns *columns, const char *path, struct span span);
/* The expression that makes the column what it is read as. */
const char *column_read(const struct table_columns *columns, const struct table_column *column);

#endif
