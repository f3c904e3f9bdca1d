"""What can be wrong with a question, a setting or a model.

* QAError                  anything below
    * InvalidQuestionError   blank or too long               exit 2, HTTP 422
    * SettingsError          names the variable and value     exit 2
    * ModelNotFoundError     no weights where it points       exit 3
"""

from __future__ import annotations


class QAError(Exception):
    """Something is wrong with what was asked for; the message says what to do."""


class InvalidQuestionError(QAError):
    """The question is blank or longer than the limit."""


class SettingsError(QAError):
    """A setting has a value that it cannot have; the message names both."""


class ModelNotFoundError(QAError):
    """There are no reader weights where the setting points, or they are damaged."""
