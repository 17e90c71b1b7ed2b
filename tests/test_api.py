"""The front door for Python: what `import salient_crop` offers, and that it costs nothing until it is used."""

import ast
import importlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

import salient_crop
from salient_crop import version as version_module

ROOT = Path(salient_crop.__file__).parent


def run_fresh(code: str) -> str:
    """Runs code in a new process that has this checkout as `salient_crop`; its output."""
    load = (
        "import importlib.util, json, sys\n"
        f"spec = importlib.util.spec_from_file_location('salient_crop', {str(ROOT / '__init__.py')!r},"
        f" submodule_search_locations=[{str(ROOT)!r}])\n"
        "package = sys.modules['salient_crop'] = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(package)\n"
    )
    ran = subprocess.run([sys.executable, "-c", load + code], capture_output=True, text=True, check=True)
    return ran.stdout


def test_importing_the_package_imports_nothing_slow():
    loaded = json.loads(
        run_fresh(
            "import salient_crop\n"
            "salient_crop.__version__, dir(salient_crop), salient_crop.WEB_DIRECTORY, salient_crop.comfy_entrypoint\n"
            "print(json.dumps(sorted(sys.modules)))"
        )
    )
    assert not {"torch", "numpy", "PIL", "scipy", "tqdm"} & set(loaded)


@pytest.mark.parametrize("package", ["salient_crop", "salient_crop.cropping"])
def test_every_public_name_is_there(package):
    module = importlib.import_module(package)
    assert set(module.__all__) <= set(dir(module))
    for name in module.__all__:
        assert getattr(module, name) is not None
    assert module.__all__ == sorted(module.__all__)


@pytest.mark.parametrize("package", ["salient_crop", "salient_crop.cropping"])
def test_type_checkers_see_what_is_imported(package):
    """The imports under TYPE_CHECKING are those of the lazy table, name by name."""
    module = importlib.import_module(package)
    (block,) = (each for each in ast.parse(Path(module.__file__).read_text("utf-8")).body if isinstance(each, ast.If))
    seen = {
        alias.asname or alias.name: "." * statement.level + (statement.module or "")
        for statement in block.body
        if isinstance(statement, ast.ImportFrom) and statement.level
        for alias in statement.names
    }
    assert set(seen) == set(module.__all__)
    assert seen == {**module._HOMES, **({"__version__": ".version"} if package == "salient_crop" else {})}


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nonesuch"):
        salient_crop.nonesuch  # noqa: B018
    assert not hasattr(salient_crop, "NODE_CLASS_MAPPINGS")


def test_the_host_finds_its_entry_point():
    assert salient_crop.WEB_DIRECTORY == "./web"
    assert importlib.import_module("inspect").iscoroutinefunction(salient_crop.comfy_entrypoint)
    assert (ROOT / "py.typed").is_file()


def test_the_version_is_that_of_the_project(tmp_path, monkeypatch):
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    assert f'\nversion = "{salient_crop.__version__}"\n' in text
    monkeypatch.setattr("importlib.metadata.version", {"salient-crop": "7.8.9"}.__getitem__)
    assert version_module.read_version(tmp_path) == "7.8.9"  # installed: no pyproject.toml beside the package
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\nversion = "1.2.3"\n')
    assert version_module.read_version(tmp_path) == "1.2.3"


def test_boxes_and_ratios_need_no_torch():
    assert run_fresh("from salient_crop.cropping import Box, Ratio\nprint('torch' in sys.modules)") == "False\n"


def test_the_example_of_the_readme_is_true(samples, tmp_path, monkeypatch, capsys):
    text = (ROOT / "README.md").read_text("utf-8")
    code, printed = re.search(r"## Python\n\n```python\n(.+?)```\n\n(.+?)\n\n", text, re.DOTALL).groups()
    (tmp_path / "photo.jpg").write_bytes((samples / "astronaut.jpg").read_bytes())
    monkeypatch.chdir(tmp_path)
    exec(code, {})  # noqa: S102
    assert capsys.readouterr().out.strip() == printed.strip()
    assert Image.open("photo-2x3.jpg").size == (341, 512)
