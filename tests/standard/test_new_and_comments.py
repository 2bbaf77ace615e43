"""What a standards author starts from, and what others have to say about a draft."""

import datetime as dt
import json
import re
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from compliance_tui.evidence.kind import load_kinds
from compliance_tui.safe.errors import InputError
from compliance_tui.safe.toml import LARGEST_TOML
from compliance_tui.standard.comments import Comment, Comments, add_comment, comments_markdown, read_comments
from compliance_tui.standard.lint import lint
from compliance_tui.standard.load import read_pack, versions_of
from compliance_tui.standard.new import next_version, starting_pack
from tests.standard.versions import documents, put, put_all

DAY = dt.date(2026, 11, 24)
AT = dt.datetime(2026, 11, 24, 12, 0, tzinfo=dt.UTC)
SHA256 = "ab" * 32


def _kinds() -> dict[str, set[str]]:
    return {kind.id: {fact.name for fact in kind.facts} for kind in load_kinds().values()}


@pytest.mark.parametrize(
    "title", [None, "My own standard", 'A "quoted" \\ title {with} braces', "Zwei\nZeilen \x1b[31m", "é" * 400]
)
def test_a_starting_pack_lints_clean(tmp_path: Path, title: str | None) -> None:
    path = tmp_path / "my-own" / "0.1.toml"
    starting_pack(path, title, DAY)
    pack = read_pack(path)
    assert (pack.standard.id, pack.standard.version, pack.standard.standard.released) == ("my-own", "0.1", DAY)
    assert lint(pack.standard, _kinds()) == []
    assert "\x1b" not in path.read_text()


def test_the_next_version_needs_only_its_changes(tmp_path: Path) -> None:
    path = tmp_path / "my-own" / "0.1.toml"
    starting_pack(path, None, DAY)
    first = read_pack(path)
    next_version(tmp_path / "my-own" / "0.2.toml", first, DAY + dt.timedelta(days=30))
    second = read_pack(tmp_path / "my-own" / "0.2.toml")
    assert (second.standard.version, second.standard.standard.supersedes) == ("0.2", "0.1")
    assert second.standard.standard.released == DAY + dt.timedelta(days=30)
    assert second.standard.controls == first.standard.controls
    version = versions_of("my-own", [tmp_path])
    assert lint(second.standard, _kinds(), version) == []
    text = second.path.read_text().replace("max_age_days = 14", "max_age_days = 7")
    second.path.write_text(text)
    assert any("no change says so" in one.text for one in lint(read_pack(second.path).standard, _kinds(), version))
    entry = "\n".join(line.removeprefix("# ") for line in text.splitlines()[-7:])
    assert entry.startswith("[[changes]]")
    said = entry.replace('"ID"', '"A-01"').replace("reworded", "tightened").replace('"keep"', '"recheck"')
    second.path.write_text(f"{text}\n{said}\n")
    assert lint(read_pack(second.path).standard, _kinds(), version) == []


def test_what_stands_after_the_list_of_changes_is_carried_over_too(tmp_path: Path) -> None:
    packs = put_all(tmp_path)
    text = packs["1.1"].path.read_text()
    assert text.index("[[changes]]") < text.index("[[scales]]")
    next_version(tmp_path / "walk" / "1.2.toml", packs["1.1"], DAY)
    found = read_pack(tmp_path / "walk" / "1.2.toml").standard
    assert (found.scales, found.controls, found.changes) == (packs["1.1"].standard.scales, packs["1.1"].standard.controls, [])


def test_a_pack_with_carriage_returns_is_carried_over(tmp_path: Path) -> None:
    pack = put(tmp_path, documents()["1.0"])
    pack.path.write_bytes(pack.content.replace(b"\n", b"\r\n"))
    next_version(tmp_path / "walk" / "1.0.1.toml", read_pack(pack.path), DAY)
    assert read_pack(tmp_path / "walk" / "1.0.1.toml").standard.controls == pack.standard.controls


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace('version = "1.0"', '"version" = "1.0"'),
        lambda text: 'sources = [{ id = "x", title = "X",\nversion = "3" }]\n' + text,
        lambda text: text.replace('note = "reworded"', 'note = """\n[[changes]]\n[standard]\n"""'),
    ],
)
def test_a_header_that_cannot_be_carried_over_is_refused_and_nothing_written(tmp_path: Path, spoil: object) -> None:
    pack = put(tmp_path, documents()["1.0"])
    text = spoil(pack.path.read_text())  # type: ignore[operator]
    assert text != pack.path.read_text()
    pack.path.write_text(text)
    with pytest.raises(InputError):
        next_version(tmp_path / "walk" / "2.0.toml", read_pack(pack.path), DAY)
    assert not (tmp_path / "walk" / "2.0.toml").exists()


def test_neither_overwrites(tmp_path: Path) -> None:
    path = tmp_path / "walk" / "1.1.toml"
    packs = put_all(tmp_path)
    before = path.read_bytes()
    with pytest.raises(InputError, match="there already"):
        starting_pack(path, None, DAY)
    with pytest.raises(InputError, match="there already"):
        next_version(path, packs["1.0"], DAY)
    assert path.read_bytes() == before


@pytest.mark.parametrize("place", ["1.0.toml", "Walk/1.0.toml", "walk/1.0.json", "walk/ 1.toml", "walk/-1.toml", "walk/.toml"])
def test_a_place_that_cannot_hold_a_pack_is_refused(tmp_path: Path, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"lies at|no version"):
        starting_pack(Path(place), None, DAY)
    assert list(tmp_path.rglob("*.toml")) == []


@pytest.mark.parametrize("place", ["walk/1.0.toml", "other/2.0.toml"])
def test_a_next_version_of_something_else_is_refused(tmp_path: Path, place: str) -> None:
    pack = put(tmp_path, documents()["1.0"])
    with pytest.raises(InputError, match="another version at walk"):
        next_version(tmp_path / place, pack, DAY)


def _comment(text: str, by: str = "ada", control: str = "W-KEEP") -> Comment:
    return Comment(control=control, by=by, at=AT, text=text)


def test_comments_are_kept_beside_earlier_ones(tmp_path: Path) -> None:
    add_comment(tmp_path, "walk", "1.0", SHA256, _comment("First."))
    add_comment(tmp_path, "walk", "1.0", SHA256, _comment("Second.\nOn two lines.", by="ben"))
    add_comment(tmp_path, "walk", "1.1", SHA256, _comment("Third.", control="W-ONE"))
    kept = read_comments(tmp_path)
    assert [(one.standard, one.version) for one in kept] == [("walk", "1.0"), ("walk", "1.1")]
    assert [(comment.by, comment.text) for comment in kept[0].comments] == [
        ("ada", "First."),
        ("ben", "Second.\nOn two lines."),
    ]
    assert json.loads(kept[0].model_dump_json())["comments"][0]["at"] == "2026-11-24T12:00:00Z"


def test_comments_on_another_text_are_not_mixed_in(tmp_path: Path) -> None:
    add_comment(tmp_path, "walk", "1.0", SHA256, _comment("First."))
    with pytest.raises(InputError, match="another text of walk"):
        add_comment(tmp_path, "walk", "1.0", "cd" * 32, _comment("Second."))
    assert len(read_comments(tmp_path)[0].comments) == 1


def test_more_comments_than_can_be_read_back_are_refused_in_time(tmp_path: Path) -> None:
    long = _comment("é" * 20_000)
    with pytest.raises(InputError, match="all that it can"):
        for _ in range(LARGEST_TOML // 20_000):
            add_comment(tmp_path, "walk", "1.0", SHA256, long)
    assert len(read_comments(tmp_path)[0].comments) == 6


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('by = "ada"', 'bye = "ada"', "comments[0].bye is not a known field"),
        ("12:00:00+00:00", "12:00:00", "timezone"),
        ('control = "W-KEEP"', 'control = "../W"', "comments[0].control"),
        ("sha256 = ", "sha256 = = ", "walk-1.0.toml, line 3"),
    ],
)
def test_a_damaged_file_of_comments_is_refused_and_left_alone(tmp_path: Path, old: str, new: str, said: str) -> None:
    add_comment(tmp_path, "walk", "1.0", SHA256, _comment("First."))
    path = tmp_path / "comments/walk-1.0.toml"
    path.write_text(path.read_text().replace(old, new))
    spoilt = path.read_bytes()
    for act in (lambda: read_comments(tmp_path), lambda: add_comment(tmp_path, "walk", "1.0", SHA256, _comment("x"))):
        with pytest.raises(InputError) as caught:
            act()
        assert said in str(caught.value)
    assert path.read_bytes() == spoilt


_OWN_LINE = re.compile(
    r"(>.*|# Comments on standards|## walk 1\.0|### W-(KEEP|ONE)|Text with SHA-256 `[0-9a-f]{64}`\."
    r"|From .*, 2026-11-24T12:00:00Z:)?"
)


@settings(deadline=None)
@given(st.text(min_size=1, max_size=80), st.text(min_size=1, max_size=40))
@example("a\n\n# Heading\n\n</blockquote><script>x</script>", "# ben")
@example("a\r\n\u2028### W-ONE\x85b\x0b\x0cc", "- ben\n> x")
@example("```\n<!-- never closed", "<b>ben")
@example("[x]: http://example.invalid\n    code", "ben | ben")
@example("\u202eevil\x1b]52;c;aGk=\x07", "\x00")
def test_hostile_text_stays_inside_its_quotation(text: str, by: str) -> None:
    kept = Comments(
        standard="walk", version="1.0", sha256=SHA256, comments=[_comment(text, by), _comment("plain", control="W-ONE")]
    )
    shown = comments_markdown([kept])
    assert all(_OWN_LINE.fullmatch(line) for line in shown.splitlines()), shown
    assert [line for line in shown.splitlines() if line.startswith("###")] == ["### W-KEEP", "### W-ONE"]
    assert "<" not in shown.replace("<U+", "")
    assert not any(ord(character) < 32 and character != "\n" for character in shown)


def test_comments_come_back_from_their_file_as_they_were_written(tmp_path: Path) -> None:
    text = 'tab\there, "quotes" \'\'\' and """ and \\ and \x1b and é\n\nlast'
    add_comment(tmp_path, "walk", "1.0", SHA256, _comment(text))
    assert read_comments(tmp_path)[0].comments[0].text == text
