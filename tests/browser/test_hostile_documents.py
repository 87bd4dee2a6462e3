"""Text from an OpenAPI document never becomes script: in Swagger UI, in ReDoc, and in the explorer."""

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Page, expect

from routebook import Routebook
from tests.browser.conftest import PageWatch

RUN = "top.__ran=(top.__ran||0)+1"
PAYLOADS = [
    f"<img src=x onerror='{RUN}'>",
    f"<svg onload='{RUN}'></svg>",
    f"<svg><animate onbegin='{RUN}' attributeName=x dur=1s></svg>",
    f"<svg><a xlink:href='javascript:{RUN}'><text y=9>link</text></a></svg>",
    f'<iframe srcdoc="<script>{RUN}</script>"></iframe>',
    f"<iframe src='javascript:{RUN}'></iframe>",
    f"<object data='javascript:{RUN}'></object><embed src='javascript:{RUN}'>",
    f"<script>{RUN}</script>",
    f"</script><script>{RUN}</script><!--",
    f"<details open ontoggle='{RUN}'>details</details>",
    f"<input autofocus onfocus='{RUN}'>",
    f"<video><source onerror='{RUN}'></video>",
    f"<style>@keyframes x{{}}</style><p style='animation-name:x' onanimationstart='{RUN}'>p</p>",
    f"<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror={RUN}&gt;'>",
    f"<form><math><mtext></form><form><mglyph><style></math><img src onerror='{RUN}'>",
    f"<noscript><p title='</noscript><img src=x onerror={RUN}>'>",
    f"<!--><img src=x onerror='{RUN}'>-->",
    f"<a href='javascript:{RUN}'>html link</a>",
    f"<form action='javascript:{RUN}'><button>form</button></form>",
    f"[plain](javascript:{RUN})",
    f"[case](JaVaScRiPt:{RUN})",
    f"[entity](&#106;avascript&colon;{RUN})",
    f"[tab](<java\tscript:{RUN}>)",
    f"[control](<\x01javascript:{RUN}>)",
    f"[reference][r]\n\n[r]: javascript:{RUN}",
    f"<javascript:{RUN}>",
    f"![x](x'onerror='{RUN})",
    f'![x"onerror="{RUN}](x"onerror="{RUN})',
    f"[data](data:text/html,<script>{RUN}</script>)",
    f"[vbscript](vbscript:{RUN})",
    f"```x' onmouseover='{RUN}\n</code></pre><img src=x onerror='{RUN}'>\n```",
]
LINK = f"javascript:{RUN}"
TEXT = "\n\n".join(PAYLOADS)
LINE = " ".join(payload.replace("\n", " ") for payload in PAYLOADS)


def _schema() -> dict[str, Any]:
    return {
        "type": "object",
        "title": LINE,
        "description": TEXT,
        "externalDocs": {"url": LINK, "description": TEXT},
        "properties": {
            LINE: {
                "type": "string",
                "title": LINE,
                "description": TEXT,
                "default": LINE,
                "pattern": LINE,
                "enum": [LINE, LINK],
                "x-enumDescriptions": {LINE: TEXT},
                "examples": [LINE],
            }
        },
    }


def document() -> dict[str, Any]:
    """An OpenAPI document with every payload in every place that takes text, and a script link for every URL."""
    media = {
        "application/json": {
            "schema": {"$ref": "#/components/schemas/Model"},
            "examples": {LINE: {"summary": LINE, "description": TEXT, "value": {LINE: LINE, "url": LINK}}},
        }
    }
    place = {"description": TEXT, "schema": {"type": "string", "description": TEXT, "enum": [LINE]}, "example": LINE}
    operation = {
        "tags": [LINE],
        "operationId": "operation",
        "summary": LINE,
        "description": TEXT,
        "externalDocs": {"url": LINK, "description": TEXT},
        "parameters": [{"name": LINE, "in": where, **place} for where in ("query", "header", "cookie")],
        "requestBody": {"description": TEXT, "content": media},
        "responses": {"200": {"description": TEXT, "headers": {"X-A": place}, "content": media}},
        "security": [{"scheme": []}, {"oauth": [LINE]}],
        "x-codeSamples": [{"lang": LINE, "label": LINE, "source": LINE}],
        "x-extra": TEXT,
    }
    flow = {"authorizationUrl": LINK, "tokenUrl": LINK, "scopes": {LINE: TEXT}}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": LINE,
            "version": LINE,
            "summary": LINE,
            "description": TEXT,
            "termsOfService": LINK,
            "contact": {"name": LINE, "url": LINK, "email": LINE},
            "license": {"name": LINE, "url": LINK},
            "x-logo": {"url": LINK, "href": LINK, "altText": LINE, "backgroundColor": LINE},
        },
        "externalDocs": {"url": LINK, "description": TEXT},
        "servers": [{"url": LINK, "description": TEXT}],
        "tags": [{"name": LINE, "description": TEXT, "x-displayName": LINE, "externalDocs": {"url": LINK}}],
        "x-tagGroups": [{"name": LINE, "tags": [LINE]}],
        "paths": {"/a": {"post": operation}},
        "components": {
            "schemas": {"Model": _schema()},
            "securitySchemes": {
                "scheme": {"type": "apiKey", "in": "header", "name": LINE, "description": TEXT},
                "oauth": {"type": "oauth2", "description": TEXT, "flows": {"authorizationCode": flow}},
                "openid": {"type": "openIdConnect", "openIdConnectUrl": LINK, "description": TEXT},
            },
        },
    }


@pytest.fixture(scope="module")
def hostile() -> Iterator[str]:
    """The URL of an application whose title and document are hostile."""
    app = Routebook(title=LINE)
    app.openapi = document  # type: ignore[method-assign]
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join()


def _click_everything(page: Page) -> None:
    """Press what a reader might: every part that opens, every link, without leaving the page for another."""
    page.evaluate(
        """() => {
        for (let round = 0; round < 3; round++)
            for (const part of document.querySelectorAll("button, summary, [role=button], [aria-expanded=false]"))
                part.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }))
        for (const link of document.querySelectorAll("a")) {
            const href = link.getAttribute("href") ?? link.getAttribute("xlink:href") ?? ""
            if (/^[\\s\\u0000-\\u0020]*(https?:|\\/|#|$)/i.test(href)) continue
            link.removeAttribute("target")
            link.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }))
        }
        for (const any of document.querySelectorAll("*"))
            for (const kind of ["mouseover", "focus", "toggle", "animationstart", "error", "load"])
                if (any.hasAttribute(`on${kind}`)) any.dispatchEvent(new Event(kind))
    }"""
    )


@pytest.mark.parametrize(("path", "ready"), [("/docs", ".opblock"), ("/redoc", "[data-section-id]")])
def test_hostile_document_runs_nothing_in_the_documentation_pages(
    hostile: str, page: Page, page_watch: PageWatch, path: str, ready: str
) -> None:
    """A document may come from anyone: descriptions, names and URLs are text."""
    page.goto(f"{hostile}{path}")
    expect(page.locator(ready).first).to_be_attached()
    _click_everything(page)
    page.wait_for_timeout(1000)
    _click_everything(page)
    page.wait_for_timeout(500)

    assert page.evaluate("window.__ran") is None
    assert page.locator("[onerror],[onload],[ontoggle],[onfocus],[srcdoc]").count() == 0, "the viewer sanitises too"
    assert not [error for error in page_watch.console_errors if "unsafe-eval" in error], "the policy allows the viewer"
    page_watch.console_errors.clear()  # the browser reports each script that it did not run
    page_watch.off_machine.clear()


def test_script_would_be_seen_if_one_ran(hostile: str, page: Page, page_watch: PageWatch) -> None:
    """The payloads work where nobody sanitises: else the other tests would show nothing."""
    page.goto(f"{hostile}/openapi.json")
    page.evaluate("html => { document.body.innerHTML = html }", TEXT)
    page.wait_for_timeout(500)

    assert page.evaluate("window.__ran") > 3
    page_watch.console_errors.clear()


HOSTILE_APP = f"""\
%load_ext routebook_kernel
from typing import Literal
from pydantic import BaseModel, Field
from routebook import Query, Routebook, WebSocket
text = {TEXT!r}
line = {LINE!r}
link = {LINK!r}
app = Routebook(title=line, summary=line, description=text, version=line, terms_of_service=link,
    contact={{"name": line, "url": link}}, license_info={{"name": line, "url": link}},
    openapi_tags=[{{"name": line, "description": text, "externalDocs": {{"url": link}}}}])
class Model(BaseModel):
    name: Literal["a", {LINE!r}] = Field(title=line, description=text, examples=[line])
    url: str = Field(default=link, alias=line, description=text)
@app.post("/a", tags=[line], summary=line, description=text, response_description=text,
    responses={{404: {{"description": text}}}}, openapi_extra={{"externalDocs": {{"url": link}}}})
def hostile(model: Model, q: str = Query(link, alias=line, title=line, description=text)) -> Model: ...
@app.get("/b", description=text)
def named(): return {{line: link}}
"""


def test_hostile_document_runs_nothing_in_the_explorer(open_notebook, page: Page, page_watch: PageWatch) -> None:
    """The explorer builds nodes from Markdown, never markup; the summary under the cell is escaped."""
    notebook = open_notebook([HOSTILE_APP, "app", "from routebook_kernel import client\nclient(app).get('/b')"])
    notebook.run_all()
    root = notebook.cell(1).get_by_role("region", name="Routebook explorer")
    expect(root.get_by_role("status").first).to_have_text("live")
    for number in range(root.locator("nav button").count()):
        root.evaluate("(root, at) => root.querySelectorAll('nav button')[at]?.click()", number)
        page.wait_for_timeout(300)
        root.evaluate("root => root.querySelectorAll('summary, [aria-expanded=false]').forEach(part => part.click())")
        page.wait_for_timeout(200)
    links = root.locator("a").evaluate_all("links => links.map(link => link.href)")

    assert page.evaluate("window.__ran") is None
    assert [link for link in links if not link.startswith(("http:", "https:"))] == []
    assert notebook.cell(1).locator("iframe, object, embed, [onerror], [onload]").count() == 0
    assert notebook.cell(2).locator("iframe, object, embed, [onerror], [onload]").count() == 0
