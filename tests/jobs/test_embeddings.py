"""The same person, told by vectors of the user's own network."""

import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from salient_crop.jobs.embeddings import Embeddings, Person, embed_squares, read_embeddings

VECTORS = {"a_0.jpg": [3, 4, 0], "b_0.jpg": [0, 0, 2], "b_1.jpg": [3.3, 3.7, 0.1]}


def lines(path, vectors=VECTORS):
    path.write_text("".join(json.dumps({"file": name, "embedding": each}) + "\n" for name, each in vectors.items()))
    return path


def tensors(path, vectors=VECTORS):
    save_file({name: np.array(each, np.float32) for name, each in vectors.items()}, path)
    return path


@pytest.mark.parametrize("write", [lines, tensors])
def test_a_file_of_vectors_is_told_by_its_content(tmp_path, write):
    found = read_embeddings(write(tmp_path / "some.file"))
    person = Person(found, ("a_0.jpg",))
    assert person.likeness("a_0.jpg") == pytest.approx(1)
    assert person.likeness("b_0.jpg") == pytest.approx(0, abs=1e-6)
    assert person.likeness("b_1.jpg") == pytest.approx((3 * 3.3 + 4 * 3.7) / 5 / np.hypot(np.hypot(3.3, 3.7), 0.1))
    assert person.likeness("c.jpg") is None and person.likeness(None) is None


def test_the_nearest_of_several_squares_of_a_person_counts():
    found = Embeddings.of(VECTORS)
    assert Person(found, ("a_0.jpg", "b_0.jpg")).likeness("b_0.jpg") == pytest.approx(1)


def test_the_digest_is_that_of_names_and_directions():
    plain = Embeddings.of(VECTORS)
    assert Embeddings.of({name: np.array(each) * 2.0 for name, each in VECTORS.items()}).digest == plain.digest
    assert Embeddings.of({**VECTORS, "b_0.jpg": [0, 1, 2]}).digest != plain.digest
    assert Embeddings.of({f"x{name}": each for name, each in VECTORS.items()}).digest != plain.digest


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "there is no vector"),
        (b"\n\n", "there is no vector"),
        (b"[]\n", "line 1: must be an object"),
        (b'{"file": "a"}\n', "line 1: embedding: is missing"),
        (b'{"file": 1, "embedding": [1]}\n', "line 1: file: must be a text"),
        (b'{"file": "a", "embedding": []}\n', "line 1: embedding: must be a list of 1"),
        (b'{"file": "a", "embedding": [1, "2"]}\n', "line 1: embedding: "),
        (b'{"file": "a", "embedding": [1, NaN]}\n', "line 1|finite"),
        (b'{"file": "a", "embedding": [1e400]}\n', "line 1|finite"),
        (b'{"file": "a", "embedding": [0, 0]}\n', "not all 0"),
        (b'{"file": "a", "embedding": [1]}\n{"file": "b", "embedding": [1, 2]}\n', "'b': has 2 numbers"),
        (b'{"file": "a", "embedding": [1]}\n{"file": "a", "embedding": [1]}\n', "line 2: 'a' for the second time"),
        (b'{"file": "a", "embedding": [1' + b", 1" * 9000 + b"]}\n", "line 1: embedding: must be a list of 1"),
        (b"[" * 5000, "line 1: lists or objects within too many"),
        (b"\x80\x04\x95" + b"\0" * 20, "neither lines of JSON nor safetensors"),
        (b"\x08\0\0\0\0\0\0\0{}      ", "there is no vector"),
        (b"\xff" * 7 + b"\0" * 9, "neither lines of JSON nor safetensors"),
    ],
)
def test_a_malformed_file_is_refused_by_its_name_and_place(tmp_path, content, told):
    path = tmp_path / "vectors"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=told) as error:
        read_embeddings(path)
    assert str(error.value).startswith(str(path))


def test_a_tensor_that_is_no_vector_is_named(tmp_path):
    save_file({"a": np.ones((2, 2), np.float32)}, tmp_path / "v.safetensors")
    with pytest.raises(ValueError, match=r"'a': must be a vector .* got \[2, 2\]"):
        read_embeddings(tmp_path / "v.safetensors")


def test_a_person_without_a_vector_is_named():
    with pytest.raises(ValueError, match="same_as: there is no embedding of 'nobody.jpg'"):
        Person(Embeddings.of(VECTORS), ("nobody.jpg",))
    with pytest.raises(ValueError, match="same_as: name the square"):
        Person(Embeddings.of(VECTORS), ())


def test_a_function_makes_vectors_of_squares(tmp_path):
    from made_pictures import save_picture

    for index in range(2):
        save_picture(tmp_path / f"{index}.png", (16, 16), index)

    def embed(square):
        assert square.dtype == np.uint8 and square.shape == (16, 16, 3)
        return square.reshape(-1, 3).mean(0)

    assert set(embed_squares(tmp_path, ["0.png", "1.png"], embed).places) == {"0.png", "1.png"}
    with pytest.raises(ValueError, match="embed: .*gone.png"):
        embed_squares(tmp_path, ["gone.png"], embed)
    with pytest.raises(ValueError, match="embed: '0.png': no vector of numbers"):
        embed_squares(tmp_path, ["0.png"], lambda square: "no")
