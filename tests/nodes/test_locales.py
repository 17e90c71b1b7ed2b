"""The names, labels and explanations of nodes in other languages, which ComfyUI reads from `locales/`.

The English labels are here too; the English explanations are those of the schemas.
"""

import json
import re
from pathlib import Path

import pytest

LOCALES = Path(__file__).parents[2] / "locales"
LANGUAGES = ("de", "en", "es", "fr", "ja", "zh")
HOW = "add or remove it in all of locales/*/nodeDefs.json: names and labels in every language, `tooltip` in all but en"
VALUE = re.compile(r"\{\w+\}")  # in the words of buttons and dialogs
SPECIAL = re.compile(r"[{}|@]")  # they mean something to the front end's translations


@pytest.fixture(params=LANGUAGES)
def locale(request):
    """A language and its nodes."""
    return request.param, json.loads((LOCALES / request.param / "nodeDefs.json").read_text(encoding="utf-8"))


def wanted(schema, language):
    """The keys that a node needs, as paths."""
    paths = {("display_name",)}
    entries = [("inputs", each.id) for each in schema.inputs]
    entries += [("outputs", str(number)) for number in range(len(schema.outputs))]
    paths |= {(*entry, "name") for entry in entries}
    if language != "en":
        paths |= {("description",)} | {(*entry, "tooltip") for entry in entries}
    return paths


def leaves(value, path=()):
    """The texts of nested dicts, by their paths."""
    if isinstance(value, dict):
        return {key: text for name, each in value.items() for key, text in leaves(each, (*path, name)).items()}
    return {path: value}


def test_there_is_a_folder_for_each_language_and_no_other():
    assert sorted(path.name for path in LOCALES.iterdir()) == list(LANGUAGES)


def test_every_node_input_and_output_is_there_and_nothing_else(locale, nodes):
    language, texts = locale
    found = {node_id: set(leaves(each)) for node_id, each in texts.items()}
    needed = {node_id: wanted(node.define_schema(), language) for node_id, node in nodes.items()}
    every = {*found, *needed}
    missing = sorted(
        ".".join((each, *path)) for each in every for path in needed.get(each, set()) - found.get(each, set())
    )
    left_over = sorted(
        ".".join((each, *path)) for each in every for path in found.get(each, set()) - needed.get(each, set())
    )
    assert not missing, f"{language} lacks {missing}; {HOW}"
    assert not left_over, f"{language} has {left_over}, which no node has; {HOW}"


@pytest.fixture
def words(locale):
    """A language, and the words of buttons and dialogs in it and in English, by their keys."""

    def read(language):
        return json.loads((LOCALES / language / "main.json").read_text(encoding="utf-8"))["salientCrop"]

    return locale[0], read(locale[0]), read("en")


def test_words_of_buttons_and_dialogs_are_there_in_every_language_with_the_same_values(words):
    language, found, english = words
    assert found.keys() == english.keys()
    for key, text in found.items():
        assert text.strip(), (language, key)
        assert set(VALUE.findall(text)) == set(VALUE.findall(english[key])), (language, key)


def test_every_word_that_the_canvas_says_is_there_and_no_other(root):
    scripts = "\n".join(path.read_text(encoding="utf-8") for path in (root / "web" / "js").rglob("*.js"))
    english = json.loads((LOCALES / "en" / "main.json").read_text(encoding="utf-8"))["salientCrop"]
    said = set(re.findall(r'\bsay\("(\w+)"', scripts))
    assert said <= english.keys()
    named = set(re.findall(r'"(\w+)"', scripts))
    unsaid = {key for key in english if key not in named and key.removesuffix("Key").removesuffix("Does") not in named}
    assert not unsaid


def test_texts_are_there_and_hold_no_signs_that_the_front_end_reads_as_code(locale):
    language, texts = locale
    for path, text in leaves(texts).items():
        assert isinstance(text, str) and text.strip(), (language, path)
        assert not SPECIAL.search(text), f"{language}, {'.'.join(path)}: {text!r} holds one of {{ }} | @"


def test_english_names_are_those_of_the_schemas(nodes):
    texts = json.loads((LOCALES / "en" / "nodeDefs.json").read_text(encoding="utf-8"))
    names = {node_id: node.define_schema().display_name for node_id, node in nodes.items()}
    assert {node_id: each["display_name"] for node_id, each in texts.items()} == names


def test_choices_and_names_of_inputs_that_a_text_speaks_of_stay_untranslated(nodes):
    """What a user types or chooses is the same in every language."""
    for language in set(LANGUAGES) - {"en"}:
        texts = json.loads((LOCALES / language / "nodeDefs.json").read_text(encoding="utf-8"))
        for node_id, node in nodes.items():
            for each in node.define_schema().inputs:
                told = texts[node_id]["inputs"][each.id]["tooltip"]
                for choice in (option for option in getattr(each, "options", []) if f"{option}:" in each.tooltip):
                    assert choice in told, f"{language}, {node_id}.{each.id}: {choice} is not in {told!r}"
