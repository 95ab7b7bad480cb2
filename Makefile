# ffc, libfflag, ffreplay. `make help` lists the targets.
#
# Nothing is configured: override the usual variables (CC, CFLAGS, prefix, DESTDIR, …) on the command
# line. SANITIZE=address,undefined builds into its own directory, so that builds do not mix; so does
# SIGNATURES=1, with which libfflag checks signatures and links libsodium. `ffc` always does.

CC = gcc
CXX = g++
AR = ar
LD = ld
OBJCOPY = objcopy
CFLAGS = -O2 -g
CXXFLAGS = -O2 -g
prefix = /usr/local
bindir = $(prefix)/bin
libdir = $(prefix)/lib
includedir = $(prefix)/include
mandir = $(prefix)/share/man
pkgconfigdir = $(libdir)/pkgconfig
INSTALL = install

empty :=
comma := ,
space := $(empty) $(empty)
signatures := $(filter 1,$(SIGNATURES))
BUILD := build$(if $(signatures),/signatures)$(if $(SANITIZE),/$(subst $(comma),-,$(SANITIZE)))

version_of = $(shell sed -n 's/^\#define FFLAG_VERSION_$(1) //p' include/fflag.h)
MAJOR := $(call version_of,MAJOR)
VERSION := $(MAJOR).$(call version_of,MINOR).$(call version_of,PATCH)
SONAME := libfflag.so.$(MAJOR)

WARNINGS = -Wall -Wextra -Wshadow -Wconversion -Wundef -Wvla -Wwrite-strings -Wformat=2 -Wcast-qual \
    -fno-common -Werror=switch -Wswitch-enum
C_WARNINGS = $(WARNINGS) -Wstrict-prototypes -Wmissing-prototypes
ifdef DEV
WARNINGS += -Werror
endif
sanitize = $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer)

# Hardened by default; what comes after, in the usual variables, overrides it. _FORTIFY_SOURCE needs an
# optimizer, and a sanitizer looks closer than it does.
optimizes = $(filter-out -O0,$(lastword $(filter -O%,$(1))))
fortify = $(if $(call optimizes,$(1)),$(if $(SANITIZE)$(findstring _FORTIFY_SOURCE,$(CPPFLAGS) $(1)),, \
    -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2))
# The folder of the build is left out of what is built, so that it is the same bytes in every folder.
harden = -fstack-protector-strong $(call fortify,$(1)) '-ffile-prefix-map=$(CURDIR)=.'
harden_link = -Wl,-z,relro -Wl,-z,now

c_flags = -std=c11 -D_GNU_SOURCE -Iinclude -I. -I$(BUILD)/gen $(call harden,$(CFLAGS)) $(CPPFLAGS) $(C_WARNINGS) \
    $(CFLAGS) $(sanitize) -MMD -MP
cxx_flags = -std=c++17 -Iinclude -I. $(call harden,$(CXXFLAGS)) $(CPPFLAGS) $(WARNINGS) $(CXXFLAGS) \
    $(sanitize) -MMD -MP
link_flags = $(harden_link) $(LDFLAGS) $(sanitize)
program_flags = -pie $(link_flags)

# What a build that checks signatures has in place of signature_none.c. An object given to the linker
# before the library is taken in place of the library's, so `ffc` and the tests name it.
signing_c := runtime/signature_sodium.c
runtime_c := $(sort $(filter-out $(if $(signatures),runtime/signature_none.c,$(signing_c)), \
    $(wildcard runtime/*.c)))
library_links = -pthread $(if $(signatures),-lsodium)
nodelete = -Wl,-z,nodelete
program_folders := commands commands/* lsp mcp main
commands_c := $(sort $(wildcard $(program_folders:%=compiler/%/*.c)))
compiler_c := $(sort $(filter-out $(commands_c),$(wildcard compiler/*/*.c)))
replay_folders := tools/ffreplay tools/ffreplay/* tools/ffreplay/*/*
replay_c := $(sort $(wildcard $(replay_folders:%=%/*.c)))
replay_cc := $(sort $(wildcard $(replay_folders:%=%/*.cc)))
unit_c := $(sort $(wildcard tests/unit/test_*.c))
fuzz_targets := $(patsubst tests/fuzz/fuzz_%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
bench_c := $(sort $(wildcard tools/bench/bench*.c))
simulate_c := $(sort $(wildcard tools/simulate/*.c))
service_log_c := $(sort $(wildcard tools/servicelog/*.c))

object = $(patsubst %,$(BUILD)/obj/%.o,$(basename $(1)))
pic_object = $(patsubst %,$(BUILD)/pic/%.o,$(basename $(1)))
unit_tests := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(unit_c))

ffc := $(BUILD)/ffc
ffreplay := $(BUILD)/ffreplay
library_a := $(BUILD)/libfflag.a
runtime_a := $(BUILD)/libruntime.a
library_so := $(BUILD)/libfflag.so.$(VERSION)
compiler_a := $(BUILD)/libffc.a
service := $(BUILD)/demo-service
service_log := $(BUILD)/service-log

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.PHONY: all setup demo check check-all fuzz bench bench-peers bench-compile bench-replay calibration lint fmt install uninstall release clean help

## all: build ffc, ffreplay and libfflag under build/ (the default)
all: $(ffc) $(ffreplay) $(library_a) $(library_so) $(service) $(service_log)

# What these targets build, they build on all processors, unless the command line says on how many.
parallel = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))
make_all = $(MAKE) --no-print-directory -s $(parallel) all

## demo: the main job end to end, in under a minute (installs what it needs)
demo: setup-build
	@$(make_all)
	@tools/demo/demo.sh $(BUILD)

## check: build and run every test (installs what it needs)
check: setup-check
	@$(make_all) check-programs
	@tests/run.sh $(BUILD) $(TESTS)

## check-all: check, then the same again under ASan and UBSan, the threaded tests under TSan, the
##   library's under valgrind, and with SIGNATURES=1; the long forms of random tests
check-all: export LONG = 1
check-all: setup-prometheus official-sarif-schema engines check
	@$(MAKE) --no-print-directory check LONG= SANITIZE=address,undefined \
	    BUILD=$(BUILD)/address
	@$(MAKE) --no-print-directory check LONG= SANITIZE=thread BUILD=$(BUILD)/thread \
	    TESTS="unit/test_store unit/test_reload unit/test_torture unit/test_counters unit/test_callback unit/test_faults unit/test_plan \
	    unit/test_unit_store unit/test_replay_units replay/test_analyze_threads replay/test_clusters replay/test_duplicates"
	@$(MAKE) --no-print-directory check LONG= SIGNATURES=1 BUILD=$(BUILD)/signatures \
	    TESTS="library install unit/test_signature"
	@$(MAKE) --no-print-directory check LONG= VALGRIND=1 TESTS="$(addprefix unit/test_,store fork \
	    torture reload plan evaluate evaluate_time conditions context bucket signature counters exposure \
	    verify verify_tables verify_code verify_damage)"

## fuzz: feed definitions, snapshots, logs, aggregates, messages and the like to who reads them, under libFuzzer,
##   ASan and UBSan, for FUZZ_TIME seconds each (60); FUZZ=log: one of them
FUZZ_TIME = 60
FUZZ = $(fuzz_targets)
fuzz: setup-fuzz
	@$(MAKE) --no-print-directory -s $(ffc)
	@$(MAKE) --no-print-directory -s BUILD=$(BUILD)/fuzz CC=clang CXX=clang++ \
	    SANITIZE=address,undefined,fuzzer-no-link $(FUZZ:%=$(BUILD)/fuzz/fuzz-%)
	@tests/fuzz/run.sh $(ffc) $(BUILD)/fuzz $(FUZZ_TIME) $(FUZZ)

## bench: time evaluation beside its limit loops, counting, opening and reloading (JSON=1 for JSON)
bench: setup-build
	@$(MAKE) --no-print-directory -s $(BUILD)/bench-evaluate $(BUILD)/bench-count $(BUILD)/bench-store
	@$(BUILD)/bench-evaluate $(if $(JSON),--json)
	@$(BUILD)/bench-count $(if $(JSON),--json)
	@$(BUILD)/bench-store $(if $(JSON),--json)

## calibration: measure how often the statistics are wrong, into docs/calibration.md (minutes)
calibration: setup-build
	@$(MAKE) --no-print-directory -s $(BUILD)/calibrate $(BUILD)/tests/test_analysis_error \
		$(BUILD)/tests/test_values_error
	@{ $(BUILD)/calibrate; echo; MARKDOWN=1 $(BUILD)/tests/test_analysis_error; \
		MARKDOWN=1 $(BUILD)/tests/test_values_error; } >docs/calibration.md

## bench-peers: time evaluation beside other flag engines, from npm (JSON=1, MARKDOWN=1)
bench-peers: setup-bench
	@tools/bench/install.sh tools/bench/peers $(BUILD)/peers
	@$(MAKE) --no-print-directory -s $(ffc) $(BUILD)/bench-peer
	@cd $(BUILD)/peers && node compare.mjs $(abspath $(ffc) $(BUILD)/bench-peer) $(bench_form)

## bench-compile: time ffc beside a bare libyaml pass and Featurevisor's command (JSON=1, MARKDOWN=1)
bench-compile: setup-bench
	@tools/bench/install.sh tools/bench/peers $(BUILD)/peers
	@$(MAKE) --no-print-directory -s $(ffc) $(BUILD)/bench-yaml
	@cd $(BUILD)/peers && node compile.mjs $(abspath $(ffc) $(BUILD)/bench-yaml) $(bench_form)

## engines: what tests of `ffreplay sql` and of many machines ask, which skip without: DuckDB and chDB
##   from npm, PostgreSQL, GNU parallel, sshd
engines: setup-bench setup-engines
	@tools/bench/install.sh tools/bench/replay $(BUILD)/replay-peers

## bench-replay: time ffreplay beside DuckDB and chDB, from npm (JSON=1, MARKDOWN=1, ROUNDS=N, LINES=N,
##   JOIN_LINES=N)
bench-replay: setup-bench
	@tools/bench/install.sh tools/bench/replay $(BUILD)/replay-peers
	@$(MAKE) --no-print-directory -s $(ffreplay) $(BUILD)/service-log
	@cd $(BUILD)/replay-peers && $(if $(LINES),LINES=$(LINES)) $(if $(JOIN_LINES),JOIN_LINES=$(JOIN_LINES)) \
	    node $(CURDIR)/tools/bench/replay/replay.mjs $(abspath $(ffreplay) $(BUILD)/service-log) $(bench_form)

## bench-scale: what `aggregate` takes by the number of lines, which are streamed (SCALE="1000000 100000000")
SCALE = 1000000 10000000
bench-scale: setup-build
	@$(MAKE) --no-print-directory -s $(ffreplay) $(BUILD)/service-log
	@tools/bench/scale.py $(ffreplay) $(BUILD)/service-log $(SCALE)

bench_form = $(if $(JSON),--json) $(if $(MARKDOWN),--markdown) $(if $(ROUNDS),--rounds $(ROUNDS))

## lint: formatting, layers, banned functions, shell, generated docs
lint: setup-lint
	@$(make_all)
	@tools/lint.sh $(BUILD)

## fmt: format the sources in place
fmt: setup-lint
	@git ls-files -co --exclude-standard '*.c' '*.h' '*.cc' | xargs clang-format-14 -i

## install, uninstall: below $(DESTDIR)$(prefix)
install: all
	$(INSTALL) -d $(DESTDIR)$(bindir) $(DESTDIR)$(libdir) $(DESTDIR)$(includedir)/fflag \
	    $(DESTDIR)$(pkgconfigdir) $(DESTDIR)$(mandir)/man1 $(DESTDIR)$(mandir)/man3
	$(INSTALL) -m 755 $(ffc) $(ffreplay) $(DESTDIR)$(bindir)
	$(INSTALL) -m 644 $(library_a) $(DESTDIR)$(libdir)
	$(INSTALL) -m 755 $(library_so) $(DESTDIR)$(libdir)
	ln -sf libfflag.so.$(VERSION) $(DESTDIR)$(libdir)/$(SONAME)
	ln -sf $(SONAME) $(DESTDIR)$(libdir)/libfflag.so
	$(INSTALL) -m 644 include/fflag.h $(DESTDIR)$(includedir)
	$(INSTALL) -m 644 include/fflag/snapshot.h include/fflag/operations.def \
	    include/fflag/private.h $(DESTDIR)$(includedir)/fflag
	sed -e 's|@prefix@|$(prefix)|' -e 's|@libdir@|$(libdir)|' -e 's|@includedir@|$(includedir)|' \
	    -e 's|@version@|$(VERSION)|' -e 's|@links@|$(library_links) $(nodelete)|' runtime/fflag.pc.in >$(DESTDIR)$(pkgconfigdir)/fflag.pc
	$(INSTALL) -m 644 docs/man/*.1 $(DESTDIR)$(mandir)/man1
	$(INSTALL) -m 644 docs/man/*.3 $(DESTDIR)$(mandir)/man3
	@for page in docs/man/*.3; do \
	    for name in $$(sed -n -e '/^\.Nd/q' -e 's/^\.Nm \([a-z_]*\).*/\1/p' $$page); do \
	        [ $$name.3 = $${page##*/} ] || \
	            echo ".so man3/$${page##*/}" >$(DESTDIR)$(mandir)/man3/$$name.3; \
	    done; \
	done

uninstall:
	rm -f $(DESTDIR)$(bindir)/ffc $(DESTDIR)$(bindir)/ffreplay $(DESTDIR)$(libdir)/libfflag.* \
	    $(DESTDIR)$(includedir)/fflag.h $(DESTDIR)$(includedir)/fflag/snapshot.h \
	    $(DESTDIR)$(includedir)/fflag/operations.def $(DESTDIR)$(includedir)/fflag/private.h \
	    $(DESTDIR)$(pkgconfigdir)/fflag.pc \
	    $(addprefix $(DESTDIR)$(mandir)/man1/,$(notdir $(wildcard docs/man/*.1))) \
	    $(DESTDIR)$(mandir)/man3/fflag.3 $(DESTDIR)$(mandir)/man3/fflag_*.3
	-rmdir $(DESTDIR)$(includedir)/fflag 2>/dev/null

## release: build/release/: the programs for machines without their libraries, which pipelines install
release: $(BUILD)/release/ffc $(BUILD)/release/ffreplay
	@tools/release.sh $(BUILD) $(VERSION)

## clean: remove build/
clean:
	rm -rf build

## help: this list
help:
	@sed -n 's/^## //p' Makefile

# ---------------------------------------------------------------------------------- set-up --

.PHONY: setup-build setup-check setup-lint setup-bench setup-fuzz setup-prometheus check-programs
# One run of apt-get for each target: two at a time would be in each other's way.
setup-build:
	@tools/setup.sh build
setup-check setup-lint setup-bench setup-fuzz setup-engines: setup-%:
	@tools/setup.sh build $*
.PHONY: official-sarif-schema engines setup-engines bench-scale
official-sarif-schema: setup-bench
	@tests/cli/official_sarif_schema.sh $(BUILD)/sarif
setup-prometheus:
	@tools/setup_prometheus.sh build/prometheus

# ----------------------------------------------------------------------------------- build --

# The codes alone, in a file that stays as it is while only texts change.
diagnostic_codes := $(BUILD)/gen/diagnostic_codes.inc
$(diagnostic_codes): compiler/diagnostics/diagnostics.def
	@mkdir -p $(@D)
	@sed -n 's/^DIAGNOSTIC(\([0-9]*\),.*/FF\1,/p' $< >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

.PRECIOUS: $(BUILD)/obj/%.o
$(BUILD)/obj/%.o: %.c | $(diagnostic_codes)
	@mkdir -p $(@D)
	$(CC) -fPIE $(c_flags) -c -o $@ $<

$(BUILD)/obj/%.o: %.cc | $(diagnostic_codes)
	@mkdir -p $(@D)
	$(CXX) -fPIE $(cxx_flags) -c -o $@ $<

# C cannot include a text file as a string, so texts are made into string literals, a line each.
text_literal = sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$$/\\n"/'

$(BUILD)/gen/%.inc: compiler/commands/%.yaml
	@mkdir -p $(@D)
	$(text_literal) $< >$@

$(BUILD)/gen/pipelines/%.inc: tools/pipelines/%
	@mkdir -p $(@D)
	$(text_literal) $< >$@

$(BUILD)/obj/compiler/commands/init/init.o: \
    $(patsubst compiler/commands/%.yaml,$(BUILD)/gen/%.inc,$(wildcard compiler/commands/init/*.yaml))
$(BUILD)/obj/compiler/commands/init/init_pipelines.o: \
    $(patsubst tools/%,$(BUILD)/gen/%.inc,$(wildcard tools/pipelines/*/*))

$(BUILD)/gen/%.inc: compiler/commands/%.template
	@mkdir -p $(@D)
	$(text_literal) $< >$@

$(BUILD)/obj/compiler/commands/gen/gen_template.o: \
    $(patsubst compiler/commands/%.template,$(BUILD)/gen/%.inc,$(wildcard compiler/commands/gen/*.template))
$(addprefix $(BUILD)/obj/compiler/commands/,init/init.o init/init_pipelines.o gen/gen_template.o): \
    c_flags += -Wno-overlength-strings

# What is installed may become part of a shared library. Objects for a link-time optimizer would keep
# objcopy from hiding a symbol.
$(BUILD)/pic/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(c_flags) -fPIC -fvisibility=hidden -fno-lto -c -o $@ $<

# The interpreter, the verifier, and what is done with each line of a log are the hot paths; -O3 is
# worth its bytes there alone, and a guard its time only in a function that has a buffer. An evaluation
# is short enough to feel where in a cache line it begins.
hot_path_flags = $(if $(call optimizes,$(CFLAGS)),-O3 -falign-functions=64) -fno-stack-protector \
    -fstack-protector
hot_runtime := answer evaluate hash_avx2 interpret value_tests verify verify_automata verify_code verify_flags
$(hot_runtime:%=$(BUILD)/pic/runtime/%.o) \
$(addprefix $(BUILD)/obj/tools/ffreplay/,$(addsuffix .o,canary/assign canary/gather logs/log_time \
    logs/parse_format_string logs/records logs/line_pattern logs/format_scan logs/parse_csv metrics/metric $(patsubst tools/ffreplay/%.c,%,$(wildcard tools/ffreplay/metrics/kinds/*.c)) \
    metrics/unit_store metrics/unit_table metrics/unit_totals)) \
$(BUILD)/obj/compiler/base/hash.o: \
    c_flags += $(hot_path_flags)

# The library for our own programs and tests, which look inside: of the same objects.
$(runtime_a): $(call pic_object,$(runtime_c))
	@rm -f $@
	$(AR) rcsD $@ $^

# The archive that is installed: one object that shows only what fflag.map names, so that the host may
# have a function of any other name.
$(library_a): $(call pic_object,$(runtime_c)) runtime/fflag.map
	@rm -f $@
	sed -n 's/^ *\(fflag_[a-z_]*\);$$/\1/p' runtime/fflag.map >$(BUILD)/pic/fflag.symbols
	$(LD) -r -o $(BUILD)/pic/fflag.o $(filter %.o,$^)
	$(OBJCOPY) --keep-global-symbols=$(BUILD)/pic/fflag.symbols $(BUILD)/pic/fflag.o
	$(AR) rcsD $@ $(BUILD)/pic/fflag.o

# It stays in memory once it is loaded: a watcher may run in it, and a thread may have its variables.
$(library_so): $(call pic_object,$(runtime_c)) runtime/fflag.map
	$(CC) $(link_flags) -shared -Wl,-soname,$(SONAME) -Wl,--version-script=runtime/fflag.map \
	    -Wl,-z,defs $(nodelete) -o $@ $(filter %.o,$^) $(library_links)
	@ln -sf $(@F) $(BUILD)/$(SONAME)
	@ln -sf $(SONAME) $(BUILD)/libfflag.so

# The compiler without its commands: ffreplay reads definitions with it.
$(compiler_a): $(call object,$(compiler_c))
	@rm -f $@
	$(AR) rcsD $@ $^

compiler_libraries = -lyaml -ljansson -lsodium -lm -pthread
replay_libraries = -lsimdjson -lzstd -lisal

$(ffc): $(call object,$(commands_c) $(signing_c)) $(compiler_a) $(runtime_a)
	$(CC) $(program_flags) -o $@ $^ $(compiler_libraries)

$(ffreplay): $(call object,$(replay_c) $(replay_cc)) $(compiler_a) $(runtime_a)
	$(CXX) $(program_flags) -o $@ $^ $(replay_libraries) $(compiler_libraries)

# The same programs, which look for libraries beside themselves first.
release_flags = $(program_flags) -Wl,--disable-new-dtags '-Wl,-rpath,$$ORIGIN/../lib'
$(BUILD)/release/ffc: $(call object,$(commands_c) $(signing_c)) $(compiler_a) $(runtime_a)
	@mkdir -p $(@D)
	$(CC) $(release_flags) -s -o $@ $^ $(compiler_libraries)

$(BUILD)/release/ffreplay: $(call object,$(replay_c) $(replay_cc)) $(compiler_a) $(runtime_a)
	@mkdir -p $(@D)
	$(CXX) $(release_flags) -s -o $@ $^ $(replay_libraries) $(compiler_libraries)

$(service): $(call object,tools/demo/service.c tools/demo/reaction.c $(filter-out tools/servicelog/main.c,$(service_log_c))) \
    $(compiler_a) $(runtime_a)
	$(CC) $(program_flags) -o $@ $^ $(compiler_libraries)

# A last bit that depends on the processor's multiply-and-add would be another log.
$(call object,$(service_log_c)): c_flags += -ffp-contract=off

$(service_log): $(call object,$(service_log_c)) $(compiler_a) $(runtime_a)
	$(CC) $(program_flags) -o $@ $^ $(compiler_libraries)

$(BUILD)/calibrate: $(call object,$(simulate_c)) $(compiler_a)
	$(CC) $(program_flags) -o $@ $^ -lm

# A loop that crosses a line of the instruction cache takes a cycle more: 1.6 instead of 1.35 ns for a boolean.
$(call object,$(bench_c)): c_flags += -falign-loops=64

$(BUILD)/bench-%: $(BUILD)/obj/tools/bench/bench_%.o $(compiler_a) $(runtime_a)
	$(CC) $(program_flags) -o $@ $^ $(compiler_libraries)

# ----------------------------------------------------------------------------------- tests --

check-programs: $(unit_tests) $(BUILD)/calibrate $(fuzz_targets:%=$(BUILD)/replay-%) $(BUILD)/yaml-values

$(BUILD)/yaml-values: $(BUILD)/obj/tests/differential/yaml_values.o $(compiler_a)
	$(CC) $(program_flags) -o $@ $^ $(compiler_libraries)

# A unit test, or a fuzz target, may use all there is but the mains: of archives, it gets what it names.
parts_a := $(BUILD)/libreplay.a $(BUILD)/libcommands.a $(compiler_a) $(runtime_a)
$(BUILD)/libreplay.a: $(call object,$(filter-out tools/ffreplay/main.c,$(replay_c)) $(replay_cc))
$(BUILD)/libcommands.a: $(call object,$(filter-out compiler/main/main.c,$(commands_c)))
$(BUILD)/libreplay.a $(BUILD)/libcommands.a:
	@rm -f $@
	$(AR) rcsD $@ $^

$(BUILD)/tests/%: $(BUILD)/obj/tests/unit/%.o $(call object,$(signing_c)) $(parts_a)
	@mkdir -p $(@D)
	$(CXX) $(program_flags) -o $@ $^ -lcmocka $(replay_libraries) $(compiler_libraries)

$(BUILD)/replay-%: $(BUILD)/obj/tests/fuzz/fuzz_%.o $(call object,tests/fuzz/replay.c) $(parts_a)
	$(CXX) $(program_flags) -o $@ $^ $(replay_libraries) $(compiler_libraries)

# Only clang has libFuzzer, which brings main().
$(BUILD)/fuzz-%: $(BUILD)/obj/tests/fuzz/fuzz_%.o $(parts_a)
	$(CXX) $(program_flags) -fsanitize=fuzzer -o $@ $^ $(replay_libraries) $(compiler_libraries)

-include $(shell find $(BUILD)/obj $(BUILD)/pic -name '*.d' 2>/dev/null)
