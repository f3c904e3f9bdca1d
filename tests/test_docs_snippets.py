"""Every Python snippet of the README and of docs/ runs, in a folder with an index of the articles that ship."""

import contextlib
import io
import os
import re
import shutil
import sys
import warnings
from pathlib import Path

import pytest

from tests.shipped import shipped_index  # noqa: F401  (a fixture)

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SNIPPET = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def snippets():
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for match in SNIPPET.finditer(text):
            line = text.count("\n", 0, match.start()) + 2
            yield pytest.param(match.group(1), line, id=f"{page.name}:{line}")


@pytest.fixture(scope="module")
def folder(shipped_index, tmp_path_factory):  # noqa: F811
    """A folder as a reader of the docs would have it: articles, their index, and ``qa`` on the path."""
    made = tmp_path_factory.mktemp("snippets")
    shutil.copytree(ROOT / "seeds", made / "articles")
    shutil.copytree(shipped_index, made / "my-index")
    (made / "bin").mkdir()
    program = made / "bin" / "qa"
    code = f"import sys\nsys.path.insert(0, {str(ROOT)!r})\nfrom qa.cli import qa\nqa()\n"
    program.write_text(f"#!{sys.executable}\n{code}", encoding="utf-8")
    program.chmod(0o755)
    return made


@pytest.mark.slow
@pytest.mark.parametrize(("code", "line"), list(snippets()))
def test_the_snippet_runs(code, line, folder, monkeypatch, capfd):
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("QA_INDEX", str(folder / "my-index"))
    monkeypatch.setenv("HAYSTACK_TELEMETRY_ENABLED", "False")
    told = io.StringIO()
    with contextlib.redirect_stdout(told), warnings.catch_warnings():
        warnings.simplefilter("error")
        exec(compile("\n" * (line - 1) + code, "snippet", "exec"), {"__name__": "__main__"})
    assert bool(told.getvalue().strip()) == ("print(" in code)


def test_there_are_snippets_on_each_page_that_promises_them():
    counts = {page.name: len(SNIPPET.findall(page.read_text(encoding="utf-8"))) for page in PAGES}
    assert counts["README.md"] >= 1
    assert counts["python.md"] >= 8
    assert counts["integrations.md"] >= 6
