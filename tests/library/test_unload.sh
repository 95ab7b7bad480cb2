#!/bin/bash
# The library goes away again: loaded, used by threads that live on, closed and unloaded, many times.
cd "$(dirname "$0")/../.." || exit 2
. tests/lib.sh
BUILD=${BUILD:-$top/build}

cat >"$scratch/unload.c" <<'END'
#include <dirent.h>
#include <dlfcn.h>
#include <fflag.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS 4

static void *library;
static fflag_store *store;
static fflag_id flag;
static pthread_barrier_t turn;
static unsigned rounds;

static void must(int condition, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "%s\n", what);
    exit(1);
}

static void *find(const char *name)
{
    void *symbol = dlsym(library, name);
    must(symbol != NULL, name);
    return symbol;
}
#define CALL(name) ((__typeof__(&name))find(#name))

/* Threads that were there before the library, and are after it. */
static void *evaluate(void *unused)
{
    for (unsigned round = 0; round < rounds; round++) {
        pthread_barrier_wait(&turn);
        __typeof__(&fflag_bool_once) once = CALL(fflag_bool_once);
        fflag_context context;
        CALL(fflag_context_init)(&context);
        for (int i = 0; i < 1000; i++)
            must(once(store, flag, &context, false), "a flag that is on was off");
        pthread_barrier_wait(&turn);
    }
    return unused;
}

static unsigned entries(const char *path)
{
    unsigned count = 0;
    DIR *directory = opendir(path);
    while (readdir(directory))
        count++;
    closedir(directory);
    return count;
}

static int is_mapped(void)
{
    char line[512];
    int found = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    while (fgets(line, sizeof line, maps))
        found |= strstr(line, "libfflag") != NULL;
    fclose(maps);
    return found;
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS];
    must(argc == 4, "usage: unload LIBRARY SNAPSHOT ROUNDS");
    rounds = (unsigned)atoi(argv[3]);
    pthread_barrier_init(&turn, NULL, THREADS + 1);
    for (int i = 0; i < THREADS; i++)
        must(pthread_create(&threads[i], NULL, evaluate, NULL) == 0, "pthread_create");
    unsigned files = entries("/proc/self/fd"), tasks = entries("/proc/self/task");
    for (unsigned round = 0; round < rounds; round++) {
        library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
        must(library != NULL, "dlopen");
        must(CALL(fflag_open)(&store, argv[2], NULL) == FFLAG_OK, "fflag_open");
        flag = CALL(fflag_flag)(store, "dark-mode");
        pthread_barrier_wait(&turn);
        pthread_barrier_wait(&turn);
        CALL(fflag_close)(store);
        must(dlclose(library) == 0, "dlclose");
        must(!is_mapped(), "the library is still mapped");
        must(entries("/proc/self/fd") == files, "it left a descriptor open");
        /* A thread that was joined is there for a moment longer. */
        for (int waited = 0; entries("/proc/self/task") > tasks; waited++) {
            must(waited < 10000, "it left a thread behind");
            usleep(1000);
        }
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    return 0;
}
END
mkdir "$scratch/project"
cat >"$scratch/project/flags.yaml" <<'END'
project: {name: unload, environments: [production], bucket_by: user_id}
attributes: {user_id: string}
flags:
  dark-mode: {serve: on}
END
ok "a snapshot is built" "$BUILD/ffc" build -C "$scratch/project" -e production -o "$scratch/flags.ffs"
# The host's own code must not be instrumented, and the library's sanitizer cannot be loaded late.
if nm -D "$BUILD"/libfflag.so.*.*.* | grep -q '__[at]san_\|__ubsan_'; then
    skip "it can be unloaded under running threads" "a sanitizer is linked in"
else
    ok "the host compiles" gcc -D_GNU_SOURCE -O1 -I"$top/include" -o "$scratch/unload" "$scratch/unload.c" \
        -pthread -ldl
    ok "it can be unloaded under running threads" "$scratch/unload" "$(echo "$BUILD"/libfflag.so.*.*.*)" \
        "$scratch/flags.ffs" 50
fi
finish
