"""What all tests share: no example of a property is timed, because a machine may be busy with other things."""

from hypothesis import settings

settings.register_profile("untimed", settings(), deadline=None)
settings.load_profile("untimed")
