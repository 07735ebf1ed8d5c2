"""A person at the page with a keyboard and no mouse: Chromium, driven through playwright."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Locator, Page, Request, async_playwright

CHROMIUM = Path("/usr/bin/chromium")
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
MAX_STEPS = 60  # presses of Tab from one end of the page to the other

#: controls without a name that a screen reader could say, and pictures without a description
_NAMELESS = """() => [...document.querySelectorAll("button, input, select, textarea, a[href], [role=option], dialog, img")]
  .filter((one) => one.checkVisibility() && one.type !== "file")
  .filter((one) => !(one.tagName === "IMG" ? one.hasAttribute("alt") : (one.getAttribute("aria-label")
    || document.getElementById(one.getAttribute("aria-labelledby"))?.textContent
    || [...(one.labels ?? [])].map((label) => label.textContent).join(" ") || one.textContent).trim()))
  .map((one) => one.outerHTML.slice(0, 200))"""

#: texts whose colour stands out too little from what is behind them, by the formula of WCAG 2.2
_FAINT = """() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const mixed = (colours) => {
    canvas.clearRect(0, 0, 1, 1);
    for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (rgb) => rgb.map((one) => one / 255)
    .map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4))
    .reduce((sum, one, index) => sum + one * [0.2126, 0.7152, 0.0722][index], 0);
  const chain = (node) => (node ? [...chain(node.parentElement), node] : []);
  return [...document.querySelectorAll("body *")].filter((one) => one.checkVisibility({ opacityProperty: true })
    && !one.disabled && [...one.childNodes].some((child) => child.nodeType === 3 && child.data.trim())).map((one) => {
    const behind = chain(one).map((each) => getComputedStyle(each).backgroundColor);
    const [low, high] = [light(mixed(behind)), light(mixed([...behind, getComputedStyle(one).color]))].sort((a, b) => a - b);
    return [(high + 0.05) / (low + 0.05), one.textContent.trim().slice(0, 40)];
  }).filter(([contrast]) => contrast < 4.5).map(([contrast, text]) => `${text}: ${contrast.toFixed(2)}`);
}"""


class Visitor:
    """The page as one person sees it, and everything that the browser complained about."""

    def __init__(self, page: Page, origin: str) -> None:
        self.page = page
        self.complaints: list[str] = []
        self._origin = origin
        page.on("console", lambda said: self._complain(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self._complain(str(error)))
        page.on("request", self._watch)
        page.on("websocket", lambda socket: self._check(socket.url))

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.page.keyboard.press(key)

    async def type(self, text: str) -> None:
        await self.page.keyboard.type(text)

    def see(self, selector: str, text: str | None = None) -> Locator:
        return self.page.locator(selector, has_text=text) if text else self.page.locator(selector)

    async def go_back_to(self, selector: str) -> None:
        """Press Shift+Tab until the focus is on what the selector matches."""
        for _ in range(MAX_STEPS):
            if await self.focused("(one, selector) => one.matches(selector)", selector):
                return
            await self.press("Shift+Tab")
        raise AssertionError(f"the keyboard does not reach {selector}")

    async def focused(self, question: str, argument: Any = None) -> Any:
        """What a function says of the element that has the focus."""
        handle = await self.page.evaluate_handle("document.activeElement")
        return await handle.as_element().evaluate(question, argument)  # pyright: ignore[reportOptionalMemberAccess]

    async def nameless(self) -> list[str]:
        return await self.page.evaluate(_NAMELESS)

    async def faint(self) -> list[str]:
        return await self.page.evaluate(_FAINT)

    async def image_sizes(self) -> list[tuple[int, int, str]]:
        """Width, height and alt text of every picture in the log; a width of 0 is one that did not load."""
        question = "(all) => all.map((one) => [one.naturalWidth, one.naturalHeight, one.alt])"
        return [tuple(one) for one in await self.page.locator(".picture img").evaluate_all(question)]

    def _watch(self, request: Request) -> None:
        if not request.url.startswith(("data:", "blob:")):
            self._check(request.url)

    def _check(self, url: str) -> None:
        if url.partition("://")[2].partition("/")[0] != self._origin.partition("://")[2]:
            self._complain(f"a request left the playground: {url}")

    def _complain(self, text: str) -> None:
        self.complaints.append(text)


@asynccontextmanager
async def visiting(url: str, person: str, *, scheme: Any = "light", width: int = 1280) -> AsyncIterator[Visitor]:
    """The page at `url`, 800 pixels high."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        page = await browser.new_page(
            viewport={"width": width, "height": 800},
            device_scale_factor=1,
            color_scheme=scheme,
            reduced_motion="reduce",
        )
        visitor = Visitor(page, url)
        await page.goto(f"{url}/?person={person}")
        await page.locator("#channel-title:not(:empty)").wait_for()
        yield visitor
        await browser.close()
