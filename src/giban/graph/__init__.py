"""The environment as data: resources with Terraform's own type and argument names, and how they refer to each other.

Belongs here: `Resource`, `Ref`, `Stack`, `Graph`, the provider schema they are checked against, and the
`Problem` that every stage reports. Does not belong here: anything that knows blueprints, components, prices or
files. Imports nothing else of giban.
"""
