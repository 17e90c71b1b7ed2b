"""How much of a stream may be in memory."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

from salient_crop.jobs.byte_gate import ByteGate


def test_what_has_room_goes_in_at_once():
    gate = ByteGate(10)
    gate.enter(4)
    gate.enter(6)


def test_what_is_larger_than_all_goes_in_alone():
    gate = ByteGate(10)
    gate.enter(1000)
    gate.leave(1000)
    gate.enter(0)
    gate.enter(10)


def test_what_has_no_room_waits_until_there_is():
    gate, entered = ByteGate(10), Event()
    gate.enter(8)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(lambda: (gate.enter(5), entered.set()))
        assert not entered.wait(0.05)
        gate.leave(8)
        waiting.result(timeout=60)
    assert entered.is_set()
