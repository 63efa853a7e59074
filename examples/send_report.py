"""Sends one report and reads it back. Usage: send_report.py INGEST_HOST:PORT HISTORY_HOST:PORT"""

import sys

from odograph import Client, Sample, Signals, VehicleReport

ingest, history = sys.argv[1:3]

# A vehicle takes its clock when it measures, and keeps it with the report: vehicle, time of the first sample and report id
# are the key of a report, so this one is stored once, however often it is sent.
OBSERVED_AT_MS = 1_763_712_000_000  # 2025-11-21T08:00:00Z

report = VehicleReport(
    vehicle_id="JTMTESTVN0D000001",
    report_id="trip-1/0001",
    samples=[Sample(observed_at_ms=OBSERVED_AT_MS, signals=Signals(speed_kmh=42.5, battery_level_pct=81))],
)

with Client(ingest=ingest, history=history) as client:
    [result] = client.report([report])
    print(result.outcome, result.position)  # 1 is accepted, and the report is on disk
    print(client.status(report.vehicle_id, at_least=result.position).status.signals)  # as of this report
