"""A store that is lost is told once, and tried again once a second."""

from sanic_swap.store import PAUSE_SECONDS, StoreHealth


def test_a_lost_store_is_tried_by_one_asker_a_second(caplog):
    now = [0.0]
    health = StoreHealth(clock=lambda: now[0])
    assert health.may_try()

    health.failed(OSError())
    health.failed(OSError())
    assert not health.may_try()
    now[0] += PAUSE_SECONDS
    assert [health.may_try() for _ in range(3)] == [True, False, False]
    assert (health.is_lost, health.losses) == (True, 1)

    health.worked()
    assert health.may_try()
    assert not health.is_lost
    assert caplog.text.count("the store is lost") == 1
