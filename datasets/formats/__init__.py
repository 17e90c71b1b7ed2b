"""Dataset formats: what each trainer expects of a folder, one class a trainer."""

from .base import DatasetFormat, Entry
from .registry import FORMATS, get_format

__all__ = ["FORMATS", "DatasetFormat", "Entry", "get_format"]
