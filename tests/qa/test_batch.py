import json

import pytest

from qa.assistant import Assistant
from qa.batch import answer_lines
from qa.settings import Settings
from tests.qa.test_assistant import CALIBRATION


@pytest.fixture
def assistant(passages):
    return Assistant(passages, None, CALIBRATION, Settings())


def test_each_question_has_its_line_in_order_with_its_id(assistant):
    lines = ['{"id": "a", "question": "What is tea made of?"}', "", '{"question": "How is chess won?"}']
    answers = [json.loads(line) for line in answer_lines(assistant, lines)]
    assert [answer["question"] for answer in answers] == ["What is tea made of?", "How is chess won?"]
    assert answers[0]["id"] == "a"
    assert "id" not in answers[1]


def test_a_question_that_cannot_be_asked_stops_nothing(assistant):
    lines = ['{"id": 1, "question": "  "}', '{"id": 2, "question": "What is tea made of?"}']
    first, second = (json.loads(line) for line in answer_lines(assistant, lines))
    assert (first["id"], first["answered"], first["citations"]) == (1, False, [])
    assert "blank" in first["reason"]
    assert second["answered"]


@pytest.mark.parametrize(
    ("line", "said"), [("not json", "line 2 is not JSON"), ('["x"]', "line 2"), ('{"q": "x"}', 'line 2.*"question"')]
)
def test_a_line_that_is_no_question_is_named_by_its_number(assistant, line, said):
    with pytest.raises(ValueError, match=said):
        list(answer_lines(assistant, ['{"question": "tea?"}', line]))
