"""Functions that send alarms, found on ministack by what they are told in their environment. Runs inside ministack."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

TABLE, API = "GIBAN_ALARMS_TABLE", "GIBAN_ALARMS_API"
"""Variables of such a function: its table, by which it is known, and where its API is reached."""
CONFIG = "runtime/alarms/config.json"
"""Its configuration, in its archive."""


def found() -> list[dict[str, Any]]:
    """Each with `account`, `region`, `name`, `api` (empty when it has none) and `config`, sorted."""
    from ministack.services import lambda_svc

    routers = []
    for (account, region, name), function in lambda_svc._functions.all_items():
        variables = ((function.get("config") or {}).get("Environment") or {}).get("Variables") or {}
        if variables.get(TABLE):
            config = config_in(function.get("code_zip") or b"")
            made = {
                "account": account,
                "region": region,
                "name": name,
                "api": variables.get(API) or "",
                "config": config,
            }
            routers.append(made)
    return sorted(routers, key=lambda router: (router["account"], router["region"], router["name"]))


def config_in(archive: bytes) -> dict[str, Any]:
    """The configuration in an archive, {} when there is none."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            config = json.loads(opened.read(CONFIG))
    except (zipfile.BadZipFile, KeyError, ValueError):
        return {}
    return config if isinstance(config, dict) else {}
