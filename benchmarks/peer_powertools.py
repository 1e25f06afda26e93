"""The peer of `functions.py`: a status route with AWS Lambda Powertools, which many functions behind an API are made with."""

from __future__ import annotations

from importlib import import_module
from typing import Any

app = import_module("aws_lambda_powertools.event_handler").APIGatewayHttpResolver()


def status() -> dict[str, bool]:
    """Nothing is looked up."""
    return {"on": True}


app.get("/service/status")(status)


def handle(event: dict[str, Any], context: object) -> Any:
    """Lambda's entry."""
    return app.resolve(event, context)
