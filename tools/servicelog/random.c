/*
 * random.c - see random.h.
 *
 * The curves have tables by octaves: 64 uniform bits are taken as a number in (0, 1); its number of
 * leading zeros selects a row, its next eight bits select a column, and the rest interpolates
 * between two columns. So the far tail, which determines P99, is as fine as the middle.
 */
#include "random.h"

#include <string.h>

#define ROWS    48
#define COLUMNS 256u

static double power_table[COLUMNS + 1];            /* 2^(column / 256) */
static double logarithm_table[COLUMNS + 1];        /* -log2 of (1 + column / 256) / 2 */
static double normal_table[ROWS][COLUMNS + 1];     /* the z beyond which half the number lies */
static const double natural = 0.69314718055994531; /* ln 2 */

/* SplitMix64: Steele, Lea, Flood, OOPSLA 2014. */
static uint64_t mix(uint64_t bits)
{
    bits = (bits ^ bits >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    bits = (bits ^ bits >> 27) * UINT64_C(0x94d049bb133111eb);
    return bits ^ bits >> 31;
}

static const uint64_t gap = UINT64_C(0x9e3779b97f4a7c15);

uint64_t bits_of(uint64_t number)
{
    return mix((number + 1) * gap);
}

static uint64_t random_bits(struct random *random)
{
    return mix(random->state += gap);
}

double random_share(struct random *random)
{
    return (double)(random_bits(random) >> 11) * 0x1p-53;
}

uint32_t random_below(struct random *random, uint32_t count)
{
    return (uint32_t)((random_bits(random) >> 32) * count >> 32);
}

bool random_chance(struct random *random, double share)
{
    return random_share(random) < share;
}

/* ------------------------------------------------------------------------------------ curves -- */

/* e^x for -50 <= x <= 1, by its series at x / 1024, to about 1e-8. */
static double power_of_e(double x)
{
    double part = x / 1024;
    double power = 1 + part * (1 + part / 2 * (1 + part / 3 * (1 + part / 4 * (1 + part / 5))));
    for (int i = 0; i < 10; i++)
        power *= power;
    return power;
}

double power_of_two(double exponent)
{
    double scaled = (exponent + 1024) * COLUMNS;
    uint64_t steps = (uint64_t)scaled;
    double rest = (scaled - (double)steps) * (natural / COLUMNS);
    uint64_t bits = (steps / COLUMNS - 1) << 52; /* the exponent of a double is off by 1023 */
    double whole;
    memcpy(&whole, &bits, sizeof whole);
    return whole * power_table[steps % COLUMNS] * (1 + rest * (1 + rest / 2));
}

double logarithm_of_two(double value)
{
    double low = -65, high = 65;
    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;
        if (power_of_two(middle) < value)
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2;
}

/* The number in (0, 1) at which a column of a row begins. */
static double row_begin(int row, uint32_t column)
{
    return power_of_two(-row - 1) * (1 + (double)column / COLUMNS);
}

/*
 * Sums up the tail of the normal distribution beyond z from z = 9 down, so that small tails have a
 * small relative error; each entry of the table is set when the sum passes it.
 */
static void fill_normal_table(void)
{
    const double step = 1.0 / 512, scale = 0.39894228040143268; /* 1 / sqrt(2 pi) */
    double z = 9, density = scale * power_of_e(-z * z / 2), tail = density / z, before = tail;
    for (int row = ROWS - 1; row >= 0; row--) {
        for (uint32_t column = 0; column <= COLUMNS; column++) {
            double wanted = row_begin(row, column) / 2;
            while (tail < wanted && z > 0) {
                double above = density;
                z -= step;
                density = scale * power_of_e(-z * z / 2);
                before = tail;
                tail += (above + density) / 2 * step;
            }
            double past = tail > before ? (tail - wanted) / (tail - before) : 0;
            normal_table[row][column] = z + (past > 0 ? past * step : 0);
        }
    }
}

/* Before main(), so that the tables never change while threads run. Cost: below 1 ms. */
__attribute__((constructor)) static void fill_tables(void)
{
    for (uint32_t column = 0; column <= COLUMNS; column++)
        power_table[column] = power_of_e(natural * column / COLUMNS);
    for (uint32_t column = 0; column <= COLUMNS; column++)
        logarithm_table[column] = -logarithm_of_two(row_begin(0, column));
    fill_normal_table();
}

void random_init(struct random *random, uint64_t seed, uint64_t stream)
{
    random->state = mix(mix(seed + gap) ^ stream * UINT64_C(0xd1342543de82ef95));
}

/* ------------------------------------------------------------------------------------- draws -- */

struct place {
    int row;
    uint32_t column;
    double between; /* position between this column and the next, in [0, 1) */
};

static struct place place_of(uint64_t bits)
{
    bits |= 1;
    int row = __builtin_clzll(bits);
    bits <<= row;
    return (struct place){row, (uint32_t)(bits >> 55) % COLUMNS,
                          (double)(uint32_t)(bits >> 23) * 0x1p-32};
}

static double read_table(const double row[COLUMNS + 1], struct place place)
{
    double here = row[place.column];
    return here + (row[place.column + 1] - here) * place.between;
}

double random_normal(struct random *random)
{
    uint64_t bits = random_bits(random);
    struct place place = place_of(bits << 1);
    double z = read_table(normal_table[place.row < ROWS ? place.row : ROWS - 1], place);
    return bits >> 63 ? -z : z;
}

double random_exponential(struct random *random)
{
    struct place place = place_of(random_bits(random));
    return natural * (place.row + read_table(logarithm_table, place));
}
