/* actions.c - the help of a diagnostic as a change of the text, where it says exactly which. */
#include <stdlib.h>
#include <string.h>

#include "compiler/base/json.h"
#include "compiler/base/json_read.h"
#include "server.h"

static int compare(struct position_utf16 left, struct position_utf16 right)
{
    if (left.line != right.line)
        return left.line < right.line ? -1 : 1;
    return left.character < right.character ? -1 : left.character > right.character;
}

static bool meets(const json_t *one, const json_t *other)
{
    return compare(read_position(json_object_get(one, "start")),
                   read_position(json_object_get(other, "end"))) <= 0 &&
           compare(read_position(json_object_get(other, "start")),
                   read_position(json_object_get(one, "end"))) <= 0;
}

static void put_json(struct buffer *out, const char *key, const json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
    json_write_key(out, key);
    json_write_document(out, text ? text : "null", text ? strlen(text) : 4);
    free(text);
}

static void put_action(const char *uri, const json_t *diagnostic, const json_t *fix,
                       struct buffer *out)
{
    json_write_comma(out);
    buffer_append_text(out, "{");
    field_text(out, "title", json_text_at(fix, "title"));
    field_text(out, "kind", "quickfix");
    field_truth(out, "isPreferred", true);
    buffer_append_text(out, ",\"diagnostics\":[{");
    put_json(out, "range", json_object_get(diagnostic, "range"));
    put_json(out, "message", json_object_get(diagnostic, "message"));
    put_json(out, "code", json_object_get(diagnostic, "code"));
    field_text(out, "source", "ffc");
    buffer_append_text(out, "}]");
    field_object(out, "edit");
    field_object(out, "changes");
    json_write_key(out, uri);
    buffer_append_text(out, "[{");
    put_json(out, "range", json_object_get(fix, "range"));
    field_text(out, "newText", json_text_at(fix, "newText"));
    buffer_append_text(out, "}]}}}");
}

bool answer_actions(struct server *server, const json_t *params, struct buffer *result)
{
    struct workspace_file file;
    buffer_append_text(result, "[");
    const char *said =
        server_file(server, params, &file) ? published_of(&server->publications, file.name) : NULL;
    json_t *diagnostics = said ? json_loads(said, 0, NULL) : NULL, *diagnostic;
    size_t i;
    struct buffer uri = {0};
    if (diagnostics)
        workspace_uri(&server->workspace, &file, &uri);
    json_array_foreach(diagnostics, i, diagnostic)
    {
        const json_t *fix = json_object_get(json_object_get(diagnostic, "data"), "fix");
        if (fix && !server->checking.due &&
            meets(json_object_get(diagnostic, "range"), json_object_get(params, "range")))
            put_action(uri.bytes, diagnostic, fix, result);
    }
    buffer_append_text(result, "]");
    buffer_release(&uri);
    json_decref(diagnostics);
    return true;
}
