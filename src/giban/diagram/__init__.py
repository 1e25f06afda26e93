"""The architecture picture of a graph: boxes of regions, VPCs, zones and subnets, what stands in them, how traffic flows.

    graph ──read──► Picture (what belongs where) ──layout, route──► Drawing (coordinates) ──svg──► text
                        └──mermaid──► text

Belongs here: what a resource looks like, where it is drawn, arithmetic of boxes and arrows, the writers. Knows the graph
only, so a picture of somebody's own Terraform comes out the same way. Does not belong here: anything that knows
components, blueprints or files.
"""
