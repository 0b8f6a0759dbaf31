# Short names for the commands of the course; each line can also be typed by hand (README.md).
#   make test NB=04      one notebook instead of all
#   make course PYTHON=python3.12 VENV=/some/folder
#   make lab LAB=--no-browser
#   make slides SLIDES=--pdf
#   make student SEED=autumn-7312 ROSTER=roster.csv
#   make kit KIT="--data /media/usb/course-data"
#   make kit PLATFORM="win_amd64 macosx_14_0_arm64" KIT_PYTHON=3.12
#   make grade FOLDER=submitted GRADE="--jobs 4"
#   make grade FOLDER=submitted GRADE="--gradebook marks --roster roster.csv"

PYTHON ?= python3
VENV ?= .venv
NB ?=
LAB ?=
SLIDES ?=
KIT ?=
PLATFORM ?=
KIT_PYTHON ?=
SEED ?=
ROSTER ?=
FOLDER ?=
GRADE ?=
PEERS ?=
CONSTRAINTS ?= -c constraints.txt

BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
FOUND = $(wildcard notebooks/$(if $(NB),$(NB)_*,*).ipynb notebooks/deeper/$(if $(NB),$(NB)_*,*).ipynb)
NOTEBOOKS := $(sort $(FOUND))
NBVAL := --nbval --nbval-current-env --nbval-sanitize-with tests/notebooks/sanitize.cfg

# As in course_tools for the headless runs: one thread for each notebook, because the
# order of a parallel sum changes the last digits; and no progress bars.
test: export OMP_NUM_THREADS := 1
test: export OPENBLAS_NUM_THREADS := 1
test: export MKL_NUM_THREADS := 1
test: export VECLIB_MAXIMUM_THREADS := 1
test: export COURSE_PROGRESS := 0
test: export PYTHONHASHSEED := 0
test: export COURSE_PROFILE := laptop

.PHONY: help env course test execute smoke korean umap glove browser grading lab lint student grade slides kit site launch translations bench-word2vec bench-glove bench-fasttext bench-explorer bench-site bench-pretrained bench-imdb bench-elmo bench-spam clean notebooks-exist

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

env: $(STAMP) ## create the environment in .venv (done once)

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install $(CONSTRAINTS) -e ".[dev]"
	touch $@

course: env ## run the whole course headless; copies in build/, a table at the end
	$(BIN)/python -m course_tools.execute

test: notebooks-exist env ## unit tests and every stored output (NB=04: that notebook only)
	$(if $(NB),,$(BIN)/python -m pytest -n 2 --dist loadfile)
	$(BIN)/python -m pytest $(NBVAL) -n 2 --dist loadfile $(NOTEBOOKS)

execute: env ## run notebooks and store their outputs (NB=04: that notebook only)
	$(BIN)/python -m course_tools.execute --in-place $(NB)

smoke: env ## run every notebook at the smallest size; copies in build/smoke/
	$(BIN)/python -m course_tools.execute --profile smoke --output build/smoke

korean: env ## add the analyser of Korean words (docs/korean.md)
	$(BIN)/python -m pip install $(CONSTRAINTS) -e ".[dev,korean]"

umap: env ## add UMAP to the projections (notebook 09)
	$(BIN)/python -m pip install $(CONSTRAINTS) -e ".[dev,umap]"

glove: env ## add the whole of GloVe 6B in 50 dimensions, 76 MB (notebook 07)
	$(BIN)/python -m pip install $(CONSTRAINTS) -e ".[dev,glove]"

browser: env ## add what drives Chromium in the test of the explorer (docs/maintenance.md)
	$(BIN)/python -m pip install $(CONSTRAINTS) -e ".[dev,browser]"

grading: env ## add nbgrader (docs/grading.md)
	$(BIN)/python -m pip install $(CONSTRAINTS) -e ".[dev,grading]"

lab: env ## open JupyterLab on the student copies (LAB=--solutions: on the solved notebooks)
	$(BIN)/python -m course_tools.lab $(LAB)

lint: env ## ruff, the layers of imports, and the shape of the notebooks
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m course_tools.lint
	$(BIN)/python -m course_tools.translations check

student: env ## write the student copies to notebooks/student/; what a student wrote stays (SEED=...: other numbers)
	$(BIN)/python -m course_tools.editions $(if $(SEED),--seed "$(SEED)") $(if $(ROSTER),--roster "$(ROSTER)")

grade: env ## marks for a folder of submitted notebooks, in grades.csv (FOLDER=...; docs/grading.md)
	@$(if $(FOLDER),:,echo "Give the folder of the submitted notebooks: make grade FOLDER=..."; exit 2)
	$(BIN)/python -m course_tools.grade "$(FOLDER)" $(GRADE)

slides: env ## slides for every notebook, for rooms without a network, in build/slides/ (NB=04: one)
	$(BIN)/python -m course_tools.slides $(NB) $(SLIDES)

kit: env slides ## one archive for a room without internet (PLATFORM=..., docs/lecture_room.md)
	$(BIN)/python -m course_tools.kit $(KIT) $(if $(PLATFORM),--platform $(PLATFORM)) $(if $(KIT_PYTHON),--python $(KIT_PYTHON))

site: env ## the course as a static site, in build/site/ (docs/site.md)
	$(BIN)/python -m pip install $(CONSTRAINTS) -e ".[dev,site]"
	$(BIN)/python -m course_tools.site

launch: env ## draw the buttons that open the notebooks on hosted machines, if a repository is set
	$(BIN)/python -m course_tools.launch

translations: env ## bring the translations up to date with the notebooks (docs/translations.md)
	$(BIN)/python -m course_tools.translations update

bench-word2vec: env ## beside gensim, and PEERS="--peer NAME=PATH": words per second, quality, memory
	$(BIN)/python -m pip install $(CONSTRAINTS) -e ".[dev,bench]"
	$(BIN)/python benchmarks/word2vec.py $(PEERS)
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/word2vec.py $(PEERS) --only speed --add

bench-glove: env ## counting, training and quality of GloVe, with PEERS beside it
	$(BIN)/python -m pip install $(CONSTRAINTS) -e ".[dev,bench]"
	$(BIN)/python benchmarks/glove.py $(PEERS)
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/glove.py $(PEERS) --only training --add

bench-fasttext: env ## beside gensim and PEERS; in Korean, words, syllables, jamo
	$(BIN)/python -m pip install $(CONSTRAINTS) -e ".[dev,bench,korean]"
	$(BIN)/python benchmarks/fasttext.py $(PEERS)
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/fasttext.py $(PEERS) --only speed --add
	$(BIN)/python benchmarks/rare_words.py
	$(BIN)/python benchmarks/fasttext_korean.py

bench-explorer: env ## from a search to the redrawn picture, in Chromium
	$(BIN)/python -m pip install $(CONSTRAINTS) -e ".[dev,bench,browser]"
	$(BIN)/python benchmarks/explorer.py

bench-site: env ## from a click to a lesson of the site that can be used, in Chromium
	$(BIN)/python -m pip install $(CONSTRAINTS) -e ".[dev,bench,browser,site]"
	$(BIN)/python benchmarks/site_pages.py

bench-pretrained: env ## pretrained vectors: learning curves, missing words (needs imdb)
	$(BIN)/python benchmarks/pretrained.py

bench-imdb: env ## the network of notebook 08 and its parts, five seeds (needs imdb)
	$(BIN)/python benchmarks/imdb.py --seeds 5

bench-elmo: env ## tokens per second of ELMo, step by step against the fast way
	$(BIN)/python benchmarks/elmo.py

bench-spam: env ## the filters of notebook 13, five seeds, few labels, misspelt spam (needs sms_spam)
	$(BIN)/python benchmarks/spam.py --seeds 5

clean: ## delete build/ and the caches; the environment stays
	rm -rf build *.egg-info .pytest_cache .ruff_cache .hypothesis
	find . -path ./.venv -prune -o -name __pycache__ -type d -exec rm -rf {} +

notebooks-exist:
	@$(if $(NOTEBOOKS),:,echo "No notebook matches notebooks/$(NB)_*.ipynb. NB takes two digits, as in NB=04."; exit 2)
