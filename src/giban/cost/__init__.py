"""What an environment costs in a month: low, likely and high, per resource and component.

Belongs here: dated prices with their sources (`data/`), the assumptions about usage (`usage.py`), what follows from the
topology (`topology.py`), one small file per family of resources (`pricers/`), the estimate, the difference of two and
hints at what would be cheaper. Does not belong here: anything that knows blueprints, components or Terraform's files.

The order of things: `prices.py` answers "what does this item cost in this region"; a pricer says how much of which items
a resource uses; `estimate.py` asks the pricer of each resource and adds up. An unknown price stays unknown.
"""
