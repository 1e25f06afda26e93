"""Configurations that lie in the archives of deployed functions, as they would be deployed."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from zipfile import ZipFile

import msgspec

from giban.graph.graph import Graph
from giban.graph.resource import Resource


def configured(graph: Graph, handler: str, config: str) -> tuple[Resource, dict[str, Any]] | None:
    """The function with this handler whose archive holds this file, and what the file says; None when there is none."""
    for function in graph.all("aws_lambda_function"):
        archive = function.stack.files.get(str(function.value("filename")))
        if function.value("handler") != handler or not callable(archive):
            continue
        with ZipFile(BytesIO(archive())) as opened:
            if config in opened.namelist():
                return function, msgspec.json.decode(opened.read(config), type=dict[str, Any])
    return None
