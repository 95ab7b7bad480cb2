/*
 * replay.c - feeds files to a fuzz target, whole and truncated at every byte up to a limit.
 *
 * Usage: replay [--cut] FILE...
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/buffer.h"
#include "compiler/cli/options.h"
#include "compiler/base/file.h"

#define MOST_CUT 3000u /* bytes of a file that is cut */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv)
{
    bool cut = argc > 1 && strcmp(argv[1], "--cut") == 0;
    size_t inputs = 0;
    for (int i = 1 + cut; i < argc; i++) {
        struct buffer bytes = {0}, error = {0};
        if (!read_file(argv[i], SIZE_MAX / 2, &bytes, &error)) {
            fprintf(stderr, "replay: %s: %s\n", argv[i], error.bytes);
            buffer_release(&bytes);
            buffer_release(&error);
            return 2;
        }
        const uint8_t *data = (const uint8_t *)bytes.bytes;
        for (size_t size = 0; cut && size < bytes.length && size < MOST_CUT; size++, inputs++)
            LLVMFuzzerTestOneInput(data, size);
        LLVMFuzzerTestOneInput(data, bytes.length);
        inputs++;
        buffer_release(&bytes);
    }
    printf("%zu inputs\n", inputs);
    return 0;
}
