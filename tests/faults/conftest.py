"""The fixtures of sending, shared with the tests of campaigns."""

from tests.campaigns.conftest import house, process, simulator

__all__ = ["house", "process", "simulator"]
