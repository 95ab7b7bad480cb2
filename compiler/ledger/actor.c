/*
 * actor.c - see actor.h.
 *
 * Reads only `user.name` and `user.email` from git's configuration: it knows sections, keys,
 * quotes, escapes and comments, but not `include`.
 */
#include "actor.h"

#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "compiler/base/buffer.h"
#include "compiler/base/text_lines.h"
#include "compiler/files/input.h"

#define MOST_CONFIGURATION 1048576u
#define MOST_PARENTS       64

static bool is_blank(const char *text)
{
    return !text || !text[strspn(text, " \t")];
}

/* -------------------------------------------------------------------------------------- git -- */

struct git_user {
    struct buffer name, email;
    bool section; /* the line is in [user] */
};

/* A value as git reads it: trimmed, without quotes and comments. */
static void read_value(const char *text, struct buffer *out)
{
    bool quoted = false;
    size_t end = 0; /* length without blanks that may turn out to be trailing */
    out->length = 0;
    for (text += strspn(text, " \t"); *text; text++) {
        if (!quoted && (*text == '#' || *text == ';'))
            break;
        if (*text == '"') {
            quoted = !quoted;
            end = out->length;
            continue;
        }
        if (*text == '\\' && text[1])
            text++;
        buffer_append(out, text, 1);
        if (quoted || (*text != ' ' && *text != '\t'))
            end = out->length;
    }
    out->length = end;
    buffer_append(out, "", 1);
    out->length--;
}

static bool is_key(const char *line, size_t length, const char *key)
{
    return length == strlen(key) && strncasecmp(line, key, length) == 0;
}

static void read_line(struct git_user *user, const char *line)
{
    line += strspn(line, " \t");
    if (*line == '[') {
        user->section = strncasecmp(line, "[user]", 6) == 0;
        line += strcspn(line, "]");
        line += *line == ']';
        line += strspn(line, " \t");
    }
    size_t length = strspn(line, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");
    const char *value = line + length + strspn(line + length, " \t");
    if (!user->section || *value != '=')
        return;
    if (is_key(line, length, "name"))
        read_value(value + 1, &user->name);
    else if (is_key(line, length, "email"))
        read_value(value + 1, &user->email);
}

/* The user from one file, valid until the next call; NULL if the file names none. */
static const char *user_in(const char *path)
{
    static char kept[256];
    struct buffer text = {0};
    struct git_user user = {.section = false};
    const char *found = NULL;
    if (read_at(AT_FDCWD, path, MOST_CONFIGURATION, &text)) {
        struct text_lines lines = text_lines_of(text.bytes, text.length);
        for (char *line; next_text_line(&lines, &line);)
            read_line(&user, line);
        found = !is_blank(user.name.bytes) ? user.name.bytes : user.email.bytes;
        if (is_blank(found))
            found = NULL;
        else
            snprintf(kept, sizeof kept, "%s", found);
    }
    buffer_release(&user.name);
    buffer_release(&user.email);
    buffer_release(&text);
    return found ? kept : NULL;
}

static const char *user_below(const char *directory, const char *name)
{
    struct buffer path = {0};
    if (is_blank(directory))
        return NULL;
    buffer_format(&path, "%s/%s", directory, name);
    const char *found = user_in(path.bytes);
    buffer_release(&path);
    return found;
}

/* From the nearest repository that contains the directory, searching up to the root. */
static const char *user_of_repository(const char *directory)
{
    char *place = realpath(directory ? directory : ".", NULL);
    const char *found = NULL;
    for (int i = 0; place && !found && i < MOST_PARENTS; i++) {
        struct buffer git = {0};
        buffer_format(&git, "%s/.git", place);
        bool here = access(git.bytes, F_OK) == 0;
        found = here ? user_below(git.bytes, "config") : NULL;
        buffer_release(&git);
        char *slash = strrchr(place, '/');
        if (here || !slash || slash == place)
            break;
        *slash = '\0';
    }
    free(place);
    return found;
}

static const char *git_user(const char *directory)
{
    const char *name = getenv("GIT_AUTHOR_NAME");
    if (!is_blank(name))
        return name;
    name = user_of_repository(directory);
    const char *home = getenv("HOME");
    if (!name)
        name = user_below(home, ".gitconfig");
    if (!name)
        name = user_below(getenv("XDG_CONFIG_HOME"), "git/config");
    if (!name)
        name = user_below(home, ".config/git/config");
    return name ? name : user_in("/etc/gitconfig");
}

/* ----------------------------------------------------------------------------------- anybody -- */

static const char *first_given(const char *const *variables)
{
    for (size_t i = 0; variables[i]; i++)
        if (!is_blank(getenv(variables[i])))
            return getenv(variables[i]);
    return NULL;
}

const char *actor_name(const char *given, const char *directory)
{
    static const char *const named[] = {"FFC_ACTOR", "GITHUB_ACTOR", "GITLAB_USER_LOGIN", NULL};
    static const char *const login[] = {"LOGNAME", "USER", NULL};
    static char number[32];
    if (!is_blank(given))
        return given;
    const char *name = first_given(named);
    if (!name)
        name = git_user(directory);
    if (name)
        return name;
    const struct passwd *entry = getpwuid(getuid());
    if (entry && !is_blank(entry->pw_name))
        return entry->pw_name;
    name = first_given(login);
    snprintf(number, sizeof number, "uid %lu", (unsigned long)getuid());
    return name ? name : number;
}
