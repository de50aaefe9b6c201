"""Who moves an employer from stage to stage."""

from enum import StrEnum


class Permission(StrEnum):
    MOVE = "lifecycle:move"
    DISMISS = "lifecycle:dismiss"
    CLOSE = "lifecycle:close"
