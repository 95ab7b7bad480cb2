/* service.c - see service.h. */
#include "tools/servicelog/service.h"

#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))
#define DAY             INT64_C(86400000)
#define SKEW            100.0 /* users whose number is far below this are about equally active */
#define POOL_SIZE       20

const struct factors no_factors = {1, 1, 1, 1, 1, -1, -1, -1};

void service_init(struct service *service)
{
    *service = (struct service){
        .load = {.peak = 100, .trough = 100, .peak_at = 20 * DAY / 24, .weekend = 1},
        .busy_latency = 1.5,
        .error_rate = 0.01,
        .refusal_rate = 0.01,
        .cache_hits = 0.9,
        .purchases = 0.02,
        .endpoints = {{"/search", 30, 90, 0.5, -1},
                      {"/item", 40, 40, 0.4, -1},
                      {"/cart", 15, 60, 0.4, -1},
                      {"/account", 10, 50, 0.5, -1},
                      {"/checkout", 5, 180, 0.6, -1}},
        .endpoint_count = 5,
    };
    service_set_users(service, 10000);
}

void service_set_users(struct service *service, uint32_t users)
{
    service->users = users;
    service->octaves = logarithm_of_two(1 + users / SKEW);
}

/* -------------------------------------------------------------------------------------- load -- */

/* From trough to peak and back it follows 3x² - 2x³, which is nearly a cosine. */
double load_at(const struct load *load, int64_t at, double *height)
{
    int64_t since_peak = ((at - load->peak_at) % DAY + DAY) % DAY;
    double x = (double)(since_peak < DAY / 2 ? DAY / 2 - since_peak : since_peak - DAY / 2);
    x /= (double)(DAY / 2);
    *height = load->peak > load->trough ? x * x * (3 - 2 * x) : 0;
    int64_t weekday = ((at - at % DAY) / DAY % 7 + 7) % 7; /* 1970 began on a Thursday */
    bool weekend = weekday == 2 || weekday == 3;
    double rate = load->trough + (load->peak - load->trough) * *height;
    return weekend ? rate * load->weekend : rate;
}

/* ------------------------------------------------------------------------------------- users -- */

struct home {
    const char *country, *region, *address;
    uint32_t share; /* of 100 users */
};
/* The addresses are from the blocks reserved for documentation. */
static const struct home homes[] = {
    {"US", "us-east-1", "192.0.2.17", 30},    {"US", "us-west-2", "192.0.2.81", 12},
    {"CA", "us-west-2", "192.0.2.120", 8},    {"UK", "eu-west-1", "198.51.100.7", 12},
    {"DE", "eu-west-1", "198.51.100.40", 12}, {"NO", "eu-west-1", "198.51.100.99", 4},
    {"IN", "ap-south-1", "203.0.113.5", 14},  {"BR", "us-east-1", "203.0.113.77", 8},
};
static const char *const plans[] = {"free", "free", "free", "premium", "enterprise"};
static const char *const versions[] = {"2.1.0", "2.1.0", "2.1.0", "2.0.4", "2.0.4", "1.9.12"};

static size_t write_name(char out[16], uint32_t number)
{
    char digits[10];
    size_t count = 0, length = 5;
    memcpy(out, "user-", 5);
    do
        digits[count++] = (char)('0' + number % 10);
    while (number /= 10);
    while (count)
        out[length++] = digits[--count];
    out[length] = '\0';
    return length;
}

void describe_person(struct person *person, uint32_t number)
{
    uint64_t bits = bits_of(number);
    uint32_t part = (uint32_t)(bits % 100);
    const struct home *home = homes;
    while (part >= home->share)
        part -= home++->share;
    person->number = number;
    person->name_length = write_name(person->name, number);
    person->country = home->country;
    person->region = home->region;
    person->address = home->address;
    person->plan = plans[(bits >> 16) % COUNT_OF(plans)];
    person->app_version = versions[(bits >> 32) % COUNT_OF(versions)];
    person->beta_tester = (bits >> 48) % 10 == 0;
}

/*
 * A user by activity, of users 0 to users - 1. User n makes requests in proportion to 1 / (n +
 * SKEW): of 10 000 users, the busiest hundred make 15 % of all requests. The sum of these weights
 * is a logarithm, so its inverse is a power.
 */
static uint32_t pick_user(const struct service *service, struct random *random)
{
    if (service->even)
        return random_below(random, service->users);
    double power = power_of_two(service->octaves * random_share(random));
    uint32_t user = (uint32_t)(SKEW * (power - 1));
    return user < service->users ? user : service->users - 1;
}

/* ---------------------------------------------------------------------------------- requests -- */

static const struct endpoint *pick_endpoint(const struct service *service, struct random *random)
{
    double sum = 0;
    for (size_t i = 0; i < service->endpoint_count; i++)
        sum += service->endpoints[i].share;
    double left = random_share(random) * sum;
    const struct endpoint *endpoint = service->endpoints;
    const struct endpoint *last = endpoint + service->endpoint_count - 1;
    while (endpoint < last && left >= endpoint->share)
        left -= endpoint++->share;
    return endpoint;
}

void draw_request(const struct service *service, struct random *random, struct request *request)
{
    describe_person(&request->person, pick_user(service, random));
    request->endpoint = pick_endpoint(service, random);
    request->variant = NULL;
}

const char *request_path(const struct request *request)
{
    return request->purchase ? PURCHASE_PATH : request->endpoint->path;
}

static double rate_of(double usual, double factor, double replacement)
{
    return (replacement < 0 ? usual : replacement) * factor;
}

/* Memory hardly varies with load, but the processor does; few connections are free under
 * pressure. */
static void draw_gauges(struct random *random, double pressure, double height,
                        struct request *request)
{
    double noise = random_share(random);
    request->memory = pressure * (0.5 + 0.05 * noise);
    request->cpu = pressure * (0.2 + 0.2 * height + 0.1 * noise);
    request->memory = request->memory < 1 ? request->memory : 1;
    request->cpu = request->cpu < 1 ? request->cpu : 1;
    int busy = (int)(POOL_SIZE * pressure * (0.2 + 0.2 * height + 0.2 * noise));
    request->pool_free = busy < POOL_SIZE ? POOL_SIZE - busy : 0;
}

void draw_outcome(const struct service *service, struct random *random,
                  const struct factors *factors, double height, struct request *request)
{
    const struct endpoint *endpoint = request->endpoint;
    double usual = endpoint->error_rate < 0 ? service->error_rate : endpoint->error_rate;
    double errors = rate_of(usual, factors->errors, factors->error_rate);
    double fate = random_share(random);
    request->status = fate < errors ? 503 : fate < errors + service->refusal_rate ? 404 : 200;

    const double logarithm = 1.4426950408889634; /* of e, to base 2 */
    double latency = endpoint->latency * factors->latency *
                     (1 + (service->busy_latency - 1) * height) *
                     power_of_two(endpoint->spread * logarithm * random_normal(random));
    request->latency = (int64_t)(latency * 1000 + 0.5);
    double size = 3000 * power_of_two(random_normal(random));
    request->bytes = (uint32_t)size;
    double hits = rate_of(service->cache_hits, factors->cache_hits, factors->cache_hit_rate);
    request->cache_hit = random_chance(random, hits);
    double purchases = rate_of(service->purchases, factors->purchases, factors->purchase_rate);
    request->purchase = random_chance(random, purchases) && request->status == 200;
    draw_gauges(random, factors->pressure, height, request);
}
