"""When people are unhappy enough that somebody should know, and when that is over."""

LAST = 20
"""Answers that count: the newest."""
FEWEST = 5
"""With fewer nothing is said: two bad lunches are no trend."""
LOW = 2.5
"""An average below this is told."""
FINE = 2.8
"""At this it is over. Higher than LOW, so that it does not go to and fro."""


def average(scores):
    """The average of the scores, 0 without any."""
    return sum(scores) / len(scores) if scores else 0.0


def state_of(scores, low_before):
    """Whether a survey is low now, by its newest scores (the newest first) and whether it was low before."""
    counted = scores[:LAST]
    if len(counted) < FEWEST:
        return low_before
    return average(counted) < (FINE if low_before else LOW)


def notice(survey, scores, low):
    """What the alarm topic is told: see `giban alarms` about posts. The key is the same until it is over."""
    found = average(scores[:LAST])
    title = f"Survey {survey}: people are unhappy" if low else f"Survey {survey}: better again"
    return {
        "title": title,
        "text": f"The last {len(scores[:LAST])} answers give {found:.1f} of 5 on average (told below {LOW}, over at {FINE}).",
        "priority": "P2",
        "service": f"survey.{survey}",
        "status": "firing" if low else "resolved",
        "key": f"survey/{survey}/average",
    }
