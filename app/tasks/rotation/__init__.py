"""Handing over all matters when a person rotates: seen before, in one go, confirmed, and reversible."""
