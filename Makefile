# make run    install what is needed, start the database and serve on http://127.0.0.1:8000 (PORT)
# make test   every test, in a real browser too
# make check  style, types, imports, templates, settings, migrations, API schema
# make screenshots   pictures of the main pages for docs/screenshots
# make lock   choose versions anew: requirements.in -> requirements.txt

ROOT := $(dir $(lastword $(MAKEFILE_LIST)))
PYTHON := .venv/bin/python

.PHONY: run test check lock install format screenshots
.DEFAULT_GOAL := run

run: install
	@cd "$(ROOT)" && PORTAL_TRAINING="$${PORTAL_TRAINING:-true}" exec $(PYTHON) manage.py serve

test: install
	@cd "$(ROOT)" && exec $(PYTHON) -m pytest -n logical --maxprocesses 8 --dist loadfile $(ARGS)

screenshots: install
	@cd "$(ROOT)" && $(PYTHON) -m pytest -q tests/browser/pictures.py && \
		PORTAL_GUIDE_PICTURES=1 exec $(PYTHON) -m pytest -q tests/browser/test_editors_guide.py

check: install
	@cd "$(ROOT)" && $(PYTHON) -m ruff check .
	@cd "$(ROOT)" && $(PYTHON) -m ruff format --check .
	@cd "$(ROOT)" && $(PYTHON) -m mypy
	@cd "$(ROOT)" && $(PYTHON) -c "from importlinter.cli import lint_imports_command; lint_imports_command()"
	@cd "$(ROOT)" && $(PYTHON) -m djlint --lint --quiet templates
	@cd "$(ROOT)" && env $(PRODUCTION) $(PYTHON) manage.py check --deploy --fail-level WARNING
	@cd "$(ROOT)" && $(PYTHON) -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	@cd "$(ROOT)" && $(PYTHON) manage.py spectacular --validate --fail-on-warn --file /dev/null

# settings such as a production portal has, with keys and passwords of nobody
PRODUCTION := PORTAL_TRAINING=false PORTAL_DEBUG=false PORTAL_ALLOWED_HOSTS=portal.example \
	PORTAL_SECRET_KEY=check-only-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJ \
	PORTAL_AUDIT_KEY=check-only-0123456789-abcdefghijklmnopqrstuvwxyz \
	DATABASE_URL=postgresql://portal_app:check-only@localhost:5432/portal

format: install
	@cd "$(ROOT)" && $(PYTHON) -m ruff check --fix . && $(PYTHON) -m ruff format .

lock:
	@cd "$(ROOT)" && uv pip compile --quiet --universal --generate-hashes --no-header --upgrade \
		--python-version 3.11 requirements.in --output-file requirements.txt

# installs only when requirements.txt is not what was installed last
install:
	@cd "$(ROOT)" && { cmp -s requirements.txt .venv/installed.txt && $(PYTHON) -c "" 2>/dev/null; } || sh .ci/install
