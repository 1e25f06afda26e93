"""Blueprints of a given size, and the same number of resources for the peer."""

from __future__ import annotations

from giban.lifecycle.pipeline import compile_blueprint


def blueprint(services: int, buckets: int) -> str:
    """A blueprint with a public service, `services` internal ones and `buckets` buckets."""
    lines = [
        "name: bench",
        "domain: bench.example.com",
        "regions: [ap-northeast-2]",
        "owner: bench",
        "services:",
        "  web: {kind: instances, public: true, port: 80}",
        *(f"  app-{n}: {{kind: instances, port: {8000 + n}, allow: [web]}}" for n in range(services)),
    ]
    if buckets:
        lines += ["buckets:", *(f"  data-{n}: {{}}" for n in range(buckets))]
    return "\n".join(lines) + "\n"


def size(path: str) -> int:
    """How many resources a blueprint file compiles to."""
    return len(compile_blueprint(path).graph.managed)
