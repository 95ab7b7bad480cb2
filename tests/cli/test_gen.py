#!/usr/bin/env python3
"""`ffc gen`, of C: a header that compiles as C and C++ whatever names are, gives what the library gives, and does not compile
with a name that no flag has."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

from tap import finish, ok

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FFC = os.environ.get("FFC", f"{TOP}/build/ffc")
BUILD = os.path.abspath(os.environ.get("BUILD", f"{TOP}/build"))
SCRATCH = tempfile.mkdtemp(prefix="ffc-gen-")
AT = ["--at", "2026-11-30T12:00:00Z"]
PROJECT = r'''project: {name: shop, environments: [staging, production], bucket_by: user_id}
attributes:
  user_id: {type: string, description: "who */ \"asks\" //"}
  age: number
  app: {type: version, scheme: loose}
  released: version
  groups: strings
  geo.ip: ip
  seen: time
  beta: boolean
  find: string
flags:
  new-search: {description: "Search by the \\new index */ /* and // on", owner: search, rules: [{if: {user_id: u1}, serve: on}]}
  old: {serve: on, expires: 2026-10-01T00:00:00Z}
  same-name: {serve: on}
  find: {percent: 10%}
  int: {type: integer, value: -9223372036854775808}
  ratio: {type: number, value: 0.1}
  "Größe ✨ x": {type: string, value: "say \"??/\" \\ ü\n12"}
  cfg: {type: json, value: {a: [1, "x"]}}
  cta: {type: string, variants: {blue: "b", green: "g", is green: "gg"}, default: blue, rules: [{if: {beta: true}, serve: green}]}
  cta-is: {type: string, variants: {greener: "g", x: y}, default: x}
  differs: {type: string, variants: {a: x, b: y}, default: a, environments: {production: {default: b}}}
  nothing: {type: number, variants: {one: 1, two: 2}, default: one, rules: [{serve: none}]}
'''
PROGRAM = r'''#include <stdio.h>
#include <string.h>
#include "flags.h"
int main(int count, char **arguments)
{
    fflag_store *store = NULL;
    struct flags_handles flags;
    if (count > 1 && fflag_open(&store, arguments[1], NULL) != FFLAG_OK)
        return 2;
    flags_find(&flags, store);
    fflag_context who;
    fflag_context_init(&who);
    const char *groups[] = {"a"};
    int bad = (int)flags_set_user_id(&flags, &who, "u1", 2) | (int)flags_set_age(&flags, &who, 3) |
              (int)flags_set_app(&flags, &who, "1.2.3.4", 7) | (int)flags_set_released(&flags, &who, "1.2.3", 5) |
              (int)flags_set_groups(&flags, &who, groups, 1) | (int)flags_set_geo_ip(&flags, &who, "10.0.0.1", 8) |
              (int)flags_set_seen(&flags, &who, 1) | (int)flags_set_beta(&flags, &who, true) | (int)flags_set_find(&flags, &who, "x", 1);
    const fflag_view *view = fflag_acquire(store);
    size_t length;
    const char *text = flags_get_Gr_uf6_udf_e_u2728_x(&flags, view, &who, &length);
    fflag_result cta = fflag_evaluate(view, flags.flag_cta, &who);
    printf("%d %d %d %s %s %lld %g %s %s %zu %d %s %g\n", bad, flags_get_new_search(&flags, view, &who),
           flags_get_find(&flags, view, NULL), flags_get_cta(&flags, view, &who, NULL),
           flags_get_cfg(&flags, view, &who, NULL), (long long)flags_get_int(&flags, view, &who),
           flags_get_ratio(&flags, view, &who), flags_get_differs(&flags, view, &who, "mine", NULL),
           text, length, strcmp(cta.variant, flags_cta_is_green) == 0,
           flags_get_differs(&flags, NULL, &who, "mine", NULL), flags_get_nothing(&flags, view, &who));
    fflag_release(view);
    fflag_close(store);
    return 0;
}
'''
WANTED = ("0 1 0 g {\"a\":[1,\"x\"]} -9223372036854775808 0.1 y say \"??/\" \\ ü\n12 17 1 mine 1\n")


def write(path, text):
    with open(f"{SCRATCH}/{path}", "w", encoding="utf-8") as file:
        file.write(text)


def run(*arguments):
    return subprocess.run([FFC, "gen", *arguments], cwd=SCRATCH, capture_output=True, text=True, check=False)


def is_unnamed(flag, *sources):
    done = subprocess.run([FFC, "stale", *[word for source in sources for word in ("--source", source)], "--json"], cwd=SCRATCH, text=True,
                          capture_output=True, check=False)
    return any(row["flag"] == flag and "unnamed" in row["stale"] for row in json.loads(done.stdout)["flags"])


def compiled(compiler, *arguments):
    return subprocess.run([*compiler.split(), "-Wall", "-Wextra", "-Wconversion", "-Werror", f"-I{TOP}/include",
                           *arguments], cwd=SCRATCH, capture_output=True, text=True, check=False)


def library():
    """With what it was built for: a sanitizer has to be in the program."""
    archive = f"{BUILD}/libfflag.a"
    with open(archive, "rb") as file:
        text = file.read()
    sanitizers = [name for name, mark in (("address", b"__asan_"), ("undefined", b"__ubsan_"), ("thread", b"__tsan_"))
                  if mark in text]
    return ([f"-fsanitize={','.join(sanitizers)}"] if sanitizers else []) + [archive, "-pthread"]


def main():
    os.mkdir(f"{SCRATCH}/flags")
    write("flags/shop.yaml", PROJECT)
    write("main.c", PROGRAM)
    done = run("c", "-o", "flags.h", *AT)
    ok(done.returncode == 0 and not done.stdout, "it writes a header", done.stderr)
    header = open(f"{SCRATCH}/flags.h", encoding="utf-8").read()
    ok(run("c", *AT).stdout == header, "the same on stdout, and each time")
    subprocess.run([FFC, "build", "-e", "production", "-o", "p.ffs"], cwd=SCRATCH, check=True, capture_output=True)
    for compiler in "gcc -std=c11 -pedantic", "gcc -std=c99", "g++ -std=c++17 -x c++", "g++ -std=c++11 -x c++":
        done = compiled(compiler, "-o", "main.o", "-c", "main.c")
        ok(done.returncode == 0, f"{compiler}: it compiles without a warning", done.stderr)
        linked = subprocess.run(["gcc", "-o", "main", "main.o", *library()], cwd=SCRATCH, capture_output=True, text=True,
                                check=False)
        told = subprocess.run([f"{SCRATCH}/main", "p.ffs"], cwd=SCRATCH, capture_output=True, text=True, check=False)
        ok(told.stdout == WANTED, f"{compiler}: and gives what the library gives", linked.stderr, told.stdout, WANTED)
    write("flags/more.yaml", "flags:\n  'same name': {serve: on}\n")
    done = run("c", *AT)
    ok(done.returncode == 1 and "'get_same_name' in C [FF0770]" in done.stderr, "names that would be one are refused", done.stderr)
    done = run("c", "same name", *AT)
    ok(done.returncode == 0 and "flags_get_same_name(" in done.stdout, "but not where one of them is left out", done.stderr)
    done = run("c", "--name", "same name=other", *AT)
    ok("flags_get_other(" in done.stdout and "flags_get_same_name(" in done.stdout and 'fflag_flag(store, "same name")' in done.stdout,
       "or called something else", done.stderr)
    done = run("c", "--name", "same nam=other", *AT)
    ok(done.returncode == 2 and "same nam" in done.stderr, "but nothing that there is not", done.stderr)
    os.unlink(f"{SCRATCH}/flags/more.yaml")
    macros = re.findall(r"#define (flags_\w+) ", header)
    ok(len(macros) == len(set(macros)) and "flags_cta_is_blue" in macros, "variants have names of their own", macros)
    for wrong, what in (("flags_get_new_serach(&flags, view, &who)", "a misspelt flag"), ("flags.flag_gone", "a handle of none"),
                        ("flags_get_cta(&flags, view, &who)", "too few arguments")):
        write("wrong.c", PROGRAM.replace("flags_get_new_search(&flags, view, &who)", wrong))
        ok(compiled("gcc -std=c11", "-fsyntax-only", "wrong.c").returncode != 0, f"{what} does not compile")
    write("old.c", PROGRAM.replace("flags_get_new_search(", "flags_get_old("))
    done = compiled("gcc -std=c11", "-fsyntax-only", "old.c")
    ok(done.returncode != 0 and "expired on 2026-10-01" in done.stderr, "an expired flag is marked", done.stderr)
    done = run("c", "-o", "flags.h", "--check", *AT)
    ok(done.returncode == 0, "--check is silent about what is current", done.stderr)
    write("flags/shop.yaml", PROJECT.replace("old: {serve: on", "older: {serve: on"))
    done = run("c", "-o", "flags.h", "--check", *AT)
    ok(done.returncode == 1 and "flags.h: is not what" in done.stderr, "and exits with 1 otherwise", done.stderr)
    ok(open(f"{SCRATCH}/flags.h", encoding="utf-8").read() == header, "writing nothing")
    write("flags/shop.yaml", PROJECT)
    some = run("c", "cta*", "--prefix", "shop").stdout
    ok(set(re.findall(r"shop_get_(\w+)", some)) == {"cta", "cta_is"} and "flags_" not in some, "some flags, another prefix")
    write("user.c", "#include \"flags.h\"\nbool f(void) { return flags_get_find(0, 0, 0) || other_get_int(); }\n")
    ok(not is_unnamed("find", "user.c", "flags.h") and is_unnamed("int", "user.c", "flags.h"), "`ffc stale` knows accessors by their prefix")
    for language, file, uses, other in (
            ("python", "use.py", "now.find(who)", "find(who)"), ("cpp", "use.cc", "now.find(who);", "find(who);"),
            ("rust", "use.rs", "fn f() { now.find(&who); }", "fn f() { find(&who); }"), ("java", "Use.java", "now.find(who);", "find(who);"),
            ("go", "use.go", "now.Find(who)", "now.find(who)"), ("typescript", "use.ts", "now.find(who);", "find(who);"),
            ("typescript", "use.mjs", "now?.find(who);", "find(who);")):
        made = {"python": "made.py", "cpp": "made.hpp", "rust": "made.rs", "java": "Flags.java", "go": "made.go", "typescript": "made.ts"}[language]
        run(language, "-o", made, *AT)
        write(file, uses + "\n")
        ok(is_unnamed("find", file) and not is_unnamed("find", file, made), f"and a method, where a file in {language} is: {uses}")
        write(file, other + "\n")
        ok(is_unnamed("find", file, made), f"and nothing else: {other}")
        write(file, uses.replace("now", "flags") + "\n")
        ok(not is_unnamed("find", file), "and one of what is called flags, wherever that is written")
        run(language, "-o", made, "--name", "find=search", *AT)
        ok(not is_unnamed("find", made), "and one that is called something else is not said to have no name")
    for arguments, words in ((["cobol"], "there is no language 'cobol'"), (["jav"], "java"), (["c", "--package", "x"], "c has no --package"),
                             (["go", "--package", "a.b"], "no identifier of go"), (["java", "--package", "com.class"], "no identifier of java"),
                             (["cpp", "--native"], "cpp has no --native"), (["java", "-o", "x.java"], "has to be in 'Flags.java'"),
                             (["c", "--name", "x"], "NAME=IDENTIFIER"), (["c", "--name", "old=*/"], "NAME=IDENTIFIER"), ([], "expected a language"),
                             (["c", "--prefix", "a-b"], "no identifier"), (["c", "--check"], "give it with --output"),
                             (["c", "absent"], "absent"), (["c", "-o", "no/such/flags.h"], "no/such")):
        done = run(*arguments)
        ok(done.returncode == 2 and words in done.stderr, f"refused: {' '.join(arguments) or 'no language'}", done.stderr)
    shutil.rmtree(SCRATCH)
    return finish()


sys.exit(main())
