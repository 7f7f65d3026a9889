"""Patience: what is waited out, for how long, and how a stop ends the waiting."""

from __future__ import annotations

from threading import Event

import pytest
import tenacity

from services.stream.broker import BrokerError
from services.stream.retry import SecondInstanceError, StoppedError, passes, waiting_out
from services.stream.sink.offset_ledger import OffsetGapError
from services.stream.sqlstate import DatabaseError


@pytest.mark.parametrize(
    ("error", "waits"),
    [
        pytest.param(DatabaseError("connection refused", None), True, id="database away"),
        pytest.param(DatabaseError("disk full", "53100"), True, id="disk full"),
        pytest.param(DatabaseError("out of range", "22003"), False, id="data"),
        pytest.param(DatabaseError("no such table", "42P01"), False, id="unknown"),
        pytest.param(BrokerError("no brokers"), True, id="Kafka away"),
        pytest.param(SecondInstanceError("lock"), True, id="lock held"),
        pytest.param(OffsetGapError(0, 1, 2), False, id="a hole"),
        pytest.param(StoppedError("stop"), False, id="stopped"),
        pytest.param(ValueError("bug"), False, id="a bug"),
        pytest.param(KeyboardInterrupt(), False, id="Ctrl-C"),
    ],
)
def test_only_what_passes_by_itself_is_waited_out(error: BaseException, waits: bool) -> None:
    assert passes(error) is waits


class Flaky:
    """Fails with `errors` in turn, then returns 'done'."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"


class Pauses(Event):
    """An event whose waits take no time; it is set after so many of them."""

    def __init__(self, until_set: int = 10**9) -> None:
        super().__init__()
        self.seconds: list[float] = []
        self._until_set = until_set

    def wait(self, timeout: float | None = None) -> bool:
        self.seconds.append(timeout or 0.0)
        if len(self.seconds) >= self._until_set:
            self.set()
        return self.is_set()


def test_it_tries_again_with_an_alarm_each_time_and_pauses_that_stay_bounded() -> None:
    alarms: list[int] = []
    pauses = Pauses()
    call = Flaky(*(BrokerError("away") for _ in range(50)))

    retrying = waiting_out(pauses, lambda state: alarms.append(state.attempt_number))
    assert retrying(call) == "done"

    assert call.calls == 51
    assert alarms == list(range(1, 51))
    assert len(pauses.seconds) == 50
    assert all(0 <= pause <= 30 for pause in pauses.seconds)
    assert max(pauses.seconds[:2]) <= 1.0


def test_a_lasting_error_comes_out_as_it_is() -> None:
    fault = DatabaseError("no such table", "42P01")
    call = Flaky(BrokerError("away"), fault)
    with pytest.raises(DatabaseError) as caught:
        waiting_out(Pauses(), lambda _: None)(call)
    assert caught.value is fault


def test_a_stop_ends_the_waiting() -> None:
    pauses = Pauses(until_set=3)
    call = Flaky(*(BrokerError("away") for _ in range(50)))
    with pytest.raises(tenacity.RetryError):
        waiting_out(pauses, lambda _: None)(call)
    assert call.calls == 4


def test_the_caller_may_say_what_is_waited_out() -> None:
    with pytest.raises(BrokerError):
        waiting_out(Pauses(), lambda _: None, lambda error: isinstance(error, KeyError))(
            Flaky(BrokerError("away"))
        )
