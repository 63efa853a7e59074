"""What clients/conformance cannot see of the cache."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from server import Cache, until

from odograph import Box, Client, Fault
from odograph.cache.v1.vehicle_status_pb2 import VehicleConditions, WatchRequest
from odograph.history.v1.vehicle_history_pb2 import ListSamplesRequest

BOX = Box(south_deg=1, west_deg=2, north_deg=3, east_deg=4)
BREAKS = 2


def test_a_watch_asks_for_the_same_again_after_each_disconnect_and_says_so() -> None:
    faults: list[str] = []
    with Cache(breaks=BREAKS) as cache, Client(cache=cache.endpoint) as client:
        watching = client.watch_statuses(
            {"fleet": "north", "vehicle_ids": ["bus-1"], "box": BOX},
            on_disconnect=lambda fault, _: faults.append(fault.code),
        )
        messages = [next(watching) for _ in range(BREAKS + 1)]
        assert [message.begins_again for message in messages] == [True] * (BREAKS + 1)
        assert faults == ["UNAVAILABLE"] * BREAKS
        conditions = VehicleConditions(fleet="north", vehicle_ids=["bus-1"], box=BOX)
        assert cache.watches == [WatchRequest(conditions=conditions)] * (BREAKS + 1)


def test_a_watch_that_is_left_is_ended_at_the_server() -> None:
    with Cache() as cache, Client(cache=cache.endpoint) as client:
        for _ in client.watch_statuses():
            break
        until(cache.left.is_set)
        assert len(cache.watches) == 1


def test_a_watch_ends_when_another_thread_closes_the_client() -> None:
    with Cache() as cache, Client(cache=cache.endpoint) as client:
        watching = client.watch_statuses()
        next(watching)
        closing = threading.Thread(target=client.close)
        closing.start()
        with pytest.raises(Fault) as raised:
            next(watching)
        closing.join()
        assert raised.value.code == "CANCELLED"
        until(cache.left.is_set)


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.latest_status("bus-1"),
        lambda client: next(client.cached_samples("bus-1")),
        lambda client: client.cached_sample_page(ListSamplesRequest(vehicle_id="bus-1")),
        lambda client: client.series("bus-1", "speed_kmh", from_ms=0, to_ms=1),
        lambda client: client.cached_vehicle("bus-1"),
    ],
)
def test_a_client_without_the_endpoint_says_which_one_it_needs(ask: Callable[[Any], Any]) -> None:
    with Client(history="127.0.0.1:1") as client, pytest.raises(Fault) as raised:
        ask(client)
    needed = "Client was given no cache endpoint: pass cache='host:port'"
    assert str(raised.value) == f"INVALID_INPUT: {needed}"


@pytest.mark.parametrize(
    ("ask", "name"),
    [
        (lambda client: next(client.latest_statuses({"vehicle_ids": "bus-1"})), "vehicle_ids"),
        (lambda client: next(client.watch_statuses({"vehicle_ids": "bus-1"})), "vehicle_ids"),
        (lambda client: next(client.warm_cache({"vehicle_ids": "bus-1"})), "vehicle_ids"),
        (lambda client: next(client.cached_samples("bus-1", signals="bus-1")), "signals"),
        (lambda client: next(client.samples("bus-1", signals="bus-1")), "signals"),
        (lambda client: client.invalidate_cache({"keys": "bus-1"}), "keys"),
        (lambda client: client.invalidate_cache({"tags": "bus-1"}), "tags"),
    ],
)
def test_a_text_is_not_taken_for_the_list_of_its_characters(ask: Callable[[Any], Any], name: str) -> None:
    with Client(cache="127.0.0.1:1", max_attempts=1) as client, pytest.raises(Fault) as raised:
        ask(client)
    assert str(raised.value) == f"INVALID_INPUT: {name} must be a list, not the text 'bus-1'"
