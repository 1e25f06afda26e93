"""Archives of deployed code: the same bytes for everybody, and code that runs."""

from __future__ import annotations

import ast
import io
import os
import random
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giban.components import code
from giban.components.code import RUNTIME, bare, function_code, zipped
from giban.components.deflate import deflated

ARCHIVES = {"admin": ("admin", "power"), "keeper": ("power",), "doorman": ("doorman",)}
SOURCES = sorted(str(path.relative_to(RUNTIME)) for path in Path(RUNTIME).rglob("*.py"))


@given(st.binary(max_size=3000) | st.text(alphabet="ab \n", max_size=3000).map(str.encode))
def test_what_is_compressed_comes_out_again(data: bytes) -> None:
    assert zlib.decompress(deflated(data), -15) == data


@pytest.mark.parametrize("data", [b"", b"a", b"ab", b"a" * 100_000, b"abcdefgh" * 5000, bytes(range(256)) * 200])
def test_edges_of_the_format(data: bytes) -> None:
    assert zlib.decompress(deflated(data), -15) == data


def test_very_uneven_letters_get_codes_of_fifteen_bits_at_most() -> None:
    counts = [1, 1]
    while len(counts) < 22:
        counts.append(counts[-1] + counts[-2])
    letters = [letter for letter, count in enumerate(counts) for _ in range(count)]
    random.Random(1).shuffle(letters)
    assert zlib.decompress(deflated(bytes(letters)), -15) == bytes(letters)


def test_text_gets_about_as_small_as_with_zlib() -> None:
    source = Path(code.__file__).read_bytes() * 3
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    assert len(deflated(source)) <= 1.05 * len(compressor.compress(source) + compressor.flush())


def test_python_reads_the_archive() -> None:
    files = {"a/b.txt": b"text" * 50, "empty": b"", "ü.py": "한국어".encode()}
    archive = zipfile.ZipFile(io.BytesIO(zipped(files)))
    assert archive.testzip() is None
    assert {name: archive.read(name) for name in archive.namelist()} == files
    for entry in archive.infolist():
        assert entry.date_time == (1980, 1, 1, 0, 0, 0)
        assert entry.external_attr >> 16 == 0o100644
    assert archive.namelist() == sorted(files)


@pytest.mark.parametrize("name", SOURCES)
def test_only_what_is_for_people_stays_at_home(name: str) -> None:
    source = Path(RUNTIME, name).read_text(encoding="utf-8")
    short = bare(source)
    assert short.count("\n") == source.count("\n")
    assert _program(short) == _program(source)


def _program(source: str) -> list[str]:
    """Every statement but texts that stand alone, with its line."""
    return [
        f"{getattr(node, 'lineno', 0)} {ast.dump(node) if not hasattr(node, 'body') else type(node).__name__}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.stmt)
        and not (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        )
    ]


def test_texts_that_are_no_comments_stay() -> None:
    source = """\
x = "# no comment"  # one
d = {
    # two
    "a": 1,
}


def f():
    '''Doc

    string.'''
    return '''a
# b'''
"""
    short = bare(source)
    space: dict[str, object] = {}
    exec(short, space)
    assert space["x"] == "# no comment"
    assert space["f"]() == "a\n# b"  # type: ignore[operator]  # exec gives objects
    assert "one" not in short
    assert "Doc" not in short


@pytest.mark.parametrize("packages", ARCHIVES.values(), ids=ARCHIVES)
def test_two_builds_are_the_same_bytes(packages: tuple[str, ...], tmp_path: Path) -> None:
    """From a copy with other dates, in another order of the folder, by another process."""
    copy = tmp_path / "giban"
    for path in sorted(Path(RUNTIME).parent.rglob("*"), reverse=True):
        inside = path.relative_to(Path(RUNTIME).parent)
        if path.is_file() and inside.parts[0] in ("runtime", "components") and "__pycache__" not in inside.parts:
            (copy / inside).parent.mkdir(parents=True, exist_ok=True)
            (copy / inside).write_bytes(path.read_bytes())
            os.utime(copy / inside, (1, 1))
    (copy / "runtime" / "__pycache__").mkdir()
    (copy / "runtime" / "__pycache__" / "x.pyc").write_bytes(b"x")
    program = (
        "import hashlib, importlib.util, sys\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "from giban.components.code import function_code\n"
        "print(hashlib.sha256(function_code(*sys.argv[2:])).hexdigest())\n"
    )
    (copy / "__init__.py").write_text("")
    found = {
        subprocess.run(
            [sys.executable, "-c", program, folder, *packages],
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for folder, seed, zone in ((str(tmp_path), "1", "Asia/Seoul"), (str(Path(RUNTIME).parents[1]), "2", "UTC"))
    }
    assert len(found) == 1


@pytest.mark.parametrize(
    ("packages", "limit"), [(("admin", "power"), 100_000), (("power",), 50_000), (("doorman",), 20_000)]
)
def test_archives_are_small(packages: tuple[str, ...], limit: int) -> None:
    assert len(function_code(*packages)) <= limit


@pytest.mark.parametrize(
    ("packages", "handler"),
    [
        (("admin", "power"), "runtime.admin.handler"),
        (("power",), "runtime.power.keeper"),
        (("doorman",), "runtime.doorman.handler"),
    ],
)
def test_handlers_are_found_in_the_archive_alone(packages: tuple[str, ...], handler: str, tmp_path: Path) -> None:
    archive = tmp_path / "code.zip"
    archive.write_bytes(function_code(*packages))
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(tmp_path / "task")
    place = str(tmp_path / "task")
    program = f"import sys; sys.path.insert(0, {place!r}); import {handler} as h; print(callable(h.handle), h.__file__)"
    answer = subprocess.run(
        [sys.executable, "-I", "-c", program], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert answer.stdout.startswith("True"), answer.stderr
    assert str(tmp_path) in answer.stdout
