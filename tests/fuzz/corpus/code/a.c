/* "dark-mode" in a comment */
#define QUOTE '"'
bool f(fflag_store *s)
{
    return fflag_flag(s, "new-search") && fflag_flag(s, "drak-mode");
} // "kill"
fflag_id fflag_flag(fflag_store *store, const char *name);
fflag_id g(fflag_store *s, const char *name)
{
    return fflag_flag(s, name);
}
