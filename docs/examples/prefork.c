/*
 * prefork.c - a server that opens the store and then forks its workers.
 *
 *     cc prefork.c $(pkg-config --cflags --libs fflag) -o prefork && ./prefork production.ffs
 *
 * The snapshot is mapped once and shared by all; each worker follows the file on its own.
 */
#include <fflag.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WORKERS 3

static int work(fflag_store *store, fflag_id greeting, fflag_id shutdown_flag,
                const fflag_context *who)
{
    for (;;) {
        const fflag_view *view = fflag_acquire(store);
        printf("worker: %s\n", fflag_string(view, greeting, who, "hi", NULL));
        fflush(stdout);
        bool stop = fflag_bool(view, shutdown_flag, who, false);
        fflag_release(view);
        if (stop)
            return 0;
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
}

int main(int argc, char **argv)
{
    fflag_store *store;
    enum fflag_error error = argc == 2 ? fflag_open(&store, argv[1], NULL) : FFLAG_ERROR_GENERAL;
    if (error) {
        fprintf(stderr, "cannot open the snapshot: %s\n", fflag_error_text(error));
        return 1;
    }
    fflag_id greeting = fflag_flag(store, "greeting");
    fflag_id shutdown_flag = fflag_flag(store, "shutdown");
    fflag_context who;
    fflag_context_init(&who);
    if (fflag_set_string(&who, fflag_attribute(store, "plan"), "premium", 7))
        return 1;

    for (int i = 0; i < WORKERS; i++) {
        pid_t child = fork();
        if (child < 0)
            return 1;
        if (child == 0)
            return work(store, greeting, shutdown_flag, &who);
    }
    int status, failed = 0;
    while (wait(&status) > 0)
        failed |= status;
    fflag_close(store);
    return failed != 0;
}
