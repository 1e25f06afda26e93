"""What several deployed functions share: clients of AWS, the table of documents, times, the clock, schedules.

Goes into every archive, so only what at least two functions need belongs here.
"""
