"""A person who uses the page with the keyboard: Chromium, driven with Playwright."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Locator, Page, Request, async_playwright

CHROMIUM = Path("/usr/bin/chromium")
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
MAX_STEPS = 60  # presses of Tab that reach any control on the page

#: controls without an accessible name, and images without alt text
_NAMELESS = """() => [...document.querySelectorAll("button, input, select, textarea, a[href], [role=option], dialog, img")]
  .filter((node) => node.checkVisibility() && node.type !== "file")
  .filter((node) => !(node.tagName === "IMG" ? node.hasAttribute("alt") : (node.getAttribute("aria-label")
    || document.getElementById(node.getAttribute("aria-labelledby"))?.textContent
    || [...(node.labels ?? [])].map((label) => label.textContent).join(" ") || node.textContent).trim()))
  .map((node) => node.outerHTML.slice(0, 200))"""

#: texts with too little contrast to their background, by the formula in WCAG 2.2
_FAINT = """() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const mixed = (colours) => {
    canvas.clearRect(0, 0, 1, 1);
    for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const luminance = (rgb) => rgb.map((value) => value / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
  const chain = (node) => (node ? [...chain(node.parentElement), node] : []);
  return [...document.querySelectorAll("body *")].filter((node) => node.checkVisibility({ opacityProperty: true })
    && !node.disabled && [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim())).map((node) => {
    const behind = chain(node).map((ancestor) => getComputedStyle(ancestor).backgroundColor);
    const front = [...behind, getComputedStyle(node).color];
    const [low, high] = [luminance(mixed(behind)), luminance(mixed(front))].sort((a, b) => a - b);
    return [(high + 0.05) / (low + 0.05), node.textContent.trim().slice(0, 40)];
  }).filter(([contrast]) => contrast < 4.5).map(([contrast, text]) => `${text}: ${contrast.toFixed(2)}`);
}"""


class Visitor:
    """A person on the page, and everything that the browser complained about."""

    def __init__(self, page: Page, origin: str) -> None:
        self.page = page
        self.complaints: list[str] = []
        self._origin = origin
        page.on("console", lambda line: self._complain(line.text) if line.type in ("error", "warning") else None)
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
        """Press Shift+Tab until an element that matches the selector has the focus."""
        for _ in range(MAX_STEPS):
            if await self.focused("(node, selector) => node.matches(selector)", selector):
                return
            await self.press("Shift+Tab")
        raise AssertionError(f"{selector} can't be reached with Shift+Tab")

    async def focused(self, function: str, argument: Any = None) -> Any:
        """The result of a JavaScript function on the element that has the focus."""
        handle = await self.page.evaluate_handle("document.activeElement")
        return await handle.as_element().evaluate(function, argument)  # pyright: ignore[reportOptionalMemberAccess]

    async def nameless(self) -> list[str]:
        return await self.page.evaluate(_NAMELESS)

    async def faint(self) -> list[str]:
        return await self.page.evaluate(_FAINT)

    async def barriers(self) -> list[str]:
        """What axe finds that keeps people out: its serious and critical rules, with the elements that break them."""
        results = await Axe().run(self.page)
        return [
            f"{found['id']}: {node['html'][:160]}"
            for found in results.response["violations"]
            if found["impact"] in ("serious", "critical")
            for node in found["nodes"]
        ]

    async def image_sizes(self) -> list[tuple[int, int, str]]:
        """The width, height and alt text of every picture in the log; an image that didn't load has a width of 0."""
        function = "(all) => all.map((image) => [image.naturalWidth, image.naturalHeight, image.alt])"
        return [tuple(size) for size in await self.page.locator(".picture img").evaluate_all(function)]

    def _watch(self, request: Request) -> None:
        if not request.url.startswith(("data:", "blob:")):
            self._check(request.url)

    def _check(self, url: str) -> None:
        if url.partition("://")[2].partition("/")[0] != self._origin.partition("://")[2]:
            self._complain(f"a request left the playground: {url}")

    def _complain(self, text: str) -> None:
        self.complaints.append(text)


@asynccontextmanager
async def open_page(
    url: str, person: str, *, scheme: Any = "light", width: int = 1280, height: int = 800
) -> AsyncIterator[Visitor]:
    """Open the playground's page at `url` as a person."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        page = await browser.new_page(
            viewport={"width": width, "height": height},
            device_scale_factor=1,
            color_scheme=scheme,
            reduced_motion="reduce",
        )
        visitor = Visitor(page, url)
        await page.goto(f"{url}/?person={person}")
        await page.locator("#channel-title:not(:empty)").wait_for()
        yield visitor
        await browser.close()
