"""The imports of the packages, held to what ARCHITECTURE.md says."""

import ast
import graphlib
import subprocess
import sys
from pathlib import Path

import pytest

import index

ROOT = Path(__file__).parent.parent
HEAVY = {
    "torch", "transformers", "sentence_transformers", "faiss", "onnxruntime", "onnx", "tantivy", "tokenizers", "numpy",
    "fastapi", "uvicorn", "pydantic", "pypdf", "docx", "trafilatura", "lxml", "charset_normalizer", "tqdm", "sklearn",
}  # fmt: skip


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def modules(package: str) -> dict[str, Path]:
    return {module_name(path): path for path in sorted((ROOT / package).rglob("*.py"))}


def imports(path: Path, *, top_level: bool = False) -> set[tuple[str, str]]:
    """Return module and name of each import; with ``top_level`` only of those that run when the file is imported."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = tree.body if top_level else list(ast.walk(tree))
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {(alias.name, "") for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {(node.module, alias.name) for alias in node.names}
    return found


def test_index_knows_nothing_of_qa():
    wrong = [
        name for name, path in modules("index").items() for module, _ in imports(path) if module.split(".")[0] == "qa"
    ]
    assert wrong == []


def test_qa_takes_from_index_only_what_it_exports():
    wrong = [
        (name, module, taken)
        for name, path in modules("qa").items()
        for module, taken in imports(path)
        if module.split(".")[0] == "index" and (module != "index" or taken not in index.__all__)
    ]
    assert wrong == []


def test_only_the_command_line_imports_the_service_and_nothing_imports_the_command_line():
    for name, path in modules("qa").items():
        taken = {module for module, _ in imports(path)}
        assert not any(module == "qa.cli" for module in taken), name
        if not name.startswith(("qa.service", "qa.commands")):
            assert not any(module.startswith("qa.service") for module in taken), name


@pytest.mark.parametrize("package", ["index", "qa"])
def test_modules_import_each_other_in_one_direction(package):
    known = modules(package)
    graph = {}
    for name, path in known.items():
        taken = {
            (f"{module}.{item}" if f"{module}.{item}" in known else module)
            for module, item in imports(path, top_level=True)
        }
        graph[name] = {module for module in taken if module in known and module != package}
    assert list(graphlib.TopologicalSorter(graph).static_order())


@pytest.mark.parametrize("module", ["index", "qa", "qa.cli", "qa.commands.index"])
def test_importing_loads_nothing_heavy(module):
    code = f"import sys, {module}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert {name.split(".")[0] for name in loaded.split()} & HEAVY == set()
