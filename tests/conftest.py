"""Settings of the property tests: the same cases on every run, and as long as they take.

`pytest --hypothesis-profile=search` looks for new ones, twenty times as many.
"""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "same",
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=250,
    # A slow machine, or another release that draws differently, must not fail a law that holds.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
settings.register_profile("search", deadline=None, database=None, max_examples=3000)
settings.load_profile("same")
