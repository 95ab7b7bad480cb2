/*
 * service.c - a typical service that uses the library: it serves users, logs what each was served,
 * and leaves its metrics in a file.
 *
 * Usage: service SNAPSHOT USERS METRICS >LOG
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fflag.h>

#define START INT64_C(1763683200000) /* 2025-11-21T00:00:00Z */

static int write_metrics(const fflag_store *store, const char *path)
{
    size_t size = 1 << 20;
    char *text = malloc(size);
    FILE *file = fopen(path, "w");
    if (!text || !file || fflag_write_metrics(store, text, size) >= size)
        return 1;
    int failed = fputs(text, file) < 0;
    free(text);
    return fclose(file) != 0 || failed;
}

int main(int argc, char **argv)
{
    struct fflag_options options = FFLAG_OPTIONS_INIT;
    fflag_store *store;
    options.count = true;
    if (argc != 4 || fflag_open(&store, argv[1], &options))
        return 2;
    fflag_id checkout = fflag_flag(store, "canary.checkout");
    fflag_attr user = fflag_attribute(store, "user_id");
    int users = (int)strtol(argv[2], NULL, 10), failed = 0;
    for (int i = 0; i < users && !failed; i++) {
        char id[32], line[1024];
        int length = snprintf(id, sizeof id, "user-%d", i);
        fflag_context who;
        fflag_context_init(&who);
        fflag_set_string(&who, user, id, (size_t)length);
        fflag_set_now(&who, START + i * 100);
        const fflag_view *view = fflag_acquire(store);
        fflag_result result = fflag_evaluate(view, checkout, &who);
        size_t size =
            fflag_exposure(view, &result, id, (size_t)length, START + i * 100, line, sizeof line);
        fflag_release(view);
        failed = size >= sizeof line || fwrite(line, 1, size, stdout) != size;
    }
    failed |= write_metrics(store, argv[3]);
    fflag_close(store);
    return failed;
}
