"""PostgreSQL servers of a test's own, apart from the one that the other tests use."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from portal.embedded import EmbeddedPostgres


@contextmanager
def open_folder() -> Iterator[Path]:
    """Yield a new folder that every account may enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="portal-test-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def started(folder: Path) -> Iterator[EmbeddedPostgres]:
    """Yield a running server of the folder, and stop it at the end, whatever happened."""
    server = EmbeddedPostgres(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()
