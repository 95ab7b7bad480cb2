/* permission.c - see permission.h. */
#include "permission.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "compiler/base/utf8.h"
#include "compiler/files/input.h"

#define MOST_OF_A_LIST ((size_t)1 << 20)
#define OWN_LIST       "ffc/allow"

/* -------------------------------------------------------------------------------------- tree -- */

/* What somebody who edits the definitions can edit, too: the repository, or else the project. */
struct tree {
    char project[PATH_MAX], top[PATH_MAX];
};

static bool has_repository(const char *directory)
{
    char path[PATH_MAX];
    struct stat status;
    int length = snprintf(path, sizeof path, "%s/.git", directory);
    return length < (int)sizeof path && lstat(path, &status) == 0;
}

static bool find_tree(const char *directory, struct tree *tree)
{
    if (!realpath(directory, tree->project))
        return false;
    memcpy(tree->top, tree->project, sizeof tree->top);
    for (char *slash; !has_repository(tree->top); *slash = '\0') {
        slash = strrchr(tree->top, '/');
        if (!slash || slash == tree->top) { /* there is none */
            memcpy(tree->top, tree->project, sizeof tree->top);
            break;
        }
    }
    return true;
}

/* Whether a resolved path is in the tree. */
static bool is_within(const struct tree *tree, const char *path)
{
    size_t length = strlen(tree->top);
    return strncmp(path, tree->top, length) == 0 && (path[length] == '/' || !path[length]);
}

/* Whether a path, from the project's directory, is that of a file in the tree; one that is relative
 * is what the tree makes of it. */
static bool is_file_of(const struct tree *tree, const char *path)
{
    char joined[PATH_MAX], real[PATH_MAX];
    struct stat status;
    bool absolute = *path == '/';
    int length = snprintf(joined, sizeof joined, "%s%s%s", absolute ? "" : tree->project,
                          absolute ? "" : "/", path);
    if (length >= (int)sizeof joined)
        return true; /* nobody knows */
    if (stat(joined, &status) != 0 || !S_ISREG(status.st_mode))
        return false;
    return !absolute || !realpath(joined, real) || is_within(tree, real) || is_within(tree, joined);
}

/* Whether a program's name, looked for where the system would, is found in the tree. */
static bool is_found_in(const struct tree *tree, const char *program)
{
    const char *at = getenv("PATH");
    char path[PATH_MAX], real[PATH_MAX];
    struct stat status;
    if (strchr(program, '/'))
        return is_file_of(tree, program);
    for (bool last = !at; !last; at++) {
        int length = (int)strcspn(at, ":");
        const char *base = *at == '/' ? "" : tree->project; /* where the program is started */
        int made =
            snprintf(path, sizeof path, "%s%s%.*s/%s", base, *base ? "/" : "", length, at, program);
        if (made < (int)sizeof path && stat(path, &status) == 0 && S_ISREG(status.st_mode) &&
            access(path, X_OK) == 0)
            return !realpath(path, real) || is_within(tree, real) || is_within(tree, path);
        at += length;
        last = !*at;
    }
    return false;
}

/* ---------------------------------------------------------------------------------- the list -- */

/* The path of the user's own list; false: nobody knows who that is. */
static bool own_list(char *path)
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    int length = -1;
    if (config && *config == '/')
        length = snprintf(path, PATH_MAX, "%s/" OWN_LIST, config);
    else if (home && *home == '/')
        length = snprintf(path, PATH_MAX, "%s/.config/" OWN_LIST, home);
    return length > 0 && length < PATH_MAX;
}

static bool is_trusted(const struct tree *tree, const char *path, const struct stat *status,
                       struct buffer *why)
{
    char real[PATH_MAX];
    if (!realpath(path, real) || is_within(tree, real))
        terminal_format(why,
                        "the allow-list '%s' is in the tree of the definitions, so whoever "
                        "edits these could edit it, too",
                        path);
    else if (status->st_uid != 0 && status->st_uid != geteuid())
        terminal_format(why, "the allow-list '%s' is another user's", path);
    else if (status->st_mode & (S_IWGRP | S_IWOTH))
        terminal_format(why, "others may write to the allow-list '%s': chmod go-w", path);
    else
        return true;
    return false;
}

/* NULL without `why`: there is none. */
static json_t *read_list(const struct permission *permission, const struct tree *tree,
                         struct buffer *why)
{
    char own[PATH_MAX];
    const char *path = permission->list;
    struct stat status;
    struct buffer text = {0};
    json_t *list = NULL;
    if (!path && !own_list(own))
        return NULL;
    path = path ? path : own;
    int fd = input_open(AT_FDCWD, path, &status);
    if (fd < 0 && !permission->list && (errno == ENOENT || errno == ENOTDIR))
        return NULL;
    if (fd < 0 || !input_read(fd, MOST_OF_A_LIST, &text)) {
        terminal_format(why, "the allow-list '%s' cannot be read: %s", path, input_error(errno));
    } else if (is_trusted(tree, path, &status, why)) {
        json_error_t problem;
        const char *bytes = text.bytes ? text.bytes : "";
        size_t mark = text_mark(bytes, text.length);
        list = json_loadb(bytes + mark, text.length - mark, JSON_REJECT_DUPLICATES, &problem);
        if (!list)
            terminal_format(why, "the allow-list '%s' is not JSON: line %d: %s", path, problem.line,
                            problem.text);
        else if (!json_is_object(list))
            terminal_format(why, "the allow-list '%s' is no object of directories", path);
    }
    if (fd >= 0)
        close(fd);
    buffer_release(&text);
    return list;
}

/* What it has of the project; NULL: nothing. */
static const json_t *programs_of(json_t *list, const struct tree *tree)
{
    const char *directory;
    json_t *programs;
    json_object_foreach(list, directory, programs)
    {
        char real[PATH_MAX];
        if (*directory == '/' && realpath(directory, real) && strcmp(real, tree->project) == 0)
            return programs;
    }
    return NULL;
}

static bool is_same(const json_t *listed, const struct invocation *invocation)
{
    size_t count = json_array_size(listed); /* 0 of what is no array */
    if (count == 0 || count != invocation->arguments.count)
        return false;
    for (size_t i = 0; i < count; i++) {
        const char *argument = json_string_value(json_array_get(listed, i));
        if (!argument || strcmp(argument, invocation->arguments.items[i].text) != 0)
            return false;
    }
    return true;
}

static bool is_listed(const json_t *programs, const struct invocation *invocation)
{
    for (size_t i = 0; i < json_array_size(programs); i++)
        if (is_same(json_array_get(programs, i), invocation))
            return true;
    return false;
}

/* Whether something of it would be run out of the tree. */
static bool is_of(const struct tree *tree, const struct invocation *invocation, struct buffer *why)
{
    for (uint32_t i = 0; i < invocation->arguments.count; i++) {
        const char *argument = invocation->arguments.items[i].text;
        if (i == 0 ? !is_found_in(tree, argument) : !is_file_of(tree, argument))
            continue;
        terminal_format(why,
                        "'%s' is a file of the tree, which no allow-list allows: whoever edits "
                        "the definitions could edit it, too",
                        argument);
        return true;
    }
    return false;
}

enum permitted permission_has(const struct permission *permission, const char *directory,
                              const struct invocation *invocation, struct buffer *why)
{
    struct tree tree;
    if (permission->given)
        return PERMITTED;
    if (!find_tree(directory, &tree)) {
        if (permission->list)
            terminal_format(why, "'%s' cannot be resolved: %s", directory, strerror(errno));
        return permission->list ? PERMITTED_FAULTY : PERMITTED_NOT;
    }
    json_t *list = read_list(permission, &tree, why);
    if (!list || why->length) {
        json_decref(list);
        return why->length ? PERMITTED_FAULTY : PERMITTED_NOT;
    }
    const json_t *programs = programs_of(list, &tree);
    enum permitted permitted = PERMITTED;
    if (!programs)
        permitted = PERMITTED_NOT;
    else if (!is_listed(programs, invocation)) {
        permitted = PERMITTED_OTHERS;
        terminal_format(why, "the allow-list does not have '%s' with these arguments",
                        invocation->arguments.items[0].text);
    } else if (is_of(&tree, invocation, why)) {
        permitted = PERMITTED_OTHERS;
    }
    json_decref(list);
    return permitted;
}
