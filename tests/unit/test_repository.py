"""The workflows, the files beside the code, and the imports between the parts of the project."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from sitebuild.__main__ import main as sitebuild
from tests.unit.test_site_content import DOCS, ROOT, TABLES

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
# The one commit of each action, read from the tags of its repository. Dependabot moves them.
ACTION = re.compile(r"uses: (?P<name>[\w/-]+)@(?P<pin>\S+)(?P<note>.*)")
# Rights beyond reading, and the jobs that need them.
WRITES = {
    ("pages", "deploy"): {"pages": "write", "id-token": "write"},
    ("release", "sign"): {"actions": "read", "id-token": "write"},
    ("release", "publish"): {
        "actions": "read",
        "attestations": "write",
        "contents": "write",
        "id-token": "write",
    },
}


def jobs() -> list[tuple[str, str, dict[str, Any]]]:
    """Every job: its workflow, its name, and what it says."""
    return [
        (path.stem, name, job)
        for path in WORKFLOWS
        for name, job in yaml.safe_load(path.read_text("utf-8"))["jobs"].items()
    ]


def test_there_are_workflows_for_tests_pages_and_releases() -> None:
    assert [path.stem for path in WORKFLOWS] == ["ci", "pages", "release"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_action_is_pinned_to_one_commit_and_says_its_version(path: Path) -> None:
    uses = [match for match in map(ACTION.search, path.read_text("utf-8").splitlines()) if match]
    assert uses
    for match in uses:
        assert re.fullmatch(r"[0-9a-f]{40}", match["pin"]), match[0]
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", match["note"]), match[0]
        assert match["name"].startswith("actions/"), "only GitHub's own"


def test_an_action_has_the_same_pin_everywhere() -> None:
    pins: dict[str, set[str]] = {}
    for path in WORKFLOWS:
        for match in ACTION.finditer(path.read_text("utf-8")):
            pins.setdefault(match["name"], set()).add(match["pin"] + match["note"])
    assert {name: found for name, found in pins.items() if len(found) > 1} == {}


def test_rights_are_the_least() -> None:
    for path in WORKFLOWS:
        assert yaml.safe_load(path.read_text("utf-8"))["permissions"] == {}, path
    for workflow, name, job in jobs():
        allowed = WRITES.get((workflow, name), {"contents": "read"})
        assert job["permissions"] == allowed, (workflow, name)
        assert job["timeout-minutes"] <= 60
        if (workflow, name) in WRITES:  # what can write runs nothing of the project's
            assert not any("checkout" in step.get("uses", "") for step in job["steps"])
        for step in job["steps"]:
            if "checkout" in step.get("uses", ""):
                assert step["with"]["persist-credentials"] is False


def test_untrusted_text_is_not_used_in_a_command() -> None:
    """A title or a branch name with a quote in it would run; the shell reads variables instead."""
    for path in WORKFLOWS:
        config = yaml.safe_load(path.read_text("utf-8"))
        assert not {"pull_request_target", "workflow_run", "issue_comment"} & set(config[True])
    for workflow, name, job in jobs():
        for step in job["steps"]:
            assert "${{" not in step.get("run", ""), (workflow, name, step)


def test_every_command_of_the_workflows_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    text = "\n".join(step["run"] for *_, job in jobs() for step in job["steps"] if "run" in step)
    verbs = re.findall(r"\bmake ([a-z]+)", text)
    assert {"test", "lint", "setup", "offline"} <= set(verbs)
    assert [verb for verb in verbs if not re.search(rf"^{verb}:", makefile, re.MULTILINE)] == []
    for script in re.findall(r"python (docs/\S+\.py)", text):
        assert (ROOT / script).is_file()
    for module in re.findall(r"python -m (model_export|demo)(?:\.(\w+))?", text):
        assert (ROOT / module[0] / f"{module[1] or '__main__'}.py").is_file()


def test_the_look_ahead_blocks_nothing() -> None:
    assert [name for _, name, job in jobs() if job.get("continue-on-error")] == ["zensical"]


def test_dependabot_watches_every_kind() -> None:
    config = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text("utf-8"))
    kinds = {row["package-ecosystem"] for row in config["updates"]}
    assert kinds == {"github-actions", "pip", "npm"}


def built(folder: Path, pages: dict[str, str]) -> Path:
    """A built site of pages that hold this in their article."""
    for at, content in pages.items():
        (folder / at).mkdir(parents=True, exist_ok=True)
        (folder / at / "index.html").write_text(
            f"<nav>menu</nav><article>{content}</article>", encoding="utf-8"
        )
    return folder


@pytest.mark.parametrize(
    ("changed", "lines"),
    [
        ("<p>One word</p><img src='a.png'>", []),
        ("<p>Two words</p><img src='a.png'>", ["words only in one: 'One', 'word'"]),
        ("<p>One word</p>", ["1 figures only in one: 'a.png'"]),
        ("<p id='x'>One word</p><img src='a.png'>", ["1 ids only in other: 'x'"]),
        ("<p>One <a href='b/'>word</a></p><img src='a.png'>", ["1 links only in other: 'b/'"]),
        ("<p>One word</p><img src='a.png'>{= fact('x') =}", ["was not expanded", "words only in"]),
    ],
)
def test_two_builds_are_compared_by_what_their_pages_hold(
    changed: str,
    lines: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    same = "<p>One word</p><img src='a.png'>"
    built(Path("one"), {".": "home", "a": same})
    built(Path("other"), {".": "home", "a": changed})
    assert sitebuild(["compare", "one", "other"]) == bool(lines)
    said = capsys.readouterr().out
    assert all(words in said for words in lines or ["the same 2 pages"]), said


def test_a_page_that_only_one_build_has_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = built(tmp_path / "one", {".": "home"})
    other = built(tmp_path / "other", {".": "home", "b": "more"})
    assert sitebuild(["compare", str(one), str(other)]) == 1
    assert capsys.readouterr().out == f"only in {other}: b\n"
    assert sitebuild(["compare", str(one), str(tmp_path / "none")]) == 2
    assert "holds no built site" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["SECURITY.md", "CONTRIBUTING.md"])
def test_the_papers_name_what_is_there(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    for path in re.findall(r"`((?:docs|model_export|demo|tests)/[\w./-]+|\w+\.toml)`", text):
        assert (ROOT / path).exists(), path
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        assert (ROOT / link).exists(), link
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for verb in re.findall(r"`make ([a-z]+)`", text):
        assert re.search(rf"^{verb}:", makefile, re.MULTILINE), verb


def test_silenced_rules_have_their_reasons() -> None:
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    assert '"S"' in project.split("select = ")[1].splitlines()[0]
    for rule in re.findall(r"`(S\d+)`", (ROOT / "SECURITY.md").read_text("utf-8")):
        assert f'"{rule}"' in project


# --- the parts of the project and their arrows ----------------------------------------------------

PARTS = {
    "contract": "model_export.contract",
    "export": "model_export",
    "demo": "demo",
    "hooks": "sitebuild",
}
ALONE = {  # what only the named parts may import
    "torch": {"export"},
    "mkdocs": set(),  # `mkdocs_hooks` and its like, beside the package
}


def part_of(module: str) -> str:
    """The part that a module belongs to, the most specific first; empty for a library."""
    return next((p for p, name in PARTS.items() if f"{module}.".startswith(f"{name}.")), "")


def imported(path: Path, package: Path) -> set[str]:
    """The full name of every module that a file imports, relative imports resolved."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = path.relative_to(package.parent).parts[: -node.level]
                base = ".".join(filter(None, [*above, base]))
            found |= {f"{base}.{alias.name}" for alias in node.names}
    return found


def test_the_arrows_are_exactly_the_imports() -> None:
    """Every arrow of the figure is an import, and every import between parts is an arrow."""
    drawing = TABLES["architecture"]
    assert all((ROOT / part["path"]).is_dir() for part in drawing["parts"])
    drawn = {(use["from"], use["to"]) for use in drawing["uses"]}
    assert ("hooks", "data") in drawn  # the builder's files are read, not imported
    found: dict[tuple[str, str], str] = {}
    for package in (ROOT / "demo", ROOT / "model_export", DOCS / "hooks" / "sitebuild"):
        for path in package.rglob("*.py"):
            here = part_of(".".join(path.relative_to(package.parent).with_suffix("").parts))
            for module in imported(path, package):
                if (there := part_of(module)) not in ("", here):
                    found[here, there] = f"{path.relative_to(ROOT)} imports {module}"
                library = module.split(".")[0]
                assert here in ALONE.get(library, {here}), f"{path} imports {module}"
    undrawn = [line for arrow, line in found.items() if arrow not in drawn]
    assert undrawn == []
    assert set(found) == drawn - {("hooks", "data")}


def test_importing_the_runner_loads_only_the_contract_of_the_exporter() -> None:
    code = """
import importlib, pkgutil, sys, demo
for module in pkgutil.walk_packages(demo.__path__, "demo."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
print(*(m for m in sys.modules if m.startswith("model_export.")), "torch" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    *modules, torch = done.stdout.split()
    assert torch == "False"
    assert [m for m in modules if part_of(m) != "contract"] == []


def test_no_part_reads_the_source_of_another() -> None:
    """Only tests parse Python, and only the parts themselves name their own modules' files."""
    for package in (ROOT / "demo", ROOT / "model_export", DOCS / "hooks"):
        for path in package.rglob("*.py"):
            assert "ast" not in imported(path, package), path


WINGS = {"timeline", "story", "network", "live", "teach", "reference"}


def test_the_builders_wings_do_not_know_each_other() -> None:
    """What they share lies below them; the outputs and the figures know no wing either."""
    package = DOCS / "hooks" / "sitebuild"
    wrong = []
    for path in package.rglob("*.py"):
        here = path.relative_to(package).parts[0]
        if here in {"data", "expand", "figures", "outputs"} | WINGS:
            others = {f"sitebuild.{wing}" for wing in WINGS - {here}} | {"sitebuild.program"}
            wrong += [
                f"{path.relative_to(ROOT)} imports {module}"
                for module in imported(path, package)
                if any(f"{module}.".startswith(f"{other}.") for other in others)
            ]
    assert wrong == []


def test_the_page_names_every_folder() -> None:
    page = (DOCS / "reference" / "architecture.md").read_text("utf-8")
    folders = {
        path.parent.name
        for folder in ("demo", "model_export", "docs/hooks/sitebuild")
        for path in (ROOT / folder).glob("*/__init__.py")
    }
    assert set(re.findall(r"`(\w+)`", page)) == folders
