"""What each section of a blueprint expands into, one file per kind of section.

A module here with a function `expand(env)` is a component; there is no central list. Pieces that others build on (the
key, the log bucket, the network) are functions marked `@part`: they are made once, when the first one asks. Does not
belong here: anything about files, prices or running Terraform.
"""
