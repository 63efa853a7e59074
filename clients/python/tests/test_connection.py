"""What clients/conformance cannot see of a connection."""

from server import Ingest, Network, until

from odograph import Client

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
