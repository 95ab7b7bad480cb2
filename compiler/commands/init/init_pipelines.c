/* init_pipelines.c - see init.h. The texts are the files of tools/pipelines/, and lie nowhere else.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/base/buffer.h"
#include "compiler/base/escape.h"
#include "init.h"

enum pipeline_set { SET_REVIEW, SET_GITHUB, SET_GITLAB, SET_SYSTEMD, SET_CRON, SET_KUBERNETES };

/* Those of tools/pipelines/, converted to strings by the Makefile. */
static const struct pipeline {
    enum pipeline_set set;
    const char *name; /* below the root of the repository */
    const char *text;
    const char *what;
} pipelines[] = {
    {SET_REVIEW, ".github/workflows/flags.yaml",
#include "pipelines/github/flags.yaml.inc"
     , "what a pull request changes; what is published"},
    {SET_GITHUB, ".github/workflows/flag-operations.yaml",
#include "pipelines/github/flag-operations.yaml.inc"
     , "flags from a browser, with approvals"},
    {SET_GITHUB, ".github/workflows/flag-decisions.yaml",
#include "pipelines/github/flag-decisions.yaml.inc"
     , "decides on canaries, by a schedule"},
    {SET_GITLAB, ".gitlab/flags.yaml",
#include "pipelines/gitlab/flags.yaml.inc"
     , "all of that for GitLab"},
    {SET_GITLAB, ".gitlab-ci.yml", "include: {local: .gitlab/flags.yaml}\n", "includes it"},
    {SET_SYSTEMD, "deploy/systemd/ffreplay-decide.service",
#include "pipelines/systemd/ffreplay-decide.service.inc"
     , "decides, commits and pushes, once"},
    {SET_SYSTEMD, "deploy/systemd/ffreplay-decide.timer",
#include "pipelines/systemd/ffreplay-decide.timer.inc"
     , "each minute"},
    {SET_SYSTEMD, "deploy/systemd/ffreplay-watch.service",
#include "pipelines/systemd/ffreplay-watch.service.inc"
     , "decides within seconds"},
    {SET_CRON, "deploy/cron/ffreplay",
#include "pipelines/cron/ffreplay.inc"
     , "decides, commits and pushes, by cron"},
    {SET_KUBERNETES, "deploy/kubernetes/kustomization.yaml",
#include "pipelines/kubernetes/kustomization.yaml.inc"
     , "the snapshot as a ConfigMap"},
    {SET_KUBERNETES, "deploy/kubernetes/deployment.yaml",
#include "pipelines/kubernetes/deployment.yaml.inc"
     , "a service that mounts it"},
    {SET_KUBERNETES, "deploy/kubernetes/Dockerfile",
#include "pipelines/kubernetes/Dockerfile.inc"
     , "the snapshot as an image"},
    {SET_KUBERNETES, "deploy/kubernetes/deployment-image.yaml",
#include "pipelines/kubernetes/deployment-image.yaml.inc"
     , "a service that takes it from there"},
    {SET_KUBERNETES, "deploy/kubernetes/analysis-template.yaml",
#include "pipelines/kubernetes/analysis-template.yaml.inc"
     , "for Argo Rollouts"},
    {SET_KUBERNETES, "deploy/kubernetes/flagger.yaml",
#include "pipelines/kubernetes/flagger.yaml.inc"
     , "for Flagger"},
    {SET_KUBERNETES, "deploy/kubernetes/flagger-webhook.py",
#include "pipelines/kubernetes/flagger-webhook.py.inc"
     , "what answers Flagger"},
};

static bool is_wanted(const struct init_wanted *wanted, enum pipeline_set set)
{
    bool github = wanted->ci == CI_GITHUB;
    switch (set) {
    case SET_REVIEW:
        return github || (wanted->ci < 0 && wanted->deploy < 0);
    case SET_GITHUB:
        return github;
    case SET_GITLAB:
        return wanted->ci == CI_GITLAB;
    case SET_SYSTEMD:
        return wanted->deploy == DEPLOY_SYSTEMD;
    case SET_CRON:
        return wanted->deploy == DEPLOY_CRON;
    case SET_KUBERNETES:
        break;
    }
    return wanted->deploy == DEPLOY_KUBERNETES;
}

/* ------------------------------------------------------------------------------------- where -- */

static bool has_git(const char *folder)
{
    struct buffer path = {0};
    struct stat status;
    buffer_format(&path, "%s/.git", folder);
    bool there = stat(path.bytes, &status) == 0;
    buffer_release(&path);
    return there;
}

/* The nearest folder upwards with a `.git`; `root` is PATH_MAX long. */
static bool find_repository(const char *project, char *root)
{
    for (memcpy(root, project, strlen(project) + 1); !has_git(root);) {
        char *last = strrchr(root, '/');
        if (last == root)
            return false;
        *last = '\0';
    }
    return true;
}

/* The root of the repository; without one, the folder that the project's lies in, which is the one
 * it is called from, or the project's own. */
static bool find_root(const char *directory, char *root, char *project, struct buffer *error)
{
    char here[PATH_MAX];
    if (!realpath(directory, project) || !getcwd(here, sizeof here)) {
        terminal_format(error, "cannot find '%s': %s", directory, strerror(errno));
        return false;
    }
    if (find_repository(project, root))
        return true;
    memcpy(root, project, strlen(project) + 1);
    if (strcmp(project, here) != 0 && strrchr(root, '/') != root)
        *strrchr(root, '/') = '\0';
    return true;
}

static bool make_folders(const char *path, struct buffer *error)
{
    struct buffer folder = {0};
    bool made = true;
    for (const char *at = strchr(path + 1, '/'); at && made; at = strchr(at + 1, '/')) {
        buffer_release(&folder);
        buffer_append(&folder, path, (size_t)(at - path));
        made = mkdir(folder.bytes, 0777) == 0 || errno == EEXIST;
        if (!made)
            terminal_format(error, "cannot make directory '%s': %s", folder.bytes, strerror(errno));
    }
    buffer_release(&folder);
    return made;
}

/* ------------------------------------------------------------------------------------- texts -- */

static bool is_plain(const char *text)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/-";
    return *text != '-' && text[strspn(text, plain)] == '\0';
}

/* Appends the text, with the project's folder in place of `flags`, where commands say it. */
static void fill_in(const char *text, const char *folder, struct buffer *out)
{
    static const struct {
        const char *found, *instead;
    } places[] = {{"FLAGS: flags\n", "FLAGS: %s\n"},
                  {"ffreplay decide ", "ffreplay decide -C %s "},
                  {"ffreplay watch ", "ffreplay watch -C %s "},
                  {"\"ffreplay\", \"decide\", ", "\"ffreplay\", \"decide\", \"-C\", \"%s\", "}};
    while (*text) {
        size_t taken = 0;
        for (size_t i = 0; i < sizeof places / sizeof *places && !taken; i++) {
            size_t length = strlen(places[i].found);
            if (strcmp(folder, "flags") == 0 || strncmp(text, places[i].found, length) != 0)
                continue;
            taken = length;
            const char *hole = strstr(places[i].instead, "%s");
            buffer_append(out, places[i].instead, (size_t)(hole - places[i].instead));
            buffer_append_text(out, folder);
            buffer_append_text(out, hole + 2);
        }
        if (!taken)
            buffer_append(out, text, taken = 1);
        text += taken;
    }
}

static bool write_pipeline(const struct pipeline *pipeline, const char *root, const char *folder,
                           struct buffer *out, struct buffer *error)
{
    struct buffer path = {0}, text = {0};
    struct stat status;
    char here[PATH_MAX];
    if (!getcwd(here, sizeof here) || strcmp(here, root) != 0)
        buffer_format(&path, "%s/", root);
    buffer_append_text(&path, pipeline->name);
    bool is_there = lstat(path.bytes, &status) == 0, fine = true;
    if (!is_there) {
        fill_in(pipeline->text, folder, &text);
        fine = make_folders(path.bytes, error) &&
               init_write_new(path.bytes, text.bytes, text.length, error);
    }
    if (fine)
        terminal_format(out, "%-39s %s\n", path.bytes,
                        is_there ? "is there already, and stays as it is" : pipeline->what);
    buffer_release(&path);
    buffer_release(&text);
    return fine;
}

bool init_pipelines(const struct init_wanted *wanted, const char *directory, struct buffer *out,
                    struct buffer *error)
{
    char root[PATH_MAX], project[PATH_MAX];
    bool fine = true, any = false;
    for (size_t i = 0; i < sizeof pipelines / sizeof *pipelines; i++)
        any |= is_wanted(wanted, pipelines[i].set);
    if (!any)
        return true;
    if (!find_root(directory, root, project, error))
        return false;
    size_t length = strlen(root);
    const char *folder = project[length] ? project + length + (length > 1) : ".";
    if (!is_plain(folder)) {
        bool asked = wanted->ci >= 0 || wanted->deploy >= 0;
        terminal_format(asked ? error : out,
                        "no pipeline is written for the folder '%s': its name would need quotes%s",
                        folder, asked ? "" : "\n");
        return !asked;
    }
    for (size_t i = 0; i < sizeof pipelines / sizeof *pipelines && fine; i++)
        if (is_wanted(wanted, pipelines[i].set))
            fine = write_pipeline(&pipelines[i], root, folder, out, error);
    return fine;
}
