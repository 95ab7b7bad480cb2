/*
 * lsp.c - `ffc lsp`: a language server on stdin and stdout.
 *
 * One loop waits for the editor, for the child that checks, and for changes on the disk. Nothing
 * that definitions name is run, and nothing is written but answers.
 */
#include "lsp.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/base/json.h"
#include "compiler/base/json_read.h"
#include "compiler/base/memory.h"
#include "compiler/cli/option_rows.h"
#include "compiler/files/place.h"
#include "server.h"
#include "uri.h"

#define SETTLE     50   /* milliseconds from the first change on the disk to reading it */
#define LOOK_AFTER 5000 /* milliseconds, at whether the editor is still there */

static const struct rpc_style style = {RPC_HEADERS, "$/cancelRequest", "id", true};

/* ------------------------------------------------------------------------------------ ranges -- */

static void write_place(struct buffer *out, const char *key, struct position_utf16 position)
{
    field_object(out, key);
    field_count(out, "line", position.line);
    field_count(out, "character", position.character);
    buffer_append_text(out, "}");
}

void write_position(struct buffer *out, const char *key, const struct text_index *index,
                    size_t offset)
{
    write_place(out, key, text_index_position(index, offset));
}

void write_range(struct buffer *out, const char *key, const struct text_index *index, size_t begin,
                 size_t end)
{
    field_object(out, key);
    write_place(out, "start", text_index_position(index, begin));
    write_place(out, "end", text_index_position(index, end < begin ? begin : end));
    buffer_append_text(out, "}");
}

/* ------------------------------------------------------------------------------------- begin -- */

/* Of the first folder that the editor has open; NULL: it has none. To be freed. */
static char *root_of(const json_t *params)
{
    const json_t *folders = json_object_get(params, "workspaceFolders");
    char *root = uri_path(json_text_at(json_array_get(folders, 0), "uri"));
    if (!root)
        root = uri_path(json_text_at(params, "rootUri"));
    const char *path = json_text_at(params, "rootPath");
    if (!root && path && path[0] == '/')
        root = strdup(path);
    return root;
}

/* Where the project is, as an absolute path without a slash at its end: what the command line names
 * is below where the server was started, and the usual place below what the editor has open. */
static char *place_of(const struct server *server, const char *root)
{
    struct buffer path = {0};
    if (root && (server->directory || chdir(root) != 0))
        root = NULL;
    char *place = project_place(server->directory);
    char *here = place[0] == '/' ? NULL : root ? strdup(root) : getcwd(NULL, 0);
    for (size_t length = here ? strlen(here) : 0; length > 1 && here[length - 1] == '/'; length--)
        here[length - 1] = '\0';
    buffer_append_text(&path, here ? here : "");
    if (strcmp(place, ".") != 0)
        buffer_format(&path, "%s%s", !here || strcmp(here, "/") == 0 ? "" : "/", place);
    free(here);
    free(place);
    return path.bytes;
}

static bool answer_initialize(struct server *server, const json_t *params, struct buffer *result)
{
    char *root = root_of(params);
    char *place = place_of(server, root);
    server->parent = json_integer_value(json_object_get(params, "processId"));
    workspace_open(&server->workspace, place);
    server->has_workspace = true;
    server->state = SERVER_RUNNING;
    checking_want(&server->checking, NULL);
    buffer_append_text(
        result, "{\"capabilities\":{\"positionEncoding\":\"utf-16\","
                "\"textDocumentSync\":{\"openClose\":true,\"change\":2,\"save\":true},"
                "\"hoverProvider\":true,\"definitionProvider\":true,\"referencesProvider\":true,"
                "\"completionProvider\":{\"triggerCharacters\":[\" \",\":\",\"{\",\"[\"]},"
                "\"renameProvider\":{\"prepareProvider\":true},\"documentFormattingProvider\":true,"
                "\"codeActionProvider\":{\"codeActionKinds\":[\"quickfix\"]},"
                "\"inlayHintProvider\":true"
                "},\"serverInfo\":{\"name\":\"ffc\"}}");
    free(place);
    free(root);
    return true;
}

/* ---------------------------------------------------------------------------------- dispatch -- */

static bool answer_shutdown(struct server *server, const json_t *params, struct buffer *result)
{
    (void)params;
    (void)result;
    checking_stop(&server->checking);
    server->checking.due = false;
    server->state = SERVER_SHUT;
    return true;
}

static const struct {
    const char *method;
    request_handler *answer;
} requests[] = {
    {"initialize", answer_initialize},
    {"shutdown", answer_shutdown},
    {"textDocument/hover", answer_hover},
    {"textDocument/completion", answer_completion},
    {"textDocument/definition", answer_definition},
    {"textDocument/references", answer_references},
    {"textDocument/prepareRename", answer_prepare_rename},
    {"textDocument/rename", answer_rename},
    {"textDocument/formatting", answer_formatting},
    {"textDocument/codeAction", answer_actions},
    {"textDocument/inlayHint", answer_hints},
};

static const struct {
    const char *method;
    notification_handler *note;
} notifications[] = {
    {"textDocument/didOpen", note_open},
    {"textDocument/didChange", note_change},
    {"textDocument/didClose", note_close},
    {"textDocument/didSave", note_save},
    {"workspace/didChangeWatchedFiles", note_files},
};

#define NOT_INITIALIZED ((enum rpc_error) - 32002)

static void answer(struct server *server, const struct rpc_message *message)
{
    struct buffer result = {0};
    bool first = strcmp(message->method, "initialize") == 0;
    size_t at = 0, count = sizeof requests / sizeof *requests;
    while (at < count && strcmp(requests[at].method, message->method) != 0)
        at++;
    if (server->state == SERVER_NEW && !first)
        rpc_fail(server->rpc, message->id, NOT_INITIALIZED, "expected 'initialize' first");
    else if (at == count)
        rpc_fail(server->rpc, message->id, RPC_UNKNOWN_METHOD, "the method is not known");
    else if (server->state == SERVER_SHUT || (first && server->state != SERVER_NEW))
        rpc_fail(server->rpc, message->id, RPC_INVALID_REQUEST,
                 first ? "'initialize' comes once" : "the server was shut down");
    else if (requests[at].answer(server, message->params, &result))
        rpc_answer(server->rpc, message->id, &result);
    else
        rpc_fail(server->rpc, message->id, RPC_REFUSED, result.bytes);
    buffer_release(&result);
}

static void note(struct server *server, const struct rpc_message *message)
{
    if (server->state != SERVER_RUNNING)
        return;
    for (size_t i = 0; i < sizeof notifications / sizeof *notifications; i++)
        if (strcmp(notifications[i].method, message->method) == 0)
            notifications[i].note(server, message->params);
}

/* -------------------------------------------------------------------------------------- loop -- */

static bool is_abandoned(const struct server *server)
{
    return server->parent > 1 && kill((pid_t)server->parent, 0) != 0 && errno == ESRCH;
}

static int wait_time(const struct server *server, bool changed)
{
    int ms = checking_wait(&server->checking);
    if (ms < 0 || ms > LOOK_AFTER)
        ms = LOOK_AFTER;
    return changed && ms > SETTLE ? SETTLE : ms;
}

/* Returns what to exit with: 0 after a `shutdown`. */
static int serve(struct server *server)
{
    bool changed = false; /* on the disk, and not read yet */
    for (;;) {
        struct rpc_message message;
        struct pollfd others[2] = {
            {.fd = server->checking.child ? server->checking.pipe : -1, .events = POLLIN},
            {.fd = server->has_workspace && !changed ? server->workspace.changes.inotify : -1,
             .events = POLLIN}};
        if (server->checking.due && !rpc_has_message(server->rpc)) {
            checking_begin(server);
            continue;
        }
        switch (rpc_next(server->rpc, &message, others, 2, wait_time(server, changed))) {
        case RPC_END:
            return server->state == SERVER_SHUT ? EXIT_FINE : EXIT_INPUT;
        case RPC_MESSAGE:
            if (strcmp(message.method, "exit") == 0) {
                rpc_done(&message);
                return server->state == SERVER_SHUT ? EXIT_FINE : EXIT_INPUT;
            }
            if (message.id)
                answer(server, &message);
            else
                note(server, &message);
            text_index_release(&server->index);
            rpc_done(&message);
            break;
        case RPC_OTHER:
            if (is_abandoned(server))
                return EXIT_INPUT;
            if (changed && !others[0].revents) {
                changed = false;
                changes_wait(&server->workspace.changes, false, 0, NULL);
                note_files(server, NULL);
            }
            changed |= others[1].revents != 0;
            checking_continue(server);
            break;
        }
    }
}

static int run(int argc, char **argv)
{
    struct server server = {.state = SERVER_NEW};
    const struct option options[] = {DIRECTORY_OPTION(server.directory)};
    int status;
    int operands =
        options_parse(&lsp_command, options, sizeof options / sizeof *options, argc, argv, &status);
    if (operands < 0)
        return status;
    if (operands > 0)
        return usage_error(&lsp_command, "unexpected '%s'", argv[1]);
    if (server.directory && !option_directory(&lsp_command, server.directory))
        return EXIT_JOB;
    server.rpc = rpc_open(STDIN_FILENO, STDOUT_FILENO, &style);
    status = serve(&server);
    if (server.state == SERVER_NEW)
        print_note(
            "no editor has asked for '%s': it is an editor that starts this, and speaks first",
            server.directory ? server.directory : "flags");
    checking_stop(&server.checking);
    rpc_finish(server.rpc);
    rpc_close(server.rpc);
    free(server.checking.edited);
    if (server.has_workspace)
        workspace_close(&server.workspace);
    published_release(&server.publications);
    return status;
}

const struct command lsp_command = {
    .name = "lsp",
    .summary = "serve an editor: the language server protocol on stdin and stdout",
    .usage = "[-C DIR]",
    .examples = "  ffc lsp              what an editor is told to start; see docs/editors.md\n"
                "  ffc lsp -C config    the project is not in flags/\n",
    .run = run,
};
