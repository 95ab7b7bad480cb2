/* table_columns.c - see table_columns.h. */
#include "table_columns.h"

#include <string.h>

#include "compiler/base/arena.h"
#include "compiler/cli/messages.h"
#include "compiler/model/model.h"

static const char *name_of(const struct table_columns *columns, const char *path)
{
    size_t length = strlen(path);
    for (uint32_t i = 0; i < columns->renamed_count; i++)
        if (strncmp(columns->renamed[i], path, length) == 0 && columns->renamed[i][length] == '=')
            return columns->renamed[i] + length + 1;
    return path;
}

const char *column_quoted(struct table_columns *columns, const char *path, struct span span)
{
    const char *quoted = sql_name(columns->arena, columns->dialect, name_of(columns, path));
    if (quoted)
        return quoted;
    print_error_at(&columns->layout->project->sources, span,
                   "no column can be called '%s' in a query", name_of(columns, path));
    print_help("name the table's: --column 'FIELD=COLUMN'");
    return NULL;
}

const char *column_of_path(struct table_columns *columns, enum column_as as, const char *path,
                           struct span span)
{
    static const char *const words[] = {
        [COLUMN_TEXT] = "text", [COLUMN_NUMBER] = "number", [COLUMN_LIST] = "list"};
    for (uint32_t i = 0; i < columns->count; i++)
        if (columns->items[i].as == as && strcmp(columns->items[i].path, path) == 0)
            return columns->items[i].alias;
    const char *quoted = column_quoted(columns, path, span);
    const char *alias = sql_name(columns->arena, columns->dialect,
                                 arena_format(columns->arena, "%s %s", words[as], path));
    if (!quoted)
        return NULL;
    if (!alias) /* of a column that has another name: the path cannot be one */
        alias = arena_format(columns->arena, "\"%s %u\"", words[as], columns->count);
    struct table_column *column = ARENA_APPEND(columns->arena, columns->items, columns->count);
    *column = (struct table_column){as, path, quoted, alias};
    return alias;
}

static bool is_read_otherwise(const struct table_columns *columns, const char *name,
                              struct span span)
{
    const struct log *log = columns->layout->log;
    for (uint32_t i = 0; i < log->field_count; i++) {
        const struct log_field *field = &log->fields[i];
        if (strcmp(field->name.text, name) != 0 || !log_field_is_read(field))
            continue;
        print_error_at(&columns->layout->project->sources, span,
                       "field '%s' of log '%s' is made of what the log writes, which no query does",
                       name, log->name.text);
        print_help("give the query a column of numbers: map the field without 'parse', 'unit' or "
                   "'missing', and let a view compute it");
        return true;
    }
    return false;
}

const char *column_of_field(struct table_columns *columns, enum column_as as, const char *name,
                            struct span span)
{
    if (is_read_otherwise(columns, name, span))
        return NULL;
    struct field field = layout_field(columns->layout, name);
    const char *alias = column_of_path(columns, as, columns->layout->paths[field.place], span);
    if (!alias || as != COLUMN_NUMBER || field.scale == 1)
        return alias;
    return arena_format(columns->arena, "(%s * %s)", alias,
                        sql_double(columns->arena, columns->dialect, field.scale));
}

const char *column_read(const struct table_columns *columns, const struct table_column *column)
{
    switch (column->as) {
    case COLUMN_TEXT:
        return sql_as_text(columns->arena, columns->dialect, column->column);
    case COLUMN_NUMBER:
        return sql_as_number(columns->arena, columns->dialect, column->column);
    case COLUMN_LIST:
        break;
    }
    return column->column;
}
