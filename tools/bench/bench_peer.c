/*
 * bench_peer.c - libfflag as one of the engines that `make bench-peers` compares.
 *
 * Usage: bench-peer SNAPSHOT CONTEXTS view|one-shot|fresh
 *
 * CONTEXTS has a line for each context: user id, country and plan, separated by tabs. Prints
 * "ready VERSION", and then answers requests on standard input, one per line:
 *     answers FLAG       a digit for each context, 1 where the flag is on
 *     time FLAG CALLS    the nanoseconds that CALLS evaluations took, the first 1,024 contexts in
 *                        turn, and how many of them were on
 * The engines in tools/bench/peers/ answer the same requests, from engine.mjs.
 *
 * How libfflag is called: on a view that is held, with contexts made beforehand; with the one-shot
 * call; or with the one-shot call and a context made from its strings every time.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fflag.h"

#define TIMED        1024 /* contexts; a power of two */
#define MAX_CONTEXTS 4096
#define MAX_CALLS    1000000000
#define ATTRIBUTES   3

struct unit {
    char text[128]; /* its line, with NULs for the tabs */
    const char *value[ATTRIBUTES];
    size_t length[ATTRIBUTES];
};

struct peer {
    fflag_store *store;
    const fflag_view *view;
    fflag_attr attribute[ATTRIBUTES];
    struct unit *units;
    fflag_context *contexts;
    unsigned count;
};

static void fail(const char *what)
{
    fprintf(stderr, "bench-peer: %s\n", what);
    exit(2);
}

static void fill(const struct peer *p, const struct unit *unit, fflag_context *context)
{
    fflag_context_init(context);
    for (unsigned i = 0; i < ATTRIBUTES; i++)
        fflag_set_string(context, p->attribute[i], unit->value[i], unit->length[i]);
}

/* ------------------------------------------------------------------------------------- loops -- */

typedef unsigned loop(const struct peer *p, fflag_id flag, unsigned calls);

static unsigned on_a_view(const struct peer *p, fflag_id flag, unsigned calls)
{
    unsigned on = 0;
    for (unsigned i = 0; i < calls; i++)
        on += fflag_bool(p->view, flag, &p->contexts[i % TIMED], false);
    return on;
}

static unsigned in_one_shot(const struct peer *p, fflag_id flag, unsigned calls)
{
    unsigned on = 0;
    for (unsigned i = 0; i < calls; i++)
        on += fflag_bool_once(p->store, flag, &p->contexts[i % TIMED], false);
    return on;
}

static unsigned with_fresh_contexts(const struct peer *p, fflag_id flag, unsigned calls)
{
    unsigned on = 0;
    for (unsigned i = 0; i < calls; i++) {
        fflag_context context;
        fill(p, &p->units[i % TIMED], &context);
        on += fflag_bool_once(p->store, flag, &context, false);
    }
    return on;
}

static loop *choose_loop(const char *name)
{
    if (strcmp(name, "view") == 0)
        return on_a_view;
    if (strcmp(name, "one-shot") == 0)
        return in_one_shot;
    if (strcmp(name, "fresh") == 0)
        return with_fresh_contexts;
    fail("how to call is 'view', 'one-shot' or 'fresh'");
    return NULL;
}

/* ------------------------------------------------------------------------------------ set-up -- */

static void read_unit(struct unit *unit)
{
    char *at = unit->text;
    at[strcspn(at, "\n")] = '\0';
    for (unsigned i = 0; i < ATTRIBUTES; i++) {
        if (!at)
            fail("a context is not an id, a country and a plan");
        char *tab = strchr(at, '\t');
        if (tab)
            *tab++ = '\0';
        unit->value[i] = at;
        unit->length[i] = strlen(at);
        at = tab;
    }
}

static void read_contexts(struct peer *p, const char *path)
{
    FILE *file = fopen(path, "r");
    if (!file)
        fail("cannot open the contexts");
    p->units = calloc(MAX_CONTEXTS, sizeof *p->units);
    p->contexts = calloc(MAX_CONTEXTS, sizeof *p->contexts);
    if (!p->units || !p->contexts)
        fail("out of memory");
    while (p->count < MAX_CONTEXTS &&
           fgets(p->units[p->count].text, sizeof p->units[0].text, file)) {
        read_unit(&p->units[p->count]);
        fill(p, &p->units[p->count], &p->contexts[p->count]);
        p->count++;
    }
    fclose(file);
    if (p->count < TIMED)
        fail("there are fewer than 1,024 contexts");
}

static void prepare(struct peer *p, const char *snapshot, const char *contexts)
{
    static const char *const names[ATTRIBUTES] = {"user_id", "country", "plan"};
    enum fflag_error error = fflag_open(&p->store, snapshot, NULL);
    if (error)
        fail(fflag_error_text(error));
    for (unsigned i = 0; i < ATTRIBUTES; i++)
        p->attribute[i] = fflag_attribute(p->store, names[i]);
    p->view = fflag_acquire(p->store);
    read_contexts(p, contexts);
}

/* ---------------------------------------------------------------------------------- requests -- */

static fflag_id find_flag(const struct peer *p, const char *name)
{
    if (!name || fflag_evaluate_name(p->view, name, NULL).error)
        fail("the snapshot has no such flag");
    return fflag_flag(p->store, name);
}

static void answer(const struct peer *p, fflag_id flag)
{
    for (unsigned i = 0; i < p->count; i++)
        putchar(fflag_bool(p->view, flag, &p->contexts[i], false) ? '1' : '0');
    putchar('\n');
}

static void answer_timed(const struct peer *p, loop *run, fflag_id flag, const char *calls_text)
{
    char *end = NULL;
    errno = 0;
    unsigned long calls = calls_text ? strtoul(calls_text, &end, 10) : 0;
    if (calls == 0 || errno || *end || calls > MAX_CALLS)
        fail("how many calls is a number from 1 to 1,000,000,000");
    struct timespec start, stop;
    clock_gettime(CLOCK_MONOTONIC, &start);
    unsigned on = run(p, flag, (unsigned)calls);
    clock_gettime(CLOCK_MONOTONIC, &stop);
    int64_t ns =
        (int64_t)(stop.tv_sec - start.tv_sec) * 1000000000 + (stop.tv_nsec - start.tv_nsec);
    printf("%" PRId64 " %u\n", ns, on);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fputs("usage: bench-peer SNAPSHOT CONTEXTS view|one-shot|fresh\n", stderr);
        return 2;
    }
    loop *run = choose_loop(argv[3]);
    struct peer peer = {0};
    prepare(&peer, argv[1], argv[2]);
    printf("ready %s\n", fflag_version());
    fflush(stdout);

    char line[256];
    while (fgets(line, sizeof line, stdin)) {
        char *rest;
        const char *request = strtok_r(line, " \n", &rest);
        fflag_id flag = find_flag(&peer, strtok_r(NULL, " \n", &rest));
        if (request && strcmp(request, "answers") == 0)
            answer(&peer, flag);
        else if (request && strcmp(request, "time") == 0)
            answer_timed(&peer, run, flag, strtok_r(NULL, " \n", &rest));
        else
            fail("a request is 'answers FLAG' or 'time FLAG CALLS'");
        fflush(stdout);
    }
    fflag_release(peer.view);
    fflag_close(peer.store);
    free(peer.units);
    free(peer.contexts);
    return 0;
}
