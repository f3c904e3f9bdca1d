"""What ``from qa import ...`` gives, and what ``import qa`` costs."""

import ast
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

import qa

ROOT = Path(qa.__file__).parent.parent
EXTRAS = {"mcp", "langchain_core", "llama_index", "haystack", "fastapi", "uvicorn", "opentelemetry"}


def run_python(code, *flags):
    command = [sys.executable, *flags, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout


def test_every_exported_name_loads_and_comes_from_the_module_that_type_checkers_are_told():
    tree = ast.parse(Path(qa.__file__).read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    told = {alias.name: node.module for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert sorted(told) == sorted(qa.__all__) == list(qa.__all__)
    for name, module in told.items():
        assert getattr(qa, name).__module__ == module


def test_a_name_that_is_not_exported_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Engine'"):
        qa.Engine  # noqa: B018


def test_importing_qa_loads_no_other_module_of_ours_and_no_extra():
    loaded = set(run_python("import sys, qa; print(*sys.modules)").split())
    assert {name for name in loaded if name.split(".")[0] in ("qa", "index")} == {"qa"}
    assert {name.split(".")[0] for name in loaded} & EXTRAS == set()


def test_loading_every_exported_name_loads_no_extra():
    loaded = run_python("import sys\nfrom qa import *\nprint(*sys.modules)").split()
    assert {"qa.assistant", "qa.from_texts"} <= set(loaded)
    assert {module.split(".")[0] for module in loaded} & EXTRAS == set()


@pytest.mark.slow
def test_importing_qa_takes_at_most_30_ms():
    timed = "import time; start = time.perf_counter(); import qa; print(time.perf_counter() - start)"
    assert statistics.median(float(run_python(timed)) for _ in range(15)) <= 0.030
