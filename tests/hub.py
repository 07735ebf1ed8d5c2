"""The sites that files come from, on loopback: TLS for any host name, reached through a proxy as in many companies."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import trustme
from aiohttp import web

#: the sites' names; one certificate for all
HOSTS = ("civitai.com", "*.civitai.com", "huggingface.co", "storage.example", "elsewhere.example")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Hub:
    """Answers by host and path; whatever isn't there is a 404."""

    certificate: Path
    proxy: str = ""
    files: dict[tuple[str, str], bytes] = field(default_factory=dict)
    headers: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    handlers: dict[tuple[str, str], Handler] = field(default_factory=dict)
    #: host, path and `Authorization` of each request
    asked: list[tuple[str, str, str | None]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """What makes a process use the proxy and trust the certificate."""
        return {"HTTPS_PROXY": self.proxy, "SSL_CERT_FILE": str(self.certificate), "NO_PROXY": "127.0.0.1,localhost"}

    def redirect(self, host: str, path: str, location: str) -> None:
        """Lead on from there."""

        async def answer(request: web.Request) -> web.StreamResponse:
            return web.Response(status=302, headers={"Location": location})

        self.handlers[host, path] = answer

    def status(
        self, host: str, path: str, status: int, *, times: int = 1_000, headers: dict[str, str] | None = None
    ) -> None:
        """Answer so many times with this status, and then with the file."""
        left = times

        async def answer(request: web.Request) -> web.StreamResponse:
            nonlocal left
            left -= 1
            return web.Response(status=status, headers=headers) if left >= 0 else await self._file(request)

        self.handlers[host, path] = answer

    def repository(self, name: str, files: Mapping[str, bytes], *, gated: bool = False) -> None:
        """A model's repository on the Hugging Face hub, as its client sees it."""
        host, revision = "huggingface.co", "0" * 40
        entries = [{"type": "file", "path": file, "size": len(data), "oid": _oid(data)} for file, data in files.items()]
        siblings = [{"rfilename": file, "size": len(data), "blobId": _oid(data)} for file, data in files.items()]

        async def information(request: web.Request) -> web.StreamResponse:
            if gated and not request.headers.get("Authorization"):
                return web.json_response(status=401, headers={"X-Error-Code": "GatedRepo"}, data={"error": "gated"})
            return web.json_response({"id": name, "sha": revision, "siblings": siblings})

        async def tree(request: web.Request) -> web.StreamResponse:
            return web.json_response(entries)

        for path in (f"/api/models/{name}", f"/api/models/{name}/revision/main"):
            self.handlers[host, path] = information
        self.handlers[host, f"/api/models/{name}/tree/{revision}"] = tree
        for file, data in files.items():
            for reference in (revision, "main"):
                path = f"/{name}/resolve/{reference}/{file}"
                self.files[host, path] = data
                self.headers[host, path] = {"X-Repo-Commit": revision, "ETag": f'"{_oid(data)}"'}

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """What a site answers."""
        host = request.host.partition(":")[0]
        self.asked.append((host, request.path, request.headers.get("Authorization")))
        handler = self.handlers.get((host, request.path), self._file)
        return await handler(request)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        data = self.files.get((request.host.partition(":")[0], request.path))
        if data is None:
            raise web.HTTPNotFound
        start = request.http_range.start or 0
        headers = dict(self.headers.get((request.host.partition(":")[0], request.path), {}))
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        return web.Response(body=data[start:], status=206 if start else 200, headers=headers)


def _oid(data: bytes) -> str:
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()


@asynccontextmanager
async def open_hub(folder: Path) -> AsyncIterator[Hub]:
    """Serve until closed; the authority's certificate lies in `folder`."""
    authority = trustme.CA()
    hub = Hub(folder / "authority.pem")
    authority.cert_pem.write_to_path(str(hub.certificate))
    served = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(*HOSTS).configure_cert(served)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", hub.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=served).start()
    proxy = await asyncio.start_server(_tunnel_to(runner.addresses[0][1]), "127.0.0.1", 0)
    hub.proxy = f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
    try:
        yield hub
    finally:
        proxy.close()
        await runner.cleanup()


def _tunnel_to(port: int) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    """A proxy that knows `CONNECT` and leads every host to one port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            request = await reader.readuntil(b"\r\n\r\n")
            if not request.startswith(b"CONNECT "):
                writer.write(b"HTTP/1.1 405 Method Not Allowed\r\n\r\n")
                return
            there, back = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await asyncio.gather(_pipe(reader, back), _pipe(there, writer))
        writer.close()

    return serve


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
