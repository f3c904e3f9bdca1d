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


def test_what_is_copied_exists():
    for line in re.findall(r"^COPY (?!--from)(.+) \S+$", TEXT, re.M):
        assert all((ROOT / source).exists() for source in line.split())


def test_the_image_serves_and_says_that_it_is_healthy():
    assert re.search(r'^CMD \["qa", "serve"', FINAL, re.M)
    assert "HEALTHCHECK" in FINAL
    assert "/healthz" in FINAL
