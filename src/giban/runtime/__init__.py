"""Code that lives in the deployed environment: standard library and boto3 only.

Imports nothing else of giban, so that what is deployed stays small and plain; of it only what decides, and does nothing, is
imported elsewhere (docs/decisions/0009).
"""
