"""How often a caller may ask, counted by one process and by several together."""

import fcntl
import multiprocessing
import os
import signal
import time

import pytest

from qa.service.rates import RateLimit

SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture(params=["alone", "shared"])
def shared(request, tmp_path):
    return None if request.param == "alone" else tmp_path / "rates"


def test_a_bucket_fills_evenly_over_a_minute(shared):
    now = [0]
    limit = RateLimit(6, shared=shared, clock=lambda: int(now[0] * 1e9))
    assert [limit.wait("a") for _ in range(6)] == [0.0] * 6
    assert limit.wait("a") == 10.0 and limit.wait("b") == 0.0
    now[0] = 10
    assert (limit.wait("a"), limit.wait("a")) == (0.0, 10.0)
    now[0] = 1000
    assert [limit.wait("a") for _ in range(7)] == [0.0] * 6 + [10.0]


@pytest.mark.parametrize("per_minute", [1, 7, 13, 59, 1001, 90_000])
def test_as_many_as_are_allowed_pass_at_once_and_no_more(per_minute):
    limit = RateLimit(per_minute, clock=lambda: 123_456_789_012_345)
    assert sum(limit.wait("a") == 0 for _ in range(per_minute + 10)) == per_minute


def test_no_limit_counts_nothing(tmp_path):
    limit = RateLimit(0, shared=tmp_path / "rates")
    assert limit.wait("a") == 0.0 and not (tmp_path / "rates").exists()


def test_many_callers_take_no_more_room_and_those_that_wait_are_kept(shared):
    limit = RateLimit(1, shared=shared)
    callers = [str(number) for number in range(1000)]
    assert not any(limit.wait(caller) for caller in callers)
    assert all(limit.wait(caller) for caller in callers)
    size = len(limit._table)
    for number in range(50_000):
        limit.wait(f"other {number}")
    assert len(limit._table) == size and 0 < limit.wait("other 49999") <= 60


def test_a_table_of_another_time_makes_nobody_wait_longer_than_a_full_minute(tmp_path):
    RateLimit(2, shared=tmp_path / "rates", clock=lambda: 10**18).wait("a")
    assert 0 <= RateLimit(2, shared=tmp_path / "rates", clock=lambda: 0).wait("a") <= 60


def test_two_limits_on_one_file_count_together(tmp_path):
    first, second = (RateLimit(4, shared=tmp_path / "rates") for _ in range(2))
    assert [limit.wait("a") > 0 for limit in (first, second) * 3] == [False] * 4 + [True] * 2


def take(path, times, allowed):
    limit = RateLimit(500, shared=path)
    allowed.put(sum(limit.wait("a") == 0 for _ in range(times)))


@pytest.mark.slow
def test_processes_that_ask_at_the_same_time_get_the_rate_once(tmp_path):
    allowed = SPAWN.Queue()
    started = time.monotonic()
    processes = [SPAWN.Process(target=take, args=(tmp_path / "rates", 20_000, allowed)) for _ in range(3)]
    for process in processes:
        process.start()
    total = sum(allowed.get(timeout=60) for _ in processes)
    refilled = (time.monotonic() - started) * 500 / 60
    for process in processes:
        process.join(60)
    assert 500 <= total <= 500 + refilled + 1


def hold(path, ready):
    file = os.open(path, os.O_RDWR)
    fcntl.flock(file, fcntl.LOCK_EX)
    ready.set()
    time.sleep(60)


@pytest.mark.slow
def test_a_process_that_dies_in_its_turn_leaves_it_to_the_others(tmp_path):
    limit, ready = RateLimit(1, shared=tmp_path / "rates"), SPAWN.Event()
    process = SPAWN.Process(target=hold, args=(tmp_path / "rates", ready))
    process.start()
    assert ready.wait(60)
    os.kill(process.pid, signal.SIGKILL)
    assert limit.wait("a") == 0.0 and limit.wait("a") > 0
    process.join(60)
