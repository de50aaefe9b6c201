"""The Flask application of the house: its templates' engine, and addresses that are built once."""

from functools import lru_cache
from typing import Any

from flask import Flask, has_request_context, request

from app.core.templating import Environment

#: Addresses kept by each process. A list makes a hundred of them; those of the frame come on every page.
KEPT_ADDRESSES = 8_192


class Application(Flask):
    """Flask, less what each page would work out again."""

    jinja_environment = Environment

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._kept_address = lru_cache(maxsize=KEPT_ADDRESSES)(self._address)

    def url_for(
        self,
        /,
        endpoint: str,
        *,
        _anchor: str | None = None,
        _method: str | None = None,
        _scheme: str | None = None,
        _external: bool | None = None,
        **values: Any,
    ) -> str:
        """As Flask's, which takes 15 microseconds each time. Plain addresses inside a request are kept.

        Plain: without a host, not relative to the present blueprint, of texts and whole numbers alone. Such
        an address follows from the endpoint, the values, the method and the root it is served under.
        """
        plain = (
            endpoint[:1] != "."
            and (_anchor or _method or _scheme or _external) is None
            and all(type(value) is int or type(value) is str for value in values.values())
        )
        if plain and has_request_context():
            present = request._get_current_object()  # type: ignore[attr-defined]
            return self._kept_address(present.root_path, present.method, endpoint, *values.items())
        return super().url_for(
            endpoint, _anchor=_anchor, _method=_method, _scheme=_scheme, _external=_external, **values
        )

    def _address(self, _root: str, _present_method: str, endpoint: str, *values: tuple[str, Any]) -> str:
        return super().url_for(endpoint, **dict(values))
