"""The language: what a blueprint may say, and how its text becomes a typed, validated document.

Belongs here: the types (which are the reference, the JSON Schema and every default), loading with positions, overlays
and validation of what a type cannot say. Does not belong here: what a section expands into (that is `components/`).
"""
