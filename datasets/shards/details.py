"""The JSON of a sample, with what a run knows of its crop under a key of its own."""

from __future__ import annotations

from ..json_values import format_json, parse_json

KEY = "salient_crop"
"""In the JSON of a sample: our manifest's line of it. Where there is an array or no JSON, the line goes beside it."""


def add_details(content: bytes | None, line: str) -> dict[str, bytes]:
    """The members of a sample that hold its JSON, by extension. What was there stays as it was, byte for byte.

    >>> add_details(b'{"id": 1.50}', '{"status": "ok"}')
    {'json': b'{"id": 1.50, "salient_crop": {"status": "ok"}}'}
    >>> add_details(b"[1, 2]", "{}")
    {'json': b'[1, 2]', 'salient_crop.json': b'{}'}

    Args:
        content: that the sample has; None where it has none.
        line: of the manifest. It takes the place of an earlier run's.
    """
    if content is None:
        return {"json": f'{{"{KEY}": {line}}}'.encode()}
    try:
        text = content.decode()
        value = parse_json(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        return {"json": content, f"{KEY}.json": line.encode()}
    if KEY in value:
        return {"json": format_json({**value, KEY: parse_json(line)}).encode()}
    opened = text.rstrip().removesuffix("}")
    return {"json": f'{opened}{", " if value else ""}"{KEY}": {line}}}'.encode()}
