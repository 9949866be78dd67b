# SPDX-License-Identifier: Apache-2.0
# Thin: each target is a script in tools/. `make help` lists them.
DATA ?=
PORT ?= 8080
PREFIX ?= /usr/local
POSTS ?=

.PHONY: help build run test gates check screenshot bench fuzz sanitize matrix fresh install clean

help:
	@echo 'make run [PORT=8080]      the demo workspace in ./aplomb-data on http://127.0.0.1:8080'
	@echo 'make run DATA=dir         the real thing, with its data in dir'
	@echo 'make test                 the whole suite; ends in a plain count'
	@echo 'make build                leaves build/aplomb'
	@echo 'make gates                style, sizes, layers, warnings'
	@echo 'make check                gates, then test'
	@echo 'make bench [POSTS=1000000] speed and memory, in ratios'
	@echo 'make sanitize             unit and end-to-end tests under address, undefined and thread sanitizers'
	@echo 'make matrix               gcc and clang, both stores, all sanitizers (slow)'
	@echo 'make fuzz                 one minute per fuzz target (FUZZ_SECONDS=60)'
	@echo 'make fresh                proves run and test in a bare Debian 12 (slow, needs root)'
	@echo 'make screenshot           docs/images/inbox.png, from the demo in the real program'
	@echo 'make install PREFIX=dir   the program (default /usr/local)'
	@echo 'make clean                removes build/'

build:
	@tools/setup build
	@tools/build

run:
	@tools/run "$(DATA)" "$(PORT)"

test:
	@tools/test

gates:
	@tools/setup gates
	@/usr/bin/python3 tools/gates/run.py

check: gates test

screenshot:
	@tools/setup test
	@tools/build
	@tools/screenshot

bench:
	@tools/setup test
	@tools/bench "$(POSTS)"

sanitize:
	@tools/test --only sanitize

matrix:
	@tools/test --matrix

fuzz:
	@tools/setup fuzz
	@tools/fuzz

fresh:
	@tools/setup fresh
	@tools/fresh

install: build
	install -D -m 755 build/aplomb "$(DESTDIR)$(PREFIX)/bin/aplomb"

clean:
	rm -rf build
