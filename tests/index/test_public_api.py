from __future__ import annotations

import subprocess
import sys
import time

import pytest

import index


def test_every_exported_name_can_be_had() -> None:
    assert all(getattr(index, name) is not None for name in index.__all__)


def test_exports_are_sorted_and_each_has_a_home() -> None:
    names = [name for name in index.__all__ if name.isupper()] + sorted(n for n in index.__all__ if not n.isupper())
    assert index.__all__ == names
    assert set(index.__all__) == set(index._HOMES)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Chunk'"):
        _ = index.Chunk


@pytest.mark.slow
def test_importing_the_package_loads_nothing() -> None:
    code = "import sys; before = set(sys.modules); import index; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) - {"__future__"} == {"index"}


@pytest.mark.slow
def test_opening_an_index_loads_no_torch(built_index: object) -> None:
    code = (
        "import sys; from index import PassageIndex; passages = PassageIndex.open(sys.argv[1]); passages.documents();"
        "print([name for name in ('torch', 'transformers', 'sentence_transformers') if name in sys.modules])"
    )
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code, str(built_index)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]", f"after {time.perf_counter() - started:.1f} s"
