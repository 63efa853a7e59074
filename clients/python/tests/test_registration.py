"""What clients/conformance cannot see of a registration."""

import pytest

from odograph import Client, Fault


def test_a_text_is_not_taken_for_the_list_of_its_characters() -> None:
    with Client(history="127.0.0.1:1", max_attempts=1) as client:
        for decide in (client.register_vehicle, client.update_vehicle):
            with pytest.raises(Fault) as raised:
                decide("bus-1", {"tags": "night"})
            assert str(raised.value) == "INVALID_INPUT: tags must be a list, not the text 'night'"
