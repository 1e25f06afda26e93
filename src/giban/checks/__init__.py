"""Checks: functions over the graph that find what is wrong before anything is created.

A check is one function in one file of `rules/`, named by an ID, whose docstring is its documentation page. Checks know
the graph only, so they run the same over a blueprint and over somebody's own Terraform. Does not belong here: anything
that knows components, blueprints or files.
"""
