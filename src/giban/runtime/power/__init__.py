"""Power: whether a workstation is on, and why.

What belongs here: the rules (`decide`), what people want (`want`), what the host reported (`signals`), what was seen last
(`observed`), the schedule, the table they are kept in, the calls to EC2, and the keeper that brings them together.
What does not: who may ask (admin), pages, anything of the host itself.

The way of one look, the same for the admin API (one workstation) and the keeper (all of them):

    load       want, signals, observed from the table; the instance from EC2
    advance    pure: what happened since, what the rules say, what has to be done          (advance.py)
    save       one transaction per workstation, each item on condition of its version: of two at once, one wins
    act        the winner calls EC2; calls that are repeated do no harm
    settle     pure: what the answer of EC2 means (no capacity, refused, …)                (settle.py)

Nothing depends on an event arriving: each look compares what should be with what is. A missed look is made up by the next.
"""
