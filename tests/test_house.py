"""The house keeps its rules: who may import whom. The imports are read from the source; nothing is run.

An import inside a function counts as one at the top of the file: it only hides a circle.
"""

import ast
import json
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# From the roof to the ground: a room may import from the rooms that come after it, never from one before.
ROOMS = ("lessons/lesson", "lessons", "__main__", "cli", "widgets", "plots", "benchmark", "networks", "graph",
         "reference", "runtime", "models", "masks", "photos", "errors", "languages", "the package itself")
MOST_ENTRIES = 14
# What `from segkit import NAME` gives for a name that is no file; segkit/__init__.py says the same.
FACE = {"Segmenter": "segkit.networks.segmenter", "Segmentation": "segkit.networks.segmenter",
        "open_session": "segkit.runtime"}


def name_of(path, root=ROOT):
    """The name under which Python imports a file: ``segkit/masks/__init__.py`` is ``segkit.masks``."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def nodes(source):
    """Every node of a file's syntax tree; read once, since many rules ask."""
    return list(ast.walk(ast.parse(source)))


def package():
    """{name of each module of segkit: its source}."""
    return {name_of(path): path.read_text(encoding="utf-8") for path in sorted((ROOT / "segkit").rglob("*.py"))}


def imports(name, source, known):
    """[(line, module that is imported)], wherever in the file the import stands.

    Args:
        name: of the module that imports.
        source: its code.
        known: the names of all modules of the project.
    """
    found = []
    for node in nodes(source):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{name}, line {node.lineno}: write the whole name of the module"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                face = FACE.get(alias.name) if node.module == "segkit" else None
                found.append((node.lineno, whole if whole in known else face or node.module))
        elif (isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant)
              and ast.unparse(node.func).endswith(("import_module", "__import__"))):
            found.append((node.lineno, node.args[0].value))
    return found


def room(module):
    """Where in ROOMS a module of segkit belongs."""
    parts = module.split(".")
    if len(parts) == 1:
        return "the package itself"
    return "lessons/lesson" if lesson(module) else parts[1]


def lesson(module):
    """The folder of a lesson that a module is in, such as ``lesson_05``, or None."""
    parts = module.split(".")
    return parts[2] if parts[:2] == ["segkit", "lessons"] and parts[2:3] and parts[2].startswith("lesson_") else None


def inside(sources):
    """[(module, line, module of segkit that it imports)] for {name: source}."""
    return [(name, line, target) for name, source in sources.items()
            for line, target in imports(name, source, sources) if target.partition(".")[0] == "segkit"]


def arrows_up(sources):
    return [f"{name}:{line} imports {target}" for name, line, target in inside(sources)
            if ROOMS.index(room(name)) > ROOMS.index(room(target))]


def circle(sources):
    """The names along one circle of imports between files, or []."""
    graph = {name: [] for name in sources}
    for name, _, target in inside(sources):
        if target != name:
            graph[name].append(target)
    done, path = set(), []

    def walk(name):
        if name in path:
            return [*path[path.index(name):], name]
        if name in done or name not in graph:
            return []
        path.append(name)
        for target in graph[name]:
            if found := walk(target):
                return found
        done.add(path.pop())
        return []

    return next(filter(None, map(walk, graph)), [])


def between_lessons(sources):
    return [f"{name}:{line} imports {target}" for name, line, target in inside(sources)
            if lesson(name) and lesson(target) and lesson(name) != lesson(target)]


def lessons_from_outside(sources):
    return [f"{name}:{line} imports {target}" for name, line, target in inside(sources)
            if lesson(target) and not lesson(name)]


def widgets_elsewhere(sources):
    return [f"{name}:{line}" for name, source in sources.items() for line, target in imports(name, source, sources)
            if target.partition(".")[0] == "ipywidgets" and room(name) not in ("widgets", "lessons/lesson")]


def loaded_by_name(sources):
    """Imports of a computed name, which nobody can read here: a folder may load so what is inside itself only."""
    found = []
    for name, source in sources.items():
        for node in nodes(source):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
                wanted = ast.unparse(node.args[0])
                if wanted.startswith(("f'", 'f"')) and not wanted[2:].startswith((f"{name}.", "{__name__}.")):
                    found.append(f"{name}:{node.lineno} loads {wanted}")
    return found


def private_names(sources):
    """Uses of a name with an underscore that another file of the package made."""
    own = {name: _made(source) for name, source in sources.items()}
    everybodys = set().union(*own.values())
    found = []
    for name, source in sources.items():
        for node in nodes(source):
            used = [node.attr] if isinstance(node, ast.Attribute) else \
                [alias.name for alias in node.names] if isinstance(node, ast.ImportFrom) else []
            found += [f"{name}:{node.lineno} uses {one}" for one in used if one in everybodys - own[name]]
    return found


def _made(source):
    """The names with one underscore in front that a file defines, in whatever way."""
    names = set()
    for node in nodes(source):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif (isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
              and ast.unparse(node.value) in ("self", "cls")):
            names.add(node.attr)
    return {name for name in names if name.startswith("_") and not name.endswith("_")}


def rebound(sources):
    """Assignments to a name in another module, at run time."""
    found = []
    for name, source in sources.items():
        modules = {alias.asname or alias.name for node in nodes(source) if isinstance(node, ast.ImportFrom)
                   for alias in node.names if f"{node.module}.{alias.name}" in sources}
        found += [f"{name}:{node.lineno} sets {ast.unparse(node)}" for node in nodes(source)
                  if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
                  and ast.unparse(node.value) in modules]
    return found


def notebook_code(path):
    """The code of a notebook as one source; lines that only IPython understands are left out."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    lines = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code").splitlines()
    return "\n".join(line for line in lines if not line.startswith(("%", "!")))


@pytest.mark.parametrize("faults", [arrows_up, circle, between_lessons, lessons_from_outside, widgets_elsewhere,
                                    loaded_by_name, private_names, rebound], ids=lambda rule: rule.__name__)
def test_the_package_keeps_the_rule(faults):
    assert faults(package()) == []


@pytest.mark.parametrize("faults, name, source, said", [
    (arrows_up, "segkit.masks.paint", "from segkit import models", "segkit.masks.paint:1 imports segkit.models"),
    (arrows_up, "segkit.masks.paint", "def f():\n    import segkit.models", ":2 imports segkit.models"),
    (arrows_up, "segkit.runtime", "from segkit import Segmenter", "imports segkit.networks.segmenter"),
    (arrows_up, "segkit.plots", "import_module('segkit.widgets')", "imports segkit.widgets"),
    (circle, "segkit.errors", "def f():\n    from segkit.photos import load", "segkit.photos"),
    (between_lessons, "segkit.lessons.lesson_05.figures", "from segkit.lessons.lesson_04 import figures", "lesson_04"),
    (lessons_from_outside, "segkit.plots", "from segkit.lessons.lesson_04.figures import bars", "lesson_04"),
    (lessons_from_outside, "segkit.lessons", "from segkit.lessons import lesson_04", "lesson_04"),
    (widgets_elsewhere, "segkit.plots", "import ipywidgets as w", "segkit.plots:1"),
    (widgets_elsewhere, "segkit.lessons", "from ipywidgets import HTML", "segkit.lessons:1"),
    (loaded_by_name, "segkit.plots", "import importlib\nimportlib.import_module(f'segkit.{x}')", "segkit.plots:2"),
    (private_names, "segkit.plots", "from segkit.photos import _open", "segkit.plots:1 uses _open"),
    (private_names, "segkit.plots", "from segkit import photos\nphotos._open()", "segkit.plots:2 uses _open"),
    (rebound, "segkit.plots", "from segkit import photos\nphotos.limit = 3", "segkit.plots:2 sets photos.limit"),
])
def test_a_fault_is_found(faults, name, source, said):
    sources = {"segkit": "", "segkit.errors": "", "segkit.models": "", "segkit.widgets": "",
               "segkit.photos": "from segkit.errors import SegkitError\ndef _open(): pass",
               "segkit.networks.segmenter": "", "segkit.lessons.lesson_04": "", "segkit.lessons.lesson_04.figures": ""}
    assert not faults(sources)
    assert any(said in fault for fault in faults({**sources, name: source}))


def test_every_room_has_its_place_and_there_are_few():
    entries = {path.name for path in (ROOT / "segkit").iterdir()
               if (path.suffix == ".py" or path.is_dir() and any(path.rglob("*.py")))} - {"__init__.py"}
    assert len(entries - {"__main__.py"}) <= MOST_ENTRIES  # Python itself asks for the name of that door to cli/
    assert {entry.removesuffix(".py") for entry in entries} == set(ROOMS[1:-1])


def test_the_face_of_the_package_is_what_it_says():
    import segkit

    for name, home in FACE.items():
        assert getattr(segkit, name).__module__.startswith(home), name


def test_nothing_imports_the_training():
    known = package()
    for path in [*ROOT.glob("segkit/**/*.py"), *ROOT.glob("tests/**/*.py"), *ROOT.glob("notebooks/**/*.ipynb")]:
        if "training" not in path.relative_to(ROOT).parts:
            source = notebook_code(path) if path.suffix == ".ipynb" else path.read_text(encoding="utf-8")
            found = {target for _, target in imports(str(path), source, known)}
            assert not {target for target in found if "training" in target.split(".")}, path


def test_a_notebook_imports_its_own_lesson_and_no_other():
    known = package()
    for path in ROOT.glob("notebooks/**/*.ipynb"):
        found = {lesson(target) for _, target in imports(path.name, notebook_code(path), known)} - {None}
        assert found <= {f"lesson_{path.name[:2]}"}, path.name


def test_only_notebooks_tests_and_tools_import_a_lesson():
    known = package()
    for path in ROOT.rglob("*.py"):
        top = path.relative_to(ROOT).parts[0]
        if not top.startswith(".") and top not in ("segkit", "tests", "tools", "build", "dist"):
            for line, target in imports(str(path), path.read_text(encoding="utf-8"), known):
                assert not lesson(target), f"{path}:{line}"
