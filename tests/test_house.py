"""The house rules that no other tool holds: sizes of files and functions, no leaks of machines."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "src").rglob("*.py"))

MAX_FILE_LINES = 500
MAX_FUNCTION_LINES = 60

# path -> why it may be longer
LONGER_FILES: dict[str, str] = {}
# path:function -> why it may be longer
LONGER_FUNCTIONS: dict[str, str] = {}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            yield node.name, node.end_lineno - node.lineno + 1


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_files_and_functions_stay_short(path: Path) -> None:
    if name_of(path) not in LONGER_FILES:
        assert len(path.read_text().splitlines()) <= MAX_FILE_LINES
    long = [
        (name, lines)
        for name, lines in functions(path)
        if lines > MAX_FUNCTION_LINES and f"{name_of(path)}:{name}" not in LONGER_FUNCTIONS
    ]
    assert long == []


def test_exceptions_to_the_sizes_are_still_needed() -> None:
    for name, reason in LONGER_FILES.items():
        assert reason
        assert len((ROOT / name).read_text().splitlines()) > MAX_FILE_LINES
    for place, reason in LONGER_FUNCTIONS.items():
        assert reason
        path, _, function = place.partition(":")
        assert dict(functions(ROOT / path))[function] > MAX_FUNCTION_LINES


def test_most_functions_are_very_short() -> None:
    lengths = sorted(lines for path in SOURCES for _, lines in functions(path))
    assert lengths[len(lengths) // 2] <= 12
    assert lengths[len(lengths) * 95 // 100] <= 35


def test_no_file_names_a_machine_or_a_registry() -> None:
    wanted = re.compile(r"https?://[^ ]*/simple/|--(?:extra-)?index-url|\"resolved\": *\"http")
    folders = [ROOT / "src", ROOT / "requirements", ROOT / "docs", ROOT / ".ci"]
    found = [
        name_of(path)
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file()
        and path.suffix != ".pyc"
        and wanted.search(path.read_text(errors="replace"))
    ]
    assert found == []
