"""The image's recipe; building it needs a Docker engine, these need none."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "Dockerfile").read_text(encoding="utf-8")
FINAL = TEXT.rsplit("\nFROM ", 1)[1]


@pytest.mark.slow
def test_the_linter_finds_nothing():
    done = subprocess.run(
        [Path(sys.executable).with_name("hadolint"), ROOT / "Dockerfile"], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_every_base_is_pinned():
    assert all(re.fullmatch(r"python:3\.11\.\d+-slim-\w+", base) for base in re.findall(r"^FROM (\S+)", TEXT, re.M))


def test_the_last_stage_has_no_root_no_compiler_and_no_pip_install():
    assert re.search(r"^USER 10001", FINAL, re.M)
    assert not re.search(r"apt-get|pip install|gcc|torch", FINAL)


def test_what_is_copied_exists_and_nothing_else_is_sent():
    sent = re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(encoding="utf-8"), re.M)
    copied = [source for line in re.findall(r"^COPY (?!--from)(.+) \S+$", TEXT, re.M) for source in line.split()]
    assert sorted(copied) == sorted(sent)
    assert all((ROOT / source).exists() for source in copied)


def test_torch_is_never_installed_and_the_articles_are_all_that_is_indexed():
    assert "qa/seeds/*.txt --index /srv/index" in TEXT
    behind = set(re.findall(r"'([\w-]+)'", re.search(r"behind = \{(.+?)\}", TEXT)[1]))
    assert {"torch", "sentence-transformers"} <= behind
    assert not re.search(r"pip install .*\btorch\b|pip install .* \.( |$)", TEXT, re.M)


def test_the_image_serves_and_says_that_it_is_healthy():
    assert re.search(r'^CMD \["qa", "serve"', FINAL, re.M)
    assert "HEALTHCHECK" in FINAL
    assert "/healthz" in FINAL
