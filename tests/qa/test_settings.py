import dataclasses

import pytest

from qa.errors import SettingsError
from qa.settings import Settings


def test_the_default_stands_where_no_variable_is_set():
    assert Settings.from_env({"HOME": "/nowhere"}) == Settings()


def test_a_variable_is_cast_to_the_type_of_its_setting():
    settings = Settings.from_env({"QA_K": "3", "QA_RISK": "0.05", "QA_INDEX": "here"})
    assert (settings.k, settings.risk, str(settings.index)) == (3, 0.05, "here")


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"QA_TOPK": "3"}, "QA_TOPK"),
        ({"QA_K": "three"}, "QA_K='three'"),
        ({"QA_K": "0"}, "QA_K=0"),
        ({"QA_RISK": "1.5"}, "QA_RISK=1.5"),
    ],
)
def test_a_wrong_variable_is_named_with_its_value(environ, named):
    with pytest.raises(SettingsError, match=named):
        Settings.from_env(environ)


def test_every_setting_has_a_help_text():
    assert all(field.metadata["help"].endswith(".") for field in dataclasses.fields(Settings))
