"""What the two command lines have in common: streams, errors as one line, exit codes.

`python -m model_export` and `python -m demo` differ in their verbs alone.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_type_hints

from model_export.contract.errors import EnvironmentLacks

INTERRUPTED = 130
Verb = TypeVar("Verb", bound=Callable[..., None])


def run(start: Callable[[str], None], module: str, extra: Callable[[str], str]) -> None:
    """Run a command line and exit with its code.

    Args:
        start: imports the verbs and runs them under the program's name.
        module: the package, ``demo`` or ``model_export``.
        extra: the optional dependencies of `alexnet-moment` that hold a package.
    """
    _open_streams()
    if os.environ.get("COLUMNS", "1").strip("0") == "":  # what Rich would cut every line to
        del os.environ["COLUMNS"]
    for stream in (sys.stdout, sys.stderr):  # escape characters the terminal cannot encode
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    called = Path(sys.argv[0]).name
    program = called if called.startswith("alexnet-") else f"python -m {module}"
    try:
        start(program)
    except KeyboardInterrupt:  # while modules are imported; typer handles a later one
        sys.exit(INTERRUPTED)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in ("demo", "model_export", ""):
            raise
        _complain(
            f"the Python package {package} is not installed; run `make setup`, or "
            f'pip install "alexnet-moment[{extra(package)}]"'
        )
        sys.exit(EnvironmentLacks.exit_code)
    except OSError as error:
        if error.filename is not None:  # not the output: a bug
            raise
        _complain(
            f"the output cannot be written ({error.strerror or error}); make room, or send it "
            "elsewhere"
        )
        with open(os.devnull, "w") as nowhere:  # noqa: PTH123 (Python flushes the rest at exit)
            os.dup2(nowhere.fileno(), 1)
        sys.exit(EnvironmentLacks.exit_code)


def with_options(verb: Verb, argument: str, options: type) -> Verb:
    """Give a verb the options of a dataclass in the place of one argument, which gets the object.

    Args:
        verb: a function for typer.
        argument: of the verb.
        options: a dataclass with defaults, its fields annotated for typer.
    """
    hints = get_type_hints(options, include_extras=True)
    for name, hint in hints.items():
        if getattr(hint.__metadata__[0], "parser", None):  # which typer ignores of a tuple
            hints[name] = Annotated[Any, hint.__metadata__[0]]
    added = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=getattr(options, name),
            annotation=hint,
        )
        for name, hint in hints.items()
    ]
    signature = inspect.signature(verb, eval_str=True)
    own = [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for parameter in signature.parameters.values()
    ]
    at = next(i for i, parameter in enumerate(own) if parameter.name == argument)
    own[at : at + 1] = added

    def run(**given: Any) -> None:
        found = options(**{name: given.pop(name) for name in hints})
        verb(**{argument: found}, **given)

    run.__name__, run.__doc__ = verb.__name__, verb.__doc__
    run.__signature__ = signature.replace(parameters=own)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in own}
    return run  # type: ignore[return-value]


def _complain(message: str) -> None:
    print(f"error: {message}", file=sys.stderr)


def _open_streams() -> None:
    """Open streams that the shell has closed (``2>&-``) to the null device.

    Python sets such a stream to None, and the next file that is opened would get its number.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            if nowhere != number:
                os.dup2(nowhere, number)
                os.close(nowhere)
            if number:
                setattr(sys, name, os.fdopen(number, "w"))
