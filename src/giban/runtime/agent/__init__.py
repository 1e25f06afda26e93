"""The host agent: one file that is copied to the workstation and run there, and its systemd unit.

Nothing here is imported by other code, and `giban_agent.py` imports the standard library only (Python 3.9 or newer).
"""
