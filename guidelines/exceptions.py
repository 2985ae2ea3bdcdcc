"""What guideline content can refuse, by name."""


class NoPublishedVersion(LookupError):
    """No version of this scenario is published, so nothing can be advised by it."""


class ContentRefused(Exception):
    """The content cannot be loaded or published; `errors` names every fault with its place.

    `errors` is a list of (JSON pointer into the scenario document, message).
    """

    def __init__(self, errors: list[tuple[str, str]]) -> None:
        self.errors = errors
        super().__init__("; ".join(f"{pointer or '/'}: {message}" for pointer, message in errors))


class VersionFrozen(Exception):
    """Published and superseded content stays as it is; copy it to a new draft to change it."""


class DraftExists(Exception):
    """The scenario already has an open draft; edit or publish that one first."""
