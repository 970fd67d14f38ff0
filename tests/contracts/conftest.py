"""Stores that all contract suites share; each test has a desk of its own in them."""

from collections.abc import Iterator

import pytest

from tests.harness.servers import Server, running


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[Server]:
    with running("valkey") as server:
        yield server


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Server]:
    with running("redis") as server:
        yield server
