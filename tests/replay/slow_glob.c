/* slow_glob.c - preloaded: to look for files takes 20 ms, during which others write to them. */
#include <dlfcn.h>
#include <glob.h>
#include <unistd.h>

int glob(const char *pattern, int flags, int (*error)(const char *, int), glob_t *found)
{
    int (*look)(const char *, int, int (*)(const char *, int), glob_t *) = dlsym(RTLD_NEXT, "glob");
    usleep(20000);
    return look(pattern, flags, error, found);
}
