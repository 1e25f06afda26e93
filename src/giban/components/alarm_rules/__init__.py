"""Standard alarms: one small file for each kind of resource, named as Terraform names it without `aws_`.

What belongs here: which measurements of a resource mean that people should know, from which value on, how urgently, and what
they can do. A file has `watch(resource, env)`, which yields a `Rule` for each. To add a kind, add a file.
"""
