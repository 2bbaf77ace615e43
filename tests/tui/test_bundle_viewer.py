"""A bundle as a regulator looks at it: the verdict first, all of it read-only, what is hidden shown as that, and answers."""

import hashlib
import re
from pathlib import Path

import pytest
from textual.widgets import Input

from compliance_tui.assessment.folder import load
from compliance_tui.bundle import verify
from compliance_tui.bundle.editions import disclose, redact
from compliance_tui.bundle.export import export
from compliance_tui.bundle.hashing import Cancelled
from compliance_tui.safe.errors import CancelledError
from compliance_tui.trust import policy as policies
from compliance_tui.trust.keys import load_signer
from compliance_tui.tui import answers, compare, determine, memory, move, statements, verdict, versions
from compliance_tui.tui import verify as verify_page
from compliance_tui.tui.app import ComplianceApp
from compliance_tui.tui.keymap import KeyMap
from compliance_tui.tui.page import Page
from compliance_tui.tui.themes import CONTRAST, DARK, LIGHT
from tests.assessment.sample import NOW
from tests.tui.bundle_pictures import FOLDER, bundle_texts
from tests.tui.bundles import Kit, rewrite
from tests.tui.contrast import faint_words
from tests.tui.driving import Driver, driving
from tests.tui.pictured import look_as_pictured
from tests.tui.pictures import SIZES
from tests.tui.terminal import Terminal
from tests.tui.test_terminal import hostile_release, only_the_programs_own


def _squeezed(it: Driver) -> str:
    """What is on the screen without blanks: a long path breaks the line anywhere."""
    return "".join(it.text.split())


# -- the verdict -----------------------------------------------------------------------------------------------------------


async def test_without_a_policy_nobody_is_known_and_nothing_is_accepted(made: Kit) -> None:
    async with driving(made.bundle, (120, 40)) as it:
        assert it.page == "VerdictPage"
        assert "NOBODY IS KNOWN" in it.text
        assert "no policy: p" in it.text
        assert re.search(r"pass +integrity", it.text)
        assert re.search(r"unknown +signatures", it.text)
        assert "Ada Ortiz" not in it.text


async def test_a_policy_that_was_named_once_judges_every_bundle_from_then_on(made: Kit) -> None:
    async with driving(made.bundle, (120, 40)) as it:
        await it.press("p")
        await it.type(str(made.policy), "f2")
        assert "trusted yes" in it.text
        assert re.search(r"pass +identity +signed by Ada Ortiz \(lab-author\)", it.text)
    async with driving(made.newer, (120, 40)) as it:
        assert re.search(r"pass +signatures", it.text)
        assert "policy trust.toml" in it.text
        await it.press("p")
        it.app.screen.query_one("#trust", Input).value = ""
        await it.press("f2")
        assert "NOBODY IS KNOWN" in it.text
    assert (made.policy.parent / "trust.state.json").exists()  # what the verifier remembers lies beside the policy


async def test_a_policy_that_is_none_is_refused_where_it_is_typed_and_said_where_it_was_remembered(known: Kit) -> None:
    known.policy.write_text("schema = 3\n")
    async with driving(known.bundle, (120, 40)) as it:
        assert "trust.toml,line1" in _squeezed(it)
        assert "NOBODY IS KNOWN" in it.text
        await it.press("p", "f2")
        assert it.page == "PolicyForm"
        assert "trust.toml,line1" in _squeezed(it)
        it.app.screen.query_one("#trust", Input).value = str(known.policy.with_name("nowhere.toml"))
        await it.press("f2")
        assert "nowhere.toml:nosuchfile" in _squeezed(it)


async def test_the_cursor_starts_on_what_fails_and_every_line_tells_its_whole_reason(known: Kit) -> None:
    async with driving(known.bundle, (80, 24)) as it:
        assert "2 required controls block" in " ".join(it.detail.split())
        await it.press("home", "down")
        assert "byte for byte those that the bundle id commits to" in " ".join(it.detail.split())
        await it.press("end")
        assert "another bundle" in it.detail


async def test_another_instant_and_a_challenge_may_be_asked_about(known: Kit) -> None:
    async with driving(known.bundle, (120, 44)) as it:
        await it.press("p")
        it.app.screen.query_one("#challenge", Input).value = "case 41"
        it.app.screen.query_one("#as_of", Input).value = "soon"
        await it.press("f2")
        assert it.page == "PolicyForm"
        it.app.screen.query_one("#as_of", Input).value = "2027-03-01"
        await it.press("f2")
        assert "it does not carry the challenge that you asked for" in it.detail
        await it.press("down", "down")
        assert "computed again as of 2027-03-01" in it.detail
        await it.press("p")
        assert "2027-03-01T00:00:00Z" in it.text


async def test_a_bundle_is_verified_from_the_start_page(made: Kit) -> None:
    async with driving(None, (120, 40)) as it:
        await it.press("v")
        await it.type("nowhere.zip", "enter")
        assert "no such bundle" in it.text
        it.app.screen.query_one("#bundle", Input).value = str(made.bundle)
        it.app.screen.query_one("#trust", Input).value = str(made.policy)
        await it.press("f2")
        assert it.page == "VerdictPage"
        assert "trusted yes" in it.text
        await it.press("o", "o")
        await it.type(str(made.policy.parent / "assessment"), "enter")
        assert it.page == "ControlsPage"
        await it.press("o")
        assert "orchard 2" in it.text


async def test_what_the_files_come_to_follows_what_the_core_shows(known: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    pages: list[verdict.VerdictPage] = []

    def slow(tree: object, expected: object, progress: object, cancelled: Cancelled) -> list[str]:
        app = pages[0].app
        seen.append(app.call_from_thread(lambda: Driver(app).text))
        while not cancelled():
            pass
        raise CancelledError

    monkeypatch.setattr(verify, "altered_files", slow)
    app = ComplianceApp(known.bundle, person="ada", clock=lambda: NOW)
    async with app.run_test(size=(120, 40)) as pilot:
        pages.append(next(page for page in app.screen_stack if isinstance(page, verdict.VerdictPage)))
        while not seen:
            await pilot.pause(0.01)
        assert re.search(r"pass +signatures", seen[0])
        assert re.search(r" +integrity +being looked at", seen[0])
        assert "ACCEPTED" not in seen[0]  # no verdict before its end
        await pilot.press("escape")
        while pages[0].verifying:
            await pilot.pause(0.01)
        await pilot.pause()
        assert "what was not looked at is unknown" in Driver(app).text
        assert "NOT VERIFIED TO ITS END" in Driver(app).text
        assert re.search(r"Controls +not looked at", Driver(app).text)
        assert "ACCEPTED" not in Driver(app).text
        await pilot.press("a")
        assert "nothing is signed about a bundle that is broken, or not verified" in Driver(app).text


async def test_a_fault_of_the_programs_own_is_told_on_the_page(known: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(*_: object, **__: object) -> None:
        raise RecursionError("\x1b]0;x\x07")

    monkeypatch.setattr(verify, "read_core", fault)
    async with driving(known.bundle, (100, 30)) as it:
        assert it.page == "VerdictPage"
        assert "a fault in compliance-tui itself (RecursionError)" in " ".join(it.detail.split())
        assert "ACCEPTED" not in it.text


# -- broken, and no bundle at all --------------------------------------------------------------------------------------------


async def test_of_an_altered_bundle_the_page_says_what_and_shows_nothing_of_it(known: Kit) -> None:
    async with driving(known.altered, (120, 40)) as it:
        assert "BROKEN" in it.text
        assert "items/E-0001/files/policy.md was altered" in " ".join(it.detail.split())
        for key in ("l", "i", "r"):
            await it.press(key)
            assert it.page == "VerdictPage"
            assert "nothing of a broken bundle can be relied on" in it.text
        for key in ("a", "g"):
            await it.press(key)
            assert it.page == "VerdictPage"
        await it.press("h")
        assert "Ada Ortiz" in it.text  # who signed what it was
        await it.press("a")
        assert it.page == "StatementsPage"


@pytest.mark.parametrize(
    "content",
    [b"", b"PK", b"PK\x03\x04" + b"\xff" * 64, b"\x1b]0;x\x07" * 9, b"PK\x05\x06" + b"\x00" * 18],
    ids=["empty", "two-letters", "bad-header", "escape", "empty-zip"],
)
async def test_what_is_no_bundle_opens_to_a_page_that_says_so(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd.zip"
    path.write_bytes(content)
    async with driving(path, (100, 30)) as it:
        assert it.page == "VerdictPage"
        assert re.search("NOT VERIFIED|BROKEN", it.text)
        assert "odd.zip" in it.text
        assert it.detail.strip()
        await it.press("enter", "l", "i", "r", "h", "a", "g", "y", "end", "f5")
        assert it.page == "VerdictPage"
        assert it.app.return_code is None


async def test_a_bundle_that_goes_wrong_while_it_is_looked_at_is_shown_no_longer(known: Kit) -> None:
    async with driving(known.bundle, (120, 40)) as it:
        await it.press("l", "enter")
        assert it.page == "ControlPage"
        known.bundle.write_bytes(known.altered.read_bytes())
        it.app.reload()
        await it.settle()
        assert it.page == "VerdictPage"
        assert "BROKEN" in it.text


def test_nothing_in_a_bundle_reaches_the_terminal_as_a_command(tmp_path: Path) -> None:
    bundle = export(load(hostile_release(tmp_path)), tmp_path / "b.zip", NOW, "ada").path
    terminal = Terminal(bundle, 120, 36, COMPLIANCE_TUI_STATE=str(tmp_path / "state"))
    terminal.until("1 here")
    terminal.still(0.5)
    up, escape = "\x1b[A", "\x1b"
    for keys in ("h", up, "q", "l", up, "\r", "q", "q", "i", "\r", "q", "q", "r", "q", "a", escape, "c", escape, "p", escape):
        terminal.press(keys)
        terminal.still(0.15)
    terminal.kill()
    only_the_programs_own(bytes(terminal.seen), b"Said", b"Title", b"kind: policy-doc")


# -- what is in it -----------------------------------------------------------------------------------------------------------


async def test_answers_are_read_and_nothing_is_changed(known: Kit) -> None:
    before = hashlib.sha256(known.bundle.read_bytes()).digest()
    async with driving(known.bundle, (120, 40)) as it:
        await it.press("l")
        assert it.page == "AnswersPage"
        assert "read-only" in it.text
        await it.press("a", "e", "s", "w", "d", "u", "U")
        assert it.page == "AnswersPage"
        await it.press("slash")
        await it.type("S-02", "enter", "enter")
        assert it.page == "ControlPage"
        assert "150 of 200 seeded cases were caught." in it.text
        assert "lower bound 69.45 %" in it.text
        await it.press("q", "escape")
        assert it.page == "AnswersPage"  # the filter goes first
        await it.press("q")
        assert it.page == "VerdictPage"
        await it.press("r", "enter")
        assert it.page == "AnswersPage"
    assert hashlib.sha256(known.bundle.read_bytes()).digest() == before


async def test_what_is_withheld_is_shown_as_withheld_and_no_outcome_is_made_up(known: Kit) -> None:
    async with driving(known.edition, (120, 40)) as it:
        assert re.search(r"unknown +readiness", it.text)
        assert "1 here, 2 withheld" in it.text
        await it.press("l")
        assert "NOT ALL CAN BE SEEN" in it.text
        await it.press("slash")
        await it.type("S-01", "enter", "enter")
        assert "cannot be told" in it.text
        assert "A-small.S-01  the text of the answer: withheld" in it.text
        assert "the lab claims: in order" in it.text
        assert "The policy was signed by the board." not in it.text
        await it.press("right_square_bracket")
        assert "E-0002  evidence: withheld" in it.text
        assert "not in the evidence folder" not in it.text
        await it.press("q", "q", "i", "end")
        assert it.page == "BundleEvidencePage"
        assert "2 cannot be seen" in it.text
        assert "The lab committed to it and left it out." in it.text
        assert "S-02  evidence" in it.detail
        await it.press("slash")
        await it.type("withheld")
        assert "E-0001" not in it.text
        assert "E-0002" in it.text


async def test_an_item_that_is_handed_over_later_is_counted_and_can_be_read(known: Kit, tmp_path: Path) -> None:
    disclose(known.bundle, "E-0002", tmp_path / "handed over")
    async with driving(known.edition, (120, 40)) as it:
        await it.press("p")
        it.app.screen.query_one("#folders", Input).value = f"'{tmp_path}/handed over'"
        await it.press("f2")
        assert "2 here, 1 withheld" in it.text
        await it.press("i")
        it.app.screen.query_one(answers.BundleItemList).go_to("E-0002")
        await it.settle()
        assert "handed over apart" in it.detail
        await it.press("enter")
        assert it.page == "PreviewPage"
        assert '"seeds_planned": 200' in it.text


async def test_a_sealed_item_opens_with_the_key_it_is_sealed_to(known: Kit, tmp_path: Path) -> None:
    from tests.bundle.recipients import pair, sealing

    reader, escrow = pair(tmp_path, "reader"), pair(tmp_path, "escrow")
    lab = load_signer(tmp_path / "ada.key", lambda: b"")
    sealed = tmp_path / "sealed.zip"
    redact(known.bundle, sealed, [], sealing=sealing(("E-0002",), reader, escrow), as_of=NOW, signers=[lab])
    async with driving(sealed, (120, 40)) as it:
        assert "1 here, 1 sealed" in it.text
        await it.press("i", "end")
        assert "encrypted to named recipients" in " ".join(it.detail.split())
        await it.press("q", "p")
        it.app.screen.query_one("#identities", Input).value = str(reader.file)
        await it.press("f2")
        assert "2 here" in it.text
        await it.press("i", "end", "enter")
        assert '"seeds_planned": 200' in it.text


async def test_what_is_brought_along_and_is_no_item_nor_key_is_said_and_may_be_let_go(known: Kit, tmp_path: Path) -> None:
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "x.txt").write_text("x")
    async with driving(known.edition, (120, 40)) as it:
        for field, path, why in (
            ("folders", tmp_path / "odd", "not an item"),
            ("identities", known.policy, "not an age identity"),
        ):
            await it.press("p")
            it.app.screen.query_one(f"#{field}", Input).value = str(path)
            await it.press("f2")
            assert "NOT VERIFIED" in it.text
            assert why in " ".join(it.detail.split())
            await it.press("p")
            it.app.screen.query_one(f"#{field}", Input).value = ""
            await it.press("f2")
            assert "1 here, 2 withheld" in it.text


async def test_a_file_is_hashed_again_before_it_is_shown(known: Kit) -> None:
    async with driving(known.bundle, (120, 40)) as it:
        await it.press("i")
        rewrite(known.bundle, lambda content: content.replace(b"Text.", b"Lies."))
        await it.press("enter")
        assert it.page == "PreviewPage"
        assert "is no longer what was verified" in it.text
        assert "Lies." not in it.text


async def test_a_standard_that_the_policy_does_not_accept_is_read_only_on_demand(made: Kit) -> None:
    policy = policies.load_policy(made.policy.read_bytes(), "t")
    content = policies.new_policy()
    for person in policy.person:
        content = policies.add_person(content, "t", person.id, person.name, person.roles, person.key[0].public)
    made.policy.write_bytes(policies.add_rule(content, "t", policies.SELF_ASSESSMENT, None, {"lab-author": 1}))
    memory.remember("policy", str(made.policy))
    async with driving(made.bundle, (120, 40)) as it:
        assert re.search(r"fail +standard +small is no standard", it.text)
        await it.press("l")
        assert it.page == "VerdictPage"
        assert "u reads it all the same" in it.text
        await it.press("h", "home")
        assert "not accepted" in it.text
        assert "small is no standard that the policy accepts" in it.detail
        await it.press("q", "u")
        assert re.search(r"unknown +standard", it.text)
        await it.press("l")
        assert it.page == "AnswersPage"


# -- keys and pictures -------------------------------------------------------------------------------------------------------


async def test_every_page_of_a_bundle_can_do_what_the_table_says(known: Kit) -> None:
    pages: list[type[Page]] = [  # type: ignore[type-arg]
        answers.AnswersPage, answers.BundleEvidencePage, compare.CompareForm, compare.ComparePage, determine.DetermineForm,
        determine.ReceiptForm, determine.SignForm, move.MovePage, move.MoveForm, statements.StatementsPage,
        verdict.VerdictPage, verify_page.PolicyForm, verify_page.VerifyForm, versions.DifferencePage, versions.VersionsPage,
    ]  # fmt: skip
    for page in pages:
        for action in KeyMap().at(page.place):
            assert hasattr(page, f"action_{action.id}") or hasattr(ComplianceApp, f"action_{action.id}"), (page, action.id)
        assert page.about
    async with driving(known.bundle, (120, 60)) as it:
        offered = {command.title.lower() for command in it.app.get_system_commands(it.app.screen)}
        await it.press("question_mark")
        for title in ("compare", "decide", "receipt", "your policy", "who and when"):
            assert title in offered
            assert title in it.text
        await it.press("q", "l", "question_mark")
        assert "Accept the gap until a day" not in it.text
        assert "The filter" in it.text


@pytest.mark.parametrize(
    ("size", "theme", "least"),
    [(SIZES[0], LIGHT.name, 4.5), (SIZES[1], CONTRAST.name, 7.0), (SIZES[2], DARK.name, 4.5)],
    ids=["light", "high-contrast", "dark"],
)
async def test_every_page_looks_as_it_is_pictured_and_can_be_read(
    tmp_path: Path, size: tuple[int, int], theme: str, least: float
) -> None:
    faint: dict[str, dict[str, float]] = {}

    def look(app: ComplianceApp, name: str) -> None:
        faint[name] = faint_words(app, least)

    drawn = await bundle_texts(tmp_path, size, look, theme)
    look_as_pictured(drawn, FOLDER, size)
    assert not {name: words for name, words in faint.items() if words}


async def test_the_plain_standard_of_a_bundle_can_be_laid_beside_later_versions(known: Kit, tmp_path: Path) -> None:
    from tests.tui.bundles import later_version

    later_version(tmp_path)
    async with driving(known.bundle, (120, 40), standards_folder=tmp_path / "packs") as it:
        await it.press("l", "v", "enter")
        assert "To be rechecked (1)" in it.text
        await it.press("f2")
        assert it.page == "MovePage"  # of a bundle nothing is moved
