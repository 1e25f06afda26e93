"""`giban cost --refresh-prices`: asks the AWS Price List with the user's own credentials and writes a price file."""

from __future__ import annotations

import os
from typing import Any

from giban.cost.pricelist import PREFIXES, refresh, regions, table
from giban.graph.graph import Graph


class PriceListError(Exception):
    """The Price List could not be asked."""

    exit_code = 3

    def __init__(self, what: str, fix: str) -> None:
        self.fix = fix
        super().__init__(what)


def write_prices(graph: Graph, path: str, today: str) -> tuple[int, list[str]]:
    """Write what the Price List says of an environment's items; the number of prices and what was not found.

    The file appears whole or not at all. Raises PriceListError.
    """
    if not regions(graph):
        raise PriceListError(
            "None of the environment's regions can be asked for.", f"These can: {', '.join(sorted(PREFIXES))}."
        )
    rows, missing = refresh(graph, _asker(), today)
    if not rows:
        raise PriceListError("The AWS Price List had none of the prices.", "The shipped prices stay in use.")
    import csv

    half = f"{path}.new"
    with open(half, "w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows(table(rows))
    os.replace(half, path)
    return len(rows), missing


def _asker() -> Any:
    """A function that asks GetProducts, page by page. The service is in a few regions only, us-east-1 among them."""
    try:
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.session import Session
    except ImportError:
        raise PriceListError("The package botocore is not installed.", "pip install 'giban[aws]'") from None
    import json

    try:
        client = Session().create_client("pricing", region_name="us-east-1")
    except BotoCoreError as error:
        raise PriceListError(f"{error}", "Check your AWS configuration.") from None
    pages = client.get_paginator("get_products")

    def get(code: str, attributes: dict[str, str]) -> list[dict[str, Any]]:
        filters = [{"Type": "TERM_MATCH", "Field": key, "Value": value} for key, value in sorted(attributes.items())]
        try:
            answer = [text for page in pages.paginate(ServiceCode=code, Filters=filters) for text in page["PriceList"]]
        except (BotoCoreError, ClientError) as error:
            fix = "Log in to AWS; the account needs the permission pricing:GetProducts, which costs nothing."
            raise PriceListError(f"The AWS Price List did not answer: {error}", fix) from None
        return [json.loads(text) for text in answer]

    return get
