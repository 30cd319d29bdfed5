"""What the documents say is what the code does."""

import configparser
import json
import re
import runpy
import tomllib
from pathlib import Path

import pytest

import fake_spotify
from sanic_swap import __version__
from sanic_swap.commands.cli import COMMANDS
from sanic_swap.demo.dev import SNIPPETS
from sanic_swap.settings.table import Settings, variables

pytestmark = pytest.mark.one_python

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
SETTINGS = (ROOT / "docs/settings.md").read_text()
API = (ROOT / "docs/api.md").read_text()
DOCUMENTS = [
    *ROOT.glob("*.md"),
    ROOT / "llms.txt",
    *(ROOT / "docs").glob("*.md"),
    *(ROOT / "docs/clients").glob("*.md"),
]
OPENAPI = next((ROOT / "sanic_swap").rglob("openapi.json")).read_text()
SETUP = "python3 -m venv .venv && .venv/bin/pip install"


def read(name: str) -> str:
    return (ROOT / name).read_text()


@pytest.mark.parametrize("variable", variables().values(), ids=lambda variable: variable.name)
def test_every_setting_stands_in_its_document_with_its_aliases(variable: object) -> None:
    for spelling in variable.spellings:
        assert f"`{spelling}`" in SETTINGS


@pytest.mark.parametrize("text", [SETTINGS, README.partition("## Settings")[2]], ids=["all", "few"])
def test_no_setting_is_named_that_does_not_exist(text: str) -> None:
    named = set(re.findall(r"`([A-Z][A-Z_]{3,})`", text))
    known = {spelling for variable in variables().values() for spelling in variable.spellings}

    assert named - known == {"NAME", "NAME_FILE"} & named


def test_documented_defaults_are_the_settings_own() -> None:
    settings = Settings(client_id="x", client_secret="x", callback_urls=("x:y",))
    for name, value in (
        ("PORT", settings.port),
        ("SPOTIFY_TIMEOUT", settings.spotify_timeout),
        ("MAX_IN_FLIGHT", settings.max_in_flight),
        ("CLIENT_TIMEOUT", settings.client_timeout),
        ("ROTATION_REPLAY", settings.rotation_replay),
        ("UNKNOWN_KEY", settings.unknown_key),
        ("SPOTIFY_ACCOUNTS_URL", settings.accounts_url.url),
    ):
        shown = f"{value:g}" if isinstance(value, float) else str(value)
        [row] = [line for line in SETTINGS.splitlines() if re.match(rf"\|[^|]*`{name}`", line)]

        assert f"`{shown}`" in row.split("|")[2]


@pytest.mark.parametrize("path", [path for path in json.loads(OPENAPI)["paths"] if path != "/"])
def test_every_endpoint_is_documented(path: str) -> None:
    assert path in API


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_stands_in_the_readme(command: str) -> None:
    assert f"`{command}`" in README or f"`sanic-swap {command}`" in README


@pytest.mark.parametrize("kind", SNIPPETS)
def test_the_readme_names_every_kind_of_app(kind: str) -> None:
    assert re.search(rf"--snippet .*{kind}", README)


def test_the_repositorys_address_is_the_projects_one() -> None:
    [url] = tomllib.loads(read("pyproject.toml"))["project"]["urls"].values()
    for path in DOCUMENTS:
        for named in re.findall(r"https://github\.com/[^/\s]+/sanic-swap\b", path.read_text()):
            assert named == url, path.name


def test_ci_runs_the_readmes_two_commands() -> None:
    blocks = re.findall(r"```sh\n(.*?)\n```", README, re.DOTALL)
    run, test = [block for block in blocks if block.startswith(SETUP)]
    lines = read(".ci/run").splitlines()

    assert f"{run} --once" in lines
    assert test in lines


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    text = path.read_text()
    for link, _, part in re.findall(
        r"(?:\]\(|srcset=\"|src=\")([^)#:\"]*)(#([^)\"]*))?[)\"]", text
    ):
        target = path.parent / link if link else path
        assert target.exists(), link
        if part:
            assert part in anchors(target.read_text()), f"{link}#{part}"


def anchors(text: str) -> set[str]:
    """Return the names of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_a_shell_loop_ends_when_the_program_it_waits_for_has_ended(path: Path) -> None:
    for code in re.findall(r"```(?:sh|console)\n(.*?)\n```", path.read_text(), re.DOTALL):
        for loop in re.findall(r"^\s*(?:until|while) .*", code, re.MULTILINE):
            assert "kill -0" in loop


def test_leaving_names_the_packages_that_its_code_imports() -> None:
    for heading in ("## In Node", "## In Python"):
        section = read("docs/leave.md").partition(heading)[2].partition("\n## ")[0]

        assert "nacl" not in section or "`pip install pynacl`" in section


def test_the_drawing_is_what_its_script_makes() -> None:
    make = runpy.run_path(str(ROOT / "docs/images/make"))
    for scheme, colours in make["COLOURS"].items():
        assert read(f"docs/images/who-holds-what-{scheme}.svg") == make["drawing"](colours)


@pytest.mark.parametrize(
    "page",
    [
        "sanic_swap/web/index.html",
        "sanic_swap/demo/page.html",
        "fake_spotify/web/page.html",
        "fake_spotify/control/page.html",
        "tests/contract/page.html",
    ],
)
def test_each_page_has_an_icon_and_fetches_nothing(page: str) -> None:
    text = read(page)

    assert 'rel="icon" href="data:image/svg+xml,<svg' in text
    assert not re.search(r"""(?:src|href)=["'](?:https?:)?//|@import|url\(""", text)


def test_every_direct_dependency_is_explained() -> None:
    project = tomllib.loads(read("pyproject.toml"))["project"]
    explained = read("docs/dependencies.md").lower()
    for requirement in project["dependencies"]:
        name = re.match(r"[a-zA-Z0-9-]+", requirement)
        assert name is not None
        assert f"[{name[0]}]" in explained
    assert len(project["dependencies"]) <= 12


@pytest.mark.parametrize(
    "name", ["requirements.txt", "requirements-dev.txt", "requirements-build.txt"]
)
def test_locks_hold_names_versions_and_hashes_alone(name: str) -> None:
    text, project = read(name), tomllib.loads(read("pyproject.toml"))
    backend = project["build-system"]["requires"]
    needed = backend if "build" in name else project["project"]["dependencies"]

    assert "://" not in text
    assert "index" not in re.findall(r"^--?([a-z]+)", text, re.MULTILINE)
    assert re.fullmatch(r"(?:\S+==\S+(?: ;.*?)?(?: \\\n +--hash=sha256:[0-9a-f]{64})+\n)+", text)
    for requirement in needed:
        assert re.search(rf"^{re.match(r'[a-z0-9-]+', requirement)[0]}==", text, re.MULTILINE)


def test_what_tests_and_jobs_run_with_is_installed_by_hash() -> None:
    tox = configparser.ConfigParser()
    tox.read_string(read("tox.ini"))
    workflow = read(".github/workflows/ci.yml")
    locks = [tox[name]["deps"] for name in tox.sections() if tox[name].get("deps")]
    installs = re.findall(r"pip install (.*?)\"?\n", workflow)

    assert locks == ["-r requirements-dev.txt", "-r requirements-build.txt"]
    assert tox["testenv"]["package"] == "external"  # else it fetches the build backend
    assert len(installs) == 2
    for options in installs:
        assert "--require-hashes" in options or "--no-deps --no-build-isolation ." in options


def test_the_changelog_and_the_version_fit() -> None:
    assert re.match(r"\d+\.\d+\.\d+\Z", __version__)
    assert __version__ == fake_spotify.__version__
    assert re.search(rf"^## {__version__} - 20\d\d-\d\d-\d\d$", read("CHANGELOG.md"), re.MULTILINE)
