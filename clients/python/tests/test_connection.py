"""What clients/conformance cannot see of a connection."""

from server import Ingest, Network, until

from odograph import Client, Sample, Signals, VehicleReport

REPORT = VehicleReport(
    vehicle_id="v", report_id="r", samples=[Sample(observed_at_ms=1, signals=Signals(speed_kmh=1))]
)


# One that measures the bandwidth, and two more without data.
BY_DEFAULT = 3


def test_an_idle_connection_learns_that_the_network_is_gone() -> None:
    # They count before those of the client. gRPC sends a ping a second at most.
    options = (("grpc.keepalive_time_ms", 100), ("grpc.http2.ping_timeout_ms", 100))
    with Ingest(acknowledges=True) as ingest:
        network = Network(ingest.endpoint)
        client = Client(ingest=network.endpoint, options=options)
        connection = client.connect()
        until(lambda: network.pings > BY_DEFAULT)
        assert not connection.has_ended
        network.is_cut = True
        until(lambda: connection.has_ended)


def test_what_is_sent_cannot_be_cancelled_and_others_get_their_result() -> None:
    with Ingest(acknowledges=True) as ingest, Client(ingest=ingest.endpoint) as client:
        connection = client.connect()
        first = connection.send([REPORT])
        assert not first.cancel()
        assert [sent.result(5).number for sent in (first, connection.send([REPORT]))] == [1, 2]
        connection.close()
