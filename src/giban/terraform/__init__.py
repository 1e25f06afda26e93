"""Everything about Terraform: writing its documents, finding and running it, reading its events, plans and state.

Knows the graph only. What a plan means for a blueprint (the order of roots, what to ask the user, which records to
keep) belongs in `lifecycle`; emulators and the override document that points at them belong in `rehearsal`.
"""
