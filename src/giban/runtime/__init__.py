"""Code that lives in the deployed environment: standard library and boto3 only.

Imports nothing else of giban and is imported by none of it, so that what is deployed stays small and plain.
"""
