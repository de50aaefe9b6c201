"""The engine of the templates: Jinja, with the two things that every page does a thousand times made cheap.

A list of fifty rows prints two thousand values and calls hundreds of macros. Jinja makes a Markup object of
each printed value only to join it with the others, and looks at each callable twice for what it wants to be
handed. Neither changes what a template says or what it may do.
"""

from collections.abc import MutableMapping
from html import escape as escape_text
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

from flask.templating import Environment as FlaskEnvironment
from flask_babel import LazyString
from jinja2.compiler import CodeGenerator, Frame
from jinja2.nodes import Expr
from jinja2.runtime import Context, Macro
from jinja2.utils import internalcode
from markupsafe import Markup, escape


def printed(value: object) -> str:
    """What a page says for a value: markup as it is, everything else with its special signs escaped."""
    kind = type(value)
    if kind is str or kind is LazyString:
        return escape_text(str(value))
    if kind is Markup:
        return value  # type: ignore[return-value]
    return escape(value)


class _Generator(CodeGenerator):
    """Writes `environment.printed(x)` where Jinja writes `escape(x)`; the closing bracket is Jinja's."""

    def _output_child_pre(self, node: Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape:
            super()._output_child_pre(node, frame, finalize)
            return
        self.write("environment.printed(")
        if finalize.src is not None:
            self.write(finalize.src)


_PLAIN = frozenset({FunctionType, MethodType, BuiltinFunctionType})


class _Context(Context):
    """Calls macros and plain functions straight away."""

    @internalcode
    def call(__self, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        kind = type(__obj)
        if kind is Macro:
            args = (__self.eval_ctx, *args)
        elif kind not in _PLAIN or hasattr(__obj, "jinja_pass_arg"):
            return super().call(__obj, *args, **kwargs)
        # names inside loops and blocks, for those who take the context; these do not
        kwargs.pop("_block_vars", None)
        kwargs.pop("_loop_vars", None)
        return __obj(*args, **kwargs)


class Environment(FlaskEnvironment):
    """The environment of the house's templates."""

    code_generator_class = _Generator
    context_class = _Context
    printed = staticmethod(printed)

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """The names all templates know: each import and include copies them, and Jinja's chain is slow."""
        return super().make_globals(d) if d else self.globals
