/*
 * event_loop.c - no thread but the host's own: libuv waits for the file, and the loop reloads it.
 *
 *     cc event_loop.c $(pkg-config --cflags --libs fflag libuv) -o event_loop
 *     ./event_loop production.ffs
 */
#include <fflag.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

static fflag_store *store;
static fflag_id greeting, shutdown_flag;
static fflag_context who;

/* Something may have changed: cheap when it has not. */
static void look(void)
{
    if (fflag_poll(store) != FFLAG_OK)
        fprintf(stderr, "flags: the new file was refused; the last good one is served\n");
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)poll, (void)status, (void)events;
    look();
}

/* No notification is complete, so the file is looked at once a second as well. */
static void on_second(uv_timer_t *timer)
{
    (void)timer;
    look();
}

static void on_request(uv_timer_t *timer)
{
    const fflag_view *view = fflag_acquire(store);
    printf("u1: %s\n", fflag_string(view, greeting, &who, "hi", NULL));
    if (fflag_bool(view, shutdown_flag, &who, false))
        uv_stop(timer->loop);
    fflag_release(view);
}

int main(int argc, char **argv)
{
    struct fflag_options options = FFLAG_OPTIONS_INIT;
    options.no_thread = true;
    enum fflag_error error =
        argc == 2 ? fflag_open(&store, argv[1], &options) : FFLAG_ERROR_GENERAL;
    if (error) {
        fprintf(stderr, "cannot open the snapshot: %s\n", fflag_error_text(error));
        return 1;
    }
    greeting = fflag_flag(store, "greeting");
    shutdown_flag = fflag_flag(store, "shutdown");
    fflag_context_init(&who);
    if (fflag_set_string(&who, fflag_attribute(store, "user_id"), "u1", 2) ||
        fflag_set_string(&who, fflag_attribute(store, "plan"), "premium", 7))
        return 1;

    uv_loop_t *loop = uv_default_loop();
    uv_poll_t poll;
    uv_timer_t second, requests;
    if (fflag_fd(store) >= 0 && uv_poll_init(loop, &poll, fflag_fd(store)) == 0)
        uv_poll_start(&poll, UV_READABLE, on_readable);
    uv_timer_init(loop, &second);
    uv_timer_start(&second, on_second, 1000, 1000);
    uv_timer_init(loop, &requests);
    uv_timer_start(&requests, on_request, 0, 20);
    uv_run(loop, UV_RUN_DEFAULT);
    fflag_close(store);
    return 0;
}
