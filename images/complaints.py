"""What libtiff complains about while it decodes a picture: for the picture's reason, not for the terminal.

libtiff writes its complaints to the standard error of the process by itself, from any thread, and Pillow, which decodes
with it, only says "decoder error -2". Its handlers are replaced by one that keeps them for the thread that is reading.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from PIL import _imaging

_MOST = 8  # complaints that are kept of one picture; a damaged one has one a row
_LONGEST = 200  # bytes of one

# In C: void (*)(const char *module, const char *format, va_list). Wherever Pillow runs, a list of arguments is given to
# a function as one pointer.
_HANDLER = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p)

_heard: ContextVar[list[str] | None] = ContextVar("heard", default=None)


@contextmanager
def hearing() -> Iterator[list[str]]:
    """Collects the complaints of what this thread decodes in the block; the first few of them.

    Outside of such a block, libtiff says what it has to say as before. Where Pillow has no libtiff of its own that can
    be reached, nothing is collected.
    """
    heard: list[str] = []
    token = _heard.set(heard)
    try:
        yield heard
    finally:
        _heard.reset(token)


def _listen() -> tuple[Any, ...]:
    """Replaces libtiff's handlers; what is returned has to live as long as the process."""
    try:
        library, system = ctypes.CDLL(_imaging.__file__), ctypes.CDLL(None)
        print_into = system.vsnprintf
        setters = library.TIFFSetErrorHandler, library.TIFFSetWarningHandler
    except (AttributeError, OSError, TypeError):  # linked in another way, such as on Windows
        return ()
    print_into.argtypes = (ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_void_p)
    handlers = []
    for set_handler in setters:
        set_handler.argtypes, set_handler.restype = (ctypes.c_void_p,), ctypes.c_void_p
        handlers.append(_replace_handler(set_handler, print_into))
    return tuple(handlers)


def _replace_handler(set_handler: Any, print_into: Any) -> Any:
    before: list[Any] = []

    def handle(module: bytes | None, format: bytes | None, arguments: int | None) -> None:
        heard = _heard.get()
        if heard is None:
            if before:
                before[0](module, format, arguments)
        elif len(heard) < _MOST:
            text = ctypes.create_string_buffer(_LONGEST)
            print_into(text, _LONGEST, format, arguments)
            heard.append(text.value.decode("utf-8", "replace"))

    handler = _HANDLER(handle)
    address = set_handler(ctypes.cast(handler, ctypes.c_void_p))
    if address:
        before.append(_HANDLER(address))
    return handler


_HANDLERS = _listen()  # while this is imported, no other thread can do the same
