import dataclasses
import math

import pytest

from qa.confidence import SHIPPED, Calibration, RiskPoint, compared, risk_curve
from qa.errors import ModelNotFoundError

CALIBRATION = Calibration(
    ranking={"dense": 2.0},
    confidence={"dense": 4.0, "gap": 1.0},
    bias=-2.0,
    curve=(RiskPoint(0.9, 10, 0), RiskPoint(0.6, 50, 3), RiskPoint(0.3, 90, 20)),
    questions=100,
    provenance="made by hand",
)


def test_probability_is_the_logistic_of_the_weighted_features():
    assert CALIBRATION.probability({"dense": 0.5, "gap": 1.0}) == pytest.approx(1 / (1 + math.exp(-1.0)))
    assert CALIBRATION.rank_score({"dense": 0.5}) == 1.0


@pytest.mark.parametrize(
    ("risk", "threshold"),
    [
        (0.01, math.inf),  # (0 + 1) / (10 + 1) = 0.09 is the least
        (0.08, 0.6),  # (3 + 1) / (50 + 1) = 0.078
        (0.10, 0.6),
        (0.25, 0.3),  # (20 + 1) / (90 + 1) = 0.23
    ],
)
def test_the_threshold_is_the_lowest_that_holds_the_risk(risk, threshold):
    assert CALIBRATION.threshold(risk) == threshold


def test_the_smallest_risk_counts_the_finite_sample():
    assert CALIBRATION.smallest_risk() == pytest.approx(4 / 51)


def test_a_risk_curve_counts_the_answers_above_each_threshold():
    outcomes = [(0.9, True), (0.8, False), (0.8, True), (0.1, False)]
    assert risk_curve(outcomes) == (RiskPoint(0.9, 1, 0), RiskPoint(0.8, 3, 1), RiskPoint(0.1, 4, 2))


def test_a_long_risk_curve_is_thinned():
    assert len(risk_curve([(i / 5000, True) for i in range(5000)], points=100)) <= 100


def test_candidates_with_the_same_answer_agree_and_do_not_compete():
    rows = compared([{"dense": 1.0}, {"dense": 0.9}, {"dense": 0.2}], ["tea", "tea", "water"], [2.0, 1.8, 0.5])
    assert [row["agreement"] for row in rows] == [1.0, 1.0, 0.0]
    assert [row["gap"] for row in rows] == pytest.approx([1.5, 1.3, -1.5])


def test_a_lone_candidate_is_far_ahead():
    assert compared([{}], ["tea"], [1.0])[0]["gap"] == 10.0


def test_a_calibration_is_read_back_as_it_was_saved(tmp_path):
    path = tmp_path / "calibration.json"
    other = dataclasses.replace(CALIBRATION, bias=1.0)
    CALIBRATION.save(path, reader="default")
    other.save(path, reader="none")
    assert Calibration.load(path) == CALIBRATION
    assert Calibration.load(path, reader="none") == other
    assert Calibration.load(path, reader="another") is None


def test_a_damaged_calibration_names_its_file(tmp_path):
    path = tmp_path / "calibration.json"
    path.write_text('{"default": {"bias": "x"}}')
    with pytest.raises(ModelNotFoundError, match=r"calibration\.json.*qa calibrate"):
        Calibration.load(path)


@pytest.mark.parametrize("reader", ["default", "none"])
def test_the_shipped_calibration_never_rewards_what_is_missing(reader):
    shipped = Calibration.load(SHIPPED, reader=reader)
    for weights in (shipped.ranking, shipped.confidence):
        assert all(weights[name] <= 0 for name in ("missing_name", "missing_number", "other_code") if name in weights)
    assert shipped.threshold(0.10) <= 1
