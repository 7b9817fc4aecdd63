# Every task a person does here. `make help` lists them.

PREFIX ?= /usr/local
DESTDIR ?=
CARGO ?= cargo
RUSTC ?= rustc

# All that is below looks there for what cargo builds, for this machine unless it says so.
export CARGO_TARGET_DIR := $(CURDIR)/target
unexport CARGO_BUILD_TARGET

VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
# Installing what is built takes no toolchain, so that one is missing is left to what needs it.
HOST := $(shell $(RUSTC) -vV 2>/dev/null | sed -n 's/^host: //p')
ARCH := $(firstword $(subst -, ,$(HOST)))

# The musl target where its standard library is installed, else glibc linked statically.
MUSL := $(ARCH)-unknown-linux-musl
STATIC_TARGET := $(if $(wildcard $(shell $(RUSTC) --print sysroot 2>/dev/null)/lib/rustlib/$(MUSL)/lib),$(MUSL),$(HOST))
STATIC_DIR := target/$(STATIC_TARGET)/release
# What these and the release profile save stands in doc/size.md. The remapped paths make the bytes
# the same wherever it is built.
STATIC_FLAGS = -C target-feature=+crt-static --remap-path-prefix=$(CURDIR)=. \
	--remap-path-prefix=$(or $(CARGO_HOME),$(HOME)/.cargo)=cargo $(RUSTFLAGS)
# The linker that rustc brings for this target knows all of these; GNU's, which others use, does not.
ifeq ($(STATIC_TARGET),x86_64-unknown-linux-gnu)
SMALL_FLAGS := -C link-arg=-Wl,--pack-dyn-relocs=relr -C link-arg=-Wl,--icf=all -C link-arg=src/static.ld
STATIC_FLAGS += $(shell mkdir -p target; echo 'fn main() {}' | $(RUSTC) --crate-name probe --target $(STATIC_TARGET) \
	-C target-feature=+crt-static $(RUSTFLAGS) $(SMALL_FLAGS) -o target/probe - 2>/dev/null && echo '$(SMALL_FLAGS)' || \
	echo 'make: this linker takes no --icf=all and the like; the static binary has 3.0 MB instead of 2.7' >&2)
endif
STATIC_CARGO = RUSTFLAGS='$(strip $(STATIC_FLAGS))' $(CARGO) build --release --locked --target $(STATIC_TARGET)

DIST := sftoken-$(VERSION)-$(ARCH)-linux
# Owners, modes, order and times in the archive depend on the commit alone.
TIME = $(or $(SOURCE_DATE_EPOCH),$(shell git --git-dir=.git log -1 --format=%ct 2>/dev/null))
TAR = tar --mode=u=rwX,go=rX --owner=0 --group=0 --numeric-owner --mtime=@$(TIME)

.PHONY: help build demo test check static static-ready static-test dist notices bench torture interop recipes \
	install install-files install-test dist-ready uninstall clean

help: ## List the tasks
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 13

# Cargo leaves the time of an old program as it is if nothing has changed that matters. What stands there
# otherwise must not look new if cargo puts its own elsewhere (`build.target` in its configuration).
build: ## Build target/release/sftoken
	@rm -f target/release/sftoken
	$(CARGO) build --release --locked
	@touch -c target/release/sftoken

demo: ## Log in and refresh at a local TLS endpoint, and show it
	$(CARGO) build --locked --bin sftoken --example endpoint
	@no_proxy='*' NO_PROXY='*' target/debug/examples/endpoint --login 3MVG9.demo -- tests/demo target/debug/sftoken

test: ## Run all hermetic tests
	$(CARGO) test --locked --bin sftoken --test cli

check: ## Format, clippy and docs, warnings denied
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --locked --no-deps --document-private-items --quiet

static: static-ready ## Build the static binary target/static/sftoken
	$(STATIC_CARGO) --bin sftoken
	install -D -m 755 $(STATIC_DIR)/sftoken target/static/sftoken

static-ready:
	@test -n '$(HOST)' || { echo 'make static: there is no $(RUSTC)' >&2; exit 1; }

static-test: static ## Run the static binary in an empty root directory
	$(CARGO) build --locked --example endpoint
	target/debug/examples/endpoint -- tests/static/run target/static/sftoken

# Files alone: owners and modes of directories would become those of a PREFIX that is there.
dist: dist-ready static ## Pack target/dist/sftoken-VERSION-ARCH-linux.tar.gz
	rm -rf target/dist
	$(MAKE) --no-print-directory install-files FROM=target/static PREFIX=target/dist/$(DIST) DESTDIR=
	cd target/dist && find $(DIST) -type f | LC_ALL=C sort | $(TAR) -T - -c | gzip -9n > $(DIST).tar.gz
	cd target/dist && sha256sum $(DIST).tar.gz | tee $(DIST).tar.gz.sha256

dist-ready:
	@tar --version 2>/dev/null | grep -q GNU || { echo 'make dist: tar is not GNU tar, which it takes' >&2; exit 1; }
	@test -n '$(TIME)' || { echo 'make dist: no commit to take the time from: set SOURCE_DATE_EPOCH (seconds since 1970)' >&2; exit 1; }
	@case '$(TIME)' in *[!0-9]*) echo 'make dist: SOURCE_DATE_EPOCH is no number of seconds since 1970: $(TIME)' >&2; exit 1; esac
	@test ! -e .git || test -z "$$(git status --porcelain --untracked-files=normal)" || \
		echo 'make dist: warning: there are changes that the commit in --version lacks' >&2

notices: ## Write doc/notices.txt from Cargo.lock
	$(CARGO) run --quiet --locked --example notices >target/notices.txt
	install -m 644 target/notices.txt doc/notices.txt

bench: static ## Measure, and compare with the bounds
	$(STATIC_CARGO) --example floor --example bench
	$(STATIC_DIR)/examples/bench target/static/sftoken $(STATIC_DIR)/examples/floor tests/bench/script.sh

torture: ## Kill and fail every system call (Linux, strace)
	$(CARGO) test --locked --test torture -- --ignored --nocapture

interop: build ## Run against servers nobody here wrote
	tests/interop/run

recipes: ## Check and run doc/recipes.md and the workflows
	$(CARGO) build --locked --bin sftoken --example endpoint
	tests/recipes/run

# Not a prerequisite of its own: root, who installs, need not have a toolchain.
target/release/sftoken:
	@$(MAKE) --no-print-directory build

# The static binary where it is the only one that was built.
BUILT = $(firstword $(wildcard target/release/sftoken target/static/sftoken) target/release/sftoken)

install: $(BUILT) ## Install what was built below DESTDIR/PREFIX (default /usr/local)
	@newer=$$(find src build.rs Cargo.toml Cargo.lock -type f -newer $< | head -n 1); test -z "$$newer" || \
		echo "make install: warning: $< is older than $$newer; build it anew" >&2
	@$(MAKE) --no-print-directory install-files FROM=$(patsubst %/,%,$(dir $(BUILT)))

# README's links hold in share/doc/sftoken, too.
DOC := $(DESTDIR)$(PREFIX)/share/doc/sftoken

install-files:
	install -D -m 755 $(FROM)/sftoken $(DESTDIR)$(PREFIX)/bin/sftoken
	install -D -m 644 doc/sftoken.1 $(DESTDIR)$(PREFIX)/share/man/man1/sftoken.1
	install -D -m 644 doc/completions/sftoken.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/sftoken
	install -D -m 644 doc/completions/_sftoken $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_sftoken
	install -D -m 644 doc/completions/sftoken.fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/sftoken.fish
	install -d -m 755 $(DOC)/doc
	install -m 644 README.md CHANGELOG.md SECURITY.md LICENSE $(DOC)
	install -m 644 doc/design.md doc/notices.txt doc/recipes.md doc/sftoken.1 doc/size.md $(DOC)/doc

install-test: ## Install, pack, unpack and uninstall a stand-in, with what can go wrong
	tests/install/run

uninstall: ## Remove what install put there
	rm -f $(DESTDIR)$(PREFIX)/bin/sftoken
	rm -f $(DESTDIR)$(PREFIX)/share/man/man1/sftoken.1
	rm -f $(DESTDIR)$(PREFIX)/share/bash-completion/completions/sftoken
	rm -f $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_sftoken
	rm -f $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/sftoken.fish
	rm -rf $(DOC)

clean: ## Remove target
	$(CARGO) clean
