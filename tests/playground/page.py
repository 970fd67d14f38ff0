"""A Playground's page in headless Chromium: typing, pressing, reading, and a picture of what is seen."""

import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, Locator, Page, Route, async_playwright, expect

from tests.playground.client import Playground
from tests.playground.installed import ROOT, LackingError

PICTURES: Final = ROOT / "screenshots" / "playground"
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
_PATIENCE_MS = 20_000
_EDITOR = "[data-lexical-editor=true]"

expect.set_options(timeout=_PATIENCE_MS)


class Screen:
    """One person's page."""

    def __init__(self, page: Page, playground: Playground) -> None:
        self.page = page
        self._playground = playground

    async def open_personal(self) -> None:
        """Show the chat with the bot."""
        await self.page.get_by_role("treeitem", name="Personal Chat").click()
        await expect(self.page.get_by_text("Start a new post")).to_have_count(0)

    async def open_channel(self, name: str) -> None:
        """Show a channel of the team."""
        await self.page.get_by_role("treeitem", name=f"{self._playground.team.name} - {name}").click()
        await expect(self.page.get_by_text("Start a new post")).to_be_visible()

    async def write(self, text: str) -> None:
        """Send a message in the chat that is shown."""
        await self._type(self.page.locator(_EDITOR).last, text)
        await self.page.get_by_role("button", name="Send Message").last.click()

    async def post(self, text: str) -> None:
        """Start a post in the channel that is shown, with a mention of the bot."""
        await self._type(self.page.locator(_EDITOR).first, text, mention=True)
        await self.page.get_by_role("button", name="Post", exact=True).click()

    async def reply(self, thread: Locator, text: str) -> None:
        """Answer in a thread, with a mention of the bot."""
        await self._type(thread.locator(_EDITOR), text, mention=True)
        await thread.get_by_role("button", name="Send Message").click()

    def card(self, code: str, title: str = "") -> Locator:
        """Return the newest card of a ticket, as it is now."""
        cards = self.page.locator(".ac-adaptiveCard").filter(has_text=code)
        return (cards.filter(has_text=title) if title else cards).last

    def thread(self, text: str) -> Locator:
        """Return a post of a channel with its replies, by any word of it."""
        return self.page.locator(".fui-Card").filter(has_text=text).filter(has_not_text="Start a new post").last

    async def picture(self, name: str, shown: Locator | None = None) -> Path:
        """Keep a picture of the page, scrolled to what is to be seen, under screenshots/."""
        if shown is not None:
            await shown.scroll_into_view_if_needed()
        PICTURES.mkdir(parents=True, exist_ok=True)
        path = PICTURES / f"{name}.png"
        await self.page.screenshot(path=path)
        return path

    async def _type(self, editor: Locator, text: str, *, mention: bool = False) -> None:
        await editor.click()
        if mention:
            await self.page.keyboard.type("@")
            await self.page.locator("#typeahead-menu [role=menuitem]").first.click()
        await self.page.keyboard.insert_text(f" {text}" if mention else text)
        await expect(editor).to_contain_text(text)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Yield Debian's Chromium. Raises LackingError."""
    found = shutil.which("chromium")
    if found is None:
        raise LackingError("chromium is missing. Type this: sudo apt-get install -y chromium fonts-noto-core")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        try:
            yield browser
        finally:
            await browser.close()


async def open_screen(browser: Browser, playground: Playground) -> Screen:
    """Return somebody's page, the bot installed in their personal chat. Only this machine is asked for anything."""
    context = await browser.new_context(locale="vi-VN", timezone_id="Asia/Ho_Chi_Minh", viewport=_VIEW)
    context.set_default_timeout(_PATIENCE_MS)
    await context.route(re.compile(r"^https?://(?!127\.0\.0\.1:)"), _refuse)
    page = await context.new_page()
    await page.goto(playground.url)
    await page.get_by_title("Hide log panel").click()
    await expect(page.get_by_text("Xin chào").first).to_be_visible()
    return Screen(page, playground)


_VIEW: Final = {"width": 1280, "height": 1000}


async def _refuse(route: Route) -> None:
    await route.abort()
