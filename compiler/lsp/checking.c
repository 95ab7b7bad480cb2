/* checking.c - see checking.h. */
#include "checking.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "compiler/base/calendar.h"
#include "compiler/base/memory.h"
#include "compiler/diagnostics/diagnose.h"
#include "compiler/files/yaml.h"
#include "compiler/model/model.h"
#include "compiler/project/project.h"
#include "report.h"
#include "server.h"

#define MOST_QUICK  1000 /* flags of a file; of more, all of the project takes little longer */
#define QUICK_AFTER 25   /* milliseconds that the child has */
#define MOST_SAID   (64u << 20) /* bytes */
#define END         "\t\n"      /* of what a child says, if it says all of it */

/* ----------------------------------------------------------------------------------- wanting -- */

static void forget_quick(struct checking *checking)
{
    free(checking->quick_name);
    checking->quick_name = NULL;
    buffer_release(&checking->quick);
}

void checking_stop(struct checking *checking)
{
    if (checking->child) {
        kill(checking->child, SIGKILL);
        while (waitpid(checking->child, NULL, 0) < 0 && errno == EINTR)
            ;
        close(checking->pipe);
    }
    checking->child = 0;
    buffer_release(&checking->said);
    forget_quick(checking);
}

void checking_want(struct checking *checking, const char *name)
{
    bool other =
        checking->due && (!checking->edited || !name || strcmp(checking->edited, name) != 0);
    char *edited = name && !other ? strdup(name) : NULL;
    free(checking->edited);
    checking->edited = edited;
    checking->due = true;
    checking_stop(checking); /* what it says would be of another project */
}

/* --------------------------------------------------------------------------------- all of it -- */

static void put_all(int fd, const struct buffer *text)
{
    for (size_t at = 0; at < text->length;) {
        ssize_t wrote = write(fd, text->bytes + at, text->length - at);
        if (wrote < 0 && errno != EINTR)
            return;
        at += wrote > 0 ? (size_t)wrote : 0;
    }
}

static _Noreturn void check_all(const struct workspace *workspace, int fd)
{
    struct arena arena = {0};
    struct buffer out = {0};
    struct parsed_view view = {.now = clock_now()};
    view.texts = workspace_texts(workspace, &arena, &view.text_count);
    struct project *project = parsed_project(workspace->parsed, &view);
    project_check_limits(project);
    diagnostics_sort(&project->diagnostics);
    report_by_file(workspace, project, NULL, NULL, &out);
    buffer_append_text(&out, END);
    put_all(fd, &out);
    _exit(0);
}

static bool start_child(struct server *server)
{
    struct checking *checking = &server->checking;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    pid_t parent = getpid();
    checking->child = fork();
    if (checking->child == 0) {
        /* It goes when the server goes, and says nothing to the editor itself. */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(1);
        close(ends[0]);
        check_all(&server->workspace, ends[1]);
    }
    close(ends[1]);
    if (checking->child < 0) {
        close(ends[0]);
        checking->child = 0;
        return false;
    }
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    checking->pipe = ends[0];
    return true;
}

/* ------------------------------------------------------------------------------------- quick -- */

/* The file that is edited, and which parts of it are checked by themselves. */
struct edited_file {
    uint32_t file;
    const struct node *root;
};

static bool is_alone(const struct node *key)
{
    return strcmp(key->text, "flags") == 0 || strcmp(key->text, "tests") == 0;
}

/* What depends on nothing outside of the flags that were read. */
static bool is_certain(const struct diagnostic *item, const void *user)
{
    const struct edited_file *edited = user;
    if (item->span.file != edited->file)
        return false;
    for (uint32_t i = 0; i < edited->root->count; i++) {
        const struct entry *entry = &edited->root->entries[i];
        if (item->span.begin >= entry->key->span.begin && item->span.end <= entry->value->span.end)
            return is_alone(entry->key);
    }
    return true;
}

/* NULL: there is a part that all of the project depends on. */
static const char **flags_in(const struct node *root, struct arena *arena, uint32_t *count)
{
    const char **names = ARENA_ARRAY(arena, const char *, 1);
    *count = 0;
    for (uint32_t i = 0; i < root->count; i++) {
        const struct entry *section = &root->entries[i];
        if (!is_alone(section->key))
            return NULL;
        for (uint32_t j = 0; strcmp(section->key->text, "flags") == 0 &&
                             section->value->kind == NODE_MAP && j < section->value->count;
             j++) {
            const char **grown = *count ? names : NULL;
            *ARENA_APPEND(arena, grown, *count) = section->value->entries[j].key->text;
            names = grown;
        }
    }
    return names;
}

static void drop_help(struct diagnostics *diagnostics)
{
    /* Which other flag is meant is known to who knows all of them. */
    for (uint32_t i = 0; i < diagnostics->count; i++)
        if (diagnostics->items[i].code == FF0211) {
            diagnostics->items[i].help = NULL;
            diagnostics->items[i].fix = NULL;
        }
}

static void check_edited(struct server *server, const char *name)
{
    struct checking *checking = &server->checking;
    const struct overlay *overlay = workspace_overlay(&server->workspace, name);
    const struct node *root = overlay ? overlay->live.document.root : NULL;
    if (!root || root->kind != NODE_MAP)
        return;
    struct arena arena = {0};
    struct parsed_view view = {.now = clock_now(), .closed = true};
    const char **flags = flags_in(root, &arena, &view.flag_count);
    if (flags && view.flag_count <= MOST_QUICK) {
        view.texts = workspace_texts(&server->workspace, &arena, &view.text_count);
        view.flags =
            parsed_related(server->workspace.parsed, RELATIVES_NEEDED, view.texts, view.text_count,
                           flags, view.flag_count, &arena, &view.flag_count);
        if (!view.flags)
            view.flags = flags;
        struct project *project = parsed_project(server->workspace.parsed, &view);
        const struct edited_file edited = {overlay->live.file, root};
        drop_help(&project->diagnostics);
        report_by_file(&server->workspace, project, is_certain, &edited, &checking->quick);
        project_free(project);
        checking->quick_name = strdup(name);
        checking->quick_at = clock_steady() + QUICK_AFTER;
    }
    arena_release(&arena);
}

/* ------------------------------------------------------------------------------------ course -- */

static void publish_line(struct server *server, char *line)
{
    char *tab;
    unsigned long number = strtoul(line, &tab, 10);
    if (*tab != '\t' || number >= workspace_file_count(&server->workspace))
        return;
    const struct workspace_file file = workspace_file(&server->workspace, (uint32_t)number);
    published_put(&server->publications, server->rpc, &server->workspace, file.name, tab + 1);
}

static void publish_quick(struct server *server)
{
    struct checking *checking = &server->checking;
    char *end = checking->quick.length ? strchr(checking->quick.bytes, '\n') : NULL;
    if (end) {
        *end = '\0';
        publish_line(server, checking->quick.bytes);
    } else {
        published_put(&server->publications, server->rpc, &server->workspace, checking->quick_name,
                      "[]");
    }
    forget_quick(checking);
}

static bool said_all(const struct buffer *said)
{
    size_t end = strlen(END);
    return said->length >= end && memcmp(said->bytes + said->length - end, END, end) == 0;
}

static void publish_said(struct server *server)
{
    struct checking *checking = &server->checking;
    published_begin(&server->publications);
    char *line = checking->said.bytes;
    for (char *end; (end = strchr(line, '\n')) && *line != '\t'; line = end + 1) {
        *end = '\0';
        publish_line(server, line);
    }
    published_end(&server->publications, server->rpc, &server->workspace);
    checking->failed = false;
}

static void tell_failure(struct server *server)
{
    struct buffer params = {0};
    if (server->checking.failed)
        return;
    server->checking.failed = true;
    buffer_append_text(&params, "{\"type\":1,\"message\":\"ffc: the project could not be checked: "
                                "the check ended early, for lack of memory perhaps\"}");
    rpc_notify(server->rpc, "window/logMessage", &params);
}

void checking_continue(struct server *server)
{
    struct checking *checking = &server->checking;
    char block[65536];
    ssize_t got = 0;
    while (checking->child && checking->said.length < MOST_SAID &&
           (got = read(checking->pipe, block, sizeof block)) > 0)
        buffer_append(&checking->said, block, (size_t)got);
    bool more = checking->child && got < 0 && (errno == EAGAIN || errno == EINTR);
    if (checking->child && !more) {
        if (said_all(&checking->said))
            publish_said(server);
        else
            tell_failure(server);
        checking_stop(checking);
    }
    if (checking->quick_name && clock_steady() >= checking->quick_at)
        publish_quick(server);
}

void checking_begin(struct server *server)
{
    struct checking *checking = &server->checking;
    char *edited = checking->edited;
    if (!checking->due)
        return;
    checking->due = false;
    checking->edited = NULL;
    if (!start_child(server))
        tell_failure(server);
    if (edited)
        check_edited(server, edited);
    free(edited);
}

int checking_wait(const struct checking *checking)
{
    if (!checking->quick_name)
        return -1;
    int64_t left = checking->quick_at - clock_steady();
    return left > 0 ? (int)left : 0;
}
