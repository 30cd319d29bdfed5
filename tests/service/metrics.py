"""Reads the metrics of a service as Prometheus does."""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client.parser import text_string_to_metric_families

from tests.contract.http_client import send
from tests.service.running import Running

Values = dict[tuple[str, ...], float]


def metrics_url(service: Running) -> str:
    """Return where the service told that its metrics are."""
    [url] = [line["url"] for line in service.lines() if line["message"] == "metrics"]
    return str(url)


def scraped(service: Running) -> Values:
    """Return each value by its metric's name and the values of its labels."""
    answer = send("GET", metrics_url(service))
    assert answer.status == 200
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.body.decode())
        for sample in family.samples
    }


@contextmanager
def grown(service: Running) -> Iterator[Values]:
    """Yield what is filled, at the block's end, with by how much each value has grown."""
    before, change = scraped(service), Values()
    yield change
    after = scraped(service)
    change |= {name: after[name] - before.get(name, 0.0) for name in after}
