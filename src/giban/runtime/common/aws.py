"""Clients of AWS, made when they are first needed, and what their errors mean.

botocore directly: boto3 adds only the import of itself to a low-level client (both are in Lambda's Python).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

READ_TIMEOUT = 10
"""Seconds. A function is asked again a minute later: better to fail soon than to hang until its time is up."""

TRIMS: dict[str, Callable[[dict[str, Any]], None]] = {}
"""Service to what takes from botocore's description of it what a function does not use (`fleets.trimmed`)."""
_clients: dict[str, Any] = {}


class _Models:
    """botocore's descriptions of services, with a small one of EC2 (see ec2_model).

    And without DynamoDB's rule to look for table ARNs in every item of a call, by which it would choose another endpoint: tables
    are named here, and the search takes as long as the writing.
    """

    def __init__(self, loader: Any) -> None:
        self._loader = loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def load_service_model(self, service_name: str, type_name: str, api_version: str | None = None) -> Any:
        """The name and arguments are botocore's (botocore.loaders.Loader)."""
        if (service_name, type_name) == ("ec2", "service-2"):
            from .ec2_model import MODEL

            return MODEL
        model = self._loader.load_service_model(service_name, type_name, api_version)
        if (service_name, type_name) == ("dynamodb", "service-2"):
            for operation in model["operations"].values():
                operation.pop("operationContextParams", None)
        elif type_name == "service-2" and service_name in TRIMS:
            TRIMS[service_name](model)
        return model


def client(service: str) -> Any:
    """The client of a service, the same one for the life of the process. Region and endpoint come from the environment."""
    made = _clients.get(service)
    if made is None:
        made = _clients[service] = make(service)
    return made


def make(service: str, read_timeout: float = READ_TIMEOUT) -> Any:
    """A new client of a service."""
    from botocore.config import Config
    from botocore.session import get_session

    session = get_session()
    session.register_component("data_loader", _Models(session.get_component("data_loader")))
    config = Config(
        connect_timeout=3,
        read_timeout=read_timeout,
        retries={"mode": "standard", "total_max_attempts": 4},
        # What is sent is made by this code, not typed in; checking thousands of items takes as long as writing them.
        parameter_validation=False,
        # botocore puts its own together of fourteen parts, anew for every call: a fifth of what a call takes.
        user_agent="giban",
    )
    return session.create_client(service, config=config)


def code_of(error: BaseException) -> str:
    """AWS's code of an error that a client raised, "" for any other error."""
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""


def message_of(error: BaseException) -> str:
    """AWS's text of an error that a client raised."""
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Message", "")) if isinstance(response, dict) else ""
