/*
 * fuzz_lsp.c - any messages of an editor: `ffc lsp` answers them, whatever they say of whatever is
 * in the documents.
 *
 * The input is messages, each ended by a NUL, which get their headers here; one that begins with
 * '!' is taken as it is. The project is below file:///proc/self/fd/200/.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "compiler/base/buffer.h"
#include "compiler/files/durable.h"
#include "compiler/lsp/lsp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PROJECT 200 /* the descriptor of its directory */

static const char definitions[] = "project: {name: shop, environments: [production]}\n"
                                  "attributes: {country: string}\n"
                                  "flags:\n"
                                  "  search:\n"
                                  "    owner: ann\n"
                                  "    when: {country: [SE, NO]}\n"
                                  "  checkout: {owner: bob, requires: search}\n";

static char folder[] = "/tmp/fuzz-lsp-XXXXXX";

static void remove_folder(void)
{
    unlinkat(PROJECT, "flags.yaml", 0);
    rmdir(folder);
}

static bool make_folder(void)
{
    static bool is_there;
    if (is_there || !mkdtemp(folder))
        return is_there;
    int directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    is_there = dup2(directory, PROJECT) == PROJECT;
    close(directory);
    int fd = openat(PROJECT, "flags.yaml", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    is_there = is_there && fd >= 0 && write_all(fd, definitions, strlen(definitions));
    close(fd);
    atexit(remove_folder);
    return is_there;
}

static void frame_messages(const char *at, size_t size, struct buffer *out)
{
    for (const char *end = at + size; at < end;) {
        const char *stop = memchr(at, 0, (size_t)(end - at));
        if (!stop)
            stop = end;
        size_t length = (size_t)(stop - at);
        bool raw = *at == '!';
        if (!raw)
            buffer_format(out, "Content-Length: %zu\r\n\r\n", length);
        buffer_append(out, at + raw, length - raw);
        at = stop + 1;
    }
}

static void serve(int in, int out)
{
    char program[] = "lsp", option[] = "-C";
    char *line[] = {program, option, folder, NULL};
    int own_in = dup(STDIN_FILENO), own_out = dup(STDOUT_FILENO);
    fflush(stdout);
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    (void)lsp_command.run(3, line);
    dup2(own_in, STDIN_FILENO);
    dup2(own_out, STDOUT_FILENO);
    close(own_in);
    close(own_out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buffer frames = {0};
    frame_messages((const char *)data, size, &frames);
    int in = memfd_create("fuzz-lsp", MFD_CLOEXEC), out = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (make_folder() && in >= 0 && out >= 0 && write_all(in, frames.bytes, frames.length) &&
        lseek(in, 0, SEEK_SET) == 0)
        serve(in, out);
    close(in);
    close(out);
    buffer_release(&frames);
    return 0;
}
