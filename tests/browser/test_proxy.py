"""A served application behind jupyter-server-proxy, as on Binder: a base URL in front, a token asked for."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

DEFINE = """
%load_ext routebook_kernel
from routebook import Request, Routebook

app = Routebook(title="Behind a proxy")

@app.get("/items/{item_id}")
def read_item(item_id: int, request: Request) -> dict[str, str]:
    return {"item": str(item_id), "url": str(request.url_for("read_item", item_id=item_id))}
"""


@pytest.fixture
def served(open_hub_notebook, hub_lab, page):
    """The URL that `%api serve` prints there, made whole as a person's browser would."""
    notebook = open_hub_notebook([DEFINE, "%api serve"])
    notebook.run_all()
    link = notebook.cell(1).locator(".jp-OutputArea a").first
    expect(link).to_be_visible()
    path = urlsplit(link.evaluate("link => link.href")).path
    assert re.fullmatch(r"/user/x/proxy/\d+/", path)
    origin = urlsplit(hub_lab.url)
    return f"{origin.scheme}://{origin.netloc}{path.rstrip('/')}"


def test_swagger_ui_finds_its_document_and_tries_a_request_out(served, page, screenshot):
    """Elsewhere /docs asks for /openapi.json at the root of the hub and shows nothing."""
    page.goto(f"{served}/docs")
    operation = page.locator(".opblock", has_text="/items/{item_id}")
    operation.locator("button.opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_placeholder("item_id").fill("5")
    operation.get_by_role("button", name="Execute").click()
    answer = operation.locator(".live-responses-table tbody")
    expect(answer.locator(".response-col_status")).to_contain_text("200")
    expect(answer).to_contain_text(f"{served}/items/5")
    screenshot(page, "proxy-swagger-ui")


def test_redoc_shows_the_operation_and_asks_nobody_else(served, page, screenshot):
    """ReDoc's code would fetch its maker's logo; nothing leaves this machine."""
    page.goto(f"{served}/redoc")
    expect(page.get_by_role("heading", name="Read Item")).to_be_visible()
    page.wait_for_load_state("networkidle")
    expect(page.get_by_alt_text("redocly logo")).to_have_count(0)
    screenshot(page, "proxy-redoc")
