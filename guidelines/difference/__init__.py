"""What changed between two versions of a scenario: row by row, field by field, word by word.

Pure functions of two scenario documents. The desk shows the result, the API gives it as JSON, and a pack is
compared with what is in use before it is loaded.
"""

from guidelines.difference.compare import Change, Group, VersionDifference, compare
from guidelines.difference.words import Piece

__all__ = ["Change", "Group", "Piece", "VersionDifference", "compare"]
