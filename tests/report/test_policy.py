"""Every page runs no scripts and loads nothing from elsewhere, whatever a text in it says."""

import re
from pathlib import Path

import pytest

from causalrec.contracts.datadocs import POLICY, with_policy
from causalrec.report.page import TEMPLATES

WHOLE = re.compile(r"<!doctype html>|<html", re.IGNORECASE)
PAGES = sorted(path.name for path in TEMPLATES.glob("*.j2") if WHOLE.search(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", PAGES)
def test_every_page_has_the_policy_before_anything_else(name: str) -> None:
    text = (TEMPLATES / name).read_text(encoding="utf-8")
    policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    assert policy in text
    assert text.index(policy) < min(text.index(tag) for tag in ("<title", "<style", "<body"))
    assert "<script" not in text


SITE = "site"  # the one set of pages with scripts, which are files of its own


def test_the_site_runs_its_own_scripts_and_no_others() -> None:
    templates = sorted((TEMPLATES / SITE).glob("*.html.j2"))
    whole = [path.name for path in templates if WHOLE.search(path.read_text(encoding="utf-8"))]
    assert whole == ["layout.html.j2"]  # all others extend it
    text = (TEMPLATES / SITE / "layout.html.j2").read_text(encoding="utf-8")
    (policy,) = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]+)">', text)
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert {name: rules[name] for name in ("default-src", "script-src", "base-uri")} == {
        "default-src": "'none'", "script-src": "'self'", "base-uri": "'none'",
    }  # fmt: skip
    assert "http" not in policy.replace("http-equiv", "")
    assert text.index(policy) < min(text.index(tag) for tag in ("<title", "<body"))
    for path in templates:
        page = path.read_text(encoding="utf-8")
        assert re.findall(r"<script(?! src=\")", page) == [], path.name  # nothing inline
        assert path.name in whole or page.startswith("{% extends"), path.name


def test_all_templates_of_whole_pages_are_known() -> None:
    found = {path for path in TEMPLATES.rglob("*.j2") if WHOLE.search(path.read_text(encoding="utf-8"))}
    assert found == {*(TEMPLATES / name for name in PAGES), TEMPLATES / SITE / "layout.html.j2"}


def test_pages_of_great_expectations_get_it_once() -> None:
    meta = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    page = with_policy("<!DOCTYPE html>\n<html>\n <head>\n  <title>a</title><script src='https://b'>")
    assert page == f"<!DOCTYPE html>\n<html>\n <head>{meta}\n  <title>a</title><script src='https://b'>"
    assert with_policy(page) == page


def test_no_page_is_written_past_the_templates(root: Path) -> None:
    """HTML in code would have no policy, except for what adds it to pages of Great Expectations. The demo
    shop delivers some on purpose, in place of a picture. A group of a regular expression is none."""
    written = [
        str(path.relative_to(root))
        for package in ("causalrec", "jobs", "infra")
        for path in (root / package).rglob("*.py")
        if "demo" not in path.parts
        and path.name != "datadocs.py"
        and re.search(r"(?<!\?P)<(head|body|title|div|table)\b", path.read_text(encoding="utf-8"))
    ]
    assert written == []
    assert len(PAGES) >= 6
