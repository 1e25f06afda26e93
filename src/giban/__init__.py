"""giban turns one page of YAML into plain, checked, priced Terraform, rehearses it and helps to run it.

Nothing is imported here: every command pays only for what it uses (see docs/architecture.md).
"""

__version__ = "0.1.0"
