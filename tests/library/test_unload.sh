#!/bin/bash
# Who loads the library at run time may let go of it at any time: before fflag_close() or after, while
# threads that called it live on. It stays in memory, and its watchers go on.
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
static volatile unsigned loaded; /* how often a watcher said so */

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

static void note(void *unused, enum fflag_event event, enum fflag_error error, const char *text)
{
    (void)unused, (void)error, (void)text;
    if (event == FFLAG_EVENT_LOADED)
        __atomic_add_fetch(&loaded, 1, __ATOMIC_SEQ_CST);
}

/* Lets go of the library with the store open: its watcher must take up the next snapshot. */
static void leave_open(const char *path, const char *next, unsigned stores)
{
    struct fflag_options options = FFLAG_OPTIONS_INIT;
    options.log = note;
    for (unsigned i = 0; i < stores; i++) {
        library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
        must(library != NULL, "dlopen");
        must(CALL(fflag_open)(&store, next, &options) == FFLAG_OK, "fflag_open");
        must(dlclose(library) == 0, "dlclose");
    }
    char replacement[512];
    snprintf(replacement, sizeof replacement, "%s.next", next);
    must(rename(replacement, next) == 0, "rename");
    for (int waited = 0; loaded < 2 * stores; waited++) {
        must(waited < 60000, "a watcher did not live on");
        usleep(1000);
    }
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
        must(entries("/proc/self/fd") == files, "it left a descriptor open");
        /* A thread that was joined is there for a moment longer. */
        for (int waited = 0; entries("/proc/self/task") > tasks; waited++) {
            must(waited < 60000, "it left a thread behind");
            usleep(1000);
        }
    }
    leave_open(argv[1], argv[2], 5);
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
sed -i 's/serve: on/serve: off/' "$scratch/project/flags.yaml"
ok "and the next" "$BUILD/ffc" build -C "$scratch/project" -e production -o "$scratch/flags.ffs.next"
library=$(echo "$BUILD"/libfflag.so.*.*.*)
# The host's own code must not be instrumented, and the library's sanitizer cannot be loaded late.
if grep -qa '__[at]san_\|__ubsan_' "$library"; then
    skip "the host lets go of it, closed and open" "a sanitizer is linked in"
    skip "so does a host that is a plugin with the archive in it" "a sanitizer is linked in"
    finish
fi
compile() { gcc -D_GNU_SOURCE -O1 -I"$top/include" "$@"; }
ok "the host compiles" compile -o "$scratch/unload" "$scratch/unload.c" -pthread -ldl
mkdir "$scratch/a" "$scratch/b"
cp "$scratch"/flags.ffs* "$scratch/a"
cp "$scratch"/flags.ffs* "$scratch/b"
ok "the host lets go of it, closed and open" "$scratch/unload" "$library" "$scratch/a/flags.ffs" 50
# As `pkg-config --static` has it linked.
ok "the archive becomes part of a plugin" compile -shared -o "$scratch/plugin.so" \
    -Wl,--whole-archive "$BUILD/libfflag.a" -Wl,--no-whole-archive -pthread -Wl,-z,nodelete \
    ${SIGNATURES:+-lsodium}
ok "the host lets go of that, too" "$scratch/unload" "$scratch/plugin.so" "$scratch/b/flags.ffs" 50
finish
