"""The weights of runs that had one start, averaged."""

from __future__ import annotations

import torch

from training.model import average_checkpoints


def test_the_mean_of_the_averaged_weights_is_written(tmp_path):
    for name, value in (("a", 1.0), ("b", 4.0)):
        torch.save({"average": [torch.full((2,), value)], "weights": [torch.zeros(2)]}, tmp_path / name)
    average_checkpoints([tmp_path / "a", tmp_path / "b"], tmp_path / "mean")
    assert torch.load(tmp_path / "mean", weights_only=True)["average"][0].tolist() == [2.5, 2.5]
