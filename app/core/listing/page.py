"""Lists: one declaration gives filters, search, sorting, paging, columns, saved views, bulk actions, export.

A feature declares `TASKS = ListPage(...)` in its `lists.py`, and its view says `return TASKS.respond()` on a
route that takes GET and POST. The select it starts from is already scoped by the feature's `visible_to`.
"""

from typing import Any

from flask.typing import ResponseReturnValue

from app.core.listing import views
from app.core.listing.declaration import ListDeclaration
from app.core.listing.parts import BulkAction, Column, Empty, Link, Quick

__all__ = ["BulkAction", "Column", "Empty", "Link", "ListPage", "Quick"]


class ListPage(ListDeclaration):
    """A declared list that answers requests."""

    def respond(self, *args: Any, **page: Any) -> ResponseReturnValue:
        """The answer to the request: the list, or what its forms ask for. `page` goes to the template."""
        return views.respond(self, args, page)
