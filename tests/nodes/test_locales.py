"""The names, labels and explanations of nodes in other languages, which ComfyUI reads from `locales/`.

The English labels are here too; the English explanations are those of the schemas.
"""

import json
import re
from pathlib import Path

import pytest

from salient_crop.review.words import LANGUAGES as REVIEWED
from salient_crop.review.words import read_words

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


def test_words_may_be_written_into_a_page_as_they_are(words):
    language, found, _ = words
    assert not [key for key, text in found.items() if set(text) & set('<>&"')], language


def test_every_word_that_the_canvas_and_the_review_page_say_is_there_and_no_other(root):
    files = [each for folder in ("web/js", "review/page") for each in (root / folder).rglob("*.js")]
    scripts = "\n".join(path.read_text(encoding="utf-8") for path in files)
    page = (root / "review" / "page" / "index.html").read_text(encoding="utf-8")
    english = json.loads((LOCALES / "en" / "main.json").read_text(encoding="utf-8"))["salientCrop"]
    on_page = set(re.findall(r'data-say[a-z-]*="(\w+)"', page))
    assert on_page | set(re.findall(r'\bsay\("(\w+)"', scripts)) <= english.keys()
    named = on_page | set(re.findall(r'"(\w+)"', scripts))
    unsaid = {key for key in english if not named & {key, re.sub("(Key|Does|One)$", "", key)}}
    assert not unsaid


def test_the_review_page_has_the_languages_of_the_canvas():
    assert sorted(LANGUAGES) == sorted(REVIEWED)


@pytest.mark.parametrize(
    "accepted, language",
    [
        ("", "en"),
        ("*", "en"),
        ("de", "de"),
        ("fr-CH, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5", "fr"),
        ("nl-NL, nl;q=0.9, ES-mx;q=0.8, en;q=0.7", "es"),
        ("zh-Hant-TW", "zh"),
        ("../en, ja\0", "en"),
        (",;=,q", "en"),
    ],
)
def test_a_browser_gets_the_first_language_that_it_asks_for(accepted, language):
    found = read_words(accepted)
    assert found["language"] == language
    assert (
        found["words"]["approve"]
        == json.loads((LOCALES / language / "main.json").read_text("utf-8"))["salientCrop"]["approve"]
    )


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
