"""What keeps the service answering under load: bounded work, bounded bodies."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qa.service.errors import ServiceError

T = TypeVar("T")


class WorkPool:
    """Threads for work that would block the event loop: so many at once, so many waiting, the rest is refused.

    A piece of work that runs over its time is given up, but holds its place until its thread is free again; so there
    are never more threads at work than were allowed.
    """

    def __init__(
        self,
        workers: int,
        waiting: int,
        *,
        timeout: float,
        name: str = "work",
        watch: Callable[[int, int], None] = lambda working, waiting: None,
        refusal: Callable[[], ServiceError] | None = None,
    ) -> None:
        """Make the pool.

        Args:
            workers: Pieces of work done at once.
            waiting: Pieces that may wait beyond those.
            timeout: Longest time from being asked for to being done, in seconds.
            name: Of the threads.
            watch: Told how many pieces are worked on and how many wait, whenever that changes.
            refusal: What is raised where there is no place left; None says that there are too many questions.
        """
        self._executor = ThreadPoolExecutor(workers, thread_name_prefix=name)
        self._places = asyncio.Semaphore(workers + waiting)
        self._workers = workers
        self._timeout = timeout
        self._watch = watch
        self._refusal = refusal or _overloaded
        self._taken = 0

    async def run(self, work: Callable[[], T]) -> T:
        """Return what ``work`` returns.

        Raises:
            ServiceError: There is no place left, or the time is over.
        """
        if self._places.locked():
            raise self._refusal()
        return await self.run_patiently(work)

    async def run_patiently(self, work: Callable[[], T]) -> T:
        """Return what ``work`` returns, waiting for a place as long as it takes."""
        await self._places.acquire()
        self._count(1)
        loop = asyncio.get_running_loop()
        try:
            future = self._executor.submit(work)
        except BaseException:
            self._leave()
            raise
        future.add_done_callback(lambda done: self._done(loop, done))
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), self._timeout)
        except TimeoutError:
            message = f"The time for one request, {self._timeout:g} s, is over."
            raise ServiceError(503, "timed_out", message, {"Retry-After": "5"}) from None

    def close(self) -> None:
        """Let running work end and start no other."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _done(self, loop: asyncio.AbstractEventLoop, _: Future[T]) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits for the place
            loop.call_soon_threadsafe(self._leave)

    def _leave(self) -> None:
        self._count(-1)
        self._places.release()

    def _count(self, change: int) -> None:
        self._taken += change
        self._watch(min(self._taken, self._workers), max(0, self._taken - self._workers))


def _overloaded() -> ServiceError:
    return ServiceError(503, "overloaded", "Too many questions at once; try again in a second.", {"Retry-After": "1"})


class BodyLimit:
    """Middleware that refuses a body above the limit, announced or not, without reading it to its end."""

    def __init__(self, app: ASGIApp, *, limit_of: Callable[[Scope], int]) -> None:
        """Wrap an application; ``limit_of`` gives the bytes that a request may have."""
        self._app = app
        self._limit_of = limit_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, counting its bytes."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limit_of(scope)
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > limit:
            await _too_large(limit).response()(scope, receive, send)
            return
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > limit:
                raise _BodyTooLarge(limit)
            return message

        try:
            await self._app(scope, counted, send)
        except _BodyTooLarge as error:
            await _too_large(error.limit).response()(scope, receive, send)


class _BodyTooLarge(BaseException):
    """Passes through handlers of ``Exception`` on its way out of the application."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit


def _too_large(limit: int) -> ServiceError:
    return ServiceError(413, "too_large", f"The body is larger than {limit:,} bytes.", {"Connection": "close"})
