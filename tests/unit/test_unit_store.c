/* The store of units: found and whole across the borders of chunks, of its index and of its limit,
 * and the same however many threads fill it, in any order. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tools/ffreplay/metrics/unit_totals.h"

static struct unit_hash numbered(uint32_t number)
{
    return unit_hash_of(&number, sizeof number);
}

/* A row that counts what was added to its unit, and the sum and the least of that. */
struct tally {
    struct unit_row row;
    uint32_t count;
    uint32_t least;
    uint64_t sum;
};

static void add_number(void *context, struct unit_row *row, struct unit_hash unit, void *entry)
{
    struct tally *tally = (struct tally *)row;
    const uint64_t *number = entry;
    (void)context;
    assert_true(row->unit.low == unit.low && row->unit.high == unit.high);
    if (tally->count == 0 || *number < tally->least)
        tally->least = (uint32_t)*number;
    tally->count++;
    tally->sum += *number;
}

static struct unit_store *new_store(enum unit_sharing sharing)
{
    return unit_store_new(sharing, sizeof(struct tally));
}

static void add(struct unit_writer *writer, struct unit_hash unit, uint64_t number)
{
    uint64_t *entry = unit_writer_add(writer, unit);
    *entry = number;
}

static void begin(struct unit_writer *writer, struct unit_store *store)
{
    unit_writer_init(writer, store, UNITS_MADE, sizeof(uint64_t), add_number, NULL);
}

static void check_found(const struct unit_store *store, uint32_t count)
{
    assert_int_equal(unit_store_count(store), count);
    for (uint32_t i = 0; i < count; i++) {
        const struct tally *tally = (const struct tally *)unit_store_find(store, numbered(i));
        assert_non_null(tally);
        assert_true(tally->count == 1 && tally->least == i && tally->sum == i);
    }
    assert_null(unit_store_find(store, numbered(count)));
}

/* One after another, so that each border of a chunk and each growth of the index is met. */
static void finds_all_units_at_every_border(void **state)
{
    (void)state;
    struct unit_store *store = new_store(UNITS_OF_ONE_THREAD);
    struct unit_writer writer;
    begin(&writer, store);
    for (uint32_t i = 0; i < 1100; i++) {
        add(&writer, numbered(i), i);
        unit_writer_settle(&writer);
        check_found(store, i + 1);
    }
    unit_writer_release(&writer);
    unit_store_leave(store);
}

/* 64 shards of more than three chunks of 512 rows, the later ones in slabs. */
static void finds_all_units_of_all_shards(void **state)
{
    (void)state;
    enum { UNITS = 64 * 512 * 4 };
    struct unit_store *store = new_store(UNITS_OF_ALL_THREADS);
    struct unit_writer writer;
    begin(&writer, store);
    for (uint32_t i = 0; i < UNITS; i++)
        add(&writer, numbered(i), i);
    unit_writer_settle(&writer);
    unit_writer_release(&writer);
    check_found(store, UNITS);
    for (uint32_t shard = 0; shard < store->shard_count; shard++)
        assert_true(store->shards[shard].chunk_count > 3);
    assert_true(store->slabs.count > 1);
    unit_store_leave(store);
}

/* The bits that find the slot are the same, those that tell shards apart, too; or all but one. */
static void tells_units_apart_by_the_whole_hash(void **state)
{
    (void)state;
    struct unit_store *store = new_store(UNITS_OF_ALL_THREADS);
    struct unit_writer writer;
    begin(&writer, store);
    for (uint32_t i = 0; i < 1000; i++)
        add(&writer, (struct unit_hash){42, i * 2}, i);
    for (uint32_t i = 0; i < 63; i++)
        add(&writer, (struct unit_hash){UINT64_C(1) << i, 1}, i);
    unit_writer_settle(&writer);
    unit_writer_release(&writer);
    assert_int_equal(unit_store_count(store), 1063);
    for (uint32_t i = 0; i < 1000; i++) {
        const struct unit_hash unit = {42, i * 2};
        assert_int_equal(((const struct tally *)unit_store_find(store, unit))->sum, i);
    }
    for (uint32_t i = 0; i < 63; i++) {
        const struct unit_hash unit = {UINT64_C(1) << i, 1};
        assert_int_equal(((const struct tally *)unit_store_find(store, unit))->sum, i);
    }
    unit_store_leave(store);
}

static void note_sought(void *context, struct unit_row *row, struct unit_hash unit, void *entry)
{
    uint32_t *found = context;
    (void)unit;
    (void)entry;
    found[row != NULL]++;
}

static void seeks_without_making_a_row(void **state)
{
    (void)state;
    for (int sharing = UNITS_OF_ONE_THREAD; sharing <= UNITS_OF_ALL_THREADS; sharing++) {
        struct unit_store *store = new_store((enum unit_sharing)sharing);
        struct unit_writer maker, seeker;
        uint32_t found[2] = {0};
        unit_writer_init(&seeker, store, UNITS_SOUGHT, 8, note_sought, found);
        for (uint32_t i = 0; i < 1000; i++)
            unit_writer_add(&seeker, numbered(i)); /* in a store without an index */
        unit_writer_settle(&seeker);
        assert_true(found[0] == 1000 && found[1] == 0);
        begin(&maker, store);
        for (uint32_t i = 0; i < 1000; i += 2)
            add(&maker, numbered(i), i);
        unit_writer_settle(&maker);
        for (uint32_t i = 0; i < 1000; i++)
            unit_writer_add(&seeker, numbered(i));
        unit_writer_settle(&seeker);
        assert_true(found[0] == 1500 && found[1] == 500);
        assert_int_equal(unit_store_count(store), 500);
        unit_writer_release(&maker);
        unit_writer_release(&seeker);
        unit_store_leave(store);
    }
}

/* Columns are apart, zeroed, and those of 4 bytes fill what is left beside others. */
static void lays_out_columns(void **state)
{
    (void)state;
    struct unit_store *store = unit_store_new(UNITS_OF_ONE_THREAD, sizeof(struct unit_row) + 4);
    static const size_t sizes[] = {16, 4, 8, 4, 4, 32, 4};
    enum { COLUMNS = sizeof sizes / sizeof *sizes };
    size_t places[COLUMNS], all = sizeof(struct unit_row) + 4;
    for (int i = 0; i < COLUMNS; i++) {
        places[i] = unit_store_column(store, sizes[i]);
        assert_int_equal(places[i] % (sizes[i] == 4 ? 4 : 8), 0);
        all += sizes[i];
        for (int j = 0; j < i; j++)
            assert_true(places[j] + sizes[j] <= places[i] || places[i] + sizes[i] <= places[j]);
        assert_true(places[i] >= sizeof(struct unit_row) + 4);
    }
    assert_int_equal(store->row_size, (all + 7) / 8 * 8);
    unit_store_leave(store);
}

static uint32_t mix(uint32_t number)
{
    number ^= number >> 16;
    number *= 0x7feb352d;
    number ^= number >> 15;
    number *= 0x846ca68b;
    return number ^ number >> 16;
}

enum { LINES = 300000, LINE_UNITS = 70000 };
#define THREADS_MOST 8
struct filling {
    struct unit_writer writers[THREADS_MOST];
    uint32_t threads, seed;
};

static void fill(void *context, uint32_t worker, uint32_t index)
{
    struct filling *filling = context;
    (void)worker;
    for (uint32_t i = index; i < LINES; i += filling->threads) {
        uint32_t line = (uint32_t)(((uint64_t)i * 7919 + filling->seed) % LINES); /* each once */
        add(&filling->writers[index], numbered(mix(line) % LINE_UNITS), line);
    }
}

static void check_rows(const struct unit_store *store, uint32_t *crc)
{
    struct unit_hash last = {0};
    uint64_t rows = 0;
    *crc = 0;
    for (uint32_t shard = 0; shard < store->shard_count; shard++) {
        uint32_t count = store->shards[shard].count;
        struct unit_row **sorted = calloc(count + 1, sizeof(void *));
        unit_store_sorted(store, shard, sorted);
        for (uint32_t i = 0; i < count; i++, rows++) {
            const struct tally *tally = (const struct tally *)sorted[i];
            const struct unit_hash *unit = &tally->row.unit;
            assert_true(unit->high > last.high ||
                        (unit->high == last.high && unit->low > last.low));
            last = *unit;
            uint64_t words[] = {unit->high, unit->low, tally->count, tally->least, tally->sum};
            for (size_t j = 0; j < sizeof words / sizeof *words; j++)
                *crc = mix(*crc ^ (uint32_t)words[j]) + mix((uint32_t)(words[j] >> 32));
        }
        free(sorted);
    }
    assert_int_equal(rows, unit_store_count(store));
}

static void is_the_same_whoever_fills_it_in_whatever_order(void **state)
{
    (void)state;
    static const uint32_t threads[] = {1, 2, 3, THREADS_MOST, THREADS_MOST};
    uint32_t first = 0;
    for (uint32_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        struct unit_store *store = new_store(UNITS_OF_ALL_THREADS);
        struct filling filling = {.threads = threads[i], .seed = i * 12345};
        for (uint32_t j = 0; j < threads[i]; j++)
            begin(&filling.writers[j], store);
        assert_int_equal(store->threads, threads[i]);
        parallel_all(threads[i], fill, &filling);
        for (uint32_t j = 0; j < threads[i]; j++) {
            unit_writer_settle(&filling.writers[j]);
            unit_writer_release(&filling.writers[j]);
        }
        uint32_t digest;
        check_rows(store, &digest);
        if (i == 0)
            first = digest;
        assert_int_equal(digest, first);
        unit_store_leave(store);
    }
}

static void note_shard(void *context, uint32_t worker, uint32_t shard)
{
    uint32_t(*seen)[UNIT_SHARDS] = context;
    seen[worker][shard]++;
}

/* As many threads as filled it, and each shard once. */
static void works_on_each_shard_once(void **state)
{
    (void)state;
    for (uint32_t threads = 1; threads <= 3; threads++) {
        struct unit_store *store = new_store(UNITS_OF_ALL_THREADS);
        struct unit_writer writers[3];
        static uint32_t seen[MOST_WORKERS][UNIT_SHARDS];
        memset(seen, 0, sizeof seen);
        for (uint32_t i = 0; i < threads; i++)
            begin(&writers[i], store);
        for (uint32_t i = 0; i < threads; i++)
            unit_writer_release(&writers[i]);
        unit_store_for_shards(store, note_shard, seen);
        for (uint32_t shard = 0; shard < UNIT_SHARDS; shard++) {
            uint32_t times = 0;
            for (uint32_t worker = 0; worker < MOST_WORKERS; worker++)
                times += seen[worker][shard];
            assert_int_equal(times, 1);
        }
        for (uint32_t worker = threads; worker < MOST_WORKERS; worker++)
            for (uint32_t shard = 0; shard < UNIT_SHARDS; shard++)
                assert_int_equal(seen[worker][shard], 0);
        unit_store_leave(store);
    }
}

/* ------------------------------------------------------------------------------------ limits -- */

/* What a child says on stderr while it does that, and how it ends. */
static int status_of(void (*work)(void), char *said, size_t size)
{
    int ends[2], status;
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        work();
        _exit(0);
    }
    close(ends[1]);
    size_t length = 0;
    for (ssize_t got;
         length + 1 < size && (got = read(ends[0], said + length, size - 1 - length)) > 0;)
        length += (size_t)got;
    said[length] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void fill_limited(uint32_t units)
{
    struct unit_store *store = new_store(UNITS_OF_ONE_THREAD);
    struct unit_writer writer;
    store->rows_most = 100;
    begin(&writer, store);
    for (uint32_t i = 0; i < units; i++)
        add(&writer, numbered(i), i);
    for (uint32_t i = 0; i < units; i++)
        add(&writer, numbered(i), i); /* those that are there need no row */
    unit_writer_settle(&writer);
    unit_writer_release(&writer);
    unit_store_leave(store);
}

static void fill_to_the_limit(void)
{
    fill_limited(100);
}

static void fill_beyond_the_limit(void)
{
    fill_limited(101);
}

static void says_when_there_are_too_many_units(void **state)
{
    (void)state;
    char said[1000];
    assert_int_equal(status_of(fill_to_the_limit, said, sizeof said), 0);
    assert_string_equal(said, "");
    assert_int_equal(status_of(fill_beyond_the_limit, said, sizeof said), 2);
    assert_non_null(strstr(said, "too many units: a table holds about 100\n"));
    assert_non_null(strstr(said, "help: "));
}

static void fill_without_memory(void)
{
    const struct rlimit limit = {UINT64_C(80) << 20, UINT64_C(80) << 20};
    struct unit_store *store = new_store(UNITS_OF_ALL_THREADS);
    struct unit_writer writer;
    setrlimit(RLIMIT_AS, &limit);
    begin(&writer, store);
    for (uint32_t i = 0; i < 10000000; i++)
        add(&writer, numbered(i), i);
}

/* Sanitizers need more addresses than that for themselves. */
static void says_when_memory_runs_out(void **state)
{
    (void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    skip();
#endif
    char said[1000];
    assert_int_equal(status_of(fill_without_memory, said, sizeof said), 2);
    assert_string_equal(said, "out of memory\n");
}

/* ------------------------------------------------------------------------------------ totals -- */

enum { KINDS = 7, TOTALS_LINES = 60000, TOTALS_UNITS = 9000 };
static const enum unit_keeps kinds[KINDS] = {UNIT_MARKS, UNIT_COUNTS, UNIT_SUM, UNIT_SUMS,
                                             UNIT_MEAN,  UNIT_MAX,    UNIT_LAST};

struct keeping {
    struct unit_totals (*totals)[KINDS]; /* by thread */
    uint32_t threads;
};

static void init_totals(struct unit_totals totals[KINDS])
{
    for (int i = 0; i < KINDS; i++)
        unit_totals_init(&totals[i], kinds[i], i > 0 ? &totals[i - 1] : NULL);
}

static void share_totals(struct unit_totals totals[KINDS], struct unit_totals of[KINDS])
{
    for (int i = 0; i < KINDS; i++)
        unit_totals_share(&totals[i], of ? &of[i] : NULL);
}

static void keep_line(struct unit_totals totals[KINDS], uint32_t line)
{
    const struct unit_hash unit = numbered(mix(line) % TOTALS_UNITS);
    for (int i = 0; i < KINDS; i++) {
        bool counts = kinds[i] == UNIT_MARKS || kinds[i] == UNIT_COUNTS;
        double first = counts ? line % 3 == 0 : (double)(line * 7919 % 1000) / 7 - 40;
        double second = kinds[i] == UNIT_SUMS   ? 1e-9 * line
                        : kinds[i] == UNIT_LAST ? line % 500
                                                : 1;
        if (line % (uint32_t)(i + 1) == 0)
            unit_totals_add(&totals[i], unit, first, second);
    }
}

static void keep(void *context, uint32_t worker, uint32_t index)
{
    const struct keeping *keeping = context;
    (void)worker;
    for (uint32_t line = index; line < TOTALS_LINES; line += keeping->threads)
        keep_line(keeping->totals[index], line);
}

static struct ratio_moments moments_of(struct unit_totals *totals)
{
    static struct spread spread;
    memset(&spread, 0, sizeof spread);
    spread.takes_cubes = totals->keeps == UNIT_COUNTS ? CUBES_NONE : CUBES_OF_BOTH;
    spread_add_units(&spread, totals);
    assert_false(spread.beyond);
    return spread_moments(&spread);
}

static void check_totals(struct unit_totals totals[KINDS], struct unit_totals expected[KINDS])
{
    for (int i = 0; i < KINDS; i++) {
        uint64_t marked, expected_marked;
        assert_int_equal(unit_totals_seen(&totals[i], &marked),
                         unit_totals_seen(&expected[i], &expected_marked));
        assert_int_equal(marked, expected_marked);
        struct ratio_moments a = moments_of(&totals[i]), b = moments_of(&expected[i]);
        assert_memory_equal(&a, &b, sizeof a);
    }
}

/* Threads that share units keep what one would; what was asked for before they came stays right,
 * too. */
static void keeps_totals_of_all_threads(void **state)
{
    (void)state;
    struct unit_totals whole[KINDS];
    init_totals(whole);
    for (int round = 0; round < 2; round++)
        for (uint32_t line = 0; line < TOTALS_LINES; line++)
            keep_line(whole, line);
    for (uint32_t threads = 1; threads <= 4; threads++) {
        struct unit_totals totals[4][KINDS];
        struct keeping keeping = {totals, threads};
        init_totals(totals[0]);
        share_totals(totals[0], NULL);
        for (int round = 0; round < 2; round++) {
            for (uint32_t i = 1; i < threads; i++) {
                init_totals(totals[i]);
                share_totals(totals[i], totals[0]);
            }
            parallel_all(threads, keep, &keeping);
            for (uint32_t i = 1; i < threads; i++)
                for (int j = 0; j < KINDS; j++)
                    unit_totals_merge(&totals[0][j], &totals[i][j]);
            for (uint32_t i = 1; i < threads; i++)
                for (int j = 0; j < KINDS; j++)
                    unit_totals_release(&totals[i][j]);
            for (int j = 0; j < KINDS && round == 0; j++)
                moments_of(&totals[0][j]);
        }
        check_totals(totals[0], whole);
        for (int j = 0; j < KINDS; j++)
            unit_totals_release(&totals[0][j]);
    }
    for (int j = 0; j < KINDS; j++)
        unit_totals_release(&whole[j]);
}

/* The 2^32nd line of a unit is one too many, and it is said. */
static void says_when_a_unit_has_too_many_lines(void **state)
{
    (void)state;
    for (int i = 1; i < KINDS; i++) {
        struct unit_totals totals;
        unit_totals_init(&totals, kinds[i], NULL);
        unit_totals_add(&totals, numbered(1), 1, 1);
        unit_table_settle(totals.table);
        struct unit_row *row = unit_store_find(totals.table->store, numbered(1));
        uint32_t *events = unit_column(row, totals.columns.events);
        *events = UINT32_MAX - 1;
        unit_totals_add(&totals, numbered(1), 1, 1);
        unit_table_settle(totals.table);
        assert_false(totals.beyond);
        unit_totals_add(&totals, numbered(1), 1, 1);
        unit_table_settle(totals.table);
        assert_true(totals.beyond && *events == UINT32_MAX);
        unit_totals_release(&totals);
    }
}

/* ------------------------------------------------------------------------- what workers have -- */

struct made {
    uint32_t count;
    pthread_t by[2 * MOST_WORKERS];
    bool at_work;
};

static void note_thread(void *context, uint32_t worker, uint32_t index)
{
    struct made *made = context;
    assert_false(made->at_work);
    made->at_work = true;
    assert_int_equal(worker, index);
    assert_int_equal(index, made->count);
    usleep(1000);
    made->by[made->count++] = pthread_self();
    made->at_work = false;
}

static void each_worker_s_is_made_by_a_thread_of_its_own(void **state)
{
    (void)state;
    for (uint32_t count = 0; count <= 2 * MOST_WORKERS; count += 1 + count / 3) {
        struct made made = {.count = 0};
        parallel_make(count, note_thread, &made);
        assert_int_equal(made.count, count);
        for (uint32_t i = 0; i < count && i < MOST_WORKERS; i++) {
            assert_false(pthread_equal(made.by[i], pthread_self()));
            for (uint32_t other = 0; other < i; other++)
                assert_false(pthread_equal(made.by[i], made.by[other]));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_all_units_at_every_border),
        cmocka_unit_test(finds_all_units_of_all_shards),
        cmocka_unit_test(tells_units_apart_by_the_whole_hash),
        cmocka_unit_test(seeks_without_making_a_row),
        cmocka_unit_test(lays_out_columns),
        cmocka_unit_test(is_the_same_whoever_fills_it_in_whatever_order),
        cmocka_unit_test(works_on_each_shard_once),
        cmocka_unit_test(says_when_there_are_too_many_units),
        cmocka_unit_test(says_when_memory_runs_out),
        cmocka_unit_test(keeps_totals_of_all_threads),
        cmocka_unit_test(says_when_a_unit_has_too_many_lines),
        cmocka_unit_test(each_worker_s_is_made_by_a_thread_of_its_own),
    };
    return cmocka_run_group_tests_name("unit_store", tests, NULL, NULL);
}
