/*
 * threads.c - a service with worker threads, each with a view a request.
 *
 *     cc threads.c $(pkg-config --cflags --libs fflag) -o threads && ./threads production.ffs
 *
 * The store is shared by all threads; it follows the file in a thread of its own.
 */
#include <fflag.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define WORKERS 4

static fflag_store *store;
static fflag_id greeting, shutdown_flag;
static fflag_attr user_id, plan;

/* One request. All evaluations on one view see one snapshot, also while a new one is published. */
static bool handle(const char *user, const char *user_plan)
{
    fflag_context who;
    fflag_context_init(&who);
    if (fflag_set_string(&who, user_id, user, strlen(user)) ||
        fflag_set_string(&who, plan, user_plan, strlen(user_plan)))
        return false;
    const fflag_view *view = fflag_acquire(store);
    /* Text is borrowed from the view: use it before the release. */
    printf("%s: %s\n", user, fflag_string(view, greeting, &who, "hi", NULL));
    bool more = !fflag_bool(view, shutdown_flag, &who, false);
    fflag_release(view);
    return more;
}

static void *work(void *user)
{
    while (handle(user, "premium"))
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    return NULL;
}

static void on_event(void *user, enum fflag_event event, enum fflag_error error, const char *text)
{
    (void)user, (void)event, (void)error;
    fprintf(stderr, "flags: %s\n", text);
}

int main(int argc, char **argv)
{
    struct fflag_options options = FFLAG_OPTIONS_INIT;
    options.log = on_event;
    enum fflag_error error =
        argc == 2 ? fflag_open(&store, argv[1], &options) : FFLAG_ERROR_GENERAL;
    if (error) {
        fprintf(stderr, "cannot open the snapshot: %s\n", fflag_error_text(error));
        return 1;
    }
    greeting = fflag_flag(store, "greeting");
    shutdown_flag = fflag_flag(store, "shutdown");
    user_id = fflag_attribute(store, "user_id");
    plan = fflag_attribute(store, "plan");

    static char users[WORKERS][16];
    pthread_t threads[WORKERS];
    for (int i = 0; i < WORKERS; i++) {
        snprintf(users[i], sizeof users[i], "user-%d", i);
        if (pthread_create(&threads[i], NULL, work, users[i]) != 0)
            return 1;
    }
    for (int i = 0; i < WORKERS; i++)
        pthread_join(threads[i], NULL);
    fflag_close(store);
    return 0;
}
