/*
 * Every way in which people and tools replace a snapshot, with every way of watching: the last good
 * snapshot is served throughout, and finally the new one. Nothing here tests how soon.
 */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/inotify.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

#include "publish.h"

#define WAIT_MS 60000 /* for what must happen eventually */

enum watching { THREAD, POLLED };

struct scene {
    enum watching watching;
    char root[64];
    char path[160]; /* the path that the store opens */
    fflag_store *store;
    fflag_id first, second;
    int64_t served;
};

static void sleep_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static char *below(const struct scene *scene, const char *name)
{
    static char paths[4][256];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", scene->root, name);
    return path;
}

static void must(int result)
{
    if (result != 0)
        fail_msg("a system call failed: %s", strerror(errno));
}

/* --------------------------------------------------------------------------------- observing -- */

/* The generation that is served now; both of its flags must belong to it. */
static int64_t look(struct scene *scene)
{
    if (scene->watching == POLLED)
        fflag_poll(scene->store);
    const fflag_view *view = fflag_acquire(scene->store);
    int64_t first = fflag_integer(view, scene->first, NULL, -1);
    assert_int_equal(first, fflag_integer(view, scene->second, NULL, -2));
    fflag_release(view);
    return first;
}

/* Waits for a generation; until then, the previous one must be served. */
static void expect(struct scene *scene, int64_t generation)
{
    for (int waited = 0; waited < WAIT_MS; waited++) {
        int64_t now = look(scene);
        if (now == generation) {
            scene->served = generation;
            return;
        }
        assert_int_equal(now, scene->served);
        sleep_ms(1);
    }
    fail_msg("generation %d was never served", (int)generation);
}

static uint64_t rejections(const struct scene *scene)
{
    struct fflag_status status = {.size = sizeof status};
    fflag_status(scene->store, &status);
    return status.rejected;
}

/* Waits until one more file than `before` has been refused; the last good one must be served. */
static void expect_rejection(struct scene *scene, uint64_t before)
{
    for (int waited = 0; waited < WAIT_MS; waited++) {
        assert_int_equal(look(scene), scene->served);
        if (rejections(scene) > before)
            return;
        sleep_ms(1);
    }
    fail_msg("the bad file was never refused");
}

static void open_logged_scene(struct scene *scene, const char *name, fflag_log_fn *log, void *user)
{
    struct fflag_options options = FFLAG_OPTIONS_INIT;
    options.log = log;
    options.log_user = user;
    options.no_thread = scene->watching == POLLED;
    options.poll_interval_ms = 50;
    snprintf(scene->path, sizeof scene->path, "%s", below(scene, name));
    assert_int_equal(fflag_open(&scene->store, scene->path, &options), FFLAG_OK);
    scene->first = fflag_flag(scene->store, "first");
    scene->second = fflag_flag(scene->store, "second");
    scene->served = look(scene);
}

static void open_scene(struct scene *scene, const char *name)
{
    open_logged_scene(scene, name, NULL, NULL);
}

/* --------------------------------------------------------------------------------- scenarios -- */

static void renamed_over(struct scene *scene)
{
    publish_generation(below(scene, "flags.ffs"), 1);
    open_scene(scene, "flags.ffs");
    for (int64_t generation = 2; generation < 12; generation++) {
        publish_generation(scene->path, generation);
        expect(scene, generation);
    }
}

/* Like kubelet: flags.ffs -> ..data/flags.ffs, ..data -> ..1 */
static void swapped_as_a_configmap(struct scene *scene)
{
    must(mkdir(below(scene, "..1"), 0755));
    write_generation(below(scene, "..1/flags.ffs"), 1);
    must(symlink("..1", below(scene, "..data")));
    must(symlink("..data/flags.ffs", below(scene, "flags.ffs")));
    open_scene(scene, "flags.ffs");
    for (int64_t generation = 2; generation < 6; generation++) {
        char name[16], file[32], old[16], old_file[32];
        snprintf(name, sizeof name, "..%d", (int)generation);
        snprintf(file, sizeof file, "..%d/flags.ffs", (int)generation);
        snprintf(old, sizeof old, "..%d", (int)generation - 1);
        snprintf(old_file, sizeof old_file, "..%d/flags.ffs", (int)generation - 1);
        must(mkdir(below(scene, name), 0755));
        write_generation(below(scene, file), generation);
        must(symlink(name, below(scene, "..data_tmp")));
        must(rename(below(scene, "..data_tmp"), below(scene, "..data")));
        must(unlink(below(scene, old_file)));
        must(rmdir(below(scene, old)));
        expect(scene, generation);
    }
}

/* releases/N, with `current` moved from one to the next; nothing happens in the file's own
 * directory. */
static void released_by_a_symlinked_directory(struct scene *scene)
{
    must(mkdir(below(scene, "releases"), 0755));
    must(mkdir(below(scene, "releases/1"), 0755));
    must(mkdir(below(scene, "releases/2"), 0755));
    write_generation(below(scene, "releases/1/flags.ffs"), 1);
    write_generation(below(scene, "releases/2/flags.ffs"), 2);
    must(symlink(below(scene, "releases/1"), below(scene, "current")));
    open_scene(scene, "current/flags.ffs");
    must(symlink("releases/2", below(scene, "next")));
    must(rename(below(scene, "next"), below(scene, "current")));
    expect(scene, 2);
    /* The new directory is watched, too. */
    publish_generation(below(scene, "releases/2/flags.ffs"), 3);
    expect(scene, 3);
}

static void written_in_place_slowly(struct scene *scene)
{
    write_generation(below(scene, "flags.ffs"), 1);
    open_scene(scene, "flags.ffs");
    for (int64_t generation = 2; generation < 5; generation++) {
        size_t length;
        uint8_t *bytes = assemble_generation(generation, &length);
        int file = open(scene->path, O_WRONLY | O_TRUNC | O_CLOEXEC);
        assert_true(file >= 0);
        for (size_t done = 0; done < length;) {
            size_t part = length - done < 300 ? length - done : 300;
            assert_int_equal(write(file, bytes + done, part), part);
            done += part;
            for (int i = 0; i < 20 && done < length; i++) {
                assert_int_equal(look(scene), scene->served);
                sleep_ms(1);
            }
        }
        must(close(file));
        free(bytes);
        expect(scene, generation);
    }
}

static void saved_as_vim_does(struct scene *scene)
{
    write_generation(below(scene, "flags.ffs"), 1);
    open_scene(scene, "flags.ffs");
    for (int64_t generation = 2; generation < 5; generation++) {
        must(rename(scene->path, below(scene, "flags.ffs~")));
        assert_int_equal(look(scene), scene->served);
        write_generation(scene->path, generation);
        must(unlink(below(scene, "flags.ffs~")));
        expect(scene, generation);
    }
}

static void deleted_and_recreated(struct scene *scene)
{
    write_generation(below(scene, "flags.ffs"), 1);
    open_scene(scene, "flags.ffs");
    uint64_t before = rejections(scene);
    must(unlink(scene->path));
    expect_rejection(scene, before);
    struct fflag_status status = {.size = sizeof status};
    fflag_status(scene->store, &status);
    assert_int_equal(status.last_error, FFLAG_ERROR_IO);
    write_generation(scene->path, 2);
    expect(scene, 2);
    fflag_status(scene->store, &status);
    assert_int_equal(status.last_error, FFLAG_OK);
}

static void directory_deleted_and_recreated(struct scene *scene)
{
    must(mkdir(below(scene, "a"), 0755));
    must(mkdir(below(scene, "a/b"), 0755));
    write_generation(below(scene, "a/b/flags.ffs"), 1);
    open_scene(scene, "a/b/flags.ffs");
    uint64_t before = rejections(scene);
    must(unlink(scene->path));
    must(rmdir(below(scene, "a/b")));
    must(rmdir(below(scene, "a")));
    expect_rejection(scene, before);
    must(mkdir(below(scene, "a"), 0755));
    assert_int_equal(look(scene), 1);
    must(mkdir(below(scene, "a/b"), 0755));
    assert_int_equal(look(scene), 1);
    write_generation(scene->path, 2);
    expect(scene, 2);
    publish_generation(scene->path, 3);
    expect(scene, 3);
}

/* A watch follows its inode: events would come from the directory that was moved away. */
static void directory_renamed_away(struct scene *scene)
{
    must(mkdir(below(scene, "a"), 0755));
    must(mkdir(below(scene, "other"), 0755));
    write_generation(below(scene, "a/flags.ffs"), 1);
    write_generation(below(scene, "other/flags.ffs"), 2);
    open_scene(scene, "a/flags.ffs");
    must(rename(below(scene, "a"), below(scene, "gone")));
    must(rename(below(scene, "other"), below(scene, "a")));
    expect(scene, 2);
    publish_generation(below(scene, "gone/flags.ffs"), 9);
    publish_generation(scene->path, 3);
    expect(scene, 3);
}

static void bad_file_then_good_one(struct scene *scene)
{
    publish_generation(below(scene, "flags.ffs"), 1);
    open_scene(scene, "flags.ffs");
    size_t length;
    uint8_t *bytes = assemble_generation(2, &length);
    bytes[length - 1] ^= 1;
    uint64_t before = rejections(scene);
    write_bytes(below(scene, "new"), bytes, length, 0444);
    must(rename(below(scene, "new"), scene->path));
    expect_rejection(scene, before);
    struct fflag_status status = {.size = sizeof status};
    fflag_status(scene->store, &status);
    assert_int_equal(status.last_error, FFLAG_ERROR_CHECKSUM);
    assert_int_equal(status.generation, 1);

    /* The same bad file is not refused again, however often it is checked. */
    before = rejections(scene);
    for (int i = 0; i < 300; i++) {
        assert_int_equal(look(scene), 1);
        sleep_ms(1);
    }
    assert_int_equal(rejections(scene), before);

    bytes[length - 1] ^= 1;
    write_bytes(below(scene, "new"), bytes, length, 0444);
    must(rename(below(scene, "new"), scene->path));
    expect(scene, 2);
    free(bytes);
}

static void replaced_by_what_is_no_file(struct scene *scene)
{
    publish_generation(below(scene, "flags.ffs"), 1);
    open_scene(scene, "flags.ffs");
    uint64_t before = rejections(scene);
    must(mkfifo(below(scene, "fifo"), 0644));
    must(rename(below(scene, "fifo"), scene->path));
    expect_rejection(scene, before);
    must(unlink(scene->path));
    must(mkdir(scene->path, 0755));
    expect_rejection(scene, before + 1);
    must(rmdir(scene->path));
    publish_generation(scene->path, 2);
    expect(scene, 2);
}

/* The same bytes are not a new generation, whatever the inode. */
static void republished_unchanged(struct scene *scene)
{
    publish_generation(below(scene, "flags.ffs"), 1);
    open_scene(scene, "flags.ffs");
    for (int i = 0; i < 5; i++) {
        publish_generation(scene->path, 1);
        assert_int_equal(look(scene), 1);
        sleep_ms(20);
    }
    publish_generation(scene->path, 2);
    expect(scene, 2);
    struct fflag_status status = {.size = sizeof status};
    fflag_status(scene->store, &status);
    assert_int_equal(status.generation, 2);
    assert_int_equal(status.rejected, 0);
}

/* Two writes within one tick of the file system's clock, with the same size and inode. */
static void written_twice_in_one_tick(struct scene *scene)
{
    write_generation(below(scene, "flags.ffs"), 1);
    open_scene(scene, "flags.ffs");
    for (int64_t generation = 2; generation < 30; generation += 2) {
        struct stat status;
        write_generation(scene->path, generation);
        must(stat(scene->path, &status));
        if (generation % 4)
            look(scene);
        write_generation(scene->path, generation + 1);
        const struct timespec times[2] = {status.st_atim, status.st_mtim};
        must(utimensat(AT_FDCWD, scene->path, times, 0));
        for (int waited = 0; look(scene) != generation + 1; waited++) {
            assert_true(waited < WAIT_MS);
            sleep_ms(1);
        }
    }
}

/* Written to under another name in another directory: there is no event. */
static void changed_without_an_event(struct scene *scene)
{
    must(mkdir(below(scene, "a"), 0755));
    must(mkdir(below(scene, "b"), 0755));
    write_generation(below(scene, "a/flags.ffs"), 1);
    must(link(below(scene, "a/flags.ffs"), below(scene, "b/flags.ffs")));
    open_scene(scene, "a/flags.ffs");
    write_generation(below(scene, "b/flags.ffs"), 2);
    expect(scene, 2);
}

/* More events than the kernel queues: those about the change are among the lost. */
static void more_events_than_the_queue_holds(struct scene *scene)
{
    long limit = 16384;
    FILE *file = fopen("/proc/sys/fs/inotify/max_queued_events", "r");
    if (file) {
        if (fscanf(file, "%ld", &limit) != 1 || limit > 100000)
            limit = 100000;
        fclose(file);
    }
    must(mkdir(below(scene, "a"), 0755));
    write_generation(below(scene, "a/flags.ffs"), 1);
    open_scene(scene, "a/flags.ffs");
    for (long i = 0; i <= limit / 2; i++) {
        char name[32];
        snprintf(name, sizeof name, "a/%ld", i % 2);
        must(symlink("nothing", below(scene, name)));
        must(unlink(below(scene, name)));
    }
    must(rename(below(scene, "a"), below(scene, "b")));
    must(mkdir(below(scene, "a"), 0755));
    publish_generation(scene->path, 2);
    expect(scene, 2);
    publish_generation(scene->path, 3);
    expect(scene, 3);
}

/* A file that may be written to is copied, and nobody can truncate the copy. */
static void cut_in_place(struct scene *scene)
{
    write_generation(below(scene, "flags.ffs"), 1);
    open_scene(scene, "flags.ffs");
    const fflag_view *held = fflag_acquire(scene->store);
    for (int64_t generation = 2; generation < 5; generation++) {
        uint64_t before = rejections(scene);
        must(truncate(scene->path, 0));
        assert_int_equal(fflag_integer(held, scene->first, NULL, -1), 1);
        expect_rejection(scene, before);
        write_generation(scene->path, generation);
        expect(scene, generation);
    }
    assert_int_equal(fflag_integer(held, scene->second, NULL, -1), 1);
    fflag_release(held);
}

/*
 * A host that closes every descriptor it does not know, and reuses the numbers. Its effect on the
 * watcher is a race, which ThreadSanitizer rightly reports. The host does it in a callback, while
 * no other thread can look: a file that a look had just opened would be its own to close.
 */
#ifndef __SANITIZE_THREAD__
struct host {
    _Atomic bool closes;
    int reused[8];
};

static void close_descriptors(void *user, enum fflag_event event, enum fflag_error error,
                              const char *text)
{
    struct host *host = user;
    (void)error, (void)text;
    if (event != FFLAG_EVENT_LOADED || !host->closes)
        return;
    for (int file = 3; file < 64; file++)
        close(file);
    for (int i = 0; i < 8; i++)
        host->reused[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    host->closes = false;
}

static void descriptors_closed_by_the_host(struct scene *scene)
{
    struct host host = {.closes = false};
    publish_generation(below(scene, "flags.ffs"), 1);
    open_logged_scene(scene, "flags.ffs", close_descriptors, &host);
    host.closes = true;
    publish_generation(scene->path, 2);
    expect(scene, 2);
    for (int waited = 0; host.closes; waited++) {
        assert_true(waited < WAIT_MS);
        sleep_ms(1);
    }
    publish_generation(scene->path, 3);
    expect(scene, 3);
    publish_generation(scene->path, 4);
    expect(scene, 4);
    fflag_close(scene->store);
    scene->store = NULL;
    for (int i = 0; i < 8; i++)
        must(close(host.reused[i])); /* the store closed none of them */
}
#endif

/* ----------------------------------------------------------------------------------- running -- */

static const struct scenario {
    const char *name;
    void (*run)(struct scene *scene);
} scenarios[] = {
#define SCENARIO(name) \
    {                  \
#name, name    \
    }
    SCENARIO(renamed_over),
    SCENARIO(swapped_as_a_configmap),
    SCENARIO(released_by_a_symlinked_directory),
    SCENARIO(written_in_place_slowly),
    SCENARIO(saved_as_vim_does),
    SCENARIO(deleted_and_recreated),
    SCENARIO(directory_deleted_and_recreated),
    SCENARIO(directory_renamed_away),
    SCENARIO(bad_file_then_good_one),
    SCENARIO(replaced_by_what_is_no_file),
    SCENARIO(republished_unchanged),
    SCENARIO(written_twice_in_one_tick),
    SCENARIO(changed_without_an_event),
    SCENARIO(more_events_than_the_queue_holds),
    SCENARIO(cut_in_place),
#ifndef __SANITIZE_THREAD__
    SCENARIO(descriptors_closed_by_the_host),
#endif
};
#define SCENARIOS (sizeof scenarios / sizeof scenarios[0])

static void run_scenario(const struct scenario *scenario, enum watching watching)
{
    struct scene scene = {.watching = watching};
    snprintf(scene.root, sizeof scene.root, "/tmp/fflag-reload-XXXXXX");
    assert_non_null(mkdtemp(scene.root));
    scenario->run(&scene);
    fflag_close(scene.store);
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", scene.root);
    must(system(command));
}

static void follows_with_a_thread(void **state)
{
    run_scenario(*state, THREAD);
}

static void follows_when_polled(void **state)
{
    run_scenario(*state, POLLED);
}

/* In its own user namespace, a process can deny itself inotify. */
static bool forbid_inotify(void)
{
    if (unshare(CLONE_NEWUSER) != 0)
        return false;
    FILE *limit = fopen("/proc/sys/user/max_inotify_instances", "w");
    if (!limit)
        return false;
    fputs("0\n", limit);
    if (fclose(limit) != 0)
        return false;
    int file = inotify_init1(IN_CLOEXEC);
    if (file >= 0)
        close(file);
    return file < 0;
}

static void follows_without_inotify(void **state)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (!forbid_inotify())
            _exit(77);
        run_scenario(*state, THREAD);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        skip();
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* The descriptor becomes readable, so that a host's event loop knows when to poll. */
static void the_descriptor_tells_of_a_change(void **state)
{
    (void)state;
    struct scene scene = {.watching = POLLED};
    snprintf(scene.root, sizeof scene.root, "/tmp/fflag-reload-XXXXXX");
    assert_non_null(mkdtemp(scene.root));
    publish_generation(below(&scene, "flags.ffs"), 1);
    open_scene(&scene, "flags.ffs");
    int file = fflag_fd(scene.store);
    assert_true(file >= 0);
    struct fflag_status status = {.size = sizeof status};
    fflag_status(scene.store, &status);
    assert_true(status.watching);
    publish_generation(scene.path, 2);
    fd_set files;
    FD_ZERO(&files);
    FD_SET(file, &files);
    assert_int_equal(select(file + 1, &files, NULL, NULL, &(struct timeval){.tv_sec = 20}), 1);
    assert_int_equal(fflag_poll(scene.store), FFLAG_OK);
    assert_int_equal(look(&scene), 2);
    fflag_close(scene.store);
    must(unlink(scene.path));
    must(rmdir(scene.root));
}

/* ---------------------------------------------------------------------------------- copies -- */

/* A generation beside a text that makes the file of some length. */
static void publish_padded(const struct scene *scene, int64_t generation, size_t padding)
{
    struct assembler a = {0};
    struct ffs_flag flag = {.type = FFLAG_TYPE_INTEGER, .variant_count = 1};
    flag.first_variant = add_variant(&a, NULL, (uint64_t)generation);
    add_flag(&a, "first", flag);
    add_flag(&a, "second", flag);
    char *text = malloc(padding + 1);
    memset(text, 'a' + (int)(generation % 26), padding);
    text[padding] = '\0';
    add_string(&a, text);
    free(text);
    size_t length;
    uint8_t *bytes = assemble(&a, &length);
    char temporary[sizeof scene->path + 8];
    snprintf(temporary, sizeof temporary, "%s.new", scene->path);
    write_bytes(temporary, bytes, length, 0444);
    must(rename(temporary, scene->path));
    free(bytes);
}

static struct fflag_snapshot_info info_of(const fflag_view *view)
{
    struct fflag_snapshot_info info = {.size = sizeof info};
    fflag_view_info(view, &info);
    return info;
}

/* A copy is made in the memory of one that was replaced, whatever their lengths, and never in that
 * of one that somebody still views. */
static void copies_take_turns(void **state)
{
    (void)state;
    struct scene scene = {.watching = POLLED};
    snprintf(scene.root, sizeof scene.root, "/tmp/fflag-reload-XXXXXX");
    assert_non_null(mkdtemp(scene.root));
    snprintf(scene.path, sizeof scene.path, "%s/flags.ffs", scene.root);
    const size_t kib = 1024,
                 lengths[] = {1200, 1210, 1200, 1220, 1100, 2500, 2600, 2700, 2500, 4200,
                              4300, 4200, 300,  310,  300,  4200, 20,   20,   20,   1200,
                              1020, 1030, 2040, 2050, 3060, 3080, 3060, 1,    9000, 9100};
    publish_padded(&scene, 1, lengths[0] * kib);
    open_scene(&scene, "flags.ffs");
    const fflag_view *held = NULL;
    uint64_t sum = 0;
    const void *place[3] = {NULL};
    unsigned again = 0;
    for (int64_t i = 1; i < 3 * (int64_t)(sizeof lengths / sizeof *lengths); i++) {
        publish_padded(&scene, i + 1,
                       lengths[i % (int64_t)(sizeof lengths / sizeof *lengths)] * kib);
        assert_int_equal(fflag_poll(scene.store), FFLAG_OK);
        assert_int_equal(look(&scene), i + 1);
        const fflag_view *view = fflag_acquire(scene.store);
        struct fflag_snapshot_info info = info_of(view);
        again += info.bytes == place[i % 2];
        place[i % 2] = info.bytes;
        if (held && i % 7 == 6) {
            struct fflag_snapshot_info old = info_of(held);
            assert_ptr_not_equal(old.bytes, info.bytes);
            assert_true(XXH3_64bits(old.bytes, old.length) == sum);
            fflag_release(held);
            held = NULL;
        }
        if (!held && i % 7 == 2) {
            held = view;
            sum = XXH3_64bits(info.bytes, info.length);
        } else {
            fflag_release(view);
        }
    }
    assert_true(again > 10);
    fflag_release(held);
    fflag_close(scene.store);
    must(unlink(scene.path));
    must(rmdir(scene.root));
}

int main(void)
{
    static struct CMUnitTest tests[3 * SCENARIOS + 2];
    static char names[3 * SCENARIOS][96];
    static const struct {
        const char *name;
        CMUnitTestFunction run;
    } ways[] = {{"with_a_thread", follows_with_a_thread},
                {"when_polled", follows_when_polled},
                {"without_inotify", follows_without_inotify}};
    size_t count = 0;
    for (size_t i = 0; i < SCENARIOS; i++) {
        for (size_t way = 0; way < 3; way++) {
            snprintf(names[count], sizeof names[count], "%s_%s", scenarios[i].name, ways[way].name);
            tests[count] = (struct CMUnitTest){names[count], ways[way].run, NULL, NULL,
                                               (void *)(uintptr_t)&scenarios[i]};
            count++;
        }
    }
    tests[count++] = (struct CMUnitTest){"the_descriptor_tells_of_a_change",
                                         the_descriptor_tells_of_a_change, NULL, NULL, NULL};
    tests[count++] = (struct CMUnitTest){"copies_take_turns", copies_take_turns, NULL, NULL, NULL};
    return _cmocka_run_group_tests("reload", tests, count, NULL, NULL);
}
