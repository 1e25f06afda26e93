"""How functions on one emulator find the other."""

from __future__ import annotations

from botocore.loaders import Loader

from giban.rehearsal.services import MOTO, SDK_NAMES, endpoint_variables


def test_every_service_of_moto_has_a_variable_that_an_sdk_reads() -> None:
    loader = Loader()
    ids = {
        loader.load_service_model(name, "service-2")["metadata"]["serviceId"].upper().replace(" ", "_")
        for name in loader.list_available_services("service-2")
    }
    made = endpoint_variables("http://127.0.0.1:1")
    assert len(made) == len(MOTO)
    assert {name.removeprefix("AWS_ENDPOINT_URL_") for name in made} <= ids
    assert set(made.values()) == {"http://127.0.0.1:1"}


def test_only_names_that_differ_are_listed() -> None:
    assert set(SDK_NAMES) <= MOTO
    assert not [name for name, sdk in SDK_NAMES.items() if name.upper() == sdk]
