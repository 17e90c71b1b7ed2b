"""The help pages in web/docs, which ComfyUI shows beside a node, say what the schemas say."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NODE_IDS = list(json.loads((ROOT / "tests" / "golden" / "nodes.json").read_text(encoding="utf-8")))
# Nodes of ComfyUI itself that the pages speak of.
CORE_NODES = {
    "Load Image",
    "Save Image",
    "Crop Image",
    "Pad Image for Outpainting",
    "Load Image-Text (from Folder)",
    "Rebatch Images",
}

ENTRY = re.compile(r"^- (?P<names>`\w+`(?:, `\w+`)*)(?: \((?P<facts>[^)]*)\))?: (?P<text>.+)$")


@pytest.fixture(params=NODE_IDS)
def page(nodes, request):
    """A node's schema and the text of its page."""
    text = (ROOT / "web" / "docs" / f"{request.param}.md").read_text(encoding="utf-8")
    return nodes[request.param].define_schema(), text


def entries(text, heading):
    """Names, facts and text of the list under a heading that starts with `heading`."""
    section = re.search(rf"^## {heading}.*?$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert section, f"no section {heading}"
    lines = [line for line in section[1].splitlines() if line.startswith("- ")]
    found = [ENTRY.match(line) for line in lines]
    assert all(found), f"not of the form '- `name` (facts): text': {lines[found.index(None)]}"
    return [(re.findall(r"`(\w+)`", each["names"]), each["facts"], each["text"]) for each in found]


def facts(each):
    """What a page has to tell of an input in brackets: its choices and its default, or that it is optional."""
    if not hasattr(each, "default"):
        return "optional" if each.optional else None
    if isinstance(each.default, bool):
        default = "default on" if each.default else "default off"
    elif each.default == "":
        default = "default: empty"
    elif isinstance(each.default, float):
        default = f"default `{each.default:g}`"
    else:
        default = f"default `{each.default}`"
    options = [f"`{option}`" for option in getattr(each, "options", [])]
    return f"{', '.join(options[:-1])} or {options[-1]}; {default}" if options else default


def test_the_folder_holds_a_page_for_every_node_and_no_other():
    assert sorted(path.name for path in (ROOT / "web" / "docs").iterdir()) == sorted(f"{each}.md" for each in NODE_IDS)


def test_a_page_has_a_picture_a_recipe_and_what_goes_wrong(page):
    _, text = page
    pictures = re.findall(r"^!\[.+\]\(\.\./pictures/(\w+\.jpg)\)$", text, re.MULTILINE)
    assert pictures and all((ROOT / "web" / "pictures" / each).is_file() for each in pictures)
    headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert headings[0] == "Inputs" and headings[-2:] == ["Recipe", "What goes wrong"]


def test_a_page_is_headed_by_the_name_that_the_canvas_shows(page):
    schema, text = page
    assert text.startswith(f"# {schema.display_name}\n")


def test_every_input_is_explained_with_its_default_and_its_choices_and_no_other(page):
    schema, text = page
    written = {}
    for names, brackets, _ in entries(text, "Inputs"):
        assert not set(names) & set(written), f"{names} is explained twice"
        written |= dict.fromkeys(names, brackets)
    assert written == {each.id: facts(each) for each in schema.inputs}


def test_every_output_is_explained_and_no_other(page):
    schema, text = page
    written = [name for names, _, _ in entries(text, "Outputs") for name in names]
    assert written == [each.id for each in schema.outputs]


def test_a_page_speaks_of_no_input_output_or_node_that_does_not_exist(page, nodes):
    _, text = page
    schemas = [node.define_schema() for node in nodes.values()]
    sockets = {each.id for schema in schemas for each in (*schema.inputs, *schema.outputs)}
    spoken_of = set(re.findall(r"`([a-z]+(?:_[a-z]+)+)`", text))
    assert spoken_of <= sockets
    titles = set(re.findall(r"(?<!\*)\*([A-Z][^*]+)\*(?!\*)", text))
    assert titles <= {schema.display_name for schema in schemas} | CORE_NODES
