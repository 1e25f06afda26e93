"""The order of things: compile, plan, up, status, down; the refusal gate; what a target is.

Belongs here: what calls Terraform and the rehearsal, and in which order. Does not belong here: how a thing is printed (that
is `cli/`) or how Terraform is run (that is `terraform/`).
"""
