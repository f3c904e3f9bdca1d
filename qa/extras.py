"""What to say where a package is missing that only an extra installs."""

from __future__ import annotations


def missing_extra(extra: str, error: ModuleNotFoundError) -> ModuleNotFoundError:
    """Return an error that names the extra to install, for the module that could not be found."""
    package = (error.name or extra).partition(".")[0]
    message = f"the package {package} is not installed; it comes with: pip install 'article-qa[{extra}]'"
    return ModuleNotFoundError(message, name=error.name)
