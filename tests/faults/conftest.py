"""The fixtures of sending, shared with the tests of campaigns."""

from tests.campaigns.conftest import house, house_app, process, simulator

__all__ = ["house", "house_app", "process", "simulator"]
