"""Emulated AWS on this machine: guarded child processes on loopback that real Terraform applies the documents to.

Belongs here: starting, finding and stopping the emulators (`process`), the guard in front of them (`guard`), which
service is played by which emulator (`services`), what was corrected in them (`corrections_*`) and what they still lack
(`gaps`), the one override file that points Terraform at them (`override`), and looking into them (`contents`); what follows from
metrics, alarms and log lines over time (`monitor*`, by the `clock`), and where messages to people end (`inbox*`).
Does not belong here: running Terraform, the order of `up` and `down`, anything that knows blueprints.

Security: an emulator takes unsigned requests and some run code, so none is ever reachable without the guard, from
another machine, or from a web page. `docs/rehearsal.md` says what is defended against and how.
"""
