"""What an operator can count. Labels are topics, routes and states: never an id."""

from prometheus_client import Counter, Gauge, Histogram

requests = Histogram(
    "compte_request_seconds",
    "Time to answer, by route and status.",
    ["method", "route", "status"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
outbox_pending = Gauge("compte_outbox_pending", "Events that wait for the relay.")
outbox_age = Gauge("compte_outbox_oldest_seconds", "Age of the oldest event that waits for the relay.")
published = Counter("compte_published_total", "Events the broker acknowledged.", ["topic"])
republished = Counter("compte_republished_total", "Events published again because the broker lost its log.")
consumed = Counter("compte_consumed_total", "Deliveries, by what became of them.", ["topic", "outcome"])
consumer_lag = Gauge("compte_consumer_lag", "Events of a topic not yet committed by this group.", ["topic"])
parked = Gauge("compte_parked", "Events that wait for a retry or for an earlier event.")
dead = Counter("compte_dead_total", "Events given up; each can be replayed.", ["topic"])
gaps_skipped = Counter("compte_gaps_skipped_total", "Events that never came and are waited for no longer.", ["source"])
background_failures = Counter("compte_background_failures_total", "Failures of background tasks.", ["task"])
mails = Counter("compte_mails_total", "E-mails, by state reached.", ["state"])
sprayed = Counter("compte_sprayed_codes_total", "Wrong access codes that were tried on many numbers: an attack.")
