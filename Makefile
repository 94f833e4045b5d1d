# Each target does all of its own set-up: `make book` and `make test` work on a fresh clone.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# One BLAS thread: faster at the sizes of this book, and the same on every machine.
export OPENBLAS_NUM_THREADS = 1
export OMP_NUM_THREADS = 1
export MKL_NUM_THREADS = 1
# No progress bars in stored outputs, and no warnings from the kernel's debugger at start.
export TQDM_DISABLE = 1
export PYDEVD_DISABLE_FILE_VALIDATION = 1

.PHONY: book lab test unit notebooks site-test pdf bench site-bench audit mutants refresh picture lint lock clean

book: $(VENV)/ready
	@test -e _build/html/searchindex.js || rm -rf _build/.doctrees  # what a build that was stopped has left
	$(BIN)/jupyter-book build -W -n --keep-going .
	@echo "Open _build/html/index.html"

# The notebooks in JupyterLab; trusted, so that their figures show before anything has been run.
lab: $(VENV)/ready
	$(BIN)/jupyter trust */*.ipynb
	$(BIN)/jupyter lab

test: lint unit notebooks

lint: $(VENV)/ready
	$(BIN)/ruff check
	$(BIN)/ruff format --check

# Side by side, as many as there are processors.
PYTEST := $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4

unit: $(VENV)/ready
	$(PYTEST) --dist worksteal tests rnncore rnnbook _ext --doctest-modules --ignore=tests/site

# Strict: every stored output is compared with what the cell prints now. A notebook stays in one process.
notebooks: $(VENV)/ready
	$(PYTEST) --dist loadfile chapters labs beyond --nbval --nbval-current-env --nbval-cell-timeout=900 \
		--nbval-sanitize-with=tests/nbval_sanitize.cfg

site-test: book $(VENV)/ready-site
	$(PYTEST) tests/site

# The whole book as _build/rnn-basics.pdf.
pdf: book $(VENV)/ready-site
	$(BIN)/python tools/pdf.py

bench: $(VENV)/ready-bench
	$(BIN)/python benchmarks/run.py

# How soon the pages are ready; AGAINST=folder compares with the HTML of another build.
site-bench: book $(VENV)/ready-site
	$(BIN)/python benchmarks/site.py $(if $(AGAINST),--against $(AGAINST))

# Which claims are luck: all seeds moved, SHIFTS times; NOTEBOOKS=chapters/01*.ipynb for some notebooks;
# OUTPUTS=folder keeps what the cells print under each shift.
SHIFTS ?= 3
audit: $(VENV)/ready
	$(BIN)/python tools/audit.py --shifts $(SHIFTS) $(if $(OUTPUTS),--outputs $(OUTPUTS)) $(NOTEBOOKS)

# MODULES="rnncore.cells rnnbook.exercises.bptt" for some; without it all of rnncore.
mutants: $(VENV)/ready
	$(BIN)/python tools/mutate.py $(MODULES)

# Format, execute and normalise the notebooks; NOTEBOOKS=chapters/01*.ipynb for some of them.
NOTEBOOKS ?= chapters/*.ipynb labs/*.ipynb beyond/*.ipynb
refresh: $(VENV)/ready
	$(BIN)/python tools/refresh.py $(NOTEBOOKS)

# The picture of a page for README.md and intro.md.
picture: book $(VENV)/ready-site
	$(BIN)/python tools/picture.py

lock: $(VENV)/ready
	$(BIN)/python -m pip install --quiet uv -c constraints.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate \
		--no-emit-index-url --no-emit-find-links constraints.in -o constraints.txt

clean:
	rm -rf _build $(VENV)

$(VENV)/ready: requirements.txt constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -r requirements.txt
	@touch $@

$(VENV)/ready-site: $(VENV)/ready tests/site/requirements.txt
	$(BIN)/python -m pip install --quiet -r tests/site/requirements.txt
	@touch $@

$(VENV)/ready-bench: $(VENV)/ready benchmarks/requirements.txt
	$(BIN)/python -m pip install --quiet -r benchmarks/requirements.txt
	@touch $@
