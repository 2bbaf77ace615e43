"""Who signed a bundle, what was stated about it since, and a regulator's own decision and receipt."""

import asyncio
import os
import re
import time
from pathlib import Path

import pytest
from textual.widgets import Input, TextArea

from compliance_tui.assessment import actions
from compliance_tui.assessment.folder import load
from compliance_tui.bundle import declare, verify
from compliance_tui.bundle.export import export
from compliance_tui.bundle.sign import add_statement, look_at
from compliance_tui.safe.errors import CancelledError
from compliance_tui.trust.keys import load_signer, new_key
from compliance_tui.tui import verdict
from compliance_tui.tui.reading import Text
from tests.assessment.sample import NOW
from tests.tui.bundles import REGULATOR, Kit, rewrite
from tests.tui.driving import driving


async def test_signers_have_the_names_of_the_policy_and_strangers_have_none(known: Kit) -> None:
    new_key(known.key.with_name("stranger.key"), None)
    stranger = load_signer(known.key.with_name("stranger.key"), lambda: b"")
    draft = declare.receipt(look_at(known.bundle, whole=True), "Ada Ortiz", NOW)
    add_statement(known.bundle, draft.content, draft.name, [stranger])
    async with driving(known.bundle, (140, 40)) as it:
        await it.press("h")
        assert re.search(r"accepted +small 1.0", it.text)
        assert re.search(r"valid +Ada Ortiz  lab-author", it.text)
        assert re.search(r"counts +2026-11-24 receipt  regulator.example", it.text)
        assert re.search(r"not counted +2026-11-24 receipt  Ada Ortiz", it.text)
        assert "not known to your policy" in it.detail
        await it.press("home", "down")
        assert "SHA256:" in it.detail


async def test_whose_own_key_signed_a_sign_off_stands_with_the_labs_statement(known: Kit) -> None:
    root, home = known.bundle.parent / "assessment", known.bundle.parent
    ada = load_signer(home / "ada.key", lambda: b"")
    actions.answer(load(root), "S-01", "ada", NOW, status="met", statement="The board has signed it.")
    actions.sign_off(load(root), "S-01", "ada", "owner", "ada", NOW, ada)
    export(load(root), home / "signed.zip", NOW, "ada", signers=[ada])
    async with driving(home / "signed.zip", (140, 40)) as it:
        await it.press("h")
        assert "signed with a person's own key:" in it.detail
        assert re.search(r"counted +ada@some.example: S-01 as owner", it.detail)


async def test_a_decision_is_shown_to_the_last_byte_signed_verified_and_in_force(known: Kit) -> None:
    async with driving(known.bundle, (120, 44)) as it:
        await it.press("a", "f2")
        assert "choose a decision first" in it.text
        await it.press("2", "f2")
        assert "give a reason first" in it.text
        it.app.screen.query_one("#reasons", TextArea).text = "What was asked is there.\n\nThe rest is waived."
        it.app.screen.query_one("#until", Input).value = "next year"
        it.app.screen.query_one("#attester", Input).value = REGULATOR
        await it.press("f2")
        assert "next year" in it.text
        it.app.screen.query_one("#until", Input).value = "2027-06-30"
        await it.press("f2")
        assert "conditions go with the decision accepted-with-conditions" in it.text
        it.app.screen.query_one("#conditions", TextArea).text = "Report within a day."
        await it.press("f2")
        assert it.page == "SignForm"
        assert '"Report within a day."' in it.app.screen.query_one("#what", Text).plain
        it.app.screen.query_one("#keys", Input).value = str(known.key)
        await it.press("f2")
        assert "type sign in the last field" in it.text
        assert len(look_at(known.bundle, whole=False).attestations) == 2
        await it.type("sign", "enter")
        assert it.page == "StatementsPage"
        assert re.search(r"in force +2026-11-24 determination: accepted", it.text)
        assert "Report within a day." in it.detail
        assert "attestations/0003 is determination/v1, signed" in it.text
        await it.press("q")
        assert "2 besides the lab's own" in it.text
    signed = look_at(known.bundle, whole=True).attestations[2]
    assert signed.framed.name == "determination/v1"
    assert b"The rest is waived." in signed.content


async def test_a_receipt_is_written_apart_and_the_bundle_stays_as_it_was(known: Kit, tmp_path: Path) -> None:
    before = known.bundle.read_bytes()
    async with driving(known.bundle, (120, 44)) as it:
        await it.press("g")
        it.app.screen.query_one("#attester", Input).value = REGULATOR
        await it.press("f2")
        it.app.screen.query_one("#keys", Input).value = str(known.key)
        it.app.screen.query_one("#out", Input).value = str(tmp_path / "receipt")
        it.app.screen.query_one("#word", Input).value = "sign"
        await it.press("f2")
        assert it.page == "StatementsPage"
        assert it.text.count(f"receipt  {REGULATOR}") == 2
    assert known.bundle.read_bytes() == before
    assert (tmp_path / "receipt" / "statement.json").exists()


@pytest.mark.parametrize("key", ["nowhere.key", "agent:SHA256:none", ""])
async def test_what_cannot_sign_is_refused_and_nothing_is_written(known: Kit, key: str) -> None:
    before = known.bundle.read_bytes()
    async with driving(known.bundle, (120, 44)) as it:
        await it.press("g")
        it.app.screen.query_one("#attester", Input).value = REGULATOR
        await it.press("f2")
        it.app.screen.query_one("#keys", Input).value = key
        it.app.screen.query_one("#word", Input).value = "sign"
        await it.press("f2")
        assert it.page == "SignForm"
        assert not it.app.screen.query_one("#message").display or it.text.strip()
    assert known.bundle.read_bytes() == before


async def test_nothing_is_signed_where_another_bundle_took_the_place_of_the_one_that_was_read(known: Kit) -> None:
    async with driving(known.bundle, (120, 44)) as it:
        await it.press("g")
        it.app.screen.query_one("#attester", Input).value = REGULATOR
        await it.press("f2")
        rewrite(known.bundle, lambda _: known.newer.read_bytes())
        it.app.screen.query_one("#keys", Input).value = str(known.key)
        it.app.screen.query_one("#word", Input).value = "sign"
        await it.press("f2")
        assert "another bundle lies there now; nothing was signed" in it.text
    assert known.bundle.read_bytes() == known.newer.read_bytes()


async def test_what_others_add_to_the_bundle_is_seen_once_it_is_read_again(known: Kit) -> None:
    regulator = load_signer(known.key, lambda: b"")
    async with driving(known.bundle, (120, 40)) as it:
        draft = declare.determination(look_at(known.bundle, whole=False), REGULATOR, "returned", ["Say more."], NOW)
        add_statement(known.bundle, draft.content, draft.name, [regulator])
        it.app._look()
        await it.settle()
        assert "2 besides the lab's own; returned by" in it.text


async def test_a_verification_that_takes_long_is_not_begun_anew_each_time_the_clock_looks(
    known: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bundle changes; while it is verified again, the look at its time finds it changed, still; then somebody stops it."""
    begun: list[int] = []

    def slow(*_: object, **__: object) -> list[str]:
        begun.append(1)
        cancelled = _[3]
        assert callable(cancelled)
        while not cancelled():
            time.sleep(0.005)
        raise CancelledError

    async with driving(known.bundle, (120, 40)) as it:
        page = it.app.screen
        assert isinstance(page, verdict.VerdictPage)
        monkeypatch.setattr(verify, "altered_files", slow)
        os.utime(known.bundle, ns=(1, 1))
        it.app._look()
        while not begun:
            await asyncio.sleep(0.01)
        for _ in range(3):
            it.app._look()
            await asyncio.sleep(0.02)
        assert len(begun) == 1
        page.action_step_back()
        while page.verifying:
            await asyncio.sleep(0.01)
        it.app._look()
        await it.settle()
        assert len(begun) == 1
        assert "NOT VERIFIED TO ITS END" in it.text
