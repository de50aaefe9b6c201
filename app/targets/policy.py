"""Who sees the dashboard and who sets targets."""

from enum import StrEnum


class Permission(StrEnum):
    VIEW = "targets:view"
    SET = "targets:set"
