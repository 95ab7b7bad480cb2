/*
 * bench_yaml.c - the least that reading definitions can cost: parses every file of a folder with
 * libyaml, and ignores the events. `make bench-compile` compares `ffc` with it.
 *
 * Usage: bench-yaml DIRECTORY
 * Prints the numbers of files, bytes and events.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml.h>

struct totals {
    size_t files, bytes, events;
};

static void fail(const char *path, const char *why)
{
    fprintf(stderr, "bench-yaml: %s: %s\n", path, why);
    exit(2);
}

static void parse(const char *path, const unsigned char *text, size_t size, struct totals *totals)
{
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        fail(path, "out of memory");
    yaml_parser_set_input_string(&parser, text, size);
    yaml_event_type_t type;
    do {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event))
            fail(path, parser.problem);
        type = event.type;
        yaml_event_delete(&event);
        totals->events++;
    } while (type != YAML_STREAM_END_EVENT);
    yaml_parser_delete(&parser);
}

static void read_file(int folder, const char *name, struct totals *totals)
{
    static unsigned char text[1 << 20];
    int file = openat(folder, name, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        fail(name, strerror(errno));
    size_t size = 0;
    ssize_t got;
    while ((got = read(file, text + size, sizeof text - size)) > 0)
        size += (size_t)got;
    if (got < 0 || size == sizeof text)
        fail(name, got < 0 ? strerror(errno) : "larger than this program reads");
    close(file);
    parse(name, text, size, totals);
    totals->files++;
    totals->bytes += size;
}

static void read_folder(int folder, const char *path, struct totals *totals)
{
    DIR *entries = folder < 0 ? NULL : fdopendir(folder);
    if (!entries)
        fail(path, strerror(errno));
    struct dirent *entry;
    while ((entry = readdir(entries))) {
        const char *name = entry->d_name, *ending = strrchr(name, '.');
        if (name[0] == '.')
            continue;
        struct stat status;
        if (fstatat(folder, name, &status, 0) != 0)
            fail(name, strerror(errno));
        if (S_ISDIR(status.st_mode))
            read_folder(openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC), name, totals);
        else if (ending && (strcmp(ending, ".yaml") == 0 || strcmp(ending, ".yml") == 0))
            read_file(folder, name, totals);
    }
    closedir(entries);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: bench-yaml DIRECTORY\n", stderr);
        return 2;
    }
    struct totals totals = {0};
    read_folder(open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC), argv[1], &totals);
    printf("%zu files, %zu bytes, %zu events\n", totals.files, totals.bytes, totals.events);
    return 0;
}
