"""What is left of botocore's descriptions is what is read, and enough for every call that is made."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel

from giban.runtime.common import aws
from giban.runtime.fleets.tick import World
from giban.runtime.fleets.trimmed import KEPT, install, trim
from tests.runtime.fleets.stage import Stage
from tests.runtime.fleets.test_tick import DAY, EVENING, MORNING, NIGHT


@pytest.mark.parametrize(
    ("service", "shape"), [(service, shape) for service in sorted(KEPT) for shape in sorted(KEPT[service])]
)
def test_every_field_exists(service: str, shape: str) -> None:
    """A name that botocore does not know would be read as missing for ever."""
    model = ServiceModel(Loader().load_service_model(service, "service-2"))
    assert set(KEPT[service][shape]) <= set(model.shape_for(shape).members)


def test_what_is_read_by_the_rooms_is_kept() -> None:
    import re

    from giban.runtime.fleets import databases, groups

    for module, names in (
        (databases, ("DBInstance", "DBCluster", "Event")),
        (groups, ("AutoScalingGroup", "Instance", "SuspendedProcess")),
    ):
        service = module.SERVICE
        with open(str(module.__file__), encoding="utf-8") as file:
            read = set(re.findall(r'(?:entry|event|group|instance|process)(?:\.get\(|\[)"(\w+)"', file.read()))
        kept = {field for name in names for field in KEPT[service][name]}
        assert read <= kept | {"DBInstanceIdentifier", "DBClusterIdentifier"}
        assert read


@pytest.fixture
def trimmed(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """Clients as the keeper makes them."""
    monkeypatch.setattr(aws, "TRIMS", {})
    install()
    for name in ("AWS_PROFILE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    plain = stage.clients
    made = {}
    for service in ("autoscaling", "rds"):
        model = plain(service).meta
        monkeypatch.setenv("AWS_DEFAULT_REGION", model.region_name)
        credentials = plain(service)._request_signer._credentials
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", credentials.access_key)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", credentials.secret_key)
        monkeypatch.setenv("AWS_SESSION_TOKEN", credentials.token)
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{'RDS' if service == 'rds' else 'AUTO_SCALING'}", model.endpoint_url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        made[service] = aws.make(service, read_timeout=60)
    world = stage.world
    stage.world = World(lambda service: made.get(service) or plain(service), world.table.name, stage.alarms.name)
    yield stage
    for client in made.values():
        client.close()


def test_a_day_with_trimmed_clients(trimmed: Stage) -> None:
    group, database = trimmed.group(), trimmed.database()
    trimmed.tick(DAY)
    assert trimmed.tick(EVENING)["off"] == ["databases.main", "services.web"]
    assert (trimmed.sizes(group)[0], trimmed.status(database)) == (0, "stopped")
    assert trimmed.tick(NIGHT)["failed"] == []
    assert trimmed.tick(MORNING)["on"] == ["databases.main", "services.web"]
    assert (trimmed.sizes(group)[0], trimmed.status(database)) == (2, "available")


def test_it_leaves_the_rest_of_a_description_as_it_is() -> None:
    model = Loader().load_service_model("rds", "service-2")
    before = sorted(model["shapes"])
    trim("rds", model)
    assert sorted(model["shapes"]) == before
    assert "DBSnapshot" in model["shapes"]
