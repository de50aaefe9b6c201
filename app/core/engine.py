"""The template engine of the house: Jinja, with shorter ways for what a page does a thousand times.

A page prints some 1,500 values and calls some 500 functions and macros. Jinja makes a Markup of each printed
value although it is only joined to the rest, and asks each function three times whether it wants the context.
"""

from collections.abc import Callable, MutableMapping
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

from flask.templating import Environment
from jinja2.compiler import CodeGenerator, Frame
from jinja2.nodes import Expr
from jinja2.runtime import Context, Macro
from markupsafe import Markup, _escape_inner, escape  # type: ignore[attr-defined]

_PLAIN = frozenset({FunctionType, MethodType, BuiltinFunctionType})


def printed(value: Any) -> str:
    """What `{{ value }}` puts into the page: what `escape` gives, but a plain text, as it is only joined."""
    kind = type(value)
    if kind is Markup:
        return value  # type: ignore[no-any-return]
    if kind is str:
        return _escape_inner(value)
    return escape(value)


class Calling(Context):
    """Calls macros and plain functions at once; the rest, and whoever wants the context, in Jinja's way."""

    def call(__self, __obj: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        kind = type(__obj)
        if kind is Macro:
            args = (__self.eval_ctx, *args)
        elif kind not in _PLAIN or hasattr(__obj, "jinja_pass_arg"):
            return super().call(__obj, *args, **kwargs)
        kwargs.pop("_block_vars", None)
        kwargs.pop("_loop_vars", None)
        return __obj(*args, **kwargs)


class Printing(CodeGenerator):
    """Writes templates down as Jinja does, but for the function that prints a value."""

    def _output_child_pre(self, node: Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape:
            super()._output_child_pre(node, frame, finalize)
            return
        self.write("environment.printed(")
        if finalize.src is not None:
            self.write(finalize.src)


class Engine(Environment):
    """Jinja, with the globals of a template as one plain mapping.

    Jinja looks them up through a chain of two and compares them name by name at each import. The chain serves
    globals that change after a template was loaded; ours are complete before the first page.
    """

    code_generator_class = Printing
    context_class = Calling
    printed = staticmethod(printed)

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        return {**self.globals, **(d or {})}
