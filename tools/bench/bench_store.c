/*
 * bench_store.c - the cost of a snapshot apart from evaluations: its size, opening it, replacing
 * it.
 *
 * The project has 10,000 flags with three rules each. "Reload" is the time from before the rename
 * of a new file to the first answer from it. Two parts of it are measured separately: opening the
 * file, which is all of it except the handles and the wake-up, and fflag_poll() in a store without
 * a thread, which also frees what was replaced. "To open it" compares copying the file with mapping
 * it.
 *
 * "Worst of 10,000 evaluations" is the 99.99th percentile of acquire, evaluate and release
 * together, while the file is replaced every 20 ms, compared with an idle store; both include
 * reading the clock twice.
 *
 * Usage: bench-store [--json] [ROUNDS]
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/base/buffer.h"
#include "compiler/base/hash.h"
#include "bench.h"
#include "fflag.h"
#include "fflag/snapshot.h"

#define FLAGS          10000
#define DEFAULT_ROUNDS 100
#define MIB            (1024.0 * 1024.0)
#define PHASE_NS       3e8
#define WAIT_NS        10e9

static const char *const countries[] = {"NO", "SE", "DK", "FI", "IS", "DE", "NL", "FR", "ES", "PT",
                                        "US", "CA", "MX", "BR", "AR", "CL", "JP", "KR", "IN", "AU"};

struct bench {
    char directory[40], path[64], next[64];
    struct buffer snapshots[2];  /* with different answers for the flag `generation` */
    fflag_store *store, *polled; /* the second one without a thread */
    fflag_id generation, flag;
    fflag_context context;
    int64_t served;
};

static void write_definitions(const char *directory, int generation)
{
    uint64_t seed = 1;
    FILE *file = create(directory, "flags.yaml");
    fprintf(file,
            "project: {name: bench, environments: [production], bucket_by: user_id}\n"
            "attributes: {user_id: string, country: string, plan: string}\n"
            "flags:\n"
            "  generation: {type: integer, value: %d}\n",
            generation);
    for (unsigned i = 0; i < FLAGS; i++) {
        const char *first = countries[next_random(&seed) % 10];
        const char *second = countries[10 + next_random(&seed) % 10];
        fprintf(file,
                "  team-%u.service.feature-%u:\n"
                "    rules:\n"
                "      - {if: {country: [%s, %s]}, percent: %u%%}\n"
                "      - {if: {plan: pro}, serve: on}\n"
                "      - {percent: %u%%}\n",
                i % 17, i, first, second, (unsigned)(next_random(&seed) % 99 + 1),
                (unsigned)(next_random(&seed) % 99 + 1));
    }
    if (fclose(file) != 0)
        fail("cannot write the definitions");
}

/* The size of what evaluations and the verifier read. */
static double size_without_people(const struct buffer *bytes)
{
    const struct ffs_header *header = (const void *)bytes->bytes;
    const struct ffs_section *sections = (const void *)(header + 1);
    size_t size = bytes->length;
    for (uint32_t i = 0; i < header->section_count; i++)
        if (sections[i].id >= FFS_PEOPLE)
            size -= sections[i].size;
    return (double)size / MIB;
}

/* Prepares a file as `ffc build` does: under another name, read-only. */
static void write_next(const struct bench *b, int which)
{
    int file = open(b->next, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    const struct buffer *bytes = &b->snapshots[which];
    if (file < 0 || write(file, bytes->bytes, bytes->length) != (ssize_t)bytes->length ||
        fchmod(file, 0444) != 0 || close(file) != 0)
        fail("cannot write a snapshot");
}

static int64_t answer(const struct bench *b)
{
    const fflag_view *view = fflag_acquire(b->store);
    int64_t value = fflag_integer(view, b->generation, NULL, -1);
    fflag_release(view);
    return value;
}

static double replace(struct bench *b)
{
    int64_t wanted = !b->served;
    write_next(b, (int)wanted);
    /* Held open; otherwise rename() would first free its pages, which no service waits for. */
    int replaced = open(b->path, O_RDONLY | O_CLOEXEC);
    double start = now_ns();
    if (rename(b->next, b->path) != 0)
        fail("cannot rename a snapshot");
    while (answer(b) != wanted)
        if (now_ns() - start > WAIT_NS)
            fail("a snapshot was not taken up");
    double took = now_ns() - start;
    b->served = wanted;
    close(replaced);
    return took;
}

/* Makes the other store reload what replace() published. */
static double poll_once(const struct bench *b)
{
    double start = now_ns();
    if (fflag_poll(b->polled))
        fail("a snapshot was refused");
    return now_ns() - start;
}

static void prepare(struct bench *b)
{
    snprintf(b->directory, sizeof b->directory, "/tmp/bench-store-XXXXXX");
    if (!mkdtemp(b->directory))
        fail("cannot make a directory");
    for (int which = 0; which < 2; which++) {
        char definitions[] = "/tmp/bench-store-XXXXXX";
        if (!mkdtemp(definitions))
            fail("cannot make a directory");
        write_definitions(definitions, which);
        compile(definitions, (const char *const[]){"flags.yaml", NULL}, &b->snapshots[which]);
    }
    snprintf(b->path, sizeof b->path, "%s/flags.ffs", b->directory);
    snprintf(b->next, sizeof b->next, "%s/.flags.ffs", b->directory);
    write_next(b, 0);
    struct fflag_options options = FFLAG_OPTIONS_INIT;
    options.no_thread = true;
    if (rename(b->next, b->path) != 0 || fflag_open(&b->store, b->path, NULL) ||
        fflag_open(&b->polled, b->path, &options))
        fail("cannot open the snapshot");
    b->generation = fflag_flag(b->store, "generation");
    for (unsigned i = 0; i < FLAGS; i++) {
        char name[40];
        snprintf(name, sizeof name, "team-%u.service.feature-%u", i % 17, i);
        b->flag = fflag_flag(b->store, name);
        fflag_flag(b->polled, name);
    }
    fflag_context_init(&b->context);
    fflag_set_string(&b->context, fflag_attribute(b->store, "user_id"), "user-4711", 9);
    fflag_set_string(&b->context, fflag_attribute(b->store, "plan"), "free", 4);
    fflag_set_string(&b->context, fflag_attribute(b->store, "country"), "NO", 2);
}

/* --------------------------------------------------------------------------------- latencies -- */

/* By ns up to 256, then in steps of a sixteenth. */
#define BUCKETS 1024
struct histogram {
    uint64_t count[BUCKETS];
    uint64_t total;
};

static unsigned bucket_of(uint64_t ns)
{
    if (ns < 256)
        return (unsigned)ns;
    unsigned power = 63 - (unsigned)__builtin_clzll(ns);
    return 256 + (power - 8) * 16 + (unsigned)(ns >> (power - 4) & 15);
}

static double bucket_end(unsigned bucket)
{
    if (bucket < 256)
        return bucket + 1;
    unsigned power = 8 + (bucket - 256) / 16;
    return (double)((UINT64_C(17) + (bucket - 256) % 16) << (power - 4));
}

static double quantile(const struct histogram *histogram, double q)
{
    uint64_t seen = 0;
    for (unsigned i = 0; i < BUCKETS; i++)
        if ((double)(seen += histogram->count[i]) >= q * (double)histogram->total)
            return bucket_end(i);
    return 0;
}

struct reading {
    const struct bench *bench;
    struct histogram histogram;
    _Atomic bool stop;
};

static void *read_on(void *argument)
{
    struct reading *reading = argument;
    const struct bench *b = reading->bench;
    while (!atomic_load_explicit(&reading->stop, memory_order_relaxed)) {
        double start = now_ns();
        const fflag_view *view = fflag_acquire(b->store);
        fflag_bool(view, b->flag, &b->context, false);
        fflag_release(view);
        unsigned bucket = bucket_of((uint64_t)(now_ns() - start));
        reading->histogram.count[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
        reading->histogram.total++;
    }
    return NULL;
}

static double worst_of_10000(struct bench *b, bool reloading)
{
    struct reading *reading = allocate(sizeof *reading);
    reading->bench = b;
    pthread_t thread;
    if (pthread_create(&thread, NULL, read_on, reading) != 0)
        fail("cannot start a thread");
    for (double start = now_ns(); now_ns() - start < PHASE_NS;) {
        if (reloading) {
            b->served = !b->served;
            write_next(b, (int)b->served);
            if (rename(b->next, b->path) != 0)
                fail("cannot rename a snapshot");
        }
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
    atomic_store(&reading->stop, true);
    pthread_join(thread, NULL);
    double worst = quantile(&reading->histogram, 0.9999);
    free(reading);
    return worst;
}

/* --------------------------------------------------------------------------------- measuring -- */

/* In ms, excluding the close. */
static double time_open(const struct bench *b, enum fflag_load_mode mode)
{
    struct fflag_options options = FFLAG_OPTIONS_INIT;
    options.no_thread = true;
    options.load_mode = mode;
    fflag_store *store;
    double start = now_ns();
    if (fflag_open(&store, b->path, &options))
        fail("cannot open the snapshot");
    double took = now_ns() - start;
    fflag_close(store);
    return took / 1e6;
}

static double time_checksum(const struct bench *b)
{
    double start = now_ns();
    struct hash128 hash = hash128(b->snapshots[0].bytes, b->snapshots[0].length);
    __asm__ volatile("" : : "r"(hash.low));
    return (now_ns() - start) / 1000 / ((double)b->snapshots[0].length / MIB);
}

int main(int argc, char **argv)
{
    static struct bench b;
    struct rows rows;
    unsigned rounds = read_arguments(argc, argv, DEFAULT_ROUNDS, &rows);
    prepare(&b);
    struct figures size = new_figures(1), open_time = new_figures(rounds);
    struct figures checksum = new_figures(rounds), reload = new_figures(rounds);
    struct figures opened = new_figures(rounds), polled = new_figures(rounds);
    struct figures mapped = new_figures(rounds);
    unsigned phases = rounds / 20 + 1;
    struct figures busy = new_figures(phases), quiet = new_figures(phases);

    size.of_round[0] = size_without_people(&b.snapshots[0]);
    for (unsigned i = 0; i < rounds; i++) {
        open_time.of_round[i] =
            time_open(&b, FFLAG_LOAD_AUTO) * 1000 / ((double)b.snapshots[0].length / MIB);
        checksum.of_round[i] = time_checksum(&b);
    }
    for (unsigned i = 0; i < rounds; i++) {
        reload.of_round[i] = replace(&b) / 1e6;
        opened.of_round[i] = time_open(&b, FFLAG_LOAD_AUTO);
        mapped.of_round[i] = time_open(&b, FFLAG_LOAD_MAP);
        polled.of_round[i] = poll_once(&b) / 1e6;
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    for (unsigned i = 0; i < phases; i++) {
        quiet.of_round[i] = worst_of_10000(&b, false);
        busy.of_round[i] = worst_of_10000(&b, true);
    }
    sort_figures(&open_time);
    sort_figures(&checksum);
    sort_figures(&reload);
    sort_figures(&opened);
    sort_figures(&mapped);
    sort_figures(&polled);
    sort_figures(&quiet);
    sort_figures(&busy);

    if (rows.json)
        printf("{\"format_version\":1,\"benchmark\":\"store\",\"rounds\":%u,\"cases\":[", rounds);
    print_row(&rows, "snapshot, 10,000 flags with 3 rules", "MiB", &size, NULL, NULL);
    print_row(&rows, "open and verify, a MiB", "us", &open_time, "XXH3-128", &checksum);
    print_row(&rows, "to open it, copied", "ms", &opened, "mapped", &mapped);
    print_row(&rows, "reload: rename to first new answer", "ms", &reload, NULL, NULL);
    print_row(&rows, "reload by fflag_poll(), freeing included", "ms", &polled,
              "to open it, without handles", &opened);
    print_row(&rows, "worst of 10,000, while reloading", "ns", &busy, "while it is quiet", &quiet);
    if (rows.json)
        puts("]}");
    fflag_close(b.polled);
    fflag_close(b.store);
    unlink(b.path);
    rmdir(b.directory);
    return 0;
}
