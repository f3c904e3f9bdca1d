"""Exit codes and one-line errors of the command line: the single place where errors become them."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

import click

from index import PassageIndexError
from qa.errors import InvalidQuestionError, ModelNotFoundError, SettingsError


class Exit(IntEnum):
    """How a command ends, as ``grep`` does it."""

    ANSWERED = 0
    NOT_ANSWERED = 1
    WRONG_USE = 2
    PROBLEM = 3


@contextmanager
def exit_codes() -> Iterator[None]:
    """Turn an expected error into one line on stderr and its exit code."""
    try:
        yield
    except (InvalidQuestionError, SettingsError) as error:
        _leave(Exit.WRONG_USE, str(error))
    except (PassageIndexError, ModelNotFoundError) as error:
        _leave(Exit.PROBLEM, str(error))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(Exit.PROBLEM)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT):
            raise
        _leave(Exit.PROBLEM, f"{error.filename or 'the system'}: {error.strerror}")


def _leave(code: Exit, message: str) -> None:
    click.echo(f"{click.style('error:', fg='red', bold=True)} {message}", err=True)
    sys.exit(code)
