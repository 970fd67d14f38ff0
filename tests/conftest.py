"""What holds for every test: Hypothesis measures no time, for the machines are slow and noisy."""

from hypothesis import settings

settings.register_profile("desk", deadline=None)
if settings.get_current_profile_name() == "default":  # otherwise another one was asked for
    settings.load_profile("desk")
